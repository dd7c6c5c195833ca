import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openPlan, type Plan } from '../../../../src/recovery/plan/open-plan.ts';
import { undoPathOf } from '../../../../src/recovery/restore/open-undo.ts';
import { planInPlace } from '../../../../src/recovery/restore/plan-in-place.ts';
import { type NewTopicOptions, planNewTopic } from '../../../../src/recovery/restore/plan-new-topic.ts';
import type { PlanTopic } from '../../../../src/recovery/restore/plan-topic.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import { failingTopic, Killed } from '../../../support/recovery/failing-topic.ts';
import { contentInWords, MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { asLog, confluent, type WrittenRecord } from '../../../support/recovery/record-bytes.ts';
import { RestoreWorld } from '../../../support/recovery/restore-world.ts';

const LIFE = Array.from({ length: 9 }, (_, n) =>
  confluent.schema({ subject: `s${n}`, version: 1, id: n + 1, schema: `"t${n}"` }),
);
const CHANGED = { code: 'holdfast.recovery.target-changed' };

let world: RestoreWorld;
beforeEach(async () => {
  world = await RestoreWorld.embedded();
});
afterEach(() => world.broker.close());

async function intoNew(more: Partial<NewTopicOptions> = {}): Promise<Plan> {
  const target = world.target();
  const present = await target.present(world.signal);
  await target.close();
  const { topic, groupId } = world;
  const path = world.path('plan');
  const snapshot = new MemorySnapshot(asLog(LIFE));
  return planNewTopic({ snapshot, present, topic, groupId, path, source: 'a test', now: 0, ...more });
}

async function inPlace(wanted: readonly WrittenRecord[]): Promise<Plan> {
  const { groupId } = world;
  const path = world.path('in-place');
  const snapshot = new MemorySnapshot(asLog(wanted));
  return planInPlace({ snapshot, present: await world.backup(), groupId, path, source: 'a test', now: 0 });
}

/** As they were written by a run of the plan: with the times of the backup. */
async function again(from: number, to: number): Promise<void> {
  const target = world.target();
  await target.append(asLog(LIFE).slice(from, to), world.signal);
  await target.close();
}

const words = (log: readonly WrittenRecord[]): readonly string[] => asLog(log).map(contentInWords);
const withoutNoops = (content: readonly string[] | undefined) => content?.filter((line) => !line.includes('NOOP'));

describe('a run of a plan and others', () => {
  it('stops when somebody writes, and goes on behind the NOOPs of a registry that came up meanwhile', async () => {
    const plan = await intoNew();
    let appended = 0;
    const meanwhile = (target: PlanTopic): PlanTopic =>
      new Proxy(target, {
        get: (of, name: keyof PlanTopic) => {
          if (name !== 'append') return typeof of[name] === 'function' ? of[name].bind(of) : of[name];
          return async (...[records, signal]: Parameters<PlanTopic['append']>) => {
            const first = await of.append(records.slice(0, 4), signal);
            if (appended++ === 0) await world.append([confluent.noop(), confluent.noop()]);
            return [...first, ...(await of.append(records.slice(4), signal))];
          };
        },
      });
    await expect(world.run(plan, meanwhile)).rejects.toMatchObject(CHANGED);
    await world.append([confluent.noop()]);
    await world.run(plan);
    expect(withoutNoops(await world.content())).toEqual(words(LIFE));
    await expect(world.run(plan)).resolves.toMatchObject({ written: 0 });
    await world.undo(plan);
    expect(await world.content()).toBeUndefined();
  });

  it('goes on behind a NOOP that compaction has removed', async () => {
    const plan = await intoNew();
    await expect(world.run(plan, (target) => failingTopic(target, 3, 'before'))).rejects.toThrow(Killed);
    await world.append([confluent.noop()]);
    await again(4, 6);
    const shown = (target: PlanTopic): PlanTopic =>
      new Proxy(target, {
        get: (of, name: keyof PlanTopic) => {
          if (name !== 'read') return typeof of[name] === 'function' ? of[name].bind(of) : of[name];
          return async function* (...[from, end, signal]: Parameters<PlanTopic['read']>) {
            for await (const records of of.read(from, end, signal)) yield records.filter(({ offset }) => offset !== 4);
          };
        },
      });
    await expect(world.run(plan, shown)).resolves.toMatchObject({ writtenBefore: 6 });
    expect(withoutNoops(await world.content())).toEqual(words(LIFE));
  });

  it('is refused where a piece was written twice, and is taken back all the same', async () => {
    const plan = await intoNew();
    await expect(world.run(plan, (target) => failingTopic(target, 3, 'before'))).rejects.toThrow(Killed);
    await again(0, 4);
    await expect(world.run(plan)).rejects.toMatchObject(CHANGED);
    expect(await world.content()).toHaveLength(8);
    await world.undo(plan);
    expect(await world.content()).toBeUndefined();
  });

  it('in place is taken back where a piece was written twice, unless something else would be lost', async () => {
    await world.makeTopic(LIFE.slice(0, 2));
    const plan = await inPlace(LIFE);
    await expect(world.run(plan, (target) => failingTopic(target, 2, 'before'))).rejects.toThrow(Killed);
    await world.append(LIFE.slice(2, 6));
    await world.append(LIFE.slice(2, 4));
    await expect(world.run(plan)).rejects.toMatchObject(CHANGED);
    await world.undo(plan);
    const last = new Map((await world.records())?.map(({ key, value }) => [Buffer.from(key ?? []).toString(), value]));
    expect([...last.values()].filter((value) => value !== null)).toHaveLength(3);
    // The highest id is reserved since, and gives way to its schema; the next one is, so that none is free in between.
    const other = await inPlace(LIFE);
    await world.run(other);
    const state = await replay(await world.backup(), 'confluent');
    expect(state.version('s8', 1)?.id).toBe(9);
    expect(state.versions('holdfast-reserved-ids').map(({ id }) => id)).toEqual([10]);
    await world.append([confluent.schema({ subject: 's8', version: 1, id: 9, schema: '"t8"', deleted: true })]);
    await expect(world.undo(other)).rejects.toMatchObject({ ...CHANGED, message: expect.stringContaining('be lost') });
  });

  it('is run by one process at a time', async () => {
    const plan = await intoNew();
    const runs = await Promise.allSettled([world.run(plan), world.run(plan)]);
    const refused = runs.filter((run) => run.status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'holdfast.recovery.plan-running' });
    await world.run(plan);
    expect(withoutNoops(await world.content())).toEqual(words(LIFE));
  });

  it('is not run while another plan for the same topic is, and says which topic it is', async () => {
    const [one, other] = [await intoNew(), await intoNew()];
    const refused: unknown[] = [];
    const meanwhile = (target: PlanTopic): PlanTopic =>
      new Proxy(target, {
        get: (of, name: keyof PlanTopic) => {
          if (name !== 'append') return typeof of[name] === 'function' ? of[name].bind(of) : of[name];
          return async (...args: Parameters<PlanTopic['append']>) => {
            refused.push(await world.run(other).catch((error) => error));
            return of.append(...args);
          };
        },
      });
    await world.run(one, meanwhile);
    expect(refused).toEqual([
      expect.objectContaining({
        code: 'holdfast.recovery.plan-running',
        message: expect.stringMatching(/topic _schemas of the cluster .*by a plan.*wait until/),
      }),
    ]);
    expect(withoutNoops(await world.content())).toEqual(words(LIFE));
  });

  it('makes an empty topic anew that a client made meanwhile, and names one that holds records', async () => {
    const admin = world.broker.admin(world.client);
    const auto = { name: world.topic, partitions: 3, replicationFactor: 1 };
    const plan = await intoNew();
    await expect(world.run(plan, (target) => failingTopic(target, 1, 'before'))).rejects.toThrow(Killed);
    await admin.createTopics([auto]);
    await expect(world.run(plan)).resolves.toMatchObject({
      notes: [expect.stringContaining('3 partitions instead of 1: it was empty, and was made anew')],
    });
    expect((await world.backup()).facts.topic).toMatchObject({
      partitions: 1,
      effective: { 'cleanup.policy': 'compact' },
    });
    await world.undo(plan);
    const second = await intoNew();
    await expect(world.run(second, (target) => failingTopic(target, 1, 'before'))).rejects.toThrow(Killed);
    await admin.createTopics([auto]);
    const producer = world.broker.producer(world.client);
    await producer.send([
      { topic: world.topic, partition: 2, key: null, value: Buffer.from('x'), headers: [], timestamp: -1 },
    ]);
    await producer.close(0);
    await expect(world.run(second)).rejects.toMatchObject({
      ...CHANGED,
      message: expect.stringMatching(/3 partitions.*holds records.*auto\.create\.topics\.enable/),
    });
    await admin.close();
  });

  it('finds out that its topic was made anew while it wrote', async () => {
    const plan = await intoNew();
    const auto = (target: PlanTopic): PlanTopic =>
      new Proxy(target, {
        get: (of, name: keyof PlanTopic) => {
          if (name !== 'append') return typeof of[name] === 'function' ? of[name].bind(of) : of[name];
          return async (...[records, signal]: Parameters<PlanTopic['append']>) => {
            await world.deleteTopic();
            await world.makeTopic([], {});
            return of.append(records, signal);
          };
        },
      });
    await expect(world.run(plan, auto)).rejects.toMatchObject({
      code: 'holdfast.recovery.not-as-planned',
      message: expect.stringContaining('deleted and made anew'),
    });
  });
});

