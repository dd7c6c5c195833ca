import {
  BATCH_HEADER_BYTES,
  CONTROL_BIT,
  CRC_START,
  LOG_OVERHEAD_BYTES,
  MAGIC,
  NONE,
  TIMESTAMP_TYPE_BIT,
  TRANSACTIONAL_BIT,
  writeInt64,
} from './batch-header.ts';
import type { CompressionType } from './codec.ts';
import { compressionId, loadedCodec } from './compression.ts';
import { crc32c } from './crc32c.ts';
import { type BatchRecord, NO_TIMESTAMP, type RecordHeader } from './record.ts';
import { InvalidBatchError } from './record-batch-error.ts';
import { sizeOfVarint, sizeOfZigzag, writeVarint, writeZigzag } from './varint.ts';

/** How a batch is labelled. Everything has the default of a plain, non-idempotent producer. */
export interface EncodeBatchOptions {
  /** Offset of the first record; 0, as producers send it. */
  readonly baseOffset?: number;
  /** -1 (not known), as producers send it. */
  readonly partitionLeaderEpoch?: number;
  /** Milliseconds that timestamps are stored relative to; by default the first record's. */
  readonly baseTimestamp?: number;
  /** When set, the batch carries this time (ms) for all its records, as a log with `message.timestamp.type=LogAppendTime` does. */
  readonly logAppendTime?: number;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly transactional?: boolean;
  readonly control?: boolean;
  /** `none` by default. Anything but `none` and `gzip` has to be loaded first, with `loadCodec`. */
  readonly compression?: CompressionType;
  /** Told how many bytes the records take without compression. */
  readonly onRecordBytes?: (bytes: number) => void;
}

/** The most a record's own fields take besides key, value and headers: length, attributes, timestamp, offset and three counts. */
const MAX_RECORD_OVERHEAD = 5 + 1 + 10 + 5 + 5 + 5 + 5;
const MAX_BATCH_BYTES = 0x7fff_ffff;
const SLAB_BYTES = 1024 * 1024;
const SLAB_KEEP_BYTES = 4 * 1024 * 1024;
const HEADER_KEY_CACHE = 256;

// Encoding is synchronous, so that one slab serves every producer of the thread.
let slab = Buffer.allocUnsafeSlow(SLAB_BYTES);

/**
 * Encodes records as one batch of magic 2, in one pass. The offsets are `baseOffset`, `baseOffset + 1`, ... The result is
 * exactly sized, in memory of its own, and the caller's: it may be kept, changed or transferred to another thread.
 *
 * @throws InvalidBatchError for no records at all, a timestamp that is negative (but -1) or no integer within 2^53, or 2 GiB and more
 * @throws CodecNotLoadedError when the compression has not been loaded
 */
export function encodeRecordBatch(records: readonly BatchRecord[], options: EncodeBatchOptions = {}): Buffer {
  const first = records[0];
  if (first === undefined) throw new InvalidBatchError('A record batch can not be encoded from no records.');
  const compression = options.compression ?? 'none';
  const codec = compression === 'none' ? undefined : loadedCodec(compression);
  const baseTimestamp = options.baseTimestamp ?? first.timestamp;

  let maxTimestamp = NONE;
  let at = BATCH_HEADER_BYTES;
  for (let n = 0; n < records.length; n++) {
    const record = records[n] as BatchRecord;
    if (record.timestamp > maxTimestamp) maxTimestamp = record.timestamp;
    at = writeRecord(record, n, record.timestamp - baseTimestamp, at);
  }

  options.onRecordBytes?.(at - BATCH_HEADER_BYTES);
  let batch: Buffer;
  if (codec === undefined) {
    batch = Buffer.allocUnsafeSlow(at);
    slab.copy(batch, BATCH_HEADER_BYTES, BATCH_HEADER_BYTES, at);
  } else {
    const compressed = codec.compress(slab.subarray(BATCH_HEADER_BYTES, at));
    batch = Buffer.allocUnsafeSlow(BATCH_HEADER_BYTES + compressed.length);
    batch.set(compressed, BATCH_HEADER_BYTES);
  }
  if (slab.length > SLAB_KEEP_BYTES) slab = Buffer.allocUnsafeSlow(SLAB_BYTES);

  writeInt64(batch, options.baseOffset ?? 0, 0);
  batch.writeInt32BE(batch.length - LOG_OVERHEAD_BYTES, 8);
  batch.writeInt32BE(options.partitionLeaderEpoch ?? NONE, 12);
  batch.writeInt8(MAGIC, 16);
  batch.writeInt16BE(attributesOf(options, compression), 21);
  batch.writeInt32BE(records.length - 1, 23);
  writeInt64(batch, baseTimestamp, 27);
  writeInt64(batch, options.logAppendTime ?? maxTimestamp, 35);
  writeInt64(batch, options.producerId ?? NONE, 43);
  batch.writeInt16BE(options.producerEpoch ?? NONE, 51);
  batch.writeInt32BE(options.baseSequence ?? NONE, 53);
  batch.writeInt32BE(records.length, 57);
  batch.writeUInt32BE(crc32c(batch, CRC_START), 17);
  return batch;
}

