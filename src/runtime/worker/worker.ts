/**
 * What actually runs in this process: connectors in the control plane, tasks in task hosts. Knows nothing of desired states: that is
 * the herder's.
 */
import type { Admin, Broker, ClientSettings, TopicPartitionOffset } from '../../broker/ports.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import { DEFAULT_WINDOWS, type SampleWindows } from '../../foundation/sampled-stat.ts';
import type { DependencyGate, GateSnapshot } from '../../sdk/dependency-gate.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import { IllegalStateError, NotFoundError } from '../../sdk/errors/kinds.ts';
import type { OffsetMap } from '../../sdk/task.ts';
import type { OffsetBackingStore } from '../../storage/offset-backing-store.ts';
import { StoredOffsetReader } from '../../storage/offset-storage-reader.ts';
import { OffsetStorageWriter } from '../../storage/offset-storage-writer.ts';
import type { TaskHostConnection } from '../host/host-connection.ts';
import { INLINE, type Placement, placementOf } from '../host/isolation.ts';
import type { TaskId, TaskSpec } from '../host/protocol.ts';
import { StartupMeter } from '../metrics/startup-meter.ts';
import type { WorkerFigures } from '../metrics/worker-figures.ts';
import type { PluginDesc } from '../plugins/plugin-desc.ts';
import { CallHosts } from './call-hosts.ts';
import { HostClient, type HostUse } from './host-client.ts';
import type { ParkListener } from './park-watch.ts';
import { PluginQuestions } from './plugin-questions.ts';
import { PluginWatches, type StuckInfo } from './plugin-watch.ts';
import { RemoteConnector } from './remote-connector.ts';
import { WorkerConnector } from './worker-connector.ts';
import { type Subscription, type TaskListener, WorkerTask } from './worker-task.ts';

export const SERVICE_UNKNOWN = defineErrorCode('holdfast.worker.service-unknown', {
  what: 'A converter asked for a service that this worker does not offer.',
  mend: 'Start the worker with the service, or use another converter.',
});

/** Where the gates of the control plane are, so that hosts get a mirror of them. */
export interface GateSource {
  snapshots(): readonly GateSnapshot[];
  onChange(listener: (snapshot: GateSnapshot) => void): () => void;
  get(id: string): DependencyGate | undefined;
}

/**
 * A service that converters reach through their host, such as the registry coordinator. Messages are structured-cloneable. `hostEnds` is
 * aborted when the host that asks is gone, and everything in it.
 */
export type ControlService = (body: unknown, hostEnds: AbortSignal) => Promise<unknown>;

/** What services of the control plane tell all hosts. Messages are structured-cloneable. */
export interface NoticeSource {
  onNotice(listener: (service: string, body: unknown) => void): () => void;
}

export interface WorkerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly broker: Broker;
  readonly offsetStore: OffsetBackingStore;
  /** Inline for `isolation: 'inline'`, a thread for the others. @throws ConfigError where no thread can be had */
  readonly openHost: (use: HostUse) => TaskHostConnection;
  /** `task.host.threads`: how many threads tasks share; 1 by default. */
  readonly sharedHosts?: number;
  /** Of plugins that do not return; of its own by default. */
  readonly watches?: PluginWatches;
  readonly services: Readonly<Record<string, ControlService>>;
  readonly gates: GateSource;
  readonly notices?: NoticeSource;
  /** Hears of every park of every task; for metrics. */
  readonly onPark?: ParkListener;
  readonly offsetFlushIntervalMs: number;
  readonly gracefulTimeoutMs: number;
  /** Of the metrics; Kafka's defaults by default. */
  readonly windows?: SampleWindows;
}

export class Worker {
  readonly offsetStore: OffsetBackingStore;
  private readonly options: WorkerOptions;
  private readonly offsetWriter: OffsetStorageWriter;
  private hosts: HostClient[] = [];
  private readonly connectors = new Map<string, WorkerConnector>();
  private readonly tasks = new Map<string, WorkerTask>();
  private readonly stopListening: (() => void)[] = [];
  private readonly windows: SampleWindows;
  private readonly watches: PluginWatches;
  private readonly connectorStartups: StartupMeter;
  private readonly taskStartups: StartupMeter;
  /** To plugins of which no instance runs. */
  readonly questions: PluginQuestions;
  private stopping = false;

