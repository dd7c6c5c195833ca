import { type FileHandle, open, readlink, realpath, rename, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Writes a file whole and durably: beside the old one, synced, and renamed over it, so that a reader, after a crash too, finds the old
 * content or the new. A link stays one, and what it leads to is replaced. Rejects with the file system's error, and then the old content
 * stays.
 */
export async function replaceFile(link: string, pieces: readonly (string | Uint8Array)[]): Promise<void> {
  const path = await behindLinks(link);
  const temporary = `${path}.tmp`;
  let file: FileHandle | null = null;
  try {
    file = await open(temporary, 'w', 0o600);
    // One that a crash left keeps the mode that it had.
    await file.chmod(0o600);
    for (const piece of pieces) await file.writeFile(piece);
    await file.sync();
    await file.close();
    file = null;
    await rename(temporary, path);
  } catch (cause) {
    await file?.close().catch(() => {});
    // A partial file may be what fills the disk.
    await unlink(temporary).catch(() => {});
    throw cause;
  }
  await syncFolder(dirname(path));
}

/** What {@link replaceFile} failed with, and what to do where that can be told. */
export function whyNotReplaced(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  // A mount point can't be renamed over, as `docker run -v ./offsets:/data/offsets` makes one.
  const isMount = code === 'EBUSY' || code === 'EXDEV';
  return isMount ? `${message}. If the file alone is mounted, mount its folder instead.` : `${message}.`;
}

/** Where a link leads to, which need not exist yet. */
export async function behindLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const target = await readlink(path).catch(() => null);
    return target === null ? path : resolve(dirname(path), target);
  }
}

/** Makes a rename or removal in a folder durable. Not every file system lets a folder be synced; there it is as durable as it gets. */
export async function syncFolder(path: string): Promise<void> {
  let folder: FileHandle | null = null;
  try {
    folder = await open(path, 'r');
    await folder.sync();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code !== 'EISDIR' && code !== 'EINVAL' && code !== 'EPERM') throw cause;
  } finally {
    await folder?.close();
  }
}
