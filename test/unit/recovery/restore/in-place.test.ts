import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describePlan } from '../../../../src/recovery/plan/describe-plan.ts';
import type { Plan } from '../../../../src/recovery/plan/open-plan.ts';
import { appendedRecord } from '../../../../src/recovery/plan/planned-record.ts';
import { type InPlaceOptions, planInPlace } from '../../../../src/recovery/restore/plan-in-place.ts';
import { shapeOf } from '../../../../src/recovery/restore/plan-shape.ts';
import { writeUndo } from '../../../../src/recovery/restore/write-undo.ts';
import type { Snapshot } from '../../../../src/recovery/snapshot/snapshot.ts';
import type { RegistryState } from '../../../../src/recovery/state/registry-state.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import { verifySnapshot } from '../../../../src/recovery/verify/verify-snapshot.ts';
import { failingTopic, Killed } from '../../../support/recovery/failing-topic.ts';
import { generatedRegistry } from '../../../support/recovery/generated-registry.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { runs } from '../../../support/recovery/property-runs.ts';
import {
  asLog,
  confluent,
  legacySchemaKey,
  record,
  schemaKey,
  type WrittenRecord,
} from '../../../support/recovery/record-bytes.ts';
import { RestoreWorld } from '../../../support/recovery/restore-world.ts';

let world: RestoreWorld;
beforeAll(async () => {
  world = await RestoreWorld.embedded();
});
afterAll(() => world.broker.close());

function planned(
  snapshot: Snapshot,
  present: Snapshot,
  more: Pick<InPlaceOptions, 'minIds' | 'overwriteIds'> = {},
): Promise<Plan> {
  const path = world.path('in-place');
  return planInPlace({ snapshot, present, groupId: 'schema-registry', path, source: 'a test', now: 0, ...more });
}

async function withSteps(present: MemorySnapshot, plan: Plan): Promise<MemorySnapshot> {
  const log = [...present.raw];
  for await (const steps of plan.read()) {
    for (const step of steps) {
      if (step.do !== 'produce') continue;
      const { key, value, headers } = appendedRecord(step.record);
      log.push({
        offset: (log.at(-1)?.offset ?? -1) + 1,
        timestamp: 0,
        timestampType: 'CreateTime',
        key,
        value,
        headers,
      });
    }
  }
  return new MemorySnapshot(log);
}

async function undoOf(plan: Plan, present: MemorySnapshot): Promise<Plan> {
  const { signal } = world;
  const shape = await shapeOf(plan, '_schemas');
  const path = `${plan.path}.undo`;
  return writeUndo({ plan, shape, path, topic: '_schemas', present, base: present.facts.endOffset, now: 0 }, signal);
}

/** Only the last record of each key, as after compaction. */
function compacted(snapshot: MemorySnapshot): MemorySnapshot {
  const text = (key: Uint8Array | null): string => Buffer.from(key ?? []).toString('latin1');
  const last = new Map(snapshot.raw.map(({ key, offset }) => [text(key), offset]));
  return new MemorySnapshot(
    snapshot.raw.filter(({ key, offset, value }) => last.get(text(key)) === offset && value !== null),
  );
}

const isOurs = (subject: string): boolean => subject.includes('holdfast');

function told(state: RegistryState): readonly string[] {
  const versions = [...state.subjects()]
    .filter((subject) => !isOurs(subject))
    .flatMap((subject) => state.versions(subject))
    .map(
      ({ subject, version, id, content, deleted }) =>
        `${subject} ${version} ${id} ${content}${deleted ? ' deleted' : ''}`,
    );
  const configs = [...state.configSubjects()].map(
    (scope) => `config ${scope} ${JSON.stringify(state.config(scope)?.value)}`,
  );
  const modes = [...state.modeSubjects()].map((scope) => `mode ${scope} ${JSON.stringify(state.mode(scope)?.value)}`);
  return [...versions, ...configs, ...modes].sort();
}

