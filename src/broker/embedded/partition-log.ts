import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import { IllegalStateError } from '../../sdk/errors/index.ts';
import { type BatchHeader, peekBatchHeader, writeBaseOffset } from '../record-batch/batch-header.ts';
import { stampAppendTime } from './append-time.ts';
import type { LogCursor } from './client-topic.ts';
import { type FileSystem, removeIfThere } from './file-system.ts';
import { type CommitTarget, follow, GroupCommit, type PendingAppend, type QueuedBatch } from './group-commit.ts';
import type { ProducerStates } from './producer-states.ts';
import { readableRun } from './readable-run.ts';
import { rewriteTail } from './rewrite-tail.ts';
import { Segment } from './segment.ts';
import { writeSegmentIndex } from './segment-index-file.ts';
import type { TopicConfig } from './topic-config.ts';
import type { WriteAvailability } from './write-availability.ts';

export interface PartitionLogInput {
  readonly topic: string;
  readonly partition: number;
  readonly directory: string;
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly availability: WriteAvailability;
  /** Asked at every use, as settings change. */
  readonly config: () => TopicConfig;
}

/** What recovery found in a partition's folder. */
export interface RecoveredLog {
  /** Ascending; at least one, the last of which takes the appends. */
  readonly segments: Segment[];
  readonly startOffset: number;
  readonly producers: ProducerStates;
}

/** Where a sequential reader is: spares the search in the index while the segment lives. */
export interface ReadCursor extends LogCursor {
  readonly segment: Segment;
  readonly position: number;
}

export interface LogRead {
  /** Whole batches; the first may begin before the offset asked for. */
  readonly bytes: Buffer;
  /** For the read after these bytes. `offset` is above their last batch. */
  readonly next: ReadCursor;
}

/**
 * One partition: segments of batches, the last of which takes the appends. Offsets from `startOffset` up to `endOffset` can be
 * read; only what is durable is between them.
 */
export class PartitionLog implements CommitTarget {
  readonly topic: string;
  readonly partition: number;
  readonly name: string;
  readonly directory: string;
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly config: () => TopicConfig;
  readonly producers: ProducerStates;
  /** Ascending by base offset; changed only by the log and its maintenance. */
  segments: Segment[];
  startOffset: number;
  /** A compaction could not be finished in this process. */
  compactionHalted = false;

  private readonly commits: GroupCommit;
  private readonly waiters = new Set<() => void>();
  /** The end of the active segment's file may hold bytes that are not acknowledged. */
  private tailIsDirty = false;
  /** The name of the active segment, which is empty, is not durable yet. */
  private nameIsDirty = false;
  private isDeleted = false;
  private isClosed = false;
  private maintenance: Promise<unknown> = Promise.resolve();

  constructor(input: PartitionLogInput & RecoveredLog) {
    this.topic = input.topic;
    this.partition = input.partition;
    this.name = `${input.topic}-${input.partition}`;
    this.directory = input.directory;
    this.fileSystem = input.fileSystem;
    this.clock = input.clock;
    this.logger = input.logger;
    this.config = input.config;
    this.segments = input.segments;
    this.startOffset = input.startOffset;
    this.producers = input.producers;
    this.commits = new GroupCommit({ target: this, clock: input.clock, availability: input.availability });
  }

  get active(): Segment {
    const last = this.segments.at(-1);
    if (last === undefined) throw new RangeError(`The log of ${this.name} has no segment.`);
    return last;
  }

  /** The offset that the next record gets; all below are durable. Kafka's high watermark. */
  get endOffset(): number {
    return this.active.nextOffset;
  }

  get deleted(): boolean {
    return this.isDeleted;
  }

  /** Takes an encoded batch over; offsets are written into it. */
  append(batch: Buffer): PendingAppend {
    return this.commits.append(batch);
  }

  /** Calls `wake` once there is more to read, or the log has gone. Returns how to stop waiting. */
  onChange(wake: () => void): () => void {
    this.waiters.add(wake);
    return () => this.waiters.delete(wake);
  }

  /** Runs between two rounds of writing. */
  exclusively<T>(action: () => Promise<T>): Promise<T> {
    return this.commits.exclusively(action);
  }

  /** Runs alone among what removes or replaces segments (retention, compaction, deletions of records). Appends go on. */
  maintain<T>(action: () => Promise<T>): Promise<T> {
    const result = this.maintenance.then(() => {
      if (this.isClosed) throw new IllegalStateError(`The log of ${this.name} is closed.`);
      return action();
    });
    this.maintenance = result.catch(() => {});
    return result;
  }

