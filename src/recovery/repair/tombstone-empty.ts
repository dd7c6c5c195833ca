/**
 * Karapace deletes by an empty value, which compaction keeps for ever and Confluent's registry passes over as no JSON
 * (specs/registry.md, chapter 5). The repair writes what both take for a deletion: null, under the same bytes of the key.
 */
import { counted } from '../../foundation/counted.ts';
import type { RawRecord } from '../records/raw-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { InPlaceRepair } from './in-place-repair.ts';
import { tombstone } from './in-place-repair.ts';
import { shownKey, shownList } from './shown.ts';

const textOf = (key: Uint8Array): string => Buffer.from(key).toString('latin1');

/** Only keys whose last record is empty: an earlier one is superseded already. Memory: the keys that it writes. */
export async function tombstoneEmpty(snapshot: Snapshot): Promise<InPlaceRepair> {
  const empty = await emptyKeys(snapshot);
  const keys = [...empty].map((text) => Buffer.from(text, 'latin1'));
  return {
    title: 'Write deletions that Karapace left as empty values as null',
    summary:
      keys.length === 0
        ? ['No key has an empty value as its last one: there is nothing to do.']
        : [
            `${counted(keys.length, 'key has', 'keys have')} an empty value as the last one; each gets a null.`,
            ...shownList(keys.map(shownKey)),
          ],
    writes: keys.length,
    records: async function* () {
      for (const key of keys) yield tombstone(key);
    },
  };
}

async function emptyKeys(snapshot: Snapshot): Promise<ReadonlySet<string>> {
  const empty = new Set<string>();
  for await (const batch of snapshot.records()) for (const record of batch) note(record, empty);
  return empty;
}

function note({ key, value }: RawRecord, empty: Set<string>): void {
  if (key === null) return;
  // Behind the others, so that the tombstones come in the order of what they replace.
  const text = textOf(key);
  empty.delete(text);
  if (value?.length === 0) empty.add(text);
}