  constructor(options: WorkerOptions) {
    this.options = options;
    this.offsetStore = options.offsetStore;
    this.windows = options.windows ?? DEFAULT_WINDOWS;
    this.watches = options.watches ?? new PluginWatches(options);
    const meter = { clock: options.clock, windows: this.windows };
    this.connectorStartups = new StartupMeter(meter);
    this.taskStartups = new StartupMeter(meter);
    this.questions = new PluginQuestions({
      hosts: new CallHosts({
        clock: options.clock,
        open: () => this.openHost({ isolation: 'shared', memoryMaxMb: 0, connector: null, role: 'calls' }),
        onClosed: (host) => this.forget(host),
      }),
      watches: this.watches,
      logger: options.logger,
      ensureRunning: () => this.refuseWhileStopping(),
    });
    this.offsetWriter = new OffsetStorageWriter({ store: options.offsetStore });
  }

  /** As things stand; cheap enough to ask for whenever somebody looks. */
  figures(): WorkerFigures {
    return {
      connectorStartups: this.connectorStartups.figures(),
      taskStartups: this.taskStartups.figures(),
      tasks: [...this.tasks.values()].map((task) => task.figures),
      connectors: [...this.connectors.values()].map(({ name, metrics }) => ({ name, plugins: metrics.snapshot() })),
    };
  }

  async start(): Promise<void> {
    await this.offsetStore.start();
    const { gates, notices } = this.options;
    this.stopListening.push(
      gates.onChange((gate) => {
        for (const host of this.hosts) host.post({ type: 'gate.changed', gate });
      }),
    );
    if (notices === undefined) return;
    this.stopListening.push(
      notices.onNotice((service, body) => {
        for (const host of this.hosts) host.post({ type: 'service.notice', service, body });
      }),
    );
  }

  /** Stops tasks, then connectors, then hosts and the offset store, all tasks within the one graceful deadline. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.stopTasks([...this.tasks.values()].map((task) => task.spec.id));
    await Promise.all([...this.connectors.keys()].map((name) => this.stopConnector(name)));
    for (const stopListening of this.stopListening.splice(0)) stopListening();
    await this.questions.close();
    await Promise.all(this.hosts.map((host) => host.close()));
    await this.offsetStore.stop();
  }

  connector(name: string): WorkerConnector | undefined {
    return this.connectors.get(name);
  }

  offsetReader(connector: string): StoredOffsetReader {
    return new StoredOffsetReader({ store: this.offsetStore, connector });
  }

  /** Resolves when all of them are durable; a null offset resets its partition. @throws as `OffsetStorageWriter.write` */
  writeOffsets(
    connector: string,
    offsets: readonly { readonly partition: OffsetMap; readonly offset: OffsetMap | null }[],
  ): Promise<void> {
    return this.offsetWriter.write(connector, offsets);
  }

  /** Resolves when no write of its offsets that was asked for before can land any more. */
  offsetsSettled(connector: string): Promise<void> {
    return this.offsetWriter.settled(connector);
  }

  /** The caller's to close. */
  admin(settings: ClientSettings): Admin {
    return this.options.broker.admin({ settings, logger: this.options.logger });
  }

  /** Makes the instance; starting it is the caller's. @throws IllegalStateError once the worker stops */
  createConnector(
    name: string,
    desc: PluginDesc,
    events: {
      readonly onReconfigure: () => void;
      readonly onError: (error: unknown) => void;
      /** A method of it does not return; null: it has. */
      readonly onStuck?: (stuck: StuckInfo | null) => void;
      readonly placement?: Placement;
    },
  ): WorkerConnector {
    this.refuseWhileStopping();
    const { placement = INLINE } = events;
    const remote =
      placement.isolation === 'inline'
        ? null
        : new RemoteConnector({ name, desc, openHost: () => this.hostForConnector(name, placement) });
    const connector = new WorkerConnector({
      name,
      desc,
      clock: this.options.clock,
      logger: this.options.logger.child({ name: desc.className, connector: name }),
      offsetStorageReader: this.offsetReader(name),
      startups: this.connectorStartups,
      watches: this.watches,
      ...(remote === null ? {} : { remote }),
      ...events,
    });
    this.connectors.set(name, connector);
    return connector;
  }

  async stopConnector(name: string): Promise<void> {
    const connector = this.connectors.get(name);
    this.connectors.delete(name);
    await connector?.close();
    await this.closeUnused();
  }

  tasksOf(connector: string): readonly TaskId[] {
    return [...this.tasks.values()].map((task) => task.spec.id).filter((id) => id.connector === connector);
  }

  counters(id: TaskId): Readonly<Record<string, number>> {
    return this.tasks.get(keyOf(id))?.counters ?? {};
  }

  /** @throws IllegalStateError once the worker stops */
  startTask(spec: TaskSpec, subscription: Subscription | null, listener: TaskListener): void {
    this.refuseWhileStopping();
    const task = new WorkerTask({
      spec,
      subscription,
      host: this.hostFor(spec),
      broker: this.options.broker,
      clock: this.options.clock,
      logger: this.options.logger.child({ connector: spec.id.connector, task: spec.id.task }),
      listener,
      offsetWriter: this.offsetWriter,
      commitIntervalMs: this.options.offsetFlushIntervalMs,
      onPark: this.options.onPark,
      watches: this.watches,
      windows: this.windows,
      startups: this.taskStartups,
    });
    this.tasks.set(keyOf(spec.id), task);
    task.start();
  }

