/**
 * A figure over the last while: the last `samples` windows, the one under way included. Kafka 4.1.1, SampledStat with Rate, Avg, Max and
 * Frequencies: a window begins with the first value after the one before it is over, and counts no more once all of its values are older
 * than all windows together.
 *
 * Times are of a monotonic clock, in ms. Recording is a few additions: cheap enough for every batch.
 */

export interface SampleWindows {
  /** `metrics.sample.window.ms` */
  readonly windowMs: number;
  /** `metrics.num.samples` */
  readonly samples: number;
}

/** Kafka's defaults. */
export const DEFAULT_WINDOWS: SampleWindows = { windowMs: 30_000, samples: 2 };

interface Sample {
  startedAt: number;
  lastAt: number;
  sum: number;
  events: number;
  max: number;
  min: number;
}

export class SampledStat {
  private readonly windows: SampleWindows;
  private readonly samples: Sample[] = [];
  private current = 0;

  constructor(options: { readonly windows: SampleWindows }) {
    this.windows = options.windows;
  }

  record(value: number, now: number): void {
    let sample = this.samples[this.current];
    if (sample === undefined) sample = this.begun(now);
    else if (now - sample.startedAt >= this.windows.windowMs) sample = this.advance(now);
    sample.sum += value;
    sample.events++;
    sample.lastAt = now;
    if (!(value <= sample.max)) sample.max = value;
    if (!(value >= sample.min)) sample.min = value;
  }

  /** Per second, of the sum of the values. The time it is over is never less than all windows but the one under way. */
  rate(now: number): number {
    this.purge(now);
    const { windowMs, samples } = this.windows;
    let sum = 0;
    let oldest = now;
    for (const sample of this.samples) {
      sum += sample.sum;
      if (sample.startedAt < oldest) oldest = sample.startedAt;
    }
    let elapsedMs = now - oldest;
    const fullWindows = Math.floor(elapsedMs / windowMs);
    if (fullWindows < samples - 1) elapsedMs += (samples - 1 - fullWindows) * windowMs;
    return elapsedMs === 0 ? 0 : (sum * 1000) / elapsedMs;
  }

  /** NaN without a value. */
  average(now: number): number {
    this.purge(now);
    let sum = 0;
    let events = 0;
    for (const sample of this.samples) {
      sum += sample.sum;
      events += sample.events;
    }
    return events === 0 ? Number.NaN : sum / events;
  }

  /** NaN without a value. */
  max(now: number): number {
    this.purge(now);
    let max = Number.NaN;
    for (const sample of this.samples) {
      if (sample.events > 0 && !(sample.max <= max)) max = sample.max;
    }
    return max;
  }

  /** NaN without a value. */
  min(now: number): number {
    this.purge(now);
    let min = Number.NaN;
    for (const sample of this.samples) {
      if (sample.events > 0 && !(sample.min >= min)) min = sample.min;
    }
    return min;
  }

  private advance(now: number): Sample {
    this.current = (this.current + 1) % this.windows.samples;
    const next = this.samples[this.current];
    return next === undefined ? this.begun(now) : reset(next, now);
  }

  private begun(now: number): Sample {
    const sample = emptySample(now);
    this.samples.push(sample);
    return sample;
  }

  private purge(now: number): void {
    const expiresMs = this.windows.samples * this.windows.windowMs;
    for (const sample of this.samples) if (now - sample.lastAt >= expiresMs) reset(sample, now);
  }
}

/** How often, as a ratio from 0 to 1, something came out one way of two; 0 while nothing came out. */
export class SampledRatio {
  private readonly stat: SampledStat;

  constructor(options: { readonly windows: SampleWindows }) {
    this.stat = new SampledStat(options);
  }

  record(isOne: boolean, now: number): void {
    this.stat.record(isOne ? 1 : 0, now);
  }

  ones(now: number): number {
    const average = this.stat.average(now);
    return Number.isNaN(average) ? 0 : average;
  }

  zeros(now: number): number {
    const average = this.stat.average(now);
    return Number.isNaN(average) ? 0 : 1 - average;
  }
}

function emptySample(now: number): Sample {
  return { startedAt: now, lastAt: now, sum: 0, events: 0, max: Number.NaN, min: Number.NaN };
}

function reset(sample: Sample, now: number): Sample {
  return Object.assign(sample, emptySample(now));
}
