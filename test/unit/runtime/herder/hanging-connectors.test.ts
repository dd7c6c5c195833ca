/** Connectors whose methods don't return, or return when nobody waits for them any more. Invariant 7. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Deferred } from '../../../../src/foundation/deferred.ts';
import { settle } from '../fake-task-edges.ts';
import { openHerder } from './scripted-connector.ts';

const NEVER = new Promise<never>(() => {});

let opened: ReturnType<typeof openHerder>;
beforeEach(async () => {
  opened = openHerder();
  await opened.herder.start();
});

const config = { name: 'c', 'connector.class': 'ScriptedSource', topic: 't' };

function create(): Promise<unknown> {
  return opened.herder.putConnectorConfig('c', config, { allowReplace: false }).catch((error: Error) => error.message);
}

async function state(): Promise<string> {
  const { connector, tasks } = await opened.herder.connectorStatus('c');
  return `${connector.state}: ${tasks.map((task) => task.state).join(', ')}`;
}

/** How it ended, or `pending`. */
function watch(promise: Promise<unknown>): { outcome: string } {
  const seen = { outcome: 'pending' };
  promise.then(
    () => {
      seen.outcome = 'done';
    },
    (error: Error) => {
      seen.outcome = error.message;
    },
  );
  return seen;
}

describe('a connector whose start does not return', () => {
  it('is there, answers what is read, takes a change of its target, and goes at the word', async () => {
    const { herder, script, clock } = opened;
    const late = new Deferred();
    script.start = () => late.promise;
    const created = create();
    await settle();
    expect(await herder.connectors()).toEqual(['c']);
    expect(await herder.connectorConfig('c')).toEqual(config);
    expect(await herder.taskInfos('c')).toEqual([]);
    expect(await herder.connectorTopics('c')).toEqual([]);
    expect(await herder.connectorOffsets('c')).toEqual([]);
    expect(await state()).toBe('UNASSIGNED: ');
    const paused = watch(herder.pauseConnector('c'));
    await clock.advance(4_900);
    expect(paused.outcome).toBe('pending');
    await clock.advance(200);
    expect(paused.outcome).toBe('done');
    const deleted = watch(herder.deleteConnector('c'));
    await clock.advance(5_100);
    await settle();
    expect(deleted.outcome).toBe('done');
    expect(await created).toBe('Failed to transition connector c to state STARTED');
    expect(await herder.connectors()).toEqual([]);

    // Another one of its name knows nothing of it.
    script.start = () => {};
    await create();
    await settle();
    expect(await state()).toBe('RUNNING: RUNNING');
    const before = script.calls.length;
    late.resolve();
    script.contexts[0]?.raiseError(new Error('late'));
    script.contexts[0]?.requestTaskReconfiguration();
    await settle();
    // What the old one opened so late is closed.
    expect(script.calls.slice(before)).toEqual(['stop']);
    expect(await state()).toBe('RUNNING: RUNNING');
  });

  it.each([
    ['stop', 'STOPPED: '],
    ['restart', 'RUNNING: RUNNING'],
    ['put', 'RUNNING: RUNNING'],
    ['patch', 'RUNNING: RUNNING'],
    ['restart with tasks', 'RUNNING: RUNNING'],
  ])('is given up after five seconds when there comes a %s', async (what, expected) => {
    const { herder, script, clock } = opened;
    script.start = () => NEVER;
    void create();
    await settle();
    script.start = () => {};
    const requests: Readonly<Record<string, () => Promise<unknown>>> = {
      stop: () => herder.stopConnector('c'),
      restart: () => herder.restartConnector('c'),
      put: () => herder.putConnectorConfig('c', config, { allowReplace: true }),
      patch: () => herder.patchConnectorConfig('c', { more: '1' }),
      'restart with tasks': () => herder.restartConnectorAndTasks('c', { onlyFailed: false, includeTasks: true }),
    };
    const request = watch((requests[what] as () => Promise<unknown>)());
    await clock.advance(5_100);
    await settle();
    expect(request.outcome).toBe('done');
    expect(await state()).toBe(expected);
  });
});

describe('a connector whose stop does not return', () => {
  it('is replaced by another instance when it was paused and is resumed', async () => {
    const { herder, script, clock } = opened;
    await create();
    await settle();
    script.stop = () => NEVER;
    const paused = watch(herder.pauseConnector('c'));
    await clock.advance(5_100);
    await settle();
    expect(paused.outcome).toBe('done');
    expect(await state()).toBe('PAUSED: PAUSED');
    await herder.resumeConnector('c');
    await settle();
    expect(await state()).toBe('RUNNING: RUNNING');
    expect(script.contexts).toHaveLength(2);
    // The tasks were never touched.
    expect(opened.host().started()).toHaveLength(1);
  });

  it('does not keep it from being deleted and created anew', async () => {
    const { herder, script, clock } = opened;
    await create();
    script.stop = () => NEVER;
    const deleted = watch(herder.deleteConnector('c'));
    await clock.advance(5_100);
    await settle();
    expect(deleted.outcome).toBe('done');
    await create();
    await settle();
    expect(await state()).toBe('RUNNING: RUNNING');
  });
});

describe('a configuration that is sent again', () => {
  it('starts the connector anew and lets its tasks go on when it says the same', async () => {
    const { herder, script } = opened;
    await create();
    await settle();
    await herder.putConnectorConfig(
      'c',
      { topic: 't', name: 'c', 'connector.class': 'ScriptedSource' },
      { allowReplace: true },
    );
    await herder.patchConnectorConfig('c', {});
    await settle();
    expect(await state()).toBe('RUNNING: RUNNING');
    expect(script.calls.filter((call) => call === 'start c')).toHaveLength(3);
    expect(opened.host().started()).toHaveLength(1);
    // The tasks are others when the connector makes others.
    script.taskConfigs = (_max, given) => [{ ...given, 'task.id': 'anew' }];
    await herder.patchConnectorConfig('c', {});
    await settle();
    expect(opened.host().started()).toHaveLength(2);
    await herder.patchConnectorConfig('c', { other: '1' });
    await settle();
    expect(opened.host().started()).toHaveLength(3);
  });
});
