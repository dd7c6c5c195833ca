/** Whether two contents differ in nothing but how they are spelled. */
import { hash } from 'node:crypto';
import { contentFingerprint } from '../../registry/fingerprint.ts';
import { readRecord } from '../records/read-record.ts';
import type { SchemaValue } from '../records/schemas-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { contentDigest } from '../state/content-digest.ts';

/** A schema may have megabytes. */
const BATCH = 50;

/** Blanks, the order of JSON's keys, and the many ways to spell a name in Avro; metadata and rules must be equal. */
export function isSameForm(a: SchemaValue, b: SchemaValue): boolean {
  return formOf(a) === formOf(b);
}

/** Equal for contents that differ in nothing but their form; short, so that many can be kept. */
export function formOf(value: SchemaValue): string {
  return hash('sha256', `${contentFingerprint(value)}\n${extras(value)}`, 'base64').slice(0, 22);
}

function extras({ metadata, ruleSet }: SchemaValue): string {
  const only = { schemaType: '', schema: '', references: [], metadata, ruleSet };
  return contentDigest(only, 'confluent').toString('hex');
}

/** As {@link schemasAt}, a few at a time. */
export async function* schemasInBatches(
  snapshot: Snapshot,
  offsets: readonly number[],
): AsyncIterable<ReadonlyMap<number, SchemaValue>> {
  for (let at = 0; at < offsets.length; at += BATCH) yield await schemasAt(snapshot, offsets.slice(at, at + BATCH));
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
