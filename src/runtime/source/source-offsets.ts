/**
 * Hands committable source offsets to the control plane, one commit at a time. An offset whose commit failed is kept and goes
 * with the next one, unless a later offset of its partition has overtaken it.
 */
import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { TaskCounters } from '../pipeline/task-counters.ts';
import { keyOf, type SourceOffset, type SubmittedRecords } from './submitted-records.ts';

export class SourceOffsets {
  private readonly submitted: SubmittedRecords;
  private readonly commitOffsets: (offsets: readonly SourceOffset[]) => Promise<void>;
  private readonly onCommitted: () => void | Promise<void>;
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly counters: TaskCounters;
  private readonly uncommitted = new Map<string, SourceOffset>();
  private running: Promise<boolean> | null = null;
  private isAskedAgain = false;

  constructor(options: {
    readonly submitted: SubmittedRecords;
    /** Resolves when they are durable; rejects when nothing was committed. */
    readonly commitOffsets: (offsets: readonly SourceOffset[]) => Promise<void>;
    /** The task's `commit()`; what it throws is logged. */
    readonly onCommitted: () => void | Promise<void>;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly counters: TaskCounters;
  }) {
    this.submitted = options.submitted;
    this.commitOffsets = options.commitOffsets;
    this.onCommitted = options.onCommitted;
    this.clock = options.clock;
    this.logger = options.logger;
    this.counters = options.counters;
  }

  /**
   * Commits what is committable now; while a commit is under way, another one follows it. Resolves false when it failed. With
   * nothing to commit it succeeds, and the task hears of it all the same, as with Kafka Connect.
   */
  async commit(): Promise<boolean> {
    if (this.running !== null) {
      this.isAskedAgain = true;
      return this.running;
    }
    this.running = this.run();
    try {
      return await this.running;
    } finally {
      this.running = null;
    }
  }

  /** The commit under way, if any, then one more. */
  async commitLast(): Promise<boolean> {
    while (this.running !== null) await this.running;
    return this.commit();
  }

  private async run(): Promise<boolean> {
    let hasSucceeded: boolean;
    do {
      this.isAskedAgain = false;
      hasSucceeded = await this.commitOnce();
    } while (this.isAskedAgain && hasSucceeded);
    return hasSucceeded;
  }

  private async commitOnce(): Promise<boolean> {
    const startedAt = this.clock.monotonic();
    for (const offset of this.submitted.committable()) this.uncommitted.set(keyOf(offset.partition), offset);
    const offsets = [...this.uncommitted];
    if (offsets.length > 0) {
      try {
        await this.commitOffsets(offsets.map(([, offset]) => offset));
      } catch (error) {
        this.counters.commitFailed();
        this.logger.warn('Offsets of a source task could not be committed. They go with the next commit.', {
          err: error,
        });
        return false;
      }
      for (const [key, offset] of offsets) if (this.uncommitted.get(key) === offset) this.uncommitted.delete(key);
    }
    // Nothing to commit is a success too, as with Kafka Connect.
    this.counters.committed(this.clock.monotonic() - startedAt);
    try {
      await this.onCommitted();
    } catch (error) {
      this.logger.warn('A source task threw from commit(). Its offsets are committed all the same.', { err: error });
    }
    return true;
  }
}
