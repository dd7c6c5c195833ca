import { open } from 'node:fs/promises';

/** Makes creations, renames and removals in a folder durable. Not every file system lets a folder be synced; there it is as durable as it gets. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(ignoreUnsupported);
  if (folder === undefined) return;
  try {
    await folder.sync().catch(ignoreUnsupported);
  } finally {
    await folder.close();
  }
}

function ignoreUnsupported(cause: NodeJS.ErrnoException): undefined {
  if (cause.code === 'EISDIR' || cause.code === 'EINVAL' || cause.code === 'EPERM') return undefined;
  throw cause;
}
