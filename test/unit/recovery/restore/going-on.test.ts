/** What a run that goes on looks at, and what is said where it can not. */
import { rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openPlan, type Plan } from '../../../../src/recovery/plan/open-plan.ts';
import { planRepair } from '../../../../src/recovery/repair/plan-repair.ts';
import { tombstoneEmpty } from '../../../../src/recovery/repair/tombstone-empty.ts';
import { undoPathOf } from '../../../../src/recovery/restore/open-undo.ts';
import { planInPlace } from '../../../../src/recovery/restore/plan-in-place.ts';
import { planNewTopic } from '../../../../src/recovery/restore/plan-new-topic.ts';
import type { TopicFacts } from '../../../../src/recovery/snapshot/topic-facts.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import { Killed } from '../../../support/recovery/failing-topic.ts';
import { MemoryPlanTopic } from '../../../support/recovery/memory-plan-topic.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { asLog, confluent, karapace } from '../../../support/recovery/record-bytes.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const CHANGED = 'holdfast.recovery.target-changed';
const LIFE = Array.from({ length: 6 }, (_, n) =>
  confluent.schema({ subject: `s${n}`, version: 1, id: n + 1, schema: `"t${n}"` }),
);
const more = { groupId: 'schema-registry', source: 'a test', now: 0 };

function inPlace(topic: MemoryPlanTopic): Promise<Plan> {
  const path = join(tempDir('plan'), 'plan.ndjson');
  return planInPlace({ snapshot: new MemorySnapshot(asLog(LIFE)), present: topic.present(), path, ...more });
}

function intoNew(topic: MemoryPlanTopic): Promise<Plan> {
  const present = { clusterId: 'cluster-1', brokers: 1, facts: undefined, hasAuthorizer: false };
  const path = join(tempDir('plan'), 'plan.ndjson');
  return planNewTopic({ snapshot: new MemorySnapshot(asLog(LIFE)), present, topic: topic.topic, path, ...more });
}

