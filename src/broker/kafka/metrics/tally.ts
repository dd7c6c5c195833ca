/** Something that is counted: how much of it since the client was made, and how much per second lately. Kafka's Meter. */
import { SampledStat, type SampleWindows } from '../../../foundation/sampled-stat.ts';

export class Tally {
  total = 0;
  private readonly recent: SampledStat;

  constructor(windows: SampleWindows) {
    this.recent = new SampledStat({ windows });
  }

  /** `now` is monotonic ms. */
  add(amount: number, now: number): void {
    this.total += amount;
    this.recent.record(amount, now);
  }

  /** Adds `<name>-rate` and `<name>-total`. */
  tell(name: string, values: Record<string, number>, now: number): void {
    values[`${name}-rate`] = this.recent.rate(now);
    values[`${name}-total`] = this.total;
  }

  /** Per second. */
  rate(now: number): number {
    return this.recent.rate(now);
  }
}
