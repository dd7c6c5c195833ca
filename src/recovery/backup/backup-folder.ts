/**
 * A folder that holds many backups: `<UTC time>-<end offset>/` each, and a marker that says what the folder is. A backup is there whole or
 * not at all; names that begin with a dot are under way, or were left by a run that was killed.
 */
import { access, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { lockFolder } from '../../broker/embedded/folder-lock.ts';
import type { Clock } from '../../foundation/clock.ts';
import { makeFolder } from '../../foundation/make-folder.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConfigError, EnvironmentError } from '../../sdk/errors/kinds.ts';
import { BACKUP_FAILED, BACKUP_UNREADABLE } from './backup-errors.ts';
import { MANIFEST_FILE } from './manifest.ts';
import { openSnapshotFolder, type SnapshotFolder } from './snapshot-folder.ts';
import { syncFolder } from './sync-folder.ts';

export const BACKUP_LOCKED = defineErrorCode('holdfast.recovery.backup-locked', {
  what: 'Another process writes backups into the same folder.',
  mend: 'Wait for it, stop the process that the message names, or use another folder.',
});

const MARKER_FILE = 'holdfast-schemas-backups.json';
/** Left by a run that was killed or found the disk full; the name without a dot is an earlier version's. */
const UNFINISHED_MARKERS = [`.${MARKER_FILE}.tmp`, `${MARKER_FILE}.tmp`] as const;
const MARKER = { kind: 'holdfast-schemas-backups', format: 1 } as const;
const NAME = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-(\d+)$/;

/** Name of a backup; names sort by time. */
export function backupName(takenAt: number, endOffset: number): string {
  return `${new Date(takenAt).toISOString().replace(/[-:.]/g, '')}-${endOffset}`;
}

export interface NamedBackup {
  readonly name: string;
  readonly path: string;
  /** ms since the epoch. */
  readonly takenAt: number;
  readonly endOffset: number;
}

/** @returns the backups of a folder by their names, the newest first; none where the folder is not there */
export async function backupsIn(folder: string): Promise<readonly NamedBackup[]> {
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return [];
    const why = cause.code === 'ENOTDIR' ? 'it is a file. Name a folder' : `${cause.message}. Make it readable`;
    throw new ConfigError(`The backups in ${folder} can't be read: ${why}.`, {
      ...{ code: BACKUP_UNREADABLE, cause },
    });
  });
  return names
    .sort()
    .reverse()
    .flatMap((name) => {
      const [, year, month, day, hour, minute, second, ms, end] = NAME.exec(name) ?? [];
      if (end === undefined) return [];
      const takenAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
      return [{ name, path: join(folder, name), takenAt, endOffset: Number(end) }];
    });
}

/**
 * Opens a backup, or the newest of a folder of backups.
 * @throws ConfigError `holdfast.recovery.backup-unreadable` where there is none, DataError `holdfast.recovery.backup-damaged`
 */
export async function openBackup(path: string): Promise<SnapshotFolder> {
  if (await isThere(join(path, MANIFEST_FILE))) return openSnapshotFolder(path);
  const [newest] = await backupsIn(path);
  if (newest !== undefined) return openSnapshotFolder(newest.path);
  const what = (await isThere(path))
    ? 'is neither a backup of a schema registry nor a folder that holds some'
    : 'is not there';
  throw new ConfigError(`${path} ${what}. Check the path.`, { code: BACKUP_UNREADABLE });
}

/** The exclusive use of a folder of backups, which is made and marked where it is not there. */
export class BackupFolder {
  readonly path: string;
  private readonly release: () => Promise<void>;

  private constructor(options: { readonly path: string; readonly release: () => Promise<void> }) {
    this.path = options.path;
    this.release = options.release;
  }

  /**
   * What a killed run left is removed.
   * @throws ConfigError `holdfast.recovery.backup-locked`; `holdfast.recovery.backup-unreadable` for a folder of something else
   */
  static async open(path: string, clock: Clock): Promise<BackupFolder> {
    try {
      await makeFolder(path, 0o700);
      // Before the lock as well, which would leave its files in a folder of something else.
      await isMarked(path);
    } catch (cause) {
      if (cause instanceof ConfigError) throw cause;
      throw unwritable(path, cause);
    }
    const lock = await lockFolder(path, clock, {
      what: 'backups',
      remedy: 'name another folder for this one',
      code: BACKUP_LOCKED,
    });
    const folder = new BackupFolder({ path, release: () => lock.release() });
    try {
      // With the lock held, nobody else is at work here.
      if (!(await isMarked(path))) await mark(path);
      await folder.removeLeftovers();
      return folder;
    } catch (cause) {
      await folder.close();
      throw unwritable(path, cause);
    }
  }

  /** Gone at once for readers, and then from the disk. */
  async remove(name: string): Promise<void> {
    try {
      const gone = join(this.path, `.${name}.tmp-removed`);
      await rename(join(this.path, name), gone);
      await syncFolder(this.path);
      await rm(gone, { recursive: true, force: true });
    } catch (cause) {
      throw unwritable(this.path, cause);
    }
  }

  close(): Promise<void> {
    return this.release();
  }

  private async removeLeftovers(): Promise<void> {
    for (const name of await readdir(this.path)) {
      const isUnfinished = UNFINISHED_MARKERS.some((each) => each === name);
      if (isUnfinished || /^\.\d{8}T\d{9}Z-\d+\.tmp-/.test(name)) {
        await rm(join(this.path, name), { recursive: true, force: true });
      }
    }
  }
}

/** @throws ConfigError `holdfast.recovery.backup-unreadable` for a folder of something else */
async function isMarked(path: string): Promise<boolean> {
  const file = join(path, MARKER_FILE);
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw cause;
  });
  if (text === undefined) {
    const other = (await readdir(path)).find((name) => !isOurs(name));
    if (other === undefined) return false;
    throw new ConfigError(
      `${path} holds something else than backups of a schema registry, such as ${other}. Name a new or empty folder.`,
      { code: BACKUP_UNREADABLE },
    );
  }
  const { kind, format } = parsed(text);
  if (kind === MARKER.kind && format === MARKER.format) return true;
  throw new ConfigError(
    `${file} says that the folder is of kind ${String(kind)}, format ${String(format)}; this version of Holdfast writes ` +
      `${MARKER.kind}, ${MARKER.format}. Name another folder, or use the version that wrote it.`,
    { code: BACKUP_UNREADABLE },
  );
}

/** Where the root of a file system is the folder, it has one thing of its own. */
function isOurs(name: string): boolean {
  if (name === 'lock' || name === 'lost+found' || name.startsWith('.')) return true;
  return NAME.test(name) || UNFINISHED_MARKERS.some((each) => each === name);
}

async function mark(path: string): Promise<void> {
  const temporary = join(path, UNFINISHED_MARKERS[0]);
  const handle = await open(temporary, 'w');
  try {
    await handle.writeFile(`${JSON.stringify(MARKER)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, join(path, MARKER_FILE));
  await syncFolder(path);
}

function parsed(text: string): { readonly kind?: unknown; readonly format?: unknown } {
  try {
    return JSON.parse(text) as { readonly kind?: unknown; readonly format?: unknown };
  } catch {
    return {};
  }
}

function unwritable(path: string, cause: unknown): Error {
  if (cause instanceof ConfigError) return cause;
  return new EnvironmentError(
    `The folder of backups ${path} can't be used: ${(cause as Error).message}. Make it writable, or name another one.`,
    {
      ...{ code: BACKUP_FAILED, cause },
    },
  );
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
