import { ConfigDef, definePlugin, Schemas, SinkRecord, SourceRecord, type SourceTaskContext } from 'holdfast/sdk';
import { describe, expect, it } from 'vitest';
import { connectorAcceptance, type SourceAcceptanceOptions } from '../../../src/testing/connector-acceptance.ts';

/** Runs the suite and returns the names of the tests that failed. */
async function failuresOf(options: Parameters<typeof connectorAcceptance>[1]): Promise<string[]> {
  const tests: { name: string; run: () => Promise<void> }[] = [];
  connectorAcceptance(
    { describe: (_name, define) => define(), it: (name, run) => void tests.push({ name, run }) },
    options,
  );
  const failed: string[] = [];
  for (const { name, run } of tests) await run().catch(() => failed.push(name));
  expect(tests.length).toBeGreaterThan(5);
  return failed;
}

const CONFIG = ConfigDef.of({ from: { type: 'STRING', importance: 'high', documentation: 'Where from.' } });
const TOTAL = 10;

class CountingTask {
  protected next = 0;
  protected context: SourceTaskContext | null = null;

  initialize(context: SourceTaskContext): void {
    this.context = context;
  }

  async start(config: Readonly<Record<string, string>>): Promise<void> {
    CONFIG.parse(config);
    const offset = await this.context?.offsetStorageReader.offset({ from: 'a' });
    this.next = Number(offset?.['n'] ?? 0);
  }

  async poll(signal: AbortSignal): Promise<readonly SourceRecord[] | null> {
    if (this.next >= TOTAL) {
      await this.context?.clock.sleep(2, signal).catch(() => {});
      return null;
    }
    return [this.record(this.next++)];
  }

  stop(): void | Promise<void> {}

  protected record(n: number): SourceRecord {
    return new SourceRecord({ topic: 't', sourcePartition: { from: 'a' }, sourceOffset: { n: n + 1 }, value: n });
  }
}

function source(
  taskClass: new () => CountingTask,
  overrides: { start?: (config: Record<string, string>) => void; version?: string; tasks?: number } = {},
): SourceAcceptanceOptions {
  class Connector {
    private taskConfig: Readonly<Record<string, string>> = {};
    version = () => overrides.version ?? '1';
    config = () => CONFIG as never;
    start(config: Record<string, string>): void {
      if (overrides.start === undefined) CONFIG.parse(config);
      this.taskConfig = config;
    }
    taskConfigs = () => Array.from({ length: overrides.tasks ?? 1 }, () => this.taskConfig);
    taskClass = () => taskClass;
    stop(): void {}
  }
  return {
    type: 'source',
    className: 'x.Counting',
    plugin: definePlugin({
      name: 'x',
      version: '1',
      connectors: [{ className: 'x.Counting', type: 'source', create: Connector }],
    }),
    deadlineMs: 300,
    prepare: () => ({ config: { from: 'a' }, expected: TOTAL }),
  };
}

