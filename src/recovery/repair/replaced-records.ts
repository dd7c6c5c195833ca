/** Which records compaction removes: those that a later one of the same key replaces. */
import { hash } from 'node:crypto';
import type { RawRecord } from '../records/raw-record.ts';

export interface ReplacedRecords {
  /** Whether a record before the end replaces the one at that offset. */
  within(offset: number): boolean;
  /** Whether any record does, those behind the end among them. */
  withAll(offset: number): boolean;
}

/** Of a sha256: two keys that share so much do not come. */
const DIGEST_BYTES = 12;

/**
 * Reads the records once, in the order of their offsets. Memory: some 80 bytes for each key, whatever its length, until it resolves; from then
 * on some 40 for each record that is replaced.
 *
 * @param end the offset of the first record that is behind the end
 */
export async function replacedRecords(
  records: AsyncIterable<readonly Pick<RawRecord, 'key' | 'offset'>[]>,
  end: number,
): Promise<ReplacedRecords> {
  const last = new Map<string, number>();
  const within = new Set<number>();
  const behind = new Set<number>();
  for await (const batch of records) {
    for (const { key, offset } of batch) {
      if (key === null) continue;
      const short = shortDigest(key);
      const before = last.get(short);
      if (before !== undefined) (offset < end ? within : behind).add(before);
      last.set(short, offset);
    }
  }
  return {
    within: (offset) => within.has(offset),
    withAll: (offset) => within.has(offset) || behind.has(offset),
  };
}

/** Stands for a text or bytes in a set of many: 12 characters, each one byte of memory. */
export function shortDigest(of: Uint8Array | string): string {
  return hash('sha256', of, 'buffer').toString('latin1', 0, DIGEST_BYTES);
}
