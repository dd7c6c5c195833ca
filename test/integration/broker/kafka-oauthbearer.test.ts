import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Broker, ClientSettings } from '../../../src/broker/ports.ts';
import { recordingLogger, silentLogger } from '../../../src/foundation/logger.ts';
import { ConfigError, EnvironmentError } from '../../../src/sdk/errors/index.ts';
import { describeWithJava } from '../../support/describe-with-kafka.ts';
import { type Kafka, startKafka } from '../../support/kafka.ts';
import { OAuthServer } from '../../support/oauth-server.ts';
import { newTopic, openBroker, readAll, textsOf, values } from './kafka-tools.ts';

const MODULE = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule';
/** The broker wants everybody to authenticate again after that long. */
const REAUTHENTICATE_MS = 11_500;

describeWithJava('a Kafka that wants OAUTHBEARER', () => {
  let kafka: Kafka;
  let server: OAuthServer;
  const opened: Broker[] = [];

  beforeAll(async () => {
    kafka = await startKafka({
      listeners: ['plaintext', 'sasl_oauthbearer'],
      properties: { 'listener.name.sasl_oauthbearer.oauthbearer.connections.max.reauth.ms': String(REAUTHENTICATE_MS) },
    });
    server = await OAuthServer.start();
  }, 180_000);
  afterAll(async () => {
    await Promise.all(opened.map((broker) => broker.close()));
    await server?.stop();
    await kafka?.remove();
  });

  const open = (options: string, more: ClientSettings = {}, logger = silentLogger): Broker => {
    const broker = openBroker(
      kafka.bootstrapServersOf('sasl_oauthbearer'),
      {
        'security.protocol': 'SASL_PLAINTEXT',
        'sasl.mechanism': 'OAUTHBEARER',
        'sasl.jaas.config': `${MODULE} required ${options};`,
        ...more,
      },
      logger,
    );
    opened.push(broker);
    return broker;
  };
  const jwt = (claims: Record<string, unknown>): string => {
    const part = (json: unknown): string => Buffer.from(JSON.stringify(json)).toString('base64url');
    return `${part({ alg: 'none' })}.${part(claims)}.`;
  };
  const listTopics = (broker: Broker) =>
    broker
      .admin({ settings: {}, logger: silentLogger })
      .listTopics(AbortSignal.timeout(8_000))
      .then(
        () => null,
        (error: unknown) => error,
      );

  it('lets in a token that nobody signed, and again when its session is over', async () => {
    const broker = open('unsecuredLoginStringClaim_sub="alice" unsecuredLoginLifetimeSeconds="60"');
    const topic = await newTopic(broker);
    const producer = broker.producer({ settings: {}, logger: silentLogger });
    const until = performance.now() + REAUTHENTICATE_MS + 2_000;
    const sent: string[] = [];
    while (performance.now() < until) {
      sent.push(String(sent.length));
      expect((await producer.send(values(topic, [sent.at(-1) ?? '']))).rejected).toEqual([]);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    expect(textsOf(await readAll(broker, topic))).toEqual(sent);
  }, 60_000);

  it('lets in by client credentials of an authorization server, one token for all connections', async () => {
    const now = Math.floor(Date.now() / 1000);
    server.reply = {
      status: 200,
      body: JSON.stringify({
        access_token: jwt({ sub: 'svc', iat: now, exp: now + 3600 }),
        token_type: 'Bearer',
        expires_in: 3600,
      }),
    };
    const before = server.asked.length;
    const broker = open('clientId="my client" clientSecret="s3cret-of-client" scope="kafka"', {
      'sasl.oauthbearer.token.endpoint.url': server.url,
    });
    const topic = await newTopic(broker);
    const producer = broker.producer({ settings: {}, logger: silentLogger });
    expect((await producer.send(values(topic, ['a']))).rejected).toEqual([]);
    expect(textsOf(await readAll(broker, topic))).toEqual(['a']);
    expect(server.asked.slice(before)).toEqual([
      {
        authorization: `Basic ${Buffer.from('my client:s3cret-of-client').toString('base64')}`,
        form: { grant_type: 'client_credentials', scope: 'kafka' },
      },
    ]);
  }, 60_000);

  it('refuses a token that has expired, for good, and nobody shows it', async () => {
    const old = Math.floor(Date.now() / 1000) - 7200;
    const token = jwt({ sub: 'late', iat: old, exp: old + 60 });
    server.reply = { status: 200, body: JSON.stringify({ access_token: token }) };
    const { logger, lines } = recordingLogger();
    const failure = await listTopics(
      open(
        'clientId="c" clientSecret="s3cret-of-client"',
        { 'sasl.oauthbearer.token.endpoint.url': server.url },
        logger,
      ),
    );
    expect(failure).toBeInstanceOf(ConfigError);
    expect(failure).toMatchObject({ code: 'holdfast.broker.authentication' });
    expect(String(failure)).toContain('refused the token of OAUTHBEARER (invalid_token)');
    const shown = JSON.stringify([lines, String(failure), (failure as Error).stack]);
    expect(shown).not.toContain(token);
    expect(shown).not.toContain('s3cret-of-client');
  }, 60_000);

  it('is told when the authorization server refuses the client, and waited for while it is away', async () => {
    server.reply = { status: 401, body: '{"error":"invalid_client"}' };
    const settings = { 'sasl.oauthbearer.token.endpoint.url': server.url };
    const refused = await listTopics(open('clientId="c" clientSecret="s3cret-of-client"', settings));
    expect(refused).toBeInstanceOf(ConfigError);
    expect(String(refused)).toContain('HTTP 401 invalid_client');
    server.reply = { status: 503, body: '' };
    const away = await listTopics(open('clientId="c" clientSecret="another-secret"', settings));
    expect(away).toBeInstanceOf(EnvironmentError);
    expect(String(away)).toContain('gives no token: HTTP 503');
  }, 60_000);
});
