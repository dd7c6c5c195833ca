/** The credentials among the settings of a registry, as one of the kinds that there are. */
import { type JaasConfig, parseJaasConfig } from '../foundation/jaas-config.ts';
import { basicAuthorization } from './credentials.ts';
import type { RegistryConfigValues } from './registry-config.ts';

export interface UserInfo {
  readonly user: string;
  readonly password: string;
}

/** Invariant 8: never logged. */
export type CredentialSettings =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'basic';
      /** By base URL; all others use the first. */
      readonly byNode: ReadonlyMap<string, UserInfo>;
      readonly others: UserInfo;
    }
  | { readonly kind: 'token'; readonly token: string; readonly headers: Readonly<Record<string, string>> }
  | {
      readonly kind: 'oauth';
      readonly tokenEndpoint: string;
      readonly clientId: string;
      readonly clientSecret: string;
      readonly scope: string | null;
      readonly renewBeforeMs: number;
      readonly headers: Readonly<Record<string, string>>;
    };

export interface CredentialSources {
  readonly values: RegistryConfigValues;
  /** As given: tells a source that was chosen from its default. */
  readonly config: Readonly<Record<string, string>>;
  readonly urlUsers: ReadonlyMap<string, UserInfo>;
  /** Takes a mistake; the message repeats no value. */
  readonly problem: (key: string, message: string) => void;
}

const NONE: CredentialSettings = { kind: 'none' };

export function credentialSettingsOf(sources: CredentialSources): CredentialSettings {
  const basic = basicOf(sources);
  const bearer = bearerOf(sources);
  if (basic.kind !== 'none' && bearer.kind !== 'none') {
    sources.problem('bearer.auth.token', 'Give either basic or bearer authentication, not both.');
  }
  return bearer.kind === 'none' ? basic : bearer;
}

function basicOf({ values, urlUsers, problem }: CredentialSources): CredentialSettings {
  const nobody = new Map<string, UserInfo>();
  switch (values['basic.auth.credentials.source']) {
    case 'USER_INFO': {
      const text = values['basic.auth.user.info']?.value() ?? '';
      const colon = text.indexOf(':');
      if (colon < 0) {
        problem('basic.auth.user.info', 'Give user:password, as basic.auth.credentials.source is USER_INFO.');
        return NONE;
      }
      return { kind: 'basic', byNode: nobody, others: { user: text.slice(0, colon), password: text.slice(colon + 1) } };
    }
    case 'SASL_INHERIT': {
      const jaas = jaasOf(values, problem);
      const user = jaas === undefined ? values['sasl.username'] : (jaas.options.get('username') ?? null);
      const password =
        jaas === undefined ? (values['sasl.password']?.value() ?? null) : (jaas.options.get('password') ?? null);
      if (user === null || password === null) {
        problem(
          'basic.auth.credentials.source',
          'SASL_INHERIT finds no user and password: give sasl.jaas.config with username and password, or sasl.username and sasl.password.',
        );
        return NONE;
      }
      return { kind: 'basic', byNode: nobody, others: { user, password } };
    }
    default: {
      // Like Confluent's clients: the credentials of one URL serve the others as well.
      const [first] = urlUsers.values();
      return first === undefined ? NONE : { kind: 'basic', byNode: urlUsers, others: first };
    }
  }
}

