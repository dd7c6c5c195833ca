/** Tasks move records. SourceTask and SinkTask of Kafka Connect 4.1.1. */
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import type { PluginMetrics } from './plugin-metrics.ts';
import type { SinkRecord } from './record/sink-record.ts';
import type { SourceRecord } from './record/source-record.ts';

/** A source partition or source offset: flat, JSON-like. Integers beyond 2^53 are bigint and keep their precision. */
export type OffsetMap = Readonly<Record<string, string | number | bigint | boolean | null>>;

/** `topic-partition`, unambiguous because the partition is what follows the last dash. */
export type TopicPartitionKey = string;

/** A partition of a topic that a sink task reads. */
export interface SinkTopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Reads the offsets that are committed for a source connector. */
export interface OffsetStorageReader {
  /** The committed offset of one source partition, null when there is none. */
  offset(partition: OffsetMap): Promise<OffsetMap | null>;
  /** Parallel to `partitions`. */
  offsets(partitions: readonly OffsetMap[]): Promise<readonly (OffsetMap | null)[]>;
}

/** Where the broker put a record; null in `commitRecord` for one that was filtered or skipped. */
export interface RecordMetadata {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

interface TaskContext {
  readonly logger: Logger;
  readonly clock: Clock;
  /** The task's configuration with variables resolved. */
  readonly configs: Readonly<Record<string, string>>;
  /** Aborted when the task is asked to stop: hand it to every I/O. */
  readonly signal: AbortSignal;
  /** Metrics of the task's own (KIP-877). A test context may have none. */
  readonly pluginMetrics?: PluginMetrics;
}

/** What a source task may ask of the worker, from `initialize` to the end of `stop`. */
export interface SourceTaskContext extends TaskContext {
  /** Where to go on: the committed offsets of its source partitions. */
  readonly offsetStorageReader: OffsetStorageReader;
}

/**
 * Order of calls: initialize, start, (poll | commit | commitRecord)*, stop. `poll` and `stop` never overlap; `commit` and
 * `commitRecord` may come while a `poll` is pending.
 */
export interface SourceTask {
  initialize?(context: SourceTaskContext): void;
  start(config: Readonly<Record<string, string>>, signal: AbortSignal): void | Promise<void>;
  /**
   * The next records, or null or empty for none right now. May wait, but returns soon after `signal` aborts.
   * Throw RetriableError to be called again after a pause, EnvironmentError to be parked, anything else fails the task.
   */
  poll(signal: AbortSignal): readonly SourceRecord[] | null | Promise<readonly SourceRecord[] | null>;
  /** After offsets were committed. What it throws is logged, no more. */
  commit?(): void | Promise<void>;
  /** Per record, in order of acknowledgement, synchronous. metadata null: filtered or skipped, nothing was written. */
  commitRecord?(record: SourceRecord, metadata: RecordMetadata | null): void;
  /** Instead of `commitRecord`, once per acknowledged batch: `metadata[i]` belongs to `records[i]`. */
  commitRecords?(records: readonly SourceRecord[], metadata: readonly (RecordMetadata | null)[]): void;
  stop(): void | Promise<void>;
}

/** Kafka Connect's ErrantRecordReporter (KIP-610): single bad records, while the others of the batch are written. */
export interface ErrantRecordReporter {
  /**
   * Reports a record that the target refused as bad data: to the log and the dead letter queue. Resolves when the report is
   * durable; offsets are not committed before that (invariant 2). Rejects when the tolerance is exceeded, and the task fails.
   */
  report(record: SinkRecord, error: unknown): Promise<void>;
}

/** What a sink task may ask of the worker, from `initialize` to the end of `stop`. */
export interface SinkTaskContext extends TaskContext {
  /** Rewinds: the next poll starts there. Keyed by `topic-partition`. */
  offset(offsets: ReadonlyMap<TopicPartitionKey, number>): void;
  /** One-shot: the next poll waits at most this long; also the delay before records refused by RetriableError come again. */
  timeout(timeoutMs: number): void;
  /** The partitions that it has at this moment. */
  assignment(): readonly SinkTopicPartition[];
  /** No records of these come until they are resumed. */
  pause(partitions: readonly SinkTopicPartition[]): void;
  resume(partitions: readonly SinkTopicPartition[]): void;
  /** Offsets are committed after the current `put` instead of at the next interval. */
  requestCommit(): void;
  /** null unless a dead letter queue or `errors.log.enable` is configured. */
  errantRecordReporter(): ErrantRecordReporter | null;
}

/**
 * Order of calls: initialize, start, open, (put | preCommit)*, close, stop; never two at once. `put` also comes with no
 * records, as a heartbeat. Records of one partition come in offset order.
 */
export interface SinkTask {
  initialize?(context: SinkTaskContext): void;
  start(config: Readonly<Record<string, string>>, signal: AbortSignal): void | Promise<void>;
  /** Newly assigned partitions only. */
  open?(partitions: readonly SinkTopicPartition[]): void | Promise<void>;
  /**
   * Throw RetriableError to get the same records again (their partitions are paused meanwhile), EnvironmentError to be parked
   * and then get the same records again, anything else to fail.
   */
  put(records: readonly SinkRecord[], signal: AbortSignal): void | Promise<void>;
  /** Makes durable what `put` took. */
  flush?(offsets: ReadonlyMap<TopicPartitionKey, number>): void | Promise<void>;
  /** Which offsets may be committed; by default flushes and returns what it is given. */
  preCommit?(
    offsets: ReadonlyMap<TopicPartitionKey, number>,
  ): ReadonlyMap<TopicPartitionKey, number> | Promise<ReadonlyMap<TopicPartitionKey, number>>;
  /** Partitions that it has no longer; all of them before `stop`. */
  close?(partitions: readonly SinkTopicPartition[]): void | Promise<void>;
  stop(): void | Promise<void>;
}
