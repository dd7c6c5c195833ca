/** Compares what a topic holds with what a plan wrote, by offset. */

import type { Plan } from '../plan/open-plan.ts';
import type { PlannedRecord, PlanStep } from '../plan/plan.ts';
import { isPlanned } from '../plan/planned-record.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { readRecord } from '../records/read-record.ts';

export interface RecordMatch {
  /** The first offset that has something else than what the plan writes there; undefined: none. */
  readonly differsAt: number | undefined;
  /** Planned records whose offset is empty, and that no later one of the same key explains. */
  readonly lost: readonly number[];
}

/**
 * Whether the topic's records in [base, end) are the first `end - base` ones of the plan. As one idempotent producer outside of transactions
 * writes them, the nth record has the offset `base + n`; compaction may have removed those that a later one of the same key replaced.
 */
export async function matchRecords(
  options: {
    readonly plan: Plan;
    /** Index of the plan's first record. */
    readonly firstRecord: number;
    readonly base: number;
    readonly end: number;
    readonly read: (from: number, end: number) => AsyncIterable<readonly RawRecord[]>;
    readonly onProgress?: (compared: number, of: number) => void;
  },
  signal?: AbortSignal,
): Promise<RecordMatch> {
  const { plan, firstRecord, base, end, read, onProgress } = options;
  const planned = plannedRecords(plan, firstRecord, signal);
  const gaps = new Map<string, number>();
  let next = base;
  let differsAt: number | undefined;
  const skip = async (until: number): Promise<void> => {
    for (; next < until; next++) {
      const skipped = (await planned.next()).value;
      if (skipped === undefined) continue;
      // A delete may be gone as well, once its time has come; it explains what is missing before it all the same.
      if (skipped.value === null) gaps.delete(skipped.key ?? '');
      else gaps.set(skipped.key ?? '', next);
    }
  };
  const pass = async (until: number): Promise<PlannedRecord | undefined> => {
    await skip(until);
    next++;
    const found = (await planned.next()).value;
    if (found !== undefined) gaps.delete(found.key ?? '');
    return found;
  };
  try {
    for await (const records of read(base, end)) {
      for (const record of records) {
        const wanted = await pass(record.offset);
        if (wanted !== undefined && isPlanned(record, wanted)) continue;
        differsAt = record.offset;
        return { differsAt, lost: [] };
      }
      onProgress?.(next - base, end - base);
    }
    await skip(end);
  } finally {
    await planned.return(undefined);
  }
  return { differsAt, lost: [...gaps.values()].sort((a, b) => a - b).slice(0, 20) };
}

async function* plannedRecords(
  plan: Plan,
  from: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<PlannedRecord, undefined> {
  for await (const steps of plan.read(from, signal)) {
    for (const step of steps) if (isRecord(step)) yield step.record;
  }
  return undefined;
}

function isRecord(step: PlanStep): step is Extract<PlanStep, { readonly do: 'produce' }> {
  return step.do === 'produce';
}

/** Whether a planned record says nothing: what a registry appends at each start. */
export function isNoop(record: Pick<RawRecord, 'key' | 'value'>): boolean {
  const read = readRecord(record);
  return read.ok && read.record.kind === 'noop';
}
