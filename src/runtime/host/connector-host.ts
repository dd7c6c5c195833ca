/** Connector instances in a task host: where they block, they block nobody else. */
import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Connector, ConnectorConfig, SinkConnector, SourceConnector } from '../../sdk/connector.ts';
import { errorToWire } from '../../sdk/errors/error-wire.ts';
import { IllegalStateError } from '../../sdk/errors/kinds.ts';
import type { OffsetMap, OffsetStorageReader } from '../../sdk/task.ts';
import { type ConnectorDefinition, connectorDefinition, definitionToWire } from '../config/connector-definition.ts';
import { answerOfPlugin, type PluginAnswer } from '../config/plugin-definition.ts';
import { PluginFigures } from '../metrics/plugin-figures.ts';
import type { PluginCalls } from './plugin-calls.ts';
import type { PluginLoader } from './plugin-loader.ts';
import type { AlteredOffsets, ConnectorCall, ConnectorEvent } from './protocol.ts';
import { checkedTaskConfigs } from './task-configs.ts';

interface Instance {
  readonly name: string;
  readonly connector: Connector;
  readonly start: AbortController;
  readonly metrics: PluginFigures;
  /** What was told of them last. */
  told: string;
}

export interface ConnectorHostOptions {
  readonly plugins: PluginLoader;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Knows in which of its methods an instance is. */
  readonly calls: (connector: string) => PluginCalls;
  readonly readOffsets: (connector: string, partitions: readonly OffsetMap[]) => Promise<readonly (OffsetMap | null)[]>;
  readonly post: (event: ConnectorEvent) => void;
}

export class ConnectorHost {
  private readonly options: ConnectorHostOptions;
  private readonly instances = new Map<number, Instance>();

  constructor(options: ConnectorHostOptions) {
    this.options = options;
  }

  /** Asks a `start` that is under way to end. */
  cancel(instance: number): void {
    this.instances.get(instance)?.start.abort(new Error('the connector is stopped'));
  }

  /** What left its code uncaught. False when it has no instance here. */
  fail(connector: string, error: Error): boolean {
    const instances = [...this.instances].filter(([, { name }]) => name === connector);
    for (const [instance] of instances) {
      this.options.post({ type: 'connector.event', connector, instance, event: 'error', error: errorToWire(error) });
    }
    return instances.length > 0;
  }

  get isEmpty(): boolean {
    return this.instances.size === 0;
  }

  /** Tells what the connectors measure, where it changed. */
  report(): void {
    for (const [instance, each] of this.instances) {
      const figures = each.metrics.snapshot();
      const text = JSON.stringify(figures);
      if (text === each.told) continue;
      each.told = text;
      this.options.post({ type: 'connector.event', connector: each.name, instance, event: 'figures', figures });
    }
  }

  async serve(call: ConnectorCall): Promise<unknown> {
    if (call.method === 'create') return this.create(call);
    if (call.method === 'alterOffsets') return this.alterOffsets(call);
    if (call.method === 'config' || call.method === 'validate') return this.describe(call);
    if (call.method === 'describe') return this.describePlugin(call);
    const found = this.instances.get(call.instance);
    if (found === undefined) throw new IllegalStateError(`There is no instance of connector ${call.connector} here.`);
    const { connector, start } = found;
    if (call.method !== 'release') this.begins(call, call.method);
    switch (call.method) {
      case 'start':
        await connector.start(call.config, start.signal);
        return undefined;
      case 'taskConfigs':
        return cloneable(checkedTaskConfigs(await connector.taskConfigs(call.maxTasks)));
      case 'stop':
        await connector.stop();
        return undefined;
      case 'release':
        this.instances.delete(call.instance);
        return undefined;
    }
  }

  private async create(call: ConnectorCall & { readonly method: 'create' }): Promise<string> {
    const create = await this.options.plugins.load(call.plugin, 'connector');
    const calls = this.options.calls(call.connector);
    this.begins(call, 'constructor');
    const plain = calls.run('constructor', () => new create()) as Connector;
    const connector = calls.watched(plain);
    const metrics = new PluginFigures();
    const start = new AbortController();
    this.instances.set(call.instance, { name: call.connector, connector, start, metrics, told: '[]' });
    const context = this.context(call, metrics);
    this.begins(call, 'initialize');
    if (call.kind === 'source') await (connector as SourceConnector).initialize?.(context);
    else await (connector as SinkConnector).initialize?.(context);
    return calls.run('version', () => plain.version());
  }

  /** Told before it is called: one that blocks its loop says nothing afterwards. */
  private begins({ connector, instance }: ConnectorCall, method: string): void {
    const call = { method, since: this.options.clock.now() };
    this.options.post({ type: 'connector.event', connector, instance, event: 'calling', call });
  }

  private async alterOffsets(call: ConnectorCall & { readonly method: 'alterOffsets' }): Promise<boolean | undefined> {
    const create = await this.options.plugins.load(call.plugin, 'connector');
    const calls = this.options.calls(call.connector);
    const connector = calls.watched(calls.run('constructor', () => new create()) as Connector);
    return alterOffsetsOf(connector, call.config, call.offsets);
  }

  private async describe(
    call: ConnectorCall & { readonly method: 'config' | 'validate' },
  ): Promise<ConnectorDefinition> {
    const create = await this.options.plugins.load(call.plugin, 'connector');
    const calls = this.options.calls(call.connector);
    const connector = calls.watched(calls.run('constructor', () => new create()) as Connector);
    return definitionToWire(await connectorDefinition(call.plugin.className, connector, call.config));
  }

  private async describePlugin(call: ConnectorCall & { readonly method: 'describe' }): Promise<PluginAnswer> {
    const create = await this.options.plugins.load(call.plugin, call.kind);
    return this.options
      .calls(call.connector)
      .run(call.named, () => answerOfPlugin(call.plugin.className, create, call));
  }

  private context(
    { connector, instance, plugin }: ConnectorCall & { readonly method: 'create' },
    metrics: PluginFigures,
  ) {
    const { logger, post, readOffsets } = this.options;
    const offsetStorageReader: OffsetStorageReader = {
      offset: async (partition) => (await readOffsets(connector, [partition]))[0] ?? null,
      offsets: (partitions) => readOffsets(connector, partitions),
    };
    return {
      logger: logger.child({ name: plugin.className, connector }),
      offsetStorageReader,
      pluginMetrics: metrics.of(),
      requestTaskReconfiguration: () => post({ type: 'connector.event', connector, instance, event: 'reconfigure' }),
      raiseError: (error: unknown) =>
        post({ type: 'connector.event', connector, instance, event: 'error', error: errorToWire(error) }),
    };
  }
}

/** undefined for a connector that has nothing to say to it. */
export async function alterOffsetsOf(
  connector: Connector,
  config: ConnectorConfig,
  offsets: AlteredOffsets,
): Promise<boolean | undefined> {
  return offsets instanceof Map
    ? (connector as SinkConnector).alterOffsets?.(config, offsets)
    : (connector as SourceConnector).alterOffsets?.(
        config,
        offsets as Exclude<AlteredOffsets, ReadonlyMap<string, unknown>>,
      );
}

/** Plugins may answer with objects of their own; a configuration is its keys and values. */
function cloneable(configs: readonly ConnectorConfig[]): readonly ConnectorConfig[] {
  return configs.map((config) => ({ ...config }));
}
