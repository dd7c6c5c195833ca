/**
 * A log in one file in which the last value of each key counts. Crash-safe: what `append` resolved for is there after a power cut, and
 * a tail that was torn by one is cut off at the next opening.
 *
 * File format, version 1, all numbers little-endian: the header `HFCL`, u16 version, u16 zero; then entries of u32 CRC-32 of what
 * follows, u32 length of the payload, and the payload: u32 length of the key, the key, and the value, both in UTF-8. A key length with its
 * highest bit set means that the key is gone, and no value follows.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Logger } from '../foundation/logger.ts';
import { makeFolder } from '../foundation/make-folder.ts';
import { ConnectError, defineErrorCode } from '../sdk/errors/index.ts';
import { syncFolder } from './replace-file.ts';

export const STORAGE_LOG_VERSION = defineErrorCode('holdfast.storage.log.version', {
  what: 'A log file was written by another version, or is no log file at all.',
  mend: 'Run the version of the worker that wrote it, or move the file away: it is then made anew.',
});

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

interface Entry {
  readonly key: string;
  /** null: the key is gone. */
  readonly value: string | null;
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

const MAGIC = 'HFCL';
const VERSION = 1;
const HEADER_BYTES = 8;
const FRAME_BYTES = 8;
const GONE = 0x8000_0000;

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
    const entries = new Map<string, Entry>();
    let offset = HEADER_BYTES;
    let damaged = 0;
    while (offset < content.length) {
      const frame = readFrame(content, offset);
      if (frame === undefined) break;
      if (frame.entry === undefined) damaged += 1;
      else {
        const { key, value } = frame.entry;
        entries.delete(key);
        if (value !== null) entries.set(key, frame.entry);
        this.place(key, value === null ? null : { offset, length: frame.length });
      }
      offset += frame.length;
    }
    if (damaged > 0) logger.warn('Entries of a log file are damaged and left out', { file, damaged });
    this.handle = await open(file, 'r+');
    this.size = offset;
    if (offset < content.length) {
      logger.warn('The torn end of a log file is cut off', { file, bytes: content.length - offset });
      await this.handle.truncate(offset);
      await this.handle.datasync();
    }
    return [...entries.values()];
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
    const frames = entries.map(encode);
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
    const header = Buffer.alloc(HEADER_BYTES);
    header.write(MAGIC, 'latin1');
    header.writeUInt16LE(VERSION, 4);
    const handle = await open(`${file}.new`, 'w+');
    try {
      await writeFully(handle, Buffer.concat([header, body]), 0);
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

function encode({ key, value }: Entry): Buffer {
  const keyBytes = Buffer.from(key, 'utf8');
  const valueBytes = value === null ? Buffer.alloc(0) : Buffer.from(value, 'utf8');
  const length = 4 + keyBytes.length + valueBytes.length;
  const frame = Buffer.allocUnsafe(FRAME_BYTES + length);
  frame.writeUInt32LE(length, 4);
  frame.writeUInt32LE((value === null ? GONE : 0) + keyBytes.length, FRAME_BYTES);
  keyBytes.copy(frame, FRAME_BYTES + 4);
  valueBytes.copy(frame, FRAME_BYTES + 4 + keyBytes.length);
  frame.writeUInt32LE(crc32(frame.subarray(4)), 0);
  return frame;
}

/**
 * The frame at an offset; undefined: it is torn, and the log ends here. `entry` undefined: it is damaged, but a whole one follows, so that
 * it is not the end.
 */
function readFrame(
  content: Buffer,
  offset: number,
): { readonly length: number; readonly entry: Entry | undefined } | undefined {
  const whole = wholeFrame(content, offset);
  if (whole === undefined) return undefined;
  if (whole.valid) return { length: whole.length, entry: decode(content.subarray(offset, offset + whole.length)) };
  return wholeFrame(content, offset + whole.length)?.valid === true
    ? { length: whole.length, entry: undefined }
    : undefined;
}

function wholeFrame(content: Buffer, offset: number): { readonly length: number; readonly valid: boolean } | undefined {
  if (offset + FRAME_BYTES + 4 > content.length) return undefined;
  const length = FRAME_BYTES + content.readUInt32LE(offset + 4);
  if (length < FRAME_BYTES + 4 || offset + length > content.length) return undefined;
  const valid = crc32(content.subarray(offset + 4, offset + length)) === content.readUInt32LE(offset);
  return { length, valid };
}

function decode(frame: Buffer): Entry {
  const word = frame.readUInt32LE(FRAME_BYTES);
  const start = FRAME_BYTES + 4;
  const end = start + (word >= GONE ? word - GONE : word);
  const key = frame.toString('utf8', start, end);
  return { key, value: word >= GONE ? null : frame.toString('utf8', end) };
}

function checkHeader(content: Buffer, file: string): void {
  const version = content.readUInt16LE(4);
  if (content.toString('latin1', 0, 4) === MAGIC && version === VERSION) return;
  throw new ConnectError(
    `${file} is not a log file of version ${VERSION}. Run the version of the worker that wrote it, or move the file away.`,
    { code: STORAGE_LOG_VERSION },
  );
}

async function readWhole(file: string): Promise<Buffer | undefined> {
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
