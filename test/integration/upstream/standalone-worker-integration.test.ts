/** StandaloneWorkerIntegrationTest of Kafka Connect 4.1.1, under its method names. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedConnect } from '../../../src/testing/embedded-connect.ts';
import { SOURCE, startMonitorable, waitForStates } from '../../support/monitorable-connect.ts';
import { monitored } from '../../support/monitorable-plugin.ts';
import { uniqueName } from '../../support/unique-name.ts';

let connect: EmbeddedConnect;
beforeAll(async () => {
  connect = await startMonitorable();
});
afterAll(() => connect.stop());

describe('StandaloneWorkerIntegrationTest', () => {
  it('testCreateConnectorWithStoppedInitialState', async () => {
    const name = uniqueName('initial');
    const config = { 'connector.class': SOURCE, topic: name, 'tasks.max': '1' };
    const created = await connect.request('POST', '/connectors', { name, config, initial_state: 'stopped' });
    expect(created).toMatchObject({
      status: 201,
      body: { name, config: { ...config, name }, tasks: [], type: 'source' },
    });
    await waitForStates(connect, name, 'STOPPED: ');
    expect((await connect.request('GET', `/connectors/${name}/tasks`)).body).toEqual([]);
    expect(monitored().calls).not.toContain(`start ${name}`);
    await connect.request('PUT', `/connectors/${name}/resume`);
    await waitForStates(connect, name, 'RUNNING: RUNNING');
    const refused = await connect.request('POST', '/connectors', { name: 'x', config, initial_state: 'paused soon' });
    expect(refused.status).toBe(500);
    expect((await connect.request('GET', '/connectors')).body).not.toContain('x');
  });

  it('testHealthCheck', async () => {
    const health = await connect.waitFor('health', async () => {
      const { status, body } = await connect.request('GET', '/health');
      return status === 200 && body;
    });
    expect(health).toEqual({
      status: 'healthy',
      message: 'Worker has completed startup and is ready to handle requests.',
    });
  });
});
