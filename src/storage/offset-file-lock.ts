/**
 * The exclusive use of an offset file. Each of two workers would write it whole, without what the other has written.
 *
 * The file itself is replaced at each flush, so that the claims are in a folder beside it, `<file>.lock`; where links lead to one file, beside
 * that one. A claim goes with its process, after kill -9 too.
 */
import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type FolderLock, lockBehind } from '../broker/embedded/folder-lock.ts';
import type { Clock } from '../foundation/clock.ts';
import { defineErrorCode } from '../sdk/errors/codes.ts';
import { behindLinks } from './replace-file.ts';

export const OFFSET_FILE_LOCKED = defineErrorCode('holdfast.storage.offset.file-locked', {
  what: 'Another worker has the offset file in use. Two would overwrite the offsets of each other.',
  mend: 'Stop the process that the message names, or name another offset.storage.file.filename for this one.',
});

/**
 * @param remedy ends "Stop that process, or"
 * @throws ConfigError `holdfast.storage.offset.file-locked`; the file system's error where nothing can be written beside the file
 */
export async function lockOffsetFile(path: string, clock: Clock, remedy: string): Promise<FolderLock> {
  return lockBehind(await lockFolderOf(path), clock, {
    subject: `The offset file ${resolve(path)}`,
    remedy,
    code: OFFSET_FILE_LOCKED,
    details: { path: resolve(path) },
  });
}

/** False: no worker has ever used the file. */
export async function wasOffsetFileLocked(path: string): Promise<boolean> {
  return access(await lockFolderOf(path)).then(
    () => true,
    () => false,
  );
}

async function lockFolderOf(path: string): Promise<string> {
  return `${await behindLinks(path)}.lock`;
}
