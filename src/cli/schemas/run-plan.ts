/** Runs a plan file against what its header names. */
import { openBackup } from '../../recovery/backup/backup-folder.ts';
import { openPlan, type Plan } from '../../recovery/plan/open-plan.ts';
import { refuseChangedRegistry } from '../../recovery/rest/check-changes.ts';
import { checkRequests } from '../../recovery/rest/check-requests.ts';
import { refuseOtherRegistry } from '../../recovery/rest/check-target.ts';
import { runRegistryPlan } from '../../recovery/rest/run-registry-plan.ts';
import { openUndo } from '../../recovery/restore/open-undo.ts';
import { unknownUndo } from '../../recovery/restore/run-refusals.ts';
import { type RunOutcome, runTopicPlan } from '../../recovery/restore/run-topic-plan.ts';
import { UsageError } from '../exit-codes.ts';
import { checkNodesAfter, type Wait } from './check-nodes-after.ts';
import { openPlanTopic } from './open-plan-topic.ts';
import { type PlanCommands, sayingHow } from './plan-commands.ts';
import type { SchemasSession } from './schemas-session.ts';

export interface PlanRun {
  /** `wrong` tells whether the target shows it as well. */
  readonly outcome: RunOutcome;
  /** Records or requests of this run. */
  readonly written: number;
  /** Found done. */
  readonly doneBefore: number;
  readonly undoPath: string;
  readonly notes: readonly string[];
  /** What the target does not show as planned, and a node not at all. */
  readonly wrong: readonly string[];
  /** Nodes that were asked for every id, version and setting. */
  readonly checkedNodes: readonly string[];
}

type TargetRun = Omit<PlanRun, 'checkedNodes' | 'undoPath'>;

/** @param wait as of checkNodesAfter */
export function runPlan(
  session: SchemasSession,
  plan: Plan,
  { commands, wait }: { readonly commands: PlanCommands; readonly wait: Wait | undefined },
): Promise<PlanRun> {
  const isTopic = plan.header.target.kind === 'topic';
  return sayingHow(session, commands, async (begin) => {
    const run = await (isTopic ? runOnTopic : runOnRegistry)(session, plan, commands.undo, begin);
    const undoPath = commands.undo;
    const checked = await checkNodesAfter(session, plan, wait);
    if (checked === undefined) return { ...run, undoPath, checkedNodes: [] };
    const { nodes, wrong, notes } = checked;
    return { ...run, undoPath, checkedNodes: nodes, wrong: [...run.wrong, ...wrong], notes: [...run.notes, ...notes] };
  });
}

async function runOnTopic(session: SchemasSession, plan: Plan, undoPath: string): Promise<TargetRun> {
  const { clock, signal, progress } = session;
  const { target } = plan.header;
  if (target.kind !== 'topic') throw new Error('not a plan for a topic');
  const planTopic = await openPlanTopic(session, target);
  const { topic } = target;
  const run = await runTopicPlan(
    {
      ...{ plan, target: planTopic, undoPath, clock, temporaryFolder: await session.temporaryFolder() },
      openBackup,
      openPlan: (path) => openPlan(path, signal),
      onProgress: ({ doing, done, total }) => progress.report(`${topic}: ${doing}`, done, total),
    },
    signal,
  );
  const { outcome, written, writtenBefore: doneBefore, notes } = run;
  return { outcome, written, doneBefore, notes, wrong: [] };
}

async function runOnRegistry(
  session: SchemasSession,
  plan: Plan,
  undoPath: string,
  begin: () => void,
): Promise<TargetRun> {
  const { clock, signal, progress } = session;
  const registry = await session.nodes();
  const api = registry?.nodes[0];
  if (api === undefined) throw new UsageError('This plan is for a registry: give --registry with its nodes.');
  await refuseOtherRegistry(plan.header, registry?.nodes ?? [], signal);
  const present = await refuseChangedRegistry(
    {
      ...{ plan, api, clock, folder: await session.temporaryFolder() },
      onProgress: (done) => progress.report(`Looking for changes at ${api.node}`, done, undefined),
    },
    signal,
  );
  const { undoes } = plan.header;
  // Invariant 10: what takes it back was written with it, and is there before the first request. That of an undo is the plan itself.
  const undo = undoes === undefined ? await openUndo(undoPath, plan, signal) : undefined;
  if (undoes === undefined && undo === undefined) throw unknownUndo(undoPath, 'it is not there');
  const onProgress = (done: number, total: number): void => progress.report('Sending requests', done, total);
  begin();
  const { sent, doneBefore, leftAlone } = await runRegistryPlan({ plan, api, clock, present, onProgress }, signal);
  const wrong = await checkRequests(
    {
      ...{ plan, nodes: [api], clock, folder: await session.temporaryFolder() },
      onProgress: (n, of) => progress.report('Asking for each step of the plan', n, of),
    },
    signal,
  );
  return {
    // What a registry was asked for and showed already: by an earlier run, or because there was nothing to take back.
    outcome: sent > 0 ? 'done' : 'was-done',
    ...{ written: sent, doneBefore, notes: [], wrong: [...leftAlone.map(notOurs), ...wrong] },
  };
}

function notOurs(what: string): string {
  return `${what} was left alone: what is there is not what the plan imported.`;
}
