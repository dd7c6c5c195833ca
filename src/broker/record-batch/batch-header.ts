import type { CompressionType } from './codec.ts';
import { compressionTypeOf } from './compression.ts';
import type { TimestampType } from './record.ts';
import { CorruptBatchError, UnsupportedBatchError } from './record-batch-error.ts';

/*
 * RecordBatch, magic 2 (Kafka 0.11 and later), all integers big-endian:
 *   0 baseOffset int64          23 lastOffsetDelta int32
 *   8 batchLength int32         27 baseTimestamp int64
 *  12 partitionLeaderEpoch int32 35 maxTimestamp int64
 *  16 magic int8                43 producerId int64
 *  17 crc uint32 (of 21..end)   51 producerEpoch int16
 *  21 attributes int16          53 baseSequence int32
 *                               57 recordCount int32
 *                               61 records
 */

/** Bytes of a batch before its first record. */
export const BATCH_HEADER_BYTES = 61;
/** Bytes that `batchLength` does not count: the base offset and the length itself. */
export const LOG_OVERHEAD_BYTES = 12;
/** The least a valid `batchLength` can be: a batch without records. */
export const MIN_BATCH_LENGTH = BATCH_HEADER_BYTES - LOG_OVERHEAD_BYTES;
/** Where the checksummed part of a batch begins. */
export const CRC_START = 21;
/** The only batch format read and written here. */
export const MAGIC = 2;

export const COMPRESSION_MASK = 0x07;
export const TIMESTAMP_TYPE_BIT = 0x08;
export const TRANSACTIONAL_BIT = 0x10;
export const CONTROL_BIT = 0x20;

/** Stands for "no producer", "no epoch", "no sequence" and "epoch not known" alike. */
export const NONE = -1;

/** What a batch says of itself, read without touching its records. Nothing in it is verified against the checksum. */
export interface BatchHeader {
  /** Where the batch begins in the buffer. */
  readonly position: number;
  /** Size of the whole batch in bytes: `batchLength` and the 12 bytes before it. */
  readonly byteLength: number;
  readonly baseOffset: number;
  readonly batchLength: number;
  readonly partitionLeaderEpoch: number;
  readonly crc: number;
  readonly attributes: number;
  readonly lastOffsetDelta: number;
  /** `baseOffset + lastOffsetDelta`; the next batch begins above it. */
  readonly lastOffset: number;
  /** Milliseconds since the epoch. */
  readonly baseTimestamp: number;
  /** Milliseconds since the epoch; -1 when no record has a timestamp. */
  readonly maxTimestamp: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  /** Records in the batch; fewer than `lastOffsetDelta + 1` after compaction. */
  readonly recordCount: number;
  readonly compression: CompressionType;
  readonly timestampType: TimestampType;
  readonly transactional: boolean;
  /** A transaction marker: it takes an offset and holds nothing for a consumer. */
  readonly control: boolean;
}

/**
 * Reads the header of the batch at `position`, or returns null when fewer than {@link BATCH_HEADER_BYTES} are left there. Does
 * not look at the records, the checksum, or whether the whole batch is in the buffer.
 *
 * @throws UnsupportedBatchError for a magic other than 2, an unknown compression, or a 64-bit field beyond 2^53
 * @throws CorruptBatchError for a length that no batch can have
 */
