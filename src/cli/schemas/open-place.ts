/** Opens whatever a place names as a snapshot. */
import { join } from 'node:path';
import { BACKUP_UNREADABLE } from '../../recovery/backup/backup-errors.ts';
import { openBackup } from '../../recovery/backup/backup-folder.ts';
import { restSource, topicSource } from '../../recovery/backup/backup-source.ts';
import { openGitSnapshot } from '../../recovery/backup/open-git-snapshot.ts';
import { openTopicCopy } from '../../recovery/backup/open-topic-copy.ts';
import type { SnapshotFolder } from '../../recovery/backup/snapshot-folder.ts';
import { SnapshotWriter } from '../../recovery/backup/snapshot-writer.ts';
import { ConfigError } from '../../sdk/errors/kinds.ts';
import { UsageError } from '../exit-codes.ts';
import type { CommonOptions } from './common-options.ts';
import { type Place, placeText } from './place.ts';
import type { SchemasSession } from './schemas-session.ts';

/**
 * A topic and a registry are read to their present end, into a temporary folder that goes with the session.
 * @throws UsageError, ConfigError, DataError, EnvironmentError of what it is read from
 */
export async function openPlace(session: SchemasSession, place: Place): Promise<SnapshotFolder> {
  const snapshot = await open(session, place);
  session.atEnd(() => snapshot.close());
  return snapshot;
}

async function open(session: SchemasSession, place: Place): Promise<SnapshotFolder> {
  switch (place.kind) {
    case 'folder':
      return openBackup(place.path);
    case 'git':
      return openGitSnapshot({ path: place.path, commit: place.commit }, session.signal);
    case 'kafka':
      return openKafkaCopy(session, place);
    case 'topic':
      return readTopic(session);
    case 'registry':
      return readRegistry(session);
  }
}

/** @throws ConfigError where it is empty, or holds something else */
export async function openKafkaCopy(
  session: SchemasSession,
  place: Extract<Place, { readonly kind: 'kafka' }>,
): Promise<SnapshotFolder> {
  const { logger, signal } = session;
  const broker = await session.broker(place.servers);
  const copy = await openTopicCopy({ broker, client: { settings: {}, logger }, topic: place.topic }, signal);
  if (copy !== undefined) {
    session.atEnd(() => copy.close());
    return copy;
  }
  throw new ConfigError(`${placeText(place)} is empty: no backup was written to it. Check its name.`, {
    code: BACKUP_UNREADABLE,
  });
}

async function readRegistry(session: SchemasSession): Promise<SnapshotFolder> {
  const { clock, signal, progress } = session;
  const registry = await session.nodes();
  if (registry === undefined) throw new UsageError('To read the registry, give --registry with the URL of each node.');
  const onProgress = (what: string, done: number, total: number | undefined): void => {
    progress.report(what, done, total);
  };
  return restSource({ nodes: registry.nodes, clock, onProgress }).read(await session.temporaryFolder(), signal);
}

/** To its present end; whoever calls closes it. */
export async function readTopic(
  session: SchemasSession,
  { topic, groupId }: Pick<CommonOptions, 'topic' | 'groupId'> = session.options,
): Promise<SnapshotFolder> {
  const { clock, signal, logger, progress } = session;
  const source = topicSource({ broker: await session.broker(), client: { settings: {}, logger }, topic, groupId });
  const takenAt = clock.now();
  const before = await source.look(signal);
  const writer = await SnapshotWriter.create({ folder: join(await session.temporaryFolder(), 'topic') });
  const onProgress = (done: number, total: number): void => progress.report(`Reading ${topic}`, done, total);
  const facts = await source.read({ facts: before, from: before.beginOffset, writer, onProgress }, signal);
  return writer.finish({ source: 'topic', takenAt, topic: facts });
}
