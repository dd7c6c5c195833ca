/** What a plan that only appends to a topic will replace there, by the exact bytes of the keys. */
import { contextOf } from '../../registry/subject-context.ts';
import { KeySet } from '../backup/key-set.ts';
import type { Plan } from '../plan/open-plan.ts';
import { appendedRecord } from '../plan/planned-record.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { readRecord } from '../records/read-record.ts';
import { isReservedSubject } from '../records/reserved-id.ts';
import type { ReadRecord, SchemasRecord } from '../records/schemas-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { ReplayVendor } from '../state/registry-state.ts';
import { RowNumbers } from '../state/row-columns.ts';
import { BOTH, NONE, RecordTakers, type Takers } from './record-takers.ts';

export interface TouchedKeys {
  /** Keys, as base64, that the topic does not have yet; the last written first, so that nothing that refers to another outlives it. */
  readonly added: readonly string[];
  /** Offsets of the newest records that say again what was replaced, ascending; where a vendor's registry reads past the newest of a key, of the last one that it took, too. */
  readonly replaced: readonly number[];
}

/**
 * Memory: some 90 bytes for each key of the plan, and of the subjects that it deletes or clears as a whole, and the keys that are told; where one
 * of them was written more than once, both vendors' states as well ({@link RecordTakers}). Reads plan and snapshot twice, and the snapshot once
 * more for each step by which records of two places ({@link placesIn}) widen what is touched.
 */
export async function touchedKeys(plan: Plan, present: Snapshot, signal: AbortSignal): Promise<TouchedKeys> {
  const touched = new Touched(plan.header.undoes !== undefined);
  for await (const steps of plan.read(0, signal)) {
    for (const step of steps) if (step.do === 'produce') touched.plans(appendedRecord(step.record));
  }
  for (let extent = -1; extent !== touched.extent && (extent === -1 || touched.hasOverlooked); ) {
    extent = touched.extent;
    for await (const records of present.records()) {
      signal.throwIfAborted();
      for (const raw of records) touched.looksFor(raw);
    }
  }
  const takers = touched.mayBeReadPast ? new RecordTakers() : undefined;
  for await (const records of present.records()) {
    signal.throwIfAborted();
    for (const raw of records) {
      const read = readRecord(raw);
      touched.saw(raw, read, takers?.of(raw.offset, read) ?? (read.ok ? BOTH : NONE));
    }
  }
  const added: string[] = [];
  for await (const steps of plan.read(0, signal)) {
    for (const step of steps) {
      if (step.do === 'produce' && step.record.key !== null && touched.isFirstAdded(step.record.key)) {
        added.push(step.record.key);
      }
    }
  }
  return { added: [...added, ...touched.purgedKeys()].reverse(), replaced: touched.replaced() };
}

interface PurgeableVersion {
  readonly subject: string;
  readonly version: number;
  /** It says so itself, or a DELETE_SUBJECT came to it. */
  isDeleted: boolean;
  /** In base64. */
  readonly key: string;
}