const seen = async (snapshot: Snapshot, vendor: 'confluent' | 'karapace') =>
  told(await replay(snapshot, vendor, { readsOn: true }));

const schema = (subject: string, version: number, id: number, text = `"${subject}${version}"`): WrittenRecord =>
  confluent.schema({ subject, version, id, schema: text });

describe('a restore in place', () => {
  it('brings back all that any registry lost, as both vendors read it, before and after compaction', async () => {
    await fc.assert(
      fc.asyncProperty(
        generatedRegistry({ vendor: 'confluent' }),
        fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
        fc.nat(5),
        async ({ log }, losses, garbled) => {
          const snapshot = new MemorySnapshot(log);
          const left = log.filter((_, n) => losses[n % losses.length] === true);
          const victim = log.filter(({ key }) => Buffer.from(key ?? []).includes('SCHEMA'))[garbled];
          const bad = victim === undefined ? [] : [{ ...victim, value: Buffer.from('{'), offset: 10_000 }];
          const present = new MemorySnapshot([...left, ...bad]);
          // A version that was purged and came back may have its old id in what is left.
          const plan = await planned(snapshot, present, { overwriteIds: 'all' });
          const restored = await withSteps(present, plan);
          const levels = (await seen(snapshot, 'confluent')).filter((line) => line.startsWith('config null'));
          for (const vendor of ['confluent', 'karapace'] as const) {
            // Karapace overlooks that the level of the whole registry was removed, until compaction took it.
            const wanted = (await seen(snapshot, vendor)).filter(
              (line) => !line.startsWith('config null') || levels.includes(line),
            );
            // What a vendor drops of the backup itself may be read by now, as it is written in another order; nothing is missing.
            expect(await seen(restored, vendor)).toEqual(expect.arrayContaining([...wanted]));
            expect(await seen(compacted(restored), vendor)).toEqual(expect.arrayContaining([...wanted]));
          }
          expect((await planned(snapshot, restored)).steps).toBe(0);
        },
      ),
      { numRuns: runs(15) },
    );
  });

  it('is taken back to what was read before, and the highest id stays', async () => {
    await fc.assert(
      fc.asyncProperty(
        generatedRegistry({ vendor: 'confluent' }),
        fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
        async ({ log, maxIds }, losses) => {
          const present = new MemorySnapshot(log.filter((_, n) => losses[n % losses.length] === true));
          const plan = await planned(new MemorySnapshot(log), present, { overwriteIds: 'all' });
          const undone = await withSteps(await withSteps(present, plan), await undoOf(plan, present));
          expect(await seen(undone, 'confluent')).toEqual(await seen(present, 'confluent'));
          const state = await replay(compacted(undone), 'confluent', { readsOn: true });
          for (const [context, id] of maxIds) if (plan.steps > 0) expect([id, id + 1]).toContain(state.maxId(context));
        },
      ),
      { numRuns: runs(15) },
    );
  });

  it('writes only what is missing or otherwise there, and deletes in between where an id had another text', async () => {
    const log = [
      schema('a', 1, 1),
      schema('b', 1, 2),
      schema('c', 1, 3),
      confluent.config(null, { compatibilityLevel: 'FULL' }),
    ];
    const there = [schema('a', 1, 1), schema('b', 1, 2, '"other"'), schema('new', 1, 4)];
    const plan = await planned(new MemorySnapshot(asLog(log)), new MemorySnapshot(asLog(there)), {
      overwriteIds: { '': [2] },
    });
    const steps: string[] = [];
    for await (const batch of plan.read()) {
      for (const step of batch) {
        if (step.do !== 'produce') continue;
        const { key, value } = appendedRecord(step.record);
        steps.push(`${step.change ?? ' '} ${Buffer.from(key ?? []).toString()} ${value === null ? 'null' : 'value'}`);
      }
    }
    expect(steps).toEqual([
      `- ${schemaKey('b', 1)} null`,
      `~ ${schemaKey('b', 1)} value`,
      `+ ${schemaKey('c', 1)} value`,
      '+ {"keytype":"CONFIG","subject":null,"magic":0} value',
      '  {"keytype":"NOOP","magic":0} null',
    ]);
    expect(plan.header.summary.join('\n')).toContain('1 version that only the target has stays');
  });

  it('refuses to let an id stand for another schema than it does, and lists every such id once it was chosen', async () => {
    const [a1, b2] = [schema('a', 1, 1, '"x"'), schema('b', 1, 2, '"y"')];
    const swapped = [schema('a', 1, 2, '"x"'), schema('b', 1, 1, '"y"')];
    const snapshot = new MemorySnapshot(asLog([a1, b2]));
    const present = new MemorySnapshot(asLog([...swapped, schema('c', 1, 3)]));
    const changedIds = [
      { context: '', id: 1, subject: 'a', version: 1 },
      { context: '', id: 2, subject: 'b', version: 1 },
    ];
    await expect(planned(snapshot, present, { overwriteIds: { '': [2] } })).rejects.toMatchObject({
      code: 'holdfast.recovery.id-collision',
      message: expect.stringMatching(/1 of a version 1.*--overwrite-id/s),
      details: { changedIds: changedIds.slice(0, 1) },
    });
    for (const overwriteIds of ['all', { '': [1, 2] }] as const) {
      const plan = await planned(snapshot, present, { overwriteIds });
      expect(plan.header.changedIds).toEqual(changedIds);
      expect((await describePlan(plan)).changedIds).toEqual(changedIds);
      expect(plan.header.summary.filter((line) => line.startsWith('id '))).toEqual([
        'id 1 stands for the schema of a version 1 from then on, and for another one now',
        'id 2 stands for the schema of b version 1 from then on, and for another one now',
      ]);
      const restored = await withSteps(present, plan);
      const undone = await withSteps(restored, await undoOf(plan, present));
      for (const vendor of ['confluent', 'karapace'] as const) {
        const wanted = await replay(snapshot, vendor);
        for (const log of [restored, compacted(restored)]) {
          const state = await replay(log, vendor);
          for (const id of [1, 2]) expect(state.byId('', id)?.content).toBe(wanted.byId('', id)?.content);
          expect(state.version('a', 1)?.id).toBe(1);
          expect(state.version('b', 1)?.id).toBe(2);
        }
        for (const log of [undone, compacted(undone)])
          expect(await seen(log, vendor)).toEqual(await seen(present, vendor));
      }
    }
  });

  it('refuses ids that stand for another schema by now, and names them with what has them there', async () => {
    const present = new MemorySnapshot(asLog([confluent.noop(), schema('other', 1, 1)]));
    await expect(planned(new MemorySnapshot(asLog([schema('a', 1, 1)])), present)).rejects.toMatchObject({
      code: 'holdfast.recovery.id-collision',
      message: expect.stringMatching(
        /1 of a version 1.*other version 1 \(id 1, offset 1\).*repair corrupt-records --drop-offset 1\./s,
      ),
      details: { collisions: [{ id: 1, subject: 'a', heldBy: [{ id: 1, subject: 'other', offset: 1 }] }] },
    });
    const elsewhere = new MemorySnapshot(asLog([schema(':.x:a', 1, 1)]));
    await expect(planned(elsewhere, present)).resolves.toMatchObject({ steps: 2 });
  });

  it('writes a NOOP behind a transaction marker at the end, reserves a higher id, and makes the topic compact', async () => {
    const log = asLog([schema('a', 1, 1)]);
    const marked = new MemorySnapshot(log, { topic: { endOffset: 2, controlOffsets: [1] } });
    expect((await planned(new MemorySnapshot(log), marked)).steps).toBe(1);
    const reserved = await planned(new MemorySnapshot(log), new MemorySnapshot(log), { minIds: { '': 40 } });
    expect(reserved.header.maxIds).toEqual({ '': 40 });
    expect(reserved.steps).toBe(2);
    const deleting = new MemorySnapshot(log, { topic: { effective: { 'cleanup.policy': 'delete' } } });
    for await (const steps of (await planned(new MemorySnapshot(log), deleting)).read()) {
      expect(steps).toEqual([{ do: 'alter-topic', topic: '_schemas', configs: { 'cleanup.policy': 'compact' } }]);
    }
  });

  it('soft-deletes again what a DELETE_SUBJECT had deleted, when it is taken back', async () => {
    const present = new MemorySnapshot(asLog([schema('a', 1, 1), schema('a', 2, 2), confluent.deleteSubject('a', 2)]));
    const plan = await planned(new MemorySnapshot(asLog([schema('a', 1, 1)])), present);
    const restored = await withSteps(present, plan);
    expect((await replay(restored, 'confluent')).version('a', 1)?.deleted).toBe(false);
    const undone = await withSteps(restored, await undoOf(plan, present));
    for (const vendor of ['confluent', 'karapace'] as const) {
      expect(await seen(undone, vendor)).toEqual(await seen(present, vendor));
      expect(await seen(compacted(undone), vendor)).toEqual(await seen(present, vendor));
    }
  });

  it('makes room for a record that is larger than the topic takes, and takes that back', async () => {
    await world.deleteTopic();
    await world.makeTopic([schema('a', 1, 1)], { 'cleanup.policy': 'compact', 'max.message.bytes': '2000' });
    const big = schema('b', 1, 2, JSON.stringify('x'.repeat(5000)));
    const plan = await planned(new MemorySnapshot(asLog([schema('a', 1, 1), big])), await world.backup());
    await world.run(plan);
    expect((await world.backup()).facts.topic?.overrides['max.message.bytes']).toMatch(/^6\d{3}$/);
    await world.undo(plan);
    expect((await world.backup()).facts.topic?.overrides['max.message.bytes']).toBe('2000');
  });

  it('is taken back where the topic has keys in an old form, and rewrites what is larger than the topic takes by now', async () => {
    await world.deleteTopic();
    const old = record(
      legacySchemaKey('a', 1),
      '{"subject":"a","version":1,"id":1,"schema":"\\"old\\"","deleted":false}',
    );
    await world.makeTopic([old, schema('b', 1, 2, JSON.stringify('x'.repeat(5000)))]);
    const admin = world.broker.admin(world.client);
    await admin.alterTopicConfigs('_schemas', { 'max.message.bytes': '2000' });
    await admin.close();
    const present = await world.backup();
    const backup = new MemorySnapshot(asLog([schema('a', 1, 1), schema('b', 1, 2)]));
    const plan = await planned(backup, present, { overwriteIds: 'all' });
    await world.run(plan);
    expect((await replay(await world.backup(), 'karapace')).version('a', 1)?.content).not.toEqual(
      (await replay(present, 'karapace')).version('a', 1)?.content,
    );
    await world.undo(plan);
    const undone = await world.backup();
    for (const vendor of ['confluent', 'karapace'] as const) {
      expect(await seen(undone, vendor)).toEqual(await seen(present, vendor));
    }
  });

  it('deletes a version before it gets another id, and names the ids that are lost by that', async () => {
    const there = new MemorySnapshot(asLog([schema('a', 1, 90), schema('b', 1, 91), schema('c', 1, 91, '"b1"')]));
    const backup = new MemorySnapshot(asLog([schema('a', 1, 5), schema('b', 1, 6)]));
    const lostIds = [{ context: '', id: 90, subject: 'a', version: 1 }];
    await expect(planned(backup, there)).rejects.toMatchObject({ details: { changedIds: [], lostIds } });
    const plan = await planned(backup, there, { overwriteIds: { '': [90] } });
    expect(plan.header.summary.join('\n')).toContain(
      'id 90 stands for nothing from then on, as a version 1 gets another',
    );
    expect(plan.header.lostIds).toEqual(lostIds);
    expect(plan.header.maxIds).toEqual({ '': 91 });
    const log = (await withSteps(there, plan)).raw.slice(3);
    expect(log.slice(0, 4).map(({ value }) => value === null)).toEqual([true, true, false, false]);
  });

  it('takes no reserved id for a schema, on either side', async () => {
    const reserved = (id: number): WrittenRecord =>
      confluent.schema({ subject: 'holdfast-reserved-ids', version: 1, id, schema: `"r${id}"`, deleted: true });
    const plan = await planned(
      new MemorySnapshot(asLog([schema('a', 1, 1), reserved(7)])),
      new MemorySnapshot(asLog([schema('a', 1, 1), schema('z', 1, 7)])),
    );
    expect(plan.steps).toBe(0);
    const lower = await planned(
      new MemorySnapshot(asLog([schema('a', 1, 1), reserved(9)])),
      new MemorySnapshot(asLog([schema('a', 1, 1), schema('z', 1, 7)])),
    );
    expect(lower.header.maxIds).toEqual({ '': 9 });
    expect(lower.steps).toBe(2);
  });

  it('refuses a topic of which something was deleted since', async () => {
    await world.deleteTopic();
    await world.makeTopic([schema('a', 1, 1), schema('b', 1, 2), schema('c', 1, 3)]);
    const plan = await planned(new MemorySnapshot(asLog([schema('d', 1, 4)])), await world.backup());
    const admin = world.broker.admin(world.client);
    await admin.deleteRecords([{ topic: '_schemas', partition: 0, offset: 2 }]);
    await admin.close();
    await expect(world.run(plan)).rejects.toMatchObject({ code: 'holdfast.recovery.target-changed' });
    expect(await world.content()).toHaveLength(1);
  });

  it('goes on where it was ended, forwards and back, in a topic', async () => {
    const log = Array.from({ length: 12 }, (_, n) => schema(`s${n}`, 1, n + 1));
    const snapshot = new MemorySnapshot(asLog(log));
    const damaged = [schema('s0', 1, 1), schema('s1', 1, 2, '"odd"'), schema('s9', 1, 10), record('x', 'bad')];
    for (const when of ['before', 'after', 'halfway'] as const) {
      for (let nth = 1; nth <= 4; nth++) {
        await world.deleteTopic();
        await world.makeTopic(damaged, { 'cleanup.policy': 'delete', 'retention.ms': '-1' });
        const present = await world.backup();
        const wanted = await seen(present, 'confluent');
        const plan = await planned(snapshot, present, { overwriteIds: 'all' });
        await expect(world.run(plan, (target) => failingTopic(target, nth, when))).rejects.toThrow(Killed);
        // Taken back from wherever it was ended, then run again from the beginning.
        if (nth === 2) {
          await world.undo(plan);
          expect(await seen(await world.backup(), 'confluent')).toEqual(wanted);
          continue;
        }
        await world.run(plan);
        expect(await seen(await world.backup(), 'confluent')).toEqual(await seen(snapshot, 'confluent'));
        await world.undo(plan);
        expect(await seen(await world.backup(), 'confluent')).toEqual(wanted);
      }
    }
  });
});

