import { describe, expect, it } from 'vitest';
import type { Admin } from '../../../../src/broker/ports.ts';
import { readTopicFacts } from '../../../../src/recovery/topic/read-topic-facts.ts';
import { ConfigError, EnvironmentError } from '../../../../src/sdk/errors/index.ts';
import { client, openOn, value } from '../../broker/embedded/broker-on-simulated-disk.ts';

const { signal } = new AbortController();
const ask = (admin: Admin, topic = '_schemas') => readTopicFacts({ admin, topic, groupId: 'schema-registry' }, signal);

async function adminOf(partitions: number): Promise<{ readonly admin: Admin; readonly close: () => Promise<void> }> {
  const { broker } = await openOn();
  const admin = broker.admin(client);
  const configs = { 'cleanup.policy': 'compact', 'retention.ms': '1000' };
  await admin.createTopics([{ name: '_schemas', partitions, replicationFactor: 1, configs }]);
  const producer = broker.producer(client);
  await producer.send(['a', 'b', 'c'].map((text) => value('_schemas', text, text)));
  if (partitions > 1) await producer.send([{ ...value('_schemas', 'd', 'd'), partition: 1 }]);
  await producer.close();
  return { admin, close: () => broker.close() };
}

describe('what is known of a topic', () => {
  it('is what it takes to make it anew, and where it begins and ends', async () => {
    const { admin, close } = await adminOf(1);
    await admin.deleteRecords([{ topic: '_schemas', partition: 0, offset: 1 }]);
    const facts = await ask(admin);
    expect(facts).toMatchObject({
      topic: '_schemas',
      partitions: 1,
      replicationFactor: 1,
      overrides: { 'cleanup.policy': 'compact', 'retention.ms': '1000' },
      acls: null,
      beginOffset: 1,
      endOffset: 3,
      otherPartitions: [],
      group: { groupId: 'schema-registry', state: 'Dead', members: 0 },
    });
    expect(facts.effective).toMatchObject({ 'cleanup.policy': 'compact', 'max.message.bytes': '1048588' });
    expect(facts.overrides).not.toHaveProperty('max.message.bytes');
    expect(facts.clusterId).toEqual((await admin.describeCluster()).clusterId);
    expect(facts.topicId).toEqual((await admin.inspectTopic('_schemas'))?.id);
    await close();
  });

  it('tells of partitions that should not be there what lies in them', async () => {
    const { admin, close } = await adminOf(3);
    expect(await ask(admin)).toMatchObject({
      partitions: 3,
      endOffset: 3,
      otherPartitions: [
        { partition: 1, beginOffset: 0, endOffset: 1 },
        { partition: 2, beginOffset: 0, endOffset: 0 },
      ],
    });
    await close();
  });

  it('names a topic that does not exist, and how to name the right one', async () => {
    const { admin, close } = await adminOf(1);
    await expect(ask(admin, '_schemas2')).rejects.toMatchObject({
      name: 'ConfigError',
      code: 'holdfast.recovery.topic-missing',
      message: expect.stringMatching(/no topic '_schemas2'.*--topic/),
    });
    await close();
  });

  it('is worth having without the group, which one may not be allowed to see', async () => {
    const { admin, close } = await adminOf(1);
    const failing = (error: Error): Admin =>
      Object.assign(Object.create(admin) as Admin, { describeGroups: () => Promise.reject(error) });
    expect((await ask(failing(new ConfigError('not allowed')))).group).toEqual({
      groupId: 'schema-registry',
      state: 'Unknown',
      members: 0,
    });
    await expect(ask(failing(new EnvironmentError('away')))).rejects.toThrow('away');
    await close();
  });
});
