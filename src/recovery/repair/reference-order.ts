/**
 * Schemas that lie before what they refer to, or come to lie there once the log is compacted: each is written again behind it, unchanged.
 * Karapace drops such a schema at each start, with its id (specs/registry.md, chapter 5); Confluent's registry takes any order.
 */

import { agreeing, counted } from '../../foundation/counted.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { readRecord } from '../records/read-record.ts';
import { schemaKey } from '../records/write-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { StateReplay } from '../state/state-replay.ts';
import { checkReferences } from '../verify/check-references.ts';
import { EarlyReferences } from '../verify/early-references.ts';
import { FindingBook, type FindingPlace } from '../verify/finding-book.ts';
import type { FindingName } from '../verify/finding-kinds.ts';
import { PurgedVersions } from '../verify/purged-versions.ts';
import { DisputedPlaces } from './disputed-places.ts';
import type { InPlaceRepair } from './in-place-repair.ts';
import { withHolders, writeOf } from './shared-id-writes.ts';
import { shownList, shownVersion } from './shown.ts';
import { type VersionWrite, versionRecords } from './version-writes.ts';

/** Keeps what lies before its target, as `verify` finds it, but all of it. */
class EarlyFindings extends FindingBook {
  readonly found: { readonly subject: string; readonly version: number }[] = [];

  override add(name: FindingName, { subject, version }: FindingPlace, _message: string): void {
    if (name !== 'reference-before-target' || subject === undefined || version === undefined) return;
    this.found.push({ subject, version });
  }
}

export interface OutOfOrder {
  /** That lie before what they refer to, or will once the log is compacted. */
  readonly early: readonly { readonly subject: string; readonly version: number }[];
  /** Those, all that refer to them, and all that share an id with any of them, in the order in which they can be read. */
  readonly writes: readonly VersionWrite[];
  /** That stay early: a record that vendors read differently has come to their place or id since, and would be taken back. */
  readonly disputed: readonly { readonly subject: string; readonly version: number }[];
}

/**
 * Without those whose references lead nowhere or go in a circle: no order mends them. Reads the snapshot once; memory: some 250 bytes for
 * each version.
 * @param options.evenDisputed for whoever writes all of a log anew
 */
export async function findOutOfOrder(
  snapshot: Snapshot,
  signal?: AbortSignal,
  { evenDisputed = false }: { readonly evenDisputed?: boolean } = {},
): Promise<OutOfOrder> {
  const state = new StateReplay({ vendor: 'confluent', readsOn: true, keepsAll: true });
  const book = new EarlyFindings();
  const references = new EarlyReferences({ state });
  const places = new DisputedPlaces();
  for await (const batch of snapshot.records()) {
    signal?.throwIfAborted();
    for (const raw of batch) see(raw, references, state, places);
  }
  checkReferences({ state, book, purged: new PurgedVersions(), readEarly: references.rows });
  const isDisputed = ({ subject, version }: (typeof book.found)[number]): boolean => {
    const found = state.version(subject, version);
    return !evenDisputed && found !== undefined && places.has(found);
  };
  const early = book.found.filter((each) => !isDisputed(each));
  const writes = early.flatMap(({ subject, version }): VersionWrite[] => {
    const found = state.version(subject, version);
    return found === undefined ? [] : [writeOf(found, snapshot)];
  });
  return {
    early,
    writes: withHolders(writes, { snapshot, all: state, state }).filter((each) => !isDisputed(each)),
    disputed: book.found.filter(isDisputed),
  };
}

function see(raw: RawRecord, references: EarlyReferences, state: StateReplay, places: DisputedPlaces): void {
  const read = readRecord(raw);
  places.see(raw.offset, read);
  const record = read.ok && read.record.kind === 'schema' ? read.record : undefined;
  const isEarly = record !== undefined && references.isEarly(record);
  state.apply(raw.offset, read);
  const row = record === undefined ? undefined : state.rowOf(record.subject, record.version);
  if (row !== undefined) references.note(row, isEarly);
}

/** The lines of a summary; none where all is in order. */
export function outOfOrderLines({ early, writes, disputed }: OutOfOrder): readonly string[] {
  const others = writes.length - early.length;
  const more =
    others === 0 ? '' : `, and with them ${counted(others, 'schema')} that refer to those or share an id with one`;
  const lie = (count: number): string =>
    `Before what they refer to ${agreeing(count, 'lies', 'lie')} ${counted(count, 'schema')}, as the log is or once it is compacted`;
  const written =
    early.length === 0
      ? []
      : [`${lie(early.length)}, written again at the end, unchanged${more}:`, ...shownList(early.map(shownVersion))];
  if (disputed.length === 0) return written;
  return [
    ...written,
    `${lie(disputed.length)}, and not written again, as a damaged record that vendors read differently has come to the same version or id:`,
    ...shownList(disputed.map(shownVersion)),
  ];
}

export async function referenceOrder(snapshot: Snapshot, signal?: AbortSignal): Promise<InPlaceRepair> {
  const found = await findOutOfOrder(snapshot, signal);
  const lines = outOfOrderLines(found);
  return {
    title: 'Write schemas behind what they refer to',
    summary: lines.length === 0 ? ['No schema lies before what it refers to.'] : lines,
    writes: found.writes.length,
    records: () => versionRecords(found.writes),
  };
}

/** As those of a topic that is made anew, where every key is the one of today. */
export function underTodaysKeys(writes: readonly VersionWrite[]): readonly VersionWrite[] {
  return writes.map((write) => ({ ...write, key: schemaKey(write.subject, write.version) }));
}
