/** ConnectorRestartApiIntegrationTest of Kafka Connect 4.1.1, under its method names, but for those of several workers. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { EmbeddedConnect } from '../../../src/testing/embedded-connect.ts';
import { SOURCE, startMonitorable, statesOf, waitForStates } from '../../support/monitorable-connect.ts';
import { monitored, timesCalled } from '../../support/monitorable-plugin.ts';
import { uniqueName } from '../../support/unique-name.ts';

let connect: EmbeddedConnect;
beforeAll(async () => {
  connect = await startMonitorable();
});
afterAll(() => connect.stop());

const TASKS = 3;
const CONFIG = { 'connector.class': SOURCE, 'tasks.max': String(TASKS) };

async function create(failing: readonly string[] = []): Promise<string> {
  const name = uniqueName('restart');
  for (const each of failing) monitored().failing.add(name + each);
  await connect.request('POST', '/connectors', { name, config: { ...CONFIG, topic: name } });
  return name;
}

const heal = (name: string, ...what: readonly string[]): void => {
  for (const each of what) monitored().failing.delete(name + each);
};

interface Starts {
  readonly connector: number;
  readonly tasks: readonly number[];
}

function startsOf(name: string): Starts {
  const tasks = Array.from({ length: TASKS }, (_, task) => timesCalled(`start ${name}-${task}`));
  return { connector: timesCalled(`start ${name}`), tasks };
}

/** Restarts, and waits until what the plan says has started once more; then nothing else has. */
async function restart(
  name: string,
  query: string,
  expected: { readonly connector: boolean; readonly tasks: readonly number[] },
): Promise<void> {
  const before = startsOf(name);
  const { status, body } = await connect.request('POST', `/connectors/${name}/restart${query}`);
  expect(status).toBe(202);
  const plan = body as { connector: { state: string }; tasks: { id: number; state: string }[] };
  expect(plan.connector.state === 'RESTARTING').toBe(expected.connector);
  expect(plan.tasks.filter(({ state }) => state === 'RESTARTING').map(({ id }) => id)).toEqual(expected.tasks);
  const after = {
    connector: before.connector + (expected.connector ? 1 : 0),
    tasks: before.tasks.map((count, task) => count + (expected.tasks.includes(task) ? 1 : 0)),
  };
  await connect.waitFor('the restart', async () => JSON.stringify(startsOf(name)) === JSON.stringify(after));
  expect(startsOf(name)).toEqual(after);
}

const ALL_RUNNING = 'RUNNING: RUNNING, RUNNING, RUNNING';
const ALL_FAILED = ['-0', '-1', '-2'];

it('testRestartUnknownConnectorNoParams', async () => {
  const { status, body } = await connect.request('POST', '/connectors/unknown/restart');
  expect({ status, body }).toEqual({ status: 404, body: { error_code: 404, message: 'Unknown connector: unknown' } });
});

it('testRestartUnknownConnector', async () => {
  for (const query of ['onlyFailed=false&includeTasks=true', 'onlyFailed=true&includeTasks=true', 'onlyFailed=true']) {
    const { status, body } = await connect.request('POST', `/connectors/unknown/restart?${query}`);
    expect({ status, body }).toEqual({ status: 404, body: { error_code: 404, message: 'Unknown connector: unknown' } });
  }
});

it('testRunningConnectorAndTasksRestartOnlyConnector', async () => {
  const name = await create();
  await waitForStates(connect, name, ALL_RUNNING);
  const before = startsOf(name);
  expect((await connect.request('POST', `/connectors/${name}/restart`)).status).toBe(204);
  expect(startsOf(name)).toEqual({ ...before, connector: before.connector + 1 });
  await waitForStates(connect, name, ALL_RUNNING);
});

it('testRunningConnectorAndTasksRestartBothConnectorAndTasks', async () => {
  const name = await create();
  await waitForStates(connect, name, ALL_RUNNING);
  await restart(name, '?includeTasks=true', { connector: true, tasks: [0, 1, 2] });
  await waitForStates(connect, name, ALL_RUNNING);
});

it('testRunningConnectorAndTasksRestartOnlyFailedConnectorNoop', async () => {
  const name = await create();
  await waitForStates(connect, name, ALL_RUNNING);
  await restart(name, '?onlyFailed=true', { connector: false, tasks: [] });
  expect(await statesOf(connect, name)).toBe(ALL_RUNNING);
});

