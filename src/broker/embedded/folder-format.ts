import { join } from 'node:path';
import { ConfigError, defineErrorCode } from '../../sdk/errors/index.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { type FileSystem, readWhole } from './file-system.ts';

const FILE = 'format.json';
const FORMAT = 'holdfast-embedded-log';
const VERSION = 1;

/** Carried by a ConfigError. */
export const FORMAT_UNSUPPORTED = defineErrorCode('holdfast.broker.embedded.format', {
  what: 'The folder of the embedded broker holds something that this version does not read: a newer format, or other files.',
  mend: 'Use the version of Holdfast that wrote the folder, or name another folder.',
});

interface FolderFormat {
  readonly format: string;
  readonly version: number;
  /** Stays with the folder for good; Kafka's cluster id. */
  readonly clusterId: string;
  /** Producer ids below have been given out. */
  readonly nextProducerId: number;
}

/** What is found in a folder, or begun in one that is new. */
export interface OpenedFolder {
  readonly clusterId: string;
  /** The first producer id that was never given out. Ids below `firstProducerId + reserved` are this process's. */
  readonly firstProducerId: number;
}

/**
 * Makes sure that the folder is one of ours and of a version that is known, and reserves producer ids, which are never given out
 * twice. A new folder has to be empty but for what the lock put there.
 *
 * @throws ConfigError for a folder of other files, or of a newer version
 */
export async function openFolder(input: {
  readonly fileSystem: FileSystem;
  readonly dir: string;
  readonly newClusterId: () => string;
  readonly reserveProducerIds: number;
}): Promise<OpenedFolder> {
  const { fileSystem, dir } = input;
  const path = join(dir, FILE);
  const bytes = await readWhole(fileSystem, path);
  const known = bytes === null ? null : parse(bytes, path);
  if (known === null) await refuseForeignFiles(fileSystem, dir);
  const firstProducerId = known?.nextProducerId ?? 0;
  const folder: FolderFormat = {
    format: FORMAT,
    version: VERSION,
    clusterId: known?.clusterId ?? input.newClusterId(),
    nextProducerId: firstProducerId + input.reserveProducerIds,
  };
  await writeFileAtomically(fileSystem, path, Buffer.from(`${JSON.stringify(folder, null, 2)}\n`));
  return { clusterId: folder.clusterId, firstProducerId };
}

function parse(bytes: Buffer, path: string): FolderFormat {
  let content: Partial<FolderFormat>;
  try {
    content = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new ConfigError(`${path} is not the format file of an embedded broker. Name another folder.`, {
      code: FORMAT_UNSUPPORTED,
      cause,
    });
  }
  const { format, version, clusterId, nextProducerId } = content;
  if (format !== FORMAT || version === undefined || clusterId === undefined || nextProducerId === undefined) {
    throw new ConfigError(`${path} is not the format file of an embedded broker. Name another folder.`, {
      code: FORMAT_UNSUPPORTED,
    });
  }
  if (version !== VERSION) {
    throw new ConfigError(
      `${path} has format version ${version}, and this version of Holdfast knows ${VERSION}. Use the version that wrote the folder, or name another one.`,
      { code: FORMAT_UNSUPPORTED, details: { found: version, known: VERSION } },
    );
  }
  return { format, version, clusterId, nextProducerId };
}

/** What a start that was cut short, or the lock, may have left. */
const OWN = new Set(['lock', 'topics', `${FILE}.tmp`]);

async function refuseForeignFiles(fileSystem: FileSystem, dir: string): Promise<void> {
  const foreign = (await fileSystem.readdir(dir)).filter((name) => !OWN.has(name));
  const first = foreign[0];
  if (first === undefined) return;
  throw new ConfigError(
    `${dir} holds other files (${first}${foreign.length > 1 ? ` and ${foreign.length - 1} more` : ''}) and no ${FILE}, so the embedded broker does not touch it. Name an empty folder, or one that does not exist yet.`,
    { code: FORMAT_UNSUPPORTED },
  );
}
