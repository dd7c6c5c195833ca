/** Rows by id, in the order in which they came; one row, the rule, costs no list. */
import type { Row } from './version-table.ts';

export class RowLists {
  private readonly rows = new Map<number, Row | Set<Row>>();

  keys(): Iterable<number> {
    return this.rows.keys();
  }

  first(id: number): Row | undefined {
    const rows = this.rows.get(id);
    if (rows === undefined || typeof rows === 'number') return rows;
    for (const row of rows) return row;
    return undefined;
  }

  all(id: number): Iterable<Row> {
    const rows = this.rows.get(id);
    if (rows === undefined) return [];
    return typeof rows === 'number' ? [rows] : rows;
  }

  /** A row is added once: whoever calls knows that it isn't there. */
  add(id: number, row: Row): void {
    const rows = this.rows.get(id);
    if (rows === undefined) this.rows.set(id, row);
    else if (typeof rows === 'number') this.rows.set(id, new Set([rows, row]));
    else rows.add(row);
  }

  /** Whatever was there before is forgotten. */
  put(id: number, row: Row): void {
    this.rows.set(id, row);
  }

  remove(id: number, row: Row): void {
    const rows = this.rows.get(id);
    if (rows === row) this.rows.delete(id);
    else if (typeof rows === 'object' && rows.delete(row) && rows.size === 0) this.rows.delete(id);
  }
}
