/** What ids stand for after a restore in place, and did not before: data that carries one of them is read otherwise from then on. */
import { contextOf } from '../../registry/subject-context.ts';
import type { PlannedId } from '../plan/plan.ts';
import { isReservedSubject } from '../records/reserved-id.ts';
import { placeOf, type RecordTable } from './record-table.ts';

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

/**
 * Memory grows with the ids of what is written alone.
 * @param written by place: versions of `wanted` that are written
 */
export function idChangesOf(
  wanted: RecordTable,
  there: RecordTable,
  written: { has(place: string): boolean },
): IdChanges {
  const ids = new Map<string, Meanings>();
  const touch = (subject: string, id: number): Meanings => {
    const key = keyOf(subject, id);
    const known = ids.get(key) ?? { before: new Map(), kept: new Map(), holders: [], written: new Map() };
    ids.set(key, known);
    return known;
  };
  for (const { content, offset: _, ...version } of versionsOf(wanted)) {
    const { subject, id } = version;
    if (!written.has(placeOf(subject, version.version))) continue;
    addFirst(touch(subject, id).written, content, version);
    const replaced =
      there.version(subject, version.version) ?? there.beneath.get(placeOf(subject, version.version))?.row;
    if (replaced !== undefined) touch(subject, replaced.id);
  }
  if (ids.size === 0) return { collisions: [], changed: [], lost: [] };
  for (const { content, offset, ...version } of versionsOf(there)) {
    const meanings = ids.get(keyOf(version.subject, version.id));
    if (meanings === undefined) continue;
    addFirst(meanings.before, content, version);
    if (written.has(placeOf(version.subject, version.version))) continue;
    addFirst(meanings.kept, content, version);
    meanings.holders.push({ ...version, offset, content });
  }
  for (const [place, { subject, version, row }] of there.beneath) {
    const { id, content } = row;
    const meanings = ids.get(keyOf(subject, id));
    if (meanings === undefined || !written.has(place)) continue;
    addFirst(meanings.before, content, { context: contextOf(subject), id, subject, version });
  }
  return { ...sorted(ids.values()), collisions: collisionsOf(wanted, written, ids) };
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

function collisionsOf(
  wanted: RecordTable,
  written: { has(place: string): boolean },
  ids: ReadonlyMap<string, Meanings>,
): readonly IdCollision[] {
  const found: IdCollision[] = [];
  for (const { content, offset: _, ...version } of versionsOf(wanted)) {
    if (!written.has(placeOf(version.subject, version.version))) continue;
    const { kept, holders = [] } = ids.get(keyOf(version.subject, version.id)) ?? {};
    if (kept === undefined || !isOtherThan(kept, content)) continue;
    const others = holders.filter((holder) => holder.content !== content);
    found.push({ ...version, heldBy: others.map(({ content: _, ...holder }) => holder) });
  }
  return found;
}

/** A reserved id stands for nothing. */
function* versionsOf(table: RecordTable): Generator<HeldId & { readonly content: string }> {
  for (const [subject, rows] of table.versions) {
    if (isReservedSubject(subject)) continue;
    const context = contextOf(subject);
    for (const [version, { id, content, offset }] of rows) yield { context, id, subject, version, content, offset };
  }
}

function addFirst(to: Map<string, PlannedId>, content: string, version: PlannedId): void {
  if (!to.has(content)) to.set(content, version);
}

function keyOf(subject: string, id: number): string {
  return `${id} ${contextOf(subject)}`;
}

function byId(a: PlannedId, b: PlannedId): number {
  return a.id - b.id || (a.context < b.context ? -1 : a.context > b.context ? 1 : 0);
}
