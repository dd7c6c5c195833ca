/** JSON as registries read it from bytes and write it to them. */
import type { JsonObject } from './schemas-record.ts';

/** Jackson's limit since 2.15; what walks values here does so by recursion as well. */
const MAX_DEPTH = 1000;

const decoder = new TextDecoder('utf-8', { fatal: true });
const encoder = new TextEncoder();

/**
 * An object, or why there is none, in words. A repeated field keeps its last value and a byte order mark is passed over, as with Jackson and
 * Python; numbers beyond 2^53 lose digits, which no field with a meaning has.
 */
export function readJsonObject(bytes: Uint8Array): JsonObject | string {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return 'is not UTF-8';
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return `is not JSON (${error instanceof Error ? error.message.slice(0, 120) : 'unreadable'})`;
  }
  if (!isJsonObject(json)) return 'is JSON, but not an object';
  return isTooDeep(text) ? `is nested deeper than ${MAX_DEPTH} levels` : json;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Compact and in the order of the fields; undefined ones are left out. Strings are escaped as Jackson does: `\\u001F`, not `\\u001f`. */
export function writeJson(value: JsonObject): Uint8Array {
  return encoder.encode(jsonText(value));
}

/** As {@link writeJson}, of any value. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value);
  if (!text.includes('\\u')) return text;
  return text.replace(/\\(?:u[0-9a-f]{4}|.)/g, (escaped) =>
    escaped.length === 2 ? escaped : `\\u${escaped.slice(2).toUpperCase()}`,
  );
}

/** Of a text that is JSON. By codes, as every record of a registry passes here: quotes, backslashes and brackets. */
function isTooDeep(text: string): boolean {
  if (text.length <= MAX_DEPTH) return false;
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) isInString = !isInString;
    else if (isInString) {
      if (code === 0x5c) at++;
    } else if (code === 0x5b || code === 0x7b) {
      if (++depth > MAX_DEPTH) return true;
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
  return false;
}
