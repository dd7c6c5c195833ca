/** Rows by id, in the order in which they came; one row, the rule, costs no list. */
import type { Row } from './version-table.ts';

export class RowLists {
  private readonly rows = new Map<number, Row | Row[]>();

  keys(): Iterable<number> {
    return this.rows.keys();
  }

  first(id: number): Row | undefined {
    const rows = this.rows.get(id);
    return typeof rows === 'number' ? rows : rows?.[0];
  }

  all(id: number): readonly Row[] {
    const rows = this.rows.get(id);
    if (rows === undefined) return [];
    return typeof rows === 'number' ? [rows] : rows;
  }

  /** A row is added once: whoever calls knows that it isn't there. */
  add(id: number, row: Row): void {
    const rows = this.rows.get(id);
    if (rows === undefined) this.rows.set(id, row);
    else if (typeof rows === 'number') this.rows.set(id, [rows, row]);
    else rows.push(row);
  }

  /** Whatever was there before is forgotten. */
  put(id: number, row: Row): void {
    this.rows.set(id, row);
  }

  remove(id: number, row: Row): void {
    const rows = this.rows.get(id);
    if (rows === row) this.rows.delete(id);
    if (!Array.isArray(rows)) return;
    const at = rows.indexOf(row);
    if (at >= 0) rows.splice(at, 1);
    if (rows.length === 0) this.rows.delete(id);
  }
}
