/**
 * The herder of a single worker: configurations, states and statuses are in memory, as with Kafka Connect's standalone worker.
 * Operations run one after the other; reads never wait for them (invariant 7).
 */
import PQueue from 'p-queue';
import type { Logger } from '../../foundation/logger.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import { AlreadyExistsError, NotFoundError } from '../../sdk/errors/kinds.ts';
import type { ConnectorConfigs, ResolvedConnector } from '../config/connector-configs.ts';
import type { TaskId } from '../host/protocol.ts';
import type { PluginDesc, PluginType } from '../plugins/plugin-desc.ts';
import type { Plugins } from '../plugins/plugins.ts';
import type { Worker } from '../worker/worker.ts';
import type { WorkerConnector } from '../worker/worker-connector.ts';
import type {
  ConnectorConfigMap,
  ConnectorInfo,
  ConnectorStateInfo,
  ConnectorTaskId,
  Herder,
  HerderHealth,
  RawConnectorConfig,
  TaskInfo,
} from './herder.ts';
import type { TargetState, TaskStatus } from './status.ts';
import { StatusBook } from './status-book.ts';

export const CONNECTOR_START_FAILED = defineErrorCode('holdfast.connector.start-failed', {
  what: 'A connector threw while it was started; it exists and is FAILED.',
  mend: 'Read the trace in its status, correct the configuration or what it depends on, and restart it.',
});

export const CONNECTOR_TASK_CONFIGS_FAILED = defineErrorCode('holdfast.connector.task-configs-failed', {
  what: 'A connector could not make the configurations of its tasks; it has no new tasks.',
  mend: 'Read the trace in its status, correct the configuration or what it depends on, and restart it.',
});

/** Desired state of one connector. */
interface Entry {
  readonly name: string;
  config: ConnectorConfigMap;
  resolved: ResolvedConnector;
  target: TargetState;
  taskConfigs: readonly ConnectorConfigMap[];
}

export interface StandaloneHerderOptions {
  readonly worker: Worker;
  readonly plugins: Plugins;
  readonly configs: ConnectorConfigs;
  readonly logger: Logger;
  /** Advertised `host:port`. */
  readonly workerId: string;
  readonly clusterId: () => Promise<string | null>;
  /** What keeps the worker from being ready, such as a broker that is away; empty when nothing does. */
  readonly startup: () => string;
}

export class StandaloneHerder implements Herder {
  private readonly options: StandaloneHerderOptions;
  private readonly entries = new Map<string, Entry>();
  private readonly statuses: StatusBook;
  /** The "herder thread": one operation at a time. */
  private readonly operations = new PQueue({ concurrency: 1 });
  private started = false;

  constructor(options: StandaloneHerderOptions) {
    this.options = options;
    this.statuses = new StatusBook({ workerId: options.workerId });
  }

  async start(): Promise<void> {
    await this.options.worker.start();
    this.started = true;
  }

  async stop(): Promise<void> {
    await this.operations.add(() => this.options.worker.stop());
    this.started = false;
  }

  async health(): Promise<HerderHealth> {
    const detail = this.options.startup();
    return { status: this.started && detail === '' ? 'healthy' : 'starting', detail };
  }

  kafkaClusterId(): Promise<string | null> {
    return this.options.clusterId();
  }

  async connectors(): Promise<readonly string[]> {
    return [...this.entries.keys()];
  }

  async connectorInfo(name: string): Promise<ConnectorInfo> {
    return infoOf(this.entry(name));
  }

  async connectorConfig(name: string): Promise<ConnectorConfigMap> {
    return this.entry(name).config;
  }

  async taskInfos(name: string): Promise<readonly TaskInfo[]> {
    return this.entry(name).taskConfigs.map((config, task) => ({ id: { connector: name, task }, config }));
  }

