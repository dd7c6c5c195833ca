/** One header of a record. Keys may repeat; order is kept. */
export interface RecordHeader {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** A record as the encoder takes it. Offsets are given by the batch, not by the record. */
export interface BatchRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
  /** Milliseconds since the epoch; {@link NO_TIMESTAMP} when there is none. */
  readonly timestamp: number;
}

/** Whether a record carries the time its producer gave it or the time its log took it in. */
export type TimestampType = 'CreateTime' | 'LogAppendTime';

/**
 * A record as the decoder yields it. `key`, `value` and header values are views into the buffer that was decoded (or, for a
 * compressed batch, into the decompressed block): cheap, but a record that is kept pins the whole of it. Copy what outlives
 * its batch.
 */
export interface DecodedRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly timestampType: TimestampType;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
}

/** The headers of every record that has none: one shared, frozen array. */
export const NO_HEADERS: readonly RecordHeader[] = Object.freeze([]);

/** The timestamp of a record that has none. */
export const NO_TIMESTAMP = -1;
