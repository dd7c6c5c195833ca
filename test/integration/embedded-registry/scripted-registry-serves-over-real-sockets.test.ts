import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { UndiciTransport } from '../../../src/registry/undici-transport.ts';
import { errorAnswer, ScriptedRegistry } from '../../../src/testing/index.ts';
import { freePorts } from '../../support/ports.ts';
import { RegistryHttp } from './registry-http.ts';

let registry: ScriptedRegistry;
afterEach(() => registry.stop());

const known = '{"type":"record","name":"Known","fields":[]}';

async function start() {
  registry = await ScriptedRegistry.start({ nodes: 2, ports: await freePorts(2) });
  await registry.register('s', known);
  const [one, two] = registry.urls.map((url) => new RegistryHttp(url));
  return { one: one!, two: two! };
}

describe('over sockets', () => {
  it('answers, fails by rules, refuses, cuts and hangs', async () => {
    const { one, two } = await start();
    expect((await one.get('/schemas/ids/1')).body).toEqual({ schema: known });
    registry.script({ times: 1, fault: { kind: 'answer', status: 502, body: '<html>bad gateway</html>' } });
    expect(await one.get('/subjects')).toEqual({ status: 502, body: '<html>bad gateway</html>' });
    registry.script({ times: 1, fault: { kind: 'cut' } });
    expect(await two.get('/subjects')).toEqual({ status: 0, body: 'ECONNRESET' });
    registry.script({ operation: 'register', times: 1, fault: { kind: 'lose-answer' } });
    expect(await two.post('/subjects/t/versions', { schema: '"int"' })).toEqual({ status: 0, body: 'ECONNRESET' });
    expect((await two.post('/subjects/t/versions', { schema: '"int"' })).body, 'it had taken effect').toEqual({
      id: 2,
    });
    await registry.node(1).refuse();
    expect(await two.get('/')).toEqual({ status: 0, body: 'ECONNREFUSED' });
    await registry.node(1).accept();
    expect((await two.get('/')).status).toBe(200);
  });

  it('a killed node resets what it was doing and refuses, a started one answers on the same port', async () => {
    const { two } = await start();
    registry.script({ node: 1, path: /hang/, fault: { kind: 'hang' } });
    const held = two.get('/hang');
    await expect.poll(() => registry.requests.list({ outcome: 'open' }).length).toBe(1);
    await registry.node(1).stop();
    expect(await held).toMatchObject({ status: 0 });
    expect(await two.get('/')).toEqual({ status: 0, body: 'ECONNREFUSED' });
    await registry.node(1).start();
    expect((await two.get('/schemas/ids/1')).body).toEqual({ schema: known });
  });

  it('the registry client sees the same over sockets as over the transport without', async () => {
    const { one } = await start();
    registry.script({ path: /ids\/9/, fault: errorAnswer(503, 50005) });
    const sockets = new UndiciTransport({ clock: systemClock, connectTimeoutMs: 2_000, connections: 4 });
    const ask = async (transport: Pick<UndiciTransport, 'request'>, path: string) => {
      const request = {
        node: one.url,
        method: 'GET',
        path,
        headers: {},
        channel: 'read',
        fresh: true,
        timeoutMs: 2_000,
      } as const;
      const { status, body } = await transport.request(request, new AbortController().signal);
      return { status, body };
    };
    for (const path of ['/schemas/ids/1', '/schemas/ids/9', '/nothing', '/subjects/none/versions']) {
      expect(await ask(sockets, path), path).toEqual(await ask(registry.transport(), path));
    }
    await sockets.close();
  });
});
