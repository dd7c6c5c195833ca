/** The settings of one registry connection, parsed, and what makes two of them the same registry. */
import { createHash, scryptSync } from 'node:crypto';
import type { Password, RawConfig } from '../sdk/config/index.ts';
import { ConfigError, type ConfigProblem } from '../sdk/errors/index.ts';
import { basicAuthorization } from './credentials.ts';
import { REGISTRY_CONFIG, type RegistryConfigValues } from './registry-config.ts';

/** TLS material as the settings name it; files are read by the transport. */
export interface TlsSettings {
  readonly caFile: string | null;
  readonly ca: Password | null;
  readonly keyStoreFile: string | null;
  readonly certificateChain: Password | null;
  readonly key: Password | null;
  readonly keyPassword: Password | null;
  readonly verifyHostname: boolean;
}

export interface RegistrySettings {
  /** Stable for the same URLs, user, TLS material and headers; names no secret. */
  readonly registryId: string;
  /** Base URLs without credentials and without a slash at the end, in the order given. */
  readonly nodes: readonly string[];
  /** Authorization headers by node, and for the others. Invariant 8: never logged. */
  readonly authorizationByNode: ReadonlyMap<string, string>;
  readonly authorization: string | undefined;
  readonly tls: TlsSettings;
  /** `request.header.*`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly values: RegistryConfigValues;
}

const HEADER_PREFIX = 'request.header.';

/** The settings among a converter's that concern the registry: what travels to the coordinator. */
export function registryConfigOf(config: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(config).filter(([key]) => REGISTRY_CONFIG.keys.has(key) || key.startsWith(HEADER_PREFIX)),
  );
}

/** Throws ConfigError naming every mistake; no message repeats a URL, as it may hold a password. */
export function parseRegistrySettings(raw: RawConfig): RegistrySettings {
  const values = REGISTRY_CONFIG.parse(raw);
  const problems: ConfigProblem[] = [];
  const problem = (key: string, message: string): void => {
    problems.push({ key, message });
  };
  const nodes: string[] = [];
  const urlCredentials = new Map<string, { readonly user: string; readonly password: string }>();
  const urls = values['schema.registry.url'];
  if (urls.length === 0) problem('schema.registry.url', 'Give at least one URL.');
  urls.forEach((text, index) => {
    const which = urls.length === 1 ? 'The URL' : `URL number ${index + 1}`;
    const url = parseUrl(text);
    if (text.startsWith('mock://')) {
      problem(
        'schema.registry.url',
        `${which} is mock://, which is not supported. Start the embedded registry instead (holdfast registry), and give its URL.`,
      );
      return;
    }
    if (url === undefined) {
      problem('schema.registry.url', `${which} is not of the form http://host:port or https://host:port.`);
      return;
    }
    const node = `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`;
    if (nodes.includes(node)) return;
    nodes.push(node);
    if (url.username !== '') {
      urlCredentials.set(node, { user: decode(url.username), password: decode(url.password) });
    }
  });

  const userInfo = values['basic.auth.user.info'] ?? values['schema.registry.basic.auth.user.info'];
  const authorizationByNode = new Map<string, string>();
  let authorization: string | undefined;
  let user = '';
  if (values['basic.auth.credentials.source'] === 'USER_INFO') {
    const text = userInfo?.value() ?? '';
    const colon = text.indexOf(':');
    if (colon < 0)
      problem('basic.auth.user.info', 'Give user:password, as basic.auth.credentials.source is USER_INFO.');
    else {
      user = text.slice(0, colon);
      authorization = basicAuthorization(user, text.slice(colon + 1));
    }
  } else {
    for (const [node, credentials] of urlCredentials) {
      user = credentials.user;
      authorizationByNode.set(node, basicAuthorization(credentials.user, credentials.password));
    }
    // Like Confluent's clients: the credentials of one URL serve the others as well.
    authorization = authorizationByNode.values().next().value;
  }
  const token = values['bearer.auth.token'];
  if (token !== null) {
    if (authorization !== undefined) {
      problem('bearer.auth.token', 'Give either basic or bearer authentication, not both.');
    }
    authorization = `Bearer ${token.value()}`;
  }
  const tls: TlsSettings = {
    caFile: values['schema.registry.ssl.truststore.location'],
    ca: values['schema.registry.ssl.truststore.certificates'],
    keyStoreFile: values['schema.registry.ssl.keystore.location'],
    certificateChain: values['schema.registry.ssl.keystore.certificate.chain'],
    key: values['schema.registry.ssl.keystore.key'],
    keyPassword: values['schema.registry.ssl.key.password'],
    verifyHostname: values['schema.registry.ssl.endpoint.identification.algorithm'] !== '',
  };
  const headers = Object.fromEntries(
    Object.entries(raw).flatMap(([key, value]) =>
      key.startsWith(HEADER_PREFIX) && typeof value === 'string'
        ? [[key.slice(HEADER_PREFIX.length).toLowerCase(), value]]
        : [],
    ),
  );
  if (problems.length > 0) {
    throw new ConfigError(problems.map(({ key, message }) => `${key}: ${message}`).join('\n'), { problems });
  }
  const secrets = [
    ...authorizationByNode.values(),
    authorization,
    tls.ca?.value(),
    tls.certificateChain?.value(),
    tls.key?.value(),
    tls.keyPassword?.value(),
    ...Object.values(headers),
  ].filter((secret) => secret !== undefined);
  const open = [...nodes].sort().concat(user, tls.caFile ?? '', tls.keyStoreFile ?? '', String(tls.verifyHostname));
  return Object.freeze({
    registryId: registryIdOf(nodes, open.concat(Object.keys(headers)), secrets),
    nodes,
    authorizationByNode,
    authorization,
    tls,
    headers,
    values,
  });
}

/** A text that says nothing of a wrong URL's content. */
function parseUrl(text: string): URL | undefined {
  try {
    const url = new URL(text.includes('://') ? text : `http://${text}`);
    return (url.protocol === 'http:' || url.protocol === 'https:') && url.hostname !== '' ? url : undefined;
  } catch {
    return undefined;
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const secretMarks = new Map<string, string>();

/**
 * A readable name and a hash of all that is open. Secrets tell two connections apart by sixteen bits of a slow hash only: the id
 * stands in logs and metrics, and must be of no use to guess a password with (invariant 8).
 */
function registryIdOf(nodes: readonly string[], open: readonly string[], secrets: readonly string[]): string {
  const first = [...nodes].sort()[0] ?? '';
  const name = first.replace(/^https?:\/\//, '').replace(/[^\w.-]+/g, '-');
  const openHash = createHash('sha256').update(JSON.stringify(open)).digest();
  if (secrets.length === 0) return `${name}-${openHash.subarray(0, 3).toString('hex')}`;
  const memory = createHash('sha256')
    .update(JSON.stringify([open, secrets]))
    .digest('base64');
  let mark = secretMarks.get(memory);
  if (mark === undefined) {
    mark = scryptSync(JSON.stringify(secrets), openHash, 2).toString('hex');
    secretMarks.set(memory, mark);
  }
  return `${name}-${openHash.subarray(0, 3).toString('hex')}${mark}`;
}
