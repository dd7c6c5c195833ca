/** Texts of numbers as Java's own classes read them. */
import { trimmed } from './java-blanks.ts';

/** Of any script, but none beyond the basic plane: Java looks at single UTF-16 units. */
const FOREIGN_DIGIT = /(?![0-9\u{10000}-\u{10ffff}])\p{Nd}/gu;
const DIGIT = /^\p{Nd}$/u;
const DECIMAL = /^([+-]?)(?=\.?\d)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;
const HEXADECIMAL = /^([+-]?)0[xX](?:([\da-fA-F]+)\.?|([\da-fA-F]*)\.([\da-fA-F]+))[pP]([+-]?\d+)$/;

interface Format {
  /** After the highest bit. */
  readonly fractionBits: number;
  /** Of the lowest bit of all numbers. */
  readonly minExponent: number;
  /** Of the highest bit of the largest numbers. */
  readonly maxExponent: number;
}

const DOUBLE: Format = { fractionBits: 52, minExponent: -1074, maxExponent: 1023 };
const FLOAT: Format = { fractionBits: 23, minExponent: -149, maxExponent: 127 };
const MAX_FLOAT = 2 ** 128 - 2 ** 104;

/** The text with the digits of all scripts as `0` to `9`. */
export function withAsciiDigits(text: string): string {
  return text.replace(FOREIGN_DIGIT, asciiDigit);
}

/** Blocks of digits begin at a multiple of 16, or 6 after it. */
function asciiDigit(digit: string): string {
  const code = digit.charCodeAt(0);
  return String((code & 15) - (DIGIT.test(String.fromCharCode(code & ~15)) ? 0 : 6));
}

/**
 * As `Byte.parseByte`, `Short.parseShort`, `Integer.parseInt` and `Long.parseLong`: a sign and digits of any script. Undefined for any other
 * text, and out of range.
 */
export function parseJavaInteger(text: string, bits: 8 | 16 | 32 | 64): bigint | undefined {
  const ascii = withAsciiDigits(text);
  // No more digits than the longest can have, leading zeros left out: a BigInt of thousands would cost their square.
  if (!/^[+-]?0*\d{1,19}$/.test(ascii)) return undefined;
  const parsed = BigInt(ascii.replace(/^\+/, ''));
  return BigInt.asIntN(bits, parsed) === parsed ? parsed : undefined;
}

/**
 * As `Double.parseDouble`: blanks around it (everything up to U+0020), a `d` or `f` at its end, hexadecimal numerals with a binary exponent,
 * NaN and Infinity are allowed. Undefined for any other text.
 */
export function parseJavaDouble(text: string): number | undefined {
  return parse(text, DOUBLE, (nearest) => nearest);
}

/** As `Float.parseFloat`, which rounds once: what `parseJavaDouble` takes, as the nearest 32-bit float. */
export function parseJavaFloat(text: string): number | undefined {
  return parse(text, FLOAT, (nearest, [, sign, whole = '', fraction = '', exponent = '0']) => {
    // No digits are needed then, and to count those of a long text costs their square.
    if (Math.fround(nearest) === nearest || !Number.isFinite(nearest)) return Math.fround(nearest);
    const digits = BigInt(whole + fraction);
    return floatNearest(sign === '-' ? -digits : digits, fraction.length - Number(exponent), nearest);
  });
}

function parse(
  text: string,
  format: Format,
  ofDecimal: (nearest: number, parts: RegExpExecArray) => number,
): number | undefined {
  const word = trimmed(text);
  if (/^[+-]?NaN$/.test(word)) return Number.NaN;
  if (/^[+-]?Infinity$/.test(word)) return Number(word);
  const numeral = word.replace(/[dDfF]$/, '');
  const decimal = DECIMAL.exec(numeral);
  if (decimal !== null) return ofDecimal(Number(numeral), decimal);
  const match = HEXADECIMAL.exec(numeral);
  if (match === null) return undefined;
  const [, sign, whole, before = '', fraction = '', exponent] = match;
  const magnitude = scaled(BigInt(`0x${whole ?? before + fraction}`), Number(exponent) - 4 * fraction.length, format);
  return sign === '-' ? -magnitude : magnitude;
}

/** The number nearest to `mantissa` times 2 to the power of `exponent`, of two that are as near the even one. */
function scaled(mantissa: bigint, exponent: number, format: Format): number {
  if (mantissa === 0n) return 0;
  const highest = mantissa.toString(2).length - 1 + exponent;
  if (highest > format.maxExponent) return Number.POSITIVE_INFINITY;
  if (highest < format.minExponent - 1) return 0;
  const lowest = Math.max(highest - format.fractionBits, format.minExponent);
  const dropped = lowest - exponent;
  if (dropped <= 0) return Number(mantissa) * 2 ** exponent;
  const kept = mantissa >> BigInt(dropped);
  const rest = mantissa - (kept << BigInt(dropped));
  const half = 1n << BigInt(dropped - 1);
  const isUp = rest > half || (rest === half && kept % 2n === 1n);
  const rounded = Number(isUp ? kept + 1n : kept) * 2 ** lowest;
  return rounded < 2 ** (format.maxExponent + 1) ? rounded : Number.POSITIVE_INFINITY;
}

/**
 * The 32-bit float nearest to `unscaled` times ten to the power of minus `scale`, of which `nearest` is the nearest double. To round that one
 * would be to round twice: where it lies right between two floats, the digits decide.
 */
export function floatNearest(unscaled: bigint, scale: number, nearest: number): number {
  const float = Math.fround(nearest);
  if (float === nearest || !Number.isFinite(nearest)) return float;
  const other = neighbourOf(float, nearest);
  const between = (Number.isFinite(float) ? float / 2 : Math.sign(float) * 2 ** 127) + other / 2;
  if (between !== nearest) return float;
  const order = compareDecimal(unscaled, scale, nearest);
  if (order === 0) return float;
  return order > 0 === other > float ? other : float;
}

/** The float next to `float` on the side of `nearest`, which `float` was made of. */
function neighbourOf(float: number, nearest: number): number {
  if (!Number.isFinite(float)) return Math.sign(float) * MAX_FLOAT;
  const magnitude = Math.abs(float);
  const bits = new DataView(new ArrayBuffer(4));
  bits.setFloat32(0, magnitude);
  bits.setUint32(0, bits.getUint32(0) + (Math.abs(nearest) > magnitude ? 1 : -1));
  const next = bits.getFloat32(0);
  return Math.sign(nearest) * (Number.isFinite(next) ? next : 2 ** 128);
}

/** Of a decimal and a number that lies between two floats, so that it has no bits below 2 to the power of -150. */
function compareDecimal(unscaled: bigint, scale: number, number: number): number {
  const left = unscaled * 10n ** BigInt(Math.max(-scale, 0)) * 2n ** 150n;
  const right = BigInt(number * 2 ** 150) * 10n ** BigInt(Math.max(scale, 0));
  return left === right ? 0 : left < right ? -1 : 1;
}
