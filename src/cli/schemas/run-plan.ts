/** Runs a plan file against what its header names, and says how it is taken back. */
import { openBackup } from '../../recovery/backup/backup-folder.ts';
import { describePlan, printPlan } from '../../recovery/plan/describe-plan.ts';
import { openPlan, type Plan } from '../../recovery/plan/open-plan.ts';
import { refuseOtherRegistry } from '../../recovery/rest/check-target.ts';
import { runRegistryPlan } from '../../recovery/rest/run-registry-plan.ts';
import { BrokerPlanTopic } from '../../recovery/restore/broker-plan-topic.ts';
import { checkRequests } from '../../recovery/restore/check-requests.ts';
import { openUndo, undoPathOf } from '../../recovery/restore/open-undo.ts';
import { unknownUndo } from '../../recovery/restore/run-refusals.ts';
import { type RunOutcome, runTopicPlan } from '../../recovery/restore/run-topic-plan.ts';
import { UsageError } from '../exit-codes.ts';
import { checkNodesAfter } from './check-nodes-after.ts';
import { EXIT_FINDINGS } from './run-schemas.ts';
import type { SchemasSession } from './schemas-session.ts';
import { shellWord } from './shell-word.ts';

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

type TargetRun = Omit<PlanRun, 'checkedNodes'>;

/** @param waitMs as of checkNodesAfter */
export async function runPlan(
  session: SchemasSession,
  plan: Plan,
  undoPath: string,
  waitMs?: number,
): Promise<PlanRun> {
  const isTopic = plan.header.target.kind === 'topic';
  const run = await (isTopic ? runOnTopic : runOnRegistry)(session, plan, undoPath);
  const checked = await checkNodesAfter(session, plan, waitMs);
  if (checked === undefined) return { ...run, checkedNodes: [] };
  const { nodes, wrong, notes } = checked;
  return { ...run, checkedNodes: nodes, wrong: [...run.wrong, ...wrong], notes: [...run.notes, ...notes] };
}

async function runOnTopic(session: SchemasSession, plan: Plan, undoPath: string): Promise<TargetRun> {
  const { clock, signal, progress, logger } = session;
  const { target } = plan.header;
  if (target.kind !== 'topic') throw new Error('not a plan for a topic');
  const { topic, groupId } = target;
  const broker = await session.broker();
  const otherGroupsOk = session.options.otherGroupOk;
  const client = { settings: {}, logger };
  const planTopic = new BrokerPlanTopic({ broker, client, clock, topic, groupId, otherGroupsOk });
  session.atEnd(() => planTopic.close());
  const run = await runTopicPlan(
    {
      ...{ plan, target: planTopic, undoPath, clock, temporaryFolder: await session.temporaryFolder() },
      openBackup,
      openPlan: (path) => openPlan(path, signal),
      onProgress: ({ doing, done, total }) => progress.report(`${topic}: ${doing}`, done, total),
    },
    signal,
  );
  const { outcome, written, writtenBefore: doneBefore, undoPath: undo, notes } = run;
  return { outcome, written, doneBefore, undoPath: undo, notes, wrong: [] };
}

async function runOnRegistry(session: SchemasSession, plan: Plan, undoPath: string): Promise<TargetRun> {
  const { clock, signal, progress } = session;
  const registry = await session.nodes();
  const api = registry?.nodes[0];
  if (api === undefined) throw new UsageError('This plan is for a registry: give --registry with its nodes.');
  await refuseOtherRegistry(plan.header, registry?.nodes ?? [], signal);
  const { undoes } = plan.header;
  // Invariant 10: what takes it back was written with it, and is there before the first request. That of an undo is the plan itself.
  const undo = undoes === undefined ? await openUndo(undoPath, plan, signal) : undefined;
  if (undoes === undefined && undo === undefined) throw unknownUndo(undoPath, 'it is not there');
  const onProgress = (done: number, total: number): void => progress.report('Sending requests', done, total);
  const flags = targetFlags(session, plan);
  const command = (path: string): string => `holdfast schemas apply ${shellWord(path)} --yes`;
  const commands = {
    goOn: `${command(plan.path)}${undoes !== undefined || undoPath === undoPathOf(plan.path) ? '' : ` --undo ${shellWord(undoPath)}`}${flags}`,
    takeBack: undoes === undefined ? `${command(undoPath)}${flags}` : undefined,
  };
  const { sent, doneBefore, leftAlone } = await runRegistryPlan({ plan, api, clock, commands, onProgress }, signal);
  const wrong = await checkRequests(
    { plan, nodes: [api], clock, onProgress: (n, of) => progress.report('Asking for each step of the plan', n, of) },
    signal,
  );
  return {
    // What a registry was asked for and showed already: by an earlier run, or because there was nothing to take back.
    outcome: sent > 0 ? 'done' : 'was-done',
    written: sent,
    doneBefore,
    undoPath: undoes?.path ?? undoPath,
    notes: [],
    wrong: [...leftAlone.map(notOurs), ...wrong],
  };
}

