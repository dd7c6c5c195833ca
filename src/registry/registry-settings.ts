/** The settings of one registry connection, parsed, and what makes two of them the same registry. */
import { createHash, scryptSync } from 'node:crypto';
import type { Password, RawConfig } from '../sdk/config/index.ts';
import { ConfigError, type ConfigProblem } from '../sdk/errors/index.ts';
import { contextOfUrl } from './cluster-names.ts';
import { checksHostname } from './config/tls-settings.ts';
import { type CredentialSettings, credentialSettingsOf, openPartsOf, secretsOf } from './credential-settings.ts';
import { REGISTRY_CONFIG, type RegistryConfigValues } from './registry-config.ts';
import { registryConfigOf } from './registry-keys.ts';
import { parseHttpUrl, parseRegistryUrls } from './registry-urls.ts';
import { requestHeadersOf } from './request-headers.ts';
import { howToConvert } from './tls-stores.ts';

/** TLS material as the settings name it; files are read by the transport. */
export interface TlsSettings {
  readonly trustStore: TlsStore;
  readonly ca: Password | null;
  readonly keyStore: TlsStore;
  readonly certificateChain: Password | null;
  readonly key: Password | null;
  readonly keyPassword: Password | null;
  readonly protocols: readonly string[];
  readonly verifyHostname: boolean;
}

export interface TlsStore {
  readonly file: string | null;
  /** null: to be told from the content. */
  readonly type: string | null;
  readonly password: Password | null;
}

export interface ProxySettings {
  /** `http://host:port` */
  readonly url: string;
  readonly userInfo: Password | null;
}

export interface RegistrySettings {
  /** Stable for the same URLs, user, TLS material and headers; names no secret. */
  readonly registryId: string;
  /** Base URLs without credentials and without a slash at the end, in the order given. */
  readonly nodes: readonly string[];
  /** Invariant 8: never logged. */
  readonly credentials: CredentialSettings;
  readonly tls: TlsSettings;
  readonly proxy: ProxySettings | null;
  /** `request.header.*`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly values: RegistryConfigValues;
}

/** Throws ConfigError naming every mistake; no message repeats a URL, as it may hold a password. */
export function parseRegistrySettings(raw: RawConfig): RegistrySettings {
  const config = registryConfigOf(
    Object.fromEntries(Object.entries(raw).filter((entry): entry is [string, string] => typeof entry[1] === 'string')),
  );
  const values = REGISTRY_CONFIG.parse(config);
  const problems: ConfigProblem[] = [];
  const problem = (key: string, message: string): void => {
    problems.push({ key, message });
  };
  const { nodes, users: urlUsers } = parseRegistryUrls(values['schema.registry.url'], problem);
  if (new Set(nodes.map(contextOfUrl)).size > 1) {
    problem('schema.registry.url', 'The URLs lead to different contexts. Give each converter the URLs of one context.');
  }
  const credentials = credentialSettingsOf({ values, config, urlUsers, problem });
  const tls = tlsSettingsOf(values, problem);
  const proxy = proxySettingsOf(values, problem);
  const headers = requestHeadersOf(config, credentials, problem);
  if (problems.length > 0) {
    throw new ConfigError(problems.map(({ key, message }) => `${key}: ${message}`).join('\n'), { problems });
  }
  const { open, secrets } = partsOfSettings({ credentials, tls, proxy, headers });
  return Object.freeze({
    registryId: registryIdOf(nodes, [...nodes].sort().concat(open), secrets),
    nodes,
    credentials,
    tls,
    proxy,
    headers,
    values,
  });
}

/** What tells two registry connections to the same URLs apart. Files count by their names: what is in them is renewed. */
export function partsOfSettings(settings: Pick<RegistrySettings, 'credentials' | 'tls' | 'proxy' | 'headers'>): {
  readonly open: readonly string[];
  readonly secrets: readonly string[];
} {
  const { credentials, tls, proxy, headers } = settings;
  const secrets = [
    ...secretsOf(credentials),
    tls.ca?.value(),
    tls.certificateChain?.value(),
    tls.key?.value(),
    tls.keyPassword?.value(),
    tls.keyStore.password?.value(),
    proxy?.userInfo?.value(),
    ...Object.values(headers),
  ].filter((secret) => secret !== undefined);
  const open = openPartsOf(credentials)
    .concat(tls.trustStore.file ?? '', tls.keyStore.file ?? '')
    .concat(String(tls.verifyHostname), tls.protocols, proxy?.url ?? '', Object.keys(headers));
  return { open, secrets };
}

type Problem = (key: string, message: string) => void;

function tlsSettingsOf(values: RegistryConfigValues, problem: Problem): TlsSettings {
  const protocols = values['schema.registry.ssl.enabled.protocols'];
  if (protocols.length === 0 || protocols.some((name) => name !== 'TLSv1.2' && name !== 'TLSv1.3')) {
    problem('schema.registry.ssl.enabled.protocols', 'Give TLSv1.2, TLSv1.3 or both: Node offers no others.');
  }
  const store = (which: 'truststore' | 'keystore'): TlsStore => {
    const key = `schema.registry.ssl.${which}` as const;
    const file = values[`${key}.location`];
    const type = values[`${key}.type`];
    if (type === 'JKS' || (type === 'PKCS12' && which === 'truststore')) {
      problem(`${key}.type`, `${type} can not be read. ${howToConvert(which, type, file)}`);
    }
    return { file, type, password: values[`${key}.password`] };
  };
  return {
    trustStore: store('truststore'),
    ca: values['schema.registry.ssl.truststore.certificates'],
    keyStore: store('keystore'),
    certificateChain: values['schema.registry.ssl.keystore.certificate.chain'],
    key: values['schema.registry.ssl.keystore.key'],
    keyPassword: values['schema.registry.ssl.key.password'],
    protocols,
    verifyHostname: checksHostname(values['schema.registry.ssl.endpoint.identification.algorithm']),
  };
}

function proxySettingsOf(values: RegistryConfigValues, problem: Problem): ProxySettings | null {
  const host = values['proxy.host'];
  const port = values['proxy.port'];
  const userInfo = values['proxy.user.info'];
  if (host === null || host === '') {
    if (port !== null) problem('proxy.host', 'Give the host of the proxy, as there is a proxy.port.');
    return null;
  }
  // An IPv6 address may stand in brackets, as in a URL.
  const bare = /^\[.*:.*\]$/.test(host) ? host.slice(1, -1) : host;
  const url = /[/@\s?#]/.test(bare) ? undefined : parseHttpUrl(`http://${bare.includes(':') ? `[${bare}]` : bare}`);
  if (url === undefined)
    problem('proxy.host', 'Give a host name or address only; user and password go into proxy.user.info.');
  if (port === null) problem('proxy.port', 'Give the port of the proxy, as there is a proxy.host.');
  if (userInfo !== null && !userInfo.value().includes(':')) problem('proxy.user.info', 'Give user:password.');
  return { url: `http://${url?.hostname ?? ''}:${port}`, userInfo };
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
