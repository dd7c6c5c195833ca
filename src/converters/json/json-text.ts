/** Writing JSON as Jackson does: doubles as Java prints them, longs of any size, control characters in upper-case hex. */
import { javaDoubleText, javaFloatText } from '../../sdk/data/index.ts';

const ESCAPE = /\\(u[0-9a-f]{4}|.)/g;

/** A text in quotes. */
export function jsonString(text: string): string {
  const quoted = JSON.stringify(text);
  // Nothing was escaped in most texts; what was need not be a control character or half a surrogate pair.
  if (quoted.length === text.length + 2 || !quoted.includes('\\u')) return quoted;
  return quoted.replace(ESCAPE, (sequence, kind: string) =>
    kind.length > 1 ? `\\u${kind.slice(1).toUpperCase()}` : sequence,
  );
}

const SURROGATE = /[\ud800-\udfff]/;
const SURROGATES = new RegExp(SURROGATE.source, 'g');

/** A text in quotes as Jackson writes it into bytes: what lies beyond the basic plane as two escapes, not as four bytes of UTF-8. */
export function jsonByteString(text: string): string {
  const quoted = jsonString(text);
  return SURROGATE.test(text) ? quoted.replace(SURROGATES, escapeOf) : quoted;
}

function escapeOf(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** A FLOAT64. NaN and the infinities, which JSON lacks, become texts. */
export function jsonDouble(value: number): string {
  const magnitude = Math.abs(value);
  // Between these limits Java writes no exponent, and the digits of both languages are the shortest that read back.
  if (magnitude >= 1e-3 && magnitude < 1e7) {
    const text = String(value);
    return Number.isInteger(value) ? `${text}.0` : text;
  }
  return Number.isFinite(value) ? javaDoubleText(value) : `"${javaDoubleText(value)}"`;
}

/** A FLOAT32; as `jsonDouble`, with the digits that a 32-bit float needs. */
export function jsonFloat(value: number): string {
  return Number.isFinite(value) ? javaFloatText(value) : `"${javaFloatText(value)}"`;
}

/** A number in the very digits that stand in, or are to stand in, a JSON text. Never an integer without fraction or exponent. */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toNumber(): number {
    return Number(this.text);
  }
}

/** Anything that JSON can hold; integers are bigints or safe numbers, other numbers keep their digits if they are a JsonNumber. */
export type Json =
  | null
  | boolean
  | string
  | number
  | bigint
  | JsonNumber
  | readonly Json[]
  | { readonly [key: string]: Json };

/** The text of a JSON value without blanks. A plain number is written as JavaScript does. */
export function jsonText(value: Json): string {
  if (typeof value === 'string') return jsonString(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof JsonNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  const members = Object.entries(value).map(([key, member]) => `${jsonString(key)}:${jsonText(member)}`);
  return `{${members.join(',')}}`;
}
