/** `holdfast schemas restore`: plans from a backup, and runs the plan if that was asked for. */
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Plan } from '../../recovery/plan/open-plan.ts';
import { checkImport } from '../../recovery/rest/import-preflight.ts';
import { witnessNode } from '../../recovery/rest/witness-node.ts';
import { writeRegistryPlan } from '../../recovery/rest/write-registry-plan.ts';
import { mapSnapshot } from '../../recovery/restore/map-snapshot.ts';
import { normalizedSnapshot } from '../../recovery/restore/normalized-snapshot.ts';
import { planInPlace } from '../../recovery/restore/plan-in-place.ts';
import { planNewTopic } from '../../recovery/restore/plan-new-topic.ts';
import type { OverwriteIds } from '../../recovery/restore/refuse-id-changes.ts';
import { SubjectRules } from '../../recovery/restore/subject-rules.ts';
import type { Snapshot } from '../../recovery/snapshot/snapshot.ts';
import { watchedSnapshot } from '../../recovery/snapshot/watched-snapshot.ts';
import { contextOf, contextSubject } from '../../registry/subject-context.ts';
import { UsageError } from '../exit-codes.ts';
import { waitOf } from './check-nodes-after.ts';
import { type CommonOptions, collected, type WaitOption, withCommonOptions, withWaitOption } from './common-options.ts';
import { openPlace } from './open-place.ts';
import { openPlanTopic } from './open-plan-topic.ts';
import { withStoreOptions } from './open-stores.ts';
import { planPath } from './plan-path.ts';
import { higher, openRestoreSource, type RestoreSourceOptions } from './restore-source.ts';
import { runSchemas } from './run-schemas.ts';
import type { SchemasSession } from './schemas-session.ts';
import { showAndRun } from './show-and-run.ts';
import { withUsedByOptions } from './used-by.ts';

