import { peekBatchHeader } from '../record-batch/batch-header.ts';

/** A part of some bytes that looks like whole batches. */
export interface ReadableRun {
  /** Where the batch that holds the offset begins. */
  readonly start: number;
  /** Where the last whole batch ends. */
  readonly length: number;
  /** Above the last whole batch. */
  readonly nextOffset: number;
}

/**
 * How far the bytes look like batches, where the one that holds `offset` begins, and the offset above the last. Damage at the very
 * beginning is left to the decoder; damage before `offset` is nobody's concern who asked for that.
 */
export function readableRun(bytes: Buffer, offset: number): ReadableRun {
  let start = 0;
  let length = 0;
  let nextOffset = Number.POSITIVE_INFINITY;
  try {
    while (length < bytes.length) {
      const header = peekBatchHeader(bytes, length);
      if (header === null) break;
      // Whatever the batches before it, damaged ones among them, say of their ends.
      if (header.baseOffset <= offset) start = length;
      nextOffset = header.lastOffset + 1;
      length += header.byteLength;
      if (nextOffset <= offset && header.lastOffsetDelta >= 0) start = length;
    }
  } catch {
    // The decoder says it better.
  }
  return length === 0 ? { start, length: bytes.length, nextOffset } : { start, length, nextOffset };
}
