/** What an undo in place does with records that came late, and with what others have written since. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openPlan, type Plan } from '../../../../src/recovery/plan/open-plan.ts';
import { undoPathOf } from '../../../../src/recovery/restore/open-undo.ts';
import { planInPlace } from '../../../../src/recovery/restore/plan-in-place.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import { Killed } from '../../../support/recovery/failing-topic.ts';
import { MemoryPlanTopic, plannedRecords } from '../../../support/recovery/memory-plan-topic.ts';
import { contentInWords, MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import {
  asLog,
  bytesOf,
  confluent,
  karapace,
  legacySchemaKey,
  type WrittenRecord,
} from '../../../support/recovery/record-bytes.ts';
import { stateInWords } from '../../../support/recovery/state-in-words.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const CHANGED = { code: 'holdfast.recovery.target-changed' };

const schema = (subject: string, version: number, id: number, text = `"${subject}${version}"`): WrittenRecord =>
  confluent.schema({ subject, version, id, schema: text });

const MAGIC_2 = '{"keytype":"SCHEMA","subject":"a","version":1,"magic":2}';

/** The first is as it was, the second was written over, the others are missing. */
const WANTED = Array.from({ length: 8 }, (_, n) => schema(`s${n}`, 1, n + 1));
const THERE = [schema('s0', 1, 1), schema('s1', 1, 2, '"other"'), schema('mine', 1, 20)];

async function planned(topic: MemoryPlanTopic, wanted: readonly WrittenRecord[] = WANTED): Promise<Plan> {
  return planInPlace({
    ...{ snapshot: new MemorySnapshot(asLog(wanted)), present: topic.present(), groupId: 'schema-registry' },
    ...{ path: join(tempDir('plan'), 'plan.ndjson'), source: 'a test', now: 0, overwriteIds: 'all' },
  });
}

async function told(topic: MemoryPlanTopic): Promise<readonly string[]> {
  const all: string[] = [];
  for (const vendor of ['confluent', 'karapace'] as const) {
    const state = await replay(topic.present(), vendor, { readsOn: true });
    for (const line of stateInWords(state)) if (!line.includes('holdfast-reserved')) all.push(`${vendor} ${line}`);
  }
  return all;
}

