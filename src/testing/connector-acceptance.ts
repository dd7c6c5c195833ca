/**
 * What every connector has to hold, as a suite for any test runner: hand in its `describe` and `it`.
 *
 * ```ts
 * connectorAcceptance({ describe, it }, {
 *   plugin, className: 'com.acme.AcmeSourceConnector', type: 'source',
 *   prepare: async () => ({ config: { 'acme.url': url, topic: 't' }, expected: 100 }),
 * });
 * ```
 */
import { strict as assert } from 'node:assert';
import type { SinkConnector, SourceConnector } from '../sdk/connector.ts';
import { ConfigError } from '../sdk/errors/kinds.ts';
import { isPlugin, type Plugin } from '../sdk/plugin.ts';
import type { SinkRecord } from '../sdk/record/sink-record.ts';
import type { SourceRecord } from '../sdk/record/source-record.ts';
import type { SinkTask, SourceTask } from '../sdk/task.ts';
import { assertReleases } from './leak-check.ts';
import { MemoryOffsets, sinkTaskContext, sourceTaskContext } from './task-contexts.ts';

/** How vitest, node:test, jest and mocha have them. */
export interface TestRunner {
  readonly describe: (name: string, define: () => void) => void;
  readonly it: (name: string, run: () => Promise<void>) => void;
}

type Config = Readonly<Record<string, string>>;

interface AcceptanceOptions {
  /** The default export of the plugin's module. */
  readonly plugin: Plugin;
  /** Which of its connectors. */
  readonly className: string;
  /** How long a stop, a poll or a put may take, ms; 5000 by default, as Kafka Connect's graceful shutdown. */
  readonly deadlineMs?: number;
}

/** What the suite needs to try a source connector. */
export interface SourceAcceptanceOptions extends AcceptanceOptions {
  readonly type: 'source';
  /** Called before each test. */
  readonly prepare: () => Promise<SourceFixture> | SourceFixture;
}

/** Fresh data in the source system for one test. */
export interface SourceFixture {
  /** All required keys, with their values; the connector's own only. */
  readonly config: Config;
  /** How many records it gives at least, 2 or more. */
  readonly expected: number;
  /** False for a source that never runs dry. */
  readonly endsWithExpected?: boolean;
}

/** What the suite needs to try a sink connector. */
export interface SinkAcceptanceOptions extends AcceptanceOptions {
  readonly type: 'sink';
  /** Called before each test. */
  readonly prepare: () => Promise<SinkFixture> | SinkFixture;
}

/** An empty target for one test, and how to look into it. */
export interface SinkFixture {
  /** All required keys, with their values; the connector's own only. */
  readonly config: Config;
  /** Records with offsets from 0 in partition 0 of one topic, 4 or more. */
  readonly records: readonly SinkRecord[];
  /** What the target holds, one text per record in order of writing. */
  readonly readBack: () => Promise<readonly string[]> | readonly string[];
  /** The text that `readBack` gives for a record. */
  readonly textOf: (record: SinkRecord) => string;
}

const DEADLINE_MS = 5000;
const MAX_EMPTY_POLLS = 50;

/** Defines the suite. Failures are assertion errors of node:assert. */
export function connectorAcceptance(
  runner: TestRunner,
  options: SourceAcceptanceOptions | SinkAcceptanceOptions,
): void {
  runner.describe(`acceptance of ${options.className}`, () => {
    defineManifestTests(runner, options);
    if (options.type === 'source') defineSourceTests(runner, options);
    else defineSinkTests(runner, options);
  });
}

function defineManifestTests(runner: TestRunner, options: SourceAcceptanceOptions | SinkAcceptanceOptions): void {
  const { it } = runner;

  it('is in a manifest, with name and versions', async () => {
    assert.ok(isPlugin(options.plugin), 'the default export of the module is made by definePlugin');
    assert.notEqual(options.plugin.name, '');
    assert.notEqual(options.plugin.version, '');
    assert.equal(entryOf(options).type, options.type);
    assert.notEqual(create(options).version(), '');
  });

  it('documents every setting', async () => {
    const { keys } = create(options).config();
    assert.ok(keys.size > 0);
    for (const key of keys.values()) assert.notEqual(key.documentation.trim(), '', `${key.name} has no documentation`);
  });

  it('accepts the configuration', async () => {
    const { config } = await options.prepare();
    const connector = create(options);
    const values = await (connector.validate?.(config) ?? connector.config().validate(config));
    const messages = values.flatMap(({ errorMessages }) => errorMessages);
    assert.deepEqual(messages, []);
  });

  it('refuses the configuration without any one of its required keys, naming it', async () => {
    const { config } = await options.prepare();
    const { keys } = create(options).config();
    for (const key of keys.values()) {
      if (!key.required) continue;
      assert.ok(Object.hasOwn(config, key.name), `the configuration of the test lacks ${key.name}, which is required`);
      const { [key.name]: _removed, ...rest } = config;
      const connector = create(options);
      const values = await (connector.validate?.(rest) ?? connector.config().validate(rest));
      const messages = values.find(({ name }) => name === key.name)?.errorMessages.join(' ') ?? '';
      assert.ok(messages.includes(key.name), `validate does not say that ${key.name} is missing`);
      await assert.rejects(
        async () => connector.start(rest, new AbortController().signal),
        (error: unknown) => error instanceof ConfigError && error.message.includes(key.name),
        `start does not refuse to work without ${key.name}`,
      );
    }
  });

  it('makes at most as many task configurations as it may, again after a stop too', async () => {
    const { config } = await options.prepare();
    const connector = create(options);
    for (let round = 0; round < 2; round++) {
      await connector.start(config, new AbortController().signal);
      for (const max of [1, 3]) {
        const { length } = await connector.taskConfigs(max);
        assert.ok(length >= 1 && length <= max, `${length} task configurations, where ${max} are allowed`);
      }
      await connector.stop();
    }
  });
}

