/**
 * The herder of a single worker. States and statuses are in memory, as with Kafka Connect's standalone worker; so are configurations, unless
 * there is a store for them. Operations of one connector run in turn ({@link ConnectorOperations}). Reads never wait for them (invariant 7).
 */
import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { ConfigInfos, ConfigKeyInfo } from '../../sdk/config/index.ts';
import { AlreadyExistsError, NotFoundError } from '../../sdk/errors/kinds.ts';
import type { ConfigBackingStore } from '../../storage/config-backing-store.ts';
import type { ConnectorConfigs } from '../config/connector-configs.ts';
import type { PluginDesc, PluginType } from '../plugins/plugin-desc.ts';
import type { Plugins } from '../plugins/plugins.ts';
import type { Worker } from '../worker/worker.ts';
import { ActiveTopics } from './active-topics.ts';
import { ConnectorLifecycle } from './connector-lifecycle.ts';
import { ConnectorOffsets } from './connector-offsets.ts';
import { ConnectorOperations } from './connector-operations.ts';
import { ConnectorSetup } from './connector-setup.ts';
import { infoOf, taskConfigsOf, typeOf, versionOf } from './connector-views.ts';
import { type DesiredConnector, DesiredConnectors, type DormantConnector } from './desired-connectors.ts';
import type {
  AppliedFile,
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
import { Reconfigurations } from './reconfigurations.ts';
import { planRestart } from './restart-plan.ts';
import { SecretUse } from './secret-use.ts';
import type { TargetState, TaskStatus } from './status.ts';
import { StatusBook } from './status-book.ts';

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
  /** Connectors survive a restart in it; null: they are in memory only. */
  readonly store?: ConfigBackingStore | null;
}

