import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describePlan, printPlan } from '../../../../src/recovery/plan/describe-plan.ts';
import { openPlan, type Plan } from '../../../../src/recovery/plan/open-plan.ts';
import { undoPathOf } from '../../../../src/recovery/restore/open-undo.ts';
import { type NewTopicOptions, planNewTopic } from '../../../../src/recovery/restore/plan-new-topic.ts';
import type { PlanTopic } from '../../../../src/recovery/restore/plan-topic.ts';
import type { Snapshot } from '../../../../src/recovery/snapshot/snapshot.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import { verifySnapshot } from '../../../../src/recovery/verify/verify-snapshot.ts';
import { failingTopic, Killed } from '../../../support/recovery/failing-topic.ts';
import { contentInWords, MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { asLog, confluent, karapace, legacySchemaKey, record } from '../../../support/recovery/record-bytes.ts';
import { RestoreWorld } from '../../../support/recovery/restore-world.ts';

const LIFE = [
  confluent.noop(),
  confluent.config(null, { compatibilityLevel: 'FULL' }),
  confluent.schema({ subject: 'a', version: 1, id: 1, schema: '"int"' }),
  confluent.schema({ subject: 'b', version: 1, id: 2, schema: '"long"' }),
  confluent.mode('b', { mode: 'READONLY' }),
  confluent.schema({ subject: 'a', version: 2, id: 3, schema: '"string"' }),
  confluent.deleteSubject('b', 1),
  karapace.schema({ subject: 'c', version: 1, id: 4, schema: '"bytes"' }),
];

let world: RestoreWorld;
beforeEach(async () => {
  world = await RestoreWorld.embedded();
});
afterEach(() => world.broker.close());

async function planned(snapshot: Snapshot, more: Partial<NewTopicOptions> = {}): Promise<Plan> {
  const target = world.target();
  const present = await target.present(world.signal);
  await target.close();
  const { topic, groupId } = world;
  const path = world.path('plan');
  return planNewTopic({ snapshot, present, topic, groupId, path, source: 'a test', now: Date.now(), ...more });
}

const text = async (plan: Plan) => printPlan(await describePlan(plan)).join('\n');
const words = (log: Parameters<typeof asLog>[0]) => asLog(log).map(contentInWords);

describe('a restore into a new topic', () => {
  it('gives back every record byte for byte in a compacted topic with the same settings, and is undone', async () => {
    await world.makeTopic(LIFE, { 'cleanup.policy': 'compact', 'segment.ms': '3600000' });
    const backup = await world.backup();
    const before = await world.content();
    await world.deleteTopic();
    const plan = await planned(backup, { asIs: true });
    await expect(world.run(plan)).resolves.toMatchObject({ written: LIFE.length, writtenBefore: 0 });
    expect(await world.content()).toEqual(before);
    const target = world.target();
    expect(await target.facts(world.signal)).toMatchObject({
      partitions: 1,
      overrides: { 'cleanup.policy': 'compact', 'segment.ms': '3600000' },
    });
    await target.close();
    await world.undo(plan);
    expect(await world.content()).toBeUndefined();
  });

  it.each([confluent, karapace])(
    'writes what $vendor wrote before what it refers to again behind it',
    async (writer) => {
      const old = legacySchemaKey('b', 1);
      const refers = (name: string, subject: string) => [{ name, subject, version: 1 }];
      const list = {
        subject: 'b',
        version: 1,
        id: 2,
        schema: '{"type":"array","items":"A"}',
        references: refers('A', 'a'),
      };
      const log = [
        writer.schema({
          subject: 'c',
          version: 1,
          id: 3,
          schema: '{"type":"array","items":"A"}',
          references: refers('A', 'a'),
        }),
        { ...writer.schema(list), key: record(old, null).key },
        writer.schema({ subject: 'a', version: 1, id: 1, schema: '{"type":"fixed","name":"A","size":1}' }),
        writer.deleteSubject('c', 1),
      ];
      const plan = await planned(new MemorySnapshot(asLog(log)));
      expect(await text(plan)).toContain('Before what they refer to lie 2 schemas');
      await world.run(plan);
      const restored = (await world.records()) ?? [];
      const last = new Map(restored.map((raw) => [Buffer.from(raw.key ?? []).toString(), raw]));
      const afterCompaction = restored.filter((raw) => last.get(Buffer.from(raw.key ?? []).toString()) === raw);
      for (const records of [restored, afterCompaction]) {
        const names = (await verifySnapshot(new MemorySnapshot(records))).map(({ name }) => name);
        expect(names).not.toContain('reference-before-target');
        expect(names).not.toContain('two-keys');
        const state = await replay(new MemorySnapshot(records), 'karapace');
        expect(state.byId('', 2)).toMatchObject({ subject: 'b', deleted: false });
        expect(state.version('c', 1)).toMatchObject({ id: 3, deleted: true });
      }
    },
  );

  it('mends what registries trip over, and says so', async () => {
    const log = [
      ...LIFE,
      karapace.gone('a', 1),
      record(legacySchemaKey('d', 1), '{"subject":"d","version":1,"id":5,"schema":"\\"int\\"","deleted":false}'),
      record('not json', '{}'),
      record(null, 'x'),
    ];
    const plan = await planned(new MemorySnapshot(asLog(log)));
    await world.run(plan);
    const asWritten = asLog(log);
    const key = confluent.schema({ subject: 'd', version: 1, id: 5, schema: '"int"' }).key;
    const wanted = asWritten.slice(0, 10).map((raw, n) => {
      if (n === 8) return contentInWords({ ...raw, value: null });
      return contentInWords(n === 9 ? { ...raw, key } : raw);
    });
    const found = await world.content();
    expect(found?.slice(0, -1)).toEqual(wanted);
    expect(found?.at(-1)).toContain('NOOP');
    const summary = plan.header.summary.join('\n');
    expect(summary).toContain('1 delete with an empty value becomes null');
    expect(summary).toContain('1 key in an old form gets the one of today');
    expect(summary).toContain('2 damaged records that no registry reads are left out:\n  offset 10: the key');
    const asIs = await planned(new MemorySnapshot(asLog(log)), { asIs: true, present: { ...gone } });
    // No compacted topic takes a record without a key.
    expect(asIs.steps).toBe(log.length);
    expect(asIs.header.summary.join('\n')).toContain('1 record without a key is left out');
    expect(asIs.header.summary).toContain('1 damaged record that no registry reads stays as it is:');
  });

  it('reserves the highest id where no schema has it any more: deleted, witnessed or told', async () => {
    const log = [
      ...LIFE,
      confluent.schema({ subject: 'z', version: 1, id: 9, schema: '"int"' }),
      confluent.gone('z', 1),
    ];
    const plan = await planned(new MemorySnapshot(asLog(log)));
    expect(plan.header.maxIds).toEqual({ '': 9 });
    await world.run(plan);
    const reserved = (await world.content())?.at(-2);
    expect(reserved).toContain('\\"id\\":9');
    expect(reserved).toContain('\\"deleted\\":true');
    const kept = await planned(new MemorySnapshot(asLog(LIFE)), { present: gone });
    expect(await text(kept)).not.toContain('reserves');
    const told = await planned(new MemorySnapshot(asLog(LIFE)), { present: gone, minIds: { '': 100, x: 7 } });
    expect(told.header.maxIds).toEqual({ '': 100, x: 7 });
    expect((await describePlan(told)).changes['+'].examples.join()).toMatch(/id 100.*:\.x:.*id 7/);
  });

  it('refuses a topic that holds records, and fills one that is empty, compact from then on', async () => {
    await world.makeTopic([], { 'cleanup.policy': 'delete' });
    const plan = await planned(new MemorySnapshot(asLog(LIFE)));
    await world.run(plan);
    expect((await world.content())?.slice(0, -1)).toEqual(words(LIFE));
    const target = world.target();
    expect((await target.facts(world.signal))?.overrides['cleanup.policy']).toBe('compact');
    await target.close();
    await expect(planned(new MemorySnapshot(asLog(LIFE)))).rejects.toMatchObject({
      code: 'holdfast.recovery.topic-in-the-way',
    });
  });

  it('goes on where it was ended, at whichever change and whether before, after or halfway', async () => {
    for (const when of ['before', 'after', 'halfway'] as const) {
      for (let nth = 1; nth <= 4; nth++) {
        const plan = await planned(new MemorySnapshot(asLog(LIFE)));
        await expect(world.run(plan, (target) => failingTopic(target, nth, when))).rejects.toThrow(Killed);
        await world.run(plan);
        expect((await world.content())?.slice(0, -1), `${when} change ${nth}`).toEqual(words(LIFE));
        await world.undo(plan);
        expect(await world.content()).toBeUndefined();
      }
    }
  });

  it('waits for what a killed run had sent and the broker appends only now', async () => {
    const plan = await planned(new MemorySnapshot(asLog(LIFE)));
    await expect(world.run(plan, (target) => failingTopic(target, 2, 'before'))).rejects.toThrow(Killed);
    let late = LIFE.slice(0, 3);
    const slow = (target: PlanTopic): PlanTopic =>
      new Proxy(target, {
        get: (of, name: keyof PlanTopic) => {
          if (name !== 'facts') return typeof of[name] === 'function' ? of[name].bind(of) : of[name];
          return async (signal: AbortSignal) => {
            const facts = await of.facts(signal);
            const times = asLog(LIFE);
            const records = late.map((record, n) => ({ ...record, timestamp: times[n]?.timestamp ?? -1 }));
            late = [];
            if (records.length > 0) await of.append(records, signal);
            return facts;
          };
        },
      });
    await expect(world.run(plan, slow)).resolves.toMatchObject({ writtenBefore: 3 });
    expect((await world.content())?.slice(0, -1)).toEqual(words(LIFE));
  });

  it('says that it was done when it is run again, and writes nothing', async () => {
    const plan = await planned(new MemorySnapshot(asLog(LIFE)));
    await world.run(plan);
    await expect(world.run(plan)).resolves.toMatchObject({
      outcome: 'was-done',
      written: 0,
      writtenBefore: LIFE.length + 1,
    });
    await world.append([confluent.noop()]);
    await expect(world.run(plan)).resolves.toMatchObject({ outcome: 'was-done', written: 0 });
    await expect(world.undo(plan)).resolves.toMatchObject({ outcome: 'done' });
    expect(await world.content()).toBeUndefined();
    await expect(world.undo(plan)).resolves.toMatchObject({ outcome: 'was-done', written: 0 });
  });

  it('tells that there is nothing to take back when it was ended before it made the topic', async () => {
    const plan = await planned(new MemorySnapshot(asLog(LIFE)));
    await expect(world.run(plan, (target) => failingTopic(target, 1, 'before'))).rejects.toThrow(Killed);
    await expect(world.undo(plan)).resolves.toMatchObject({ outcome: 'nothing-to-undo', written: 0 });
  });

  it('refuses a target that was made, or written to by others, since', async () => {
    const plan = await planned(new MemorySnapshot(asLog(LIFE)));
    await world.makeTopic([]);
    await expect(world.run(plan)).rejects.toMatchObject({ code: 'holdfast.recovery.target-changed' });
    await world.deleteTopic();
    await expect(world.run(plan, (target) => failingTopic(target, 2, 'after'))).rejects.toThrow(Killed);
    await world.append([confluent.schema({ subject: 'q', version: 1, id: 70, schema: '"int"' })]);
    await expect(world.run(plan)).rejects.toMatchObject({ code: 'holdfast.recovery.target-changed' });
    await expect(world.undo(plan)).rejects.toMatchObject({ code: 'holdfast.recovery.target-changed' });
    expect(await world.content()).toHaveLength(5);
  });
});

describe('a topic that is made anew', () => {
  it('is deleted only after a backup that holds all of it, and comes back when it is undone', async () => {
    await world.makeTopic(LIFE, { 'cleanup.policy': 'compact', 'segment.ms': '7200000' });
    const before = await world.content();
    const backup = await world.backup();
    const good = new MemorySnapshot(asLog(LIFE.slice(0, 4)));
    for (const when of ['before', 'after', 'halfway'] as const) {
      for (let nth = 1; nth <= 3; nth++) {
        const plan = await planned(good, { recreate: { backup: backup.folder, sha256: backup.facts.sha256 } });
        await expect(world.run(plan, (target) => failingTopic(target, nth, when))).rejects.toThrow(Killed);
        await world.run(plan);
        expect((await world.content())?.slice(0, 4), `${when} change ${nth}`).toEqual(words(LIFE.slice(0, 4)));
        const undone = await planUndo(plan);
        await expect(world.run(undone, (target) => failingTopic(target, nth, when))).rejects.toThrow(Killed);
        await world.run(undone);
        expect(await world.content(), `undone after ${when} change ${nth}`).toEqual(before);
      }
    }
  });

  it('has nothing to be taken back when the run was ended before it was deleted', async () => {
    await world.makeTopic(LIFE);
    const backup = await world.backup();
    const before = await world.content();
    const recreate = { backup: backup.folder, sha256: backup.facts.sha256 };
    const plan = await planned(new MemorySnapshot(asLog(LIFE.slice(0, 3))), { recreate });
    await expect(world.run(plan, (target) => failingTopic(target, 1, 'before'))).rejects.toThrow(Killed);
    await expect(world.undo(plan)).resolves.toMatchObject({
      outcome: 'nothing-to-undo',
      notes: [expect.stringContaining('nothing to take back')],
    });
    expect(await world.content()).toEqual(before);
    await world.run(plan);
    await world.undo(plan);
    expect(await world.content()).toEqual(before);
  });

  it('stays when the backup is another one, or ends before it', async () => {
    await world.makeTopic(LIFE);
    const backup = await world.backup();
    const before = await world.content();
    const plan = await planned(backup, { recreate: { backup: backup.folder, sha256: 'f'.repeat(64) } });
    await expect(world.run(plan)).rejects.toMatchObject({ code: 'holdfast.recovery.backup-not-enough' });
    await world.append([confluent.noop()]);
    const late = await planned(backup, { recreate: { backup: backup.folder, sha256: backup.facts.sha256 } });
    await expect(world.run(late)).rejects.toMatchObject({ code: 'holdfast.recovery.backup-not-enough' });
    expect((await world.content())?.slice(0, -1)).toEqual(before);
  });
});

const gone = { clusterId: null, brokers: 1, facts: undefined, hasAuthorizer: false };

function planUndo(plan: Plan): Promise<Plan> {
  return openPlan(undoPathOf(plan.path));
}
