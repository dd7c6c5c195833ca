/** Invariant 2 with data that no time mends: garbage between good records, under both tolerances, on both brokers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/foundation/logger.ts';
import { EmbeddedConnect } from '../../src/testing/embedded-connect.ts';
import { describeWithKafka } from '../support/describe-with-kafka.ts';
import { tempDir } from '../support/temp-dir.ts';
import { createTopic, groupOffsets, readTopic, textOf, withBroker } from '../support/topic-content.ts';
import { uniqueName } from '../support/unique-name.ts';

const RECORDS = 200;
const FIRST_BAD = 37;
const JSON_CONVERTER = {
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'false',
};
const HEADERS = [
  'origin',
  '__connect.errors.topic',
  '__connect.errors.partition',
  '__connect.errors.offset',
  '__connect.errors.connector.name',
  '__connect.errors.task.id',
  '__connect.errors.stage',
  '__connect.errors.class.name',
  '__connect.errors.exception.class.name',
  '__connect.errors.exception.message',
  '__connect.errors.exception.stacktrace',
];

const isBad = (n: number): boolean => n >= FIRST_BAD && n % 10 === 7;
const numbers = Array.from({ length: RECORDS }, (_, n) => n);
const bad = numbers.filter(isBad);
const good = numbers.filter((n) => !isBad(n));
const value = (n: number): string => (isBad(n) ? `{garbage ${n}` : `{"n":${n}}`);
const lines = (of: readonly number[]): string => of.map((n) => `{n=${n}}\n`).join('');

interface Setting {
  readonly dir: string;
  readonly servers: string;
  readonly topic: string;
  readonly queue: string;
  readonly name: string;
  output(): string;
  start(config: Readonly<Record<string, string>>): Promise<EmbeddedConnect>;
}

async function setting(kafka: string | null): Promise<Setting> {
  const dir = tempDir('dead-letters');
  const servers = kafka ?? `embedded:${join(dir, 'broker')}`;
  const topic = uniqueName('letters');
  const file = join(dir, 'out.txt');
  const name = `${topic}-sink`;
  await withBroker(servers, async (broker) => {
    await createTopic(broker, topic);
    const producer = broker.producer({ settings: {}, logger: silentLogger });
    await producer.send(
      numbers.map((n) => ({
        topic,
        partition: 0,
        key: Buffer.from(`key ${n}`),
        value: Buffer.from(value(n)),
        headers: [{ key: 'origin', value: Buffer.from('test') }],
        timestamp: 1_700_000_000_000 + n,
      })),
    );
    await producer.close();
  });
  return {
    dir,
    servers,
    topic,
    queue: `${topic}-dlq`,
    name,
    output: () => {
      try {
        return readFileSync(file, 'utf8');
      } catch {
        return '';
      }
    },
    async start(config) {
      const connect = await EmbeddedConnect.start({ dir, settings: { 'bootstrap.servers': servers } });
      await connect.create(name, {
        'connector.class': 'FileStreamSink',
        file,
        topics: topic,
        ...JSON_CONVERTER,
        ...config,
      });
      return connect;
    },
  };
}

function badRecords(kafka: () => string | null): void {
  it('with errors.tolerance=all the bad ones, with their story in order, go to the queue and nothing else does', async () => {
    const { servers, topic, queue, name, output, start } = await setting(kafka());
    const connect = await start({
      'errors.tolerance': 'all',
      'errors.deadletterqueue.topic.name': queue,
      'errors.deadletterqueue.topic.replication.factor': '1',
      'errors.deadletterqueue.context.headers.enable': 'true',
    });
    await connect.waitFor('the good records', async () => output().length >= lines(good).length, 30_000);
    expect(output()).toBe(lines(good));
    await connect.waitForTasks(name, 'RUNNING');
    await connect.stop();

    await withBroker(servers, async (broker) => {
      const [letters = []] = await readTopic(broker, queue);
      expect(letters.map(textOf)).toEqual(bad.map(value));
      expect(letters.map(({ timestamp }) => timestamp)).toEqual(bad.map((n) => 1_700_000_000_000 + n));
      for (const [index, letter] of letters.entries()) {
        const told = letter.headers.map((header) => [header.key, Buffer.from(header.value ?? '').toString()] as const);
        expect(told.map(([key]) => key)).toEqual(HEADERS);
        const text = Object.fromEntries(told);
        expect(text).toMatchObject({
          origin: 'test',
          '__connect.errors.topic': topic,
          '__connect.errors.partition': '0',
          '__connect.errors.offset': String(bad[index]),
          '__connect.errors.connector.name': name,
          '__connect.errors.task.id': '0',
          '__connect.errors.stage': 'VALUE_CONVERTER',
          '__connect.errors.class.name': 'org.apache.kafka.connect.json.JsonConverter',
          '__connect.errors.exception.class.name': 'org.apache.kafka.connect.errors.DataException',
        });
        expect(text['__connect.errors.exception.message']).not.toBe('');
        expect(text['__connect.errors.exception.stacktrace']).toMatch(
          /^org\.apache\.kafka\.connect\.errors\.DataException: /,
        );
      }
      expect(await groupOffsets(broker, `connect-${name}`, topic)).toEqual(new Map([[0, RECORDS]]));
    });
  });

  it('with errors.tolerance=none the task fails at the first, with all before it delivered and committed, and goes on there', async () => {
    const { servers, topic, name, output, start } = await setting(kafka());
    const before = numbers.slice(0, FIRST_BAD);
    const connect = await start({ 'errors.tolerance': 'none', 'consumer.override.max.poll.records': '500' });
    const [task] = (await connect.waitForTasks(name, 'FAILED', 30_000)).tasks;
    expect(task?.trace).toContain('Tolerance exceeded in error handler');
    expect(task?.trace).toContain('holdfast.');
    expect(output()).toBe(lines(before));
    await connect.stop();
    await withBroker(servers, async (broker) => {
      expect(await groupOffsets(broker, `connect-${name}`, topic)).toEqual(new Map([[0, FIRST_BAD]]));
    });

    const again = await start({ 'errors.tolerance': 'all' });
    await again.waitFor('the rest', async () => output().length >= lines(good).length, 30_000);
    expect(output()).toBe(lines(good));
    await again.stop();
    await withBroker(servers, async (broker) => {
      expect(await groupOffsets(broker, `connect-${name}`, topic)).toEqual(new Map([[0, RECORDS]]));
    });
  });
}

describe('garbage on the embedded broker', () => badRecords(() => null));
describeWithKafka('garbage on a real Kafka', (kafka) => badRecords(() => kafka().bootstrapServers));
