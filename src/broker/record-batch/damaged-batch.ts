import {
  BATCH_HEADER_BYTES,
  type BatchHeader,
  checkFrame,
  LOG_OVERHEAD_BYTES,
  peekBatchHeader,
} from './batch-header.ts';
import { verifiedBatchHeader } from './decode-record-batch.ts';

/** Where to go on behind a batch. */
export interface BehindBatch {
  /** Nothing that can be read lies between the batch and this offset. */
  readonly offset: number;
  /** Byte of the buffer behind the batch. */
  readonly position: number;
}

const MIN_RECORD_BYTES = 7;

/**
 * Where to go on behind a batch that can't be read, so that nothing is left out but what was in it; null where nobody knows. Its own
 * header counts for little, as the damage may be there: taken are the base offset of a sound batch that begins right where this one ends,
 * or else what header fields say that agree with each other and with the place of reading.
 */
export function behindDamagedBatch(
  bytes: Buffer,
  place: {
    /** Where the batch begins. */
    readonly position: number;
    /** Where reading stopped. */
    readonly offset: number;
    /** No batch lies at or above it. */
    readonly end: number;
  },
): BehindBatch | null {
  const { position, end } = place;
  const behind = endOfFrame(bytes, position);
  if (behind === null) return null;
  const following = soundHeader(bytes, behind);
  const offset = following === null ? offsetByItself(bytes, { ...place, behind }) : following.baseOffset;
  return offset === null || offset > end ? null : { offset, position: behind };
}

function endOfFrame(bytes: Buffer, position: number): number | null {
  if (position + BATCH_HEADER_BYTES > bytes.length) return null;
  try {
    const behind = position + LOG_OVERHEAD_BYTES + checkFrame(bytes, position);
    return behind <= bytes.length ? behind : null;
  } catch {
    return null;
  }
}

function soundHeader(bytes: Buffer, position: number): BatchHeader | null {
  try {
    return verifiedBatchHeader(bytes, position);
  } catch {
    return null;
  }
}

function offsetByItself(
  bytes: Buffer,
  { position, offset, behind }: { readonly position: number; readonly offset: number; readonly behind: number },
): number | null {
  const sound = soundHeader(bytes, position);
  // Its records alone contradict themselves.
  if (sound !== null) return sound.lastOffset + 1;
  try {
    const header = peekBatchHeader(bytes, position);
    if (header === null || header.baseOffset > offset || header.lastOffset < offset) return null;
    // Two fields that have the same damage are unlikely. Of a batch that compaction has thinned out nobody knows.
    if (header.recordCount !== header.lastOffsetDelta + 1) return null;
    const room = header.byteLength - BATCH_HEADER_BYTES;
    if (header.compression === 'none' && header.recordCount * MIN_RECORD_BYTES > room) return null;
    // Cut off or damaged, too: then it has no say but this.
    const following = peekBatchHeader(bytes, behind);
    return following !== null && following.baseOffset <= header.lastOffset ? null : header.lastOffset + 1;
  } catch {
    return null;
  }
}
