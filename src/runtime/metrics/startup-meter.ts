/** How starts of connectors or tasks ended. Kafka Connect 4.1.1, connect-worker-metrics. */
import type { Clock } from '../../foundation/clock.ts';
import { SampledRatio, type SampleWindows } from '../../foundation/sampled-stat.ts';

export interface StartupFigures {
  readonly attempts: number;
  readonly successes: number;
  readonly failures: number;
  /** From 0 to 1, of the starts within the sample windows; 0 while there were none. */
  readonly successRatio: number;
  readonly failureRatio: number;
}

export class StartupMeter {
  private readonly clock: Clock;
  private readonly outcome: SampledRatio;
  private successes = 0;
  private failures = 0;

  constructor(options: { readonly clock: Clock; readonly windows: SampleWindows }) {
    this.clock = options.clock;
    this.outcome = new SampledRatio(options);
  }

  ended(isSuccess: boolean): void {
    if (isSuccess) this.successes++;
    else this.failures++;
    this.outcome.record(isSuccess, this.clock.monotonic());
  }

  figures(): StartupFigures {
    const now = this.clock.monotonic();
    const { successes, failures } = this;
    return {
      attempts: successes + failures,
      successes,
      failures,
      successRatio: this.outcome.ones(now),
      failureRatio: this.outcome.zeros(now),
    };
  }
}
