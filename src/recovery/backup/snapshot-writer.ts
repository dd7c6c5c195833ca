/**
 * Writes a snapshot into a folder that is there whole or not at all: under a temporary name beside it, every file synced, then renamed.
 * After kill -9 only `.<name>.tmp-*` is left, which no reader looks at.
 */
import { createHash, type Hash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, copyFile, link, open, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeFolder } from '../../foundation/make-folder.ts';
import { DataError, EnvironmentError } from '../../sdk/errors/kinds.ts';
import type { RawRecord } from '../records/raw-record.ts';
import type { RestWitness } from '../snapshot/rest-witness.ts';
import type { ContinuityBreak, SnapshotFacts } from '../snapshot/snapshot.ts';
import { BACKUP_FAILED } from './backup-errors.ts';
import { KeySet } from './key-set.ts';
import { LinesFile } from './lines-file.ts';
import {
  type BackupManifest,
  type Increment,
  MANIFEST_FILE,
  manifestText,
  type RecordsFile,
  type WitnessFile,
} from './manifest.ts';
import { recordLine } from './record-line.ts';
import { RecordsFileReader } from './records-file-reader.ts';
import { openSnapshotFolder, type SnapshotFolder } from './snapshot-folder.ts';
import { subjectOfKey } from './subject-of-key.ts';
import { syncFolder } from './sync-folder.ts';
import { writeWitness } from './witness-file.ts';

/** A file ends with the record that reaches it. */
export const MAX_FILE_BYTES = 32 * 1024 * 1024;

export interface FinishedFacts extends Pick<SnapshotFacts, 'source' | 'takenAt' | 'topic'> {
  /** Those of the records, and 0 for none, unless told. */
  readonly beginOffset?: number;
  readonly endOffset?: number;
  readonly increment?: Increment;
  readonly continuityBreak?: ContinuityBreak;
  readonly notes?: readonly string[];
}

export class SnapshotWriter {
  /** Where it will be. */
  readonly folder: string;
  private readonly temporary: string;
  private readonly maxFileBytes: number;
  private readonly floor: number;
  private readonly onClose: (() => Promise<void>) | undefined;
  private readonly whole: Hash = createHash('sha256');
  private readonly subjects = new KeySet();
  private lastSubject: string | undefined;
  private readonly files: RecordsFile[] = [];
  private readonly witnessFiles: WitnessFile[] = [];
  private current: { readonly file: LinesFile; readonly firstOffset: number; records: number } | undefined;
  private first = -1;
  private last = -1;
  private count = 0;
  private below = 0;
  /** Has all the records, where they were taken over as a whole. */
  private adopted: BackupManifest | undefined;

  private constructor(options: {
    readonly folder: string;
    readonly temporary: string;
    readonly maxFileBytes: number;
    readonly floor: number;
    readonly onClose: (() => Promise<void>) | undefined;
  }) {
    this.folder = options.folder;
    this.temporary = options.temporary;
    this.maxFileBytes = options.maxFileBytes;
    this.floor = options.floor;
    this.onClose = options.onClose;
  }

  /**
   * @param options.folder must not be there; the one above it is made
   * @param options.floor records below it are counted apart; 0 unless told
   * @param options.onClose of the snapshot that comes out of it
   */
  static async create(options: {
    readonly folder: string;
    readonly maxFileBytes?: number;
    readonly floor?: number;
    readonly onClose?: () => Promise<void>;
  }): Promise<SnapshotWriter> {
    const { folder, maxFileBytes = MAX_FILE_BYTES, floor = 0, onClose } = options;
    const temporary = join(dirname(folder), `.${basename(folder)}.tmp-${randomUUID()}`);
    await makeFolder(temporary, 0o700).catch((cause: unknown) => {
      throw failed(folder, cause);
    });
    return new SnapshotWriter({ folder, temporary, maxFileBytes, floor, onClose });
  }

  /** The last record's offset; -1: none yet. */
  get lastOffset(): number {
    return this.last;
  }

  get records(): number {
    return this.count;
  }

  get recordsBelowFloor(): number {
    return this.below;
  }

  /** @param records in offset order, above all before; their bytes may be reused when it resolves */
  async append(records: readonly RawRecord[]): Promise<void> {
    for (const record of records) {
      this.checkOrder(record.offset);
      const { text, digest } = recordLine(record);
      this.current ??= await this.newFile(record.offset);
      const { current } = this;
      const isFull = current.file.add(text);
      current.records++;
      this.took(record, digest);
      if (isFull) await this.guarded(() => current.file.flush());
      if (current.file.bytes >= this.maxFileBytes) await this.endFile();
    }
  }

