import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { connectorPluginsResources } from '../../../src/rest/connector-plugins-resource.ts';
import { connectorsResources } from '../../../src/rest/connectors-resource.ts';
import { RestServer } from '../../../src/rest/rest-server.ts';
import { rootResources } from '../../../src/rest/root-resource.ts';
import type {
  ConnectorStateInfo,
  Herder,
  HerderHealth,
  RawConnectorConfig,
} from '../../../src/runtime/herder/herder.ts';
import type { PluginType } from '../../../src/runtime/plugins/plugin-desc.ts';
import { NotFoundError } from '../../../src/sdk/errors/kinds.ts';

const STATUS = { workerId: 'h:1', version: '1', trace: '' };
const PARKED = {
  dependency: 'schema registry (writes)',
  gateId: 'g',
  reason: 'refused',
  code: 'holdfast.registry.unavailable',
  partitions: ['t-0'],
  since: Date.UTC(2026, 0, 1),
  attempts: 3,
  nextProbeAt: null,
};
const STATE: ConnectorStateInfo = {
  name: 'c',
  type: 'sink',
  connector: { ...STATUS, state: 'RUNNING' },
  tasks: [
    { ...STATUS, id: 0, state: 'RUNNING', parked: PARKED },
    { ...STATUS, id: 1, state: 'FAILED', trace: 'Error: x\n', parked: null, version: null },
  ],
};

class FakeHerder {
  readonly calls: unknown[][] = [];
  currentHealth: HerderHealth = { status: 'healthy', detail: '' };

  async health(): Promise<HerderHealth> {
    return this.currentHealth;
  }
  async kafkaClusterId(): Promise<string | null> {
    return null;
  }
  async connectors(): Promise<readonly string[]> {
    return ['c', 'deleted-meanwhile'];
  }
  async connectorInfo(name: string): Promise<object> {
    if (name !== 'c') throw new NotFoundError(`Connector ${name} not found`);
    return { name, config: { a: 'b', name }, tasks: [{ connector: name, task: 0 }], type: 'sink' };
  }
  async connectorConfig(name: string): Promise<object> {
    if (name !== 'c') throw new NotFoundError(`Connector ${name} not found`);
    return {};
  }
  async connectorStatus(name: string): Promise<ConnectorStateInfo> {
    if (name !== 'c') throw new NotFoundError(`No status found for connector ${name}`);
    return STATE;
  }
  async taskStatus(): Promise<object> {
    return STATE.tasks[0] ?? {};
  }
  async putConnectorConfig(name: string, config: RawConnectorConfig, options: object): Promise<object> {
    this.calls.push([name, config, options]);
    return { created: true, info: { name, config, tasks: [], type: 'source' } };
  }
  async patchConnectorConfig(name: string, patch: RawConnectorConfig): Promise<object> {
    this.calls.push([name, patch]);
    return { name, config: patch, tasks: [], type: 'source' };
  }
  async restartConnector(name: string): Promise<void> {
    this.calls.push(['restart', name]);
  }
  async restartConnectorAndTasks(name: string, options: object): Promise<ConnectorStateInfo> {
    this.calls.push(['plan', name, options]);
    return STATE;
  }
  async plugins(types: readonly PluginType[]): Promise<readonly object[]> {
    this.calls.push([types]);
    return [{ className: 'x.Y', type: 'sink', version: '1' }];
  }
}

function open(showParked = true): {
  herder: FakeHerder;
  server: RestServer;
  send: (method: string, url: string, body?: unknown) => Promise<{ status: number; body: unknown; location: unknown }>;
} {
  const herder = new FakeHerder();
  const clock = new ManualClock();
  const server = new RestServer({
    resources: [
      ...rootResources({ herder: herder as unknown as Herder, version: '0.1.0', clock }),
      ...connectorPluginsResources({ herder: herder as unknown as Herder }),
      ...connectorsResources({ herder: herder as unknown as Herder, showParked }),
    ],
    clock,
    logger: silentLogger,
    stage: () => '',
  });
  const send = async (method: string, url: string, body?: unknown) => {
    const {
      status,
      body: text,
      headers,
    } = await server.inject({
      method: method as 'GET',
      url,
      ...(body === undefined
        ? {}
        : { payload: JSON.stringify(body), headers: { 'content-type': 'application/json', host: 'h:1' } }),
    });
    return { status, body: text === '' ? null : JSON.parse(text), location: headers['location'] };
  };
  return { herder, server, send };
}

