/** Reads a backup from a commit of a git repository. The work tree does not count. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, DataError, EnvironmentError } from '../../sdk/errors/kinds.ts';
import { BACKUP_DAMAGED, BACKUP_UNREADABLE } from './backup-errors.ts';
import { Git } from './git-command.ts';
import { SNAPSHOT_FOLDER } from './git-repository.ts';
import { type BackupManifest, MANIFEST_FILE, parseManifest } from './manifest.ts';
import { openSnapshotFolder, type SnapshotFolder } from './snapshot-folder.ts';
import { temporaryFolder } from './temporary-folder.ts';

/**
 * @param commit what git understands as one; HEAD unless told
 * @throws ConfigError `holdfast.recovery.backup-unreadable`, DataError `holdfast.recovery.backup-damaged`, of {@link Git.run}
 */
export async function readGitManifest(
  { path, commit = 'HEAD' }: { readonly path: string; readonly commit?: string | undefined },
  signal: AbortSignal,
): Promise<{ readonly id: string; readonly text: string; readonly manifest: BackupManifest }> {
  const git = new Git(path);
  const name = `git:${path}#${commit}`;
  const id = await git.ask(['rev-parse', '--quiet', '--verify', '--end-of-options', `${commit}^{commit}`], { signal });
  const text = id === undefined ? undefined : await textOf(git, { id, name }, signal);
  if (id === undefined || text === undefined) {
    const isRepository = (await git.ask(['rev-parse', '--git-dir'], { signal })) !== undefined;
    const lacks = id === undefined ? 'such commit' : `${SNAPSHOT_FOLDER}/${MANIFEST_FILE} in it`;
    const why = isRepository ? `there is no ${lacks}` : `${path} is no git repository`;
    throw new ConfigError(`${name} has no backup of a schema registry: ${why}. Check path and commit.`, {
      code: BACKUP_UNREADABLE,
    });
  }
  return { id, text, manifest: parseManifest(text, name) };
}

/** As {@link readGitManifest}. Its files are copied to a temporary folder, which `close` removes. */
export async function openGitSnapshot(
  place: { readonly path: string; readonly commit?: string | undefined },
  signal: AbortSignal,
): Promise<SnapshotFolder> {
  const git = new Git(place.path);
  const { id, text, manifest } = await readGitManifest(place, signal);
  const folder = await temporaryFolder();
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    for (const file of [...manifest.files, ...manifest.witnesses]) {
      const from = `${id}:${SNAPSHOT_FOLDER}/${file.name}`;
      await git.runInto(join(folder, file.name), ['cat-file', 'blob', from], { signal }).catch((error: unknown) => {
        throw damagedObject(`git:${place.path}#${id}`, file.name, error);
      });
    }
    await writeFile(join(folder, MANIFEST_FILE), text, { flag: 'wx' });
    return await openSnapshotFolder(folder, remove);
  } catch (error) {
    await remove();
    throw error;
  }
}

/** As it is: `ask` would trim it. undefined: the commit has none. */
async function textOf(
  git: Git,
  { id, name }: { readonly id: string; readonly name: string },
  signal: AbortSignal,
): Promise<string | undefined> {
  const object = `${id}:${SNAPSHOT_FOLDER}/${MANIFEST_FILE}`;
  if ((await git.ask(['rev-parse', '--quiet', '--verify', object], { signal })) === undefined) return undefined;
  return git.run(['cat-file', 'blob', object], { signal }).catch((error: unknown) => {
    throw damagedObject(name, MANIFEST_FILE, error);
  });
}

/** git that ends by itself can't read what its own commit names: the store of objects is damaged. Anything else is of the surroundings. */
function damagedObject(name: string, file: string, error: unknown): unknown {
  if (!(error instanceof EnvironmentError) || typeof error.details?.['exitCode'] !== 'number') return error;
  return new DataError(`The backup is damaged: ${name}: ${SNAPSHOT_FOLDER}/${file} can't be read: ${error.message}`, {
    ...{ code: BACKUP_DAMAGED, cause: error },
  });
}
