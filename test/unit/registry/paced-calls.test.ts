import { expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { PacedCalls } from '../../../src/registry/paced-calls.ts';

function paced() {
  const clock = new ManualClock();
  const calls: number[] = [];
  const began = clock.monotonic();
  const it = new PacedCalls({ clock, everyMs: 1000, call: () => calls.push(clock.monotonic() - began) });
  return { clock, calls, it };
}

it('calls at once the first time, and again at once when long enough has passed', async () => {
  const { clock, calls, it: paces } = paced();
  paces.ask();
  await clock.advance(1000);
  paces.ask();
  expect(calls).toEqual([0, 1000]);
});

it('makes one late call of everything that is asked for too early', async () => {
  const { clock, calls, it: paces } = paced();
  for (let i = 0; i < 10; i++) {
    paces.ask();
    await clock.advance(50);
  }
  expect(calls).toEqual([0]);
  await clock.advance(5000);
  expect(calls).toEqual([0, 1000]);
  paces.ask();
  expect(calls).toHaveLength(3);
});

it('calls no more when it was stopped', async () => {
  const { clock, calls, it: paces } = paced();
  paces.ask();
  paces.ask();
  paces.stop();
  await clock.advance(5000);
  expect(calls).toEqual([0]);
});
