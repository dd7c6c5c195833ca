import { describe, expect, it } from 'vitest';
import { DEFAULT_WINDOWS, SampledRatio, SampledStat } from '../../../src/foundation/sampled-stat.ts';

const made = (): SampledStat => new SampledStat({ windows: DEFAULT_WINDOWS });

describe('SampledStat', () => {
  it('makes a rate over never less than one full window, as Kafka does', () => {
    const stat = made();
    stat.record(300, 0);
    // 300 values within a moment are no rate of millions.
    expect(stat.rate(0)).toBe(10);
    expect(stat.rate(15_000)).toBeCloseTo(300 / 45, 10);
    stat.record(300, 31_000);
    expect(stat.rate(31_000)).toBeCloseTo(600 / 31, 10);
  });

  it('forgets a window once nothing came in it for as long as all windows together', () => {
    const stat = made();
    stat.record(10, 0);
    stat.record(30, 40_000);
    expect([stat.average(59_000), stat.max(59_000)]).toEqual([20, 30]);
    expect([stat.average(60_000), stat.max(60_000)]).toEqual([30, 30]);
    expect(stat.average(99_999)).toBe(30);
    expect(stat.average(100_000)).toBeNaN();
    expect(stat.max(100_000)).toBeNaN();
    expect(stat.rate(100_000)).toBe(0);
  });

  it('begins a window with the first value after the one before is over, and reuses the oldest', () => {
    const stat = made();
    for (const [value, now] of [
      [1, 0],
      [100, 30_000],
      [2, 60_000],
    ] as const) {
      stat.record(value, now);
    }
    expect(stat.max(60_000)).toBe(100);
    stat.record(3, 90_000);
    expect(stat.max(90_000)).toBe(3);
    expect(stat.average(90_000)).toBe(2.5);
  });

  it('knows negative values', () => {
    const stat = made();
    stat.record(-5, 0);
    stat.record(-3, 0);
    expect(stat.max(0)).toBe(-3);
  });
});

describe('SampledRatio', () => {
  it('is 0 both ways before anything came out', () => {
    const ratio = new SampledRatio({ windows: DEFAULT_WINDOWS });
    expect([ratio.ones(0), ratio.zeros(0)]).toEqual([0, 0]);
    ratio.record(true, 0);
    ratio.record(true, 0);
    ratio.record(false, 0);
    ratio.record(true, 0);
    expect([ratio.ones(0), ratio.zeros(0)]).toEqual([0.75, 0.25]);
    expect([ratio.ones(70_000), ratio.zeros(70_000)]).toEqual([0, 0]);
  });
});
