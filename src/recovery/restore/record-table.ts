/**
 * What is said last of each subject, version and setting: by the keys' meaning, whatever their bytes. Unlike a vendor's state it keeps what
 * a vendor would drop, as a dangling reference or an id that is there twice.
 */
import { createHash } from 'node:crypto';
import { contextOf } from '../../registry/subject-context.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { readRecord } from '../records/read-record.ts';
import { isReservedSubject } from '../records/reserved-id.ts';
import type { ReadRecord, SchemasRecord, SchemaValue } from '../records/schemas-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { contentDigest } from '../state/content-digest.ts';
import { RowBytes } from '../state/row-columns.ts';
import { SubjectRows } from '../state/subject-rows.ts';
import { type Row, VersionTable } from '../state/version-table.ts';
import { DamagedRecords } from './damaged-records.ts';
import { PlacedRows } from './placed-rows.ts';

export interface SettingRow {
  readonly content: string;
  readonly offset: number;
}

/** 16 bytes of a sha256 over what the id stands for; no text is compared apart from it. */
const KEPT = { content: 16, text: 0 } as const;
const NO_BYTES = new Uint8Array(0);

/** Memory: some 60 bytes for each version that there is, or was deleted for good, and some 110 for each subject that none beside it has. */
export class RecordTable {
  /** Has the rows; may be another table's as well. */
  readonly versions: VersionTable;
  /** Of configs, modes and what has no meaning for ids, by their keys. */
  readonly settings = new Map<string, SettingRow>();
  readonly damaged = new DamagedRecords();
  /** What registries go on reading of versions whose last record nobody can read, until compaction takes it. Of a target alone. */
  readonly beneath: PlacedRows;
  private readonly bySubject: SubjectRows;
  private readonly purgedRows: PlacedRows;
  /** Numbers of the subjects that had a version, in the order of their coming. */
  private readonly came: number[] = [];
  private readonly isCome = new RowBytes();

  private constructor(versions: VersionTable) {
    this.versions = versions;
    this.beneath = new PlacedRows({ table: versions });
    this.bySubject = new SubjectRows({ table: versions });
    this.purgedRows = new PlacedRows({ table: versions });
  }

  /**
   * @param options.beside puts the rows beside those of that one, so that the rows of both can be compared
   * @param options.isTarget a record that nobody can read counts as none in the place that its key names: compaction leaves nothing else
   *   there. In a backup, what it has beneath is what is wanted.
   */
  static async of(
    snapshot: Snapshot,
    options: {
      readonly beside?: RecordTable;
      readonly isTarget?: boolean;
      readonly see?: (read: ReadRecord) => void;
    } = {},
    signal?: AbortSignal,
  ): Promise<RecordTable> {
    const { beside, isTarget = false, see } = options;
    const table = new RecordTable(beside?.versions ?? new VersionTable(KEPT));
    for await (const records of snapshot.records()) {
      signal?.throwIfAborted();
      for (const raw of records) {
        const read = readRecord(raw);
        see?.(read);
        if (read.ok) table.apply(raw, read.record);
        else {
          table.damaged.add(raw.offset, read);
          if (isTarget) table.lose(read);
        }
      }
    }
    return table;
  }

  /** In the order of their coming, those whose versions are all gone too. */
  *subjects(): Generator<string> {
    for (const number of this.came) yield this.versions.subjectNames[number] ?? '';
  }

  /** Whether it ever had a version. */
  hadSubject(subject: string): boolean {
    const number = this.versions.numberOf(subject);
    return number !== undefined && this.isCome.get(number) === 1;
  }

  /** How many versions it has. */
  count(subject: string): number {
    return this.bySubject.count(subject);
  }

  row(subject: string, version: number): Row | undefined {
    return this.bySubject.row(subject, version);
  }

  /** Of a row of either table. */
  samePlace(row: Row): Row | undefined {
    return this.bySubject.samePlace(row);
  }

  /** In the order of their coming. */
  rowsOf(subject: string): Iterable<Row> {
    return this.bySubject.rows(subject);
  }

  /** Of all subjects but those that reserve ids, which stand for nothing; subject by subject. */
  rows(): Generator<Row> {
    return this.rowsWhere(false);
  }

  reservedRows(): Generator<Row> {
    return this.rowsWhere(true);
  }

  private *rowsWhere(isReserved: boolean): Generator<Row> {
    for (const number of this.came) {
      if (isReservedSubject(this.versions.subjectNames[number] ?? '') !== isReserved) continue;
      yield* this.bySubject.rowsOf(number);
    }
  }

  /** How many versions were deleted for good, and not written since. */
  get purged(): number {
    return this.purgedRows.size;
  }

  private lose({ subject, version, setting }: Extract<ReadRecord, { readonly ok: false }>): void {
    if (setting !== undefined) this.settings.delete(settingName(setting, subject ?? null));
    else if (subject !== undefined && version !== undefined) {
      const row = this.row(subject, version);
      if (row === undefined) return;
      this.bySubject.remove(subject, version);
      this.beneath.add(row);
    }
  }

  private purge(subject: string, version: number): void {
    const row = this.row(subject, version) ?? this.beneath.take(subject, version);
    this.bySubject.remove(subject, version);
    if (!isReservedSubject(subject)) this.countPurged(subject, version, row);
  }

  /** @param row of that version, in no list; undefined: it was not there */
  private countPurged(subject: string, version: number, row: Row | undefined): void {
    if (this.purgedRows.find(subject, version) !== undefined) return;
    this.purgedRows.add(row ?? this.versions.add({ ...NOTHING, subject, version }));
  }

  private write(subject: string, version: number, value: SchemaValue, offset: number): void {
    const { id, schemaType, references, deleted } = value;
    const content = contentDigest(value, 'confluent');
    const written = { subject, version, id, schemaType, references, deleted, offset, content, text: NO_BYTES };
    const known = this.row(subject, version);
    if (known !== undefined) {
      this.versions.set(known, written);
      this.bySubject.changed(known);
      return;
    }
    // Whatever is deleted and written again and again takes one row.
    const free = this.purgedRows.take(subject, version) ?? this.beneath.take(subject, version);
    if (free !== undefined) this.versions.set(free, written);
    const row = free ?? this.versions.add(written);
    this.bySubject.put(row);
    const number = this.versions.subjectNumber(row);
    if (this.isCome.get(number) === 1) return;
    this.isCome.set(number, 1);
    this.came.push(number);
  }

  private apply(raw: RawRecord, record: SchemasRecord): void {
    const { offset } = raw;
    switch (record.kind) {
      case 'schema':
        this.write(record.subject, record.version, record.value, offset);
        break;
      case 'schema-gone':
        this.purge(record.subject, record.version);
        break;
      case 'delete-subject':
        this.bySubject.softDelete(record.subject, record.version);
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
    const subjects = scope === null || isContext ? this.bySubject.maybeDeleted() : [scope];
    for (const subject of subjects) {
      if (isContext && contextOf(subject) !== contextOf(scope)) continue;
      for (const row of this.bySubject.takeDeleted(subject)) {
        if (!isReservedSubject(subject)) this.countPurged(subject, this.versions.version(row), row);
      }
    }
  }
}

/** Of a version that was deleted before it came. */
const NOTHING = {
  ...{ id: 0, schemaType: 'AVRO', references: [], deleted: true, offset: -1 },
  ...{ content: NO_BYTES, text: NO_BYTES },
};

function settingName(kind: 'config' | 'mode', subject: string | null): string {
  return subject === null ? kind : `${kind} ${subject}`;
}

function digest(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest().toString('latin1', 0, 16);
}
