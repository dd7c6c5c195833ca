/** Versions in a file of our own, read again one by one: what has to be taken in another order than it comes in. */
import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '../../sdk/errors/kinds.ts';
import { BACKUP_DAMAGED } from '../backup/backup-errors.ts';
import type { WitnessedVersion } from '../snapshot/rest-witness.ts';

const BUFFER_BYTES = 256 * 1024;

/** Holds 16 bytes for each version. */
export class StoredVersions {
  private readonly path: string;
  private readonly file: FileHandle;
  private readonly begins: number[] = [];
  private readonly lengths: number[] = [];
  private pending: Buffer[] = [];
  private pendingBytes = 0;
  private end = 0;

  private constructor(options: { readonly path: string; readonly file: FileHandle }) {
    this.path = options.path;
    this.file = options.file;
  }

  static async create(folder: string): Promise<StoredVersions> {
    const path = join(folder, `versions-${randomUUID()}.json`);
    return new StoredVersions({ path, file: await open(path, 'wx+', 0o600) });
  }

  /** Resolves with the place to {@link read} it from: 0, 1, 2, ... Call it again only when it has. */
  async add(version: WitnessedVersion): Promise<number> {
    const bytes = Buffer.from(JSON.stringify(version), 'utf8');
    this.begins.push(this.end);
    this.lengths.push(bytes.length);
    this.end += bytes.length;
    this.pending.push(bytes);
    this.pendingBytes += bytes.length;
    if (this.pendingBytes >= BUFFER_BYTES) await this.flush();
    return this.begins.length - 1;
  }

  async read(place: number): Promise<WitnessedVersion> {
    await this.flush();
    const length = this.lengths[place] ?? 0;
    const { buffer, bytesRead } = await this.file.read(Buffer.alloc(length), 0, length, this.begins[place] ?? 0);
    if (bytesRead !== length || length === 0) {
      throw new DataError(`The temporary file ${this.path} was changed or cut. Run the command again.`, {
        code: BACKUP_DAMAGED,
      });
    }
    const version = JSON.parse(buffer.toString('utf8')) as WitnessedVersion;
    return { ...version, metadata: version.metadata, ruleSet: version.ruleSet };
  }

  /** Leaves nothing. */
  async remove(): Promise<void> {
    await this.file.close();
    await rm(this.path, { force: true });
  }

  private async flush(): Promise<void> {
    if (this.pendingBytes === 0) return;
    const bytes = Buffer.concat(this.pending);
    const at = this.end - bytes.length;
    this.pending = [];
    this.pendingBytes = 0;
    await this.file.write(bytes, 0, bytes.length, at);
  }
}
