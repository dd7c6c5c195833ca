/** What the connector's task does each time: one backup, to all targets. */
import type { TargetOutcome } from '../backup/run-backup.ts';
import type { Finding } from '../verify/finding.ts';

export interface BackupSummary {
  /** ms since the epoch at which it began. */
  readonly takenAt: number;
  readonly durationMs: number;
  /** One for each target, in order. */
  readonly targets: readonly TargetOutcome[];
  /** Of the newest backup of the first target that did not fail. */
  readonly place: string;
  readonly endOffset: number;
  readonly records: number;
  readonly added: number;
  readonly sha256: string;
  /** undefined: the target does not tell. */
  readonly subjects: number | undefined;
  readonly bytes: number | undefined;
  /** What verifying found; undefined: it was not asked for, or could not be done. */
  readonly findings: readonly Finding[] | undefined;
  /** Why the backup, which is whole, could not be looked through; undefined: it was. */
  readonly notLookedThrough: unknown;
}

export interface BackupJob {
  /** What it backs up, for people and as key of the reports. */
  readonly source: string;
  /** @throws what kept all of it from being done: the source is away, or every target failed; or the signal's reason */
  run(signal: AbortSignal): Promise<BackupSummary>;
  close(): Promise<void>;
}