describe('the undo of a plan in place', () => {
  const odd = (key: readonly [string, number], value: readonly [string, number], id: number): WrittenRecord => ({
    ...schema(value[0], value[1], id),
    key: schema(key[0], key[1], id).key,
  });
  it.each([
    ['of the value, which the plan adds', [odd(['a', 1], ['b', 2], 4)], [schema('b', 2, 4)]],
    ['of the key', [schema('b', 2, 3), odd(['a', 1], ['b', 2], 4)], [schema('a', 1, 5)]],
    [
      'of the value, which has a key of its own since',
      [odd(['a', 1], ['b', 2], 4), schema('b', 2, 3)],
      [schema('a', 1, 5)],
    ],
    [
      'of the value, with what lay beneath the key',
      [schema('a', 1, 1), odd(['a', 1], ['b', 2], 4)],
      [schema('b', 2, 5)],
    ],
    [
      'of another such record of one value',
      [odd(['c', 1], ['b', 2], 3), odd(['a', 1], ['b', 2], 4)],
      [schema('c', 1, 5)],
    ],
    [
      'of another such record of its key',
      [odd(['b', 2], ['d', 1], 3), schema('d', 1, 6), odd(['c', 1], ['b', 2], 4)],
      [schema('c', 1, 5)],
    ],
    [
      'of the value, of a subject that was deleted',
      [odd(['a', 1], ['b', 2], 4), confluent.deleteSubject('b', 2)],
      [schema('a', 1, 5)],
    ],
    [
      'of the value alone, as its magic byte is unknown',
      [schema('a', 1, 1), { ...schema('a', 1, 2), key: bytesOf(MAGIC_2) }],
      [schema('a', 1, 5)],
    ],
    [
      'of the value, beneath what nobody reads',
      [odd(['a', 1], ['b', 2], 4), { ...schema('a', 1, 1), value: bytesOf('{') }],
      [schema('a', 1, 5)],
    ],
  ])(
    'gives back what each vendor read in the places of a record whose key is of another version: %s',
    async (_, there, wanted) => {
      const topic = new MemoryPlanTopic(asLog(there));
      const before = await told(topic);
      const plan = await planned(topic, wanted);
      await topic.run(plan);
      expect(await told(topic)).not.toEqual(before);
      await topic.undo(plan);
      expect(await told(topic)).toEqual(before);
    },
  );

  it('waits for what the killed run had sent, and takes that back as well', async () => {
    for (const late of [1, 3]) {
      const topic = new MemoryPlanTopic(asLog(THERE));
      const before = await told(topic);
      const plan = await planned(topic);
      await expect(topic.run(plan, { livesFor: 4 })).rejects.toThrow(Killed);
      topic.late = [[], await plannedRecords(plan, 4, 4 + late)];
      await expect(topic.undo(plan)).resolves.toMatchObject({ outcome: 'done' });
      expect(await told(topic)).toEqual(before);
    }
  });

  it('begins again behind records of the killed run that come between its own, or behind them', async () => {
    for (let after = 0; after <= 12; after++) {
      const topic = new MemoryPlanTopic(asLog(THERE));
      const before = await told(topic);
      const plan = await planned(topic);
      await expect(topic.run(plan, { livesFor: 2 })).rejects.toThrow(Killed);
      topic.intruder = { after, records: await plannedRecords(plan, 2, 5) };
      await topic.undo(plan);
      expect(await told(topic), `after ${after}`).toEqual(before);
    }
  });

  it('passes over late records when it goes on after it was killed itself, and is done once', async () => {
    for (const livesFor of [0, 1, 5, 8]) {
      const topic = new MemoryPlanTopic(asLog(THERE));
      const before = await told(topic);
      const plan = await planned(topic);
      await expect(topic.run(plan, { livesFor: 3 })).rejects.toThrow(Killed);
      await expect(topic.undo(plan, { livesFor })).rejects.toThrow(Killed);
      topic.write(...(await plannedRecords(plan, 3, 6)), confluent.noop());
      await expect(topic.undo(plan)).resolves.toMatchObject({ outcome: 'done' });
      expect(await told(topic), `killed after ${livesFor}`).toEqual(before);
      const { end } = topic;
      await expect(topic.undo(plan)).resolves.toMatchObject({ outcome: 'was-done', written: 0 });
      expect(topic.end).toBe(end);
    }
  });

  it('does not take NOOPs of which compaction left one for its own deletes', async () => {
    const twin = { ...{ version: 1, id: 1, schema: '"s01"' } };
    const added = ['a', 'b'].map((subject) => confluent.schema({ subject, ...twin }));
    for (const livesFor of [0, 1, 2]) {
      for (const noops of [1, 2, 3, 9, 700]) {
        const topic = new MemoryPlanTopic(asLog(THERE));
        const before = await told(topic);
        const plan = await planned(topic, [...THERE, ...added]);
        await topic.run(plan);
        await expect(topic.undo(plan, { livesFor })).rejects.toThrow(Killed);
        for (let n = 0; n < noops; n++) topic.write(confluent.noop());
        topic.compact();
        await expect(topic.undo(plan)).resolves.toMatchObject({ outcome: livesFor < 2 ? 'done' : 'was-done' });
        expect(await told(topic), `${livesFor} of its records, ${noops} NOOPs`).toEqual(before);
        const { end } = topic;
        await expect(topic.undo(plan)).resolves.toMatchObject({ outcome: 'was-done' });
        expect(topic.end).toBe(end);
      }
    }
  });

  it('goes on behind what a registry has written since, and leaves that as it is', async () => {
    const topic = new MemoryPlanTopic(asLog(THERE));
    const before = await told(topic);
    const plan = await planned(topic);
    await topic.run(plan);
    const later = [
      confluent.noop(),
      schema('new', 1, 21),
      schema('s2', 2, 22),
      confluent.config('s3', { compatibilityLevel: 'NONE' }),
    ];
    topic.write(...later);
    const { notes } = await topic.undo(plan);
    expect(notes.join()).toMatch(/3 records.*since.*stay/);
    const alone = new MemoryPlanTopic(asLog(THERE));
    alone.write(...later);
    expect(await told(topic)).toEqual(await told(alone));
    expect(await told(topic)).not.toEqual(before);
    await expect(topic.undo(plan)).resolves.toMatchObject({ outcome: 'was-done' });
  });

  it('gives an id back that no version had any more, and keeps the next one, which the plan has reserved', async () => {
    for (const context of ['', ':.c:']) {
      const topic = new MemoryPlanTopic(asLog([schema('a', 1, 1), schema(`${context}s`, 1, 4)]));
      const before = await told(topic);
      const plan = await planned(topic, [schema(`${context}s`, 1, 3)]);
      await topic.run(plan);
      expect(await told(topic)).not.toEqual(before);
      expect(topic.log.map(contentInWords).join()).toContain('Reserved5');
      await topic.undo(plan);
      expect(await told(topic)).toEqual(before);
      topic.compact();
      expect(await told(topic)).toEqual(before);
      expect(topic.log.map(contentInWords).join()).toContain('Reserved5');
    }
  });

  it('reserves what its plan was killed before it had reserved', async () => {
    // Of the backup, nobody has 9 any more.
    const wanted = [schema('s', 1, 9), confluent.gone('s', 1), schema('t', 1, 3)];
    for (const livesFor of [1, undefined]) {
      const topic = new MemoryPlanTopic(asLog([schema('a', 1, 1)]));
      const before = await told(topic);
      const plan = await planned(topic, wanted);
      const run = topic.run(plan, livesFor === undefined ? {} : { livesFor });
      await (livesFor === undefined ? run : expect(run).rejects.toThrow(Killed));
      await topic.undo(plan);
      expect(await told(topic)).toEqual(before);
      topic.compact();
      expect((await replay(topic.present(), 'confluent')).maxId('')).toBe(9);
    }
  });

  const toLost = { references: [{ name: 'Lost', subject: 'lost', version: 1 }] };
  it.each([
    ['Karapace drops its newest, which refers to what is not there', { id: 9, schema: '"new"', ...toLost }, 'karapace'],
    ["Confluent's registry drops its newest, a second text of an id", { id: 20, schema: '"new"' }, 'confluent'],
  ] as const)('lets a version be what it was where %s', async (_, newest, vendor) => {
    const s1 = { subject: 's1', version: 1 };
    const oldKey = (written: WrittenRecord): WrittenRecord => ({
      ...written,
      key: bytesOf(legacySchemaKey('s1', 1)),
    });
    for (const keyed of [(written: WrittenRecord) => written, oldKey]) {
      const old = keyed(karapace.schema({ ...s1, id: 4, schema: '"old"', deleted: true }));
      const topic = new MemoryPlanTopic(
        asLog([schema('mine', 1, 20), old, keyed(karapace.schema({ ...s1, ...newest }))]),
      );
      const before = await told(topic);
      expect(before.filter((line) => /s1 1 is 4 .*deleted/.test(line))).toEqual([expect.stringContaining(vendor)]);
      const plan = await planned(topic);
      await topic.run(plan);
      expect(await told(topic)).not.toEqual(before);
      await topic.undo(plan);
      expect(await told(topic)).toEqual(before);
    }
  });

  it('lets a version be what it was to each vendor where each drops another record of it', async () => {
    const s1 = { subject: 's1', version: 1 };
    const topic = new MemoryPlanTopic(
      asLog([
        schema('mine', 1, 20),
        karapace.schema({ ...s1, id: 4, schema: '"old"' }),
        karapace.schema({ ...s1, id: 9, schema: '"newer"', ...toLost }),
        karapace.schema({ ...s1, id: 20, schema: '"newest"', ...toLost }),
      ]),
    );
    const before = await told(topic);
    expect(before.filter((line) => line.includes(' s1 1 ')).map((line) => line.slice(0, 19))).toEqual([
      'confluent s1 1 is 9',
      'karapace s1 1 is 4 ',
    ]);
    const plan = await planned(topic);
    await topic.run(plan);
    await topic.undo(plan);
    expect(await told(topic)).toEqual(before);
  });

  it('writes behind its target what Karapace had read there, as the target was written again since', async () => {
    const target = (id: number, text: string): WrittenRecord =>
      karapace.schema({ subject: 't', version: 1, id, schema: text });
    const toTarget = [{ name: 'T', subject: 't', version: 1 }];
    const user = karapace.schema({ subject: 'u', version: 1, id: 2, schema: '{"u":1}', references: toTarget });
    const topic = new MemoryPlanTopic(asLog([target(1, '"old"'), user, target(1, '"old"'), schema('mine', 1, 20)]));
    const before = await told(topic);
    expect(before.filter((line) => line.startsWith('karapace u 1 '))).toHaveLength(1);
    const plan = await planned(topic, [target(1, '"wanted"'), user]);
    await topic.run(plan);
    await topic.undo(plan);
    expect(await told(topic)).toEqual(before);
  });

  const references = [{ name: 'S', subject: 's2', version: 1 }];
  it.each([
    ['written the same version', schema('s2', 1, 3, '"again"'), /offset 15\b.*s2 version 1/],
    ['deleted its subject', confluent.deleteSubject('s2', 1), /offset 15\b.*subject s2/],
    ['cleared its subject', confluent.clearSubject('s2'), /offset 15\b.*subject s2/],
    ['cleared everything', confluent.clearSubject(null), /offset 15\b/],
    [
      'registered what refers to it',
      confluent.schema({ subject: 'new', version: 1, id: 30, schema: '{}', references }),
      /offset 15\b.*new version 1.*refers to s2 version 1/,
    ],
    ['given an id another text', schema('new', 1, 2, '"s11"'), /offset 15\b.*new version 1.*id 2/],
  ])('is refused where somebody has %s since, and says what to do', async (_, record, message) => {
    const topic = new MemoryPlanTopic(asLog(THERE));
    const plan = await planned(topic);
    await topic.run(plan);
    topic.write(confluent.noop(), confluent.noop(), confluent.noop());
    while (topic.end < 15) topic.write(confluent.noop());
    topic.write(record);
    const before = topic.log.map(contentInWords);
    await expect(topic.undo(plan)).rejects.toMatchObject({ ...CHANGED, message: expect.stringMatching(message) });
    await expect(topic.undo(plan)).rejects.toThrow(/Nothing was written.*--into in-place/);
    expect(topic.log.map(contentInWords)).toEqual(before);
  });

  it('leaves to no registry a version that Karapace had deleted by an empty value, which Confluent reads past', async () => {
    const there = [karapace.schema({ subject: 'a', version: 1, id: 1, schema: '"int"' }), karapace.gone('a', 1)];
    const topic = new MemoryPlanTopic(asLog(there));
    const reborn = karapace.schema({ subject: 'a', version: 1, id: 2, schema: '"long"' });
    const plan = await planned(topic, [...there, reborn]);
    await topic.run(plan);
    expect(await told(topic)).toHaveLength(2);
    await topic.undo(plan);
    expect(await told(topic)).toEqual([]);
  });

  it.each([
    ['alone', false],
    ['behind one that can be read', true],
  ])('leaves what a record said that nobody can read, where it lies %s', async (_, isBehind) => {
    const good = [schema('s0', 1, 1), confluent.config('s0', { compatibilityLevel: 'FULL' })];
    const garbled = good.map((each) => ({ ...each, value: Buffer.from('{') }));
    const topic = new MemoryPlanTopic(asLog([...(isBehind ? good : []), ...garbled, schema('mine', 1, 20)]));
    const before = await told(topic);
    const plan = await planned(topic, [schema('s0', 1, 1), confluent.config('s0', { compatibilityLevel: 'NONE' })]);
    await topic.run(plan);
    expect(await told(topic)).not.toEqual(before);
    await topic.undo(plan);
    expect(await told(topic)).toEqual(before);
    topic.compact();
    expect((await told(topic)).join()).not.toContain('s0');
  });

  it('is refused where somebody deleted what it would refer to again', async () => {
    const b = { subject: 'b', version: 1, id: 2, schema: '"b"', references: [{ name: 'A', subject: 'a', version: 1 }] };
    const topic = new MemoryPlanTopic(asLog([schema('a', 1, 1), confluent.schema(b)]));
    const plan = await planned(topic, [schema('a', 1, 1), schema('b', 1, 2, '"plain"')]);
    await topic.run(plan);
    topic.write(confluent.schema({ subject: 'a', version: 1, id: 1, schema: '"a1"', deleted: true }));
    await expect(topic.undo(plan)).rejects.toMatchObject({
      ...CHANGED,
      message: expect.stringMatching(/a version 1.*b version 1.*refer/),
    });
  });

  it('has nothing to take back where the plan had written nothing', async () => {
    const topic = new MemoryPlanTopic(asLog(THERE));
    const plan = await planned(topic);
    await expect(topic.run(plan, { livesFor: 0 })).rejects.toThrow(Killed);
    topic.write(confluent.noop(), schema('new', 1, 21));
    const before = topic.log.map(contentInWords);
    await expect(topic.undo(plan)).resolves.toMatchObject({
      ...{ outcome: 'nothing-to-undo', written: 0 },
      notes: ['the plan had written nothing yet: there is nothing to take back'],
    });
    expect(topic.log.map(contentInWords)).toEqual(before);
  });

  it('has nothing to take back but a NOOP where the plan wrote that alone, behind a transaction marker', async () => {
    const topic = new MemoryPlanTopic(asLog(THERE), { controlOffsets: [THERE.length - 1] });
    const plan = await planned(topic, THERE);
    expect(plan.steps).toBe(1);
    await topic.run(plan);
    await expect(topic.undo(plan)).resolves.toMatchObject({
      ...{ outcome: 'nothing-to-undo', written: 0 },
      notes: ['there is nothing to take back but a NOOP, which stays: it says nothing'],
    });
  });

  it('can be taken back itself', async () => {
    const topic = new MemoryPlanTopic(asLog(THERE));
    const plan = await planned(topic);
    await topic.run(plan);
    const after = await told(topic);
    await topic.undo(plan);
    await topic.undo(await openPlan(undoPathOf(plan.path)));
    expect(await told(topic)).toEqual(after);
  });
});
