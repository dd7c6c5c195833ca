import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRepair } from '../../../../src/recovery/repair/plan-repair.ts';
import { reKey } from '../../../../src/recovery/repair/re-key.ts';
import { referenceOrder } from '../../../../src/recovery/repair/reference-order.ts';
import { tombstoneEmpty } from '../../../../src/recovery/repair/tombstone-empty.ts';
import { undelete } from '../../../../src/recovery/repair/undelete.ts';
import { mapSnapshot } from '../../../../src/recovery/restore/map-snapshot.ts';
import { planInPlace } from '../../../../src/recovery/restore/plan-in-place.ts';
import { planNewTopic } from '../../../../src/recovery/restore/plan-new-topic.ts';
import { SubjectRules } from '../../../../src/recovery/restore/subject-rules.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import { generatedRegistry, purgedRegistry } from '../../../support/recovery/generated-registry.ts';
import { differenceOf, MemorySnapshot, topicFacts } from '../../../support/recovery/memory-snapshot.ts';
import { nextId } from '../../../support/recovery/next-id.ts';
import { runs } from '../../../support/recovery/property-runs.ts';
import { asLog, confluent, karapace } from '../../../support/recovery/record-bytes.ts';
import { contextOf } from '../../../support/recovery/registry-life.ts';
import { stateInWords } from '../../../support/recovery/state-in-words.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { afterPlan, compacted } from '../repair/planned-log.ts';

const dir = tempDir('highest-ids');
let count = 0;
const path = (): string => join(dir, `${++count}.ndjson`);
const common = { groupId: 'schema-registry', source: 'a test', now: 0 };

/** Invariant 10, for either vendor, now and when the log was compacted. */
async function expectKept(snapshot: MemorySnapshot, maxIds: ReadonlyMap<string, number>): Promise<void> {
  for (const log of [snapshot, compacted(snapshot)]) {
    for (const vendor of ['confluent', 'karapace'] as const) {
      for (const [context, id] of maxIds) {
        expect(nextId(log.raw, vendor, context), `${vendor} ${context}`).toBeGreaterThan(id);
      }
    }
  }
}

describe('the highest id of a generated registry is kept', () => {
  it('by a restore into a new topic, under its own names and under others', async () => {
    await fc.assert(
      fc.asyncProperty(purgedRegistry(), async ({ log, maxIds }) => {
        const present = { clusterId: 'c', brokers: 1, hasAuthorizer: false, facts: undefined };
        const snapshot = new MemorySnapshot(log);
        const plan = await planNewTopic({ ...common, snapshot, present, topic: '_schemas', path: path() });
        await expectKept(await afterPlan(plan, []), maxIds);
        const rules = new SubjectRules({ only: [], map: [':.:=:.fresh:', ':.ctx:=:.moved:'] });
        const mapped = await mapSnapshot({ snapshot, rules, folder: path() });
        const more = { minIds: mapped.maxIds, topic: '_schemas', path: path() };
        const other = await planNewTopic({ ...common, ...more, snapshot: mapped.snapshot, present });
        await mapped.snapshot.close();
        const moved = await afterPlan(other, []);
        const names = new Map([
          ['', 'fresh'],
          ['ctx', 'moved'],
        ]);
        await expectKept(moved, new Map([...maxIds].map(([context, id]) => [names.get(context) ?? context, id])));
        const state = await replay(moved, 'confluent', { readsOn: true });
        expect([...state.subjects()].filter((subject) => ['', 'ctx'].includes(contextOf(subject)))).toEqual([]);
      }),
      { numRuns: runs(12) },
    );
  });

  it('by a restore in place of what is left of it', async () => {
    const losses = fc.array(fc.boolean(), { minLength: 8, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(purgedRegistry(), losses, async ({ log, maxIds }, lost) => {
        const present = new MemorySnapshot(log.filter((_, n) => lost[n % lost.length] === true));
        const snapshot = new MemorySnapshot(log);
        const plan = await planInPlace({ ...common, snapshot, present, path: path(), overwriteIds: 'all' });
        await expectKept(await afterPlan(plan, present.raw), maxIds);
      }),
      { numRuns: runs(12) },
    );
  });

  it('by every repair behind its end', async () => {
    await fc.assert(
      fc.asyncProperty(purgedRegistry(), async ({ log, maxIds, vendor }) => {
        const snapshot = new MemorySnapshot(log);
        const state = await replay(snapshot, vendor, { readsOn: true });
        const facts = topicFacts({ endOffset: snapshot.facts.endOffset });
        for (const repair of [
          await reKey({ snapshot, state }),
          await tombstoneEmpty(snapshot),
          await referenceOrder(snapshot),
        ]) {
          const plan = await planRepair({ repair, snapshot, facts, path: path(), now: 0 });
          await expectKept(await afterPlan(plan, log), maxIds);
        }
      }),
      { numRuns: runs(12) },
    );
  });

  it('by bringing back the newest version of a subject after a null or an empty value on its key', async () => {
    await fc.assert(
      fc.asyncProperty(generatedRegistry(), fc.nat(), async ({ log, maxIds, vendor, versions }, pick) => {
        const before = new MemorySnapshot(log);
        const was = await replay(before, vendor, { readsOn: true });
        const live = versions.filter((one) => was.version(one.subject, one.version)?.deleted === false);
        const one = live[pick % Math.max(1, live.length)];
        fc.pre(
          one !== undefined &&
            log.every(
              ({ key }) =>
                !Buffer.from(key ?? [])
                  .toString()
                  .startsWith('{"subject"'),
            ),
        );
        const newest = live.findLast(({ subject }) => subject === one?.subject);
        if (newest === undefined) return;
        const { subject, version } = newest;
        const gone = (vendor === 'confluent' ? confluent : karapace).gone(subject, version);
        const snapshot = new MemorySnapshot([...log, ...asLog([gone], before.facts.endOffset)]);
        const state = await replay(snapshot, vendor, { readsOn: true });
        expect(state.version(subject, version)).toBeUndefined();
        const repair = await undelete({ snapshot, state, subject, version });
        const facts = topicFacts({ endOffset: snapshot.facts.endOffset });
        const mended = await afterPlan(
          await planRepair({ repair, snapshot, facts, path: path(), now: 0 }),
          snapshot.raw,
        );
        await expectKept(mended, maxIds);
        const after = await replay(mended, vendor, { readsOn: true });
        expect(differenceOf(stateInWords(after), stateInWords(was))).toBeUndefined();
      }),
      { numRuns: runs(12) },
    );
  });
});
