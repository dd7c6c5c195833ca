/** The lines of a file of newline JSON, read in pieces: memory holds one piece, its lines and the one that it ends in. */
import { open } from 'node:fs/promises';

const PIECE_BYTES = 256 * 1024;

export interface FileLine {
  /** Without its newline. */
  readonly text: string;
  /** From 1. */
  readonly line: number;
  /** Where it begins in the file. */
  readonly position: number;
  /** False: the file ends in it, as one does that was cut. */
  readonly whole: boolean;
}

/**
 * In batches of those that end in one piece of 256 KiB, so that no promise is waited for at each line; no batch is empty.
 * @param from where a line begins, and which one it is
 */
export async function* fileLines(
  path: string,
  from: { readonly position: number; readonly line: number } = { position: 0, line: 1 },
): AsyncGenerator<readonly FileLine[]> {
  const file = await open(path, 'r');
  try {
    let { position, line } = from;
    let read = position;
    let pending: Buffer[] = [];
    const piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(piece, 0, PIECE_BYTES, read);
      if (bytesRead === 0) break;
      read += bytesRead;
      const lines: FileLine[] = [];
      let begin = 0;
      for (let end = piece.indexOf(10, begin); end !== -1 && end < bytesRead; end = piece.indexOf(10, begin)) {
        pending.push(piece.subarray(begin, end));
        const bytes = pending.length === 1 ? (pending[0] as Buffer) : Buffer.concat(pending);
        pending = [];
        lines.push({ text: bytes.toString('utf8'), line, position, whole: true });
        position += bytes.length + 1;
        line++;
        begin = end + 1;
      }
      // A copy: the piece is read into again.
      if (begin < bytesRead) pending.push(Buffer.from(piece.subarray(begin, bytesRead)));
      if (lines.length > 0) yield lines;
    }
    if (pending.length > 0) yield [{ text: Buffer.concat(pending).toString('utf8'), line, position, whole: false }];
  } finally {
    await file.close();
  }
}
