import { join } from 'node:path';
import { type BatchHeader, peekBatchHeader } from '../record-batch/batch-header.ts';
import type { FileSystem, OpenFile } from './file-system.ts';
import { SparseIndex } from './sparse-index.ts';

const OFFSET_DIGITS = 20;

/** A number as Kafka writes it in names of segment files. */
export function offsetName(offset: number): string {
  return String(offset).padStart(OFFSET_DIGITS, '0');
}

/**
 * One segment file: batches one after another, from `baseOffset` on. Knows how much of the file is valid and durable
 * (`size`), and shows nothing beyond that.
 */
export class Segment {
  readonly baseOffset: number;
  readonly path: string;
  readonly indexPath: string;
  /** Bytes that are valid and durable. */
  size = 0;
  /** Above the last record. */
  nextOffset: number;
  /** ms; -1 before the first record with a timestamp. */
  maxTimestamp = -1;
  /** ms: the timestamp of the first batch; -1 before. */
  firstTimestamp = -1;
  index = new SparseIndex();
  /** Where the last batch begins, and its checksum; tells an index of this very segment from another's. */
  lastBatchPosition = -1;
  lastBatchCrc = 0;
  /** Size for which an index was written last. */
  indexedSize = -1;

  private readonly fileSystem: FileSystem;
  private file: Promise<OpenFile> | null = null;
  private users = 0;
  private retired = false;

  constructor(input: { readonly fileSystem: FileSystem; readonly directory: string; readonly baseOffset: number }) {
    this.fileSystem = input.fileSystem;
    this.baseOffset = input.baseOffset;
    this.nextOffset = input.baseOffset;
    const stem = join(input.directory, offsetName(input.baseOffset));
    this.path = `${stem}.log`;
    this.indexPath = `${stem}.index`;
  }

  /** Takes a batch at the end into account, once it is durable (or was found valid). */
  add(header: BatchHeader, baseOffset: number, position: number, byteLength: number, maxTimestamp: number): void {
    this.index.add(baseOffset, position, this.maxTimestamp);
    if (this.size === 0) this.firstTimestamp = maxTimestamp;
    if (maxTimestamp > this.maxTimestamp) this.maxTimestamp = maxTimestamp;
    this.lastBatchPosition = position;
    this.lastBatchCrc = header.crc;
    this.size = position + byteLength;
    this.nextOffset = baseOffset + header.lastOffsetDelta + 1;
  }

  /** Runs `use` with the open file; opens it if need be. The file is not closed meanwhile, even if the segment is removed. */
  async withFile<T>(use: (file: OpenFile) => Promise<T>): Promise<T> {
    this.users++;
    try {
      // Its name may stand for another file by now.
      if (this.file === null && this.retired) throw new Error(`${this.path} was removed or replaced`);
      this.file ??= this.fileSystem.open(this.path, 'write');
      let file: OpenFile;
      try {
        file = await this.file;
      } catch (error) {
        this.file = null;
        throw error;
      }
      return await use(file);
    } finally {
      this.users--;
      if (this.retired && this.users === 0) await this.closeFile();
    }
  }

  /** Creates the file, empty. The caller makes its name durable. */
  async create(): Promise<void> {
    const file = await this.fileSystem.open(this.path, 'create');
    this.file = Promise.resolve(file);
    try {
      await file.truncate(0);
    } catch (error) {
      await this.closeFile();
      throw error;
    }
  }

  /** Lets go of the file handle, to open it anew at the next use. Must not be called while a write is going on. */
  async closeFile(): Promise<void> {
    const file = this.file;
    this.file = null;
    if (file === null) return;
    try {
      await (await file).close();
    } catch {
      // What counted was synced before; a handle that can't be closed has no further use.
    }
  }

  /** Closes the file as soon as nobody reads it any more. */
  async retire(): Promise<void> {
    this.retired = true;
    if (this.users === 0) await this.closeFile();
  }

  get isRetired(): boolean {
    return this.retired;
  }

  get isIdle(): boolean {
    return this.users === 0;
  }

  /**
   * Whole batches from `position` on: as many as fit into `maxBytes`, at least one. Null at the end of what is durable.
   * Memory of its own, so that it may be handed out.
   */
  async read(position: number, maxBytes: number): Promise<Buffer | null> {
    const left = this.size - position;
    if (left <= 0) return null;
    let bytes = await this.readExactly(position, Math.min(left, maxBytes));
    let end = wholeBatches(bytes);
    if (end === 0) {
      const first = peekBatchHeader(bytes);
      const needed = first === null ? left : first.byteLength;
      bytes = await this.readExactly(position, Math.min(left, Math.max(needed, maxBytes)));
      end = wholeBatches(bytes);
      // A batch that isn't whole within the durable part is damaged: the decoder says so.
      if (end === 0) end = bytes.length;
    }
    return bytes.subarray(0, end);
  }

  private readExactly(position: number, length: number): Promise<Buffer> {
    return this.withFile(async (file) => {
      const bytes = Buffer.allocUnsafeSlow(length);
      return bytes.subarray(0, await file.read(bytes, position));
    });
  }
}

/** Where the last whole batch ends, judged by lengths only; stops where the bytes are no batch. */
function wholeBatches(bytes: Buffer): number {
  let at = 0;
  while (at + 12 <= bytes.length) {
    const byteLength = 12 + bytes.readInt32BE(at + 8);
    if (byteLength < 61) return at === 0 ? bytes.length : at;
    if (at + byteLength > bytes.length) break;
    at += byteLength;
  }
  return at;
}
