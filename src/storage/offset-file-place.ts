/** Whether an offset file can be kept where a setting says: found out at the start, not when the first offsets are to be written. */
import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { open, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../foundation/make-folder.ts';
import { defineErrorCode } from '../sdk/errors/codes.ts';
import { ConfigError } from '../sdk/errors/kinds.ts';
import { behindLinks } from './replace-file.ts';

export const OFFSET_FILE_PLACE = defineErrorCode('holdfast.storage.offset.file-place', {
  what: 'No offset file can be kept where offset.storage.file.filename says: it is no file, or its folder takes none.',
  mend: 'Name a file in a folder that the worker may write to, or let the worker write to that folder.',
});

/** What no time mends. A disk that is full, say, is waited for. */
const LASTING: Readonly<Record<string, string>> = {
  ENOENT: 'its folder takes no files',
  EACCES: 'its folder may not be written to',
  EPERM: 'its folder may not be written to',
  EROFS: 'its folder is on a read-only file system',
  ENOTDIR: 'a part of its path that should be a folder is a file',
  EEXIST: 'a part of its path that should be a folder is a file',
  ELOOP: 'a link in its path leads back to itself',
  ENAMETOOLONG: 'its name is too long',
  EINVAL: 'its name is none that the file system takes',
  ERR_INVALID_ARG_VALUE: 'its name holds a NUL',
};

/**
 * Makes the folder of the file if it is missing. Opens nothing that may hang, such as a pipe, or never end, such as a device, and touches
 * no file that another worker may be using.
 * @throws ConfigError `holdfast.storage.offset.file-place`
 */
export async function checkOffsetFilePlace(path: string): Promise<void> {
  let why: string | null;
  try {
    const target = await behindLinks(path);
    why = otherThanFile(await statOf(target));
    if (why === null) await tryFolder(dirname(target));
  } catch (cause) {
    why = LASTING[(cause as NodeJS.ErrnoException).code ?? ''] ?? null;
    if (why === null) return;
    throw wrongPlace(path, `${why} (${(cause as Error).message})`, cause);
  }
  if (why !== null) throw wrongPlace(path, why);
}

async function statOf(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function otherThanFile(found: Stats | null): string | null {
  if (found === null || found.isFile()) return null;
  if (found.isDirectory()) return 'it is a folder, not a file';
  return found.isFIFO() || found.isSocket()
    ? 'it is a pipe or a socket, which keeps nothing'
    : 'it is a device, which keeps nothing';
}

async function tryFolder(folder: string): Promise<void> {
  await makeFolder(folder);
  const probe = `${folder}/.holdfast-${randomUUID()}`;
  await (await open(probe, 'wx', 0o600)).close();
  await unlink(probe);
}

function wrongPlace(path: string, why: string, cause?: unknown): ConfigError {
  return new ConfigError(
    `The offset file ${JSON.stringify(path).slice(1, -1)} can't be used: ${why}. Name a file in a folder that the worker may write to in offset.storage.file.filename.`,
    { code: OFFSET_FILE_PLACE, cause },
  );
}
