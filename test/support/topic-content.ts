import { createEmbeddedBroker } from '../../src/broker/embedded/embedded-broker.ts';
import { createKafkaBroker } from '../../src/broker/kafka/kafka-broker.ts';
import type { Broker, FetchedRecord, RecordHeader } from '../../src/broker/ports.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { eventually } from './worker-process.ts';

const client = { settings: {}, logger: silentLogger };

/** Runs with a broker of the test's own. An embedded folder has to be free: its worker stopped or killed. */
export async function withBroker<T>(bootstrapServers: string, run: (broker: Broker) => Promise<T>): Promise<T> {
  const broker = bootstrapServers.startsWith('embedded:')
    ? await createEmbeddedBroker({ dir: bootstrapServers.slice('embedded:'.length), logger: silentLogger })
    : createKafkaBroker({ bootstrapServers, logger: silentLogger, clock: systemClock });
  try {
    return await run(broker);
  } finally {
    await broker.close();
  }
}

/** Resolves when the broker knows the topic: a group that begins before rebalances once more, and a batch may be sent twice. */
export async function createTopic(
  broker: Broker,
  name: string,
  partitions = 1,
  configs: Readonly<Record<string, string>> = {},
): Promise<void> {
  const admin = broker.admin(client);
  await admin.createTopics([{ name, partitions, replicationFactor: 1, configs }]);
  await eventually(`${name} to be known`, async () => (await admin.describeTopics([name]))[0] !== undefined);
  await admin.close();
}

/** Everything up to the present end, by partition; empty for a topic that doesn't exist. */
export async function readTopic(broker: Broker, topic: string): Promise<readonly (readonly FetchedRecord[])[]> {
  const admin = broker.admin(client);
  const [description] = await admin.describeTopics([topic]);
  const partitions = description?.partitions.map(({ partition }) => partition).sort((a, b) => a - b) ?? [];
  const ends = await admin.listOffsets(partitions.map((partition) => ({ topic, partition, at: 'latest' as const })));
  const fetcher = broker.fetcher(client);
  fetcher.add(partitions.map((partition) => ({ topic, partition, offset: 'earliest' as const })));
  const records = partitions.map((): FetchedRecord[] => []);
  const deadline = performance.now() + 60_000;
  while (partitions.some((partition, n) => (fetcher.position({ topic, partition }) ?? 0) < (ends[n] ?? 0))) {
    if (performance.now() > deadline) throw new Error(`the end of ${topic} did not come within 60 s`);
    for (const batch of await fetcher.poll({ maxRecords: 10_000, timeoutMs: 500 })) {
      // Fetched bytes are views into a buffer that is used again.
      const copies = batch.records.map((record) => ({
        ...record,
        key: record.key === null ? null : Buffer.from(record.key),
        value: record.value === null ? null : Buffer.from(record.value),
        headers: record.headers.map(({ key, value }) => ({ key, value: value === null ? null : Buffer.from(value) })),
      }));
      records[partitions.indexOf(batch.partition)]?.push(...copies);
    }
  }
  await fetcher.close();
  await admin.close();
  return records;
}

export function textOf({ value }: FetchedRecord): string {
  return value === null ? '' : Buffer.from(value).toString();
}

/** What the group committed, by partition of the topic; 0 where there is nothing. */
export async function groupOffsets(broker: Broker, group: string, topic: string): Promise<ReadonlyMap<number, number>> {
  const admin = broker.admin(client);
  const offsets = await admin.groupOffsets(group);
  await admin.close();
  return new Map(offsets.filter((each) => each.topic === topic).map(({ partition, offset }) => [partition, offset]));
}

/** Sends values to one partition; resolves when they are acknowledged. */
export async function produce(
  broker: Broker,
  topic: string,
  partition: number,
  values: readonly (string | Uint8Array)[],
): Promise<void> {
  const producer = broker.producer(client);
  for (let from = 0; from < values.length; from += 1_000) {
    await producer.send(
      values.slice(from, from + 1_000).map((value) => ({
        topic,
        partition,
        key: null,
        value: typeof value === 'string' ? Buffer.from(value) : value,
        headers: [],
        timestamp: -1,
      })),
    );
  }
  await producer.close();
}

export interface KeyedBytes {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** None unless told. */
  readonly headers?: readonly RecordHeader[];
}

/** Records as they are, to partition 0; resolves when they are acknowledged. */
export async function sendKeyed(broker: Broker, topic: string, records: readonly KeyedBytes[]): Promise<void> {
  const producer = broker.producer(client);
  await producer.send(
    records.map(({ key, value, headers = [] }) => ({ topic, partition: 0, key, value, headers, timestamp: -1 })),
  );
  await producer.close();
}

/** A topic of one partition is deleted and made again with these records alone, as after a restore. Nobody may write to it meanwhile. */
export async function replaceTopic(
  broker: Broker,
  topic: string,
  records: readonly KeyedBytes[],
  configs: Readonly<Record<string, string>>,
): Promise<void> {
  const admin = broker.admin(client);
  await admin.deleteTopics([topic]);
  await eventually(`${topic} gone`, async () => !(await admin.listTopics()).includes(topic));
  await admin.close();
  await createTopic(broker, topic, 1, configs);
  await sendKeyed(broker, topic, records);
}
