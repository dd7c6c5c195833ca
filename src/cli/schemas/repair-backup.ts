/** The backup that a repair takes before a topic is made anew. */
import { join } from 'node:path';
import { openBackup } from '../../recovery/backup/backup-folder.ts';
import { type BackupSource, topicSource } from '../../recovery/backup/backup-source.ts';
import { FolderTarget } from '../../recovery/backup/folder-target.ts';
import { runBackup } from '../../recovery/backup/run-backup.ts';
import type { SnapshotFolder } from '../../recovery/backup/snapshot-folder.ts';
import type { SchemasSession } from './schemas-session.ts';

/** Read back and whole when it resolves. @throws what reading the topic and writing the backup throw */
export async function backUpTopic(session: SchemasSession, folder: string): Promise<SnapshotFolder> {
  const { logger } = session;
  const { topic, groupId } = session.options;
  const broker = await session.broker();
  return backUp(session, topicSource({ broker, client: { settings: {}, logger }, topic, groupId }), folder);
}

export async function backUp(session: SchemasSession, source: BackupSource, folder: string): Promise<SnapshotFolder> {
  const { clock, signal, progress } = session;
  const target = new FolderTarget({ path: folder, keep: undefined, clock });
  const [outcome] = await runBackup(
    {
      ...{ source, targets: [target], clock },
      onProgress: (what, done, total) => progress.report(what, done, total),
    },
    signal,
  );
  if (outcome === undefined || outcome.state === 'failed') throw outcome?.error ?? new Error('no backup was made');
  for (const warning of outcome.warnings) session.note(`warning: ${warning}`);
  const backup = await openBackup(outcome.backup?.place ?? folder);
  session.atEnd(() => backup.close());
  return backup;
}

/** Both kinds have a folder of their own: the newest backup of a place is always of one kind. */
export const topicFolder = (backup: string): string => join(backup, 'topic');
export const registryFolder = (backup: string): string => join(backup, 'registry');