describe('POST /connectors', () => {
  // As a Kafka Connect 4.1.1 answered.
  it.each([
    ["a:b@c;d&e=f,g$h+i!'(x)*~", "a:b@c;d&e=f,g$h+i!'(x)*~"],
    ['a/b ü', 'a/b%20%C3%BC'],
    ['a%20b', 'a%20b'],
    ['a%b', 'a%25b'],
    ['a?b#c[d]', 'a%3Fb%23c%5Bd%5D'],
    ['/', ''],
    ['\ud800', '%3F'],
  ])('tells the location of %j as Kafka Connect does', async (name, path) => {
    const answer = await open().send('POST', '/connectors', { name, config: {} });
    expect(answer).toMatchObject({ status: 201, location: `http://h:1/connectors/${path}` });
  });

  it('coerces scalars to text, puts the name last, trims it, and locates what it made', async () => {
    const { herder, send } = open();
    const config = { 'connector.class': 'X', 'tasks.max': 1, flag: true, float: 1.5, nothing: null };
    const answer = await send('POST', '/connectors', { name: ' a b ', config, initial_state: 'paused' });
    expect(answer).toMatchObject({ status: 201, location: 'http://h:1/connectors/a%20b' });
    expect(herder.calls).toEqual([
      [
        'a b',
        { 'connector.class': 'X', 'tasks.max': '1', flag: 'true', float: '1.5', nothing: null, name: 'a b' },
        { allowReplace: false, initialState: 'PAUSED' },
      ],
    ]);
    expect(Object.keys(herder.calls[0]?.[1] as object).at(-1)).toBe('name');
  });

  it.each([
    ['no body', undefined, 500, /must be a JSON object, not null/],
    ['null', null, 500, /must be a JSON object, not null/],
    ['an array', [], 500, /must be a JSON object, not an array/],
    ['text', 'x', 500, /must be a JSON object, not a string/],
    ['no config', { name: 'x' }, 500, /Cannot deserialize config/],
    ['an unknown field', { name: 'x', config: {}, foo: 1 }, 500, /Unrecognized field "foo"/],
    ['a nested value', { name: 'x', config: { o: { a: 1 } } }, 500, /the value of o in config/],
    ['a list in a value', { name: 'x', config: { o: [1] } }, 500, /not an array/],
    ['a name that is no text', { name: {}, config: {} }, 500, /Cannot deserialize name/],
    ['an unknown initial_state', { name: 'x', config: {}, initial_state: 'WRONG' }, 500, /RUNNING, PAUSED, STOPPED/],
    [
      'an initial_state from Object.prototype',
      { name: 'x', config: {}, initial_state: 'constructor' },
      500,
      /initial_state/,
    ],
    [
      'two names',
      { name: 'x', config: { name: 'y' } },
      400,
      /^Connector name configuration \(y\) doesn't match connector name in the URL \(x\)$/,
    ],
    [
      'a name in the config only',
      { config: { name: 'y' } },
      400,
      /\(y\) doesn't match connector name in the URL \(\)$/,
    ],
  ])('refuses %s', async (_what, body, status, message) => {
    const { herder, send } = open();
    const answer = await send('POST', '/connectors', body);
    expect(answer).toMatchObject({ status, body: { error_code: status, message: expect.stringMatching(message) } });
    expect(herder.calls).toEqual([]);
  });

  it('hands on an empty name for validation to refuse', async () => {
    const { herder, send } = open();
    await send('POST', '/connectors', { config: { a: 'b' } });
    expect(herder.calls[0]?.slice(0, 2)).toEqual(['', { a: 'b', name: '' }]);
  });

  it('keeps a key named __proto__ a key', async () => {
    const { herder, send } = open();
    await send('PUT', '/connectors/c/config', JSON.parse('{"__proto__":"x"}'));
    expect(Object.keys(herder.calls[0]?.[1] as object)).toEqual(['__proto__', 'name']);
  });
});

describe('changes of a configuration', () => {
  it('PUT takes a flat map and answers 201 with the location of what is new', async () => {
    const { herder, send } = open();
    const answer = await send('PUT', '/connectors/c/config', { a: 1 });
    expect(answer).toMatchObject({ status: 201, location: 'http://h:1/connectors/c' });
    expect(herder.calls).toEqual([['c', { a: '1', name: 'c' }, { allowReplace: true }]]);
    expect((await send('PUT', '/connectors/c/config', { name: 'd' })).status).toBe(400);
    expect((await send('PUT', '/connectors/c/config')).status).toBe(500);
  });

  it('PATCH keeps null for the herder to take away, and changes no name', async () => {
    const { herder, send } = open();
    expect((await send('PATCH', '/connectors/c/config', { a: null, b: 2 })).status).toBe(200);
    expect(herder.calls).toEqual([['c', { a: null, b: '2' }]]);
    expect((await send('PATCH', '/connectors/c/config', { name: 'd' })).status).toBe(400);
    expect((await send('PATCH', '/connectors/c/config', { name: null })).status).toBe(400);
    expect((await send('PATCH', '/connectors/c/config', { name: 'c' })).status).toBe(200);
  });

  it('PATCH without a patch is 404 for a connector that is not there, as with Kafka Connect', async () => {
    const { send } = open();
    expect((await send('PATCH', '/connectors/none/config', null)).status).toBe(404);
    expect((await send('PATCH', '/connectors/none/config', { name: 'other' })).status).toBe(404);
    expect((await send('PATCH', '/connectors/c/config', null)).status).toBe(500);
  });

  it('keep the text of numbers as it was written', async () => {
    const { herder, server } = open();
    const headers = { 'content-type': 'application/json' };
    const payload = '{"a":1.0,"b":1e3,"c":12345678901234567890,"d":true}';
    await server.inject({ method: 'PATCH', url: '/connectors/c/config', headers, payload });
    expect(herder.calls).toEqual([['c', { a: '1.0', b: '1e3', c: '12345678901234567890', d: 'true' }]]);
  });
});

