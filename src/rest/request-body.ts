/** Bodies as Kafka Connect reads them: what Jackson would refuse is answered with 500, as upstream does (Kafka Connect 4.1.1). */
import { JsonDepthError, parseExactJson, parseJsonWithNumberTexts } from '../foundation/exact-json.ts';
import { bodyText } from './body-encoding.ts';
import { RestError } from './rest-error.ts';

/** `texts`: numbers are texts, as they were written, as Jackson reads them where a string is wanted. */
export type NumbersAs = 'numbers' | 'texts';

/**
 * The JSON value of the bytes; null for none. As numbers, integers beyond 2^53 come as bigint.
 *
 * @throws RestError with the status for what is no JSON
 */
export function readBody(bytes: Uint8Array, numbers: NumbersAs = 'numbers', status: 400 | 500 = 500): unknown {
  const text = decoded(bytes, status);
  if (text.trim() === '') return null;
  const parse = numbers === 'texts' ? parseJsonWithNumberTexts : parseExactJson;
  try {
    return parse(text);
  } catch (cause) {
    if (cause instanceof JsonDepthError) throw new RestError(status, `The body can't be read: ${cause.message}.`);
    // Invariant 8: Node's own message quotes the body, which may hold passwords.
    const place = /\(line \d+ column \d+\)|at position \d+/.exec((cause as Error).message)?.[0];
    throw new RestError(status, `The body is not valid JSON${place === undefined ? '' : ` ${place}`}.`);
  }
}

function decoded(bytes: Uint8Array, status: 400 | 500): string {
  try {
    return bodyText(bytes);
  } catch (cause) {
    throw new RestError(status, 'The body is not valid UTF-8.', { cause });
  }
}

/** A JSON object whose scalars become strings, as in a connector's config. null values are kept for validation to name. */
export function configMap(value: unknown, what: string): Record<string, string | null> {
  return Object.fromEntries(
    Object.entries(objectOf(value, what)).map(([key, entry]) => [
      key,
      entry === null ? null : scalarText(entry, `the value of ${key} in ${what}`),
    ]),
  );
}

/** A string, number or boolean as text, as Jackson reads one where a string is wanted. @throws RestError 500 for anything else */
export function scalarText(value: unknown, what: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  throw new RestError(500, `Cannot deserialize ${what}: it must be a string, number or boolean, not ${nameOf(value)}.`);
}

/** @throws RestError 500 unless the value is a JSON object. */
export function objectOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new RestError(500, `Cannot deserialize ${what}: it must be a JSON object, not ${nameOf(value)}.`);
}

/** @throws RestError 500 naming the first field that is not known. */
export function refuseUnknownFields(body: Readonly<Record<string, unknown>>, known: readonly string[]): void {
  const unknown = Object.keys(body).find((field) => !known.includes(field));
  if (unknown === undefined) return;
  throw new RestError(500, `Unrecognized field "${unknown}" (known: ${known.map((name) => `"${name}"`).join(', ')}).`);
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
