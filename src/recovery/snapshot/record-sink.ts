/** Takes the records of a partition, in offset order, to keep them. */
import type { RawRecord } from '../records/raw-record.ts';

export interface RecordSink {
  /** Resolves once it can take more. The bytes are the caller's: what is kept beyond the call is copied or written. */
  append(records: readonly RawRecord[]): Promise<void>;
}
