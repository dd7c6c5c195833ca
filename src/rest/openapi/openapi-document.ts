/** The OpenAPI 3.1 document of the REST API, made from the resources that are served. */
import type { RestResource } from '../resource.ts';
import { OPERATIONS, type OperationDoc } from './openapi-operations.ts';
import { ADDITIVE, type JsonSchema, ref, SCHEMAS } from './openapi-schemas.ts';

const JSON_TYPE = 'application/json';

const PHRASES: Readonly<Record<string, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No content',
  400: 'The request is wrong',
  401: 'User or password is missing or wrong',
  403: 'Turned off by the settings of the worker',
  404: 'Not found',
  409: 'In conflict with what is there',
  500: 'It failed, or took longer than 90 s; also for a body that is no JSON',
  503: 'Not now',
};

/** `GET /connectors/{connector}` and so on, without those between workers. */
export function routesOf(resources: readonly RestResource[]): readonly string[] {
  return resources
    .filter(({ isInternal }) => isInternal !== true)
    .flatMap(({ path, methods }) => Object.keys(methods).map((method) => `${method} ${templateOf(path)}`));
}

/** A route that nobody has described, such as one of an embedder's own, is in it by its path only. */
export function openApiDocument(options: {
  readonly resources: readonly RestResource[];
  readonly version: string;
}): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const { path, methods, produces, isInternal } of options.resources) {
    if (isInternal === true) continue;
    const template = templateOf(path);
    for (const method of Object.keys(methods)) {
      const doc = OPERATIONS[`${method} ${template}`] ?? {
        summary: 'A resource of the embedding application',
        answers: { 200: {} },
        isAdditive: true,
      };
      paths[template] = {
        ...paths[template],
        [method.toLowerCase()]: operation(method, template, doc, produces?.[0] ?? JSON_TYPE),
      };
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Holdfast, compatible with Kafka Connect 4.1.1',
      version: options.version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description:
        'The REST API of Kafka Connect 4.1.1, and what Holdfast adds to it: those operations and schemas have x-holdfast-additive. HEAD goes wherever GET does, OPTIONS names the methods of a path.',
    },
    servers: [{ url: '/' }],
    security: [{}, { basic: [] }],
    tags: TAGS.map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: SCHEMAS,
      securitySchemes: {
        basic: {
          type: 'http',
          scheme: 'basic',
          description: 'With rest.extension.classes=BasicAuthSecurityRestExtension.',
        },
      },
    },
  };
}

const TAGS = [
  ['worker', 'The worker itself'],
  ['connectors', 'Connectors, their tasks and offsets'],
  ['plugins', 'What configurations may name'],
  ['admin', 'Loggers; where admin.listeners is set, on those listeners only'],
  ['holdfast', 'What Kafka Connect does not have'],
] as const;

function tagOf(template: string, doc: OperationDoc): string {
  if (doc.isAdditive === true) return 'holdfast';
  const first = template.split('/')[1] ?? '';
  if (first === 'connector-plugins') return 'plugins';
  return first === 'connectors' || first === 'admin' ? first : 'worker';
}

function operation(method: string, template: string, doc: OperationDoc, type: string): object {
  const path = [...template.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: name === 'task' ? { type: 'integer' } : { type: 'string' },
  }));
  const query = Object.entries(doc.query ?? {}).map(([name, { description, schema }]) => ({
    name,
    in: 'query',
    required: false,
    description,
    schema,
  }));
  const answers = Object.entries(doc.answers).map(([status, schema]) => [status, response(status, schema, type)]);
  const errors = [...(doc.errors ?? []), 401, 500]
    .map(String)
    .filter((status) => !Object.hasOwn(doc.answers, status))
    .map((status) => [status, response(status, status === '401' ? null : ref('Error'), JSON_TYPE)]);
  return {
    operationId: operationId(method, template),
    summary: doc.summary,
    tags: [tagOf(template, doc)],
    ...(doc.isAdditive === true ? ADDITIVE : {}),
    ...(path.length + query.length === 0 ? {} : { parameters: [...path, ...query] }),
    ...(doc.body === undefined
      ? {}
      : { requestBody: { required: true, content: { [JSON_TYPE]: { schema: doc.body } } } }),
    responses: Object.fromEntries([...answers, ...errors]) as object,
  };
}

function response(status: string, schema: JsonSchema | null, type: string): object {
  return {
    description: PHRASES[status] ?? status,
    ...(status === '201' ? { headers: { Location: { schema: { type: 'string', format: 'uri' } } } } : {}),
    ...(schema === null ? {} : { content: { [type]: { schema } } }),
  };
}

/** `getConnectorsConnectorConfig` */
function operationId(method: string, template: string): string {
  const words = template.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  const name = words.map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`).join('');
  return `${method.toLowerCase()}${name === '' ? 'Root' : name}`;
}

function templateOf(path: string): string {
  return path.replace(/:(\w+)/g, '{$1}');
}
