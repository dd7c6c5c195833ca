/** A commit as `git fast-import --done` reads it: of files that differ, with folders and all into one pack instead of one synced file each. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const NEWLINE = Buffer.from('\n');

export interface StreamedCommit {
  readonly ref: string;
  /** undefined: it is the first of its branch. */
  readonly parent: string | undefined;
  /** As `git var` tells them: `Name <mail> <seconds> <zone>`. */
  readonly author: string;
  readonly committer: string;
  readonly message: string;
}

/**
 * @param path of the work tree
 * @param names of the files, as paths below it; one that is not there any more is deleted
 * @throws the file system's error
 */
export async function* commitStream(
  commit: StreamedCommit,
  path: string,
  names: AsyncIterable<string>,
): AsyncGenerator<Uint8Array> {
  const { ref, parent, author, committer, message } = commit;
  yield Buffer.from(`commit ${ref}\nauthor ${author}\ncommitter ${committer}\n`);
  yield data(Buffer.from(tidied(message)));
  if (parent !== undefined) yield Buffer.from(`from ${parent}\n`);
  for await (const name of names) {
    const bytes = await readFile(join(path, name)).catch(unlessGone);
    if (bytes === undefined) yield Buffer.from(`D ${quoted(name)}\n`);
    else yield Buffer.concat([Buffer.from(`M 100644 inline ${quoted(name)}\n`), data(bytes)]);
  }
  // Where it does not come, as this ended too early, nothing is committed.
  yield Buffer.from('done\n');
}

function data(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`data ${bytes.length}\n`), bytes, NEWLINE]);
}

/** As `git commit --cleanup=whitespace` does; a commit has no NUL. */
function tidied(message: string): string {
  const lines = message.replaceAll('\0', '').replace(/[ \t\r]+$/gm, '');
  const text = lines.replace(/\n{3,}/g, '\n\n').trim();
  return text === '' ? '' : `${text}\n`;
}

function quoted(name: string): string {
  return `"${name.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`;
}

function unlessGone(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
  throw error;
}
