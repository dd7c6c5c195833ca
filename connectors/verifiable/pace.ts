/** Lets through so many things per second, evenly. */
import type { Clock } from 'holdfast/sdk';

export class Pace {
  private readonly clock: Clock;
  private readonly everyMs: number;
  private nextAt: number;

  /** `perSecond` less than 1: no limit. */
  constructor(options: { readonly clock: Clock; readonly perSecond: number }) {
    this.clock = options.clock;
    this.everyMs = options.perSecond < 1 ? 0 : 1_000 / options.perSecond;
    this.nextAt = options.clock.monotonic();
  }

  /** Waits for the next turn. False when the signal ended the wait. */
  async turn(signal: AbortSignal): Promise<boolean> {
    if (this.everyMs === 0) return !signal.aborted;
    const waitMs = this.nextAt - this.clock.monotonic();
    if (waitMs > 0) await this.clock.sleep(waitMs, signal).catch(() => {});
    if (signal.aborted) return false;
    // What was slept through is not caught up with in one burst of more than a second.
    this.nextAt = Math.max(this.nextAt, this.clock.monotonic() - 1_000) + this.everyMs;
    return true;
  }
}