  skip(header: BatchHeader): void {
    this.producers.skip(header);
  }

  /** See {@link CommitTarget.write}; called by the queue only, one round at a time. */
  async write(batches: readonly QueuedBatch[]): Promise<void> {
    if (this.tailIsDirty) await this.repairTail();
    await this.rollIfFull(batches);
    const round = this.number(batches);
    if (round.staged.length === 0) return;
    const segment = this.active;
    const buffers = round.staged.map(({ queued }) => queued.batch);
    try {
      this.tailIsDirty = true;
      await segment.withFile(async (file) => {
        await file.write(buffers, segment.size);
        await file.datasync();
      });
      await this.syncName();
      this.tailIsDirty = false;
    } catch (error) {
      for (const forget of round.forget.reverse()) forget();
      await this.dropUnnamed();
      throw error;
    }
    this.publish(round.staged);
  }

  private publish(staged: readonly StagedBatch[]): void {
    const segment = this.active;
    for (const { header, queued } of staged) {
      segment.add(header, header.baseOffset, segment.size, queued.batch.length, header.maxTimestamp);
    }
    for (const { header, queued } of staged) {
      queued.outcome.resolve({ baseOffset: header.baseOffset, duplicate: false });
    }
    this.wake();
  }

  /** Gives offsets to the batches of a round. Those written before, or out of order, are answered at once. */
  private number(batches: readonly QueuedBatch[]): Round {
    const staged: StagedBatch[] = [];
    const forget: (() => void)[] = [];
    const logAppendTime = this.config().timestampType === 'LogAppendTime';
    const now = Math.floor(this.clock.now());
    let next = this.endOffset;
    for (const queued of batches) {
      let duplicateOf: number | null;
      try {
        duplicateOf = this.producers.duplicateOf(queued.header);
      } catch (error) {
        queued.outcome.reject(error);
        continue;
      }
      if (duplicateOf !== null) {
        // Of a batch in this very round: it is answered with the round, as it is no more durable than that.
        const twin = staged.find(({ header }) => header.baseOffset === duplicateOf);
        if (twin === undefined) queued.outcome.resolve({ baseOffset: duplicateOf, duplicate: true });
        else follow(queued, twin.queued);
        continue;
      }
      if (logAppendTime) stampAppendTime(queued.batch, now);
      writeBaseOffset(queued.batch, 0, next, 0);
      const header = peekBatchHeader(queued.batch);
      if (header === null) throw new RangeError('A batch lost its header.');
      forget.push(this.producers.record(header, next, now));
      staged.push({ queued, header });
      next = header.lastOffset + 1;
    }
    return { staged, forget };
  }

  /**
   * Begins a new segment if the active one is full, or would span more than `segment.ms`. As in Kafka by the times of records: by
   * the clock, records that are old when they come would get a segment per write.
   */
  private async rollIfFull(batches: readonly QueuedBatch[]): Promise<void> {
    const { active } = this;
    if (active.size === 0) return;
    const { segmentBytes, segmentMs, timestampType } = this.config();
    let bytes = 0;
    let latest = -1;
    for (const { batch, header } of batches) {
      bytes += batch.length;
      latest = Math.max(latest, header.maxTimestamp);
    }
    if (timestampType === 'LogAppendTime') latest = this.clock.now();
    const span = active.firstTimestamp < 0 ? 0 : latest - active.firstTimestamp;
    if (active.size + bytes > segmentBytes || span > segmentMs) await this.beginSegment();
  }

  private async beginSegment(): Promise<void> {
    const sealed = this.active;
    const segment = new Segment({
      fileSystem: this.fileSystem,
      directory: this.directory,
      baseOffset: this.endOffset,
    });
    await segment.create();
    this.segments.push(segment);
    this.nameIsDirty = true;
    await this.checkpoint(sealed, this.producers);
  }

  /**
   * Begins a new segment and makes its name durable, so that all before it can be removed without the end offset going with
   * them. Call it within {@link exclusively}.
   */
  async roll(): Promise<void> {
    if (this.tailIsDirty) await this.repairTail();
    if (this.active.size > 0) await this.beginSegment();
    try {
      await this.syncName();
    } catch (error) {
      await this.dropUnnamed();
      throw error;
    }
  }

