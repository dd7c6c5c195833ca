/** Plans whose undo has more to do than to say again what a key held, or less to go by. */
import { mkdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openPlan, type Plan } from '../../../../src/recovery/plan/open-plan.ts';
import type { PlanStep } from '../../../../src/recovery/plan/plan.ts';
import { PlanWriter } from '../../../../src/recovery/plan/plan-writer.ts';
import { plannedRecord } from '../../../../src/recovery/plan/planned-record.ts';
import { undoPathOf } from '../../../../src/recovery/restore/open-undo.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import { Killed } from '../../../support/recovery/failing-topic.ts';
import { MemoryPlanTopic, plannedRecords } from '../../../support/recovery/memory-plan-topic.ts';
import { contentInWords } from '../../../support/recovery/memory-snapshot.ts';
import { asLog, confluent, record, type WrittenRecord } from '../../../support/recovery/record-bytes.ts';
import { stateInWords } from '../../../support/recovery/state-in-words.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const schema = (subject: string, version: number, id: number, deleted = false): WrittenRecord =>
  confluent.schema({ subject, version, id, schema: `"${subject}${version}"`, deleted });

async function written(topic: MemoryPlanTopic, steps: readonly PlanStep[]): Promise<Plan> {
  const { topicId = null } = topic.made ?? {};
  const writer = await PlanWriter.create(join(tempDir('plan'), 'plan.ndjson'), {
    ...{ format: 1, kind: 'holdfast-schemas-plan', id: 'p', title: 'A test', created: '', source: '' },
    target: {
      ...{ kind: 'topic', clusterId: 'cluster-1', topic: topic.topic, groupId: 'schema-registry', topicId },
      endOffset: topic.made === undefined ? null : topic.end,
    },
    ...{ maxIds: {}, summary: [] },
  });
  for (const step of steps) await writer.add(step);
  await writer.finish();
  return openPlan(writer.path);
}

const producing = (topic: MemoryPlanTopic, records: readonly WrittenRecord[]): readonly PlanStep[] =>
  records.map((one) => ({
    do: 'produce',
    topic: topic.topic,
    record: plannedRecord({ ...one, timestamp: -1 }),
  }));

/** Deletes the topic and makes it anew with these. */
const anew = (topic: MemoryPlanTopic, records: readonly WrittenRecord[]): readonly PlanStep[] => [
  {
    ...{ do: 'delete-topic', topic: topic.topic, backup: 'memory', endOffset: topic.end },
    backupSha256: topic.present().facts.sha256,
  },
  {
    ...{ do: 'create-topic', topic: topic.topic, replicationFactor: 1, acls: [] },
    configs: { 'cleanup.policy': 'compact' },
  },
  ...producing(topic, records),
];

async function told(topic: MemoryPlanTopic): Promise<readonly string[]> {
  const all: string[] = [];
  for (const vendor of ['confluent', 'karapace'] as const) {
    for (const line of stateInWords(await replay(topic.present(), vendor, { readsOn: true })))
      all.push(`${vendor} ${line}`);
  }
  return all;
}

const KEYLESS = record(null, 'x');
const LIFE = [schema('a', 1, 1), schema('b', 1, 2), schema('c', 1, 3)];

