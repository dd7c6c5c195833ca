/** Finds rows by two numbers that their columns tell: 5 to 11 bytes a row, as the table holds nothing but the rows. */
import type { Row } from './version-table.ts';

const FREE = -1;
const FIRST_SLOTS = 1024;

interface Keys {
  first(row: Row): number;
  second(row: Row): number;
}

export class RowIndex {
  private readonly keys: Keys;
  private slots = new Int32Array(FIRST_SLOTS).fill(FREE);
  private count = 0;

  /** @param keys of a row that is in the index they never change */
  constructor(keys: Keys) {
    this.keys = keys;
  }

  get size(): number {
    return this.count;
  }

  find(first: number, second: number): Row | undefined {
    const row = this.slots[this.slotOf(first, second)] ?? FREE;
    return row === FREE ? undefined : row;
  }

  /** In place of the row with the same keys, if there is one. */
  put(row: Row): void {
    const { keys } = this;
    const slot = this.slotOf(keys.first(row), keys.second(row));
    const isNew = this.slots[slot] === FREE;
    this.slots[slot] = row;
    // Three quarters full at most: what is looked for is near.
    if (isNew && ++this.count * 4 > this.slots.length * 3) this.grow();
  }

  remove(first: number, second: number): void {
    let hole = this.slotOf(first, second);
    if (this.slots[hole] === FREE) return;
    this.count--;
    const mask = this.slots.length - 1;
    // What lies behind and belongs before the hole moves into it: no search may end too early.
    for (let at = (hole + 1) & mask; this.slots[at] !== FREE; at = (at + 1) & mask) {
      const row = this.slots[at] as Row;
      const home = this.home(this.keys.first(row), this.keys.second(row));
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      this.slots[hole] = row;
      hole = at;
    }
    this.slots[hole] = FREE;
  }

  /** In ascending order. */
  rows(): Int32Array {
    return this.slots.filter((row) => row !== FREE).sort();
  }

  private grow(): void {
    const old = this.slots;
    this.slots = new Int32Array(old.length * 2).fill(FREE);
    for (const row of old) {
      if (row !== FREE) this.slots[this.slotOf(this.keys.first(row), this.keys.second(row))] = row;
    }
  }

  /** Where the row with these keys is, or would be. */
  private slotOf(first: number, second: number): number {
    const mask = this.slots.length - 1;
    for (let slot = this.home(first, second); ; slot = (slot + 1) & mask) {
      const row = this.slots[slot] as Row;
      if (row === FREE || (this.keys.first(row) === first && this.keys.second(row) === second)) return slot;
    }
  }

  private home(first: number, second: number): number {
    const mixed = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b);
    return Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d) & (this.slots.length - 1);
  }
}
