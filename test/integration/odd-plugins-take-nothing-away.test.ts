/**
 * Plugins that never return, and plugins that throw anything anywhere, in the worker's own thread and in one that many share: the worker says
 * who does it, the REST API answers within a second (invariant 7), other connectors go on. One worker has to bear all of it.
 */
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
  remove,
  send,
  sink,
  source,
  statusOf,
  TRANSFORMED,
  theWorker,
  withMisbehavingWorker,
} from '../support/misbehaving-worker.ts';
import { eventually } from '../support/worker-process.ts';

withMisbehavingWorker();

describe.each(['inline', 'shared'])('a plugin with task.isolation=%s', (isolation) => {
  it('never returns from any method: it is named, REST answers, the others go on', async () => {
    const ofConnector = (method: string, more: Config = {}): Case => {
      const config = source({ 'task.isolation': isolation, act: `connector-${method}:hang`, ...more });
      return { name: `hang-${isolation}-connector-${method}`, method, isOfConnector: true, config };
    };
    const stop = ofConnector('stop');
    const alter = ofConnector('alterOffsets');
    const all: readonly Case[] = [...cases('hang', isolation), ofConnector('validate')];
    await Promise.all([
      begin(all),
      ...[stop, alter].map(async ({ name, config }) => {
        expect(await create(name, config)).toBe(201);
        await goesOn(name);
        if (name === stop.name) void send('DELETE', `/connectors/${name}`);
        else {
          expect(await send('PUT', `/connectors/${name}/stop`)).toBe(204);
          void send('DELETE', `/connectors/${name}/offsets`);
        }
      }),
    ]);
    await Promise.all(
      [...all, stop, alter].map(async (each) => {
        const { name, method, isOfConnector, trigger } = each;
        if (trigger === undefined) {
          const fields = { connector: name, method, code: 'holdfast.plugin.call-long' };
          await logged('A plugin call has not returned', fields);
          const calls = linesOf('A plugin call has not returned', fields).map((line) => line['since']);
          // Once for each call.
          expect(new Set(calls).size).toBe(calls.length);
        } else {
          await logged('A task did not stop in time', { task: `${name}-0`, method, code: 'holdfast.task.abandoned' });
        }
        // What does not exist, or is on its way out, has no status to be named in.
        if (isOfConnector && ['validate', 'stop', 'alterOffsets'].includes(method)) return;
        await isNamed(each, false);
      }),
    );
    await goesOn('good');
    // All but one, which the worker has to stop as it is.
    await remove(all.slice(1));
  }, 60_000);

  it('throws anything anywhere: what has to fail fails, and nothing else', async () => {
    const thrown = [
      'null',
      'undefined',
      'string',
      'frozen',
      'unspeakable',
      'trap',
      'getters',
      'symbol',
      'prototypeless',
    ];
    const base = { 'task.isolation': isolation };
    const ofTransformation = (at: string, deed: string): Config => ({
      ...base,
      ...TRANSFORMED,
      'transforms.odd.act': `${at}:${deed}`,
    });
    const places: readonly (readonly [
      end: 'task' | 'connector' | 'refused' | 'nothing',
      at: string,
      of: typeof sink,
    ])[] = [
      ['task', 'start', source],
      ['task', 'poll', source],
      ['task', 'open', sink],
      ['task', 'put', sink],
      ['task', 'configure', source],
      ['task', 'apply', source],
      ['connector', 'connector-start', source],
      ['connector', 'connector-taskConfigs', source],
      ['refused', 'connector-validate', source],
      ['nothing', 'commitRecord', source],
      ['nothing', 'commit', source],
      ['nothing', 'flush', sink],
      ['nothing', 'stop', sink],
      ['nothing', 'close', sink],
    ];
    // Each place meets three of them, and each of them four places at least.
    const all = places.flatMap(([end, at, of], n) =>
      [0, 1, 2].map((m) => {
        const deed = `${m % 2 === 0 && !at.startsWith('con') ? 'throw' : 'reject'}-${thrown[(n * 2 + m * 3) % thrown.length]}`;
        const isOfTransformation = at === 'configure' || at === 'apply';
        const sync = isOfTransformation ? deed.replace('reject', 'throw') : deed;
        const config = isOfTransformation ? source(ofTransformation(at, sync)) : of({ ...base, act: `${at}:${sync}` });
        return { end, name: `${isolation}-${at}-${sync}`, config };
      }),
    );
    const answers = await Promise.all(all.map(async ({ name, config }) => [name, await create(name, config)] as const));
    const statusFor = { task: 201, connector: 500, refused: 500, nothing: 201 };
    expect(answers).toEqual(all.map(({ end, name }) => [name, statusFor[end]]));
    for (const { end, name } of all) {
      if (end === 'refused') expect((await theWorker().request('GET', `/connectors/${name}`)).status).toBe(404);
      else {
        await eventually(`${name} is as it should be`, async () => {
          const { connector, tasks } = await statusOf(name);
          const one = end === 'connector' ? connector : tasks[0];
          return end === 'nothing' ? one?.state === 'RUNNING' : one?.state === 'FAILED' && one.trace !== '';
        });
      }
    }
    await goesOn('good');
    const left = all.filter(({ end }) => end !== 'refused');
    const deleted = await Promise.all(left.map(({ name }) => send('DELETE', `/connectors/${name}`)));
    expect(new Set(deleted)).toEqual(new Set([204]));
  }, 60_000);
});

it('a connector that throws where nobody asks it for anything gets an answer, and the others go on', async () => {
  for (const method of ['initialize', 'version', 'config', 'taskClass', 'validate']) {
    for (const what of ['null', 'trap', 'getters']) {
      const name = `bad-${method}-${what}`;
      const config = source({ 'connector.class': `com.example.Bad.${method}.${what}` });
      const status = await create(name, config);
      const validated = await send('PUT', `/connector-plugins/com.example.Bad.${method}.${what}/config/validate`, {
        name,
        ...config,
      });
      // A version is told twice: by the manifest, too. A task class is asked for when there are tasks.
      if (method === 'version' || method === 'taskClass') expect([status, validated]).toEqual([201, 200]);
      else if (method === 'initialize') expect([status, validated]).toEqual([500, 200]);
      else expect([status, validated]).toEqual([500, 500]);
    }
  }
  await goesOn('good');
});