/**
 * Bytes that one record adds to an uncompressed batch, at most some 36 too many; with {@link BATCH_HEADER_BYTES} for the batch
 * it tells when a batch is full without encoding it.
 */
export function estimateRecordBytes(record: BatchRecord): number {
  let bytes = MAX_RECORD_OVERHEAD + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const header of record.headers) bytes += 10 + headerKeyBytes(header.key).length + (header.value?.length ?? 0);
  return bytes;
}

function attributesOf(options: EncodeBatchOptions, compression: CompressionType): number {
  return (
    compressionId(compression) |
    (options.logAppendTime === undefined ? 0 : TIMESTAMP_TYPE_BIT) |
    (options.transactional === true ? TRANSACTIONAL_BIT : 0) |
    (options.control === true ? CONTROL_BIT : 0)
  );
}

/*
 * Record: length varint, attributes int8 (0), timestampDelta varlong, offsetDelta varint, key and value each as length varint
 * (-1: null) and bytes, header count varint, headers each as key (length, UTF-8) and value (length or -1, bytes).
 */
function writeRecord(record: BatchRecord, offsetDelta: number, timestampDelta: number, start: number): number {
  const { key, value, headers } = record;
  if (!Number.isSafeInteger(record.timestamp) || record.timestamp < NO_TIMESTAMP) {
    throw new InvalidBatchError(
      `Record ${offsetDelta} of a batch has the timestamp ${record.timestamp}; it must be whole milliseconds from 0 to 2^53, or -1 for none.`,
    );
  }
  let body = 1 + sizeOfZigzag(timestampDelta) + sizeOfVarint(offsetDelta) + sizeOfBytes(key) + sizeOfBytes(value);
  body += sizeOfVarint(headers.length);
  for (let n = 0; n < headers.length; n++) body += sizeOfHeader(headers[n] as RecordHeader);

  makeRoom(start, body + 5, offsetDelta);
  const out = slab;
  let at = writeVarint(out, start, body);
  out[at++] = 0;
  at = writeZigzag(out, at, timestampDelta);
  at = writeVarint(out, at, offsetDelta);
  at = writeBytes(out, at, key);
  at = writeBytes(out, at, value);
  at = writeVarint(out, at, headers.length);
  for (let n = 0; n < headers.length; n++) {
    const header = headers[n] as RecordHeader;
    at = writeBytes(out, at, headerKeyBytes(header.key));
    at = writeBytes(out, at, header.value);
  }
  return at;
}

function makeRoom(at: number, bytes: number, offsetDelta: number): void {
  const needed = at + bytes;
  if (needed <= slab.length) return;
  if (needed > MAX_BATCH_BYTES) {
    throw new InvalidBatchError(
      `A record batch would pass 2 GiB at its record ${offsetDelta}, which its length field can't hold. Send fewer or smaller records at once.`,
    );
  }
  const grown = Buffer.allocUnsafeSlow(Math.min(MAX_BATCH_BYTES, Math.max(needed, slab.length * 2)));
  slab.copy(grown, 0, 0, at);
  slab = grown;
}

function sizeOfBytes(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : sizeOfVarint(bytes.length) + bytes.length;
}

function sizeOfHeader(header: RecordHeader): number {
  return sizeOfBytes(headerKeyBytes(header.key)) + sizeOfBytes(header.value);
}

function writeBytes(out: Buffer, at: number, bytes: Uint8Array | null): number {
  if (bytes === null) {
    out[at] = 1; // zigzag of -1
    return at + 1;
  }
  const length = bytes.length;
  const begin = writeVarint(out, at, length);
  // Below some 32 bytes the loop is cheaper than the call.
  if (length < 32) for (let n = 0; n < length; n++) out[begin + n] = bytes[n] as number;
  else out.set(bytes, begin);
  return begin + length;
}

// The same few header keys come with every record.
const headerKeys = new Map<string, Buffer>();

function headerKeyBytes(key: string): Buffer {
  const known = headerKeys.get(key);
  if (known !== undefined) return known;
  const bytes = Buffer.from(key, 'utf8');
  if (headerKeys.size >= HEADER_KEY_CACHE) headerKeys.clear();
  if (bytes.length <= HEADER_KEY_CACHE) headerKeys.set(key, bytes);
  return bytes;
}
