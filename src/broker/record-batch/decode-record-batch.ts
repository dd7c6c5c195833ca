import {
  BATCH_HEADER_BYTES,
  type BatchHeader,
  CRC_START,
  checkFrame,
  LOG_OVERHEAD_BYTES,
  peekBatchHeader,
  rawBaseOffset,
} from './batch-header.ts';
import { isCodecLoaded, type LoadableCompression, loadedCodec } from './compression.ts';
import { crc32c } from './crc32c.ts';
import { type DecodedRecord, NO_HEADERS, type RecordHeader } from './record.ts';
import { CorruptBatchError, UnsupportedBatchError } from './record-batch-error.ts';
import { VarintReader } from './varint.ts';

/** A transaction that was aborted, as a Fetch response of isolation level read_committed lists it. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

export interface DecodeOptions {
  /** Byte to begin at; a batch must begin there. 0 by default. */
  readonly position?: number;
  /** Records below this offset are left out: a Fetch answers with the whole batch that holds the offset asked for. */
  readonly fromOffset?: number;
  /** Whether checksums are verified. True by default. */
  readonly checkCrc?: boolean;
  /** Records of these transactions are left out, as read_committed asks. None by default. */
  readonly abortedTransactions?: readonly AbortedTransaction[];
}

/** What a run of batches held. */
export interface DecodedBatches {
  /** Views into the buffer: see {@link DecodedRecord}. */
  readonly records: DecodedRecord[];
  /**
   * The offset to read on from: above the last batch decoded, whether or not it held records for the reader (transaction markers,
   * aborted and compacted records). Undefined when not one batch was decoded.
   */
  readonly nextOffset: number | undefined;
  /** Byte behind the last batch decoded. */
  readonly position: number;
  /** Bytes follow that are the beginning of a batch, cut off as brokers and crashes do. */
  readonly partial: boolean;
}

const MIN_RECORD_BYTES = 7;

/**
 * Decodes the batches that follow one another in a Fetch response or a segment file. Stops before an incomplete batch at the
 * end, which is no error.
 *
 * A batch that can't be read ends the run before it, so that what precedes it is not lost; the next call, from there, throws.
 * It is thrown at once if nothing at or above `fromOffset` precedes it.
 *
 * @throws CorruptBatchError for a checksum that does not fit, or contents that contradict themselves
 * @throws UnsupportedBatchError for a magic other than 2, an unknown compression, or an offset or timestamp beyond 2^53
 * @throws CodecNotLoadedError when a compression is met that was not loaded; see {@link codecsToLoad}
 */
export function decodeRecordBatches(buffer: Buffer, options: DecodeOptions = {}): DecodedBatches {
  const fromOffset = options.fromOffset ?? Number.MIN_SAFE_INTEGER;
  const aborted = new AbortedProducers(options.abortedTransactions ?? []);
  const records: DecodedRecord[] = [];
  let position = options.position ?? 0;
  let nextOffset: number | undefined;
  let partial = false;
  while (position < buffer.length) {
    try {
      const header = completeHeader(buffer, position, options.checkCrc ?? true);
      if (header === null) {
        partial = true;
        break;
      }
      const skipped = aborted.skips(header, buffer) || header.control;
      if (!skipped && header.lastOffset >= fromOffset) appendRecords(buffer, header, fromOffset, records);
      position += header.byteLength;
      nextOffset = header.lastOffset + 1;
    } catch (error) {
      if (nextOffset === undefined || nextOffset <= fromOffset) throw error;
      break;
    }
  }
  return { records, nextOffset, position, partial };
}

/** Decodes the records of the one batch at `position`, whatever it is, or returns null when it is incomplete. Throws as {@link decodeRecordBatches}. */
export function decodeRecordBatch(
  buffer: Buffer,
  options: Pick<DecodeOptions, 'position' | 'checkCrc'> = {},
): { readonly header: BatchHeader; readonly records: DecodedRecord[] } | null {
  const header = completeHeader(buffer, options.position ?? 0, options.checkCrc ?? true);
  if (header === null) return null;
  const records: DecodedRecord[] = [];
  appendRecords(buffer, header, Number.MIN_SAFE_INTEGER, records);
  return { header, records };
}

/**
 * The compressions in a run of batches whose codecs are still to be loaded, mostly none. Await `loadCodec` for each, then decode:
 * so the decoder stays synchronous.
 */