it('brings back settings that are garbled at the target, and names what can not be read on either side', async () => {
  const garbled = (keytype: string, subject: string | null): WrittenRecord =>
    record(JSON.stringify({ keytype, subject, magic: 0 }), '{"mode":');
  const settings = [
    confluent.config(null, { compatibilityLevel: 'FULL' }),
    confluent.config('a', { compatibilityLevel: 'NONE' }),
    confluent.mode('a', { mode: 'READONLY' }),
  ];
  const backup = new MemorySnapshot(asLog([...settings, garbled('CONFIG', 'a'), garbled('MODE', 'z')]));
  const bad = [garbled('CONFIG', null), garbled('CONFIG', 'a'), garbled('MODE', 'a'), garbled('MODE', 'x')];
  const present = new MemorySnapshot(asLog([...settings, ...bad]));
  const plan = await planned(backup, present);
  const wanted = await seen(new MemorySnapshot(asLog(settings)), 'confluent');
  expect(await seen(compacted(await withSteps(present, plan)), 'confluent')).toEqual(wanted);
  const summary = plan.header.summary.join('\n');
  expect(summary).toMatch(
    /2 damaged records of the backup that no registry reads are left out:\n {2}offset 3: .*\n {2}offset 4: /,
  );
  expect(summary).toMatch(/4 damaged records at the target that no registry reads stay there:\n {2}offset 3: /);
});

