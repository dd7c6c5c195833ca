import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ClientSettings } from '../../../src/broker/ports.ts';
import { recordingLogger, silentLogger } from '../../../src/foundation/logger.ts';
import { ConfigError } from '../../../src/sdk/errors/index.ts';
import { describeWithKafka } from '../../support/describe-with-kafka.ts';
import type { KafkaListenerKind } from '../../support/kafka-listener.ts';
import type { SharedKafka } from '../../support/shared-kafka.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { createTlsMaterial } from '../../support/tls.ts';
import { newTopic, openBroker, readAll, textsOf, values } from './kafka-tools.ts';

function jaas(mechanism: string, { username, password }: { username: string; password: string }): ClientSettings {
  const module = mechanism === 'PLAIN' ? 'plain.PlainLoginModule' : 'scram.ScramLoginModule';
  return {
    'sasl.mechanism': mechanism,
    'sasl.jaas.config': `org.apache.kafka.common.security.${module} required username="${username}" password="${password}";`,
  };
}

function trust({ tls }: SharedKafka): ClientSettings {
  return { 'ssl.truststore.type': 'PEM', 'ssl.truststore.certificates': tls.ca };
}

/** PKCS8 under a password, as openssl writes it. */
function encrypted(key: string, passphrase: string): string {
  const options = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase } as const;
  return createPrivateKey(key).export(options).toString();
}

const cases: readonly (readonly [
  kind: KafkaListenerKind,
  settings: (kafka: SharedKafka) => ClientSettings,
  how?: string,
])[] = [
  ['sasl_plain', (kafka) => ({ 'security.protocol': 'SASL_PLAINTEXT', ...jaas('PLAIN', kafka.user) })],
  ['scram_sha_256', (kafka) => ({ 'security.protocol': 'SASL_PLAINTEXT', ...jaas('SCRAM-SHA-256', kafka.user) })],
  ['scram_sha_512', (kafka) => ({ 'security.protocol': 'SASL_PLAINTEXT', ...jaas('SCRAM-SHA-512', kafka.user) })],
  ['ssl', (kafka) => ({ 'security.protocol': 'SSL', ...trust(kafka) })],
  [
    'ssl_mutual',
    ({ tls }) => {
      const keystore = join(tempDir('tls'), 'keystore.pem');
      writeFileSync(keystore, `${tls.client.key}\n${tls.client.cert}`);
      return {
        'security.protocol': 'SSL',
        'ssl.truststore.location': tls.caFile,
        'ssl.truststore.type': 'PEM',
        'ssl.keystore.location': keystore,
        'ssl.keystore.type': 'PEM',
      };
    },
  ],
  [
    'ssl_mutual',
    (kafka) => ({
      'security.protocol': 'SSL',
      ...trust(kafka),
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.key': encrypted(kafka.tls.client.key, 'key-password'),
      'ssl.keystore.certificate.chain': kafka.tls.client.cert,
      'ssl.key.password': 'key-password',
    }),
    'an encrypted key in the settings',
  ],
  [
    'ssl_mutual',
    (kafka) => {
      const keystore = join(tempDir('tls'), 'encrypted.pem');
      writeFileSync(keystore, `${encrypted(kafka.tls.client.key, 'key-password')}${kafka.tls.client.cert}`);
      return {
        'security.protocol': 'SSL',
        ...trust(kafka),
        'ssl.keystore.location': keystore,
        'ssl.key.password': 'key-password',
        'ssl.endpoint.identification.algorithm': '',
      };
    },
    'a file with an encrypted key, and no check of the name',
  ],
  [
    'sasl_plain',
    ({ user: { username, password } }) => ({
      'security.protocol': 'SASL_PLAINTEXT',
      'sasl.mechanism': 'PLAIN',
      'sasl.jaas.config': `// of ops\n org.apache.kafka.common.security.plain.PlainLoginModule\n  REQUIRED\n username='${username}' /* rotated */\n  "password"="${password.replace(/-/g, '\\-')}" ;  `,
    }),
    'oddly quoted JAAS',
  ],
  ['sasl_ssl_plain', (kafka) => ({ 'security.protocol': 'SASL_SSL', ...trust(kafka), ...jaas('PLAIN', kafka.user) })],
  [
    'sasl_ssl_scram_sha_512',
    (kafka) => ({ 'security.protocol': 'SASL_SSL', ...trust(kafka), ...jaas('SCRAM-SHA-512', kafka.user) }),
  ],
];

