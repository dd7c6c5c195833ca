/** Lines of a file, in batches of bounded memory, and the digest of those read so far. */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

const CHUNK = 256 * 1024;

export interface LineBatch {
  readonly lines: readonly Buffer[];
  /** What follows the last line break; not empty only at the end of a file that was cut off. */
  readonly rest: Buffer;
}

/** Yields the lines that each further 256 KiB complete, without their line breaks; a line that is longer comes as a whole. */
export async function* readLines(file: FileHandle, signal?: AbortSignal): AsyncGenerator<LineBatch> {
  let pieces: Buffer[] = [];
  for (let position = 0; ; ) {
    signal?.throwIfAborted();
    const chunk = Buffer.allocUnsafe(CHUNK);
    const { bytesRead } = await file.read(chunk, 0, CHUNK, position);
    if (bytesRead === 0) {
      const rest = Buffer.concat(pieces);
      if (rest.length > 0) yield { lines: [], rest };
      return;
    }
    position += bytesRead;
    const read = chunk.subarray(0, bytesRead);
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = read.indexOf(10); end !== -1; end = read.indexOf(10, start)) {
      const last = read.subarray(start, end);
      lines.push(pieces.length === 0 ? last : Buffer.concat([...pieces, last]));
      pieces = [];
      start = end + 1;
    }
    if (start < bytesRead) pieces.push(read.subarray(start));
    if (lines.length > 0) yield { lines, rest: Buffer.alloc(0) };
  }
}

/** Sha256 over lines with their line breaks. */
export class LineDigest {
  private readonly hash = createHash('sha256');

  add(line: Buffer): void {
    this.hash.update(line);
    this.hash.update('\n');
  }

  hex(): string {
    return this.hash.digest('hex');
  }
}
