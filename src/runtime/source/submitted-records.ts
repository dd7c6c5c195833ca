/**
 * Which source offsets may be committed. Records are submitted in the order in which they are sent and acknowledged in any
 * order; what is committable for a source partition is the offset of the longest prefix of its records that was acknowledged.
 *
 * Invariant 1: an offset leaves here only when every record of its source partition up to it was acknowledged, or reported as a
 * tolerated data error. Records that were filtered are never submitted, so their offsets are only ever overtaken.
 *
 * Not a queue entry per record: what one batch holds of one source partition is one entry.
 */
import type { SourceRecord } from '../../sdk/record/source-record.ts';
import type { OffsetMap } from '../../sdk/task.ts';

/** What is committable for one source partition. */
export interface SourceOffset {
  readonly partition: OffsetMap;
  readonly offset: OffsetMap;
}

interface Entry {
  /** Of its last record, or of the last one before a stuck record; null: nothing of this entry may be committed. */
  offset: OffsetMap | null;
  records: number;
  acknowledged: boolean;
  /** One of its records will never be acknowledged: nothing after it is committable. */
  stuck: boolean;
}

interface PartitionQueue {
  readonly key: string;
  readonly partition: OffsetMap;
  entries: Entry[];
  head: number;
  /** The batch that submits right now, and its entry here. */
  batch: SubmittedBatch | null;
  entry: Entry | null;
  /** Committable, and not yet asked for. */
  ready: OffsetMap | null;
  /** Listed in `dirty`. */
  isDirty: boolean;
}

/** One sent batch, to be acknowledged as a whole. */
export class SubmittedBatch {
  readonly records: readonly SourceRecord[];
  readonly queues: PartitionQueue[] = [];
  readonly entries: Entry[] = [];

  constructor(records: readonly SourceRecord[]) {
    this.records = records;
  }
}

export class SubmittedRecords {
  private readonly queues = new Map<string, PartitionQueue>();
  private readonly queuesByIdentity = new WeakMap<object, PartitionQueue>();
  private dirty: PartitionQueue[] = [];
  private unacknowledged = 0;

  /** Records submitted and not acknowledged. */
  get pending(): number {
    return this.unacknowledged;
  }

  /** Source partitions with records that are not committable yet. */
  get openPartitions(): number {
    return this.queues.size;
  }

  /** To be called in the order of sending. Records without a source partition or offset need no tracking. */
  submit(records: readonly SourceRecord[]): SubmittedBatch {
    const batch = new SubmittedBatch(records);
    let partition: OffsetMap | null = null;
    let queue: PartitionQueue | null = null;
    let entry: Entry | null = null;
    for (let index = 0; index < records.length; index++) {
      const record = records[index] as SourceRecord;
      const { sourcePartition, sourceOffset } = record;
      if (sourcePartition === null || sourceOffset === null) continue;
      if (queue === null || sourcePartition !== partition || !isSame(queue.partition, sourcePartition)) {
        partition = sourcePartition;
        queue = this.queueOf(sourcePartition);
        entry = queue.batch === batch && queue.entry !== null ? queue.entry : append(queue, batch);
      }
      if (entry !== null) {
        entry.offset = sourceOffset;
        entry.records++;
      }
    }
    for (const submitted of batch.entries) {
      this.unacknowledged += submitted.records;
      // What the task does to its own object later must not change what is committed.
      submitted.offset = { ...submitted.offset };
    }
    return batch;
  }

  /**
   * Takes the place of a record that is left out, in the row of its source partition: nothing after it is committable until it is
   * acknowledged. Its own offset never is.
   */
  hold(record: SourceRecord): SubmittedBatch {
    const batch = new SubmittedBatch([record]);
    if (record.sourcePartition === null) return batch;
    const entry = append(this.queueOf(record.sourcePartition), batch);
    entry.records = 1;
    this.unacknowledged++;
    return batch;
  }