describe('a topic that is to be made anew', () => {
  it('is not deleted when somebody wrote to it while it was saved', async () => {
    await world.makeTopic(LIFE);
    const backup = await world.backup();
    const plan = await intoNew({ recreate: { backup: backup.folder, sha256: backup.facts.sha256 } });
    const late = confluent.schema({ subject: 'late', version: 1, id: 60, schema: '"late"' });
    const busy = (target: PlanTopic): PlanTopic =>
      new Proxy(target, {
        get: (of, name: keyof PlanTopic) => {
          if (name !== 'spool') return typeof of[name] === 'function' ? of[name].bind(of) : of[name];
          return async (...args: Parameters<PlanTopic['spool']>) => {
            const seen = await of.spool(...args);
            await world.append([late]);
            return seen;
          };
        },
      });
    await expect(world.run(plan, busy)).rejects.toMatchObject(CHANGED);
    expect(await world.records()).toHaveLength(LIFE.length + 1);
  });
});

describe('the undo of a topic that was made anew', () => {
  it('takes what the old topic held, whatever it would have refused or deleted by now', async () => {
    const big = confluent.schema({ subject: 'big', version: 1, id: 50, schema: JSON.stringify('x'.repeat(4000)) });
    await world.makeTopic([...LIFE, big], { 'cleanup.policy': 'delete', 'retention.ms': '86400000000' });
    const admin = world.broker.admin(world.client);
    await admin.alterTopicConfigs(world.topic, { 'max.message.bytes': '1000' });
    const backup = await world.backup();
    const before = await world.content();
    const plan = await intoNew({ recreate: { backup: backup.folder, sha256: backup.facts.sha256 } });
    await world.run(plan);
    await world.undo(plan);
    expect(await world.content()).toEqual(before);
    expect((await world.backup()).facts.topic?.overrides).toMatchObject({
      'cleanup.policy': 'delete',
      'retention.ms': '-1',
    });
    const undo = await openPlan(undoPathOf(plan.path));
    expect(undo.header.summary.join('\n')).toMatch(/retention\.ms=-1 instead of 86400000000/);
    expect(undo.header.summary.join('\n')).toMatch(/max\.message\.bytes=\d+, as the largest record needs it/);
    await admin.close();
  });

  it('is not taken for done when it was ended before it had deleted what the plan made', async () => {
    await world.makeTopic(LIFE, { 'cleanup.policy': 'compact', 'segment.ms': '7200000' });
    const backup = await world.backup();
    const plan = await intoNew({ recreate: { backup: backup.folder, sha256: backup.facts.sha256 } });
    await world.run(plan);
    const admin = world.broker.admin(world.client);
    await admin.alterTopicConfigs(world.topic, { 'segment.ms': null });
    await admin.close();
    const undo = await openPlan(undoPathOf(plan.path));
    await expect(world.run(undo, (target) => failingTopic(target, 1, 'before'))).rejects.toThrow(Killed);
    await expect(world.run(undo)).resolves.toMatchObject({ outcome: 'done', written: LIFE.length });
    expect((await world.backup()).facts.topic?.overrides).toMatchObject({ 'segment.ms': '7200000' });
  });
});