  private async syncName(): Promise<void> {
    if (!this.nameIsDirty) return;
    await this.fileSystem.syncDirectory(this.directory);
    this.nameIsDirty = false;
  }

  /** A new segment whose name could not be made durable is made anew: a second sync of the folder might not write it either. */
  private async dropUnnamed(): Promise<void> {
    const segment = this.active;
    if (!this.nameIsDirty || segment.size > 0) return;
    this.segments = this.segments.filter((other) => other !== segment);
    this.nameIsDirty = false;
    // Nothing acknowledged is in the file, and the one before it is clean.
    this.tailIsDirty = false;
    await segment.retire();
    try {
      await removeIfThere(this.fileSystem, segment.path);
    } catch (err) {
      this.logger.debug('An unused segment could not be removed; it is emptied when it is used.', { err });
    }
  }

  private async repairTail(): Promise<void> {
    await rewriteTail(this.active);
    this.tailIsDirty = false;
  }

  /** Whole batches from `offset` on, or null at the end. An offset below the start is answered from the start. */
  async read(offset: number, maxBytes: number, cursor: LogCursor | null = null): Promise<LogRead | null> {
    let at = Math.max(offset, this.startOffset);
    // Cursors come from here.
    const known = cursor as ReadCursor | null;
    let hint = known !== null && known.offset === at && this.segments.includes(known.segment) ? known : null;
    while (at < this.endOffset) {
      const segment = hint?.segment ?? this.segmentOf(at);
      const position = hint?.position ?? segment.index.floor(at)?.position ?? 0;
      hint = null;
      let bytes: Buffer | null;
      try {
        bytes = await segment.read(position, maxBytes);
      } catch (error) {
        // Removed or replaced between the look and the read.
        if (!segment.isRetired) throw error;
        at = Math.max(at, this.startOffset);
        continue;
      }
      if (bytes === null) {
        const following = this.segments.find((other) => other.baseOffset > segment.baseOffset);
        if (following === undefined) return null;
        // Whatever was missing up to there was compacted away.
        hint = { segment: following, position: 0, offset: following.baseOffset };
        at = following.baseOffset;
        continue;
      }
      const run = readableRun(bytes, at);
      const next = { segment, position: position + run.length, offset: run.nextOffset };
      if (next.offset > at) return { bytes: bytes.subarray(run.start, run.length), next };
      hint = { ...next, offset: at };
    }
    return null;
  }

  /** The segment that holds the offset, if any does. */
  segmentOf(offset: number): Segment {
    let low = 0;
    let high = this.segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.segments[middle] as Segment).baseOffset <= offset) low = middle + 1;
      else high = middle;
    }
    return this.segments[Math.max(0, low - 1)] ?? this.active;
  }

  /**
   * Writes what is known of a segment beside it, for the next start. Failing is no loss. `producers` only between two rounds, when
   * it says no more than what is durable.
   */
  async checkpoint(segment: Segment, producers: ProducerStates | null): Promise<void> {
    if (segment.indexedSize === segment.size) return;
    try {
      await writeSegmentIndex(this.fileSystem, segment, producers);
    } catch (err) {
      this.logger.debug('An index could not be written; the segment is scanned at the next start.', { err });
    }
  }

  /** Closes the files of full segments that nobody is reading; they are opened anew when somebody does. */
  async closeIdleFiles(): Promise<void> {
    await this.maintain(async () => {
      for (const segment of this.segments.slice(0, -1)) if (segment.isIdle) await segment.closeFile();
    });
  }

  /** Wakes everyone who waits for a change. */
  wake(): void {
    const waiting = [...this.waiters];
    this.waiters.clear();
    for (const wake of waiting) wake();
  }

  /** Ends the round that is being written; what still waits is rejected. Nothing can be appended from now on. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.maintenance;
    await this.commits.close();
    if (!this.isDeleted && !this.tailIsDirty) await this.checkpoint(this.active, this.producers);
    for (const segment of this.segments) await segment.retire();
  }

  /** Closes the log for good: its readers find nothing any more. */
  async markDeleted(): Promise<void> {
    this.isDeleted = true;
    await this.close();
    this.wake();
  }
}

interface StagedBatch {
  readonly queued: QueuedBatch;
  /** With the offsets it was given. */
  readonly header: BatchHeader;
}

interface Round {
  readonly staged: readonly StagedBatch[];
  readonly forget: (() => void)[];
}
