/** A backup in a folder, read as a snapshot. Nothing in it is ever changed. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '../../sdk/errors/kinds.ts';
import type { RawRecord } from '../records/raw-record.ts';
import type { RestWitness } from '../snapshot/rest-witness.ts';
import type { Snapshot, SnapshotFacts } from '../snapshot/snapshot.ts';
import { BACKUP_DAMAGED, unreadable } from './backup-errors.ts';
import { fileSha256 } from './file-sha256.ts';
import { type BackupManifest, readManifest } from './manifest.ts';
import { RecordsFileReader } from './records-file-reader.ts';
import { readWitness } from './witness-file.ts';

const BATCH_RECORDS = 256;
const BATCH_BYTES = 1024 * 1024;

export class SnapshotFolder implements Snapshot {
  readonly facts: SnapshotFacts;
  readonly manifest: BackupManifest;
  readonly folder: string;
  private readonly files: readonly RecordsFileReader[];
  private readonly onClose: () => Promise<void>;

  constructor(options: {
    readonly folder: string;
    readonly manifest: BackupManifest;
    readonly onClose?: () => Promise<void>;
  }) {
    const { folder, manifest, onClose } = options;
    this.folder = folder;
    this.manifest = manifest;
    const { source, takenAt, topic, records, beginOffset, endOffset, sha256, continuityBreak } = manifest;
    this.facts = {
      ...{ source, takenAt, topic, records, beginOffset, endOffset, sha256 },
      ...(continuityBreak === undefined ? {} : { continuityBreak }),
    };
    this.files = manifest.files.map((file) => new RecordsFileReader({ folder, file }));
    this.onClose = onClose ?? (() => Promise.resolve());
  }

  async *records(from = 0): AsyncGenerator<readonly RawRecord[]> {
    let batch: RawRecord[] = [];
    let bytes = 0;
    for (const file of this.files) {
      if (file.facts.lastOffset < from) continue;
      for await (const lines of file.read(from)) {
        for (const { record } of lines) {
          batch.push(record);
          bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0);
          if (batch.length < BATCH_RECORDS && bytes < BATCH_BYTES) continue;
          yield batch;
          batch = [];
          bytes = 0;
        }
      }
    }
    if (batch.length > 0) yield batch;
  }

  async at(offsets: readonly number[]): Promise<readonly (RawRecord | undefined)[]> {
    const found: (RawRecord | undefined)[] = [];
    for (const file of this.files) {
      const { firstOffset, lastOffset } = file.facts;
      while (found.length < offsets.length && (offsets[found.length] as number) < firstOffset) found.push(undefined);
      const begin = found.length;
      let end = begin;
      while (end < offsets.length && (offsets[end] as number) <= lastOffset) end++;
      if (end > begin) found.push(...(await file.at(offsets.slice(begin, end))));
    }
    while (found.length < offsets.length) found.push(undefined);
    return found;
  }

  async *witnesses(): AsyncGenerator<RestWitness> {
    for (const file of this.manifest.witnesses) yield await readWitness(join(this.folder, file.name), file);
  }

  /**
   * Reads everything and compares every digest: of records, files and the whole.
   * @param onProgress with the records that were read so far
   * @throws DataError `holdfast.recovery.backup-damaged`, naming file and line
   */
  async check(signal?: AbortSignal, onProgress?: (records: number) => void): Promise<void> {
    const whole = createHash('sha256');
    let read = 0;
    for (const file of this.files) {
      for await (const lines of file.read()) {
        signal?.throwIfAborted();
        whole.update(Buffer.concat(lines.map(({ digest }) => digest)));
        read += lines.length;
        onProgress?.(read);
      }
      await this.checkFile(file.facts);
    }
    for (const file of this.manifest.witnesses) await this.checkFile(file);
    const sha256 = whole.digest('hex');
    if (sha256 === this.facts.sha256) return;
    throw new DataError(
      `The backup is damaged: the records in ${this.folder} have the sha256 ${sha256}, but its manifest says ` +
        `${this.facts.sha256}. Use another copy or an older backup.`,
      { code: BACKUP_DAMAGED },
    );
  }

  /** As {@link check}, but of files only, which is some ten times as fast. */
  async checkFiles(signal?: AbortSignal): Promise<void> {
    for (const file of [...this.manifest.files, ...this.manifest.witnesses]) {
      signal?.throwIfAborted();
      await this.checkFile(file);
    }
  }

  close(): Promise<void> {
    return this.onClose();
  }

  private async checkFile(file: {
    readonly name: string;
    readonly bytes: number;
    readonly sha256: string;
  }): Promise<void> {
    const path = join(this.folder, file.name);
    const { size, sha256 } = await sizeAndSha256(path, file.bytes).catch((cause: unknown) => {
      throw unreadable(path, cause);
    });
    if (size === file.bytes && sha256 === file.sha256) return;
    throw new DataError(
      `The backup is damaged: ${path} is not the file that was written: ${size} bytes instead of ${file.bytes}, or ` +
        'another sha256. Use another copy or an older backup.',
      { code: BACKUP_DAMAGED, details: { file: path } },
    );
  }
}

/** The digest only where the size is as it should be. */
async function sizeAndSha256(
  path: string,
  bytes: number,
): Promise<{ readonly size: number; readonly sha256: string | undefined }> {
  const { size } = await stat(path);
  return { size, sha256: size === bytes ? await fileSha256(path) : undefined };
}

/**
 * Opens one backup. Cheap: only the manifest is read; damage of a file is told when it is read, or by {@link SnapshotFolder.check}.
 * @param onClose called by `close`, to remove a folder that was only spooled into
 * @throws ConfigError `holdfast.recovery.backup-unreadable`, DataError `holdfast.recovery.backup-damaged`
 */
export async function openSnapshotFolder(folder: string, onClose?: () => Promise<void>): Promise<SnapshotFolder> {
  const manifest = await readManifest(folder);
  return new SnapshotFolder({ folder, manifest, ...(onClose === undefined ? {} : { onClose }) });
}
