/** What a plan that only appends to a topic will replace there, by the exact bytes of the keys. */
import { contextOf } from '../../registry/subject-context.ts';
import type { Plan } from '../plan/open-plan.ts';
import { appendedRecord } from '../plan/planned-record.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { readRecord } from '../records/read-record.ts';
import { isReservedSubject } from '../records/reserved-id.ts';
import type { ReadRecord, SchemasRecord } from '../records/schemas-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { ReplayVendor } from '../state/registry-state.ts';
import { BOTH, RecordTakers, type Takers } from './record-takers.ts';

export interface TouchedKeys {
  /** Keys, as base64, that the topic does not have yet; the last written first, so that nothing that refers to another outlives it. */
  readonly added: readonly string[];
  /** Offsets of the newest records that say again what was replaced, ascending; where a vendor's registry reads past the newest of a key, of the last one that it took, too. */
  readonly replaced: readonly number[];
}

/**
 * Memory grows with the keys of the plan alone, and with those of the subjects that it deletes or clears as a whole; where one of them was
 * written more than once, with some 500 bytes for each version that there is, too. Reads the plan once and the snapshot twice.
 */
export async function touchedKeys(plan: Plan, present: Snapshot, signal: AbortSignal): Promise<TouchedKeys> {
  const touched = new Touched(plan.header.undoes !== undefined);
  for await (const steps of plan.read(0, signal)) {
    for (const step of steps) if (step.do === 'produce') touched.plans(appendedRecord(step.record));
  }
  for await (const records of present.records()) {
    signal.throwIfAborted();
    for (const raw of records) touched.looksFor(raw);
  }
  const takers = touched.mayBeReadPast ? new RecordTakers() : undefined;
  for await (const records of present.records()) {
    signal.throwIfAborted();
    for (const raw of records) {
      const read = readRecord(raw);
      touched.saw(raw, read, takers?.of(raw.offset, read) ?? BOTH);
    }
  }
  return touched.keys();
}

interface Newest {
  /** -1: the topic has none. */
  offset: number;
  /** Of a version that says itself that it is soft-deleted, or that a DELETE_SUBJECT came to; undefined: no version. */
  readonly version: { readonly subject: string; readonly version: number; isDeleted: boolean } | undefined;
  /** Where the last record lies that each vendor's registry took, with which it reads on until compaction takes it; -1: there is none. */
  readonly taken: Readonly<Record<ReplayVendor, number>>;
}

const NONE_TAKEN: Newest['taken'] = { confluent: -1, karapace: -1 };

class Touched {
  private readonly newest = new Map<string, Newest>();
  private readonly places = new Set<string>();
  private readonly subjects = new Set<string>();
  /** Subjects of which everything is said again, in its order. */
  private readonly whole = new Set<string>();
  /** What the plan purges beyond single subjects: contexts, or everything as null. */
  private readonly cleared = new Set<string | null>();
  /** Whether the topic has purged anything beyond single subjects: only then what is soft-deleted counts. */
  private hasWide = false;
  private readonly written = new Set<string>();
  private isWrittenAgain = false;

  private readonly isOfUndo: boolean;

  /** @param isOfUndo whether the plan is one itself */
  constructor(isOfUndo: boolean) {
    this.isOfUndo = isOfUndo;
  }

  /** A record that the plan writes. */
  plans(raw: Pick<RawRecord, 'key' | 'value'>): void {
    if (raw.key === null) return;
    const read = readRecord(raw);
    // A NOOP says nothing.
    if (read.ok && read.record.kind === 'noop') return;
    if (read.ok) this.places.add(placeOf(read.record) ?? '');
    const subject = read.ok && 'subject' in read.record ? read.record.subject : undefined;
    // A reserved id stays reserved. An undo reserves those that are free by it: taken back, they are taken again, by what had them.
    if (typeof subject === 'string' && isReservedSubject(subject) && !this.isOfUndo) return;
    if (typeof subject === 'string') this.subjects.add(subject);
    if (read.ok && read.record.kind === 'clear-subject') {
      // It has done what it does to whatever lies before it: what it purged is said again behind it, and no delete of its key undoes that.
      if (typeof subject === 'string' && !isContext(subject)) this.whole.add(subject);
      else this.cleared.add(subject ?? null);
      return;
    }
    if (read.ok && read.record.kind === 'delete-subject') this.whole.add(read.record.subject);
    this.newest.set(base64(raw.key), { offset: -1, version: undefined, taken: NONE_TAKEN });
  }

