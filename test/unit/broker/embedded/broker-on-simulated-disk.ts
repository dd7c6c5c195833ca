import { createEmbeddedBroker, type EmbeddedBroker } from '../../../../src/broker/embedded/embedded-broker.ts';
import type { ClientSettings, FetchedRecord, ProducerRecord } from '../../../../src/broker/ports.ts';
import { type Logger, silentLogger } from '../../../../src/foundation/logger.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { SimulatedFileSystem } from './simulated-file-system.ts';

export const DIR = '/data/log';

/** A broker in virtual time on a disk that tests break. */
export interface SimulatedBroker {
  readonly broker: EmbeddedBroker;
  readonly disk: SimulatedFileSystem;
  readonly clock: ManualClock;
}

export async function openOn(
  disk: SimulatedFileSystem = new SimulatedFileSystem(),
  options: { readonly clock?: ManualClock; readonly logger?: Logger; readonly settings?: ClientSettings } = {},
): Promise<SimulatedBroker> {
  const clock = options.clock ?? new ManualClock();
  const broker = await createEmbeddedBroker({
    dir: DIR,
    clock,
    logger: options.logger ?? silentLogger,
    fileSystem: disk,
    settings: options.settings ?? {},
  });
  return { broker, disk, clock };
}

export const client = { settings: {}, logger: silentLogger };

export function value(topic: string, text: string | null, key: string | null = null, timestamp = -1): ProducerRecord {
  return {
    topic,
    partition: 0,
    key: key === null ? null : Buffer.from(key),
    value: text === null ? null : Buffer.from(text),
    headers: [],
    timestamp,
  };
}

/** Everything in a partition, without waiting for more. */
export async function readAll(broker: EmbeddedBroker, topic: string, partition = 0): Promise<FetchedRecord[]> {
  const admin = broker.admin(client);
  const [end = 0] = await admin.listOffsets([{ topic, partition, at: 'latest' }]);
  const fetcher = broker.fetcher({ ...client, settings: { 'auto.offset.reset': 'earliest' } });
  fetcher.add([{ topic, partition, offset: 'earliest' }]);
  const records: FetchedRecord[] = [];
  while ((fetcher.position({ topic, partition }) ?? 0) < end) {
    for (const batch of await fetcher.poll({ maxRecords: 10_000, timeoutMs: 0 })) records.push(...batch.records);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await fetcher.close();
  await admin.close();
  return records;
}

export function textOf(record: FetchedRecord): string | null {
  return record.value === null ? null : Buffer.from(record.value).toString();
}
