import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Backoff, backoffDelay } from '../../../src/foundation/backoff.ts';

describe('backoff', () => {
  it('doubles up to its cap', () => {
    const backoff = new Backoff({ initialMs: 100, maxMs: 1000, jitter: 'none' });
    expect([1, 2, 3, 4, 5].map(() => backoff.next())).toEqual([100, 200, 400, 800, 1000]);
    expect(backoff.attempts).toBe(5);
    backoff.reset();
    expect(backoff.next()).toBe(100);
  });

  it('draws from the whole range with full jitter', () => {
    const options = { initialMs: 100, maxMs: 1000 };
    expect(backoffDelay(2, { ...options, random: () => 0 })).toBe(0);
    expect(backoffDelay(2, { ...options, random: () => 0.5 })).toBe(200);
  });

  it('stays between 0 and the cap, whatever the attempt', () => {
    const jitter = fc.oneof(
      fc.constantFrom('full' as const, 'none' as const),
      fc.double({ min: 0, max: 1, noNaN: true }),
    );
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.nat({ max: 1_000_000 }), jitter, random, (attempt, how, drawn) => {
        const delay = backoffDelay(attempt, { initialMs: 5, maxMs: 60_000, jitter: how, random: () => drawn });
        return delay >= 0 && delay <= 60_000;
      }),
    );
  });
});