it('names what vendors read differently on either side, and writes none of it', async () => {
  const good = confluent.schema({ subject: 'a', version: 1, id: 1, schema: '"int"' });
  const other = confluent.schema({ subject: 'b', version: 1, id: 2, schema: '"long"' });
  const mismatch = (version: number): WrittenRecord => ({ ...other, key: record(schemaKey('a', version), null).key });
  const present = new MemorySnapshot(asLog([good, mismatch(3)]));
  const plan = await planned(new MemorySnapshot(asLog([good, mismatch(2)])), present);
  const summary = plan.header.summary.join('\n');
  expect(summary).toMatch(
    /1 damaged record of the backup that vendors read differently is not brought back, as .*a restore into a new topic has it:\n {2}offset 1: /,
  );
  expect(summary).toMatch(/1 damaged record at the target that vendors read differently stays there:\n {2}offset 1: /);
  expect((await withSteps(present, plan)).raw.length).toBe(2);
});

it('counts what is deleted for good once, and not what was written since', async () => {
  const twice = [confluent.gone('a', 1), confluent.gone('a', 1)];
  const log = [schema('a', 1, 1), ...twice, schema('b', 1, 2), confluent.gone('b', 1), schema('b', 1, 3)];
  // Compaction has taken what it deleted.
  const snapshot = new MemorySnapshot(asLog([...log, confluent.gone('c', 1), confluent.gone('d', 1)]));
  const plan = await planned(snapshot, new MemorySnapshot([]));
  expect(plan.header.summary.join('\n')).toContain('3 versions are deleted for good in the backup');
});

