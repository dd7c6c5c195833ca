/** What a backup task shows of itself (KIP-877): `kafka_connect_plugins_schemas_backup_...`. */
import type { Clock } from '../../foundation/clock.ts';
import type { PluginMetrics } from '../../sdk/plugin-metrics.ts';
import type { BackupSummary } from './backup-job.ts';
import { countOf } from './backup-report.ts';

export class BackupMetrics {
  private readonly clock: Clock;
  private readonly counted: { readonly made: () => void; readonly failed: () => void };
  /** The beginning of the last backup that all targets have; before the first, that of the task. */
  private successAt: number;
  private hasSucceeded: boolean;
  private latest: BackupSummary | undefined;
  private failing: number | undefined;

  constructor(options: {
    readonly metrics: PluginMetrics | undefined;
    readonly clock: Clock;
    readonly intervalMs: number;
    readonly targets: number;
    /** Of an earlier run; null: there was none. */
    readonly lastSuccessAt: number | null;
  }) {
    const { metrics, clock, intervalMs, targets, lastSuccessAt } = options;
    this.clock = clock;
    this.hasSucceeded = lastSuccessAt !== null;
    this.successAt = lastSuccessAt ?? clock.now();
    const made = metrics?.counter('schemas-backup-runs', { description: 'Backups that were made.' });
    const failed = metrics?.counter('schemas-backup-failures', { description: 'Backups that no target has.' });
    this.counted = { made: () => made?.increment(), failed: () => failed?.increment() };
    const gauge = (name: string, description: string, read: () => number): void => {
      metrics?.gauge(`schemas-backup-${name}`, read, { description });
    };
    gauge('last-success-seconds', 'When the last backup began that all targets have; 0: never.', () =>
      this.hasSucceeded ? this.successAt / 1000 : 0,
    );
    gauge('age-seconds', 'Since then; before the first one, since the task started.', () =>
      Math.max(0, (this.clock.now() - this.successAt) / 1000),
    );
    gauge('interval-seconds', 'Time between backups, as set.', () => intervalMs / 1000);
    gauge('duration-seconds', 'How long the last backup took.', () => (this.latest?.durationMs ?? Number.NaN) / 1000);
    gauge('records', 'Records in the last backup.', () => this.latest?.records ?? Number.NaN);
    gauge('bytes', 'Bytes of the last backup.', () => this.latest?.bytes ?? Number.NaN);
    gauge('targets-failing', 'Targets that do not have the last backup.', () => this.failing ?? Number.NaN);
    gauge('targets', 'Targets that are set.', () => targets);
    for (const severity of ['error', 'warning', 'note'] as const) {
      metrics?.gauge(
        'schemas-backup-findings',
        () => (this.latest?.findings === undefined ? Number.NaN : countOf(this.latest, severity)),
        { description: 'What verifying the last backup found.', tags: { severity } },
      );
    }
  }

  made(summary: BackupSummary): void {
    this.counted.made();
    this.latest = summary;
    this.failing = summary.targets.filter(({ state }) => state === 'failed').length;
    if (this.failing > 0) return;
    this.successAt = summary.takenAt;
    this.hasSucceeded = true;
  }

  /** @param targets how many don't have it; undefined: it did not come that far */
  failed(targets: number | undefined): void {
    this.counted.failed();
    if (targets !== undefined) this.failing = targets;
  }
}
