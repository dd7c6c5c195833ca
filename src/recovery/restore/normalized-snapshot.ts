/** A snapshot as its records should have been written; whoever reads it as Confluent's registry does sees Karapace's empty deletes as deletes. */
import type { RawRecord } from '../records/raw-record.ts';
import { readRecord } from '../records/read-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { normalizeRecord } from './normalize-record.ts';

/** Closing it leaves the one beneath open; facts are those of that one. */
export function normalizedSnapshot(base: Snapshot): Snapshot {
  return {
    facts: base.facts,
    async *records(from?: number) {
      for await (const batch of base.records(from)) yield batch.map(normalized);
    },
    async at(offsets) {
      return (await base.at(offsets)).map((raw) => (raw === undefined ? undefined : normalized(raw)));
    },
    witnesses: () => base.witnesses(),
    close: () => Promise.resolve(),
  };
}

function normalized(raw: RawRecord): RawRecord {
  const read = readRecord(raw);
  return read.ok ? normalizeRecord(raw, read).record : raw;
}
