import { describe, expect, it } from 'vitest';
import type { Admin } from '../../../../src/broker/ports.ts';
import type { TopicDetails } from '../../../../src/broker/topic-details.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import type { TopicAcl } from '../../../../src/recovery/snapshot/topic-facts.ts';
import { aclsFor, createRegistryTopic, deleteRegistryTopic } from '../../../../src/recovery/topic/registry-topic.ts';
import { ConfigError, NotFoundError } from '../../../../src/sdk/errors/index.ts';
import { client, openOn } from '../../broker/embedded/broker-on-simulated-disk.ts';
import { inTime } from './in-time.ts';

const TOPIC = '_schemas';
const { signal } = new AbortController();
const NEW = { topic: TOPIC, replicationFactor: -1, configs: {}, acls: [] };
const acl: TopicAcl = {
  principal: 'User:registry',
  host: '*',
  operation: 'WRITE',
  permission: 'ALLOW',
  pattern: 'LITERAL',
  resource: TOPIC,
};

function details(id: string | null): TopicDetails {
  return { name: TOPIC, id, partitions: 1, replicationFactor: 1, overrides: {}, effective: {} };
}

/** Answers from a script; the last answer of each goes on. */
function scripted(script: {
  readonly create?: readonly ('created' | 'exists')[];
  readonly inspect: readonly (TopicDetails | null)[];
  readonly acls?: Error;
  readonly remove?: Error;
  readonly offsets?: readonly (Error | number)[];
}): { readonly admin: Admin; readonly calls: string[] } {
  const calls: string[] = [];
  const left = {
    create: [...(script.create ?? ['created'])],
    inspect: [...script.inspect],
    offsets: [...(script.offsets ?? [0])],
  };
  const next = <T>(list: T[]): T => (list.length > 1 ? list.shift() : list[0]) as T;
  const admin = {
    createTopics: async () => {
      calls.push('create');
      return [next(left.create)];
    },
    inspectTopic: async () => {
      calls.push('inspect');
      return next(left.inspect);
    },
    listOffsets: async () => {
      const answer = next(left.offsets);
      if (answer instanceof Error) throw answer;
      return [answer];
    },
    createTopicAcls: async () => {
      calls.push('acls');
      if (script.acls !== undefined) throw script.acls;
    },
    deleteTopics: async () => {
      calls.push('delete');
      if (script.remove !== undefined) throw script.remove;
    },
  } as unknown as Admin;
  return { admin, calls };
}

