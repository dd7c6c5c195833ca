/**
 * What a plugin in a thread can do to the others: nothing. It blocks its loop, hangs, exits, hoards memory, throws what it likes where it
 * likes; the worker says who does it, the REST API answers within a second (invariant 7), other connectors go on, and a restart mends it.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';
import { eventually, WorkerProcess } from '../support/worker-process.ts';

type Config = Readonly<Record<string, string>>;

const plugins = join(import.meta.dirname, '..', 'fixtures', 'plugins');

async function start(dir: string, connectors: Readonly<Record<string, Config>>, more: Config = {}) {
  return WorkerProcess.start({
    dir,
    bootstrapServers: `embedded:${join(dir, 'broker')}`,
    settings: {
      'plugin.path': plugins,
      'task.shutdown.graceful.timeout.ms': '1000',
      'task.isolation': 'own',
      'task.call.warn.ms': '500',
      ...more,
    },
    connectors,
  });
}

const source = (more: Config = {}): Config => ({
  'connector.class': 'com.example.MisbehavingSource',
  'tasks.max': '2',
  topic: 't',
  ...more,
});
const sink = (more: Config = {}): Config => ({
  'connector.class': 'com.example.MisbehavingSink',
  topics: 't',
  ...more,
});

interface TaskStatus {
  readonly state: string;
  readonly trace?: string;
  readonly stuck?: { readonly method: string | null; readonly loop_blocked: boolean };
}

async function task(worker: WorkerProcess, name: string, index = 0): Promise<TaskStatus> {
  const askedAt = performance.now();
  const found = (await worker.status(name)).tasks[index] as TaskStatus | undefined;
  // Invariant 7, at every look.
  expect(performance.now() - askedAt).toBeLessThan(1_000);
  return found ?? { state: 'none' };
}

/** How far the offset of a connector's source partition has come. */
async function progress(worker: WorkerProcess, name: string, index = '0'): Promise<number> {
  const { body } = await worker.request('GET', `/connectors/${name}/offsets`);
  const { offsets } = body as { offsets: { partition: { index: string }; offset: { n: number } }[] };
  return offsets.find(({ partition }) => partition.index === index)?.offset.n ?? -1;
}

async function goesOn(worker: WorkerProcess, name: string, index = '0'): Promise<void> {
  const before = await progress(worker, name, index);
  await eventually(`${name} goes on`, async () => (await progress(worker, name, index)) > before + 3);
}

describe('a plugin in a thread of its own', () => {
  it.each([
    ['poll', source({ act: 'poll:block', 'block.ms': '4000' })],
    ['put', sink({ act: 'put:block', 'block.ms': '4000' })],
    ['start', source({ act: 'start:block', 'block.ms': '4000' })],
    ['open', sink({ act: 'open:block', 'block.ms': '4000' })],
  ])('blocks its loop in %s: it is named, REST answers, the others go on', async (method, bad) => {
    const worker = await start(tempDir('blocking'), { good: source(), bad });
    await worker.process.waitForLine(`misbehaving: block in ${method}`);
    await eventually('the status names it', async () => {
      const { stuck } = await task(worker, 'bad');
      return stuck?.loop_blocked === true && stuck.method === method;
    });
    const line = await worker.process.waitForLine('The loop of a task host is blocked');
    expect(JSON.parse(line)).toMatchObject({ task: 'bad-0', method, code: 'holdfast.task-host.blocked' });
    await goesOn(worker, 'good');
    expect((await worker.stop()).code).toBe(0);
  });

  it('is abandoned, thread and all, when it never gives its loop back', async () => {
    const dir = tempDir('blocking');
    const once = join(dir, 'once');
    const worker = await start(dir, {
      good: source(),
      bad: source({ act: 'poll:block', 'block.ms': '3600000', once }),
    });
    await worker.process.waitForLine('misbehaving: block in poll');
    writeFileSync(once, '');
    expect((await worker.request('POST', '/connectors/bad/tasks/0/restart')).status).toBe(204);
    await eventually('it runs', async () => (await task(worker, 'bad')).state === 'RUNNING');
    await goesOn(worker, 'bad');
    await goesOn(worker, 'good');
    const stopAt = performance.now();
    expect((await worker.stop()).code).toBe(0);
    expect(performance.now() - stopAt).toBeLessThan(4_000);
  });

  it.each([
    ['exit', 'poll', 'called process.exit(3)'],
    ['hoard', 'poll', 'ERR_WORKER_OUT_OF_MEMORY'],
  ])(
    'ends its thread (%s): its tasks fail and say so, the others go on, a restart starts another',
    async (what, method, says) => {
      const dir = tempDir('blocking');
      const once = join(dir, 'once');
      const worker = await start(
        dir,
        { good: source(), bad: source({ act: `${method}:${what}`, tasks: '2', once }) },
        { 'task.host.memory.max.mb': '64' },
      );
      for (const index of [0, 1]) {
        await eventually('it failed', async () => (await task(worker, 'bad', index)).state === 'FAILED');
        expect((await task(worker, 'bad', index)).trace).toContain(says);
      }
      await goesOn(worker, 'good');
      writeFileSync(once, '');
      await worker.request('POST', '/connectors/bad/restart?includeTasks=true');
      await eventually('it runs', async () => (await task(worker, 'bad', 1)).state === 'RUNNING');
      await goesOn(worker, 'bad', '1');
      expect((await worker.stop()).code).toBe(0);
    },
  );

  it.each(['throw-later', 'reject-later'])(
    'leaves an error uncaught (%s): that task fails, its neighbour in the thread goes on',
    async (what) => {
      const worker = await start(tempDir('blocking'), { bad: source({ act: `start:${what}`, tasks: '2' }) });
      await eventually('it failed', async () => (await task(worker, 'bad')).state === 'FAILED');
      const { trace } = await task(worker, 'bad');
      expect(trace).toContain('What the start method of task bad-0 started');
      expect(trace).toContain(what === 'throw-later' ? 'thrown in a timer' : 'rejected unheard');
      await goesOn(worker, 'bad', '1');
      expect((await task(worker, 'bad', 1)).state).toBe('RUNNING');
      expect((await worker.stop()).code).toBe(0);
    },
  );
});

