/** The end of every repair: the plan is shown, and run if that was asked for. */
import type { Plan } from '../../recovery/plan/open-plan.ts';
import { undoPathOf } from '../../recovery/restore/open-undo.ts';
import type { TopicFacts } from '../../recovery/snapshot/topic-facts.ts';
import type { RepairOptions } from './repair-options.ts';
import { type PlanRun, runPlan, targetFlags } from './run-plan.ts';
import type { SchemasSession } from './schemas-session.ts';
import { shellWord } from './shell-word.ts';

export interface RepairReport {
  readonly plan: Plan;
  /** What it changes for each vendor's registry. */
  readonly changes: readonly string[];
  /** Files and backups that were written on the way. */
  readonly files?: Readonly<Record<string, string>>;
  /** The topic as it was when the plan was made; undefined: it was not there. */
  readonly facts: TopicFacts | undefined;
}

/** Returns the exit code. Throws what running the plan throws. */
export async function finishRepair(
  session: SchemasSession,
  options: RepairOptions,
  { plan, changes, files = {}, facts }: RepairReport,
): Promise<number> {
  const { title, summary, target } = plan.header;
  const undoPath = options.undo ?? undoPathOf(plan.path);
  const run = options.yes ? await runPlan(session, plan, undoPath) : undefined;
  const flags = targetFlags(session, plan);
  const undo = options.undo === undefined ? '' : ` --undo ${shellWord(options.undo)}`;
  const named = Object.entries(files).map(([what, path]) => `${what}: ${path}`);
  session.print({
    json: {
      ...{ title, summary, changes, files, plan: plan.path, steps: plan.steps, maxIds: plan.header.maxIds, target },
      ...{ ran: run !== undefined, undo: run === undefined ? null : run.undoPath },
      ...(run === undefined ? {} : { written: run.written, writtenBefore: run.doneBefore, notes: run.notes }),
    },
    text: [
      ...[`${title}.`, '', ...summary, '', ...changes, '', ...named],
      `plan: ${plan.path} (${plan.steps} steps)`,
      ...(run === undefined ? dryRun(plan, facts, `${undo}${flags}`) : done(run, flags)),
    ],
  });
  return 0;
}

function dryRun(plan: Plan, facts: TopicFacts | undefined, flags: string): readonly string[] {
  const { group } = facts ?? {};
  const members =
    group === undefined || group.members === 0
      ? []
      : [`The group ${group.groupId} has ${group.members} members: stop every node of the registry first.`];
  return [
    '',
    'A dry run: nothing was written.',
    ...members,
    `To run this very plan: holdfast schemas apply ${shellWord(plan.path)} --yes${flags}`,
  ];
}

function done(run: PlanRun, flags: string): readonly string[] {
  return [
    `undo: ${run.undoPath}`,
    ...run.notes,
    '',
    `Done: ${run.written} records were written and read back. Start the registry, then run holdfast schemas verify topic --registry with each node.`,
    `To take it back, with the registry stopped: holdfast schemas apply ${shellWord(run.undoPath)} --yes${flags}`,
  ];
}
