/** A new file of lines: buffered, hashed as it is written, synced at its end. */
import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

const BUFFER_CHARACTERS = 512 * 1024;

export class LinesFile {
  readonly name: string;
  private readonly file: FileHandle;
  private readonly hash: Hash = createHash('sha256');
  private pending: string[] = [];
  private pendingLength = 0;
  private written = 0;

  private constructor(options: { readonly name: string; readonly file: FileHandle }) {
    this.name = options.name;
    this.file = options.file;
  }

  /** @throws the file system's error; also where the file is there */
  static async create(folder: string, name: string): Promise<LinesFile> {
    return new LinesFile({ name, file: await open(join(folder, name), 'wx', 0o600) });
  }

  /** Bytes so far, but for characters that are no ASCII and wait. */
  get bytes(): number {
    return this.written + this.pendingLength;
  }

  /** @param line with its newline */
  async write(line: string): Promise<void> {
    if (this.add(line)) await this.flush();
  }

  /** As {@link write}, without a promise for each line: where it returns true, {@link flush} is to be awaited before the next one. */
  add(line: string): boolean {
    this.pending.push(line);
    this.pendingLength += line.length;
    return this.pendingLength >= BUFFER_CHARACTERS;
  }

  /** Durable when it resolves; closed in any case. */
  async finish(): Promise<{ readonly bytes: number; readonly sha256: string }> {
    try {
      await this.flush();
      await this.file.sync();
    } finally {
      await this.file.close();
    }
    return { bytes: this.written, sha256: this.hash.digest('hex') };
  }

  async abort(): Promise<void> {
    await this.file.close().catch(() => {});
  }

  async flush(): Promise<void> {
    const bytes = Buffer.from(this.pending.join(''), 'utf8');
    this.pending = [];
    this.pendingLength = 0;
    this.hash.update(bytes);
    await this.file.writeFile(bytes);
    this.written += bytes.length;
  }
}
