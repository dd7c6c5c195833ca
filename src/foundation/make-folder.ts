import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it that are missing; one that is there is fine. Node's own `recursive` never ends where a folder is there
 * but takes no others, and says so with ENOENT, as /proc does.
 * @param mode of those that are made
 * @throws the file system's error: the first that keeps it from being there
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      const above = dirname(path);
      if (above === path) throw error;
      if (!(await isFolder(above))) await makeFolder(above, mode);
      // Now that the one above is there, whatever this says is the reason. Another process may have made either of them meanwhile.
      await mkdir(path, { mode }).catch(async (again: unknown) => {
        if (!(await isFolder(path))) throw again;
      });
    } else if (!(await isFolder(path))) throw error;
  }
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
