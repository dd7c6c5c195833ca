/** Does something again and again, one at a time: what hangs is waited for, and nothing piles up behind it. */
import type { Clock } from '../foundation/clock.ts';

export interface PollLoopOptions {
  readonly clock: Clock;
  /** ms until the next time, asked after each; null: only when it is nudged. */
  readonly intervalMs: () => number | null;
  /** Whatever it rejects with is passed to `failed`. */
  readonly work: (signal: AbortSignal) => Promise<void>;
  readonly failed: (error: unknown) => void;
}

export class PollLoop {
  private readonly options: PollLoopOptions;
  private wake: (() => void) | undefined;
  private isNudged = false;

  constructor(options: PollLoopOptions) {
    this.options = options;
  }

  /** Resolves when the signal is aborted and nothing is under way any more. Does not keep the process alive. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.isNudged = false;
      try {
        await this.options.work(signal);
      } catch (error) {
        if (!signal.aborted) this.options.failed(error);
      }
      await this.pause(signal);
    }
  }

  /** The next time is now, or as soon as the present one is over. */
  nudge(): void {
    this.isNudged = true;
    this.wake?.();
  }

  private pause(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.isNudged) return Promise.resolve();
    const delayMs = this.options.intervalMs();
    return new Promise((resolve) => {
      const done = (): void => {
        timer?.cancel();
        signal.removeEventListener('abort', done);
        this.wake = undefined;
        resolve();
      };
      const timer = delayMs === null ? undefined : this.options.clock.setTimer(done, delayMs, { unref: true });
      this.wake = done;
      signal.addEventListener('abort', done, { once: true });
    });
  }
}
