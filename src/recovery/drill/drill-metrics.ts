/** What a drill leaves for a monitoring system: Prometheus text in a file, as node_exporter's textfile collector reads it. */
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../../foundation/make-folder.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { EnvironmentError } from '../../sdk/errors/kinds.ts';

const DRILL_METRICS_UNWRITABLE = defineErrorCode('holdfast.recovery.drill-metrics-unwritable', {
  what: 'The figures of a drill can not be written to the file of --metrics-file. The drill itself ended, and how is told beside.',
  mend: 'Name a file in a folder that can be written, and see that there is free space: an alert goes by the age of this file.',
});

export interface DrillFigures {
  readonly succeeded: boolean;
  /** ms since the epoch. */
  readonly endedAt: number;
  readonly durationMs: number;
  /** Records of the backup, and subjects as its manifest counts them; 0: it was not restored. */
  readonly records: number;
  readonly subjects: number;
  /** Of the backup: ms since the epoch at which it was taken. undefined: it could not be opened. */
  readonly backupTakenAt: number | undefined;
}

const LAST_SUCCESS = 'holdfast_schemas_drill_last_success_timestamp_seconds';

/**
 * Seconds and numbers as Prometheus has them. A failure keeps the time of the last success that `before` (what the file held) tells.
 */
export function drillMetrics(figures: DrillFigures, before: string | undefined): string {
  const { succeeded, endedAt, durationMs, records, subjects, backupTakenAt } = figures;
  const lastSuccess = succeeded ? endedAt / 1000 : lastSuccessIn(before);
  const rows: readonly (readonly [name: string, help: string, value: number | undefined])[] = [
    [LAST_SUCCESS, 'When a drill last restored a backup and found it equal.', lastSuccess],
    ['holdfast_schemas_drill_last_run_timestamp_seconds', 'When the last drill ended.', endedAt / 1000],
    ['holdfast_schemas_drill_success', 'Whether the last drill found the backup equal.', succeeded ? 1 : 0],
    ['holdfast_schemas_drill_duration_seconds', 'How long the last drill took.', durationMs / 1000],
    ['holdfast_schemas_drill_records', 'Records that the last drill restored.', records],
    ['holdfast_schemas_drill_subjects', 'Subjects that these records name, deleted ones too.', subjects],
    [
      'holdfast_schemas_drill_backup_timestamp_seconds',
      'When the backup of the last drill was taken.',
      backupTakenAt === undefined ? undefined : backupTakenAt / 1000,
    ],
  ];
  return rows
    .filter(([, , value]) => value !== undefined)
    .map(([name, help, value]) => `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${value}\n`)
    .join('');
}

function lastSuccessIn(before: string | undefined): number | undefined {
  const found = before?.split('\n').find((line) => line.startsWith(`${LAST_SUCCESS} `));
  const value = Number(found?.slice(LAST_SUCCESS.length + 1));
  return found === undefined || !Number.isFinite(value) ? undefined : value;
}

/**
 * Whole at every time: a collector that reads meanwhile sees the old file or the new one, also where this throws.
 * @throws EnvironmentError `holdfast.recovery.drill-metrics-unwritable`
 */
export async function writeMetricsFile(path: string, figures: DrillFigures): Promise<void> {
  try {
    await replace(path, figures);
  } catch (cause) {
    throw new EnvironmentError(
      `The figures of this drill could not be written to ${path}: ${(cause as Error).message}. Make it writable, or name another file with --metrics-file.`,
      { code: DRILL_METRICS_UNWRITABLE, cause },
    );
  }
}

async function replace(path: string, figures: DrillFigures): Promise<void> {
  await makeFolder(dirname(path));
  const before = await readText(path);
  // The collector reads *.prom: the unfinished file must not be one.
  const temporary = `${path}.${process.pid}.part`;
  const file = await open(temporary, 'w', 0o644);
  try {
    try {
      await file.writeFile(drillMetrics(figures, before));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function readText(path: string): Promise<string | undefined> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  try {
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
