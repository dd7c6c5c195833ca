/**
 * The desired state of connectors and what may be asked of it: the only thing the REST API talks to.
 * Kafka Connect's Herder, with promises in place of callbacks.
 */

import type { ConfigInfos, ConfigKeyInfo } from '../../sdk/config/index.ts';
import type { OffsetMap } from '../../sdk/task.ts';
import type { PluginDesc, PluginType } from '../plugins/plugin-desc.ts';
import type { ConnectorStatus, TargetState, TaskStatus } from './status.ts';

export type ConnectorConfigMap = Readonly<Record<string, string>>;

/** As a client sends it: null values are named in the validation error. */
export type RawConnectorConfig = Readonly<Record<string, string | null>>;

export interface ConnectorTaskId {
  readonly connector: string;
  readonly task: number;
}

/** A record of a topic. */
export interface ParkedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface ConnectorInfo {
  readonly name: string;
  readonly config: ConnectorConfigMap;
  readonly tasks: readonly ConnectorTaskId[];
  readonly type: 'source' | 'sink' | 'unknown';
}

export interface TaskInfo {
  readonly id: ConnectorTaskId;
  readonly config: ConnectorConfigMap;
}

export interface ConnectorStateInfo {
  readonly name: string;
  readonly connector: ConnectorStatus;
  /** Sorted by id. */
  readonly tasks: readonly (TaskStatus & { readonly id: number })[];
  readonly type: 'source' | 'sink' | 'unknown';
}

/** One partition of a connector: as a source names it, or of a topic for a sink. null as a client may send it. */
export interface ConnectorOffset {
  readonly partition: OffsetMap | null;
  readonly offset: OffsetMap | null;
}

/** What became of a connector file. */
export interface AppliedFile {
  /**
   * `kept`: the file has not changed since it was applied last, so later changes through the REST API stand. `deleted`: the connector was
   * deleted through the REST API since then, and stays so. Both only when connectors are stored.
   */
  readonly outcome: 'created' | 'replaced' | 'kept' | 'deleted';
  /** null when it was deleted. */
  readonly info: ConnectorInfo | null;
}

export interface HerderHealth {
  readonly status: 'healthy' | 'starting' | 'unhealthy';
  /** What the worker is doing or waiting for; empty when there is nothing to say. */
  readonly detail: string;
}

/**
 * Errors: NotFoundError for an unknown connector or task, AlreadyExistsError, ConfigError with every mistake for an invalid
 * configuration, ConnectError when a connector refuses to start.
 */
export interface Herder {
  /** Stored connectors are started too, but for those held back until their connector file is applied. */
  start(options?: { readonly heldBack?: readonly string[] }): Promise<void>;
  /** Stops connectors and tasks within their deadlines. */
  stop(): Promise<void>;
  health(): Promise<HerderHealth>;
  /** What it is doing, or did last, as a sentence for the answer to a request that timed out; empty when there is nothing to say. */
  stage(): string;
  kafkaClusterId(): Promise<string | null>;

  connectors(): Promise<readonly string[]>;
  connectorInfo(name: string): Promise<ConnectorInfo>;
  connectorConfig(name: string): Promise<ConnectorConfigMap>;
  taskInfos(name: string): Promise<readonly TaskInfo[]>;
  connectorStatus(name: string): Promise<ConnectorStateInfo>;
  taskStatus(id: ConnectorTaskId): Promise<TaskStatus & { readonly id: number }>;
  /** What a running task has counted since it was started, under the names of Kafka Connect's task metrics; empty when it does not run. */
  taskCounters(id: ConnectorTaskId): Promise<Readonly<Record<string, number>>>;

  putConnectorConfig(
    name: string,
    config: RawConnectorConfig,
    options: { readonly allowReplace: boolean; readonly initialState?: TargetState },
  ): Promise<{ readonly created: boolean; readonly info: ConnectorInfo }>;
  /**
   * Starts the connector of a file; whoever spoke last decides, and a file speaks when its content changes.
   * @param options.fingerprint stands for the content of the file
   * @throws as {@link putConnectorConfig}, for a connector that was `kept` too, which is FAILED then: each start of a worker ends alike
   */
  applyConnectorFile(
    name: string,
    config: ConnectorConfigMap,
    options: { readonly initialState: TargetState; readonly fingerprint: string },
  ): Promise<AppliedFile>;
  /** Merges the patch into the configuration; a null value removes its key. */
  patchConnectorConfig(name: string, patch: RawConnectorConfig): Promise<ConnectorInfo>;
  deleteConnector(name: string): Promise<void>;

  pauseConnector(name: string): Promise<void>;
  resumeConnector(name: string): Promise<void>;
  stopConnector(name: string): Promise<void>;
  /** Stop and start of the connector only. */
  restartConnector(name: string): Promise<void>;
  /** Resolves with the plan: what will be restarted shows RESTARTING. */
  restartConnectorAndTasks(
    name: string,
    options: { readonly onlyFailed: boolean; readonly includeTasks: boolean },
  ): Promise<ConnectorStateInfo>;
  restartTask(id: ConnectorTaskId): Promise<void>;
  /**
   * Has a sink task skip the one record that a partition of it waits at for a schema id that nobody knows. Reported like bad data that is
   * tolerated, whatever `errors.tolerance` says. @throws NotFoundError; ConnectError `holdfast.task.not-skippable`
   */
  skipParkedRecord(id: ConnectorTaskId, at: ParkedRecord): Promise<void>;

  /** What is committed, in any state. */
  connectorOffsets(name: string): Promise<readonly ConnectorOffset[]>;
  /**
   * Only while it is STOPPED; ConfigError `holdfast.connector.not-stopped` otherwise. null resets all of them.
   * @returns whether the connector altered what it keeps itself, too.
   */
  alterConnectorOffsets(name: string, offsets: readonly ConnectorOffset[] | null): Promise<boolean>;
  /** Topics that it wrote to or read from since it was created, or since they were reset. None for an unknown connector. */
  connectorTopics(name: string): Promise<readonly string[]>;
  resetConnectorTopics(name: string): Promise<void>;

  plugins(types: readonly PluginType[]): Promise<readonly PluginDesc[]>;
  /**
   * The settings of a plugin.
   * @throws NotFoundError for an unknown one; ConfigError for a version that is not there, that can't be read, or a plugin without settings
   */
  pluginConfig(name: string, version: string | undefined): Promise<readonly ConfigKeyInfo[]>;
  /** What creating a connector with this configuration would be refused for, and more. @throws ConfigError when no connector can be asked */
  validateConnectorConfig(config: RawConnectorConfig): Promise<ConfigInfos>;
}
