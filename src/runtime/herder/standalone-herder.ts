/**
 * The herder of a single worker: configurations, states and statuses are in memory, as with Kafka Connect's standalone worker.
 * Operations of one connector run one after the other, those of different ones beside each other, so that a plugin that doesn't return
 * holds up its own connector only. Reads never wait for them (invariant 7).
 */
import PQueue from 'p-queue';
import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { AlreadyExistsError, ConfigError, IllegalStateError, NotFoundError } from '../../sdk/errors/kinds.ts';
import type { ConnectorConfigs, ResolvedConnector } from '../config/connector-configs.ts';
import type { PluginDesc, PluginType } from '../plugins/plugin-desc.ts';
import type { Plugins } from '../plugins/plugins.ts';
import type { Worker } from '../worker/worker.ts';
import { ActiveTopics } from './active-topics.ts';
import { ConnectorLifecycle, type DesiredConnector } from './connector-lifecycle.ts';
import { ConnectorOffsets } from './connector-offsets.ts';
import type {
  ConnectorConfigMap,
  ConnectorInfo,
  ConnectorOffset,
  ConnectorStateInfo,
  ConnectorTaskId,
  Herder,
  HerderHealth,
  ParkedRecord,
  RawConnectorConfig,
  TaskInfo,
} from './herder.ts';
import { OperationStages } from './operation-stages.ts';
import { SecretUse } from './secret-use.ts';
import type { TargetState, TaskStatus } from './status.ts';
import { StatusBook } from './status-book.ts';

export const CONNECTOR_NOT_STOPPED = defineErrorCode('holdfast.connector.not-stopped', {
  what: 'The offsets of a connector can be altered only while it is STOPPED.',
  mend: 'Stop it with PUT /connectors/{connector}/stop, alter its offsets, and resume it.',
});

export interface StandaloneHerderOptions {
  readonly worker: Worker;
  readonly plugins: Plugins;
  readonly configs: ConnectorConfigs;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Advertised `host:port`; asked for when a status changes. */
  readonly workerId: () => string;
  readonly clusterId: () => Promise<string | null>;
  /** What keeps the worker from being ready, such as a broker that is away; empty when nothing does. */
  readonly startup: () => string;
}

export class StandaloneHerder implements Herder {
  private readonly options: StandaloneHerderOptions;
  private readonly entries = new Map<string, DesiredConnector>();
  private readonly statuses: StatusBook;
  private readonly lifecycle: ConnectorLifecycle;
  private readonly stages: OperationStages;
  private readonly topics = new ActiveTopics();
  private readonly offsets: ConnectorOffsets;
  private readonly secrets: SecretUse;
  /** By connector. */
  private readonly operations = new Map<string, PQueue>();
  private readonly reconfiguring = new Set<DesiredConnector>();
  private started = false;
  private stopping = false;

  constructor(options: StandaloneHerderOptions) {
    this.options = options;
    const { worker, logger, clock, workerId, configs } = options;
    this.secrets = new SecretUse({
      variables: configs.variables,
      secrets: configs.secrets,
      clock,
      logger,
      restart: (name) => this.restartConnectorAndTasks(name, { onlyFailed: false, includeTasks: true }),
    });
    this.statuses = new StatusBook({ workerId, mask: (text) => configs.secrets.mask(text) });
    this.stages = new OperationStages({ clock });
    this.offsets = new ConnectorOffsets({ worker, clock, logger });
    this.lifecycle = new ConnectorLifecycle({
      worker,
      statuses: this.statuses,
      topics: this.topics,
      secrets: this.secrets,
      logger,
      onReconfigure: (entry) => this.reconfigureSoon(entry),
    });
  }

  async start(): Promise<void> {
    await this.options.worker.start();
    this.started = true;
  }

