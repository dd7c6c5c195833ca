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
  const copied = new RecordCursor(copy);
  for await (const records of original.records()) {
    signal?.throwIfAborted();
    for (const record of records) {
      // Waits once a batch, not at each record.
      const other = copied.taken() ?? (await copied.next());
      compared++;
      if (other === undefined) differs(`the record at offset ${record.offset} is missing`);
      else if (!isPlanned(other, plannedRecord(record))) {
        differs(`the record at offset ${record.offset} is another one at offset ${other.offset} of the copy`);
      }
    }
  }
  for (let more = await copied.next(); more !== undefined; more = await copied.next()) {
    differs(`the record at offset ${more.offset} of the copy is in no record of the original`);
  }
  return { compared, differences, differing };
}

class RecordCursor {
  private readonly batches: AsyncIterator<readonly RawRecord[]>;
  private batch: readonly RawRecord[] = [];
  private at = 0;

  constructor(snapshot: Snapshot) {
    this.batches = snapshot.records()[Symbol.asyncIterator]();
  }

  /** The next one of the batch that was read; undefined: another has to be read. */
  taken(): RawRecord | undefined {
    return this.batch[this.at++];
  }

  /** undefined: there is none. */
  async next(): Promise<RawRecord | undefined> {
    for (let found = this.taken(); ; found = this.taken()) {
      if (found !== undefined) return found;
      const { value, done } = await this.batches.next();
      if (done === true) return undefined;
      this.batch = value;
      this.at = 0;
    }
  }
}
