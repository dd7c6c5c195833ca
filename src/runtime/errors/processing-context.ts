/** What was being done, to which record, when it failed. Made only for a failure. Kafka Connect 4.1.1, error handling. */
import type { FetchedRecord, TopicPartition } from '../../broker/ports.ts';
import type { SourceRecord } from '../../sdk/record/source-record.ts';

export type Stage =
  | 'TASK_POLL'
  | 'TASK_PUT'
  | 'TRANSFORMATION'
  | 'KEY_CONVERTER'
  | 'VALUE_CONVERTER'
  | 'HEADER_CONVERTER'
  | 'KAFKA_PRODUCE'
  | 'KAFKA_CONSUME';

/** A record as it was fetched, with where from. */
export interface ConsumedRecord extends TopicPartition {
  readonly raw: FetchedRecord;
}

export interface ProcessingContext {
  readonly stage: Stage;
  /** Full name of the class that failed, as configurations name it. */
  readonly className: string;
  readonly error: unknown;
  /** The record before anything was done to it. */
  readonly record:
    | { readonly kind: 'source'; readonly source: SourceRecord }
    | { readonly kind: 'sink'; readonly consumed: ConsumedRecord };
}

/** Where bad data goes. */
export interface ErrorReporter {
  /**
   * undefined: done. Otherwise resolves once the report is durable, and rejects when it can't be made so: the record's
   * offset must then not be committed.
   */
  report(context: ProcessingContext): Promise<void> | undefined;
}