  /** Stops them together; those that don't end within `task.shutdown.graceful.timeout.ms` are abandoned. */
  async stopTasks(ids: readonly TaskId[]): Promise<void> {
    await Promise.all(
      ids.map(async (id) => {
        const task = this.tasks.get(keyOf(id));
        if (task === undefined) return;
        await task.stop(this.options.gracefulTimeoutMs);
        if (this.tasks.get(keyOf(id)) === task) this.tasks.delete(keyOf(id));
      }),
    );
    await this.closeUnused();
  }

  setTaskTarget(id: TaskId, state: 'STARTED' | 'PAUSED'): void {
    this.tasks.get(keyOf(id))?.setTarget(state);
  }

  /** The topics of this connector were reset: its tasks tell them again when they use them. */
  forgetTopics(connector: string): void {
    for (const id of this.tasksOf(connector)) this.tasks.get(keyOf(id))?.forgetTopics();
  }

  /** @throws NotFoundError for a task that does not run; ConnectError `holdfast.task.not-skippable` */
  async skipParkedRecord(id: TaskId, at: TopicPartitionOffset): Promise<void> {
    const task = this.tasks.get(keyOf(id));
    if (task === undefined) throw new NotFoundError(`Task ${keyOf(id)} does not run`);
    await task.skipParkedRecord(at);
  }

  private refuseWhileStopping(): void {
    if (this.stopping) throw new IllegalStateError('The worker stops.');
  }

  /** Threads that have nothing to do any more end, and so do hosts with nothing but abandoned tasks. */
  private async closeUnused(): Promise<void> {
    const isUnused = (host: HostClient): boolean =>
      host.use.role !== 'calls' && (host.isSpent || (host.use.isolation !== 'inline' && host.taskCount === 0));
    const unused = this.hosts.filter(isUnused);
    this.hosts = this.hosts.filter((host) => !unused.includes(host));
    await Promise.all(unused.map((host) => host.close()));
  }

  /** A host still busy with an abandoned run of the task can't be told apart from the new one: that one gets a fresh host. */
  private hostFor({ id, hostSettings }: TaskSpec): HostClient {
    const placement = placementOf(hostSettings);
    const { isolation } = placement;
    const use: HostUse = { ...placement, connector: isolation === 'own' ? id.connector : null, role: 'tasks' };
    const free = this.hostsFor(use)
      .filter((host) => !host.has(id))
      .sort((a, b) => a.taskCount - b.taskCount);
    const wanted = isolation === 'shared' ? (this.options.sharedHosts ?? 1) : 1;
    const [idlest] = free;
    if (idlest !== undefined && (idlest.taskCount === 0 || free.length >= wanted)) return idlest;
    return this.openHost(use);
  }

  /** Connectors that share hosts share one: their methods are short. */
  private hostForConnector(name: string, placement: Placement): HostClient {
    const use: HostUse = { ...placement, connector: placement.isolation === 'own' ? name : null, role: 'connectors' };
    return this.hostsFor(use)[0] ?? this.openHost(use);
  }

  private forget(host: HostClient): void {
    this.hosts = this.hosts.filter((other) => other !== host);
  }

  private hostsFor({ isolation, memoryMaxMb, connector, role }: HostUse): HostClient[] {
    return this.hosts.filter(
      ({ use }) =>
        use.isolation === isolation &&
        use.memoryMaxMb === memoryMaxMb &&
        use.connector === connector &&
        use.role === role,
    );
  }

  private openHost(use: HostUse): HostClient {
    const host: HostClient = new HostClient({
      connection: this.options.openHost(use),
      use,
      logger: this.options.logger,
      onEnd: () => {
        this.forget(host);
        // What the thread held beside itself, such as its part of the embedded log.
        void host.close();
      },
      services: {
        readOffsets: (connector, partitions) =>
          this.offsetReader(connector).offsets(partitions as readonly OffsetMap[]),
        service: async (name, body) => {
          const service = this.options.services[name];
          if (service === undefined)
            throw new ConnectError(`This worker offers no service ${name}.`, { code: SERVICE_UNKNOWN });
          return service(body, host.ends);
        },
      },
    });
    for (const gate of this.options.gates.snapshots()) host.post({ type: 'gate.changed', gate });
    this.hosts.push(host);
    return host;
  }
}

function keyOf(id: TaskId): string {
  return `${id.connector}-${id.task}`;
}