  /** What a DELETE_SUBJECT or a CLEAR_SUBJECT did has to be told before it again: then the whole subject is. */
  looksFor(raw: RawRecord): void {
    const read = readRecord(raw);
    if (!read.ok) return;
    const { record } = read;
    if (record.kind === 'schema') this.looksForAgain(placeOf(record) ?? '');
    if (record.kind !== 'delete-subject' && record.kind !== 'clear-subject') return;
    if (record.kind === 'clear-subject' && isWide(record.subject)) this.hasWide = true;
    else if (record.subject !== null && this.subjects.has(record.subject)) this.whole.add(record.subject);
  }

  private looksForAgain(place: string): void {
    if (this.isWrittenAgain || !this.places.has(place)) return;
    if (this.written.has(place)) this.isWrittenAgain = true;
    else this.written.add(place);
  }

  /** Whether a version has an older record with which a registry would read on that does not take the newest. */
  get mayBeReadPast(): boolean {
    return this.isWrittenAgain || this.whole.size > 0 || this.cleared.size > 0;
  }

  /** A record that the topic has. */
  saw(raw: RawRecord, read: ReadRecord, by: Takers): void {
    if (raw.key === null) return;
    const key = base64(raw.key);
    const known = this.newest.get(key);
    if (!read.ok) {
      if (known !== undefined) this.newest.set(key, { ...known, offset: raw.offset, version: undefined });
      return;
    }
    const { record } = read;
    if (record.kind === 'clear-subject' && isWide(record.subject)) this.purge(record.subject);
    if (record.kind === 'delete-subject') this.delete(record.subject, record.version);
    if (known === undefined && !this.isTouched(record)) return;
    const { offset } = raw;
    const before = known?.taken ?? NONE_TAKEN;
    const taken = {
      confluent: by.confluent ? offset : before.confluent,
      karapace: by.karapace ? offset : before.karapace,
    };
    if (!this.hasWide || record.kind !== 'schema') this.newest.set(key, { offset, version: undefined, taken });
    else {
      const { subject, version, value } = record;
      this.newest.set(key, { offset, version: { subject, version, isDeleted: value.deleted }, taken });
    }
  }

  private isTouched(record: SchemasRecord): boolean {
    // Keys in an old form are others to compaction, and the same to a registry.
    if (this.places.has(placeOf(record) ?? 'none')) return true;
    if (!('subject' in record) || record.subject === null) return false;
    if (record.kind === 'clear-subject' && isContext(record.subject)) return false;
    if (this.whole.has(record.subject)) return true;
    if (record.kind === 'config' || record.kind === 'mode' || this.cleared.size === 0) return false;
    return this.cleared.has(null) || this.cleared.has(contextScope(record.subject));
  }

  private delete(subject: string, upTo: number): void {
    if (!this.hasWide) return;
    for (const { version } of this.newest.values()) {
      if (version?.subject === subject && version.version <= upTo) version.isDeleted = true;
    }
  }

  /** Of a context or of everything: said again, it would purge what was deleted since; so what it purged is not said again. */
  private purge(scope: string | null): void {
    for (const [key, { version }] of this.newest) {
      if (version?.isDeleted !== true) continue;
      if (scope !== null && contextOf(version.subject) !== contextOf(scope)) continue;
      this.newest.set(key, { offset: -1, version: undefined, taken: NONE_TAKEN });
    }
  }

  keys(): TouchedKeys {
    const added: string[] = [];
    const replaced: number[] = [];
    for (const [key, { offset, taken }] of this.newest) {
      if (offset === -1) added.push(key);
      for (const each of new Set([offset, taken.confluent, taken.karapace])) if (each !== -1) replaced.push(each);
    }
    return { added: added.reverse(), replaced: replaced.sort((a, b) => a - b) };
  }
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

/** Whether a CLEAR_SUBJECT of it clears more than one subject. */
function isWide(scope: string | null): boolean {
  return scope === null || isContext(scope);
}

function isContext(scope: string): boolean {
  return /^:\.[^:]*:$/.test(scope);
}

function contextScope(subject: string): string {
  return `:.${contextOf(subject)}:`;
}

function base64(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('base64');
}
