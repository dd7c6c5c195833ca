import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { DEFAULT_WINDOWS } from '../../../../src/foundation/sampled-stat.ts';
import { PluginFigures } from '../../../../src/runtime/metrics/plugin-figures.ts';
import { StartupMeter } from '../../../../src/runtime/metrics/startup-meter.ts';
import { TaskMeter } from '../../../../src/runtime/metrics/task-meter.ts';

describe('TaskMeter', () => {
  it('tells the share of its life that a task spent in a state', async () => {
    const clock = new ManualClock();
    const meter = new TaskMeter({ clock, windows: DEFAULT_WINDOWS });
    await clock.advance(1_000);
    meter.enter('RUNNING');
    await clock.advance(5_000);
    meter.enter('PAUSED');
    await clock.advance(4_000);
    expect(meter.figures()).toMatchObject({ 'running-ratio': 0.5, 'pause-ratio': 0.4 });
    meter.enter('FAILED');
    await clock.advance(10_000);
    expect(meter.figures()).toMatchObject({ 'running-ratio': 0.25, 'pause-ratio': 0.2 });
  });

  it('makes rates of totals, and shows them fall when nothing comes', async () => {
    const clock = new ManualClock();
    const meter = new TaskMeter({ clock, windows: DEFAULT_WINDOWS });
    meter.counted({ 'source-record-poll-total': 0 });
    meter.counted({ 'source-record-poll-total': 1_500 });
    await clock.advance(30_000);
    meter.counted({ 'source-record-poll-total': 3_000 });
    expect(meter.figures()).toMatchObject({ 'source-record-poll-total': 3_000, 'source-record-poll-rate': 100 });
    expect(meter.figures()).not.toHaveProperty('sink-record-read-rate');
    await clock.advance(15_000);
    expect(meter.figures()['source-record-poll-rate']).toBeCloseTo(3_000 / 45, 6);
    await clock.advance(60_000);
    expect(meter.figures()).toMatchObject({ 'source-record-poll-total': 3_000, 'source-record-poll-rate': 0 });
  });
});

describe('StartupMeter', () => {
  it('counts for ever, and tells the shares of the last windows', async () => {
    const clock = new ManualClock();
    const meter = new StartupMeter({ clock, windows: DEFAULT_WINDOWS });
    expect(meter.figures()).toEqual({ attempts: 0, successes: 0, failures: 0, successRatio: 0, failureRatio: 0 });
    meter.ended(true);
    meter.ended(false);
    expect(meter.figures()).toEqual({ attempts: 2, successes: 1, failures: 1, successRatio: 0.5, failureRatio: 0.5 });
    await clock.advance(70_000);
    expect(meter.figures()).toMatchObject({ attempts: 2, successRatio: 0, failureRatio: 0 });
  });
});

describe('PluginFigures', () => {
  it('keeps counters and gauges apart by name and tags', () => {
    const figures = new PluginFigures();
    const metrics = figures.of({ transform: 'route' });
    const counter = metrics.counter('seen-total', { description: 'Seen.', tags: { kind: 'a' } });
    counter.increment();
    counter.increment(4);
    counter.increment(-3);
    metrics.gauge('depth', () => 7);
    metrics.gauge('broken', () => {
      throw new Error('no');
    });
    expect(figures.snapshot()).toEqual([
      { name: 'seen-total', description: 'Seen.', isCounter: true, tags: { transform: 'route', kind: 'a' }, value: 5 },
      { name: 'depth', description: '', isCounter: false, tags: { transform: 'route' }, value: 7 },
      { name: 'broken', description: '', isCounter: false, tags: { transform: 'route' }, value: Number.NaN },
    ]);
    expect(() => metrics.counter('seen-total', { tags: { kind: 'a' } })).toThrow('exists already');
    counter.remove();
    metrics.counter('seen-total', { tags: { kind: 'a' } });
    counter.remove();
    expect(figures.snapshot()).toHaveLength(3);
  });

  it('has a bound', () => {
    const metrics = new PluginFigures().of();
    for (let n = 0; n < 1_000; n++) metrics.gauge(`g${n}`, () => n);
    expect(() => metrics.gauge('one-more', () => 1)).toThrow('1000 metrics already');
  });
});
