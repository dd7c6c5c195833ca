/** Bytes of a segment between two entries of its index. */
export const INDEX_INTERVAL_BYTES = 32 * 1024;

/** Where a batch begins. */
export interface IndexEntry {
  readonly baseOffset: number;
  readonly position: number;
}

/**
 * Where in a segment offsets and times are found: an entry for one batch in every {@link INDEX_INTERVAL_BYTES} at most. Kept
 * in memory; 32 entries stand for a mebibyte of log.
 */
export class SparseIndex {
  private readonly offsets: number[] = [];
  private readonly positions: number[] = [];
  /** The latest timestamp of all batches before the entry's, so that times are found although records may be out of order. */
  private readonly latestBefore: number[] = [];

  get length(): number {
    return this.offsets.length;
  }

  /** Tells the index of the next batch in the segment. */
  add(baseOffset: number, position: number, latestTimestampBefore: number): void {
    const last = this.positions.length - 1;
    if (last >= 0 && position - (this.positions[last] as number) < INDEX_INTERVAL_BYTES) return;
    this.offsets.push(baseOffset);
    this.positions.push(position);
    this.latestBefore.push(latestTimestampBefore);
  }

  /** The last entry at or before the offset; the beginning of the segment if there is none. */
  floor(offset: number): IndexEntry | null {
    return this.at(lastAtMost(this.offsets, offset));
  }

  /** An entry before which no record has the timestamp or a later one. */
  floorByTime(timestamp: number): IndexEntry | null {
    return this.at(lastAtMost(this.latestBefore, timestamp - 1));
  }

  private at(n: number): IndexEntry | null {
    const baseOffset = this.offsets[n];
    const position = this.positions[n];
    return baseOffset === undefined || position === undefined ? null : { baseOffset, position };
  }

  toJSON(): readonly (readonly number[])[] {
    return [this.offsets, this.positions, this.latestBefore];
  }

  static fromJSON(json: readonly (readonly number[])[]): SparseIndex {
    const index = new SparseIndex();
    const [offsets = [], positions = [], latestBefore = []] = json;
    for (let n = 0; n < offsets.length; n++) {
      index.offsets.push(offsets[n] as number);
      index.positions.push(positions[n] as number);
      index.latestBefore.push(latestBefore[n] as number);
    }
    return index;
  }
}

/** Position of the last number that is at most `limit` in ascending numbers, or -1. */
function lastAtMost(ascending: readonly number[], limit: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
