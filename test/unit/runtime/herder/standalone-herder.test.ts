import { beforeEach, describe, expect, it } from 'vitest';
import { errorToWire } from '../../../../src/sdk/errors/error-wire.ts';
import { ConnectError, NotFoundError } from '../../../../src/sdk/errors/index.ts';
import { settle } from '../fake-task-edges.ts';
import { openHerder } from './scripted-connector.ts';

const NEVER = new Promise<never>(() => {});

let opened: ReturnType<typeof openHerder>;
beforeEach(async () => {
  opened = openHerder();
  await opened.herder.start();
});

const config = (name: string, more: Record<string, string> = {}): Record<string, string> => ({
  name,
  'connector.class': 'ScriptedSource',
  topic: 't',
  ...more,
});

async function create(
  name: string,
  more: Record<string, string> = {},
  initialState: 'STARTED' | 'PAUSED' | 'STOPPED' = 'STARTED',
): Promise<void> {
  await opened.herder.putConnectorConfig(name, config(name, more), { allowReplace: false, initialState });
  await settle();
}

/** `connector: task 0, task 1, …` */
async function states(name: string): Promise<string> {
  const { connector, tasks } = await opened.herder.connectorStatus(name);
  return `${connector.state}: ${tasks.map(({ state }) => state).join(', ')}`;
}

function failTask(name: string, task: number, message: string): void {
  const id = { connector: name, task };
  opened.host().emit({ type: 'task.failed', id, error: errorToWire(new Error(message)) });
  opened.host().emit({ type: 'task.ended', id });
}

