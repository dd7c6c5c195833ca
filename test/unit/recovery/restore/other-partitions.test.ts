/** What no backup has is deleted only where the plan said so. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describePlan } from '../../../../src/recovery/plan/describe-plan.ts';
import type { Plan } from '../../../../src/recovery/plan/open-plan.ts';
import { planNewTopic } from '../../../../src/recovery/restore/plan-new-topic.ts';
import { MemoryPlanTopic } from '../../../support/recovery/memory-plan-topic.ts';
import { asLog, confluent } from '../../../support/recovery/record-bytes.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const LIFE = [1, 2, 3].map((id) => confluent.schema({ subject: `s${id}`, version: 1, id, schema: `"t${id}"` }));
const IN_THE_WAY = { code: 'holdfast.recovery.topic-in-the-way' };
const second = (endOffset: number) => ({
  partitions: 2,
  otherPartitions: [{ partition: 1, beginOffset: 0, endOffset }],
});

async function anew(topic: MemoryPlanTopic, givesUpOtherPartitions = false): Promise<Plan> {
  const snapshot = topic.present();
  const recreate = { backup: 'the backup', sha256: snapshot.facts.sha256, givesUpOtherPartitions };
  const present = { clusterId: 'cluster-1', brokers: 1, facts: snapshot.facts.topic, hasAuthorizer: false };
  const path = join(tempDir('plan'), 'plan.ndjson');
  return planNewTopic({
    ...{ snapshot, present, recreate, path, topic: topic.topic, groupId: 'schema-registry', source: 'a test', now: 0 },
  });
}

it('is not planned for a topic that holds records beside the partition that is backed up', async () => {
  const topic = new MemoryPlanTopic(asLog(LIFE), second(5));
  await expect(anew(topic)).rejects.toMatchObject({
    ...IN_THE_WAY,
    message: expect.stringMatching(/partition 1 \(offsets 0 to 4\).*repair cannot-write/),
  });
  await expect(anew(new MemoryPlanTopic(asLog(LIFE), second(0)))).resolves.toBeDefined();
});

it('does not delete what came into another partition since, and nothing else was done then', async () => {
  const topic = new MemoryPlanTopic(asLog(LIFE), second(0));
  const plan = await anew(topic);
  topic.made = { ...topic.made, ...second(1) };
  await expect(topic.run(plan)).rejects.toMatchObject(IN_THE_WAY);
  expect(topic.log).toHaveLength(LIFE.length);
});

it('deletes what the plan names as given up, and no more', async () => {
  const topic = new MemoryPlanTopic(asLog(LIFE), second(5));
  const plan = await anew(topic, true);
  expect((await describePlan(plan)).topics[0]).toMatch(
    /no backup has what is lost with it: partition 1 \(offsets 0 to 4\)/,
  );
  topic.made = { ...topic.made, ...second(6) };
  await expect(topic.run(plan)).rejects.toMatchObject(IN_THE_WAY);
  topic.made = { ...topic.made, ...second(5) };
  await expect(topic.run(plan)).resolves.toMatchObject({ outcome: 'done' });
});

it('does not delete records of others beside those of a plan that is taken back', async () => {
  const topic = new MemoryPlanTopic(asLog(LIFE));
  const plan = await anew(topic);
  await topic.run(plan);
  topic.made = { ...topic.made, ...second(1) };
  await expect(topic.undo(plan)).rejects.toMatchObject(IN_THE_WAY);
  expect(topic.made).toMatchObject({ partitions: 2 });
});
