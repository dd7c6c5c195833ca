/** Lets those who wait go, a few at a time and at odd moments, so that a registry that comes back is not overrun. */
import PQueue from 'p-queue';
import type { Clock } from '../foundation/clock.ts';

export interface ReleaseQueueOptions {
  readonly clock: Clock;
  /** How many are on their way at the same time. */
  readonly concurrency: number;
  /** Each but the first waits for a random part of this time, in ms. */
  readonly jitterMs: number;
  readonly random?: (() => number) | undefined;
}

/** Invariant 9: tasks are let go with jitter. */
export class ReleaseQueue {
  private readonly queue: PQueue;
  private readonly options: ReleaseQueueOptions;

  constructor(options: ReleaseQueueOptions) {
    this.options = options;
    this.queue = new PQueue({ concurrency: options.concurrency });
  }

  /** Runs `release` soon; the first of an idle queue at once. `release` must not throw. */
  add(release: () => void): void {
    const isFirst = this.queue.pending === 0;
    const delayMs = isFirst ? 0 : (this.options.random ?? Math.random)() * this.options.jitterMs;
    this.queue
      .add(async () => {
        if (delayMs > 0) await this.options.clock.sleep(delayMs);
        release();
      })
      .catch(() => {});
  }
}
