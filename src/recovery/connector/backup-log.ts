/** Tells in the log what changed from one backup to the next: findings that came or went, targets that fail or are back. */
import type { Logger } from '../../foundation/logger.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import type { Finding } from '../verify/finding.ts';
import type { BackupSummary } from './backup-job.ts';

export const BACKUP_FINDING = defineErrorCode('holdfast.recovery.backup-finding', {
  what: 'A backup of a schema registry was verified, and something in the registry is wrong: schemas or ids are lost or at risk.',
  mend: 'The message says how; `holdfast schemas verify` on the backup shows all of it. The backup itself is whole.',
});

export const BACKUP_TARGET_FAILS = defineErrorCode('holdfast.recovery.backup-target-fails', {
  what: 'One of several targets of a backup could not be written; the others have it.',
  mend: 'See to what the message says. It is tried again with the next backup, and sooner.',
});

export const BACKUP_NOT_VERIFIED = defineErrorCode('holdfast.recovery.backup-not-verified', {
  what: 'A backup of a schema registry was made and read back, but what it means could not be looked through.',
  mend: 'See to what the message says. It is tried again with the next backup; `holdfast schemas verify` on the backup does it now.',
});

/** Findings that come at the same time and are told one by one. */
const MAX_TOLD = 20;

export class BackupLog {
  private readonly logger: Logger;
  private known = new Set<string>();
  private notVerified: string | undefined;
  private readonly failing = new Map<string, string>();
  /** Of the last run, by target: what lasts, such as lost records, is told once. */
  private readonly warned = new Map<string, readonly string[]>();

  constructor(logger: Logger) {
    this.logger = logger;
  }

  tell(summary: BackupSummary): void {
    this.tellTargets(summary);
    this.tellNotLookedThrough(summary);
    if (summary.findings !== undefined) this.tellFindings(summary.findings);
  }

  private tellNotLookedThrough({ place, notLookedThrough: err }: BackupSummary): void {
    const reason = err === undefined ? undefined : err instanceof Error ? err.message : String(err);
    if (reason !== undefined && reason !== this.notVerified) {
      this.logger.error('A backup was made, but could not be looked through', {
        code: BACKUP_NOT_VERIFIED,
        place,
        err,
      });
    }
    this.notVerified = reason;
  }

  private tellTargets({ targets }: BackupSummary): void {
    for (const { target, state, error, warnings } of targets) {
      const reason = error instanceof Error ? error.message : String(error);
      if (state === 'failed') {
        if (this.failing.get(target) !== reason) {
          this.logger.error('A target does not have the backup', { code: BACKUP_TARGET_FAILS, target, err: error });
        }
        this.failing.set(target, reason);
        continue;
      }
      if (this.failing.delete(target)) this.logger.info('A target has the backup again.', { target });
      const told = this.warned.get(target) ?? [];
      for (const warning of warnings) if (!told.includes(warning)) this.logger.warn(warning, { target });
      this.warned.set(target, warnings);
    }
  }

  private tellFindings(findings: readonly Finding[]): void {
    const errors = new Map(
      findings.filter(({ severity }) => severity === 'error').map((finding) => [keyOf(finding), finding]),
    );
    const fresh = [...errors].filter(([key]) => !this.known.has(key)).map(([, finding]) => finding);
    for (const { name, subject, version, id, message, mend } of fresh.slice(0, MAX_TOLD)) {
      this.logger.error(message, { code: BACKUP_FINDING, finding: name, subject, version, id, mend });
    }
    if (fresh.length > MAX_TOLD) {
      const more = fresh.length - MAX_TOLD;
      this.logger.error('More was found in the registry than is listed here', { code: BACKUP_FINDING, more });
    }
    const gone = [...this.known].filter((key) => !errors.has(key)).length;
    if (gone > 0) this.logger.info('What was found in the registry before is gone.', { findings: gone });
    this.known = new Set(errors.keys());
  }
}

function keyOf({ name, subject, version, context, id, message }: Finding): string {
  // What has no place of its own is told apart by its words.
  const place = subject ?? id ?? version;
  return JSON.stringify([name, subject, version, context, id, place === undefined ? message : null]);
}
