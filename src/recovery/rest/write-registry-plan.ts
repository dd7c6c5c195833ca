/** Writes the plan of a restore through REST, and beside it the plan that takes it back. */
import { newId } from '../../foundation/id.ts';
import { ConfigError } from '../../sdk/errors/kinds.ts';
import { openPlan, type Plan } from '../plan/open-plan.ts';
import type { PlanHeader } from '../plan/plan.ts';
import { PLAN_EXISTS } from '../plan/plan-errors.ts';
import { PlanWriter } from '../plan/plan-writer.ts';
import { writePlan } from '../plan/write-plan.ts';
import { undoPathOf } from '../restore/open-undo.ts';
import type { RestWitness } from '../snapshot/rest-witness.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { replay } from '../state/replay.ts';
import { clusterIdOf } from './check-target.ts';
import { planRegistryRestore } from './plan-registry-restore.ts';
import type { RegistryApi } from './registry-api.ts';
import type { RequestStep } from './restore-steps.ts';
import { TargetIndex } from './target-index.ts';
import { addUnlistedSettings } from './unlisted-settings.ts';

export interface WriteRegistryPlanOptions {
  /** Chosen and renamed already (`--only`, `--map`): all of it is restored. */
  readonly snapshot: Snapshot;
  /** Every node; requests are sent to the first one. */
  readonly nodes: readonly RegistryApi[];
  /** What the first one has, told just now. */
  readonly witness: RestWitness;
  readonly path: string;
  readonly undoPath?: string;
  readonly title?: string;
  /** What the snapshot is, for the reader. */
  readonly source: string;
  /** ms since the epoch. */
  readonly now: number;
  /** For temporary files; its owner removes it. */
  readonly folder: string;
  readonly notes?: readonly string[];
  /** Settings of places where nothing is registered are of an earlier restore, and go when this one is taken back. */
  readonly ownsSettings?: boolean;
  /** Of settings that are asked for. */
  readonly onProgress?: (done: number, total: number) => void;
  /** As of planRegistryRestore. */
  readonly minIds?: Readonly<Record<string, number>>;
}

export interface WrittenRegistryPlan {
  readonly plan: Plan;
  readonly undo: Plan;
}

/** Nothing is sent. @throws as planRegistryRestore, and what reading the snapshot and writing the files throw */
export async function writeRegistryPlan(
  options: WriteRegistryPlanOptions,
  signal: AbortSignal,
): Promise<WrittenRegistryPlan> {
  const { snapshot, nodes, witness, path, source, folder, now, notes = [], minIds = {} } = options;
  const { ownsSettings = false, onProgress } = options;
  const state = await replay(snapshot, 'confluent', { signal, readsOn: true });
  const target = await TargetIndex.read(witness, folder, signal);
  try {
    const urls = nodes.map(({ node }) => node);
    const [api] = nodes;
    if (api !== undefined && !ownsSettings) {
      await addUnlistedSettings(target, state, { api, signal, ...(onProgress === undefined ? {} : { onProgress }) });
    }
    const restore = await planRegistryRestore({ snapshot, state, target, minIds, signal });
    const cluster = api === undefined ? {} : { clusterId: await clusterIdOf(api, signal) };
    const common = {
      format: 1,
      kind: 'holdfast-schemas-plan',
      created: new Date(now).toISOString(),
      source,
      target: { kind: 'registry', nodes: urls, vendor: witness.vendor, ...cluster, maxIds: witness.maxIds },
    } as const;
    const title = options.title ?? `Restore through the registry at ${urls[0]}`;
    const { maxIds, summary, dropped } = restore;
    const header = { ...common, id: newId<'Plan'>(), title, maxIds, dropped, summary: [...notes, ...summary] };
    const sealed = await sealedPlan(path, header, restore.steps(), signal);
    try {
      // Invariant 10: what takes the plan back is there before the plan is, so that none can be run without it.
      const undo = await writePlan(
        options.undoPath ?? undoPathOf(path),
        {
          ...common,
          ...{ id: newId<'Plan'>(), title: `Undo: ${title}` },
          ...{ maxIds: restore.undo.maxIds, summary: restore.undo.summary },
          undoes: { id: header.id, path: sealed.writer.path, sha256: sealed.sha256, base: null },
        },
        restore.undo.steps(),
        signal,
      ).catch(async (error: unknown) => {
        throw await leftOver(options.undoPath ?? undoPathOf(path), sealed.writer.path, error, signal);
      });
      await sealed.writer.publish();
      return { plan: await openPlan(path, signal), undo };
    } catch (error) {
      await sealed.writer.discard();
      throw error;
    }
  } finally {
    await target.close();
  }
}

/** Says how to go on where the undo file that is there was left by this very command, killed before the plan was there. */
async function leftOver(undoPath: string, path: string, error: unknown, signal: AbortSignal): Promise<unknown> {
  if (!(error instanceof ConfigError) || error.code !== PLAN_EXISTS) return error;
  const undoes = await openPlan(undoPath, signal, true).then(
    ({ header }) => header.undoes,
    () => undefined,
  );
  if (undoes?.path !== path) return error;
  return new ConfigError(
    `${undoPath} is there already: it takes back the plan ${undoes.id} at ${path}, which is not there. If the command that made that plan was ended before the plan was there, ` +
      'nothing of it was sent: delete this file and run the same command again. If the plan was run and moved away since, keep this file, and name others with --plan and --undo.',
    { code: PLAN_EXISTS, cause: error },
  );
}

/** Whole and durable, but not at its path yet. */
async function sealedPlan(
  path: string,
  header: PlanHeader,
  steps: AsyncIterable<RequestStep>,
  signal: AbortSignal,
): Promise<{ readonly writer: PlanWriter; readonly sha256: string }> {
  const writer = await PlanWriter.create(path, header);
  try {
    for await (const step of steps) {
      signal.throwIfAborted();
      await writer.add(step);
    }
    return { writer, sha256: (await writer.seal()).sha256 };
  } catch (error) {
    await writer.discard();
    throw error;
  }
}
