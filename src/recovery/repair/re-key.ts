/**
 * Records whose key has another encoding than Confluent's registry writes today: compaction takes the bytes of a key, so that an older
 * encoding lives on beside the newer one, or comes back once the tombstone of the other is gone. Each is written under the canonical key,
 * and every other encoding gets a null.
 */
import { counted } from '../../foundation/counted.ts';
import type { PlannedRecord } from '../plan/plan.ts';
import { readRecord } from '../records/read-record.ts';
import type { SchemasRecord } from '../records/schemas-record.ts';
import { canonicalKey } from '../records/write-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { RegistryState } from '../state/registry-state.ts';
import { type InPlaceRepair, rewritten, tombstone } from './in-place-repair.ts';
import { withHoldersOf } from './shared-id-writes.ts';
import { shownKey, shownList } from './shown.ts';
import { placeKey, type VersionWrite, versionRecords } from './version-writes.ts';

/** One encoding of a key, and the last record under it. */
interface Encoding {
  readonly key: Uint8Array;
  offset: number;
  value: 'there' | 'null' | 'empty';
}

/** What several keys mean together; without the texts. */
interface Meaning {
  readonly canonical: Uint8Array;
  readonly kind: SchemasRecord['kind'];
  readonly subject: string | null;
  /** Of a schema's key. */
  readonly version: number | undefined;
  readonly encodings: Map<string, Encoding>;
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/**
 * Of several encodings the last record holds, as both vendors read the key's meaning and take what comes last; `state` says which record of a
 * version that is, and whether it is deleted. Memory: the keys that have another encoding.
 */
export async function reKey(options: {
  readonly snapshot: Snapshot;
  readonly state: RegistryState;
}): Promise<InPlaceRepair> {
  const { snapshot, state } = options;
  const meanings = [...(await meaningsOf(snapshot)).values()].filter((one) => !isSettled(one));
  const title = 'Write records under the one encoding of their keys';
  if (meanings.length === 0) {
    const summary = ['Every key has the encoding that registries write today: there is nothing to do.'];
    return { title, summary, writes: 0, records: none };
  }
  const plan = decide(meanings, snapshot, state);
  const versions = await withHoldersOf(plan.versions, { snapshot, state });
  const others = versions.length - plan.versions.length;
  return {
    title,
    summary: [
      `${counted(meanings.length, 'key has', 'keys have')} another encoding. The last record under any encoding of a key holds, for either vendor:`,
      ...shownList(plan.shown),
      ...(others === 0
        ? []
        : [
            `${counted(others, 'schema that refers to these or shares an id is', 'schemas that refer to these or share an id are')} written again with them, unchanged.`,
          ]),
    ],
    writes: plan.tombstones.length + versions.length + plan.settings.length,
    records: async function* () {
      // First: a registry reads the null of any encoding as a deletion of what all of them mean.
      for (const key of plan.tombstones) yield tombstone(key);
      yield* versionRecords(versions);
      for (const { key, offset } of plan.settings) {
        const [record] = await snapshot.at([offset]);
        if (record !== undefined) yield rewritten(record, { key });
      }
    },
  };
}

async function* none(): AsyncIterable<PlannedRecord> {}

/** Twice through: which keys have another encoding, then all encodings of those. */
async function meaningsOf(snapshot: Snapshot): Promise<ReadonlyMap<string, Meaning>> {
  const meanings = new Map<string, Meaning>();
  for await (const batch of snapshot.records()) {
    for (const raw of batch) {
      const read = readRecord(raw);
      // A CLEAR_SUBJECT acts where it stands: behind the end it would delete what was not there yet.
      if (!read.ok || read.hasCanonicalKey || read.record.kind === 'clear-subject' || read.record.kind === 'noop')
        continue;
      const canonical = canonicalKey(read.record);
      if (canonical === undefined || meanings.has(latin1(canonical))) continue;
      meanings.set(latin1(canonical), meaning(canonical, read.record));
    }
  }
  if (meanings.size === 0) return meanings;
  for await (const batch of snapshot.records()) {
    for (const raw of batch) {
      const read = readRecord(raw);
      const canonical = read.ok ? canonicalKey(read.record) : undefined;
      const known = canonical === undefined ? undefined : meanings.get(latin1(canonical));
      if (known === undefined || raw.key === null) continue;
      const value = raw.value === null ? 'null' : raw.value.length === 0 ? 'empty' : 'there';
      known.encodings.set(latin1(raw.key), { key: Uint8Array.from(raw.key), offset: raw.offset, value });
    }
  }
  return meanings;
}

function meaning(canonical: Uint8Array, record: SchemasRecord): Meaning {
  const subject = 'subject' in record ? record.subject : null;
  const isVersion = record.kind === 'schema' || record.kind === 'schema-gone';
  return {
    canonical,
    kind: record.kind,
    subject,
    version: isVersion ? record.version : undefined,
    encodings: new Map(),
  };
}

/** As an earlier repair leaves it: nothing but tombstones under other encodings, and what holds comes behind them. */
function isSettled({ canonical, encodings }: Meaning): boolean {
  const own = encodings.get(latin1(canonical));
  return [...encodings.values()].every(
    (one) =>
      one === own || (one.value === 'null' && (own === undefined || own.value === 'null' || own.offset > one.offset)),
  );
}

interface Decided {
  readonly tombstones: readonly Uint8Array[];
  readonly versions: readonly VersionWrite[];
  readonly settings: readonly { readonly key: Uint8Array; readonly offset: number }[];
  readonly shown: readonly string[];
}

function decide(meanings: readonly Meaning[], snapshot: Snapshot, state: RegistryState): Decided {
  const tombstones: Uint8Array[] = [];
  const versions = new Map<string, VersionWrite>();
  const settings: { readonly key: Uint8Array; readonly offset: number }[] = [];
  const shown: string[] = [];
  for (const one of meanings) {
    const encodings = [...one.encodings.values()].sort((a, b) => a.offset - b.offset);
    const last = encodings.at(-1);
    if (last === undefined) continue;
    const isThere = last.value === 'there';
    const canonical = latin1(one.canonical);
    for (const [text, { key, value }] of one.encodings) {
      // The canonical one too, if what came last deletes it: alone, it would be back once that tombstone is compacted away.
      if (value !== 'null' && (text !== canonical || !isThere)) tombstones.push(key);
    }
    const kept = isThere ? keep(one, last.offset, { snapshot, state, versions, settings }) : last.offset;
    shown.push(shownMeaning(one, encodings, kept, isThere));
  }
  return { tombstones, versions: [...versions.values()], settings, shown };
}

/** The offset of the record that holds. */
function keep(
  { kind, subject, version, canonical }: Meaning,
  last: number,
  into: {
    readonly snapshot: Snapshot;
    readonly state: RegistryState;
    readonly versions: Map<string, VersionWrite>;
    readonly settings: { readonly key: Uint8Array; readonly offset: number }[];
  },
): number {
  const { snapshot, state, versions, settings } = into;
  if (subject !== null && version !== undefined) {
    const known = state.version(subject, version);
    const { offset, references, deleted } = known ?? { offset: last, references: [], deleted: undefined };
    versions.set(placeKey({ subject, version }), {
      ...{ subject, version, references, from: snapshot, offset, key: canonical },
      ...(deleted === undefined ? {} : { deleted }),
    });
    return offset;
  }
  if (subject !== null && (kind === 'delete-subject' || kind === 'delete-subject-gone')) {
    // Behind the end it would delete what was registered after it; each version says so itself instead.
    for (const one of state.versions(subject)) {
      const key = placeKey(one);
      if (!one.deleted || versions.has(key)) continue;
      const { references, offset } = one;
      versions.set(key, { subject, version: one.version, references, from: snapshot, offset, deleted: true });
    }
    return last;
  }
  settings.push({ key: canonical, offset: last });
  return last;
}

function shownMeaning(one: Meaning, encodings: readonly Encoding[], kept: number, isThere: boolean): string {
  const places = encodings.map(({ key, offset }) => `${shownKey(key)} at offset ${offset}`).join(', ');
  return `${places}: ${isThere ? `offset ${kept} holds` : 'deleted'}${one.kind.startsWith('delete-subject') && isThere ? ', as deleted versions' : ''}`;
}
