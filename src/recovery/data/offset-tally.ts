/** Which offsets of one partition something was seen at: exact up to eight ranges, and beyond that never too few. */

export interface OffsetRange {
  readonly first: number;
  /** Included. */
  readonly last: number;
}

/** Kept apart; with one more the two that lie closest become one. */
const MAX_RANGES = 8;

/** Offsets must come in ascending order. */
export class OffsetTally {
  count = 0;
  /** Bytes of the part, over all that were added. */
  shortest = Number.POSITIVE_INFINITY;
  longest = 0;
  /** Ranges were joined: not every record in them is meant. */
  isCoarse = false;
  /** First, last, first, last, ... */
  private readonly bounds: number[] = [];

  add(offset: number, bytes: number): void {
    const { bounds } = this;
    this.count += 1;
    if (bytes < this.shortest) this.shortest = bytes;
    if (bytes > this.longest) this.longest = bytes;
    const last = bounds.length - 1;
    if (last > 0 && bounds[last] === offset - 1) {
      bounds[last] = offset;
      return;
    }
    bounds.push(offset, offset);
    if (bounds.length > 2 * MAX_RANGES) this.joinClosest();
  }

  get ranges(): readonly OffsetRange[] {
    const ranges: OffsetRange[] = [];
    for (let at = 0; at < this.bounds.length; at += 2) {
      ranges.push({ first: this.bounds[at] as number, last: this.bounds[at + 1] as number });
    }
    return ranges;
  }

  private joinClosest(): void {
    const { bounds } = this;
    let closest = 1;
    let gap = Number.POSITIVE_INFINITY;
    for (let at = 1; at + 1 < bounds.length; at += 2) {
      const between = (bounds[at + 1] as number) - (bounds[at] as number);
      if (between < gap) {
        gap = between;
        closest = at;
      }
    }
    bounds.splice(closest, 2);
    this.isCoarse = true;
  }
}
