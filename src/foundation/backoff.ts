/** How long to wait between attempts. All times are in milliseconds. */
export interface BackoffOptions {
  /** The bound of the first wait. */
  readonly initialMs: number;
  /** The bound that later waits don't exceed. */
  readonly maxMs: number;
  /** What the bound grows by from one attempt to the next; 2 by default. */
  readonly factor?: number;
  /**
   * `full` (the default) draws uniformly from 0 to the bound, so that many who wait for the same thing don't come back together; `none`
   * waits for the bound itself; a number from 0 to 1 draws from that share below the bound to that share above it, still capped.
   */
  readonly jitter?: 'full' | 'none' | number;
  /** From 0 inclusive to 1 exclusive; `Math.random` by default. */
  readonly random?: (() => number) | undefined;
}

/** The exponentially growing, capped bound of the wait before attempt `attempt + 1`; attempts count from 0. */
export function backoffBound(attempt: number, options: BackoffOptions): number {
  const factor = options.factor ?? 2;
  // The exponent is bounded so that a wait of days with factor 2 does not end in Infinity * 0.
  return Math.min(options.maxMs, options.initialMs * factor ** Math.min(Math.max(attempt, 0), 1000));
}

/** The wait after failed attempt number `attempt`, counted from 0. */
export function backoffDelay(attempt: number, options: BackoffOptions): number {
  const bound = backoffBound(attempt, options);
  const jitter = options.jitter ?? 'full';
  if (jitter === 'none') return bound;
  const random = (options.random ?? Math.random)();
  if (jitter === 'full') return random * bound;
  return Math.min(options.maxMs, bound * (1 - jitter + 2 * jitter * random));
}

/** Counts failed attempts and says how long to wait after each. */
export class Backoff {
  private readonly options: BackoffOptions;
  private failed = 0;

  constructor(options: BackoffOptions) {
    this.options = options;
  }

  /** Failed attempts since the last reset. */
  get attempts(): number {
    return this.failed;
  }

  /** Counts one more failed attempt and returns the milliseconds to wait after it. */
  next(): number {
    return backoffDelay(this.failed++, this.options);
  }

  /** To be called after a success. */
  reset(): void {
    this.failed = 0;
  }
}
