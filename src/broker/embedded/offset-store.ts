import type { Clock } from '../../foundation/clock.ts';
import { EnvironmentError } from '../../sdk/errors/index.ts';
import { BROKER_UNAVAILABLE } from '../broker-errors.ts';
import type { TopicPartition, TopicPartitionOffset } from '../ports.ts';
import { decodeRecordBatches } from '../record-batch/decode-record-batch.ts';
import { encodeRecordBatch } from '../record-batch/encode-record-batch.ts';
import { type BatchRecord, NO_HEADERS } from '../record-batch/record.ts';
import { decodeOffsetKey, decodeOffsetValue, encodeOffsetKey, encodeOffsetValue } from './offset-record.ts';
import type { PartitionLog } from './partition-log.ts';
import type { WriteAvailability } from './write-availability.ts';

const READ_BYTES = 1024 * 1024;

/** Kafka's name for the topic of committed offsets. */
export const OFFSETS_TOPIC = '__consumer_offsets';

/** Its settings: compacted, in segments small enough to be compacted often. */
export const OFFSETS_TOPIC_CONFIGS: Readonly<Record<string, string>> = {
  'cleanup.policy': 'compact',
  'segment.bytes': String(8 * 1024 * 1024),
  'retention.ms': '-1',
};

/** Committed offsets of all groups: in memory, and durably in a compacted topic, in Kafka's own record format. */
export class OffsetStore {
  private readonly log: PartitionLog;
  private readonly clock: Clock;
  private readonly availability: WriteAvailability;
  private readonly groups = new Map<string, Map<string, TopicPartitionOffset>>();

  private constructor(input: {
    readonly log: PartitionLog;
    readonly clock: Clock;
    readonly availability: WriteAvailability;
  }) {
    this.log = input.log;
    this.clock = input.clock;
    this.availability = input.availability;
  }

  static async open(input: {
    readonly log: PartitionLog;
    readonly clock: Clock;
    readonly availability: WriteAvailability;
  }): Promise<OffsetStore> {
    const store = new OffsetStore(input);
    let offset = 0;
    for (
      let run = await input.log.read(offset, READ_BYTES);
      run !== null;
      run = await input.log.read(offset, READ_BYTES)
    ) {
      const decoded = decodeRecordBatches(run.bytes, { fromOffset: offset });
      for (const { key, value } of decoded.records) store.replay(key, value);
      offset = decoded.nextOffset ?? run.next.offset;
    }
    return store;
  }

  has(groupId: string): boolean {
    return this.groups.has(groupId);
  }

  groupIds(): string[] {
    return [...this.groups.keys()];
  }

  get(groupId: string, { topic, partition }: TopicPartition): number | null {
    return this.groups.get(groupId)?.get(placeOf(topic, partition))?.offset ?? null;
  }

  offsetsOf(groupId: string): TopicPartitionOffset[] {
    return [...(this.groups.get(groupId)?.values() ?? [])];
  }

  /** Durable, and seen by `get`, once this resolves. Rejects with EnvironmentError when the signal is aborted before. */
  async commit(groupId: string, offsets: readonly TopicPartitionOffset[], signal?: AbortSignal): Promise<void> {
    const now = Math.floor(this.clock.now());
    const records = offsets.map((place) => record(groupId, place, encodeOffsetValue(place.offset, now), now));
    await this.append(records, signal);
    for (const place of offsets) this.set(groupId, place);
  }

  /** Forgets offsets of a group, durably. */
  async remove(groupId: string, partitions: readonly TopicPartition[], signal?: AbortSignal): Promise<void> {
    const known = partitions.filter((place) => this.get(groupId, place) !== null);
    const now = Math.floor(this.clock.now());
    await this.append(
      known.map((place) => record(groupId, place, null, now)),
      signal,
    );
    for (const place of known) this.unset(groupId, place);
  }

  /** Forgets what all groups committed for a topic that was deleted, as Kafka does. */
  async removeTopic(topic: string): Promise<void> {
    for (const groupId of this.groupIds()) {
      const concerned = this.offsetsOf(groupId).filter((place) => place.topic === topic);
      await this.remove(groupId, concerned);
    }
  }

  private async append(records: readonly BatchRecord[], signal?: AbortSignal): Promise<void> {
    if (records.length === 0) return;
    if (signal?.aborted === true) throw this.gaveUp(signal);
    const append = this.log.append(encodeRecordBatch(records));
    if (signal === undefined) {
      await append.done;
      return;
    }
    let onAbort: () => void = () => {};
    const abort = new Promise<never>((_, reject) => {
      onAbort = () => {
        append.withdraw();
        reject(this.gaveUp(signal));
      };
      signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      await Promise.race([append.done, abort]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  private gaveUp(signal: AbortSignal): EnvironmentError {
    const { reason } = this.availability.state;
    return new EnvironmentError(
      `Offsets were not committed in the time that was given${reason === '' ? '' : `: ${reason}`}. They may still be written.`,
      { code: BROKER_UNAVAILABLE, cause: signal.reason },
    );
  }

  private replay(key: Buffer | null, value: Buffer | null): void {
    const place = key === null ? null : decodeOffsetKey(key);
    if (place === null) return;
    if (value === null) this.unset(place.groupId, place);
    else this.set(place.groupId, { topic: place.topic, partition: place.partition, offset: decodeOffsetValue(value) });
  }

  private set(groupId: string, { topic, partition, offset }: TopicPartitionOffset): void {
    let offsets = this.groups.get(groupId);
    if (offsets === undefined) {
      offsets = new Map();
      this.groups.set(groupId, offsets);
    }
    offsets.set(placeOf(topic, partition), { topic, partition, offset });
  }

  private unset(groupId: string, { topic, partition }: TopicPartition): void {
    const offsets = this.groups.get(groupId);
    offsets?.delete(placeOf(topic, partition));
    if (offsets?.size === 0) this.groups.delete(groupId);
  }
}

function record(groupId: string, place: TopicPartition, value: Buffer | null, timestamp: number): BatchRecord {
  return { key: encodeOffsetKey(groupId, place), value, headers: NO_HEADERS, timestamp };
}

function placeOf(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}