describe('making the topic of a registry', () => {
  it('gives it one partition, compaction and its settings, and no other topic its place', async () => {
    const { broker, clock } = await openOn();
    const admin = broker.admin(client);
    const configs = { 'max.message.bytes': '5000000' };
    const made = await createRegistryTopic({ admin, clock }, { ...NEW, configs }, signal);
    const found = await admin.inspectTopic(TOPIC);
    expect(found).toMatchObject({ partitions: 1, overrides: { 'cleanup.policy': 'compact', ...configs } });
    expect(made).toEqual({ topicId: found?.id, aclsRefused: null });
    await expect(createRegistryTopic({ admin, clock }, NEW, signal)).rejects.toMatchObject({
      name: 'ConfigError',
      code: 'holdfast.recovery.topic-exists',
    });
    await inTime(clock, deleteRegistryTopic({ admin, clock }, { topic: TOPIC, topicId: made.topicId }, signal));
    expect(await admin.inspectTopic(TOPIC)).toBeNull();
    await broker.close();
  });

  const lost = { ...details('b'), overrides: { 'cleanup.policy': 'compact' } };

  it('goes on with the one that it made, though the answer was lost', async () => {
    const clock = new ManualClock();
    const { admin } = scripted({ create: ['exists'], inspect: [null, lost] });
    expect(await inTime(clock, createRegistryTopic({ admin, clock }, NEW, signal))).toMatchObject({ topicId: 'b' });
  });

  it.each<[string, TopicDetails | null, TopicDetails, number]>([
    ['was there before', lost, lost, 0],
    ['has records', null, lost, 1],
    ['has other settings', null, details('b'), 0],
    ['has more partitions', null, { ...lost, partitions: 2 }, 0],
    ['has another replication', null, { ...lost, replicationFactor: 3 }, 0],
  ])('takes no other for its own: one that %s', async (_what, before, found, end) => {
    const clock = new ManualClock();
    const { admin } = scripted({ create: ['exists'], inspect: [before, found], offsets: [end] });
    const made = createRegistryTopic({ admin, clock }, { ...NEW, replicationFactor: 1 }, signal);
    await expect(inTime(clock, made)).rejects.toMatchObject({ code: 'holdfast.recovery.topic-exists' });
  });

  it('waits for one of its name that is being deleted', async () => {
    const clock = new ManualClock();
    const { admin, calls } = scripted({
      create: ['exists', 'exists', 'created'],
      inspect: [null, null, null, null, details('b')],
    });
    expect(await inTime(clock, createRegistryTopic({ admin, clock }, NEW, signal))).toEqual({
      topicId: 'b',
      aclsRefused: null,
    });
    expect(calls.filter((call) => call === 'create')).toHaveLength(3);
  });

  it('does not wait for ever for it', async () => {
    const clock = new ManualClock();
    const { admin } = scripted({ create: ['exists'], inspect: [null] });
    await expect(inTime(clock, createRegistryTopic({ admin, clock }, NEW, signal))).rejects.toMatchObject({
      code: 'holdfast.recovery.topic-exists',
    });
    expect(clock.monotonic()).toBeGreaterThan(60_000);
  });

  it('is done once it can be written to, which brokers hear of later', async () => {
    const clock = new ManualClock();
    const { admin } = scripted({
      inspect: [null, null, details('b')],
      offsets: [new NotFoundError('no such partition'), 0],
    });
    expect(await inTime(clock, createRegistryTopic({ admin, clock }, NEW, signal))).toMatchObject({ topicId: 'b' });
    expect(clock.monotonic()).toBeGreaterThanOrEqual(400);
  });

  it('is done without ACLs that the cluster does not take, and says why', async () => {
    const clock = new ManualClock();
    const { admin, calls } = scripted({ inspect: [details('b')], acls: new ConfigError('no authorizer') });
    const made = await createRegistryTopic({ admin, clock }, { ...NEW, acls: [acl] }, signal);
    expect(made).toEqual({ topicId: 'b', aclsRefused: 'no authorizer' });
    expect(calls.at(-1)).toBe('acls');
  });
});

describe('deleting the topic of a registry', () => {
  it('is done when no broker tells of it any more', async () => {
    const clock = new ManualClock();
    const { admin, calls } = scripted({ inspect: [details('a'), null, details('a'), null, null, null] });
    await inTime(clock, deleteRegistryTopic({ admin, clock }, { topic: TOPIC, topicId: 'a' }, signal));
    expect(calls).toEqual(['inspect', 'delete', 'inspect', 'inspect', 'inspect', 'inspect', 'inspect']);
  });

  it('is done when it was done before', async () => {
    const clock = new ManualClock();
    const { admin, calls } = scripted({ inspect: [null] });
    await inTime(clock, deleteRegistryTopic({ admin, clock }, { topic: TOPIC, topicId: 'a' }, signal));
    expect(calls).not.toContain('delete');
    const raced = scripted({ inspect: [details('a'), null], remove: new NotFoundError('gone') });
    await inTime(clock, deleteRegistryTopic({ admin: raced.admin, clock }, { topic: TOPIC, topicId: 'a' }, signal));
  });

  it('leaves another topic of that name alone', async () => {
    const clock = new ManualClock();
    const { admin, calls } = scripted({ inspect: [details('b')] });
    await expect(deleteRegistryTopic({ admin, clock }, { topic: TOPIC, topicId: 'a' }, signal)).rejects.toMatchObject({
      code: 'holdfast.recovery.topic-changed',
    });
    expect(calls).toEqual(['inspect']);
  });
});

describe('the ACLs for a topic made anew', () => {
  const prefixed: TopicAcl = { ...acl, pattern: 'PREFIXED', resource: '_sch' };
  const all: TopicAcl = { ...acl, resource: '*' };

  it('are its literal ones, as the others outlive it', () => {
    expect(aclsFor([acl, prefixed, all], TOPIC, TOPIC)).toEqual([acl]);
  });

  it('are for another name also those that do not cover it', () => {
    expect(aclsFor([acl, prefixed, all], TOPIC, '_schemas2')).toEqual([{ ...acl, resource: '_schemas2' }]);
    expect(aclsFor([prefixed, all], TOPIC, 'scratch')).toEqual([{ ...acl, resource: 'scratch' }]);
  });
});
