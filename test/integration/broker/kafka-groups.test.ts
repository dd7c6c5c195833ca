import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Broker, ClientSettings, GroupMember, GroupMemberOptions } from '../../../src/broker/ports.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { ConfigError } from '../../../src/sdk/errors/index.ts';
import { RecordingListener } from '../../support/broker-port-suite.ts';
import { describeWithJava } from '../../support/describe-with-kafka.ts';
import { type Kafka, startKafka } from '../../support/kafka.ts';
import { uniqueName } from '../../support/unique-name.ts';
import { AvailabilityLog, newTopic, openBroker, readAll, textsOf, values } from './kafka-tools.ts';

const quick = { 'heartbeat.interval.ms': '300' };

describeWithJava('groups and topics of a Kafka that creates none by itself', () => {
  let kafka: Kafka;
  let broker: Broker;

  beforeAll(async () => {
    kafka = await startKafka({ properties: { 'auto.create.topics.enable': 'false' } });
    broker = openBroker(kafka.bootstrapServers);
  }, 120_000);

  afterAll(async () => {
    await broker?.close();
    await kafka?.remove();
  });

  const join = (
    subscription: GroupMemberOptions['subscription'],
    listener: RecordingListener,
    { groupId = uniqueName('group'), settings = {} }: { groupId?: string; settings?: ClientSettings } = {},
  ): GroupMember => {
    const member = broker.groupMember({
      settings: { ...quick, ...settings },
      logger: silentLogger,
      groupId,
      subscription,
      listener,
    });
    member.start();
    return member;
  };

  it('a pattern takes in topics that appear later, by whole names', async () => {
    const prefix = uniqueName('pattern');
    const admin = broker.admin({ settings: {}, logger: silentLogger });
    const create = (name: string) => admin.createTopics([{ name, partitions: 2, replicationFactor: 1 }]);
    await create(`${prefix}-a`);
    await create(`not-${prefix}-a`);
    const listener = new RecordingListener();
    const settings = { 'metadata.max.age.ms': '500' };
    const member = join({ pattern: new RegExp(`${prefix}-.|other`) }, listener, { settings });
    await listener.until(() => listener.held.length === 2);
    // The broker may not have known of a new topic yet when the group began.
    const { length: before } = listener.calls;
    await create(`${prefix}-b`);
    await listener.until(() => listener.held.length === 4);
    expect(new Set(listener.held.map(({ topic }) => topic))).toEqual(new Set([`${prefix}-a`, `${prefix}-b`]));
    expect(listener.calls.slice(before).map(({ call }) => call)).toEqual(['revoking', 'revoked', 'assigned']);
    await member.close();
  }, 60_000);

  it('a static member finds its partitions again after a restart, without a rebalance', async () => {
    const topic = await newTopic(broker, 2);
    const groupId = uniqueName('static');
    const listeners = [new RecordingListener(), new RecordingListener(), new RecordingListener()] as const;
    const as = (id: string) => ({ groupId, settings: { 'group.instance.id': id } });
    const first = join({ topics: [topic] }, listeners[0], as('one'));
    await listeners[0].until(() => listeners[0].held.length === 2);
    const second = join({ topics: [topic] }, listeners[1], as('two'));
    await listeners[1].until(() => listeners[1].held.length === 1);
    await listeners[0].until(() => listeners[0].calls.at(-1)?.call === 'assigned');
    const held = listeners[1].held;
    const calls = listeners[0].calls.length;
    await second.close();
    const again = join({ topics: [topic] }, listeners[2], as('two'));
    await listeners[2].until(() => listeners[2].held.length === 1);
    expect(listeners[2].held).toEqual(held);
    expect(listeners[0].calls).toHaveLength(calls);

    // A second one of the same name takes the place of the first for good.
    const thief = new RecordingListener();
    const taking = join({ topics: [topic] }, thief, as('two'));
    await listeners[2].until(() => listeners[2].failures.length === 1);
    expect(listeners[2].failures[0]).toBeInstanceOf(ConfigError);
    expect(listeners[2].failures[0]).toMatchObject({ code: 'holdfast.broker.group.fenced' });
    await Promise.all([first.close(), again.close(), taking.close()]);
  }, 60_000);

  it('a member waits for a topic that does not exist yet, and so does a producer, and say so', async () => {
    const topic = uniqueName('later');
    const listener = new RecordingListener();
    const member = join({ topics: [topic] }, listener);
    await listener.until(() => listener.calls.length === 1);
    expect(listener.held).toEqual([]);
    const availability = new AvailabilityLog();
    const producer = broker.producer({ settings: {}, logger: silentLogger, onAvailability: availability.listener });
    const sending = producer.send(values(topic, ['v']));
    expect((await availability.until(false)).reason).toContain(`'${topic}' does not exist`);
    const admin = broker.admin({ settings: {}, logger: silentLogger });
    await admin.createTopics([{ name: topic, partitions: 1, replicationFactor: 1 }]);
    await sending;
    await availability.until(true);
    expect(textsOf(await readAll(broker, topic))).toEqual(['v']);
    await listener.until(() => listener.held.length === 1);
    await member.close();
  }, 60_000);

  it('round robin is agreed on when every member offers it', async () => {
    const topic = await newTopic(broker, 3);
    const groupId = uniqueName('ring');
    const settings = { 'partition.assignment.strategy': 'org.apache.kafka.clients.consumer.RoundRobinAssignor' };
    const listeners = [new RecordingListener(), new RecordingListener()] as const;
    const members = listeners.map((listener) => join({ topics: [topic] }, listener, { groupId, settings }));
    // Each holds one or two of the three; whoever was alone for a moment held all.
    await Promise.all(listeners.map((one) => one.until(() => one.held.length === 1 || one.held.length === 2)));
    expect(listeners[0].held.length + listeners[1].held.length).toBe(3);
    const admin = broker.admin({ settings: {}, logger: silentLogger });
    expect((await admin.describeGroups([groupId]))[0]).toMatchObject({
      protocol: 'roundrobin',
      protocolType: 'consumer',
    });
    await Promise.all(members.map((member) => member.close()));
  }, 60_000);

  it('a session timeout that the brokers do not allow is named, with what they allow', async () => {
    const topic = await newTopic(broker);
    const listener = new RecordingListener();
    const member = join({ topics: [topic] }, listener, { settings: { 'session.timeout.ms': '1000' } });
    await listener.until(() => listener.failures.length === 1);
    expect(listener.failures[0]).toBeInstanceOf(ConfigError);
    expect(listener.failures[0]?.message).toMatch(
      /do not allow session\.timeout\.ms=1000\. Choose one from .* 6000 to 1800000/,
    );
    await member.close();
  }, 60_000);

  it('a member of a group of another protocol is told, and ends', async () => {
    const topic = await newTopic(broker);
    const groupId = uniqueName('other');
    const first = new RecordingListener();
    const member = join({ topics: [topic] }, first, { groupId });
    await first.until(() => first.held.length === 1);
    const second = new RecordingListener();
    const settings = { 'partition.assignment.strategy': 'org.apache.kafka.clients.consumer.RoundRobinAssignor' };
    const refused = join({ topics: [topic] }, second, { groupId, settings });
    await second.until(() => second.failures.length === 1);
    expect(second.failures[0]).toBeInstanceOf(ConfigError);
    expect(first.held).toHaveLength(1);
    await Promise.all([member.close(), refused.close()]);
  }, 60_000);
});
