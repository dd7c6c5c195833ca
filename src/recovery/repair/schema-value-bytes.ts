/** A SCHEMA record's value with a field changed; all others, those without a meaning here too, stay as they are. */
import { exactJson, parseExactJson } from '../../foundation/exact-json.ts';

/** @throws SyntaxError for bytes that are no JSON object: only what was read as a schema is to be changed */
export function withFields(
  value: Uint8Array,
  fields: { readonly deleted?: boolean; readonly id?: number; readonly subject?: string; readonly version?: number },
): Uint8Array {
  const json: unknown = parseExactJson(new TextDecoder('utf-8', { fatal: true }).decode(value));
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new SyntaxError('the value of a SCHEMA record is not a JSON object');
  }
  const before = json as Readonly<Record<string, unknown>>;
  const isSame = Object.entries(fields).every(([name, field]) => before[name] === field);
  // Untouched bytes where there is nothing to change, whatever spaces they have.
  return isSame ? value : new TextEncoder().encode(exactJson({ ...before, ...fields }));
}
