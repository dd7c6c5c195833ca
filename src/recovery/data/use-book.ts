/** Collects which schemas the records of data topics name, in bounded memory. */
import type { FetchedBatch, FetchedRecord } from '../../broker/ports.ts';
import { OffsetTally } from './offset-tally.ts';
import { type RecordPart, schemaMarkOf } from './schema-mark.ts';
import type { GuidUse, IdUse, PartFigures, SchemaUse } from './used-ids.ts';

export interface UseBookOptions {
  readonly parts: readonly RecordPart[];
  readonly contextOf: (topic: string) => string;
  /** No registry gave out a higher one, so far as is known: ids far above it have less room. undefined: nobody knows. */
  readonly highestId: number | undefined;
  /** Only these; undefined: all. */
  readonly ids: ReadonlySet<number> | undefined;
}

/** Ids times partitions times parts, some 200 bytes each. */
const MAX_TALLIES = 400_000;
/** What begins with a zero by chance must not take the room of ids. */
const MAX_STRANGE = 40_000;

/** What a registry that knows ids up to `highest` can hardly have given out; undefined: anything goes. */
export function isFarAbove(id: number, highest: number | undefined): boolean {
  return id < 0 || (highest !== undefined && id > Math.max(10 * highest, highest + 100_000));
}

class PartOfPartition {
  readonly tallies = new Map<number | string, OffsetTally>();
  present = 0;
  marked = 0;
  crowdedOut = 0;
  private latest: OffsetTally | undefined;
  private latestMark: number | string | undefined;

  /** The tally of a mark; successive records mostly have the same one. */
  known(mark: number | string): OffsetTally | undefined {
    if (mark === this.latestMark) return this.latest;
    const tally = this.tallies.get(mark);
    if (tally !== undefined) {
      this.latestMark = mark;
      this.latest = tally;
    }
    return tally;
  }
}

export class UseBook {
  records = 0;
  private readonly options: UseBookOptions;
  /** By topic, partition and part. */
  private readonly books = new Map<string, Map<number, ReadonlyMap<RecordPart, PartOfPartition>>>();
  private tallies = 0;
  private strange = 0;

  constructor(options: UseBookOptions) {
    this.options = options;
  }

  /** The records of a batch below an offset. */
  add({ topic, partition, records }: FetchedBatch, below: number): void {
    for (const [part, book] of this.partsOf(topic, partition)) {
      for (const record of records) {
        if (record.offset >= below) break;
        this.note(book, record, part);
      }
    }
    for (let index = records.length; index > 0; index--) {
      if ((records[index - 1] as FetchedRecord).offset >= below) continue;
      this.records += index;
      break;
    }
  }

  get ids(): readonly IdUse[] {
    return this.uses((use, mark, topic) =>
      typeof mark === 'number' ? { ...use, id: mark, context: this.options.contextOf(topic) } : undefined,
    ).sort((a, b) => inOrder(a, b) || a.id - b.id);
  }

  get guids(): readonly GuidUse[] {
    return this.uses((use, mark) => (typeof mark === 'string' ? { ...use, guid: mark } : undefined)).sort(inOrder);
  }

  get parts(): readonly PartFigures[] {
    const figures: PartFigures[] = [];
    for (const [topic, partitions] of this.books) {
      for (const part of this.options.parts) {
        const books = [...partitions.values()].flatMap((parts) => parts.get(part) ?? []);
        figures.push({
          topic,
          part,
          present: sum(books.map(({ present }) => present)),
          marked: sum(books.map(({ marked }) => marked)),
          crowdedOut: sum(books.map(({ crowdedOut }) => crowdedOut)),
        });
      }
    }
    return figures;
  }

  private note(book: PartOfPartition, record: FetchedRecord, part: RecordPart): void {
    const bytes = record[part];
    if (bytes !== null) book.present += 1;
    const mark = schemaMarkOf(record, part);
    if (mark === undefined) return;
    book.marked += 1;
    if (this.options.ids !== undefined && !(typeof mark === 'number' && this.options.ids.has(mark))) return;
    const tally = book.known(mark) ?? this.begin(book, mark);
    if (tally === undefined) book.crowdedOut += 1;
    else tally.add(record.offset, bytes?.length ?? 0);
  }

  private begin(book: PartOfPartition, mark: number | string): OffsetTally | undefined {
    const isStrange = typeof mark === 'number' && isFarAbove(mark, this.options.highestId);
    if (this.tallies >= MAX_TALLIES || (isStrange && this.strange >= MAX_STRANGE)) return undefined;
    this.tallies += 1;
    if (isStrange) this.strange += 1;
    const tally = new OffsetTally();
    book.tallies.set(mark, tally);
    return tally;
  }

  private partsOf(topic: string, partition: number): ReadonlyMap<RecordPart, PartOfPartition> {
    let partitions = this.books.get(topic);
    if (partitions === undefined) {
      partitions = new Map();
      this.books.set(topic, partitions);
    }
    let parts = partitions.get(partition);
    if (parts === undefined) {
      parts = new Map(this.options.parts.map((part) => [part, new PartOfPartition()]));
      partitions.set(partition, parts);
    }
    return parts;
  }

  private uses<T>(make: (use: SchemaUse, mark: number | string, topic: string) => T | undefined): T[] {
    const uses: T[] = [];
    for (const [topic, partitions] of this.books) {
      for (const [partition, parts] of partitions) {
        for (const [part, { tallies }] of parts) {
          for (const [mark, tally] of tallies) {
            const use = make(useOf({ topic, partition, part, tally }), mark, topic);
            if (use !== undefined) uses.push(use);
          }
        }
      }
    }
    return uses;
  }
}

function useOf(seen: {
  readonly topic: string;
  readonly partition: number;
  readonly part: RecordPart;
  readonly tally: OffsetTally;
}): SchemaUse {
  const { topic, partition, part, tally } = seen;
  const { count, ranges, isCoarse, shortest, longest } = tally;
  const first = ranges[0]?.first ?? -1;
  const last = ranges[ranges.length - 1]?.last ?? -1;
  return { topic, partition, part, records: count, first, last, ranges, isCoarse, shortest, longest };
}

function inOrder(a: SchemaUse, b: SchemaUse): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition || (a.part === b.part ? 0 : a.part === 'key' ? -1 : 1);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
