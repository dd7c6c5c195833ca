/** Which versions a restore in place writes: some 6 bytes for each version of either side. */
import { RowBytes, RowInts } from '../state/row-columns.ts';
import type { Row, VersionTable } from '../state/version-table.ts';
import type { RecordTable } from './record-table.ts';

const OF_PLACE = 1;
const WRITTEN = 2;
const NEW = 4;
const TOMBSTONE = 8;

export interface WrittenAs {
  /** The target does not have the version. */
  readonly isNew?: boolean;
  /** The version's id had another text at the target. */
  readonly needsTombstone?: boolean;
}

export class WrittenRows {
  readonly wanted: RecordTable;
  readonly there: RecordTable;
  private readonly marks = new RowBytes();
  private readonly added = new RowInts();
  private count = 0;

  /** @param sides that have their rows in one table */
  constructor(sides: { readonly wanted: RecordTable; readonly there: RecordTable }) {
    this.wanted = sides.wanted;
    this.there = sides.there;
  }

  get versions(): VersionTable {
    return this.wanted.versions;
  }

  get size(): number {
    return this.count;
  }

  /** A row of a place of which none is written: the snapshot's, or the target's where the snapshot has none. */
  add(row: Row, { isNew = false, needsTombstone = false }: WrittenAs = {}): void {
    for (const other of [this.there.samePlace(row), this.there.beneath.samePlace(row)]) {
      if (other !== undefined) this.marks.set(other, OF_PLACE);
    }
    this.marks.set(row, OF_PLACE | WRITTEN | (isNew ? NEW : 0) | (needsTombstone ? TOMBSTONE : 0));
    this.added.set(this.count++, row);
  }

  /** Whether its place is written, be it with the other side's row. */
  hasPlace(row: Row): boolean {
    return this.marks.get(row) !== 0;
  }

  isNew(row: Row): boolean {
    return (this.marks.get(row) & NEW) !== 0;
  }

  needsTombstone(row: Row): boolean {
    return (this.marks.get(row) & TOMBSTONE) !== 0;
  }

  isFromSnapshot(row: Row): boolean {
    return this.wanted.samePlace(row) === row;
  }

  /** In the order in which they were added. */
  *[Symbol.iterator](): Generator<Row> {
    for (let n = 0; n < this.count; n++) yield this.added.get(n);
  }

  /** By where they lie, each in the log that it is from; those at one offset as they were added. */
  byOffset(): Int32Array {
    const rows = new Int32Array(this.count);
    for (let n = 0; n < this.count; n++) rows[n] = this.added.get(n);
    return rows.sort((a, b) => this.versions.offset(a) - this.versions.offset(b));
  }

  /** Of the snapshot's rows that are written, in the order of the snapshot's versions. */
  *ofSnapshot(): Generator<Row> {
    if (this.count === 0) return;
    for (const row of this.wanted.rows()) if (this.hasPlace(row)) yield row;
  }
}
