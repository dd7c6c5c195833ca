/** Lists of rows in the order of their coming, each row in one list at most: 8 bytes a row, and any row is taken out at once. */
import { RowInts } from './row-columns.ts';
import type { Row } from './version-table.ts';

const NONE = -1;

/** A list is known by its first row. Its last one leads to the first again, and back. */
export class RowRings {
  private readonly following = new RowInts();
  private readonly preceding = new RowInts();

  /** Puts a row that is in no list behind all of one; undefined: the row is the first of a new one. Returns the first row. */
  append(first: Row | undefined, row: Row): Row {
    const last = first === undefined ? row : this.preceding.get(first);
    const head = first ?? row;
    this.link(last, row);
    this.link(row, head);
    return head;
  }

  /** Returns the first row of what is left; undefined: nothing. A row that is in no list stays out of all. */
  remove(first: Row, row: Row): Row | undefined {
    const next = this.following.get(row);
    if (next === NONE) return first;
    this.link(this.preceding.get(row), next);
    this.following.set(row, NONE);
    if (next === row) return undefined;
    return first === row ? next : first;
  }

  *all(first: Row): Iterable<Row> {
    let row = first;
    do {
      yield row;
      row = this.following.get(row);
    } while (row !== first && row !== NONE);
  }

  private link(row: Row, next: Row): void {
    this.following.set(row, next);
    this.preceding.set(next, row);
  }
}
