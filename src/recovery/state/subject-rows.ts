/** Which row holds which version of a subject; a subject of one version, the rule where there are many subjects, costs no map of its own. */
import type { Row, VersionTable } from './version-table.ts';

export class SubjectRows {
  private readonly table: VersionTable;
  private readonly subjects = new Map<string, Row | Map<number, Row>>();

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

  /** Of a row that is in the table already. */
  put(row: Row): void {
    const subject = this.table.subject(row);
    const version = this.table.version(row);
    const rows = this.subjects.get(subject);
    if (rows === undefined) this.subjects.set(subject, row);
    else if (typeof rows !== 'number') rows.set(version, row);
    else if (this.table.version(rows) === version) this.subjects.set(subject, row);
    else this.subjects.set(subject, new Map([[this.table.version(rows), rows]]).set(version, row));
  }

  remove(subject: string, version: number): void {
    const rows = this.subjects.get(subject);
    if (typeof rows === 'number') {
      if (this.table.version(rows) === version) this.subjects.delete(subject);
    } else if (rows?.delete(version) && rows.size === 0) this.subjects.delete(subject);
  }
}
