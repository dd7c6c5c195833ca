/**
 * What the control plane adds to a task's counters: how long it has been in which state, and rates. As StateTracker of Kafka Connect
 * 4.1.1 does it, and Rate over the sample windows.
 */
import type { Clock } from '../../foundation/clock.ts';
import { SampledStat, type SampleWindows } from '../../foundation/sampled-stat.ts';

type MeteredState = 'UNASSIGNED' | 'RUNNING' | 'PAUSED' | 'FAILED';

/** Which rate is made of which total. */
const RATES: readonly (readonly [rate: string, total: string])[] = [
  ['source-record-poll-rate', 'source-record-poll-total'],
  ['source-record-write-rate', 'source-record-write-total'],
  ['sink-record-read-rate', 'sink-record-read-total'],
  ['sink-record-send-rate', 'sink-record-send-total'],
  ['offset-commit-completion-rate', 'offset-commit-completion-total'],
  ['offset-commit-skip-rate', 'offset-commit-skip-total'],
];

export class TaskMeter {
  private readonly clock: Clock;
  private readonly windows: SampleWindows;
  private readonly startedAt: number;
  private state: MeteredState = 'UNASSIGNED';
  private since: number;
  private readonly spentMs = { UNASSIGNED: 0, RUNNING: 0, PAUSED: 0, FAILED: 0 };
  private last: Readonly<Record<string, number>> = {};
  private readonly rates = new Map<string, SampledStat>();

  constructor(options: { readonly clock: Clock; readonly windows: SampleWindows }) {
    this.clock = options.clock;
    this.windows = options.windows;
    this.startedAt = options.clock.monotonic();
    this.since = this.startedAt;
  }

  enter(state: MeteredState): void {
    const now = this.clock.monotonic();
    this.spentMs[this.state] += now - this.since;
    this.state = state;
    this.since = now;
  }

  /** What the task has counted since it was started. */
  counted(counters: Readonly<Record<string, number>>): void {
    const now = this.clock.monotonic();
    for (const [rate, total] of RATES) {
      const value = counters[total];
      if (value === undefined) continue;
      let stat = this.rates.get(rate);
      if (stat === undefined) {
        stat = new SampledStat({ windows: this.windows });
        this.rates.set(rate, stat);
      }
      const more = value - (this.last[total] ?? 0);
      if (more > 0) stat.record(more, now);
    }
    this.last = counters;
  }

  /** Under the names of Kafka Connect's attributes; before a task has said anything, ratios alone. */
  figures(): Readonly<Record<string, number>> {
    const now = this.clock.monotonic();
    const figures: Record<string, number> = {
      ...this.last,
      'running-ratio': this.ratio('RUNNING', now),
      'pause-ratio': this.ratio('PAUSED', now),
    };
    for (const [rate, stat] of this.rates) figures[rate] = stat.rate(now);
    return figures;
  }

  private ratio(state: MeteredState, now: number): number {
    const lifeMs = now - this.startedAt;
    if (lifeMs <= 0) return this.state === state ? 1 : 0;
    const spentMs = this.spentMs[state] + (this.state === state ? now - this.since : 0);
    return spentMs / lifeMs;
  }
}
