/** What a backup says of itself: `manifest.json`, the last file that is written. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, DataError } from '../../sdk/errors/kinds.ts';
import type { RestWitness } from '../snapshot/rest-witness.ts';
import type { SnapshotFacts } from '../snapshot/snapshot.ts';
import { BACKUP_DAMAGED, BACKUP_UNREADABLE } from './backup-errors.ts';

export const MANIFEST_FILE = 'manifest.json';
export const MANIFEST_KIND = 'holdfast-schemas-backup';
const FORMAT = 1;

/** Immutable once written; backups taken later may share it. */
export interface RecordsFile {
  readonly name: string;
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly records: number;
  readonly bytes: number;
  /** Hex sha256 of the file. */
  readonly sha256: string;
}

export interface WitnessFile {
  readonly name: string;
  readonly node: string;
  readonly vendor: RestWitness['vendor'];
  readonly versions: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** What an incremental backup took over from the one before. */
export interface Increment {
  /** Name of the earlier backup. */
  readonly from: string;
  readonly recordsKept: number;
  readonly recordsAdded: number;
  /** Of the kept ones: those before the topic's first offset of today, which the topic itself has lost since. */
  readonly recordsTopicLost: number;
}

export interface BackupManifest extends SnapshotFacts {
  readonly files: readonly RecordsFile[];
  readonly witnesses: readonly WitnessFile[];
  /** Different subjects that the keys of SCHEMA records name, deleted ones included. */
  readonly subjects: number;
  readonly increment: Increment | undefined;
  /** What a person should know: a registry that did not answer, why a backup is not incremental. */
  readonly notes: readonly string[];
}

/** The text of the file; its last field is a sha256 over all others. */
export function manifestText(manifest: BackupManifest): string {
  const { takenAt, ...others } = manifest;
  const body = { kind: MANIFEST_KIND, format: FORMAT, takenAt: new Date(takenAt).toISOString(), ...others };
  return `${JSON.stringify({ ...body, manifestSha256: digestOf(body) }, null, 2)}\n`;
}

/**
 * @throws ConfigError `holdfast.recovery.backup-unreadable` where there is no backup, or one of a later format; DataError
 *   `holdfast.recovery.backup-damaged`
 */
export async function readManifest(folder: string): Promise<BackupManifest> {
  const path = join(folder, MANIFEST_FILE);
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new ConfigError(`${folder} is no backup of a schema registry: ${MANIFEST_FILE}: ${cause.message}.`, {
      code: BACKUP_UNREADABLE,
      cause,
    });
  });
  return parseManifest(text, path);
}

/** @param path for messages */
export function parseManifest(text: string, path: string): BackupManifest {
  let parsed: Record<string, unknown>;
  try {
    parsed = JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw new DataError(`The backup is damaged: ${path} is no JSON. Use another copy or an older backup.`, {
      ...{ code: BACKUP_DAMAGED, cause },
    });
  }
  if (parsed['kind'] !== MANIFEST_KIND || parsed['format'] !== FORMAT) {
    throw new ConfigError(
      `${path} is not of a backup that this version of Holdfast reads: kind ${String(parsed['kind'])}, format ` +
        `${String(parsed['format'])}, not ${MANIFEST_KIND}, ${FORMAT}. Read it with the version that wrote it.`,
      { code: BACKUP_UNREADABLE },
    );
  }
  const { manifestSha256, ...body } = parsed;
  if (digestOf(body) !== manifestSha256) {
    throw new DataError(
      `The backup is damaged: ${path} was changed after it was written, its manifestSha256 does not fit. ` +
        'Use another copy or an older backup.',
      { code: BACKUP_DAMAGED },
    );
  }
  const { kind: _kind, format: _format, takenAt, ...others } = body;
  return { ...(others as unknown as BackupManifest), takenAt: Date.parse(String(takenAt)) };
}

function digestOf(body: object): string {
  // As read back: undefined fields are not there, and numbers are as JSON writes them.
  return createHash('sha256').update(JSON.stringify(body)).digest('hex');
}