it('testRunningConnectorAndTasksRestartBothConnectorAndTasksNoop', async () => {
  const name = await create();
  await waitForStates(connect, name, ALL_RUNNING);
  await restart(name, '?onlyFailed=true&includeTasks=true', { connector: false, tasks: [] });
  expect(await statesOf(connect, name)).toBe(ALL_RUNNING);
});

it('testFailedConnectorRestartOnlyConnector', async () => {
  const name = await create(['']);
  await waitForStates(connect, name, 'FAILED: ');
  heal(name, '');
  expect((await connect.request('POST', `/connectors/${name}/restart`)).status).toBe(204);
  await waitForStates(connect, name, ALL_RUNNING);
});

it('testFailedConnectorRestartBothConnectorAndTasks', async () => {
  const name = await create(['']);
  await waitForStates(connect, name, 'FAILED: ');
  heal(name, '');
  const { status } = await connect.request('POST', `/connectors/${name}/restart?includeTasks=true`);
  expect(status).toBe(202);
  await waitForStates(connect, name, ALL_RUNNING);
});

it('testFailedConnectorRestartOnlyFailedConnectorAndTasks', async () => {
  const name = await create(['']);
  await waitForStates(connect, name, 'FAILED: ');
  heal(name, '');
  const { status } = await connect.request('POST', `/connectors/${name}/restart?includeTasks=true&onlyFailed=true`);
  expect(status).toBe(202);
  await waitForStates(connect, name, ALL_RUNNING);
});

it('testFailedTasksRestartOnlyConnector', async () => {
  const name = await create(ALL_FAILED);
  await waitForStates(connect, name, 'RUNNING: FAILED, FAILED, FAILED');
  heal(name, ...ALL_FAILED);
  await connect.request('POST', `/connectors/${name}/restart`);
  expect(await statesOf(connect, name)).toBe('RUNNING: FAILED, FAILED, FAILED');
});

it('testFailedTasksRestartOnlyTasks', async () => {
  const name = await create(ALL_FAILED);
  await waitForStates(connect, name, 'RUNNING: FAILED, FAILED, FAILED');
  heal(name, ...ALL_FAILED);
  await restart(name, '?onlyFailed=true&includeTasks=true', { connector: false, tasks: [0, 1, 2] });
  await waitForStates(connect, name, ALL_RUNNING);
});

it('testFailedTasksRestartWithoutIncludeTasksNoop', async () => {
  const name = await create(ALL_FAILED);
  await waitForStates(connect, name, 'RUNNING: FAILED, FAILED, FAILED');
  heal(name, ...ALL_FAILED);
  await restart(name, '?onlyFailed=true', { connector: false, tasks: [] });
  expect(await statesOf(connect, name)).toBe('RUNNING: FAILED, FAILED, FAILED');
});

it('testFailedTasksRestartBothConnectorAndTasks', async () => {
  const name = await create(ALL_FAILED);
  await waitForStates(connect, name, 'RUNNING: FAILED, FAILED, FAILED');
  heal(name, ...ALL_FAILED);
  await restart(name, '?includeTasks=true', { connector: true, tasks: [0, 1, 2] });
  await waitForStates(connect, name, ALL_RUNNING);
});

it('testOneFailedTasksRestartOnlyOneTasks', async () => {
  const name = await create(['-1']);
  await waitForStates(connect, name, 'RUNNING: RUNNING, FAILED, RUNNING');
  const { body } = await connect.request('GET', `/connectors/${name}/tasks/1/status`);
  const { trace } = body as { trace: string };
  expect(trace).toContain('Injected failure: task start');
  heal(name, '-1');
  const before = startsOf(name);
  const answer = await connect.request('POST', `/connectors/${name}/restart?onlyFailed=true&includeTasks=true`);
  // What is to be restarted shows its old trace.
  expect((answer.body as { tasks: object[] }).tasks[1]).toMatchObject({ id: 1, state: 'RESTARTING', trace });
  await waitForStates(connect, name, ALL_RUNNING);
  expect(startsOf(name)).toEqual({ connector: before.connector, tasks: [before.tasks[0], 2, before.tasks[2]] });
});
