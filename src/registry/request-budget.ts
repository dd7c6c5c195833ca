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
/** The part of a second's requests that what is urgent may take past the line. */
const URGENT = 0.5;
/** Less is no wait. */
const LEAST_MS = 0.5;

export class RequestBudget {
  private readonly options: RequestBudgetOptions;
  private readonly intervalMs: number;
  private readonly burstMs: number;
  /** Clock.monotonic() at which the next request is due. */
  private nextAt = Number.NEGATIVE_INFINITY;
  private readonly maxUrgent: number;
  /** Clock.monotonic() of those that went past the line within the last second. */
  private readonly urgentAt: number[] = [];

  constructor(options: RequestBudgetOptions) {
    this.options = options;
    const burst = Math.max(1, Math.floor(options.perSecond * BURST));
    this.intervalMs = 1000 / Math.max(1, options.perSecond - burst);
    this.burstMs = (burst - 1) * this.intervalMs;
    this.maxUrgent = Math.max(1, Math.floor(options.perSecond * URGENT));
  }

  /**
   * undefined: the request may go at once. Otherwise it may when this resolves; rejects with the signal's reason. One that is `urgent`
   * goes at once and has the others wait for it, up to half of the limit: beyond that it stands in line too, so that the others get on.
   */
  admit(urgent: boolean, signal: AbortSignal): Promise<void> | undefined {
    const { clock, applies } = this.options;
    const now = clock.monotonic();
    // Who stands in line when the limit ends goes on in order.
    if (this.nextAt <= now && !applies()) return undefined;
    const dueAt = Math.max(this.nextAt, now - this.burstMs);
    this.nextAt = dueAt + this.intervalMs;
    const waitMs = dueAt - now;
    return waitMs < LEAST_MS || (urgent && this.passesLine(now)) ? undefined : clock.sleep(waitMs, signal);
  }

  private passesLine(now: number): boolean {
    while ((this.urgentAt[0] ?? now) <= now - 1000) this.urgentAt.shift();
    if (this.urgentAt.length >= this.maxUrgent) return false;
    this.urgentAt.push(now);
    return true;
  }
}
