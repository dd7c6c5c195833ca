/** A backup job of real places: the source's topic, the registry's nodes as witnesses, the targets, and what it all means. */
import type { ClientSettings } from '../../broker/ports.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import { EnvironmentError } from '../../sdk/errors/kinds.ts';
import type { SourceTaskContext } from '../../sdk/task.ts';
import { askWitnesses } from '../backup/ask-witnesses.ts';
import { AwayWatch } from '../backup/away-watch.ts';
import { BACKUP_FAILED } from '../backup/backup-errors.ts';
import { topicSource } from '../backup/backup-source.ts';
import type { BackupTarget } from '../backup/backup-target.ts';
import { openGitSnapshot } from '../backup/open-git-snapshot.ts';
import { openTopicCopy } from '../backup/open-topic-copy.ts';
import { openPatientTarget } from '../backup/patient-target.ts';
import { parsePlace } from '../backup/place.ts';
import { runBackup, type TargetOutcome } from '../backup/run-backup.ts';
import { openSnapshotFolder, type SnapshotFolder } from '../backup/snapshot-folder.ts';
import { openNodes, type RegistryNodes } from '../rest/open-nodes.ts';
import { BackupBrokers } from './backup-brokers.ts';
import type { BackupJob, BackupSummary } from './backup-job.ts';
import type { SchemaBackupSettings } from './config.ts';
import { LookThrough } from './look-through.ts';
import { unrepeatedLogger } from './unrepeated-logger.ts';

/** @throws ConfigError for settings that are wrong; opens no connection yet */
export async function openBackupJob(settings: SchemaBackupSettings, context: SourceTaskContext): Promise<BackupJob> {
  const { clock } = context;
  // That a broker is away is told by the task's park, or as a target that fails; of the clients' own lines the first is enough.
  const { logger, wentWell } = unrepeatedLogger(context.logger);
  const brokers = new BackupBrokers({ clock, logger });
  const nodes =
    settings.registryUrls.length === 0
      ? undefined
      : openNodes({ urls: settings.registryUrls, properties: settings.registry, clock, logger, giveUpAfterMs: 10_000 });
  const targets: BackupTarget[] = [];
  for (const place of settings.targets) {
    const { servers } = settings;
    const broker = (of: string | undefined) => brokers.broker(...targetKafka(settings, of));
    targets.push(await openPatientTarget(place, settings.targetSettings, { clock, logger, broker, servers }));
  }
  return new OpenBackupJob({ settings, clock, logger, wentWell, brokers, nodes, targets });
}

/** Of a topic of the source's own Kafka the source's settings hold, unless there are others. */
function targetKafka(
  settings: SchemaBackupSettings,
  servers: string = settings.servers,
): readonly [servers: string, settings: ClientSettings] {
  const isSource = servers === settings.servers && Object.keys(settings.target).length === 0;
  return [servers, isSource ? settings.source : settings.target];
}

class OpenBackupJob implements BackupJob {
  readonly source: string;
  private readonly settings: SchemaBackupSettings;
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly wentWell: () => void;
  private readonly brokers: BackupBrokers;
  private readonly nodes: RegistryNodes | undefined;
  private readonly targets: readonly BackupTarget[];
  private readonly looking: LookThrough;

  constructor(options: {
    readonly settings: SchemaBackupSettings;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly wentWell: () => void;
    readonly brokers: BackupBrokers;
    readonly nodes: RegistryNodes | undefined;
    readonly targets: readonly BackupTarget[];
  }) {
    this.settings = options.settings;
    this.clock = options.clock;
    this.logger = options.logger;
    this.wentWell = options.wentWell;
    this.brokers = options.brokers;
    this.nodes = options.nodes;
    this.targets = options.targets;
    this.looking = new LookThrough({
      isVerified: options.settings.isVerified,
      open: (place, signal) => this.openWritten(place, signal),
    });
    this.source = `${options.settings.servers}/${options.settings.schemasTopic}`;
  }

  async run(signal: AbortSignal): Promise<BackupSummary> {
    const { clock } = this;
    const { servers } = this.settings;
    const [takenAt, startedAt] = [clock.now(), clock.monotonic()];
    const watch = new AwayWatch({ clock, servers, signal });
    let outcomes: readonly TargetOutcome[];
    try {
      outcomes = await this.backUp(watch);
    } finally {
      watch.end();
    }
    const good = outcomes.find(({ backup }) => backup !== undefined);
    if (good?.backup === undefined) throw noTarget(outcomes);
    const { place, endOffset, records, added, sha256 } = good.backup;
    const told = await this.looking.of(outcomes, signal);
    const isWhole = outcomes.every(({ state }) => state !== 'failed') && told.notLookedThrough === undefined;
    if (isWhole) this.wentWell();
    return {
      ...{ takenAt, durationMs: clock.monotonic() - startedAt, targets: outcomes },
      ...{ place, endOffset, records, added, sha256, ...told },
    };
  }

  async close(): Promise<void> {
    await this.nodes?.close();
    await this.brokers.close();
  }

  private async backUp(watch: AwayWatch): Promise<readonly TargetOutcome[]> {
    const { settings, clock, logger, nodes, targets } = this;
    const { schemasTopic: topic, groupId } = settings;
    const broker = await this.brokers.broker(settings.servers, settings.source);
    const client = { settings: {}, logger, onAvailability: watch.onAvailability };
    return runBackup(
      {
        source: topicSource({ broker, client, topic, groupId }),
        ...{ targets, clock },
        ...(nodes === undefined
          ? {}
          : { witness: (folder, signal) => askWitnesses({ nodes: nodes.nodes, clock, folder }, signal) }),
      },
      watch.signal,
    );
  }

  private async openWritten(text: string, signal: AbortSignal): Promise<SnapshotFolder | undefined> {
    const place = parsePlace(text);
    if (place.kind === 'folder') return openSnapshotFolder(place.path);
    if (place.kind === 'git') return openGitSnapshot({ path: place.path, commit: place.commit }, signal);
    if (place.kind !== 'kafka') return undefined;
    const [servers, settings] = targetKafka(this.settings, place.servers);
    const watch = new AwayWatch({ clock: this.clock, servers, signal });
    try {
      const broker = await this.brokers.broker(servers, settings);
      const client = { settings: {}, logger: this.logger, onAvailability: watch.onAvailability };
      return await openTopicCopy({ broker, client, topic: place.topic }, watch.signal);
    } finally {
      watch.end();
    }
  }
}

/** What the first of them failed with stands for all. */
function noTarget(outcomes: readonly TargetOutcome[]): EnvironmentError {
  const cause = outcomes[0]?.error;
  return new EnvironmentError(cause instanceof Error ? cause.message : String(cause), {
    code: cause instanceof ConnectError ? cause.code : BACKUP_FAILED,
    cause,
    details: { targetsFailing: outcomes.length },
  });
}
