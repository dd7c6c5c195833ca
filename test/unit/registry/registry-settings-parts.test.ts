import { describe, expect, it } from 'vitest';
import { registryKeyOf, withWorkerDefaults } from '../../../src/registry/registry-keys.ts';
import { parseRegistrySettings } from '../../../src/registry/registry-settings.ts';
import { ConfigError } from '../../../src/sdk/errors/index.ts';

const URL_KEY = 'schema.registry.url';
const parse = (config: Record<string, string>) => parseRegistrySettings({ [URL_KEY]: 'http://a:8081', ...config });
const problemsOf = (config: Record<string, string>): readonly string[] => {
  try {
    parse(config);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ key, message }) => `${key}: ${message}`);
  }
};

describe('a URL', () => {
  it.each([
    ['http://a:8081', 'http://a:8081'],
    ['a', 'http://a'],
    ['http://A/', 'http://a'],
    ['https://a/path//', 'https://a/path'],
    ['http://a:80', 'http://a'],
    ['http://[::1]:8081', 'http://[::1]:8081'],
  ])('%s becomes %s', (url, node) => {
    expect(parse({ [URL_KEY]: url }).nodes).toEqual([node]);
  });

  it.each(['ftp://a', 'http://', 'http://a:99999', '://a'])('%s is none', (url) => {
    expect(problemsOf({ [URL_KEY]: url })).toEqual([
      `${URL_KEY}: The URL is not of the form http://host:port or https://host:port.`,
    ]);
    expect(problemsOf({ [URL_KEY]: `http://a,${url}` })[0]).toContain('URL number 2 is not of the form');
  });

  it('may have a user whose name and password are encoded, or are not', () => {
    const others = (url: string) => {
      const { credentials } = parse({ [URL_KEY]: url });
      return credentials.kind === 'basic' ? credentials.others : undefined;
    };
    expect(others('http://a%40n:p%3Aw@a')).toEqual({ user: 'a@n', password: 'p:w' });
    expect(others('http://a%n:p%w@a')).toEqual({ user: 'a%n', password: 'p%w' });
    expect(others('http://ann@a')).toEqual({ user: 'ann', password: '' });
    expect(others('http://:t0ken@a')).toEqual({ user: '', password: 't0ken' });
    expect(parse({ [URL_KEY]: 'http://a' }).credentials.kind).toBe('none');
    expect(parse({ [URL_KEY]: 'http://:@a' }).credentials.kind).toBe('none');
  });

  it.each(['http://a:1,http://u:p@a:1/', 'http://u:p@a:1,http://a:1/', 'http://u:p@a:1,http://u:p@a:1'])(
    'that is listed twice keeps its user, wherever that stands: %s',
    (urls) => {
      const { nodes, credentials } = parse({ [URL_KEY]: urls });
      expect(nodes).toEqual(['http://a:1']);
      expect(credentials).toMatchObject({ kind: 'basic', others: { user: 'u', password: 'p' } });
    },
  );

  it.each(['http://other:p@a:1', 'http://u:hidden@a:1/', 'http://:p@a:1'])(
    'that is listed twice with different users is refused: %s',
    (second) => {
      expect(problemsOf({ [URL_KEY]: `http://u:p@a:1,${second}` })).toEqual([
        `${URL_KEY}: URL number 2 stands in the list before with another user or password. Give it once.`,
      ]);
    },
  );

  it.each([
    ['http://a:1/x?tenant=hidden', '?'],
    ['http://a:1#hidden', '#'],
    // A password that is not encoded: another host would get the requests.
    ['http://u:1#hidden@a:8081', '#'],
    ['http://u:1?hidden@a:8081', '?'],
  ])('has nothing after its path: not %s', (url, sign) => {
    expect(problemsOf({ [URL_KEY]: url })).toEqual([
      `${URL_KEY}: The URL has a part after ${sign}, which no request would carry. Leave it out; in a user or password write %3F for ? and %23 for #.`,
    ]);
  });
});