  async connectorStatus(name: string): Promise<ConnectorStateInfo> {
    const entry = this.entries.get(name);
    const connector = this.statuses.connector(name);
    if (entry === undefined || connector === undefined)
      throw new NotFoundError(`No status found for connector ${name}`);
    return { name, connector, tasks: this.statuses.tasksOf(name), type: entry.resolved.type };
  }

  async taskStatus(id: ConnectorTaskId): Promise<TaskStatus & { readonly id: number }> {
    const status = this.statuses.task(id);
    if (status === undefined) throw new NotFoundError(`No status found for task ${id.connector}-${id.task}`);
    return { id: id.task, ...status };
  }

  async taskCounters(id: ConnectorTaskId): Promise<Readonly<Record<string, number>>> {
    return this.options.worker.counters(id);
  }

  putConnectorConfig(
    name: string,
    raw: RawConnectorConfig,
    options: { readonly allowReplace: boolean; readonly initialState?: TargetState },
  ): Promise<{ readonly created: boolean; readonly info: ConnectorInfo }> {
    return this.run(async () => {
      const existing = this.entries.get(name);
      if (existing !== undefined && !options.allowReplace)
        throw new AlreadyExistsError(`Connector ${name} already exists`);
      // Nothing is half-applied: an invalid configuration changes nothing.
      const resolved = await this.options.configs.resolve(raw);
      const config = raw as ConnectorConfigMap;
      if (existing === undefined) {
        const entry: Entry = { name, config, resolved, target: options.initialState ?? 'STARTED', taskConfigs: [] };
        this.entries.set(name, entry);
        await this.launch(entry);
        return { created: true, info: infoOf(entry) };
      }
      await this.halt(existing);
      existing.config = config;
      existing.resolved = resolved;
      existing.taskConfigs = [];
      await this.launch(existing);
      return { created: false, info: infoOf(existing) };
    });
  }

  deleteConnector(name: string): Promise<void> {
    return this.run(async () => {
      const entry = this.entry(name);
      await this.halt(entry);
      this.entries.delete(name);
      this.statuses.remove(name);
    });
  }

  pauseConnector(name: string): Promise<void> {
    return this.run(async () => {
      const entry = this.entry(name, `Unknown connector ${name}`);
      if (entry.target === 'PAUSED') return;
      entry.target = 'PAUSED';
      const running = this.options.worker.connector(name);
      await running?.stop();
      if (this.statuses.connector(name)?.state !== 'FAILED')
        this.statuses.setConnector(name, 'PAUSED', running?.version ?? null);
      for (const id of this.options.worker.tasksOf(name)) this.options.worker.setTaskTarget(id, 'PAUSED');
    });
  }

  resumeConnector(name: string): Promise<void> {
    return this.run(async () => {
      const entry = this.entry(name, `Unknown connector ${name}`);
      if (entry.target === 'STARTED') return;
      entry.target = 'STARTED';
      const instance = this.options.worker.connector(name);
      // A FAILED connector stays FAILED until it is restarted or reconfigured.
      if (instance === undefined)
        return this.statuses.connector(name)?.state === 'FAILED' ? undefined : this.launch(entry);
      await this.startInstance(entry, instance);
      if (entry.taskConfigs.length === 0) await this.reconfigureTasks(entry, instance);
      else for (const id of this.options.worker.tasksOf(name)) this.options.worker.setTaskTarget(id, 'STARTED');
    });
  }

  stopConnector(name: string): Promise<void> {
    return this.run(async () => {
      const entry = this.entry(name, `Unknown connector ${name}`);
      if (entry.target === 'STOPPED') return;
      const version = this.options.worker.connector(name)?.version ?? null;
      entry.target = 'STOPPED';
      await this.halt(entry);
      entry.taskConfigs = [];
      this.statuses.removeTasks(name);
      this.statuses.setConnector(name, 'STOPPED', version);
    });
  }

  restartConnector(name: string): Promise<void> {
    return this.run(async () => {
      const entry = this.entry(name, `Unknown connector: ${name}`);
      await this.restartInstance(entry);
    });
  }

