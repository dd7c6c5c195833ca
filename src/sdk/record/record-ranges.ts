/** Which records of which partitions, as ranges of offsets: exact up to a bound of memory, and beyond it never too few. */

/** Records of one partition from the first to the last offset, both included. */
export interface RecordRange {
  readonly topic: string;
  readonly partition: number;
  readonly first: number;
  readonly last: number;
  /** There were too many to keep them apart: not all records of the range are meant. */
  readonly isCoarse?: boolean;
}

interface Range {
  first: number;
  last: number;
  isCoarse: boolean;
}

/** Ranges kept apart per partition; beyond that the two that lie closest become one, with the records between them. */
const MAX_RANGES = 64;

/** Collects records; at most 64 ranges are kept for each partition. */
export class RecordRanges {
  private readonly partitions = new Map<string, Map<number, Range[]>>();
  private lastTopic: string | undefined;
  private lastPartition = -1;
  private lastRanges: Range[] = [];

  get isEmpty(): boolean {
    return this.partitions.size === 0;
  }

  /** Cheap for offsets that come in order. */
  add(topic: string, partition: number, offset: number): void {
    const ranges = this.rangesOf(topic, partition);
    const latest = ranges[ranges.length - 1];
    if (latest !== undefined && !latest.isCoarse && offset === latest.last + 1) latest.last = offset;
    else insert(ranges, { first: offset, last: offset, isCoarse: false });
  }

  /** All records from `first` to `last`. */
  addRange({ topic, partition, first, last, isCoarse = false }: RecordRange): void {
    insert(this.rangesOf(topic, partition), { first, last, isCoarse });
  }

  /** By topic, partition and offset. */
  list(): RecordRange[] {
    const list: RecordRange[] = [];
    for (const topic of [...this.partitions.keys()].sort()) {
      const partitions = this.partitions.get(topic) as Map<number, Range[]>;
      for (const partition of [...partitions.keys()].sort((a, b) => a - b)) {
        for (const { first, last, isCoarse } of partitions.get(partition) as Range[]) {
          list.push({ topic, partition, first, last, ...(isCoarse ? { isCoarse } : {}) });
        }
      }
    }
    return list;
  }

  private rangesOf(topic: string, partition: number): Range[] {
    if (topic === this.lastTopic && partition === this.lastPartition) return this.lastRanges;
    let partitions = this.partitions.get(topic);
    if (partitions === undefined) {
      partitions = new Map();
      this.partitions.set(topic, partitions);
    }
    let ranges = partitions.get(partition);
    if (ranges === undefined) {
      ranges = [];
      partitions.set(partition, ranges);
    }
    this.lastTopic = topic;
    this.lastPartition = partition;
    this.lastRanges = ranges;
    return ranges;
  }
}

function insert(ranges: Range[], range: Range): void {
  let at = ranges.length;
  while (at > 0 && (ranges[at - 1] as Range).first > range.first) at--;
  ranges.splice(at, 0, range);
  // What touches or overlaps becomes one.
  let index = Math.max(0, at - 1);
  while (index + 1 < ranges.length) {
    const left = ranges[index] as Range;
    const right = ranges[index + 1] as Range;
    if (right.first > left.last + 1) {
      if (index > at) break;
      index++;
      continue;
    }
    left.last = Math.max(left.last, right.last);
    left.isCoarse ||= right.isCoarse;
    ranges.splice(index + 1, 1);
  }
  if (ranges.length > MAX_RANGES) mergeClosest(ranges);
}

function mergeClosest(ranges: Range[]): void {
  let closest = 0;
  let gap = Number.POSITIVE_INFINITY;
  for (let index = 0; index + 1 < ranges.length; index++) {
    const between = (ranges[index + 1] as Range).first - (ranges[index] as Range).last;
    if (between < gap) {
      gap = between;
      closest = index;
    }
  }
  const left = ranges[closest] as Range;
  left.last = (ranges[closest + 1] as Range).last;
  left.isCoarse = true;
  ranges.splice(closest + 1, 1);
}
