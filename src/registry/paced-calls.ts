/** Does something when it is asked for: the first time at once, and then not more often than so. */
import type { Clock, Timer } from '../foundation/clock.ts';

export interface PacedCallsOptions {
  readonly clock: Clock;
  readonly everyMs: number;
  readonly call: () => void;
}

export class PacedCalls {
  private readonly options: PacedCallsOptions;
  /** Clock.monotonic() */
  private calledAt = Number.NEGATIVE_INFINITY;
  private timer: Timer | undefined;

  constructor(options: PacedCallsOptions) {
    this.options = options;
  }

  /** Calls now, or as soon as it may; what is asked for until then is one call. */
  ask(): void {
    if (this.timer !== undefined) return;
    const { clock, everyMs } = this.options;
    const waitMs = this.calledAt + everyMs - clock.monotonic();
    if (waitMs <= 0) this.run();
    else this.timer = clock.setTimer(() => this.run(), waitMs, { unref: true });
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  private run(): void {
    this.timer = undefined;
    this.calledAt = this.options.clock.monotonic();
    this.options.call();
  }
}
