/** What a topic lacks, or has otherwise, of what a snapshot says last. */
import { contextOf } from '../../registry/subject-context.ts';
import type { SchemaReference } from '../../sdk/schema-view.ts';
import type { PlannedChange } from '../plan/plan.ts';
import { inReferenceOrder, targetsAmong } from '../records/reference-order.ts';
import { LATEST, referred } from '../records/referenced-subject.ts';
import { isReservedSubject } from '../records/reserved-id.ts';
import { type IdChanges, idChangesOf } from './id-changes.ts';
import { placeOf, type RecordTable } from './record-table.ts';
import { sharedIdsOf } from './shared-ids.ts';
import type { VersionRow } from './version-rows.ts';

export interface Difference {
  /** Whose record is written. */
  readonly from: 'snapshot' | 'present';
  readonly offset: number;
  readonly change: Exclude<PlannedChange, '-'>;
  /** Of a version: that it is soft-deleted in the end. */
  readonly deleted: boolean;
  /** The version's id had another text at the target. */
  readonly needsTombstone: boolean;
  /** Only deleted: it reserved an id that gets its schema back. */
  readonly isReleased?: boolean;
}

export interface Differences {
  /** In the order of writing: what is referred to comes before what refers to it, or else by offset. */
  readonly all: readonly Difference[];
  readonly added: number;
  readonly changed: number;
  /** Nothing is the matter with them, but they refer to others. */
  readonly again: number;
  /** Nor with these, but they share an id with one that is written. */
  readonly sharing: number;
  /** In words. */
  readonly sharedIds: readonly string[];
  /** Versions. */
  readonly onlyThere: number;
  readonly purged: number;
  readonly ids: IdChanges;
}

interface Written extends Difference {
  readonly subject: string;
  readonly version: number;
  readonly references: readonly SchemaReference[];
}

export function differencesOf(wanted: RecordTable, there: RecordTable): Differences {
  const written = new Map<string, Written>();
  for (const [{ subject, version }, row, known] of pairs(wanted, there)) {
    if (known !== undefined && isSame(row, known)) continue;
    const { offset, deleted, references = [] } = row;
    // An id that had another text, or that is the version's no more, would go on to mean what it meant before, or worse.
    const before = known ?? there.beneath.get(placeOf(subject, version))?.row;
    const needsTombstone = before !== undefined && (before.id !== row.id || before.content !== row.content);
    const change = known === undefined ? '+' : '~';
    const place = { subject, version, references };
    written.set(placeOf(subject, version), { ...place, from: 'snapshot', offset, change, deleted, needsTombstone });
  }
  const ids = idChangesOf(wanted, there, written);
  const differing = written.size;
  const { shared, sharing } = addAgain(wanted, there, written);
  const released = releasedBy(wanted, there, written);
  const all: Difference[] = [...released, ...inOrder(written, shared.values())];
  const again = written.size - differing - sharing;
  for (const [key, { content, offset }] of wanted.settings) {
    const known = there.settings.get(key);
    if (known?.content === content) continue;
    const change = known === undefined ? '+' : '~';
    all.push({ from: 'snapshot', offset, change, deleted: false, needsTombstone: false });
  }
  const added = all.filter(({ change }) => change === '+').length;
  const changed = all.length - added - again - sharing - released.length;
  const counts = { added, changed, again, sharing, purged: wanted.purged };
  return { all, ...counts, onlyThere: onlyIn(there, wanted), ids, sharedIds: [...shared.keys()] };
}

type Place = Pick<Written, 'subject' | 'version'>;

function* pairs(
  table: RecordTable,
  other: RecordTable,
): Generator<readonly [place: Place, row: VersionRow, other: VersionRow | undefined]> {
  for (const [subject, rows] of table.versions) {
    // Reserved ids are told by the highest ones: a record of theirs may be in the way of what was given out since.
    if (isReservedSubject(subject)) continue;
    for (const [version, row] of rows) yield [{ subject, version }, row, other.version(subject, version)];
  }
}

function isSame(a: VersionRow, b: VersionRow): boolean {
  return a.id === b.id && a.content === b.content && a.deleted === b.deleted;
}

function onlyIn(table: RecordTable, other: RecordTable): number {
  let count = 0;
  for (const [, , known] of pairs(table, other)) if (known === undefined) count++;
  return count;
}

