import type { Clock } from 'holdfast/sdk';

/** Tokens for a tenth of a second are kept: a slow consumer doesn't cause a burst afterwards. */
const BURST_SECONDS = 0.1;

/** Limits records per second. */
export class Pace {
  private readonly perSecond: number;
  private readonly clock: Clock;
  private tokens = 1;
  private at: number;

  /** `perSecond` 0: no limit. */
  constructor(options: { readonly perSecond: number; readonly clock: Clock }) {
    this.perSecond = options.perSecond;
    this.clock = options.clock;
    this.at = options.clock.monotonic();
  }

  /** How many records may go now. */
  allowed(max: number): number {
    if (this.perSecond === 0) return max;
    const now = this.clock.monotonic();
    this.tokens = Math.min(
      Math.max(1, this.perSecond * BURST_SECONDS),
      this.tokens + ((now - this.at) / 1000) * this.perSecond,
    );
    this.at = now;
    return Math.min(max, Math.floor(this.tokens + 1e-6));
  }

  took(count: number): void {
    if (this.perSecond > 0) this.tokens -= count;
  }

  /** Milliseconds until a worthwhile number of records may go. */
  get waitMs(): number {
    const wanted = Math.max(1, Math.min(this.perSecond * BURST_SECONDS, this.perSecond / 20));
    return Math.max(1, Math.ceil(((wanted - this.tokens) / this.perSecond) * 1000));
  }
}