export class StandaloneHerder implements Herder {
  private readonly options: StandaloneHerderOptions;
  private readonly desired: DesiredConnectors;
  private readonly statuses: StatusBook;
  private readonly lifecycle: ConnectorLifecycle;
  private readonly stages: OperationStages;
  private readonly topics = new ActiveTopics();
  private readonly offsets: ConnectorOffsets;
  private readonly secrets: SecretUse;
  private readonly setup: ConnectorSetup;
  private readonly operations: ConnectorOperations;
  private started = false;

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
    this.desired = new DesiredConnectors({ store: options.store ?? null, clock });
    this.stages = new OperationStages({ clock });
    this.operations = new ConnectorOperations({ clock, logger, stages: this.stages });
    this.offsets = new ConnectorOffsets({ worker, clock, logger });
    const reconfigurations = new Reconfigurations({
      clock,
      logger,
      inTurn: (name, reconfigure) => this.operations.run(name, 'reconfiguring the tasks of', reconfigure),
      reconfigure: async (entry) => {
        const instance = worker.connector(entry.name);
        if (this.desired.get(entry.name) !== entry || instance?.isRunning !== true) return;
        await this.lifecycle.reconfigure(entry, instance);
      },
    });
    this.lifecycle = new ConnectorLifecycle({
      worker,
      statuses: this.statuses,
      topics: this.topics,
      secrets: this.secrets,
      logger,
      onReconfigure: (entry) => reconfigurations.soon(entry),
    });
    const { desired, lifecycle, statuses, stages } = this;
    this.setup = new ConnectorSetup({ desired, configs, lifecycle, statuses, stages, logger });
  }

  /** Stored connectors are started beside each other and waited for by nobody: what fails shows in its status. */
  async start(options: { readonly heldBack?: readonly string[] } = {}): Promise<void> {
    const stored = await this.desired.load();
    await this.options.worker.start();
    this.started = true;
    this.operations.open();
    for (const { name } of stored) {
      this.statuses.setConnector(name, 'UNASSIGNED', null);
      if (options.heldBack?.includes(name) !== true) this.bringUp(name);
    }
  }

  /** Waits for no operation: one whose plugin doesn't return must not keep the worker from stopping. */
  async stop(): Promise<void> {
    this.operations.close();
    this.secrets.close();
    for (const name of this.desired.names()) this.cancelCalls(name);
    await this.options.worker.stop();
    await this.desired.close();
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
    return this.desired.names();
  }

  async connectorInfo(name: string): Promise<ConnectorInfo> {
    return infoOf(this.setup.known(name));
  }

  async connectorConfig(name: string): Promise<ConnectorConfigMap> {
    return this.setup.known(name).config;
  }

  async taskInfos(name: string): Promise<readonly TaskInfo[]> {
    return taskConfigsOf(this.setup.known(name)).map((config, task) => ({ id: { connector: name, task }, config }));
  }

  async connectorStatus(name: string): Promise<ConnectorStateInfo> {
    const known = this.desired.known(name);
    const connector = this.statuses.connector(name);
    if (known === undefined || connector === undefined)
      throw new NotFoundError(`No status found for connector ${name}`);
    return { name, connector, tasks: this.statuses.tasksOf(name), type: typeOf(known) };
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
    const resolved = await this.setup.validate(name, raw);
    if (options.allowReplace) this.cancelCalls(name);
    return this.operations.run(name, 'writing the configuration of', async () => {
      const config = raw as ConnectorConfigMap;
      const known = this.desired.known(name);
      if (known !== undefined) {
        if (!options.allowReplace) throw new AlreadyExistsError(`Connector ${name} already exists`);
        return { created: false, info: await this.setup.replace(known, config, resolved) };
      }
      const target = options.initialState ?? 'STARTED';
      return { created: true, info: await this.setup.create({ name, config, target, file: null, resolved }) };
    });
  }

  async applyConnectorFile(
    name: string,
    config: ConnectorConfigMap,
    options: { readonly initialState: TargetState; readonly fingerprint: string },
  ): Promise<AppliedFile> {
    const { initialState: target, fingerprint: file } = options;
    const isNews =
      this.desired.isDurable && (this.desired.known(name)?.file ?? this.desired.deletedFile(name)) !== file;
    if (this.desired.isDurable && !isNews) {
      const known = this.desired.known(name);
      if (known === undefined) return { outcome: 'deleted', info: null };
      // As the first time: whoever names the file hears that its connector does not start.
      await this.operations.run(name, 'starting', () => this.wake(name));
      return { outcome: 'kept', info: infoOf(this.setup.known(name)) };
    }
    const resolved = await this.setup.validate(name, config);
    return this.operations.run(name, 'writing the configuration of', async () => {
      const known = this.desired.known(name);
      if (known === undefined) {
        return { outcome: 'created', info: await this.setup.create({ name, config, target, file, resolved }) };
      }
      if (!this.desired.isDurable) throw new AlreadyExistsError(`Connector ${name} already exists`);
      return { outcome: 'replaced', info: await this.setup.replace(known, config, resolved, { target, file }) };
    });
  }

  async patchConnectorConfig(name: string, patch: RawConnectorConfig): Promise<ConnectorInfo> {
    // Looked at before its turn, so that a call of its plugin that doesn't return holds up no patch that is valid.
    const early = this.setup.patched(name, patch);
    let validated = { config: early, resolved: await this.setup.validate(name, early) };
    this.cancelCalls(name);
    return this.operations.run(name, 'patching the configuration of', async () => {
      const config = this.setup.patched(name, patch);
      if (JSON.stringify(config) !== JSON.stringify(validated.config)) {
        validated = { config, resolved: await this.setup.validate(name, config) };
      }
      return this.setup.replace(this.setup.known(name), config as ConnectorConfigMap, validated.resolved);
    });
  }

  deleteConnector(name: string): Promise<void> {
    this.cancelCalls(name);
    return this.operations.run(name, 'deleting', async () => {
      const known = this.setup.known(name);
      await this.desired.remove(known);
      await this.lifecycle.halt(name);
      this.statuses.remove(name);
      this.topics.reset(name);
      this.secrets.forget(name);
    });
  }

  pauseConnector(name: string): Promise<void> {
    return this.accepted(name, 'pausing', async (known) => {
      if (known.target === 'PAUSED') return;
      await this.desired.change(known, { target: 'PAUSED' });
      const instance = this.options.worker.connector(name);
      // One whose stop hangs can't be started again: there is another when it is resumed.
      if ((await instance?.stop()) === false) await this.options.worker.stopConnector(name);
      if (!this.hasFailed(name)) {
        this.statuses.setConnector(name, 'PAUSED', instance?.version ?? versionOf(known));
      }
      this.setTaskTargets(name, 'PAUSED');
    });
  }

  resumeConnector(name: string): Promise<void> {
    return this.accepted(name, 'resuming', async (known) => {
      if (known.target === 'STARTED') return;
      await this.desired.change(known, { target: 'STARTED' });
      this.setTaskTargets(name, 'STARTED');
      // A FAILED connector stays FAILED until it is restarted or reconfigured; its tasks are their own.
      if (this.hasFailed(name)) return;
      try {
        await this.lifecycle.resume(await this.setup.awake(name));
      } catch (error) {
        // It was resumed: what it failed with is in its status and in the log.
        this.options.logger.debug('A connector failed while it was resumed.', { connector: name, err: error });
      }
    });
  }

  stopConnector(name: string): Promise<void> {
    this.cancelCalls(name);
    return this.operations.run(name, 'stopping', async () => {
      const known = this.setup.known(name, `Unknown connector ${name}`);
      if (known.target === 'STOPPED') return;
      const version = this.options.worker.connector(name)?.version ?? versionOf(known);
      await this.desired.change(known, { target: 'STOPPED' });
      await this.lifecycle.halt(name);
      if ('resolved' in known) known.taskConfigs = [];
      this.statuses.setConnector(name, 'STOPPED', version);
    });
  }

  restartConnector(name: string): Promise<void> {
    this.cancelCalls(name);
    return this.operations.run(name, 'restarting', async () => {
      this.setup.known(name, `Unknown connector: ${name}`);
      await this.lifecycle.restartInstance(await this.setup.awake(name));
    });
  }

  restartConnectorAndTasks(
    name: string,
    options: { readonly onlyFailed: boolean; readonly includeTasks: boolean },
  ): Promise<ConnectorStateInfo> {
    // One that is asked to begin anew need not be waited for.
    if (!options.onlyFailed) this.cancelCalls(name);
    return this.operations.run(name, 'planning the restart of', async () => {
      const known = this.setup.known(name, `Unknown connector: ${name}`);
      const { restartsConnector, tasks, shown } = planRestart(await this.connectorStatus(name), options);
      // The answer is the plan; carrying it out is the next operation.
      this.operations.runUnheard(name, 'restarting', 'A restart was not carried out to its end.', () =>
        this.setup.restart(known, restartsConnector, tasks),
      );
      return shown;
    });
  }

  restartTask(id: ConnectorTaskId): Promise<void> {
    return this.operations.run(id.connector, `restarting task ${id.task} of`, async () =>
      this.lifecycle.restartTasks([id.task], this.setup.entryOf(id)),
    );
  }

  /** Beside the operations of its connector: one whose plugin doesn't return must not keep the others from being helped. */
  async skipParkedRecord(id: ConnectorTaskId, at: ParkedRecord): Promise<void> {
    this.setup.entryOf(id);
    await this.options.worker.skipParkedRecord(id, at);
  }

  async connectorOffsets(name: string): Promise<readonly ConnectorOffset[]> {
    return this.offsets.read(this.setup.usable(name));
  }

  alterConnectorOffsets(name: string, offsets: readonly ConnectorOffset[] | null): Promise<boolean> {
    // Within its turn, so that it is not resumed meanwhile.
    return this.operations.run(name, 'modifying the offsets of', async () =>
      this.offsets.alter(this.setup.usable(name), offsets),
    );
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

  pluginConfig(name: string, version: string | undefined): Promise<readonly ConfigKeyInfo[]> {
    return this.options.configs.definition(name, version);
  }

  validateConnectorConfig(config: RawConnectorConfig): Promise<ConfigInfos> {
    return this.setup.examine(config);
  }

  /** Starts what was stored, unless that was done before. What it fails with is in its status. */
  private bringUp(name: string): void {
    if (this.desired.dormant(name) === undefined) return;
    this.operations.runUnheard(name, 'starting', 'A stored connector was not started.', () => this.wake(name));
  }

  private async wake(name: string): Promise<void> {
    if (this.desired.dormant(name) !== undefined) await this.lifecycle.launch(await this.setup.awake(name));
  }

  private hasFailed(name: string): boolean {
    return this.statuses.connector(name)?.state === 'FAILED';
  }

  private setTaskTargets(name: string, target: 'STARTED' | 'PAUSED'): void {
    for (const id of this.options.worker.tasksOf(name)) this.options.worker.setTaskTarget(id, target);
  }

  private cancelCalls(name: string): void {
    this.options.worker.connector(name)?.cancel();
    this.offsets.cancel(name);
    this.setup.cancel(name);
  }

  /** A change of target is accepted when it is known. */
  private async accepted(
    name: string,
    what: string,
    operation: (known: DesiredConnector | DormantConnector) => Promise<void>,
  ): Promise<void> {
    const message = `Unknown connector ${name}`;
    this.setup.known(name, message);
    await this.operations.accept(name, what, () => operation(this.setup.known(name, message)));
  }
}
