/** StandaloneWorkerIntegrationTest of Kafka Connect 4.1.1, under its method names. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import type { EmbeddedConnect } from '../../../src/testing/embedded-connect.ts';
import { SOURCE, startMonitorable, waitForStates } from '../../support/monitorable-connect.ts';
import { monitored } from '../../support/monitorable-plugin.ts';
import { uniqueName } from '../../support/unique-name.ts';

let connect: EmbeddedConnect;
beforeAll(async () => {
  connect = await startMonitorable({ logger: recordingLogger('info').logger });
});
afterAll(() => connect.stop());

interface Level {
  readonly level: string;
  readonly last_modified: number | null;
}
type Levels = Readonly<Record<string, Level>>;

describe('StandaloneWorkerIntegrationTest', () => {
  it('testDynamicLogging', async () => {
    const all = async (): Promise<Levels> => (await connect.request('GET', '/admin/loggers')).body as Levels;
    const one = async (name: string): Promise<Level> =>
      (await connect.request('GET', `/admin/loggers/${name}`)).body as Level;
    const set = (name: string, level: string, scope: string | null) =>
      connect.request('PUT', `/admin/loggers/${name}${scope === null ? '' : `?scope=${scope}`}`, { level });
    const initial = await all();
    expect(Object.keys(initial)).not.toEqual([]);
    expect(Object.values(initial).filter((each) => each.last_modified !== null)).toEqual([]);

    const changes = async (name: string, level: string, scope: string | null, before: Levels): Promise<Levels> => {
      const requestedAt = Date.now();
      const { status, body } = await set(name, level, scope);
      if (scope === 'cluster') expect([status, body]).toEqual([204, null]);
      else {
        expect(body).toContain(name);
        expect((body as string[]).filter((each) => !each.startsWith(name))).toEqual([]);
      }
      const shown = await one(name);
      expect(shown.level).toBe(level);
      expect(shown.last_modified).toBeGreaterThanOrEqual(requestedAt);
      const levels = await all();
      for (const [each, { level: found, last_modified: at }] of Object.entries(levels)) {
        if (!each.startsWith(name)) expect(levels[each]).toEqual(before[each]);
        else expect([found, at === null || at >= requestedAt]).toEqual([level, true]);
      }
      expect(Object.keys(before).filter((each) => levels[each] === undefined)).toEqual([]);
      return levels;
    };
    await set('org.apache.kafka.connect', 'ERROR', null);
    let levels = await changes('org.apache.kafka.connect', 'DEBUG', null, await all());
    await set('org.apache.kafka.clients', 'WARN', 'worker');
    levels = { ...levels, ...(await all()) };
    levels = await changes('org.apache.kafka.clients', 'INFO', 'worker', levels);
    const prior = await one('org.apache.kafka.clients');
    await set('org.apache.kafka.clients', 'INFO', 'worker');
    expect(await one('org.apache.kafka.clients')).toEqual(prior);
    await set('org.apache.kafka.streams', 'DEBUG', 'cluster');
    await changes('org.apache.kafka.streams', 'TRACE', 'cluster', await all());
  });

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
