/** A git repository: one commit for each change, the records' bytes and files for people, restorable from every commit. */
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../foundation/clock.ts';
import { DataError } from '../../sdk/errors/kinds.ts';
import { BACKUP_DAMAGED, fullBecause } from './backup-errors.ts';
import type { BackupTarget, OpenTarget, SettledTarget, TargetWrite, WrittenBackup } from './backup-target.ts';
import { GitRepository, type Identity, SNAPSHOT_FOLDER } from './git-repository.ts';
import { withTombstones } from './lost-deletions.ts';
import { openGitSnapshot } from './open-git-snapshot.ts';
import { ReadableFiles } from './readable-files.ts';
import { openSnapshotFolder, type SnapshotFolder } from './snapshot-folder.ts';
import { SnapshotWriter } from './snapshot-writer.ts';

/** git keeps each version of a file whole at first: smaller than elsewhere. */
const FILE_BYTES = 1024 * 1024;

export interface GitTargetOptions {
  /** As it was named: `git:PATH`. */
  readonly name: string;
  readonly path: string;
  /** undefined: whom git knows, or Holdfast. */
  readonly author: Identity | undefined;
  /** With {topic}, {added}, {records}, {endOffset}, {takenAt} and {changes}. */
  readonly message: string | undefined;
  /** A remote's name or URL. */
  readonly push: string | undefined;
  readonly clock: Clock;
}

const MESSAGE = 'schemas: {added} records of {topic} up to offset {endOffset}\n\n{changes}\n';

export class GitTarget implements BackupTarget {
  readonly name: string;
  private readonly options: GitTargetOptions;

  constructor(options: GitTargetOptions) {
    this.name = options.name;
    this.options = options;
  }

  async open(signal: AbortSignal): Promise<OpenTarget> {
    const { name, path: place, clock } = this.options;
    const prove = (during: AbortSignal): Promise<void> => checkCommit({ path: place, commit: undefined }, during);
    const repository = await GitRepository.open({ place, clock, prove }, signal);
    try {
      const head = await repository.head(signal);
      const { held, damage } = await newest(repository, head);
      const warnings = damage === undefined ? [] : [`The newest commit of ${name} can't be gone on from. ${damage}`];
      return new OpenGitTarget({ repository, head, held, warnings, options: this.options });
    } catch (error) {
      await repository.close();
      throw error;
    }
  }
}

async function newest(
  repository: GitRepository,
  head: string | undefined,
): Promise<{ readonly held: SnapshotFolder | undefined; readonly damage: string | undefined }> {
  const { damage } = repository;
  if (head === undefined || damage !== undefined) return { held: undefined, damage };
  try {
    // The work tree is as the commit is: the repository saw to it.
    return { held: await openSnapshotFolder(join(repository.path, SNAPSHOT_FOLDER)), damage };
  } catch (error) {
    // A repository may have commits of others before our first.
    if ((error as { readonly cause?: { readonly code?: unknown } }).cause?.code === 'ENOENT') {
      return { held: undefined, damage };
    }
    if (error instanceof DataError) return { held: undefined, damage: error.message };
    throw error;
  }
}

/** Every file of a commit's backup; the work tree does not count. @throws DataError `holdfast.recovery.backup-damaged` */
async function checkCommit(
  place: { readonly path: string; readonly commit: string | undefined },
  signal: AbortSignal,
): Promise<void> {
  const snapshot = await openGitSnapshot(place, signal);
  try {
    await snapshot.checkFiles(signal);
  } finally {
    await snapshot.close();
  }
}

class OpenGitTarget implements OpenTarget {
  readonly isAppendOnly = false;
  readonly held: SnapshotFolder | undefined;
  readonly heldPlace: string | undefined;
  readonly warnings: readonly string[];
  private readonly head: string | undefined;
  private readonly repository: GitRepository;
  private readonly options: GitTargetOptions;

  constructor(options: {
    readonly repository: GitRepository;
    readonly head: string | undefined;
    readonly held: SnapshotFolder | undefined;
    readonly warnings: readonly string[];
    readonly options: GitTargetOptions;
  }) {
    this.repository = options.repository;
    this.head = options.head;
    this.warnings = options.warnings;
    this.held = options.held;
    this.options = options.options;
    this.heldPlace = options.held === undefined ? undefined : `${this.options.name}#${options.head}`;
  }

  /** In the work tree it may be whole where the commit is not. */
  check(signal: AbortSignal): Promise<void> {
    return checkCommit({ path: this.repository.path, commit: this.head }, signal);
  }

