/** What a topic lacks, or has otherwise, of what a snapshot says last. */
import type { PlannedChange } from '../plan/plan.ts';
import { inReferenceOrder, targetsAmong } from '../records/reference-order.ts';
import { LATEST, referred } from '../records/referenced-subject.ts';
import type { Row } from '../state/version-table.ts';
import { type IdChanges, idChangesOf } from './id-changes.ts';
import type { RecordTable } from './record-table.ts';
import { idIndex, sharedIdsOf } from './shared-ids.ts';
import { WrittenRows } from './written-rows.ts';

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
  readonly all: DifferenceList;
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

/** In the order of writing: what is referred to comes before what refers to it, or else by offset. Made while it is iterated, as often as wanted. */
export class DifferenceList implements Iterable<Difference> {
  private readonly released: readonly Difference[];
  private readonly written: WrittenRows;
  private readonly order: Int32Array;
  private readonly settings: readonly Difference[];

  constructor(parts: {
    readonly released: readonly Difference[];
    readonly written: WrittenRows;
    readonly order: Int32Array;
    readonly settings: readonly Difference[];
  }) {
    this.released = parts.released;
    this.written = parts.written;
    this.order = parts.order;
    this.settings = parts.settings;
  }

  get size(): number {
    return this.released.length + this.order.length + this.settings.length;
  }

  *[Symbol.iterator](): Generator<Difference> {
    yield* this.released;
    const { versions } = this.written;
    for (const row of this.order) {
      yield {
        from: this.written.isFromSnapshot(row) ? 'snapshot' : 'present',
        offset: versions.offset(row),
        change: this.written.isNew(row) ? '+' : '~',
        deleted: versions.isDeleted(row),
        needsTombstone: this.written.needsTombstone(row),
      };
    }
    yield* this.settings;
  }
}

/**
 * Memory: some 20 bytes for each version that is written.
 * @param there beside `wanted`
 */
export function differencesOf(wanted: RecordTable, there: RecordTable): Differences {
  const { versions } = wanted;
  const written = new WrittenRows({ wanted, there });
  for (const row of wanted.rows()) {
    const known = there.samePlace(row);
    if (known !== undefined && hasSame(wanted, row, known) && versions.isDeleted(row) === versions.isDeleted(known))
      continue;
    // An id that had another text, or that is the version's no more, would go on to mean what it meant before, or worse.
    const before = known ?? there.beneath.samePlace(row);
    const needsTombstone = before !== undefined && !hasSame(wanted, row, before);
    written.add(row, { isNew: known === undefined, needsTombstone });
  }
  const ids = idChangesOf(written);
  const differing = written.size;
  const { shared, sharing } = addAgain(written);
  const released = releasedBy(written);
  const again = written.size - differing - sharing;
  const settings: Difference[] = [];
  for (const [key, { content, offset }] of wanted.settings) {
    const known = there.settings.get(key);
    if (known?.content === content) continue;
    const change = known === undefined ? '+' : '~';
    settings.push({ from: 'snapshot', offset, change, deleted: false, needsTombstone: false });
  }
  const all = new DifferenceList({ released, written, order: inOrder(written, shared.values()), settings });
  let added = 0;
  for (const { change } of all) if (change === '+') added++;
  const changed = all.size - added - again - sharing - released.length;
  const counts = { added, changed, again, sharing, purged: wanted.purged };
  return { all, ...counts, onlyThere: onlyThere(written), ids, sharedIds: [...shared.keys()] };
}

function hasSame({ versions }: RecordTable, a: Row, b: Row): boolean {
  return versions.id(a) === versions.id(b) && versions.hasSameContent(a, b);
}

function onlyThere({ wanted, there }: WrittenRows): number {
  let count = 0;
  for (const row of there.rows()) if (wanted.samePlace(row) === undefined) count++;
  return count;
}

/** Whatever has to come behind what is written, or beside it, until nothing more has to. */
function addAgain(written: WrittenRows): {
  readonly shared: ReturnType<typeof sharedIdsOf>;
  readonly sharing: number;
} {
  const dependents = dependentsOf(written);
  let sharing = 0;
  for (;;) {
    addDependents(written, dependents);
    const before = written.size;
    const shared = sharedIdsOf(written);
    for (const row of [...shared.values()].flat()) if (!written.hasPlace(row)) written.add(row);
    sharing += written.size - before;
    if (written.size === before) return { shared, sharing };
  }
}

