/** Restores a backup through the REST API of an empty registry, proves every node equal, and takes everything away again. */
import { join } from 'node:path';
import type { Clock, Timer } from '../../foundation/clock.ts';
import { ConfigError, defineErrorCode } from '../../sdk/errors/index.ts';
import { isReservedSubject } from '../records/reserved-id.ts';
import type { RegistryApi } from '../rest/registry-api.ts';
import { runRegistryPlan } from '../rest/run-registry-plan.ts';
import { witnessNode } from '../rest/witness-node.ts';
import { writeRegistryPlan } from '../rest/write-registry-plan.ts';
import type { RestWitness } from '../snapshot/rest-witness.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { type ProgressReport, watchedSnapshot } from '../snapshot/watched-snapshot.ts';
import { replay } from '../state/replay.ts';
import { compareWitness, replayVendorOf } from '../verify/compare-witnesses.ts';
import type { Finding } from '../verify/finding.ts';
import { asIfEmpty, foreignVersion, isMarked, removeMark, removeReserved, setMark } from './drill-mark.ts';
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
  readonly progress: ProgressReport;
}

/** Taking everything away goes on after a signal for so long, and for as long as it takes without one. */
const REMOVAL_MS = 120_000;

/**
 * What was restored is removed however it ends; after kill -9 the next drill of the backup removes it first. Only a registry that had reserved ids
 * keeps those, and gets more of them.
 * @throws ConfigError `holdfast.recovery.drill-registry-in-use`; what restoring throws; a difference is no failure but a result
 */
export async function drillRegistry(options: DrillRegistryOptions, signal: AbortSignal): Promise<DrillResult> {
  const { source, nodes, clock, temporaryFolder: folder, progress } = options;
  const [api] = nodes;
  if (api === undefined) throw new RangeError('a registry has at least one node');
  const hadLeftOvers = await isMarked(api, signal);
  if (hadLeftOvers) await removeLeftOvers(options, api, signal);
  const witness = await told(options, api, signal);
  await refuseUsed(witness);
  const wasEmpty = witness.versionCount === 0;
  const path = join(folder, 'drill-registry.ndjson');
  const snapshot = watchedSnapshot(options.snapshot, 'Planning', progress);
  const { plan, undo } = await writeRegistryPlan(
    { snapshot, nodes, witness, path, source, now: clock.now(), folder, title: 'Drill: restore through REST' },
    signal,
  );
  const sending = (what: string) => (done: number, total: number) => progress.report(what, done, total);
  if (wasEmpty) await setMark(api, signal);
  try {
    await runRegistryPlan({ plan, api, clock, onProgress: sending(`Restoring into ${api.node}`) }, signal);
    const differences: string[] = [];
    for (const node of nodes) differences.push(...(await differencesAt(node, options, signal)));
    return { target: api.node, differences, leftOvers: hadLeftOvers ? [api.node] : [] };
  } finally {
    // Not the signal of the drill: that one may be why it ends.
    const removal = signalledFor(REMOVAL_MS, clock, signal);
    try {
      const onProgress = sending(`Taking it away from ${api.node}`);
      await runRegistryPlan({ plan: undo, api, clock, onProgress }, removal.signal);
      if (wasEmpty) await endDrill(options, api, removal.signal);
    } finally {
      removal.end();
    }
  }
}

/** Aborts `ms` after the other signal did, or has done. */
function signalledFor(
  ms: number,
  clock: Clock,
  other: AbortSignal,
): { readonly signal: AbortSignal; readonly end: () => void } {
  const late = new AbortController();
  let timer: Timer | undefined;
  const begin = (): void => {
    timer = clock.setTimer(() => late.abort(other.reason), ms);
  };
  if (other.aborted) begin();
  else other.addEventListener('abort', begin, { once: true });
  const end = (): void => {
    other.removeEventListener('abort', begin);
    timer?.cancel();
  };
  return { signal: late.signal, end };
}

/** Of a drill that was killed: what it restored is taken away as it would have done itself. */
async function removeLeftOvers(options: DrillRegistryOptions, api: RegistryApi, signal: AbortSignal): Promise<void> {
  const { snapshot, source, nodes, clock, temporaryFolder: folder, progress } = options;
  const found = await told(options, api, signal);
  const foreign = await foreignVersion(found, await replay(snapshot, 'confluent', { signal, readsOn: true }));
  if (foreign !== undefined) {
    throw new ConfigError(
      `A drill that was killed has left schemas in ${api.node}, but ${foreign.subject} version ${foreign.version}, with id ${foreign.id}, is not of this backup. ` +
        'Nothing was removed. Drill the backup of that time again, or empty the registry.',
      { code: DRILL_REGISTRY_IN_USE },
    );
  }
  const path = join(folder, 'drill-leftovers.ndjson');
  const title = 'Drill: take away what an earlier one left';
  const { undo } = await writeRegistryPlan(
    { snapshot, nodes, witness: asIfEmpty(found), ownsSettings: true, path, source, now: clock.now(), folder, title },
    signal,
  );
  const onProgress = (done: number, total: number): void => {
    progress.report(`Removing what a drill left in ${api.node}`, done, total);
  };
  await runRegistryPlan({ plan: undo, api, clock, onProgress }, signal);
  await endDrill(options, api, signal);
}

async function endDrill(options: DrillRegistryOptions, api: RegistryApi, signal: AbortSignal): Promise<void> {
  await removeReserved(api, await told(options, api, signal), { clock: options.clock, signal });
  await removeMark(api, signal);
}

function told(
  { clock, temporaryFolder: folder, progress }: DrillRegistryOptions,
  api: RegistryApi,
  signal: AbortSignal,
): Promise<RestWitness> {
  return witnessNode({
    ...{ api, clock, folder, signal },
    onProgress: ({ what, done, total }) => progress.report(`Reading ${what} of ${api.node}`, done, total),
  });
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
  options: DrillRegistryOptions,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const witness = await told(options, api, signal);
  const snapshot = watchedSnapshot(options.snapshot, `Comparing with ${api.node}`, options.progress);
  const state = await replay(snapshot, replayVendorOf(witness), { signal, readsOn: true });
  const found = await compareWitness({ snapshot, state }, witness, { signal, mayBeRestored: true });
  const isMeant = ({ severity, subject }: Finding): boolean =>
    severity === 'note' || (subject !== undefined && isReservedSubject(subject));
  return found
    .filter((finding) => !isMeant(finding))
    .map(({ message, more }) => `${message}${more === undefined ? '' : ` (and ${more} more)`}`);
}
