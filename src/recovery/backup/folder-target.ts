/** A folder of backups. Record files that did not change are linked from one backup to the next. */
import { join } from 'node:path';
import type { Clock } from '../../foundation/clock.ts';
import { DataError } from '../../sdk/errors/kinds.ts';
import { fullBecause } from './backup-errors.ts';
import { BackupFolder, backupName, backupsIn } from './backup-folder.ts';
import type { BackupTarget, OpenTarget, SettledTarget, TargetWrite, WrittenBackup } from './backup-target.ts';
import { expiredIn } from './expired-in.ts';
import { withTombstones } from './lost-deletions.ts';
import type { Increment, RecordsFile } from './manifest.ts';
import type { RetentionRule } from './retention-rule.ts';
import { openSnapshotFolder, type SnapshotFolder } from './snapshot-folder.ts';
import { MAX_FILE_BYTES, SnapshotWriter } from './snapshot-writer.ts';

export class FolderTarget implements BackupTarget {
  readonly name: string;
  private readonly path: string;
  private readonly keep: RetentionRule | undefined;
  private readonly clock: Clock;

  constructor(options: {
    readonly path: string;
    /** undefined: all are kept. */
    readonly keep: RetentionRule | undefined;
    readonly clock: Clock;
  }) {
    this.name = options.path;
    this.path = options.path;
    this.keep = options.keep;
    this.clock = options.clock;
  }

  async open(signal: AbortSignal): Promise<OpenTarget> {
    signal.throwIfAborted();
    const folder = await BackupFolder.open(this.path, this.clock);
    try {
      const { held, warnings } = await newestReadable(this.path);
      return new OpenFolderTarget({ folder, held, warnings, keep: this.keep });
    } catch (error) {
      await folder.close();
      throw error;
    }
  }
}

async function newestReadable(
  path: string,
): Promise<{ readonly held: SnapshotFolder | undefined; readonly warnings: readonly string[] }> {
  const warnings: string[] = [];
  for (const backup of await backupsIn(path)) {
    try {
      return { held: await openSnapshotFolder(backup.path), warnings };
    } catch (error) {
      // A backup from which the manifest was taken is damaged as well.
      warnings.push(error instanceof Error ? error.message : String(error));
    }
  }
  return { held: undefined, warnings };
}

class OpenFolderTarget implements OpenTarget {
  readonly isAppendOnly = false;
  readonly held: SnapshotFolder | undefined;
  readonly heldPlace: string | undefined;
  readonly warnings: readonly string[];
  private readonly folder: BackupFolder;
  private readonly keep: RetentionRule | undefined;
  /** Name of a backup that was read back by this run. */
  private verified: string | undefined;

  constructor(options: {
    readonly folder: BackupFolder;
    readonly held: SnapshotFolder | undefined;
    readonly warnings: readonly string[];
    readonly keep: RetentionRule | undefined;
  }) {
    this.folder = options.folder;
    this.held = options.held;
    this.heldPlace = options.held?.folder;
    this.warnings = options.warnings;
    this.keep = options.keep;
  }

  async check(signal: AbortSignal): Promise<void> {
    await this.held?.checkFiles(signal);
  }

  async write(write: TargetWrite, signal: AbortSignal): Promise<WrittenBackup> {
    const { held } = this;
    if (held === undefined || write.from === undefined)
      return this.writeNew({ ...write, from: undefined, tombstones: [] }, signal);
    try {
      return await this.writeNew(write, signal);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      // What was linked is damaged. The topic still has what counts.
      const note = fullBecause(error);
      const full = { ...write, from: undefined, tombstones: [], broken: note, notes: [...write.notes, note] };
      const written = await this.writeNew(full, signal);
      return { ...written, warnings: [...written.warnings, note] };
    }
  }

  async settle(signal: AbortSignal): Promise<SettledTarget> {
    const { keep, folder } = this;
    if (keep === undefined) return { removed: [], warnings: [] };
    const all = await backupsIn(folder.path);
    const expired = await expiredIn(folder.path, keep);
    const [newest] = all;
    if (expired.length === 0 || newest === undefined) return { removed: [], warnings: [] };
    // Never the last whole one: what stays must be seen to be whole first.
    if (newest.name !== this.verified) {
      const problem = await problemOf(newest.path, signal);
      if (problem !== undefined) {
        return { removed: [], warnings: [`No old backup was removed, because the newest is not whole: ${problem}`] };
      }
    }
    for (const { name } of expired) {
      signal.throwIfAborted();
      await folder.remove(name);
    }
    return { removed: expired.map(({ name }) => name), warnings: [] };
  }

