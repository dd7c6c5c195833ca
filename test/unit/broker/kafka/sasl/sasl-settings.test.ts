import { describe, expect, it } from 'vitest';
import { type SaslSettings, saslSettings } from '../../../../../src/broker/kafka/sasl/sasl-settings.ts';

const SECRET = 'hunter2-hunter2';
const OAUTH = 'org.apache.kafka.common.security.oauthbearer';

function read(settings: Record<string, string>): { sasl: SaslSettings | null; problems: Record<string, string> } {
  const problems: Record<string, string> = {};
  const sasl = saslSettings({
    setting: (key) => settings[key],
    report: (key, message) => {
      problems[key] = message;
    },
  });
  // Invariant 8
  expect(JSON.stringify(problems)).not.toContain(SECRET);
  return { sasl, problems };
}

const oauth = (settings: Record<string, string>, options = '') =>
  read({
    'sasl.mechanism': 'OAUTHBEARER',
    'sasl.jaas.config': `${OAUTH}.OAuthBearerLoginModule required ${options};`,
    ...settings,
  });

describe('sasl. settings', () => {
  it('take user and password of PLAIN and SCRAM', () => {
    const jaas = `org.apache.kafka.common.security.scram.ScramLoginModule required username="u" password="${SECRET}";`;
    expect(read({ 'sasl.mechanism': 'scram-sha-512', 'sasl.jaas.config': jaas })).toEqual({
      sasl: { mechanism: 'scram-sha-512', username: 'u', password: SECRET },
      problems: {},
    });
    expect(read({ 'sasl.mechanism': 'PLAIN', 'sasl.jaas.config': jaas }).problems['sasl.jaas.config']).toContain(
      'PlainLoginModule',
    );
    const token = jaas.replace(';', ' tokenauth="true";');
    expect(read({ 'sasl.mechanism': 'SCRAM-SHA-256', 'sasl.jaas.config': token }).problems).toHaveProperty([
      'sasl.jaas.config',
    ]);
  });

  it('refuse Kerberos, other mechanisms and Java classes with a sentence', () => {
    expect(read({}).problems['sasl.mechanism']).toContain('Kerberos');
    expect(read({ 'sasl.mechanism': 'GSSAPI' }).problems['sasl.mechanism']).toContain('is not supported here');
    expect(read({ 'sasl.mechanism': 'AWS_MSK_IAM' }).problems['sasl.mechanism']).toContain('must be one of PLAIN');
    expect(
      Object.keys(
        oauth(
          {
            'sasl.login.class': 'x.Y',
            'sasl.client.callback.handler.class': 'x.Z',
            'sasl.login.callback.handler.class': 'x.H',
            'sasl.oauthbearer.jwt.retriever.class': `${OAUTH}.JwtBearerJwtRetriever`,
          },
          'unsecuredLoginStringClaim_sub="a"',
        ).problems,
      ).sort(),
    ).toEqual([
      'sasl.client.callback.handler.class',
      'sasl.login.callback.handler.class',
      'sasl.login.class',
      'sasl.oauthbearer.jwt.retriever.class',
    ]);
  });

  it('take client credentials from the keys of 4.1, or from the options of the login module', () => {
    const url = 'https://id.example/oauth2/token?x=1';
    const handler = `${OAUTH}.secured.OAuthBearerLoginCallbackHandler`;
    const byOptions = oauth(
      { 'sasl.oauthbearer.token.endpoint.url': url, 'sasl.login.callback.handler.class': handler },
      `clientId="c" clientSecret="${SECRET}" scope="s t" extension_logicalCluster="lkc"`,
    );
    expect(byOptions.problems).toEqual({});
    expect(byOptions.sasl).toMatchObject({
      mechanism: 'oauthbearer',
      oauth: {
        origin: { kind: 'endpoint', clientId: 'c', clientSecret: SECRET, scope: 's t', urlEncode: false },
        extensions: { logicalCluster: 'lkc' },
        refresh: { windowFactor: 0.8, windowJitter: 0.05, minPeriodMs: 60_000, bufferMs: 300_000 },
      },
    });
    // Without a JAAS text at all.
    expect(
      read({
        'sasl.mechanism': 'OAUTHBEARER',
        'sasl.oauthbearer.token.endpoint.url': url,
        'sasl.oauthbearer.client.credentials.client.id': 'c2',
        'sasl.oauthbearer.client.credentials.client.secret': SECRET,
        'sasl.oauthbearer.scope': 's2',
      }).sasl,
    ).toMatchObject({ oauth: { origin: { clientId: 'c2', clientSecret: SECRET, scope: 's2' } } });
  });

  it('name what is missing or wrong of OAUTHBEARER', () => {
    const url = { 'sasl.oauthbearer.token.endpoint.url': 'https://h/t' };
    const id = 'sasl.oauthbearer.client.credentials.client.id';
    expect(oauth(url).problems[id]).toContain('is missing');
    expect(oauth(url, 'clientId=c').problems[id.replace('.id', '.secret')]).toContain('clientSecret');
    expect(oauth({}).problems['sasl.oauthbearer.token.endpoint.url']).toContain('is missing');
    for (const bad of ['ftp://h', `https://u:${SECRET}@h/`, 'nothing']) {
      const text = { 'sasl.oauthbearer.token.endpoint.url': bad };
      expect(oauth(text, `clientId=c clientSecret="${SECRET}"`).problems).toHaveProperty([
        'sasl.oauthbearer.token.endpoint.url',
      ]);
    }
    expect(oauth(url, 'clientId=c clientSecret=s extension_auth="x"').problems).toHaveProperty(['sasl.jaas.config']);
    const tls = oauth(url, 'clientId=c clientSecret=s ssl.truststore.location="/none.pem" ssl.truststore.type=PEM');
    expect(tls.problems['sasl.jaas.config']).toContain(
      "option ssl.truststore.location names a file that can't be read",
    );
    expect(oauth({ ...url, 'sasl.login.refresh.window.factor': '2' }, 'clientId=c clientSecret=s').problems).toEqual({
      'sasl.login.refresh.window.factor': 'must be a number from 0.5 to 1',
    });
    expect(oauth({}, 'unsecuredLoginNumberClaim_a="x"').problems).toHaveProperty(['sasl.jaas.config']);
    expect(oauth({}, 'unsecuredLoginListClaim_scope=",a,b"').problems['sasl.jaas.config']).toContain('StringClaim_sub');
  });

  it('make claims of tokens that nobody signed', () => {
    const { sasl } = oauth(
      {},
      'unsecuredLoginStringClaim_sub="me" unsecuredLoginListClaim_scope="|a|b" unsecuredLoginNumberClaim_n="3" unsecuredLoginLifetimeSeconds="10"',
    );
    expect(sasl).toMatchObject({
      oauth: { origin: { kind: 'unsecured', claims: { sub: 'me', scope: ['a', 'b'], n: 3 }, lifetimeSeconds: 10 } },
    });
  });
});
