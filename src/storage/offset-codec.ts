/**
 * Source partitions and offsets as text, as Kafka Connect writes them into its offsets topic (Kafka Connect 4.1.1, offsets topic):
 * key `["<connector>",{<partition>}]`, value `{<offset>}`, no white space, keys in insertion order.
 * Integers beyond 2^53 are read as bigint and written without loss.
 */
import { parseExactJson } from '../foundation/exact-json.ts';
import { defineErrorCode } from '../sdk/errors/codes.ts';
import { DataError } from '../sdk/errors/kinds.ts';
import type { OffsetMap } from '../sdk/task.ts';

export const OFFSET_INVALID = defineErrorCode('holdfast.storage.offset.invalid', {
  what: 'A source partition or source offset has a value that offsets may not have.',
  mend: 'Let the connector use only strings, numbers, booleans and null in its partitions and offsets.',
});

const ESCAPED_OTHERWISE = /[\ud800-\udfff]|\\u/;

/** @throws DataError `holdfast.storage.offset.invalid` for a nested value or a number that JSON can't hold. */
export function encodeOffsetKey(connector: string, partition: OffsetMap): string {
  return `[${quoted(connector)},${encodeOffsetMap(partition)}]`;
}

/** @throws DataError `holdfast.storage.offset.invalid` */
export function encodeOffsetMap(map: OffsetMap): string {
  let text = '{';
  for (const [key, value] of Object.entries(map)) {
    if (text.length > 1) text += ',';
    text += `${quoted(key)}:${encodeScalar(key, value)}`;
  }
  return `${text}}`;
}

function quoted(text: string): string {
  return inJacksonsBytes(JSON.stringify(text));
}

/**
 * JSON as Kafka Connect's converter writes it into bytes: surrogates as escapes, and hexadecimal digits in upper case. A key is found
 * by its very bytes, so that a connector which comes from there with an emoji in a file's name goes on where it was.
 */
export function inJacksonsBytes(json: string): string {
  if (!ESCAPED_OTHERWISE.test(json)) return json;
  return json.replace(/\\(?:u[0-9a-f]{4}|.)|[\ud800-\udfff]/g, (found) => {
    if (found.length === 1) return `\\u${found.charCodeAt(0).toString(16).toUpperCase()}`;
    return found.length === 6 ? `\\u${found.slice(2).toUpperCase()}` : found;
  });
}

function encodeScalar(key: string, value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  const type = Array.isArray(value) ? 'ARRAY' : typeof value === 'object' ? 'MAP' : String(value);
  throw new DataError(`Offsets may only contain primitive types as values, but field ${key} contains ${type}`, {
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

function parse(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    return null;
  }
}
