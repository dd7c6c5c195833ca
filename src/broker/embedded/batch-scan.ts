import { BATCH_HEADER_BYTES, type BatchHeader, CRC_START, peekBatchHeader } from '../record-batch/batch-header.ts';
import { crc32c } from '../record-batch/crc32c.ts';
import type { OpenFile } from './file-system.ts';

const CHUNK_BYTES = 1024 * 1024;

export interface ScanOptions {
  readonly file: OpenFile;
  /** Where a batch begins. */
  readonly from: number;
  /** Where to stop, at the latest. */
  readonly to: number;
  /** The least offset that the first batch may have. */
  readonly nextOffset: number;
  /** Whether checksums are verified. */
  readonly checkCrc: boolean;
  /** Called for every valid batch in order; false ends the scan behind it. `buffer` is reused: copy what is to be kept. */
  readonly visit: (header: BatchHeader, position: number, buffer: Buffer) => boolean | undefined;
}

export interface ScanResult {
  /** Where the first batch that is not valid, or was not asked for, begins. */
  readonly position: number;
  /** Above the last valid batch. */
  readonly nextOffset: number;
  /** Why the scan ended before `to`; null when it didn't, or was told to. */
  readonly problem: string | null;
}

/** Reads a segment batch by batch, in memory bounded by its largest batch, up to the first that is not whole or not valid. */
export async function scanBatches(options: ScanOptions): Promise<ScanResult> {
  const { file, to, visit } = options;
  let { nextOffset } = options;
  let buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let chunkAt = options.from;
  while (chunkAt < to) {
    const length = await file.read(buffer.subarray(0, Math.min(buffer.length, to - chunkAt)), chunkAt);
    let at = 0;
    while (true) {
      const left = length - at;
      const position = chunkAt + at;
      if (left === 0) break;
      const header = headerAt(buffer.subarray(0, length), at);
      if (typeof header === 'string') return { position, nextOffset, problem: header };
      const needed = header === null ? BATCH_HEADER_BYTES : header.byteLength;
      if (needed > left) {
        if (needed > to - position) return { position, nextOffset, problem: 'it is cut off' };
        if (at === 0 && needed <= buffer.length) return { position, nextOffset, problem: 'it is cut off' };
        if (needed > buffer.length) buffer = Buffer.allocUnsafe(needed);
        break;
      }
      if (header === null) return { position, nextOffset, problem: 'it is cut off' };
      const problem = problemOf(header, buffer, at, nextOffset, options.checkCrc);
      if (problem !== null) return { position, nextOffset, problem };
      nextOffset = header.lastOffset + 1;
      const goOn = visit(header, position, buffer);
      at += header.byteLength;
      if (goOn === false) return { position: chunkAt + at, nextOffset, problem: null };
    }
    if (length === 0) return { position: chunkAt, nextOffset, problem: 'the file ends' };
    chunkAt += at;
  }
  return { position: chunkAt, nextOffset, problem: null };
}

function headerAt(buffer: Buffer, at: number): BatchHeader | null | string {
  try {
    return peekBatchHeader(buffer, at);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function problemOf(header: BatchHeader, buffer: Buffer, at: number, nextOffset: number, checkCrc: boolean) {
  if (header.baseOffset < nextOffset) return `its base offset ${header.baseOffset} lies below ${nextOffset}`;
  if (header.lastOffsetDelta < 0 || header.recordCount < 0) return 'its counts are negative';
  if (checkCrc && crc32c(buffer, at + CRC_START, at + header.byteLength) !== header.crc) return 'its checksum fails';
  return null;
}