  async close(): Promise<void> {
    await this.folder.close();
  }

  private async writeNew(write: TargetWrite, signal: AbortSignal): Promise<WrittenBackup> {
    const { reading, from, tombstones, witnesses, notes } = write;
    const held = from === undefined ? undefined : this.held;
    const added = await reading.from(from ?? 0, held?.facts.topic, signal);
    // Above all that is there, whatever the clock says, and also above what can't be read.
    const [newest] = await backupsIn(this.folder.path);
    const takenAt = Math.max(reading.takenAt, (newest?.takenAt ?? 0) + 1);
    const { facts } = added;
    const name = backupName(takenAt, facts.endOffset);
    const writer = await SnapshotWriter.create({
      folder: join(this.folder.path, name),
      floor: facts.topic?.beginOffset ?? 0,
    });
    let backup: SnapshotFolder;
    let increment: Increment | undefined;
    try {
      if (held !== undefined && from !== undefined) {
        await takeOver({ writer, held, from, bytes: bytesOf(added) }, signal);
        increment = {
          ...{ from: this.heldName(), recordsKept: writer.records, recordsTopicLost: writer.recordsBelowFloor },
          recordsAdded: 0,
        };
      }
      const before = writer.records;
      if (from === undefined) await writer.adoptAll(added);
      else {
        for await (const batch of withTombstones(added.records(from), tombstones)) {
          signal.throwIfAborted();
          await writer.append(batch);
        }
      }
      for (const witness of witnesses) await writer.addWitness(witness);
      backup = await writer.finish({
        ...{ source: facts.source, takenAt, topic: facts.topic, endOffset: facts.endOffset, notes },
        ...(write.broken === undefined || this.held === undefined
          ? {}
          : { continuityBreak: { before: await this.newestWhole(signal), why: write.broken } }),
        ...(increment === undefined ? {} : { increment: { ...increment, recordsAdded: writer.records - before } }),
      });
    } catch (error) {
      await writer.abort();
      throw error;
    }
    await this.readBack(backup, name, signal);
    const { records, endOffset, sha256 } = backup.facts;
    const { recordsAdded } = backup.manifest.increment ?? { recordsAdded: records };
    return { place: backup.folder, records, added: recordsAdded, endOffset, sha256, warnings: [] };
  }

  /** One that does not come back as it was written is none. Told to stop, it stays, as after kill -9: the next run looks through it first. */
  private async readBack(backup: SnapshotFolder, name: string, signal: AbortSignal): Promise<void> {
    try {
      await backup.check(signal);
      this.verified = name;
    } catch (error) {
      if (!signal.aborted) await this.folder.remove(name).catch(() => {});
      throw error;
    }
  }

  /** Which one a rule has to leave: the one that was held may be damaged, and an older one all that is left. */
  private async newestWhole(signal: AbortSignal): Promise<string> {
    for (const { name, path } of await backupsIn(this.folder.path)) {
      if ((await problemOf(path, signal)) === undefined) return name;
    }
    return this.heldName();
  }

  private heldName(): string {
    return this.held?.folder.split('/').at(-1) ?? '';
  }
}

/** Links the large files and writes the small ones anew, together: their number stays near the logarithm of what is kept. */
async function takeOver(
  options: {
    readonly writer: SnapshotWriter;
    readonly held: SnapshotFolder;
    readonly from: number;
    /** How much is new. */
    readonly bytes: number;
  },
  signal: AbortSignal,
): Promise<void> {
  const { writer, held, from } = options;
  const { files } = held.manifest;
  const linked = filesToLink(files, options.bytes);
  for (const file of linked) {
    signal.throwIfAborted();
    await writer.adopt(held.folder, file);
  }
  const next = files[linked.length];
  if (next === undefined) return;
  for await (const batch of held.records(next.firstOffset)) {
    signal.throwIfAborted();
    await writer.append(batch.filter(({ offset }) => offset < from));
  }
}

/** @param bytes how much comes after them */
export function filesToLink(files: readonly RecordsFile[], bytes: number): readonly RecordsFile[] {
  let count = files.length;
  let tail = Math.max(bytes, 1);
  for (let last = files[count - 1]; last !== undefined; last = files[count - 1]) {
    if (last.bytes >= MAX_FILE_BYTES / 2 || last.bytes > 2 * tail) break;
    tail += last.bytes;
    count--;
  }
  return files.slice(0, count);
}

function bytesOf({ manifest }: SnapshotFolder): number {
  return manifest.files.reduce((sum, { bytes }) => sum + bytes, 0);
}

async function problemOf(path: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    await (await openSnapshotFolder(path)).check(signal);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return (error as Error).message;
  }
}
