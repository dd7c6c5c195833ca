/** Kafka's system test connect_test, on a standalone worker. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EmbeddedConnect } from '../../../src/testing/embedded-connect.ts';
import { describeWithKafka } from '../../support/describe-with-kafka.ts';
import type { SharedKafka } from '../../support/shared-kafka.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { readTopic, textOf, withBroker } from '../../support/topic-content.ts';
import { uniqueName } from '../../support/unique-name.ts';

const JSON_CONVERTER = 'org.apache.kafka.connect.json.JsonConverter';
const CONVERTERS: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['JSON with schemas', { 'value.converter': JSON_CONVERTER, 'value.converter.schemas.enable': 'true' }],
  ['JSON without schemas', { 'value.converter': JSON_CONVERTER, 'value.converter.schemas.enable': 'false' }],
  ['strings', { 'value.converter': 'org.apache.kafka.connect.storage.StringConverter' }],
];

const textOfFile = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

async function fileSourceAndSink(settings: Readonly<Record<string, string>>): Promise<void> {
  const dir = tempDir('file-source-and-sink');
  const [input, output] = [join(dir, 'in.txt'), join(dir, 'out.txt')];
  const topic = uniqueName('test');
  const start = async (): Promise<EmbeddedConnect> => {
    const connect = await EmbeddedConnect.start({ dir, settings });
    await connect.create('source', { 'connector.class': 'FileStreamSource', file: input, topic });
    await connect.create(`${topic}-sink`, { 'connector.class': 'FileStreamSink', file: output, topics: topic });
    return connect;
  };
  writeFileSync(input, 'foo\nbar\n');
  const first = await start();
  await first.waitFor('the first lines', async () => textOfFile(output) === 'foo\nbar\n');
  await first.stop();

  // Both go on where they ended, and nothing comes twice.
  appendFileSync(input, 'razz\nma\ntazz\n');
  const second = await start();
  await second.waitFor('the other lines', async () => textOfFile(output).includes('tazz'));
  await second.stop();
  expect(textOfFile(output)).toBe('foo\nbar\nrazz\nma\ntazz\n');
}

/** As people write them: the worker's own settings do for none of its clients but the worker's. */
function saslSsl({ listeners, user, tls }: SharedKafka): Readonly<Record<string, string>> {
  const module = 'org.apache.kafka.common.security.scram.ScramLoginModule';
  const client = {
    'security.protocol': 'SASL_SSL',
    'sasl.mechanism': 'SCRAM-SHA-512',
    'sasl.jaas.config': `${module} required username="${user.username}" password="${user.password}";`,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': tls.caFile,
  };
  const prefixes = ['', 'producer.', 'consumer.', 'admin.'];
  return {
    'bootstrap.servers': listeners.sasl_ssl_scram_sha_512 ?? '',
    ...Object.fromEntries(
      prefixes.flatMap((prefix) => Object.entries(client).map(([key, value]) => [`${prefix}${key}`, value])),
    ),
  };
}

describeWithKafka('connect_test on Kafka', (kafka) => {
  it('test_file_source_and_sink: PLAINTEXT', () =>
    fileSourceAndSink({ 'bootstrap.servers': kafka().bootstrapServers }));

  it('test_file_source_and_sink: SASL_SSL', () => fileSourceAndSink(saslSsl(kafka())));
});

describe('connect_test', () => {
  for (const [name, settings] of CONVERTERS) {
    it(`test_file_source_and_sink: ${name}`, () => fileSourceAndSink(settings));
  }

  it('test_file_source_and_sink: bytes, which lines are not', async () => {
    const dir = tempDir('bytes');
    const input = join(dir, 'in.txt');
    writeFileSync(input, 'foo\n');
    const settings = { 'value.converter': 'org.apache.kafka.connect.converters.ByteArrayConverter' };
    const connect = await EmbeddedConnect.start({ dir, settings });
    await connect.create('source', { 'connector.class': 'FileStreamSource', file: input, topic: 'test' });
    const [task] = (await connect.waitForTasks('source', 'FAILED')).tasks;
    expect(task?.trace).toContain('Tolerance exceeded in error handler');
    expect(task?.trace).toContain('Invalid schema type for ByteArrayConverter: STRING');
    await connect.stop();
  });

  it('test_skip_and_log_to_dlq', async () => {
    for (const tolerance of ['none', 'all']) {
      const dir = tempDir('skip-and-log');
      const output = join(dir, 'out.txt');
      const input = join(dir, 'in.txt');
      writeFileSync(input, '{"good":1}\nnot json\n{"good":2}\n');
      const connect = await EmbeddedConnect.start({ dir });
      await connect.create('source', { 'connector.class': 'FileStreamSource', file: input, topic: 'test' });
      await connect.create('sink', {
        'connector.class': 'FileStreamSink',
        file: output,
        topics: 'test',
        'value.converter': JSON_CONVERTER,
        'value.converter.schemas.enable': 'false',
        'errors.tolerance': tolerance,
        'errors.deadletterqueue.topic.name': 'dlq',
        'errors.deadletterqueue.topic.replication.factor': '1',
        'errors.deadletterqueue.context.headers.enable': 'true',
      });
      if (tolerance === 'none') {
        const [task] = (await connect.waitForTasks('sink', 'FAILED')).tasks;
        expect(task?.trace).toContain('Tolerance exceeded in error handler');
      } else {
        await connect.waitFor('both good ones', async () => textOfFile(output) === '{good=1}\n{good=2}\n');
        await connect.waitForTasks('sink', 'RUNNING');
      }
      await connect.stop();
      expect(textOfFile(output)).toBe(tolerance === 'none' ? '{good=1}\n' : '{good=1}\n{good=2}\n');
      await withBroker(`embedded:${join(dir, 'broker')}`, async (broker) => {
        const [letters = []] = await readTopic(broker, 'dlq');
        // Under errors.tolerance=none the record that failed the task is reported, too.
        expect(letters.map(textOf)).toEqual(['not json']);
        const told = new Map(letters[0]?.headers.map(({ key, value }) => [key, Buffer.from(value ?? '').toString()]));
        expect(told.get('__connect.errors.class.name')).toBe(JSON_CONVERTER);
        expect(told.get('__connect.errors.exception.class.name')).toBe('org.apache.kafka.connect.errors.DataException');
        expect(told.get('__connect.errors.exception.message')).toMatch(
          /^Converting byte\[\] to Kafka Connect data failed due to serialization error: /,
        );
      });
    }
  });
});
