import type { DataError } from '../../sdk/errors/index.ts';
import type { FetchedBatch, FetchedRecord } from '../ports.ts';
import { type BatchHeader, peekBatchHeader } from '../record-batch/batch-header.ts';
import { CodecNotLoadedError } from '../record-batch/compression.ts';
import { behindDamagedBatch } from '../record-batch/damaged-batch.ts';
import {
  type AbortedTransaction,
  decodeRecordBatch,
  verifiedBatchHeader,
} from '../record-batch/decode-record-batch.ts';
import { corruptBatch } from './fetch-failures.ts';
import type { FetchTally } from './metrics/fetch-meter.ts';

/** Batches of one answer, decoded one at a time as they are asked for. */
interface Segment {
  buffer: Buffer;
  /** Of the answer that it came in. */
  readonly tally: FetchTally | null;
  /** Records that were handed out. */
  handedOut: number;
  /** Bytes of it that `detach` has let go of. */
  letGo: number;
  readonly highWatermark: number;
  /** Aborted transactions that have not begun yet, by their first offset; null with read_uncommitted. */
  readonly upcoming: AbortedTransaction[] | null;
  readonly aborted: Set<number>;
  at: number;
  /** Up to where checksums were verified. */
  verifiedTo: number;
  /** Where the batch begins that `records` came from. */
  recordsAt: number;
  records: readonly FetchedRecord[];
  taken: number;
  /** Above the batch that `records` came from. */
  recordsEnd: number;
}

