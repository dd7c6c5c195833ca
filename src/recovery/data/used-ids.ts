/** Which schema ids the records of data topics carry, and where. */
import type { OffsetRange } from './offset-tally.ts';
import type { RecordPart } from './schema-mark.ts';

/** A schema as the records of one partition name it, in their keys or in their values. */
export interface SchemaUse {
  readonly topic: string;
  readonly partition: number;
  readonly part: RecordPart;
  readonly records: number;
  readonly first: number;
  readonly last: number;
  /** Ascending; at most eight, see `isCoarse`. */
  readonly ranges: readonly OffsetRange[];
  /** Not every record of the ranges is meant: there were too many ranges. */
  readonly isCoarse: boolean;
  /** Bytes of the shortest and the longest of those keys or values. */
  readonly shortest: number;
  readonly longest: number;
}

export interface IdUse extends SchemaUse {
  /** Where the id is looked up: the context of the topic, '' is the default one. */
  readonly context: string;
  /** As the four bytes say, so it may be negative: then it is none. */
  readonly id: number;
}

export interface GuidUse extends SchemaUse {
  readonly guid: string;
}

/** How many records of a topic have such a part at all, and how many of those look as if they named a schema. */
export interface PartFigures {
  readonly topic: string;
  readonly part: RecordPart;
  readonly present: number;
  readonly marked: number;
  /** Of the marked ones: not kept, because there were more ids than fit. */
  readonly crowdedOut: number;
}

/** A range of a partition that could not be read. */
export interface UnreadRange extends OffsetRange {
  readonly topic: string;
  readonly partition: number;
  readonly reason: string;
}

export interface UsedIds {
  readonly topics: readonly string[];
  /** By topic, partition, part and id. */
  readonly ids: readonly IdUse[];
  readonly guids: readonly GuidUse[];
  readonly parts: readonly PartFigures[];
  readonly unread: readonly UnreadRange[];
  readonly records: number;
  /** Only a part of the records was read, as was asked for. */
  readonly isPartial: boolean;
}
