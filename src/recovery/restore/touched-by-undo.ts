/** Whether an undo in place would lose, or contradict, what others have written since its plan was run. */
import { contextOf } from '../../registry/subject-context.ts';
import type { Plan } from '../plan/open-plan.ts';
import { appendedRecord } from '../plan/planned-record.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { readRecord } from '../records/read-record.ts';
import { referencedSubject } from '../records/referenced-subject.ts';
import type { ReadRecord, SchemasRecord, SchemaValue } from '../records/schemas-record.ts';
import { textDigest } from '../state/content-digest.ts';
import { placeOf } from './touched-keys.ts';

/** What it writes: places, ids and references. Memory grows with its records alone. */
export class TouchedByUndo {
  private readonly keys = new Set<string>();
  private readonly places = new Set<string>();
  /** With a version among the places. */
  private readonly subjects = new Set<string>();
  private readonly contexts = new Set<string>();
  /** Of which it says again that they were deleted or cleared as a whole. */
  private readonly whole = new Set<string>();
  /** By context and id: the digest of the text that it writes. */
  private readonly texts = new Map<string, string>();
  /** Where its schemas refer to, and which of them does so: by place, or by subject where it is the latest. */
  private readonly referred = new Map<string, string>();
  private readonly referredSubjects = new Set<string>();

  static async of(undo: Plan, signal: AbortSignal): Promise<TouchedByUndo> {
    const touched = new TouchedByUndo();
    for await (const steps of undo.read(0, signal)) {
      for (const step of steps) if (step.do === 'produce') touched.add(appendedRecord(step.record));
    }
    return touched;
  }

  private add(raw: Pick<RawRecord, 'key' | 'value'>): void {
    if (raw.key === null) return;
    const read = readRecord(raw);
    if (read.ok && read.record.kind === 'noop') return;
    this.keys.add(keyOf(raw.key));
    for (const record of recordsIn(read)) {
      const place = placeOf(record);
      if (place !== undefined) this.places.add(place);
      if (record.kind === 'delete-subject' || record.kind === 'clear-subject') this.whole.add(record.subject ?? '');
      if (record.kind !== 'schema' && record.kind !== 'schema-gone') continue;
      this.subjects.add(record.subject);
      this.contexts.add(contextOf(record.subject));
      if (record.kind === 'schema') this.addValue(record.subject, record.version, record.value);
    }
  }

  private addValue(subject: string, version: number, value: SchemaValue): void {
    const context = contextOf(subject);
    this.texts.set(`${value.id} ${context}`, textOf(value));
    for (const reference of value.references) {
      this.referred.set(placeReferred(context, reference), `${subject} version ${version}`);
      this.referredSubjects.add(referencedSubject(context, reference.subject));
    }
  }

  /** Why the undo can not go on behind that record of others, in words that name it; undefined: it can. */
  conflict(raw: RawRecord): string | undefined {
    const read = readRecord(raw);
    for (const record of recordsIn(read)) {
      const reason = this.conflictWith(record);
      if (reason !== undefined) return reason;
    }
    if (raw.key !== null && this.keys.has(keyOf(raw.key))) return 'a record with a key that the undo writes, too';
    return undefined;
  }

  private conflictWith(record: SchemasRecord): string | undefined {
    switch (record.kind) {
      case 'schema':
      case 'schema-gone':
        return this.conflictWithVersion(record);
      case 'config':
      case 'mode': {
        const place = placeOf(record) ?? '';
        const name = `the ${record.kind} of ${record.subject ?? 'the whole registry'}`;
        return this.places.has(place) ? `${name}, which the undo sets as it was` : undefined;
      }
      case 'delete-subject':
        return this.isOfSubject(record.subject)
          ? `deletes the subject ${record.subject}, which the undo writes to`
          : undefined;
      case 'clear-subject': {
        const { subject } = record;
        if (subject === null) return this.subjects.size > 0 ? 'purges every version that was soft-deleted' : undefined;
        const isContext = /^:\.[^:]*:$/.test(subject);
        const isOurs = isContext ? this.contexts.has(contextOf(subject)) : this.isOfSubject(subject);
        return isOurs ? `purges what was soft-deleted of the subject ${subject}, which the undo writes to` : undefined;
      }
      default:
        return undefined;
    }
  }

  private conflictWithVersion(record: Extract<SchemasRecord, { readonly version: number }>): string | undefined {
    const { subject, version, kind } = record;
    const name = `${subject} version ${version}`;
    const place = placeOf(record) ?? '';
    if (this.places.has(place)) return `${name}, which the undo writes as it was`;
    if (this.whole.has(subject)) return `${name}, of a subject that the undo deletes as a whole again`;
    const referring = this.referred.get(place) ?? this.referred.get(latestOf(subject));
    if (referring !== undefined) return `${name}, to which the undo lets ${referring} refer again`;
    if (kind !== 'schema') return undefined;
    const { value } = record;
    const context = contextOf(subject);
    const text = this.texts.get(`${value.id} ${context}`);
    if (text !== undefined && text !== textOf(value)) {
      return `${name}, with the id ${value.id}, for which the undo writes another schema`;
    }
    for (const reference of value.references) {
      const target = referencedSubject(context, reference.subject);
      const isGone =
        reference.version === -1 ? this.subjects.has(target) : this.places.has(placeReferred(context, reference));
      if (isGone) return `${name}, which refers to ${target} version ${reference.version}, and the undo changes that`;
    }
    return undefined;
  }

  private isOfSubject(subject: string): boolean {
    return this.subjects.has(subject) || this.whole.has(subject) || this.referredSubjects.has(subject);
  }
}

/** As each vendor reads it: Confluent's registry goes by the key, Karapace by the value. */
function recordsIn(read: ReadRecord): readonly SchemasRecord[] {
  if (read.ok) return [read.record];
  const { overlooked, subject, version } = read;
  const atKey: readonly SchemasRecord[] =
    subject !== undefined && version !== undefined ? [{ kind: 'schema-gone', subject, version, absence: 'null' }] : [];
  if (overlooked === undefined) return atKey;
  if (overlooked.kind !== 'schema') return [...atKey, overlooked];
  const { value } = overlooked;
  return [overlooked, { kind: 'schema', subject: value.subject, version: value.version, value }];
}

function placeReferred(context: string, { subject, version }: SchemaValue['references'][number]): string {
  const target = referencedSubject(context, subject);
  return version === -1 ? latestOf(target) : `schema ${version} ${target}`;
}

function latestOf(subject: string): string {
  return `latest ${subject}`;
}

function textOf({ schema }: SchemaValue): string {
  return textDigest(schema).toString('latin1', 0, 12);
}

function keyOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('base64');
}
