import { dirname } from 'node:path';
import { type FileSystem, removeIfThere } from './file-system.ts';

/**
 * Replaces a file as a whole: whatever happens, the old content or the new one is found, and the new one is durable once
 * this resolves. Two calls for the same path must not overlap.
 */
export async function writeFileAtomically(fileSystem: FileSystem, path: string, content: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`;
  await removeIfThere(fileSystem, temporary);
  const file = await fileSystem.open(temporary, 'create');
  try {
    await file.write([content], 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await fileSystem.rename(temporary, path);
  await fileSystem.syncDirectory(dirname(path));
}
