/** Whether one snapshot holds the same records as another, though they lie at other offsets. */
import { isPlanned, plannedRecord } from '../plan/planned-record.ts';
import type { RawRecord } from '../records/raw-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';

export interface ComparedRecords {
  readonly compared: number;
  /** In words, with offsets in both; a few where there are many. */
  readonly differences: readonly string[];
  readonly differing: number;
}

const LISTED = 20;

/**
 * Key, value, headers and, where the topic kept it, the time of every record, in their order. In bounded memory.
 */
export async function compareRecords(
  original: Snapshot,
  copy: Snapshot,
  signal?: AbortSignal,
): Promise<ComparedRecords> {
  const differences: string[] = [];
  let compared = 0;
  let differing = 0;
  const differs = (text: string): void => {
    if (differing++ < LISTED) differences.push(text);
  };
  const copied = oneByOne(copy, signal);
  const next = async (): Promise<RawRecord | undefined> => (await copied.next()).value;
  for await (const record of oneByOne(original, signal)) {
    const other = await next();
    compared++;
    if (other === undefined) differs(`the record at offset ${record.offset} is missing`);
    else if (!isPlanned(other, plannedRecord(record))) {
      differs(`the record at offset ${record.offset} is another one at offset ${other.offset} of the copy`);
    }
  }
  for (let more = await next(); more !== undefined; more = await next()) {
    differs(`the record at offset ${more.offset} of the copy is in no record of the original`);
  }
  return { compared, differences, differing };
}

async function* oneByOne(snapshot: Snapshot, signal: AbortSignal | undefined): AsyncGenerator<RawRecord, undefined> {
  for await (const batch of snapshot.records()) {
    signal?.throwIfAborted();
    yield* batch;
  }
  return undefined;
}