  async write(write: TargetWrite, signal: AbortSignal): Promise<WrittenBackup> {
    if (write.from === undefined) return this.commit(write, signal);
    try {
      return await this.commit(write, signal);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      // What was taken over is damaged. The topic still has what counts.
      const note = fullBecause(error);
      const full = { ...write, from: undefined, tombstones: [], notes: [...write.notes, note] };
      const written = await this.commit(full, signal);
      return { ...written, warnings: [...written.warnings, note] };
    }
  }

  /** HEAD moves only to what was read back from the repository. */
  private async commit(write: TargetWrite, signal: AbortSignal): Promise<WrittenBackup> {
    const { repository, options } = this;
    const { reading } = write;
    await repository.begin();
    const { snapshot, added } = await this.writeSnapshot(write, signal);
    const changes = await this.writeReadable(write, signal);
    const { topic, endOffset, records } = snapshot.facts;
    const message = filled(options.message ?? MESSAGE, {
      ...{ topic: topic?.topic ?? 'the registry', added, records, endOffset, changes },
      takenAt: new Date(reading.takenAt).toISOString(),
    });
    const isFresh = write.from === undefined && this.head !== undefined;
    const proposed = await repository.propose(
      { message, author: options.author, at: reading.takenAt, isFresh },
      signal,
    );
    const commit = proposed ?? this.head;
    const place = `${options.name}#${commit}`;
    const sha256 = await this.readBack({ commit, place }, snapshot, signal);
    if (proposed === undefined) await repository.end();
    else await repository.accept(proposed, signal);
    return { place, records, added, endOffset, sha256, warnings: [] };
  }

  private async readBack(
    { commit, place }: { readonly commit: string | undefined; readonly place: string },
    written: SnapshotFolder,
    signal: AbortSignal,
  ): Promise<string> {
    const back = await openGitSnapshot({ path: this.repository.path, commit }, signal);
    try {
      await back.check(signal);
      const { sha256 } = back.facts;
      if (sha256 === written.facts.sha256) return sha256;
      throw new DataError(`${place} does not have the records that were written to it. Run the backup again.`, {
        code: BACKUP_DAMAGED,
      });
    } finally {
      await back.close();
    }
  }

  async settle(signal: AbortSignal): Promise<SettledTarget> {
    const { push } = this.options;
    if (push !== undefined && (await this.repository.head(signal)) !== undefined) {
      await this.repository.push(push, signal);
    }
    return { removed: [], warnings: [] };
  }

  close(): Promise<void> {
    return this.repository.close();
  }

  /** What nodes told is not in it: it differs each time, and would be all that a change shows. */
  private async writeSnapshot(
    { reading, from, tombstones, broken, notes }: TargetWrite,
    signal: AbortSignal,
  ): Promise<{ readonly snapshot: SnapshotFolder; readonly added: number }> {
    const held = from === undefined ? undefined : this.held;
    const delta = await reading.from(from ?? 0, held?.facts.topic, signal);
    const { facts } = delta;
    const next = join(this.repository.path, '.holdfast-next');
    const writer = await SnapshotWriter.create({ folder: next, maxFileBytes: FILE_BYTES });
    try {
      if (held !== undefined) {
        const { files } = held.manifest;
        const last = files.at(-1);
        for (const file of files.slice(0, -1)) await writer.adopt(held.folder, file);
        // The last one grows by lines, so that a difference shows what is new.
        for await (const batch of held.records(last?.firstOffset ?? 0)) await writer.append(batch);
      }
      const kept = writer.records;
      for await (const batch of withTombstones(delta.records(from ?? 0), tombstones)) await writer.append(batch);
      const added = writer.records - kept;
      const { source, topic, endOffset, takenAt } = facts;
      const before = this.head;
      const isBreak = broken !== undefined && before !== undefined;
      await writer.finish({
        ...{ source, takenAt, topic, endOffset, notes },
        ...(isBreak ? { continuityBreak: { before, why: broken } } : {}),
      });
      const folder = join(this.repository.path, SNAPSHOT_FOLDER);
      await rm(folder, { recursive: true, force: true });
      await rename(next, folder);
      return { snapshot: await openSnapshotFolder(folder), added };
    } catch (error) {
      await writer.abort();
      throw error;
    }
  }

  private async writeReadable({ reading, from, tombstones }: TargetWrite, signal: AbortSignal): Promise<string> {
    const files = await ReadableFiles.open(this.repository.path, from === undefined);
    const delta = await reading.from(from ?? 0, this.held?.facts.topic, signal);
    for await (const batch of withTombstones(delta.records(from ?? 0), tombstones)) {
      signal.throwIfAborted();
      await files.apply(batch);
    }
    await files.finish();
    const more = files.changed - files.changes.length;
    return [...files.changes, ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
  }
}

function filled(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{([a-zA-Z]+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
