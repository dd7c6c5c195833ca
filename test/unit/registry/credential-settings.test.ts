import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import {
  type CredentialSettings,
  credentialSettingsOf,
  openPartsOf,
  secretsOf,
  type UserInfo,
} from '../../../src/registry/credential-settings.ts';
import { StaticCredentials } from '../../../src/registry/credentials.ts';
import { OAuthCredentials } from '../../../src/registry/oauth-credentials.ts';
import { openCredentials } from '../../../src/registry/open-credentials.ts';
import { REGISTRY_CONFIG } from '../../../src/registry/registry-config.ts';
import { parseRegistrySettings } from '../../../src/registry/registry-settings.ts';
import { ServedSettings } from '../../../src/registry/served-settings.ts';
import { ok, ScriptedTransport } from './scripted-transport.ts';

const never = new AbortController().signal;

/** What the settings say, and what is wrong with them. */
function read(config: Record<string, string>, users: Record<string, UserInfo> = {}) {
  const problems: string[] = [];
  const settings = credentialSettingsOf({
    values: REGISTRY_CONFIG.parse({ 'schema.registry.url': 'http://a', ...config }),
    config,
    urlUsers: new Map(Object.entries(users)),
    problem: (key, message) => problems.push(`${key}: ${message}`),
  });
  return { settings, problems };
}
const good = (config: Record<string, string>, users?: Record<string, UserInfo>): CredentialSettings => {
  const { settings, problems } = read(config, users);
  expect(problems).toEqual([]);
  return settings;
};
const problemsOf = (config: Record<string, string>): readonly string[] => {
  const { settings, problems } = read(config);
  expect(settings).toEqual({ kind: 'none' });
  return problems;
};

const basic = (source: string, more: Record<string, string> = {}) => ({
  'basic.auth.credentials.source': source,
  ...more,
});
const bearer = (source: string, more: Record<string, string> = {}) => ({
  'bearer.auth.credentials.source': source,
  ...more,
});
const oauth = bearer('OAUTHBEARER', {
  'bearer.auth.issuer.endpoint.url': 'https://idp/token',
  'bearer.auth.client.id': 'me',
  'bearer.auth.client.secret': 'hidden',
});
const jaas = (options: string) => ({ 'sasl.jaas.config': `Module required ${options};` });
const INHERIT = 'SASL_OAUTHBEARER_INHERIT';
const ENDPOINT = { 'sasl.oauthbearer.token.endpoint.url': 'https://kafka-idp/token' };

describe('basic authentication', () => {
  const [ann, bob] = [
    { user: 'ann', password: '1' },
    { user: 'bob', password: '2' },
  ];

  it('is none without a user', () => {
    expect(good({})).toEqual({ kind: 'none' });
  });

  it('of a URL serves the others as well, the first one first', () => {
    const users = { 'http://a': ann, 'http://b': bob };
    expect(good({}, users)).toEqual({ kind: 'basic', byNode: new Map(Object.entries(users)), others: ann });
  });

  it.each([
    ['ann:pw', 'ann', 'pw'],
    ['ann:p:w', 'ann', 'p:w'],
    ['ann:', 'ann', ''],
    [':pw', '', 'pw'],
  ])('of a text is split at its first colon: %s', (info, user, password) => {
    const settings = good(basic('USER_INFO', { 'basic.auth.user.info': info }), { 'http://a': bob });
    expect(settings).toEqual({ kind: 'basic', byNode: new Map(), others: { user, password } });
  });

  it.each<[Record<string, string>]>([[{}], [{ 'basic.auth.user.info': 'ann' }]])(
    'of a text needs a colon: %j',
    (config) => {
      expect(problemsOf(basic('USER_INFO', config))).toEqual([
        'basic.auth.user.info: Give user:password, as basic.auth.credentials.source is USER_INFO.',
      ]);
    },
  );

  it('is inherited from the login module, or from what librdkafka calls it where there is none', () => {
    const named = { 'sasl.username': 'bob', 'sasl.password': '2' };
    const inherited = (more: Record<string, string>) => good(basic('SASL_INHERIT', more));
    expect(inherited({ ...named, ...jaas('username="ann" password="1"') })).toMatchObject({ others: ann });
    expect(inherited(named)).toMatchObject({ others: bob });
  });

  it.each<[Record<string, string>]>([
    [{}],
    [{ 'sasl.username': 'ann' }],
    [{ 'sasl.password': 'hidden' }],
    [jaas('username=ann')],
    [jaas('password=hidden')],
    [{ ...jaas('username=ann'), 'sasl.password': 'hidden' }],
  ])('is inherited whole or not at all: %j', (config) => {
    expect(problemsOf(basic('SASL_INHERIT', config))).toEqual([
      expect.stringMatching(/^basic\.auth\.credentials\.source: SASL_INHERIT finds no user and password/),
    ]);
  });

  it('says why a login module can not be read, without a word of it', () => {
    const [first, ...rest] = problemsOf(
      basic('SASL_INHERIT', { 'sasl.jaas.config': 'Module required password="hidden' }),
    );
    expect(first).toMatch(/^sasl\.jaas\.config: It can not be read: [^:]*\.$/);
    expect(first).not.toContain('hidden');
    expect(rest).toHaveLength(1);
  });

  it('and a bearer token at once is a mistake', () => {
    const both = { ...basic('USER_INFO', { 'basic.auth.user.info': 'a:b' }), 'bearer.auth.token': 't' };
    expect(read(both)).toMatchObject({
      settings: { kind: 'token' },
      problems: ['bearer.auth.token: Give either basic or bearer authentication, not both.'],
    });
  });
});

