/**
 * Makes a backup every interval, the first one at once, and tells of each in one record.
 *
 * What it depends on being away (the source's Kafka, a disk, a remote) parks it, and is tried again: it never fails for that (ARCHITECTURE.md,
 * "Two kinds of failure"). Targets that fail while another one has the backup are tried again sooner than the interval.
 */
import { Backoff } from '../../foundation/backoff.ts';
import { Schemas } from '../../sdk/data/index.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import { ConfigError, EnvironmentError } from '../../sdk/errors/kinds.ts';
import { SourceRecord } from '../../sdk/record/source-record.ts';
import type { OffsetMap, SourceTask, SourceTaskContext } from '../../sdk/task.ts';
import type { BackupJob, BackupSummary } from './backup-job.ts';
import { BackupLog } from './backup-log.ts';
import { BackupMetrics } from './backup-metrics.ts';
import { BACKUP_REPORT_SCHEMA, backupReport } from './backup-report.ts';
import { type SchemaBackupSettings, schemaBackupSettings } from './config.ts';
import { openBackupJob } from './open-backup-job.ts';

export const BACKUP_WAITS = defineErrorCode('holdfast.recovery.backup-waits', {
  what: 'A backup of a schema registry could not be made: its Kafka, or every target, is away or refuses it.',
  mend: 'See to what the message says. The task tries again by itself; older backups are as they were.',
});

export type OpenBackupJob = (settings: SchemaBackupSettings, context: SourceTaskContext) => Promise<BackupJob>;

const SOURCE_FIELD = 'source';
/** A poll comes back that often, so that pausing the task is seen. */
const POLL_MS = 1000;
const RETRY = { initialMs: 10_000, maxMs: 300_000, jitter: 0.2 };

interface Running {
  readonly context: SourceTaskContext;
  readonly settings: SchemaBackupSettings;
  readonly job: BackupJob;
  readonly metrics: BackupMetrics;
  readonly log: BackupLog;
}

export class SchemaBackupTask implements SourceTask {
  private readonly openJob: OpenBackupJob;
  private readonly retry = new Backoff(RETRY);
  private context: SourceTaskContext | undefined;
  private running: Running | undefined;
  /** ms since the epoch. */
  private dueAt = 0;
  /** ms since the epoch at which the last one began that all targets have; null: none is known. */
  private wholeAt: number | null = null;
  /** What is wrong in the settings has shown itself by the first one. */
  private hasMadeOne = false;

  /** @param openJob only for tests: a worker constructs it without arguments */
  constructor(openJob: OpenBackupJob = openBackupJob) {
    this.openJob = openJob;
  }

  initialize(context: SourceTaskContext): void {
    this.context = context;
  }

  async start(raw: Readonly<Record<string, string>>): Promise<void> {
    const { context } = this;
    if (context === undefined) throw new Error('initialize() has to come before start().');
    const settings = schemaBackupSettings(raw);
    const job = await this.openJob(settings, context);
    const stored = await context.offsetStorageReader.offset({ [SOURCE_FIELD]: job.source });
    const now = context.clock.now();
    const takenAt = pastTime(stored?.['takenAt'], now);
    // Other targets than before have nothing yet.
    const isSame = stored?.['targets'] === targetsOf(settings);
    const lastSuccessAt = isSame ? pastTime(stored?.['wholeAt'], now) : null;
    // One that some targets lack is made up for at once.
    this.dueAt = takenAt !== null && takenAt === lastSuccessAt ? takenAt + settings.intervalMs : now;
    this.wholeAt = lastSuccessAt;
    this.hasMadeOne = stored !== null;
    const { clock, logger, pluginMetrics } = context;
    const { intervalMs, targets } = settings;
    this.running = {
      ...{ context, settings, job, log: new BackupLog(logger) },
      metrics: new BackupMetrics({
        ...{ metrics: pluginMetrics, clock, intervalMs, targets: targets.length },
        lastSuccessAt,
      }),
    };
  }

  async poll(signal: AbortSignal): Promise<readonly SourceRecord[] | null> {
    const { running } = this;
    if (running === undefined) return null;
    const { clock } = running.context;
    // A clock that was set back must not put off what is due.
    this.dueAt = Math.min(this.dueAt, clock.now() + running.settings.intervalMs);
    const waitMs = this.dueAt - clock.now();
    if (waitMs > 0) {
      await clock.sleep(Math.min(waitMs, POLL_MS), signal).catch(() => {});
      return null;
    }
    let summary: BackupSummary;
    const startedAt = clock.now();
    try {
      summary = await running.job.run(signal);
    } catch (error) {
      if (signal.aborted) return null;
      throw this.failed(running, error);
    }
    this.hasMadeOne = true;
    running.metrics.made(summary);
    running.log.tell(summary);
    if (summary.targets.every(({ state }) => state !== 'failed')) this.wholeAt = summary.takenAt;
    this.dueAt = startedAt + this.pauseAfter(summary, running.settings.intervalMs);
    return [recordOf(running, summary, this.wholeAt)];
  }

  async stop(): Promise<void> {
    const { running } = this;
    this.running = undefined;
    await running?.job.close();
  }

  private pauseAfter({ targets }: BackupSummary, intervalMs: number): number {
    if (targets.some(({ state }) => state === 'failed')) return Math.min(intervalMs, this.retry.next());
    this.retry.reset();
    return intervalMs;
  }

  private failed({ job, metrics }: Running, error: unknown): unknown {
    const failing = error instanceof EnvironmentError ? error.details?.['targetsFailing'] : undefined;
    metrics.failed(typeof failing === 'number' ? failing : undefined);
    // Before the first backup it is a mistake of whoever set it up; later on it is something that will be mended.
    if (error instanceof ConfigError && !this.hasMadeOne) return error;
    if (error instanceof EnvironmentError) return error;
    return new EnvironmentError(
      `The schemas of ${job.source} could not be backed up: ${error instanceof Error ? error.message : String(error)}`,
      { code: error instanceof ConnectError ? error.code : BACKUP_WAITS, cause: error },
    );
  }
}

/** A time that is still to come is of a clock that was wrong. */
function pastTime(stored: unknown, now: number): number | null {
  const time = typeof stored === 'number' || typeof stored === 'bigint' ? Number(stored) : Number.NaN;
  return time <= now ? time : null;
}

function recordOf({ job, settings, context }: Running, summary: BackupSummary, wholeAt: number | null): SourceRecord {
  const { endOffset, sha256, takenAt } = summary;
  const sourcePartition: OffsetMap = { [SOURCE_FIELD]: job.source };
  return new SourceRecord({
    sourcePartition,
    sourceOffset: { endOffset, sha256, takenAt, wholeAt, targets: targetsOf(settings) },
    topic: settings.topic,
    keySchema: Schemas.STRING,
    key: job.source,
    valueSchema: BACKUP_REPORT_SCHEMA,
    value: backupReport(job.source, summary),
    timestamp: context.clock.now(),
  });
}

function targetsOf({ targets }: SchemaBackupSettings): string {
  return targets.map((place) => JSON.stringify(place)).join(' ');
}
