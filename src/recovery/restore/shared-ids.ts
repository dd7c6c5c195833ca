/**
 * Ids that stand for several schemas already, as a split brain leaves them. Confluent's registry answers with the first of them in the log, and
 * Karapace with the last: where one is written again, all are, in their order.
 */
import { contextOf } from '../../registry/subject-context.ts';
import { isReservedSubject } from '../records/reserved-id.ts';
import { placeOf, type RecordTable } from './record-table.ts';
import type { VersionRow } from './version-rows.ts';

/** A version as it will be: the snapshot's, or else the target's. */
export interface Holder {
  readonly subject: string;
  readonly version: number;
  readonly from: 'snapshot' | 'present';
  readonly row: VersionRow;
  /** Where it lies at the target; where it is not there, in the snapshot. */
  readonly at: number;
}

/**
 * By each shared id of what is written, all versions that will have it, in their order. Memory grows with the ids of what is written.
 * @param written by place
 */
export function sharedIdsOf(
  wanted: RecordTable,
  there: RecordTable,
  written: { has(place: string): boolean },
): ReadonlyMap<string, readonly Holder[]> {
  const contents = new Map<string, string>();
  for (const holder of holdersOf(wanted, there)) {
    if (written.has(placeOf(holder.subject, holder.version))) contents.set(idKeyOf(holder), holder.row.content);
  }
  const shared = new Map<string, Holder[]>();
  if (contents.size === 0) return shared;
  for (const holder of holdersOf(wanted, there)) {
    const content = contents.get(idKeyOf(holder));
    if (content !== undefined && content !== holder.row.content) shared.set(idKeyOf(holder), []);
  }
  if (shared.size === 0) return shared;
  for (const holder of holdersOf(wanted, there)) shared.get(idKeyOf(holder))?.push(holder);
  for (const holders of shared.values()) holders.sort((a, b) => a.at - b.at);
  return shared;
}

function* holdersOf(wanted: RecordTable, there: RecordTable): Generator<Holder> {
  for (const [subject, rows] of wanted.versions) {
    if (isReservedSubject(subject)) continue;
    for (const [version, row] of rows) {
      const at = there.version(subject, version)?.offset ?? row.offset;
      yield { subject, version, from: 'snapshot', row, at };
    }
  }
  for (const [subject, rows] of there.versions) {
    if (isReservedSubject(subject)) continue;
    for (const [version, row] of rows) {
      if (wanted.version(subject, version) !== undefined) continue;
      yield { subject, version, from: 'present', row, at: row.offset };
    }
  }
}

function idKeyOf({ subject, row }: Holder): string {
  const context = contextOf(subject);
  return context === '' ? `${row.id}` : `${row.id} of the context ${context}`;
}
