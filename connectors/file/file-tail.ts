/**
 * Reads a file that grows, is renamed away and made anew, or is cut: every byte once, in order.
 *
 * - A renamed or deleted file is read to its end; the file that took its name is read from its start, once the old one was
 *   found without news twice.
 * - A file that became shorter than what was read of it is read from its start.
 * - Not noticed: a file that was cut and, before the next look at it, written past the old position; and a file replaced by
 *   a longer one while nobody read it. What Kafka Connect stores as an offset can't tell them from the old file.
 */
import { constants, type FileHandle, open, stat } from 'node:fs/promises';
import type { Logger } from 'holdfast/sdk';
import type { ByteWindow } from './byte-window.ts';
import { notRegular, readFailure, systemCode } from './errors.ts';

/** Large enough to make system calls rare, small enough that V8 keeps its text inside its own heap. */
const CHUNK_BYTES = 512 * 1024;

/**
 * - `data`: the window grew.
 * - `end`: nothing more for now.
 * - `missing`: there is no such file.
 * - `replaced`: what the window still holds is all that will come of the old file; take it, then call `restart`.
 */
export type TailResult = 'data' | 'end' | 'missing' | 'replaced';

export interface FileTailOptions {
  readonly path: string;
  readonly window: ByteWindow;
  readonly logger: Logger;
  /**
   * False if no record can end with this byte: then a stored position that follows it belongs to another file. Positions at
   * the very end of the file, and before a line end, are believed.
   */
  readonly isRecordEnd: (byte: number) => boolean;
}

export class FileTail {
  private readonly options: FileTailOptions;
  private handle: FileHandle | null = null;
  private identity = '';
  private sawReplacement = false;
  private saidMissing = false;
  private closed = false;

  constructor(options: FileTailOptions) {
    this.options = options;
  }

  /** Reads once. Throws EnvironmentError where waiting helps, ConnectError where it doesn't. */
  async fill(): Promise<TailResult> {
    const { path, window } = this.options;
    try {
      if (this.handle === null) {
        if (!(await this.open())) return 'missing';
      }
      const { handle } = this;
      if (handle === null) return 'end';
      const room = window.reserve(CHUNK_BYTES);
      const { bytesRead } = await handle.read(room, 0, room.length, window.endPosition);
      if (bytesRead > 0) {
        window.commit(bytesRead);
        this.sawReplacement = false;
        return 'data';
      }
      return await this.atEnd(handle);
    } catch (error) {
      throw readFailure(path, error);
    }
  }

  /** Goes on with the file that has the name now, from its start. */
  async restart(): Promise<void> {
    await this.closeHandle();
    this.sawReplacement = false;
    this.options.window.reset(0);
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.closeHandle();
  }

  private async open(): Promise<boolean> {
    const { path, window, logger } = this.options;
    let handle: FileHandle;
    try {
      // Non-blocking, or opening a pipe that nobody writes to would hold up a thread.
      handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
      if (!this.saidMissing) logger.info('The file does not exist yet; waiting for it.', { file: path });
      this.saidMissing = true;
      return false;
    }
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw notRegular(path, stats.isDirectory() ? 'a folder' : 'a pipe or device');
      const { size, dev, ino } = stats;
      if (window.position > 0 && !(await this.belongs(handle, size))) {
        logger.warn(
          'The file is not the one that was read before (it was cut or replaced); reading it from its start.',
          {
            file: path,
            position: window.position,
            size,
          },
        );
        window.reset(0);
      }
      this.identity = `${dev}:${ino}`;
    } catch (error) {
      await handle.close();
      throw error;
    }
    if (this.closed) {
      await handle.close();
      return false;
    }
    this.handle = handle;
    this.saidMissing = false;
    logger.debug('Opened the file.', { file: path, position: window.position });
    return true;
  }

  /** Whether the stored position can be one of this file. */
  private async belongs(handle: FileHandle, size: number): Promise<boolean> {
    const { window, isRecordEnd } = this.options;
    const { position } = window;
    if (position >= size) return position === size;
    const around = Buffer.alloc(2);
    await handle.read(around, 0, 2, position - 1);
    const [before = 0, after = 0] = around;
    return isRecordEnd(before) || after === 10 || after === 13;
  }

  private async atEnd(handle: FileHandle): Promise<TailResult> {
    const { path, window, logger } = this.options;
    const { size } = await handle.stat();
    if (size < window.endPosition) {
      logger.warn('The file became shorter; reading it from its start.', { file: path, size });
      return 'replaced';
    }
    let now: string;
    try {
      const { dev, ino } = await stat(path);
      now = `${dev}:${ino}`;
    } catch (error) {
      // Renamed or deleted, and nothing has its name yet. Whoever wrote to it may still do so.
      if (systemCode(error) === 'ENOENT') return 'end';
      throw error;
    }
    if (now === this.identity) return 'end';
    // The writer may finish its last line after the rename: only a second look without news ends the old file.
    if (!this.sawReplacement) {
      this.sawReplacement = true;
      return 'end';
    }
    logger.info('The file was replaced; going on with the new one.', { file: path });
    return 'replaced';
  }

  private async closeHandle(): Promise<void> {
    const { handle } = this;
    this.handle = null;
    await handle?.close();
  }
}
