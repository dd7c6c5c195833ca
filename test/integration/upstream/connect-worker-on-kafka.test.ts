/**
 * ConnectWorkerIntegrationTest and OffsetsApiIntegrationTest of Kafka Connect 4.1.1, under their method names: those that need a Kafka that is
 * stopped, that creates no topics, or that is another one than the worker's.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createKafkaBroker } from '../../../src/broker/kafka/kafka-broker.ts';
import type { Broker } from '../../../src/broker/ports.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import type { EmbeddedConnect } from '../../../src/testing/embedded-connect.ts';
import { describeWithJava } from '../../support/describe-with-kafka.ts';
import { type Kafka, startKafka } from '../../support/kafka.ts';
import { SINK, SOURCE, startMonitorable, waitForStates } from '../../support/monitorable-connect.ts';
import { monitored, timesCalled } from '../../support/monitorable-plugin.ts';
import { sharedKafka } from '../../support/shared-kafka.ts';
import { createTopic, groupOffsets, produce } from '../../support/topic-content.ts';
import { uniqueName } from '../../support/unique-name.ts';

interface Offset {
  readonly partition: Readonly<Record<string, unknown>>;
  readonly offset: Readonly<Record<string, unknown>>;
}

describeWithJava('a worker on a Kafka of its own', () => {
  let kafka: Kafka;
  let connect: EmbeddedConnect;
  let own: Broker;
  /** Another cluster. */
  let other: Broker;
  let otherServers: string;
  beforeAll(async () => {
    const [started, shared] = await Promise.all([
      startKafka({ properties: { 'auto.create.topics.enable': 'false' } }),
      sharedKafka(),
    ]);
    kafka = started;
    otherServers = shared.bootstrapServers;
    const open = (bootstrapServers: string): Broker =>
      createKafkaBroker({ bootstrapServers, logger: silentLogger, clock: systemClock });
    own = open(kafka.bootstrapServers);
    other = open(otherServers);
    connect = await startMonitorable({
      settings: { 'bootstrap.servers': kafka.bootstrapServers, 'task.shutdown.graceful.timeout.ms': '40000' },
    });
  });
  afterAll(async () => {
    await connect?.stop();
    await own?.close();
    await other?.close();
    await kafka?.remove();
  });

  const offsetsOf = async (name: string): Promise<readonly Offset[]> =>
    ((await connect.request('GET', `/connectors/${name}/offsets`)).body as { offsets: Offset[] }).offsets;
  const stop = (name: string) => connect.request('PUT', `/connectors/${name}/stop`);
  const resume = (name: string) => connect.request('PUT', `/connectors/${name}/resume`);

  it('testSourceTaskNotBlockedOnShutdownWithNonExistentTopic', async () => {
    const name = uniqueName('nonexistent');
    const config = { 'connector.class': SOURCE, topic: name, 'tasks.max': '4', 'max.messages': '100000' };
    await connect.create(name, config);
    // All of them wait for the topic, with records in their hands.
    await connect.waitFor('all are parked', async () => {
      const { tasks } = await connect.status(name);
      return tasks.length === 4 && tasks.every(({ state, parked }) => state === 'RUNNING' && parked !== undefined);
    });
    const askedAt = performance.now();
    expect((await connect.request('DELETE', `/connectors/${name}`)).status).toBe(204);
    expect(performance.now() - askedAt).toBeLessThan(10_000);
    for (const task of [0, 1, 2, 3]) expect(timesCalled(`stop ${name}-${task}`)).toBe(1);
    expect(timesCalled(`stop ${name}`)).toBe(1);
  });

  it('testBrokerCoordinator', async () => {
    const name = uniqueName('coordinator');
    const sink = `${name}-sink`;
    await createTopic(own, name);
    await connect.create(name, { 'connector.class': SOURCE, topic: name, 'tasks.max': '2', 'max.messages': '100000' });
    await connect.create(sink, {
      'connector.class': SINK,
      topics: name,
      'consumer.override.heartbeat.interval.ms': '300',
    });
    const received = (): number => monitored().put.get(sink)?.length ?? 0;
    await connect.waitFor('records', async () => received() > 1_000);
    const opened = () => (monitored().partitions.get(sink) ?? []).filter(({ call }) => call === 'open').length;
    expect(opened()).toBe(1);

    await kafka.stop();
    const isParked = async (connector: string): Promise<boolean> => {
      const status = await connect.status(connector);
      // No worker has to find others here: nothing is stopped, everything waits.
      expect(status.connector.state).toBe('RUNNING');
      expect(new Set(status.tasks.map(({ state }) => state))).toEqual(new Set(['RUNNING']));
      return status.tasks.every(({ parked }) => parked?.dependency === 'broker');
    };
    await connect.waitFor('the source is parked', () => isParked(name));
    await connect.waitFor('the sink is parked', () => isParked(sink));
    expect((await connect.request('GET', '/health')).status).toBe(200);
    expect(timesCalled(`stop ${name}`)).toBe(0);

    await kafka.restart();
    const before = received();
    await connect.waitFor('more records', async () => received() > before + 1_000, 30_000);
    await connect.waitFor('nobody is parked', async () => {
      const tasks = [...(await connect.status(name)).tasks, ...(await connect.status(sink)).tasks];
      return tasks.every(({ parked }) => parked === undefined);
    });
    expect([timesCalled(`start ${name}`), timesCalled(`start ${name}-0`), timesCalled(`start ${sink}-0`)]).toEqual([
      1, 1, 1,
    ]);
    const values = monitored().put.get(sink) ?? [];
    for (const task of [0, 1]) {
      const numbers = values
        .filter((value) => value.startsWith(`${name}-${task} `))
        .map((value) => value.split(' ')[1]);
      // In order and without a gap; a session that ended may have let some of it come again.
      expect([...new Set(numbers)]).toEqual(Array.from(new Set(numbers), (_, n) => String(n)));
    }
    for (const each of [sink, name]) await connect.request('DELETE', `/connectors/${each}`);
  }, 90_000);

  const overrides = (...clients: readonly string[]): Readonly<Record<string, string>> =>
    Object.fromEntries(clients.map((client) => [`${client}.override.bootstrap.servers`, otherServers]));

  /** A sink over ten records of the other cluster. */
  async function sinkElsewhere(): Promise<{ name: string; topic: string; at: (offset: number) => Promise<unknown> }> {
    const topic = uniqueName('elsewhere');
    const name = `${topic}-sink`;
    await createTopic(other, topic);
    await produce(
      other,
      topic,
      0,
      Array.from({ length: 10 }, (_, n) => `value ${n}`),
    );
    await connect.create(name, { 'connector.class': SINK, topics: topic, ...overrides('consumer', 'admin') });
    const at = (offset: number): Promise<unknown> =>
      connect.waitFor(
        `the group at ${offset}`,
        async () => (await offsetsOf(name))[0]?.offset['kafka_offset'] === offset,
      );
    await at(10);
    return { name, topic, at };
  }

  it('testGetSinkConnectorOffsetsDifferentKafkaClusterTargeted', async () => {
    const { name, topic } = await sinkElsewhere();
    expect(await offsetsOf(name)).toEqual([
      { partition: { kafka_topic: topic, kafka_partition: 0 }, offset: { kafka_offset: 10 } },
    ]);
    expect(await groupOffsets(other, `connect-${name}`, topic)).toEqual(new Map([[0, 10]]));
    expect(await groupOffsets(own, `connect-${name}`, topic)).toEqual(new Map());
  });

  it('testAlterSinkConnectorOffsetsDifferentKafkaClusterTargeted, testResetSinkConnectorOffsetsDifferentKafkaClusterTargeted', async () => {
    const { name, topic, at } = await sinkElsewhere();
    await stop(name);
    const offsets = [{ partition: { kafka_topic: topic, kafka_partition: 0 }, offset: { kafka_offset: 4 } }];
    expect((await connect.request('PATCH', `/connectors/${name}/offsets`, { offsets })).status).toBe(200);
    expect(await groupOffsets(other, `connect-${name}`, topic)).toEqual(new Map([[0, 4]]));
    monitored().put.set(name, []);
    await resume(name);
    await at(10);
    expect(monitored().put.get(name)).toHaveLength(6);
    await stop(name);
    expect((await connect.request('DELETE', `/connectors/${name}/offsets`)).status).toBe(200);
    expect(await groupOffsets(other, `connect-${name}`, topic)).toEqual(new Map());
    monitored().put.set(name, []);
    await resume(name);
    await at(10);
    expect(monitored().put.get(name)).toHaveLength(10);
  });

  it('testGetSourceConnectorOffsetsDifferentKafkaClusterTargeted, testAlterSourceConnectorOffsetsDifferentKafkaClusterTargeted, testResetSourceConnectorOffsetsDifferentKafkaClusterTargeted', async () => {
    const name = uniqueName('elsewhere');
    await createTopic(other, name);
    await connect.create(name, {
      'connector.class': SOURCE,
      topic: name,
      'tasks.max': '1',
      'max.messages': '10',
      ...overrides('producer', 'admin'),
    });
    const partition = { 'task.id': `${name}-0` };
    const at = (saved: number): Promise<unknown> =>
      connect.waitFor(`the offset ${saved}`, async () => (await offsetsOf(name))[0]?.offset['saved'] === saved);
    const written = async (): Promise<number | null> =>
      (
        await other
          .admin({ settings: {}, logger: silentLogger })
          .listOffsets([{ topic: name, partition: 0, at: 'latest' }])
      )[0] ?? null;
    await at(10);
    expect(await written()).toBe(10);
    await stop(name);
    const offsets = [{ partition, offset: { saved: 7 } }];
    expect((await connect.request('PATCH', `/connectors/${name}/offsets`, { offsets })).status).toBe(200);
    expect(await offsetsOf(name)).toEqual(offsets);
    await resume(name);
    await at(10);
    expect(await written()).toBe(13);
    await stop(name);
    expect((await connect.request('DELETE', `/connectors/${name}/offsets`)).status).toBe(200);
    expect(await offsetsOf(name)).toEqual([]);
    await resume(name);
    await at(10);
    expect(await written()).toBe(23);
    await waitForStates(connect, name, 'RUNNING: RUNNING');
  });
});
