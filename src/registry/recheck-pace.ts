/** When to ask again for what the registry lacks: soon for a few, seldom for many, and for all at once when one turned up. */
import { Backoff } from '../foundation/backoff.ts';
import type { Clock } from '../foundation/clock.ts';

export interface RecheckPaceOptions {
  readonly clock: Clock;
  /** How many wait for something that is lacking, this one included. */
  readonly waiting: () => number;
  readonly random?: (() => number) | undefined;
}

const INITIAL_MS = 250;
const MAX_MS = 5000;
const JITTER = 0.3;
/** All that is lacking is asked for no oftener than this in sum: garbage can look like a thousand ids. */
const SPACING_MS = 50;
/** Replicas catch up in steps: what turns up one by one does not have everything asked for each time. */
const WAKE_EVERY_MS = 5000;

/** Invariant 9: the load of asking again has a bound, whatever the number of ids that no node knows. */
export class RecheckPace {
  private readonly options: RecheckPaceOptions;
  private readonly sleepers = new Set<AbortController>();
  private wokenAt = Number.NEGATIVE_INFINITY;

  constructor(options: RecheckPaceOptions) {
    this.options = options;
  }

  /** The waits of one that is lacking, in ms. */
  delays(): () => number {
    const random = this.options.random ?? Math.random;
    const backoff = new Backoff({ initialMs: INITIAL_MS, maxMs: MAX_MS, jitter: JITTER, random });
    return () => {
      const spacedMs = this.options.waiting() * SPACING_MS * (1 - JITTER * random());
      return Math.max(backoff.next(), Math.round(spacedMs));
    };
  }

  /** Resolves after that time, or when something turned up. Rejects only with the signal's reason. */
  async sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    const sleeper = new AbortController();
    this.sleepers.add(sleeper);
    try {
      await this.options.clock.sleep(delayMs, AbortSignal.any([signal, sleeper.signal]));
    } catch {
      signal.throwIfAborted();
    } finally {
      this.sleepers.delete(sleeper);
    }
  }

  /** What was lacking is there: the registry has probably caught up with the others as well. */
  turnedUp(): void {
    const now = this.options.clock.monotonic();
    if (now - this.wokenAt < WAKE_EVERY_MS) return;
    this.wokenAt = now;
    this.wake();
  }

  /** Everybody asks now. */
  wake(): void {
    for (const sleeper of [...this.sleepers]) sleeper.abort();
  }
}
