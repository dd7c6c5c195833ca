/** What a record that nobody can read tells all the same: which id a registry gave out for it. */
import { isJsonObject, readJsonObject } from './json-bytes.ts';

export interface ClaimedId {
  /** With its context, as `:.context:subject`. */
  readonly subject: string;
  readonly id: number;
}

/** Java's int, as of ids that a registry reads. */
const MAX_INT = 2_147_483_647;

/** How both vendors' registries begin a schema's value, as far as a value that was cut has to have it; so long a subject is looked for. */
const BEGIN = /^\{"subject":("(?:[^"\\]|\\.)*"),"version":-?\d+,"id":(\d+)[,}]/;
const BEGIN_BYTES = 4096;

/**
 * The id of a value that has subject, version and id as a schema's has, be it whole or cut somewhere behind its id; undefined: it tells none.
 * Never throws.
 */
export function claimedId(value: Uint8Array | null): ClaimedId | undefined {
  if (value === null || value.length === 0) return undefined;
  const json = readJsonObject(value);
  if (isJsonObject(json)) return Number.isInteger(json['version']) ? claim(json['subject'], json['id']) : undefined;
  const [, subject, id] = BEGIN.exec(Buffer.from(value.subarray(0, BEGIN_BYTES)).toString('utf8')) ?? [];
  return subject === undefined ? undefined : claim(textOf(subject), Number(id));
}

function claim(subject: unknown, id: unknown): ClaimedId | undefined {
  const isId = typeof id === 'number' && Number.isInteger(id) && id > 0 && id <= MAX_INT;
  return isId && typeof subject === 'string' ? { subject, id } : undefined;
}

function textOf(quoted: string): unknown {
  try {
    return JSON.parse(quoted);
  } catch {
    return undefined;
  }
}
