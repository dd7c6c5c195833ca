/**
 * Where the tokens of SASL OAUTHBEARER come from: an authorization server by client credentials, a file, or made up without a signature
 * for tests. Kafka 4.1.1: `sasl.oauthbearer.*`, options of the OAuthBearerLoginModule (KIP-768, KIP-1139).
 */
import type { ConnectionOptions } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { tlsOptions } from '../tls-options.ts';
import type { SettingsSource } from './sasl-settings.ts';

export interface OAuthSettings {
  readonly origin:
    | {
        readonly kind: 'endpoint';
        readonly url: URL;
        readonly clientId: string;
        readonly clientSecret: string;
        readonly scope: string | undefined;
        /** Id and secret are percent-encoded before they are put together (RFC 6749, 2.3.1), which few servers expect. */
        readonly urlEncode: boolean;
        readonly tls: ConnectionOptions;
        readonly timeoutMs: number;
      }
    | { readonly kind: 'file'; readonly path: string }
    | {
        readonly kind: 'unsecured';
        readonly claims: Readonly<Record<string, unknown>>;
        readonly lifetimeSeconds: number;
      };
  /** Sent along to the broker (KIP-342). */
  readonly extensions: Readonly<Record<string, string>>;
  readonly refresh: {
    readonly windowFactor: number;
    readonly windowJitter: number;
    readonly minPeriodMs: number;
    readonly bufferMs: number;
  };
  readonly retryBackoffMs: number;
  readonly retryBackoffMaxMs: number;
}

const OAUTH = 'org.apache.kafka.common.security.oauthbearer';
const LOGIN_HANDLERS = new Set([
  `${OAUTH}.OAuthBearerLoginCallbackHandler`,
  `${OAUTH}.secured.OAuthBearerLoginCallbackHandler`,
  `${OAUTH}.internals.unsecured.OAuthBearerUnsecuredLoginCallbackHandler`,
]);
const RETRIEVERS = new Set(
  ['DefaultJwtRetriever', 'ClientCredentialsJwtRetriever', 'FileJwtRetriever'].map((name) => `${OAUTH}.${name}`),
);

type Options = ReadonlyMap<string, string>;

/** null when there is a mistake, which was reported. */
export function oauthSettings(source: SettingsSource, options: Options): OAuthSettings | null {
  const { setting, report } = source;
  let sound = true;
  const problem = (key: string, message: string): void => {
    sound = false;
    report(key, message);
  };
  const handler = setting('sasl.login.callback.handler.class');
  if (handler && !LOGIN_HANDLERS.has(handler.trim())) {
    problem(
      'sasl.login.callback.handler.class',
      'names a Java class that does not exist here; leave it out, or name the OAuthBearerLoginCallbackHandler of Kafka',
    );
  }
  const retriever = setting('sasl.oauthbearer.jwt.retriever.class')?.trim();
  if (retriever && !RETRIEVERS.has(retriever)) {
    problem(
      'sasl.oauthbearer.jwt.retriever.class',
      retriever.endsWith('JwtBearerJwtRetriever')
        ? 'asks for tokens by signed assertions (JwtBearerJwtRetriever), which is not supported here; use client credentials or a token file'
        : 'names a Java class that does not exist here; leave it out',
    );
  }
  const number = numbersOf(setting, problem);
  const settings = {
    extensions: extensionsOf(options, problem),
    refresh: {
      windowFactor: number('sasl.login.refresh.window.factor', 0.8, 0.5, 1),
      windowJitter: number('sasl.login.refresh.window.jitter', 0.05, 0, 0.25),
      minPeriodMs: number('sasl.login.refresh.min.period.seconds', 60, 0, 900) * 1000,
      bufferMs: number('sasl.login.refresh.buffer.seconds', 300, 0, 3600) * 1000,
    },
    retryBackoffMs: number('sasl.login.retry.backoff.ms', 100, 0),
    retryBackoffMaxMs: number('sasl.login.retry.backoff.max.ms', 10_000, 0),
  };
  const origin = originOf(source, options, problem, number);
  return sound && origin !== null ? { origin, ...settings } : null;
}

type Report = SettingsSource['report'];

