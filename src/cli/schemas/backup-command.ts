/** `holdfast schemas backup`. */

import type { Command } from 'commander';
import { counted } from '../../foundation/counted.ts';
import { askWitnesses, type WitnessReport } from '../../recovery/backup/ask-witnesses.ts';
import type { BackupSource } from '../../recovery/backup/backup-source.ts';
import { restSource, topicSource } from '../../recovery/backup/backup-source.ts';
import type { BackupTarget } from '../../recovery/backup/backup-target.ts';
import { openPatientTarget } from '../../recovery/backup/patient-target.ts';
import { runBackup, type TargetOutcome } from '../../recovery/backup/run-backup.ts';
import type { SnapshotFolder } from '../../recovery/backup/snapshot-folder.ts';
import type { RegistryNodes } from '../../recovery/rest/open-nodes.ts';
import { secretsOf } from '../../runtime/config/variables/secret-settings.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import { EXIT_FAILED, UsageError } from '../exit-codes.ts';
import type { BackupEveryOptions } from './backup-every.ts';
import { type CommonOptions, collected, withCommonOptions } from './common-options.ts';
import { kafkaFlags } from './kafka-flags.ts';
import { type OpenedStores, openStores, type StoreOptions, withStoreOptions } from './open-stores.ts';
import { parseTargetPlace } from './place.ts';
import { runSchemas } from './run-schemas.ts';
import type { SchemasSession } from './schemas-session.ts';
import { shellWord } from './shell-word.ts';

/** A backup does not wait for a registry that is down. */
const WITNESS_GIVE_UP_MS = 10_000;

interface BackupOptions extends CommonOptions, StoreOptions {
  readonly to: readonly string[];
  readonly from: string;
  readonly full: boolean;
  readonly keep?: string;
  readonly gitAuthor?: string;
  readonly gitMessage?: string;
  readonly gitPush?: string;
  readonly every?: string;
}

export function addBackup(schemas: Command): void {
  const command = withCommonOptions(schemas.command('backup'))
    .description("Back up a registry's topic, with what its nodes tell over REST beside it. The registry may be down.")
    .requiredOption('--to <place>', 'a folder, git:PATH or kafka:TOPIC[@host:port,...]; may be given again', collected)
    .option('--from <source>', 'topic, or registry for one whose topic cannot be read', 'topic')
    .option('--full', 'write everything anew, also if nothing has changed', false)
    .option('--keep <rule>', 'remove old backups of folders: last=10,days=30,weeks=8,months=12')
    .option('--git-author <who>', 'author of commits: "Name <mail>"; whom git knows unless told')
    .option(
      '--git-message <template>',
      'of commits; {topic} {added} {records} {endOffset} {takenAt} {changes} are filled in',
    )
    .option('--git-push <remote>', 'push each time, also what an earlier run could not push')
    .option('--every <time>', 'go on for ever, as a worker with a REST API: 90s, 15m, 6h, 1d')
    .option('--state <dir>', 'with --every: where it keeps how far it is; <first folder>.state unless told')
    .option('--rest-port <port>', 'with --every: of REST API and metrics, on the loopback; 0: any that is free', '8083')
    .option('--report-servers <servers>', 'with --every: a Kafka that takes a record for each backup')
    .option('--report-topic <topic>', 'with --every: the topic for them', 'schema-backups');
  withStoreOptions(command).action(async (options: BackupOptions & Omit<BackupEveryOptions, 'every'>) => {
    const { every, full, from, fromStore } = options;
    if (every === undefined) return runSchemas(options, (session) => backup(session, options));
    if (full || from !== 'topic' || fromStore !== undefined) {
      throw new UsageError('--every goes with none of --full, --from and --from-store.');
    }
    // It brings a whole worker along, which no other command has to load.
    const { backupEvery } = await import('./backup-every.ts');
    return backupEvery({ ...options, every });
  });
}

