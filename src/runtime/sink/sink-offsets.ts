/**
 * Which offsets of a sink task are committed. Kafka Connect 4.1.1, WorkerSinkTask.
 *
 * Invariant 2: only offsets that the task vouched for (`put` returned, `preCommit` agreed), and only once the reports of bad
 * records before them are durable.
 */
import type { TopicPartitionOffset } from '../../broker/ports.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import type { SinkTask, TopicPartitionKey } from '../../sdk/task.ts';
import type { TaskCounters } from '../pipeline/task-counters.ts';
import { withinTimeLimit } from '../pipeline/time-limit.ts';
import type { PendingReports } from './pending-reports.ts';
import { isOffset, type SinkPartition } from './sink-partition.ts';

const HURRIED_WAIT_MS = 250;

/** What may be committed of one partition. */
export interface Vouched {
  readonly partition: SinkPartition;
  readonly offset: number;
}

export class SinkOffsets {
  private readonly task: SinkTask;
  private readonly assigned: ReadonlyMap<TopicPartitionKey, SinkPartition>;
  private readonly reports: PendingReports;
  private readonly commitOffsets: (offsets: readonly TopicPartitionOffset[]) => Promise<void>;
  private readonly onSettled: () => void;
  private readonly onCommitted: () => void;
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly counters: TaskCounters;
  private readonly flushTimeoutMs: number;
  private readonly ending: AbortSignal;
  private readonly abandoned: AbortSignal;
  private waitMs: number;
  private asking = false;
  private inFlight: { readonly seqNo: number; readonly startedAt: number } | null = null;

  constructor(options: {
    readonly task: SinkTask;
    readonly assigned: ReadonlyMap<TopicPartitionKey, SinkPartition>;
    readonly reports: PendingReports;
    /** Resolves when they are durable; rejects when nothing was committed. */
    readonly commitOffsets: (offsets: readonly TopicPartitionOffset[]) => Promise<void>;
    /** A commit under way has ended. */
    readonly onSettled: () => void;
    /** What is committed has changed. */
    readonly onCommitted: () => void;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly counters: TaskCounters;
    /** `offset.flush.timeout.ms` */
    readonly flushTimeoutMs: number;
    /** Aborted when the task is to end. */
    readonly ending: AbortSignal;
    /** Aborted when nothing may be waited for any more. */
    readonly abandoned: AbortSignal;
  }) {
    this.task = options.task;
    this.assigned = options.assigned;
    this.reports = options.reports;
    this.commitOffsets = options.commitOffsets;
    this.onSettled = options.onSettled;
    this.onCommitted = options.onCommitted;
    this.clock = options.clock;
    this.logger = options.logger;
    this.counters = options.counters;
    this.flushTimeoutMs = options.flushTimeoutMs;
    this.ending = options.ending;
    this.abandoned = options.abandoned;
    this.waitMs = options.flushTimeoutMs;
  }

  /** True while a commit is under way that is not overdue. */
  get isCommitting(): boolean {
    if (this.inFlight === null) return false;
    if (this.clock.monotonic() - this.inFlight.startedAt < this.flushTimeoutMs) return true;
    this.inFlight = null;
    this.counters.commitFailed();
    this.logger.warn(
      'A commit of sink offsets took longer than offset.flush.timeout.ms. It is not waited for any more.',
    );
    return false;
  }

  /** True while the task is asked what may be committed. */
  get isAsking(): boolean {
    return this.asking;
  }

  /** From now on hardly anything is waited for: the broker is away, and the task is to end. */
  hurry(): void {
    this.waitMs = Math.min(this.waitMs, HURRIED_WAIT_MS);
  }

  /**
   * Asks the task what may be committed of these partitions. null: its `preCommit` or `flush` threw; what was delivered since
   * the last commit has to be delivered again.
   */
  async vouch(partitions: readonly SinkPartition[]): Promise<readonly Vouched[] | null> {
    // A stop ends this wait: what is pending then is waited for at the end of the task, once more.
    const interruptedBy = this.ending.aborted ? null : this.ending;
    const leftMs = await this.reported(partitions, this.waitMs, interruptedBy);
    const current = new Map<TopicPartitionKey, number>();
    for (const { key, consumed } of partitions) if (consumed !== null) current.set(key, consumed);
    if (current.size === 0) return [];
    let agreed: ReadonlyMap<TopicPartitionKey, number>;
    try {
      this.asking = true;
      if (this.task.preCommit !== undefined) agreed = await this.task.preCommit(new Map(current));
      else {
        await this.task.flush?.(new Map(current));
        agreed = current;
      }
    } catch (error) {
      this.counters.commitFailed();
      this.logger.error('A sink task threw from preCommit() or flush(). Nothing was committed.', { err: error });
      return null;
    } finally {
      this.asking = false;
    }
    if (agreed !== undefined && agreed !== null && typeof agreed[Symbol.iterator] !== 'function') {
      throw new ConnectError(
        'preCommit() of the sink task returned what is no Map. Return a Map of partitions such as `topic-0` to offsets.',
      );
    }
    // The task may have reported records while it was asked.
    await this.reported(partitions, leftMs, interruptedBy);
    return this.accepted(partitions, agreed ?? current);
  }

