/** A log with what a repair writes behind it, as it is and compacted. */
import type { Plan } from '../../../../src/recovery/plan/open-plan.ts';
import type { PlannedRecord } from '../../../../src/recovery/plan/plan.ts';
import { appendedRecord } from '../../../../src/recovery/plan/planned-record.ts';
import type { RawRecord } from '../../../../src/recovery/records/raw-record.ts';
import type { InPlaceRepair } from '../../../../src/recovery/repair/in-place-repair.ts';
import type { RegistryState, ReplayVendor } from '../../../../src/recovery/state/registry-state.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';

export async function plannedRecords(records: AsyncIterable<PlannedRecord>): Promise<readonly PlannedRecord[]> {
  const all: PlannedRecord[] = [];
  for await (const record of records) all.push(record);
  return all;
}

/** With what the plan produces behind it. */
export async function afterPlan(plan: Plan, before: readonly RawRecord[]): Promise<MemorySnapshot> {
  const log = [...before];
  for await (const steps of plan.read()) {
    for (const step of steps) {
      if (step.do !== 'produce') continue;
      const offset = (log.at(-1)?.offset ?? -1) + 1;
      log.push({ ...appendedRecord(step.record), offset, timestamp: 0, timestampType: 'CreateTime' });
    }
  }
  return new MemorySnapshot(log);
}

export async function afterRepair(snapshot: MemorySnapshot, repair: InPlaceRepair): Promise<MemorySnapshot> {
  const written = await plannedRecords(repair.records());
  const appended = written.map((record, n): RawRecord => {
    const { key, value, headers } = appendedRecord(record);
    const offset = snapshot.facts.endOffset + n;
    return { offset, timestamp: 0, timestampType: 'CreateTime', key, value, headers };
  });
  return new MemorySnapshot([...snapshot.raw, ...appended]);
}

/** Without what another record under the same bytes of the key follows, nor tombstones. */
export function compacted(snapshot: MemorySnapshot): MemorySnapshot {
  const text = ({ key }: RawRecord): string => Buffer.from(key ?? []).toString('latin1');
  const last = new Map(snapshot.raw.map((record) => [text(record), record.offset]));
  const left = snapshot.raw.filter((record) => last.get(text(record)) === record.offset && record.value !== null);
  return new MemorySnapshot(left);
}

export const bothStates = async (snapshot: MemorySnapshot): Promise<Readonly<Record<ReplayVendor, RegistryState>>> => ({
  confluent: await replay(snapshot, 'confluent', { readsOn: true }),
  karapace: await replay(snapshot, 'karapace', { readsOn: true }),
});

/** `subject:version=id`, with a `-` for a soft-deleted one, of everything that a registry knows. */
export function versionsIn(state: RegistryState): readonly string[] {
  return [...state.subjects()]
    .flatMap((subject) => state.versions(subject))
    .map(({ subject, version, id, deleted }) => `${subject}:${version}=${id}${deleted ? '-' : ''}`)
    .sort();
}

/** All four ways to read it: by either vendor, before and after compaction. */
export async function everyReading(snapshot: MemorySnapshot): Promise<readonly RegistryState[]> {
  const both = [await bothStates(snapshot), await bothStates(compacted(snapshot))];
  return both.flatMap(({ confluent, karapace }) => [confluent, karapace]);
}
