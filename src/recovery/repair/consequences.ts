/** What a repair changes for each vendor's registry: found by reading the records as they will be, not from what the repair meant to do. */

import { createHash, type Hash } from 'node:crypto';
import type { RawRecord } from '../records/raw-record.ts';
import { readRecord } from '../records/read-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { RegistryState } from '../state/registry-state.ts';
import { StateReplay } from '../state/state-replay.ts';
import type { InPlaceRepair } from './in-place-repair.ts';
import { replacedRecords, shortDigest } from './replaced-records.ts';
import { shownList } from './shown.ts';
import { stateChanges } from './state-changes.ts';

const NAMES = { confluent: "Confluent's registry", karapace: 'Karapace' };
const VENDORS = ['confluent', 'karapace'] as const;

type Batches = () => AsyncIterable<readonly Pick<RawRecord, 'key' | 'value' | 'offset'>[]>;

interface Readings {
  readonly before: RegistryState;
  readonly after: RegistryState;
  /** What compaction changes later with the repair, and would not without it; read once. */
  readonly later: Iterable<string>;
}

/**
 * Of records that are written behind the end: right away, and once compaction has removed what they replace. Memory: three states of a
 * registry, some 250 bytes for each version in each, and what {@link replacedRecords} tells (61 MB for a million keys, before there is any
 * state, and less once it is told); of the changes, some 80 bytes for each that compaction makes without the repair.
 */
export async function consequencesInPlace(snapshot: Snapshot, repair: InPlaceRepair): Promise<readonly string[]> {
  const old: Batches = () => snapshot.records();
  const all: Batches = () => appended(snapshot, repair);
  const replaced = await replacedRecords(all(), snapshot.facts.endOffset);
  return consequences(async (vendor) => {
    const before = await replayed(vendor, old);
    const own = new Set<string>();
    for (const change of laterChanges(before, await replayed(vendor, old, replaced.within)))
      own.add(shortDigest(change));
    const after = await replayed(vendor, all);
    const compacted = await replayed(vendor, all, replaced.withAll);
    return { before, after, later: without(own, laterChanges(after, compacted)) };
  });
}

/** Of a topic that is made anew with the records of another snapshot. */
export async function consequencesAnew(before: Snapshot, after: Snapshot): Promise<readonly string[]> {
  return consequences(async (vendor) => ({
    before: await replayed(vendor, () => before.records()),
    after: await replayed(vendor, () => after.records()),
    later: [],
  }));
}

async function consequences(read: (vendor: 'confluent' | 'karapace') => Promise<Readings>): Promise<readonly string[]> {
  const lines: string[] = [];
  const told = new Map<string, { readonly changes: readonly string[]; readonly names: string[] }>();
  for (const vendor of VENDORS) {
    const { before, after, later } = await read(vendor);
    const all = createHash('sha256');
    const changes = shownList(seenBy(all, stateChanges(before, after)));
    const key = all.digest('hex');
    told.set(key, { changes, names: [...(told.get(key)?.names ?? []), NAMES[vendor]] });
    if (after.staleFrom !== undefined) {
      lines.push(
        `${NAMES[vendor]} stops reading at offset ${after.staleFrom}, at a keytype that it does not know, and sees nothing of ` +
          'what is written behind it: run holdfast schemas repair corrupt-records.',
      );
    }
    const shown = shownList(later);
    if (shown.length > 0) {
      lines.push(`For ${NAMES[vendor]}, once the topic is compacted and it is started again:`, ...shown);
    }
  }
  const now = [...told.values()].flatMap(({ changes, names }) => {
    const who = names.length === VENDORS.length ? 'either registry' : names.join(' and ');
    return changes.length === 0 ? [`Nothing changes for ${who}.`] : [`What changes for ${who}:`, ...changes];
  });
  return [...now, ...lines];
}

/** Those that are shown may be the same, and those that are only counted not. */
function* seenBy(all: Hash, changes: Iterable<string>): Iterable<string> {
  for (const change of changes) {
    all.update(`${change}\n`);
    yield change;
  }
}

function* without(own: ReadonlySet<string>, changes: Iterable<string>): Iterable<string> {
  for (const change of changes) if (!own.has(shortDigest(change))) yield change;
}

/** Without ids of what is purged: Karapace goes on answering for those until it is started again, whatever anybody does. */
function* laterChanges(after: RegistryState, compacted: RegistryState): Iterable<string> {
  for (const change of stateChanges(after, compacted)) if (!change.endsWith('is not known any more')) yield change;
}

async function* appended(snapshot: Snapshot, repair: InPlaceRepair): ReturnType<Batches> {
  yield* snapshot.records();
  let offset = snapshot.facts.endOffset;
  for await (const { key, value } of repair.records()) {
    yield [{ offset: offset++, key: bytes(key), value: bytes(value) }];
  }
}

/** @param isReplaced which of the records compaction has removed; none unless told */
async function replayed(
  vendor: 'confluent' | 'karapace',
  records: Batches,
  isReplaced: (offset: number) => boolean = () => false,
): Promise<RegistryState> {
  const state = new StateReplay({ vendor, readsOn: false });
  for await (const batch of records()) {
    for (const raw of batch) if (!isReplaced(raw.offset)) state.apply(raw.offset, readRecord(raw));
  }
  return state;
}

const bytes = (base64: string | null): Uint8Array | null => (base64 === null ? null : Buffer.from(base64, 'base64'));