describe('a connector in a thread of its own', () => {
  it.each(['connector-start', 'connector-taskConfigs', 'connector-stop'])(
    'blocks its loop in %s: it is named, REST answers, the others go on',
    async (at) => {
      const method = at.slice('connector-'.length);
      const dir = tempDir('blocking');
      const worker = await start(dir, { good: source() });
      const config = { name: 'bad', ...source({ act: `${at}:block`, 'block.ms': '4000' }) };
      const created = worker.send('POST', '/connectors', { name: 'bad', config });
      if (method === 'stop') {
        expect((await created).status).toBe(201);
        await goesOn(worker, 'bad');
      }
      const ended = method === 'stop' ? worker.send('DELETE', '/connectors/bad') : created;
      const line = await worker.process.waitForLine('The loop of a task host is blocked');
      expect(JSON.parse(line)).toMatchObject({ connector: 'bad', method });
      await goesOn(worker, 'good');
      await task(worker, 'good');
      expect((await ended).status).toBe(method === 'stop' ? 204 : 201);
      if (method !== 'stop') await goesOn(worker, 'bad');
      expect((await worker.stop()).code).toBe(0);
    },
  );

  it('takes its thread with it: it is FAILED and says so, the others go on, a restart mends it', async () => {
    const dir = tempDir('blocking');
    const once = join(dir, 'once');
    const worker = await start(dir, { good: source() });
    const config = { name: 'bad', ...source({ act: 'connector-start:exit', once }) };
    await worker.send('POST', '/connectors', { name: 'bad', config });
    const state = async (): Promise<TaskStatus> => (await worker.status('bad')).connector as TaskStatus;
    await eventually('it failed', async () => (await state()).state === 'FAILED');
    expect((await state()).trace).toContain('called process.exit(3)');
    await goesOn(worker, 'good');
    writeFileSync(once, '');
    await worker.request('POST', '/connectors/bad/restart');
    await goesOn(worker, 'bad');
    expect((await state()).state).toBe('RUNNING');
    expect((await worker.stop()).code).toBe(0);
  });
});

describe.each(['inline', 'shared'])('a plugin with task.isolation=%s', (isolation) => {
  it('hangs in any method: it is named after task.call.warn.ms, and the others go on', async () => {
    const bad: Record<string, Config> = {
      start: source({ act: 'start:hang' }),
      commit: source({ act: 'commit:hang' }),
      open: sink({ act: 'open:hang' }),
      put: sink({ act: 'put:hang' }),
      flush: sink({ act: 'flush:hang' }),
    };
    const worker = await start(tempDir('blocking'), { good: source(), ...bad }, { 'task.isolation': isolation });
    for (const method of Object.keys(bad)) {
      await eventually(`${method} is named`, async () => {
        const { stuck } = await task(worker, method);
        return stuck?.method === method && !stuck.loop_blocked;
      });
      await worker.process.waitForLine(
        (line) => line.includes('A plugin call has not returned') && JSON.parse(line).connector === method,
      );
    }
    await goesOn(worker, 'good');
    expect((await worker.stop()).code).toBe(0);
  });

  it('throws anything: the task fails, and nothing else', async () => {
    const bad: Record<string, Config> = {};
    for (const what of ['throw-null', 'throw-string', 'throw-trap', 'reject-undefined']) {
      bad[`start-${what}`] = source({ act: `start:${what}` });
      bad[`poll-${what}`] = source({ act: `poll:${what}` });
      bad[`put-${what}`] = sink({ act: `put:${what}` });
      bad[`open-${what}`] = sink({ act: `open:${what}` });
    }
    const worker = await start(tempDir('blocking'), { good: source(), ...bad }, { 'task.isolation': isolation });
    for (const name of Object.keys(bad)) {
      await eventually(`${name} failed`, async () => (await task(worker, name)).state === 'FAILED');
      expect((await task(worker, name)).trace).not.toBe('');
    }
    await goesOn(worker, 'good');
    expect((await worker.stop()).code).toBe(0);
  });
});
