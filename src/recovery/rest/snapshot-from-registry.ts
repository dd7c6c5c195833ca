/** A snapshot made over REST alone, for when the topic can't be read or written: what its nodes tell together, and each as a witness. */
import type { Clock } from '../../foundation/clock.ts';
import { EnvironmentError } from '../../sdk/errors/kinds.ts';
import type { SnapshotFolder } from '../backup/snapshot-folder.ts';
import type { SnapshotWriter } from '../backup/snapshot-writer.ts';
import type { RestWitness } from '../snapshot/rest-witness.ts';
import { mergeWitnesses } from './merge-witnesses.ts';
import type { RegistryApi } from './registry-api.ts';
import { isSilence, REST_UNAVAILABLE } from './rest-errors.ts';
import { type WitnessProgress, witnessNode } from './witness-node.ts';
import { writeWitnessRecords } from './witness-records.ts';

export interface SnapshotFromRegistryOptions {
  /** The first one that answers has the last word where two contradict each other. */
  readonly nodes: readonly RegistryApi[];
  readonly clock: Clock;
  /** Finished by this, or left to its owner to abort when it rejects. */
  readonly writer: SnapshotWriter;
  /** For temporary files; its owner removes it. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: WitnessProgress & { readonly node: string }) => void;
}

/**
 * All nodes are asked at once. One that gives no usable answer is named in the manifest's notes, as are what only a later node knows (it is
 * taken) and where a later node contradicts (the first one's word holds).
 *
 * Rejects as {@link witnessNode} when no node answers, and as {@link SnapshotWriter} does.
 */
export async function snapshotFromRegistry(options: SnapshotFromRegistryOptions): Promise<SnapshotFolder> {
  const { writer, folder, signal } = options;
  const { witnesses, silent } = await askNodes(options);
  const { witness, notes } = await mergeWitnesses(witnesses, signal);
  await writeWitnessRecords({ witness, sink: writer, folder, signal });
  for (const each of witnesses) await writer.addWitness(each);
  const untold = witnesses.flatMap(({ node, missing }) => missing.map((what) => `${node} did not tell ${what}`));
  const { takenAt } = witness;
  return writer.finish({ source: 'rest', takenAt, topic: undefined, notes: [...silent, ...notes, ...untold] });
}

interface Told {
  /** In the order of the nodes; at least one. */
  readonly witnesses: readonly RestWitness[];
  /** Who gave no answer, and why. */
  readonly silent: readonly string[];
}

async function askNodes({ nodes, clock, folder, signal, onProgress }: SnapshotFromRegistryOptions): Promise<Told> {
  const failed = new Map<RegistryApi, Error>();
  const ask = async (api: RegistryApi): Promise<readonly RestWitness[]> => {
    const { node } = api;
    const progress =
      onProgress === undefined ? {} : { onProgress: (at: WitnessProgress) => onProgress({ ...at, node }) };
    try {
      return [await witnessNode({ api, clock, folder, signal, ...progress })];
    } catch (error) {
      signal.throwIfAborted();
      if (!isSilence(error)) throw error;
      failed.set(api, error);
      return [];
    }
  };
  // All of them, so that none still writes into the folder when this rejects.
  const asked = await Promise.allSettled(nodes.map(ask));
  const witnesses = asked.flatMap((each) => {
    if (each.status === 'rejected') throw each.reason;
    return each.value;
  });
  // In the order of the nodes, not of their failures.
  const failures = nodes.flatMap((api) => {
    const error = failed.get(api);
    return error === undefined ? [] : [{ node: api.node, error }];
  });
  const silent = failures.map(
    ({ node, error }) => `${node} was not heard, and what only it knows is not here: ${error.message}`,
  );
  if (witnesses.length > 0) return { witnesses, silent };
  const [first, ...others] = failures.map(({ error }) => error);
  if (first === undefined) throw new RangeError('a registry has at least one node');
  if (others.length === 0) throw first;
  const all = failures.map(({ error }) => error.message).join(' ');
  throw new EnvironmentError(`No node of the registry can be read. ${all}`, { code: REST_UNAVAILABLE, cause: first });
}