function defineSourceTests(runner: TestRunner, options: SourceAcceptanceOptions): void {
  const { it } = runner;
  const deadlineMs = options.deadlineMs ?? DEADLINE_MS;

  it('gives its records, with topics, and offsets where it has partitions', async () => {
    const { config, expected } = await options.prepare();
    const run = await startSource(options, config, new MemoryOffsets());
    const records = await run.read(expected);
    assert.ok(records.length >= expected, `${records.length} records, where ${expected} were expected`);
    for (const record of records) {
      assert.notEqual(record.topic, '');
      assert.equal(record.sourcePartition === null, record.sourceOffset === null);
    }
    await run.stop();
  });

  it('goes on after any committed offset, without a loss or a repetition', async () => {
    const { config, expected } = await options.prepare();
    const whole = await startSource(options, config, new MemoryOffsets());
    const all = await whole.read(expected);
    await whole.stop();
    const half = Math.floor(expected / 2);
    for (const taken of new Set([1, half, expected - 1])) {
      const offsets = new MemoryOffsets();
      for (const { sourcePartition, sourceOffset } of all.slice(0, taken)) {
        if (sourcePartition !== null) offsets.commit(sourcePartition, sourceOffset);
      }
      const again = await startSource(options, config, offsets);
      const rest = await again.read(expected - taken);
      await again.stop();
      assert.deepEqual(
        rest.slice(0, expected - taken).map(contentOf),
        all.slice(taken, expected).map(contentOf),
        `after ${taken} records`,
      );
    }
  });

  it('gives nothing twice when it has run dry', async () => {
    const { config, expected, endsWithExpected } = await options.prepare();
    if (endsWithExpected === false) return;
    const run = await startSource(options, config, new MemoryOffsets());
    await run.read(expected);
    const more: SourceRecord[] = [];
    for (let polls = 0; polls < 3; polls++) more.push(...(await run.poll()));
    await run.stop();
    assert.deepEqual(more.map(contentOf), []);
  });

  it('ends a poll soon after it was asked to stop', async () => {
    const { config, expected } = await options.prepare();
    const run = await startSource(options, config, new MemoryOffsets());
    await run.read(expected);
    const polling = run.poll();
    run.abort();
    await within(
      deadlineMs,
      'poll after the signal',
      polling.catch(() => []),
    );
    await within(deadlineMs, 'stop', run.stop());
  });

  it('leaves no timers and no open handles behind', async () => {
    const { config, expected } = await options.prepare();
    await assertReleases(deadlineMs, async () => {
      const run = await startSource(options, config, new MemoryOffsets());
      await run.read(expected);
      await run.stop();
    });
  });

  it('can be stopped before it polled, and after its start failed', async () => {
    const { config } = await options.prepare();
    const run = await startSource(options, config, new MemoryOffsets());
    await run.stop();
    const task = newTask(options) as SourceTask;
    task.initialize?.(sourceTaskContext());
    await Promise.resolve()
      .then(() => task.start({}, new AbortController().signal))
      .catch(() => {});
    await within(deadlineMs, 'stop', Promise.resolve(task.stop()));
  });
}

