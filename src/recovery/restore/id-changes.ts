/** What ids stand for after a restore in place, and did not before: data that carries one of them is read otherwise from then on. */
import type { PlannedId } from '../plan/plan.ts';
import { RowBytes } from '../state/row-columns.ts';
import type { Row, VersionTable } from '../state/version-table.ts';
import { idIndex } from './shared-ids.ts';
import type { WrittenRows } from './written-rows.ts';

/** A version of the target, and where its record lies there. */
export interface HeldId extends PlannedId {
  readonly offset: number;
}

/** A version that would bring a second schema to its id, and what has the id at the target and would stay. */
export interface IdCollision extends PlannedId {
  readonly heldBy: readonly HeldId[];
}

export interface IdChanges {
  /** That would stand for two schemas of one context: each version of the snapshot that would bring the second one. */
  readonly collisions: readonly IdCollision[];
  /** That get another schema in place of the one that they have, with the version that has it then; by id. */
  readonly changed: readonly PlannedId[];
  /** That stand for nothing any more, with the version that has it now; by id. */
  readonly lost: readonly PlannedId[];
}

/** Of one id of one context: by content, a version that has it. */
interface Meanings {
  readonly before: Map<string, PlannedId>;
  /** What is not written over. */
  readonly kept: Map<string, PlannedId>;
  /** Every version of it. */
  readonly holders: (HeldId & { readonly content: string })[];
  readonly written: Map<string, PlannedId>;
}

/** Memory: some 12 bytes for each id of what is written, and more for those of which anything is told. */
export function idChangesOf(written: WrittenRows): IdChanges {
  const { there, versions } = written;
  const isTold = toldIds(written);
  const ids = new Map<string, Meanings>();
  const meaningsOf = (row: Row): Meanings | undefined => {
    if (!isTold(row)) return undefined;
    const key = keyOf(versions, row);
    const known = ids.get(key) ?? { before: new Map(), kept: new Map(), holders: [], written: new Map() };
    ids.set(key, known);
    return known;
  };
  for (const row of written.ofSnapshot()) addFirst(meaningsOf(row)?.written, versions, row);
  for (const row of there.rows()) {
    const meanings = meaningsOf(row);
    addFirst(meanings?.before, versions, row);
    if (meanings === undefined || written.hasPlace(row)) continue;
    addFirst(meanings.kept, versions, row);
    meanings.holders.push({
      ...plannedId(versions, row),
      offset: versions.offset(row),
      content: content(versions, row),
    });
  }
  for (const row of there.beneath) if (written.hasPlace(row)) addFirst(meaningsOf(row)?.before, versions, row);
  return { ...sorted(ids.values()), collisions: collisionsOf(written, ids) };
}

/** Anything stood for it before. */
const BEFORE = 1;
/** Something will. */
const AFTER = 2;
/** Not all of that is one schema. */
const MIXED = 4;

/** Of the ids of what is written, and of what it replaces: whether they stood for something, and will not stand for just that. */
function toldIds(written: WrittenRows): (row: Row) => boolean {
  const { there, versions } = written;
  const ids = idIndex(versions);
  const marks = new RowBytes();
  const find = (row: Row): Row | undefined => ids.find(versions.id(row), versions.contextNumber(row));
  const see = (row: Row, mark: number): void => {
    const known = find(row);
    if (known === undefined) return;
    marks.set(known, marks.get(known) | mark | (versions.hasSameContent(known, row) ? 0 : MIXED));
  };
  for (const row of written.ofSnapshot()) {
    if (find(row) === undefined) ids.put(row);
    see(row, AFTER);
    const replaced = there.samePlace(row) ?? there.beneath.samePlace(row);
    if (replaced !== undefined && find(replaced) === undefined) ids.put(replaced);
  }
  for (const row of there.rows()) see(row, written.hasPlace(row) ? BEFORE : BEFORE | AFTER);
  for (const row of there.beneath) if (written.hasPlace(row)) see(row, BEFORE);
  return (row) => {
    const known = find(row);
    const mark = known === undefined ? 0 : marks.get(known);
    return (mark & BEFORE) !== 0 && mark !== (BEFORE | AFTER);
  };
}

function sorted(ids: Iterable<Meanings>): Omit<IdChanges, 'collisions'> {
  const changed: PlannedId[] = [];
  const lost: PlannedId[] = [];
  for (const { before, kept, written } of ids) {
    if (before.size === 0 || collides(kept, written)) continue;
    const after = new Map([...kept, ...written]);
    if (after.size === before.size && [...after.keys()].every((content) => before.has(content))) continue;
    if (after.size === 0) lost.push(...before.values());
    else {
      const [fresh] = [...after].filter(([content]) => !before.has(content));
      const [first] = after.values();
      const holder = fresh?.[1] ?? first;
      if (holder !== undefined) changed.push(holder);
    }
  }
  return { changed: changed.sort(byId), lost: lost.sort(byId) };
}

function collides(kept: Meanings['kept'], written: Meanings['written']): boolean {
  return [...written.keys()].some((content) => isOtherThan(kept, content));
}

function isOtherThan(kept: Meanings['kept'], content: string): boolean {
  return kept.size > 1 || (kept.size === 1 && !kept.has(content));
}

function collisionsOf(written: WrittenRows, ids: ReadonlyMap<string, Meanings>): readonly IdCollision[] {
  const { versions } = written;
  const found: IdCollision[] = [];
  if (ids.size === 0) return found;
  for (const row of written.ofSnapshot()) {
    const { kept, holders = [] } = ids.get(keyOf(versions, row)) ?? {};
    const mine = content(versions, row);
    if (kept === undefined || !isOtherThan(kept, mine)) continue;
    const others = holders.filter((holder) => holder.content !== mine);
    found.push({ ...plannedId(versions, row), heldBy: others.map(({ content: _, ...holder }) => holder) });
  }
  return found;
}

function plannedId(versions: VersionTable, row: Row): PlannedId {
  const [context, id] = [versions.context(row), versions.id(row)];
  return { context, id, subject: versions.subject(row), version: versions.version(row) };
}

function content(versions: VersionTable, row: Row): string {
  return versions.contentOf(row).toString('latin1');
}

function addFirst(to: Map<string, PlannedId> | undefined, versions: VersionTable, row: Row): void {
  if (to === undefined) return;
  const key = content(versions, row);
  if (!to.has(key)) to.set(key, plannedId(versions, row));
}

function keyOf(versions: VersionTable, row: Row): string {
  return `${versions.id(row)} ${versions.context(row)}`;
}

function byId(a: PlannedId, b: PlannedId): number {
  return a.id - b.id || (a.context < b.context ? -1 : a.context > b.context ? 1 : 0);
}