function bearerOf({ values, config, problem }: CredentialSources): CredentialSettings {
  const token = values['bearer.auth.token'];
  const source = values['bearer.auth.credentials.source'];
  const headers = targetHeaders(values['bearer.auth.logical.cluster'], values['bearer.auth.identity.pool.id']);
  if (source === 'STATIC_TOKEN') {
    if (token !== null) return { kind: 'token', token: token.value(), headers };
    if (config['bearer.auth.credentials.source'] !== undefined) {
      problem('bearer.auth.token', 'Give the token, as bearer.auth.credentials.source is STATIC_TOKEN.');
    }
    return NONE;
  }
  const jaas = source === 'SASL_OAUTHBEARER_INHERIT' ? jaasOf(values, problem) : undefined;
  const inherited = (option: string): string | null => jaas?.options.get(option) ?? null;
  const isInherited = source === 'SASL_OAUTHBEARER_INHERIT';
  const endpoint =
    values['bearer.auth.issuer.endpoint.url'] ?? (isInherited ? values['sasl.oauthbearer.token.endpoint.url'] : null);
  const clientId = values['bearer.auth.client.id'] ?? inherited('clientId');
  const clientSecret = values['bearer.auth.client.secret']?.value() ?? inherited('clientSecret');
  const need = (key: string, value: string | null, orElse: string): void => {
    if (value === null || value === '')
      problem(key, `It is needed, as bearer.auth.credentials.source is ${source}${orElse}.`);
  };
  const or = (what: string): string => (isInherited ? ` and ${what} has none` : '');
  need('bearer.auth.issuer.endpoint.url', endpoint, or('sasl.oauthbearer.token.endpoint.url'));
  need('bearer.auth.client.id', clientId, or('sasl.jaas.config'));
  need('bearer.auth.client.secret', clientSecret, or('sasl.jaas.config'));
  if (endpoint !== null && endpoint !== '' && !isTokenEndpoint(endpoint)) {
    problem('bearer.auth.issuer.endpoint.url', 'It is not of the form https://host/path, without user and password.');
  }
  if (endpoint === null || clientId === null || clientSecret === null) return NONE;
  const pool = inherited('extension_identityPoolId');
  return {
    kind: 'oauth',
    tokenEndpoint: endpoint,
    clientId,
    clientSecret,
    scope: values['bearer.auth.scope'] ?? inherited('scope'),
    renewBeforeMs: values['bearer.auth.cache.expiry.buffer.seconds'] * 1000,
    headers: targetHeaders(values['bearer.auth.logical.cluster'], values['bearer.auth.identity.pool.id'] ?? pool),
  };
}

/** As Confluent's client sends them. */
function targetHeaders(cluster: string | null, pool: string | null): Record<string, string> {
  return {
    ...(cluster === null || cluster === '' ? {} : { 'target-sr-cluster': cluster }),
    ...(pool === null || pool === '' ? {} : { 'Confluent-Identity-Pool-Id': pool }),
  };
}

function jaasOf(values: RegistryConfigValues, problem: CredentialSources['problem']): JaasConfig | undefined {
  const text = values['sasl.jaas.config'];
  if (text === null) return undefined;
  try {
    return parseJaasConfig(text.value());
  } catch (error) {
    problem('sasl.jaas.config', `It can not be read: ${(error as Error).message}.`);
    return undefined;
  }
}

function isTokenEndpoint(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '';
}

/** Those of them that this node is sent. */
export function credentialsAt(credentials: CredentialSettings, node: string): CredentialSettings {
  if (credentials.kind !== 'basic') return credentials;
  return { ...credentials, byNode: new Map(), others: credentials.byNode.get(node) ?? credentials.others };
}

/** What tells two connections apart and is no secret. */
export function openPartsOf(credentials: CredentialSettings): string[] {
  switch (credentials.kind) {
    case 'none':
      return [''];
    case 'basic':
      return [credentials.others.user, ...[...credentials.byNode.values()].map(({ user }) => user)];
    case 'token':
      return ['', ...Object.values(credentials.headers)];
    case 'oauth':
      return [
        credentials.clientId,
        credentials.tokenEndpoint,
        credentials.scope ?? '',
        ...Object.values(credentials.headers),
      ];
  }
}

export function secretsOf(credentials: CredentialSettings): string[] {
  switch (credentials.kind) {
    case 'none':
      return [];
    case 'basic':
      return [...credentials.byNode.values(), credentials.others].map(({ user, password }) =>
        basicAuthorization(user, password),
      );
    case 'token':
      return [credentials.token];
    case 'oauth':
      return [credentials.clientSecret];
  }
}
