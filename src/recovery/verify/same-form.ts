/** Whether two contents differ in nothing but how they are spelled. */
import { contentFingerprint } from '../../registry/fingerprint.ts';
import { readRecord } from '../records/read-record.ts';
import type { SchemaValue } from '../records/schemas-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { contentDigest } from '../state/content-digest.ts';

/** Blanks, the order of JSON's keys, and the many ways to spell a name in Avro; metadata and rules must be equal. */
export function isSameForm(a: SchemaValue, b: SchemaValue): boolean {
  return contentFingerprint(a) === contentFingerprint(b) && extras(a) === extras(b);
}

function extras({ metadata, ruleSet }: SchemaValue): string {
  const only = { schemaType: '', schema: '', references: [], metadata, ruleSet };
  return contentDigest(only, 'confluent').toString('hex');
}

/** The schemas whose records lie at these offsets; undefined where there is none. */
export async function schemasAt(
  snapshot: Snapshot,
  offsets: readonly number[],
): Promise<ReadonlyMap<number, SchemaValue>> {
  const ascending = [...new Set(offsets)].sort((a, b) => a - b);
  const found = new Map<number, SchemaValue>();
  if (ascending.length === 0) return found;
  for (const raw of await snapshot.at(ascending)) {
    if (raw === undefined) continue;
    const read = readRecord(raw);
    const record = read.ok ? read.record : read.overlooked;
    if (record?.kind === 'schema') found.set(raw.offset, record.value);
  }
  return found;
}