  /**
   * Takes over a whole file of an earlier snapshot, linked where that works; every record is checked.
   * @throws DataError `holdfast.recovery.backup-damaged`
   */
  async adopt(folder: string, file: RecordsFile): Promise<void> {
    await this.endFile();
    this.checkOrder(file.firstOffset);
    for await (const lines of new RecordsFileReader({ folder, file }).read()) {
      for (const { record, digest } of lines) this.took(record, digest);
    }
    await this.guarded(() => linkOrCopy(join(folder, file.name), join(this.temporary, file.name)));
    this.files.push(file);
  }

  /**
   * Takes over all records of a snapshot that this very process has written, as they are: nothing may come before or behind them. Files are
   * copied, so that damage of one does not reach the other.
   */
  async adoptAll({ folder, manifest }: SnapshotFolder): Promise<void> {
    this.checkOrder(manifest.beginOffset);
    for (const file of manifest.files) {
      await this.guarded(() => copyWhole(join(folder, file.name), join(this.temporary, file.name)));
      this.files.push(file);
    }
    this.first = manifest.files[0]?.firstOffset ?? -1;
    this.last = manifest.files.at(-1)?.lastOffset ?? -1;
    this.count = manifest.records;
    this.adopted = manifest;
  }

  async addWitness(witness: RestWitness): Promise<void> {
    const name = `witness-${this.witnessFiles.length + 1}.ndjson`;
    this.witnessFiles.push(await this.guarded(() => writeWitness(this.temporary, name, witness)));
  }

  /** The snapshot is there and durable when it resolves. */
  async finish(facts: FinishedFacts): Promise<SnapshotFolder> {
    await this.endFile();
    const { source, takenAt, topic, increment, continuityBreak, notes = [] } = facts;
    const beginOffset = facts.beginOffset ?? topic?.beginOffset ?? Math.max(this.first, 0);
    const manifest: BackupManifest = {
      ...{ source, takenAt, topic, records: this.count },
      beginOffset: this.first === -1 ? beginOffset : Math.min(this.first, beginOffset),
      endOffset: Math.max(facts.endOffset ?? topic?.endOffset ?? 0, this.last + 1),
      ...{ sha256: this.adopted?.sha256 ?? this.whole.digest('hex'), increment, notes },
      ...(continuityBreak === undefined ? {} : { continuityBreak }),
      subjects: this.adopted?.subjects ?? this.subjects.size,
      ...{ files: this.files, witnesses: this.witnessFiles },
    };
    await this.guarded(async () => {
      const path = join(this.temporary, MANIFEST_FILE);
      await writeFile(path, manifestText(manifest), { flag: 'wx', mode: 0o600 });
      await syncFile(path);
      await syncFolder(this.temporary);
      await rename(this.temporary, this.folder);
      await syncFolder(dirname(this.folder));
    });
    return openSnapshotFolder(this.folder, this.onClose);
  }

  /** Leaves nothing. Harmless after {@link finish}. */
  async abort(): Promise<void> {
    await this.current?.file.abort();
    this.current = undefined;
    await rm(this.temporary, { recursive: true, force: true });
  }

  private checkOrder(offset: number): void {
    if (offset > this.last) return;
    throw new DataError(
      `Records must come in the order of their offsets: ${offset} came after ${this.last}. Nothing was written to ${this.folder}.`,
      { code: BACKUP_FAILED },
    );
  }

  private took(record: RawRecord, digest: Buffer): void {
    this.whole.update(digest);
    const subject = subjectOfKey(record.key);
    if (subject !== undefined && subject !== this.lastSubject) {
      this.subjects.add(Buffer.from(subject));
      this.lastSubject = subject;
    }
    if (this.first === -1) this.first = record.offset;
    this.last = record.offset;
    this.count++;
    if (record.offset < this.floor) this.below++;
  }

  private async newFile(firstOffset: number): Promise<NonNullable<SnapshotWriter['current']>> {
    const name = `records-${String(firstOffset).padStart(16, '0')}.ndjson`;
    return { file: await this.guarded(() => LinesFile.create(this.temporary, name)), firstOffset, records: 0 };
  }

  private async endFile(): Promise<void> {
    const { current } = this;
    if (current === undefined) return;
    this.current = undefined;
    const { file, firstOffset, records } = current;
    const { bytes, sha256 } = await this.guarded(() => file.finish());
    this.files.push({ name: file.name, firstOffset, lastOffset: this.last, records, bytes, sha256 });
  }

  private async guarded<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (cause) {
      throw failed(this.folder, cause);
    }
  }
}

function failed(folder: string, cause: unknown): EnvironmentError {
  return new EnvironmentError(
    `The backup ${folder} could not be written: ${(cause as Error).message}. Nothing was left; see to it and run it again.`,
    { code: BACKUP_FAILED, cause },
  );
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch {
    // Another file system, or one without links.
    await copyWhole(from, to);
  }
}

async function copyWhole(from: string, to: string): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  await chmod(to, 0o600);
  await syncFile(to);
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