describe('the acceptance suite', () => {
  it('passes a sound source', async () => {
    expect(await failuresOf(source(CountingTask))).toEqual([]);
  });

  it('fails one that ignores offsets, or repeats the record of the offset', async () => {
    class Forgetful extends CountingTask {
      override async start(): Promise<void> {}
    }
    class Repeating extends CountingTask {
      protected override record(n: number): SourceRecord {
        return new SourceRecord({ topic: 't', sourcePartition: { from: 'a' }, sourceOffset: { n }, value: n });
      }
    }
    const name = 'goes on after any committed offset, without a loss or a repetition';
    expect(await failuresOf(source(Forgetful))).toEqual([name]);
    expect(await failuresOf(source(Repeating))).toEqual([name]);
  });

  it('fails one that gives records twice, or too few', async () => {
    class Endless extends CountingTask {
      override async poll(): Promise<readonly SourceRecord[]> {
        return [this.record(this.next++ % TOTAL)];
      }
    }
    class Short extends CountingTask {
      override poll(signal: AbortSignal): Promise<readonly SourceRecord[] | null> {
        if (this.next === TOTAL - 1) this.next++;
        return super.poll(signal);
      }
    }
    expect(await failuresOf(source(Endless))).toContain('gives nothing twice when it has run dry');
    expect(await failuresOf(source(Short))).toContain(
      'gives its records, with topics, and offsets where it has partitions',
    );
  });

  it('fails one that does not end a poll, or a stop', async () => {
    class Deaf extends CountingTask {
      private idle = 0;
      override async poll(signal: AbortSignal): Promise<readonly SourceRecord[] | null> {
        if (this.next < TOTAL || this.idle++ < 1_000_000)
          return this.next < TOTAL ? super.poll(signal) : new Promise(() => {});
        return null;
      }
      override stop(): Promise<void> {
        return new Promise(() => {});
      }
    }
    const options = source(Deaf);
    const tests: { name: string; run: () => Promise<void> }[] = [];
    connectorAcceptance(
      { describe: (_n, define) => define(), it: (name, run) => void tests.push({ name, run }) },
      options,
    );
    const test = tests.find(({ name }) => name === 'ends a poll soon after it was asked to stop');
    await expect(test?.run()).rejects.toThrow(/poll after the signal took more than 300 ms/);
  });

  it('fails one that leaks a timer', async () => {
    const leaked: NodeJS.Timeout[] = [];
    class Leaky extends CountingTask {
      override async start(config: Readonly<Record<string, string>>): Promise<void> {
        leaked.push(setInterval(() => {}, 60_000));
        await super.start(config);
      }
    }
    expect(await failuresOf(source(Leaky))).toEqual(['leaves no timers and no open handles behind']);
    for (const timer of leaked) clearInterval(timer);
  });

  it('fails one that starts without a required key, has no version, or makes too many tasks', async () => {
    expect(await failuresOf(source(CountingTask, { start: () => {} }))).toEqual([
      'refuses the configuration without any one of its required keys, naming it',
    ]);
    expect(await failuresOf(source(CountingTask, { version: '' }))).toEqual([
      'is in a manifest, with name and versions',
    ]);
    expect(await failuresOf(source(CountingTask, { tasks: 2 }))).toEqual([
      'makes at most as many task configurations as it may, again after a stop too',
    ]);
  });

  function sink(write: (target: string[], record: SinkRecord) => void) {
    let target: string[] = [];
    class Task {
      start(): void {}
      put(records: readonly SinkRecord[]): void {
        for (const record of records) write(target, record);
      }
      stop(): void {}
    }
    class Connector {
      private taskConfig: Readonly<Record<string, string>> = {};
      version = () => '1';
      config = () => CONFIG as never;
      start(config: Record<string, string>): void {
        CONFIG.parse(config);
        this.taskConfig = config;
      }
      taskConfigs = () => [this.taskConfig];
      taskClass = () => Task;
      stop(): void {}
    }
    return failuresOf({
      type: 'sink',
      className: 'x.Sink',
      plugin: definePlugin({
        name: 'x',
        version: '1',
        connectors: [{ className: 'x.Sink', type: 'sink', create: Connector }],
      }),
      prepare: () => {
        target = [];
        return {
          config: { from: 'a' },
          records: Array.from(
            { length: 6 },
            (_, kafkaOffset) =>
              new SinkRecord({
                topic: 't',
                kafkaPartition: 0,
                kafkaOffset,
                valueSchema: Schemas.STRING,
                value: `v${kafkaOffset}`,
              }),
          ),
          readBack: () => target,
          textOf: ({ value }) => String(value),
        };
      },
    });
  }

  it('passes a sound sink, and fails one that loses or turns records', async () => {
    expect(await sink((target, { value }) => target.push(String(value)))).toEqual([]);
    const both = [
      'writes what it was given, in order, by the end of a flush',
      'goes on where it ended after a restart',
    ];
    expect(await sink((target, { value, kafkaOffset }) => kafkaOffset !== 3 && target.push(String(value)))).toEqual(
      both,
    );
    expect(await sink((target, { value }) => target.unshift(String(value)))).toEqual(both);
  });
});
