import { expect, it } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { continueSteadyTime, steadyNow, steadyReference } from '../../../src/foundation/steady-time.ts';

it.each([60_000, -3_600_000])('goes on as before when the wall clock is set by %d ms', (ms) => {
  const clock = new ManualClock({ startMs: 5000 });
  clock.advanceSync(1000);
  expect(steadyNow(clock)).toBe(6000);
  clock.step(ms);
  clock.advanceSync(10);
  expect([steadyNow(clock), clock.now()]).toEqual([6010, 6010 + ms]);
});

it('begins with the wall-clock time of the first use, for each clock', () => {
  const clock = new ManualClock({ startMs: 5000 });
  clock.advanceSync(1000);
  clock.step(500);
  expect(steadyNow(clock)).toBe(6500);
  expect(steadyNow(new ManualClock({ startMs: 7000 }))).toBe(7000);
});

it('is in whole ms, near the wall clock of the machine', () => {
  const now = steadyNow(systemClock);
  expect(Number.isInteger(now)).toBe(true);
  expect(steadyNow(systemClock)).toBeGreaterThanOrEqual(now);
  expect(steadyNow({ now: () => 1000, monotonic: () => 0.75 })).toBe(1000);
});

it('goes on in another thread, whose monotonic time begins elsewhere and whose wall clock was set meanwhile', () => {
  const other = { now: () => 99_000_000, monotonic: () => performance.now() - 12_345 };
  continueSteadyTime(other, steadyReference(systemClock));
  // Between two readings of the one clock, whatever passes from one to the next.
  const before = steadyNow(systemClock);
  const between = steadyNow(other);
  expect(between).toBeGreaterThanOrEqual(before - 1);
  expect(between).toBeLessThanOrEqual(steadyNow(systemClock) + 1);
});
