/** What a registry that still answers tells, kept in a folder: the first half of a repair that outlives the registry's being stopped. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { backupName, backupsIn } from '../../recovery/backup/backup-folder.ts';
import { openSnapshotFolder, type SnapshotFolder } from '../../recovery/backup/snapshot-folder.ts';
import { SnapshotWriter } from '../../recovery/backup/snapshot-writer.ts';
import { snapshotFromRegistry } from '../../recovery/rest/snapshot-from-registry.ts';
import { UsageError } from '../exit-codes.ts';
import type { SchemasSession } from './schemas-session.ts';

/** The newest one in the folder, read whole; undefined: there is none. @throws DataError `holdfast.recovery.backup-damaged` */
export async function newestCapture(session: SchemasSession, folder: string): Promise<SnapshotFolder | undefined> {
  const [newest] = await backupsIn(folder);
  if (newest === undefined) return undefined;
  const capture = await openSnapshotFolder(newest.path);
  session.atEnd(() => capture.close());
  await capture.check(session.signal);
  return capture;
}

/** Asks every node of --registry now. There whole when it resolves. @throws UsageError without --registry; what the registry throws */
export async function captureRegistry(session: SchemasSession, folder: string): Promise<SnapshotFolder> {
  const { clock, signal, progress } = session;
  const registry = await session.nodes();
  if (registry === undefined) {
    throw new UsageError(
      'This reads the registry over REST: give --registry http://host:port, while it still answers.',
    );
  }
  const { nodes } = registry;
  const writer = await SnapshotWriter.create({ folder: join(folder, backupName(clock.now(), 0)) });
  const temporary = await session.temporaryFolder();
  try {
    const capture = await snapshotFromRegistry({
      ...{ nodes, clock, writer, folder: temporary, signal },
      onProgress: ({ node, what, done, total }) => progress.report(`Reading ${what} of ${node}`, done, total),
    });
    session.atEnd(() => capture.close());
    await capture.check(signal);
    for (const note of capture.manifest.notes) session.note(`warning: ${note}`);
    return capture;
  } catch (error) {
    await writer.abort();
    throw error;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
