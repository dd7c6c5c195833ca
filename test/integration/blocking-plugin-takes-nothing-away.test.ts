/**
 * What a plugin in a thread of its own can do to the others: nothing. It blocks its loop, exits, hoards memory, throws where nobody can catch
 * it; the worker says who does it, the REST API answers within a second (invariant 7), other connectors go on, and a restart mends it. One
 * worker has to bear all of it.
 */
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  begin,
  type Case,
  type Config,
  cases,
  create,
  goesOn,
  isNamed,
  linesOf,
  logged,
  over,
  remove,
  type State,
  send,
  source,
  statusOf,
  stuckInMetrics,
  TRANSFORMED,
  task,
  theWorker,
  withMisbehavingWorker,
} from '../support/misbehaving-worker.ts';
import { eventually } from '../support/worker-process.ts';

withMisbehavingWorker();

describe('in a thread of its own, a plugin', () => {
  it('blocks its loop in any method: it is named, REST answers, the others go on, and it goes on when it gives way', async () => {
    const all: readonly Case[] = [
      ...cases('block', 'own'),
      ...(['configure', 'apply'] as const).map((at) => ({
        name: `block-own-${at}`,
        method: 'transforms.odd',
        isOfConnector: false,
        config: source({
          'task.isolation': 'own',
          ...TRANSFORMED,
          'transforms.odd.act': `${at}:block`,
          'transforms.odd.once': over('block'),
          'transforms.odd.name': at,
        }),
      })),
      {
        name: 'block-own-commitRecord',
        method: 'commitRecord',
        isOfConnector: false,
        config: source({ 'task.isolation': 'own', act: 'commitRecord:block', once: over('block') }),
      },
      {
        name: 'block-own-poll',
        method: 'poll',
        isOfConnector: false,
        config: source({ 'task.isolation': 'own', act: 'poll:block', once: over('block') }),
      },
    ];
    await begin(all);
    await Promise.all(
      all.map(async (each) => {
        const who = each.isOfConnector ? { connector: each.name } : { task: `${each.name}-0` };
        const fields = { ...who, method: each.method };
        await logged('The loop of a task host is blocked', { ...fields, code: 'holdfast.task-host.blocked' });
        await isNamed(each, true);
        expect(linesOf('The loop of a task host is blocked', fields)).toHaveLength(1);
      }),
    );
    await goesOn('good');
    writeFileSync(over('block'), '');
    for (const { name, trigger } of all) {
      if (trigger === undefined) await eventually(`${name} runs`, async () => (await task(name)).state === 'RUNNING');
    }
    expect((await stuckInMetrics()).filter((each) => each.startsWith('block'))).toEqual([]);
    await remove(all);
  }, 60_000);

  it('blocks its loop when it is asked whether its configuration is valid, or its offsets may be altered: as in any other method', async () => {
    const once = over('question');
    const config = (act: string): Config => source({ 'task.isolation': 'own', act, once });
    const [asked, altered] = ['asked', 'altered'];
    await create(altered, config('connector-alterOffsets:block'));
    expect(await send('PUT', `/connectors/${altered}/stop`)).toBe(204);
    const answers = Promise.all([
      send('DELETE', `/connectors/${altered}/offsets`),
      create(asked, config('connector-validate:block')),
    ]);
    for (const [connector, method] of [
      [asked, 'validate'],
      [altered, 'alterOffsets'],
    ] as const) {
      await logged('The loop of a task host is blocked', { connector, method, code: 'holdfast.task-host.blocked' });
      await logged('A plugin call has not returned', { connector, method, code: 'holdfast.plugin.call-long' });
      expect(await stuckInMetrics()).toContain(`${connector}  ${method}`);
    }
    await goesOn('good');
    writeFileSync(once, '');
    expect(await answers).toEqual([200, 201]);
    await goesOn(asked);
  });

  it('is abandoned, thread and all, when it never gives its loop back', async () => {
    const once = over('hog');
    await create('hog', source({ 'task.isolation': 'own', act: 'poll:block-forever', once }));
    await eventually('it is named', async () => (await task('hog')).stuck?.loop_blocked);
    writeFileSync(once, '');
    expect(await send('POST', '/connectors/hog/tasks/0/restart')).toBe(204);
    await eventually('it runs', async () => (await task('hog')).state === 'RUNNING');
    await goesOn('hog');
    await logged('A task did not stop in time', { task: 'hog-0', method: 'poll', code: 'holdfast.task.abandoned' });
    // Left as it is, in a thread that nobody can end by asking: the worker has to stop all the same.
    await create('still-there', source({ 'task.isolation': 'own', act: 'poll:block-forever' }));
  });

  it('ends its thread, or uses up its memory: its tasks fail and say so, a restart starts another', async () => {
    const once = over('ended');
    const own = { 'task.isolation': 'own', tasks: '2', once };
    const limit = { 'task.host.memory.max.mb': '32' };
    const all = [
      { name: 'exits', config: source({ ...own, act: 'poll:exit' }), says: 'called process.exit(3)' },
      { name: 'hoards', config: source({ ...own, ...limit, act: 'poll:hoard' }), says: 'ERR_WORKER_OUT_OF_MEMORY' },
    ];
    const connector = source({ ...own, tasks: '1', act: 'connector-start:exit' });
    await Promise.all([...all.map(({ name, config }) => create(name, config)), create('exits-whole', connector)]);
    for (const { name, says } of all) {
      for (const index of [0, 1]) {
        await eventually(`${name} failed`, async () => (await task(name, index)).state === 'FAILED');
        const { trace } = await task(name, index);
        expect(trace).toContain(says);
        expect(trace).toContain('holdfast.task-host.ended');
      }
    }
    const state = async (): Promise<State> => (await statusOf('exits-whole')).connector;
    await eventually('the connector failed', async () => (await state()).state === 'FAILED');
    expect((await state()).trace).toContain('called process.exit(3)');
    await goesOn('good');
    writeFileSync(once, '');
    for (const { name } of all) {
      await send('POST', `/connectors/${name}/restart?includeTasks=true`);
      await eventually('it runs', async () => (await task(name, 1)).state === 'RUNNING');
      await goesOn(name, '1');
    }
    await send('POST', '/connectors/exits-whole/restart');
    await goesOn('exits-whole');
    expect((await state()).state).toBe('RUNNING');
  }, 60_000);

  it('leaves an error uncaught: that task fails, its neighbour in the thread goes on', async () => {
    const config = (what: string): Config => source({ 'task.isolation': 'own', tasks: '2', act: `start:${what}` });
    await Promise.all(['throw-later', 'reject-later'].map((what) => create(what, config(what))));
    for (const [name, says] of [
      ['throw-later', 'thrown in a timer'],
      ['reject-later', 'rejected unheard'],
    ] as const) {
      await eventually('it failed', async () => (await task(name)).state === 'FAILED');
      const { trace } = await task(name);
      expect(trace).toContain(`What the start method of task ${name}-0 started`);
      expect(trace).toContain(says);
      await goesOn(name, '1');
      expect((await task(name, 1)).state).toBe('RUNNING');
    }
  });
});

it('a connector whose task.isolation is none is refused before it exists', async () => {
  const config = { name: 'nowhere', ...source({ 'task.isolation': 'elsewhere' }) };
  const message =
    'Invalid value elsewhere for configuration task.isolation: String must be one of (case insensitive): INLINE, SHARED, OWN';
  const created = await theWorker().request('POST', '/connectors', { name: 'nowhere', config });
  expect(created).toMatchObject({ status: 400, body: { message: expect.stringContaining(message) } });
  expect((await theWorker().request('GET', '/connectors/nowhere')).status).toBe(404);
  const path = '/connector-plugins/com.example.MisbehavingSource/config/validate';
  const { status, body } = await theWorker().request('PUT', path, config);
  expect(status).toBe(200);
  const { error_count: errors, configs } = body as { error_count: number; configs: { value: { errors: string[] } }[] };
  expect([errors, configs.flatMap(({ value }) => value.errors)]).toEqual([1, [message]]);
});
