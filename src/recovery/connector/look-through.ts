/** What a backup that was made means. That it can't be looked through takes nothing from it: it was read back when it was written. */
import type { TargetOutcome } from '../backup/run-backup.ts';
import type { SnapshotFolder } from '../backup/snapshot-folder.ts';
import type { Finding } from '../verify/finding.ts';
import { verifySnapshot } from '../verify/verify-snapshot.ts';
import type { BackupSummary } from './backup-job.ts';

type LookedThrough = Pick<BackupSummary, 'subjects' | 'bytes' | 'findings' | 'notLookedThrough'>;

export class LookThrough {
  private readonly isVerified: boolean;
  private readonly open: (place: string, signal: AbortSignal) => Promise<SnapshotFolder | undefined>;
  /** What was found in the backup that was made last: in one that did not change nothing else is found. */
  private found: { readonly of: string; readonly findings: readonly Finding[] } | undefined;

  constructor(options: {
    /** Whether findings are asked for. */
    readonly isVerified: boolean;
    /** @returns undefined where it can't be read as it lies there */
    readonly open: (place: string, signal: AbortSignal) => Promise<SnapshotFolder | undefined>;
  }) {
    this.isVerified = options.isVerified;
    this.open = options.open;
  }

  /**
   * Of the first target whose backup can be read.
   * @throws only the signal's reason
   */
  async of(outcomes: readonly TargetOutcome[], signal: AbortSignal): Promise<LookedThrough> {
    let notLookedThrough: unknown;
    for (const { backup } of outcomes) {
      if (backup === undefined) continue;
      try {
        const snapshot = await this.open(backup.place, signal);
        if (snapshot !== undefined) return await this.read(snapshot, signal);
      } catch (error) {
        signal.throwIfAborted();
        notLookedThrough ??= error;
      }
    }
    return { subjects: undefined, bytes: undefined, findings: undefined, notLookedThrough };
  }

  private async read(snapshot: SnapshotFolder, signal: AbortSignal): Promise<LookedThrough> {
    try {
      const { subjects, files, witnesses } = snapshot.manifest;
      const bytes = [...files, ...witnesses].reduce((sum, file) => sum + file.bytes, 0);
      const findings = this.isVerified ? await this.findingsOf(snapshot, signal) : undefined;
      return { subjects, bytes, findings, notLookedThrough: undefined };
    } finally {
      await snapshot.close();
    }
  }

  private async findingsOf(snapshot: SnapshotFolder, signal: AbortSignal): Promise<readonly Finding[]> {
    const { sha256, takenAt } = snapshot.facts;
    const of = `${sha256} ${takenAt}`;
    if (this.found?.of !== of) this.found = { of, findings: await verifySnapshot(snapshot, { signal }) };
    return this.found.findings;
  }
}
