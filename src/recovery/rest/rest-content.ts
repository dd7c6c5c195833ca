/** Whether two versions are the same schema, however a registry spelled it: each writes texts anew in its own way when it takes them. */
import { createHash } from 'node:crypto';
import { contentFingerprint } from '../../registry/fingerprint.ts';
import { isJsonObject } from '../records/json-bytes.ts';
import { referred } from '../records/referenced-subject.ts';
import type { SchemaValue } from '../records/schemas-record.ts';

/** Equal for equal content: type, schema, what it refers to, metadata and rules; without regard to spelling, order of keys, and what is empty. */
export function restContent(value: Omit<SchemaValue, 'version' | 'id' | 'deleted'>): string {
  const references = value.references.map((reference) => ({
    ...reference,
    ...referred(reference, value.subject),
  }));
  return createHash('sha256')
    .update(contentFingerprint({ ...value, references }))
    .update(JSON.stringify([withoutEmpty(value.metadata), withoutEmpty(value.ruleSet)]))
    .digest('base64url');
}

/** As {@link restContent}, without metadata and rules: not every registry keeps those. */
export function textContent(value: Omit<SchemaValue, 'version' | 'id' | 'deleted'>): string {
  return restContent({ ...value, metadata: undefined, ruleSet: undefined });
}

/** Every field that is expected is there; a registry may tell more, and leaves out what is empty. */
export function isPartOf(expected: unknown, found: unknown): boolean {
  if (Array.isArray(expected)) {
    return (
      Array.isArray(found) &&
      expected.length === found.length &&
      expected.every((each, index) => isPartOf(each, found[index]))
    );
  }
  if (!isJsonObject(expected)) return expected === found;
  return Object.entries(expected).every(
    ([key, value]) => withoutEmpty(value) === null || (isJsonObject(found) && isPartOf(value, found[key])),
  );
}

/** null: nothing is left. */
function withoutEmpty(value: unknown): unknown {
  if (value === undefined || value === null || value === '') return null;
  if (Array.isArray(value)) return value.length === 0 ? null : value.map(withoutEmpty);
  if (!isJsonObject(value)) return value;
  const fields = Object.entries(value)
    .map(([key, field]): [string, unknown] => [key, withoutEmpty(field)])
    .filter(([, field]) => field !== null)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return fields.length === 0 ? null : Object.fromEntries(fields);
}
