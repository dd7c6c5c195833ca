/** Restores a backup through the REST API of an empty registry, proves every node equal, and takes everything away again. */
import { join } from 'node:path';
import type { Clock } from '../../foundation/clock.ts';
import { ConfigError, defineErrorCode } from '../../sdk/errors/index.ts';
import { isReservedSubject } from '../records/reserved-id.ts';
import type { RegistryApi } from '../rest/registry-api.ts';
import { runRegistryPlan } from '../rest/run-registry-plan.ts';
import { witnessNode } from '../rest/witness-node.ts';
import { writeRegistryPlan } from '../rest/write-registry-plan.ts';
import type { RestWitness } from '../snapshot/rest-witness.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { replay } from '../state/replay.ts';
import { compareWitness, replayVendorOf } from '../verify/compare-witnesses.ts';
import type { DrillResult } from './drill-result.ts';

export const DRILL_REGISTRY_IN_USE = defineErrorCode('holdfast.recovery.drill-registry-in-use', {
  what: 'A drill was to restore into a registry that holds schemas: it would mix with them, and remove what it restored.',
  mend: 'Name an empty registry that nobody uses, or drill into a scratch topic.',
});

export interface DrillRegistryOptions {
  readonly snapshot: Snapshot;
  /** What the snapshot is, for the reader. */
  readonly source: string;
  /** Of one registry; requests go to the first. */
  readonly nodes: readonly RegistryApi[];
  readonly clock: Clock;
  /** Exists, and is removed by its owner. */
  readonly temporaryFolder: string;
  readonly onProgress?: (what: string, done: number, total: number) => void;
}

/** Taking everything away goes on after a signal for so long. */
const REMOVAL_MS = 120_000;

/**
 * What was restored is removed however it ends, but for what reserves the highest id; after kill -9 it stays, and the next drill refuses.
 * @throws ConfigError `holdfast.recovery.drill-registry-in-use`; what restoring throws; a difference is no failure but a result
 */
export async function drillRegistry(options: DrillRegistryOptions, signal: AbortSignal): Promise<DrillResult> {
  const { snapshot, source, nodes, clock, temporaryFolder: folder, onProgress } = options;
  const [api] = nodes;
  if (api === undefined) throw new RangeError('a registry has at least one node');
  const witness = await witnessNode({ api, clock, folder, signal });
  await refuseUsed(witness);
  const path = join(folder, 'drill-registry.ndjson');
  const { plan, undo } = await writeRegistryPlan(
    { snapshot, nodes, witness, path, source, now: clock.now(), folder, title: 'Drill: restore through REST' },
    signal,
  );
  const progress = (what: string) => (done: number, total: number) => onProgress?.(what, done, total);
  try {
    await runRegistryPlan({ plan, api, clock, onProgress: progress('restoring') }, signal);
    const differences: string[] = [];
    for (const node of nodes) differences.push(...(await differencesAt(node, options, signal)));
    const state = await replay(snapshot, 'confluent', { signal, readsOn: true });
    const subjects = [...state.subjects()].length;
    return { target: api.node, records: snapshot.facts.records, subjects, differences, leftOvers: [] };
  } finally {
    // Not the signal of the drill: that one may be why it ends.
    const removal = AbortSignal.timeout(REMOVAL_MS);
    await runRegistryPlan({ plan: undo, api, clock, onProgress: progress('taking it away') }, removal);
  }
}

async function refuseUsed(witness: RestWitness): Promise<void> {
  for await (const batch of witness.versions()) {
    const used = batch.find(({ subject }) => !isReservedSubject(subject));
    if (used === undefined) continue;
    throw new ConfigError(
      `${witness.node} is no empty registry: it has ${used.subject} version ${used.version}. Nothing was restored into it.`,
      { code: DRILL_REGISTRY_IN_USE },
    );
  }
}

async function differencesAt(
  api: RegistryApi,
  { snapshot, clock, temporaryFolder: folder }: DrillRegistryOptions,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const witness = await witnessNode({ api, clock, folder, signal });
  const state = await replay(snapshot, replayVendorOf(witness), { signal, readsOn: true });
  const found = await compareWitness({ snapshot, state }, witness, { signal });
  return found
    .filter(({ severity, subject }) => severity !== 'note' && !(subject !== undefined && isReservedSubject(subject)))
    .map(({ message, more }) => `${message}${more === undefined ? '' : ` (and ${more} more)`}`);
}
