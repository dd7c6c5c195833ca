/** Which operation a request is: method and path of the Confluent-compatible REST API. */
import { failures } from './registry-answer.ts';
import { canonicalSubject, qualify } from './subject-name.ts';

export interface RegistryRequest {
  readonly method: string;
  /** Path and query as they stand in the request line. */
  readonly path: string;
  readonly body?: string;
  /** The content-type header; a body without one is taken for JSON. */
  readonly contentType?: string;
  /** Another node sent it on (`X-Forward: true`): it is not sent on again. */
  readonly isForwarded?: boolean;
}

/** `register` and `lookup` are the two POSTs; what ends in `-put` and `-delete` changes something and needs the primary. */
export const REGISTRY_OPERATIONS = [
  'root',
  'cluster-id',
  'server-version',
  'health',
  'master-available',
  'contexts',
  'subjects',
  'versions',
  'version',
  'version-schema',
  'referenced-by',
  'register',
  'lookup',
  'subject-delete',
  'version-delete',
  'by-id',
  'by-id-schema',
  'by-id-subjects',
  'by-id-versions',
  'schemas',
  'schema-types',
  'config',
  'config-put',
  'config-delete',
  'mode',
  'mode-put',
  'mode-delete',
  'compatibility',
] as const;
/** What a request to a registry's API asks for; `by-id` for one is `GET /schemas/ids/{id}`. */
export type RegistryOperation = (typeof REGISTRY_OPERATIONS)[number];

export interface RoutedRequest {
  readonly operation: RegistryOperation;
  /** '' for the default context; from `/contexts/{context}` in front of the path. */
  readonly context: string;
  /** With its context; null where the path names none. */
  readonly subject: string | null;
  /** The last variable part of the path (a version or an id), undecoded by type. */
  readonly item: string;
  readonly query: URLSearchParams;
  readonly body: string | undefined;
}

type Route = readonly [method: string, pattern: RegExp, operation: RegistryOperation];

const S = '(?<subject>[^/]+)';
const V = '(?<item>[^/]+)';
const route = (method: string, pattern: string, operation: RegistryOperation): Route => [
  method,
  new RegExp(`^${pattern}/?$`),
  operation,
];

const ROUTES: readonly Route[] = [
  route('GET', '', 'root'),
  route('GET', '/v1/metadata/id', 'cluster-id'),
  route('GET', '/v1/metadata/version', 'server-version'),
  route('GET', '/_health', 'health'),
  route('GET', '/master_available', 'master-available'),
  route('GET', '/contexts', 'contexts'),
  route('GET', '/subjects', 'subjects'),
  route('POST', `/subjects/${S}`, 'lookup'),
  route('DELETE', `/subjects/${S}`, 'subject-delete'),
  route('GET', `/subjects/${S}/versions`, 'versions'),
  route('POST', `/subjects/${S}/versions`, 'register'),
  route('GET', `/subjects/${S}/versions/${V}`, 'version'),
  route('DELETE', `/subjects/${S}/versions/${V}`, 'version-delete'),
  route('GET', `/subjects/${S}/versions/${V}/schema`, 'version-schema'),
  route('GET', `/subjects/${S}/versions/${V}/referencedby`, 'referenced-by'),
  route('GET', '/schemas', 'schemas'),
  route('GET', '/schemas/types', 'schema-types'),
  route('GET', `/schemas/ids/${V}`, 'by-id'),
  route('GET', `/schemas/ids/${V}/schema`, 'by-id-schema'),
  route('GET', `/schemas/ids/${V}/subjects`, 'by-id-subjects'),
  route('GET', `/schemas/ids/${V}/versions`, 'by-id-versions'),
  route('GET', '/config', 'config'),
  route('PUT', '/config', 'config-put'),
  route('DELETE', '/config', 'config-delete'),
  route('GET', `/config/${S}`, 'config'),
  route('PUT', `/config/${S}`, 'config-put'),
  route('DELETE', `/config/${S}`, 'config-delete'),
  route('GET', '/mode', 'mode'),
  route('PUT', '/mode', 'mode-put'),
  route('DELETE', '/mode', 'mode-delete'),
  route('GET', `/mode/${S}`, 'mode'),
  route('PUT', `/mode/${S}`, 'mode-put'),
  route('DELETE', `/mode/${S}`, 'mode-delete'),
  route('POST', `/compatibility/subjects/${S}/versions`, 'compatibility'),
  route('POST', `/compatibility/subjects/${S}/versions/${V}`, 'compatibility'),
];

const MEDIA_TYPES = new Set([
  'application/vnd.schemaregistry.v1+json',
  'application/vnd.schemaregistry+json',
  'application/json',
  'application/octet-stream',
]);

/** Throws a RegistryFailure 404, 405 or 415. */
export function routeRequest(request: RegistryRequest): RoutedRequest {
  const url = new URL(request.path, 'http://registry');
  const inContext = /^\/contexts\/([^/]+)(\/.*)$/.exec(url.pathname);
  const context = decoded(inContext?.[1] ?? '').replace(/^:?\.?|:$/g, '');
  const path = (inContext?.[2] ?? url.pathname).replace(/\/$/, '');
  let isPathKnown = false;
  for (const [method, pattern, operation] of ROUTES) {
    const match = pattern.exec(path);
    if (match === null) continue;
    isPathKnown = true;
    if (method !== request.method && !(method === 'GET' && request.method === 'HEAD')) continue;
    checkMediaType(request);
    const subject = match.groups?.['subject'];
    return {
      operation,
      context,
      subject: subject === undefined ? null : canonicalSubject(qualify(context, decoded(subject))),
      item: decoded(match.groups?.['item'] ?? ''),
      query: url.searchParams,
      body: request.body === '' ? undefined : request.body,
    };
  }
  throw isPathKnown ? failures.methodNotAllowed() : failures.notFound();
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw failures.badRequest(`The path is not valid: ${part}`);
  }
}

function checkMediaType({ body, contentType }: RegistryRequest): void {
  if (body === undefined || body === '' || contentType === undefined) return;
  const type = contentType.split(';')[0]?.trim().toLowerCase() ?? '';
  if (!MEDIA_TYPES.has(type)) throw failures.unsupportedMediaType();
}
