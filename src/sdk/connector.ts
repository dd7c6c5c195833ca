/** A connector turns a configuration into task configurations; the tasks move the records. Kafka Connect 4.1.1, `connect/api`. */
import type { Logger } from '../foundation/logger.ts';
import type { ConfigDef, ConfigValue } from './config/config-def.ts';
import type { PluginMetrics } from './plugin-metrics.ts';
import type { OffsetMap, OffsetStorageReader, SinkTask, SourceTask, TopicPartitionKey } from './task.ts';

/** Settings of a connector or a task, in the names of Kafka Connect; variables are resolved. */
export type ConnectorConfig = Readonly<Record<string, string>>;

/** What a connector may ask of the worker, from `initialize` to the end of `stop`. */
export interface ConnectorContext {
  readonly logger: Logger;
  /** Asks for `taskConfigs` to be called again, soon, once for many requests. */
  requestTaskReconfiguration(): void;
  /** Marks the connector FAILED with this error as its trace. Its tasks go on. */
  raiseError(error: unknown): void;
  /** Metrics of the connector's own (KIP-877). A test context may have none. */
  readonly pluginMetrics?: PluginMetrics;
}

/** What a source connector may ask of the worker. */
export interface SourceConnectorContext extends ConnectorContext {
  /** The committed offsets of the connector's source partitions. */
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
  /** Lets go of what `start` took. Its tasks may still run. */
  stop(): void | Promise<void>;
}

/**
 * Says which tasks read from a source system. Order of calls: initialize, start, (taskConfigs)*, stop. What `start` or `taskConfigs` throws
 * turns the connector FAILED.
 */
export interface SourceConnector extends ConnectorBase {
  /** Once, before `start`. */
  initialize?(context: SourceConnectorContext): void;
  /** Class of its tasks; constructed without arguments in the task's host. */
  taskClass(): new () => SourceTask;
  /** Before offsets are altered from outside: throw to refuse, return true when the source's own state was altered too. A null offset resets. */
  alterOffsets?(
    config: ConnectorConfig,
    offsets: readonly { readonly partition: OffsetMap; readonly offset: OffsetMap | null }[],
  ): boolean | Promise<boolean>;
}

/** Says which tasks write to a target system. Order of calls as for a {@link SourceConnector}. */
export interface SinkConnector extends ConnectorBase {
  /** Once, before `start`. */
  initialize?(context: ConnectorContext): void;
  /** Class of its tasks; constructed without arguments in the task's host. */
  taskClass(): new () => SinkTask;
  /** As a source's, with offsets in Kafka by `topic-partition`. */
  alterOffsets?(
    config: ConnectorConfig,
    offsets: ReadonlyMap<TopicPartitionKey, number | null>,
  ): boolean | Promise<boolean>;
}

/** Either kind; the manifest says which it is. */
export type Connector = SourceConnector | SinkConnector;
