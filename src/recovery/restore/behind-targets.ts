/** What an undo writes once more at its end, so that it lies behind what it refers to. */
import type { RawRecord } from '../records/raw-record.ts';
import { readRecord } from '../records/read-record.ts';
import { findOutOfOrder } from '../repair/reference-order.ts';
import type { VersionWrite } from '../repair/version-writes.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { replay } from '../state/replay.ts';

export function refersToOthers(raw: RawRecord): boolean {
  const read = readRecord(raw);
  return read.ok && read.record.kind === 'schema' && read.record.value.references.length > 0;
}

/**
 * Versions that Karapace has, though the last record of what they refer to lies behind them: it had read an earlier one. All deleted first, and
 * written again in the order of the log, they would be dropped. Those that it dropped at `present` already are not among them: an undo mends
 * nothing. Reads the snapshot twice; memory: some 250 bytes for each version, twice where there are any.
 * @param again offsets of what is written again
 */
export async function keptBehindTargets(
  present: Snapshot,
  again: readonly number[],
  signal: AbortSignal,
): Promise<readonly VersionWrite[]> {
  const { writes } = await findOutOfOrder(present, signal, { evenDisputed: true });
  const offsets = new Set(again);
  const mine = writes.filter(({ offset }) => offsets.has(offset));
  if (mine.length === 0) return [];
  const state = await replay(present, 'karapace', { signal, readsOn: true });
  return mine.filter(({ subject, version }) => state.version(subject, version) !== undefined);
}
