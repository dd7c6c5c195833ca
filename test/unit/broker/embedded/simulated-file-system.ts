import { basename, dirname } from 'node:path';
import type { FileSystem, OpenFile } from '../../../../src/broker/embedded/file-system.ts';

/** What a disk writes as one. */
const SECTOR_BYTES = 512;

type ContentChange =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly size: number };

type NameChange = { readonly sets: readonly (readonly [string, Node])[]; readonly removes: readonly string[] };

class FileNode {
  cached = Buffer.alloc(0);
  durable = Buffer.alloc(0);
  pending: ContentChange[] = [];
}

class FolderNode {
  cached = new Map<string, Node>();
  durable = new Map<string, Node>();
  pending: NameChange[] = [];
}

type Node = FileNode | FolderNode;

/** A call that a test may fail. `bytes` of a write tell how much was asked for. */
export interface FileSystemCall {
  readonly kind:
    | 'open'
    | 'write'
    | 'read'
    | 'sync'
    | 'truncate'
    | 'rename'
    | 'unlink'
    | 'mkdir'
    | 'rmdir'
    | 'readdir'
    | 'syncDirectory';
  readonly path: string;
}

export function ioError(code: string, call: FileSystemCall): Error {
  return Object.assign(new Error(`${code}: ${call.kind} '${call.path}'`), { code });
}

/**
 * A disk with a cache that a power loss takes away. Nothing is durable before its sync: at a power loss each sector of each
 * unsynced write, each unsynced truncation and each unsynced change of a name is kept or lost by the toss of a coin, so later
 * ones may survive earlier ones. A sync that fails behaves as Linux does: the cache keeps showing the bytes, but nothing writes
 * them any more.
 */
export class SimulatedFileSystem implements FileSystem {
  /** Called before each call; what it returns is thrown. A write that fails has written a part before. */
  fail: (call: FileSystemCall) => Error | null = () => null;
  /** So many calls from now the machine stops: no call returns any more. */
  callsLeft = Number.POSITIVE_INFINITY;
  calls: FileSystemCall[] = [];
  /** Files opened and not closed. */
  openFiles = 0;
  private root = new FolderNode();
  private stop: () => void = () => {};
  /** Resolves when the machine stopped. */
  readonly stopped = new Promise<void>((resolve) => {
    this.stop = resolve;
  });

  /** A new machine with what is on this one's disk after a power loss. `random` is from 0 to 1. */
  afterPowerLoss(random: () => number): SimulatedFileSystem {
    this.callsLeft = 0;
    const next = new SimulatedFileSystem();
    next.root = survivorsOfFolder(this.root, random, new Map());
    return next;
  }

  async open(path: string, mode: 'read' | 'write' | 'create'): Promise<OpenFile> {
    await this.enter({ kind: 'open', path });
    const folder = this.folder(dirname(path));
    let node = folder.cached.get(basename(path));
    if (node === undefined && mode === 'create') {
      node = new FileNode();
      change(folder, { sets: [[basename(path), node]], removes: [] });
    }
    if (!(node instanceof FileNode)) throw ioError('ENOENT', { kind: 'open', path });
    return this.handle(node, path);
  }

  private handle(node: FileNode, path: string): OpenFile {
    this.openFiles++;
    let isOpen = true;
    return {
      write: async (buffers, position) => {
        const bytes = Buffer.concat(buffers);
        const call: FileSystemCall = { kind: 'write', path };
        const error = await this.enterOr(call);
        const part = error === null ? bytes : bytes.subarray(0, Math.floor(bytes.length / 2));
        applyTo(node, { kind: 'write', position, bytes: Buffer.from(part) });
        if (error !== null) throw error;
      },
      read: async (into, position) => {
        await this.enter({ kind: 'read', path });
        return node.cached.copy(into, 0, position, Math.min(node.cached.length, position + into.length));
      },
      datasync: () => this.syncFile(node, path),
      sync: () => this.syncFile(node, path),
      truncate: async (size) => {
        await this.enter({ kind: 'truncate', path });
        applyTo(node, { kind: 'truncate', size });
      },
      size: async () => {
        await this.enter({ kind: 'read', path });
        return node.cached.length;
      },
      close: async () => {
        if (isOpen) this.openFiles--;
        isOpen = false;
      },
    };
  }

  private async syncFile(node: FileNode, path: string): Promise<void> {
    const error = await this.enterOr({ kind: 'sync', path });
    const changes = node.pending;
    node.pending = [];
    if (error !== null) throw error;
    for (const each of changes) node.durable = applied(node.durable, each);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.enter({ kind: 'rename', path: to });
    const folder = this.folder(dirname(from));
    const node = folder.cached.get(basename(from));
    if (node === undefined) throw ioError('ENOENT', { kind: 'rename', path: from });
    change(folder, { sets: [[basename(to), node]], removes: [basename(from)] });
  }

  async unlink(path: string): Promise<void> {
    await this.enter({ kind: 'unlink', path });
    const folder = this.folder(dirname(path));
    if (!folder.cached.has(basename(path))) throw ioError('ENOENT', { kind: 'unlink', path });
    change(folder, { sets: [], removes: [basename(path)] });
  }