/** Whatever has to come behind what is written, or beside it, until nothing more has to. */
function addAgain(
  wanted: RecordTable,
  there: RecordTable,
  written: Map<string, Written>,
): { readonly shared: ReturnType<typeof sharedIdsOf>; readonly sharing: number } {
  let sharing = 0;
  for (;;) {
    addDependents(wanted, there, written);
    const before = written.size;
    const shared = sharedIdsOf(wanted, there, written);
    for (const { subject, version, from, row } of [...shared.values()].flat()) {
      const place = placeOf(subject, version);
      if (!written.has(place)) written.set(place, again({ subject, version }, row, from));
    }
    sharing += written.size - before;
    if (written.size === before) return { shared, sharing };
  }
}

function again(place: Place, { offset, deleted, references = [] }: VersionRow, from: Difference['from']): Written {
  return { ...place, references, from, offset, change: '~', deleted, needsTombstone: false };
}

/** Karapace drops a schema that comes before one that it refers to: whatever refers to one that is written anew is written again. */
function addDependents(wanted: RecordTable, there: RecordTable, written: Map<string, Written>): void {
  const dependents = new Map<string, Written[]>();
  const see = (place: Place, row: VersionRow, from: Difference['from']): void => {
    const { references = [] } = row;
    if (references.length === 0) return;
    const dependent = again(place, row, from);
    for (const reference of references) {
      const to = referred(reference, place.subject);
      const key = placeOf(to.subject, to.version);
      const known = dependents.get(key);
      if (known === undefined) dependents.set(key, [dependent]);
      else known.push(dependent);
    }
  };
  for (const [place, row] of pairs(wanted, there)) see(place, row, 'snapshot');
  for (const [place, row, known] of pairs(there, wanted)) if (known === undefined) see(place, row, 'present');
  const open = [...written.values()];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const version of [next.version, LATEST]) {
      for (const dependent of dependents.get(placeOf(next.subject, version)) ?? []) {
        const place = placeOf(dependent.subject, dependent.version);
        if (written.has(place)) continue;
        written.set(place, dependent);
        open.push(dependent);
      }
    }
  }
}

/** @param shared the versions of each shared id, in the order in which they are to stay */
function inOrder(written: ReadonlyMap<string, Written>, shared: Iterable<readonly Place[]>): Difference[] {
  const before = new Map<Written, Written>();
  for (const places of shared) {
    const holders = places.flatMap(({ subject, version }) => written.get(placeOf(subject, version)) ?? []);
    for (const [n, holder] of holders.entries()) {
      const previous = holders[n - 1];
      if (previous !== undefined) before.set(holder, previous);
    }
  }
  const byOffset = [...written.values()].sort((a, b) => a.offset - b.offset);
  const targetOf = targetsAmong(byOffset);
  const ordered = inReferenceOrder(byOffset, function* (one) {
    const wasBefore = ({ from, offset }: Written): boolean => from === one.from && offset < one.offset;
    for (const reference of one.references) {
      const needed = targetOf(reference, one, wasBefore);
      if (needed !== undefined) yield needed;
    }
    const previous = before.get(one);
    if (previous !== undefined) yield previous;
  });
  return ordered.map(({ references: _, subject: __, version: ___, ...difference }) => difference);
}

/** What reserves an id at the target, as a restore that was taken back leaves it, gives way to the schema of that id. */
function releasedBy(
  wanted: RecordTable,
  there: RecordTable,
  written: ReadonlyMap<string, Written>,
): readonly Difference[] {
  const ids = new Set<string>();
  for (const [subject, rows] of wanted.versions) {
    for (const [version, { id }] of rows) {
      if (written.has(placeOf(subject, version))) ids.add(`${id} ${contextOf(subject)}`);
    }
  }
  const released: Difference[] = [];
  for (const [subject, rows] of there.versions) {
    if (!isReservedSubject(subject)) continue;
    for (const { id, offset } of rows.values()) {
      if (!ids.has(`${id} ${contextOf(subject)}`)) continue;
      released.push({ from: 'present', offset, change: '~', deleted: true, needsTombstone: true, isReleased: true });
    }
  }
  return released;
}
