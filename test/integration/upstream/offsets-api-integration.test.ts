/** OffsetsApiIntegrationTest of Kafka Connect 4.1.1, under its method names, but for those of distributed mode. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKafkaBroker } from '../../../src/broker/kafka/kafka-broker.ts';
import type { Broker } from '../../../src/broker/ports.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { Deferred } from '../../../src/foundation/deferred.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import type { EmbeddedConnect, RestAnswer } from '../../../src/testing/embedded-connect.ts';
import { describeWithKafka } from '../../support/describe-with-kafka.ts';
import { SINK, SOURCE, startMonitorable, waitForStates } from '../../support/monitorable-connect.ts';
import { monitored } from '../../support/monitorable-plugin.ts';
import { uniqueName } from '../../support/unique-name.ts';

const ALTERED = 'The offsets for this connector have been altered successfully';
const RESET = 'The offsets for this connector have been reset successfully';
const EXTERNALLY =
  'However, if this connector manages offsets externally, they will need to be manually altered in the system that the connector uses.';

interface Offset {
  readonly partition: Readonly<Record<string, unknown>>;
  readonly offset: Readonly<Record<string, unknown>>;
}

function scenarios(bootstrap: () => string | null): void {
  let connect: EmbeddedConnect;
  beforeAll(async () => {
    const servers = bootstrap();
    connect = await startMonitorable({ settings: servers === null ? {} : { 'bootstrap.servers': servers } });
  });
  afterAll(() => connect.stop());

  const offsetsPath = (name: string): string => `/connectors/${name}/offsets`;
  const get = (name: string): Promise<RestAnswer> => connect.request('GET', offsetsPath(name));
  const patch = (name: string, offsets: readonly unknown[]): Promise<RestAnswer> =>
    connect.request('PATCH', offsetsPath(name), { offsets });
  const reset = (name: string): Promise<RestAnswer> => connect.request('DELETE', offsetsPath(name));
  const offsetsOf = async (name: string): Promise<readonly Offset[]> =>
    ((await get(name)).body as { offsets: Offset[] }).offsets;
  const error = (status: number, message: unknown) => ({ status, body: { error_code: status, message } });
  const answer = async (request: Promise<RestAnswer>): Promise<object> => {
    const { status, body } = await request;
    return { status, body };
  };
  const stop = async (name: string): Promise<void> => {
    expect((await connect.request('PUT', `/connectors/${name}/stop`)).status).toBe(204);
    await waitForStates(connect, name, 'STOPPED: ');
  };
  const resume = (name: string): Promise<RestAnswer> => connect.request('PUT', `/connectors/${name}/resume`);

  async function source(more: Readonly<Record<string, string>> = {}): Promise<string> {
    const name = uniqueName('source');
    await connect.create(name, { 'connector.class': SOURCE, topic: name, 'tasks.max': '2', ...more });
    await waitForSource(name, 50);
    return name;
  }
  const waitForSource = (name: string, saved: number): Promise<unknown> =>
    connect.waitFor(`offsets of ${name} at ${saved}`, async () => {
      const offsets = await offsetsOf(name);
      return offsets.length === 2 && offsets.every(({ offset }) => offset['saved'] === saved);
    });
  const sourceOffset = (name: string, task: number, saved: unknown): object => ({
    partition: { 'task.id': `${name}-${task}` },
    offset: saved === null ? null : { saved },
  });

  /** A sink over a topic with 100 records. */
  async function sink(more: Readonly<Record<string, string>> = {}): Promise<{ name: string; topic: string }> {
    const topic = await source();
    const name = uniqueName('sink');
    await connect.create(name, { 'connector.class': SINK, topics: topic, 'tasks.max': '1', ...more });
    await waitForSink(name, 100);
    return { name, topic };
  }
  const waitForSink = (name: string, offset: number): Promise<unknown> =>
    connect.waitFor(`the group of ${name} at ${offset}`, async () => {
      const offsets = await offsetsOf(name);
      return offsets.length === 1 && offsets[0]?.offset['kafka_offset'] === offset;
    });
  const sinkOffset = (topic: string, offset: unknown, partition: unknown = 0): object => ({
    partition: { kafka_topic: topic, kafka_partition: partition },
    offset: offset === null ? null : { kafka_offset: offset },
  });

  async function readsAlterAndReset(name: string, topic: string): Promise<void> {
    await stop(name);
    expect(await answer(patch(name, [sinkOffset(topic, 5)]))).toEqual({ status: 200, body: { message: ALTERED } });
    expect((await get(name)).body).toEqual({
      offsets: [{ partition: { kafka_partition: 0, kafka_topic: topic }, offset: { kafka_offset: 5 } }],
    });
    expect(monitored().altered.at(-1)).toEqual(new Map([[`${topic}-0`, 5]]));
    monitored().put.set(name, []);
    await resume(name);
    await waitForSink(name, 100);
    expect(monitored().put.get(name)).toHaveLength(95);
    await stop(name);
    expect(await answer(patch(name, [sinkOffset(topic, null)]))).toEqual({ status: 200, body: { message: ALTERED } });
    expect(await offsetsOf(name)).toEqual([]);
    await resume(name);
    await waitForSink(name, 100);
  }

  async function resetsAndReadsAnew(name: string, topic: string): Promise<void> {
    expect(await answer(reset(name))).toEqual(error(400, expect.stringContaining('must be in the STOPPED state')));
    await stop(name);
    expect(await answer(reset(name))).toEqual({ status: 200, body: { message: RESET } });
    expect(monitored().altered.at(-1)).toEqual(new Map([[`${topic}-0`, null]]));
    expect(await offsetsOf(name)).toEqual([]);
    // Again, with nothing there.
    expect(await answer(reset(name))).toEqual({ status: 200, body: { message: RESET } });
    monitored().put.set(name, []);
    await resume(name);
    await waitForSink(name, 100);
    expect(monitored().put.get(name)).toHaveLength(100);
  }

  it('testGetNonExistentConnectorOffsets', async () => {
    expect(await answer(get('no'))).toEqual(error(404, 'Connector no not found'));
  });

  it('testGetSinkConnectorOffsets', async () => {
    const { name, topic } = await sink();
    const { headers, body } = await get(name);
    expect(headers.get('content-type')).toBe('application/json');
    expect(JSON.stringify(body)).toBe(
      `{"offsets":[{"partition":{"kafka_partition":0,"kafka_topic":"${topic}"},"offset":{"kafka_offset":100}}]}`,
    );
  });

  it('testGetSinkConnectorOffsetsOverriddenConsumerGroupId', async () => {
    const { name } = await sink({ 'consumer.override.group.id': uniqueName('overridden') });
    expect((await offsetsOf(name))[0]?.offset).toEqual({ kafka_offset: 100 });
  });

  it('testGetSourceConnectorOffsets', async () => {
    const name = await source();
    expect(await offsetsOf(name)).toEqual(
      expect.arrayContaining([sourceOffset(name, 0, 50), sourceOffset(name, 1, 50)]),
    );
  });

  it('testAlterOffsetsNonExistentConnector', async () => {
    expect(await answer(patch('no', [sourceOffset('no', 0, 1)]))).toEqual(error(404, 'Connector no not found'));
    expect(await answer(reset('no'))).toEqual(error(404, 'Connector no not found'));
  });

  it('testAlterOffsetsNonStoppedConnector', async () => {
    const name = await source();
    const message = `Connectors must be in the STOPPED state before their offsets can be modified. This can be done for the specified connector by issuing a 'PUT' request to the '/connectors/${name}/stop' endpoint`;
    expect(await answer(patch(name, [sourceOffset(name, 0, 1)]))).toEqual(error(400, message));
    await connect.request('PUT', `/connectors/${name}/pause`);
    expect(await answer(patch(name, [sourceOffset(name, 0, 1)]))).toEqual(error(400, message));
    expect(await answer(reset(name))).toEqual(error(400, message));
  });

  it('testAlterSinkConnectorOffsets', async () => {
    const { name, topic } = await sink();
    await readsAlterAndReset(name, topic);
  });

  it('testAlterSinkConnectorOffsetsOverriddenConsumerGroupId', async () => {
    const { name, topic } = await sink({ 'consumer.override.group.id': uniqueName('overridden') });
    await readsAlterAndReset(name, topic);
  });

  it('testAlterSinkConnectorOffsetsInvalidRequestBody', async () => {
    const { name, topic } = await sink();
    await stop(name);
    const refused = async (offsets: unknown, status: number, message: unknown): Promise<void> => {
      expect(await answer(connect.request('PATCH', offsetsPath(name), offsets))).toEqual(error(status, message));
    };
    const partition = (value: unknown): object => ({ offsets: [{ partition: value, offset: { kafka_offset: 1 } }] });
    const needed = 'Partitions / offsets need to be provided for an alter offsets request';
    await refused({}, 400, needed);
    await refused({ offsets: [] }, 400, needed);
    await refused({ offsets: null }, 400, needed);
    await refused(undefined, 500, expect.any(String));
    await refused([], 500, expect.any(String));
    await refused({ offsets: {} }, 500, expect.any(String));
    await refused({ offsets: ['x'] }, 500, expect.any(String));
    await refused({ offsets: [], more: 1 }, 500, expect.stringContaining('"more"'));
    await refused({ offsets: [{ ...sinkOffset(topic, 1), more: 1 }] }, 500, expect.stringContaining('"more"'));
    await refused(partition(null), 400, 'The partition for a sink connector offset cannot be null or missing');
    const keys = "The partition for a sink connector offset must contain the keys 'kafka_topic' and 'kafka_partition'";
    await refused(partition({ kafka_topic: topic }), 400, keys);
    await refused(partition({ kafka_partition: 0 }), 400, keys);
    const topics = 'Kafka topic names must be valid strings and may not be null';
    await refused(partition({ kafka_topic: null, kafka_partition: 0 }), 400, topics);
    const partitions = 'Kafka partitions must be valid numbers and may not be null';
    await refused(partition({ kafka_topic: topic, kafka_partition: null }), 400, partitions);
    for (const bad of ['q', 2 ** 31, true, 1.5]) {
      await refused(
        partition({ kafka_topic: topic, kafka_partition: bad }),
        400,
        `Failed to parse the following Kafka partition value in the provided offsets: '${bad}'. Partition values for sink connectors need to be integers.`,
      );
    }
    await refused(
      { offsets: [sinkOffset(topic, 'z')] },
      400,
      "Failed to parse the following Kafka offset value in the provided offsets: 'z'. Offset values for sink connectors need to be integers.",
    );
    await refused(
      { offsets: [{ partition: { kafka_topic: topic, kafka_partition: 0 }, offset: { zz: 1 } }] },
      400,
      "The offset for a sink connector should either be null or contain the key 'kafka_offset'",
    );
    await refused({ offsets: [sinkOffset(topic, -1)] }, 500, `Failed to modify offsets for sink connector ${name}`);
    const unknown = `Failed to alter consumer group offsets for connector ${name}`;
    await refused({ offsets: [sinkOffset(uniqueName('no'), 1)] }, 500, unknown);
    await refused({ offsets: [sinkOffset(topic, 1, 77)] }, 500, unknown);
    // None of them changed anything; numbers as text and keys beyond the two are fine.
    await waitForSink(name, 100);
    const extra = { partition: { kafka_topic: topic, kafka_partition: '0', z: 1 }, offset: { kafka_offset: '2' } };
    expect((await patch(name, [extra])).status).toBe(200);
    await waitForSink(name, 2);
    expect((await patch(name, [sinkOffset(topic, 7), sinkOffset(topic, 8)])).status).toBe(200);
    await waitForSink(name, 8);
  });

  it('testAlterSourceConnectorOffsets', async () => {
    const name = await source();
    await stop(name);
    const altered = [sourceOffset(name, 0, 10), sourceOffset(name, 1, 20)];
    expect(await answer(patch(name, altered))).toEqual({ status: 200, body: { message: ALTERED } });
    expect(monitored().altered.at(-1)).toEqual(altered);
    expect(await offsetsOf(name)).toEqual(expect.arrayContaining(altered));
    await resume(name);
    await waitForSource(name, 50);
    await stop(name);
    await patch(name, [sourceOffset(name, 1, null)]);
    expect(await offsetsOf(name)).toEqual([sourceOffset(name, 0, 50)]);
  });

  it('testAlterSourceConnectorOffsetsInvalidRequestBody', async () => {
    const name = await source();
    await stop(name);
    const before = await offsetsOf(name);
    expect((await connect.request('PATCH', offsetsPath(name), {})).status).toBe(400);
    expect((await connect.request('PATCH', offsetsPath(name), { content: [] })).status).toBe(500);
    expect(await answer(patch(name, [{ partition: null, offset: { saved: 1 } }]))).toEqual(
      error(500, 'Partition objects cannot be null'),
    );
    const nested = { partition: { 'task.id': `${name}-0` }, offset: { saved: { deep: 1 } } };
    expect(await answer(patch(name, [nested]))).toEqual(
      error(500, expect.stringContaining('Offsets may only contain primitive types as values')),
    );
    expect(await offsetsOf(name)).toEqual(before);
  });

  it('testResetSinkConnectorOffsets', async () => {
    const { name, topic } = await sink();
    await resetsAndReadsAnew(name, topic);
  });

  it('testResetSinkConnectorOffsetsOverriddenConsumerGroupId', async () => {
    const { name, topic } = await sink({ 'consumer.override.group.id': uniqueName('overridden') });
    await resetsAndReadsAnew(name, topic);
  });

  it('testResetSourceConnectorOffsets', async () => {
    const name = await source();
    expect((await reset(name)).status).toBe(400);
    await stop(name);
    expect(await answer(reset(name))).toEqual({ status: 200, body: { message: RESET } });
    expect(monitored().altered.at(-1)).toEqual(
      expect.arrayContaining([sourceOffset(name, 0, null), sourceOffset(name, 1, null)]),
    );
    expect(await offsetsOf(name)).toEqual([]);
    expect(await answer(reset(name))).toEqual({ status: 200, body: { message: RESET } });
    await resume(name);
    await waitForSource(name, 50);
  });

  const one = (name: string): object => sourceOffset(name, 0, 3);
  const answersWith = async (name: string, how: string): Promise<void> => {
    await connect.request('PATCH', `/connectors/${name}/config`, { 'alter.offsets': how });
  };
  const hangsUntilStopped = async (name: string): Promise<void> => {
    await answersWith(name, 'hang');
    const before = await offsetsOf(name);
    const hanging = answer(patch(name, [one(name)]));
    // What reads, and what ends the connector, does not wait for it.
    expect(await offsetsOf(name)).toEqual(before);
    expect((await connect.request('PUT', `/connectors/${name}/stop`)).status).toBe(204);
    expect(await hanging).toEqual(error(500, expect.stringContaining('did not return')));
  };

  it('says what the connector said to it, and then alters nothing', async () => {
    const name = await source();
    await stop(name);
    const before = await offsetsOf(name);
    const unsupported = `Failed to modify offsets for connector ${name} because it doesn't support external modification of offsets`;
    for (const [how, message] of [
      ['throw', 'spec alterOffsets refusal'],
      ['mistake', `Failed to modify offsets for source connector ${name}`],
      ['unsupported', unsupported],
    ] as const) {
      await answersWith(name, how);
      expect(await answer(patch(name, [one(name)]))).toEqual(error(500, message));
      expect(await answer(reset(name))).toEqual(error(500, message));
    }
    expect(await offsetsOf(name)).toEqual(before);
    await hangsUntilStopped(name);
    await answersWith(name, 'false');
    expect(await answer(patch(name, [one(name)]))).toEqual({
      status: 200,
      body: {
        message: `The Connect framework-managed offsets for this connector have been altered successfully. ${EXTERNALLY}`,
      },
    });
    expect(await answer(reset(name))).toEqual({
      status: 200,
      body: {
        message: `The Connect framework-managed offsets for this connector have been reset successfully. ${EXTERNALLY.replace('altered', 'reset')}`,
      },
    });
  });

  it('keeps every digit of an offset, and takes a partition for the same whatever the order of its keys', async () => {
    const name = uniqueName('exact');
    const config = { 'connector.class': 'test.PlainSourceConnector', topic: name };
    await connect.request('POST', '/connectors', { name, config, initial_state: 'STOPPED' });
    const send = (offsets: string): Promise<Response> =>
      fetch(`${connect.url}${offsetsPath(name)}`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: `{"offsets":[${offsets}]}`,
      });
    const text = async (): Promise<string> => (await fetch(`${connect.url}${offsetsPath(name)}`)).text();
    const answered = await send(
      '{"partition":{"a":1,"b":"x"},"offset":{"n":9007199254740993,"f":1.5,"t":true,"z":null}}',
    );
    expect(await answered.json()).toEqual({ message: expect.stringContaining('framework-managed') });
    expect(await text()).toBe(
      '{"offsets":[{"partition":{"a":1,"b":"x"},"offset":{"n":9007199254740993,"f":1.5,"t":true,"z":null}}]}',
    );
    await send('{"partition":{"b":"x","a":1},"offset":{"n":-9223372036854775808}}');
    expect(await text()).toBe('{"offsets":[{"partition":{"a":1,"b":"x"},"offset":{"n":-9223372036854775808}}]}');
  });
}

