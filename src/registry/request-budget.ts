/** Invariant 9: a hard limit of requests per second to a registry that is away or just back, whatever the number of tasks and gates. */
import type { Clock } from '../foundation/clock.ts';

export interface RequestBudgetOptions {
  readonly clock: Clock;
  /** No second sees more requests than that. */
  readonly perSecond: number;
  /** The limit holds at the moment. */
  readonly applies: () => boolean;
}

/** The part of a second's requests that may come at once; the others come evenly. */
const BURST = 0.1;
/** Less is no wait. */
const LEAST_MS = 0.5;

export class RequestBudget {
  private readonly options: RequestBudgetOptions;
  private readonly intervalMs: number;
  private readonly burstMs: number;
  /** Clock.monotonic() at which the next request is due. */
  private nextAt = Number.NEGATIVE_INFINITY;

  constructor(options: RequestBudgetOptions) {
    this.options = options;
    const burst = Math.max(1, Math.floor(options.perSecond * BURST));
    this.intervalMs = 1000 / Math.max(1, options.perSecond - burst);
    this.burstMs = (burst - 1) * this.intervalMs;
  }

  /**
   * undefined: the request may go at once. Otherwise it may when this resolves; rejects with the signal's reason. One that is `urgent` always
   * may, and has the others wait for it.
   */
  admit(urgent: boolean, signal: AbortSignal): Promise<void> | undefined {
    const { clock, applies } = this.options;
    const now = clock.monotonic();
    // Who stands in line when the limit ends goes on in order.
    if (this.nextAt <= now && !applies()) return undefined;
    const dueAt = Math.max(this.nextAt, now - this.burstMs);
    this.nextAt = dueAt + this.intervalMs;
    const waitMs = dueAt - now;
    return urgent || waitMs < LEAST_MS ? undefined : clock.sleep(waitMs, signal);
  }
}
