/** A connector in a thread: what takes long is named, and the start of the thread is not the connector's. */
import { expect, it } from 'vitest';
import { Deferred } from '../../../../src/foundation/deferred.ts';
import { recordingLogger } from '../../../../src/foundation/logger.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import type { ConnectorCall } from '../../../../src/runtime/host/protocol.ts';
import { Worker } from '../../../../src/runtime/worker/worker.ts';
import { MemoryOffsetBackingStore } from '../../../../src/storage/memory-offset-backing-store.ts';
import { settle } from '../fake-task-edges.ts';
import { desc } from '../herder/scripted-connector.ts';
import { groupBroker } from './fake-group-member.ts';
import { ScriptedHost } from './scripted-host.ts';

function open() {
  const clock = new ManualClock({ startMs: 1_000 });
  const { logger, lines } = recordingLogger('debug');
  const host = new ScriptedHost();
  const answers = new Map<string, Deferred<unknown>>();
  let asked: ConnectorCall | null = null;
  host.onRequest = (body) => {
    asked = body as ConnectorCall;
    const answer = new Deferred<unknown>();
    answers.set(asked.method, answer);
    return answer.promise;
  };
  const worker = new Worker({
    clock,
    logger,
    broker: groupBroker().broker,
    offsetStore: new MemoryOffsetBackingStore(),
    openHost: () => host,
    services: {},
    gates: { snapshots: () => [], onChange: () => () => {}, get: () => undefined },
    offsetFlushIntervalMs: 60_000,
    gracefulTimeoutMs: 5_000,
  });
  const stuck: (string | null | undefined)[] = [];
  const connector = worker.createConnector('c', desc('source', 'test.Slow', class {}), {
    placement: { isolation: 'shared', memoryMaxMb: 0 },
    onReconfigure: () => {},
    onError: () => {},
    onStuck: (seen) => stuck.push(seen === null ? undefined : seen.method),
  });
  return {
    clock,
    connector,
    stuck,
    warnings: () => lines.filter(({ level }) => level === 'warn'),
    answer: async (method: string, value?: unknown) => {
      answers.get(method)?.resolve(value);
      await settle();
    },
    begins: (method: string) =>
      host.emit({
        type: 'connector.event',
        connector: 'c',
        instance: asked?.instance ?? 0,
        event: 'calling',
        call: { method, since: clock.now() },
      }),
  };
}

it('counts from when the thread began the call, and says before that the thread starts', async () => {
  const { clock, connector, stuck, warnings, answer, begins } = open();
  const starting = connector.start({});
  await settle();
  await clock.advance(5_000);
  expect(warnings()).toMatchObject([{ message: expect.stringMatching(/^The thread of a connector still starts/) }]);
  expect(warnings()[0]?.fields).not.toHaveProperty('method');
  expect(stuck).toEqual([null]);

  begins('constructor');
  begins('initialize');
  expect(stuck.at(-1)).toBeUndefined();
  await answer('create', '1');
  begins('start');
  await clock.advance(4_999);
  expect(warnings()).toHaveLength(1);
  await clock.advance(1);
  expect(warnings()[1]).toMatchObject({
    message: 'A plugin call has not returned. The connector waits for it.',
    fields: { method: 'start', since: new Date(6_000).toISOString() },
  });
  expect(stuck.at(-1)).toBe('start');
  await answer('start');
  await starting;
  expect(stuck.at(-1)).toBeUndefined();
});

it('blames a connector for no call that its thread has not begun', async () => {
  const { clock, connector, warnings, answer, begins } = open();
  const starting = connector.start({});
  await settle();
  begins('initialize');
  await answer('create', '1');
  begins('start');
  await answer('start');
  await starting;
  const configs = connector.taskConfigs(1, true);
  await settle();
  await clock.advance(60_000);
  expect(warnings()).toEqual([]);
  begins('taskConfigs');
  await clock.advance(5_000);
  expect(warnings()).toMatchObject([{ fields: { method: 'taskConfigs' } }]);
  await answer('taskConfigs', [{}]);
  expect(await configs).toEqual([{}]);
});
