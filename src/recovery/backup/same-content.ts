/** Whether two snapshots say the same: keys, values and headers in order. Offsets and times of what came over REST are made up. */
import { isDeepStrictEqual } from 'node:util';
import type { RawRecord } from '../records/raw-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';

export async function sameContent(one: Snapshot, other: Snapshot): Promise<boolean> {
  if (one.facts.records !== other.facts.records) return false;
  const others = eachRecord(other);
  try {
    for await (const record of eachRecord(one)) {
      const { value: against } = await others.next();
      if (against === undefined || !isDeepStrictEqual(contentOf(record), contentOf(against))) return false;
    }
    return true;
  } finally {
    await others.return(undefined);
  }
}

async function* eachRecord(snapshot: Snapshot): AsyncGenerator<RawRecord, undefined> {
  for await (const batch of snapshot.records()) yield* batch;
  return undefined;
}

function contentOf({ key, value, headers }: RawRecord): unknown {
  const bytes = (each: Uint8Array | null): Buffer | null => (each === null ? null : Buffer.from(each));
  return [bytes(key), bytes(value), headers.map((header) => [header.key, bytes(header.value)])];
}
