/**
 * Versions that are written anew behind the topic's end, and all that refers to them behind those. Karapace drops a schema that comes
 * before what it refers to (specs/registry.md, chapter 5), and once compaction has removed a version's older record, whatever referred to it
 * would: so the referring versions move behind it too, unchanged. Confluent's registry takes any order.
 */
import type { SchemaReference } from '../../sdk/schema-view.ts';
import type { PlannedRecord } from '../plan/plan.ts';
import { inReferenceOrder, targetsAmong } from '../records/reference-order.ts';
import { LATEST, referred } from '../records/referenced-subject.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { RegistryState } from '../state/registry-state.ts';
import { rewritten } from './in-place-repair.ts';
import { withFields } from './schema-value-bytes.ts';

export interface VersionWrite {
  readonly subject: string;
  readonly version: number;
  readonly references: readonly SchemaReference[];
  /** Where its bytes are. */
  readonly from: Snapshot;
  readonly offset: number;
  /** undefined: the one of the record. */
  readonly key?: Uint8Array;
  /** undefined: as the record says. */
  readonly deleted?: boolean;
  /** undefined: the one of the record. */
  readonly id?: number;
}

type Place = Pick<SchemaReference, 'subject' | 'version'>;

/** Records are read in groups of so many. */
const AT_ONCE = 200;

export const placeKey = ({ subject, version }: Place): string => `${subject}\n${version}`;

/** With every version that refers to one of these, through however many others, in the order in which they can be read. */
export function withReferrers(writes: readonly VersionWrite[], from: Snapshot, state: RegistryState): VersionWrite[] {
  if (writes.length === 0) return [];
  const all = new Map(writes.map((write) => [placeKey(write), write]));
  const referrers = referrersOf(state);
  const open = [...writes];
  for (let write = open.pop(); write !== undefined; write = open.pop()) {
    const latest = placeKey({ subject: write.subject, version: LATEST });
    for (const { subject, version } of [...(referrers.get(placeKey(write)) ?? []), ...(referrers.get(latest) ?? [])]) {
      const found = state.version(subject, version);
      if (found === undefined || all.has(placeKey(found))) continue;
      const { references, offset, deleted } = found;
      const added = { subject, version, references, from, offset, deleted };
      all.set(placeKey(added), added);
      open.push(added);
    }
  }
  return inDependencyOrder([...all.values()]);
}

function referrersOf(state: RegistryState): ReadonlyMap<string, readonly Place[]> {
  const referrers = new Map<string, Place[]>();
  for (const subject of state.subjects()) {
    for (const { version, references } of state.versions(subject)) {
      for (const reference of references) {
        const keys = new Set([placeKey(referred(reference, subject))]);
        // A name is only a name to it, in whatever context.
        if (state.vendor === 'karapace') keys.add(placeKey(reference));
        for (const key of keys) {
          const known = referrers.get(key);
          if (known === undefined) referrers.set(key, [{ subject, version }]);
          else known.push({ subject, version });
        }
      }
    }
  }
  return referrers;
}

/**
 * What is referred to comes first; otherwise as given.
 * @param before which other one comes before it as well, whatever it refers to
 */
export function inDependencyOrder<
  W extends Pick<VersionWrite, 'subject' | 'version' | 'references' | 'from' | 'offset'>,
>(writes: readonly W[], before: ReadonlyMap<W, W> = new Map()): W[] {
  const targetOf = targetsAmong(writes);
  return inReferenceOrder(writes, function* (write) {
    const wasBefore = ({ from, offset }: W): boolean => from === write.from && offset < write.offset;
    for (const reference of write.references) {
      const needed = targetOf(reference, write, wasBefore);
      if (needed !== undefined) yield needed;
    }
    const previous = before.get(write);
    if (previous !== undefined) yield previous;
  });
}

/** The records to write, in the order given; read from their snapshots in groups. */
export async function* versionRecords(writes: readonly VersionWrite[]): AsyncIterable<PlannedRecord> {
  for (let start = 0; start < writes.length; start += AT_ONCE) {
    const group = writes.slice(start, start + AT_ONCE);
    const read = new Map<VersionWrite, PlannedRecord>();
    for (const from of new Set(group.map((write) => write.from))) {
      const here = group.filter((write) => write.from === from).sort((a, b) => a.offset - b.offset);
      const found = await from.at(here.map(({ offset }) => offset));
      here.forEach((write, n) => {
        const record = found[n];
        if (record?.value === undefined || record.value === null) {
          throw new Error(`no schema at offset ${write.offset}, where ${write.subject} version ${write.version} was`);
        }
        const { deleted, id, key } = write;
        const value = withFields(record.value, {
          ...(deleted === undefined ? {} : { deleted }),
          ...(id === undefined ? {} : { id }),
        });
        read.set(write, rewritten(record, { value, ...(key === undefined ? {} : { key }) }));
      });
    }
    for (const write of group) {
      const record = read.get(write);
      if (record !== undefined) yield record;
    }
  }
}
