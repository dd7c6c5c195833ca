/**
 * Source offsets in one file, rewritten whole at each flush like Kafka Connect's standalone worker does, but crash-safe: a reader finds
 * the old or the new content and never half of one. The format is offset-file.ts's.
 *
 * A file that Kafka Connect's standalone worker wrote is taken over at the start: it stays beside ours as `<file>.kafka-connect`, and
 * ours takes its place. `holdfast offsets export` makes one for the way back.
 *
 * From start to stop the file is nobody else's (offset-file-lock.ts).
 */
import { readFile } from 'node:fs/promises';
import type { FolderLock } from '../broker/embedded/folder-lock.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { defineErrorCode } from '../sdk/errors/codes.ts';
import { ConfigError, EnvironmentError, IllegalStateError } from '../sdk/errors/kinds.ts';
import { decodeJavaOffsets, isJavaSerialized } from './java-offset-file.ts';
import type { OffsetBackingStore } from './offset-backing-store.ts';
import { decodeOffsetFile, encodeOffsetFile } from './offset-file.ts';
import { lockOffsetFile } from './offset-file-lock.ts';
import { checkOffsetFilePlace } from './offset-file-place.ts';
import { NotDurableError, replaceFile, syncFolder, whyNotReplaced } from './replace-file.ts';

export const OFFSET_FILE_UNREADABLE = defineErrorCode('holdfast.storage.offset.file-unreadable', {
  what: 'The offset file is there, but it is damaged, of a newer format, or not an offset file of Holdfast.',
  mend: 'Name another offset.storage.file.filename, or restore the file from a backup; it is never overwritten.',
});

export const OFFSET_FILE_UNWRITABLE = defineErrorCode('holdfast.storage.offset.file-unwritable', {
  what: 'The offset file could not be written: the disk is full, or the folder may not be written to.',
  mend: 'Make room or set permissions. Records flow on; offsets are written again at the next interval.',
});

/** What a taken-over file of Kafka Connect is kept as. */
const KEPT_AS = '.kafka-connect';

export class FileOffsetBackingStore implements OffsetBackingStore {
  private readonly path: string;
  private readonly logger: Logger;
  private readonly clock: Clock;
  private readonly sync: (folder: string) => Promise<void>;
  private lock: FolderLock | null = null;
  private committed = new Map<string, string>();
  private pending: { readonly entries: ReadonlyMap<string, string | null>; readonly done: (error?: Error) => void }[] =
    [];
  private writing: Promise<void> | null = null;
  private isStopped = false;

  /** @param options.sync makes what was renamed in a folder durable; {@link syncFolder} by default */
  constructor(options: {
    readonly path: string;
    readonly logger: Logger;
    readonly clock: Clock;
    readonly sync?: (folder: string) => Promise<void>;
  }) {
    this.path = options.path;
    this.logger = options.logger;
    this.clock = options.clock;
    this.sync = options.sync ?? syncFolder;
  }

  /** @throws ConfigError `holdfast.storage.offset.file-place`, `….file-locked`, `….file-unreadable` */
  async start(): Promise<void> {
    this.isStopped = false;
    await checkOffsetFilePlace(this.path);
    await this.claim();
    try {
      await this.load();
    } catch (error) {
      await this.release();
      throw error;
    }
  }

  private async load(): Promise<void> {
    let content: Buffer;
    try {
      content = await readFile(this.path);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw this.unreadable(`it can't be read: ${(cause as Error).message}`, cause);
    }
    this.committed = isJavaSerialized(content) ? await this.takeOver(content) : this.parse(content);
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
    if (this.isStopped) {
      return Promise.reject(
        new IllegalStateError(`Offsets were not written to ${this.path}: the worker has closed the file.`),
      );
    }
    return new Promise((resolve, reject) => {
      this.pending.push({ entries, done: (error) => (error === undefined ? resolve() : reject(error)) });
      this.writing ??= this.writeAll();
    });
  }

  async stop(): Promise<void> {
    // What comes from now on is refused: the file may be another worker's soon.
    this.isStopped = true;
    await this.writing;
    await this.release();
  }

  private async claim(): Promise<void> {
    const remedy = 'set another offset.storage.file.filename for this one';
    try {
      this.lock = await lockOffsetFile(this.path, this.clock, remedy);
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      // A folder that takes no claim takes no offsets either: records flow on, as with every write that fails.
      this.logger.warn('The offset file could not be locked. Make sure that no other worker uses it.', {
        path: this.path,
        err: error,
      });
    }
  }

  private async release(): Promise<void> {
    const { lock } = this;
    this.lock = null;
    await lock?.release();
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
        await replaceFile(this.path, encodeOffsetFile(next), this.sync);
        this.committed = next;
        for (const { done } of group) done();
      } catch (cause) {
        // What the next start would read is what is known from here on, although nobody may rely on it yet.
        if (cause instanceof NotDurableError) this.committed = next;
        const error = new EnvironmentError(
          `The offset file ${this.path} could not be written: ${whyNotReplaced(cause)}`,
          { code: OFFSET_FILE_UNWRITABLE, cause },
        );
        for (const { done } of group) done(error);
      }
    }
    // Here and not in a `finally`: a call that comes after the last look at `pending` must start a new run.
    this.writing = null;
  }

  /** Kept first, so that whatever happens in between, the next start finds the file of Kafka Connect again. */
  private async takeOver(content: Buffer): Promise<Map<string, string>> {
    const kept = `${this.path}${KEPT_AS}`;
    let offsets: Map<string, string>;
    try {
      offsets = decodeJavaOffsets(content);
    } catch (cause) {
      throw this.unreadable((cause as Error).message, cause);
    }
    try {
      await replaceFile(kept, [content]);
      await replaceFile(this.path, encodeOffsetFile(offsets));
    } catch (cause) {
      throw this.unreadable(`its offsets can't be taken over: ${whyNotReplaced(cause)}`, cause);
    }
    this.logger.info("Took over the offsets of Kafka Connect's standalone worker; its file is kept.", {
      path: this.path,
      kept,
      offsets: offsets.size,
    });
    return offsets;
  }

  private parse(content: Buffer): Map<string, string> {
    const offsets = decodeOffsetFile(content);
    if (typeof offsets === 'string') throw this.unreadable(offsets);
    return offsets;
  }

  private unreadable(why: string, cause?: unknown): ConfigError {
    return new ConfigError(
      `The offset file ${this.path} can't be used: ${why.replace(/\.$/, '')}. Name another file in offset.storage.file.filename, or restore this one; it was left as it is.`,
      { code: OFFSET_FILE_UNREADABLE, cause },
    );
  }
}
