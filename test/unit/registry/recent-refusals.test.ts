import { expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { RecentRefusals } from '../../../src/registry/recent-refusals.ts';
import { SchemaRejectedError } from '../../../src/registry/registry-errors.ts';

const denied = new SchemaRejectedError('no');
const deniedAgain = new SchemaRejectedError('no, again');

function refusals() {
  const clock = new ManualClock();
  return { clock, refusals: new RecentRefusals({ clock }) };
}

it('knows what was denied for less than a second', () => {
  const { clock, refusals: recent } = refusals();
  recent.add('a', denied);
  expect([recent.get('a'), recent.get('b')]).toEqual([denied, undefined]);
  clock.advanceSync(999);
  expect(recent.get('a')).toBe(denied);
  clock.advanceSync(1);
  expect(recent.get('a')).toBeUndefined();
});

it('counts the second from the last time', () => {
  const { clock, refusals: recent } = refusals();
  recent.add('a', denied);
  clock.advanceSync(600);
  recent.add('a', deniedAgain);
  clock.advanceSync(600);
  expect(recent.get('a')).toBe(deniedAgain);
});

it('forgets one, or all', () => {
  const { refusals: recent } = refusals();
  for (const key of ['a', 'b', 'c']) recent.add(key, denied);
  recent.forget('a');
  expect(['a', 'b', 'c'].map((key) => recent.get(key))).toEqual([undefined, denied, denied]);
  recent.clear();
  expect(['b', 'c'].map((key) => recent.get(key))).toEqual([undefined, undefined]);
});

it('keeps the last ten thousand', () => {
  const { refusals: recent } = refusals();
  for (let i = 0; i < 10_000; i++) recent.add(`key ${i}`, denied);
  recent.add('key 0', deniedAgain);
  expect([recent.get('key 0'), recent.get('key 1')]).toEqual([deniedAgain, denied]);
  recent.add('one more', denied);
  expect(['key 0', 'key 1', 'key 2', 'one more'].map((key) => recent.get(key))).toEqual([
    deniedAgain,
    undefined,
    denied,
    denied,
  ]);
});