  /**
   * Every record of the batch was acknowledged, but those at `lost` (ascending): they never will be, and the offsets of their
   * source partitions stop before them.
   */
  acknowledge(batch: SubmittedBatch, lost: readonly number[] = []): void {
    if (lost.length > 0) this.stopBefore(batch, lost);
    for (let index = 0; index < batch.entries.length; index++) {
      const entry = batch.entries[index] as Entry;
      const queue = batch.queues[index] as PartitionQueue;
      if (entry.acknowledged) continue;
      entry.acknowledged = true;
      this.unacknowledged -= entry.records;
      queue.ready = takePrefix(queue) ?? queue.ready;
      if (!queue.isDirty) {
        queue.isDirty = true;
        this.dirty.push(queue);
      }
    }
  }

  /** What became committable since the last call, at most one offset per source partition. */
  committable(): SourceOffset[] {
    const offsets: SourceOffset[] = [];
    for (const queue of this.dirty) {
      queue.isDirty = false;
      if (queue.ready !== null) offsets.push({ partition: queue.partition, offset: queue.ready });
      queue.ready = null;
      if (queue.head === queue.entries.length) this.queues.delete(queue.key);
    }
    this.dirty = [];
    return offsets;
  }

  private stopBefore(batch: SubmittedBatch, lost: readonly number[]): void {
    for (const at of lost) {
      const { sourcePartition, sourceOffset } = batch.records[at] as SourceRecord;
      if (sourcePartition === null || sourceOffset === null) continue;
      const key = keyOf(sourcePartition);
      const index = batch.queues.findIndex((queue) => queue.key === key);
      const entry = batch.entries[index];
      if (entry === undefined || entry.stuck) continue;
      entry.stuck = true;
      entry.offset = null;
      for (let before = 0; before < at; before++) {
        const record = batch.records[before] as SourceRecord;
        if (record.sourcePartition === null || record.sourceOffset === null) continue;
        if (keyOf(record.sourcePartition) === key) entry.offset = { ...record.sourceOffset };
      }
    }
  }

  private queueOf(partition: OffsetMap): PartitionQueue {
    let queue = this.queuesByIdentity.get(partition);
    if (queue === undefined || !isSame(queue.partition, partition)) {
      const key = keyOf(partition);
      queue = this.queues.get(key) ?? newQueue(key, partition);
      this.queuesByIdentity.set(partition, queue);
    }
    const current = this.queues.get(queue.key);
    if (current === undefined) this.queues.set(queue.key, queue);
    else if (current !== queue) {
      this.queuesByIdentity.set(partition, current);
      return current;
    }
    return queue;
  }
}

function newQueue(key: string, partition: OffsetMap): PartitionQueue {
  return {
    key,
    partition: { ...partition },
    entries: [],
    head: 0,
    batch: null,
    entry: null,
    ready: null,
    isDirty: false,
  };
}

function append(queue: PartitionQueue, batch: SubmittedBatch): Entry {
  const entry: Entry = { offset: null, records: 0, acknowledged: false, stuck: false };
  queue.entries.push(entry);
  queue.batch = batch;
  queue.entry = entry;
  batch.queues.push(queue);
  batch.entries.push(entry);
  return entry;
}

function takePrefix(queue: PartitionQueue): OffsetMap | null {
  let offset: OffsetMap | null = null;
  while (queue.head < queue.entries.length) {
    const entry = queue.entries[queue.head] as Entry;
    if (!entry.acknowledged) break;
    if (entry.offset !== null) offset = entry.offset;
    if (entry.stuck) {
      entry.offset = null;
      break;
    }
    queue.head++;
  }
  if (queue.head === queue.entries.length || queue.head > 256) {
    queue.entries = queue.entries.slice(queue.head);
    queue.head = 0;
  }
  if (queue.entries.length === 0) {
    queue.batch = null;
    queue.entry = null;
  }
  return offset;
}

/** Equal maps have equal keys, whatever the order of their entries. */
export function keyOf(map: OffsetMap): string {
  const names = Object.keys(map);
  if (names.length > 1) names.sort();
  let key = '';
  for (const name of names) {
    const value = map[name];
    key += `${JSON.stringify(name)}:${typeof value === 'bigint' ? `${value}n` : JSON.stringify(value)},`;
  }
  return key;
}

/** A task may hand out one object and change it: identity alone proves nothing. */
function isSame(left: OffsetMap, right: OffsetMap): boolean {
  let count = 0;
  for (const name in right) {
    if (left[name] !== right[name]) return false;
    count++;
  }
  for (const _ in left) count--;
  return count === 0;
}
