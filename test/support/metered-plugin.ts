/** A source, a sink and what goes with them, each with metrics of its own (KIP-877). For tests only. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  ConfigDef,
  type ConnectorConfig,
  type ConnectorContext,
  type ConnectRecord,
  definePlugin,
  type PluginContext,
  type PluginCounter,
  type PluginMetrics,
  type SinkConnector,
  type SinkTask,
  type SinkTaskContext,
  type SourceConnector,
  SourceRecord,
  type SourceTask,
  type SourceTaskContext,
  type Transformation,
} from 'holdfast/sdk';

abstract class MeteredConnector {
  private metrics: PluginMetrics | undefined;
  protected started: ConnectorConfig = {};

  version(): string {
    return '1.2.3';
  }

  config(): ConfigDef {
    return ConfigDef.of({}) as never;
  }

  initialize(context: ConnectorContext): void {
    this.metrics = context.pluginMetrics;
  }

  start(config: ConnectorConfig): void {
    this.started = config;
    this.metrics?.counter('start', { description: 'Starts of the connector.', tags: { kind: 'metered' } }).increment();
  }

  taskConfigs(maxTasks: number): readonly ConnectorConfig[] {
    return Array.from({ length: maxTasks }, () => this.started);
  }

  stop(): void {}
}

class MonitorableSourceConnector extends MeteredConnector implements SourceConnector {
  taskClass(): new () => SourceTask {
    return MonitorableSourceTask;
  }
}

class MonitorableSinkConnector extends MeteredConnector implements SinkConnector {
  taskClass(): new () => SinkTask {
    return MonitorableSinkTask;
  }
}

class MonitorableSourceTask implements SourceTask {
  private polls: PluginCounter | undefined;
  private config: ConnectorConfig = {};
  private next = 0;

  initialize(context: SourceTaskContext): void {
    this.polls = context.pluginMetrics?.counter('poll', { description: 'Calls of poll().' });
    context.pluginMetrics?.gauge('position', () => this.next);
  }

  start(config: ConnectorConfig): void {
    this.config = config;
  }

  async poll(signal: AbortSignal): Promise<readonly SourceRecord[] | null> {
    this.polls?.increment();
    await delay(10, undefined, { signal }).catch(() => {});
    if (this.next >= Number(this.config['records'] ?? 10)) return null;
    const position = this.next++;
    return [
      new SourceRecord({
        sourcePartition: { metered: 1 },
        sourceOffset: { position },
        topic: this.config['topic'] ?? '',
        key: `key ${position}`,
        value: `value ${position}`,
      }),
    ];
  }

  stop(): void {}
}

class MonitorableSinkTask implements SinkTask {
  private puts: PluginCounter | undefined;

  initialize(context: SinkTaskContext): void {
    this.puts = context.pluginMetrics?.counter('put', { description: 'Records given to put().' });
  }

  start(): void {}

  put(records: readonly unknown[]): void {
    this.puts?.increment(records.length);
  }

  stop(): void {}
}

class CountingTransformation<R extends ConnectRecord> implements Transformation<R> {
  private seen: PluginCounter | undefined;

  config(): ConfigDef {
    return ConfigDef.of({}) as never;
  }

  configure(_config: Readonly<Record<string, string>>, context?: PluginContext): void {
    this.seen = context?.pluginMetrics.counter('applied', { description: 'Records seen.' });
  }

  apply(record: R): R {
    this.seen?.increment();
    return record;
  }
}

export default definePlugin({
  name: 'metered',
  version: '1.2.3',
  connectors: [
    { className: 'test.MonitorableSourceConnector', type: 'source', create: MonitorableSourceConnector },
    { className: 'test.MonitorableSinkConnector', type: 'sink', create: MonitorableSinkConnector },
  ],
  transformations: [{ className: 'test.Counting', create: CountingTransformation }],
});
