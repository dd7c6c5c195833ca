/** Reads the file of a compacted log that another process may be writing: nothing is locked, mended or made. */
import { ConfigError, defineErrorCode } from '../sdk/errors/index.ts';
import { readWhole } from './file-compacted-log.ts';
import { checkHeader, foldFrames, HEADER_BYTES, type LogEntry } from './log-frames.ts';

export const STORAGE_LOG_MISSING = defineErrorCode('holdfast.storage.log.missing', {
  what: 'A log file that was to be read is not there.',
  mend: 'Check the path; of a worker it is the folder of its setting schema.store.dir.',
});

export interface LogFileContent {
  /** The living entries, in the order in which they were last written. */
  readonly entries: readonly LogEntry[];
  /** So many could not be read and are left out. */
  readonly damaged: number;
  /** Bytes at the end that are no whole entry: one that is being written, or was torn by a crash. */
  readonly tornBytes: number;
}

/**
 * What was durable when it was opened. A worker that rewrites the file meanwhile puts another one in its place, and does not disturb.
 *
 * @throws ConfigError `holdfast.storage.log.missing`, ConnectError `holdfast.storage.log.version`
 */
export async function readLogFile(file: string): Promise<LogFileContent> {
  const content = await readWhole(file);
  if (content === undefined) throw new ConfigError(`There is no file ${file}.`, { code: STORAGE_LOG_MISSING });
  if (content.length < HEADER_BYTES) return { entries: [], damaged: 0, tornBytes: content.length };
  checkHeader(content, file);
  const { entries, damaged, end } = foldFrames(content);
  return { entries, damaged, tornBytes: content.length - end };
}
