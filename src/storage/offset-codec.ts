/**
 * Source partitions and offsets as text, as Kafka Connect writes them into its offsets topic (Kafka Connect 4.1.1, offsets topic):
 * key `["<connector>",{<partition>}]`, value `{<offset>}`, no white space, keys in insertion order.
 * Integers beyond 2^53 are read as bigint and written without loss.
 */
import { defineErrorCode } from '../sdk/errors/codes.ts';
import { DataError } from '../sdk/errors/kinds.ts';
import type { OffsetMap } from '../sdk/task.ts';

export const OFFSET_INVALID = defineErrorCode('holdfast.storage.offset.invalid', {
  what: 'A source partition or source offset has a value that offsets may not have.',
  mend: 'Let the connector use only strings, numbers, booleans and null in its partitions and offsets.',
});

const INTEGER = /^-?\d+$/;
const LONG_INTEGER = /^-?\d{16,}$/;

/** @throws DataError `holdfast.storage.offset.invalid` for a nested value or a number that JSON can't hold. */
export function encodeOffsetKey(connector: string, partition: OffsetMap): string {
  return `[${JSON.stringify(connector)},${encodeOffsetMap(partition)}]`;
}

/** @throws DataError `holdfast.storage.offset.invalid` */
export function encodeOffsetMap(map: OffsetMap): string {
  let text = '{';
  for (const [key, value] of Object.entries(map)) {
    if (text.length > 1) text += ',';
    text += `${JSON.stringify(key)}:${encodeScalar(key, value)}`;
  }
  return `${text}}`;
}

function encodeScalar(key: string, value: unknown): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  const type = Array.isArray(value) ? 'ARRAY' : typeof value === 'object' ? 'MAP' : String(value);
  throw new DataError(`Offsets may only contain primitive types as values, but field ${key} contains ${type}.`, {
    code: OFFSET_INVALID,
  });
}

/** The connector and partition of a key, or null for text that is no key of ours. */
export function decodeOffsetKey(text: string): { readonly connector: string; readonly partition: OffsetMap } | null {
  const parsed = parse(text);
  if (!Array.isArray(parsed) || parsed.length !== 2) return null;
  const [connector, partition] = parsed as [unknown, unknown];
  if (typeof connector !== 'string' || typeof partition !== 'object' || partition === null) return null;
  return { connector, partition: partition as OffsetMap };
}

/** null for text that is no offset. */
export function decodeOffsetMap(text: string): OffsetMap | null {
  const parsed = parse(text);
  return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as OffsetMap) : null;
}

/**
 * JSON.parse would round integers beyond 2^53. Those are rare, so the text is only searched for a run of digits that
 * long; then they are quoted with a mark that no JSON string of ours starts with, and turned into bigint on the way out.
 */
function parse(text: string): unknown {
  try {
    if (!/\d{16}/.test(text)) return JSON.parse(text);
    const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) =>
      LONG_INTEGER.test(token) ? `"\\u0000${token}"` : token,
    );
    return JSON.parse(marked, (_key, value: unknown) => {
      if (typeof value !== 'string' || !value.startsWith('\u0000') || !INTEGER.test(value.slice(1))) return value;
      const exact = BigInt(value.slice(1));
      return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact;
    });
  } catch {
    return null;
  }
}
