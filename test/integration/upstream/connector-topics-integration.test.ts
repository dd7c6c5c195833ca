/** ConnectorTopicsIntegrationTest of Kafka Connect 4.1.1, under its method names. */
import { expect, it } from 'vitest';
import type { EmbeddedConnect } from '../../../src/testing/embedded-connect.ts';
import { SINK, SOURCE, startMonitorable, waitForStates } from '../../support/monitorable-connect.ts';

const topicsOf = async (connect: EmbeddedConnect, name: string): Promise<readonly string[]> => {
  const { status, body } = await connect.request('GET', `/connectors/${name}/topics`);
  expect(status).toBe(200);
  const { topics } = (body as Record<string, { topics: string[] }>)[name] as { topics: string[] };
  return topics.sort();
};

const waitForTopics = (connect: EmbeddedConnect, name: string, topics: readonly string[]): Promise<unknown> =>
  connect.waitFor(`${name} with ${topics}`, async () => (await topicsOf(connect, name)).join() === topics.join());

const endless = { 'connector.class': SOURCE, 'max.messages': '1000000' };

it('testGetActiveTopics', async () => {
  const connect = await startMonitorable();
  expect((await connect.request('GET', '/connectors/foo/topics')).body).toEqual({ foo: { topics: [] } });
  expect((await connect.request('PUT', '/connectors/foo/topics/reset')).status).toBe(202);
  await connect.create('foo', { ...endless, topic: 'foo-topic' });
  await connect.create('bar', { ...endless, topic: 'bar-topic' });
  await waitForTopics(connect, 'foo', ['foo-topic']);
  await waitForTopics(connect, 'bar', ['bar-topic']);
  await connect.create('baz-sink', { 'connector.class': SINK, topics: 'foo-topic,bar-topic' });
  await waitForTopics(connect, 'baz-sink', ['bar-topic', 'foo-topic']);
  // Reset, they come back with the next record.
  await connect.request('PUT', '/connectors/baz-sink/topics/reset');
  await waitForTopics(connect, 'baz-sink', ['bar-topic', 'foo-topic']);
  // Reset while nothing is moved, they stay away.
  await connect.request('PUT', '/connectors/baz-sink/pause');
  await waitForStates(connect, 'baz-sink', 'PAUSED: PAUSED');
  expect(await topicsOf(connect, 'baz-sink')).toEqual(['bar-topic', 'foo-topic']);
  await connect.request('PUT', '/connectors/baz-sink/topics/reset');
  expect(await topicsOf(connect, 'baz-sink')).toEqual([]);
  // Topics of before stay when a connector is configured for others, and while it is stopped.
  await connect.request('PUT', '/connectors/foo/config', { ...endless, topic: 'other-topic' });
  await waitForTopics(connect, 'foo', ['foo-topic', 'other-topic']);
  await connect.request('PUT', '/connectors/foo/stop');
  expect(await topicsOf(connect, 'foo')).toEqual(['foo-topic', 'other-topic']);
  await connect.request('PUT', '/connectors/foo/topics/reset');
  expect(await topicsOf(connect, 'foo')).toEqual([]);
  await connect.request('DELETE', '/connectors/bar');
  expect(await topicsOf(connect, 'bar')).toEqual([]);
  await connect.stop();
});

it('testTopicTrackingResetIsDisabled', async () => {
  const connect = await startMonitorable({ settings: { 'topic.tracking.allow.reset': 'false' } });
  await connect.create('foo', { ...endless, topic: 'foo-topic' });
  await waitForTopics(connect, 'foo', ['foo-topic']);
  const { status, body } = await connect.request('PUT', '/connectors/foo/topics/reset');
  expect({ status, body }).toEqual({
    status: 403,
    body: { error_code: 403, message: 'Topic tracking reset is disabled.' },
  });
  expect(await topicsOf(connect, 'foo')).toEqual(['foo-topic']);
  await connect.stop();
});

it('testTopicTrackingIsDisabled', async () => {
  const connect = await startMonitorable({ settings: { 'topic.tracking.enable': 'false' } });
  await connect.create('foo', { ...endless, topic: 'foo-topic' });
  await waitForStates(connect, 'foo', 'RUNNING: RUNNING');
  for (const [method, path] of [
    ['GET', '/connectors/foo/topics'],
    ['PUT', '/connectors/foo/topics/reset'],
  ] as const) {
    const { status, body } = await connect.request(method, path);
    expect({ status, body }).toEqual({
      status: 403,
      body: { error_code: 403, message: 'Topic tracking is disabled.' },
    });
  }
  await connect.stop();
});
