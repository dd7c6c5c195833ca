import type { LogEntry } from './log-reader.ts';
import { BATCH_HEADER_BYTES, type BatchHeader, LOG_OVERHEAD_BYTES, MAGIC } from './record-batch/batch-header.ts';
import { CodecNotLoadedError } from './record-batch/compression.ts';
import { type BehindBatch, behindDamagedBatch } from './record-batch/damaged-batch.ts';
import { decodeRecordBatch, verifiedBatchHeader } from './record-batch/decode-record-batch.ts';

export interface LogBytes {
  /** From the beginning of a batch on; the last may be cut off. */
  readonly bytes: Buffer;
  /** What lies below is left out. */
  readonly offset: number;
  /** What lies at or above is left out. */
  readonly end: number;
  /** No batch lies at or above it. */
  readonly logEnd: number;
}

export interface LogEntries {
  readonly entries: readonly LogEntry[];
  /** The offset asked for if nothing could be made of the bytes. */
  readonly nextOffset: number;
  /** Why reading ended before the bytes did, and perhaps only that its last batch is cut off; null if it did not. */
  readonly problem: string | null;
}

const CUT_OFF = 'it is cut off, or claims a wrong length.';

/**
 * Makes entries of the bytes of a log. A batch that can't be read becomes one of its own where something sound behind it tells how far it
 * reached; otherwise it ends the run. The base offset of a batch is the one thing that its checksum does not cover: one that does not fit
 * its neighbours counts as damage too.
 *
 * @throws CodecNotLoadedError for a compression that is to be loaded first
 */
export function logEntries({ bytes, offset: from, end, logEnd }: LogBytes): LogEntries {
  const entries: LogEntry[] = [];
  let offset = from;
  let position = 0;
  while (offset < end && position < bytes.length) {
    try {
      const header = verifiedBatchHeader(bytes, position);
      if (header === null) throw new Error(CUT_OFF);
      const misplaced = misplacement(bytes, header, { offset, logEnd, isBefore: offset === from });
      if (misplaced !== null) throw new Error(misplaced);
      if (header.baseOffset >= end) return { entries, nextOffset: end, problem: null };
      if (header.lastOffset >= offset) {
        entries.push(entryOf(bytes, header, offset, end));
        offset = Math.min(end, header.lastOffset + 1);
      }
      position += header.byteLength;
    } catch (error) {
      if (error instanceof CodecNotLoadedError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      const behind =
        soundBatchBehind(bytes, position, { offset, logEnd }) ??
        behindDamagedBatch(bytes, { position, offset, end: logEnd });
      if (behind === null) return { entries, nextOffset: offset, problem: reason };
      const nextOffset = Math.min(end, behind.offset);
      if (nextOffset > offset) {
        entries.push({ kind: 'unreadable', baseOffset: offset, nextOffset, reason });
        offset = nextOffset;
      }
      position = behind.position;
    }
  }
  return { entries, nextOffset: offset, problem: null };
}

function entryOf(bytes: Buffer, header: BatchHeader, offset: number, end: number): LogEntry {
  const { position, transactional, producerId, control } = header;
  const decoded = decodeRecordBatch(bytes, { position, checkCrc: false })?.records ?? [];
  const place = { baseOffset: Math.max(offset, header.baseOffset), nextOffset: Math.min(end, header.lastOffset + 1) };
  if (control) return { kind: 'marker', ...place, producerId, outcome: outcomeOf(decoded[0]?.key ?? null) };
  const isWhole = header.baseOffset >= offset && header.lastOffset < end;
  const records = isWhole ? decoded : decoded.filter((record) => record.offset >= offset && record.offset < end);
  return { kind: 'records', ...place, transactional, producerId, records };
}

/** The key of a control record: version int16, type int16. */
function outcomeOf(key: Buffer | null): 'commit' | 'abort' | 'other' {
  const type = key !== null && key.length >= 4 ? key.readInt16BE(2) : -1;
  if (type === 0) return 'abort';
  return type === 1 ? 'commit' : 'other';
}

function misplacement(
  bytes: Buffer,
  header: BatchHeader,
  place: { readonly offset: number; readonly logEnd: number; readonly isBefore: boolean },
): string | null {
  const { baseOffset, lastOffset } = header;
  const says = `its checksum fits, but its base offset ${baseOffset} does not:`;
  if (lastOffset >= place.logEnd) return `${says} the log ends at ${place.logEnd}.`;
  // What is asked for may begin with batches that lie below.
  if (lastOffset < place.offset) return place.isBefore ? null : `${says} it lies behind offset ${place.offset - 1}.`;
  if (baseOffset <= place.offset) return null;
  const next = soundHeader(bytes, header.position + header.byteLength);
  if (next === null || next.baseOffset > lastOffset || next.baseOffset < place.offset) return null;
  // One of the two is wrong; the third tells which, if there is one.
  const third = soundHeader(bytes, next.position + next.byteLength);
  if (third !== null && third.baseOffset > lastOffset) return null;
  return `${says} the batch behind it begins at ${next.baseOffset}.`;
}

/** The next sound batch, wherever its first byte is. */
function soundBatchBehind(
  bytes: Buffer,
  position: number,
  { offset, logEnd }: { readonly offset: number; readonly logEnd: number },
): BehindBatch | null {
  for (let at = position + 1; at + BATCH_HEADER_BYTES <= bytes.length; at++) {
    if (bytes[at + 16] !== MAGIC) continue;
    const byteLength = LOG_OVERHEAD_BYTES + bytes.readInt32BE(at + 8);
    if (byteLength < BATCH_HEADER_BYTES || at + byteLength > bytes.length) continue;
    const header = soundHeader(bytes, at);
    if (header !== null && header.baseOffset >= offset && header.lastOffset < logEnd) {
      return { offset: header.baseOffset, position: at };
    }
  }
  return null;
}

function soundHeader(bytes: Buffer, position: number): BatchHeader | null {
  try {
    return verifiedBatchHeader(bytes, position);
  } catch {
    return null;
  }
}
