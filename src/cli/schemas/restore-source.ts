/** What a restore is made from: a backup, or the schema stores of workers; and what data says is missing in it. */
import { counted } from '../../foundation/counted.ts';
import { findingsOfUsedIds, highestUnresolved } from '../../recovery/data/findings-of-used-ids.ts';
import { resolvedGuids } from '../../recovery/data/resolved-guids.ts';
import type { Snapshot } from '../../recovery/snapshot/snapshot.ts';
import { replay } from '../../recovery/state/replay.ts';
import { UsageError } from '../exit-codes.ts';
import { openPlace } from './open-place.ts';
import { openStores, type StoreOptions } from './open-stores.ts';
import { parsePlace, placeText } from './place.ts';
import type { SchemasSession } from './schemas-session.ts';
import { type UsedByOptions, usedIdsOf } from './used-by.ts';

export interface RestoreSourceOptions extends StoreOptions, UsedByOptions {}

export interface RestoreSource {
  readonly snapshot: Snapshot;
  readonly source: string;
  /** What a person should know before saying yes. */
  readonly notes: readonly string[];
  /** By context: the highest id that was given out though nothing here resolves it. */
  readonly givenOut: Readonly<Record<string, number>>;
}

/** @throws UsageError unless there is either a place or a store; of what is opened, and of reading data */
export async function openRestoreSource(
  session: SchemasSession,
  text: string | undefined,
  options: RestoreSourceOptions,
): Promise<RestoreSource> {
  const stores = options.fromStore ?? [];
  if ((text === undefined) === (stores.length === 0)) {
    throw new UsageError('restore needs a backup, or --from-store with the schema store of a worker.');
  }
  if (text === undefined) return fromStores(session, stores, options);
  const place = parsePlace(text);
  const snapshot = await openPlace(session, place);
  const { records, endOffset, takenAt } = snapshot.facts;
  const source = `${placeText(place)}: ${counted(records, 'record')} up to offset ${endOffset}, taken at ${new Date(takenAt).toISOString()}`;
  const { usedBy } = options;
  const data = usedBy === undefined ? undefined : await readData(session, snapshot, { ...options, usedBy });
  return { snapshot, source, notes: data?.notes ?? [], givenOut: data?.givenOut ?? {} };
}

async function fromStores(
  session: SchemasSession,
  names: readonly string[],
  options: RestoreSourceOptions,
): Promise<RestoreSource> {
  const source = `the schema stores ${names.join(', ')}`;
  const first = await openStores(session, options);
  const { usedBy } = options;
  if (usedBy === undefined) return { ...first, source, notes: notesOf(first.rebuilt), givenOut: first.rebuilt.minIds };
  const data = await readData(session, first.snapshot, { ...options, usedBy });
  // Once more: data tells the subjects of ids that workers only read.
  const { snapshot, rebuilt } = await openStores(session, options, data.used);
  const givenOut = higher(data.givenOut, rebuilt.minIds);
  return { snapshot, source, notes: [...notesOf(rebuilt), ...data.notes], givenOut };
}

async function readData(
  session: SchemasSession,
  snapshot: Snapshot,
  options: UsedByOptions & { readonly usedBy: string },
) {
  const state = await replay(snapshot, 'confluent', { signal: session.signal, readsOn: true });
  const used = await usedIdsOf(session, options, { highestId: state.maxId('') });
  const wanted = used.guids.map(({ guid }) => guid);
  const findings = findingsOfUsedIds(state, used, await resolvedGuids({ snapshot, state, wanted }, session.signal));
  const givenOut = highestUnresolved(state, used);
  return {
    used,
    // Invariant 10: what data carries was given out, so that the new registry must not give it out again.
    givenOut,
    notes: [
      ...findings.map(({ message }) => message),
      ...Object.entries(givenOut).map(([context, id]) => reserved(context, id)),
      ...(findings.length === 0 ? [`Every schema id in ${options.usedBy} is resolved by what is restored.`] : []),
    ],
  };
}

function reserved(context: string, id: number): string {
  const where = context === '' ? '' : ` of context '${context}'`;
  return `Ids${where} up to ${id} are not given out again, because data carries that one.`;
}

function notesOf({ findings }: { readonly findings: readonly { readonly message: string }[] }): readonly string[] {
  return findings.map(({ message }) => message);
}

/** Of each context the higher one. */
export function higher(
  one: Readonly<Record<string, number>>,
  other: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const ids: Record<string, number> = { ...one };
  for (const [context, id] of Object.entries(other)) ids[context] = Math.max(id, ids[context] ?? 0);
  return ids;
}
