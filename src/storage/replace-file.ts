import { type FileHandle, open, readlink, realpath, rename, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** The new content is there, and lost if the machine fails now: the folder could not be synced. */
export class NotDurableError extends Error {
  override readonly cause: NodeJS.ErrnoException;

  constructor(cause: NodeJS.ErrnoException) {
    super(cause.message);
    this.name = 'NotDurableError';
    this.cause = cause;
  }
}

/**
 * Writes a file whole and durably: beside the old one, synced, and renamed over it, so that a reader, after a crash too, finds the old
 * content or the new. A link stays one, and what it leads to is replaced. Rejects with the file system's error, and then the old content
 * stays; with {@link NotDurableError}, and then the new one is there. @param sync syncs the folder
 */
export async function replaceFile(
  link: string,
  pieces: readonly (string | Uint8Array)[],
  sync: (folder: string) => Promise<void> = syncFolder,
): Promise<void> {
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
  await sync(dirname(path)).catch((cause: NodeJS.ErrnoException) => {
    throw new NotDurableError(cause);
  });
}

/** What {@link replaceFile} failed with, and what to do where that can be told. */
export function whyNotReplaced(cause: unknown): string {
  if (cause instanceof NotDurableError) {
    return `${cause.message}. It was replaced, but its folder could not be synced: the new content may be lost if the machine fails.`;
  }
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
