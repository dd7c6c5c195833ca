import { describe, expect, it } from 'vitest';
import { REGISTRY_CONFIG } from '../../../src/registry/registry-config.ts';
import {
  isWorkerDefault,
  keysWithoutEffect,
  registryConfigOf,
  unknownWorkerDefaults,
  withWorkerDefaults,
} from '../../../src/registry/registry-keys.ts';
import { parseRegistrySettings } from '../../../src/registry/registry-settings.ts';
import { ConfigError } from '../../../src/sdk/errors/index.ts';

const URL_KEY = 'schema.registry.url';
const parse = (config: Record<string, string>) => parseRegistrySettings({ [URL_KEY]: 'http://a:8081', ...config });
const problemsOf = (config: Record<string, string>): string[] => {
  try {
    parse(config);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ key, message }) => `${key}: ${message}`);
  }
};

describe('parseRegistrySettings', () => {
  it('takes a list of URLs, without what stands in them twice, and without credentials', () => {
    const settings = parse({ [URL_KEY]: 'http://ann:secret@a:8081/ , https://b/path/, http://a:8081,c:1' });
    expect(settings.nodes).toEqual(['http://a:8081', 'https://b/path', 'http://c:1']);
    expect(settings.credentials).toMatchObject({ kind: 'basic', others: { user: 'ann', password: 'secret' } });
    expect(JSON.stringify(settings.nodes) + settings.registryId).not.toContain('secret');
  });

  it('has the defaults that a failover needs', () => {
    expect(parse({}).values).toMatchObject({
      'http.connect.timeout.ms': 2000,
      'http.read.timeout.ms': 5000,
      'registry.park.timeout.ms': -1,
      'unknown.id.max.gap': 1_000_000,
      'unknown.id.action': 'wait',
      'max.schemas.per.subject': 1000,
    });
  });

  it.each([
    [{ [URL_KEY]: '' }, /at least one URL/],
    [{ [URL_KEY]: 'ftp://u:hidden@x' }, /^schema.registry.url: The URL is not of the form/],
    [
      { [URL_KEY]: 'mock://hidden' },
      /^schema.registry.url: The URL is mock:.*embedded registry instead \(holdfast registry\)/,
    ],
    [{ [URL_KEY]: 'http://a,http://:hidden@' }, /URL number 2/],
    [{ [URL_KEY]: 'http://u:hidden@a/contexts/.x,http://u:hidden@b' }, /lead to different contexts/],
    [{ 'basic.auth.credentials.source': 'USER_INFO', 'basic.auth.user.info': 'hidden' }, /user:password/],
    [{ 'basic.auth.credentials.source': 'SASL_INHERIT' }, /finds no user and password/],
    [{ 'basic.auth.credentials.source': 'GUESS' }, /SASL_INHERIT/],
    [{ 'schema.registry.ssl.truststore.type': 'JKS' }, /PEM/],
    [{ 'unknown.id.action': 'guess' }, /wait, fail, report/],
    [{ [URL_KEY]: 'http://u:hidden@a', 'bearer.auth.token': 'hidden' }, /not both/],
  ])('names the mistake in %j, and no secret', (config, message) => {
    const problems = problemsOf(config as Record<string, string>);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(message);
    expect(problems[0]).not.toContain('hidden');
  });

  it('tells registries apart by what is asked and as whom, not by how patiently', () => {
    const id = (config: Record<string, string>): string => parse(config).registryId;
    const user = (info: string) => ({ 'basic.auth.credentials.source': 'USER_INFO', 'basic.auth.user.info': info });
    expect(id({})).toBe(id({ 'registry.park.timeout.ms': '5', 'schemas.cache.size': '3' }));
    expect(id({ [URL_KEY]: 'http://a,http://b' })).toBe(id({ [URL_KEY]: 'http://b/,http://a' }));
    const ids = [
      {},
      { [URL_KEY]: 'http://b:8081' },
      user('ann:1'),
      user('bob:1'),
      user('ann:2'),
      { 'bearer.auth.token': 'x' },
    ].map(id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(id({})).toMatch(/^a-8081-[0-9a-f]{6}$/);
  });
});

describe('credentials', () => {
  const of = (config: Record<string, string>) => parse(config).credentials;
  const jaas = (module: string, options: string) => `org.apache.kafka.${module} required ${options};`;
  const oauth = {
    'bearer.auth.credentials.source': 'OAUTHBEARER',
    'bearer.auth.issuer.endpoint.url': 'https://idp/token',
    'bearer.auth.client.id': 'me',
    'bearer.auth.client.secret': 'hidden',
  };

  it.each([
    ['of a login module', { 'sasl.jaas.config': jaas('PlainLoginModule', 'username="ann" password="p\\"w"') }, 'p"w'],
    ['as librdkafka names them', { 'sasl.username': 'ann', 'sasl.password': 'pw' }, 'pw'],
  ])('are inherited from SASL: %s', (_, config, password) => {
    expect(of({ 'basic.auth.credentials.source': 'SASL_INHERIT', ...config })).toMatchObject({
      kind: 'basic',
      others: { user: 'ann', password },
    });
  });

  it('may be a token, with the headers of a logical cluster and identity pool', () => {
    const config = {
      'bearer.auth.credentials.source': 'STATIC_TOKEN',
      'bearer.auth.token': 'tok',
      'bearer.auth.logical.cluster': 'lsrc-1',
      'bearer.auth.identity.pool.id': 'pool-1',
    };
    expect(of(config)).toEqual({
      kind: 'token',
      token: 'tok',
      headers: { 'target-sr-cluster': 'lsrc-1', 'Confluent-Identity-Pool-Id': 'pool-1' },
    });
  });

  it('may come from an OAuth server', () => {
    expect(of({ ...oauth, 'bearer.auth.scope': 'sr' })).toMatchObject({
      kind: 'oauth',
      tokenEndpoint: 'https://idp/token',
      clientId: 'me',
      scope: 'sr',
      renewBeforeMs: 300_000,
    });
  });

  it('of an OAuth server are inherited where nothing else is said', () => {
    const config = {
      'bearer.auth.credentials.source': 'SASL_OAUTHBEARER_INHERIT',
      'sasl.oauthbearer.token.endpoint.url': 'https://idp/token',
      'sasl.jaas.config': jaas(
        'OAuthBearerLoginModule',
        'clientId="a" clientSecret="b" scope="c" extension_identityPoolId="p"',
      ),
    };
    expect(of(config)).toMatchObject({
      clientId: 'a',
      clientSecret: 'b',
      scope: 'c',
      headers: { 'Confluent-Identity-Pool-Id': 'p' },
    });
    expect(of({ ...config, 'bearer.auth.client.id': 'x' })).toMatchObject({ clientId: 'x', clientSecret: 'b' });
  });

  it.each([
    [{ 'bearer.auth.credentials.source': 'STATIC_TOKEN' }, ['bearer.auth.token: Give the token']],
    [
      { 'bearer.auth.credentials.source': 'OAUTHBEARER' },
      ['bearer.auth.issuer.endpoint.url', 'bearer.auth.client.id', 'bearer.auth.client.secret'],
    ],
    [
      { ...oauth, 'bearer.auth.issuer.endpoint.url': 'https://u:hidden@idp/' },
      ['bearer.auth.issuer.endpoint.url: It is'],
    ],
    [
      { 'basic.auth.credentials.source': 'SASL_INHERIT', 'sasl.jaas.config': 'Plain required password="hidden' },
      ['sasl.jaas.config', 'basic.auth'],
    ],
    [
      { 'schema.registry.ssl.truststore.type': 'PKCS12' },
      [
        'schema.registry.ssl.truststore.type: PKCS12 can not be read. Convert it to PEM with: openssl pkcs12 -in <file> -nokeys',
      ],
    ],
    [
      { 'schema.registry.ssl.keystore.type': 'JKS', 'schema.registry.ssl.keystore.location': '/x/key.jks' },
      [
        'schema.registry.ssl.keystore.type: JKS can not be read. Convert it to PKCS12 with: keytool -importkeystore -srckeystore /x/key.jks -destkeystore /x/key.p12',
      ],
    ],
    [{ 'schema.registry.ssl.enabled.protocols': 'SSLv3' }, ['schema.registry.ssl.enabled.protocols']],
    [{ 'proxy.host': 'u:hidden@proxy', 'proxy.port': '1' }, ['proxy.host: Give a host name']],
    [{ 'proxy.host': 'proxy' }, ['proxy.port']],
    [{ 'proxy.port': '3128' }, ['proxy.host']],
    [{ 'proxy.host': 'proxy', 'proxy.port': '1', 'proxy.user.info': 'hidden' }, ['proxy.user.info']],
  ] as const)('and the like are told what is wrong with them: %j', (config, beginnings) => {
    const problems = problemsOf(config as Record<string, string>);
    expect(problems.map((problem, n) => problem.slice(0, beginnings[n]?.length))).toEqual(beginnings);
    expect(problems.join()).not.toContain('hidden');
  });
});

describe('names', () => {
  it('may have schema.registry. before them; the plain one comes first', () => {
    const config = {
      'schema.registry.basic.auth.credentials.source': 'USER_INFO',
      'schema.registry.basic.auth.user.info': 'old:1',
      'schema.registry.proxy.host': 'p',
      'schema.registry.max.retries': '3',
    };
    expect(registryConfigOf(config)).toEqual({
      'basic.auth.credentials.source': 'USER_INFO',
      'basic.auth.user.info': 'old:1',
      'proxy.host': 'p',
      'max.retries': '3',
    });
    expect(registryConfigOf({ ...config, 'basic.auth.user.info': 'new:2' })['basic.auth.user.info']).toBe('new:2');
    expect(Object.keys(keysWithoutEffect(config))).toEqual(['schema.registry.max.retries']);
    expect(keysWithoutEffect(Object.fromEntries([...REGISTRY_CONFIG.keys.keys()].map((key) => [key, '5'])))).toEqual(
      {},
    );
  });

  it('of a worker that look like a registry’s and are none are told', () => {
    const config = {
      'schema.registry.ulr': '',
      'basic.auth.user.inof': '',
      'proxy.host': 'p',
      'ssl.protocol': '',
      'registry.park.timeout.ms': '1',
    };
    expect(unknownWorkerDefaults(config)).toEqual(['schema.registry.ulr', 'basic.auth.user.inof']);
    expect(Object.keys(config).filter(isWorkerDefault)).not.toContain('ssl.protocol');
  });
});

describe('a worker’s own settings', () => {
  const worker = {
    [URL_KEY]: 'http://a',
    'schema.registry.basic.auth.credentials.source': 'USER_INFO',
    'basic.auth.user.info': 'ann:secret',
    'schema.registry.ssl.truststore.location': '/ca.pem',
    'schema.registry.ssl.keystore.location': '/key.pem',
    'proxy.host': 'p',
    'proxy.port': '3128',
    'sasl.jaas.config': 'x',
  };

  it('stand below those of a converter, whatever the alias', () => {
    const merged = withWorkerDefaults(worker, { 'schema.registry.basic.auth.user.info': 'bob:1', other: 'x' });
    expect(merged).toMatchObject({ [URL_KEY]: 'http://a', 'basic.auth.user.info': 'bob:1', 'proxy.host': 'p' });
    expect(merged['other']).toBeUndefined();
  });

  it('Invariant 8: keep their credentials from a registry that only the converter names', () => {
    const merged = withWorkerDefaults(worker, { [URL_KEY]: 'http://elsewhere' });
    expect(merged).toEqual({
      [URL_KEY]: 'http://elsewhere',
      'schema.registry.ssl.truststore.location': '/ca.pem',
      'proxy.host': 'p',
      'proxy.port': '3128',
    });
  });

  it('give way to credentials of another kind', () => {
    const merged = withWorkerDefaults(worker, { 'bearer.auth.token': 't' });
    expect(Object.keys(merged).filter((key) => key.startsWith('basic.'))).toEqual([]);
    expect(parseRegistrySettings(merged).credentials.kind).toBe('token');
  });

  it('hand on the login to Kafka only to who inherits it', () => {
    expect(withWorkerDefaults(worker, {})['sasl.jaas.config']).toBeUndefined();
    const inheriting = { 'basic.auth.credentials.source': 'SASL_INHERIT' };
    expect(withWorkerDefaults(worker, inheriting)['sasl.jaas.config']).toBe('x');
    const own = withWorkerDefaults(worker, { ...inheriting, 'sasl.username': 'u', 'sasl.password': 'p' });
    expect(own['sasl.jaas.config']).toBeUndefined();
  });
});

describe('registryConfigOf', () => {
  it('picks what concerns the registry', () => {
    const config = {
      [URL_KEY]: 'http://a',
      'schemas.enable': 'true',
      'request.header.x': '1',
      'auto.register.schemas': 'true',
    };
    expect(registryConfigOf(config)).toEqual({ [URL_KEY]: 'http://a', 'request.header.x': '1' });
  });
});