export function codecsToLoad(buffer: Buffer, position = 0): readonly LoadableCompression[] {
  let missing: LoadableCompression[] | undefined;
  for (let at = position; at + BATCH_HEADER_BYTES <= buffer.length; ) {
    let header: BatchHeader | null;
    try {
      header = peekBatchHeader(buffer, at);
    } catch {
      break; // the decoder says it better
    }
    if (header === null) break;
    const { compression } = header;
    if (compression !== 'none' && !isCodecLoaded(compression)) {
      missing ??= [];
      if (!missing.includes(compression)) missing.push(compression);
    }
    at += header.byteLength;
  }
  return missing ?? NOTHING_TO_LOAD;
}

const NOTHING_TO_LOAD: readonly LoadableCompression[] = Object.freeze([]);

/** The header of the batch at `position`, its checksum verified, or null when it is incomplete. Throws as {@link decodeRecordBatches}. */
export function verifiedBatchHeader(buffer: Buffer, position: number): BatchHeader | null {
  return completeHeader(buffer, position, true);
}

/** The header of the batch at `position` once all of it is there and its checksum fits; null when it is incomplete. */
function completeHeader(buffer: Buffer, position: number, checkCrc: boolean): BatchHeader | null {
  if (position + BATCH_HEADER_BYTES > buffer.length) return peekBatchHeader(buffer, position);
  const end = position + LOG_OVERHEAD_BYTES + checkFrame(buffer, position);
  if (end > buffer.length) return null;
  if (checkCrc) {
    const expected = buffer.readUInt32BE(position + 17);
    const computed = crc32c(buffer, position + CRC_START, end);
    if (computed !== expected) {
      throw new CorruptBatchError({
        baseOffset: rawBaseOffset(buffer, position),
        position,
        reason: `its checksum is ${hex(expected)}, and its bytes give ${hex(computed)}.`,
      });
    }
  }
  const header = peekBatchHeader(buffer, position);
  if (header !== null && (header.recordCount < 0 || header.lastOffsetDelta < 0)) {
    throw corrupt(
      header,
      `it claims ${header.recordCount} records and a last offset delta of ${header.lastOffsetDelta}.`,
    );
  }
  if (header !== null && !Number.isSafeInteger(header.lastOffset + 1)) {
    throw new UnsupportedBatchError({ ...header, reason: 'its last offset lies beyond 2^53.' });
  }
  return header;
}

function appendRecords(buffer: Buffer, header: BatchHeader, fromOffset: number, records: DecodedRecord[]): void {
  if (header.recordCount === 0) return;
  let bytes = buffer;
  let start = header.position + BATCH_HEADER_BYTES;
  let end = header.position + header.byteLength;
  if (header.compression !== 'none') {
    const codec = loadedCodec(header.compression);
    try {
      bytes = codec.decompress(buffer.subarray(start, end));
    } catch (cause) {
      throw corrupt(header, `its ${header.compression} data can't be decompressed (${messageOf(cause)}).`, cause);
    }
    start = 0;
    end = bytes.length;
  }
  if (header.recordCount * MIN_RECORD_BYTES > end - start) {
    throw corrupt(header, `${header.recordCount} records don't fit into its ${end - start} bytes.`);
  }

  const kept = records.length;
  try {
    readRecords(new VarintReader(bytes, start), end, header, fromOffset, records);
  } catch (error) {
    // A batch counts whole or not at all: a reader that goes on from here must not meet its first records twice.
    records.length = kept;
    throw error;
  }
}

