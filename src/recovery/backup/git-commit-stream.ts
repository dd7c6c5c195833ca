/** A commit as `git fast-import --done` reads it: of files that differ, with folders and all into one pack instead of one synced file each. */
import { readFile as readFileWithCallback } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const NEWLINE = Buffer.from('\n');
/** Of very many small files: without a handle for each, which takes four times as long. */
const readFile = promisify(readFileWithCallback);
/** Files that are read ahead; the largest are those of records, a megabyte each. */
const AHEAD = 16;

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
  for await (const { name, read } of readAhead(path, names)) {
    const bytes = await read;
    if (bytes === undefined) yield Buffer.from(`D ${quoted(name)}\n`);
    else yield Buffer.concat([Buffer.from(`M 100644 inline ${quoted(name)}\n`), data(bytes)]);
  }
  // Where it does not come, as this ended too early, nothing is committed.
  yield Buffer.from('done\n');
}

interface ReadFile {
  readonly name: string;
  /** undefined: it is not there any more. */
  readonly read: Promise<Uint8Array | undefined>;
}

/** In the order of the names. */
async function* readAhead(path: string, names: AsyncIterable<string>): AsyncGenerator<ReadFile> {
  const ahead: ReadFile[] = [];
  for await (const name of names) {
    const read = readFile(join(path, name)).catch(unlessGone);
    // Whoever comes to it hears of it.
    read.catch(() => {});
    ahead.push({ name, read });
    if (ahead.length < AHEAD) continue;
    yield ahead.shift() as ReadFile;
  }
  yield* ahead;
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