function notOurs(what: string): string {
  return `${what} was left alone: what is there is not what the plan imported.`;
}

/** Shows the plan, runs it if that was asked for, and prints what became of it. Returns the exit code. */
export async function showAndRun(
  session: SchemasSession,
  plan: Plan,
  options: {
    readonly undoPath: string;
    readonly yes: boolean;
    readonly notes?: readonly string[];
    /** Of --wait. */
    readonly waitMs?: number | undefined;
  },
): Promise<number> {
  const { undoPath, yes, notes = [], waitMs } = options;
  const description = await describePlan(plan, session.signal);
  const run = yes ? await runPlan(session, plan, undoPath, waitMs) : undefined;
  const flags = targetFlags(session, plan);
  const after =
    run === undefined
      ? [
          'A dry run: nothing was written. To run this very plan:',
          `  holdfast schemas apply ${shellWord(plan.path)} --yes${undoPath === undoPathOf(plan.path) ? '' : ` --undo ${shellWord(undoPath)}`}${flags}`,
          ...(plan.header.target.kind === 'topic' ? [STOP_FIRST] : []),
        ]
      : [
          outcome(run),
          ...run.notes,
          ...run.wrong,
          plan.header.target.kind === 'topic' && run.checkedNodes.length === 0
            ? 'Start the registry, then run holdfast schemas verify. To take it back, with the registry stopped:'
            : `To take it back${plan.header.target.kind === 'topic' ? ', with the registry stopped' : ''}:`,
          `  holdfast schemas apply ${shellWord(run.undoPath)} --yes${flags}`,
        ];
  session.print({
    json: { ...description, plan: plan.path, ran: run !== undefined, run: run ?? null, notes },
    text: [...printPlan(description), '', ...notes, `plan: ${plan.path}`, ...after],
  });
  return (run?.wrong.length ?? 0) > 0 ? EXIT_FINDINGS : 0;
}

const STOP_FIRST =
  'Stop all nodes of the registry before: it is refused while one runs. If it is interrupted, the same command goes on.';

function outcome({ written, doneBefore, wrong, checkedNodes }: PlanRun): string {
  const before = doneBefore > 0 ? `, ${doneBefore} were there from an earlier run` : '';
  const nodes = checkedNodes.length > 0 ? ` Every id, version and setting is there at ${checkedNodes.join(', ')}.` : '';
  return wrong.length === 0
    ? `Done: ${written} written${before}; read back and as planned.${nodes}`
    : `${written} written${before}, but not everything is as planned:`;
}

/** So that what is shown can be pasted. */
export function targetFlags({ options }: SchemasSession, { header }: Plan): string {
  const { bootstrapServers, commandConfig, registryConfig, otherGroupOk = [] } = options;
  // The nodes without credentials, as the plan has them.
  if (header.target.kind === 'registry') {
    const config = registryConfig === undefined ? '' : ` --registry-config ${shellWord(registryConfig)}`;
    return ` --registry ${shellWord(header.target.nodes.join(','))}${config}`;
  }
  const servers = bootstrapServers === undefined ? '' : ` --bootstrap-servers ${shellWord(bootstrapServers)}`;
  const others = otherGroupOk.map((group) => ` --other-group-ok ${shellWord(group)}`).join('');
  return `${servers}${commandConfig === undefined ? '' : ` --command-config ${shellWord(commandConfig)}`}${others}`;
}