export function peekBatchHeader(buffer: Buffer, position = 0): BatchHeader | null {
  if (position + BATCH_HEADER_BYTES > buffer.length) {
    if (position + 17 <= buffer.length) checkFrame(buffer, position);
    return null;
  }
  const batchLength = checkFrame(buffer, position);
  const baseOffset = readInt64(buffer, position, position, 'base offset');
  const attributes = buffer.readInt16BE(position + 21);
  const lastOffsetDelta = buffer.readInt32BE(position + 23);
  return {
    position,
    byteLength: LOG_OVERHEAD_BYTES + batchLength,
    baseOffset,
    batchLength,
    partitionLeaderEpoch: buffer.readInt32BE(position + 12),
    crc: buffer.readUInt32BE(position + 17),
    attributes,
    lastOffsetDelta,
    lastOffset: baseOffset + lastOffsetDelta,
    baseTimestamp: readInt64(buffer, position + 27, position, 'base timestamp'),
    maxTimestamp: readInt64(buffer, position + 35, position, 'maximum timestamp'),
    producerId: readInt64(buffer, position + 43, position, 'producer id'),
    producerEpoch: buffer.readInt16BE(position + 51),
    baseSequence: buffer.readInt32BE(position + 53),
    recordCount: buffer.readInt32BE(position + 57),
    compression: compressionTypeOf(attributes & COMPRESSION_MASK, baseOffset, position),
    timestampType: attributes & TIMESTAMP_TYPE_BIT ? 'LogAppendTime' : 'CreateTime',
    transactional: (attributes & TRANSACTIONAL_BIT) !== 0,
    control: (attributes & CONTROL_BIT) !== 0,
  };
}

/**
 * Checks length and magic of the batch at `position` (17 bytes must be there) and returns its `batchLength`.
 *
 * @throws UnsupportedBatchError, CorruptBatchError as {@link peekBatchHeader}
 */
export function checkFrame(buffer: Buffer, position: number): number {
  const batchLength = buffer.readInt32BE(position + 8);
  const magic = buffer.readInt8(position + 16);
  if (magic === 0 || magic === 1) {
    throw new UnsupportedBatchError({
      baseOffset: rawBaseOffset(buffer, position),
      position,
      reason:
        `it is a message set of the format before Kafka 0.11 (magic ${magic}), and only record batches (magic 2) are read. ` +
        'Let the topic be rewritten by a producer of Kafka 0.11 or later, or read from an offset above these messages.',
    });
  }
  if (magic !== MAGIC) {
    throw new UnsupportedBatchError({
      baseOffset: rawBaseOffset(buffer, position),
      position,
      reason: `its magic is ${magic}, and only record batches of magic 2 are known. Either the bytes are damaged or their writer is newer.`,
    });
  }
  if (batchLength < MIN_BATCH_LENGTH) {
    throw new CorruptBatchError({
      baseOffset: rawBaseOffset(buffer, position),
      position,
      reason: `its length is ${batchLength}, less than the ${MIN_BATCH_LENGTH} bytes of an empty batch.`,
    });
  }
  return batchLength;
}

/**
 * Writes base offset and, when given, partition leader epoch of the batch at `position` in place. Both lie outside the
 * checksum, so a log assigns offsets without encoding or checksumming again.
 */
export function writeBaseOffset(
  buffer: Buffer,
  position: number,
  baseOffset: number,
  partitionLeaderEpoch?: number,
): void {
  writeInt64(buffer, baseOffset, position);
  if (partitionLeaderEpoch !== undefined) buffer.writeInt32BE(partitionLeaderEpoch, position + 12);
}

/** The base offset as it stands, for messages about a batch that can't be trusted; inexact beyond 2^53. */
export function rawBaseOffset(buffer: Buffer, position: number): number {
  return buffer.readInt32BE(position) * 0x1_0000_0000 + buffer.readUInt32BE(position + 4);
}

/** Writes a safe integer as int64, big-endian. */
export function writeInt64(buffer: Buffer, value: number, at: number): void {
  if (!Number.isSafeInteger(value)) {
    throw new RangeError(`A 64-bit field of a record batch must be an integer within 2^53, not ${value}.`);
  }
  const high = Math.floor(value / 0x1_0000_0000);
  buffer.writeInt32BE(high, at);
  buffer.writeUInt32BE(value - high * 0x1_0000_0000, at + 4);
}

function readInt64(buffer: Buffer, at: number, position: number, field: string): number {
  const value = rawBaseOffset(buffer, at);
  if (!Number.isSafeInteger(value)) {
    throw new UnsupportedBatchError({
      baseOffset: rawBaseOffset(buffer, position),
      position,
      reason: `its ${field} is ${buffer.readBigInt64BE(at)}, beyond the 2^53 that a JavaScript number holds exactly.`,
    });
  }
  return value;
}
