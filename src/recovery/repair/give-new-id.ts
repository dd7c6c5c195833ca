/**
 * A schema that shares its id with another one gets an id of its own, above every id that was ever given out. Data topics are never
 * rewritten: what was written with the old id means from then on whoever keeps it.
 */
import { contextOf } from '../../registry/subject-context.ts';
import { ConfigError, defineErrorCode } from '../../sdk/errors/index.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { VersionState } from '../state/registry-state.ts';
import type { BothStates, DuplicateId } from './duplicate-ids.ts';
import { type InPlaceRepair, tombstone } from './in-place-repair.ts';
import { shownList, shownVersion } from './shown.ts';
import { type VersionWrite, versionRecords, withReferrers } from './version-writes.ts';

export const NO_DUPLICATE = defineErrorCode('holdfast.recovery.no-duplicate', {
  what: 'A version was to get another id, but it is not there.',
  mend: 'Run `holdfast schemas repair duplicate-ids` without --give-new-id: it lists the versions that do.',
});

export interface GivenId {
  readonly context: string;
  readonly oldId: number;
  readonly newId: number;
  readonly versions: readonly VersionState[];
  /** Who keeps the old id. */
  readonly keepers: readonly VersionState[];
}

type Place = Pick<VersionState, 'subject' | 'version'>;

/**
 * @param options.maxIds by context, what else is known of the highest id: of a live registry, for example
 * @throws ConfigError `holdfast.recovery.no-duplicate`
 */
export async function giveNewIds(options: {
  readonly snapshot: Snapshot;
  readonly states: BothStates;
  readonly duplicates: readonly DuplicateId[];
  readonly chosen: readonly Place[];
  readonly maxIds?: Readonly<Record<string, number>>;
}): Promise<InPlaceRepair & { readonly given: readonly GivenId[] }> {
  const { snapshot, states, duplicates, chosen } = options;
  const settled = chosen.filter((place) => isSettled(place, states, duplicates));
  const given = choose({ ...options, chosen: chosen.filter((place) => !settled.includes(place)) });
  const losers = given.flatMap(({ versions, newId }) => versions.map((one) => write(one, snapshot, newId)));
  const keepers = given.flatMap((one) => one.keepers.map((keeper) => write(keeper, snapshot)));
  const unique = [...new Map(keepers.map((one) => [one.offset, one])).values()];
  const keys = await keysOf(snapshot, losers);
  // The keepers come again behind the others: with Karapace the last record of an id answers, with Confluent the old one was refused before.
  const writes = withReferrers([...losers, ...unique], snapshot, states.karapace);
  const open = duplicates.filter((duplicate) => contentsLeft(duplicate, given) > 1).map(({ id }) => `id ${id}`);
  return {
    given,
    title: `Give ${chosen.map((place) => `${place.subject}:${place.version}`).join(', ')} an id of its own`,
    summary: [
      ...settled.map(
        (place) => `${shownVersion(place)} shares its id with no other schema: there is nothing to do for it.`,
      ),
      ...given.flatMap(({ versions, keepers: stay, oldId, newId }) => [
        `${versions.map(shownVersion).join(', ')}: id ${newId} instead of ${oldId}.`,
        `  id ${oldId} stays with ${stay.map(shownVersion).join(', ')}.`,
      ]),
      ...(given.length === 0 ? [] : [NOT_REWRITTEN]),
      ...(open.length === 0 ? [] : ['These still stand for several schemas:', ...shownList(open)]),
    ],
    writes: keys.length + writes.length,
    records: async function* () {
      // Before it is there with its new id it must let go of the old one, or a registry that reads on refuses the keeper's record.
      for (const key of keys) yield tombstone(key);
      yield* versionRecords(writes);
    },
  };
}

const NOT_REWRITTEN =
  'Data that was written with the old id is not rewritten: --used-by TOPICS tells which topics and offsets carry it.';

/** Given an id of its own already, by an earlier run for example. */
function isSettled({ subject, version }: Place, states: BothStates, duplicates: readonly DuplicateId[]): boolean {
  const isThere = [states.confluent, states.karapace].some((state) => state.version(subject, version) !== undefined);
  return (
    isThere &&
    !duplicates.some(({ contents }) =>
      contents.some((one) => one.versions.some((other) => other.subject === subject && other.version === version)),
    )
  );
}

function choose(options: Parameters<typeof giveNewIds>[0]): readonly GivenId[] {
  const { states, duplicates, chosen, maxIds = {} } = options;
  const highest = new Map<string, number>();
  const given: GivenId[] = [];
  for (const place of chosen) {
    const isIt = (one: Place): boolean => one.subject === place.subject && one.version === place.version;
    if (given.some(({ versions }) => versions.some(isIt))) continue;
    const duplicate = duplicates.find(({ contents }) => contents.some(({ versions }) => versions.some(isIt)));
    const own = duplicate?.contents.find(({ versions }) => versions.some(isIt));
    if (duplicate === undefined || own === undefined) {
      throw new ConfigError(`There is no ${shownVersion(place)}. Nothing was done.`, {
        code: NO_DUPLICATE,
      });
    }
    const context = contextOf(place.subject);
    // Invariant 10: an id that was ever given out, whatever became of it, is not given to anything else.
    const known = Math.max(states.confluent.maxId(context), states.karapace.maxId(context), maxIds[context] ?? 0);
    const newId = (highest.get(context) ?? known) + 1;
    highest.set(context, newId);
    const { versions } = own;
    given.push({ context, oldId: duplicate.id, newId, versions, keepers: [] });
  }
  const losing = new Set(given.flatMap(({ versions }) => versions.map(({ offset }) => offset)));
  return given.map((one) => {
    const duplicate = duplicates.find(({ context, id }) => context === one.context && id === one.oldId);
    const versions = duplicate?.contents.flatMap((content) => content.versions) ?? [];
    return { ...one, keepers: versions.filter(({ offset }) => !losing.has(offset)) };
  });
}

function contentsLeft({ context, id, contents }: DuplicateId, given: readonly GivenId[]): number {
  const gone = given.filter((one) => one.context === context && one.oldId === id).length;
  return contents.length - gone;
}

function write(
  { subject, version, references, offset, deleted }: VersionState,
  from: Snapshot,
  id?: number,
): VersionWrite {
  return { subject, version, references, offset, deleted, from, ...(id === undefined ? {} : { id }) };
}

async function keysOf(snapshot: Snapshot, writes: readonly VersionWrite[]): Promise<readonly Uint8Array[]> {
  const offsets = writes.map(({ offset }) => offset).sort((a, b) => a - b);
  const records = await snapshot.at(offsets);
  return records.flatMap((record) =>
    record === undefined || record.key === null ? [] : [Uint8Array.from(record.key)],
  );
}
