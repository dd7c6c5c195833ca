/** A snapshot made over REST alone, for when the topic can't be read or written: what the first node tells, and all nodes as witnesses. */
import type { Clock } from '../../foundation/clock.ts';
import type { SnapshotFolder } from '../backup/snapshot-folder.ts';
import type { SnapshotWriter } from '../backup/snapshot-writer.ts';
import type { RestWitness } from '../snapshot/rest-witness.ts';
import type { RegistryApi } from './registry-api.ts';
import { type WitnessProgress, witnessNode } from './witness-node.ts';
import { writeWitnessRecords } from './witness-records.ts';

export interface SnapshotFromRegistryOptions {
  /** The records are made of what the first one tells. */
  readonly nodes: readonly RegistryApi[];
  readonly clock: Clock;
  /** Finished by this, or left to its owner to abort when it rejects. */
  readonly writer: SnapshotWriter;
  /** For temporary files; its owner removes it. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: WitnessProgress & { readonly node: string }) => void;
}

/** Rejects as {@link witnessNode} and {@link SnapshotWriter} do. What was not answered is in the manifest's notes. */
export async function snapshotFromRegistry(options: SnapshotFromRegistryOptions): Promise<SnapshotFolder> {
  const { nodes, clock, writer, folder, signal, onProgress } = options;
  const witnesses: RestWitness[] = [];
  for (const api of nodes) {
    const { node } = api;
    const progress =
      onProgress === undefined ? {} : { onProgress: (at: WitnessProgress) => onProgress({ ...at, node }) };
    witnesses.push(await witnessNode({ api, clock, folder, signal, ...progress }));
  }
  const [first] = witnesses;
  if (first === undefined) throw new RangeError('a registry has at least one node');
  await writeWitnessRecords({ witness: first, sink: writer, folder, signal });
  for (const witness of witnesses) await writer.addWitness(witness);
  const notes = witnesses.flatMap(({ node, missing }) => missing.map((what) => `${node} did not tell ${what}`));
  return writer.finish({ source: 'rest', takenAt: first.takenAt, topic: undefined, notes });
}
