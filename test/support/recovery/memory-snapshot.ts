import { createHash } from 'node:crypto';
import type { RawRecord } from '../../../src/recovery/records/raw-record.ts';
import type { RestWitness } from '../../../src/recovery/snapshot/rest-witness.ts';
import type { Snapshot, SnapshotFacts } from '../../../src/recovery/snapshot/snapshot.ts';
import type { TopicFacts } from '../../../src/recovery/snapshot/topic-facts.ts';

export interface MemorySnapshotOptions {
  /** A healthy topic that ends behind the last record unless told; null: not made from a topic. */
  readonly topic?: Partial<TopicFacts> | null;
  readonly witnesses?: readonly RestWitness[];
  readonly facts?: Partial<SnapshotFacts>;
  /** How many records come in a batch; few, so that tests cross batches. */
  readonly batch?: number;
}

/** A snapshot of records in memory. Counts how often it was read, so that a test can ask whether something reads too much. */
export class MemorySnapshot implements Snapshot {
  readonly facts: SnapshotFacts;
  readonly raw: readonly RawRecord[];
  reads = 0;
  isClosed = false;
  private readonly told: readonly RestWitness[];
  private readonly batch: number;

  constructor(records: readonly RawRecord[], options: MemorySnapshotOptions = {}) {
    const endOffset = (records.at(-1)?.offset ?? -1) + 1;
    const beginOffset = Math.min(0, records[0]?.offset ?? 0);
    const { topic } = options;
    this.raw = records;
    this.told = options.witnesses ?? [];
    this.batch = options.batch ?? 7;
    this.facts = {
      source: topic === null ? 'derived' : 'topic',
      takenAt: Date.UTC(2026, 10, 29),
      topic: topic === null ? undefined : topicFacts({ beginOffset, endOffset, ...topic }),
      records: records.length,
      beginOffset,
      endOffset: topic?.endOffset ?? endOffset,
      sha256: digestOf(records),
      ...options.facts,
    };
  }

  async *records(from = 0): AsyncIterable<readonly RawRecord[]> {
    this.reads++;
    const wanted = this.raw.filter(({ offset }) => offset >= from);
    for (let at = 0; at < wanted.length; at += this.batch) yield wanted.slice(at, at + this.batch);
  }

  at(offsets: readonly number[]): Promise<readonly (RawRecord | undefined)[]> {
    const byOffset = new Map(this.raw.map((record) => [record.offset, record]));
    return Promise.resolve(offsets.map((offset) => byOffset.get(offset)));
  }

  async *witnesses(): AsyncIterable<RestWitness> {
    yield* this.told;
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

/** What is known about a `_schemas` topic that is as it should be. */
export function topicFacts(more: Partial<TopicFacts> = {}): TopicFacts {
  return {
    clusterId: 'cluster-1',
    topic: '_schemas',
    topicId: 'AAAAAAAAAAAAAAAAAAAAAQ',
    partitions: 1,
    replicationFactor: 3,
    overrides: { 'cleanup.policy': 'compact' },
    effective: { 'cleanup.policy': 'compact', 'retention.ms': '604800000', 'min.insync.replicas': '2' },
    acls: [],
    beginOffset: 0,
    endOffset: 0,
    otherPartitions: [],
    controlOffsets: [],
    abortedOffsets: [],
    unreadable: [],
    transactionalOffsets: [],
    group: { groupId: 'schema-registry', state: 'Empty', members: 0 },
    ...more,
  };
}

/** A record as one line of text that is equal for equal bytes, so that a difference of two logs can be read. */
export function inWords(record: RawRecord): string {
  const { offset, timestamp, timestampType, key, value, headers } = record;
  const told = headers.map(({ key: name, value: bytes }) => `${name}=${shown(bytes)}`).join(',');
  return `${offset} ${timestamp} ${timestampType} ${shown(key)} ${shown(value)} [${told}]`;
}

/** As {@link inWords}, without what another topic changes: the offset and the type of the time. */
export function contentInWords({ timestamp, key, value, headers }: RawRecord): string {
  const told = headers.map(({ key: name, value: bytes }) => `${name}=${shown(bytes)}`).join(',');
  return `${timestamp} ${shown(key)} ${shown(value)} [${told}]`;
}

function shown(bytes: Uint8Array | null): string {
  if (bytes === null) return 'null';
  const text = Buffer.from(bytes).toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? JSON.stringify(text) : `hex:${Buffer.from(bytes).toString('hex')}`;
}

/** Every record of a snapshot, in its order. */
export async function recordsOf(snapshot: Snapshot): Promise<readonly RawRecord[]> {
  const all: RawRecord[] = [];
  for await (const batch of snapshot.records()) for (const record of batch) all.push(copyOf(record));
  return all;
}

function copyOf(record: RawRecord): RawRecord {
  const { key, value, headers } = record;
  return {
    ...record,
    key: key === null ? null : Uint8Array.from(key),
    value: value === null ? null : Uint8Array.from(value),
    headers: headers.map(({ key: name, value: bytes }) => ({
      key: name,
      value: bytes === null ? null : Uint8Array.from(bytes),
    })),
  };
}

function digestOf(records: readonly RawRecord[]): string {
  const whole = createHash('sha256');
  for (const record of records) whole.update(createHash('sha256').update(inWords(record)).digest());
  return whole.digest('hex');
}

/** Where two logs in words part, short enough to be read; undefined: nowhere. */
export function differenceOf(actual: readonly string[], expected: readonly string[]): string | undefined {
  const at = expected.findIndex((line, n) => line !== actual[n]);
  if (at === -1 && actual.length === expected.length) return undefined;
  const where = at === -1 ? expected.length : at;
  const short = (line: string | undefined): string => (line === undefined ? 'none' : line.slice(0, 400));
  return `${actual.length} instead of ${expected.length}; number ${where} is ${short(actual[where])} instead of ${short(expected[where])}`;
}
