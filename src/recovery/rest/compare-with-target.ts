/** What has to be done for each version of a snapshot, given what the registry has already. */
import { contextOf } from '../../registry/subject-context.ts';
import { DataError } from '../../sdk/errors/kinds.ts';
import { readRecord } from '../records/read-record.ts';
import type { SchemaValue } from '../records/schemas-record.ts';
import { recordReadBy } from '../records/vendor-reading.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { RegistryState, VersionState } from '../state/registry-state.ts';
import { dependencyOrder } from './dependency-order.ts';
import { type LeftOutVersion, LeftOutVersions } from './left-out-versions.ts';
import { REST_CONFLICT, REST_CYCLE } from './rest-errors.ts';
import { ranks, repeatedIn, SameSchemas, sameAs } from './same-schema.ts';
import { softDeletions } from './soft-deletions.ts';
import type { TargetIndex } from './target-index.ts';

/** `import`: it is not there. `undelete`, `delete`: it is there, and soft-deleted or not, unlike in the snapshot. */
export type RestoreAction = 'import' | 'undelete' | 'delete';

export interface RestoreItem {
  readonly version: VersionState;
  readonly action: RestoreAction;
}

export interface Comparison {
  /** Each after what it refers to, and what is soft-deleted after that is which refers to it. */
  readonly items: readonly RestoreItem[];
  /** How many are there as they should be. */
  readonly same: number;
  /** What the registry would refuse, and does not have. */
  readonly leftOut: readonly LeftOutVersion[];
  /** What stays alive though the snapshot has it soft-deleted, in words. */
  readonly kept: readonly string[];
  /** Schemas that will have two ids, in words. */
  readonly otherIds: readonly string[];
}

const BATCH = 100;
const NAMED = 20;

/**
 * @param unparsable by offset, which texts are no schemas, and why; undefined: the registry looks neither at texts nor at references
 * @throws DataError `holdfast.recovery.rest-conflict` that lists what is in the way, `holdfast.recovery.rest-reference-cycle`; and what
 *   reading throws
 */
export async function compareWithTarget(
  snapshot: Snapshot,
  state: RegistryState,
  target: TargetIndex,
  unparsable: ReadonlyMap<number, string> | undefined,
  signal: AbortSignal,
): Promise<Comparison> {
  const versions = [...state.subjects()].flatMap((subject) => [...state.versions(subject)]);
  const refused = new LeftOutVersions({ versions, unparsable: unparsable ?? new Map(), target });
  const conflicts: string[] = [];
  const items: RestoreItem[] = [];
  const same = new SameSchemas({ state, target });
  const { order, circle } = dependencyOrder(versions, ranks(versions, target));
  if (circle !== undefined) throw circular(circle);
  let unchanged = 0;
  for (let at = 0; at < order.length; at += BATCH) {
    signal.throwIfAborted();
    const batch = order.slice(at, at + BATCH);
    const contents = target.isEmpty ? NO_CONTENTS : await contentsOf(snapshot, batch, target);
    for (const version of batch) {
      const content = contents.get(version);
      const found = actionFor(version, target, content);
      if (typeof found === 'object') conflicts.push(found.conflict);
      else if (found === 'same') unchanged++;
      else if (found === 'delete' || unparsable === undefined) items.push({ version, action: found });
      else if (!refused.refuses(version)) {
        const inTheWay = content === undefined ? undefined : same.inTheWayOf(version, content);
        if (inTheWay === undefined) {
          items.push({ version, action: found });
          if (content !== undefined) same.sees(version, content);
        } else if (version.deleted && inTheWay.id === version.id) refused.add(version, sameAs(inTheWay));
        else conflicts.push(`${nameOf(version)}: ${sameAs(inTheWay)}`);
      }
    }
  }
  conflicts.unshift(...repeatedIn(state, refused, { looksAtTexts: unparsable !== undefined }));
  const deletions = softDeletions(items, { state, target });
  conflicts.push(...deletions.conflicts);
  if (conflicts.length > 0) throw conflicting(conflicts, target.witness.node);
  const { items: possible, kept } = deletions;
  return { items: possible, kept, same: unchanged, leftOut: [...refused.all()], otherIds: same.inWords() };
}

const NO_CONTENTS: ReadonlyMap<VersionState, string> = new Map();

async function contentsOf(
  snapshot: Snapshot,
  versions: readonly VersionState[],
  target: TargetIndex,
): Promise<ReadonlyMap<VersionState, string>> {
  const contents = new Map<VersionState, string>();
  for (const [version, value] of await valuesAt(snapshot, versions)) contents.set(version, target.contentOf(value));
  return contents;
}

/** The texts of these versions, read where the state saw them. @throws DataError when a record is not what it was */
export async function valuesAt(
  snapshot: Snapshot,
  versions: readonly VersionState[],
): Promise<readonly (readonly [VersionState, SchemaValue])[]> {
  const ascending = [...versions].sort((a, b) => a.offset - b.offset);
  const records = await snapshot.at(ascending.map(({ offset }) => offset));
  const values = new Map<VersionState, SchemaValue>();
  for (const [index, version] of ascending.entries()) {
    const raw = records[index];
    const read = raw === undefined ? undefined : recordReadBy('confluent', readRecord(raw));
    if (read?.kind !== 'schema') {
      throw new DataError(`The record at offset ${version.offset} of the snapshot is no schema any more.`);
    }
    // A later record may have soft-deleted it.
    values.set(version, { ...read.value, deleted: version.deleted });
  }
  return versions.map((version) => [version, values.get(version) as SchemaValue]);
}

function actionFor(
  wanted: VersionState,
  target: TargetIndex,
  content: string | undefined,
): RestoreAction | 'same' | { readonly conflict: string } {
  const { subject, version, id, deleted } = wanted;
  const there = target.version(subject, version);
  const name = nameOf(wanted);
  if (there !== undefined && (there.id !== id || there.content !== content)) {
    return { conflict: `${name}: the registry has ${there.id === id ? 'another schema' : `id ${there.id}`} there` };
  }
  const holder = target.ofId(contextOf(subject), id);
  if (holder !== undefined && holder.content !== content) {
    return {
      conflict: `${name}: the registry has id ${id} for version ${holder.version} of subject ${holder.subject}`,
    };
  }
  if (there === undefined) return 'import';
  if (there.deleted === deleted) return 'same';
  return deleted ? 'delete' : 'undelete';
}

function nameOf({ subject, version, id }: VersionState): string {
  return `version ${version} of subject ${subject} (id ${id})`;
}

function conflicting(conflicts: readonly string[], node: string): DataError {
  const more = conflicts.length > NAMED ? `; and ${conflicts.length - NAMED} more` : '';
  return new DataError(
    `The snapshot can not be restored into the registry at ${node}: ${conflicts.slice(0, NAMED).join('; ')}${more}. Nothing was written. ` +
      'Leave these out (--only), restore them under other names or into a context (--map), or restore into a new topic.',
    { code: REST_CONFLICT, details: { conflicts: conflicts.slice(0, 1000), total: conflicts.length } },
  );
}

function circular(circle: readonly VersionState[]): DataError {
  const names = circle.map(({ subject, version }) => `${subject} version ${version}`);
  return new DataError(
    `Schemas refer to each other in a circle: ${[...names, names[0]].join(' -> ')}. No registry takes one of them before the others; ` +
      'restore into a new topic (--into new-topic), or leave them out (--only).',
    { code: REST_CYCLE },
  );
}
