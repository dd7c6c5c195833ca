/** Opens whatever a place names as a snapshot. */
import { openBackup } from '../../recovery/backup/backup-folder.ts';
import type { Snapshot } from '../../recovery/snapshot/snapshot.ts';
import { UsageError } from '../exit-codes.ts';
import { type Place, placeText } from './place.ts';
import type { SchemasSession } from './schemas-session.ts';

/**
 * A topic and a registry are read to their present end, into a temporary folder that goes with the session.
 * @throws UsageError, ConfigError, DataError, EnvironmentError of what it is read from
 */
export async function openPlace(session: SchemasSession, place: Place): Promise<Snapshot> {
  const snapshot = await open(session, place);
  session.atEnd(() => snapshot.close());
  return snapshot;
}

async function open(_session: SchemasSession, place: Place): Promise<Snapshot> {
  if (place.kind === 'folder') return openBackup(place.path);
  throw new UsageError(`${placeText(place)} can't be read yet.`);
}
