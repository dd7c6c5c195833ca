import { brandClass, isBranded } from '../../foundation/brand.ts';
import { floatNearest, withAsciiDigits } from '../../foundation/java-numbers.ts';
import { DataError } from '../errors/index.ts';

const BRAND = Symbol.for('holdfast.data.BigDecimal');
const DECIMAL_TEXT = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;
const MAX_SCALE = 2 ** 31 - 1;

/** A decimal number of any precision: `unscaledValue` times ten to the power of minus `scale`. Immutable. The value of a Decimal. */
export class BigDecimal {
  readonly unscaledValue: bigint;
  /** Digits after the point; negative for trailing zeros before it. A 32-bit integer. */
  readonly scale: number;

  constructor(unscaledValue: bigint, scale = 0) {
    if (!Number.isInteger(scale) || Math.abs(scale) > MAX_SCALE) {
      throw new DataError(`The scale of a BigDecimal must be a 32-bit integer, but is ${scale}.`);
    }
    this.unscaledValue = unscaledValue;
    this.scale = scale;
  }

  /** The number that the text is, as Java's BigDecimal reads it: `1.20` has scale 2, `1e3` scale -3, digits are of any script. Throws DataError. */
  static parse(text: string): BigDecimal {
    const parsed = BigDecimal.tryParse(text);
    if (parsed === undefined) throw new DataError(`'${text}' is not a decimal number.`);
    return parsed;
  }

  /** As `parse`, but undefined for a text that is no decimal number. */
  static tryParse(text: string): BigDecimal | undefined {
    const match = DECIMAL_TEXT.exec(text) ?? DECIMAL_TEXT.exec(withAsciiDigits(text));
    if (match === null) return undefined;
    const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
    const digits = whole + fraction;
    if (digits === '') return undefined;
    const scale = fraction.length - Number(exponent);
    if (Math.abs(Number(exponent)) > MAX_SCALE || Math.abs(scale) > MAX_SCALE) return undefined;
    const unscaled = BigInt(digits);
    return new BigDecimal(sign === '-' ? -unscaled : unscaled, scale);
  }

  /** The number of decimal digits of the unscaled value; 1 for zero. */
  get precision(): number {
    return digitsOf(abs(this.unscaledValue));
  }

  /** -1, 0 or 1. */
  get signum(): -1 | 0 | 1 {
    if (this.unscaledValue === 0n) return 0;
    return this.unscaledValue < 0n ? -1 : 1;
  }

  /** The same number with another scale. Throws DataError if digits would be lost. */
  setScale(scale: number): BigDecimal {
    if (scale >= this.scale) return new BigDecimal(this.unscaledValue * 10n ** BigInt(scale - this.scale), scale);
    const divisor = 10n ** BigInt(this.scale - scale);
    if (this.unscaledValue % divisor !== 0n) {
      throw new DataError(`${this.toString()} can't be given the scale ${scale} without rounding.`);
    }
    return new BigDecimal(this.unscaledValue / divisor, scale);
  }

  /** -1, 0 or 1 as this is less than, as large as, or larger than the other, whatever their scales. */
  compare(other: BigDecimal): -1 | 0 | 1 {
    if (this.signum !== other.signum) return this.signum < other.signum ? -1 : 1;
    // Magnitudes first: scales may be far apart, and the common scale is then a number of millions of digits.
    const magnitude = this.precision - this.scale - (other.precision - other.scale);
    if (this.signum === 0) return 0;
    if (magnitude !== 0) return magnitude * this.signum < 0 ? -1 : 1;
    const scale = Math.max(this.scale, other.scale);
    const left = this.setScale(scale).unscaledValue;
    const right = other.setScale(scale).unscaledValue;
    if (left === right) return 0;
    return left < right ? -1 : 1;
  }

  /** True for the same unscaled value and scale: 2.0 does not equal 2.00, as in Java. `compare` says they are as large. */
  equals(other: unknown): boolean {
    return isBigDecimal(other) && this.unscaledValue === other.unscaledValue && this.scale === other.scale;
  }

  /** The whole part, truncated towards zero. */
  toBigInt(): bigint {
    if (this.scale <= 0) return this.unscaledValue * 10n ** BigInt(-this.scale);
    if (this.precision <= this.scale) return 0n;
    return this.unscaledValue / 10n ** BigInt(this.scale);
  }

  /** The nearest number; Infinity if it is too large for one. */
  toNumber(): number {
    // Writing out the digits of a huge one takes long.
    const exponent = this.precision - this.scale;
    if (this.signum !== 0 && exponent > 310) return this.signum * Number.POSITIVE_INFINITY;
    if (this.signum !== 0 && exponent < -330) return this.signum * 0;
    return Number(`${this.unscaledValue}e${-this.scale}`);
  }

  /** The nearest 32-bit float; Infinity if it is too large for one. */
  toFloat(): number {
    return floatNearest(this.unscaledValue, this.scale, this.toNumber());
  }

  /** Without an exponent, all digits of the scale shown: `1.20`, `-0.05`, `1000`. */
  toPlainString(): string {
    const digits = abs(this.unscaledValue).toString();
    const sign = this.unscaledValue < 0n ? '-' : '';
    if (this.scale === 0) return sign + digits;
    if (this.scale < 0) return this.unscaledValue === 0n ? '0' : sign + digits + '0'.repeat(-this.scale);
    const padded = digits.padStart(this.scale + 1, '0');
    return `${sign}${padded.slice(0, -this.scale)}.${padded.slice(-this.scale)}`;
  }

  /** As Java prints it: with an exponent if the scale is negative or the number is smaller than 10^-6. */
  toString(): string {
    const digits = abs(this.unscaledValue).toString();
    const exponent = digits.length - 1 - this.scale;
    if (this.scale >= 0 && exponent >= -6) return this.toPlainString();
    const sign = this.unscaledValue < 0n ? '-' : '';
    const mantissa = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits;
    if (exponent === 0) return sign + mantissa;
    return `${sign}${mantissa}E${exponent > 0 ? '+' : ''}${exponent}`;
  }

  /** The plain text, so that no digit is lost. */
  toJSON(): string {
    return this.toString();
  }

  static {
    brandClass(BigDecimal, BRAND);
  }
}

/** True for a BigDecimal of this or any other copy of the SDK. */
export function isBigDecimal(value: unknown): value is BigDecimal {
  return isBranded(value, BRAND);
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** The number of decimal digits. Of a huge number estimated by its first bits, for all digits take long, unless it is next to a power of 10. */
function digitsOf(value: bigint): number {
  if (value < 2n ** 1024n) return value.toString().length;
  const hex = value.toString(16);
  const log = Math.log10(Number.parseInt(hex.slice(0, 13), 16)) + (hex.length - 13) * Math.log10(16);
  const isSure = Math.abs(log - Math.round(log)) > 1e-6;
  return isSure ? Math.floor(log) + 1 : value.toString().length;
}
