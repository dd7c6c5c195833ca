import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedConnect } from '../../src/testing/embedded-connect.ts';
import { tempDir } from '../support/temp-dir.ts';

const SOURCE = 'org.apache.kafka.connect.file.FileStreamSourceConnector';
const SINK = 'org.apache.kafka.connect.file.FileStreamSinkConnector';

let connect: EmbeddedConnect;
const dir = tempDir('rest');
beforeAll(async () => {
  connect = await EmbeddedConnect.start({ dir });
});
afterAll(() => connect.stop());

function sourceConfig(name: string, file = `${name}.in`): Record<string, string> {
  return { 'connector.class': 'FileStreamSource', 'tasks.max': '1', file: join(dir, file), topic: `topic-${name}` };
}

describe('the REST API of a standalone worker', () => {
  it('says who it is', async () => {
    const root = await connect.request('GET', '/');
    expect(root.status).toBe(200);
    expect(Object.keys(root.body as object)).toEqual(['version', 'commit', 'kafka_cluster_id']);
    expect(root.headers.get('content-type')).toBe('application/json');
    const health = await connect.waitFor('health', async () => {
      const answer = await connect.request('GET', '/health');
      return answer.status === 200 && answer;
    });
    expect(health.body).toEqual({
      status: 'healthy',
      message: 'Worker has completed startup and is ready to handle requests.',
    });
  });

  it('lists plugins, sinks before sources', async () => {
    const { body } = await connect.request('GET', '/connector-plugins');
    const plugins = body as { class: string; type: string; version: string }[];
    expect(plugins).toContainEqual({ class: SOURCE, type: 'source', version: expect.any(String) });
    expect(plugins).toContainEqual({ class: SINK, type: 'sink', version: expect.any(String) });
    expect(plugins.map(({ type }) => type)).toEqual([...plugins.map(({ type }) => type)].sort());
    const all = (await connect.request('GET', '/connector-plugins?connectorsOnly=false')).body as { type: string }[];
    expect(new Set(all.map(({ type }) => type))).toContain('converter');
  });

  it('creates, shows and deletes a connector', async () => {
    const created = await connect.request('POST', '/connectors', { name: 'life', config: sourceConfig('life') });
    expect(created.status).toBe(201);
    expect(created.headers.get('location')).toBe(`${connect.url}/connectors/life`);
    expect(created.body).toEqual({
      name: 'life',
      config: { name: 'life', ...sourceConfig('life') },
      tasks: [{ connector: 'life', task: 0 }],
      type: 'source',
    });
    expect((await connect.request('GET', '/connectors')).body).toContain('life');
    expect((await connect.request('GET', '/connectors/life')).body).toEqual(created.body);
    expect((await connect.request('GET', '/connectors/life/config')).body).toEqual({
      name: 'life',
      ...sourceConfig('life'),
    });
    const running = await connect.waitForTasks('life', 'RUNNING');
    expect(running).toEqual({
      name: 'life',
      connector: { state: 'RUNNING', worker_id: expect.stringMatching(/^127\.0\.0\.1:/), version: expect.any(String) },
      tasks: [{ id: 0, state: 'RUNNING', worker_id: expect.any(String), version: expect.any(String) }],
      type: 'source',
    });
    const tasks = (await connect.request('GET', '/connectors/life/tasks')).body;
    expect(tasks).toEqual([
      {
        id: { connector: 'life', task: 0 },
        config: expect.objectContaining({ 'task.class': 'org.apache.kafka.connect.file.FileStreamSourceTask' }),
      },
    ]);
    const expanded = (await connect.request('GET', '/connectors?expand=info&expand=status')).body as Record<
      string,
      object
    >;
    expect(Object.keys(expanded['life'] ?? {})).toEqual(['info', 'status']);
    expect((await connect.request('DELETE', '/connectors/life')).status).toBe(204);
    expect(await connect.request('GET', '/connectors/life')).toMatchObject({
      status: 404,
      body: { error_code: 404, message: 'Connector life not found' },
    });
    expect((await connect.request('GET', '/connectors/life/status')).body).toEqual({
      error_code: 404,
      message: 'No status found for connector life',
    });
  });

  it('names all five mistakes of a config and creates nothing', async () => {
    const config = {
      ...sourceConfig('five'),
      topic: '',
      'tasks.max': '0',
      'errors.tolerance': 'some',
      'errors.retry.timeout': 'long',
      'key.converter': 'com.example.None',
      transforms: 'a,a',
    };
    delete (config as Record<string, string>)['topic'];
    const { status, body } = await connect.request('POST', '/connectors', { name: 'five', config });
    expect(status).toBe(400);
    const { message } = body as { message: string };
    for (const part of [
      'Connector configuration is invalid and contains the following',
      'Missing required configuration "topic" which has no default value.',
      'Invalid value 0 for configuration tasks.max: Value must be at least 1',
      'Invalid value some for configuration errors.tolerance: String must be one of: none, all',
      'Invalid value long for configuration errors.retry.timeout: Not a number of type LONG',
      'Invalid value com.example.None for configuration key.converter: Class com.example.None could not be found.',
      'Duplicate alias provided.',
    ]) {
      expect(message).toContain(part);
    }
    expect((await connect.request('GET', '/connectors/five')).status).toBe(404);
  });

  it.each([
    ['an existing name', { name: 'dup', config: sourceConfig('dup') }, 409, /^Connector dup already exists$/],
    [
      'no connector.class',
      { name: 'x', config: { a: 'b' } },
      400,
      /^Connector config \{a=\[hidden\], name=x\} contains no connector type$/,
    ],
    [
      'an unknown class',
      { name: 'x', config: { 'connector.class': 'com.nope.Nope' } },
      400,
      /^Failed to find any class that implements Connector and which name matches com\.nope\.Nope, available connectors are: PluginDesc\{klass=class /,
    ],
    [
      'two names',
      { name: 'x', config: { ...sourceConfig('x'), name: 'y' } },
      400,
      /^Connector name configuration \(y\) doesn't match connector name in the URL \(x\)$/,
    ],
    ['an unknown field', { name: 'x', config: {}, foo: 1 }, 500, /Unrecognized field "foo"/],
    ['an array', [], 500, /must be a JSON object/],
    [
      'a sink without topics',
      { name: 'x', config: { 'connector.class': 'FileStreamSink' } },
      400,
      /Must configure one of topics or topics\.regex/,
    ],
    [
      'topics and regex',
      { name: 'x', config: { 'connector.class': 'FileStreamSink', topics: 'a', 'topics.regex': 'b' } },
      400,
      /mutually exclusive options/,
    ],
    ['an empty name', { name: '', config: sourceConfig('x') }, 400, /String may not be empty/],
    ['an unknown initial state', { name: 'x', config: sourceConfig('x'), initial_state: 'ON' }, 500, /initial_state/],
  ])('refuses %s', async (_what, body, status, message) => {
    if ((await connect.request('GET', '/connectors/dup')).status === 404)
      await connect.create('dup', sourceConfig('dup'));
    const answer = await connect.request('POST', '/connectors', body);
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({ error_code: status, message: expect.stringMatching(message) });
    expect((await connect.request('GET', '/connectors/x')).status).toBe(404);
  });

  it('keeps to the rules of the transport', async () => {
    const raw = async (init: RequestInit & { path: string }): Promise<[number, string]> => {
      const response = await fetch(`${connect.url}${init.path}`, init);
      return [response.status, await response.text()];
    };
    expect(await raw({ path: '/nope' })).toEqual([404, '{"error_code":404,"message":"HTTP 404 Not Found"}']);
    expect(await raw({ path: '/connectors', method: 'PATCH' })).toEqual([
      405,
      '{"error_code":405,"message":"HTTP 405 Method Not Allowed"}',
    ]);
    expect(
      await raw({ path: '/connectors', method: 'POST', body: 'x', headers: { 'content-type': 'text/plain' } }),
    ).toEqual([415, '{"error_code":415,"message":"HTTP 415 Unsupported Media Type"}']);
    expect(await raw({ path: '/connectors', headers: { accept: 'text/html' } })).toEqual([
      406,
      '{"error_code":406,"message":"HTTP 406 Not Acceptable"}',
    ]);
    expect(
      (
        await raw({ path: '/connectors', method: 'POST', body: '{', headers: { 'content-type': 'application/json' } })
      )[0],
    ).toBe(500);
    expect(
      (await raw({ path: '/connectors', method: 'POST', headers: { 'content-type': 'application/json' } }))[0],
    ).toBe(500);
    expect((await raw({ path: '/connectors/' }))[0]).toBe(200);
    expect((await raw({ path: '/connectors', method: 'HEAD' }))[1]).toBe('');
    expect((await raw({ path: '/connectors/x/tasks/y/status' }))[1]).toBe(
      '{"error_code":404,"message":"HTTP 404 Not Found"}',
    );
  });

  it('answers for unknown connectors and tasks', async () => {
    for (const [method, path, status, message] of [
      ['GET', '/connectors/no/config', 404, 'Connector no not found'],
      ['GET', '/connectors/no/tasks', 404, 'Connector no not found'],
      ['GET', '/connectors/no/tasks/0/status', 404, 'No status found for task no-0'],
      ['PUT', '/connectors/no/pause', 404, 'Unknown connector no'],
      ['PUT', '/connectors/no/resume', 404, 'Unknown connector no'],
      ['PUT', '/connectors/no/stop', 404, 'Unknown connector no'],
      ['POST', '/connectors/no/restart', 404, 'Unknown connector: no'],
      ['POST', '/connectors/no/tasks/0/restart', 404, 'Unknown connector: no'],
      ['DELETE', '/connectors/no', 404, 'Connector no not found'],
    ] as const) {
      expect(await connect.request(method, path), `${method} ${path}`).toMatchObject({
        status,
        body: { error_code: status, message },
      });
    }
  });

  it('pauses, resumes, stops and restarts', async () => {
    const name = 'states';
    const file = join(dir, 'states.in');
    writeFileSync(file, 'one\n');
    await connect.create(name, sourceConfig(name));
    await connect.create('states-out', {
      'connector.class': 'FileStreamSink',
      topics: `topic-${name}`,
      file: join(dir, 'states.out'),
    });
    const out = (): string => {
      try {
        return readFileSync(join(dir, 'states.out'), 'utf8');
      } catch {
        return '';
      }
    };
    await connect.waitFor('the first line', async () => out() === 'one\n');

    expect((await connect.request('PUT', `/connectors/${name}/pause`)).status).toBe(202);
    expect((await connect.waitForTasks(name, 'PAUSED')).connector.state).toBe('PAUSED');
    writeFileSync(file, 'two\n', { flag: 'a' });
    expect((await connect.request('PUT', `/connectors/${name}/resume`)).status).toBe(202);
    expect((await connect.waitForTasks(name, 'RUNNING')).connector.state).toBe('RUNNING');
    await connect.waitFor('the second line', async () => out() === 'one\ntwo\n');

    expect((await connect.request('PUT', `/connectors/${name}/stop`)).status).toBe(204);
    expect(await connect.status(name)).toMatchObject({ connector: { state: 'STOPPED' }, tasks: [] });
    expect((await connect.request('GET', `/connectors/${name}/tasks`)).body).toEqual([]);
    writeFileSync(file, 'three\n', { flag: 'a' });
    await connect.request('PUT', `/connectors/${name}/resume`);
    await connect.waitFor('the third line, and none of the others again', async () => out() === 'one\ntwo\nthree\n');

    expect((await connect.request('POST', `/connectors/${name}/restart`)).status).toBe(204);
    expect((await connect.request('POST', `/connectors/${name}/tasks/0/restart`)).status).toBe(204);
    const plan = await connect.request('POST', `/connectors/${name}/restart?includeTasks=true`);
    expect(plan).toMatchObject({
      status: 202,
      body: { connector: { state: 'RESTARTING' }, tasks: [{ id: 0, state: 'RESTARTING' }] },
    });
    await connect.waitForTasks(name, 'RUNNING');
    writeFileSync(file, 'four\n', { flag: 'a' });
    await connect.waitFor(
      'the fourth line, and none of the others again',
      async () => out() === 'one\ntwo\nthree\nfour\n',
    );
    expect((await connect.request('POST', `/connectors/${name}/restart?onlyFailed=true`)).body).toMatchObject({
      connector: { state: 'RUNNING' },
      tasks: [{ state: 'RUNNING' }],
    });
  });

  it('starts a connector paused or stopped when it is told to', async () => {
    const paused = await connect.request('POST', '/connectors', {
      name: 'p',
      config: sourceConfig('p'),
      initial_state: 'paused',
    });
    expect(paused).toMatchObject({ status: 201, body: { tasks: [] } });
    expect(await connect.status('p')).toMatchObject({ connector: { state: 'PAUSED' }, tasks: [] });
    await connect.request('PUT', '/connectors/p/resume');
    await connect.waitForTasks('p', 'RUNNING');
    const stopped = await connect.request('POST', '/connectors', {
      name: 's',
      config: sourceConfig('s'),
      initial_state: 'STOPPED',
    });
    expect(stopped.status).toBe(201);
    expect(await connect.status('s')).toMatchObject({ connector: { state: 'STOPPED' }, tasks: [] });
  });

  it('changes a config with PUT and PATCH, and starts the tasks anew', async () => {
    const put = await connect.request('PUT', '/connectors/put/config', sourceConfig('put'));
    expect(put).toMatchObject({ status: 201 });
    const again = await connect.request('PUT', '/connectors/put/config', { ...sourceConfig('put'), 'batch.size': 7 });
    expect(again).toMatchObject({ status: 200, body: { config: { 'batch.size': '7' } } });
    const patched = await connect.request('PATCH', '/connectors/put/config', { 'batch.size': null, topic: 'other' });
    expect(patched.status).toBe(200);
    expect((patched.body as { config: object }).config).not.toHaveProperty('batch.size');
    expect(patched.body).toMatchObject({ config: { topic: 'other' } });
    await connect.waitForTasks('put', 'RUNNING');
    expect((await connect.request('PATCH', '/connectors/put/config', { name: 'other' })).status).toBe(400);
  });

  it('shows a failed task with its trace, and keeps it FAILED over pause and resume', async () => {
    mkdirSync(join(dir, 'folder'));
    await connect.create('fails', sourceConfig('fails', 'folder'));
    const failed = await connect.waitForTasks('fails', 'FAILED');
    expect(failed.tasks[0]?.trace).toMatch(/folder/);
    await connect.request('PUT', '/connectors/fails/pause');
    await connect.request('PUT', '/connectors/fails/resume');
    expect((await connect.status('fails')).tasks[0]?.state).toBe('FAILED');
  });
});
