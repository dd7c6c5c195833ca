/** A connector turns a configuration into task configurations; the tasks move the records. Kafka Connect 4.1.1, 6.8. */
import type { Logger } from '../foundation/logger.ts';
import type { ConfigDef, ConfigValue } from './config/config-def.ts';
import type { PluginMetrics } from './plugin-metrics.ts';
import type { OffsetMap, OffsetStorageReader, SinkTask, SourceTask, TopicPartitionKey } from './task.ts';

export type ConnectorConfig = Readonly<Record<string, string>>;

export interface ConnectorContext {
  readonly logger: Logger;
  /** Asks for `taskConfigs` to be called again, soon, once for many requests. */
  requestTaskReconfiguration(): void;
  /** Marks the connector FAILED with this error as its trace. Its tasks go on. */
  raiseError(error: unknown): void;
  /** Metrics of the connector's own (KIP-877). A test context may have none. */
  readonly pluginMetrics?: PluginMetrics;
}

export interface SourceConnectorContext extends ConnectorContext {
  readonly offsetStorageReader: OffsetStorageReader;
}

interface ConnectorBase {
  /** Non-empty; shown in the REST API. */
  version(): string;
  /** Keys of this connector; the common keys are the runtime's. */
  config(): ConfigDef;
  /** Replaces the default validation (`config().validate(raw)`); called on an instance that was never started. */
  validate?(config: ConnectorConfig): ConfigValue[] | Promise<ConfigValue[]>;
  /** Must return quickly; long work belongs into a task. May be called again after `stop`. */
  start(config: ConnectorConfig, signal: AbortSignal): void | Promise<void>;
  /** At most `maxTasks` configurations. May be called repeatedly. */
  taskConfigs(maxTasks: number): readonly ConnectorConfig[] | Promise<readonly ConnectorConfig[]>;
  stop(): void | Promise<void>;
}

export interface SourceConnector extends ConnectorBase {
  initialize?(context: SourceConnectorContext): void;
  /** Class of its tasks; constructed without arguments in the task's host. */
  taskClass(): new () => SourceTask;
  /** Before offsets are altered from outside: throw to refuse, return true when the source's own state was altered too. A null offset resets. */
  alterOffsets?(
    config: ConnectorConfig,
    offsets: readonly { readonly partition: OffsetMap; readonly offset: OffsetMap | null }[],
  ): boolean | Promise<boolean>;
}

export interface SinkConnector extends ConnectorBase {
  initialize?(context: ConnectorContext): void;
  taskClass(): new () => SinkTask;
  alterOffsets?(
    config: ConnectorConfig,
    offsets: ReadonlyMap<TopicPartitionKey, number | null>,
  ): boolean | Promise<boolean>;
}

export type Connector = SourceConnector | SinkConnector;
