import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecordRanges } from '../../../../src/sdk/record/record-ranges.ts';

const wordsOf = (ranges: RecordRanges): string[] =>
  ranges.list().map(({ topic, partition, first, last }) => `${topic}-${partition} ${first}-${last}`);

describe('RecordRanges', () => {
  it('makes one range of records that lie side by side, whatever the order in which they come', () => {
    const ranges = new RecordRanges();
    expect(ranges.isEmpty).toBe(true);
    for (const offset of [10, 11, 12, 20, 9, 14, 13]) ranges.add('b', 0, offset);
    ranges.add('a', 10, 1);
    ranges.add('a', 2, 5);
    ranges.addRange({ topic: 'b', partition: 0, first: 16, last: 21 });
    expect(wordsOf(ranges)).toEqual(['a-2 5-5', 'a-10 1-1', 'b-0 9-14', 'b-0 16-21']);
    expect(ranges.isEmpty).toBe(false);
  });

  it('holds every offset that was added, and within its bound no other', () => {
    const offsets = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(offsets, (added) => {
        const ranges = new RecordRanges();
        for (const offset of added) ranges.add('t', 0, offset);
        const list = ranges.list();
        const held = list.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, n) => first + n));
        expect(held).toEqual([...new Set(added)].sort((a, b) => a - b));
        for (let n = 1; n < list.length; n++) expect(list[n]?.first).toBeGreaterThan((list[n - 1]?.last ?? 0) + 1);
      }),
    );
  });

  it('is bounded: what lies closest becomes one, and nothing is left out', () => {
    const ranges = new RecordRanges();
    for (let n = 0; n < 10_000; n++) ranges.add('t', 0, n * n);
    const list = ranges.list();
    expect(list).toHaveLength(64);
    for (let n = 0; n < 10_000; n++) expect(list.some(({ first, last }) => first <= n * n && n * n <= last)).toBe(true);
    // The gaps grow, so that those at the end are the ones that stay.
    expect(list.at(-1)).toEqual({ topic: 't', partition: 0, first: 9_999 ** 2, last: 9_999 ** 2 });
    expect(list[0]?.isCoarse).toBe(true);
  });

  it('a record within a coarse range is no longer told from it, one beyond it is', () => {
    const ranges = new RecordRanges();
    ranges.addRange({ topic: 't', partition: 0, first: 1, last: 5, isCoarse: true });
    ranges.add('t', 0, 3);
    ranges.add('t', 0, 7);
    expect(ranges.list()).toEqual([
      { topic: 't', partition: 0, first: 1, last: 5, isCoarse: true },
      { topic: 't', partition: 0, first: 7, last: 7 },
    ]);
  });
});
