/** Altering offsets that is given up: it must not be carried out later. */
import { expect, it } from 'vitest';
import { Deferred } from '../../../../src/foundation/deferred.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { ConnectorOffsets } from '../../../../src/runtime/herder/connector-offsets.ts';
import type { DesiredConnector } from '../../../../src/runtime/herder/desired-connectors.ts';
import type { Worker } from '../../../../src/runtime/worker/worker.ts';
import { MemoryOffsetBackingStore } from '../../../../src/storage/memory-offset-backing-store.ts';
import { logger, settle } from '../fake-task-edges.ts';
import { openHerder } from './scripted-connector.ts';

const NEVER = new Promise<never>(() => {});
const owner = {
  name: 'c',
  target: 'STOPPED',
  taskConfigs: [],
  resolved: {
    type: 'source',
    desc: {},
    connectorConfig: {},
    placement: () => ({ isolation: 'shared', memoryMaxMb: 0 }),
  },
} as unknown as DesiredConnector;

/** `known` is when the stored offsets have been read. */
function open(known: Promise<readonly never[]> = Promise.resolve([])) {
  const clock = new ManualClock();
  const signals: (AbortSignal | undefined)[] = [];
  const worker = {
    offsetReader: () => ({ all: () => known }),
    offsetsSettled: async () => {},
    writeOffsets: () => NEVER,
    questions: {
      alterOffsets: (...args: Parameters<Worker['questions']['alterOffsets']>) => {
        signals.push(args[4]);
        return NEVER;
      },
    },
  } as unknown as Worker;
  const offsets = new ConnectorOffsets({ worker, clock, logger });
  const altering = offsets.alter(owner, []).catch((error: Error) => error.message);
  return { clock, signals, offsets, altering };
}

it('is told to whoever carries it out, after a minute', async () => {
  const { clock, signals, altering } = open();
  await settle();
  await clock.advance(59_999);
  expect(signals.map((signal) => signal?.aborted)).toEqual([false]);
  await clock.advance(1);
  expect(await altering).toBe('The alterOffsets method of connector c did not return: it had 60000 ms.');
  expect(signals[0]?.aborted).toBe(true);
});

it('is told to whoever carries it out, when another request ends it', async () => {
  const { signals, offsets, altering } = open();
  await settle();
  offsets.cancel('c');
  expect(await altering).toMatch(/did not return: it was cancelled by another request/);
  expect(signals[0]?.aborted).toBe(true);
});

it('asks no connector when it was given up before', async () => {
  const known = new Deferred<readonly never[]>();
  const { signals, offsets, altering } = open(known.promise);
  await settle();
  offsets.cancel('c');
  known.resolve([]);
  expect(await altering).toMatch(/it was cancelled by another request/);
  expect(signals).toEqual([]);
});

it('leaves nothing behind that an abandoned task was still writing', async () => {
  const disk = new Deferred();
  class SlowStore extends MemoryOffsetBackingStore {
    override async set(entries: ReadonlyMap<string, string | null>): Promise<void> {
      if ([...entries.values()].some((value) => value !== null)) await disk.promise;
      await super.set(entries);
    }
  }
  const store = new SlowStore();
  const { herder, script, clock, host } = openHerder({ offsetStore: store });
  script.alterOffsets = () => true;
  await herder.start();
  const config = { name: 'c', 'connector.class': 'test.ScriptedSource', 'tasks.max': '1', topic: 't' };
  await herder.putConnectorConfig('c', config, { allowReplace: false });
  await settle();
  const offsets = [{ partition: { file: 'new' }, offset: { line: 7 } }];
  void host().ask({
    type: 'task.committable',
    id: { connector: 'c', task: 0 },
    committable: { kind: 'source', offsets },
  });
  host().onPosted = (message) => message.type === 'task.stop';
  const stopped = herder.stopConnector('c');
  await settle();
  await clock.advance(5_000);
  await stopped;
  const reset = herder.alterConnectorOffsets('c', null);
  await settle();
  disk.resolve();
  expect(await reset).toBe(true);
  await settle();
  expect(await store.entries()).toEqual([]);
});
