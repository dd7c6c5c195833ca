/**
 * BlockingConnectorTest of Kafka Connect 4.1.1, under its method names: a plugin that never returns from one method keeps neither the REST API
 * nor other connectors from anything. A method that blocks its thread is another matter (task.isolation).
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { EmbeddedConnect } from '../../../src/testing/embedded-connect.ts';
import { answersWithinASecond } from '../../support/answers-within-a-second.ts';
import { SINK, SOURCE, startMonitorable, waitForStates } from '../../support/monitorable-connect.ts';
import { monitored } from '../../support/monitorable-plugin.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { uniqueName } from '../../support/unique-name.ts';

const SETTINGS = { 'task.shutdown.graceful.timeout.ms': '500' };

let connect: EmbeddedConnect;
afterEach(() => connect.stop());

const config = (topic: string, block: string, more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  'connector.class': SOURCE,
  topic,
  block,
  ...more,
});

const called = (call: string): Promise<unknown> =>
  connect.waitFor(call, async () => monitored().calls.includes(call) || false);

/** All that is read of it answers within a second. */
async function answersReads(name: string): Promise<void> {
  for (const path of ['', '/config', '/status', '/tasks', '/topics', '/offsets']) {
    const { status } = await answersWithinASecond(() => connect.request('GET', `/connectors/${name}${path}`));
    expect(status).toBe(200);
  }
  expect((await connect.request('GET', '/connectors?expand=status&expand=info')).status).toBe(200);
}

async function otherConnectorsRun(): Promise<void> {
  const name = uniqueName('normal');
  await connect.create(name, config(name, ''));
  await waitForStates(connect, name, 'RUNNING: RUNNING');
  expect((await connect.request('DELETE', `/connectors/${name}`)).status).toBe(204);
}

it('testBlockInConnectorValidate', async () => {
  const dir = tempDir('blocking');
  const settings = { ...SETTINGS, 'config.storage.dir': join(dir, 'connectors') };
  connect = await startMonitorable({ dir, settings });
  const name = uniqueName('blocking');
  void connect.create(name, config(name, 'Connector::validate')).catch(() => {});
  await called(`validate ${name}`);
  // Nothing was created, and it keeps nobody from creating it otherwise, or from changing it.
  expect((await connect.request('GET', '/connectors')).body).toEqual([]);
  await otherConnectorsRun();
  await connect.create(name, config(name, ''));
  await waitForStates(connect, name, 'RUNNING: RUNNING');
  void connect.request('PATCH', `/connectors/${name}/config`, { block: 'Connector::validate' }).catch(() => {});
  await answersReads(name);
  expect((await connect.request('PUT', `/connectors/${name}/pause`)).status).toBe(202);
  await waitForStates(connect, name, 'PAUSED: PAUSED');
  await connect.stop();
  // A stored connector that is stuck there is shown, and can be deleted.
  const folder = join(dir, 'connectors');
  for (const file of readdirSync(folder).filter((each) => each.endsWith('.json'))) {
    const path = join(folder, file);
    writeFileSync(path, readFileSync(path, 'utf8').replace('"block": ""', '"block": "Connector::validate"'));
  }
  connect = await startMonitorable({ dir, settings });
  await waitForStates(connect, name, 'UNASSIGNED: ');
  await otherConnectorsRun();
  expect((await connect.request('DELETE', `/connectors/${name}`)).status).toBe(204);
});

it('testBlockInConnectorConfig', async () => {
  connect = await startMonitorable({ settings: SETTINGS });
  const name = uniqueName('blocking');
  const blocking = { name, 'connector.class': 'test.ConfigBlockingSourceConnector', topic: name };
  // A method that can't be waited for is refused for it.
  const refused = {
    status: 400,
    body: { message: 'test.ConfigBlockingSourceConnector.config() must return a ConfigDef and not a promise of one.' },
  };
  expect(await connect.request('POST', '/connectors', { name, config: blocking })).toMatchObject(refused);
  expect((await connect.request('GET', '/connectors')).body).toEqual([]);
  await otherConnectorsRun();
});

it('testBlockInConnectorInitialize', async () => {
  connect = await startMonitorable({ settings: SETTINGS });
  const name = uniqueName('blocking');
  // No method that is to return at once can be given up but with its thread.
  const more = { 'connector.class': 'test.InitializeBlockingSourceConnector', 'task.isolation': 'own' };
  void connect.create(name, config(name, '', more)).catch(() => {});
  await waitForStates(connect, name, 'UNASSIGNED: ');
  await answersReads(name);
  await otherConnectorsRun();
  expect((await connect.request('DELETE', `/connectors/${name}`)).status).toBe(204);
  await connect.create(name, config(name, ''));
  await waitForStates(connect, name, 'RUNNING: RUNNING');
});

