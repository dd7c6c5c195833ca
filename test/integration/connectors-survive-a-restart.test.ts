/** Connectors of the REST API, and what it did to those of connector files, survive a restart with config.storage.dir, however it ended. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SOURCE, startMonitorable, statesOf, waitForStates } from '../support/monitorable-connect.ts';
import { monitored } from '../support/monitorable-plugin.ts';
import { tempDir } from '../support/temp-dir.ts';
import { uniqueName } from '../support/unique-name.ts';
import { WorkerProcess } from '../support/worker-process.ts';

const config = (name: string, more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  'connector.class': SOURCE,
  topic: name,
  ...more,
});

describe('with config.storage.dir', () => {
  it('brings connectors back as they were left: configurations, target states and order', async () => {
    const dir = tempDir('kept');
    const settings = { 'config.storage.dir': join(dir, 'connectors') };
    let connect = await startMonitorable({ dir, settings });
    for (const name of ['z', 'paused', 'stopped', 'deleted', 'a']) await connect.create(name, config(name));
    await connect.request('PUT', '/connectors/z/config', config('z', { 'tasks.max': '2' }));
    await connect.request('PATCH', '/connectors/z/config', { more: '1', topic: 'patched' });
    await connect.request('PUT', '/connectors/paused/pause');
    await connect.request('PUT', '/connectors/stopped/stop');
    await connect.request('DELETE', '/connectors/deleted');
    const initial = { name: 'initial', config: config('initial'), initial_state: 'PAUSED' };
    await connect.request('POST', '/connectors', initial);
    await connect.request('PUT', '/connectors/initial/resume');
    // What was refused leaves nothing.
    await connect.request('POST', '/connectors', { name: 'refused', config: config('refused', { 'tasks.max': '0' }) });
    await connect.request('POST', '/connectors', { name: 'a', config: config('b') });
    const before = (await connect.request('GET', '/connectors?expand=info')).body;
    await connect.stop();

    connect = await startMonitorable({ dir, settings });
    expect((await connect.request('GET', '/connectors')).body).toEqual(['z', 'paused', 'stopped', 'a', 'initial']);
    await waitForStates(connect, 'z', 'RUNNING: RUNNING, RUNNING');
    await waitForStates(connect, 'a', 'RUNNING: RUNNING');
    await waitForStates(connect, 'initial', 'RUNNING: RUNNING');
    // A paused one has its tasks with the first resume, as one that is created so.
    await waitForStates(connect, 'paused', 'PAUSED: ');
    await waitForStates(connect, 'stopped', 'STOPPED: ');
    const after = (await connect.request('GET', '/connectors?expand=info')).body as Record<string, { info: object }>;
    const expected = structuredClone(before) as Record<string, { info: { tasks: unknown[] } }>;
    (expected['paused'] as { info: { tasks: unknown[] } }).info.tasks = [];
    expect(after).toEqual(expected);
    await connect.request('PUT', '/connectors/paused/resume');
    await waitForStates(connect, 'paused', 'RUNNING: RUNNING');
    await connect.stop();
  });

  it('shows what can not be used any more as FAILED, until it is mended or deleted', async () => {
    const dir = tempDir('kept');
    const settings = { 'config.storage.dir': join(dir, 'connectors') };
    let connect = await startMonitorable({ dir, settings });
    for (const name of ['bad', 'worse', 'good']) await connect.create(name, config(name));
    await connect.stop();
    for (const file of readdirSync(join(dir, 'connectors')).filter((name) => /^(bad|worse)\./.test(name))) {
      const path = join(dir, 'connectors', file);
      writeFileSync(path, readFileSync(path, 'utf8').replace(SOURCE, 'test.Gone'));
    }

    connect = await startMonitorable({ dir, settings });
    await waitForStates(connect, 'good', 'RUNNING: RUNNING');
    await waitForStates(connect, 'bad', 'FAILED: ');
    expect(await connect.status('bad')).toMatchObject({
      connector: { version: null, trace: expect.stringContaining('Failed to find any class') },
      type: 'unknown',
    });
    expect((await connect.request('GET', '/connectors/bad')).body).toMatchObject({ tasks: [], type: 'unknown' });
    expect((await connect.request('GET', '/connectors/bad/config')).body).toMatchObject({ topic: 'bad' });
    expect((await connect.request('GET', '/connectors/bad/tasks')).body).toEqual([]);
    expect((await connect.request('GET', '/connectors/bad/offsets')).status).toBe(500);
    const message = 'Failed to transition connector bad to state STARTED';
    expect((await connect.request('POST', '/connectors/bad/restart')).body).toEqual({ error_code: 500, message });
    expect((await connect.request('POST', '/connectors/bad/restart?includeTasks=true')).status).toBe(202);
    expect((await connect.request('POST', '/connectors/bad/tasks/0/restart')).status).toBe(404);
    expect((await connect.request('PUT', '/connectors/bad/pause')).status).toBe(202);
    expect((await connect.request('PUT', '/connectors/bad/resume')).status).toBe(202);
    expect(await statesOf(connect, 'bad')).toBe('FAILED: ');
    expect((await connect.request('POST', '/connectors', { name: 'bad', config: config('bad') })).status).toBe(409);
    expect((await connect.request('PUT', '/connectors/bad/stop')).status).toBe(204);
    expect(await statesOf(connect, 'bad')).toBe('STOPPED: ');
    expect((await connect.request('PATCH', '/connectors/bad/config', { 'connector.class': SOURCE })).status).toBe(200);
    expect(await statesOf(connect, 'bad')).toBe('STOPPED: ');
    await connect.request('PUT', '/connectors/bad/resume');
    await waitForStates(connect, 'bad', 'RUNNING: RUNNING');
    expect((await connect.request('DELETE', '/connectors/worse')).status).toBe(204);
    await connect.stop();

    connect = await startMonitorable({ dir, settings });
    expect((await connect.request('GET', '/connectors')).body).toEqual(['bad', 'good']);
    await connect.stop();
  });

  it('starts although the start of a connector does not return', async () => {
    const dir = tempDir('kept');
    const settings = { 'config.storage.dir': join(dir, 'connectors') };
    let connect = await startMonitorable({ dir, settings });
    const name = uniqueName('slow');
    await connect.create(name, config(name));
    await connect.create('other', config('other'));
    await connect.request('PUT', `/connectors/${name}/stop`);
    await connect.request('PATCH', `/connectors/${name}/config`, { block: 'Connector::start' });
    void connect.request('PUT', `/connectors/${name}/resume`).catch(() => {});
    await connect.waitFor('the call', async () => monitored().calls.at(-1) === `start ${name}`);
    await connect.stop();
    connect = await startMonitorable({ dir, settings });
    await waitForStates(connect, 'other', 'RUNNING: RUNNING');
    expect((await connect.request('DELETE', `/connectors/${name}`)).status).toBe(204);
    await connect.stop();
  });

  it('lets a connector file speak only when it is new or has changed, over kill -9', async () => {
    const dir = tempDir('kept');
    const start = (connectors: Readonly<Record<string, Readonly<Record<string, string>>>>): Promise<WorkerProcess> =>
      WorkerProcess.start({
        dir,
        bootstrapServers: `embedded:${join(dir, 'broker')}`,
        settings: { 'config.storage.dir': join(dir, 'connectors') },
        connectors,
      });
    const file = (topic: string): Record<string, string> => ({
      'connector.class': 'FileStreamSource',
      file: join(dir, 'in.txt'),
      topic,
    });
    const topicOf = async (worker: WorkerProcess, name: string): Promise<unknown> =>
      ((await worker.request('GET', `/connectors/${name}/config`)).body as { topic?: string }).topic;
    writeFileSync(join(dir, 'in.txt'), 'x\n');

    let worker = await start({ one: file('1'), two: file('2'), three: file('3') });
    await worker.request('PUT', '/connectors/one/config', file('1 by REST'));
    await worker.request('PUT', '/connectors/one/pause');
    await worker.request('DELETE', '/connectors/two');
    await worker.request('POST', '/connectors', { name: 'rest', config: file('rest') });
    await worker.process.kill();

    worker = await start({ one: file('1'), two: file('2'), three: file('3 anew'), rest: file('file') });
    // The file of this name is new here, and so it replaces what came by REST.
    expect(await topicOf(worker, 'rest')).toBe('file');
    expect(await topicOf(worker, 'three')).toBe('3 anew');
    expect(await topicOf(worker, 'one')).toBe('1 by REST');
    expect((await worker.request('GET', '/connectors/one/status')).body).toMatchObject({
      connector: { state: 'PAUSED' },
    });
    expect((await worker.request('GET', '/connectors/two')).status).toBe(404);
    await worker.process.kill();

    worker = await start({ one: file('1 in the file'), two: file('2 anew') });
    expect(await topicOf(worker, 'one')).toBe('1 in the file');
    expect((await worker.request('GET', '/connectors/one/status')).body).toMatchObject({
      connector: { state: 'RUNNING' },
    });
    expect(await topicOf(worker, 'two')).toBe('2 anew');
    // Their files are no longer named, and they stay.
    expect(await topicOf(worker, 'three')).toBe('3 anew');
    await worker.process.kill();
  });
});
