import type { RawRecord } from '../../../src/recovery/records/raw-record.ts';
import { readRecord } from '../../../src/recovery/records/read-record.ts';
import type { ReplayVendor } from '../../../src/recovery/state/registry-state.ts';
import { StateReplay } from '../../../src/recovery/state/state-replay.ts';
import { contextOf } from '../../../src/registry/subject-context.ts';

/**
 * The id that a registry gives to the next new schema of a context, once it has read these records: one above the highest of those that it
 * took. Karapace counts for all contexts together, and not what it passed over.
 */
export function nextId(log: readonly RawRecord[], vendor: ReplayVendor, context: string): number {
  const state = new StateReplay({ vendor, readsOn: true });
  let highest = 0;
  for (const raw of log) {
    const read = readRecord(raw);
    const record = read.ok ? read.record : read.overlooked;
    if (state.apply(raw.offset, read).kind !== 'applied' || record?.kind !== 'schema') continue;
    if (vendor === 'karapace' || contextOf(record.subject) === context) highest = Math.max(highest, record.value.id);
  }
  return highest + 1;
}