  async mkdir(path: string): Promise<void> {
    await this.enter({ kind: 'mkdir', path });
    let folder = this.root;
    for (const name of namesOf(path)) {
      let child = folder.cached.get(name);
      if (child === undefined) {
        child = new FolderNode();
        change(folder, { sets: [[name, child]], removes: [] });
      }
      if (!(child instanceof FolderNode)) throw ioError('ENOTDIR', { kind: 'mkdir', path });
      folder = child;
    }
  }

  async rmdir(path: string): Promise<void> {
    await this.enter({ kind: 'rmdir', path });
    if (this.folder(path).cached.size > 0) throw ioError('ENOTEMPTY', { kind: 'rmdir', path });
    change(this.folder(dirname(path)), { sets: [], removes: [basename(path)] });
  }

  async readdir(path: string): Promise<string[]> {
    await this.enter({ kind: 'readdir', path });
    return [...this.folder(path).cached.keys()];
  }

  async syncDirectory(path: string): Promise<void> {
    const error = await this.enterOr({ kind: 'syncDirectory', path });
    const folder = this.folder(path);
    const changes = folder.pending;
    folder.pending = [];
    if (error !== null) throw error;
    for (const each of changes) applyNames(folder.durable, each);
  }

  /** What is in a file now, without a sync. */
  contentOf(path: string): Buffer {
    const node = this.folder(dirname(path)).cached.get(basename(path));
    if (!(node instanceof FileNode)) throw new Error(`no file ${path}`);
    return Buffer.from(node.cached);
  }

  /** Puts a file there, durably. */
  place(path: string, content: Buffer): void {
    const node = new FileNode();
    node.cached = node.durable = Buffer.from(content);
    const folder = this.folder(dirname(path));
    folder.cached.set(basename(path), node);
    folder.durable.set(basename(path), node);
  }

  /** A machine of its own with all of this one's cache on its disk. */
  copy(): SimulatedFileSystem {
    const next = new SimulatedFileSystem();
    next.root = copyOfFolder(this.root);
    return next;
  }

  namesIn(path: string): string[] {
    return [...this.folder(path).cached.keys()].sort();
  }

  private folder(path: string): FolderNode {
    let folder = this.root;
    for (const name of namesOf(path)) {
      const child = folder.cached.get(name);
      if (!(child instanceof FolderNode)) throw ioError('ENOENT', { kind: 'open', path });
      folder = child;
    }
    return folder;
  }

  private async enter(call: FileSystemCall): Promise<void> {
    const error = await this.enterOr(call);
    if (error !== null) throw error;
  }

  private async enterOr(call: FileSystemCall): Promise<Error | null> {
    if (this.callsLeft-- <= 0) {
      this.stop();
      await new Promise(() => {});
    }
    this.calls.push(call);
    await Promise.resolve();
    return this.fail(call);
  }
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name.length > 0);
}

function applyTo(node: FileNode, each: ContentChange): void {
  node.cached = applied(node.cached, each);
  node.pending.push(each);
}

function applied(content: Buffer, each: ContentChange): Buffer<ArrayBuffer> {
  const size = each.kind === 'truncate' ? each.size : Math.max(content.length, each.position + each.bytes.length);
  const next = Buffer.alloc(size);
  content.copy(next);
  if (each.kind === 'write') each.bytes.copy(next, each.position);
  return next;
}

function change(folder: FolderNode, each: NameChange): void {
  applyNames(folder.cached, each);
  folder.pending.push(each);
}

function applyNames(names: Map<string, Node>, each: NameChange): void {
  for (const name of each.removes) names.delete(name);
  for (const [name, node] of each.sets) names.set(name, node);
}

function survivorsOfFolder(folder: FolderNode, random: () => number, seen: Map<Node, Node>): FolderNode {
  const names = new Map(folder.durable);
  for (const each of folder.pending) if (random() < 0.5) applyNames(names, each);
  const survivor = new FolderNode();
  for (const [name, node] of names) {
    let copy = seen.get(node);
    if (copy === undefined) {
      copy = node instanceof FileNode ? survivorsOfFile(node, random) : survivorsOfFolder(node, random, seen);
      seen.set(node, copy);
    }
    survivor.cached.set(name, copy);
    survivor.durable.set(name, copy);
  }
  return survivor;
}

function survivorsOfFile(file: FileNode, random: () => number): FileNode {
  let content = file.durable;
  for (const each of file.pending) {
    if (each.kind === 'truncate') {
      if (random() < 0.5) content = applied(content, each);
      continue;
    }
    for (let at = 0; at < each.bytes.length; ) {
      const end = Math.min(each.bytes.length, at + SECTOR_BYTES - ((each.position + at) % SECTOR_BYTES));
      const piece: ContentChange = { kind: 'write', position: each.position + at, bytes: each.bytes.subarray(at, end) };
      if (random() < 0.5) content = applied(content, piece);
      at = end;
    }
  }
  const survivor = new FileNode();
  survivor.cached = survivor.durable = Buffer.from(content);
  return survivor;
}

function copyOfFolder(folder: FolderNode): FolderNode {
  const copy = new FolderNode();
  for (const [name, node] of folder.cached) {
    let twin: Node;
    if (node instanceof FolderNode) twin = copyOfFolder(node);
    else {
      twin = new FileNode();
      twin.cached = twin.durable = Buffer.from(node.cached);
    }
    copy.cached.set(name, twin);
    copy.durable.set(name, twin);
  }
  return copy;
}