describe('an undo brings back', () => {
  it.each([
    ['of the subject', confluent.clearSubject('a')],
    ['of everything', confluent.clearSubject(null)],
  ])('what a CLEAR_SUBJECT %s purged', async (_, clear) => {
    const there = [
      ...LIFE,
      schema('a', 1, 1, true),
      schema('a', 2, 4),
      schema('b', 2, 5),
      confluent.deleteSubject('b', 2),
    ];
    const topic = new MemoryPlanTopic(asLog(there));
    const before = await told(topic);
    const plan = await written(topic, producing(topic, [clear, schema('a', 3, 9)]));
    await topic.run(plan);
    expect(await told(topic)).not.toEqual(before);
    await topic.undo(plan);
    expect(await told(topic)).toEqual(before);
    topic.compact();
    expect(await told(topic)).toEqual(before);
  });

  it('what a DELETE_SUBJECT deleted', async () => {
    const topic = new MemoryPlanTopic(asLog([...LIFE, schema('a', 2, 4), schema('a', 2, 4, true)]));
    const before = await told(topic);
    const plan = await written(topic, producing(topic, [confluent.deleteSubject('a', 2)]));
    await topic.run(plan);
    await topic.undo(plan);
    expect(await told(topic)).toEqual(before);
    topic.compact();
    expect(await told(topic)).toEqual(before);
  });

  it.each([
    ['of its subject', confluent.clearSubject('a')],
    ['of everything', confluent.clearSubject(null)],
  ])('nothing that a CLEAR_SUBJECT %s had purged before', async (_, clear) => {
    const there = [...LIFE, schema('a', 1, 1, true), schema('b', 1, 2, true), clear, schema('b', 2, 5, true)];
    const topic = new MemoryPlanTopic(asLog(there));
    const confluents = async () => (await told(topic)).filter((line) => line.startsWith('confluent'));
    const before = await confluents();
    const plan = await written(topic, producing(topic, [schema('a', 1, 1), schema('b', 1, 2)]));
    await topic.run(plan);
    await topic.undo(plan);
    expect(await confluents()).toEqual(before);
    topic.compact();
    expect(await confluents()).toEqual(before);
  });

  it('a topic whose plan was killed after it had deleted it, though a client has made an empty one since', async () => {
    for (const isThere of [false, true]) {
      const topic = new MemoryPlanTopic(asLog(LIFE), { overrides: { 'cleanup.policy': 'compact', 'segment.ms': '7' } });
      const before = topic.log.map(contentInWords);
      const plan = await written(topic, anew(topic, [schema('z', 1, 1)]));
      topic.diesAt = 'create';
      await expect(topic.run(plan)).rejects.toThrow(Killed);
      expect(topic.made).toBeUndefined();
      if (isThere) topic.made = { topicId: 'by a client', overrides: {} };
      await expect(topic.undo(plan)).resolves.toMatchObject({ outcome: 'done', written: LIFE.length });
      expect(topic.log.map(contentInWords)).toEqual(before);
      expect(topic.made?.overrides).toMatchObject({ 'segment.ms': '7' });
      await expect(topic.undo(plan)).resolves.toMatchObject({ outcome: 'was-done' });
    }
  });

  it('a topic though records of the killed run come late, before or between those of the undo', async () => {
    for (const after of [0, 2]) {
      const topic = new MemoryPlanTopic(asLog(LIFE));
      const before = topic.log.map(contentInWords);
      const plan = await written(topic, anew(topic, [schema('x', 1, 1), schema('y', 1, 2), schema('z', 1, 3)]));
      await expect(topic.run(plan, { livesFor: 1 })).rejects.toThrow(Killed);
      topic.intruder = { after, records: await plannedRecords(plan, 1, 2) };
      await topic.undo(plan).catch(() => topic.undo(plan));
      expect(topic.log.map(contentInWords), `after ${after}`).toEqual(before);
    }
  });

  it('a topic whose broker tells no ids, though the plan began with what there was, and the undo was killed first', async () => {
    const topic = new MemoryPlanTopic(asLog(LIFE), { topicId: null });
    const { create } = topic;
    topic.create = async (step) => {
      const notes = await create.call(topic, step);
      topic.made = { ...topic.made, topicId: null };
      return notes;
    };
    const before = topic.log.map(contentInWords);
    const kept = topic.log.map((one) => ({ do: 'produce', topic: topic.topic, record: plannedRecord(one) }) as const);
    const plan = await written(topic, [...anew(topic, []), ...kept, ...producing(topic, [schema('z', 1, 1)])]);
    await topic.run(plan);
    topic.diesAt = 'remove';
    await expect(topic.undo(plan)).rejects.toThrow(Killed);
    expect(topic.log).toHaveLength(LIFE.length + 1);
    await expect(topic.undo(plan)).resolves.toMatchObject({ outcome: 'done' });
    expect(topic.log.map(contentInWords)).toEqual(before);
    await expect(topic.undo(plan)).resolves.toMatchObject({ outcome: 'was-done' });
  });

  it('what there was when plan and undo were moved together, and says which plan it lacks', async () => {
    for (const isAnew of [false, true]) {
      const topic = new MemoryPlanTopic(asLog(LIFE));
      const before = await told(topic);
      const records = [schema('z', 1, 4)];
      const plan = await written(topic, isAnew ? anew(topic, records) : producing(topic, records));
      await topic.run(plan);
      const elsewhere = join(tempDir('moved'), 'to here');
      await mkdir(elsewhere);
      const undo = join(elsewhere, basename(undoPathOf(plan.path)));
      await rename(undoPathOf(plan.path), undo);
      await rename(plan.path, join(elsewhere, 'under another name.ndjson'));
      await expect(topic.run(await openPlan(undo))).rejects.toMatchObject({
        code: 'holdfast.recovery.plan-file',
        message: expect.stringMatching(/takes back a plan that can not be found.*beside the undo file/),
      });
      await rename(join(elsewhere, 'under another name.ndjson'), join(elsewhere, basename(plan.path)));
      await expect(topic.run(await openPlan(undo))).resolves.toMatchObject({ outcome: 'done' });
      expect((await told(topic)).filter((line) => !line.includes('reserved'))).toEqual(before);
    }
  });

  it('all but records without a key where the topic was compacted, and names them', async () => {
    const topic = new MemoryPlanTopic(asLog([...LIFE, KEYLESS, schema('d', 1, 4)]));
    const plan = await written(topic, anew(topic, [schema('z', 1, 1)]));
    await topic.run(plan);
    const undo = await openPlan(undoPathOf(plan.path));
    expect(undo.header.summary.join('\n')).toMatch(/1 record without a key is left out.*compacted.*offset 3/);
    await topic.undo(plan);
    expect(topic.log.map(contentInWords)).toEqual(
      asLog([...LIFE, KEYLESS, schema('d', 1, 4)])
        .map(contentInWords)
        .filter((_, n) => n !== 3),
    );
    const kept = new MemoryPlanTopic(asLog([...LIFE, KEYLESS]), {
      ...{ overrides: { 'cleanup.policy': 'delete' }, effective: { 'cleanup.policy': 'delete' } },
    });
    const other = await written(kept, anew(kept, [schema('z', 1, 1)]));
    await kept.run(other);
    await kept.undo(other);
    expect(kept.log).toHaveLength(4);
  });
});

it('a plan with a record without a key for a compacted topic is refused before the topic is deleted', async () => {
  const topic = new MemoryPlanTopic(asLog(LIFE));
  const plan = await written(topic, anew(topic, [schema('z', 1, 1), KEYLESS]));
  await expect(topic.run(plan)).rejects.toMatchObject({
    code: 'holdfast.recovery.plan-unfit',
    message: expect.stringMatching(/Step 4 .*without a key.*Nothing was done/),
  });
  expect(topic.log).toHaveLength(LIFE.length);
});
