import type { FetchedRecord, TopicPartition } from './ports.ts';

/** What lies at some offsets of a log; entries are in offset order and do not overlap. */
export type LogEntry =
  | {
      readonly kind: 'records';
      readonly baseOffset: number;
      readonly nextOffset: number;
      readonly transactional: boolean;
      /** -1: of none that is idempotent. */
      readonly producerId: number;
      /** None where compaction has emptied the batch. */
      readonly records: readonly FetchedRecord[];
    }
  /** A control record; `other` is one of Kafka's own that ends no transaction. */
  | {
      readonly kind: 'marker';
      readonly baseOffset: number;
      readonly nextOffset: number;
      readonly outcome: 'commit' | 'abort' | 'other';
      readonly producerId: number;
    }
  /** A batch, or several, that nobody can read; how many records there were nobody knows. */
  | {
      readonly kind: 'unreadable';
      readonly baseOffset: number;
      readonly nextOffset: number;
      readonly reason: string;
    };

export interface LogChunk {
  readonly entries: readonly LogEntry[];
  /** Where to go on; above the offset asked for. What lies between entries was compacted away, or is gone by retention. */
  readonly nextOffset: number;
}

/**
 * Reads a partition as it lies, for those who save or mend it: uncommitted and aborted records and transaction markers are told, and a
 * batch that can't be read is passed over and told, where a {@link Fetcher} throws it.
 */
export interface LogReader {
  /**
   * What lies from `offset` on and below `end`, some mebibyte at most. Bytes are views into what was read. `end` is not above the log's end
   * at the time; a gap before it is passed over, so that reading on from `nextOffset` always comes to `end`.
   *
   * Rejects with EnvironmentError once `signal` aborts while the broker is away, or if the log ends below `offset` by now, with NotFoundError
   * `holdfast.broker.topic.unknown` for a partition that does not exist.
   */
  read(
    place: TopicPartition & { readonly offset: number; readonly end: number },
    signal?: AbortSignal,
  ): Promise<LogChunk>;
  close(): Promise<void>;
}
