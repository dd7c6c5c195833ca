/** ExampleConnectIntegrationTest of Kafka Connect 4.1.1, under its method names. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedConnect } from '../../../src/testing/embedded-connect.ts';
import { SINK, SOURCE, startMonitorable, waitForStates } from '../../support/monitorable-connect.ts';
import { monitored } from '../../support/monitorable-plugin.ts';
import { uniqueName } from '../../support/unique-name.ts';

let connect: EmbeddedConnect;
beforeAll(async () => {
  connect = await startMonitorable();
});
afterAll(() => connect.stop());

describe('ExampleConnectIntegrationTest', () => {
  it('testSourceConnector', async () => {
    const name = uniqueName('example');
    await connect.create(name, { 'connector.class': SOURCE, topic: name, 'tasks.max': '3', 'max.messages': '2000' });
    await waitForStates(connect, name, 'RUNNING: RUNNING, RUNNING, RUNNING');
    await connect.waitFor('all offsets', async () => {
      const { body } = await connect.request('GET', `/connectors/${name}/offsets`);
      const { offsets } = body as { offsets: { offset: { saved: number } }[] };
      return offsets.length === 3 && offsets.every(({ offset }) => offset.saved === 2_000);
    });
    await connect.request('DELETE', `/connectors/${name}`);
    expect(monitored().calls.filter((call) => call === `stop ${name}`)).toHaveLength(1);
  });

  it('testSinkConnector', async () => {
    const topic = uniqueName('example');
    const name = uniqueName('sink');
    await connect.create(topic, { 'connector.class': SOURCE, topic, 'tasks.max': '1', 'max.messages': '2000' });
    await connect.create(name, { 'connector.class': SINK, topics: topic, 'tasks.max': '3' });
    await connect.waitFor('all records', async () => monitored().put.get(name)?.length === 2_000, 30_000);
    expect(new Set(monitored().put.get(name)).size).toBe(2_000);
    await connect.request('DELETE', `/connectors/${name}`);
    for (const task of [0, 1, 2]) expect(monitored().calls).toContain(`stop ${name}-${task}`);
  });
});
