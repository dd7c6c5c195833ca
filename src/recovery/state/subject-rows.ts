/** Which row holds which version of a subject. */
import { RowInts } from './row-columns.ts';
import { RowIndex } from './row-index.ts';
import { RowRings } from './row-rings.ts';
import type { Row, VersionTable } from './version-table.ts';

const NONE = -1;

export class SubjectRows {
  private readonly table: VersionTable;
  private readonly index: RowIndex;
  private readonly rings = new RowRings();
  /** By number of the subject: its first row, and how many there are. */
  private readonly firsts = new RowInts();
  private readonly counts = new RowInts();
  /** Subjects that may have soft-deleted versions, so that clearing a whole registry does not look at all of it. */
  private readonly withDeleted = new Set<string>();
  /** By subject: every version up to this one that is there is soft-deleted, so that a subject that is deleted again and again is not read as often. */
  private readonly deletedUpTo = new Map<string, number>();
  /** By subject, as far as it was asked for and did not change; undefined as a value: there is none. */
  private readonly latestLive = new Map<string, Row | undefined>();

  constructor(parts: { readonly table: VersionTable }) {
    const { table } = parts;
    this.table = table;
    this.index = new RowIndex({ first: (row) => table.subjectNumber(row), second: (row) => table.version(row) });
  }

  *names(): Iterable<string> {
    for (const [number, subject] of this.table.subjectNames.entries()) {
      if (this.firsts.get(number) !== NONE) yield subject;
    }
  }

  row(subject: string, version: number): Row | undefined {
    const number = this.table.numberOf(subject);
    return number === undefined ? undefined : this.index.find(number, version);
  }

  /** That of a row of whatever subject and version, be it itself or another one of the table. */
  samePlace(row: Row): Row | undefined {
    return this.index.find(this.table.subjectNumber(row), this.table.version(row));
  }

  /** In the order of their coming. */
  rows(subject: string): Iterable<Row> {
    return this.rowsOf(this.table.numberOf(subject));
  }

  /** As {@link rows}, by the subject's number; undefined: of none. */
  rowsOf(number: number | undefined): Iterable<Row> {
    const first = this.first(number);
    return first === undefined ? [] : this.rings.all(first);
  }

  /** How many versions it has. */
  count(subject: string): number {
    const number = this.table.numberOf(subject);
    return number === undefined ? 0 : Math.max(0, this.counts.get(number));
  }

  /** The highest version that is not soft-deleted. */
  latest(subject: string): Row | undefined {
    if (this.latestLive.has(subject)) return this.latestLive.get(subject);
    let latest: Row | undefined;
    for (const row of this.rows(subject)) {
      if (this.table.isDeleted(row)) continue;
      if (latest === undefined || this.table.version(row) > this.table.version(latest)) latest = row;
    }
    this.latestLive.set(subject, latest);
    return latest;
  }

  /** Subjects among which are all that have soft-deleted versions. */
  maybeDeleted(): readonly string[] {
    return [...this.withDeleted];
  }

  softDelete(subject: string, upTo: number): void {
    const from = (this.deletedUpTo.get(subject) ?? 0) + 1;
    if (upTo - from < this.count(subject)) {
      for (let version = from; version <= upTo; version++) {
        const row = this.row(subject, version);
        if (row !== undefined) this.table.setDeleted(row);
      }
    } else {
      for (const row of this.rows(subject)) if (this.table.version(row) <= upTo) this.table.setDeleted(row);
    }
    if (this.count(subject) === 0) return;
    this.deletedUpTo.set(subject, Math.max(upTo, from - 1));
    this.withDeleted.add(subject);
    this.latestLive.delete(subject);
  }

  /** Purges those that are soft-deleted, and gives them. */
  takeDeleted(subject: string): readonly Row[] {
    if (!this.withDeleted.delete(subject)) return [];
    const rows = [...this.rows(subject)].filter((row) => this.table.isDeleted(row));
    for (const row of rows) this.remove(subject, this.table.version(row));
    return rows;
  }

  /** Of a row whose content in the table has changed, or that was {@link put}. */
  changed(row: Row): void {
    const subject = this.table.subject(row);
    if (this.latestLive.size > 0) this.latestLive.delete(subject);
    if (this.table.isDeleted(row)) this.withDeleted.add(subject);
    else {
      const version = this.table.version(row);
      if (version <= (this.deletedUpTo.get(subject) ?? 0)) this.deletedUpTo.set(subject, version - 1);
    }
  }

  /** Of a row that is in the table already. */
  put(row: Row): void {
    this.insert(row);
    this.changed(row);
  }

  private insert(row: Row): void {
    const number = this.table.subjectNumber(row);
    const before = this.index.find(number, this.table.version(row));
    if (before !== undefined) this.takeOut(number, before);
    this.index.put(row);
    this.firsts.set(number, this.rings.append(this.first(number), row));
    this.counts.set(number, Math.max(0, this.counts.get(number)) + 1);
  }

  remove(subject: string, version: number): void {
    if (this.latestLive.size > 0) this.latestLive.delete(subject);
    const row = this.row(subject, version);
    if (row !== undefined) this.takeOut(this.table.subjectNumber(row), row);
  }

  private first(number: number | undefined): Row | undefined {
    const first = number === undefined ? NONE : this.firsts.get(number);
    return first === NONE ? undefined : first;
  }

  private takeOut(number: number, row: Row): void {
    this.index.remove(number, this.table.version(row));
    this.firsts.set(number, this.rings.remove(this.firsts.get(number), row) ?? NONE);
    this.counts.set(number, this.counts.get(number) - 1);
  }
}
