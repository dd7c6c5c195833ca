/**
 * Appends lines to a file, whole batches or nothing.
 *
 * Tasks of one thread that write to the same file share one appender, so that their batches never mix and one can be taken back. A file
 * that several threads or processes write to is left alone where a batch failed halfway; its torn line gets an end then.
 */
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ConnectError, EnvironmentError, type Logger } from 'holdfast/sdk';
import { FILE_WRITE_LOST, notRegular, writeFailure } from './errors.ts';

const LF = 10;
const SEARCH_BYTES = 64 * 1024;

/** The file operations that the appender needs; a test may put a failing disk in their place. */
export type AppendHandle = Pick<FileHandle, 'write' | 'read' | 'stat' | 'truncate' | 'datasync' | 'close'>;
export type OpenForAppend = (path: string) => Promise<AppendHandle>;

// 'a+' makes the system put every write at the end, whoever else writes.
const openForAppend: OpenForAppend = (path) => open(path, 'a+');

export interface FileAppenderOptions {
  readonly file: string;
  readonly logger: Logger;
  readonly open?: OpenForAppend;
  /** Of delimited text: a line end inside of quotes ends no record, so what follows the last complete record is torn, line ends or not. */
  readonly quoting?: Quoting;
}

/** The bytes that say what is quoted. */
export interface Quoting {
  readonly delimiter: number;
  readonly quote: number;
}

const openFiles = new Map<string, Promise<SharedFile>>();

/** One task's access to the file. Calls may overlap; they take effect one after the other. */
export class FileAppender {
  /** Size of the file when this task opened it, torn lines aside: 0 means that it is new or empty. */
  readonly initialSize: number;
  private readonly shared: SharedFile;
  private dirty = false;
  private lost: unknown = null;

  private constructor(shared: SharedFile) {
    this.shared = shared;
    this.initialSize = shared.completeSize;
    shared.users.add(this);
  }

  /**
   * Opens the file, creating it if it isn't there. What a crash left after the last line end is moved to `<file>.torn`: its record was not
   * committed and comes again.
   */
  static async open(options: FileAppenderOptions): Promise<FileAppender> {
    const key = await realPath(options.file);
    let opening = openFiles.get(key);
    if (opening === undefined) {
      opening = SharedFile.open(key, options);
      openFiles.set(key, opening);
    }
    try {
      return new FileAppender(await opening);
    } catch (error) {
      if (openFiles.get(key) === opening) openFiles.delete(key);
      throw error;
    }
  }

  /** Appends all of the bytes, which end in a line end, or leaves the file as it was and throws. */
  append(chunks: readonly Uint8Array[]): Promise<void> {
    return this.shared.exclusively(async () => {
      await this.shared.append(chunks);
      this.dirty = true;
    });
  }

  /** As `append`, if the file is still empty: `first` goes before the rest. */
  appendAfter(first: Uint8Array, chunks: readonly Uint8Array[]): Promise<void> {
    return this.shared.exclusively(async () => {
      await this.shared.append(this.shared.completeSize === 0 ? [first, ...chunks] : chunks);
      this.dirty = true;
    });
  }

  /** Makes durable what was appended. Throws if anything appended since the last time may be lost. */
  flush(): Promise<void> {
    return this.shared.exclusively(async () => {
      if (this.dirty && this.lost === null) await this.shared.sync();
      this.dirty = false;
      const { lost } = this;
      this.lost = null;
      if (lost !== null) {
        throw new EnvironmentError(
          `What was written to '${this.shared.file}' since the last flush may be lost: the records have to come again.`,
          { code: FILE_WRITE_LOST, cause: lost },
        );
      }
    });
  }

  async close(): Promise<void> {
    this.shared.users.delete(this);
    if (this.shared.users.size > 0) return;
    if ((await openFiles.get(this.shared.key)) === this.shared) openFiles.delete(this.shared.key);
    await this.shared.exclusively(() => this.shared.close());
  }

  /** A sync failed: the system may forget the writes of every task, and says so to one of them only. */
  writesLost(error: unknown): void {
    if (this.dirty) this.lost = error;
  }
}

class SharedFile {
  readonly key: string;
  readonly file: string;
  readonly users = new Set<FileAppender>();
  private readonly handle: AppendHandle;
  private readonly logger: Logger;
  /** Size with complete batches only, as far as this appender knows. */
  private size: number;
  /** A batch failed halfway, and could not be taken back yet: what the file then measured. */
  private torn: number | null = null;
  private last: Promise<unknown> = Promise.resolve();

  private constructor(key: string, file: string, handle: AppendHandle, logger: Logger, size: number) {
    this.key = key;
    this.file = file;
    this.handle = handle;
    this.logger = logger;
    this.size = size;
  }

  static async open(key: string, options: FileAppenderOptions): Promise<SharedFile> {
    const { file, logger } = options;
    let handle: AppendHandle | null = null;
    try {
      handle = await (options.open ?? openForAppend)(file);
      const stats = await handle.stat();
      if (!stats.isFile()) throw notRegular(file, 'a pipe or device');
      const size = await mendTornEnd(handle, stats.size, options);
      if (stats.size === 0) await syncFolder(dirname(key));
      return new SharedFile(key, file, handle, logger, size);
    } catch (error) {
      await handle?.close();
      throw error instanceof ConnectError ? error : writeFailure(file, error);
    }
  }

