/** Where backups go. Each target knows what it has, takes what it lacks, and reads back what it wrote. */
import type { RawRecord } from '../records/raw-record.ts';
import type { RestWitness } from '../snapshot/rest-witness.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { Reading } from './reading.ts';

export interface TargetWrite {
  readonly reading: Reading;
  /** Where what the target holds goes on; undefined: it can't, and is written whole. */
  readonly from: number | undefined;
  /** Why what is written is not what became of the backup before: that one may be all that is left of a registry. */
  readonly broken?: string | undefined;
  /** Belong among what the reading has from there on: see lost-deletions.ts. */
  readonly tombstones: readonly RawRecord[];
  readonly witnesses: readonly RestWitness[];
  /** What becomes part of the backup's notes. */
  readonly notes: readonly string[];
}

export interface WrittenBackup {
  /** What to name it by, for reading. */
  readonly place: string;
  readonly records: number;
  /** New in it. */
  readonly added: number;
  readonly endOffset: number;
  /** Hex, over all records; read back after writing. */
  readonly sha256: string;
  readonly warnings: readonly string[];
}

export interface SettledTarget {
  /** Names of old backups that were removed. */
  readonly removed: readonly string[];
  readonly warnings: readonly string[];
}

export interface OpenTarget {
  /** What is there is never written anew, on demand neither, and is compacted by itself. */
  readonly isAppendOnly: boolean;
  /** The newest backup in it. */
  readonly held: Snapshot | undefined;
  /** How {@link held} is named. */
  readonly heldPlace: string | undefined;
  readonly warnings: readonly string[];
  /** Reads {@link held}. @throws DataError `holdfast.recovery.backup-damaged` */
  check(signal: AbortSignal): Promise<void>;
  /** Whole and read back when it resolves; before, nothing of it is seen. */
  write(write: TargetWrite, signal: AbortSignal): Promise<WrittenBackup>;
  /** What is due whether or not something was written: old backups removed, commits pushed. */
  settle(signal: AbortSignal): Promise<SettledTarget>;
  close(): Promise<void>;
}

export interface BackupTarget {
  /** As it was named. */
  readonly name: string;
  /** With the exclusive use of it. */
  open(signal: AbortSignal): Promise<OpenTarget>;
}
