import { describe, expect, it } from 'vitest';
import { parseRegistrySettings } from '../../../src/registry/registry-settings.ts';
import { problemsOf } from '../../../src/sdk/errors/problems-of.ts';

const BASIC = { 'basic.auth.credentials.source': 'USER_INFO', 'basic.auth.user.info': 'ann:hidden' };
const TOKEN = { 'bearer.auth.token': 'hidden', 'bearer.auth.identity.pool.id': 'pool' };
const OAUTH = {
  'bearer.auth.credentials.source': 'OAUTHBEARER',
  'bearer.auth.issuer.endpoint.url': 'https://idp/token',
  'bearer.auth.client.id': 'me',
  'bearer.auth.client.secret': 'hidden',
  'bearer.auth.logical.cluster': 'lsrc-1',
};

const parse = (config: Record<string, string>) =>
  parseRegistrySettings({ 'schema.registry.url': 'http://a:8081', ...config });
const problems = (config: Record<string, string>): string[] =>
  problemsOf(() => parse(config)).map(({ key, message }) => `${key} | ${message}`);

describe('request.header.*', () => {
  it.each([
    [{ 'request.header.X-Tenant': 'Blue' }, { 'x-tenant': 'Blue' }],
    [{ 'request.header.x_1.2~!': ' a\tb ' }, { 'x_1.2~!': ' a\tb ' }],
    [{ 'request.header.X-Name': 'Zoë' }, { 'x-name': 'Zoë' }],
    [{ 'request.header.X-Empty': '' }, { 'x-empty': '' }],
    [{ 'request.header.Confluent-Identity-Pool-Id': 'p' }, { 'confluent-identity-pool-id': 'p' }],
    // A scheme of a gateway that no other setting has.
    [{ 'request.header.Authorization': 'ApiKey k' }, { authorization: 'ApiKey k' }],
  ])('are sent as they are: %j', (config, headers) => {
    expect(parse(config as Record<string, string>).headers).toEqual(headers);
  });

  it.each(['', 'X Tenant', 'X-Tenant:', 'X-Ténant', 'X(1)', 'X\n-Tenant'])(
    'have names that HTTP has: not %j',
    (name) => {
      const key = `request.header.${name}`;
      expect(problems({ [key]: 'hidden' })).toEqual([
        `${key} | Give the name of a header after request.header.: letters, digits and - only, such as X-Tenant.`,
      ]);
    },
  );

  it.each(['hidden\nX-Admin: 1', 'hidden\r', 'hid\0den', 'hidden\u007f', 'hidden €'])(
    'have values that HTTP has, and show none: not %j',
    (value) => {
      expect(problems({ 'request.header.X-Tenant': value })).toEqual([
        'request.header.X-Tenant | The value has a line break, a control character or one beyond Latin-1. Take it out, or encode it.',
      ]);
    },
  );

  it.each([
    'Accept',
    'accept-encoding',
    'Connection',
    'Content-Length',
    'CONTENT-TYPE',
    'Expect',
    'Host',
    'Proxy-Authorization',
    'TE',
    'Transfer-Encoding',
    'Upgrade',
  ])('are not those of the request itself: not %s', (name) => {
    expect(problems({ [`request.header.${name}`]: 'hidden' })).toEqual([
      expect.stringMatching(`^request\\.header\\.${name} \\| The header can not be set: .*\\. Leave it out\\.$`),
    ]);
  });

  it('say of a proxy’s user where it is set', () => {
    expect(problems({ 'request.header.Proxy-Authorization': 'hidden' }).join()).toContain('proxy.user.info');
  });

  it.each([
    [BASIC, 'Authorization'],
    [{ 'schema.registry.url': 'http://ann:hidden@a:8081' }, 'authorization'],
    [TOKEN, 'Authorization'],
    [TOKEN, 'Confluent-Identity-Pool-Id'],
    [OAUTH, 'Authorization'],
    [OAUTH, 'Target-SR-Cluster'],
  ])('do not say what the credentials %j say: not %s', (credentials, name) => {
    const found = problems({ ...credentials, [`request.header.${name}`]: 'hidden' });
    expect(found).toEqual([
      `request.header.${name} | The header is sent with the credentials of basic.auth.* or bearer.auth.*. Set one of them only.`,
    ]);
  });

  it('are set once', () => {
    expect(problems({ 'request.header.X-Tenant': 'hidden', 'request.header.x-tenant': 'hidden' })).toEqual([
      'request.header.x-tenant | The header is set twice: upper and lower case are the same. Set it once.',
    ]);
  });

  it('are named each, with all other mistakes', () => {
    const config = { 'request.header.Host': 'a', 'request.header.X': 'b\n', 'proxy.host': 'p' };
    expect(problems(config).map((each) => each.split(' | ')[0])).toEqual([
      'proxy.port',
      'request.header.Host',
      'request.header.X',
    ]);
  });
});
