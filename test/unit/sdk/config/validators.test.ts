import { describe, expect, it } from 'vitest';
import { invalidValue, ConfigValidators as V } from '../../../../src/sdk/config/index.ts';

describe('validators', () => {
  it.each<[string, () => void, string]>([
    [
      'range min',
      () => V.range({ min: 1 }).ensureValid('k', -1),
      'Invalid value -1 for configuration k: Value must be at least 1',
    ],
    [
      'range max',
      () => V.range({ max: 1000 }).ensureValid('k', 5000),
      'Invalid value 5000 for configuration k: Value must be no more than 1000',
    ],
    ['range NaN', () => V.range({ min: 1 }).ensureValid('k', Number.NaN), 'Value must be at least 1'],
    [
      'in',
      () => V.in('none', 'all').ensureValid('k', 'some'),
      'Invalid value some for configuration k: String must be one of: none, all',
    ],
    [
      'inIgnoreCase',
      () => V.inIgnoreCase('interval', 'poll').ensureValid('k', 'bad'),
      'Invalid value bad for configuration k: String must be one of (case insensitive): INTERVAL, POLL',
    ],
    [
      'nonEmpty',
      () => V.nonEmpty().ensureValid('k', ''),
      'Invalid value  for configuration k: String must be non-empty',
    ],
    [
      'name',
      () => V.nonEmptyWithoutControlChars().ensureValid('name', ''),
      'Invalid value  for configuration name: String may not be empty',
    ],
    [
      'control',
      () => V.nonEmptyWithoutControlChars().ensureValid('name', 'a\u0001'),
      'String may not contain control sequences but had the following ASCII chars: 1',
    ],
    [
      'listUnique',
      () => V.listUnique('Duplicate alias provided.').ensureValid('transforms', ['t', 't']),
      'Invalid value [t, t] for configuration transforms: Duplicate alias provided.',
    ],
    [
      'listIn',
      () => V.listIn('a').ensureValid('k', ['a', 'b']),
      'Invalid value b for configuration k: String must be one of: a',
    ],
    ['listSize', () => V.listSize(1).ensureValid('k', ['a', 'b']), 'exceeds maximum list size of [1].'],
    [
      'nonNull',
      () => V.nonNull().ensureValid('k', null),
      'Invalid value null for configuration k: entry must be non null',
    ],
    ['listNonEmpty', () => V.listNonEmpty().ensureValid('k', []), 'Value must have at least one element'],
    ['composite', () => V.composite(V.nonEmpty(), V.in('a')).ensureValid('k', 'b'), 'String must be one of: a'],
    [
      'lambda',
      () =>
        V.lambda((key, value) => {
          throw invalidValue(key, value, 'no');
        }, 'never').ensureValid('k', 1),
      'Invalid value 1 for configuration k: no',
    ],
  ])('%s', (_name, run, message) => expect(run).toThrow(message));

  it('let pass what is allowed', () => {
    V.range({ min: 1, max: 2 }).ensureValid('k', 2);
    V.inIgnoreCase('poll').ensureValid('k', 'POLL');
    V.nonEmptyWithoutControlChars().ensureValid('k', null);
    V.nonEmpty().ensureValid('k', null);
    V.nullOr(V.range({ min: 1 })).ensureValid('k', null);
    expect([String(V.range({ min: 1 })), String(V.in('none', 'all'))]).toEqual(['[1,...]', '[none, all]']);
  });
});
