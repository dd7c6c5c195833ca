import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FetchedRecord } from '../../src/broker/ports.ts';
import { describeWithKafka } from '../support/describe-with-kafka.ts';
import { createTopic, readTopic, sendKeyed, withBroker } from '../support/topic-content.ts';
import { eventually } from '../support/worker-process.ts';
import { exchange } from './pair/exchange.ts';
import { recordPassed } from './pair/results.ts';
import { type ComparedWorker, startWorkerPair, type WorkerPair } from './pair/worker-pair.ts';
import { badRecords, deadLetters } from './records/dead-letters.ts';
import { pipelines } from './records/pipelines.ts';

/** The text of a byte array, which names the object's identity in Java: another one in each run. */
const IDENTITY = /\[B@[0-9a-f]+|java\.nio\.HeapByteBuffer\[pos=\d+ lim=\d+ cap=\d+\]/g;
const COUNT = 24;
const PARTITIONS = 3;

/** The same connector with the same settings on both workers: what it writes has to be the same, to the byte. */
describeWithKafka('the records of Kafka Connect and of Holdfast', (kafka) => {
  let pair: WorkerPair;
  const passed = new Set<string>();
  beforeAll(async () => {
    pair = await startWorkerPair({ bootstrapServers: kafka().bootstrapServers });
  }, 120_000);
  afterAll(async () => {
    await pair?.stop();
  });

  it.each(pipelines.map((each) => [each.name, each] as const))('%s', async (name, each) => {
    const { scenario, settings, fails, isUnordered, lastWritten: end = COUNT } = each;
    const [theirs, ours] = await Promise.all(
      [pair.upstream, pair.holdfast].map(async (worker) => {
        const topic = `${worker.prefix}-${name}`;
        await withBroker(kafka().bootstrapServers, (broker) => createTopic(broker, topic, PARTITIONS));
        const connector = `${worker.prefix}-${name}`;
        const config = { 'connector.class': 'ProbeSource', scenario, topic, count: String(COUNT), ...settings };
        await create(worker, connector, config);
        return settledRecords(kafka().bootstrapServers, worker, connector, { topic, end });
      }),
    );
    if (isUnordered === true) {
      expect(inOrderOfNames(ours)).toEqual(inOrderOfNames(theirs));
      expect(ours).not.toEqual(theirs);
    } else {
      expect(ours).toEqual(theirs);
    }
    expect(theirs?.state).toBe(fails === undefined ? 'RUNNING' : 'FAILED');
    if (fails === undefined) expect(theirs?.records.length).toBeGreaterThan(0);
    else expect(theirs?.records.length).toBe(fails.after);
    passed.add(name);
  });

  it.each(deadLetters.map((each) => [each.name, each] as const))('dead letters: %s', async (name, { settings }) => {
    const [theirs, ours] = await Promise.all(
      [pair.upstream, pair.holdfast].map(async (worker) => {
        const topic = `${worker.prefix}-${name}`;
        const letters = `${topic}-dlq`;
        await withBroker(kafka().bootstrapServers, async (broker) => {
          await createTopic(broker, topic);
          await createTopic(broker, letters);
          await sendKeyed(broker, topic, badRecords);
        });
        await create(worker, topic, {
          'connector.class': 'ProbeSink',
          topics: topic,
          'errors.tolerance': 'all',
          'errors.deadletterqueue.topic.name': letters,
          'errors.deadletterqueue.topic.replication.factor': '1',
          'errors.deadletterqueue.context.headers.enable': 'true',
          ...settings,
        });
        return settledRecords(kafka().bootstrapServers, worker, topic, { topic: letters, end: badRecords.length });
      }),
    );
    expect(ours?.records.map(withoutJava)).toEqual(theirs?.records.map(withoutJava));
    expect(theirs?.records.length).toBeGreaterThan(0);
    passed.add(name);
  });

  it('says so when all of it has passed', (context) => {
    if (passed.size < pipelines.length + deadLetters.length) context.skip('only some ran, or not all passed');
    recordPassed('records', `${pipelines.length} pipelines and ${deadLetters.length} dead letter queues, byte by byte`);
  });
});

interface Seen {
  /** `RUNNING` or `FAILED`. */
  readonly state: string;
  readonly records: readonly SeenRecord[];
}

interface SeenRecord {
  readonly partition: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [key: string, value: string | null])[];
  /** Where the record itself says it. */
  readonly timestamp: number | null;
}

async function create(worker: ComparedWorker, name: string, config: Readonly<Record<string, string>>): Promise<void> {
  const answer = await exchange(worker, {
    name,
    method: 'PUT',
    path: `/connectors/${name}/config`,
    body: { 'tasks.max': '1', ...config },
  });
  expect(answer.status, `${worker.product}: ${JSON.stringify(answer.body)}`).toBe(201);
}

/** Until the connector has committed the offset `end`, or its task has failed, and nothing has come for a while after that. */
async function settledRecords(
  bootstrapServers: string,
  worker: ComparedWorker,
  connector: string,
  { topic, end }: { readonly topic: string; readonly end: number },
): Promise<Seen> {
  const get = async (path: string): Promise<unknown> =>
    (await exchange(worker, { name: path, method: 'GET', path: `/connectors/${connector}/${path}` })).body;
  let last = '';
  let since = performance.now();
  return eventually(
    `the records of ${topic}`,
    async () => {
      const state = ((await get('status')) as { tasks: { state: string }[] }).tasks[0]?.state ?? 'none';
      const isOver = state === 'FAILED' || (await committed(get)) >= end;
      const partitions = await withBroker(bootstrapServers, (broker) => readTopic(broker, topic));
      const records = partitions.flatMap((each, partition) => each.map((record) => seen(record, partition, worker)));
      const now = `${state} ${records.length}`;
      if (now !== last) {
        last = now;
        since = performance.now();
      }
      return isOver && performance.now() - since > 1_500 ? { state, records } : null;
    },
    60_000,
  );
}

/** The one offset of a connector of one task and partition. */
async function committed(get: (path: string) => Promise<unknown>): Promise<number> {
  const { offsets } = (await get('offsets')) as { readonly offsets?: readonly { readonly offset: object | null }[] };
  return Number(Object.values(offsets?.[0]?.offset ?? {})[0] ?? -1);
}

function seen(record: FetchedRecord, partition: number, { prefix }: ComparedWorker): SeenRecord {
  // The prefix of names is each worker's own, of the same length.
  const text = (bytes: Uint8Array | null): string | null =>
    bytes === null
      ? null
      : Buffer.from(bytes).toString('latin1').replaceAll(prefix, '<p>').replace(IDENTITY, '<bytes>');
  return {
    partition,
    key: text(record.key),
    value: text(record.value),
    headers: record.headers.map(({ key, value }) => [key, text(value)] as const),
    timestamp: Number(record.timestamp) < 1_700_100_000_000 ? Number(record.timestamp) : null,
  };
}

function inOrderOfNames(seenRecords: Seen | undefined): readonly unknown[] | undefined {
  return seenRecords?.records.map((record) => {
    const value = record.value === null ? null : JSON.parse(record.value);
    return { ...record, value, length: record.value?.length };
  });
}

/** The exception's class and trace are Java's or ours; that they are there, and in which place, is compared. */
function withoutJava(record: SeenRecord): SeenRecord {
  const own = /exception\.(class\.name|message|stacktrace)$/;
  return {
    ...record,
    headers: record.headers.map(([key, value]) => [key, own.test(key) && value !== null ? '<text>' : value] as const),
  };
}
