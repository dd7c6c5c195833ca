import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BigDecimal,
  ConnectDate,
  ConnectTime,
  ConnectTimestamp,
  Decimal,
  Schemas,
} from '../../../../src/sdk/data/index.ts';

const big = fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n });
const scale = fc.integer({ min: -20, max: 40 });

describe('BigDecimal', () => {
  it.each([
    ['1.20', 120n, 2, '1.20', '1.20'],
    ['-0.05', -5n, 2, '-0.05', '-0.05'],
    ['1e3', 1n, -3, '1000', '1E+3'],
    ['+5', 5n, 0, '5', '5'],
    ['.5', 5n, 1, '0.5', '0.5'],
    ['5.', 5n, 0, '5', '5'],
    ['0.0000001', 1n, 7, '0.0000001', '1E-7'],
    ['0e5', 0n, -5, '0', '0E+5'],
    ['-12.34E-2', -1234n, 4, '-0.1234', '-0.1234'],
  ])('reads and prints %s', (text, unscaled, itsScale, plain, printed) => {
    const decimal = BigDecimal.parse(text);
    expect([decimal.unscaledValue, decimal.scale]).toEqual([unscaled, itsScale]);
    expect([decimal.toPlainString(), decimal.toString()]).toEqual([plain, printed]);
  });

  it.each(['', '.', '-', 'e5', '1e', '1 2', '0x1', 'NaN', '1e99999999999'])('refuses %j', (text) => {
    expect(BigDecimal.tryParse(text)).toBeUndefined();
    expect(() => BigDecimal.parse(text)).toThrow('is not a decimal number');
  });

  it('reads back what it prints', () => {
    fc.assert(
      fc.property(big, scale, (unscaled, itsScale) => {
        const decimal = new BigDecimal(unscaled, itsScale);
        expect(BigDecimal.parse(decimal.toString()).equals(decimal)).toBe(true);
        expect(BigDecimal.parse(decimal.toPlainString()).compare(decimal)).toBe(0);
      }),
    );
  });

  it('compares by size, as the numbers at a common scale do', () => {
    fc.assert(
      fc.property(big, scale, big, scale, (a, aScale, b, bScale) => {
        const left = a * 10n ** BigInt(60 - aScale);
        const right = b * 10n ** BigInt(60 - bScale);
        const expected = left < right ? -1 : left > right ? 1 : 0;
        expect(new BigDecimal(a, aScale).compare(new BigDecimal(b, bScale))).toBe(expected);
      }),
    );
    expect(new BigDecimal(1n, -2_000_000_000).compare(new BigDecimal(1n, 2_000_000_000))).toBe(1);
  });

  it('tells equal from as large', () => {
    expect(BigDecimal.parse('2.0').equals(BigDecimal.parse('2.00'))).toBe(false);
    expect(BigDecimal.parse('2.0').compare(BigDecimal.parse('2.00'))).toBe(0);
  });

  it('rescales without losing digits, or refuses', () => {
    expect(BigDecimal.parse('1.5').setScale(3).toString()).toBe('1.500');
    expect(BigDecimal.parse('1.500').setScale(1).toString()).toBe('1.5');
    expect(() => BigDecimal.parse('1.55').setScale(1)).toThrow('without rounding');
  });
});

