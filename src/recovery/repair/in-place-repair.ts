/** What a repair in place writes behind the topic's end, decided but not yet a plan. */
import type { PlannedRecord } from '../plan/plan.ts';
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

const base64 = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');

/** A record as it is, or with another key or value. It is written at another time, so that it gets the time at which it is. */
export function rewritten(
  record: Pick<RawRecord, 'key' | 'value' | 'headers'>,
  change: { readonly key?: Uint8Array; readonly value?: Uint8Array | null } = {},
): PlannedRecord {
  const { key = record.key, value = record.value } = change;
  return {
    key: base64(key),
    value: base64(value),
    headers: record.headers.map((header) => [header.key, base64(header.value)] as const),
    timestamp: -1,
  };
}

export function tombstone(key: Uint8Array): PlannedRecord {
  return { key: base64(key), value: null, headers: [], timestamp: -1 };
}