describe('a proxy', () => {
  const proxy = (host: string, port: string) => ({ 'proxy.host': host, 'proxy.port': port });

  it.each([
    ['p', '1', 'http://p:1'],
    ['10.0.0.1', '65535', 'http://10.0.0.1:65535'],
    ['::1', '3128', 'http://[::1]:3128'],
    ['[::1]', '3128', 'http://[::1]:3128'],
  ])('%s:%s', (host, port, url) => {
    expect(parse(proxy(host, port)).proxy).toMatchObject({ url, userInfo: null });
  });

  it('is none without a host', () => {
    expect([parse({}).proxy, parse({ 'proxy.host': '' }).proxy]).toEqual([null, null]);
  });

  it.each(['0', '65536'])('has a port that there is: not %s', (port) => {
    expect(problemsOf(proxy('p', port))).toEqual([
      expect.stringMatching(`^proxy\\.port: Invalid value ${port} for configuration proxy\\.port: Value must be `),
    ]);
  });

  it.each(['p/x', 'u@p', 'p q', 'a b', 'p?x', 'p#x', 'p:3128', '[p]', '[::1', '[::1]:3128'])(
    'has a host and nothing else: not %s',
    (host) => {
      expect(problemsOf(proxy(host, '1'))).toEqual([
        'proxy.host: Give a host name or address only; user and password go into proxy.user.info.',
      ]);
    },
  );

  it('may want to know who we are', () => {
    expect(parse({ ...proxy('p', '1'), 'proxy.user.info': 'u:p' }).proxy?.userInfo?.value()).toBe('u:p');
    expect(problemsOf({ ...proxy('p', '1'), 'proxy.user.info': 'u' })).toEqual([
      'proxy.user.info: Give user:password.',
    ]);
  });
});

describe('TLS', () => {
  const SSL = 'schema.registry.ssl.';

  it('has the stores, texts and versions that are set', () => {
    const { tls } = parse({
      [`${SSL}truststore.location`]: '/t',
      [`${SSL}truststore.type`]: 'PEM',
      [`${SSL}truststore.password`]: 'tp',
      [`${SSL}truststore.certificates`]: 'ca',
      [`${SSL}keystore.location`]: '/k',
      [`${SSL}keystore.type`]: 'PKCS12',
      [`${SSL}keystore.password`]: 'kp',
      [`${SSL}keystore.certificate.chain`]: 'chain',
      [`${SSL}keystore.key`]: 'key',
      [`${SSL}key.password`]: 'p',
      [`${SSL}enabled.protocols`]: 'TLSv1.3',
      [`${SSL}endpoint.identification.algorithm`]: '',
    });
    expect(JSON.parse(JSON.stringify(tls, (_, value) => value?.value?.() ?? value))).toMatchObject({
      trustStore: { file: '/t', type: 'PEM' },
      keyStore: { file: '/k', type: 'PKCS12' },
      protocols: ['TLSv1.3'],
      verifyHostname: false,
    });
    expect([tls.trustStore.password, tls.keyStore.password, tls.ca].map((one) => one?.value())).toEqual([
      'tp',
      'kp',
      'ca',
    ]);
    expect([tls.certificateChain, tls.key, tls.keyPassword].map((one) => one?.value())).toEqual(['chain', 'key', 'p']);
    expect(parse({}).tls).toMatchObject({ verifyHostname: true, trustStore: { file: null, type: null } });
  });

  it.each(['', 'TLSv1.2,TLSv1.1', 'SSLv3'])('speaks what Node speaks: not %j', (protocols) => {
    expect(problemsOf({ [`${SSL}enabled.protocols`]: protocols })).toEqual([
      `${SSL}enabled.protocols: Give TLSv1.2, TLSv1.3 or both: Node offers no others.`,
    ]);
  });

  it.each([
    ['https', true],
    ['HTTPS', true],
    ['', false],
    ['none', false],
  ])('checks the name in a certificate as Confluent’s clients do: %j', (algorithm, verifyHostname) => {
    expect(parse({ [`${SSL}endpoint.identification.algorithm`]: algorithm }).tls).toMatchObject({ verifyHostname });
  });

  // Java's TLS knows the names of LDAP as well, which no registry speaks; of any other it says at the first connection that it does not.
  it.each(['NONE', 'false', 'off', 'LDAPS', 'http'])('does not guess how names are checked: not %s', (algorithm) => {
    expect(problemsOf({ [`${SSL}endpoint.identification.algorithm`]: algorithm })).toEqual([
      expect.stringMatching(/^schema\.registry\.ssl\.endpoint\.identification\.algorithm: .*Give https to have/),
    ]);
  });
});

