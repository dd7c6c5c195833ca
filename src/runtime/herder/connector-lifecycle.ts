/** Brings one connector and its tasks to where they should be. Kafka Connect 4.1.1. Its callers see to one call at a time for each. */
import type { Logger } from '../../foundation/logger.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import { messageOf } from '../../sdk/errors/readable-error.ts';
import type { TaskId, TaskSpec } from '../host/protocol.ts';
import type { Worker } from '../worker/worker.ts';
import type { WorkerConnector } from '../worker/worker-connector.ts';
import type { ActiveTopics } from './active-topics.ts';
import type { DesiredConnector } from './desired-connectors.ts';
import type { ConnectorConfigMap } from './herder.ts';
import type { SecretUse } from './secret-use.ts';
import type { StatusBook } from './status-book.ts';

export const CONNECTOR_START_FAILED = defineErrorCode('holdfast.connector.start-failed', {
  what: 'A connector threw while it was started; it exists and is FAILED.',
  mend: 'Read the trace in its status, correct the configuration or what it depends on, and restart it.',
});

export const CONNECTOR_TASK_CONFIGS_FAILED = defineErrorCode('holdfast.connector.task-configs-failed', {
  what: 'A connector could not make the configurations of its tasks; it has no new tasks.',
  mend: 'Read the trace in its status, correct the configuration or what it depends on, and restart it.',
});

export interface ConnectorLifecycleOptions {
  readonly worker: Worker;
  readonly statuses: StatusBook;
  readonly topics: ActiveTopics;
  readonly secrets: SecretUse;
  readonly logger: Logger;
  /** The connector asked for new task configurations; may come from within a call. */
  readonly onReconfigure: (entry: DesiredConnector) => void;
}

export class ConnectorLifecycle {
  private readonly worker: Worker;
  private readonly statuses: StatusBook;
  private readonly topics: ActiveTopics;
  private readonly secrets: SecretUse;
  private readonly logger: Logger;
  private readonly onReconfigure: (entry: DesiredConnector) => void;

  constructor(options: ConnectorLifecycleOptions) {
    this.worker = options.worker;
    this.statuses = options.statuses;
    this.topics = options.topics;
    this.secrets = options.secrets;
    this.logger = options.logger;
    this.onReconfigure = options.onReconfigure;
  }

  /**
   * Brings a connector that is not running into its target state.
   * @throws ConnectError `holdfast.connector.start-failed` or `holdfast.connector.task-configs-failed`; it is FAILED then.
   */
  async launch(entry: DesiredConnector): Promise<void> {
    const { name, resolved, target } = entry;
    const { version } = resolved.desc;
    this.secrets.use(name, resolved);
    if (target === 'STOPPED') {
      this.statuses.setConnector(name, 'STOPPED', version);
      return;
    }
    let connector: WorkerConnector;
    try {
      resolved.checkStart();
      connector = this.worker.createConnector(name, resolved.desc, {
        placement: resolved.placement(),
        onReconfigure: () => this.onReconfigure(entry),
        onStuck: (stuck) => this.statuses.stickConnector(name, stuck),
        onError: (error) => {
          this.statuses.failConnector(name, error, version);
          this.logger.error('A connector reported that it failed. Its tasks go on.', { connector: name, err: error });
        },
      });
    } catch (error) {
      throw this.startFailed(entry, error);
    }
    if (target === 'PAUSED') {
      this.statuses.setConnector(name, 'PAUSED', connector.version);
      return;
    }
    await this.start(entry, connector);
    await this.reconfigure(entry, connector);
  }

  /** As `launch`, with what config providers say now: they may have other values than when it was configured. */
  async relaunch(entry: DesiredConnector): Promise<void> {
    try {
      entry.resolved = await entry.resolved.refreshed();
    } catch (error) {
      throw this.startFailed(entry, error);
    }
    await this.launch(entry);
  }

  /** Starts what was paused or stopped. @throws as `launch` */
  async resume(entry: DesiredConnector): Promise<void> {
    const instance = this.worker.connector(entry.name);
    if (instance === undefined) return this.relaunch(entry);
    await this.start(entry, instance);
    // While it was paused it may have been configured anew, or have asked for other tasks.
    await this.reconfigure(entry, instance);
  }

  /** Starts an instance that was made or paused. @throws ConnectError `holdfast.connector.start-failed` */
  async start(entry: DesiredConnector, connector: WorkerConnector): Promise<void> {
    try {
      await connector.start(entry.resolved.connectorConfig);
      // While it started it may have reported that it failed.
      if (!connector.hasFailed) this.statuses.setConnector(entry.name, 'RUNNING', connector.version);
    } catch (error) {
      await this.worker.stopConnector(entry.name);
      throw this.startFailed(entry, error);
    }
  }

