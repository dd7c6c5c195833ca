/** What a plan that only appends to a topic will replace there, by the exact bytes of the keys. */
import type { Plan } from '../plan/open-plan.ts';
import { readRecord } from '../records/read-record.ts';
import { isReservedSubject } from '../records/reserved-id.ts';
import type { SchemasRecord } from '../records/schemas-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';

export interface TouchedKeys {
  /** Keys, as base64, that the topic does not have yet; the last written first, so that nothing that refers to another outlives it. */
  readonly added: readonly string[];
  /** Offsets of the newest records that say again what was replaced, ascending. */
  readonly replaced: readonly number[];
}

/** Memory grows with the keys of the plan alone. Reads plan and snapshot once each. */
export async function touchedKeys(plan: Plan, present: Snapshot, signal: AbortSignal): Promise<TouchedKeys> {
  const newest = new Map<string, number>();
  const places = new Set<string>();
  const subjects = new Set<string>();
  for await (const steps of plan.read(0, signal)) {
    for (const step of steps) {
      if (step.do !== 'produce' || step.record.key === null) continue;
      const { key, value } = step.record;
      const read = readRecord({ key: bytes(key), value: value === null ? null : bytes(value) });
      const subject = read.ok && 'subject' in read.record ? read.record.subject : undefined;
      // A reserved id stays reserved, and a NOOP says nothing.
      if (read.ok && read.record.kind === 'noop') continue;
      if (read.ok) places.add(placeOf(read.record) ?? '');
      if (typeof subject === 'string' && isReservedSubject(subject)) continue;
      newest.set(key, -1);
      if (typeof subject === 'string') subjects.add(subject);
    }
  }
  // What a DELETE_SUBJECT deleted has to be told before it again: then the whole subject is.
  const deleting = new Set<string>();
  for await (const records of present.records()) {
    for (const raw of records) {
      if (raw.key === null) continue;
      const read = readRecord(raw);
      if (read.ok && read.record.kind === 'delete-subject' && subjects.has(read.record.subject)) {
        deleting.add(read.record.subject);
      }
    }
  }
  for await (const records of present.records()) {
    signal.throwIfAborted();
    for (const raw of records) {
      if (raw.key === null) continue;
      const key = base64(raw.key);
      if (newest.has(key)) newest.set(key, raw.offset);
      else {
        const read = readRecord(raw);
        if (!read.ok) continue;
        const subject = 'subject' in read.record ? read.record.subject : undefined;
        // Keys in an old form are others to compaction, and the same to a registry.
        const isSame = places.has(placeOf(read.record) ?? 'none');
        if (isSame || (typeof subject === 'string' && deleting.has(subject))) newest.set(key, raw.offset);
      }
    }
  }
  const added: string[] = [];
  const replaced: number[] = [];
  for (const [key, offset] of newest) {
    if (offset === -1) added.push(key);
    else replaced.push(offset);
  }
  return { added: added.reverse(), replaced: replaced.sort((a, b) => a - b) };
}

/** What a record is of, whatever the bytes of its key; undefined: of nothing that a plan deletes. */
export function placeOf(record: SchemasRecord): string | undefined {
  switch (record.kind) {
    case 'schema':
    case 'schema-gone':
      return `schema ${record.version} ${record.subject}`;
    case 'config':
    case 'mode':
      return `${record.kind} ${record.subject ?? ''}`;
    default:
      return undefined;
  }
}

function bytes(text: string): Uint8Array {
  return Buffer.from(text, 'base64');
}

function base64(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('base64');
}
