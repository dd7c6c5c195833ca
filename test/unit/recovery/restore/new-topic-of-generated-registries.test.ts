import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../../src/recovery/plan/open-plan.ts';
import { planNewTopic } from '../../../../src/recovery/restore/plan-new-topic.ts';
import type { Snapshot } from '../../../../src/recovery/snapshot/snapshot.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import { anyRecords } from '../../../support/recovery/any-records.ts';
import { generatedRegistry } from '../../../support/recovery/generated-registry.ts';
import { contentInWords, differenceOf, MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { runs } from '../../../support/recovery/property-runs.ts';
import { RestoreWorld } from '../../../support/recovery/restore-world.ts';
import { stateInWords } from '../../../support/recovery/state-in-words.ts';

async function planned(world: RestoreWorld, snapshot: Snapshot, asIs: boolean): Promise<Plan> {
  const target = world.target();
  const present = await target.present(world.signal);
  await target.close();
  const { topic, groupId } = world;
  const path = world.path('plan');
  return planNewTopic({ snapshot, present, topic, groupId, path, source: 'a test', now: Date.now(), asIs });
}

async function inWorld(run: (world: RestoreWorld) => Promise<void>): Promise<void> {
  const world = await RestoreWorld.embedded();
  try {
    await run(world);
  } finally {
    await world.broker.close();
  }
}

describe('a restore of a generated registry into a new topic', () => {
  it('gives back every byte of it as it is, and of any other log', async () => {
    // Brokers take no record without a key into a compacted topic, and none without a time: it gets one.
    const others = anyRecords.map((records) => records.filter(({ key, timestamp }) => key !== null && timestamp >= 0));
    const logs = fc.oneof(
      generatedRegistry().map(({ log }) => log),
      others,
    );
    await fc.assert(
      fc.asyncProperty(logs, (log) =>
        inWorld(async (world) => {
          await world.run(await planned(world, new MemorySnapshot(log), true));
          const found = (await world.content()) ?? [];
          expect(differenceOf(found.slice(0, log.length), log.map(contentInWords))).toBeUndefined();
          // Nothing comes behind it but what keeps a purged id from being given out again.
          expect(found.slice(log.length).filter((line) => !line.includes('holdfast-reserved-ids'))).toEqual([]);
        }),
      ),
      { numRuns: runs(12) },
    );
  });

  it('means the same to its own registry, and no id that was given out is given out again', async () => {
    await fc.assert(
      fc.asyncProperty(generatedRegistry(), (lived) =>
        inWorld(async (world) => {
          const before = await replay(new MemorySnapshot(lived.log), lived.vendor);
          await world.run(await planned(world, new MemorySnapshot(lived.log), false));
          const restored = new MemorySnapshot((await world.records()) ?? []);
          for (const vendor of ['confluent', 'karapace'] as const) {
            const after = await replay(restored, vendor);
            // Others than its own may not have read all of it: Confluent's takes no empty value for a delete.
            if (vendor === lived.vendor)
              expect(differenceOf(stateInWords(after), stateInWords(before))).toBeUndefined();
            for (const [context, id] of lived.maxIds) expect(after.maxId(context)).toBeGreaterThanOrEqual(id);
          }
        }),
      ),
      { numRuns: runs(12) },
    );
  });
});
