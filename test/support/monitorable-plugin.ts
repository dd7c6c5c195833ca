/** A source and a sink that do what their configuration says, for the test scenarios of Kafka Connect. For tests only. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  ConfigDef,
  type ConfigValue,
  ConnectError,
  ConnectHeaders,
  type Connector,
  type ConnectorConfig,
  type ConnectorContext,
  definePlugin,
  type OffsetMap,
  type SinkConnector,
  type SinkRecord,
  type SinkTask,
  type SinkTopicPartition,
  SourceRecord,
  type SourceTask,
  type SourceTaskContext,
  UnsupportedOperationError,
} from 'holdfast/sdk';

const STATE = Symbol.for('holdfast.test.monitorable');

interface Monitored {
  /** `start`, `stop` of connectors and tasks, by `<connector>` and `<connector>-<task>`. */
  readonly calls: string[];
  /** What `alterOffsets` got. */
  readonly altered: unknown[];
  /** Values that sinks were given, by connector. */
  readonly put: Map<string, string[]>;
  /** `open`, `close` and `flush` of sinks, each with its partitions (`flush` with their offsets), by connector. */
  readonly partitions: Map<string, { readonly call: 'open' | 'close' | 'flush'; readonly of: readonly string[] }[]>;
  /** Connectors and tasks whose `start` throws, as long as they are in it. */
  readonly failing: Set<string>;
  readonly contexts: Map<string, ConnectorContext>;
}

/** What the plugin saw; one for the process, however often the module is loaded. */
export function monitored(): Monitored {
  const holder = globalThis as { [STATE]?: Monitored };
  holder[STATE] ??= {
    calls: [],
    altered: [],
    put: new Map(),
    partitions: new Map(),
    failing: new Set(),
    contexts: new Map(),
  };
  return holder[STATE];
}

export function timesCalled(what: string): number {
  return monitored().calls.filter((call) => call === what).length;
}

const NEVER = new Promise<never>(() => {});

/** `alter.offsets`: true, false, throw, mistake, unsupported, hang. */
function alterOffsets(config: ConnectorConfig, offsets: unknown): boolean | Promise<boolean> {
  monitored().altered.push(offsets);
  switch (config['alter.offsets']) {
    case 'false':
      return false;
    case 'throw':
      throw new ConnectError('spec alterOffsets refusal');
    case 'mistake':
      return (null as unknown as { length: number }).length > 0;
    case 'unsupported':
      throw new UnsupportedOperationError('no');
    case 'hang':
      return NEVER;
    default:
      return true;
  }
}

abstract class MonitorableConnector {
  private name = '';
  private started: ConnectorConfig = {};
  private context: ConnectorContext | null = null;

  version(): string {
    return '1';
  }

  config(): ConfigDef {
    return ConfigDef.of({}) as never;
  }

  async validate(config: ConnectorConfig): Promise<ConfigValue[]> {
    if (config['block'] === 'Connector::validate') {
      monitored().calls.push(`validate ${config['name']}`);
      await NEVER;
    }
    return [];
  }

  initialize(context: ConnectorContext): void {
    this.context = context;
  }

  start(config: ConnectorConfig, _signal: AbortSignal): void | Promise<void> {
    this.name = config['name'] ?? '';
    this.started = config;
    if (this.context !== null) monitored().contexts.set(this.name, this.context);
    monitored().calls.push(`start ${this.name}`);
    if (monitored().failing.has(this.name)) throw new ConnectError('Injected failure: connector start');
    if (config['block'] === 'Connector::start') return NEVER;
  }

  /** As many as `num.tasks`, or as allowed. */
  taskConfigs(maxTasks: number): readonly ConnectorConfig[] {
    monitored().calls.push(`taskConfigs ${this.name}`);
    if (monitored().failing.has(`${this.name} taskConfigs`)) throw new ConnectError('Injected failure: taskConfigs');
    const count = Number(this.started['num.tasks'] ?? maxTasks);
    return Array.from({ length: count }, (_, task) => ({ ...this.started, 'task.id': `${this.name}-${task}` }));
  }

  stop(): void | Promise<void> {
    monitored().calls.push(`stop ${this.name}`);
    if (this.started['block'] === 'Connector::stop') return NEVER;
  }
}

class MonitorableSource extends MonitorableConnector {
  taskClass(): new () => SourceTask {
    return MonitorableSourceTask;
  }

  alterOffsets(
    config: ConnectorConfig,
    offsets: readonly { readonly partition: OffsetMap; readonly offset: OffsetMap | null }[],
  ): boolean | Promise<boolean> {
    return alterOffsets(config, offsets);
  }
}

/** Blocks its thread for good when it is initialized. */
class InitializeBlocking extends MonitorableSource {
  override initialize(): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }
}

