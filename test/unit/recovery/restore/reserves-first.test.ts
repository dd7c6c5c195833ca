/** Invariant 10 where a plan is ended behind any of its records, and what lies beneath them is compacted before anybody goes on with it. */
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { planRepair } from '../../../../src/recovery/repair/plan-repair.ts';
import { reKey } from '../../../../src/recovery/repair/re-key.ts';
import { planInPlace } from '../../../../src/recovery/restore/plan-in-place.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import { MemoryPlanTopic, plannedRecords } from '../../../support/recovery/memory-plan-topic.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { runs } from '../../../support/recovery/property-runs.ts';
import {
  asLog,
  bytesOf,
  confluent,
  legacySchemaKey,
  type WrittenRecord,
} from '../../../support/recovery/record-bytes.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const VENDORS = ['confluent', 'karapace'] as const;
const dir = tempDir('reserves-first');
let count = 0;
const path = (): string => join(dir, `${++count}.ndjson`);

const place = fc.record({ subject: fc.constantFrom('a', 'b', ':.c:a'), version: fc.constantFrom(1, 2) });
const schema = fc
  .record({ at: place, id: fc.integer({ min: 1, max: 5 }), deleted: fc.boolean(), isOld: fc.nat({ max: 4 }) })
  .map(({ at: { subject, version }, id, deleted, isOld }): WrittenRecord => {
    const written = confluent.schema({ subject, version, id, schema: `"${subject}${id}"`, deleted });
    return isOld === 0 ? { ...written, key: bytesOf(legacySchemaKey(subject, version)) } : written;
  });
const reserved = fc
  .integer({ min: 3, max: 6 })
  .map((id) =>
    confluent.schema({ subject: 'holdfast-reserved-ids', version: 1, id, schema: `"r${id}"`, deleted: true }),
  );
const gone = place.map(({ subject, version }) => confluent.gone(subject, version));
const records = fc.array(
  fc.oneof({ weight: 6, arbitrary: schema }, { weight: 1, arbitrary: gone }, { weight: 1, arbitrary: reserved }),
  { minLength: 1, maxLength: 5 },
);

/** By context, as either vendor's registry would count on. */
async function highest(topic: MemoryPlanTopic): Promise<Readonly<Record<string, number>>> {
  const all: Record<string, number> = {};
  for (const vendor of VENDORS) {
    const state = await replay(topic.present(), vendor, { readsOn: true });
    for (const context of ['', 'c']) all[`${vendor} ${context}`] = state.maxId(context);
  }
  return all;
}

async function expectNeverLowered(present: readonly WrittenRecord[], written: readonly WrittenRecord[]): Promise<void> {
  const before = new MemoryPlanTopic(asLog(present));
  before.compact();
  const was = await highest(before);
  for (let ended = 0; ended <= written.length; ended++) {
    const topic = new MemoryPlanTopic(asLog(present));
    topic.write(...written.slice(0, ended));
    topic.compact();
    const is = await highest(topic);
    for (const [name, id] of Object.entries(was)) expect(is[name], `${name} after ${ended}`).toBeGreaterThanOrEqual(id);
  }
}

it('a restore in place never lowers the highest id, wherever it is ended, and what it writes is taken', async () => {
  await fc.assert(
    fc.asyncProperty(records, records, async (present, wanted) => {
      const topic = new MemoryPlanTopic(asLog(present));
      const plan = await planInPlace({
        ...{ snapshot: new MemorySnapshot(asLog(wanted)), present: topic.present(), groupId: 'schema-registry' },
        ...{ path: path(), source: 'a test', now: 0, overwriteIds: 'all' },
      }).catch((error) => {
        fc.pre(error.code !== 'holdfast.recovery.id-collision');
        throw error;
      });
      const written = await plannedRecords(plan);
      await expectNeverLowered(present, written);
      // What is reserved stands in nobody's way.
      topic.write(...written);
      const state = await replay(topic.present(), 'confluent', { readsOn: true });
      for (const context of ['', ':.c:']) {
        for (const one of state.versions(`${context}holdfast-reserved-ids`)) {
          const holder = state.byId(one.subject === 'holdfast-reserved-ids' ? '' : 'c', one.id);
          expect(holder?.subject).toBe(one.subject);
        }
      }
    }),
    { numRuns: runs(80) },
  );
});

it('a repair never does, wherever it is ended', async () => {
  await fc.assert(
    fc.asyncProperty(records, async (present) => {
      const topic = new MemoryPlanTopic(asLog(present));
      const snapshot = topic.present();
      const state = await replay(snapshot, 'confluent', { readsOn: true });
      const { topic: facts } = snapshot.facts;
      if (facts === undefined) throw new Error('no topic');
      const repair = await reKey({ snapshot, state });
      const plan = await planRepair({ repair, snapshot, facts, path: path(), now: 0 });
      await expectNeverLowered(present, await plannedRecords(plan));
    }),
    { numRuns: runs(60) },
  );
});