describe('a bearer token', () => {
  it.each<[Record<string, string>, object]>([
    [{}, {}],
    [{ 'bearer.auth.logical.cluster': '', 'bearer.auth.identity.pool.id': '' }, {}],
    [{ 'bearer.auth.logical.cluster': 'l' }, { 'target-sr-cluster': 'l' }],
    [{ 'bearer.auth.identity.pool.id': 'p' }, { 'Confluent-Identity-Pool-Id': 'p' }],
  ])('goes with the headers that are set: %j', (config, headers) => {
    expect(good({ 'bearer.auth.token': 't', ...config })).toEqual({ kind: 'token', token: 't', headers });
    expect(good({ ...oauth, ...config })).toMatchObject({ headers });
  });

  it('is missed only if its source was chosen', () => {
    expect(problemsOf(bearer('STATIC_TOKEN'))).toEqual([
      'bearer.auth.token: Give the token, as bearer.auth.credentials.source is STATIC_TOKEN.',
    ]);
    expect(problemsOf({})).toEqual([]);
  });

  it('of an OAuth server is asked for with what is set', () => {
    const more = { 'bearer.auth.scope': 's', 'bearer.auth.cache.expiry.buffer.seconds': '7' };
    expect(good({ ...oauth, ...more })).toEqual({
      kind: 'oauth',
      tokenEndpoint: 'https://idp/token',
      clientId: 'me',
      clientSecret: 'hidden',
      scope: 's',
      renewBeforeMs: 7000,
      headers: {},
    });
    expect(good(oauth)).toMatchObject({ scope: null, renewBeforeMs: 300_000 });
  });

  it('of an OAuth server inherits only when its source says so', () => {
    const login = jaas('clientId=k clientSecret=ks scope=kc extension_identityPoolId=kp');
    expect(good(bearer(INHERIT, { ...ENDPOINT, ...login }))).toEqual({
      kind: 'oauth',
      tokenEndpoint: 'https://kafka-idp/token',
      clientId: 'k',
      clientSecret: 'ks',
      scope: 'kc',
      renewBeforeMs: 300_000,
      headers: { 'Confluent-Identity-Pool-Id': 'kp' },
    });
    expect(good({ ...oauth, ...ENDPOINT, ...login })).toMatchObject({
      tokenEndpoint: 'https://idp/token',
      clientId: 'me',
      scope: null,
      headers: {},
    });
    const own = { ...oauth, ...bearer(INHERIT), 'bearer.auth.scope': 'o', 'bearer.auth.identity.pool.id': 'op' };
    expect(good({ ...own, ...ENDPOINT, ...login })).toMatchObject({
      tokenEndpoint: 'https://idp/token',
      clientId: 'me',
      clientSecret: 'hidden',
      scope: 'o',
      headers: { 'Confluent-Identity-Pool-Id': 'op' },
    });
  });

  it('of an OAuth server needs an endpoint, a client and its secret', () => {
    const why = (source: string) => `It is needed, as bearer.auth.credentials.source is ${source}`;
    expect(problemsOf({ ...bearer('OAUTHBEARER'), ...ENDPOINT, ...jaas('clientId=k clientSecret=ks') })).toEqual([
      `bearer.auth.issuer.endpoint.url: ${why('OAUTHBEARER')}.`,
      `bearer.auth.client.id: ${why('OAUTHBEARER')}.`,
      `bearer.auth.client.secret: ${why('OAUTHBEARER')}.`,
    ]);
    expect(problemsOf(bearer(INHERIT))).toEqual([
      `bearer.auth.issuer.endpoint.url: ${why(INHERIT)} and sasl.oauthbearer.token.endpoint.url has none.`,
      `bearer.auth.client.id: ${why(INHERIT)} and sasl.jaas.config has none.`,
      `bearer.auth.client.secret: ${why(INHERIT)} and sasl.jaas.config has none.`,
    ]);
    const names = ['bearer.auth.issuer.endpoint.url', 'bearer.auth.client.id', 'bearer.auth.client.secret'];
    for (const name of names) {
      expect(read({ ...oauth, [name]: '' }).problems).toEqual([`${name}: ${why('OAUTHBEARER')}.`]);
      const { [name]: _, ...rest } = oauth as Record<string, string>;
      expect(problemsOf(rest)).toEqual([`${name}: ${why('OAUTHBEARER')}.`]);
    }
  });

  it.each(['no url', 'ftp://idp/', 'https://u@idp/', 'https://:p@idp/', 'https://u:p@idp/'])(
    'of an OAuth server comes from a URL without a user: not %s',
    (url) => {
      expect(read({ ...oauth, 'bearer.auth.issuer.endpoint.url': url }).problems).toEqual([
        'bearer.auth.issuer.endpoint.url: It is not of the form https://host/path, without user and password.',
      ]);
    },
  );

  it('of an OAuth server may come over plain http', () => {
    good({ ...oauth, 'bearer.auth.issuer.endpoint.url': 'http://idp' });
  });
});

