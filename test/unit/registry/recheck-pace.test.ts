import { expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { RecheckPace } from '../../../src/registry/recheck-pace.ts';

const never = new AbortController().signal;

function pace(waiting: number, draw = 0.5) {
  const clock = new ManualClock();
  return { clock, pace: new RecheckPace({ clock, waiting: () => waiting, random: () => draw }) };
}

const times = (count: number, next: () => number): number[] => Array.from({ length: count }, next);

/** When each of them woke, in ms. */
function sleepers(clock: ManualClock, of: RecheckPace, count: number, delayMs: number, signal = never): number[] {
  const woke: number[] = [];
  for (let i = 0; i < count; i++)
    of.sleep(delayMs, signal).then(
      () => woke.push(clock.monotonic()),
      () => {},
    );
  return woke;
}

it('asks for one thing at intervals that grow from 250 ms to 5 s', () => {
  expect(times(7, pace(1).pace.delays())).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000]);
});

it('spreads the intervals by a third, so that many do not ask together', () => {
  expect(times(2, pace(1, 0).pace.delays())).toEqual([175, 350]);
  expect(times(2, pace(1, 0.999).pace.delays()).map(Math.round)).toEqual([325, 650]);
});

it('asks for a thousand things no oftener than every 50 ms in sum', () => {
  expect(times(2, pace(1000, 0).pace.delays())).toEqual([50_000, 50_000]);
  expect(times(2, pace(1000, 0.5).pace.delays())).toEqual([42_500, 42_500]);
  expect(times(3, pace(8, 0).pace.delays())).toEqual([400, 400, 700]);
});

it('grows the intervals of each thing by themselves', () => {
  const { pace: one } = pace(1);
  const first = one.delays();
  times(5, first);
  expect(one.delays()()).toBe(250);
  expect(first()).toBe(5000);
});

it('wakes whoever sleeps in time', async () => {
  const { clock, pace: one } = pace(1);
  const woke = sleepers(clock, one, 2, 700);
  await clock.advance(699);
  expect(woke).toEqual([]);
  await clock.advance(1);
  expect(woke).toEqual([700, 700]);
});

it('wakes everybody when something turned up, and no oftener than every 5 s for that', async () => {
  const { clock, pace: one } = pace(1);
  const first = sleepers(clock, one, 3, 60_000);
  await clock.advance(10);
  one.turnedUp();
  await clock.advance(0);
  expect(first).toEqual([10, 10, 10]);
  expect(clock.pendingTimers).toBe(0);
  const second = sleepers(clock, one, 1, 60_000);
  await clock.advance(4999);
  one.turnedUp();
  await clock.advance(0);
  expect(second).toEqual([]);
  await clock.advance(1);
  one.turnedUp();
  await clock.advance(0);
  expect(second).toEqual([5010]);
});

it('wakes everybody at once, however often, when it is told to', async () => {
  const { clock, pace: one } = pace(1);
  for (const at of [0, 10]) {
    const woke = sleepers(clock, one, 2, 60_000);
    one.wake();
    await clock.advance(0);
    expect(woke).toEqual([at, at]);
    await clock.advance(10);
  }
});

it('ends a sleep with the reason of its signal', async () => {
  const { clock, pace: one } = pace(1);
  const life = new AbortController();
  const sleep = one.sleep(1000, life.signal);
  life.abort(new Error('over'));
  await expect(sleep).rejects.toThrow('over');
  expect(clock.pendingTimers).toBe(0);
});
