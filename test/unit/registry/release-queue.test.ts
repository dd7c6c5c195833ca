import { expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { ReleaseQueue } from '../../../src/registry/release-queue.ts';

function queueOf(draws: readonly number[], concurrency = 2) {
  const clock = new ManualClock();
  const left = [...draws];
  const queue = new ReleaseQueue({ clock, concurrency, jitterMs: 100, random: () => left.shift() ?? 0.5 });
  const went: string[] = [];
  const add = (name: string): void => queue.add(() => went.push(`${name} ${clock.monotonic()}`));
  return { clock, went, add };
}

it('lets the first go at once and the others at random moments, so many at the same time', async () => {
  const { clock, went, add } = queueOf([0.3, 0.6, 0.1]);
  for (const name of ['a', 'b', 'c', 'd']) add(name);
  await clock.advance(0);
  expect(went).toEqual(['a 0']);
  await clock.advance(1000);
  // Two on their way at a time: c takes the place of a, d that of b.
  expect(went).toEqual(['a 0', 'b 30', 'd 40', 'c 60']);
});

it('lets the first go without a timer', async () => {
  const { clock, went, add } = queueOf([]);
  add('a');
  await new Promise(setImmediate);
  expect([went, clock.pendingTimers]).toEqual([['a 0'], 0]);
});

it('lets one after the other go when no two may be on their way', async () => {
  const { clock, went, add } = queueOf([0.3, 0.6], 1);
  for (const name of ['a', 'b', 'c']) add(name);
  await clock.advance(1000);
  expect(went).toEqual(['a 0', 'b 30', 'c 90']);
});

it('lets one go at once again when it was idle', async () => {
  const { clock, went, add } = queueOf([]);
  add('a');
  add('b');
  await clock.advance(500);
  add('c');
  await clock.advance(1000);
  expect(went).toEqual(['a 0', 'b 50', 'c 500']);
});

it('does not take a queue for idle while one is on its way', async () => {
  const { clock, went, add } = queueOf([0.4, 0.2]);
  add('a');
  add('b');
  await clock.advance(30);
  add('c');
  await clock.advance(1000);
  expect(went).toEqual(['a 0', 'b 40', 'c 50']);
});
