/** `holdfast schemas list`: the backups of a place. */
import type { Command } from 'commander';
import { type BackupAt, backupsInFolder, backupsInGit } from '../../recovery/backup/backups-at.ts';
import type { BackupManifest } from '../../recovery/backup/manifest.ts';
import { DataError } from '../../sdk/errors/kinds.ts';
import { UsageError } from '../exit-codes.ts';
import { type CommonOptions, withCommonOptions } from './common-options.ts';
import { openKafkaCopy } from './open-place.ts';
import { type Place, parsePlace, placeText } from './place.ts';
import { EXIT_FINDINGS, runSchemas } from './run-schemas.ts';
import type { SchemasSession } from './schemas-session.ts';

interface ListOptions extends CommonOptions {
  readonly check: boolean;
}

interface ListedBackup {
  readonly place: string;
  readonly takenAt?: string;
  readonly endOffset?: number;
  readonly records?: number;
  readonly subjects?: number;
  readonly source?: string;
  readonly sha256?: string;
  readonly notes?: readonly string[];
  readonly continuityBreak?: BackupManifest['continuityBreak'];
  /** Only with --check; false also for one whose manifest can't be read. */
  readonly whole?: boolean;
  readonly problem?: string;
}

export function addList(schemas: Command): void {
  withCommonOptions(schemas.command('list'))
    .description('List the backups in a place, the newest first.')
    .argument('<place>', 'a folder of backups or one backup, git:PATH[#COMMIT] or kafka:TOPIC[@servers]')
    .option('--check', 'read every backup whole and compare its checksums', false)
    .action((place: string, options: ListOptions) =>
      runSchemas(options, (session) => list(session, place, options.check)),
    );
}

/** Returns the exit code. @throws UsageError, ConfigError, EnvironmentError */
export async function list(session: SchemasSession, text: string, isChecked: boolean): Promise<number> {
  const backups = await backupsAt(session, parsePlace(text));
  const found: ListedBackup[] = [];
  for (const backup of backups) {
    session.signal.throwIfAborted();
    found.push(await listed(session, backup, isChecked));
  }
  session.print({ json: { backups: found }, text: table(found) });
  return found.some(({ problem }) => problem !== undefined) ? EXIT_FINDINGS : 0;
}

async function backupsAt(session: SchemasSession, place: Place): Promise<readonly BackupAt[]> {
  switch (place.kind) {
    case 'folder':
      return backupsInFolder(place.path);
    case 'git':
      return backupsInGit({ path: place.path, commit: place.commit }, session.signal);
    case 'kafka': {
      const copy = await openKafkaCopy(session, place);
      const { manifest } = copy;
      return [
        { place: placeText(place), manifest: () => Promise.resolve(manifest), open: () => Promise.resolve(copy) },
      ];
    }
    default:
      throw new UsageError(`list reads a folder of backups, git:PATH or kafka:TOPIC, not ${place.kind}.`);
  }
}

async function listed(session: SchemasSession, backup: BackupAt, isChecked: boolean): Promise<ListedBackup> {
  let facts: Partial<ListedBackup> = {};
  try {
    facts = factsOf(await backup.manifest(session.signal));
    if (isChecked) await check(session, backup);
    return { place: backup.place, ...facts, ...(isChecked ? { whole: true } : {}) };
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return { place: backup.place, ...facts, whole: false, problem: error.message };
  }
}

async function check({ signal, progress }: SchemasSession, backup: BackupAt): Promise<void> {
  const opened = await backup.open(signal);
  try {
    const { records } = opened.facts;
    await opened.check(signal, (done) => progress.report(`Checking ${backup.place}`, done, records));
  } finally {
    await opened.close();
  }
}

function factsOf(manifest: BackupManifest): Partial<ListedBackup> {
  const { takenAt, endOffset, records, subjects, source, sha256, witnesses, notes, continuityBreak } = manifest;
  const nodes = witnesses.length === 0 ? '' : `, ${witnesses.length} node${witnesses.length === 1 ? '' : 's'}`;
  return {
    ...{ takenAt: new Date(takenAt).toISOString(), endOffset, records, subjects },
    ...{ source: `${source}${nodes}`, sha256, notes },
    ...(continuityBreak === undefined ? {} : { continuityBreak }),
  };
}

const SUBJECTS =
  'SUBJECTS are all that the records name, deleted ones too. A registry shows none that was deleted for good.';

function table(found: readonly ListedBackup[]): readonly string[] {
  const rows = found.map((each) => [
    each.takenAt ?? '-',
    String(each.endOffset ?? '-'),
    String(each.records ?? '-'),
    String(each.subjects ?? '-'),
    each.source ?? '-',
    each.sha256?.slice(0, 12) ?? '-',
    each.problem === undefined ? (each.whole === true ? 'whole' : '') : 'DAMAGED',
    each.place,
  ]);
  const head = ['TAKEN', 'END OFFSET', 'RECORDS', 'SUBJECTS', 'SOURCE', 'SHA256', 'STATE', 'PLACE'];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ');
  return [
    ...[head, ...rows].map((row) => line(row).trimEnd()),
    ...(found.length === 0 ? [] : [SUBJECTS]),
    ...found.flatMap(({ place, continuityBreak }) =>
      continuityBreak === undefined
        ? []
        : [`${place} does not go on from ${continuityBreak.before}: ${continuityBreak.why}`],
    ),
    ...found.flatMap(({ problem }) => (problem === undefined ? [] : [problem])),
  ];
}