/** Its definition never comes. */
class ConfigBlocking extends MonitorableSource {
  override config(): ConfigDef {
    return NEVER as never;
  }
}

/** Says nothing of offsets. */
class PlainSource extends MonitorableConnector {
  taskClass(): new () => SourceTask {
    return MonitorableSourceTask;
  }
}

class MonitorableSink extends MonitorableConnector implements SinkConnector {
  taskClass(): new () => SinkTask {
    return MonitorableSinkTask;
  }

  alterOffsets(config: ConnectorConfig, offsets: ReadonlyMap<string, number | null>): boolean | Promise<boolean> {
    return alterOffsets(config, offsets);
  }
}

/** Writes `max.messages` records (50 unless told) of its own source partition, then no more. */
class MonitorableSourceTask implements SourceTask {
  private context: SourceTaskContext | null = null;
  private id = '';
  private topic = '';
  private next = 0;
  private end = 0;
  private block = '';

  initialize(context: SourceTaskContext): void {
    this.context = context;
  }

  async start(config: ConnectorConfig): Promise<void> {
    this.id = config['task.id'] ?? '';
    this.topic = config['topic'] ?? '';
    this.end = Number(config['max.messages'] ?? '50');
    this.block = config['block'] ?? '';
    monitored().calls.push(`start ${this.id}`);
    if (monitored().failing.has(this.id)) throw new ConnectError('Injected failure: task start');
    if (this.block === 'Task::start') await NEVER;
    const offset = await this.context?.offsetStorageReader.offset({ 'task.id': this.id });
    this.next = Number(offset?.['saved'] ?? 0);
  }

  async poll(signal: AbortSignal): Promise<readonly SourceRecord[] | null> {
    await delay(5, undefined, { signal }).catch(() => {});
    const records: SourceRecord[] = [];
    for (; this.next < this.end && records.length < 25 && !signal.aborted; this.next++) {
      records.push(
        new SourceRecord({
          sourcePartition: { 'task.id': this.id },
          sourceOffset: { saved: this.next + 1 },
          topic: this.topic,
          value: `${this.id} ${this.next}`,
          headers: new ConnectHeaders().addString(`header-${this.next % 10}`, `header-value-${this.next}`),
        }),
      );
    }
    return records.length === 0 ? null : records;
  }

  stop(): void | Promise<void> {
    monitored().calls.push(`stop ${this.id}`);
    if (this.block === 'Task::stop') return NEVER;
  }
}

class MonitorableSinkTask implements SinkTask {
  private name = '';
  private id = '';
  private block = '';

  start(config: ConnectorConfig): void | Promise<void> {
    this.name = config['name'] ?? '';
    this.id = config['task.id'] ?? '';
    this.block = config['block'] ?? '';
    monitored().calls.push(`start ${this.id}`);
    if (monitored().failing.has(this.id)) throw new ConnectError('Injected failure: task start');
    if (this.block === 'Task::start') return NEVER;
  }

  open(partitions: readonly SinkTopicPartition[]): void {
    this.note('open', partitions.map(nameOf));
  }

  close(partitions: readonly SinkTopicPartition[]): void {
    this.note('close', partitions.map(nameOf));
  }

  flush(offsets: ReadonlyMap<string, number>): void {
    this.note(
      'flush',
      [...offsets].map(([partition, offset]) => `${partition}@${offset}`),
    );
  }

  put(records: readonly SinkRecord[]): void {
    const values = monitored().put.get(this.name) ?? [];
    for (const { value } of records) values.push(String(value));
    monitored().put.set(this.name, values);
  }

  private note(call: 'open' | 'close' | 'flush', of: readonly string[]): void {
    const notes = monitored().partitions.get(this.name) ?? [];
    notes.push({ call, of: [...of].sort() });
    monitored().partitions.set(this.name, notes);
  }

  stop(): void | Promise<void> {
    monitored().calls.push(`stop ${this.id}`);
    if (this.block === 'Task::stop') return NEVER;
  }
}

const nameOf = ({ topic, partition }: SinkTopicPartition): string => `${topic}-${partition}`;

const create = (connector: new () => unknown): (new () => Connector) => connector as new () => Connector;

export default definePlugin({
  name: 'monitorable',
  version: '1',
  connectors: [
    { className: 'test.MonitorableSourceConnector', type: 'source', create: create(MonitorableSource) as never },
    {
      className: 'test.InitializeBlockingSourceConnector',
      type: 'source',
      create: create(InitializeBlocking) as never,
    },
    { className: 'test.ConfigBlockingSourceConnector', type: 'source', create: create(ConfigBlocking) as never },
    { className: 'test.PlainSourceConnector', type: 'source', create: create(PlainSource) as never },
    { className: 'test.MonitorableSinkConnector', type: 'sink', create: create(MonitorableSink) as never },
  ],
});
