/**
 * Deleted versions back: a soft-deleted one is written anew as not deleted; one that is gone comes from an earlier record that is still in
 * the log, or else from another snapshot. Nothing is registered: ids and version numbers are those that they had.
 */
import { counted } from '../../foundation/counted.ts';
import { ConfigError, DataError, defineErrorCode } from '../../sdk/errors/index.ts';
import type { SchemaReference } from '../../sdk/schema-view.ts';
import type { PlannedRecord } from '../plan/plan.ts';
import { readRecord } from '../records/read-record.ts';
import { LATEST, referred } from '../records/referenced-subject.ts';
import { schemaKey } from '../records/write-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { RegistryState } from '../state/registry-state.ts';
import { otherHolder, schemaAt } from './id-holders.ts';
import { type InPlaceRepair, tombstone } from './in-place-repair.ts';
import { withHoldersOf } from './shared-id-writes.ts';
import { shownList, shownVersion } from './shown.ts';
import { placeKey, type VersionWrite, versionRecords } from './version-writes.ts';

export const NOT_UNDELETED = defineErrorCode('holdfast.recovery.not-undeleted', {
  what: 'A version can not be brought back: nothing holds its record any more, or its id means another schema by now.',
  mend: 'Name a backup that still has it with --from, or look at what `holdfast schemas verify` says about the id.',
});

export interface UndeleteOptions {
  readonly snapshot: Snapshot;
  readonly state: RegistryState;
  readonly subject: string;
  /** undefined: every version that is deleted. */
  readonly version: number | undefined;
  /** Where versions are taken from that the log has lost. */
  readonly from?: { readonly name: string; readonly snapshot: Snapshot; readonly state: RegistryState };
}

interface Earlier {
  readonly offset: number;
  readonly id: number;
  readonly references: readonly SchemaReference[];
}

/** What the log still tells of a subject beside its state. */
interface Traces {
  /** The last record with a value, by version. */
  readonly earlier: ReadonlyMap<number, Earlier>;
  /** Keys of DELETE_SUBJECT records that stand, with the version that they reach to. */
  readonly deletes: ReadonlyMap<string, number>;
}

interface Found extends VersionWrite {
  readonly heldId: number;
  /** In words. */
  readonly origin: string;
}

/** @throws DataError `holdfast.recovery.not-undeleted`; ConfigError of that code for a subject that nothing tells of */
export async function undelete(options: UndeleteOptions): Promise<InPlaceRepair> {
  const { snapshot, state, subject, version } = options;
  const traces = await tracesOf(snapshot, subject);
  const found: Found[] = [];
  const known = knownVersions(options, traces);
  if (known.length === 0) {
    const where = options.from === undefined ? '' : `, nor in ${options.from.name}`;
    throw new ConfigError(
      `There is no subject ${subject} in the topic, and no record is left of one${where}. Check its name; a context is part of it, as in :.context:name.`,
      { code: NOT_UNDELETED },
    );
  }
  for (const wanted of version === undefined ? known : [version]) {
    if (state.version(subject, wanted)?.deleted === false) continue;
    found.push(await foundVersion(options, traces, wanted));
  }
  const what = version === undefined ? `every version of ${subject}` : shownVersion({ subject, version });
  const title = `Bring back ${what}`;
  if (found.length === 0) return { title, summary: [`Nothing of ${what} is deleted.`], writes: 0, records: none };
  const live = new Set(found.map((write) => write.version));
  const keys = standingDeletes(state, subject, traces, live);
  const writes = await withHoldersOf(found, { snapshot, state });
  const others = writes.length - found.length;
  return {
    title,
    summary: [
      `${counted(found.length, 'version')} of ${subject} ${found.length === 1 ? 'comes back, with the id that it had' : 'come back, with the ids that they had'}:`,
      ...shownList(found.map((one) => `version ${one.version}, id ${one.heldId}, from ${one.origin}`)),
      ...(keys.length === 0 ? [] : ['The DELETE_SUBJECT record, under which no deleted version is left, gets a null.']),
      ...(others === 0
        ? []
        : [
            `${counted(others, 'schema that refers to it or shares an id is', 'schemas that refer to it or share an id are')} written again with it, unchanged.`,
          ]),
      ...missingReferences(found, state),
    ],
    writes: keys.length + writes.length,
    records: async function* () {
      // First: what is read behind it must not be deleted by it.
      for (const key of keys) yield tombstone(key);
      yield* versionRecords(writes);
    },
  };
}

async function* none(): AsyncIterable<PlannedRecord> {}

