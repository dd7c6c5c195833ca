/**
 * Versions that are written anew, with all that shares an id with them. Where an id stands for several schemas, Confluent's registry answers
 * with the first of them in the log, and Karapace with the last: where one is written again, all are, in their order.
 */
import { contextOf } from '../../registry/subject-context.ts';
import { readRecord } from '../records/read-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { RegistryState, VersionState } from '../state/registry-state.ts';
import { StateReplay } from '../state/state-replay.ts';
import type { Row } from '../state/version-table.ts';
import { inDependencyOrder, placeKey, type VersionWrite, withReferrers } from './version-writes.ts';

export interface HoldersIn {
  readonly snapshot: Snapshot;
  /** All versions, whatever a vendor makes of them. */
  readonly all: StateReplay;
  /** By which references are found. */
  readonly state: RegistryState;
}

/** As {@link withHolders}; reads the snapshot once for it, with some 250 bytes for each version. */
export async function withHoldersOf(
  writes: readonly VersionWrite[],
  { snapshot, state }: Omit<HoldersIn, 'all'>,
): Promise<readonly VersionWrite[]> {
  if (writes.length === 0) return [];
  const all = new StateReplay({ vendor: 'confluent', readsOn: true, keepsAll: true });
  for await (const batch of snapshot.records()) for (const raw of batch) all.apply(raw.offset, readRecord(raw));
  return withHolders(writes, { snapshot, all, state });
}

/** With every version that shares an id with one of these, and all that refer to any of them, in the order in which they can be read. */
export function withHolders(
  first: readonly VersionWrite[],
  { snapshot, all, state }: HoldersIn,
): readonly VersionWrite[] {
  for (let writes: readonly VersionWrite[] = withReferrers(first, snapshot, state); ; ) {
    const byPlace = new Map(writes.map((write) => [placeKey(write), write]));
    const shared = sharedIdsOf(writes, all);
    const sharing = shared.flat().filter((one) => !byPlace.has(placeKey(one)));
    if (sharing.length > 0) {
      writes = withReferrers([...writes, ...sharing.map((one) => writeOf(one, snapshot))], snapshot, state);
      continue;
    }
    if (shared.length === 0) return writes;
    const before = new Map<VersionWrite, VersionWrite>();
    for (const holders of shared) {
      for (const [n, one] of holders.entries()) {
        const earlier = holders[n - 1];
        const previous = earlier === undefined ? undefined : byPlace.get(placeKey(earlier));
        const holder = byPlace.get(placeKey(one));
        if (previous !== undefined && holder !== undefined) before.set(holder, previous);
      }
    }
    return inDependencyOrder(writes, before);
  }
}

/** The versions of each id of these that stands for several schemas, in the order of the log. */
function sharedIdsOf(writes: readonly VersionWrite[], state: StateReplay): readonly (readonly VersionState[])[] {
  const table = state.versionTable;
  const shared: (readonly VersionState[])[] = [];
  const seen = new Set<Row>();
  for (const { subject, version } of writes) {
    const own = state.rowOf(subject, version);
    if (own === undefined) continue;
    const context = contextOf(subject);
    const first = state.firstRowOf(context, table.id(own));
    if (first === undefined || seen.has(first)) continue;
    seen.add(first);
    const rows = [...state.rowsOf(context, table.id(own))];
    if (rows.every((row) => table.compareContents(row, first) === 0)) continue;
    shared.push(rows.map((row) => table.state(row)).sort((a, b) => a.offset - b.offset));
  }
  return shared;
}

export function writeOf({ subject, version, references, offset, deleted }: VersionState, from: Snapshot): VersionWrite {
  return { subject, version, references, offset, deleted, from };
}
