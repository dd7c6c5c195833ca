import { describe, expect, it } from 'vitest';
import { LruCache } from '../../../src/foundation/lru-cache.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';

describe('LruCache', () => {
  it('drops the entry used longest ago', () => {
    const cache = new LruCache<string, number>({ maxEntries: 2 });
    cache.set('a', 1);
    cache.set('b', 2);
    cache.get('a');
    cache.set('c', 3);
    expect([cache.has('a'), cache.has('b'), cache.has('c'), cache.size]).toEqual([true, false, true, 2]);
  });

  it('forgets after its time to live, counted from set and not from get', () => {
    const clock = new ManualClock();
    const cache = new LruCache<string, number>({ maxEntries: 2, ttlMs: 100, clock });
    cache.set('a', 1);
    clock.advanceSync(99);
    expect(cache.get('a')).toBe(1);
    clock.advanceSync(1);
    expect(cache.has('a')).toBe(false);
    expect(cache.get('a')).toBeUndefined();
    expect(cache.size).toBe(0);
  });

  it('replaces a value without growing, deletes and clears', () => {
    const cache = new LruCache<string, number>({ maxEntries: 2 });
    cache.set('a', 1);
    cache.set('a', 2);
    expect([cache.get('a'), cache.size]).toEqual([2, 1]);
    expect(cache.delete('a')).toBe(true);
    cache.set('b', 1);
    cache.clear();
    expect(cache.size).toBe(0);
  });

  it('refuses a size of nothing', () => {
    expect(() => new LruCache({ maxEntries: 0 })).toThrow(RangeError);
  });

  it('tells of each entry that it holds no more, once', () => {
    const clock = new ManualClock();
    const removed: number[] = [];
    const onRemoved = (value: number) => removed.push(value);
    const cache = new LruCache<string, number>({ maxEntries: 2, ttlMs: 100, clock, onRemoved });
    cache.set('a', 1);
    cache.set('b', 2);
    cache.set('b', 3);
    expect(removed).toEqual([2]);
    cache.set('c', 4);
    expect(removed).toEqual([2, 1]);
    expect([cache.delete('b'), cache.delete('b'), removed]).toEqual([true, false, [2, 1, 3]]);
    clock.advanceSync(100);
    expect([cache.get('c'), cache.get('c'), removed]).toEqual([undefined, undefined, [2, 1, 3, 4]]);
    cache.set('d', 5);
    cache.set('e', 6);
    cache.clear();
    expect([cache.size, removed]).toEqual([0, [2, 1, 3, 4, 5, 6]]);
  });
});