/** Ascending: what a registry, the log or the backup tells of. */
function knownVersions({ state, subject, from }: UndeleteOptions, traces: Traces): readonly number[] {
  const told = [...state.versions(subject), ...(from?.state.versions(subject) ?? [])].map((one) => one.version);
  return [...new Set([...told, ...traces.earlier.keys()])].sort((a, b) => a - b);
}

async function foundVersion(options: UndeleteOptions, traces: Traces, version: number): Promise<Found> {
  const { snapshot, state, subject, from } = options;
  const soft = state.version(subject, version);
  // Under the bytes of its own key: another encoding would be a second record of the same version.
  if (soft !== undefined) {
    const { references, offset, id } = soft;
    return { ...{ subject, version, references, offset, heldId: id }, from: snapshot, deleted: false, origin: 'here' };
  }
  const found = goneVersion(options, traces, version);
  if (found === undefined) {
    throw new DataError(
      `${shownVersion({ subject, version })} is gone: no earlier record of it is in the log` +
        `${from === undefined ? '' : `, and ${from.name} has none`}. Nothing was done; name a backup that has it with --from.`,
      { code: NOT_UNDELETED },
    );
  }
  const schema = await schemaAt(found.from, found.offset);
  const holder = schema === undefined ? undefined : await otherHolder(schema, { snapshot, state });
  if (holder !== undefined) {
    throw new DataError(
      `${shownVersion(found)} had id ${found.heldId}, which stands for another schema by now: ${shownVersion(holder)}. ` +
        'Nothing was done: bringing it back would give two schemas one id.',
      { code: NOT_UNDELETED },
    );
  }
  return found;
}

function goneVersion({ snapshot, subject, from }: UndeleteOptions, traces: Traces, version: number): Found | undefined {
  const place = { subject, version, key: schemaKey(subject, version), deleted: false };
  const earlier = traces.earlier.get(version);
  if (earlier !== undefined) {
    const { offset, references, id } = earlier;
    return { ...place, references, offset, heldId: id, from: snapshot, origin: `offset ${offset} of the log` };
  }
  const kept = from?.state.version(subject, version);
  if (kept === undefined || from === undefined) return undefined;
  const { offset, references, id } = kept;
  return { ...place, references, offset, heldId: id, from: from.snapshot, origin: from.name };
}

async function tracesOf(snapshot: Snapshot, subject: string): Promise<Traces> {
  const earlier = new Map<number, Earlier>();
  const deletes = new Map<string, number>();
  for await (const batch of snapshot.records()) {
    for (const raw of batch) {
      const read = readRecord(raw);
      if (!read.ok || raw.key === null) continue;
      const { record } = read;
      if (record.kind === 'noop' || record.kind === 'other' || record.subject !== subject) continue;
      const key = Buffer.from(raw.key).toString('latin1');
      if (record.kind === 'schema') {
        const { id, references } = record.value;
        earlier.set(record.version, { offset: raw.offset, id, references });
      } else if (record.kind === 'delete-subject') deletes.set(key, record.version);
      else if (record.kind === 'delete-subject-gone') deletes.delete(key);
    }
  }
  return { earlier, deletes };
}

/** Keys of the DELETE_SUBJECT records that delete nothing any more once these versions are back. */
function standingDeletes(
  state: RegistryState,
  subject: string,
  traces: Traces,
  live: ReadonlySet<number>,
): readonly Uint8Array[] {
  const dead = state.versions(subject).filter(({ version, deleted }) => deleted && !live.has(version));
  return [...traces.deletes]
    .filter(([, reach]) => dead.every(({ version }) => version > reach))
    .map(([key]) => Buffer.from(key, 'latin1'));
}

function missingReferences(found: readonly Found[], state: RegistryState): readonly string[] {
  const back = new Set(
    found.flatMap((write) => [placeKey(write), placeKey({ subject: write.subject, version: LATEST })]),
  );
  const isThere = ({ subject, version }: Pick<SchemaReference, 'subject' | 'version'>): boolean =>
    version === LATEST
      ? state.versions(subject).some(({ deleted }) => !deleted)
      : state.version(subject, version) !== undefined;
  const missing = found.flatMap((write) =>
    write.references
      .map((reference) => referred(reference, write.subject))
      .filter((place) => !back.has(placeKey(place)) && !isThere(place))
      .map(
        (place) =>
          `${shownVersion(write)} refers to ${place.version === LATEST ? `the latest version of ${place.subject}` : shownVersion(place)}, which is not there`,
      ),
  );
  return missing.length === 0 ? [] : ['Bring these back as well, or they can not be used:', ...shownList(missing)];
}
