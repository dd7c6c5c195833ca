/** The backups at a place, the newest first, each with how to open it. */
import { backupsIn, openBackup } from './backup-folder.ts';
import { Git } from './git-command.ts';
import { SNAPSHOT_FOLDER } from './git-repository.ts';
import { type BackupManifest, MANIFEST_FILE, readManifest } from './manifest.ts';
import { openGitSnapshot, readGitManifest } from './open-git-snapshot.ts';
import { openSnapshotFolder, type SnapshotFolder } from './snapshot-folder.ts';

export interface BackupAt {
  /** Reads it again, as a place. */
  readonly place: string;
  /** @throws DataError `holdfast.recovery.backup-damaged` */
  manifest(signal: AbortSignal): Promise<BackupManifest>;
  /** Whoever opens it closes it. */
  open(signal: AbortSignal): Promise<SnapshotFolder>;
}

/** @throws ConfigError `holdfast.recovery.backup-unreadable` where there is none */
export async function backupsInFolder(path: string): Promise<readonly BackupAt[]> {
  const named = await backupsIn(path);
  if (named.length > 0) {
    return named.map(({ path: place }) => ({
      ...{ place, manifest: () => readManifest(place), open: () => openSnapshotFolder(place) },
    }));
  }
  const one = await openBackup(path);
  return [{ place: one.folder, manifest: () => Promise.resolve(one.manifest), open: () => Promise.resolve(one) }];
}

/** Each commit that changed it. @throws of {@link Git.run}; ConfigError `holdfast.recovery.backup-unreadable` where there is none */
export async function backupsInGit(
  { path, commit }: { readonly path: string; readonly commit: string | undefined },
  signal: AbortSignal,
): Promise<readonly BackupAt[]> {
  // That there is one, and says so where not.
  await readGitManifest({ path, commit }, signal);
  const manifest = `${SNAPSHOT_FOLDER}/${MANIFEST_FILE}`;
  const all = await new Git(path).run(
    ['log', '--format=%H', '--end-of-options', commit ?? 'HEAD', '--', `:(top)${manifest}`],
    { signal },
  );
  return all
    .split('\n')
    .filter((id) => id !== '')
    .map((id) => ({
      place: `git:${path}#${id}`,
      manifest: async (during) => (await readGitManifest({ path, commit: id }, during)).manifest,
      open: (during) => openGitSnapshot({ path, commit: id }, during),
    }));
}