it('writes again what refers to the latest version of what was lost, and reads it in that order', async () => {
  const latest = confluent.schema({
    ...{ subject: ':.x:b', version: 1, id: 2, schema: '{"type":"array","items":"A"}' },
    references: [{ name: 'A', subject: 'a', version: -1 }],
  });
  const a = confluent.schema({ subject: ':.x:a', version: 1, id: 1, schema: '{"type":"fixed","name":"A","size":1}' });
  const present = new MemorySnapshot(asLog([latest]));
  for (const log of [
    [a, latest],
    [latest, a],
  ]) {
    const backup = new MemorySnapshot(asLog(log));
    const plan = await planned(backup, present);
    expect(plan.header.summary.join('\n')).toContain('1 schema that refers to them is written again');
    for (const restored of [await withSteps(present, plan), compacted(await withSteps(present, plan))]) {
      const state = await replay(restored, 'confluent');
      expect(state.version(':.x:a', 1)?.offset).toBeLessThan(state.version(':.x:b', 1)?.offset ?? 0);
    }
  }
});

it('writes into an empty topic what is referred to first, whatever the order of the backup', async () => {
  const references = [{ name: 'A', subject: 'a', version: 1 }];
  const log = asLog([
    confluent.schema({ subject: 'b', version: 1, id: 2, schema: '{"type":"array","items":"A"}', references }),
    confluent.schema({ subject: 'a', version: 1, id: 1, schema: '{"type":"fixed","name":"A","size":1}' }),
  ]);
  const kinds = async (snapshot: Snapshot): Promise<readonly string[]> =>
    (await verifySnapshot(snapshot)).map(({ name }) => name);
  const backup = new MemorySnapshot(log);
  const empty = new MemorySnapshot([]);
  const restored = await withSteps(empty, await planned(backup, empty));
  expect(await kinds(backup)).toContain('reference-before-target');
  expect(await kinds(restored)).not.toContain('reference-before-target');
});
