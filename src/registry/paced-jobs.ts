/** Work in the background at a bounded rate: the most pressing first, one of a kind once, and none while it would be in vain. */
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { REGISTRY_FAULT } from './registry-errors.ts';

export interface PacedJobsOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly perSecond: number;
  /** False: nothing is begun now; looked at again every second. */
  readonly mayRun: () => boolean;
  readonly signal: AbortSignal;
}

/** From the most to the least pressing. */
export type JobPriority = 'suspect' | 'second-look' | 'sample';

/** Jobs that are not queued here: whoever has them knows which is next. */
export interface JobSource {
  /** There is one now. */
  readonly isDue: boolean;
  /** It is begun at once. */
  readonly take: () => (() => Promise<void>) | undefined;
}

interface Job {
  readonly run: () => Promise<void>;
}

const ORDER: readonly JobPriority[] = ['suspect', 'second-look', 'sample'];
const PAUSE_MS = 1000;
const MAX_JOBS = 20_000;

/** Invariant 9: however much there is to do, the registry is asked no oftener than so many times per second. */
export class PacedJobs {
  private readonly options: PacedJobsOptions;
  private readonly queues: Readonly<Record<JobPriority, Map<string, Job>>> = {
    suspect: new Map(),
    'second-look': new Map(),
    sample: new Map(),
  };
  private readonly sources = new Map<JobPriority, JobSource>();
  private working = false;

  constructor(options: PacedJobsOptions) {
    this.options = options;
  }

  get size(): number {
    return ORDER.reduce((sum, priority) => sum + this.queues[priority].size, 0);
  }

  /** One that waits under the same key keeps its turn, or gets a better one. Of more than 20,000 the least pressing are left out. */
  add(key: string, priority: JobPriority, run: () => Promise<void>): void {
    for (const better of ORDER) {
      if (this.queues[better].has(key)) return;
      if (better === priority) break;
    }
    for (const queue of Object.values(this.queues)) queue.delete(key);
    if (this.size >= MAX_JOBS && !this.makeRoomFor(priority)) return;
    this.queues[priority].set(key, { run });
    this.wake();
  }

  /** Jobs of this priority come from there as well, after those that were added: as many as there may be, none is left out. */
  feed(priority: JobPriority, source: JobSource): void {
    this.sources.set(priority, source);
  }

  /** A source has something to do. */
  wake(): void {
    if (this.working) return;
    this.working = true;
    this.work().catch(() => {});
  }

  private async work(): Promise<void> {
    const { clock, logger, perSecond, mayRun, signal } = this.options;
    try {
      // What is added at the same moment is put in order first.
      await Promise.resolve();
      while (this.hasWork()) {
        signal.throwIfAborted();
        if (!mayRun()) {
          await clock.sleep(PAUSE_MS, signal);
          continue;
        }
        await this.take()?.().catch((err: unknown) => {
          if (!signal.aborted)
            logger.error('Reading a schema back in the background failed', { code: REGISTRY_FAULT, err });
        });
        await clock.sleep(1000 / perSecond, signal);
      }
    } finally {
      this.working = false;
    }
  }

  private makeRoomFor(priority: JobPriority): boolean {
    const least = ORDER.findLast((one) => this.queues[one].size > 0);
    if (least === undefined || ORDER.indexOf(least) <= ORDER.indexOf(priority)) return false;
    const [key] = this.queues[least].keys();
    return key !== undefined && this.queues[least].delete(key);
  }

  private hasWork(): boolean {
    return ORDER.some((priority) => this.queues[priority].size > 0 || this.sources.get(priority)?.isDue === true);
  }

  private take(): (() => Promise<void>) | undefined {
    for (const priority of ORDER) {
      const queue = this.queues[priority];
      const [next] = queue;
      if (next !== undefined) {
        const [key, job] = next;
        queue.delete(key);
        return job.run;
      }
      const source = this.sources.get(priority);
      if (source?.isDue === true) return source.take();
    }
    return undefined;
  }
}
