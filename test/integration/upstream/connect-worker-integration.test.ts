/** ConnectWorkerIntegrationTest of Kafka Connect 4.1.1, under its method names: those that make sense for one standalone worker. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { EmbeddedConnect } from '../../../src/testing/embedded-connect.ts';
import { SINK, SOURCE, startMonitorable, statesOf, waitForStates } from '../../support/monitorable-connect.ts';
import { monitored, timesCalled } from '../../support/monitorable-plugin.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { uniqueName } from '../../support/unique-name.ts';

let connect: EmbeddedConnect;
beforeAll(async () => {
  connect = await startMonitorable();
});
afterAll(() => connect.stop());

const config = (topic: string, more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  'connector.class': SOURCE,
  topic,
  'tasks.max': '2',
  ...more,
});
const put = async (path: string, body?: unknown): Promise<number> => (await connect.request('PUT', path, body)).status;
const savedOf = async (name: string): Promise<readonly unknown[]> => {
  const { body } = await connect.request('GET', `/connectors/${name}/offsets`);
  return (body as { offsets: { offset: { saved: number } }[] }).offsets.map(({ offset }) => offset.saved).sort();
};

it('testRestartFailedTask', async () => {
  const name = uniqueName('failed');
  monitored().failing.add(`${name}-0`);
  await connect.create(name, config(name, { 'tasks.max': '1' }));
  await waitForStates(connect, name, 'RUNNING: FAILED');
  expect((await connect.request('POST', `/connectors/${name}/tasks/0/restart`)).status).toBe(204);
  await waitForStates(connect, name, 'RUNNING: FAILED');
  monitored().failing.delete(`${name}-0`);
  expect((await connect.request('POST', `/connectors/${name}/tasks/0/restart`)).status).toBe(204);
  await waitForStates(connect, name, 'RUNNING: RUNNING');
});

it('testTaskStatuses', async () => {
  const name = uniqueName('decreasing');
  await connect.create(name, config(name, { 'tasks.max': '4' }));
  await waitForStates(connect, name, 'RUNNING: RUNNING, RUNNING, RUNNING, RUNNING');
  await put(`/connectors/${name}/config`, config(name, { 'tasks.max': '2' }));
  await waitForStates(connect, name, 'RUNNING: RUNNING, RUNNING');
  expect((await connect.request('GET', `/connectors/${name}/tasks/3/status`)).status).toBe(404);
  await put(`/connectors/${name}/config`, config(name, { 'tasks.max': '3' }));
  await waitForStates(connect, name, 'RUNNING: RUNNING, RUNNING, RUNNING');
});

it('testPauseStopResume', async () => {
  const name = uniqueName('pause');
  await connect.create(name, config(name));
  const to: Readonly<Record<string, string>> = {
    pause: 'PAUSED: PAUSED, PAUSED',
    resume: 'RUNNING: RUNNING, RUNNING',
    stop: 'STOPPED: ',
  };
  await waitForStates(connect, name, to['resume'] as string);
  for (const verb of ['pause', 'resume', 'stop', 'resume', 'pause', 'stop', 'resume', 'stop', 'stop'] as const) {
    const status = await put(`/connectors/${name}/${verb}`);
    expect(status).toBe(verb === 'stop' ? 204 : 202);
    await waitForStates(connect, name, to[verb] as string);
  }
  // From STOPPED to PAUSED there are no tasks.
  await put(`/connectors/${name}/pause`);
  await waitForStates(connect, name, 'PAUSED: ');
  await put(`/connectors/${name}/resume`);
  await waitForStates(connect, name, to['resume'] as string);
});

it('testStoppedState', async () => {
  const dir = tempDir('stopped');
  const settings = { 'config.storage.dir': join(dir, 'connectors') };
  let own = await startMonitorable({ dir, settings });
  const name = uniqueName('stopped');
  await own.create(name, config(name));
  await waitForStates(own, name, 'RUNNING: RUNNING, RUNNING');
  await own.request('PUT', `/connectors/${name}/stop`);
  await waitForStates(own, name, 'STOPPED: ');
  expect((await own.request('GET', `/connectors/${name}/tasks`)).body).toEqual([]);
  expect((await own.request('GET', `/connectors/${name}`)).body).toMatchObject({ tasks: [], config: config(name) });
  // Configured anew, even for another type, and restarted, it stays so.
  expect((await own.request('PUT', `/connectors/${name}/config`, config(name, { 'tasks.max': '3' }))).status).toBe(200);
  expect((await own.request('POST', `/connectors/${name}/restart`)).status).toBe(204);
  expect(await statesOf(own, name)).toBe('STOPPED: ');
  const sink = { 'connector.class': SINK, topics: name };
  expect((await own.request('PUT', `/connectors/${name}/config`, sink)).body).toMatchObject({
    type: 'sink',
    tasks: [],
  });
  expect((await own.request('PUT', `/connectors/${name}/config`, config(name))).status).toBe(200);
  await own.stop();
  own = await startMonitorable({ dir, settings });
  await waitForStates(own, name, 'STOPPED: ');
  await own.request('PUT', `/connectors/${name}/resume`);
  await waitForStates(own, name, 'RUNNING: RUNNING, RUNNING');
  await own.request('PUT', `/connectors/${name}/stop`);
  expect((await own.request('DELETE', `/connectors/${name}`)).status).toBe(204);
  expect((await own.request('GET', `/connectors/${name}/status`)).status).toBe(404);
  await own.stop();
});

it('testCreateConnectorWithPausedInitialState', async () => {
  const name = uniqueName('initial');
  const body = { name, config: config(name), initial_state: 'PAUSED' };
  const created = await connect.request('POST', '/connectors', body);
  expect(created).toMatchObject({ status: 201, body: { tasks: [] } });
  await waitForStates(connect, name, 'PAUSED: ');
  await put(`/connectors/${name}/resume`);
  await waitForStates(connect, name, 'RUNNING: RUNNING, RUNNING');
});

it('testCreateSourceConnectorWithStoppedInitialStateAndModifyOffsets', async () => {
  const name = uniqueName('initial');
  await connect.request('POST', '/connectors', {
    name,
    config: config(name, { 'tasks.max': '1' }),
    initial_state: 'STOPPED',
  });
  await waitForStates(connect, name, 'STOPPED: ');
  const offsets = [{ partition: { 'task.id': `${name}-0` }, offset: { saved: 40 } }];
  expect((await connect.request('PATCH', `/connectors/${name}/offsets`, { offsets })).status).toBe(200);
  await put(`/connectors/${name}/resume`);
  await connect.create(`${name}-sink`, { 'connector.class': SINK, topics: name });
  // Ten records are left from there on.
  await connect.waitFor('the records', async () => monitored().put.get(`${name}-sink`)?.length === 10);
  expect(monitored().put.get(`${name}-sink`)?.[0]).toBe(`${name}-0 40`);
  await connect.waitFor('the last offset', async () => (await savedOf(name)).join() === '50');
});

it('testCreateSinkConnectorWithStoppedInitialStateAndModifyOffsets', async () => {
  const topic = uniqueName('topic');
  await connect.create(topic, config(topic, { 'tasks.max': '1' }));
  await connect.waitFor('the records', async () => (await savedOf(topic)).join() === '50');
  const name = uniqueName('initial');
  await connect.request('POST', '/connectors', {
    name,
    config: { 'connector.class': SINK, topics: topic },
    initial_state: 'STOPPED',
  });
  const offsets = [{ partition: { kafka_topic: topic, kafka_partition: 0 }, offset: { kafka_offset: 45 } }];
  expect((await connect.request('PATCH', `/connectors/${name}/offsets`, { offsets })).status).toBe(200);
  await put(`/connectors/${name}/resume`);
  await connect.waitFor('the records', async () => monitored().put.get(name)?.length === 5);
  expect(monitored().put.get(name)?.[0]).toBe(`${topic}-0 45`);
});

it.each(['PAUSED', 'STOPPED'])('testDeleteConnectorCreatedWithPausedOrStoppedInitialState: %s', async (state) => {
  const name = uniqueName('initial');
  await connect.request('POST', '/connectors', { name, config: config(name), initial_state: state });
  await waitForStates(connect, name, `${state}: `);
  expect((await connect.request('DELETE', `/connectors/${name}`)).status).toBe(204);
  expect((await connect.request('GET', `/connectors/${name}`)).status).toBe(404);
  expect((await connect.request('GET', '/connectors')).body).not.toContain(name);
});

it('testPatchConnectorConfig', async () => {
  const name = uniqueName('patch');
  const patch = (body: object) => connect.request('PATCH', `/connectors/${name}/config`, body);
  expect(await patch({ topic: 'x' })).toMatchObject({
    status: 404,
    body: { error_code: 404, message: `Connector ${name} not found` },
  });
  const before = config(name, { unaffected: 'unaffected', 'to.be.deleted': 'value', updated: 'old' });
  await connect.create(name, before);
  await waitForStates(connect, name, 'RUNNING: RUNNING, RUNNING');
  const { 'to.be.deleted': _, ...rest } = before;
  const expected = { ...rest, updated: 'new', added: '1', name };
  expect(await patch({ updated: 'new', 'to.be.deleted': null, added: 1 })).toMatchObject({
    status: 200,
    body: { name, config: expected, type: 'source' },
  });
  expect((await connect.request('GET', `/connectors/${name}/config`)).body).toEqual(expected);
  expect((await patch({})).status).toBe(200);
  expect((await patch({ name: 'other' })).status).toBe(400);
  expect((await patch({ 'tasks.max': '0' })).status).toBe(400);
  expect((await connect.request('GET', `/connectors/${name}/config`)).body).toEqual(expected);
  await waitForStates(connect, name, 'RUNNING: RUNNING, RUNNING');
});

it('testTasksMaxEnforcement', async () => {
  const name = uniqueName('enforced');
  const message = `The connector ${name} has generated 5 tasks, which is greater than 2, the maximum number of tasks it is configured to create. This behaviour should be considered a bug and is disallowed. If necessary, it can be permitted by reconfiguring the connector with 'tasks.max.enforce' set to false; however, this option will be removed in a future release of Kafka Connect.`;
  const askedAt = performance.now();
  const { status, body } = await connect.request('POST', '/connectors', {
    name,
    config: config(name, { 'num.tasks': '5' }),
  });
  // Kafka Connect's standalone worker leaves the client waiting for 90 s.
  expect(performance.now() - askedAt).toBeLessThan(10_000);
  expect({ status, body }).toEqual({
    status: 500,
    body: { error_code: 500, message: `Failed to generate task configurations for connector ${name}: ${message}` },
  });
  await waitForStates(connect, name, 'FAILED: ');
  expect((await connect.status(name)).connector.trace).toContain(message);
  await put(`/connectors/${name}/config`, config(name, { 'num.tasks': '5', 'tasks.max.enforce': 'false' }));
  await waitForStates(connect, name, `RUNNING: ${Array(5).fill('RUNNING').join(', ')}`);
  await put(`/connectors/${name}/config`, config(name, { 'num.tasks': '1' }));
  await waitForStates(connect, name, 'RUNNING: RUNNING');
});

it('testReconfigureConnectorWithFailingTaskConfigs', async () => {
  const name = uniqueName('reconfigured');
  await connect.create(name, config(name));
  await waitForStates(connect, name, 'RUNNING: RUNNING, RUNNING');
  monitored().failing.add(`${name} taskConfigs`);
  const failing = await connect.request('PUT', `/connectors/${name}/config`, config(name, { 'tasks.max': '3' }));
  expect(failing.body).toEqual({
    error_code: 500,
    message: `Failed to generate task configurations for connector ${name}: Injected failure: taskConfigs`,
  });
  await waitForStates(connect, name, 'FAILED: ');
  monitored().failing.delete(`${name} taskConfigs`);
  expect((await connect.request('POST', `/connectors/${name}/restart`)).status).toBe(204);
  await waitForStates(connect, name, 'RUNNING: RUNNING, RUNNING, RUNNING');
});

it('testRuntimePropertyReconfiguration', async () => {
  const name = uniqueName('runtime');
  await connect.create(name, config(name, { 'value.converter': 'org.apache.kafka.connect.storage.StringConverter' }));
  await waitForStates(connect, name, 'RUNNING: RUNNING, RUNNING');
  const before = timesCalled(`start ${name}-0`);
  // Nothing that the connector itself would look at.
  const json = {
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable': 'false',
  };
  expect(await put(`/connectors/${name}/config`, config(name, json))).toBe(200);
  await waitForStates(connect, name, 'RUNNING: RUNNING, RUNNING');
  await connect.waitFor('the tasks', async () => timesCalled(`start ${name}-0`) === before + 1);
  // The same once more: its tasks are left alone.
  expect(await put(`/connectors/${name}/config`, config(name, json))).toBe(200);
  expect(await statesOf(connect, name)).toBe('RUNNING: RUNNING, RUNNING');
  expect(timesCalled(`start ${name}-0`)).toBe(before + 1);
});

it('testPluginAliases', async () => {
  for (const [alias, converter] of [
    ['MonitorableSourceConnector', 'StringConverter'],
    ['MonitorableSource', 'String'],
    [SOURCE, 'org.apache.kafka.connect.storage.StringConverter'],
  ] as const) {
    const name = uniqueName('alias');
    const given = config(name, { 'connector.class': alias, 'value.converter': converter });
    await connect.create(name, given);
    await waitForStates(connect, name, 'RUNNING: RUNNING, RUNNING');
    expect((await connect.request('GET', `/connectors/${name}/config`)).body).toMatchObject(given);
  }
});