describe('two connections', () => {
  const SSL = 'schema.registry.ssl.';
  const id = (config: Record<string, string>) => parse(config).registryId;
  const proxy = { 'proxy.host': 'p', 'proxy.port': '1' };
  const different: readonly Record<string, string>[] = [
    {},
    { [URL_KEY]: 'https://a:8081' },
    { [URL_KEY]: 'http://a:8081,http://b' },
    { [`${SSL}truststore.location`]: '/t' },
    { [`${SSL}truststore.location`]: '/u' },
    { [`${SSL}keystore.location`]: '/t' },
    { [`${SSL}keystore.location`]: '/u' },
    { [`${SSL}enabled.protocols`]: 'TLSv1.3' },
    { [`${SSL}endpoint.identification.algorithm`]: '' },
    { [`${SSL}truststore.certificates`]: 'ca' },
    { [`${SSL}keystore.certificate.chain`]: 'other' },
    { [`${SSL}keystore.key`]: 'third' },
    { [`${SSL}key.password`]: 'fourth' },
    { [`${SSL}keystore.password`]: 'fifth' },
    proxy,
    { ...proxy, 'proxy.host': 'q' },
    { ...proxy, 'proxy.user.info': 'u:1' },
    { ...proxy, 'proxy.user.info': 'u:2' },
    { 'request.header.x': '1' },
    { 'request.header.x': '2' },
    { 'request.header.y': '1' },
    { 'bearer.auth.token': 't' },
    { 'bearer.auth.token': 't', 'bearer.auth.logical.cluster': 'l' },
  ];

  it('differ by all that decides who answers, and whom', () => {
    const ids = different.map(id);
    expect(ids.map((each, index) => [ids.indexOf(each), different[index]])).toEqual(
      different.map((config, index) => [index, config]),
    );
    expect(different.map(id)).toEqual(ids);
  });

  it('have a readable name, by the first of their URLs', () => {
    expect(id({ [URL_KEY]: 'http://b,https://a.example:8081/x y' })).toMatch(/^b-[0-9a-f]{6}$/);
    expect(id({ [URL_KEY]: 'https://a.example:8081/x_y/z' })).toMatch(/^a\.example-8081-x_y-z-[0-9a-f]{6}$/);
    expect(id({ 'bearer.auth.token': 't' })).toMatch(/^a-8081-[0-9a-f]{10}$/);
  });

  it('send the headers that are set, by their lower-case names', () => {
    expect(parse({ 'request.header.X-Tenant': 'Blue' }).headers).toEqual({ 'x-tenant': 'Blue' });
    expect(parse({}).headers).toEqual({});
  });
});

describe('the name of a setting', () => {
  it.each<[string, string | undefined]>([
    [URL_KEY, URL_KEY],
    ['basic.auth.user.info', 'basic.auth.user.info'],
    ['schema.registry.basic.auth.user.info', 'basic.auth.user.info'],
    ['request.header.x', 'request.header.x'],
    ['schema.registry.request.header.x', 'request.header.x'],
    ['max.retries', 'max.retries'],
    ['schema.registry.other', undefined],
    ['other', undefined],
    ['schema.registry.', undefined],
  ])('of %s is %s', (key, name) => {
    expect(registryKeyOf(key)).toBe(name);
  });
});

describe('a converter under the settings of a worker', () => {
  const worker = { [URL_KEY]: 'http://a', 'request.header.x': '1', 'sasl.jaas.config': 'j', 'sasl.username': 'u' };

  it('sends the worker’s headers to the worker’s registry only', () => {
    expect(withWorkerDefaults(worker, {})['request.header.x']).toBe('1');
    expect(withWorkerDefaults(worker, { [URL_KEY]: 'http://a' })['request.header.x']).toBe('1');
    expect(withWorkerDefaults(worker, { [URL_KEY]: 'http://b' })['request.header.x']).toBeUndefined();
    const { [URL_KEY]: _, ...nowhere } = worker;
    expect(withWorkerDefaults(nowhere, { [URL_KEY]: 'http://b' })['request.header.x']).toBe('1');
  });

  it('takes of the worker what it has not itself, of its own kind of credentials', () => {
    const both = { 'basic.auth.user.info': 'w:1', 'bearer.auth.scope': 's' };
    const own = { 'bearer.auth.credentials.source': 'SASL_OAUTHBEARER_INHERIT' };
    expect(withWorkerDefaults({ ...worker, ...both }, own)).toEqual({
      ...worker,
      ...own,
      'bearer.auth.scope': 's',
    });
    expect(withWorkerDefaults(both, {})).toEqual(both);
    expect(withWorkerDefaults(both, { 'basic.auth.user.info': 'c:2' })).toEqual({ 'basic.auth.user.info': 'c:2' });
  });

  it('has a login of its own whole', () => {
    const own = { 'basic.auth.credentials.source': 'SASL_INHERIT', 'sasl.password': 'p' };
    expect(withWorkerDefaults(worker, own)).toEqual({ [URL_KEY]: 'http://a', 'request.header.x': '1', ...own });
  });
});