it('gives up an alterOffsets that hangs in its thread with task.isolation=own, and says what one says there', async () => {
  connect = await startMonitorable({ settings: SETTINGS });
  const name = uniqueName('own');
  const path = `/connectors/${name}`;
  const own = config(name, '', { 'task.isolation': 'own', 'alter.offsets': 'throw' });
  await connect.request('POST', '/connectors', { name, config: own, initial_state: 'STOPPED' });
  const offsets = [{ partition: { 'task.id': `${name}-0` }, offset: { saved: 3 } }];
  expect(await connect.request('PATCH', `${path}/offsets`, { offsets })).toMatchObject({
    status: 500,
    body: { message: 'spec alterOffsets refusal' },
  });
  await connect.request('PATCH', `${path}/config`, { 'alter.offsets': 'hang' });
  const hanging = connect.request('PATCH', `${path}/offsets`, { offsets });
  expect((await connect.request('GET', `${path}/offsets`)).body).toEqual({ offsets: [] });
  expect((await connect.request('PUT', `${path}/stop`)).status).toBe(204);
  expect(await hanging).toMatchObject({ status: 500, body: { message: expect.stringContaining('did not return') } });
});

it('testBlockInConnectorStart', async () => {
  connect = await startMonitorable({ settings: SETTINGS });
  const name = uniqueName('blocking');
  void connect.create(name, config(name, 'Connector::start')).catch(() => {});
  await called(`start ${name}`);
  await answersReads(name);
  await otherConnectorsRun();
  expect((await connect.request('DELETE', `/connectors/${name}`)).status).toBe(204);
  expect((await connect.request('GET', '/connectors')).body).toEqual([]);
});

it('testBlockInConnectorStop', async () => {
  connect = await startMonitorable({ settings: SETTINGS });
  const name = uniqueName('blocking');
  await connect.create(name, config(name, 'Connector::stop'));
  await waitForStates(connect, name, 'RUNNING: RUNNING');
  const deleted = connect.request('DELETE', `/connectors/${name}`);
  await called(`stop ${name}`);
  await otherConnectorsRun();
  expect((await deleted).status).toBe(204);
  await connect.create(name, config(name, ''));
  await waitForStates(connect, name, 'RUNNING: RUNNING');
});

it.each([
  ['testBlockInSourceTaskStart', SOURCE, 'Task::start'],
  ['testBlockInSourceTaskStop', SOURCE, 'Task::stop'],
  ['testBlockInSinkTaskStart', SINK, 'Task::start'],
  ['testBlockInSinkTaskStop', SINK, 'Task::stop'],
])('%s', async (_name, connectorClass, block) => {
  connect = await startMonitorable({ settings: SETTINGS });
  const name = uniqueName('blocking');
  const more = { 'connector.class': connectorClass, ...(connectorClass === SINK ? { topics: name } : {}) };
  await connect.create(name, config(name, block, more));
  await called(`start ${name}-0`);
  await answersReads(name);
  await otherConnectorsRun();
  const deleted = connect.request('DELETE', `/connectors/${name}`);
  await otherConnectorsRun();
  expect((await deleted).status).toBe(204);
  await connect.create(name, config(name, '', more));
  await waitForStates(connect, name, 'RUNNING: RUNNING');
});

it.each([
  ['testWorkerRestartWithBlockInConnectorStart', 'Connector::start'],
  ['testWorkerRestartWithBlockInConnectorStop', 'Connector::stop'],
])('%s', async (_name, block) => {
  const dir = tempDir('blocking');
  const settings = { ...SETTINGS, 'config.storage.dir': join(dir, 'connectors') };
  connect = await startMonitorable({ dir, settings });
  const name = uniqueName('blocking');
  void connect.create(name, config(name, block)).catch(() => {});
  await called(`start ${name}`);
  const other = uniqueName('normal');
  await connect.create(other, config(other, ''));
  const stoppedAt = performance.now();
  await connect.stop();
  expect(performance.now() - stoppedAt).toBeLessThan(10_000);
  connect = await startMonitorable({ dir, settings });
  await waitForStates(connect, other, 'RUNNING: RUNNING');
  expect((await connect.request('GET', '/connectors')).body).toEqual([name, other]);
  await otherConnectorsRun();
});
