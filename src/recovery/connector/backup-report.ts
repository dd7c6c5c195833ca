/** The record that tells of one backup. */
import { SchemaBuilder, Schemas, Struct } from '../../sdk/data/index.ts';
import type { Severity } from '../verify/finding.ts';
import type { BackupSummary } from './backup-job.ts';

const FINDINGS = SchemaBuilder.struct()
  .name('io.holdfast.schemas.BackupFindings')
  .field('error', Schemas.INT32)
  .field('warning', Schemas.INT32)
  .field('note', Schemas.INT32)
  .optional()
  .build();

const TARGET = SchemaBuilder.struct()
  .name('io.holdfast.schemas.BackupTarget')
  .field('target', Schemas.STRING)
  .field('state', Schemas.STRING)
  .field('place', Schemas.OPTIONAL_STRING)
  .field('newRecords', Schemas.OPTIONAL_INT64)
  .field('removed', Schemas.INT32)
  .field('error', Schemas.OPTIONAL_STRING)
  .build();

/** Fields are only ever added, and then optional. Times are ms since the epoch. */
export const BACKUP_REPORT_SCHEMA = SchemaBuilder.struct()
  .name('io.holdfast.schemas.BackupReport')
  .version(1)
  .field('time', Schemas.INT64)
  .field('source', Schemas.STRING)
  .field('place', Schemas.STRING)
  .field('endOffset', Schemas.INT64)
  .field('records', Schemas.INT64)
  .field('newRecords', Schemas.INT64)
  .field('subjects', Schemas.OPTIONAL_INT64)
  .field('bytes', Schemas.OPTIONAL_INT64)
  .field('sha256', Schemas.STRING)
  .field('verified', Schemas.BOOLEAN)
  .field('findings', FINDINGS)
  .field('durationMs', Schemas.INT64)
  .field('targets', SchemaBuilder.array(TARGET).build())
  .build();

/** `verified`: every target was read back, the backup was looked through, and, if that was asked for, nothing of severity error was found. */
export function backupReport(source: string, summary: BackupSummary): Struct {
  const { targets, findings } = summary;
  return new Struct(BACKUP_REPORT_SCHEMA)
    .put('time', BigInt(summary.takenAt))
    .put('source', source)
    .put('place', summary.place)
    .put('endOffset', BigInt(summary.endOffset))
    .put('records', BigInt(summary.records))
    .put('newRecords', BigInt(summary.added))
    .put('subjects', optional(summary.subjects))
    .put('bytes', optional(summary.bytes))
    .put('sha256', summary.sha256)
    .put('verified', isVerified(summary))
    .put('findings', findings === undefined ? null : findingsOf(summary))
    .put('durationMs', BigInt(Math.round(summary.durationMs)))
    .put('targets', targets.map(targetOf));
}

export function isVerified({ targets, findings, notLookedThrough }: BackupSummary): boolean {
  const isSound = findings?.some(({ severity }) => severity === 'error') !== true;
  return isSound && notLookedThrough === undefined && targets.every(({ state }) => state !== 'failed');
}

export function countOf({ findings = [] }: Pick<BackupSummary, 'findings'>, severity: Severity): number {
  // Of many of a name one stands for those that are not listed.
  const of = findings.filter((finding) => finding.severity === severity);
  return of.reduce((sum, { more = 0 }) => sum + 1 + more, 0);
}

function findingsOf(summary: BackupSummary): Struct {
  const struct = new Struct(FINDINGS);
  for (const severity of ['error', 'warning', 'note'] as const) struct.put(severity, countOf(summary, severity));
  return struct;
}

function targetOf({ target, state, backup, removed, error }: BackupSummary['targets'][number]): Struct {
  return new Struct(TARGET)
    .put('target', target)
    .put('state', state)
    .put('place', backup?.place ?? null)
    .put('newRecords', optional(backup?.added))
    .put('removed', removed.length)
    .put('error', error === undefined ? null : error instanceof Error ? error.message : String(error));
}

function optional(value: number | undefined): bigint | null {
  return value === undefined ? null : BigInt(value);
}