/** @returns the exit code */
export async function backup(session: SchemasSession, options: BackupOptions): Promise<number> {
  const { clock, signal, progress } = session;
  const places = options.to.map(parseTargetPlace);
  const stores = options.fromStore === undefined ? undefined : await openStores(session, options);
  const source = stores === undefined ? await openSource(session, options.from) : storesSource(stores.snapshot);
  const targets: BackupTarget[] = [];
  if (options.gitPush !== undefined) session.secrets.add(secretsOf({ url: options.gitPush }));
  const broker = (servers: string | undefined) => session.broker(servers);
  const { logger } = session;
  const { bootstrapServers: servers = '' } = session.options;
  for (const place of places) {
    targets.push(await openPatientTarget(place, options, { clock, broker, logger, servers }));
  }
  const registry = source.kind === 'rest' ? undefined : await session.nodes(WITNESS_GIVE_UP_MS);
  const outcomes = await runBackup(
    {
      ...{ source, targets, clock, full: options.full },
      ...(registry === undefined ? {} : { witness: (folder) => witness(session, registry, folder) }),
      ...(stores === undefined ? {} : { witness: () => Promise.resolve(rebuilt(stores)) }),
      onProgress: (what, done, total) => progress.report(what, done, total),
    },
    signal,
  );
  for (const { target, warnings } of outcomes) for (const text of warnings) session.note(`warning: ${target}: ${text}`);
  session.print({
    json: { targets: outcomes.map(plainOutcome) },
    text: [...outcomes.flatMap(outcomeText), ...nextStep(options, outcomes)],
  });
  return outcomes.some(({ state }) => state === 'failed') ? EXIT_FAILED : 0;
}

function witness(session: SchemasSession, { nodes }: RegistryNodes, folder: string): Promise<WitnessReport> {
  const { clock, progress, signal } = session;
  const onProgress = (what: string, done: number, total: number | undefined): void => {
    progress.report(what, done, total);
  };
  return askWitnesses({ nodes, clock, folder, onProgress }, signal);
}

/** What is made anew each time, as over REST. */
function storesSource(snapshot: SnapshotFolder): BackupSource {
  return { kind: 'rest', read: () => Promise.resolve(snapshot) };
}

/** The registry that the stores knew is gone; what is not certain about what they tell becomes part of the backup. */
function rebuilt({ rebuilt: { findings } }: OpenedStores): WitnessReport {
  return { witnesses: [], notes: findings.map(({ message }) => message) };
}

async function openSource(session: SchemasSession, from: string): Promise<BackupSource> {
  const { topic, groupId } = session.options;
  if (from === 'topic') {
    return topicSource({
      ...{ broker: await session.broker(), client: { settings: {}, logger: session.logger }, topic, groupId },
    });
  }
  const registry = from === 'registry' ? await session.nodes() : undefined;
  if (registry !== undefined) {
    const { clock, progress } = session;
    return restSource({
      ...{ nodes: registry.nodes, clock },
      onProgress: (what, done, total) => progress.report(what, done, total),
    });
  }
  if (from === 'registry') throw new UsageError('--from registry needs --registry.');
  throw new UsageError(`--from must be topic or registry, not ${from}.`);
}

/** Of the first that is there. */
export function nextStep(
  options: CommonOptions & { readonly to: readonly string[] },
  outcomes: readonly Pick<TargetOutcome, 'state'>[],
): readonly string[] {
  const place = options.to[outcomes.findIndex(({ state }) => state !== 'failed')];
  if (place === undefined || options.quiet) return [];
  const flags = place.startsWith('kafka:') ? kafkaFlags(options) : '';
  const own = options.targetConfig;
  const target = own !== undefined && /^kafka:.*@/.test(place) ? ` --target-config ${shellWord(own)}` : '';
  return [`To see whether it is sound: holdfast schemas verify ${shellWord(place)}${flags}${target}`];
}

function plainOutcome({ error, ...outcome }: TargetOutcome): unknown {
  if (error === undefined) return outcome;
  const code = error instanceof ConnectError ? error.code : undefined;
  return { ...outcome, error: { message: error instanceof Error ? error.message : String(error), code } };
}

function outcomeText({ target, state, backup: made, removed, error }: TargetOutcome): readonly string[] {
  const gone = removed.length === 0 ? [] : [`  removed ${removed.length} old: ${removed.join(', ')}`];
  if (state === 'failed') {
    const code = error instanceof ConnectError ? ` [${error.code}]` : '';
    const kept = made === undefined ? '' : ` (${made.place} is whole)`;
    return [`${target}: FAILED${kept}: ${error instanceof Error ? error.message : String(error)}${code}`];
  }
  if (made === undefined) return [`${target}: nothing to do`, ...gone];
  const facts = `${counted(made.records, 'record')} up to offset ${made.endOffset}, sha256 ${made.sha256}`;
  if (state === 'unchanged') return [`${target}: nothing has changed since ${made.place} (${facts})`, ...gone];
  return [`${target}: wrote and read back ${made.place}: ${made.added} new, ${facts}`, ...gone];
}
