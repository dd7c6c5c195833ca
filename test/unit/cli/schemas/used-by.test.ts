import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../../src/cli/exit-codes.ts';
import { searchOf, type UsedByOptions } from '../../../../src/cli/schemas/used-by.ts';

const NOW = Date.parse('2026-11-29T12:00:00Z');
const search = (options: UsedByOptions) => searchOf({ usedBy: 'orders', ...options }, NOW);

describe('--used-by', () => {
  it('takes names and patterns with commas between', () => {
    expect(search({ usedBy: ' orders, pay*,,' }).topics).toEqual(['orders', 'pay*']);
    expect(() => search({ usedBy: ' , ' })).toThrow(UsageError);
  });

  it('reads --since as a time or as a time back from now', () => {
    expect(search({})).not.toHaveProperty('since');
    expect(search({ since: '2026-11-01T00:00:00Z' }).since).toBe(Date.parse('2026-11-01T00:00:00Z'));
    expect(search({ since: '7d' }).since).toBe(NOW - 7 * 86_400_000);
    for (const since of ['7', 'yesterday', '2026-13-01', '']) expect(() => search({ since })).toThrow(UsageError);
  });

  it('takes no number of records but a whole one above zero', () => {
    expect(search({ last: '100', sample: '7' })).toMatchObject({ last: 100, sample: 7 });
    for (const text of ['0', '-1', '1.5', '1e3', '']) {
      expect(() => search({ last: text })).toThrow(UsageError);
      expect(() => search({ sample: text })).toThrow(UsageError);
    }
  });

  it('looks up ids in the context of their topic, of all topics, or in the default one', () => {
    expect(search({}).contextOf?.('orders')).toBe('');
    const { contextOf } = search({ dataContext: ['orders=eu', 'pay=:.us:', '=:.all:', 'own='] });
    expect(['orders', 'pay', 'own', 'other'].map((topic) => contextOf?.(topic))).toEqual(['eu', 'us', '', 'all']);
    for (const text of ['eu', 'a=b=c', 'a b=c']) expect(() => search({ dataContext: [text] })).toThrow(UsageError);
  });
});