  /** Waits for no operation: one whose plugin doesn't return must not keep the worker from stopping. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.secrets.close();
    for (const name of this.entries.keys()) this.options.worker.connector(name)?.cancel();
    await this.options.worker.stop();
    this.started = false;
  }

  async health(): Promise<HerderHealth> {
    const detail = this.options.startup();
    return { status: this.started && detail === '' ? 'healthy' : 'starting', detail };
  }

  stage(): string {
    return this.stages.text();
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

  async putConnectorConfig(
    name: string,
    raw: RawConnectorConfig,
    options: { readonly allowReplace: boolean; readonly initialState?: TargetState },
  ): Promise<{ readonly created: boolean; readonly info: ConnectorInfo }> {
    // Nothing is half-applied: an invalid configuration changes nothing.
    const resolved = await this.validate(name, raw);
    if (options.allowReplace) this.cancelCalls(name);
    return this.run(name, 'writing the configuration of', async () => {
      const existing = this.entries.get(name);
      if (existing !== undefined) {
        if (!options.allowReplace) throw new AlreadyExistsError(`Connector ${name} already exists`);
        return { created: false, info: await this.replace(existing, raw as ConnectorConfigMap, resolved) };
      }
      const entry: DesiredConnector = {
        name,
        config: raw as ConnectorConfigMap,
        resolved,
        target: options.initialState ?? 'STARTED',
        taskConfigs: [],
      };
      this.entries.set(name, entry);
      await this.lifecycle.launch(entry);
      return { created: true, info: infoOf(entry) };
    });
  }

  patchConnectorConfig(name: string, patch: RawConnectorConfig): Promise<ConnectorInfo> {
    return this.run(name, 'patching the configuration of', async () => {
      const entry = this.entry(name);
      const merged: Record<string, string | null> = { ...entry.config, ...patch };
      for (const [key, value] of Object.entries(patch)) if (value === null) delete merged[key];
      const resolved = await this.validate(name, merged);
      return this.replace(entry, merged as ConnectorConfigMap, resolved);
    });
  }

  deleteConnector(name: string): Promise<void> {
    this.cancelCalls(name);
    return this.run(name, 'deleting', async () => {
      const entry = this.entry(name);
      await this.lifecycle.halt(entry);
      this.entries.delete(name);
      this.statuses.remove(name);
      this.topics.reset(name);
      this.secrets.forget(name);
    });
  }

  pauseConnector(name: string): Promise<void> {
    return this.run(name, 'pausing', async () => {
      const entry = this.entry(name, `Unknown connector ${name}`);
      if (entry.target === 'PAUSED') return;
      entry.target = 'PAUSED';
      const instance = this.options.worker.connector(name);
      await instance?.stop();
      if (!this.hasFailed(name)) {
        this.statuses.setConnector(name, 'PAUSED', instance?.version ?? entry.resolved.desc.version);
      }
      this.setTaskTargets(name, 'PAUSED');
    });
  }

  resumeConnector(name: string): Promise<void> {
    return this.run(name, 'resuming', async () => {
      const entry = this.entry(name, `Unknown connector ${name}`);
      if (entry.target === 'STARTED') return;
      entry.target = 'STARTED';
      // A FAILED connector stays FAILED until it is restarted or reconfigured; its tasks are their own.
      if (this.hasFailed(name)) return this.setTaskTargets(name, 'STARTED');
      const instance = this.options.worker.connector(name);
      if (instance === undefined) return this.lifecycle.relaunch(entry);
      await this.lifecycle.start(entry, instance);
      this.setTaskTargets(name, 'STARTED');
      // While it was paused it may have been configured anew, or have asked for other tasks.
      await this.lifecycle.reconfigure(entry, instance);
    });
  }

  stopConnector(name: string): Promise<void> {
    this.cancelCalls(name);
    return this.run(name, 'stopping', async () => {
      const entry = this.entry(name, `Unknown connector ${name}`);
      if (entry.target === 'STOPPED') return;
      const version = this.options.worker.connector(name)?.version ?? entry.resolved.desc.version;
      entry.target = 'STOPPED';
      await this.lifecycle.halt(entry);
      entry.taskConfigs = [];
      this.statuses.setConnector(name, 'STOPPED', version);
    });
  }

  restartConnector(name: string): Promise<void> {
    this.cancelCalls(name);
    return this.run(name, 'restarting', () =>
      this.lifecycle.restartInstance(this.entry(name, `Unknown connector: ${name}`)),
    );
  }

  restartConnectorAndTasks(
    name: string,
    options: { readonly onlyFailed: boolean; readonly includeTasks: boolean },
  ): Promise<ConnectorStateInfo> {
    return this.run(name, 'planning the restart of', async () => {
      const entry = this.entry(name, `Unknown connector: ${name}`);
      const before = await this.connectorStatus(name);
      const chosen = (state: string): boolean => !options.onlyFailed || state === 'FAILED';
      const restartsConnector = chosen(before.connector.state);
      const tasks = options.includeTasks ? before.tasks.filter(({ state }) => chosen(state)).map(({ id }) => id) : [];
      // The answer is the plan; carrying it out is the next operation.
      void this.run(name, 'restarting', () => this.carryOut(entry, restartsConnector, tasks)).catch((error: unknown) =>
        this.options.logger.debug('A restart was not carried out to its end.', { connector: name, err: error }),
      );
      return {
        ...before,
        connector: restartsConnector ? { ...before.connector, state: 'RESTARTING' } : before.connector,
        tasks: before.tasks.map((task) => (tasks.includes(task.id) ? { ...task, state: 'RESTARTING' } : task)),
      };
    });
  }

  restartTask(id: ConnectorTaskId): Promise<void> {
    return this.run(id.connector, `restarting task ${id.task} of`, async () => {
      const entry = this.entry(id.connector, `Unknown connector: ${id.connector}`);
      if (id.task < 0 || id.task >= entry.taskConfigs.length) {
        throw new NotFoundError(`Task ${id.connector}-${id.task} not found`);
      }
      await this.lifecycle.restartTask(id, entry);
    });
  }

  /** Beside the operations of its connector: one whose plugin doesn't return must not keep the others from being helped. */
  async skipParkedRecord(id: ConnectorTaskId, at: ParkedRecord): Promise<void> {
    const entry = this.entry(id.connector, `Unknown connector: ${id.connector}`);
    if (id.task < 0 || id.task >= entry.taskConfigs.length) {
      throw new NotFoundError(`Task ${id.connector}-${id.task} not found`);
    }
    await this.options.worker.skipParkedRecord(id, at);
  }

