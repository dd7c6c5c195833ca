/** The versions of one subject, packed: a registry has hundreds of thousands of subjects, most of them with few versions. */
import type { SchemaReference } from '../../sdk/schema-view.ts';

export interface VersionRow {
  readonly id: number;
  /** 16 bytes of a sha256 over what the id stands for, as latin1. */
  readonly content: string;
  /** As the record itself says, or a DELETE_SUBJECT behind it. */
  readonly deleted: boolean;
  readonly offset: number;
  /** As they are written; absent: none. */
  readonly references?: readonly SchemaReference[];
}

/** Looked through one after the other up to so many. */
const PACKED_AT_MOST = 32;
/** Of a version: its number, id, offset, content, whether it is deleted, references. */
const CELLS = 6;

type Cell = number | string | boolean | readonly SchemaReference[] | undefined;

/** As a Map by version, in the order in which versions were first set; some 85 bytes each. Rows are copies. */
export class VersionRows {
  private cells: Cell[] = [];
  /** In place of the cells, once there are many. */
  private rows: Map<number, VersionRow> | undefined;

  get size(): number {
    return this.rows?.size ?? this.cells.length / CELLS;
  }

  has(version: number): boolean {
    return this.rows?.has(version) ?? this.at(version) !== undefined;
  }

  get(version: number): VersionRow | undefined {
    if (this.rows !== undefined) return this.rows.get(version);
    const at = this.at(version);
    return at === undefined ? undefined : this.rowAt(at);
  }

  set(version: number, row: VersionRow): void {
    const { id, offset, content, deleted, references } = row;
    const cells: Cell[] = [version, id, offset, content, deleted, references];
    const at = this.at(version);
    if (this.rows === undefined && at !== undefined) this.cells.splice(at, CELLS, ...cells);
    else if (this.rows === undefined && this.size < PACKED_AT_MOST) {
      // Not pushed, which would keep room for more than most subjects ever have.
      this.cells = this.cells.concat(cells);
    } else {
      this.rows ??= new Map(this.packed());
      this.cells = [];
      this.rows.set(version, row);
    }
  }

  delete(version: number): void {
    const at = this.at(version);
    if (at !== undefined) this.cells.splice(at, CELLS);
    this.rows?.delete(version);
  }

  /** All versions up to this one are deleted. */
  markDeleted(upTo: number): void {
    for (const [version, row] of this)
      if (version <= upTo && !row.deleted) this.set(version, { ...row, deleted: true });
  }

  *values(): Generator<VersionRow> {
    for (const [, row] of this) yield row;
  }

  [Symbol.iterator](): Iterator<readonly [version: number, row: VersionRow]> {
    return this.rows?.[Symbol.iterator]() ?? this.packed();
  }

  private *packed(): Generator<readonly [version: number, row: VersionRow]> {
    for (let at = 0; at < this.cells.length; at += CELLS) yield [this.cells[at] as number, this.rowAt(at)];
  }

  private at(version: number): number | undefined {
    for (let at = 0; at < this.cells.length; at += CELLS) if (this.cells[at] === version) return at;
    return undefined;
  }

  private rowAt(at: number): VersionRow {
    const [id, offset, content, deleted, references] = this.cells.slice(at + 1, at + CELLS);
    const row = { id: id as number, offset: offset as number, content: content as string, deleted: deleted as boolean };
    return references === undefined ? row : { ...row, references: references as readonly SchemaReference[] };
  }
}
