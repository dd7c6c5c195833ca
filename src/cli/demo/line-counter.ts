/** Counts the lines of a growing file without reading anything twice. */
import { open } from 'node:fs/promises';

const CHUNK = 256 * 1024;
const NEWLINE = 0x0a;

export class LineCounter {
  readonly path: string;
  private position = 0;
  private lines = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** Complete lines so far; 0 while there is no file. A file that shrank is counted anew. */
  async count(): Promise<number> {
    const file = await open(this.path, 'r').catch(() => null);
    if (file === null) return 0;
    try {
      const { size } = await file.stat();
      if (size < this.position) {
        this.position = 0;
        this.lines = 0;
      }
      const buffer = Buffer.allocUnsafe(CHUNK);
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, CHUNK, this.position);
        if (bytesRead === 0) return this.lines;
        for (let at = buffer.indexOf(NEWLINE); at >= 0 && at < bytesRead; at = buffer.indexOf(NEWLINE, at + 1))
          this.lines += 1;
        this.position += bytesRead;
      }
    } finally {
      await file.close();
    }
  }
}
