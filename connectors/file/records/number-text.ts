/** Which texts are numbers, such that nothing of the text's value is lost. */

/** No sign but `-`, no leading zeros: `00501` is a code, not a number. */
const INTEGER = /^-?(?:0|[1-9]\d*)$/;
const FLOAT = /^-?(?:0|[1-9]\d*)?(?:\.\d*)?(?:[eE][+-]?\d{1,3})?$/;
/** A double holds this many decimal digits, whichever they are. */
const SAFE_DIGITS = 15;

/** The integer that a text stands for, if it fits 64 bits and is written as one would write it. */
export function exactInt64(text: string): bigint | null {
  if (text.length > 20 || !INTEGER.test(text) || text === '-0') return null;
  const value = BigInt(text);
  return text.length < 19 || BigInt.asIntN(64, value) === value ? value : null;
}

/** The number that a text stands for, if a double holds it without losing digits. */
export function exactFloat64(text: string): number | null {
  const first = text.charCodeAt(0);
  // Most texts are no numbers, and their first character says so.
  if (first > 0x39 || !FLOAT.test(text) || !/\d/.test(text)) return null;
  const value = Number(text);
  if (!Number.isFinite(value)) return null;
  if (text.length <= SAFE_DIGITS) return value;
  return decimal(text) === decimal(value.toExponential()) ? value : null;
}

/** Digits and exponent of a decimal number, in one form for all its spellings. */
function decimal(text: string): string {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.');
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  const power = Number(exponent) - fraction.length + (digits.length - significant.length);
  return `${significant}e${power}`;
}
