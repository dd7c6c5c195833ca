import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { DueQueue } from '../../../src/registry/due-queue.ts';

function dueQueue() {
  const clock = new ManualClock();
  const taken: string[] = [];
  const queue = new DueQueue({
    clock,
    onDue: () => {
      for (let key = queue.take(); key !== undefined; key = queue.take()) taken.push(`${key} ${clock.monotonic()}`);
    },
  });
  return { clock, queue, taken };
}

it('tells when something is due, and gives the earliest first, with one timer', () => {
  const { clock, queue, taken } = dueQueue();
  for (const [key, delayMs] of [
    ['c', 30],
    ['a', 10],
    ['b', 20],
    ['now', 0],
  ] as const)
    queue.set(key, delayMs);
  expect([queue.size, queue.isDue, clock.pendingTimers, clock.nextTimerInMs]).toEqual([4, true, 1, 0]);
  clock.advanceSync(25);
  expect(taken).toEqual(['now 0', 'a 10', 'b 20']);
  expect([queue.size, queue.has('b'), queue.has('c'), queue.isDue, queue.take()]).toEqual([
    1,
    false,
    true,
    false,
    undefined,
  ]);
  clock.advanceSync(100);
  expect([taken.at(-1), queue.size, clock.pendingTimers]).toEqual(['c 30', 0, 0]);
});

it('keeps one time per key: the last that was set, earlier or later', () => {
  const { clock, queue, taken } = dueQueue();
  queue.set('later', 10);
  queue.set('later', 40);
  queue.set('earlier', 50);
  queue.set('earlier', 20);
  queue.set('both', 30);
  queue.set('both', 5);
  queue.set('both', 25);
  expect(queue.size).toBe(3);
  clock.advanceSync(100);
  expect(taken).toEqual(['earlier 20', 'both 25', 'later 40']);
});

it('goes on though nobody takes what is due at once', () => {
  const clock = new ManualClock();
  let told = 0;
  const queue = new DueQueue({ clock, onDue: () => told++ });
  queue.set('a', 10);
  queue.set('b', 20);
  clock.advanceSync(10);
  expect([told, queue.isDue]).toEqual([1, true]);
  clock.advanceSync(5);
  expect([queue.take(), queue.isDue]).toEqual(['a', false]);
  clock.advanceSync(5);
  expect([told, queue.take()]).toEqual([2, 'b']);
});

it('forgets everything', () => {
  const { clock, queue, taken } = dueQueue();
  queue.set('a', 10);
  queue.clear();
  clock.advanceSync(20);
  expect([taken, queue.size, clock.pendingTimers]).toEqual([[], 0, 0]);
  queue.set('a', 10);
  clock.advanceSync(10);
  expect(taken).toEqual(['a 30']);
});

it('gives each key once, at the time that was set for it last, whatever was set', () => {
  const step = fc.record({ key: fc.integer({ min: 0, max: 12 }), delayMs: fc.nat(60), pass: fc.nat(8) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { clock, queue, taken } = dueQueue();
      const expected: { readonly key: string; readonly at: number }[] = [];
      const planned = new Map<string, number>();
      const pass = (ms: number): void => {
        const until = clock.monotonic() + ms;
        for (const [key, at] of planned) {
          if (at > until) continue;
          expected.push({ key, at });
          planned.delete(key);
        }
        clock.advanceSync(ms);
      };
      for (const { key, delayMs, pass: ms } of steps) {
        queue.set(String(key), delayMs);
        planned.set(String(key), clock.monotonic() + delayMs);
        pass(ms);
      }
      pass(1000);
      expect(taken.toSorted()).toEqual(expected.map(({ key, at }) => `${key} ${at}`).toSorted());
      const times = taken.map((line) => Number(line.split(' ')[1]));
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect([queue.size, clock.pendingTimers]).toEqual([0, 0]);
    }),
  );
});
