/** RebalanceSourceConnectorsIntegrationTest of Kafka Connect 4.1.1, under its method names: those that make sense for one standalone worker. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { EmbeddedConnect } from '../../../src/testing/embedded-connect.ts';
import { SOURCE, startMonitorable, waitForStates } from '../../support/monitorable-connect.ts';
import { timesCalled } from '../../support/monitorable-plugin.ts';
import { uniqueName } from '../../support/unique-name.ts';

let connect: EmbeddedConnect;
beforeAll(async () => {
  connect = await startMonitorable();
});
afterAll(() => connect.stop());

const TASKS = 4;
const ALL_RUNNING = `RUNNING: ${Array(TASKS).fill('RUNNING').join(', ')}`;
const config = (topic: string, more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  'connector.class': SOURCE,
  topic,
  'tasks.max': String(TASKS),
  ...more,
});
/** How often each of its tasks was started. */
const starts = (name: string): number[] =>
  Array.from({ length: TASKS }, (_, task) => timesCalled(`start ${name}-${task}`));
const topicsOf = async (name: string): Promise<unknown> =>
  ((await connect.request('GET', `/connectors/${name}/topics`)).body as Record<string, { topics: unknown }>)[name]
    ?.topics;

async function two(): Promise<readonly [string, string]> {
  const names = [uniqueName('first'), uniqueName('second')] as const;
  await Promise.all(names.map((name) => connect.create(name, config(name))));
  for (const name of names) await waitForStates(connect, name, ALL_RUNNING);
  return names;
}

it('testStartTwoConnectors', async () => {
  const names = await two();
  for (const name of names) {
    await connect.waitFor(`the topic of ${name}`, async () => JSON.stringify(await topicsOf(name)) === `["${name}"]`);
    expect(starts(name)).toEqual([1, 1, 1, 1]);
  }
});

it('testReconfigConnector', async () => {
  const [name, other] = await two();
  await connect.waitFor('the topic', async () => JSON.stringify(await topicsOf(name)) === `["${name}"]`);
  // Beyond what its tasks have written, so that they go on in the other topic.
  const changed = config(`${name}-other`, { 'max.messages': '100' });
  expect((await connect.request('PUT', `/connectors/${name}/config`, changed)).status).toBe(200);
  await waitForStates(connect, name, ALL_RUNNING);
  await connect.waitFor('the other topic', async () => {
    const topics = await topicsOf(name);
    return Array.isArray(topics) && topics.includes(`${name}-other`);
  });
  expect(starts(name)).toEqual([2, 2, 2, 2]);
  expect(starts(other)).toEqual([1, 1, 1, 1]);
  await waitForStates(connect, other, ALL_RUNNING);
});

it('testDeleteConnector', async () => {
  const [name, other] = await two();
  expect((await connect.request('DELETE', `/connectors/${name}`)).status).toBe(204);
  expect((await connect.request('GET', `/connectors/${name}/status`)).status).toBe(404);
  for (let task = 0; task < TASKS; task++) expect(timesCalled(`stop ${name}-${task}`)).toBe(1);
  await waitForStates(connect, other, ALL_RUNNING);
  expect(starts(other)).toEqual([1, 1, 1, 1]);
});
