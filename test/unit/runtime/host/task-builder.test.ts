/** What becomes of plugins and clients when a task can't be made after all, or one of its plugins can't be closed. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Broker, ClientOptions } from '../../../../src/broker/ports.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { PluginCalls } from '../../../../src/runtime/host/plugin-calls.ts';
import type { SinkTaskSpec } from '../../../../src/runtime/host/protocol.ts';
import { buildTask } from '../../../../src/runtime/host/task-builder.ts';
import { SnapshotGates } from '../../../../src/runtime/parking/mirrored-gates.ts';
import { TaskSignals } from '../../../../src/runtime/pipeline/task-signals.ts';
import { ConfigError } from '../../../../src/sdk/errors/index.ts';
import { FakeAdmin, FakeFetcher, FakeProducer } from '../fake-clients.ts';
import { FakeTaskLink, logger, NO_TOLERANCE, settle } from '../fake-task-edges.ts';
import { RecordingSinkTask } from '../sink/sink-harness.ts';

const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
beforeEach(() => {
  unhandled.length = 0;
  process.on('unhandledRejection', note);
});
afterEach(() => {
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

const id = { connector: 'c', task: 0 };
const ref = (className: string) => ({ module: 'file:///plugin.js', className });

function builder() {
  const clock = new ManualClock();
  const producer = new FakeProducer();
  const fetcher = new FakeFetcher(clock);
  const closed: string[] = [];
  const task = new RecordingSinkTask();
  const plugin = (name: string) =>
    class {
      configure(): unknown {
        return on.configure(name);
      }
      apply(each: unknown): unknown {
        return each;
      }
      close(): unknown {
        closed.push(name);
        return on.close(name);
      }
    };
  const on = {
    configure: (_name: string): unknown => undefined,
    close: (_name: string): unknown => undefined,
    fetcher: (): FakeFetcher => fetcher,
  };
  const classes: Record<string, new () => unknown> = {
    Sink: class {
      taskClass() {
        return function create() {
          return task;
        };
      }
    },
    Converter: plugin('converter'),
    First: plugin('first'),
    Second: plugin('second'),
  };
  const spec: SinkTaskSpec = {
    id,
    kind: 'sink',
    connectorClass: ref('Sink'),
    taskConfig: {},
    keyConverter: { ...ref('Converter'), config: {} },
    valueConverter: { ...ref('Converter'), config: {} },
    headerConverter: { ...ref('Converter'), config: {} },
    transformations: [
      { alias: 'a', ...ref('First'), config: {} },
      { alias: 'b', ...ref('Second'), config: {} },
    ],
    errors: { ...NO_TOLERANCE, deadLetterQueue: { topic: 'dlq', replicationFactor: 1, contextHeaders: false } },
    initialState: 'STARTED',
    producerSettings: {},
    consumerSettings: {},
    adminSettings: {},
    writtenClientKeys: { producer: { a: 'producer.a' }, consumer: { a: 'consumer.a' }, admin: { a: 'admin.a' } },
    hostSettings: {},
    offsetFlushTimeoutMs: 5_000,
  };
  const told: (readonly [client: string, written: ClientOptions['written']])[] = [];
  const build = () =>
    buildTask({
      spec,
      broker: {
        producer: ({ written }: ClientOptions) => {
          told.push(['dead letters', written]);
          return producer;
        },
        fetcher: ({ written }: ClientOptions) => {
          told.push(['fetcher', written]);
          return on.fetcher();
        },
        admin: ({ written }: ClientOptions) => {
          told.push(['their topic', written]);
          return new FakeAdmin().asAdmin();
        },
      } as unknown as Broker,
      plugins: { load: async ({ className }) => classes[className] as new () => unknown },
      schemaViews: () => {
        throw new Error('no view');
      },
      gates: new SnapshotGates(),
      clock,
      logger,
      link: new FakeTaskLink(),
      ask: async () => undefined,
      calls: new PluginCalls({ id, clock }),
      signals: new TaskSignals(),
    });
  return { build, on, closed, told, producer, fetcher, task };
}

const CONVERTERS = ['converter', 'converter', 'converter'];

it('tells every client under which keys its settings are written', async () => {
  const b = builder();
  await b.build();
  expect(Object.fromEntries(b.told)).toEqual({
    'dead letters': { a: 'producer.a' },
    fetcher: { a: 'consumer.a' },
    'their topic': { a: 'admin.a' },
  });
});

it('closes every plugin and client when the last client can not be opened', async () => {
  const b = builder();
  b.on.fetcher = () => {
    throw new ConfigError('auto.offset.reset=often is none.');
  };
  await expect(b.build()).rejects.toThrow('often is none');
  expect(b.producer.closedWith).toBe(0);
  expect(b.closed).toEqual([...CONVERTERS, 'first', 'second']);
});

it.each(['throws', 'rejects'])('closes what was made before a transformation whose configure %s', async (how) => {
  const b = builder();
  const failure = new ConfigError('no such field');
  b.on.configure = (name) => {
    if (name !== 'second') return undefined;
    if (how === 'rejects') return Promise.reject(failure);
    throw failure;
  };
  await expect(b.build()).rejects.toBe(failure);
  expect(b.closed).toEqual([...CONVERTERS, 'first', 'second']);
});

it.each(['throws', 'rejects'])('closes everything else when close of a plugin %s', async (how) => {
  const b = builder();
  b.on.close = (name) => {
    if (name === 'second') return undefined;
    if (how === 'rejects') return Promise.reject(new Error(`${name} can't be closed`));
    throw new Error(`${name} can't be closed`);
  };
  const { task } = await b.build();
  const done = task.run();
  await settle();
  task.stop();
  expect(await done).toEqual({ failure: null });
  expect(b.closed.sort()).toEqual([...CONVERTERS, 'first', 'second']);
  expect(b.fetcher.isClosed).toBe(true);
  expect(b.producer.closedWith).toBe(5_000);
  await settle();
});

it('fails the task with what an asynchronous initialize rejects with', async () => {
  const b = builder();
  const failure = new ConfigError('no such host');
  b.task.initialize = (() => Promise.reject(failure)) as never;
  const { task } = await b.build();
  expect((await task.run()).failure).toBe(failure);
  expect(b.task.calls).not.toContain('start');
});