describe('status', () => {
  it('has the fields of Kafka Connect in their order, and parked', async () => {
    const { body } = await open().send('GET', '/connectors/c/status');
    expect(JSON.stringify(body)).toBe(
      '{"name":"c","connector":{"state":"RUNNING","worker_id":"h:1","version":"1"},"tasks":[' +
        '{"id":0,"state":"RUNNING","worker_id":"h:1","version":"1","parked":{"dependency":"schema registry (writes)","reason":"refused",' +
        '"code":"holdfast.registry.unavailable","partitions":["t-0"],"since":"2026-01-01T00:00:00.000Z","attempts":3,"next_probe":null}},' +
        '{"id":1,"state":"FAILED","worker_id":"h:1","version":null,"trace":"Error: x\\n"}],"type":"sink"}',
    );
  });

  it('leaves parked out everywhere with status.parked.enable=false', async () => {
    const { send } = open(false);
    for (const url of ['/connectors/c/status', '/connectors/c/tasks/0/status', '/connectors?expand=status']) {
      expect(JSON.stringify((await send('GET', url)).body)).not.toContain('parked');
    }
    expect(JSON.stringify((await send('POST', '/connectors/c/restart?includeTasks=true')).body)).not.toContain(
      'parked',
    );
  });

  it('expands what is asked for, ignores what is unknown, and leaves out what was deleted meanwhile', async () => {
    const { send } = open();
    expect((await send('GET', '/connectors')).body).toEqual(['c', 'deleted-meanwhile']);
    const both = (await send('GET', '/connectors?expand=info&expand=status')).body as Record<string, object>;
    expect(Object.keys(both)).toEqual(['c']);
    expect(Object.keys(both['c'] ?? {})).toEqual(['info', 'status']);
    expect((await send('GET', '/connectors?expand=zzz')).body).toEqual({ c: {}, 'deleted-meanwhile': {} });
  });

  it('expands a connector of any name', async () => {
    const { herder, send } = open();
    herder.connectors = async () => ['__proto__', 'constructor'];
    const { body } = await send('GET', '/connectors?expand=zzz');
    expect(Object.keys(body as object)).toEqual(['__proto__', 'constructor']);
  });

  it.each(['x', '1.5', '99999999999'])('takes a task id of %j for an unknown path', async (id) => {
    expect((await open().send('GET', `/connectors/c/tasks/${id}/status`)).body).toMatchObject({ error_code: 404 });
  });
});

describe('restart', () => {
  it.each([
    ['', 'restart'],
    ['?includeTasks=false&onlyFailed=false', 'restart'],
    ['?includeTasks=banana', 'restart'],
    ['?includeTasks=TRUE', { includeTasks: true, onlyFailed: false }],
    ['?onlyFailed=true', { includeTasks: false, onlyFailed: true }],
  ])('%j', async (query, expected) => {
    const { herder, send } = open();
    const { status } = await send('POST', `/connectors/c/restart${query}`);
    expect(status).toBe(expected === 'restart' ? 204 : 202);
    expect(herder.calls).toEqual([expected === 'restart' ? ['restart', 'c'] : ['plan', 'c', expected]]);
  });
});

describe('the root', () => {
  it('says which API it speaks', async () => {
    const { body } = await open().send('GET', '/');
    expect(JSON.stringify(body)).toBe('{"version":"4.1.1","commit":"holdfast-0.1.0","kafka_cluster_id":null}');
  });

  it.each([
    [{ status: 'healthy', detail: '' }, 200, 'Worker has completed startup and is ready to handle requests.'],
    [{ status: 'starting', detail: 'Waiting.' }, 503, 'Worker is still starting up. Waiting.'],
    [
      { status: 'unhealthy', detail: '' },
      500,
      'Worker was unable to handle this request and may be unable to handle other requests.',
    ],
  ] as const)('health %o', async (health, status, message) => {
    const { herder, send } = open();
    herder.currentHealth = health;
    expect(await send('GET', '/health')).toMatchObject({ status, body: { status: health.status, message } });
  });

  it.each([
    ['', 2],
    ['?connectorsOnly=true', 2],
    ['?connectorsOnly=false', 6],
    ['?connectorsOnly=banana', 6],
    ['?connectorsOnly=', 2],
    ['?connectorsOnly', 2],
    ['?connectorsOnly=%20', 2],
  ])('plugins%s: %i types', async (query, types) => {
    const { herder, send } = open();
    const { body } = await send('GET', `/connector-plugins${query}`);
    expect(body).toEqual([{ class: 'x.Y', type: 'sink', version: '1' }]);
    expect(herder.calls[0]?.[0]).toHaveLength(types);
  });
});
