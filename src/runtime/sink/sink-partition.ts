/** One assigned partition of a sink task: what waits of it, and how far it is delivered and committed. */
import type { FetchedBatch, FetchedRecord, TopicPartition, TopicPartitionOffset } from '../../broker/ports.ts';
import type { ConnectError } from '../../sdk/errors/connect-error.ts';
import type { SinkRecord } from '../../sdk/record/sink-record.ts';
import type { TopicPartitionKey } from '../../sdk/task.ts';
import type { Stage } from '../errors/processing-context.ts';
import type { RetryState } from '../errors/retry-with-tolerance-operator.ts';
import type { ChainInterruption } from '../pipeline/transformation-chain.ts';

export function keyOf({ topic, partition }: TopicPartition): TopicPartitionKey {
  return `${topic}-${partition}`;
}

/** Tasks are handed to us in plain JavaScript: what they say of offsets may be anything. */
export function isOffset(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** A step of the pipeline that waits for something that concerns one record only. */
export interface SkippableStop {
  readonly error: ConnectError;
  readonly stage: Stage;
  readonly className: string;
}

/** Why the records of a partition wait; the others flow on. */
export interface Block {
  readonly kind: 'environment' | 'retry';
  /** What holds up the first waiting record, when that record alone is concerned: it may be skipped. */
  readonly skippable: SkippableStop | null;
  /** Ends the wait. */
  readonly cancel: AbortController;
  /** True once it is worth another try. */
  isReady: boolean;
}

export class SinkPartition implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  readonly key: TopicPartitionKey;
  block: Block | null = null;
  retry: RetryState | null = null;
  /** Where the transformation chain was interrupted at the first waiting record (invariant 4). */
  interruption: ChainInterruption<SinkRecord> | null = null;
  /** Next offset after what was converted, filtered or reported: consumed once `put` has taken the batch. */
  processed: number | null = null;
  /** Next offset after what the task took. */
  consumed: number | null;
  /** Last committed, or where the partition began. null: not known before its first records. */
  committed: number | null;
  isUserPaused = false;
  isFetchPaused = false;
  private records: readonly FetchedRecord[] = [];
  private head = 0;
  private ownsRecords = false;

  constructor(options: TopicPartition & { readonly offset: number | 'earliest' | 'latest' }) {
    this.topic = options.topic;
    this.partition = options.partition;
    this.key = keyOf(options);
    this.consumed = typeof options.offset === 'number' ? options.offset : null;
    this.committed = this.consumed;
  }

  /** Records that wait to be converted. */
  get waiting(): number {
    return this.records.length - this.head;
  }

  /** The first waiting record. */
  first(): FetchedRecord | undefined {
    return this.records[this.head];
  }

  /** The waiting records, in order. */
  *rest(): Iterable<FetchedRecord> {
    for (let index = this.head; index < this.records.length; index++) yield this.records[index] as FetchedRecord;
  }

  /** The first waiting record is dealt with. */
  advance(raw: FetchedRecord): void {
    this.head++;
    this.processed = raw.offset + 1;
    this.interruption = null;
  }

  take({ records }: FetchedBatch): void {
    const [first] = records;
    if (first === undefined) return;
    if (this.committed === null) {
      this.committed = first.offset;
      this.consumed = first.offset;
    }
    if (this.waiting === 0) {
      this.records = records;
      this.head = 0;
      this.ownsRecords = false;
    } else {
      this.records = [...this.rest(), ...records];
      this.head = 0;
      this.ownsRecords = false;
    }
  }

  /** Records that wait for long must not pin the buffer they were fetched in. */
  keepWaiting(): void {
    if (this.ownsRecords) return;
    this.records = [...this.rest()].map(copyOf);
    this.head = 0;
    this.ownsRecords = true;
  }

  /** Forgets what waits: it will be fetched again, or belongs to somebody else now. */
  forget(): void {
    this.block?.cancel.abort();
    this.block = null;
    this.retry = null;
    this.interruption = null;
    this.records = [];
    this.head = 0;
    this.processed = null;
  }

  at(offset: number): TopicPartitionOffset {
    return { topic: this.topic, partition: this.partition, offset };
  }
}

function copyOf(record: FetchedRecord): FetchedRecord {
  return {
    ...record,
    key: record.key === null ? null : Buffer.from(record.key),
    value: record.value === null ? null : Buffer.from(record.value),
    headers: record.headers.map(({ key, value }) => ({ key, value: value === null ? null : Buffer.from(value) })),
  };
}
