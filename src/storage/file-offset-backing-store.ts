/**
 * Source offsets in one file, rewritten whole at each flush like Kafka Connect's standalone worker does, but crash-safe: the new
 * content is written beside the old one, synced, and renamed over it, so that a reader finds the old or the new file and never half
 * of one.
 *
 * Format, version 1: a line `holdfast-offsets 1 <count> <crc32 of the rest, hex>`, then one JSON array `[key, value]` a line.
 */
import { type FileHandle, mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Logger } from '../foundation/logger.ts';
import { defineErrorCode } from '../sdk/errors/codes.ts';
import { ConfigError, EnvironmentError } from '../sdk/errors/kinds.ts';
import type { OffsetBackingStore } from './offset-backing-store.ts';

export const OFFSET_FILE_UNREADABLE = defineErrorCode('holdfast.storage.offset.file-unreadable', {
  what: 'The offset file is there, but it is damaged, of a newer format, or not an offset file of Holdfast.',
  mend: 'Name another offset.storage.file.filename, or restore the file from a backup; it is never overwritten.',
});

export const OFFSET_FILE_UNWRITABLE = defineErrorCode('holdfast.storage.offset.file-unwritable', {
  what: 'The offset file could not be written: the disk is full, or the folder may not be written to.',
  mend: 'Make room or set permissions. Records flow on; offsets are written again at the next interval.',
});

const MAGIC = 'holdfast-offsets';
const VERSION = 1;
const JAVA_SERIALIZATION_MAGIC = 0xaced;

export class FileOffsetBackingStore implements OffsetBackingStore {
  private readonly path: string;
  private readonly logger: Logger;
  private committed = new Map<string, string>();
  private pending: { readonly entries: ReadonlyMap<string, string | null>; readonly done: (error?: Error) => void }[] =
    [];
  private writing: Promise<void> | null = null;

  constructor(options: { readonly path: string; readonly logger: Logger }) {
    this.path = options.path;
    this.logger = options.logger;
  }

  async start(): Promise<void> {
    let content: Buffer;
    try {
      content = await readFile(this.path);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
        await mkdir(dirname(this.path), { recursive: true });
        return;
      }
      throw this.unreadable(`it can't be read: ${(cause as Error).message}`, cause);
    }
    if (content.length > 0) this.committed = this.parse(content);
    this.logger.debug('Read the offset file.', { path: this.path, offsets: this.committed.size });
  }

  async get(keys: readonly string[]): Promise<readonly (string | null)[]> {
    return keys.map((key) => this.committed.get(key) ?? null);
  }

  async entries(): Promise<readonly (readonly [string, string])[]> {
    return [...this.committed];
  }

  /** Calls that come while one is being written share the next write. */
  set(entries: ReadonlyMap<string, string | null>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.pending.push({ entries, done: (error) => (error === undefined ? resolve() : reject(error)) });
      this.writing ??= this.writeAll();
    });
  }

  async stop(): Promise<void> {
    await this.writing;
  }

  private async writeAll(): Promise<void> {
    while (this.pending.length > 0) {
      const group = this.pending;
      this.pending = [];
      const next = new Map(this.committed);
      for (const { entries } of group) {
        for (const [key, value] of entries) {
          if (value === null) next.delete(key);
          else next.set(key, value);
        }
      }
      try {
        await this.replaceFile(next);
        this.committed = next;
        for (const { done } of group) done();
      } catch (cause) {
        const error = new EnvironmentError(
          `The offset file ${this.path} could not be written: ${(cause as Error).message}.`,
          { code: OFFSET_FILE_UNWRITABLE, cause },
        );
        for (const { done } of group) done(error);
      }
    }
    // Here and not in a `finally`: a call that comes after the last look at `pending` must start a new run.
    this.writing = null;
  }

  private async replaceFile(offsets: ReadonlyMap<string, string>): Promise<void> {
    let body = '';
    for (const entry of offsets) body += `${JSON.stringify(entry)}\n`;
    const bytes = Buffer.from(body, 'utf8');
    const temporary = `${this.path}.tmp`;
    let file: FileHandle | null = null;
    try {
      file = await open(temporary, 'w', 0o600);
      await file.writeFile(`${MAGIC} ${VERSION} ${offsets.size} ${checksum(bytes)}\n`);
      await file.writeFile(bytes);
      await file.sync();
      await file.close();
      file = null;
      await rename(temporary, this.path);
    } catch (cause) {
      await file?.close().catch(() => {});
      // A partial file may be what fills the disk.
      await unlink(temporary).catch(() => {});
      throw cause;
    }
    await syncFolder(dirname(this.path));
  }

  private parse(content: Buffer): Map<string, string> {
    if (content.length >= 2 && content.readUInt16BE(0) === JAVA_SERIALIZATION_MAGIC) {
      throw this.unreadable("it was written by Kafka Connect's standalone worker (Java serialization)");
    }
    const end = content.indexOf(0x0a);
    const header = content.subarray(0, Math.max(end, 0)).toString('latin1').split(' ');
    if (end < 0 || header[0] !== MAGIC) throw this.unreadable('it is not an offset file of Holdfast');
    if (Number(header[1]) !== VERSION) {
      throw this.unreadable(
        `it has format version ${header[1]}, and this version of Holdfast reads version ${VERSION}`,
      );
    }
    const body = content.subarray(end + 1);
    if (checksum(body) !== header[3]) throw this.unreadable('its checksum does not match its content');
    const offsets = new Map<string, string>();
    for (const line of body.toString('utf8').split('\n')) {
      if (line === '') continue;
      const [key, value] = JSON.parse(line) as [string, string];
      offsets.set(key, value);
    }
    if (offsets.size !== Number(header[2])) throw this.unreadable('it holds fewer offsets than it says');
    return offsets;
  }

  private unreadable(why: string, cause?: unknown): ConfigError {
    return new ConfigError(
      `The offset file ${this.path} can't be used: ${why}. Name another file in offset.storage.file.filename, or restore this one; it was left as it is.`,
      { code: OFFSET_FILE_UNREADABLE, cause },
    );
  }
}

function checksum(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(8, '0');
}

/** Makes the rename itself durable. Not every file system lets a folder be synced; there the rename is as durable as it gets. */
async function syncFolder(path: string): Promise<void> {
  let folder: FileHandle | null = null;
  try {
    folder = await open(path, 'r');
    await folder.sync();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code !== 'EISDIR' && code !== 'EINVAL' && code !== 'EPERM') throw cause;
  } finally {
    await folder?.close();
  }
}