  restartConnectorAndTasks(
    name: string,
    options: { readonly onlyFailed: boolean; readonly includeTasks: boolean },
  ): Promise<ConnectorStateInfo> {
    return this.run(async () => {
      const entry = this.entry(name, `Unknown connector: ${name}`);
      const before = await this.connectorStatus(name);
      const chosen = (state: string): boolean => !options.onlyFailed || state === 'FAILED';
      const restartsConnector = chosen(before.connector.state);
      const tasks = options.includeTasks ? before.tasks.filter(({ state }) => chosen(state)).map(({ id }) => id) : [];
      const plan: ConnectorStateInfo = {
        ...before,
        connector: restartsConnector ? { ...before.connector, state: 'RESTARTING' } : before.connector,
        tasks: before.tasks.map((task) => (tasks.includes(task.id) ? { ...task, state: 'RESTARTING' } : task)),
      };
      // The answer is the plan; carrying it out is the next operation.
      void this.operations.add(async () => {
        if (this.entries.get(name) !== entry) return;
        if (restartsConnector) await this.restartInstance(entry).catch(() => {});
        for (const task of tasks) await this.restartOne({ connector: name, task }, entry);
      });
      return plan;
    });
  }

  restartTask(id: ConnectorTaskId): Promise<void> {
    return this.run(async () => {
      const entry = this.entry(id.connector, `Unknown connector: ${id.connector}`);
      if (id.task < 0 || id.task >= entry.taskConfigs.length) {
        throw new NotFoundError(`Task ${id.connector}-${id.task} not found`);
      }
      await this.restartOne(id, entry);
    });
  }

  async plugins(types: readonly PluginType[]): Promise<readonly PluginDesc[]> {
    return this.options.plugins.list(types);
  }

  private entry(name: string, message = `Connector ${name} not found`): Entry {
    const entry = this.entries.get(name);
    if (entry === undefined) throw new NotFoundError(message);
    return entry;
  }

  private run<T>(operation: () => Promise<T>): Promise<T> {
    return this.operations.add(operation) as Promise<T>;
  }

  /** Brings a connector that is not running into its target state. */
  private async launch(entry: Entry): Promise<void> {
    const { name } = entry;
    if (entry.target === 'STOPPED') {
      this.statuses.setConnector(name, 'STOPPED', entry.resolved.desc.version);
      return;
    }
    let connector: WorkerConnector;
    try {
      connector = this.options.worker.createConnector(name, entry.resolved.desc, {
        onReconfigure: () => {
          void this.run(async () => {
            const instance = this.options.worker.connector(name);
            if (this.entries.get(name) === entry && instance !== undefined)
              await this.reconfigureTasks(entry, instance);
          }).catch((error: unknown) =>
            this.options.logger.error('Tasks could not be reconfigured.', { connector: name, err: error }),
          );
        },
        onError: (error) => this.statuses.failConnector(name, error, entry.resolved.desc.version),
      });
    } catch (error) {
      this.statuses.failConnector(name, error, entry.resolved.desc.version);
      throw startFailed(name, error);
    }
    if (entry.target === 'PAUSED') {
      this.statuses.setConnector(name, 'PAUSED', connector.version);
      return;
    }
    await this.startInstance(entry, connector);
    await this.reconfigureTasks(entry, connector);
  }

  private async startInstance(entry: Entry, connector: WorkerConnector): Promise<void> {
    try {
      await connector.start(entry.resolved.connectorConfig);
      this.statuses.setConnector(entry.name, 'RUNNING', connector.version);
    } catch (error) {
      this.statuses.failConnector(entry.name, error, entry.resolved.desc.version);
      await this.options.worker.stopConnector(entry.name);
      this.options.logger.error('A connector failed to start.', {
        code: CONNECTOR_START_FAILED,
        connector: entry.name,
        err: error,
      });
      throw startFailed(entry.name, error);
    }
  }