describe('what tells two connections apart', () => {
  const users = { 'http://a': { user: 'ann', password: '1' }, 'http://b': { user: 'bob', password: '2' } };
  const scoped = { 'bearer.auth.scope': 's', 'bearer.auth.logical.cluster': 'l' };
  const token = { 'bearer.auth.token': 't', 'bearer.auth.logical.cluster': 'l' };

  it.each<[CredentialSettings, readonly string[], readonly string[]]>([
    [good({}), [''], []],
    [
      good({}, users),
      ['ann', 'ann', 'bob'],
      [`Basic ${btoa('ann:1')}`, `Basic ${btoa('bob:2')}`, `Basic ${btoa('ann:1')}`],
    ],
    [good(token), ['', 'l'], ['t']],
    [good(oauth), ['me', 'https://idp/token', ''], ['hidden']],
    [good({ ...oauth, ...scoped }), ['me', 'https://idp/token', 's', 'l'], ['hidden']],
  ])('is open or secret: %j', (settings, open, secrets) => {
    expect(openPartsOf(settings)).toEqual(open);
    expect(secretsOf(settings)).toEqual(secrets);
  });
});

describe('credentials that are opened', () => {
  const clock = new ManualClock();
  const open = (config: Record<string, string>, direct = new ScriptedTransport(clock)) => {
    const settings = parseRegistrySettings({ 'schema.registry.url': 'http://a', ...config });
    const served = new ServedSettings({ settings, store: null, logger: silentLogger });
    return openCredentials({ settings, served, clock, direct, random: () => 0.5 });
  };

  it('send nothing when there are none', () => {
    expect(open({}).headers('http://a', never)).toEqual({});
  });

  it('send to each node who we are there, and to others who we are at the first', () => {
    const credentials = open({ 'schema.registry.url': 'http://ann:1@a,http://bob:2@b,http://c' });
    const sent = ['http://a', 'http://b', 'http://c'].map((node) => credentials.headers(node, never));
    const [ann, bob] = [{ authorization: `Basic ${btoa('ann:1')}` }, { authorization: `Basic ${btoa('bob:2')}` }];
    expect(sent).toEqual([ann, bob, ann]);
  });

  it('send a token with its headers', () => {
    const credentials = open({ 'bearer.auth.token': 't', 'bearer.auth.logical.cluster': 'l' });
    expect(credentials.headers('http://a', never)).toEqual({ authorization: 'Bearer t', 'target-sr-cluster': 'l' });
  });

  it('ask the OAuth server directly, within the time limit of the registry', async () => {
    const direct = new ScriptedTransport(clock);
    direct.nodes.set('https://idp', () => ok({ access_token: 'x' }));
    const credentials = open({ ...oauth, 'http.read.timeout.ms': '1234' }, direct);
    expect(credentials).toBeInstanceOf(OAuthCredentials);
    expect(await credentials.headers('http://a', never)).toEqual({ authorization: 'Bearer x' });
    expect(direct.requests).toMatchObject([{ node: 'https://idp', path: '/token', timeoutMs: 1234 }]);
  });

  it('that are static keep their other headers at every node, and have nothing to renew', async () => {
    const headers = { x: '1' };
    const credentials = new StaticCredentials({ byNode: new Map([['http://a', 'A']]), headers });
    expect(credentials.headers('http://a')).toEqual({ x: '1', authorization: 'A' });
    expect(credentials.headers('http://b')).toEqual({ x: '1' });
    await credentials.refresh();
    expect(credentials.headers('http://a')).toEqual({ x: '1', authorization: 'A' });
  });
});
