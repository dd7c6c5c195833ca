import type { Broker } from '../../../src/broker/ports.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import type { RawRecord } from '../../../src/recovery/records/raw-record.ts';
import { createTopic, readTopic } from '../topic-content.ts';
import type { WrittenRecord } from './record-bytes.ts';
import { type LivedRegistry, RegistryLife } from './registry-life.ts';

/** What a topic needs beside its bytes to be a record: the time at which it was written. */
export type ProducedRecord = WrittenRecord & { readonly timestamp?: number };

/** One segment for ever: no record goes by compaction while a test compares bytes, whatever time its records say. */
const ONE_SEGMENT = { 'segment.ms': '9223372036854775807' };

/** A compacted topic of one partition with these records, times and headers too, in which compaction removes nothing for now. */
export async function writeTopic(broker: Broker, topic: string, records: readonly ProducedRecord[]): Promise<void> {
  await createTopic(broker, topic, 1, { 'cleanup.policy': 'compact', ...ONE_SEGMENT });
  await appendTo(broker, topic, records);
}

/** Resolves when they are acknowledged. */
export async function appendTo(broker: Broker, topic: string, records: readonly ProducedRecord[]): Promise<void> {
  const producer = broker.producer({ settings: {}, logger: silentLogger });
  for (let from = 0; from < records.length; from += 1_000) {
    const { rejected } = await producer.send(
      records.slice(from, from + 1_000).map(({ key, value, headers, timestamp = -1 }) => {
        return { topic, partition: 0, key, value, headers, timestamp };
      }),
    );
    if (rejected[0] !== undefined) throw rejected[0].error;
  }
  await producer.close();
}

/** All records of the only partition. */
export async function recordsIn(broker: Broker, topic: string): Promise<readonly RawRecord[]> {
  return (await readTopic(broker, topic))[0] ?? [];
}

export interface LargeRegistryOptions {
  readonly vendor?: 'confluent' | 'karapace';
  readonly subjects: number;
  /** Of each subject. */
  readonly versions: number;
}

/**
 * A registry of any size with everything in it: every type, references, contexts, soft and hard deletes, configurations, a purged highest
 * id. The same for the same numbers.
 */
export function largeRegistry({ vendor = 'confluent', subjects, versions }: LargeRegistryOptions): LivedRegistry {
  const life = new RegistryLife({ vendor });
  life.noop();
  life.setConfig(null, { compatibilityLevel: 'NONE' });
  for (let s = 0; s < subjects; s++) {
    const subject = `${s % 10 === 9 ? ':.ctx:' : ''}subject-${s}-value`;
    for (let v = 0; v < versions; v++) {
      // Numbers of one type are four apart; the earlier one of the same type is referred to now and then.
      const number = 4 * (s * versions + v) + (s % 4);
      const before = life.of(subject).at(-1);
      life.register(subject, number, v % 3 === 2 && before !== undefined ? { referred: before } : {});
    }
    if (s % 7 === 3) life.setConfig(subject, { compatibilityLevel: 'FULL' });
    const last = life.of(subject).at(-1);
    if (s % 5 === 1 && last !== undefined) life.softDelete(last);
    const deleted = life.of(subject).find((version) => version.deleted);
    if (s % 15 === 1 && deleted !== undefined) life.hardDelete(deleted);
  }
  const purged = life.register('purged-value', 4 * (subjects * versions + 10));
  const gone = purged && life.softDelete(purged);
  if (gone !== undefined) life.hardDelete(gone);
  life.noop();
  return life.end();
}