  /**
   * Asks for task configurations and, when they changed, replaces the tasks.
   * @throws ConnectError `holdfast.connector.task-configs-failed`; the connector is FAILED and its old tasks go on.
   */
  async reconfigure(entry: DesiredConnector, connector: WorkerConnector): Promise<void> {
    const { name, resolved } = entry;
    let configs: readonly ConnectorConfigMap[];
    try {
      const generated = await connector.taskConfigs(resolved.tasksMax, resolved.tasksMaxEnforce);
      configs = generated.map((config) =>
        resolved.variables.putBack({ ...config, 'task.class': resolved.taskClassName(config) }),
      );
    } catch (error) {
      this.statuses.failConnector(name, error, resolved.desc.version);
      this.logger.error('A connector could not make the configurations of its tasks.', {
        code: CONNECTOR_TASK_CONFIGS_FAILED,
        connector: name,
        err: error,
      });
      throw new ConnectError(`Failed to generate task configurations for connector ${name}: ${messageOf(error)}`, {
        code: CONNECTOR_TASK_CONFIGS_FAILED,
        cause: error,
      });
    }
    // What it failed with, when it was asked before, is over; what it reported itself is not.
    if (this.statuses.connector(name)?.state === 'FAILED' && !connector.hasFailed) {
      this.statuses.setConnector(name, 'RUNNING', connector.version);
    }
    // One that could not be started has a status all the same, and waits for its restart as any that failed.
    const known = this.statuses.tasksOf(name);
    if (sameConfigs(configs, entry.taskConfigs) && known.length === configs.length) return;
    await this.worker.stopTasks(this.worker.tasksOf(name));
    this.statuses.removeTasks(name);
    entry.taskConfigs = configs;
    for (const task of configs.keys()) await this.startTask({ connector: name, task }, entry);
  }

  /** They are stopped together, within one deadline. Those that there are not are passed over. */
  async restartTasks(tasks: readonly number[], entry: DesiredConnector): Promise<void> {
    const { name, resolved } = entry;
    const ids = tasks.filter((task) => task < entry.taskConfigs.length).map((task) => ({ connector: name, task }));
    for (const id of ids) this.statuses.setTask(id, 'RESTARTING', resolved.desc.version);
    await this.worker.stopTasks(ids);
    for (const id of ids) await this.startTask(id, entry);
  }

  /** Stop and start of the instance; tasks whose configurations stay the same go on. @throws as `launch` */
  async restartInstance(entry: DesiredConnector): Promise<void> {
    this.statuses.setConnector(entry.name, 'RESTARTING', entry.resolved.desc.version);
    await this.worker.stopConnector(entry.name);
    await this.relaunch(entry);
  }

  /** Stops tasks, unless they are kept, and instance. */
  async halt(name: string, options: { readonly keepsTasks?: boolean } = {}): Promise<void> {
    if (options.keepsTasks !== true) await this.worker.stopTasks(this.worker.tasksOf(name));
    await this.worker.stopConnector(name);
    if (options.keepsTasks !== true) this.statuses.removeTasks(name);
  }

  private async startTask(id: TaskId, entry: DesiredConnector): Promise<void> {
    const { name } = entry;
    const { version } = entry.resolved.desc;
    try {
      const { spec, subscription } = await entry.resolved.taskSpec({
        id,
        taskConfig: entry.taskConfigs[id.task] ?? {},
        initialState: entry.target === 'PAUSED' ? 'PAUSED' : 'STARTED',
      });
      this.statuses.setTask(id, 'UNASSIGNED', version);
      this.warnOfTopicCreation(spec, entry);
      this.worker.startTask(spec, subscription, {
        onRunning: () => this.statuses.setTask(id, 'RUNNING', version),
        onPaused: () => this.statuses.setTask(id, 'PAUSED', version),
        onFailure: (_id, error) => {
          this.statuses.failTask(id, error, version);
          this.logger.error('A task failed. It will not recover until it is restarted.', { ...id, err: error });
        },
        onParked: (_id, parked) => this.statuses.parkTask(id, parked),
        onStuck: (_id, stuck) => this.statuses.stickTask(id, stuck),
        onTopics: (_id, topics) => this.topics.add(name, topics),
      });
    } catch (error) {
      this.statuses.failTask(id, error, version);
      this.logger.error('A task could not be started.', { ...id, err: error });
    }
  }

  /** What the worker does not allow is ignored, and said so. Kafka Connect 4.1.1 (KIP-158). */
  private warnOfTopicCreation(spec: TaskSpec, { name, config }: DesiredConnector): void {
    if (spec.kind !== 'source' || spec.topicCreation !== null) return;
    const keys = Object.keys(config).filter((key) => key.startsWith('topic.creation.'));
    if (keys.length === 0) return;
    this.logger.warn(
      'Settings of topic creation have no effect: topic.creation.enable of the worker is false. Topics are created by the broker or not at all.',
      { connector: name, keys },
    );
  }

  private startFailed(entry: DesiredConnector, cause: unknown): ConnectError {
    const { name, resolved } = entry;
    this.statuses.failConnector(name, cause, resolved.desc.version);
    this.logger.error('A connector failed to start.', { code: CONNECTOR_START_FAILED, connector: name, err: cause });
    return new ConnectError(`Failed to transition connector ${name} to state STARTED`, {
      code: CONNECTOR_START_FAILED,
      cause,
    });
  }
}

function sameConfigs(a: readonly ConnectorConfigMap[], b: readonly ConnectorConfigMap[]): boolean {
  const text = (config: ConnectorConfigMap): string =>
    JSON.stringify(Object.entries(config).sort(([x], [y]) => (x < y ? -1 : 1)));
  return a.length === b.length && a.every((config, index) => text(config) === text(b[index] ?? {}));
}
