import { expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { NodePresence } from '../../../src/registry/node-presence.ts';

const START = 1_000_000;

function presence() {
  const clock = new ManualClock({ startMs: START });
  return { clock, presence: new NodePresence({ nodes: ['a', 'b'], clock }) };
}

it('says that nobody is left when the last node goes, and not for one that goes twice', () => {
  const { presence: nodes } = presence();
  expect(nodes.left('a')).toBe(false);
  expect(nodes.left('a')).toBe(false);
  expect(nodes.left('b')).toBe(true);
});

it('tells with the first one that is back since when nobody was there, once', () => {
  const { clock, presence: nodes } = presence();
  nodes.left('a');
  clock.advanceSync(1000);
  nodes.left('b');
  clock.advanceSync(1000);
  nodes.left('b');
  clock.advanceSync(1000);
  expect(nodes.returned('a')).toBe(START + 1000);
  expect(nodes.returned('b')).toBeUndefined();
});

it('tells of no such time while somebody was there', () => {
  const { presence: nodes } = presence();
  nodes.left('a');
  expect(nodes.returned('a')).toBeUndefined();
  expect(nodes.left('b')).toBe(false);
});

it('counts each time by itself', () => {
  const { clock, presence: nodes } = presence();
  nodes.left('a');
  nodes.left('b');
  nodes.returned('a');
  clock.advanceSync(5000);
  expect(nodes.left('a')).toBe(true);
  expect(nodes.returned('b')).toBe(START + 5000);
});