describe('Decimal', () => {
  it.each([
    ['-12.30', 'fb32'],
    ['0.00', '00'],
    ['1.27', '7f'],
    ['1.28', '0080'],
    ['-1.28', '80'],
    ['-1.29', 'ff7f'],
    ['83886.07', '7fffff'],
    ['83886.08', '00800000'],
    ['21474836.48', '0080000000'],
    ['-21474836.48', '80000000'],
    ['-21474836.49', 'ff7fffffff'],
  ])('encodes %s', (text, hex) => {
    const schema = Decimal.schema(2);
    const bytes = Decimal.fromLogical(schema, BigDecimal.parse(text));
    expect(Buffer.from(bytes).toString('hex')).toBe(hex);
    expect(Decimal.toLogical(schema, bytes).toString()).toBe(text);
  });

  it('gives back every number, in the fewest bytes', () => {
    const schema = Decimal.schema(5);
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }), (unscaled) => {
        const bytes = Decimal.fromLogical(schema, new BigDecimal(unscaled, 5));
        expect(Decimal.toLogical(schema, bytes).unscaledValue).toBe(unscaled);
        if (bytes.length > 1) {
          const isPadding = (bytes[0] === 0 && bytes[1]! < 128) || (bytes[0] === 255 && bytes[1]! >= 128);
          expect(isPadding).toBe(false);
        }
      }),
    );
  });

  it('needs a scale and a byte', () => {
    expect(() => Decimal.scaleOf(Schemas.BYTES)).toThrow('Invalid Decimal schema: scale parameter not found.');
    expect(() => Decimal.toLogical(Decimal.schema(1), new Uint8Array())).toThrow('at least one byte');
  });
});

describe('Date, Time and Timestamp', () => {
  it('go by days, milliseconds of the day and milliseconds', () => {
    expect(ConnectDate.fromLogical(ConnectDate.SCHEMA, new Date('1969-12-31T00:00:00Z'))).toBe(-1);
    expect(ConnectDate.toLogical(ConnectDate.SCHEMA, 18263).toISOString()).toBe('2020-01-02T00:00:00.000Z');
    expect(ConnectTime.fromLogical(ConnectTime.SCHEMA, new Date(45_296_789))).toBe(45_296_789);
    expect(ConnectTimestamp.fromLogical(ConnectTimestamp.SCHEMA, new Date(-5))).toBe(-5n);
    expect(ConnectTimestamp.toLogical(ConnectTimestamp.SCHEMA, 7n).getTime()).toBe(7);
  });

  it('refuse what is no whole day, time of day or moment, in Kafka Connect’s words', () => {
    expect(() => ConnectDate.fromLogical(ConnectDate.SCHEMA, new Date(1))).toThrow(
      'Kafka Connect Date type should not have any time fields set to non-zero values.',
    );
    expect(() => ConnectTime.fromLogical(ConnectTime.SCHEMA, new Date(-1))).toThrow(
      'Kafka Connect Time type should not have any date fields set to non-zero values.',
    );
    expect(() => ConnectTime.toLogical(ConnectTime.SCHEMA, 86_400_001)).toThrow(
      'Time values must use number of milliseconds greater than 0 and less than 86400000',
    );
    expect(() => ConnectTimestamp.toLogical(ConnectTimestamp.SCHEMA, 2n ** 62n)).toThrow('beyond what a Date can hold');
    expect(() => ConnectTimestamp.fromLogical(ConnectTimestamp.SCHEMA, new Date(Number.NaN))).toThrow('invalid');
    expect(() => ConnectDate.fromLogical(Schemas.INT32, new Date(0))).toThrow('the schema does not match');
  });
});

it('counts the digits of huge numbers, next to powers of ten too', () => {
  for (const digits of [308, 309, 310, 400, 1000, 12_345]) {
    const power = 10n ** BigInt(digits);
    const numbers = [power - 1n, power, power + 1n, -power, 7n * power, 2n * power - 1n];
    const expected = [digits, ...Array(5).fill(digits + 1)];
    expect(numbers.map((each) => new BigDecimal(each).precision)).toEqual(expected);
  }
});

it('is a number of JavaScript to its limits', () => {
  const huge = 10n ** 5000n;
  expect(new BigDecimal(huge, 4692).toNumber()).toBe(1e308);
  expect(new BigDecimal(-huge, 4600).toNumber()).toBe(Number.NEGATIVE_INFINITY);
  expect(new BigDecimal(5n * huge, 5324).toNumber()).toBe(5e-324);
  expect(new BigDecimal(-huge, 5400).toNumber()).toBe(-0);
});
