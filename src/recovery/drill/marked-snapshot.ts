/** A snapshot behind a first record that says whose topic it is in. */
import type { RawRecord } from '../records/raw-record.ts';
import type { RestWitness } from '../snapshot/rest-witness.ts';
import type { Snapshot, SnapshotFacts } from '../snapshot/snapshot.ts';

/** For a planner, which reads it in order; closing it leaves the one beneath open. */
export class MarkedSnapshot implements Snapshot {
  readonly facts: SnapshotFacts;
  private readonly base: Snapshot;
  private readonly mark: RawRecord;

  constructor(base: Snapshot, mark: RawRecord) {
    this.base = base;
    this.mark = mark;
    this.facts = { ...base.facts, source: 'derived', records: base.facts.records + 1 };
  }

  async *records(from = 0): AsyncIterable<readonly RawRecord[]> {
    if (from === 0) yield [this.mark];
    yield* this.base.records(from);
  }

  at(offsets: readonly number[]): Promise<readonly (RawRecord | undefined)[]> {
    return this.base.at(offsets);
  }

  witnesses(): AsyncIterable<RestWitness> {
    return this.base.witnesses();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
