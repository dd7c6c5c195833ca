/** What takes too long, over REST: ConnectWorkerIntegrationTest and StandaloneWorkerIntegrationTest of Kafka Connect 4.1.1, in virtual time. */
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { connectorsResources } from '../../../src/rest/connectors-resource.ts';
import { RestSite } from '../../../src/rest/rest-site.ts';
import { rootResources } from '../../../src/rest/root-resource.ts';
import type { Herder, HerderHealth } from '../../../src/runtime/herder/herder.ts';
import { settle } from '../runtime/fake-task-edges.ts';
import { openHerder } from '../runtime/herder/scripted-connector.ts';

const NEVER = new Promise<never>(() => {});

async function open() {
  const { herder, script, clock } = openHerder();
  await herder.start();
  const site = new RestSite({
    resources: [
      ...rootResources({ herder, version: '1', clock }),
      ...connectorsResources({ herder, showParked: true }),
    ],
    clock,
    logger: silentLogger,
    stage: () => herder.stage(),
  });
  const ask = async (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, body?: object) => {
    const payload = body === undefined ? {} : { payload: JSON.stringify(body) };
    const { status, body: text } = await site.inject({
      method,
      url,
      headers: { 'content-type': 'application/json' },
      ...payload,
    });
    return { status, body: text === '' ? null : (JSON.parse(text) as unknown) };
  };
  return { herder, script, clock, ask };
}

const config = { name: 'c', 'connector.class': 'ScriptedSource', topic: 't', 'tasks.max': '1' };

describe('ConnectWorkerIntegrationTest', () => {
  it('testRequestTimeouts', async () => {
    const { script, clock, ask } = await open();
    script.start = () => NEVER;
    const creating = ask('POST', '/connectors', { name: 'c', config });
    await settle();
    const began = new Date(clock.now()).toISOString();
    await clock.advance(89_000);
    // The request times out; what it asked for goes on, and reads are answered meanwhile.
    expect((await ask('GET', '/connectors/c')).status).toBe(200);
    await clock.advance(2_000);
    const message = `Request timed out. The worker is currently writing the configuration of connector c, which began at ${began}.`;
    expect(await creating).toEqual({ status: 500, body: { error_code: 500, message } });
    expect((await ask('GET', '/connectors/c/status')).body).toMatchObject({ connector: { state: 'UNASSIGNED' } });
    // Another request for it does not time out behind it.
    script.start = () => {};
    const again = ask('PUT', '/connectors/c/config', { ...config, 'tasks.max': '2' });
    await clock.advance(6_000);
    expect((await again).status).toBe(200);
    await settle();
    expect((await ask('GET', '/connectors/c/status')).body).toMatchObject({
      connector: { state: 'RUNNING' },
      tasks: [{ state: 'RUNNING' }, { state: 'RUNNING' }],
    });
    expect(await ask('DELETE', '/connectors/c')).toEqual({ status: 204, body: null });
  });
});

describe('StandaloneWorkerIntegrationTest', () => {
  it('testHealthCheck: with connectors that hang in start and in taskConfigs the worker is well, for it serves the others', async () => {
    const { script, clock, ask } = await open();
    const healthy = {
      status: 200,
      body: { status: 'healthy', message: 'Worker has completed startup and is ready to handle requests.' },
    };
    script.start = () => NEVER;
    void ask('POST', '/connectors', { name: 'c', config });
    await settle();
    expect(await ask('GET', '/health')).toEqual(healthy);
    script.start = () => {};
    script.taskConfigs = () => NEVER;
    void ask('POST', '/connectors', { name: 'd', config: { ...config, name: 'd' } });
    await settle();
    await clock.advance(5_000);
    expect(await ask('GET', '/health')).toEqual(healthy);
    for (const name of ['c', 'd']) {
      const deleting = ask('DELETE', `/connectors/${name}`);
      await clock.advance(6_000);
      expect((await deleting).status).toBe(204);
    }
  });

  it('testHealthCheck: starting while the broker is away, starting and unhealthy when the herder does not answer', async () => {
    const { herder, startup } = openHerder();
    const clock = new ManualClock();
    let health = (): Promise<HerderHealth> => herder.health();
    const asked = { stage: () => herder.stage(), health: () => health() } as Herder;
    const site = new RestSite({
      resources: rootResources({ herder: asked, version: '1', clock }),
      clock,
      logger: silentLogger,
      stage: () => '',
    });
    const check = async (waitMs = 0) => {
      const answer = site.inject({ method: 'GET', url: '/health' });
      await settle();
      await clock.advance(waitMs);
      const { status, body } = await answer;
      return [status, JSON.parse(body)] as const;
    };
    startup.detail = 'It waits for the broker.';
    await herder.start();
    const starting = 'Worker is still starting up.';
    expect(await check()).toEqual([503, { status: 'starting', message: `${starting} It waits for the broker.` }]);
    health = () => NEVER;
    expect(await check(10_000)).toEqual([503, { status: 'starting', message: starting }]);
    health = () => herder.health();
    startup.detail = '';
    expect((await check())[0]).toBe(200);
    health = () => NEVER;
    const unable = 'Worker was unable to handle this request and may be unable to handle other requests.';
    expect(await check(10_000)).toEqual([500, { status: 'unhealthy', message: unable }]);
    health = () => herder.health();
    expect((await check())[0]).toBe(200);
  });
});
