/** What is written again for the order of references alone leaves every id to whom it stood for. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planInPlace } from '../../../../src/recovery/restore/plan-in-place.ts';
import { planNewTopic } from '../../../../src/recovery/restore/plan-new-topic.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import { MemoryPlanTopic } from '../../../support/recovery/memory-plan-topic.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { asLog, confluent, type WrittenRecord } from '../../../support/recovery/record-bytes.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const options = () => ({
  path: join(tempDir('plan'), 'plan.ndjson'),
  ...{ groupId: 'schema-registry', source: 'a test', now: 0 },
});
const plain = (subject: string, id: number): WrittenRecord =>
  confluent.schema({ subject, version: 1, id, schema: `"${subject}"` });
const referring = (subject: string, id: number, to: string): WrittenRecord => {
  const references = [{ name: to, subject: to, version: 1 }];
  return confluent.schema({ subject, version: 1, id, schema: `"${subject}"`, references });
};
/** Whom each vendor answers with for id 2: now, and once all that was replaced is gone. */
async function answers(topic: MemoryPlanTopic): Promise<readonly unknown[]> {
  const now = topic.present();
  topic.compact();
  const seen = [now, topic.present()].flatMap((snapshot) =>
    (['confluent', 'karapace'] as const).map(async (vendor) => (await replay(snapshot, vendor)).byId('', 2)?.subject),
  );
  return Promise.all(seen);
}

const t = plain('t', 1);
const a = referring('a', 2, 't');
const b = plain('b', 2);

it('an id of a version that nobody can read any more means what the backup says, if that was chosen', async () => {
  const other = confluent.schema({ subject: 'b', version: 1, id: 2, schema: '"other"' });
  const garbled = { ...b, value: Buffer.from('{') };
  const topic = new MemoryPlanTopic(asLog([other, garbled]), { effective: { 'cleanup.policy': 'compact' } });
  const snapshot = new MemorySnapshot(asLog([b]));
  // Registries read on with the record beneath until compaction takes it.
  await expect(planInPlace({ snapshot, present: topic.present(), ...options() })).rejects.toMatchObject({
    code: 'holdfast.recovery.id-collision',
    details: { changedIds: [{ context: '', id: 2, subject: 'b', version: 1 }] },
  });
  await topic.run(await planInPlace({ snapshot, present: topic.present(), ...options(), overwriteIds: { '': [2] } }));
  const content = (await replay(snapshot, 'confluent')).byId('', 2)?.content;
  for (let compacted = 0; compacted < 2; compacted++) {
    for (const vendor of ['confluent', 'karapace'] as const) {
      expect((await replay(topic.present(), vendor)).byId('', 2)).toMatchObject({ subject: 'b', content });
    }
    topic.compact();
  }
  await expect(planInPlace({ snapshot, present: topic.present(), ...options() })).resolves.toMatchObject({ steps: 0 });
});

describe('an id that stands for two schemas', () => {
  it.each([
    ['before', [a, b], ['a', 'b']],
    ['behind', [b, a], ['b', 'a']],
  ])(
    'stays with both as they were where the one that refers to what is missing lies %s the other',
    async (_, both, who) => {
      const topic = new MemoryPlanTopic(asLog(both), { effective: { 'cleanup.policy': 'compact' } });
      const snapshot = new MemorySnapshot(asLog([t, ...both]));
      const plan = await planInPlace({ snapshot, present: topic.present(), ...options() });
      expect(plan.header.summary.join('\n')).toMatch(/1 schema that shares an id .*duplicate-ids: 2$/m);
      await topic.run(plan);
      expect(await answers(topic)).toEqual([...who, ...who]);
      await expect(planInPlace({ snapshot, present: topic.present(), ...options() })).resolves.toMatchObject({
        steps: 0,
      });
    },
  );

  it('stays with one that only the target has, and with all that refer to that', async () => {
    const topic = new MemoryPlanTopic(asLog([a, b, referring('c', 3, 'b')]), {
      effective: { 'cleanup.policy': 'compact' },
    });
    const snapshot = new MemorySnapshot(asLog([t, a]));
    await topic.run(await planInPlace({ snapshot, present: topic.present(), ...options() }));
    expect((await replay(topic.present(), 'karapace')).byId('', 3)?.subject).toBe('c');
    expect(await answers(topic)).toEqual(['a', 'b', 'a', 'b']);
    expect((await replay(topic.present(), 'karapace')).byId('', 3)?.subject).toBe('c');
  });

  it('stays with both in a topic that is made anew', async () => {
    const topic = MemoryPlanTopic.absent();
    const snapshot = new MemorySnapshot(asLog([a, b, t]));
    const present = { clusterId: 'cluster-1', brokers: 1, facts: undefined, hasAuthorizer: false };
    await topic.run(await planNewTopic({ snapshot, present, topic: topic.topic, ...options() }));
    expect(await answers(topic)).toEqual(['a', 'b', 'a', 'b']);
  });
});
