import { join } from 'node:path';
import { ConfigError } from '../../sdk/errors/index.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { type FileSystem, readWhole } from './file-system.ts';
import { FORMAT_UNSUPPORTED } from './folder-format.ts';

const FILE = 'log-state.json';
const FORMAT_VERSION = 1;

/** Everything below `upTo` had been through compaction at `at` (ms). Tombstones there may go `delete.retention.ms` later. */
export interface CleanMark {
  readonly upTo: number;
  readonly at: number;
  /** Whether tombstones were left there, to be dropped later. */
  readonly tombstones: boolean;
}

/** What the segments of a partition don't tell of themselves. */
export interface LogState {
  /** Records below were deleted. */
  readonly startOffset: number;
  /** Ascending in both. */
  readonly cleanMarks: readonly CleanMark[];
}

/** Reads what {@link writeLogState} wrote; the state of a new log when there is nothing. */
export async function readLogState(fileSystem: FileSystem, directory: string): Promise<LogState> {
  const bytes = await readWhole(fileSystem, join(directory, FILE));
  if (bytes === null) return { startOffset: 0, cleanMarks: [] };
  const state: LogState & { readonly formatVersion: number } = JSON.parse(bytes.toString('utf8'));
  if (state.formatVersion !== FORMAT_VERSION) {
    throw new ConfigError(
      `${join(directory, FILE)} has format version ${state.formatVersion}, and this version of Holdfast knows ${FORMAT_VERSION}. Use the version that wrote it.`,
      { code: FORMAT_UNSUPPORTED },
    );
  }
  return { startOffset: state.startOffset, cleanMarks: state.cleanMarks };
}

/** Durable once this resolves. */
export async function writeLogState(fileSystem: FileSystem, directory: string, state: LogState): Promise<void> {
  const content = JSON.stringify({ formatVersion: FORMAT_VERSION, ...state });
  await writeFileAtomically(fileSystem, join(directory, FILE), Buffer.from(content));
}
