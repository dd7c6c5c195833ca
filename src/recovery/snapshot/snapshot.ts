/** The records of one `_schemas` partition up to a fixed end offset, and what was known about them. Where they lie is the implementation's. */
import type { RawRecord } from '../records/raw-record.ts';
import type { RestWitness } from './rest-witness.ts';
import type { TopicFacts } from './topic-facts.ts';

export interface SnapshotFacts {
  /** What it was made from: a topic, a registry's REST API, workers' schema stores, another snapshot. */
  readonly source: 'topic' | 'rest' | 'stores' | 'derived';
  /** ms since the epoch. */
  readonly takenAt: number;
  /** undefined: not made from a topic. */
  readonly topic: TopicFacts | undefined;
  readonly records: number;
  /** First offset that may be in it, and the one behind the last. */
  readonly beginOffset: number;
  readonly endOffset: number;
  /** Hex sha256 over the records' own digests in order. */
  readonly sha256: string;
  readonly continuityBreak?: ContinuityBreak;
}

/** It is not what became of the backup before at its place: of another source, or the topic has lost what that one has. */
export interface ContinuityBreak {
  /** Name of the backup before, or its commit; pruning leaves it to people. */
  readonly before: string;
  readonly why: string;
}

/** Read again as often as needed; memory does not grow with the number of records. */
export interface Snapshot {
  readonly facts: SnapshotFacts;
  /** In offset order, in batches. Throws DataError `holdfast.recovery.backup-damaged` at a record whose digest does not fit. */
  records(from?: number): AsyncIterable<readonly RawRecord[]>;
  /** The records at these offsets, ascending; undefined where there is none. */
  at(offsets: readonly number[]): Promise<readonly (RawRecord | undefined)[]>;
  /** What the registry itself told at the time, node by node; none: it was not asked, or did not answer. */
  witnesses(): AsyncIterable<RestWitness>;
  close(): Promise<void>;
}
