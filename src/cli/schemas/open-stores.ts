/** `--from-store`: the schema stores of workers as something to restore, verify or back up from. */
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { SnapshotFolder } from '../../recovery/backup/snapshot-folder.ts';
import { SnapshotWriter } from '../../recovery/backup/snapshot-writer.ts';
import type { UsedIds } from '../../recovery/data/used-ids.ts';
import { type RebuiltFromStores, snapshotFromStores } from '../../recovery/stores/snapshot-from-stores.ts';
import type { StoreSource } from '../../recovery/stores/store-contents.ts';
import { topicStore } from '../../recovery/stores/topic-store.ts';
import { readLogFile } from '../../storage/read-log-file.ts';
import { UsageError } from '../exit-codes.ts';
import { collected } from './common-options.ts';
import type { SchemasSession } from './schemas-session.ts';

export interface StoreOptions {
  /** Folders or files of schema.store.dir, or `kafka:TOPIC` of schema.store.topic. */
  readonly fromStore?: readonly string[];
  readonly cluster?: string;
  readonly prefer?: string;
}

export interface OpenedStores {
  readonly snapshot: SnapshotFolder;
  /** What contradicts, was proposed, or is missing. */
  readonly rebuilt: RebuiltFromStores;
}

const FILE = 'schemas.log';
/** Where a worker without a setting has it, beside its offsets. */
const DEFAULT_FOLDER = 'schema-store';
const TOPIC = 'kafka:';

export function withStoreOptions(command: Command): Command {
  return command
    .option(
      '--from-store <store>',
      "a worker's schema store instead of a backup: its folder, or kafka:TOPIC; several times for several workers",
      collected,
    )
    .option('--cluster <id>', 'which registry, when the stores know several')
    .option('--prefer <store>', 'which of the stores is believed where they contradict');
}

/**
 * Rebuilds a snapshot in a temporary folder that goes with the session. The stores are only read; their workers may run.
 *
 * @param used where data carries which ids: it names subjects of ids that were only read
 * @throws UsageError, ConfigError
 */
export async function openStores(
  session: SchemasSession,
  options: StoreOptions,
  used?: UsedIds,
): Promise<OpenedStores> {
  const { fromStore = [], cluster, prefer } = options;
  const names = [...new Set(fromStore)];
  if (names.length === 0) throw new UsageError('--from-store names no store.');
  const stores = await Promise.all(names.map((name) => storeNamed(session, name)));
  const writer = await SnapshotWriter.create({ folder: join(await session.temporaryFolder(), 'stores') });
  try {
    const rebuilt = await snapshotFromStores(
      {
        ...{ stores, writer },
        ...(cluster === undefined ? {} : { cluster }),
        ...(prefer === undefined ? {} : { prefer }),
        ...(used === undefined ? {} : { used }),
      },
      session.signal,
    );
    const snapshot = await writer.finish({
      ...{ source: 'stores', takenAt: session.clock.now(), topic: undefined, endOffset: rebuilt.records },
      notes: [
        `rebuilt from the schema stores ${names.join(', ')}`,
        ...rebuilt.findings.filter(({ severity }) => severity !== 'note').map(({ message }) => message),
      ],
    });
    session.atEnd(() => snapshot.close());
    return { snapshot, rebuilt };
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

async function storeNamed(session: SchemasSession, name: string): Promise<StoreSource> {
  if (name.startsWith(TOPIC)) {
    const topic = name.slice(TOPIC.length);
    return topicStore({ broker: await session.broker(), settings: {}, logger: session.logger, topic, name });
  }
  const file = await fileOf(resolve(name));
  return { name, load: () => readLogFile(file) };
}

/** The file itself, the folder that holds it, or the worker's folder around that. */
async function fileOf(path: string): Promise<string> {
  for (const candidate of [join(path, FILE), join(path, DEFAULT_FOLDER, FILE)]) {
    if ((await stat(candidate).catch(() => undefined)) !== undefined) return candidate;
  }
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() === true;
  return isFolder ? join(path, FILE) : path;
}