describe('StandaloneHerder', () => {
  it('starts a connector and its tasks, with task.class in their configurations', async () => {
    await create('c', { 'tasks.max': '2' });
    expect(opened.script.calls).toEqual(['start c', 'taskConfigs 2']);
    expect(await states('c')).toBe('RUNNING: RUNNING, RUNNING');
    expect(await opened.herder.connectorStatus('c')).toMatchObject({
      type: 'source',
      connector: { workerId: '127.0.0.1:8083', version: '4.5.6', trace: '' },
      tasks: [{ id: 0, version: '1.2.3', parked: null }, { id: 1 }],
    });
    expect((await opened.herder.taskInfos('c'))[1]).toMatchObject({
      id: { connector: 'c', task: 1 },
      config: { 'task.class': 'test.ScriptedSource', 'task.id': '1' },
    });
  });

  it('refuses an existing name, and an invalid configuration before it changes anything', async () => {
    await create('c');
    await expect(create('c')).rejects.toMatchObject({
      name: 'AlreadyExistsError',
      message: 'Connector c already exists',
    });
    const invalid = opened.herder.putConnectorConfig('c', config('c', { 'tasks.max': '0' }), { allowReplace: true });
    await expect(invalid).rejects.toThrow('Value must be at least 1');
    expect(await opened.herder.connectorConfig('c')).toEqual(config('c'));
    expect(await states('c')).toBe('RUNNING: RUNNING');
    expect(opened.script.calls).not.toContain('stop');
  });

  it.each([
    ['connectorInfo', 'Connector no not found'],
    ['connectorConfig', 'Connector no not found'],
    ['taskInfos', 'Connector no not found'],
    ['deleteConnector', 'Connector no not found'],
    ['connectorStatus', 'No status found for connector no'],
    ['pauseConnector', 'Unknown connector no'],
    ['resumeConnector', 'Unknown connector no'],
    ['stopConnector', 'Unknown connector no'],
    ['restartConnector', 'Unknown connector: no'],
  ] as const)('%s of an unknown connector: %s', async (method, message) => {
    await expect(opened.herder[method]('no')).rejects.toMatchObject({ name: 'NotFoundError', message });
  });

  it('knows no phantom tasks', async () => {
    await create('c');
    const { herder } = opened;
    await expect(herder.restartTask({ connector: 'c', task: 9 })).rejects.toThrow('Task c-9 not found');
    await expect(herder.restartTask({ connector: 'no', task: 0 })).rejects.toThrow('Unknown connector: no');
    await expect(herder.taskStatus({ connector: 'c', task: 9 })).rejects.toThrow('No status found for task c-9');
    await herder.stopConnector('c');
    await expect(herder.restartTask({ connector: 'c', task: 0 })).rejects.toThrow('Task c-0 not found');
    expect(await states('c')).toBe('STOPPED: ');
  });

  it('pauses and resumes the same instance, both idempotent', async () => {
    await create('c');
    await opened.herder.pauseConnector('c');
    await opened.herder.pauseConnector('c');
    await settle();
    expect(await states('c')).toBe('PAUSED: PAUSED');
    await opened.herder.resumeConnector('c');
    await opened.herder.resumeConnector('c');
    await settle();
    expect(await states('c')).toBe('RUNNING: RUNNING');
    expect(opened.script.calls).toEqual(['start c', 'taskConfigs 1', 'stop', 'start c', 'taskConfigs 1']);
    expect(opened.script.contexts).toHaveLength(1);
    // The tasks were never started anew.
    expect(opened.host().started()).toHaveLength(1);
  });

  it('stops to no tasks at all, and resumes from there', async () => {
    await create('c', { 'tasks.max': '2' });
    await opened.herder.stopConnector('c');
    await opened.herder.stopConnector('c');
    expect(await states('c')).toBe('STOPPED: ');
    expect(await opened.herder.taskInfos('c')).toEqual([]);
    expect((await opened.herder.connectorInfo('c')).tasks).toEqual([]);
    await opened.herder.resumeConnector('c');
    await settle();
    expect(await states('c')).toBe('RUNNING: RUNNING, RUNNING');
  });

  it('pauses what is STOPPED without tasks, which come with the first resume', async () => {
    await create('c');
    await opened.herder.stopConnector('c');
    await opened.herder.pauseConnector('c');
    expect(await states('c')).toBe('PAUSED: ');
    expect((await opened.herder.connectorStatus('c')).connector.version).toBe('1.2.3');
    await opened.herder.resumeConnector('c');
    await settle();
    expect(await states('c')).toBe('RUNNING: RUNNING');
  });

  it.each([
    ['PAUSED', 'PAUSED: '],
    ['STOPPED', 'STOPPED: '],
  ] as const)(
    'starts nothing with initial_state %s, also when it is configured anew, until it is resumed',
    async (state, shown) => {
      await create('c', {}, state);
      expect(await states('c')).toBe(shown);
      await opened.herder.putConnectorConfig('c', config('c', { 'tasks.max': '2' }), { allowReplace: true });
      expect(await states('c')).toBe(shown);
      expect(opened.script.calls).toEqual([]);
      await opened.herder.resumeConnector('c');
      await settle();
      expect(await states('c')).toBe('RUNNING: RUNNING, RUNNING');
    },
  );

  it('shows a connector whose start throws as FAILED, which pause and resume leave so and a restart heals', async () => {
    opened.script.start = () => {
      throw new Error('no such host');
    };
    await expect(create('c')).rejects.toMatchObject({
      message: 'Failed to transition connector c to state STARTED',
      code: 'holdfast.connector.start-failed',
    });
    const { connector, tasks } = await opened.herder.connectorStatus('c');
    expect(connector).toMatchObject({ state: 'FAILED', trace: expect.stringContaining('Error: no such host') });
    expect(tasks).toEqual([]);
    await opened.herder.pauseConnector('c');
    expect(await states('c')).toBe('FAILED: ');
    await opened.herder.resumeConnector('c');
    expect(await states('c')).toBe('FAILED: ');
    await expect(opened.herder.restartConnector('c')).rejects.toThrow('Failed to transition connector c');
    opened.script.start = () => {};
    await opened.herder.restartConnector('c');
    await settle();
    expect(await states('c')).toBe('RUNNING: RUNNING');
  });

  it('fails a connector whose asynchronous initialize rejects, also when it is started later', async () => {
    opened.script.initialize = async () => {
      throw new Error('no licence');
    };
    await create('p', {}, 'PAUSED');
    await expect(create('c')).rejects.toMatchObject({ code: 'holdfast.connector.start-failed' });
    expect((await opened.herder.connectorStatus('c')).connector.trace).toContain('Error: no licence');
    expect(opened.script.calls).toEqual([]);
    expect(await states('p')).toBe('PAUSED: ');
    await opened.herder.resumeConnector('p');
    expect(await states('p')).toBe('FAILED: ');
  });

  it('stops and deletes a FAILED connector', async () => {
    opened.script.start = () => {
      throw new Error('no');
    };
    await expect(create('c')).rejects.toThrow();
    await opened.herder.stopConnector('c');
    expect(await opened.herder.connectorStatus('c')).toMatchObject({
      connector: { state: 'STOPPED', version: '1.2.3', trace: '' },
    });
    await opened.herder.deleteConnector('c');
    expect(await opened.herder.connectors()).toEqual([]);
    await expect(opened.herder.connectorStatus('c')).rejects.toThrow('No status found');
  });

  it('fails a connector whose taskConfigs throws, and keeps the tasks it had', async () => {
    await create('c');
    opened.script.taskConfigs = async () => {
      throw new Error('cannot list tables');
    };
    await expect(opened.herder.restartConnector('c')).rejects.toThrow(
      'Failed to generate task configurations for connector c: cannot list tables',
    );
    expect(await states('c')).toBe('FAILED: RUNNING');
  });

  it.each([
    [null, 'null. Return an array'],
    [{ 0: {} }, 'an object of class Object. Return an array'],
    [[null], 'null for task 0. Return an object whose values are strings.'],
    [[{ a: 'b' }, { n: 5 }], 'a number at n for task 1. Return it as a string.'],
  ])('says what taskConfigs returned that is none: %j', async (returned, said) => {
    await create('c');
    opened.script.taskConfigs = () => returned as never;
    await expect(opened.herder.restartConnector('c')).rejects.toThrow(
      `Failed to generate task configurations for connector c: taskConfigs() of the connector returned ${said}`,
    );
    expect(await states('c')).toBe('FAILED: RUNNING');
  });

  it.each([null, undefined, 'a text', Object.create(null)])(
    'fails a connector that throws no error: %#',
    async (thrown) => {
      await create('c');
      opened.script.taskConfigs = () => {
        throw thrown;
      };
      await expect(opened.herder.restartConnector('c')).rejects.toMatchObject({
        code: 'holdfast.connector.task-configs-failed',
        message: expect.stringMatching(
          /^Failed to generate task configurations for connector c: (null|undefined|a text|a value .*)$/,
        ),
      });
      expect(await states('c')).toBe('FAILED: RUNNING');
    },
  );

  it('fails a connector that makes too many tasks, unless tasks.max.enforce is false', async () => {
    opened.script.taskConfigs = () => Array.from({ length: 5 }, () => ({}));
    await expect(create('c', { 'tasks.max': '2' })).rejects.toThrow('generated 5 tasks');
    const { connector } = await opened.herder.connectorStatus('c');
    expect(connector.state).toBe('FAILED');
    expect(connector.trace).toContain(
      "The connector c has generated 5 tasks, which is greater than 2, the maximum number of tasks it is configured to create. This behaviour should be considered a bug and is disallowed. If necessary, it can be permitted by reconfiguring the connector with 'tasks.max.enforce' set to false; however, this option will be removed in a future release of Kafka Connect.",
    );
    await create('d', { 'tasks.max': '2', 'tasks.max.enforce': 'false' });
    expect((await opened.herder.connectorStatus('d')).tasks).toHaveLength(5);
  });

  it('finds mistakes of topic.creation only at the start, as Kafka Connect', async () => {
    const more = { 'topic.creation.default.partitions': '0', 'topic.creation.default.replication.factor': '1' };
    await expect(create('c', more)).rejects.toThrow('Failed to transition connector c');
    expect((await opened.herder.connectorStatus('c')).connector.trace).toContain(
      "Number of partitions must be positive, or -1 to use the broker's default",
    );
  });

  it('keeps a FAILED task FAILED over pause and resume, beside a connector that toggles', async () => {
    await create('c', { 'tasks.max': '2' });
    failTask('c', 1, 'bad record');
    expect(await states('c')).toBe('RUNNING: RUNNING, FAILED');
    expect((await opened.herder.taskStatus({ connector: 'c', task: 1 })).trace).toContain('Error: bad record');
    await opened.herder.pauseConnector('c');
    await settle();
    expect(await states('c')).toBe('PAUSED: PAUSED, FAILED');
    await opened.herder.resumeConnector('c');
    await settle();
    expect(await states('c')).toBe('RUNNING: RUNNING, FAILED');
    await opened.herder.restartTask({ connector: 'c', task: 1 });
    await settle();
    expect(await states('c')).toBe('RUNNING: RUNNING, RUNNING');
  });

  it('plans a restart: chosen ones show RESTARTING and keep their trace, the others their state', async () => {
    await create('c', { 'tasks.max': '2' });
    failTask('c', 0, 'bad record');
    const { herder } = opened;
    const plan = await herder.restartConnectorAndTasks('c', { onlyFailed: true, includeTasks: true });
    expect(plan).toMatchObject({
      connector: { state: 'RUNNING' },
      tasks: [{ state: 'RESTARTING', trace: expect.stringContaining('bad record') }, { state: 'RUNNING' }],
    });
    await settle();
    expect(await states('c')).toBe('RUNNING: RUNNING, RUNNING');
    expect(opened.host().started()).toEqual([
      { connector: 'c', task: 0 },
      { connector: 'c', task: 1 },
      { connector: 'c', task: 0 },
    ]);
    const healthy = await herder.restartConnectorAndTasks('c', { onlyFailed: true, includeTasks: true });
    expect(healthy.connector.state).toBe('RUNNING');
    await expect(herder.restartConnectorAndTasks('no', { onlyFailed: true, includeTasks: true })).rejects.toThrow(
      'Unknown connector: no',
    );
  });

  it('carries a planned restart out although its connector fails to start', async () => {
    await create('c');
    opened.script.start = () => {
      throw new Error('no');
    };
    await opened.herder.restartConnectorAndTasks('c', { onlyFailed: false, includeTasks: true });
    await settle();
    expect(await states('c')).toBe('FAILED: RUNNING');
    expect(opened.host().started()).toHaveLength(2);
  });

  it('stops the tasks of a restart together: those that hang cost one deadline, not one each', async () => {
    await create('c', { 'tasks.max': '4' });
    const { herder, clock } = opened;
    const first = opened.host();
    first.onPosted = (message) => message.type === 'task.stop';
    await herder.restartConnectorAndTasks('c', { onlyFailed: false, includeTasks: true });
    await settle();
    expect(await states('c')).toBe('RUNNING: RESTARTING, RESTARTING, RESTARTING, RESTARTING');
    await clock.advance(5_000);
    await settle();
    expect(await states('c')).toBe('RUNNING: RUNNING, RUNNING, RUNNING, RUNNING');
    expect(opened.host()).not.toBe(first);
  });

  it('starts tasks once where a restarted connector makes others', async () => {
    await create('c', { 'tasks.max': '2' });
    opened.script.taskConfigs = () => [{ table: 'a' }, { table: 'b' }];
    await opened.herder.restartConnectorAndTasks('c', { onlyFailed: false, includeTasks: true });
    await settle();
    expect(await states('c')).toBe('RUNNING: RUNNING, RUNNING');
    expect(opened.host().started()).toHaveLength(4);
  });

  it('leaves the other tasks alone when a connector is restarted of which a task could not be started', async () => {
    let mayOpen = true;
    opened = openHerder({
      onHost: () => {
        if (!mayOpen) throw new Error('no thread');
      },
    });
    await opened.herder.start();
    await create('c', { 'tasks.max': '2' });
    const host = opened.host();
    // It hangs, so that its restart needs another host.
    host.onPosted = (message) => message.type === 'task.stop';
    mayOpen = false;
    const restarting = opened.herder.restartTask({ connector: 'c', task: 1 });
    await settle();
    await opened.clock.advance(5_000);
    await restarting;
    expect(await states('c')).toBe('RUNNING: RUNNING, FAILED');
    await opened.herder.restartConnector('c');
    expect(await states('c')).toBe('RUNNING: RUNNING, FAILED');
    expect(host.started()).toHaveLength(2);
    mayOpen = true;
    await opened.herder.restartConnectorAndTasks('c', { onlyFailed: true, includeTasks: true });
    await settle();
    expect(await states('c')).toBe('RUNNING: RUNNING, RUNNING');
    expect(host.started()).toHaveLength(2);
  });

  it('is RUNNING again once taskConfigs answers, but not after an error that the connector reported itself', async () => {
    await create('c');
    const { script } = opened;
    const { taskConfigs } = script;
    const [context] = script.contexts;
    script.taskConfigs = () => {
      throw new Error('cannot list tables');
    };
    context?.requestTaskReconfiguration();
    await settle();
    expect(await states('c')).toBe('FAILED: RUNNING');
    script.taskConfigs = taskConfigs;
    context?.requestTaskReconfiguration();
    await settle();
    expect(await states('c')).toBe('RUNNING: RUNNING');
    expect((await opened.herder.connectorStatus('c')).connector).toMatchObject({ version: '4.5.6', trace: '' });
    context?.raiseError(new Error('monitor died'));
    context?.requestTaskReconfiguration();
    await settle();
    expect(await states('c')).toBe('FAILED: RUNNING');
  });

  it('restarts what is PAUSED into PAUSED, and what is STOPPED into STOPPED', async () => {
    await create('p');
    await opened.herder.pauseConnector('p');
    const plan = await opened.herder.restartConnectorAndTasks('p', { onlyFailed: false, includeTasks: true });
    expect(plan).toMatchObject({ connector: { state: 'RESTARTING' }, tasks: [{ state: 'RESTARTING' }] });
    await settle();
    expect(await states('p')).toBe('PAUSED: PAUSED');
    await create('s', {}, 'STOPPED');
    await opened.herder.restartConnector('s');
    const stopped = await opened.herder.restartConnectorAndTasks('s', { onlyFailed: false, includeTasks: true });
    expect(stopped).toMatchObject({ connector: { state: 'RESTARTING' }, tasks: [] });
    await settle();
    expect(await states('s')).toBe('STOPPED: ');
  });

  it('restarts only the instance, when only that is asked for', async () => {
    await create('c');
    await opened.herder.restartConnector('c');
    expect(opened.script.contexts).toHaveLength(2);
    expect(opened.host().started()).toHaveLength(1);
  });

  it('asks for task configurations once for many requests, and replaces tasks only when they changed', async () => {
    await create('c');
    const [context] = opened.script.contexts;
    for (let n = 0; n < 10; n++) context?.requestTaskReconfiguration();
    await settle();
    expect(opened.script.calls).toEqual(['start c', 'taskConfigs 1', 'taskConfigs 1']);
    expect(opened.host().started()).toHaveLength(1);
    opened.script.taskConfigs = () => [{ table: 'a' }];
    context?.requestTaskReconfiguration();
    await settle();
    expect(opened.host().started()).toHaveLength(2);
    expect((await opened.herder.taskInfos('c'))[0]?.config).toMatchObject({ table: 'a' });
  });

  it('keeps FAILED a connector that raised an error, and does not listen to an instance that is gone', async () => {
    await create('c');
    const [first] = opened.script.contexts;
    first?.raiseError(new Error('monitor died'));
    expect(await states('c')).toBe('FAILED: RUNNING');
    await opened.herder.pauseConnector('c');
    await opened.herder.resumeConnector('c');
    await settle();
    expect(await states('c')).toBe('FAILED: RUNNING');
    await opened.herder.restartConnector('c');
    expect(await states('c')).toBe('RUNNING: RUNNING');
    first?.raiseError(new Error('late'));
    first?.requestTaskReconfiguration();
    await settle();
    expect(await states('c')).toBe('RUNNING: RUNNING');
  });

  it('keeps FAILED a connector that raised an error while it started', async () => {
    opened.script.start = () => opened.script.contexts[0]?.raiseError(new Error('at once'));
    await create('c');
    expect(await states('c')).toBe('FAILED: RUNNING');
  });

  it('shows what a task waits for, and that it goes on', async () => {
    await create('c');
    const id = { connector: 'c', task: 0 };
    const parked = {
      dependency: 'broker',
      gateId: null,
      reason: 'refused',
      code: 'x',
      partitions: [],
      since: 1,
      attempts: 1,
      nextProbeAt: null,
    };
    opened.host().emit({ type: 'task.parked', id, parked });
    expect(await opened.herder.taskStatus(id)).toMatchObject({ state: 'RUNNING', parked });
    expect(await opened.herder.health()).toEqual({ status: 'healthy', detail: '' });
    opened.host().emit({ type: 'task.parked', id, parked: null });
    expect((await opened.herder.taskStatus(id)).parked).toBeNull();
  });

  it('has a record skipped that a task waits at, and says what it can not find', async () => {
    await create('c');
    const at = { topic: 't', partition: 0, offset: 4 };
    const asked: unknown[] = [];
    opened.host().onRequest = async (body) => {
      asked.push(body);
      throw new ConnectError('it waits elsewhere', { code: 'holdfast.task.not-skippable' });
    };
    const id = { connector: 'c', task: 0 };
    await expect(opened.herder.skipParkedRecord(id, at)).rejects.toMatchObject({ code: 'holdfast.task.not-skippable' });
    expect(asked).toEqual([{ type: 'sink.skip', id, at }]);
    await expect(opened.herder.skipParkedRecord({ connector: 'c', task: 9 }, at)).rejects.toBeInstanceOf(NotFoundError);
    await expect(opened.herder.skipParkedRecord({ connector: 'd', task: 0 }, at)).rejects.toBeInstanceOf(NotFoundError);
  });

  it('merges a patch; null takes a key away; two patches at once both count', async () => {
    await create('c', { a: '1', b: '2' });
    await Promise.all([
      opened.herder.patchConnectorConfig('c', { a: null, c: '3' }),
      opened.herder.patchConnectorConfig('c', { d: '4' }),
    ]);
    expect(await opened.herder.connectorConfig('c')).toEqual(config('c', { b: '2', c: '3', d: '4' }));
    await expect(opened.herder.patchConnectorConfig('c', { topic: null })).rejects.toThrow(
      'Missing required configuration "topic"',
    );
    await expect(opened.herder.patchConnectorConfig('no', {})).rejects.toThrow('Connector no not found');
  });

  it('invariant 7: a connector that hangs in start holds up neither reads, nor others, nor its own deletion', async () => {
    opened.script.start = (given) => (given['name'] === 'hangs' ? NEVER : undefined);
    const { herder, clock } = opened;
    const creating = herder.putConnectorConfig('hangs', config('hangs'), { allowReplace: false });
    creating.catch(() => {});
    await settle();
    expect(await herder.connectors()).toEqual(['hangs']);
    expect(herder.stage()).toMatch(
      /^The worker is currently writing the configuration of connector hangs, which began at \d{4}-.*Z\.$/,
    );
    await create('c');
    expect(await states('c')).toBe('RUNNING: RUNNING');
    const deleting = herder.deleteConnector('hangs');
    await clock.advance(5_000);
    await deleting;
    await expect(creating).rejects.toMatchObject({ cause: { code: 'holdfast.connector.stop-timeout' } });
    expect(await herder.connectors()).toEqual(['c']);
    expect(herder.stage()).toMatch(
      /^The last operation the worker completed was deleting connector hangs, which began at/,
    );
  });

  it('aborts the signal of a start that is given up', async () => {
    opened.script.start = (_config, signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('given up'))));
    const creating = opened.herder.putConnectorConfig('c', config('c'), { allowReplace: false });
    creating.catch(() => {});
    await settle();
    await opened.herder.stopConnector('c');
    await expect(creating).rejects.toThrow('Failed to transition');
    expect(await states('c')).toBe('STOPPED: ');
  });

  it('stops although a start hangs, and refuses what comes afterwards', async () => {
    opened.script.start = () => NEVER;
    const { herder, clock } = opened;
    herder.putConnectorConfig('c', config('c'), { allowReplace: false }).catch(() => {});
    await settle();
    const stopping = herder.stop();
    await clock.advance(5_000);
    await stopping;
    await expect(herder.pauseConnector('c')).rejects.toThrow('The worker stops.');
  });

  it('abandons a connector whose stop hangs, after five seconds', async () => {
    await create('c');
    opened.script.stop = () => NEVER;
    const deleting = opened.herder.deleteConnector('c');
    await settle();
    await opened.clock.advance(5_000);
    await deleting;
    expect(await opened.herder.connectors()).toEqual([]);
  });

  it('is starting until it was started and nothing is waited for', async () => {
    const fresh = openHerder();
    expect((await fresh.herder.health()).status).toBe('starting');
    fresh.startup.detail = 'The worker is currently waiting for the broker.';
    await fresh.herder.start();
    expect(await fresh.herder.health()).toEqual({ status: 'starting', detail: fresh.startup.detail });
    fresh.startup.detail = '';
    expect((await fresh.herder.health()).status).toBe('healthy');
    expect(await fresh.herder.kafkaClusterId()).toBe('cluster');
  });

  it('keeps the topics of a connector until they are reset or it is deleted, and hears of them again then', async () => {
    const { herder } = opened;
    await create('c', { 'tasks.max': '2' });
    const use = (task: number, topics: readonly string[]): void =>
      opened.host().emit({ type: 'task.topics', id: { connector: 'c', task }, topics });
    use(0, ['a', 'b']);
    use(1, ['b', 'c']);
    expect(await herder.connectorTopics('c')).toEqual(['a', 'b', 'c']);
    await herder.stopConnector('c');
    await herder.resumeConnector('c');
    await settle();
    expect(await herder.connectorTopics('c')).toEqual(['a', 'b', 'c']);
    await herder.resetConnectorTopics('c');
    expect(await herder.connectorTopics('c')).toEqual([]);
    expect(opened.host().posted.filter(({ type }) => type === 'task.topics.forget')).toHaveLength(2);
    use(1, ['c']);
    expect(await herder.connectorTopics('c')).toEqual(['c']);
    await herder.deleteConnector('c');
    expect(await herder.connectorTopics('c')).toEqual([]);
    // What comes late is of a connector that is gone.
    use(1, ['c']);
    expect(await herder.connectorTopics('c')).toEqual([]);
    await herder.resetConnectorTopics('no');
  });
});
