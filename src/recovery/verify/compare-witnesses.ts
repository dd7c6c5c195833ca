/** What a node of a registry tells over REST, beside what the topic means, and beside what another node tells. */
import type { SchemaValue } from '../records/schemas-record.ts';
import { MAX_ID_UNTOLD, maxIdOf, type RestWitness, type WitnessedVersion } from '../snapshot/rest-witness.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { contentDigest } from '../state/content-digest.ts';
import type { RegistryState, ReplayVendor } from '../state/registry-state.ts';
import { StateReplay } from '../state/state-replay.ts';
import type { Finding } from './finding.ts';
import { FindingBook } from './finding-book.ts';
import { schemasInBatches } from './same-form.ts';
import { compareMaxIds, compareSettings, configsOf, isToldByNode, modesOf } from './setting-comparison.ts';
import { type SeenVersion, VersionComparison } from './version-comparison.ts';

interface CompareOptions {
  readonly signal?: AbortSignal;
}

export interface CompareWitnessOptions extends CompareOptions {
  /** The topic is not the one that the node reads: the node may have been restored from it through REST. False unless told. */
  readonly mayBeRestored?: boolean;
}

/** A snapshot with what it means, so that several comparisons replay it once. */
export interface ReplayedSnapshot {
  readonly snapshot: Snapshot;
  readonly state: RegistryState;
}

/** As whom the topic has to be read that such a node reads. */
export function replayVendorOf({ vendor }: Pick<RestWitness, 'vendor'>): ReplayVendor {
  return vendor === 'karapace' ? 'karapace' : 'confluent';
}

/** `topic` has to be read as {@link replayVendorOf} says. What the node lacks, has more, or has otherwise than the topic. */
export async function compareWitness(
  topic: ReplayedSnapshot,
  witness: RestWitness,
  { signal, mayBeRestored = false }: CompareWitnessOptions = {},
): Promise<Finding[]> {
  const { snapshot, state } = topic;
  const { node: name } = witness;
  const book = new FindingBook();
  tellMissing(book, witness);
  const comparison = new VersionComparison({
    ...{ book, base: state, other: 'node', name, comparesDeleted: witness.tellsDeleted },
    isPartial: missingOf(witness).length > 0,
    supersedes: mayBeRestored && witness.vendor === 'confluent',
    baseValues: (offsets) => schemasInBatches(snapshot, offsets),
  });
  await takeAll(comparison, witness, state.vendor, signal);
  const isTold = isToldByNode(state);
  const hasAll = missingOf(witness).length === 0;
  const sides = { book, name, isServed: true };
  const configs = new Map(Object.entries(witness.configs));
  const isConfigTold = (subject: string): boolean => isTold(subject) && (hasAll || configs.has(subject));
  compareSettings({ ...sides, kind: 'config', base: configsOf(state), other: configs, isTold: isConfigTold });
  if (witness.vendor === 'confluent') {
    const modes = new Map(Object.entries(witness.modes));
    const isModeTold = (subject: string): boolean => isTold(subject) && (hasAll || modes.has(subject));
    compareSettings({ ...sides, kind: 'mode', base: modesOf(state), other: modes, isTold: isModeTold });
  }
  if (hasAll) compareMaxIds(book, state, { name, maxId: (context) => toldMaxId(witness, context) });
  return book.findings();
}

/** What the second node lacks, has more, or has otherwise than the first. */
export async function compareWitnesses(
  a: RestWitness,
  b: RestWitness,
  { signal }: CompareOptions = {},
): Promise<Finding[]> {
  const book = new FindingBook();
  const { node: name } = b;
  tellMissing(book, b);
  const hasAll = missingOf(a).length === 0 && missingOf(b).length === 0;
  // With Karapace beside another vendor the order of keys differs everywhere, and means nothing.
  const vendor = [a, b].some((each) => replayVendorOf(each) === 'karapace') ? 'karapace' : 'confluent';
  const state = new StateReplay({ vendor, readsOn: true, keepsAll: true });
  let offset = 0;
  for await (const batch of a.versions()) {
    signal?.throwIfAborted();
    for (const value of batch) {
      const { subject, version } = value;
      state.apply(offset++, { ok: true, record: { kind: 'schema', subject, version, value }, hasCanonicalKey: true });
    }
  }
  const comparison = new VersionComparison({
    ...{ book, base: state, other: 'node', name, comparesDeleted: a.tellsDeleted && b.tellsDeleted },
    isPartial: !hasAll,
    baseValues: (offsets) => witnessedAt(a, new Set(offsets)),
  });
  await takeAll(comparison, b, vendor, signal);
  for (const [kind, ours, theirs] of [
    ['config', a.configs, b.configs],
    ['mode', a.modes, b.modes],
  ] as const) {
    const other = new Map(Object.entries(theirs));
    const isTold = (subject: string): boolean => hasAll || other.has(subject);
    const base = new Map(Object.entries(ours));
    compareSettings({ book, kind, base, other, name, isTold, isServed: !hasAll });
  }
  if (hasAll) {
    const ours = { contexts: () => Object.keys(a.maxIds), maxId: (context: string) => toldMaxId(a, context) ?? 0 };
    compareMaxIds(book, ours, { name, maxId: (context) => toldMaxId(b, context) });
  }
  return book.findings();
}

async function takeAll(
  comparison: VersionComparison,
  witness: RestWitness,
  vendor: ReplayVendor,
  signal: AbortSignal | undefined,
): Promise<void> {
  for await (const batch of witness.versions()) {
    signal?.throwIfAborted();
    const values = new Map<SeenVersion, WitnessedVersion>();
    for (const value of batch) {
      const { subject, version, id, deleted } = value;
      values.set({ subject, version, id, deleted, content: contentDigest(value, vendor).toString('hex') }, value);
    }
    await comparison.take([...values.keys()], async (seen) => seen.map((each) => values.get(each)));
  }
  await comparison.end();
}

/** By the order in which the node tells them; reads all that it told, once. */
async function* witnessedAt(
  witness: RestWitness,
  offsets: ReadonlySet<number>,
): AsyncIterable<ReadonlyMap<number, SchemaValue>> {
  let offset = 0;
  for await (const batch of witness.versions()) {
    const found = new Map<number, SchemaValue>();
    for (const value of batch) {
      if (offsets.has(offset)) found.set(offset, value);
      offset++;
    }
    yield found;
  }
}

/**
 * The highest id that a node says to know; undefined where it does not say: it tells it beside an id that it has, so not of a context whose
 * schemas are all purged, nor if it is too old for the question. Other vendors tell the highest that is there, which a purge lowers.
 */
function toldMaxId({ vendor, maxIds, missing }: RestWitness, context: string): number | undefined {
  if (vendor !== 'confluent' && vendor !== 'karapace') return undefined;
  if (missing.some((each) => each.startsWith(`${maxIdOf(context)}:`))) return undefined;
  return maxIds[context] === 0 ? undefined : maxIds[context];
}

/** That Karapace has no modes is no gap, and no version is missing with a highest id that is not told. */
function missingOf({ vendor, missing }: RestWitness): readonly string[] {
  return missing.filter((each) => {
    return !each.startsWith(MAX_ID_UNTOLD) && !(vendor === 'karapace' && each.startsWith('modes:'));
  });
}

function tellMissing(book: FindingBook, witness: RestWitness): void {
  const missing = missingOf(witness);
  if (missing.length === 0) return;
  const { node } = witness;
  const more = missing.length > 5 ? `, and ${missing.length - 5} more` : '';
  book.add('witness-incomplete', { node }, `${node} did not tell: ${missing.slice(0, 5).join('; ')}${more}.`);
}
