/** Rows of versions that are not there any more, by their place: one for each, in the order of their coming. */
import { RowIndex } from '../state/row-index.ts';
import { RowRings } from '../state/row-rings.ts';
import type { Row, VersionTable } from '../state/version-table.ts';

export class PlacedRows {
  private readonly table: VersionTable;
  private readonly index: RowIndex;
  private readonly rings = new RowRings();
  private first: Row | undefined;

  constructor(parts: { readonly table: VersionTable }) {
    const { table } = parts;
    this.table = table;
    this.index = new RowIndex({ first: (row) => table.subjectNumber(row), second: (row) => table.version(row) });
  }

  get size(): number {
    return this.index.size;
  }

  find(subject: string, version: number): Row | undefined {
    const number = this.table.numberOf(subject);
    return number === undefined ? undefined : this.index.find(number, version);
  }

  /** That of a row of whatever subject and version, be it itself or another one of the table. */
  samePlace(row: Row): Row | undefined {
    return this.index.find(this.table.subjectNumber(row), this.table.version(row));
  }

  /** A row whose place has none. */
  add(row: Row): void {
    this.index.put(row);
    this.first = this.rings.append(this.first, row);
  }

  /** Takes it out; undefined: there is none. */
  take(subject: string, version: number): Row | undefined {
    const row = this.index.size === 0 ? undefined : this.find(subject, version);
    if (row === undefined || this.first === undefined) return undefined;
    this.index.remove(this.table.subjectNumber(row), version);
    this.first = this.rings.remove(this.first, row);
    return row;
  }

  [Symbol.iterator](): Iterator<Row> {
    return (this.first === undefined ? [] : this.rings.all(this.first))[Symbol.iterator]();
  }
}