function defineSinkTests(runner: TestRunner, options: SinkAcceptanceOptions): void {
  const { it } = runner;
  const deadlineMs = options.deadlineMs ?? DEADLINE_MS;

  it('writes what it was given, in order, by the end of a flush', async () => {
    const { config, records, readBack, textOf } = await options.prepare();
    const run = await startSink(options, config, topicOf(records));
    await run.put(records.slice(0, 1));
    await run.put([]);
    await run.put(records.slice(1));
    await run.flush(records.length);
    assert.deepEqual(await readBack(), records.map(textOf));
    await run.stop();
  });

  it('goes on where it ended after a restart', async () => {
    const { config, records, readBack, textOf } = await options.prepare();
    const half = Math.floor(records.length / 2);
    for (const [part, flushedTo] of [
      [records.slice(0, half), half],
      [records.slice(half), records.length],
    ] as const) {
      const run = await startSink(options, config, topicOf(records));
      await run.put(part);
      await run.flush(flushedTo);
      await run.stop();
    }
    assert.deepEqual(await readBack(), records.map(textOf));
  });

  it('takes a put and a flush without records', async () => {
    const { config, records, readBack } = await options.prepare();
    const run = await startSink(options, config, topicOf(records));
    await run.put([]);
    await run.flush(0);
    await run.stop();
    assert.deepEqual(await readBack(), []);
  });

  it('stops in time, and leaves no timers and no open handles behind', async () => {
    const { config, records } = await options.prepare();
    await assertReleases(deadlineMs, async () => {
      const run = await startSink(options, config, topicOf(records));
      await run.put(records);
      await run.flush(records.length);
      await within(deadlineMs, 'stop', run.stop());
    });
  });
}

function entryOf({ plugin, className }: AcceptanceOptions) {
  const entry = plugin.connectors?.find((each) => each.className === className);
  assert.ok(entry !== undefined, `the manifest offers no ${className}`);
  return entry;
}

function create(options: AcceptanceOptions): SourceConnector | SinkConnector {
  return new (entryOf(options).create)();
}

function newTask(options: AcceptanceOptions): SourceTask | SinkTask {
  return new (create(options).taskClass())();
}

async function firstTaskConfig(options: AcceptanceOptions, config: Config): Promise<Config> {
  const connector = create(options);
  await connector.start(config, new AbortController().signal);
  const [taskConfig] = await connector.taskConfigs(1);
  assert.ok(taskConfig !== undefined, 'no task configuration');
  await connector.stop();
  return taskConfig;
}

async function startSource(options: SourceAcceptanceOptions, config: Config, offsets: MemoryOffsets) {
  const taskConfig = await firstTaskConfig(options, config);
  const ending = new AbortController();
  const { signal } = ending;
  const task = newTask(options) as SourceTask;
  task.initialize?.(sourceTaskContext({ offsets, signal, configs: taskConfig }));
  await task.start(taskConfig, signal);
  const poll = async (): Promise<readonly SourceRecord[]> => (await task.poll(signal)) ?? [];
  return {
    poll,
    abort: () => ending.abort(),
    /** At least `count` records, unless the source gives none for a long time. */
    read: async (count: number): Promise<SourceRecord[]> => {
      const records: SourceRecord[] = [];
      for (let empty = 0; records.length < count && empty < MAX_EMPTY_POLLS; ) {
        const polled = await poll();
        empty = polled.length === 0 ? empty + 1 : 0;
        records.push(...polled);
      }
      return records;
    },
    stop: async (): Promise<void> => {
      ending.abort();
      await task.stop();
    },
  };
}

async function startSink(options: SinkAcceptanceOptions, config: Config, topic: string) {
  const taskConfig = await firstTaskConfig(options, config);
  const ending = new AbortController();
  const { signal } = ending;
  const task = newTask(options) as SinkTask;
  const partitions = [{ topic, partition: 0 }];
  task.initialize?.(sinkTaskContext({ assignment: partitions, signal, configs: taskConfig }));
  await task.start(taskConfig, signal);
  await task.open?.(partitions);
  return {
    put: async (batch: readonly SinkRecord[]): Promise<void> => {
      await task.put(batch, signal);
    },
    flush: async (next: number): Promise<void> => {
      const offsets = new Map([[`${topic}-0`, next]]);
      if (task.preCommit !== undefined) await task.preCommit(offsets);
      else await task.flush?.(offsets);
    },
    stop: async (): Promise<void> => {
      ending.abort();
      await task.close?.(partitions);
      await task.stop();
    },
  };
}

function topicOf(records: readonly SinkRecord[]): string {
  return records[0]?.topic ?? 'topic';
}

/** What has to be the same when a record is read again: all but the time of reading. */
function contentOf(record: SourceRecord): unknown {
  const { topic, kafkaPartition, key, value, sourcePartition, sourceOffset } = record;
  return { topic, kafkaPartition, key, value, sourcePartition, position: withoutGeneration(sourceOffset) };
}

/** How often a task was started may be part of its offset. */
function withoutGeneration(offset: SourceRecord['sourceOffset']): unknown {
  if (offset === null) return null;
  return Object.fromEntries(Object.entries(offset).filter(([key]) => !key.endsWith('.generation')));
}

async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  const late = AbortSignal.timeout(ms);
  return Promise.race([
    promise,
    new Promise<never>((_resolve, reject) => {
      late.addEventListener('abort', () =>
        reject(new assert.AssertionError({ message: `${what} took more than ${ms} ms` })),
      );
    }),
  ]);
}