/** By each version that is referred to, what refers to it. */
type Dependents = ReadonlyMap<string, readonly Row[]>;

function dependentsOf({ wanted, there, versions }: WrittenRows): Dependents {
  const dependents = new Map<string, Row[]>();
  const see = (row: Row): void => {
    for (const reference of versions.referencesOf(row)) {
      const to = referred(reference, versions.subject(row));
      const key = placeOf(to.subject, to.version);
      const known = dependents.get(key);
      if (known === undefined) dependents.set(key, [row]);
      else known.push(row);
    }
  };
  for (const row of wanted.rows()) see(row);
  for (const row of there.rows()) if (wanted.samePlace(row) === undefined) see(row);
  return dependents;
}

/** Karapace drops a schema that comes before one that it refers to: whatever refers to one that is written anew is written again. */
function addDependents(written: WrittenRows, dependents: Dependents): void {
  if (dependents.size === 0) return;
  const { versions } = written;
  const open = [...written];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const version of [versions.version(next), LATEST]) {
      for (const dependent of dependents.get(placeOf(versions.subject(next), version)) ?? []) {
        if (written.hasPlace(dependent)) continue;
        written.add(dependent);
        open.push(dependent);
      }
    }
  }
}

/** Of one version, as a key. */
function placeOf(subject: string, version: number): string {
  return `${version} ${subject}`;
}

/** @param shared the versions of each shared id, in the order in which they are to stay */
function inOrder(written: WrittenRows, shared: Iterable<readonly Row[]>): Int32Array {
  const { versions } = written;
  const before = new Map<Row, Row>();
  for (const rows of shared) {
    for (const [n, row] of rows.entries()) {
      const previous = rows[n - 1];
      if (previous !== undefined) before.set(row, previous);
    }
  }
  const byOffset = written.byOffset();
  const concerned = withReferences(written);
  if (concerned.size === 0 && before.size === 0) return byOffset;
  const targetOf = targetsAmong(concerned.values());
  const ordered = inReferenceOrder(byOffset, function* (row) {
    const one = concerned.get(row);
    if (one !== undefined) {
      const wasBefore = ({ row: other }: Concerned): boolean =>
        written.isFromSnapshot(other) === written.isFromSnapshot(row) && versions.offset(other) < versions.offset(row);
      for (const reference of versions.referencesOf(row)) {
        const needed = targetOf(reference, one, wasBefore);
        if (needed !== undefined) yield needed.row;
      }
    }
    const previous = before.get(row);
    if (previous !== undefined) yield previous;
  });
  return Int32Array.from(ordered);
}

interface Concerned {
  readonly row: Row;
  readonly subject: string;
  readonly version: number;
  readonly deleted: boolean;
}

/** Of what is written: what refers to others, and all versions of the subjects to which it refers. */
function withReferences(written: WrittenRows): ReadonlyMap<Row, Concerned> {
  const { versions } = written;
  const subjects = new Set<string>();
  for (const row of written) {
    for (const reference of versions.referencesOf(row))
      subjects.add(referred(reference, versions.subject(row)).subject);
  }
  const concerned = new Map<Row, Concerned>();
  if (subjects.size === 0) return concerned;
  for (const row of written) {
    const subject = versions.subject(row);
    if (versions.referencesOf(row).length === 0 && !subjects.has(subject)) continue;
    concerned.set(row, { row, subject, version: versions.version(row), deleted: versions.isDeleted(row) });
  }
  return concerned;
}

/** What reserves an id at the target, as a restore that was taken back leaves it, gives way to the schema of that id. */
function releasedBy(written: WrittenRows): readonly Difference[] {
  const { there, versions } = written;
  const reserved = [...there.reservedRows()];
  if (reserved.length === 0) return [];
  const ids = idIndex(versions);
  for (const row of written.ofSnapshot()) ids.put(row);
  const released: Difference[] = [];
  for (const row of reserved) {
    if (ids.find(versions.id(row), versions.contextNumber(row)) === undefined) continue;
    const offset = versions.offset(row);
    released.push({ from: 'present', offset, change: '~', deleted: true, needsTombstone: true, isReleased: true });
  }
  return released;
}