interface RestoreOptions extends CommonOptions, RestoreSourceOptions, WaitOption {
  readonly into: string;
  readonly only?: readonly string[];
  readonly map?: readonly string[];
  readonly minId?: readonly string[];
  readonly overwriteId?: readonly string[];
  readonly plan?: string;
  readonly undo?: string;
  readonly asIs: boolean;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

/** What is restored, chosen and renamed. */
interface Origin {
  readonly snapshot: Snapshot;
  readonly source: string;
  readonly minIds: Readonly<Record<string, number>>;
  readonly notes: readonly string[];
}

export function addRestore(schemas: Command): void {
  const command = withWaitOption(withCommonOptions(schemas.command('restore')))
    .description('Plan a restore, show the plan, and run it with --yes. The plan that is shown is the one that runs.')
    .argument('[place]', 'a backup, a folder of backups, git:PATH[#COMMIT], kafka:TOPIC, topic or registry')
    .requiredOption(
      '--into <target>',
      'new-topic or in-place, with the registry stopped, or registry, through its REST API',
    )
    .option('--only <subjects>', 'these subjects alone, with commas between; * stands for any text', listed)
    .option('--map <from=to>', 'another name for a subject, or a context: :.old:=:.new:', listed)
    .option('--min-id <id>', 'ids up to this one were given out: ID, or CONTEXT=ID', collected)
    .option(
      '--overwrite-id <id>',
      'in place: this id may come to mean what the backup says: ID, CONTEXT=ID, or all',
      collected,
    )
    .option('--as-is', 'mend nothing on the way: byte for byte, also what no registry can read', false)
    .option('--plan <file>', 'where the plan is written; restore-<time>.ndjson here unless told')
    .option('--undo <file>', 'where the plan that takes it back is written; beside the plan unless told')
    .option('--dry-run', 'only make and show the plan, as without --yes', false)
    .option('--yes', 'run the plan', false);
  withStoreOptions(withUsedByOptions(command)).action((place: string | undefined, options: RestoreOptions) =>
    runSchemas(options, (session) => restore(session, place, options)),
  );
}

async function restore(session: SchemasSession, place: string | undefined, options: RestoreOptions): Promise<number> {
  const { into, dryRun, yes } = options;
  if (dryRun && yes) throw new UsageError('--dry-run and --yes contradict each other.');
  const planner = PLANNERS[into];
  if (planner === undefined) throw new UsageError(`--into must be new-topic, in-place or registry, not ${into}.`);
  if (into !== 'in-place' && options.overwriteId !== undefined) {
    throw new UsageError('--overwrite-id is for --into in-place alone.');
  }
  if (into !== 'new-topic' && options.asIs) throw new UsageError('--as-is is for --into new-topic alone.');
  const wait = waitOf(session, options);
  const path = await planPath(options, 'restore', session.clock.now());
  const opened = await openOrigin(session, place, options);
  const origin = { ...opened, snapshot: watchedSnapshot(opened.snapshot, 'Planning', session.progress) };
  const plan = await planner(session, origin, { ...options, path });
  return showAndRun(session, plan, { undo: options.undo, yes, wait });
}

type Planner = (
  session: SchemasSession,
  origin: Origin,
  options: RestoreOptions & { readonly path: string },
) => Promise<Plan>;

const PLANNERS: Readonly<Record<string, Planner>> = {
  'new-topic': async (session, origin, { path, topic, groupId, asIs }) => {
    const { clock, signal } = session;
    const target = await openPlanTopic(session, { topic, groupId });
    const present = await target.present(signal);
    return planNewTopic({ ...origin, present, topic, groupId, path, now: clock.now(), asIs }, signal);
  },
  'in-place': async (session, origin, { path, groupId, overwriteId = [] }) => {
    const overwriteIds = overwriteIdsOf(overwriteId);
    const present = await openPlace(session, { kind: 'topic' });
    return planInPlace({ ...origin, present, groupId, path, now: session.clock.now(), overwriteIds }, session.signal);
  },
  registry: async (session, origin, { path, undo }) => {
    const { clock, signal, progress } = session;
    const nodes = (await session.nodes())?.nodes ?? [];
    const [api] = nodes;
    if (api === undefined) throw new UsageError('--into registry needs --registry with its nodes.');
    const folder = await session.temporaryFolder();
    const witness = await witnessNode({
      ...{ api, clock, folder, signal },
      onProgress: ({ what, done, total }) => progress.report(`Reading ${what} of ${api.node}`, done, total),
    });
    await checkImport(api, witness, signal);
    const { source, notes, minIds } = origin;
    const snapshot = normalizedSnapshot(origin.snapshot);
    const written = await writeRegistryPlan(
      {
        ...{ snapshot, nodes, witness, path, source, folder, notes, minIds, now: clock.now() },
        onProgress: (done, total) => progress.report(`Reading settings of ${api.node}`, done, total),
        ...(undo === undefined ? {} : { undoPath: undo }),
      },
      signal,
    );
    return written.plan;
  },
};

async function openOrigin(session: SchemasSession, text: string | undefined, options: RestoreOptions): Promise<Origin> {
  const { only = [], map = [] } = options;
  const told = minIdsOf(options.minId ?? []);
  const { snapshot, source, notes, givenOut } = await openRestoreSource(session, text, options);
  if (only.length === 0 && map.length === 0) return { snapshot, source, minIds: higher(givenOut, told), notes };
  const folder = join(await session.temporaryFolder(), 'mapped');
  const rules = new SubjectRules({ only, map });
  const mapped = await mapSnapshot({ snapshot, rules, folder }, session.signal);
  session.atEnd(() => mapped.snapshot.close());
  const renamed = Object.entries(givenOut).map(([context, id]) => [renamedContext(context, rules), id] as const);
  const known = renamed.reduce((ids, [context, id]) => higher(ids, { [context]: id }), mapped.maxIds);
  return { snapshot: mapped.snapshot, source, minIds: higher(known, told), notes: [...notes, ...mapped.notes] };
}

/** A subject of no special name moves with its context. */
function renamedContext(context: string, rules: SubjectRules): string {
  return contextOf(rules.renamed(`${contextSubject(context) ?? ''}holdfast`));
}

function listed(value: string, before: readonly string[] | undefined): readonly string[] {
  const parts = value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  return [...(before ?? []), ...parts];
}

/** @throws UsageError */
function minIdsOf(texts: readonly string[]): Readonly<Record<string, number>> {
  const ids: Record<string, number> = {};
  for (const text of texts) {
    const { context, id } = contextAndId(text) ?? {};
    // Ids are Java's int, and one has to be left to be given out.
    if (context === undefined || id === undefined || id >= 2 ** 31 - 1) {
      throw new UsageError(`--min-id must be an id below 2147483647, or CONTEXT=ID, not ${text}.`);
    }
    ids[context] = Math.max(id, ids[context] ?? 0);
  }
  return ids;
}

/** @throws UsageError */
function overwriteIdsOf(texts: readonly string[]): OverwriteIds {
  if (texts.includes('all')) return 'all';
  const ids: Record<string, number[]> = {};
  for (const text of texts) {
    const found = contextAndId(text);
    if (found === undefined) throw new UsageError(`--overwrite-id must be an id, CONTEXT=ID or all, not ${text}.`);
    ids[found.context] = [...(ids[found.context] ?? []), found.id];
  }
  return ids;
}

/** undefined: neither ID nor CONTEXT=ID. */
function contextAndId(text: string): { readonly context: string; readonly id: number } | undefined {
  const [, context = '', id] = /^(?::?\.?([^=:]*):?=)?([1-9]\d{0,9})$/.exec(text) ?? [];
  return id === undefined ? undefined : { context, id: Number(id) };
}
