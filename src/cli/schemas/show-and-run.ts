/** The end of every restore, repair and apply: the plan is shown, run if that was asked for, and what became of it printed. */
import { describePlan, type PlanDescription, printPlan } from '../../recovery/plan/describe-plan.ts';
import type { Plan } from '../../recovery/plan/open-plan.ts';
import type { TopicFacts } from '../../recovery/snapshot/topic-facts.ts';
import type { Wait } from './check-nodes-after.ts';
import { type PlanCommands, planCommands } from './plan-commands.ts';
import { type PlanRun, runPlan } from './run-plan.ts';
import { EXIT_FINDINGS } from './run-schemas.ts';
import type { SchemasSession } from './schemas-session.ts';

export interface ShowAndRunOptions {
  /** Of --undo: beside the plan unless told. */
  readonly undo?: string | undefined;
  readonly yes: boolean;
  /** Of --wait. */
  readonly wait?: Wait | undefined;
  /** What it changes for each vendor's registry. */
  readonly consequences?: readonly string[];
  /** Files and backups that were written on the way, by what they are. */
  readonly files?: Readonly<Record<string, string>>;
  /** The topic as it was when the plan was made, as far as it was looked at. */
  readonly facts?: TopicFacts | undefined;
}

/** Returns the exit code: that of findings where not everything is as planned. @throws what running the plan throws */
export async function showAndRun(session: SchemasSession, plan: Plan, options: ShowAndRunOptions): Promise<number> {
  const { undo, yes, wait, consequences = [], files = {}, facts } = options;
  const description = await describePlan(plan, session.signal);
  const commands = planCommands(session, plan, { undo, wait });
  const run = yes ? await runPlan(session, plan, { commands, wait }) : undefined;
  session.print({
    json: {
      ...description,
      ...{ consequences, files, plan: plan.path, ran: run !== undefined },
      ...{ undo: run === undefined || run.outcome === 'nothing-to-undo' ? null : run.undoPath, run: run ?? null },
    },
    text: [
      ...[...printPlan(description), ''],
      ...(consequences.length === 0 ? [] : [...consequences, '']),
      ...Object.entries(files).map(([what, path]) => `${what}: ${path}`),
      `plan: ${plan.path}`,
      ...(run === undefined ? dryRun(plan, commands, facts) : ended(plan, commands, { run, description })),
    ],
  });
  return (run?.wrong.length ?? 0) > 0 ? EXIT_FINDINGS : 0;
}

const STOP_FIRST =
  'Stop all nodes of the registry before: it is refused while one runs. If it is interrupted, the same command goes on.';

function dryRun({ header }: Plan, { run }: PlanCommands, facts: TopicFacts | undefined): readonly string[] {
  const { target } = header;
  const lines = ['A dry run: nothing was written. To run this very plan:', `  ${run}`];
  if (target.kind !== 'topic') return lines;
  if (target.registryReads !== undefined && target.endOffset === null) {
    return [...lines, `The registry may run on with ${target.registryReads} while this topic is made.`];
  }
  const members = facts?.group.members ?? 0;
  const now = members === 0 ? [] : [`The group ${facts?.group.groupId} has ${members} members now.`];
  return [...lines, STOP_FIRST, ...now];
}

const START_NOW = 'Start the registry, then run holdfast schemas verify topic --registry with each node.';
const NO_TOPIC_LEFT =
  "Don't start the registry: its topic is gone, and it would begin with an empty one and give out ids from 1. Restore first.";

function ended(
  { header }: Plan,
  { takeBack }: PlanCommands,
  { run, description }: { readonly run: PlanRun; readonly description: PlanDescription },
): readonly string[] {
  const isTopic = header.target.kind === 'topic';
  if (run.outcome === 'nothing-to-undo') return [outcome(run), ...run.notes];
  const stopped = isTopic ? ', with the registry stopped' : '';
  const then = description.leavesNoTopic ? NO_TOPIC_LEFT : START_NOW;
  const verify = isTopic && run.checkedNodes.length === 0 ? [then] : [];
  return [
    ...[`undo: ${run.undoPath}`, outcome(run), ...run.notes, ...run.wrong, ...verify],
    ...[`To take it back${stopped}:`, `  ${takeBack}`],
  ];
}

function outcome({ outcome: became, written, doneBefore, wrong, checkedNodes }: PlanRun): string {
  const before = doneBefore > 0 ? `, ${doneBefore} were there from an earlier run` : '';
  const nodes = checkedNodes.length > 0 ? ` Every id, version and setting is there at ${checkedNodes.join(', ')}.` : '';
  if (became === 'nothing-to-undo') return 'Nothing was done: there was nothing to take back.';
  if (wrong.length > 0) return `${written} written${before}, but not everything is as planned:`;
  return became === 'was-done'
    ? `Nothing was done now: all of it had been done before.${nodes}`
    : `Done: ${written} written${before}; read back and as planned.${nodes}`;
}
