/**
 * Ids that stand for several schemas already, as a split brain leaves them. Confluent's registry answers with the first of them in the log, and
 * Karapace with the last: where one is written again, all are, in their order.
 */
import { RowIndex } from '../state/row-index.ts';
import type { Row, VersionTable } from '../state/version-table.ts';
import type { WrittenRows } from './written-rows.ts';

/** Finds rows by id and context: one for each. */
export function idIndex(versions: VersionTable): RowIndex {
  return new RowIndex({ first: (row) => versions.id(row), second: (row) => versions.contextNumber(row) });
}

/**
 * By each shared id of what is written, in words, all versions that will have it, in the order in which they are to stay. Memory: some 10 bytes
 * for each id of what is written, and what is shared.
 */
export function sharedIdsOf(written: WrittenRows): ReadonlyMap<string, readonly Row[]> {
  const { versions } = written;
  const shared = new Map<string, Row[]>();
  if (written.size === 0) return shared;
  const ids = idIndex(versions);
  for (const row of holders(written)) if (written.hasPlace(row)) ids.put(row);
  for (const row of holders(written)) {
    const known = ids.find(versions.id(row), versions.contextNumber(row));
    if (known !== undefined && !versions.hasSameContent(known, row)) shared.set(inWords(versions, row), []);
  }
  if (shared.size === 0) return shared;
  for (const row of holders(written)) shared.get(inWords(versions, row))?.push(row);
  const at = (row: Row): number => versions.offset(written.there.samePlace(row) ?? row);
  for (const rows of shared.values()) rows.sort((a, b) => at(a) - at(b));
  return shared;
}

/** Each version as it will be: the snapshot's, or else the target's. */
function* holders({ wanted, there }: WrittenRows): Generator<Row> {
  yield* wanted.rows();
  for (const row of there.rows()) if (wanted.samePlace(row) === undefined) yield row;
}

function inWords(versions: VersionTable, row: Row): string {
  const context = versions.context(row);
  return context === '' ? `${versions.id(row)}` : `${versions.id(row)} of the context ${context}`;
}
