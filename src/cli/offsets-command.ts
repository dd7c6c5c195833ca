/** `holdfast offsets import|export|list`: between the offset file of Kafka Connect's standalone worker and ours, and what is in either. */
import { readFile, realpath } from 'node:fs/promises';
import { systemClock } from '../foundation/clock.ts';
import { defineErrorCode } from '../sdk/errors/codes.ts';
import { ConfigError, DataError } from '../sdk/errors/kinds.ts';
import {
  decodeJavaOffsets,
  encodeJavaOffsets,
  isJavaSerialized,
  JAVA_OFFSETS_INVALID,
} from '../storage/java-offset-file.ts';
import { decodeOffsetFile, encodeOffsetFile } from '../storage/offset-file.ts';
import { lockOffsetFile, wasOffsetFileLocked } from '../storage/offset-file-lock.ts';
import { replaceFile, whyNotReplaced } from '../storage/replace-file.ts';

export const OFFSETS_NOT_COPIED = defineErrorCode('holdfast.cli.offsets-not-copied', {
  what: 'The offsets were not imported or exported: a file is missing, of another kind, or there already.',
  mend: 'Do what the message says. Neither file was changed.',
});

export interface OffsetsArguments {
  readonly direction: 'import' | 'export';
  readonly from: string;
  readonly to: string;
  readonly dryRun: boolean;
  readonly overwrite: boolean;
}

/**
 * Prints every offset, one a line, and writes the other file unless it is a dry run. No worker may run on either file.
 * @throws ConfigError `holdfast.cli.offsets-not-copied`, `holdfast.storage.offset.file-locked`, `holdfast.storage.offset.java-file-invalid`
 */
export async function runOffsets(options: OffsetsArguments): Promise<void> {
  const { direction, from, to, dryRun, overwrite } = options;
  const content = await contentOf(from);
  const offsets = direction === 'import' ? theirs(from, content) : ours(from, content);
  const there = await realpath(to).catch(() => null);
  if (there !== null && there === (await realpath(from))) {
    throw refused(`${to} is the file to read. Name another one: it holds the only offsets that there are.`);
  }
  if (there !== null && !overwrite) {
    throw refused(`${to} is there already. Name another file, or say --overwrite.`);
  }
  print(offsets);
  if (dryRun) {
    console.log(`${offsets.size} offsets; a dry run: nothing was written.`);
    return;
  }
  await write(to, direction === 'import' ? encodeOffsetFile(offsets) : [encodeJavaOffsets(offsets)]);
  console.log(`${offsets.size} offsets written to ${to}.`);
}

/** What a worker has in use it would overwrite. One that none has ever used gets no folder of claims beside it. */
async function write(to: string, pieces: readonly (string | Uint8Array)[]): Promise<void> {
  try {
    const lock = (await wasOffsetFileLocked(to)) ? await lockOffsetFile(to, systemClock, 'name another file') : null;
    try {
      await replaceFile(to, pieces);
    } finally {
      await lock?.release();
    }
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw refused(`${to} can't be written: ${whyNotReplaced(cause)}`, cause);
  }
}

/**
 * Prints every offset of a file of either kind, one a line.
 * @throws ConfigError `holdfast.cli.offsets-not-copied`, `holdfast.storage.offset.java-file-invalid`
 */
export async function listOffsets(path: string): Promise<void> {
  const content = await contentOf(path);
  const isTheirs = isJavaSerialized(content);
  const offsets = isTheirs ? theirs(path, content) : ours(path, content);
  print(offsets);
  const whose = isTheirs ? "Kafka Connect's standalone worker" : 'Holdfast';
  console.log(`${offsets.size} offsets in ${path}, a file of ${whose}.`);
}

function print(offsets: ReadonlyMap<string, string>): void {
  for (const [key, value] of offsets) console.log(`${key} ${value}`);
}

async function contentOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw refused(`${path} can't be read: ${(cause as Error).message}.`, cause);
  }
}

function theirs(path: string, content: Buffer): Map<string, string> {
  if (content.length > 0 && !isJavaSerialized(content) && typeof decodeOffsetFile(content) !== 'string') {
    throw refused(
      `${path} is an offset file of Holdfast already: there is nothing to import. A worker takes it as it is.`,
    );
  }
  try {
    return decodeJavaOffsets(content);
  } catch (cause) {
    if (!(cause instanceof DataError)) throw cause;
    throw new ConfigError(`${path} can't be used. ${cause.message}`, { code: JAVA_OFFSETS_INVALID, cause });
  }
}

function ours(path: string, content: Buffer): Map<string, string> {
  const offsets = decodeOffsetFile(content);
  if (typeof offsets !== 'string') return offsets;
  throw refused(`${path} can't be used: ${offsets}.`);
}

function refused(message: string, cause?: unknown): ConfigError {
  return new ConfigError(message, { code: OFFSETS_NOT_COPIED, cause });
}
