import { describe, expect, it } from 'vitest';
import { isAbsurdId, judgeUnknownId, type UnknownIdFacts } from '../../../src/registry/unknown-ids.ts';

const node = (highestId: number | null, ready = true) => ({ node: `http://n${highestId}`, ready, highestId });
const facts = (change: Partial<UnknownIdFacts>): UnknownIdFacts => ({
  id: 42,
  deniedForMs: 31_000,
  rounds: 5,
  settling: false,
  nodes: [node(50)],
  maxGap: 1_000_000,
  ...change,
});
const kindOf = (change: Partial<UnknownIdFacts>): string => judgeUnknownId(facts(change)).kind;

describe('judgeUnknownId', () => {
  it('denies what a ready, caught-up node denies for 30 s and two rounds', () => {
    expect(kindOf({})).toBe('denied');
    expect(kindOf({ deniedForMs: 29_999 })).toBe('lag');
    expect(kindOf({ rounds: 1 })).toBe('lag');
    expect(kindOf({ settling: true })).toBe('lag');
    expect(kindOf({ nodes: [node(50, false)] })).toBe('lag');
    expect(kindOf({ nodes: [node(41), node(42)] })).toBe('denied');
  });

  it('says for how long a node has denied it', () => {
    expect(judgeUnknownId(facts({}))).toMatchObject({ why: expect.stringContaining('for 31 s') });
  });

  it('takes the highest id of a node that is not ready, and id 0, for what may be there', () => {
    expect(kindOf({ id: 50, nodes: [node(50, false)] })).toBe('lag');
    expect(kindOf({ id: 0, settling: true })).toBe('lag');
    expect(isAbsurdId(0, [node(10)], 10)).toBe(false);
  });

  it('waits for an id a little ahead of every node, and says so', () => {
    expect(judgeUnknownId(facts({ nodes: [node(40), node(41)] }))).toEqual({ kind: 'from-future', highestId: 41 });
    expect(kindOf({ nodes: [node(41)], id: 1_000_041 })).toBe('from-future');
    expect(kindOf({ nodes: [node(41)], deniedForMs: 0, rounds: 1 })).toBe('lag');
  });

  it('denies an absurd id at once, but not around a change of primary', () => {
    const absurd = { id: 1_000_042, nodes: [node(41)], deniedForMs: 0, rounds: 1 };
    expect(kindOf(absurd)).toBe('denied');
    expect(kindOf({ ...absurd, settling: true })).toBe('lag');
  });

  it('believes an empty registry only after the time that lag gets', () => {
    const empty = { id: 1_700_000_000, nodes: [node(0)], deniedForMs: 0, rounds: 1 };
    expect(kindOf(empty)).toBe('lag');
    expect(kindOf({ ...empty, deniedForMs: 30_000, rounds: 2 })).toBe('denied');
  });

  it('decides nothing while no node says how far it is', () => {
    expect(kindOf({ nodes: [] })).toBe('lag');
    expect(kindOf({ nodes: [node(null, false)] })).toBe('lag');
  });
});

describe('isAbsurdId', () => {
  it('needs a node to compare with', () => {
    expect(isAbsurdId(2_000_000_000, [], 10)).toBe(false);
    expect(isAbsurdId(2_000_000_000, [node(0)], 10)).toBe(false);
    expect(isAbsurdId(21, [node(10), node(11)], 10)).toBe(false);
    expect(isAbsurdId(22, [node(10), node(11)], 10)).toBe(true);
  });
});