/** Where reading stands in one partition, and what was read ahead. */
export class FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  /** The next offset that is handed out, or null while an end of the log is asked for. */
  position: number | null = null;
  /** Which end of the log, while `position` is null. */
  symbolic: 'earliest' | 'latest' = 'latest';
  /** The next offset to ask the broker for. */
  fetchOffset = 0;
  paused = false;
  /** Changes when what is on its way is not wanted any more. */
  session = 0;
  /** The session of which a request is on its way; -1 for none. */
  askedSession = -1;
  /** Monotonic ms. */
  notBefore = 0;
  failures = 0;
  /** What `poll` has to throw. */
  error: Error | null = null;
  bufferedBytes = 0;
  /** As the broker told them last; -1 before. */
  highWatermark = -1;
  logStartOffset = -1;
  private segments: Segment[] = [];

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
    this.key = `${topic}-${partition}`;
  }

  /** Forgets what was read ahead and goes on elsewhere. */
  moveTo(offset: number | 'earliest' | 'latest'): void {
    this.session++;
    for (const segment of this.segments) this.ended(segment);
    this.segments = [];
    this.bufferedBytes = 0;
    this.error = null;
    this.notBefore = 0;
    if (typeof offset === 'number') {
      this.position = offset;
      this.fetchOffset = offset;
    } else {
      this.position = null;
      this.symbolic = offset;
    }
  }

  get hasBuffered(): boolean {
    return this.segments.length > 0;
  }

  /** Takes in what the broker sent from `fetchOffset` on. False if not one batch of it is complete. */
  append(
    buffer: Buffer,
    highWatermark: number,
    aborted: readonly AbortedTransaction[] | null,
    tally: FetchTally | null = null,
  ): boolean {
    const end = endOfBatches(buffer, this.fetchOffset);
    if (end === null) return false;
    this.fetchOffset = end;
    this.bufferedBytes += buffer.length;
    tally?.begin();
    this.segments.push({
      buffer,
      tally,
      handedOut: 0,
      letGo: 0,
      highWatermark,
      upcoming: aborted === null ? null : [...aborted].sort((a, b) => a.firstOffset - b.firstOffset),
      aborted: new Set(),
      at: 0,
      verifiedTo: 0,
      recordsAt: 0,
      records: [],
      taken: 0,
      recordsEnd: 0,
    });
    return true;
  }

  /**
   * For a partition that may rest for long: what it has read ahead is moved out of the answers that it came in, which hold that of many
   * partitions and would stay in memory with it.
   */
  detach(): void {
    for (const segment of this.segments) {
      if (segment.buffer.buffer.byteLength <= 2 * segment.buffer.length) continue;
      // What is left of the batch at hand is decoded anew, from the position.
      const from = segment.taken < segment.records.length ? segment.recordsAt : segment.at;
      this.bufferedBytes -= from;
      segment.letGo += from;
      const own = Buffer.allocUnsafeSlow(segment.buffer.length - from);
      segment.buffer.copy(own, 0, from);
      segment.buffer = own;
      segment.at = 0;
      segment.verifiedTo = 0;
      segment.records = [];
      segment.taken = 0;
    }
  }

  /** Gives up what it has read ahead, to be fetched anew. */
  release(): void {
    if (this.segments.length > 0 && this.position !== null) this.moveTo(this.position);
  }

  /**
   * Up to `max` records, or null when nothing is buffered. A batch that can't be read is thrown as DataError once what precedes it was
   * taken; it is then fetched anew.
   */
  take(max: number, checkCrc: boolean): FetchedBatch | null {
    let records: FetchedRecord[] = [];
    let highWatermark = -1;
    for (let segment = this.segments[0]; segment !== undefined; segment = this.segments[0]) {
      highWatermark = segment.highWatermark;
      if (segment.taken < segment.records.length) {
        if (records.length >= max) break;
        const slice = segment.records.slice(segment.taken, segment.taken + max - records.length);
        segment.taken += slice.length;
        segment.handedOut += slice.length;
        const last = slice[slice.length - 1] as FetchedRecord;
        this.position = segment.taken === segment.records.length ? segment.recordsEnd : last.offset + 1;
        records = records.length === 0 ? slice : records.concat(slice);
        continue;
      }
      try {
        if (!this.decodeNext(segment, checkCrc, records.length < max)) break;
      } catch (error) {
        if (error instanceof CodecNotLoadedError) throw error;
        const { buffer, at: position, highWatermark: end } = segment;
        const offset = this.position ?? 0;
        const behind = behindDamagedBatch(buffer, { position, offset, end });
        if (behind !== null && behind.offset <= offset) {
          // All of it lies below, whatever it says of itself, which is why the broker sent it.
          segment.at = behind.position;
          continue;
        }
        if (records.length > 0) break;
        throw this.corrupt(error, behind?.offset ?? null);
      }
    }
    if (records.length === 0) return null;
    const { topic, partition } = this;
    return { topic, partition, records, nextOffset: this.position as number, highWatermark };
  }

  /** Goes on to the next batch of the segment, or to the next segment. False if that batch has records and none are wanted. */
  private decodeNext(segment: Segment, checkCrc: boolean, wanted: boolean): boolean {
    const header = peekBatchHeader(segment.buffer, segment.at);
    if (header === null || segment.at + header.byteLength > segment.buffer.length) {
      this.segments.shift();
      this.bufferedBytes -= segment.buffer.length;
      this.ended(segment);
      return true;
    }
    if (checkCrc && segment.verifiedTo <= segment.at) {
      // First of all: damage must not make a batch look like one to pass over.
      verifiedBatchHeader(segment.buffer, segment.at);
      segment.verifiedTo = segment.at + header.byteLength;
    }
    const position = this.position ?? 0;
    const aborted = isAborted(segment, header);
    if (header.lastOffset < position || header.control || aborted) {
      if (header.control) endTransaction(segment, header);
      this.position = Math.max(position, header.lastOffset + 1);
      segment.at += header.byteLength;
      return true;
    }
    if (!wanted) return false;
    const decoded = decodeRecordBatch(segment.buffer, { position: segment.at, checkCrc: false });
    const all: readonly FetchedRecord[] = decoded?.records ?? [];
    segment.records = header.baseOffset < position ? all.filter(({ offset }) => offset >= position) : all;
    segment.taken = 0;
    segment.recordsAt = segment.at;
    segment.recordsEnd = header.lastOffset + 1;
    segment.at += header.byteLength;
    // A batch that compaction has emptied.
    if (segment.records.length === 0) this.position = segment.recordsEnd;
    return true;
  }

  private ended({ tally, letGo, at, handedOut }: Segment): void {
    tally?.end(this.topic, letGo + at, handedOut);
  }

  private corrupt(cause: unknown, nextOffset: number | null): DataError {
    const offset = this.position ?? 0;
    this.moveTo(offset);
    return corruptBatch(this, { offset, nextOffset, cause });
  }
}

/** The offset above the last complete batch; null if there is none; `fetchOffset` if the first can't be read. */
function endOfBatches(buffer: Buffer, fetchOffset: number): number | null {
  let end: number | null = null;
  let at = 0;
  try {
    for (;;) {
      const header = peekBatchHeader(buffer, at);
      if (header === null || at + header.byteLength > buffer.length) return end;
      end = header.lastOffset + 1;
      at += header.byteLength;
    }
  } catch {
    // `take` says what is wrong with it, and has it fetched anew.
    return end ?? fetchOffset;
  }
}

/** Follows aborted transactions as Java's consumer does: from their first offset to their marker. */
function isAborted({ upcoming, aborted }: Segment, header: BatchHeader): boolean {
  if (upcoming === null) return false;
  for (let first = upcoming[0]; first !== undefined && first.firstOffset <= header.lastOffset; first = upcoming[0]) {
    aborted.add(first.producerId);
    upcoming.shift();
  }
  return header.transactional && aborted.has(header.producerId);
}

/** A marker ends the transaction of its producer, aborted or committed. */
function endTransaction({ upcoming, aborted }: Segment, header: BatchHeader): void {
  if (upcoming !== null) aborted.delete(header.producerId);
}