describe('a run that goes on', () => {
  const compact = { 'cleanup.policy': 'compact' };
  const deleting = { 'cleanup.policy': 'delete' };
  it.each<[string, Partial<TopicFacts>, RegExp]>([
    ['was made anew', { topicId: 'another' }, /begun: it was deleted and made anew/],
    ['got more partitions', { partitions: 3 }, /3 partitions instead of 1/],
    ['lost records to retention', { beginOffset: 1 }, /begins at offset 1 instead of 0/],
    ['deletes by time', { effective: deleting, overrides: deleting }, /cleanup\.policy is delete instead of compact/],
  ])('in place refuses a topic that %s since it was begun, as a first run would', async (_, facts, message) => {
    const topic = new MemoryPlanTopic(asLog(LIFE.slice(0, 2)));
    const plan = await inPlace(topic);
    await expect(topic.run(plan, { livesFor: 2 })).rejects.toThrow(Killed);
    const { made, end } = topic;
    topic.made = { ...made, ...facts };
    await expect(topic.run(plan)).rejects.toMatchObject({ code: CHANGED, message: expect.stringMatching(message) });
    expect(topic.end).toBe(end);
    topic.made = made;
    await expect(topic.run(plan)).resolves.toMatchObject({ outcome: 'done' });
  });

  it('takes the policy that the plan itself has set for the right one', async () => {
    const topic = new MemoryPlanTopic(asLog(LIFE.slice(0, 2)), { effective: deleting, overrides: deleting });
    const plan = await inPlace(topic);
    await expect(topic.run(plan, { livesFor: 2 })).rejects.toThrow(Killed);
    expect(topic.made?.effective).toMatchObject(compact);
    await expect(topic.run(plan)).resolves.toMatchObject({ outcome: 'done' });
    await topic.undo(plan);
    expect(topic.made?.effective).toMatchObject(deleting);
  });

  it.each<[string, Partial<TopicFacts>, RegExp]>([
    ['got more partitions', { partitions: 3 }, /3 partitions instead of 1/],
    ['lost records to retention', { beginOffset: 1 }, /begins at offset 1/],
    ['deletes by time', { effective: deleting, overrides: deleting }, /cleanup\.policy is delete instead of compact/],
  ])('does not say that all is done in a topic of its own that %s', async (_, facts, message) => {
    const topic = MemoryPlanTopic.absent();
    const plan = await intoNew(topic);
    await topic.run(plan);
    topic.write(confluent.noop());
    topic.made = { ...topic.made, ...facts };
    await expect(topic.run(plan)).rejects.toMatchObject({ code: CHANGED, message: expect.stringMatching(message) });
  });

  it('says how much an earlier run wrote, and that this one wrote nothing', async () => {
    const topic = MemoryPlanTopic.absent();
    const plan = await intoNew(topic);
    await expect(topic.run(plan, { livesFor: 3 })).rejects.toThrow(Killed);
    topic.write(confluent.schema({ subject: 'q', version: 1, id: 70, schema: '"int"' }));
    const refused = await topic.run(plan).catch((error: Error) => error.message);
    expect(refused).toMatch(/at offset 3 .*an earlier run wrote 3 of the plan's records\. This run changed nothing/);
    expect(refused).not.toContain('Nothing was done');
  });

  it('that does not find its undo file is told to name it', async () => {
    for (const topic of [MemoryPlanTopic.absent(), new MemoryPlanTopic(asLog(LIFE.slice(0, 2)))]) {
      const plan = await (topic.made === undefined ? intoNew(topic) : inPlace(topic));
      await expect(topic.run(plan, { livesFor: 2 })).rejects.toThrow(Killed);
      await rm(undoPathOf(plan.path));
      const words = /If an earlier run began this plan, name the undo file that it wrote with --undo/;
      await expect(topic.run(plan)).rejects.toMatchObject({ code: CHANGED, message: expect.stringMatching(words) });
    }
  });

  it('that finds its undo file damaged says what to do about that, and so does the undo', async () => {
    const topic = new MemoryPlanTopic(asLog(LIFE.slice(0, 2)));
    const plan = await inPlace(topic);
    await expect(topic.run(plan, { livesFor: 2 })).rejects.toThrow(Killed);
    const undo = undoPathOf(plan.path);
    const words = /not an undo file as Holdfast wrote it.*put a copy of it in its place.*--into in-place/;
    await truncate(undo, 700);
    for (const run of [() => topic.run(plan), () => openPlan(undo)]) {
      await expect(run()).rejects.toMatchObject({
        code: 'holdfast.recovery.plan-damaged',
        message: expect.stringMatching(words),
      });
    }
    await writeFile(undo, 'x\n');
    await expect(topic.run(plan)).rejects.toThrow(words);
  });
});

describe('a run', () => {
  it('of a plan that only deletes does not take what compaction left of others for its deletes', async () => {
    const there = ['a', 'b'].flatMap((subject, n) => [
      karapace.schema({ subject, version: 1, id: n + 1, schema: '"int"' }),
      karapace.gone(subject, 1),
    ]);
    // No id is left to be reserved by the plan.
    there.push(confluent.schema({ subject: 'mine', version: 1, id: 9, schema: '"mine"' }));
    const other = confluent.schema({ subject: 'q', version: 1, id: 70, schema: '"int"' });
    for (const [others, isRefused] of [
      [[confluent.noop()], false],
      [[other], true],
      [[confluent.noop(), other, confluent.noop()], true],
    ] as const) {
      for (const livesFor of [0, 1]) {
        const topic = new MemoryPlanTopic(asLog(there));
        const snapshot = topic.present();
        const { topic: facts } = snapshot.facts;
        if (facts === undefined) throw new Error('no facts');
        const path = join(tempDir('plan'), 'plan.ndjson');
        const plan = await planRepair({ repair: await tombstoneEmpty(snapshot), snapshot, facts, path, now: 0 });
        await expect(topic.run(plan, { livesFor })).rejects.toThrow(Killed);
        for (let n = 0; n < 9; n++) topic.write(...others);
        topic.compact();
        const run = topic.run(plan);
        if (isRefused) await expect(run).rejects.toMatchObject({ code: CHANGED });
        else {
          await expect(run).resolves.toMatchObject({ outcome: 'done' });
          topic.compact();
          const left = topic.log.filter(({ value }) => value?.length === 0);
          expect(left).toEqual([]);
          await expect(topic.run(plan)).resolves.toMatchObject({ outcome: 'was-done', written: 0 });
        }
      }
    }
  });

  it('writes nothing behind what others wrote while its undo file was written', async () => {
    for (const other of [confluent.noop(), confluent.schema({ subject: 'q', version: 1, id: 70, schema: '"int"' })]) {
      const deleting = { 'cleanup.policy': 'delete' };
      const topic = new MemoryPlanTopic(asLog(LIFE.slice(0, 2)), { effective: deleting, overrides: deleting });
      const plan = await inPlace(topic);
      const { spool } = topic;
      topic.spool = async (...args) => {
        const facts = await spool.apply(topic, args);
        topic.write(other);
        return facts;
      };
      const refused = expect.stringMatching(/Somebody wrote.* from offset 2 on.*This run changed nothing/);
      await expect(topic.run(plan)).rejects.toMatchObject({ code: CHANGED, message: refused });
      expect(topic.end).toBe(3);
      expect(topic.made?.overrides).toEqual(deleting);
      if (other.value === null) await expect(topic.run(plan)).resolves.toMatchObject({ outcome: 'done' });
      else await expect(topic.run(plan)).rejects.toThrow(/at offset 2 not what this plan wrote/);
    }
  });

  it('makes its topic once more after it was taken back, and is taken back again', async () => {
    const topic = MemoryPlanTopic.absent();
    const plan = await intoNew(topic);
    for (let n = 0; n < 3; n++) {
      await expect(topic.run(plan)).resolves.toMatchObject({ outcome: 'done' });
      expect(topic.end).toBe(LIFE.length + 1);
      await expect(topic.undo(plan)).resolves.toMatchObject({ outcome: 'done' });
      expect(topic.made).toBeUndefined();
    }
    await topic.run(plan);
    topic.write(confluent.schema({ subject: 'q', version: 1, id: 70, schema: '"int"' }));
    await expect(topic.undo(plan)).rejects.toThrow(/q version 1 with the id 70.*would be lost/);
  });

  it('is as planned where a registry appended a NOOP at its very end, and says so', async () => {
    for (const topic of [MemoryPlanTopic.absent(), new MemoryPlanTopic(asLog(LIFE.slice(0, 2)))]) {
      const plan = await (topic.made === undefined ? intoNew(topic) : inPlace(topic));
      const { append } = topic;
      topic.append = async (records) => {
        const offsets = await append.call(topic, records);
        topic.write(confluent.noop());
        return offsets;
      };
      await expect(topic.run(plan)).resolves.toMatchObject({
        outcome: 'done',
        notes: [expect.stringMatching(/registry was started .* 1 NOOPs/)],
      });
    }
  });

  it('is not as planned where somebody registered something behind it', async () => {
    const topic = MemoryPlanTopic.absent();
    const plan = await intoNew(topic);
    const { append } = topic;
    topic.append = async (records) => {
      const offsets = await append.call(topic, records);
      topic.write(confluent.config(null, { compatibilityLevel: 'NONE' }));
      return offsets;
    };
    await expect(topic.run(plan)).rejects.toMatchObject({
      code: 'holdfast.recovery.not-as-planned',
      message: expect.stringMatching(/all of it is there, but somebody else wrote behind it, at offset 7/),
    });
  });

  it('goes on behind the NOOPs of a registry that came up as soon as the topic was made, and says who else wrote', async () => {
    for (const other of [confluent.noop(), confluent.schema({ subject: 'q', version: 1, id: 70, schema: '"int"' })]) {
      const topic = MemoryPlanTopic.absent();
      const plan = await intoNew(topic);
      const { create } = topic;
      topic.create = async (step) => {
        const notes = await create.call(topic, step);
        topic.write(other);
        return notes;
      };
      const run = topic.run(plan);
      if (other.value === null) await expect(run).resolves.toMatchObject({ outcome: 'done', written: 7 });
      else
        await expect(run).rejects.toMatchObject({
          code: CHANGED,
          message: expect.stringMatching(/at offset 0.*The undo file/),
        });
    }
  });

  it.each([2, 3, 20])(
    'goes on behind %d NOOPs of which compaction left one, or none, after a kill anywhere',
    async (noops) => {
      for (const livesFor of [0, 1, 3, 5]) {
        for (const isGone of [false, true]) {
          const topic = MemoryPlanTopic.absent();
          const plan = await intoNew(topic);
          await expect(topic.run(plan, { livesFor })).rejects.toThrow(Killed);
          for (let n = 0; n < noops; n++) topic.write(confluent.noop());
          topic.compact();
          await expect(topic.run(plan)).resolves.toMatchObject({ outcome: 'done', writtenBefore: livesFor });
          // Deletes are gone with their time, a NOOP is one.
          if (isGone) topic.log = topic.log.filter(({ value }, n) => value !== null || n === topic.log.length - 1);
          const again = await topic.run(plan);
          expect(again).toMatchObject({ outcome: 'was-done', written: 0 });
          const state = await replay(topic.present(), 'confluent');
          expect(LIFE.map((_, n) => state.version(`s${n}`, 1)?.id)).toEqual([1, 2, 3, 4, 5, 6]);
        }
      }
    },
  );

  it('does not take NOOPs for what is lost: records of the plan that lie before others of it', async () => {
    const topic = MemoryPlanTopic.absent();
    const plan = await intoNew(topic);
    await expect(topic.run(plan, { livesFor: 4 })).rejects.toThrow(Killed);
    topic.write(confluent.noop(), confluent.noop());
    topic.compact();
    topic.log = topic.log.filter(({ offset }) => offset !== 2);
    await expect(topic.run(plan)).rejects.toMatchObject({
      code: CHANGED,
      message: expect.stringMatching(/offsets 2 are gone/),
    });
  });

  it('of a plan that was taken back since, in whole or in part, says so, and that a new one has to be made', async () => {
    const code = 'holdfast.recovery.plan-taken-back';
    for (const [livesFor, undoneFor, isCompacted] of [
      [undefined, undefined, false],
      [undefined, undefined, true],
      [undefined, 2, false],
      [3, undefined, false],
    ] as const) {
      const topic = new MemoryPlanTopic(asLog(LIFE.slice(0, 2)));
      const plan = await inPlace(topic);
      const killed = (run: Promise<unknown>, at?: number) =>
        at === undefined ? run : expect(run).rejects.toThrow(Killed);
      await killed(topic.run(plan, livesFor === undefined ? {} : { livesFor }), livesFor);
      await killed(topic.undo(plan, undoneFor === undefined ? {} : { livesFor: undoneFor }), undoneFor);
      if (isCompacted) {
        topic.compact();
        topic.write(confluent.noop());
      }
      const { end } = topic;
      const message = expect.stringMatching(/taken back.*at offset \d+.*make the plan again/);
      await expect(topic.run(plan)).rejects.toMatchObject({ code, message });
      expect(topic.end).toBe(end);
      await topic.run(await inPlace(topic));
      const state = await replay(topic.present(), 'confluent');
      expect([...LIFE.keys()].map((n) => state.version(`s${n}`, 1)?.id)).toEqual([1, 2, 3, 4, 5, 6]);
    }
  });

  it('of a plan whose undo was taken back itself says that it was done', async () => {
    const topic = new MemoryPlanTopic(asLog(LIFE.slice(0, 2)));
    const plan = await inPlace(topic);
    await topic.run(plan);
    await topic.undo(plan);
    await topic.undo(await openPlan(undoPathOf(plan.path)));
    await expect(topic.run(plan)).resolves.toMatchObject({ outcome: 'was-done' });
    const state = await replay(topic.present(), 'confluent');
    expect([...LIFE.keys()].map((n) => state.version(`s${n}`, 1)?.id)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('says which cluster a plan is for', async () => {
    const topic = MemoryPlanTopic.absent();
    const plan = await intoNew(topic);
    topic.clusterId = () => Promise.resolve('cluster-2');
    const message = expect.stringMatching(/cluster cluster-1, and this is the cluster cluster-2.*--bootstrap-servers/);
    await expect(topic.run(plan)).rejects.toMatchObject({ code: CHANGED, message });
  });

  it('that takes a plan back says where to get what a topic held that is gone', async () => {
    const topic = new MemoryPlanTopic(asLog(LIFE.slice(0, 2)));
    const plan = await inPlace(topic);
    await topic.run(plan);
    topic.made = undefined;
    await expect(topic.undo(plan)).rejects.toMatchObject({
      code: CHANGED,
      message: expect.stringMatching(/--into new-topic/),
    });
  });

  it('waits for brokers that have not heard of the new topic yet', async () => {
    const topic = MemoryPlanTopic.absent();
    const plan = await intoNew(topic);
    const { facts, create } = topic;
    let unknown = 0;
    topic.create = (step) => {
      unknown = 3;
      return create.call(topic, step);
    };
    topic.facts = () => (unknown-- > 0 ? Promise.resolve(undefined) : facts.call(topic));
    await expect(topic.run(plan)).resolves.toMatchObject({ outcome: 'done' });
  });
});
