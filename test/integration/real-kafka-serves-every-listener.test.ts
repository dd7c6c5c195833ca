import { Kafka, type KafkaConfig, logLevel } from 'kafkajs';
import { expect, it } from 'vitest';
import { describeWithJava, describeWithKafka } from '../support/describe-with-kafka.ts';
import { startKafka } from '../support/kafka.ts';
import type { KafkaListenerKind } from '../support/kafka-listener.ts';
import type { SharedKafka } from '../support/shared-kafka.ts';
import { uniqueName } from '../support/unique-name.ts';

function clientConfig(kafka: SharedKafka, kind: KafkaListenerKind): KafkaConfig {
  const { ca, client } = kafka.tls;
  const address = kafka.listeners[kind];
  if (address === undefined) throw new Error(`no listener ${kind}`);
  const mechanism = kind.endsWith('256') ? 'scram-sha-256' : kind.endsWith('512') ? 'scram-sha-512' : 'plain';
  return {
    brokers: [address],
    logLevel: logLevel.NOTHING,
    retry: { retries: 1 },
    ...(/plain$|scram/.test(kind) ? { sasl: { mechanism: mechanism as 'plain', ...kafka.user } } : {}),
    ...(kind.includes('ssl')
      ? { ssl: { ca: [ca], ...(kind === 'ssl_mutual' ? { key: client.key, cert: client.cert } : {}) } }
      : {}),
  };
}

async function endOffset(config: KafkaConfig, topic: string): Promise<string | undefined> {
  const admin = new Kafka(config).admin();
  await admin.connect();
  try {
    return (await admin.fetchTopicOffsets(topic))[0]?.high;
  } finally {
    await admin.disconnect();
  }
}

async function createAndProduce(config: KafkaConfig, topic: string): Promise<void> {
  const client = new Kafka(config);
  const admin = client.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
  await admin.disconnect();
  const producer = client.producer();
  await producer.connect();
  await producer.send({ topic, acks: -1, messages: [{ value: 'one' }, { value: 'two' }] });
  await producer.disconnect();
}

describeWithKafka('the shared Kafka', (kafka) => {
  it.each<KafkaListenerKind>([
    'plaintext',
    'sasl_plain',
    'scram_sha_256',
    'scram_sha_512',
    'ssl',
    'ssl_mutual',
    'sasl_ssl_plain',
    'sasl_ssl_scram_sha_512',
  ])('serves clients over %s', async (kind) => {
    const topic = uniqueName('listener');
    const config = clientConfig(kafka(), kind);
    await createAndProduce(config, topic);
    expect(await endOffset(config, topic)).toBe('2');
  });

  it('lets nobody in with a wrong password, over an untrusted connection, or without the certificate it asks for', async () => {
    const shared = kafka();
    const scram = clientConfig(shared, 'scram_sha_256');
    const wrongPassword = { mechanism: 'scram-sha-256', username: shared.user.username, password: 'wrong' } as const;
    await expect(endOffset({ ...scram, sasl: wrongPassword }, 'any')).rejects.toThrow(/authentication failed/i);
    await expect(endOffset({ ...clientConfig(shared, 'ssl'), ssl: true }, 'any')).rejects.toThrow(/certificate/);
    const anonymous = { ...clientConfig(shared, 'ssl_mutual'), ssl: { ca: [shared.tls.ca] } };
    await expect(endOffset(anonymous, 'any')).rejects.toThrow();
  });
});

describeWithJava('a Kafka of one test', () => {
  it('keeps acknowledged records over SIGKILL and restart, and hangs while it is stopped', async () => {
    const kafka = await startKafka();
    const config = {
      brokers: [kafka.bootstrapServers],
      logLevel: logLevel.NOTHING,
      requestTimeout: 500,
      retry: { retries: 0 },
    };
    const patient = { ...config, requestTimeout: 30_000 };
    await createAndProduce(patient, 'kept');
    await kafka.kill('SIGKILL');
    expect(kafka.isRunning).toBe(false);
    await expect(endOffset(config, 'kept')).rejects.toThrow(/ECONNREFUSED/);
    await kafka.restart();
    expect(await endOffset(patient, 'kept')).toBe('2');
    await kafka.kill('SIGSTOP');
    await expect(endOffset(config, 'kept')).rejects.toThrow(/timed out/);
    await kafka.kill('SIGCONT');
    await expect.poll(() => endOffset(patient, 'kept').catch(String), { timeout: 20_000 }).toBe('2');
    await kafka.stop();
    expect(kafka.isRunning).toBe(false);
    await kafka.remove();
  });

  it('fails to start with the end of its log', async () => {
    await expect(startKafka({ properties: { 'num.partitions': 'many' } })).rejects.toThrow(/num\.partitions/);
  });
});