  /** Commits without being waited for. The answer to an older commit than the last one changes nothing. */
  begin(vouched: readonly Vouched[]): void {
    const seqNo = ++this.counters.commitSeqNo;
    if (vouched.length === 0) {
      this.counters.committed(0);
      return;
    }
    const current = { seqNo, startedAt: this.clock.monotonic() };
    this.inFlight = current;
    this.commitOffsets(vouched.map(({ partition, offset }) => partition.at(offset))).then(
      () => this.ended(current, () => this.completed(vouched, current.startedAt)),
      (error) =>
        this.ended(current, () => {
          this.counters.commitFailed();
          this.logger.warn('Offsets of a sink task could not be committed.', { err: error });
        }),
    );
  }

  /** Commits and waits, up to `offset.flush.timeout.ms`. For the end of a task. */
  async commit(vouched: readonly Vouched[]): Promise<void> {
    this.counters.commitSeqNo++;
    this.inFlight = null;
    if (vouched.length === 0) return;
    const startedAt = this.clock.monotonic();
    try {
      const isInTime = await withinTimeLimit({
        clock: this.clock,
        timeoutMs: this.waitMs,
        abandoned: this.abandoned,
        run: () => this.commitOffsets(vouched.map(({ partition, offset }) => partition.at(offset))),
      });
      if (isInTime) this.completed(vouched, startedAt);
      else this.counters.commitFailed();
    } catch (error) {
      this.counters.commitFailed();
      this.logger.warn('The last offsets of a sink task could not be committed. Their records come again.', {
        err: error,
      });
    }
  }

  private ended(commit: { readonly seqNo: number }, run: () => void): void {
    if (commit.seqNo !== this.counters.commitSeqNo) {
      this.counters.commitsSkipped++;
    } else {
      run();
    }
    if (this.inFlight === commit) this.inFlight = null;
    this.onSettled();
  }

  private completed(vouched: readonly Vouched[], startedAt: number): void {
    for (const { partition, offset } of vouched) partition.committed = offset;
    this.counters.committed(this.clock.monotonic() - startedAt);
    this.onCommitted();
  }

  /** Waits for the reports of these partitions; resolves with what is left of the time. */
  private async reported(
    partitions: readonly SinkPartition[],
    timeoutMs: number,
    interruptedBy: AbortSignal | null,
  ): Promise<number> {
    const settled = this.reports.settled(partitions.map(({ key }) => key));
    if (settled === undefined) return timeoutMs;
    const { clock } = this;
    const abandoned = interruptedBy === null ? this.abandoned : AbortSignal.any([interruptedBy, this.abandoned]);
    const startedAt = clock.monotonic();
    await withinTimeLimit({ clock, timeoutMs, abandoned, run: () => settled });
    return Math.max(0, timeoutMs - (clock.monotonic() - startedAt));
  }

  private accepted(partitions: readonly SinkPartition[], agreed: ReadonlyMap<TopicPartitionKey, number>): Vouched[] {
    const asked = new Set(partitions);
    const vouched: Vouched[] = [];
    for (const [key, offset] of agreed) {
      const partition = this.assigned.get(key);
      if (partition === undefined || !asked.has(partition)) {
        this.logger.warn('A sink task returned an offset of a partition that is not assigned to it. It is ignored.', {
          partition: key,
          offset,
        });
      } else if (!isOffset(offset)) {
        this.logger.warn('A sink task returned what is no offset. It is ignored.', {
          partition: key,
          offset: String(offset),
        });
      } else if (partition.consumed === null || offset > partition.consumed) {
        this.logger.warn('A sink task returned an offset beyond what was delivered to it. It is ignored.', {
          partition: key,
          offset,
          consumed: partition.consumed,
        });
      } else if (offset !== partition.committed && !this.reports.has(key)) {
        vouched.push({ partition, offset });
      }
    }
    return vouched;
  }
}
