/** A record as it should have been written: deletes as null, keys with the bytes that compaction goes by today. */
import type { RawRecord } from '../records/raw-record.ts';
import type { ReadRecord } from '../records/schemas-record.ts';
import { canonicalKey } from '../records/write-record.ts';

export type Normalization = 'empty-delete' | 'legacy-key';

export interface NormalizedRecord {
  readonly record: RawRecord;
  readonly done: readonly Normalization[];
}

/** @param read of that record, and readable */
export function normalizeRecord(raw: RawRecord, read: ReadRecord & { readonly ok: true }): NormalizedRecord {
  const done: Normalization[] = [];
  let { key, value } = raw;
  const { record } = read;
  if ('absence' in record && record.absence === 'empty') {
    value = null;
    done.push('empty-delete');
  }
  const canonical = read.hasCanonicalKey ? undefined : canonicalKey(record);
  if (canonical !== undefined) {
    key = canonical;
    done.push('legacy-key');
  }
  return { record: done.length === 0 ? raw : { ...raw, key, value }, done };
}
