import { describe, expect, it } from 'vitest';
import { type StuckCall, StuckCalls } from '../../../../src/runtime/worker/stuck-calls.ts';

const call = (since: number, method: string | null = 'validate'): StuckCall => ({
  connector: 'c',
  task: null,
  method,
  since,
  loopBlocked: false,
});

describe('calls that do not return', () => {
  it('are one for each method, the oldest, with how many they are', () => {
    const calls = new StuckCalls();
    const watches = [3_000, 1_000, 2_000].map((since) => ({ since }));
    for (const watch of watches) calls.set(watch, call(watch.since));
    calls.set({}, call(4_000, 'alterOffsets'));
    expect(calls.list()).toEqual([
      { ...call(1_000), count: 3 },
      { ...call(4_000, 'alterOffsets'), count: 1 },
    ]);
    calls.set(watches[1] as object, null);
    expect(calls.list()[0]).toEqual({ ...call(2_000), count: 2 });
    // The same call, seen otherwise.
    calls.set(watches[0] as object, { ...call(500, null), loopBlocked: true });
    calls.set(watches[2] as object, null);
    expect(calls.list()).toEqual([
      { ...call(4_000, 'alterOffsets'), count: 1 },
      { ...call(500, null), loopBlocked: true, count: 1 },
    ]);
    expect(calls.totals().map(({ method, count }) => [method, count])).toEqual([
      ['validate', 3],
      ['alterOffsets', 1],
    ]);
  });

  it('are counted right when they are more than are kept one by one', () => {
    const calls = new StuckCalls();
    const watches = Array.from({ length: 250 }, (_, n) => ({ since: 1_000 + n }));
    for (const watch of watches) calls.set(watch, call(watch.since));
    expect(calls.list()).toEqual([{ ...call(1_000), count: 250 }]);
    for (const watch of watches.slice(0, 100)) calls.set(watch, null);
    expect(calls.list()).toEqual([{ ...call(1_100), count: 150 }]);
    for (const watch of watches.slice(100)) calls.set(watch, null);
    expect(calls.list()).toEqual([]);
    expect(calls.totals()).toMatchObject([{ count: 250 }]);
  });
});
