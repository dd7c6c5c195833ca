/** Rows by id, in the order in which they came. */
import { RowIndex } from './row-index.ts';
import { RowRings } from './row-rings.ts';
import type { Row, VersionTable } from './version-table.ts';

export class RowLists {
  private readonly table: VersionTable;
  /** Has the first row of each id. */
  private readonly index: RowIndex;
  private readonly rings = new RowRings();

  constructor(parts: { readonly table: VersionTable }) {
    const { table } = parts;
    this.table = table;
    this.index = new RowIndex({ first: (row) => table.id(row), second: () => 0 });
  }

  /** In the order in which their first rows came. */
  *keys(): Iterable<number> {
    for (const row of this.index.rows()) yield this.table.id(row);
  }

  /** All ids, ascending. */
  inOrder(): Int32Array {
    return this.index
      .rows()
      .map((row) => this.table.id(row))
      .sort();
  }

  first(id: number): Row | undefined {
    return this.index.find(id, 0);
  }

  all(id: number): Iterable<Row> {
    const first = this.first(id);
    return first === undefined ? [] : this.rings.all(first);
  }

  /** A row is added once: whoever calls knows that it isn't there. */
  add(id: number, row: Row): void {
    const first = this.first(id);
    this.rings.append(first, row);
    if (first === undefined) this.index.put(row);
  }

  /** Whatever was there before is forgotten. */
  put(id: number, row: Row): void {
    if (this.first(id) === row) return;
    this.rings.append(undefined, row);
    this.index.put(row);
  }

  remove(id: number, row: Row): void {
    const first = this.first(id);
    if (first === undefined) return;
    const left = this.rings.remove(first, row);
    if (left === undefined) this.index.remove(id, 0);
    else if (left !== first) this.index.put(left);
  }
}