describe('OffsetsApiIntegrationTest on the embedded broker', () => {
  scenarios(() => null);
});

describeWithKafka('OffsetsApiIntegrationTest', (kafka) => {
  scenarios(() => kafka().bootstrapServers);

  /** Members that are none of this worker's tasks: those it abandons have left. */
  it.each([
    ['testAlterSinkConnectorOffsetsZombieSinkTasks', 'PATCH', 'alter'],
    ['testResetSinkConnectorOffsetsZombieSinkTasks', 'DELETE', 'reset'],
  ])('%s', async (_name, method, what) => {
    const settings = { 'bootstrap.servers': kafka().bootstrapServers };
    const connect = await startMonitorable({ settings });
    const broker: Broker = createKafkaBroker({
      bootstrapServers: kafka().bootstrapServers,
      logger: silentLogger,
      clock: systemClock,
    });
    const name = uniqueName('zombie');
    const topic = uniqueName('topic');
    await broker
      .admin({ settings, logger: silentLogger })
      .createTopics([{ name: topic, partitions: 1, replicationFactor: 1 }]);
    const config = { 'connector.class': SINK, topics: topic };
    await connect.request('POST', '/connectors', { name, config, initial_state: 'STOPPED' });
    const joined = new Deferred();
    const member = broker.groupMember({
      settings,
      logger: silentLogger,
      groupId: `connect-${name}`,
      subscription: { topics: [topic] },
      listener: {
        onAssigned: async () => joined.resolve(),
        onRevoked: async () => {},
        onLost: async () => {},
        onFailed: (error: Error) => joined.reject(error),
      },
    });
    member.start();
    await joined.promise;
    const body = { offsets: [{ partition: { kafka_topic: topic, kafka_partition: 0 }, offset: { kafka_offset: 0 } }] };
    const request = (): Promise<RestAnswer> =>
      connect.request(method, `/connectors/${name}/offsets`, method === 'PATCH' ? body : undefined);
    const refused = await request();
    expect(refused.status).toBe(500);
    expect((refused.body as { message: string }).message).toContain(
      `Failed to ${what} consumer group offsets for connector ${name} either because its tasks haven't stopped completely yet`,
    );
    await member.close();
    expect((await request()).status).toBe(200);
    await broker.close();
    await connect.stop();
  });
});
