/** Which row holds which version of a subject; a subject of one version, the rule where there are many subjects, costs no map of its own. */
import type { Row, VersionTable } from './version-table.ts';

export class SubjectRows {
  private readonly table: VersionTable;
  private readonly subjects = new Map<string, Row | Map<number, Row>>();
  /** Subjects that may have soft-deleted versions, so that clearing a whole registry does not look at all of it. */
  private readonly withDeleted = new Set<string>();
  /** By subject: every version up to this one that is there is soft-deleted, so that a subject that is deleted again and again is not read as often. */
  private readonly deletedUpTo = new Map<string, number>();
  /** By subject, as far as it was asked for and did not change; undefined as a value: there is none. */
  private readonly latestLive = new Map<string, Row | undefined>();

  constructor(parts: { readonly table: VersionTable }) {
    this.table = parts.table;
  }

  names(): Iterable<string> {
    return this.subjects.keys();
  }

  row(subject: string, version: number): Row | undefined {
    const rows = this.subjects.get(subject);
    if (typeof rows === 'number') return this.table.version(rows) === version ? rows : undefined;
    return rows?.get(version);
  }

  /** In no order. */
  rows(subject: string): Iterable<Row> {
    const rows = this.subjects.get(subject);
    if (rows === undefined) return [];
    return typeof rows === 'number' ? [rows] : rows.values();
  }

  /** How many versions it has. */
  count(subject: string): number {
    const rows = this.subjects.get(subject);
    return typeof rows === 'number' ? 1 : (rows?.size ?? 0);
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
    const subject = this.table.subject(row);
    const version = this.table.version(row);
    const rows = this.subjects.get(subject);
    if (rows === undefined) this.subjects.set(subject, row);
    else if (typeof rows !== 'number') rows.set(version, row);
    else if (this.table.version(rows) === version) this.subjects.set(subject, row);
    else this.subjects.set(subject, new Map([[this.table.version(rows), rows]]).set(version, row));
  }

  remove(subject: string, version: number): void {
    if (this.latestLive.size > 0) this.latestLive.delete(subject);
    const rows = this.subjects.get(subject);
    if (typeof rows === 'number') {
      if (this.table.version(rows) === version) this.subjects.delete(subject);
    } else if (rows?.delete(version) && rows.size === 0) this.subjects.delete(subject);
  }
}
