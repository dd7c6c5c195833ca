/** A snapshot without some of its records. */
import { createHash } from 'node:crypto';
import type { RawRecord } from '../records/raw-record.ts';
import { recordDigest } from '../records/record-digest.ts';
import type { RestWitness } from '../snapshot/rest-witness.ts';
import type { Snapshot, SnapshotFacts } from '../snapshot/snapshot.ts';

/** Closing it leaves the one beneath open. */
export class FilteredSnapshot implements Snapshot {
  readonly facts: SnapshotFacts;
  private readonly base: Snapshot;
  private readonly leftOut: { has(offset: number): boolean };

  private constructor(base: Snapshot, leftOut: { has(offset: number): boolean }, facts: SnapshotFacts) {
    this.base = base;
    this.leftOut = leftOut;
    this.facts = facts;
  }

  /** Reads the whole snapshot once, to know what is left of it. */
  static async open(base: Snapshot, leftOut: { has(offset: number): boolean }): Promise<FilteredSnapshot> {
    const whole = createHash('sha256');
    let records = 0;
    for await (const batch of base.records()) {
      for (const record of batch) {
        if (leftOut.has(record.offset)) continue;
        whole.update(recordDigest(record));
        records++;
      }
    }
    const facts = { ...base.facts, source: 'derived' as const, records, sha256: whole.digest('hex') };
    return new FilteredSnapshot(base, leftOut, facts);
  }

  async *records(from?: number): AsyncIterable<readonly RawRecord[]> {
    for await (const batch of this.base.records(from)) {
      const kept = batch.filter(({ offset }) => !this.leftOut.has(offset));
      if (kept.length > 0) yield kept;
    }
  }

  async at(offsets: readonly number[]): Promise<readonly (RawRecord | undefined)[]> {
    const records = await this.base.at(offsets);
    return records.map((record) => (record === undefined || this.leftOut.has(record.offset) ? undefined : record));
  }

  witnesses(): AsyncIterable<RestWitness> {
    return this.base.witnesses();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