function readRecords(
  reader: VarintReader,
  end: number,
  header: BatchHeader,
  fromOffset: number,
  records: DecodedRecord[],
): void {
  const { baseOffset, baseTimestamp, recordCount, timestampType } = header;
  const logAppendTime = timestampType === 'LogAppendTime' ? header.maxTimestamp : undefined;
  for (let n = 0; n < recordCount; n++) {
    const length = reader.readVarint();
    const recordEnd = reader.at + length;
    if (!(length >= 0 && recordEnd <= end))
      throw badRecord(header, n, `its length ${length} passes the end of the batch`);
    reader.at++; // attributes, unused since the format exists
    const timestampDelta = reader.readVarlong();
    const timestamp = logAppendTime ?? baseTimestamp + timestampDelta;
    const offset = baseOffset + reader.readVarint();
    const key = readBytes(reader, recordEnd, header, n);
    const value = readBytes(reader, recordEnd, header, n);
    const headerCount = reader.readVarint();
    const headers = headerCount === 0 ? NO_HEADERS : readHeaders(reader, headerCount, recordEnd, header, n);
    if (reader.at !== recordEnd) throw badRecord(header, n, 'its fields do not fill its length');
    if (!(offset <= header.lastOffset) || offset < baseOffset) {
      throw badRecord(header, n, `its offset ${offset} is not between ${baseOffset} and ${header.lastOffset}`);
    }
    if (!Number.isSafeInteger(timestamp)) {
      throw new UnsupportedBatchError({
        baseOffset,
        position: header.position,
        reason: `the timestamp of its record ${n} lies beyond 2^53 ms.`,
      });
    }
    if (offset >= fromOffset) records.push({ offset, timestamp, timestampType, key, value, headers });
  }
  if (reader.at !== end) throw corrupt(header, `${end - reader.at} bytes follow its ${recordCount} records.`);
}

function readBytes(reader: VarintReader, recordEnd: number, header: BatchHeader, n: number): Buffer | null {
  const length = reader.readVarint();
  if (length === -1) return null;
  const start = reader.at;
  const end = start + length;
  if (!(length >= 0 && end <= recordEnd)) throw badRecord(header, n, `a field of ${length} bytes passes its end`);
  reader.at = end;
  return reader.bytes.subarray(start, end);
}

function readHeaders(
  reader: VarintReader,
  count: number,
  recordEnd: number,
  header: BatchHeader,
  n: number,
): readonly RecordHeader[] {
  // Each takes two bytes at least.
  if (!(count > 0 && count * 2 <= recordEnd - reader.at)) throw badRecord(header, n, `it claims ${count} headers`);
  const headers: RecordHeader[] = [];
  for (let h = 0; h < count; h++) {
    const length = reader.readVarint();
    const start = reader.at;
    if (!(length >= 0 && start + length <= recordEnd))
      throw badRecord(header, n, `a header key has the length ${length}`);
    reader.at = start + length;
    const key = reader.bytes.toString('utf8', start, reader.at);
    headers.push({ key, value: readBytes(reader, recordEnd, header, n) });
  }
  return headers;
}

/** Which batches belong to aborted transactions, followed as the Java consumer does: in order, by abort markers. */
class AbortedProducers {
  readonly #upcoming: readonly AbortedTransaction[];
  readonly #producers = new Set<number>();
  #next = 0;

  constructor(transactions: readonly AbortedTransaction[]) {
    this.#upcoming =
      transactions.length < 2 ? transactions : [...transactions].sort((a, b) => a.firstOffset - b.firstOffset);
  }

  skips(header: BatchHeader, buffer: Buffer): boolean {
    for (; this.#next < this.#upcoming.length; this.#next++) {
      const transaction = this.#upcoming[this.#next];
      if (transaction === undefined || transaction.firstOffset > header.lastOffset) break;
      this.#producers.add(transaction.producerId);
    }
    if (this.#producers.size === 0 || !this.#producers.has(header.producerId)) return false;
    if (header.control) {
      if (isAbortMarker(buffer, header)) this.#producers.delete(header.producerId);
      return true;
    }
    return header.transactional;
  }
}

/** The key of a control record: version int16, type int16, 0 for abort and 1 for commit. */
function isAbortMarker(buffer: Buffer, header: BatchHeader): boolean {
  const records: DecodedRecord[] = [];
  appendRecords(buffer, header, Number.MIN_SAFE_INTEGER, records);
  const key = records[0]?.key ?? null;
  return key !== null && key.length >= 4 && key.readInt16BE(2) === 0;
}

function badRecord(header: BatchHeader, n: number, reason: string): CorruptBatchError {
  return corrupt(header, `record ${n} of it is malformed: ${reason}.`);
}

function corrupt(header: BatchHeader, reason: string, cause?: unknown): CorruptBatchError {
  return new CorruptBatchError({ baseOffset: header.baseOffset, position: header.position, reason, cause });
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function hex(crc: number): string {
  return `0x${crc.toString(16).padStart(8, '0')}`;
}