describeWithKafka('a secured Kafka', (shared) => {
  const addressOf = (kind: KafkaListenerKind): string => shared().listeners[kind] as string;

  for (const [kind, settingsFor, how = 'plainly'] of cases) {
    it(`is produced to and read from over ${kind}: ${how}`, async () => {
      const broker = openBroker(addressOf(kind), settingsFor(shared()));
      const topic = await newTopic(broker);
      const producer = broker.producer({ settings: {}, logger: silentLogger });
      expect((await producer.send(values(topic, ['a', 'b']))).offsets).toEqual(new Float64Array([0, 1]));
      expect(textsOf(await readAll(broker, topic))).toEqual(['a', 'b']);
      await broker.close();
    });
  }

  for (const mechanism of ['PLAIN', 'SCRAM-SHA-256'] as const) {
    it(`refuses a wrong password for ${mechanism} once and for all, and keeps it to itself`, async () => {
      const kafka = shared();
      const kind = mechanism === 'PLAIN' ? 'sasl_plain' : 'scram_sha_256';
      const settings = {
        'security.protocol': 'SASL_PLAINTEXT',
        ...jaas(mechanism, { ...kafka.user, password: 'not-the-secret' }),
      };
      const { logger, lines } = recordingLogger();
      const broker = openBroker(addressOf(kind), settings, logger);
      const failure = await broker
        .admin({ settings: {}, logger })
        .listTopics()
        .catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(ConfigError);
      expect(failure).toMatchObject({ code: 'holdfast.broker.authentication' });
      const producer = broker.producer({ settings: {}, logger });
      await expect(producer.send(values('any', ['v']))).rejects.toBeInstanceOf(ConfigError);
      // Invariant 8: a secret never shows.
      expect(JSON.stringify([lines, String(failure), (failure as Error).stack])).not.toContain('not-the-secret');
      await broker.close();
    });
  }

  it('is let in on with PKCS12 stores', async () => {
    const { tls } = shared();
    const dir = tempDir('p12');
    const make = (name: string, ...args: string[]): string => {
      const file = join(dir, `${name}.p12`);
      const output = ['-export', '-out', file, '-passout', 'pass:p12-password'];
      execFileSync('openssl', ['pkcs12', ...output, ...args], { stdio: 'ignore' });
      return file;
    };
    const broker = openBroker(addressOf('ssl_mutual'), {
      'security.protocol': 'SSL',
      'ssl.keystore.type': 'PKCS12',
      'ssl.keystore.location': make('keystore', '-in', tls.clientCertFile, '-inkey', tls.clientKeyFile),
      'ssl.keystore.password': 'p12-password',
      'ssl.truststore.type': 'PKCS12',
      'ssl.truststore.location': make('truststore', '-nokeys', '-in', tls.caFile),
      'ssl.truststore.password': 'p12-password',
    });
    await newTopic(broker);
    await broker.close();
  });

  it('is not connected to with a JKS store, and says how to convert it', async () => {
    const file = join(tempDir('jks'), 'truststore.jks');
    writeFileSync(file, Buffer.from('feedfeed00000002', 'hex'));
    const broker = openBroker(addressOf('ssl'), { 'security.protocol': 'SSL', 'ssl.truststore.location': file });
    const list = broker.admin.bind(broker, { settings: {}, logger: silentLogger });
    const failure = await Promise.resolve()
      .then(() => list().listTopics())
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConfigError);
    expect(String(failure)).toContain(`keytool -importkeystore -srckeystore ${file}`);
    await broker.close();
  });

  it('is not trusted without its authority, or under a name its certificate does not carry', async () => {
    const stranger = createTlsMaterial(tempDir('stranger'));
    const settings = { 'security.protocol': 'SSL', 'ssl.truststore.certificates': stranger.ca };
    const broker = openBroker(addressOf('ssl'), settings);
    await expect(broker.admin({ settings: {}, logger: silentLogger }).listTopics()).rejects.toMatchObject({
      code: 'holdfast.broker.authentication',
    });
    await broker.close();
  });

  it('is not let in on without the certificate it asks for', async () => {
    const kafka = shared();
    const broker = openBroker(addressOf('ssl_mutual'), { 'security.protocol': 'SSL', ...trust(kafka) });
    const failure = await broker
      .admin({ settings: {}, logger: silentLogger })
      .listTopics(AbortSignal.timeout(5_000))
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'holdfast.broker.authentication' });
    await broker.close();
  });
});
