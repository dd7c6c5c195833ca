import { describe, expect, it } from 'vitest';
import {
  floatNearest,
  parseJavaDouble,
  parseJavaFloat,
  parseJavaInteger,
} from '../../../src/foundation/java-numbers.ts';

describe('Double.parseDouble', () => {
  it.each([
    ['1.5', 1.5],
    ['1d', 1],
    ['-.5F', -0.5],
    ['\t5.\u0001', 5],
    ['+Infinity', Number.POSITIVE_INFINITY],
    ['NaN', Number.NaN],
    ['0x1p3', 8],
    ['-0X.8P1f', -1],
    ['0x1.8p0', 1.5],
    ['0x1p-1074', Number.MIN_VALUE],
    ['0x1.fffffffffffffp1023', Number.MAX_VALUE],
    ['0x1p1024', Number.POSITIVE_INFINITY],
    // Half of the last bit goes to the even one, and half of the smallest of all numbers to 0.
    ['0x1.00000000000008p0', 1],
    ['0x1.00000000000018p0', 1 + 2 ** -51],
    ['0x1p-1075', 0],
    ['0x1.8p-1075', Number.MIN_VALUE],
    ['-0x0p0', -0],
  ])('reads %j', (text, number) => {
    expect(parseJavaDouble(text)).toBe(number);
  });

  it.each(['', ' ', '\u00a05', '0x1', '1L', 'infinity', '1_000', '\u0661', '0xp1', 'NaNd'])('refuses %j', (text) => {
    expect(parseJavaDouble(text)).toBeUndefined();
  });
});

describe('Float.parseFloat rounds once', () => {
  const next = 1 + 2 ** -23;
  it.each([
    ['1.0000000596046448', next],
    ['1.000000059604644775390625', 1],
    ['1.00000005960464477539062499', 1],
    ['-1.0000000596046447753906250001', -next],
    ['0x1.000001p0', 1],
    ['0x1.00000100000001p0', next],
    ['3.4028235677973367e38', Number.POSITIVE_INFINITY],
    ['3.4028235677973366e38', 2 ** 128 - 2 ** 104],
    ['7.006492321624086e-46', 2 ** -149],
    ['7.006492321624085e-46', 0],
    ['1e39', Number.POSITIVE_INFINITY],
  ])('%s', (text, float) => {
    expect(parseJavaFloat(text)).toBe(float);
  });

  it('also of whole numbers', () => {
    const between = 2n ** 62n + 2n ** 38n;
    expect(floatNearest(between, 0, Number(between))).toBe(2 ** 62);
    expect(floatNearest(between + 1n, 0, Number(between + 1n))).toBe(2 ** 62 + 2 ** 39);
    expect(floatNearest(-between - 1n, 0, -Number(between + 1n))).toBe(-(2 ** 62) - 2 ** 39);
  });
});

// Of which a search that goes back for every digit would take hours.
it('texts of a million digits are read to their end once', () => {
  const digits = '1'.repeat(1_000_000);
  expect(parseJavaDouble(`${digits}x`)).toBeUndefined();
  expect(parseJavaFloat(`.${digits}x`)).toBeUndefined();
  expect(parseJavaFloat(digits)).toBe(Number.POSITIVE_INFINITY);
  expect(parseJavaInteger(digits, 64)).toBeUndefined();
  expect(parseJavaInteger(`-${'0'.repeat(1_000_000)}7`, 64)).toBe(-7n);
  expect(parseJavaInteger(`${'0'.repeat(1_000_000)}x`, 64)).toBeUndefined();
});

describe('Long.parseLong and its kin', () => {
  it.each([
    ['+7', 8, 7n],
    ['\u0661\u0662', 8, 12n],
    ['-\uff11', 16, -1n],
    ['9223372036854775807', 64, 2n ** 63n - 1n],
  ] as const)('read %j', (text, bits, number) => {
    expect(parseJavaInteger(text, bits)).toBe(number);
  });

  it.each(['128', '', '+', ' 1', '1.0', '\u{1d7ce}'])('refuse %j as a byte', (text) => {
    expect(parseJavaInteger(text, 8)).toBeUndefined();
  });
});
