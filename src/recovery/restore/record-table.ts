/**
 * What is said last of each subject, version and setting: by the keys' meaning, whatever their bytes. Unlike a vendor's state it keeps what
 * a vendor would drop, as a dangling reference or an id that is there twice.
 */
import { createHash } from 'node:crypto';
import { contextOf } from '../../registry/subject-context.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { readRecord } from '../records/read-record.ts';
import { isReservedSubject } from '../records/reserved-id.ts';
import type { ReadRecord, SchemasRecord } from '../records/schemas-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { contentDigest } from '../state/content-digest.ts';
import { UnreadableRecords } from './unreadable-records.ts';
import { type VersionRow, VersionRows } from './version-rows.ts';

/** Of one version, as a key. */
export function placeOf(subject: string, version: number): string {
  return `${version} ${subject}`;
}

export interface SettingRow {
  readonly content: string;
  readonly offset: number;
}

/** Memory: some 100 bytes for each version that there is, or was deleted for good. */
export class RecordTable {
  readonly versions = new Map<string, VersionRows>();
  /** Of configs, modes and what has no meaning for ids, by their keys. */
  readonly settings = new Map<string, SettingRow>();
  readonly unreadable = new UnreadableRecords();
  /** By place: what registries go on reading of versions whose last record nobody can read, until compaction takes it. Of a target alone. */
  readonly beneath = new Map<
    string,
    { readonly subject: string; readonly version: number; readonly row: VersionRow }
  >();
  private readonly purgedPlaces = new Set<string>();

  /**
   * @param options.isTarget a record that nobody can read counts as none in the place that its key names: compaction leaves nothing else
   *   there. In a backup, what it has beneath is what is wanted.
   */
  static async of(
    snapshot: Snapshot,
    options: { readonly isTarget?: boolean; readonly see?: (read: ReadRecord) => void } = {},
    signal?: AbortSignal,
  ): Promise<RecordTable> {
    const { isTarget = false, see } = options;
    const table = new RecordTable();
    for await (const records of snapshot.records()) {
      signal?.throwIfAborted();
      for (const raw of records) {
        const read = readRecord(raw);
        see?.(read);
        if (read.ok) table.apply(raw, read.record);
        else {
          table.unreadable.add(raw.offset, read.reason);
          if (isTarget) table.lose(read);
        }
      }
    }
    return table;
  }

  version(subject: string, version: number): VersionRow | undefined {
    return this.versions.get(subject)?.get(version);
  }

  /** How many versions were deleted for good, and not written since. */
  get purged(): number {
    return this.purgedPlaces.size;
  }

  private lose({ subject, version, setting }: Extract<ReadRecord, { readonly ok: false }>): void {
    if (setting !== undefined) this.settings.delete(settingName(setting, subject ?? null));
    else if (subject !== undefined && version !== undefined) {
      const row = this.version(subject, version);
      if (row === undefined) return;
      this.beneath.set(placeOf(subject, version), { subject, version, row });
      this.versions.get(subject)?.delete(version);
    }
  }

  private purge(subject: string, version: number): void {
    this.versions.get(subject)?.delete(version);
    this.beneath.delete(placeOf(subject, version));
    if (!isReservedSubject(subject)) this.purgedPlaces.add(placeOf(subject, version));
  }

  private apply(raw: RawRecord, record: SchemasRecord): void {
    const { offset } = raw;
    switch (record.kind) {
      case 'schema': {
        const { id, deleted } = record.value;
        const content = contentDigest(record.value, 'confluent').toString('latin1', 0, 16);
        const known = this.versions.get(record.subject) ?? new VersionRows();
        const { references } = record.value;
        const row = { id, content, deleted, offset };
        known.set(record.version, references.length === 0 ? row : { ...row, references });
        this.versions.set(record.subject, known);
        this.purgedPlaces.delete(placeOf(record.subject, record.version));
        this.beneath.delete(placeOf(record.subject, record.version));
        break;
      }
      case 'schema-gone':
        this.purge(record.subject, record.version);
        break;
      case 'delete-subject':
        this.versions.get(record.subject)?.markDeleted(record.version);
        break;
      case 'clear-subject':
        this.clear(record.subject);
        break;
      case 'config':
      case 'mode': {
        const key = settingName(record.kind, record.subject);
        if (record.value === null) this.settings.delete(key);
        else this.settings.set(key, { content: digest(JSON.stringify(record.value)), offset });
        break;
      }
      case 'other': {
        const key = `other ${Buffer.from(raw.key ?? []).toString('base64')}`;
        if (raw.value === null) this.settings.delete(key);
        else this.settings.set(key, { content: digest(raw.value), offset });
        break;
      }
      default:
    }
  }

  private clear(scope: string | null): void {
    const isContext = scope !== null && /^:\.[^:]*:$/.test(scope);
    for (const [subject, rows] of this.versions) {
      if (scope !== null && subject !== scope && !(isContext && contextOf(subject) === contextOf(scope))) continue;
      for (const [version, { deleted }] of [...rows]) if (deleted) this.purge(subject, version);
    }
  }
}

function settingName(kind: 'config' | 'mode', subject: string | null): string {
  return subject === null ? kind : `${kind} ${subject}`;
}

function digest(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest().toString('latin1', 0, 16);
}
