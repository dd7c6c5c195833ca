/** Which records plans have written, wherever in the topic and how often. */
import { createHash } from 'node:crypto';
import type { Plan } from '../plan/open-plan.ts';
import type { PlannedRecord } from '../plan/plan.ts';
import { plannedRecord } from '../plan/planned-record.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { isNoop } from '../records/read-record.ts';

/**
 * The records of plans by their content, without the time, which a topic may set. What two runs at once, or a late answer, have written
 * twice is the plan's all the same. Memory: some 70 bytes for each record.
 */
export class RecordsOfPlans {
  private readonly digests = new Set<string>();

  static async of(plans: readonly Plan[], signal: AbortSignal): Promise<RecordsOfPlans> {
    const found = new RecordsOfPlans();
    for (const plan of plans) {
      for await (const steps of plan.read(0, signal)) {
        for (const step of steps) if (step.do === 'produce') found.digests.add(digest(step.record));
      }
    }
    return found;
  }

  has(record: RawRecord): boolean {
    return this.digests.has(digest(plannedRecord(record)));
  }
}

/** The first record that is neither one of the plans', wherever in them, nor a NOOP; undefined: there is none. */
export async function firstOfOthers(
  plans: readonly Plan[],
  batches: AsyncIterable<readonly RawRecord[]>,
  signal: AbortSignal,
): Promise<RawRecord | undefined> {
  const planned = await RecordsOfPlans.of(plans, signal);
  for await (const records of batches) {
    signal.throwIfAborted();
    const other = records.find((record) => !planned.has(record) && !isNoop(record));
    if (other !== undefined) return other;
  }
  return undefined;
}

/**
 * Where the undo of a plan has written what stands: what is of it and not of the plan, with nothing that is of the plan alone behind it, as
 * the undo may have been taken back itself. undefined: nowhere.
 */
export async function undoneAt(
  { plan, undo }: { readonly plan: Plan; readonly undo: Plan },
  batches: AsyncIterable<readonly RawRecord[]>,
  signal: AbortSignal,
): Promise<number | undefined> {
  const [planned, undoing] = [await RecordsOfPlans.of([plan], signal), await RecordsOfPlans.of([undo], signal)];
  let found: number | undefined;
  for await (const records of batches) {
    signal.throwIfAborted();
    for (const record of records) {
      const [isPlans, isUndos] = [planned.has(record), undoing.has(record)];
      if (isNoop(record) || isPlans === isUndos) continue;
      found = isUndos ? (found ?? record.offset) : undefined;
    }
  }
  return found;
}

function digest({ key, value, headers }: PlannedRecord): string {
  const hash = createHash('sha256').update(JSON.stringify([key, value, headers]));
  return hash.digest().toString('latin1', 0, 12);
}
