/** What a repair in place writes behind the topic's end, decided but not yet a plan. */
import type { PlannedRecord } from '../plan/plan.ts';
import { plannedRecord } from '../plan/planned-record.ts';
import type { RawRecord } from '../records/raw-record.ts';

export interface InPlaceRepair {
  readonly title: string;
  /** What a person wants to read before saying yes: what was found, what is written, what changes by it. */
  readonly summary: readonly string[];
  /** 0: nothing needs mending. */
  readonly writes: number;
  /** In the order in which they are to be written; every call begins anew and reads the snapshot again. */
  records(): AsyncIterable<PlannedRecord>;
}

/** A record as it is, or with another key or value. It is written at another time, so that it gets the time at which it is. */
export function rewritten(
  record: Pick<RawRecord, 'key' | 'value' | 'headers'>,
  change: { readonly key?: Uint8Array; readonly value?: Uint8Array | null } = {},
): PlannedRecord {
  const { key = record.key, value = record.value } = change;
  return plannedRecord({ key, value, headers: record.headers, timestamp: -1 });
}

export function tombstone(key: Uint8Array): PlannedRecord {
  return plannedRecord({ key, value: null, headers: [], timestamp: -1 });
}
