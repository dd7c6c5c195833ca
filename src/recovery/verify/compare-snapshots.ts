/** Two places: a backup and another, or a backup and the topic as it is now. */
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { RegistryState, ReplayVendor } from '../state/registry-state.ts';
import { replay } from '../state/replay.ts';
import type { Finding } from './finding.ts';
import { FindingBook } from './finding-book.ts';
import { schemasAt, schemasInBatches } from './same-form.ts';
import { compareMaxIds, compareSettings, configsOf, modesOf } from './setting-comparison.ts';
import { type SeenVersion, VersionComparison } from './version-comparison.ts';

export interface CompareOptions {
  readonly signal?: AbortSignal;
  /** Both as this vendor's registry reads them; unless told, what their records say. */
  readonly vendor?: ReplayVendor;
  /** What the findings call the second one; 'the other place' unless told. */
  readonly name?: string;
}

const BATCH = 500;

/** What the second one lacks, has more, or has otherwise than the first. Memory: some 300 bytes for each version of both. */
export async function compareSnapshots(a: Snapshot, b: Snapshot, options: CompareOptions = {}): Promise<Finding[]> {
  const { signal, name = 'the other place' } = options;
  const abort = signal === undefined ? {} : { signal };
  const { vendor = 'confluent' } = options;
  const how = { ...abort, keepsAll: options.vendor === undefined };
  const state = await replay(a, vendor, how);
  const other = await replay(b, vendor, how);
  const book = new FindingBook();
  compareTopics(book, a, b, name);
  const comparison = new VersionComparison({
    ...{ book, base: state, other: 'place', name, comparesDeleted: true, isPartial: false },
    baseValues: (offsets) => schemasInBatches(a, offsets),
  });
  const texts = async (seen: readonly SeenVersion[]) => {
    const values = await schemasAt(
      b,
      seen.map(({ offset }) => offset ?? -1),
    );
    return seen.map(({ offset }) => values.get(offset ?? -1));
  };
  for (const batch of batchesOf(other)) {
    signal?.throwIfAborted();
    await comparison.take(batch, texts);
  }
  await comparison.end();
  const both = { book, name, isTold: () => true, isServed: false };
  compareSettings({ ...both, kind: 'config', base: configsOf(state), other: configsOf(other) });
  compareSettings({ ...both, kind: 'mode', base: modesOf(state), other: modesOf(other) });
  compareMaxIds(book, state, { name, maxId: (context) => other.maxId(context) });
  return book.findings();
}

function compareTopics(book: FindingBook, a: Snapshot, b: Snapshot, name: string): void {
  const [ours, theirs] = [a.facts.topic, b.facts.topic];
  if (ours === undefined || theirs === undefined) return;
  if (ours.clusterId !== null && theirs.clusterId !== null && ours.clusterId !== theirs.clusterId) {
    book.add('other-cluster', { node: name }, `Cluster ${ours.clusterId}, and ${theirs.clusterId} in ${name}.`);
  } else if (ours.topic === theirs.topic && ours.topicId !== null && theirs.topicId !== null) {
    if (ours.topicId === theirs.topicId) return;
    const message = `Topic ${ours.topic} had id ${ours.topicId}, and has ${theirs.topicId} in ${name}.`;
    book.add('topic-made-anew', { node: name }, message);
  }
}

function* batchesOf(state: RegistryState): Iterable<readonly SeenVersion[]> {
  let batch: SeenVersion[] = [];
  for (const subject of state.subjects()) {
    for (const version of state.versions(subject)) {
      batch.push(version);
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
  }
  yield batch;
}
