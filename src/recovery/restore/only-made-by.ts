/** Whether taking a plan back would lose what others wrote. */
import { createHash } from 'node:crypto';
import type { Plan } from '../plan/open-plan.ts';
import type { PlannedRecord } from '../plan/plan.ts';
import { plannedRecord } from '../plan/planned-record.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { isNoop } from './match-records.ts';

/**
 * The offset of the first record that is neither one of the plan, wherever in it, nor a NOOP; undefined: there is none. What two runs at
 * once, or a late answer, have written twice is the plan's all the same. Memory: some 70 bytes for each record of the plan.
 */
export async function firstOfOthers(
  plan: Plan,
  batches: AsyncIterable<readonly RawRecord[]>,
  signal: AbortSignal,
): Promise<number | undefined> {
  const planned = new Set<string>();
  for await (const steps of plan.read(0, signal)) {
    for (const step of steps) if (step.do === 'produce') planned.add(digest(step.record));
  }
  for await (const records of batches) {
    signal.throwIfAborted();
    for (const record of records) {
      if (!planned.has(digest(plannedRecord(record))) && !isNoop(record)) return record.offset;
    }
  }
  return undefined;
}

/** Without the time, which a topic may set. */
function digest({ key, value, headers }: PlannedRecord): string {
  const hash = createHash('sha256').update(JSON.stringify([key, value, headers]));
  return hash.digest().toString('latin1', 0, 12);
}
