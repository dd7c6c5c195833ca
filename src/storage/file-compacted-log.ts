/**
 * A log in one file in which the last value of each key counts. Crash-safe: what `append` resolved for is there after a power cut, and
 * a tail that was torn by one is cut off at the next opening.
 *
 * Its format is that of log-frames.ts.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from '../foundation/logger.ts';
import { makeFolder } from '../foundation/make-folder.ts';
import { ConnectError, defineErrorCode } from '../sdk/errors/index.ts';
import { checkHeader, type LogEntry as Entry, encodeFrame, foldFrames, HEADER_BYTES, logHeader } from './log-frames.ts';
import { syncFolder } from './replace-file.ts';

export const STORAGE_LOG_FULL = defineErrorCode('holdfast.storage.log.full', {
  what: 'A log file has reached the size that it is allowed to have.',
  mend: 'Raise the limit, or remove what is not needed any more.',
});

export const STORAGE_LOG_CLOSED = defineErrorCode('holdfast.storage.log.closed', {
  what: 'A log file was written to after it had been closed, or before it was loaded.',
  mend: 'This is a mistake in the program: report it with the message.',
});

export interface FileCompactedLogOptions {
  /** Its folder is made when missing. One process at a time may have it open. */
  readonly file: string;
  readonly logger: Logger;
  /** The file never grows beyond that; 256 MiB by default. */
  readonly maxBytes?: number;
  /** Below that size it is not rewritten, however much of it is out of date; 64 KiB by default. */
  readonly compactAboveBytes?: number;
}

/** Where the living entry of a key stands. */
interface Place {
  readonly offset: number;
  readonly length: number;
}

interface Pending {
  readonly entries: readonly Entry[];
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

export class FileCompactedLog {
  private readonly options: FileCompactedLogOptions;
  private readonly maxBytes: number;
  private readonly compactAboveBytes: number;
  private readonly places = new Map<string, Place>();
  private handle: FileHandle | undefined;
  /** Up to here everything is whole and durable; a failed write is cut back to it. */
  private size = 0;
  private liveBytes = 0;
  private isDirty = false;
  private pending: Pending[] = [];
  private writing: Promise<void> | undefined;

  constructor(options: FileCompactedLogOptions) {
    this.options = options;
    this.maxBytes = options.maxBytes ?? 256 * 1024 * 1024;
    this.compactAboveBytes = options.compactAboveBytes ?? 64 * 1024;
  }

  /** Bytes of the file, as far as they count. */
  get bytes(): number {
    return this.size;
  }

  /** Opens the file, mends its tail, and returns the living entries in the order in which they were last written. */
  async load(): Promise<readonly Entry[]> {
    const { file, logger } = this.options;
    await makeFolder(dirname(file));
    await rm(`${file}.new`, { force: true });
    const content = await readWhole(file);
    if (content === undefined || content.length < HEADER_BYTES) {
      await this.replace(Buffer.alloc(0));
      return [];
    }
    checkHeader(content, file);
    const { entries, damaged, end } = foldFrames(content, ({ key, value }, frame) =>
      this.place(key, value === null ? null : frame),
    );
    if (damaged > 0) logger.warn('Entries of a log file are damaged and left out', { file, damaged });
    this.handle = await open(file, 'r+');
    this.size = end;
    if (end < content.length) {
      logger.warn('The torn end of a log file is cut off', { file, bytes: content.length - end });
      await this.handle.truncate(end);
      await this.handle.datasync();
    }
    return entries;
  }

  /** Resolves when all entries are durable. Rejects when none of them counts: after a failed write the file is as before. */
  append(entries: readonly Entry[]): Promise<void> {
    if (this.handle === undefined) {
      return Promise.reject(
        new ConnectError(`The log ${this.options.file} is not open.`, { code: STORAGE_LOG_CLOSED }),
      );
    }
    return new Promise((done, failed) => {
      this.pending.push({ entries, done, failed });
      this.writing ??= this.writeAll();
    });
  }

  async close(): Promise<void> {
    await this.writing;
    const { handle } = this;
    this.handle = undefined;
    await handle?.close();
  }

  /** Group commit: whatever came in while the disk was busy goes into the next write. */
  private async writeAll(): Promise<void> {
    while (this.pending.length > 0) {
      const batch = this.pending;
      this.pending = [];
      try {
        await this.write(batch.flatMap(({ entries }) => entries));
      } catch (error) {
        for (const { failed } of batch) failed(error);
        continue;
      }
      for (const { done } of batch) done();
    }
    // In the same turn as the last look: whoever appends from now on starts a new write.
    this.writing = undefined;
  }

  private async write(entries: readonly Entry[]): Promise<void> {
    const frames = entries.map(encodeFrame);
    const length = frames.reduce((sum, frame) => sum + frame.length, 0);
    if (this.shouldCompact(length)) await this.compact();
    const { handle } = this;
    if (handle === undefined || this.size + length > this.maxBytes) {
      throw new ConnectError(`The log ${this.options.file} would grow beyond ${this.maxBytes} bytes.`, {
        code: STORAGE_LOG_FULL,
      });
    }
    if (this.isDirty) await this.cutBack(handle);
    this.isDirty = true;
    await writeFully(handle, Buffer.concat(frames, length), this.size);
    await handle.datasync();
    this.isDirty = false;
    entries.forEach(({ key, value }, index) => {
      const frameLength = frames[index]?.length ?? 0;
      this.place(key, value === null ? null : { offset: this.size, length: frameLength });
      this.size += frameLength;
    });
  }

  /** What a failed write left behind must not come before what is written next. */
  private async cutBack(handle: FileHandle): Promise<void> {
    await handle.truncate(this.size);
    this.isDirty = false;
  }

  private shouldCompact(more: number): boolean {
    const dead = this.size - HEADER_BYTES - this.liveBytes;
    if (dead <= 0) return false;
    return (this.size > this.compactAboveBytes && dead > this.liveBytes) || this.size + more > this.maxBytes;
  }

  /** Writes the living entries into a new file and puts it in the place of the old one, at once or not at all. */
  private async compact(): Promise<void> {
    const { handle } = this;
    if (handle === undefined) return;
    const living = [...this.places].sort(([, a], [, b]) => a.offset - b.offset);
    const body = Buffer.allocUnsafe(this.liveBytes);
    let at = 0;
    const moved: [string, Place][] = [];
    for (const [key, { offset, length }] of living) {
      await handle.read(body, at, length, offset);
      moved.push([key, { offset: HEADER_BYTES + at, length }]);
      at += length;
    }
    await this.replace(body);
    await handle.close();
    for (const [key, place] of moved) this.places.set(key, place);
  }

  private async replace(body: Buffer): Promise<void> {
    const { file } = this.options;
    const handle = await open(`${file}.new`, 'w+');
    try {
      await writeFully(handle, Buffer.concat([logHeader(), body]), 0);
      await handle.sync();
      await rename(`${file}.new`, file);
      await syncFolder(dirname(file));
    } catch (error) {
      await handle.close();
      throw error;
    }
    this.handle = handle;
    this.size = HEADER_BYTES + body.length;
    this.isDirty = false;
  }

  private place(key: string, place: Place | null): void {
    this.liveBytes -= this.places.get(key)?.length ?? 0;
    this.places.delete(key);
    if (place === null) return;
    this.places.set(key, place);
    this.liveBytes += place.length;
  }
}

/** undefined: there is none. */
export async function readWhole(file: string): Promise<Buffer | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

async function writeFully(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}
