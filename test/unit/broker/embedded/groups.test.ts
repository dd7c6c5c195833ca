import { describe, expect, it } from 'vitest';
import type { EmbeddedBroker } from '../../../../src/broker/embedded/embedded-broker.ts';
import type { GroupMember, GroupMemberOptions } from '../../../../src/broker/ports.ts';
import { Deferred } from '../../../../src/foundation/deferred.ts';
import { RecordingListener } from '../../../support/broker-port-suite.ts';
import { client, openOn } from './broker-on-simulated-disk.ts';

async function withTopics(...names: readonly string[]) {
  const opened = await openOn();
  const admin = opened.broker.admin(client);
  await admin.createTopics(names.map((name) => ({ name, partitions: 4, replicationFactor: 1 })));
  return { ...opened, admin };
}

function join(
  broker: EmbeddedBroker,
  listener: RecordingListener,
  more: Partial<GroupMemberOptions> = {},
): GroupMember {
  const member = broker.groupMember({ ...client, groupId: 'g', subscription: { topics: ['t'] }, listener, ...more });
  member.start();
  return member;
}

describe('groups of the embedded broker', () => {
  it('go on without a member that does not let go in time, which has then lost its partitions and joins anew', async () => {
    const { broker, clock } = await withTopics('t');
    const slow = new RecordingListener();
    const other = new RecordingListener();
    const release = new Deferred();
    const settings = { 'max.poll.interval.ms': '60000' };
    const member = join(broker, slow, { settings });
    await slow.until(() => slow.held.length === 4);
    slow.whenRevoked = () => release.promise;
    join(broker, other);
    await slow.until(() => slow.calls.at(-1)?.call === 'revoking');
    await clock.advance(59_000);
    expect(other.held).toEqual([]);
    await member.commit([{ topic: 't', partition: 0, offset: 1 }]);
    await clock.advance(2_000);
    await other.until(() => other.held.length === 4);
    await expect(member.commit([{ topic: 't', partition: 0, offset: 2 }])).rejects.toMatchObject({
      code: 'holdfast.broker.group.rebalanced',
    });
    slow.whenRevoked = async () => {};
    release.resolve();
    await slow.until(() => slow.held.length === 2);
    expect(slow.calls.map(({ call }) => call)).toEqual(['assigned', 'revoking', 'revoked', 'lost', 'assigned']);
    expect(await member.committed([{ topic: 't', partition: 0 }])).toEqual([1]);
    await broker.close();
  });

  it('call a listener once at a time, however often they rebalance', async () => {
    const { broker } = await withTopics('t');
    const listener = new RecordingListener();
    let inside = 0;
    let most = 0;
    listener.whenRevoked = async () => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
    };
    join(broker, listener);
    await listener.until(() => listener.held.length === 4);
    const others = Array.from({ length: 3 }, () => new RecordingListener());
    const members = others.map((other) => join(broker, other));
    await Promise.all(others.map((other) => other.until(() => other.held.length === 1)));
    await Promise.all(members.map((member) => member.close()));
    await listener.until(() => listener.held.length === 4);
    expect(most).toBe(1);
    const calls = listener.calls.map(({ call }) => call);
    for (let n = 0; n < calls.length; n++) expect(calls[n]).toBe(['assigned', 'revoking', 'revoked'][n % 3]);
    await broker.close();
  });

  it('take in topics that match a pattern as a whole, when they appear and until they go', async () => {
    const { broker, admin } = await withTopics('orders-1', 'my-orders-1');
    const listener = new RecordingListener();
    join(broker, listener, { subscription: { pattern: /orders-\d/ } });
    await listener.until(() => listener.held.length === 4);
    expect(new Set(listener.held.map(({ topic }) => topic))).toEqual(new Set(['orders-1']));
    await admin.createTopics([{ name: 'orders-2', partitions: 2, replicationFactor: 1 }]);
    await listener.until(() => listener.held.length === 6);
    await admin.deleteTopics(['orders-1']);
    await listener.until(() => listener.held.length === 2);
    await broker.close();
  });

  it('create a topic that is subscribed to by name', async () => {
    const { broker } = await openOn();
    const listener = new RecordingListener();
    join(broker, listener);
    await listener.until(() => listener.held.length === 1);
    await broker.close();
  });

  it('fence a member when another one takes its group.instance.id', async () => {
    const { broker } = await withTopics('t');
    const settings = { 'group.instance.id': 'a' };
    const first = new RecordingListener();
    const second = new RecordingListener();
    join(broker, first, { settings });
    await first.until(() => first.held.length === 4);
    join(broker, second, { settings });
    await second.until(() => second.held.length === 4);
    await first.until(() => first.failures.length === 1);
    expect(first.failures[0]).toMatchObject({ code: 'holdfast.broker.group.fenced' });
    expect(first.calls.map(({ call }) => call)).toEqual(['assigned', 'lost', 'failed']);
    await broker.close();
  });

  it("show members' subscriptions and assignments in Kafka's consumer protocol", async () => {
    const { broker, admin } = await withTopics('t');
    const listener = new RecordingListener();
    join(broker, listener, { settings: { 'client.id': 'me' } });
    await listener.until(() => listener.held.length === 4);
    const [group] = await admin.describeGroups(['g']);
    expect(group).toMatchObject({ state: 'Stable', protocol: 'range', protocolType: 'consumer' });
    expect(await admin.listGroups()).toEqual([{ groupId: 'g', protocolType: 'consumer' }]);
    const [member] = group?.members ?? [];
    expect(member?.clientId).toBe('me');
    expect(Buffer.from(member?.metadata ?? []).toString('hex')).toBe('0000' + '00000001' + '000174' + 'ffffffff');
    expect(Buffer.from(member?.assignment ?? []).toString('hex')).toBe(
      `0000${'00000001'}000174${'00000004'}00000000000000010000000200000003ffffffff`,
    );
    await broker.close();
    const { broker: empty } = await openOn();
    expect(await empty.admin(client).describeGroups(['nobody'])).toMatchObject([{ state: 'Dead', members: [] }]);
    await empty.close();
  });

  it('keep committed offsets over a restart, and forget those of a deleted topic', async () => {
    const { broker, admin, disk } = await withTopics('t', 'u');
    await admin.alterGroupOffsets('g', [
      { topic: 't', partition: 0, offset: 3 },
      { topic: 'u', partition: 1, offset: 4 },
    ]);
    await admin.deleteTopics(['t']);
    await broker.close();
    const reopened = await openOn(disk);
    expect(await reopened.broker.admin(client).groupOffsets('g')).toEqual([{ topic: 'u', partition: 1, offset: 4 }]);
    await reopened.broker.close();
  });

  it('refuse an assignor that they do not have', async () => {
    const { broker } = await openOn();
    const settings = { 'partition.assignment.strategy': 'org.apache.kafka.clients.consumer.RoundRobinAssignor' };
    expect(() => join(broker, new RecordingListener(), { settings })).toThrow(/assigns by range/);
    await broker.close();
  });
});
