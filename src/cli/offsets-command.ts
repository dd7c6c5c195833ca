/** `holdfast offsets import|export`: between the offset file of Kafka Connect's standalone worker and ours. */
import { access, readFile } from 'node:fs/promises';
import { defineErrorCode } from '../sdk/errors/codes.ts';
import { ConfigError } from '../sdk/errors/kinds.ts';
import { decodeJavaOffsets, encodeJavaOffsets } from '../storage/java-offset-file.ts';
import { decodeOffsetFile, encodeOffsetFile } from '../storage/offset-file.ts';
import { replaceFile } from '../storage/replace-file.ts';

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
 * @throws ConfigError `holdfast.cli.offsets-not-copied`, DataError `holdfast.storage.offset.java-file-invalid`
 */
export async function runOffsets(options: OffsetsArguments): Promise<void> {
  const { direction, from, to, dryRun, overwrite } = options;
  const content = await readFile(from).catch((cause: Error) => {
    throw refused(`${from} can't be read: ${cause.message}.`, cause);
  });
  const offsets = direction === 'import' ? decodeJavaOffsets(content) : ours(from, content);
  const exists = await access(to).then(
    () => true,
    () => false,
  );
  if (exists && !overwrite) {
    throw refused(`${to} is there already. Name another file, or say --overwrite.`);
  }
  for (const [key, value] of offsets) console.log(`${key} ${value}`);
  if (dryRun) {
    console.log(`${offsets.size} offsets; a dry run: nothing was written.`);
    return;
  }
  await replaceFile(to, direction === 'import' ? encodeOffsetFile(offsets) : [encodeJavaOffsets(offsets)]).catch(
    (cause: Error) => {
      throw refused(`${to} can't be written: ${cause.message}.`, cause);
    },
  );
  console.log(`${offsets.size} offsets written to ${to}.`);
}

function ours(path: string, content: Buffer): Map<string, string> {
  const offsets = decodeOffsetFile(content);
  if (typeof offsets !== 'string') return offsets;
  throw refused(`${path} can't be exported: ${offsets}.`);
}

function refused(message: string, cause?: unknown): ConfigError {
  return new ConfigError(message, { code: OFFSETS_NOT_COPIED, cause });
}