class Touched {
  /** Each has a number, from those of the plan on. */
  private readonly keys = new KeySet();
  private planned = 0;
  /** By a key's number, where its newest record lies; -1: the topic has none. */
  private readonly newest = new RowNumbers();
  /** Where the last one lies that each vendor's registry took, with which it reads on until compaction takes it; -1: there is none. */
  private readonly taken: Readonly<Record<ReplayVendor, RowNumbers>> = {
    confluent: new RowNumbers(),
    karapace: new RowNumbers(),
  };
  /** By a key's number and the other version of which the value is, where the last such record lies: Karapace goes on reading it there. */
  private readonly elsewhere = new Map<string, number>();
  /** By a key's number. */
  private readonly versions = new Map<number, PurgeableVersion>();
  /** In base64, by number: those that are not the plan's, and were purged at one time. */
  private readonly purged = new Map<number, string>();
  /** The number of the next key of the plan to be looked at for what is added. */
  private looked = 0;
  private readonly places = new KeySet();
  private readonly subjects = new Set<string>();
  /** Subjects of which everything is said again, in its order. */
  private readonly whole = new Set<string>();
  /** What the plan purges beyond single subjects: contexts, or everything as null. */
  private readonly cleared = new Set<string | null>();
  /** Whether the topic has purged anything beyond single subjects: only then what is soft-deleted counts. */
  private hasWide = false;
  private readonly written = new KeySet();
  private isWrittenAgain = false;
  /** Whether the topic has a record that only one vendor's registry reads, or each in another place. */
  hasOverlooked = false;

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
    this.keys.add(raw.key);
    this.planned = this.keys.size;
  }

  /** What a DELETE_SUBJECT or a CLEAR_SUBJECT did has to be told before it again: then the whole subject is. */
  looksFor(raw: RawRecord): void {
    const read = readRecord(raw);
    if (!read.ok) {
      if (read.overlooked !== undefined) this.hasOverlooked = true;
      // What is given to one of the places hides, or uncovers, what a vendor's registry reads in the other.
      const places = placesIn(read);
      if (places.some((one) => this.isTouched(one))) for (const one of places) this.touch(one);
      return;
    }
    const { record } = read;
    if (record.kind === 'schema') this.looksForAgain(placeOf(record) ?? '');
    if (record.kind !== 'delete-subject' && record.kind !== 'clear-subject') return;
    if (record.kind === 'clear-subject' && isWide(record.subject)) this.hasWide = true;
    else if (record.subject !== null && this.subjects.has(record.subject)) this.whole.add(record.subject);
  }

  private touch(one: VersionPlace): void {
    this.places.add(placeOf(one) ?? '');
    this.subjects.add(one.subject);
  }

  /** Of what is touched besides the plan's own keys: grows while the topic is looked through. */
  get extent(): number {
    return this.places.size + this.whole.size;
  }

  private looksForAgain(place: string): void {
    if (this.isWrittenAgain || !this.places.has(place)) return;
    if (this.written.has(place)) this.isWrittenAgain = true;
    else this.written.add(place);
  }

  /** Whether a version has an older record with which a registry would read on that does not take the newest. */
  get mayBeReadPast(): boolean {
    return this.isWrittenAgain || this.hasOverlooked || this.whole.size > 0 || this.cleared.size > 0;
  }

  /** A record that the topic has. */
  saw(raw: RawRecord, read: ReadRecord, by: Takers): void {
    if (raw.key === null) return;
    const known = this.keys.find(raw.key);
    const { offset } = raw;
    if (!read.ok) {
      if (known === undefined && !placesIn(read).some((one) => this.isTouched(one))) return;
      const number = known ?? this.keys.add(raw.key);
      const [, inValue] = placesIn(read);
      const isElsewhere = inValue !== undefined && read.problem === 'key-value-mismatch';
      if (isElsewhere) this.elsewhere.set(`${number} ${placeOf(inValue)}`, offset);
      this.set(number, offset, { ...by, karapace: by.karapace && !isElsewhere });
      this.versions.delete(number);
      return;
    }
    const { record } = read;
    if (record.kind === 'clear-subject' && isWide(record.subject)) this.purge(record.subject);
    if (record.kind === 'delete-subject') this.delete(record.subject, record.version);
    if (known === undefined && !this.isTouched(record)) return;
    const number = known ?? this.keys.add(raw.key);
    this.set(number, offset, by);
    if (!this.hasWide || record.kind !== 'schema') this.versions.delete(number);
    else {
      const { subject, version, value } = record;
      this.versions.set(number, { subject, version, isDeleted: value.deleted, key: base64(raw.key) });
    }
  }

  private set(number: number, offset: number, by: Takers): void {
    this.newest.set(number, offset);
    if (by.confluent) this.taken.confluent.set(number, offset);
    if (by.karapace) this.taken.karapace.set(number, offset);
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
    for (const version of this.versions.values()) {
      if (version.subject === subject && version.version <= upTo) version.isDeleted = true;
    }
  }

  /** Of a context or of everything: said again, it would purge what was deleted since; so what it purged is not said again. */
  private purge(scope: string | null): void {
    for (const [number, { isDeleted, subject, key }] of this.versions) {
      if (!isDeleted || (scope !== null && contextOf(subject) !== contextOf(scope))) continue;
      for (const offsets of [this.newest, this.taken.confluent, this.taken.karapace]) offsets.set(number, -1);
      this.versions.delete(number);
      if (number >= this.planned) this.purged.set(number, key);
    }
  }

  /** Whether the topic does not have this key, in base64; asked of each key of the plan in its order, and told once. */
  isFirstAdded(key: string): boolean {
    const number = this.keys.find(Buffer.from(key, 'base64'));
    if (number === undefined || number !== this.looked || number >= this.planned) return false;
    this.looked = number + 1;
    return this.newest.get(number) === -1;
  }

  /** In base64: that the topic does not have any more, and the plan does not have either. */
  purgedKeys(): readonly string[] {
    const gone = [...this.purged].filter(([number]) => this.newest.get(number) === -1);
    return gone.sort(([a], [b]) => a - b).map(([, key]) => key);
  }

  /** Ascending. */
  replaced(): readonly number[] {
    const found = [...this.elsewhere.values()];
    for (let number = 0; number < this.keys.size; number++) {
      const offsets = [this.newest, this.taken.confluent, this.taken.karapace].map((column) => column.get(number));
      for (const each of new Set(offsets)) if (each !== -1) found.push(each);
    }
    return found.sort((a, b) => a - b).filter((offset, n) => offset !== found[n - 1]);
  }
}

type VersionPlace = Extract<SchemasRecord, { readonly kind: 'schema-gone' }>;

/** Where registries read one that is not as it should be: Confluent's goes by the key, Karapace by the value. */
function placesIn({ overlooked }: Extract<ReadRecord, { readonly ok: false }>): readonly VersionPlace[] {
  if (overlooked?.kind !== 'schema') return [];
  return [overlooked, overlooked.value].map(({ subject, version }) => ({
    ...{ kind: 'schema-gone', absence: 'null' },
    ...{ subject, version },
  }));
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
