/** What each vendor's registry makes of one record: either overlooks what it does not check (specs/registry.md, chapter 5). */
import type { ReadRecord, SchemasRecord } from './schemas-record.ts';

/** Damaged, but one vendor reads it, or each something else: it says something, if not the same to all. */
export type DifferentlyRead = Extract<ReadRecord, { readonly ok: false }> & { readonly overlooked: SchemasRecord };

export function isReadDifferently(read: ReadRecord): read is DifferentlyRead {
  return !read.ok && read.overlooked !== undefined;
}

/** undefined: it passes the record over. A value that is of another place than its key is here, with Confluent's, under the key's. */
export function recordReadBy(vendor: 'confluent' | 'karapace', read: ReadRecord): SchemasRecord | undefined {
  if (read.ok) return read.record;
  const { problem, overlooked } = read;
  if (overlooked === undefined || (vendor === 'confluent' && problem === 'unsupported-magic')) return undefined;
  if (overlooked.kind !== 'schema') return overlooked;
  const { value } = overlooked;
  const { subject, version } = vendor === 'confluent' ? overlooked : value;
  return { kind: 'schema', subject, version, value: { ...value, subject, version } };
}
