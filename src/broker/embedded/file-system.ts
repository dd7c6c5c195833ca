import { constants, promises } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder as makeFolderHere } from '../../foundation/make-folder.ts';

/**
 * What the embedded broker asks of a file system. A port, so that tests can lose what was not synced, fill the disk and break
 * a sync.
 *
 * What is durable: bytes of a file after `datasync` or `sync` of that file; the names in a folder (creations, renames,
 * removals) after `syncDirectory` of that folder. Everything else may be there after a power loss, or not, or in part.
 * A call once begun can't be taken back, so there are no signals here; whoever waits for one gives up waiting instead.
 */
export interface FileSystem {
  /** `create` makes the file if it isn't there; the others reject with ENOENT. */
  open(path: string, mode: 'read' | 'write' | 'create'): Promise<OpenFile>;
  /** Replaces what `to` names. */
  rename(from: string, to: string): Promise<void>;
  /** Rejects with ENOENT when there is none. */
  unlink(path: string): Promise<void>;
  /** Creates the folder and those above it. */
  mkdir(path: string): Promise<void>;
  /** Removes an empty folder. */
  rmdir(path: string): Promise<void>;
  /** Names in the folder, unordered. */
  readdir(path: string): Promise<string[]>;
  /** Makes the names in the folder durable. */
  syncDirectory(path: string): Promise<void>;
}

/** An open file. Positions and sizes are bytes. */
export interface OpenFile {
  /** Writes all of the buffers one after another, or rejects having written any part of them. */
  write(buffers: readonly Uint8Array[], position: number): Promise<void>;
  /** Reads as much of `into` as there is; returns how much. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Makes the bytes and the size durable, off the main thread. */
  datasync(): Promise<void>;
  /** As `datasync`, with all metadata. */
  sync(): Promise<void>;
  truncate(size: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/** Buffers in one call of writev; POSIX guarantees at least 16, Linux has 1024. */
const MAX_BUFFERS = 512;

class NodeFile implements OpenFile {
  private readonly handle: FileHandle;

  constructor(handle: FileHandle) {
    this.handle = handle;
  }

  async write(buffers: readonly Uint8Array[], position: number): Promise<void> {
    let at = position;
    for (let first = 0; first < buffers.length; first += MAX_BUFFERS) {
      const some = buffers.slice(first, first + MAX_BUFFERS);
      const { bytesWritten } = await this.handle.writev(some, at);
      at += bytesWritten;
      // A short write is legal, and is what a disk that is nearly full answers first.
      let written = bytesWritten;
      for (const buffer of some) {
        let done = Math.min(written, buffer.length);
        written -= done;
        while (done < buffer.length) {
          const rest = await this.handle.write(buffer, done, buffer.length - done, at);
          done += rest.bytesWritten;
          at += rest.bytesWritten;
        }
      }
    }
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    let done = 0;
    while (done < into.length) {
      const { bytesRead } = await this.handle.read(into, done, into.length - done, position + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  }

  async datasync(): Promise<void> {
    await this.handle.datasync();
  }

  async sync(): Promise<void> {
    await this.handle.sync();
  }

  async truncate(size: number): Promise<void> {
    await this.handle.truncate(size);
  }

  async size(): Promise<number> {
    return (await this.handle.stat()).size;
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

const FLAGS = {
  read: constants.O_RDONLY,
  write: constants.O_RDWR,
  create: constants.O_RDWR | constants.O_CREAT,
} as const;

/** The file system of the machine. */
export const nodeFileSystem: FileSystem = {
  async open(path, mode) {
    return new NodeFile(await open(path, FLAGS[mode], 0o640));
  },
  rename: (from, to) => promises.rename(from, to),
  unlink: (path) => promises.unlink(path),
  mkdir: (path) => makeFolderHere(path),
  rmdir: (path) => promises.rmdir(path),
  readdir: (path) => promises.readdir(path),
  async syncDirectory(path) {
    // Windows has no such call, and keeps names durable by its own journal.
    if (process.platform === 'win32') return;
    const handle = await open(path, constants.O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

/** The code of a failed call, such as `ENOSPC`. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The whole of a file, or null when there is none. */
export async function readWhole(fileSystem: FileSystem, path: string): Promise<Buffer | null> {
  let file: OpenFile;
  try {
    file = await fileSystem.open(path, 'read');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
  try {
    const bytes = Buffer.allocUnsafe(await file.size());
    return bytes.subarray(0, await file.read(bytes, 0));
  } finally {
    await file.close();
  }
}

/** Removes a file if it is there. */
export async function removeIfThere(fileSystem: FileSystem, path: string): Promise<boolean> {
  try {
    await fileSystem.unlink(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Makes a folder and those above it, durably as far as this user may. */
export async function makeFolder(fileSystem: FileSystem, path: string): Promise<void> {
  await fileSystem.mkdir(path);
  for (let child = path, parent = dirname(path); parent !== child; child = parent, parent = dirname(parent)) {
    try {
      await fileSystem.syncDirectory(parent);
    } catch (error) {
      // Others' folders: what may not be opened was not made here.
      if (!['EACCES', 'EPERM', 'EINVAL', 'EROFS'].includes(errnoOf(error) ?? '')) throw error;
    }
  }
}
