/** The end of every repair: the plan is shown, and run if that was asked for. */
import { openBackup } from '../../recovery/backup/backup-folder.ts';
import { openPlan, type Plan } from '../../recovery/plan/open-plan.ts';
import { BrokerPlanTopic } from '../../recovery/restore/broker-plan-topic.ts';
import { undoPathOf } from '../../recovery/restore/open-undo.ts';
import { runTopicPlan, type TopicRunResult } from '../../recovery/restore/run-topic-plan.ts';
import type { TopicFacts } from '../../recovery/snapshot/topic-facts.ts';
import type { RepairOptions } from './repair-options.ts';
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
  const named = Object.entries(files).map(([what, path]) => `${what}: ${path}`);
  session.print({
    json: {
      ...{ title, summary, changes, files, plan: plan.path, steps: plan.steps, maxIds: plan.header.maxIds, target },
      ...{ ran: run !== undefined, undo: run === undefined ? null : run.undoPath },
      ...(run === undefined ? {} : { written: run.written, writtenBefore: run.writtenBefore, notes: run.notes }),
    },
    text: [
      ...[`${title}.`, '', ...summary, '', ...changes, '', ...named],
      `plan: ${plan.path} (${plan.steps} steps)`,
      ...(run === undefined ? dryRun(plan, facts, options) : done(run, options)),
    ],
  });
  return 0;
}

function dryRun(plan: Plan, facts: TopicFacts | undefined, options: RepairOptions): readonly string[] {
  const { group } = facts ?? {};
  const undo = options.undo === undefined ? '' : ` --undo ${shellWord(options.undo)}`;
  const members =
    group === undefined || group.members === 0
      ? []
      : [`The group ${group.groupId} has ${group.members} members: stop every node of the registry first.`];
  return [
    '',
    'A dry run: nothing was written.',
    ...members,
    `To run this very plan: holdfast schemas apply ${shellWord(plan.path)} --yes${undo}${connection(options)}`,
  ];
}

function done(run: TopicRunResult, options: RepairOptions): readonly string[] {
  return [
    `undo: ${run.undoPath}`,
    ...run.notes,
    '',
    `Done: ${run.written} records were written and read back. Start the registry, then run holdfast schemas verify topic registry.`,
    `To take it back, with the registry stopped: holdfast schemas apply ${shellWord(run.undoPath)} --yes${connection(options)}`,
  ];
}

/** So that what is shown can be pasted. */
function connection({ bootstrapServers, commandConfig }: RepairOptions): string {
  const servers = bootstrapServers === undefined ? '' : ` --bootstrap-servers ${shellWord(bootstrapServers)}`;
  return `${servers}${commandConfig === undefined ? '' : ` --command-config ${shellWord(commandConfig)}`}`;
}

async function runPlan(session: SchemasSession, plan: Plan, undoPath: string): Promise<TopicRunResult> {
  const { clock, signal, progress, logger } = session;
  const { target } = plan.header;
  if (target.kind !== 'topic') throw new Error('a repair plans for a topic');
  const { topic, groupId } = target;
  const broker = await session.broker();
  const planTopic = new BrokerPlanTopic({ broker, client: { settings: {}, logger }, clock, topic, groupId });
  session.atEnd(() => planTopic.close());
  const temporaryFolder = await session.temporaryFolder();
  return runTopicPlan(
    {
      ...{ plan, target: planTopic, undoPath, temporaryFolder, clock },
      openBackup,
      openPlan: (path) => openPlan(path, signal),
      onProgress: ({ doing, done: count, total }) => progress.report(doing, count, total),
    },
    signal,
  );
}
