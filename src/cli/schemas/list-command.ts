/** `holdfast schemas list`: the backups of a place. */
import type { Command } from 'commander';
import { backupsIn, openBackup } from '../../recovery/backup/backup-folder.ts';
import { openSnapshotFolder, type SnapshotFolder } from '../../recovery/backup/snapshot-folder.ts';
import { DataError } from '../../sdk/errors/kinds.ts';
import { UsageError } from '../exit-codes.ts';
import { type CommonOptions, withCommonOptions } from './common-options.ts';
import { parsePlace } from './place.ts';
import { EXIT_FINDINGS, runSchemas } from './run-schemas.ts';
import type { SchemasSession } from './schemas-session.ts';

interface ListOptions extends CommonOptions {
  readonly check: boolean;
}

interface ListedBackup {
  readonly path: string;
  readonly takenAt?: string;
  readonly endOffset?: number;
  readonly records?: number;
  readonly subjects?: number;
  readonly source?: string;
  readonly sha256?: string;
  /** Only with --check; false also for one whose manifest can't be read. */
  readonly whole?: boolean;
  readonly problem?: string;
}

export function addList(schemas: Command): void {
  withCommonOptions(schemas.command('list'))
    .description('List the backups in a place, the newest first.')
    .argument('<place>', 'a folder of backups, or one backup')
    .option('--check', 'read every backup whole and compare its checksums', false)
    .action((place: string, options: ListOptions) =>
      runSchemas(options, (session) => list(session, place, options.check)),
    );
}

async function list(session: SchemasSession, text: string, isChecked: boolean): Promise<number> {
  const place = parsePlace(text);
  if (place.kind !== 'folder') throw new UsageError(`list reads a folder of backups, not ${text}.`);
  const named = await backupsIn(place.path);
  const paths = named.length > 0 ? named.map(({ path }) => path) : [(await openBackup(place.path)).folder];
  const found: ListedBackup[] = [];
  for (const [index, path] of paths.entries()) {
    session.signal.throwIfAborted();
    if (isChecked) session.progress.report('Checking backups', index, paths.length);
    found.push(await listed(path, isChecked, session.signal));
  }
  session.print({ json: { backups: found }, text: table(found) });
  return found.some(({ problem }) => problem !== undefined) ? EXIT_FINDINGS : 0;
}

async function listed(path: string, isChecked: boolean, signal: AbortSignal): Promise<ListedBackup> {
  let backup: SnapshotFolder | undefined;
  try {
    backup = await openSnapshotFolder(path);
    if (isChecked) await backup.check(signal);
    return { ...factsOf(backup), ...(isChecked ? { whole: true } : {}) };
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return { ...(backup === undefined ? { path } : factsOf(backup)), whole: false, problem: error.message };
  } finally {
    await backup?.close();
  }
}

function factsOf(backup: SnapshotFolder): ListedBackup {
  const { takenAt, endOffset, records, subjects, source, sha256, witnesses } = backup.manifest;
  const nodes = witnesses.length === 0 ? '' : `, ${witnesses.length} node${witnesses.length === 1 ? '' : 's'}`;
  return {
    ...{ path: backup.folder, takenAt: new Date(takenAt).toISOString(), endOffset, records, subjects },
    ...{ source: `${source}${nodes}`, sha256 },
  };
}

function table(found: readonly ListedBackup[]): readonly string[] {
  const rows = found.map((each) => [
    each.takenAt ?? '-',
    String(each.endOffset ?? '-'),
    String(each.records ?? '-'),
    String(each.subjects ?? '-'),
    each.source ?? '-',
    each.sha256?.slice(0, 12) ?? '-',
    each.problem === undefined ? (each.whole === true ? 'whole' : '') : 'DAMAGED',
    each.path,
  ]);
  const head = ['TAKEN', 'END OFFSET', 'RECORDS', 'SUBJECTS', 'SOURCE', 'SHA256', 'STATE', 'PATH'];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ');
  return [
    ...[head, ...rows].map((row) => line(row).trimEnd()),
    ...found.flatMap(({ problem }) => (problem === undefined ? [] : [problem])),
  ];
}
