/** What a repair changes for each vendor's registry: found by reading the records as they will be, not from what the repair meant to do. */

import type { RawRecord } from '../records/raw-record.ts';
import { readRecord } from '../records/read-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { RegistryState } from '../state/registry-state.ts';
import { StateReplay } from '../state/state-replay.ts';
import type { InPlaceRepair } from './in-place-repair.ts';
import { shownList } from './shown.ts';
import { stateChanges } from './state-changes.ts';

const NAMES = { confluent: "Confluent's registry", karapace: 'Karapace' };
const VENDORS = ['confluent', 'karapace'] as const;

type Batches = () => AsyncIterable<readonly Pick<RawRecord, 'key' | 'value' | 'offset'>[]>;

interface Readings {
  readonly before: RegistryState;
  readonly after: RegistryState;
  /** What compaction alone changes later: without the repair, and with it. */
  readonly later: readonly string[];
}

/** Of records that are written behind the end: right away, and once compaction has removed what they replace. */
export async function consequencesInPlace(snapshot: Snapshot, repair: InPlaceRepair): Promise<readonly string[]> {
  const old: Batches = () => snapshot.records();
  const all: Batches = () => appended(snapshot, repair);
  const lastOfOld = await lastOffsets(old);
  const lastOfAll = await lastOffsets(all);
  return consequences(async (vendor) => {
    const before = await replayed(vendor, old);
    const own = new Set(laterChanges(before, await replayed(vendor, old, lastOfOld)));
    const after = await replayed(vendor, all);
    const later = [...laterChanges(after, await replayed(vendor, all, lastOfAll))];
    return { before, after, later: later.filter((change) => !own.has(change)) };
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
  const told = new Map<string, string[]>();
  for (const vendor of VENDORS) {
    const { before, after, later } = await read(vendor);
    const key = shownList([...stateChanges(before, after)]).join('\n');
    told.set(key, [...(told.get(key) ?? []), NAMES[vendor]]);
    if (after.staleFrom !== undefined) {
      lines.push(
        `${NAMES[vendor]} stops reading at offset ${after.staleFrom}, at a keytype that it does not know, and sees nothing of ` +
          'what is written behind it: run holdfast schemas repair corrupt-records.',
      );
    }
    if (later.length > 0) {
      lines.push(`For ${NAMES[vendor]}, once the topic is compacted and it is started again:`, ...shownList(later));
    }
  }
  const now = [...told].flatMap(([changes, names]) => {
    const who = names.length === VENDORS.length ? 'either registry' : names.join(' and ');
    return changes === '' ? [`Nothing changes for ${who}.`] : [`What changes for ${who}:`, ...changes.split('\n')];
  });
  return [...now, ...lines];
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

async function lastOffsets(records: Batches): Promise<ReadonlyMap<string, number>> {
  const last = new Map<string, number>();
  for await (const batch of records()) {
    for (const { key, offset } of batch) if (key !== null) last.set(latin1(key), offset);
  }
  return last;
}

/** @param last only these records, as they are left by compaction; all of them unless told */
async function replayed(
  vendor: 'confluent' | 'karapace',
  records: Batches,
  last?: ReadonlyMap<string, number>,
): Promise<RegistryState> {
  const state = new StateReplay({ vendor, readsOn: false });
  for await (const batch of records()) {
    for (const raw of batch) {
      const isLeft = last === undefined || raw.key === null || last.get(latin1(raw.key)) === raw.offset;
      if (isLeft) state.apply(raw.offset, readRecord(raw));
    }
  }
  return state;
}

const latin1 = (key: Uint8Array): string => Buffer.from(key).toString('latin1');

const bytes = (base64: string | null): Uint8Array | null => (base64 === null ? null : Buffer.from(base64, 'base64'));
