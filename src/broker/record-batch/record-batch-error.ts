import { brandErrorClass, ConnectError, DataError, defineErrorCode } from '../../sdk/errors/index.ts';

/** Which batch can't be read, and why. */
export interface UnreadableBatch {
  /** The base offset that the batch claims; the checksum does not cover it. */
  readonly baseOffset: number;
  /** Byte position of the batch in the buffer that was read. */
  readonly position: number;
  /** Goes on from "The record batch at base offset N can't be read: ". */
  readonly reason: string;
  readonly cause?: unknown;
}

/** The code of {@link CorruptBatchError}. */
export const CORRUPT_BATCH = defineErrorCode('holdfast.broker.corrupt-batch', {
  what: 'The bytes of a record batch contradict its checksum or themselves.',
  mend: 'Compare with another replica of the partition, or move the offset past the batch that the message names.',
});

/** A record batch whose bytes contradict their checksum or themselves. */
export class CorruptBatchError extends DataError {
  static override readonly defaultCode: string = CORRUPT_BATCH;
  static {
    brandErrorClass(this, 'CorruptBatchError');
  }
  readonly baseOffset: number;
  readonly position: number;

  constructor(batch: UnreadableBatch) {
    super(describe(batch), {
      cause: batch.cause,
      details: { baseOffset: batch.baseOffset, position: batch.position },
    });
    this.baseOffset = batch.baseOffset;
    this.position = batch.position;
  }
}

/** The code of {@link UnsupportedBatchError}. */
export const UNSUPPORTED_BATCH = defineErrorCode('holdfast.broker.unsupported-batch', {
  what: 'A record batch is of a kind that is not read: a message format before Kafka 0.11, an unknown compression, a number beyond 2^53.',
  mend: 'Rewrite the topic with a current producer, or move the offset past the batch that the message names.',
});

/** A record batch that may be sound, but is of a kind that is not read here. */
export class UnsupportedBatchError extends ConnectError {
  static override readonly defaultCode: string = UNSUPPORTED_BATCH;
  static {
    brandErrorClass(this, 'UnsupportedBatchError');
  }
  readonly baseOffset: number;
  readonly position: number;

  constructor(batch: UnreadableBatch) {
    super(describe(batch), { details: { baseOffset: batch.baseOffset, position: batch.position } });
    this.baseOffset = batch.baseOffset;
    this.position = batch.position;
  }
}

/** The code of {@link InvalidBatchError}. */
export const INVALID_BATCH = defineErrorCode('holdfast.broker.invalid-batch', {
  what: 'A record, or a number of records, is not what a record batch can hold.',
  mend: 'Correct the timestamp, or send fewer or smaller records at once, as the message says.',
});

/** A record, or a number of them, that the batch format has no way to hold. */
export class InvalidBatchError extends DataError {
  static override readonly defaultCode: string = INVALID_BATCH;
  static {
    brandErrorClass(this, 'InvalidBatchError');
  }
}

function describe(batch: UnreadableBatch): string {
  return `The record batch at base offset ${batch.baseOffset} (byte ${batch.position} of the buffer) can't be read: ${batch.reason}`;
}
