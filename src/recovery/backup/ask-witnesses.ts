/** What each node of the registry tells, kept beside a backup; a node that is away leaves a note, and never fails a backup. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../foundation/clock.ts';
import type { RegistryNodes } from '../rest/open-nodes.ts';
import { witnessNode } from '../rest/witness-node.ts';
import type { RestWitness } from '../snapshot/rest-witness.ts';

export interface WitnessReport {
  readonly witnesses: readonly RestWitness[];
  /** Nodes that did not answer, and why. */
  readonly notes: readonly string[];
}

/** @param options.folder for what they tell; its owner removes it */
export async function askWitnesses(
  options: {
    readonly nodes: RegistryNodes['nodes'];
    readonly clock: Clock;
    readonly folder: string;
    readonly onProgress?: (what: string, done: number, total: number | undefined) => void;
  },
  signal: AbortSignal,
): Promise<WitnessReport> {
  const { nodes, clock, onProgress } = options;
  const folder = join(options.folder, 'witnesses');
  await mkdir(folder, { recursive: true });
  const told = await Promise.all(
    nodes.map(async (api): Promise<RestWitness | string> => {
      try {
        return await witnessNode({
          ...{ api, clock, folder, signal },
          onProgress: ({ what, done, total }) => onProgress?.(`Asking ${api.node} for ${what}`, done, total),
        });
      } catch (error) {
        signal.throwIfAborted();
        const why = error instanceof Error ? error.message : String(error);
        return `${api.node} was not heard as a witness: ${why}`;
      }
    }),
  );
  return {
    witnesses: told.filter((each) => typeof each !== 'string'),
    notes: told.filter((each) => typeof each === 'string'),
  };
}
