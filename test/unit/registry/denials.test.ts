import { expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { Denials } from '../../../src/registry/denials.ts';

const SECOND = 1000;

function setUp() {
  const clock = new ManualClock();
  return { clock, denials: new Denials(clock) };
}

it('believes what is denied twice, over 30 s', () => {
  const { clock, denials } = setUp();
  expect(denials.add('q')).toEqual({ deniedForMs: 0, rounds: 1, isLasting: false });
  clock.advanceSync(30 * SECOND - 1);
  expect(denials.add('q')).toEqual({ deniedForMs: 29_999, rounds: 2, isLasting: false });
  clock.advanceSync(1);
  expect(denials.add('q')).toEqual({ deniedForMs: 30_000, rounds: 3, isLasting: true });
});

it('counts each question by itself', () => {
  const { clock, denials } = setUp();
  denials.add('q');
  clock.advanceSync(40 * SECOND);
  expect(denials.add('other')).toMatchObject({ rounds: 1, isLasting: false });
  expect(denials.add('q')).toMatchObject({ rounds: 2, isLasting: true });
});

it('begins anew after a pause of five minutes, however long it went on before', () => {
  const { clock, denials } = setUp();
  denials.add('q');
  clock.advanceSync(299 * SECOND);
  expect(denials.add('q')).toMatchObject({ deniedForMs: 299_000, rounds: 2 });
  // The pause counts from the last round, not from the first one.
  clock.advanceSync(299 * SECOND);
  expect(denials.add('q')).toMatchObject({ deniedForMs: 598_000, rounds: 3 });
  clock.advanceSync(300 * SECOND);
  expect(denials.add('q')).toEqual({ deniedForMs: 0, rounds: 1, isLasting: false });
});

it('forgets one that is settled, or all of them', () => {
  const { clock, denials } = setUp();
  denials.add('q');
  denials.add('r');
  clock.advanceSync(40 * SECOND);
  denials.delete('q');
  expect(denials.add('q').rounds).toBe(1);
  expect(denials.add('r').rounds).toBe(2);
  denials.clear();
  expect([denials.add('q').rounds, denials.add('r').rounds]).toEqual([1, 1]);
});

it('remembers ten thousand, and forgets the one that was denied longest ago first', () => {
  const { denials } = setUp();
  for (let i = 0; i < 10_000; i++) denials.add(`q${i}`);
  expect(denials.add('q0').rounds).toBe(2);
  denials.add('one more');
  expect(denials.add('q0').rounds).toBe(3);
  expect(denials.add('q2').rounds).toBe(2);
  expect(denials.add('q1').rounds).toBe(1);
});