  get completeSize(): number {
    return this.size;
  }

  exclusively<T>(run: () => Promise<T>): Promise<T> {
    const next = this.last.then(run, run);
    this.last = next.catch(() => {});
    return next;
  }

  async append(chunks: readonly Uint8Array[]): Promise<void> {
    await this.takeBack();
    let written = 0;
    try {
      for (const chunk of chunks) {
        for (let at = 0; at < chunk.length; ) {
          const { bytesWritten } = await this.handle.write(chunk, at, chunk.length - at, null);
          at += bytesWritten;
          written += bytesWritten;
        }
      }
      this.size += written;
    } catch (error) {
      this.torn = this.size + written;
      // At once if possible: readers of the file shouldn't see half a line for longer than needed.
      await this.takeBack().catch(() => {});
      throw writeFailure(this.file, error);
    }
  }

  async sync(): Promise<void> {
    try {
      await this.handle.datasync();
    } catch (error) {
      for (const user of this.users) user.writesLost(error);
      this.logger.error('The system could not make the file durable; its records will come again.', {
        file: this.file,
        err: error,
      });
    }
  }

  close(): Promise<void> {
    return this.handle.close();
  }

  /** Removes what a failed batch left, so that the same records can be written again without leaving a half line or a duplicate. */
  private async takeBack(): Promise<void> {
    if (this.torn === null) return;
    try {
      const { size } = await this.handle.stat();
      if (size === this.torn || size <= this.size) {
        if (size > this.size) await this.handle.truncate(this.size);
        this.size = Math.min(this.size, size);
      } else {
        // Somebody else has appended since. Cutting would take their lines; end the torn one instead.
        const { bytesWritten } = await this.handle.write(Buffer.from([LF]), 0, 1, null);
        this.size = size + bytesWritten;
      }
      this.torn = null;
    } catch (error) {
      throw writeFailure(this.file, error);
    }
  }
}

/** Position after the last line end. */
async function lastLineEnd(handle: AppendHandle, size: number, block: Buffer): Promise<number> {
  for (let end = size; end > 0; ) {
    const from = Math.max(0, end - SEARCH_BYTES);
    const { bytesRead } = await handle.read(block, 0, end - from, from);
    const at = block.subarray(0, bytesRead).lastIndexOf(LF);
    if (at !== -1) return from + at + 1;
    end = from;
  }
  return 0;
}

/** Position after the last line end outside of quotes. Takes a look at the whole file: only from its start is it known what is quoted. */
async function lastRecordEnd(handle: AppendHandle, size: number, block: Buffer, quoting: Quoting): Promise<number> {
  const { quote, delimiter } = quoting;
  let complete = 0;
  let isQuoted = false;
  let before: number | undefined = LF;
  for (let from = 0; from < size; ) {
    const { bytesRead } = await handle.read(block, 0, Math.min(SEARCH_BYTES, size - from), from);
    if (bytesRead === 0) break;
    for (let at = 0; at < bytesRead; at++) {
      const byte = block[at];
      // A quote opens a column only at its start; a doubled one ends the quoted part and opens it again at once.
      if (isQuoted) isQuoted = byte !== quote;
      else if (byte === quote) isQuoted = before === delimiter || before === LF || before === quote;
      else if (byte === LF) complete = from + at + 1;
      before = byte;
    }
    from += bytesRead;
  }
  return complete;
}

/** Moves the bytes after the last complete record to `<file>.torn`, and returns the size without them. */
async function mendTornEnd(handle: AppendHandle, size: number, options: FileAppenderOptions): Promise<number> {
  const { file, logger, quoting } = options;
  const block = Buffer.alloc(SEARCH_BYTES);
  const complete =
    quoting === undefined ? await lastLineEnd(handle, size, block) : await lastRecordEnd(handle, size, block, quoting);
  if (complete === size) return size;
  const kept = `${file}.torn`;
  const target = await open(kept, 'a');
  try {
    for (let at = complete; at < size; ) {
      const { bytesRead } = await handle.read(block, 0, Math.min(SEARCH_BYTES, size - at), at);
      if (bytesRead === 0) break;
      await target.appendFile(block.subarray(0, bytesRead));
      at += bytesRead;
    }
    await target.appendFile('\n');
    await target.datasync();
  } finally {
    await target.close();
  }
  await handle.truncate(complete);
  logger.warn(
    'The file ended within a line, as after a crash; the torn line was moved aside and its record comes again.',
    {
      file,
      movedTo: kept,
      bytes: size - complete,
    },
  );
  return complete;
}

/** Makes the name of a new file durable. Not every system can open a folder. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // A folder that can't be read can still be written to.
  }
}

/** The name under which tasks find that they write to the same file, which may not exist yet. */
async function realPath(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch {
    try {
      return join(await realpath(dirname(file)), basename(file));
    } catch (error) {
      throw writeFailure(file, error);
    }
  }
}
