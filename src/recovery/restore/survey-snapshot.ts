/** What a planner has to know of a snapshot before it writes the first step. */
import { agreeing, counted } from '../../foundation/counted.ts';
import { readRecord } from '../records/read-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { DamagedRecords, type Fate, LEFT_OUT } from './damaged-records.ts';
import { addWitnessedIds, HighestIds } from './highest-ids.ts';
import { normalizeRecord } from './normalize-record.ts';
import { sizeOf } from './topic-settings.ts';

const STAY_SO: Fate = ['stays so', 'stay so'];
const STAY: Fate = ['stays as it is', 'stay as they are'];

export interface SnapshotSurvey {
  readonly ids: HighestIds;
  /** Bytes of key, value and headers. */
  readonly largestRecord: number;
  /** Any schema refers to another one. */
  readonly hasReferences: boolean;
  summary(): readonly string[];
}

/** Reads the snapshot once; memory does not grow with it. */
export async function surveySnapshot(
  snapshot: Snapshot,
  options: { readonly minIds: Readonly<Record<string, number>>; readonly asIs: boolean },
  signal?: AbortSignal,
): Promise<SnapshotSurvey> {
  const ids = new HighestIds({ leavesOutUnreadable: !options.asIs });
  const counts = { records: 0, keyless: 0, 'empty-delete': 0, 'legacy-key': 0 };
  const damaged = new DamagedRecords();
  let largestRecord = 0;
  let hasReferences = false;
  for await (const records of snapshot.records()) {
    signal?.throwIfAborted();
    for (const raw of records) {
      counts.records++;
      largestRecord = Math.max(largestRecord, sizeOf(raw));
      const read = readRecord(raw);
      ids.saw(read);
      hasReferences ||= read.ok && read.record.kind === 'schema' && read.record.value.references.length > 0;
      if (raw.key === null) counts.keyless++;
      if (read.ok) for (const done of normalizeRecord(raw, read).done) counts[done]++;
      else if (raw.key !== null || !options.asIs) damaged.add(raw.offset, read);
    }
  }
  await addWitnessedIds(ids, snapshot);
  for (const [context, id] of Object.entries(options.minIds)) ids.atLeast(context, id);
  return { ids, largestRecord, hasReferences, summary: () => summaryOf(counts, damaged, ids, options.asIs) };
}

function summaryOf(
  counts: Readonly<Record<'records' | 'keyless' | 'empty-delete' | 'legacy-key', number>>,
  damaged: DamagedRecords,
  ids: HighestIds,
  asIs: boolean,
): readonly string[] {
  const lines = [`${counted(counts.records, 'record')} in the snapshot`];
  const { 'empty-delete': empty, 'legacy-key': old, keyless } = counts;
  if (empty > 0) {
    lines.push(
      `${counted(empty, 'delete')} with an empty value ${asIs ? agreeing(empty, ...STAY_SO) : agreeing(empty, 'becomes null', 'become null')}`,
    );
  }
  if (old > 0) {
    lines.push(
      `${counted(old, 'key')} in an old form ${asIs ? agreeing(old, ...STAY_SO) : agreeing(old, 'gets the one of today', 'get the one of today')}`,
    );
  }
  if (asIs && keyless > 0) {
    lines.push(
      `${counted(keyless, 'record')} without a key ${agreeing(keyless, ...LEFT_OUT)}, as no compacted topic takes ${agreeing(keyless, 'it', 'them')}`,
    );
  }
  lines.push(...damaged.lines('', { byNone: asIs ? STAY : LEFT_OUT, differently: STAY }));
  return [...lines, ...idLines(ids), ...(asIs ? [] : ['a NOOP at the end, so that the log ends with a record'])];
}

/** What happens to the highest ids, for a summary. */
export function idLines(ids: HighestIds): readonly string[] {
  const reserved = new Map(ids.reservations().map(({ context, schema }) => [context, schema]));
  return Object.entries(ids.highest).map(([context, id]) => {
    const where = context === '' ? '' : ` in the context ${context}`;
    const schema = reserved.get(context);
    const how =
      schema === undefined
        ? ''
        : schema.id === id
          ? `; no schema has it any more, so ${schema.subject} reserves it`
          : `; what has it is written anew, or read differently by vendors, so ${schema.subject} reserves ${schema.id}`;
    return `highest id${where}: ${id}${how}`;
  });
}