  /** Asks for task configurations and, when they changed, replaces the tasks. */
  private async reconfigureTasks(entry: Entry, connector: WorkerConnector): Promise<void> {
    const { name, resolved } = entry;
    let configs: readonly ConnectorConfigMap[];
    try {
      const generated = await connector.taskConfigs(resolved.tasksMax, resolved.tasksMaxEnforce);
      configs = generated.map((config) => ({ ...config, 'task.class': resolved.taskClassName(config) }));
    } catch (error) {
      this.statuses.failConnector(name, error, resolved.desc.version);
      this.options.logger.error('A connector could not make the configurations of its tasks.', {
        code: CONNECTOR_TASK_CONFIGS_FAILED,
        connector: name,
        err: error,
      });
      throw new ConnectError(
        `Failed to generate task configurations for connector ${name}: ${(error as Error).message}`,
        {
          code: CONNECTOR_TASK_CONFIGS_FAILED,
          cause: error,
        },
      );
    }
    if (sameConfigs(configs, entry.taskConfigs) && this.options.worker.tasksOf(name).length === configs.length) return;
    await this.options.worker.stopTasks(this.options.worker.tasksOf(name));
    this.statuses.removeTasks(name);
    entry.taskConfigs = configs;
    for (const task of configs.keys()) this.startTask({ connector: name, task }, entry);
  }

  private startTask(id: TaskId, entry: Entry): void {
    const version = entry.resolved.desc.version;
    try {
      const { spec, subscription } = entry.resolved.taskSpec({
        id,
        taskConfig: entry.taskConfigs[id.task] ?? {},
        initialState: entry.target === 'PAUSED' ? 'PAUSED' : 'STARTED',
      });
      this.options.worker.startTask(spec, subscription, {
        onRunning: () => this.statuses.setTask(id, 'RUNNING', version),
        onPaused: () => this.statuses.setTask(id, 'PAUSED', version),
        onFailure: (_id, error) => this.statuses.failTask(id, error, version),
        onParked: (_id, parked) => this.statuses.parkTask(id, parked),
        onTopics: () => {},
      });
      if (this.statuses.task(id) === undefined) this.statuses.setTask(id, 'UNASSIGNED', version);
    } catch (error) {
      this.statuses.failTask(id, error, version);
    }
  }

  private async restartOne(id: TaskId, entry: Entry): Promise<void> {
    this.statuses.setTask(id, 'RESTARTING', entry.resolved.desc.version);
    await this.options.worker.stopTasks([id]);
    this.startTask(id, entry);
  }

  private async restartInstance(entry: Entry): Promise<void> {
    const { name } = entry;
    this.statuses.setConnector(name, 'RESTARTING', entry.resolved.desc.version);
    await this.options.worker.stopConnector(name);
    await this.launch(entry);
  }

  private async halt(entry: Entry): Promise<void> {
    await this.options.worker.stopTasks(this.options.worker.tasksOf(entry.name));
    await this.options.worker.stopConnector(entry.name);
    this.statuses.removeTasks(entry.name);
  }
}

function infoOf(entry: Entry): ConnectorInfo {
  return {
    name: entry.name,
    config: entry.config,
    tasks: entry.taskConfigs.map((_, task) => ({ connector: entry.name, task })),
    type: entry.resolved.type,
  };
}

function startFailed(name: string, cause: unknown): ConnectError {
  return new ConnectError(`Failed to transition connector ${name} to state STARTED`, {
    code: CONNECTOR_START_FAILED,
    cause,
  });
}

function sameConfigs(a: readonly ConnectorConfigMap[], b: readonly ConnectorConfigMap[]): boolean {
  const text = (config: ConnectorConfigMap): string =>
    JSON.stringify(Object.entries(config).sort(([x], [y]) => (x < y ? -1 : 1)));
  return a.length === b.length && a.every((config, index) => text(config) === text(b[index] ?? {}));
}