function originOf(
  { setting }: SettingsSource,
  options: Options,
  problem: Report,
  number: ReturnType<typeof numbersOf>,
): OAuthSettings['origin'] | null {
  const connectMs = number('sasl.login.connect.timeout.ms', 8_000, 1);
  const readMs = number('sasl.login.read.timeout.ms', 8_000, 1);
  const scope = setting('sasl.oauthbearer.scope') ?? options.get('scope');
  const clientId = setting('sasl.oauthbearer.client.credentials.client.id') ?? options.get('clientId');
  const clientSecret = setting('sasl.oauthbearer.client.credentials.client.secret') ?? options.get('clientSecret');
  const urlEncode = setting('sasl.oauthbearer.header.urlencode')?.trim().toLowerCase() === 'true';
  const text = setting('sasl.oauthbearer.token.endpoint.url')?.trim();
  if (text === undefined || text === '') return unsecuredOrigin(options, problem);
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['http:', 'https:', 'file:'].includes(url.protocol)) {
    problem('sasl.oauthbearer.token.endpoint.url', 'must be an http, https or file URL');
    return null;
  }
  if (url.protocol === 'file:') return { kind: 'file', path: fileURLToPath(url) };
  if (url.username !== '' || url.password !== '') {
    problem(
      'sasl.oauthbearer.token.endpoint.url',
      'must have no user and password in it; give the client id and secret',
    );
    return null;
  }
  if (!clientId || !clientSecret) {
    problem(
      clientId ? 'sasl.oauthbearer.client.credentials.client.secret' : 'sasl.oauthbearer.client.credentials.client.id',
      `is missing; give it, or the option ${clientId ? 'clientSecret' : 'clientId'} in sasl.jaas.config`,
    );
    return null;
  }
  // As with Kafka's client, TLS to the server is set by options of the login module, not by the client's own ssl. settings.
  const tls =
    url.protocol === 'https:'
      ? tlsOptions(
          (key) => options.get(key),
          (key, message) => problem('sasl.jaas.config', `option ${key} ${message}`),
        )
      : {};
  return {
    kind: 'endpoint',
    url,
    clientId,
    clientSecret,
    scope,
    urlEncode,
    tls,
    timeoutMs: Math.min(connectMs, readMs),
  };
}

/** `unsecuredLoginStringClaim_sub="alice"`: a token that nobody signed, for brokers of tests. KIP-255. */
function unsecuredOrigin(options: Options, problem: Report): OAuthSettings['origin'] | null {
  const claims: Record<string, unknown> = {};
  for (const [option, value] of options) {
    const [, type, name] = /^unsecuredLogin(String|Number|List)Claim_(.+)$/.exec(option) ?? [];
    if (type === undefined || name === undefined) continue;
    if (type === 'String') claims[name] = value;
    else if (type === 'Number') claims[name] = Number(value);
    // The first character says what separates the elements.
    else claims[name] = value === '' ? [] : value.slice(1).split(value.charAt(0));
    if (type === 'Number' && !Number.isFinite(claims[name]))
      problem('sasl.jaas.config', `option ${option} must be a number`);
  }
  const principalClaim = options.get('unsecuredLoginPrincipalClaimName') ?? 'sub';
  if (Object.keys(claims).length === 0) {
    problem(
      'sasl.oauthbearer.token.endpoint.url',
      'is missing; give the URL of the authorization server (or, for tests, unsecuredLoginStringClaim_sub in sasl.jaas.config)',
    );
    return null;
  }
  if (typeof claims[principalClaim] !== 'string' || claims[principalClaim] === '') {
    problem(
      'sasl.jaas.config',
      `must have the option unsecuredLoginStringClaim_${principalClaim}, which says who the client is`,
    );
    return null;
  }
  const lifetime = Number(options.get('unsecuredLoginLifetimeSeconds') ?? '3600');
  if (!Number.isFinite(lifetime) || lifetime <= 0) {
    problem('sasl.jaas.config', 'option unsecuredLoginLifetimeSeconds must be a number above 0');
    return null;
  }
  return { kind: 'unsecured', claims, lifetimeSeconds: lifetime };
}

function extensionsOf(options: Options, problem: Report): Record<string, string> {
  const extensions: Record<string, string> = {};
  for (const [option, value] of options) {
    const [, name] = /^(?:extension_|unsecuredLoginExtension_)(.*)$/.exec(option) ?? [];
    if (name === undefined) continue;
    // RFC 7628, 3.1; `auth` is the token's own.
    if (!/^[A-Za-z]+$/.test(name) || name === 'auth' || !/^[\x21-\x7e \t\r\n]*$/.test(value)) {
      problem(
        'sasl.jaas.config',
        `option ${option} is no SASL extension: its name has letters only and is not auth, its value is ASCII text`,
      );
    } else extensions[name] = value;
  }
  return extensions;
}

function numbersOf(setting: SettingsSource['setting'], problem: Report) {
  return (key: string, fallback: number, least: number, most = Number.MAX_SAFE_INTEGER): number => {
    const text = setting(key)?.trim();
    if (text === undefined || text === '') return fallback;
    const value = Number(text);
    if (Number.isFinite(value) && value >= least && value <= most) return value;
    problem(
      key,
      most === Number.MAX_SAFE_INTEGER
        ? `must be a number of at least ${least}`
        : `must be a number from ${least} to ${most}`,
    );
    return fallback;
  };
}
