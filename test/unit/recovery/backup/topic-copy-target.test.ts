import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { runBackup, type TargetOutcome } from '../../../../src/recovery/backup/run-backup.ts';
import { TopicCopyTarget } from '../../../../src/recovery/backup/topic-copy-target.ts';
import { RestoreWorld } from '../../../support/recovery/restore-world.ts';
import { ScriptedTopic } from '../../../support/recovery/scripted-topic.ts';

let world: Awaited<ReturnType<typeof RestoreWorld.embedded>>;
let source: ScriptedTopic;
const { signal } = new AbortController();

beforeEach(async () => {
  world = await RestoreWorld.embedded();
  source = new ScriptedTopic();
  source.grow(20);
  return () => world.broker.close();
});

async function backup(): Promise<TargetOutcome> {
  const { broker, client } = world;
  const target = new TopicCopyTarget({ broker, client, topic: 'copy', name: 'kafka:copy' });
  const [outcome] = await runBackup({ source, targets: [target], clock: new ManualClock() }, signal);
  return outcome!;
}

async function make(partitions: number, policy: string): Promise<void> {
  const admin = world.broker.admin(world.client);
  const configs = { 'cleanup.policy': policy };
  await admin.createTopics([{ name: 'copy', partitions, replicationFactor: 1, configs }], signal);
  await admin.close();
}

describe('a copy in another topic', () => {
  it.each([
    [1, 'delete', /cleanup\.policy is delete/],
    [1, 'compact,delete', /cleanup\.policy is compact,delete/],
    [2, 'compact', /2 partitions/],
  ])('is refused a topic of %i partitions whose policy is %s', async (partitions, policy, message) => {
    await make(partitions, policy);
    expect(await backup()).toMatchObject({
      state: 'failed',
      error: { code: 'holdfast.recovery.target-foreign', message: expect.stringMatching(message) },
    });
  });

  it('is refused its own topic, once someone lets it remove records by time', async () => {
    expect(await backup()).toMatchObject({ state: 'written', error: undefined });
    const admin = world.broker.admin(world.client);
    await admin.alterTopicConfigs('copy', { 'cleanup.policy': 'delete' }, signal);
    await admin.close();
    source.grow(1);
    expect(await backup()).toMatchObject({ state: 'failed', error: { code: 'holdfast.recovery.target-foreign' } });
  });

  it('takes an empty topic that was made by hand, as it is to be', async () => {
    await make(1, 'compact');
    expect(await backup()).toMatchObject({ state: 'written', backup: { records: 20 } });
  });
});
