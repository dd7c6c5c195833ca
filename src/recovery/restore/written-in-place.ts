/** The records that a restore in place writes behind a topic's end. */
import type { PlannedChange } from '../plan/plan.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { readRecord } from '../records/read-record.ts';
import { schemaKey, schemaValueBytes } from '../records/write-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { normalizeRecord } from './normalize-record.ts';
import type { Difference } from './record-differences.ts';

export interface WrittenRecord {
  readonly record: RawRecord;
  readonly change: PlannedChange;
}

interface Sources {
  readonly snapshot: Snapshot;
  readonly present: Snapshot;
}

const BATCH = 200;

/**
 * As their snapshot has them, but written now, with today's keys, and soft-deleted where a later record deleted them. All deletions come
 * first: Confluent's registry keeps the first text that an id had unless its version was deleted, and two versions may change their ids.
 */
export async function* writtenInPlace(
  sources: Sources,
  differences: Iterable<Difference>,
  signal: AbortSignal | undefined,
): AsyncGenerator<WrittenRecord> {
  const deleted = where(differences, ({ needsTombstone }) => needsTombstone);
  for await (const { raw, read } of readEach(sources, deleted, signal)) {
    if (read.record.kind !== 'schema') continue;
    const { subject, version } = read.record;
    yield { record: { ...raw, timestamp: -1, key: schemaKey(subject, version), value: null }, change: '-' };
  }
  const written = where(differences, ({ isReleased = false }) => !isReleased);
  for await (const { raw, read, difference } of readEach(sources, written, signal)) {
    const { change, deleted: isDeleted } = difference;
    const { record } = normalizeRecord({ ...raw, timestamp: -1 }, read);
    const value = read.record.kind === 'schema' ? read.record.value : undefined;
    const isSame = value === undefined || value.deleted === isDeleted;
    yield {
      record: isSame ? record : { ...record, value: schemaValueBytes({ ...value, deleted: isDeleted }) },
      change,
    };
  }
}

interface Read {
  readonly difference: Difference;
  readonly raw: RawRecord;
  readonly read: ReturnType<typeof readRecord> & { readonly ok: true };
}

function* where(differences: Iterable<Difference>, is: (difference: Difference) => boolean): Generator<Difference> {
  for (const difference of differences) if (is(difference)) yield difference;
}

function* batched(differences: Iterable<Difference>): Generator<readonly Difference[]> {
  let batch: Difference[] = [];
  for (const difference of differences) {
    if (batch.push(difference) < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function* readEach(
  { snapshot, present }: Sources,
  differences: Iterable<Difference>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Read> {
  for (const batch of batched(differences)) {
    signal?.throwIfAborted();
    const wanted = await recordsAt(
      snapshot,
      batch.filter(({ from }) => from === 'snapshot'),
    );
    const there = await recordsAt(
      present,
      batch.filter(({ from }) => from === 'present'),
    );
    for (const difference of batch) {
      const raw = (difference.from === 'snapshot' ? wanted : there).get(difference.offset);
      const read = raw === undefined ? undefined : readRecord(raw);
      if (raw !== undefined && read?.ok === true) yield { difference, raw, read };
    }
  }
}

async function recordsAt(
  snapshot: Snapshot,
  differences: readonly Difference[],
): Promise<ReadonlyMap<number, RawRecord>> {
  const offsets = differences.map(({ offset }) => offset).sort((a, b) => a - b);
  const found = (await snapshot.at(offsets)).filter((raw) => raw !== undefined);
  return new Map(found.map((raw) => [raw.offset, raw]));
}