  async connectorOffsets(name: string): Promise<readonly ConnectorOffset[]> {
    return this.offsets.read(this.entry(name));
  }

  alterConnectorOffsets(name: string, offsets: readonly ConnectorOffset[] | null): Promise<boolean> {
    // Within its turn, so that it is not resumed meanwhile.
    return this.run(name, 'modifying the offsets of', async () => {
      const entry = this.entry(name);
      if (entry.target !== 'STOPPED' || entry.taskConfigs.length > 0) {
        throw new ConfigError(
          `Connectors must be in the STOPPED state before their offsets can be modified. This can be done for the specified connector by issuing a 'PUT' request to the '/connectors/${name}/stop' endpoint`,
          { code: CONNECTOR_NOT_STOPPED },
        );
      }
      return this.offsets.alter(entry, offsets);
    });
  }

  async connectorTopics(name: string): Promise<readonly string[]> {
    return this.topics.of(name);
  }

  async resetConnectorTopics(name: string): Promise<void> {
    this.topics.reset(name);
    this.options.worker.forgetTopics(name);
  }

  async plugins(types: readonly PluginType[]): Promise<readonly PluginDesc[]> {
    return this.options.plugins.list(types);
  }

  private entry(name: string, message = `Connector ${name} not found`): DesiredConnector {
    const entry = this.entries.get(name);
    if (entry === undefined) throw new NotFoundError(message);
    return entry;
  }

  private async validate(name: string, raw: RawConnectorConfig): Promise<ResolvedConnector> {
    const { configs, logger } = this.options;
    const resolved = await this.stages.during(`validating the configuration of connector ${name}`, () =>
      configs.resolve(raw),
    );
    const keys = configs.unknownConverterKeys(raw);
    if (keys.length > 0) {
      logger.warn(
        'Settings under the prefix of a converter are not known to it and have no effect. Check their spelling.',
        {
          connector: name,
          keys,
        },
      );
    }
    return resolved;
  }

  private async replace(
    entry: DesiredConnector,
    config: ConnectorConfigMap,
    resolved: ResolvedConnector,
  ): Promise<ConnectorInfo> {
    await this.lifecycle.halt(entry);
    entry.config = config;
    entry.resolved = resolved;
    entry.taskConfigs = [];
    await this.lifecycle.launch(entry);
    return infoOf(entry);
  }

  private async carryOut(entry: DesiredConnector, restartsConnector: boolean, tasks: readonly number[]): Promise<void> {
    const { name } = entry;
    if (this.entries.get(name) !== entry) return;
    if (restartsConnector) {
      // What it failed with is in its status and in the log; its tasks are restarted all the same.
      await this.lifecycle.restartInstance(entry).catch(() => {});
    }
    for (const task of tasks) {
      if (task < entry.taskConfigs.length) await this.lifecycle.restartTask({ connector: name, task }, entry);
    }
  }

  /** Requests of a connector that come together, or before the next operation, are one. */
  private reconfigureSoon(entry: DesiredConnector): void {
    if (this.reconfiguring.has(entry)) return;
    this.reconfiguring.add(entry);
    void this.run(entry.name, 'reconfiguring the tasks of', async () => {
      await Promise.resolve();
      this.reconfiguring.delete(entry);
      const instance = this.options.worker.connector(entry.name);
      if (this.entries.get(entry.name) !== entry || instance?.isRunning !== true) return;
      await this.lifecycle.reconfigure(entry, instance);
    }).catch((error: unknown) => {
      this.reconfiguring.delete(entry);
      this.options.logger.debug('Tasks were not reconfigured.', { connector: entry.name, err: error });
    });
  }

  private hasFailed(name: string): boolean {
    return this.statuses.connector(name)?.state === 'FAILED';
  }

  private setTaskTargets(name: string, target: 'STARTED' | 'PAUSED'): void {
    for (const id of this.options.worker.tasksOf(name)) this.options.worker.setTaskTarget(id, target);
  }

  /** A call of its plugin that doesn't return must not hold up what ends it anyway. */
  private cancelCalls(name: string): void {
    this.options.worker.connector(name)?.cancel();
    this.offsets.cancel(name);
  }

  private async run<T>(name: string, what: string, operation: () => Promise<T>): Promise<T> {
    const queue = this.operations.get(name) ?? new PQueue({ concurrency: 1 });
    this.operations.set(name, queue);
    try {
      return await queue.add(() => {
        if (this.stopping) throw new IllegalStateError('The worker stops.');
        return this.stages.during(`${what} connector ${name}`, operation);
      });
    } finally {
      if (queue.size === 0 && queue.pending === 0 && this.operations.get(name) === queue) this.operations.delete(name);
    }
  }
}

function infoOf(entry: DesiredConnector): ConnectorInfo {
  return {
    name: entry.name,
    config: entry.config,
    tasks: entry.taskConfigs.map((_, task) => ({ connector: entry.name, task })),
    type: entry.resolved.type,
  };
}
