/** The control plane's view of one running task: its commits, its group membership, its end. */
import { type ClientFigures, onePerClient } from '../../broker/client-figures.ts';
import type { Availability, Broker, TopicPartitionOffset } from '../../broker/ports.ts';
import type { Clock, Timer } from '../../foundation/clock.ts';
import { Deferred } from '../../foundation/deferred.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { SampleWindows } from '../../foundation/sampled-stat.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ENVIRONMENT_UNAVAILABLE, IllegalStateError } from '../../sdk/errors/kinds.ts';
import type { OffsetStorageWriter } from '../../storage/offset-storage-writer.ts';
import type { BlockedLoop } from '../host/host-connection.ts';
import type { Committable, ParkedInfo, PluginCall, TaskId, TaskSpec } from '../host/protocol.ts';
import type { PluginFigure } from '../metrics/plugin-figures.ts';
import type { StartupMeter } from '../metrics/startup-meter.ts';
import { TaskMeter } from '../metrics/task-meter.ts';
import type { TaskFigures } from '../metrics/worker-figures.ts';
import type { HostClient, TaskMessages } from './host-client.ts';
import { ParkLog } from './park-log.ts';
import { type ParkListener, ParkWatch } from './park-watch.ts';
import type { PluginWatch, PluginWatches, StuckInfo } from './plugin-watch.ts';
import { SinkGroup } from './sink-group.ts';

export const TASK_ABANDONED = defineErrorCode('holdfast.task.abandoned', {
  what: 'A task did not end within task.shutdown.graceful.timeout.ms, because a call of its plugin did not return.',
  mend: 'Report it to the author of the connector, or raise the limit. What it had not committed comes again.',
});

/** So long a stop past its deadline still waits for the consumer group to be left. */
const LEAST_LEAVE_MS = 1_000;

/** What the owner of a task hears. Nothing comes after `onStopped`. */
export interface TaskListener {
  onRunning(id: TaskId): void;
  onPaused(id: TaskId): void;
  onFailure(id: TaskId, error: Error): void;
  onParked(id: TaskId, parked: ParkedInfo | null): void;
  onTopics(id: TaskId, topics: readonly string[]): void;
  /** A plugin does not return; null: it has. */
  onStuck?(id: TaskId, stuck: StuckInfo | null): void;
}

export type Subscription = { readonly topics: readonly string[] } | { readonly pattern: RegExp };

export class WorkerTask implements TaskMessages {
  readonly spec: TaskSpec;
  private readonly host: HostClient;
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly listener: TaskListener;
  private readonly offsetWriter: OffsetStorageWriter;
  private readonly commitIntervalMs: number;
  private readonly group: SinkGroup | null;
  private readonly ended = new Deferred();
  private commitTimer: Timer | null = null;
  private abandoned = false;
  private failure: Error | null = null;
  private lastCounters: Readonly<Record<string, number>> = {};
  private pluginFigures: readonly PluginFigure[] = [];
  private hostClients: readonly ClientFigures[] = [];
  private readonly meter: TaskMeter;
  private readonly startups: StartupMeter;
  private hasStarted = false;
  private joined = false;
  private hostParked: ParkedInfo | null = null;
  private groupParked: ParkedInfo | null = null;
  private brokerParked: ParkedInfo | null = null;
  private left: Promise<void> | null = null;
  private readonly parkLog: ParkLog;
  private readonly parkWatch: ParkWatch | null;
  private readonly pluginWatch: PluginWatch;

  constructor(options: {
    readonly spec: TaskSpec;
    /** Sinks only. */
    readonly subscription: Subscription | null;
    readonly host: HostClient;
    readonly broker: Broker;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly listener: TaskListener;
    readonly offsetWriter: OffsetStorageWriter;
    readonly commitIntervalMs: number;
    readonly onPark?: ParkListener | undefined;
    readonly watches: PluginWatches;
    readonly windows: SampleWindows;
    /** Hears how its start ended. */
    readonly startups: StartupMeter;
  }) {
    this.spec = options.spec;
    this.host = options.host;
    this.clock = options.clock;
    this.logger = options.logger;
    this.listener = options.listener;
    this.meter = new TaskMeter(options);
    this.startups = options.startups;
    this.parkLog = new ParkLog(options);
    this.pluginWatch = options.watches.open({
      owner: options.spec.id,
      logger: options.logger,
      onStuck: (stuck) => {
        if (!this.abandoned) options.listener.onStuck?.(options.spec.id, stuck);
      },
    });
    const { spec, clock, onPark } = options;
    this.parkWatch = onPark === undefined ? null : new ParkWatch({ id: spec.id, clock, listener: onPark });
    this.offsetWriter = options.offsetWriter;
    this.commitIntervalMs = options.commitIntervalMs;
    this.group =
      options.spec.kind === 'sink' && options.subscription !== null
        ? new SinkGroup({
            broker: options.broker,
            host: options.host,
            spec: options.spec,
            subscription: options.subscription,
            clock: options.clock,
            logger: options.logger,
            onFailed: (error) => this.failFromControl(error),
            onAvailability: (availability) => this.groupAvailability(availability),
            onParked: (parked) => {
              this.groupParked = parked;
              this.showParked();
            },
          })
        : null;
  }

  get counters(): Readonly<Record<string, number>> {
    return this.lastCounters;
  }

  get figures(): TaskFigures {
    return {
      spec: this.spec,
      figures: this.meter.figures(),
      clients: this.clientFigures(),
      plugins: this.pluginFigures,
    };
  }

  /** Reading and the membership are two clients here, and one consumer to whoever looks. */
  private clientFigures(): readonly ClientFigures[] {
    const member = this.left === null ? (this.group?.figures() ?? null) : null;
    return onePerClient(member === null ? this.hostClients : [...this.hostClients, member]);
  }

  start(): void {
    this.host.attach(this.spec.id, this);
    this.host.post({ type: 'task.start', spec: this.spec });
    this.scheduleCommit();
  }

  setTarget(state: 'STARTED' | 'PAUSED'): void {
    this.host.post({ type: 'task.target', id: this.spec.id, state });
  }

  /** Topics in use are told again from here on. */
  forgetTopics(): void {
    this.host.post({ type: 'task.topics.forget', id: this.spec.id });
  }

  /** Rejects with a ConnectError `holdfast.task.not-skippable` when the task does not wait at this record alone. */
  async skipParkedRecord(at: TopicPartitionOffset): Promise<void> {
    await this.host.ask({ type: 'sink.skip', id: this.spec.id, at });
  }

  /**
   * Asks the task to end; resolves true when it did, with its final commit, and false when `timeoutMs` passed first. Then the task is
   * abandoned: whatever it still says is ignored.
   */
  async stop(timeoutMs: number): Promise<boolean> {
    const startedAt = this.clock.monotonic();
    this.commitTimer?.cancel();
    this.parkLog.close();
    this.parkWatch?.close();
    this.host.post({ type: 'task.stop', id: this.spec.id, timeoutMs });
    const deadline = new Deferred<boolean>();
    const timer = this.clock.setTimer(() => deadline.resolve(false), timeoutMs);
    const graceful = await Promise.race([this.ended.promise.then(() => true), deadline.promise]);
    timer.cancel();
    this.abandoned = !graceful;
    this.pluginWatch.close();
    if (!graceful) {
      const { method } = this.pluginWatch;
      this.logger.warn('A task did not stop in time and was abandoned. A plugin call of it has not returned.', {
        code: TASK_ABANDONED,
        task: `${this.spec.id.connector}-${this.spec.id.task}`,
        ...(method === null ? {} : { method }),
        timeoutMs,
      });
      this.host.abandon(this.spec.id);
    }
    // One deadline for all of it, but leaving at all is worth a moment: others of the group take over at once.
    const leftMs = timeoutMs - (this.clock.monotonic() - startedAt);
    await this.leaveGroup(Math.max(leftMs, LEAST_LEAVE_MS));
    return graceful;
  }

  onState(state: 'RUNNING' | 'PAUSED'): void {
    // What was already failed for, such as by its group, stays so until it ends.
    if (this.abandoned || this.failure !== null) return;
    if (state === 'PAUSED') {
      this.meter.enter('PAUSED');
      this.listener.onPaused(this.spec.id);
      return;
    }
    // Membership begins when the task can take partitions.
    if (this.group !== null && !this.joined) {
      this.joined = true;
      this.group.start();
    }
    if (!this.hasStarted) this.startups.ended(true);
    this.hasStarted = true;
    this.meter.enter('RUNNING');
    this.listener.onRunning(this.spec.id);
  }

  onFailed(error: Error): void {
    if (this.abandoned || this.failure !== null) return;
    this.failure = error;
    if (!this.hasStarted) this.startups.ended(false);
    this.meter.enter('FAILED');
    this.parkLog.close();
    this.parkWatch?.close();
    this.listener.onFailure(this.spec.id, error);
  }

  onParked(parked: ParkedInfo | null): void {
    this.hostParked = parked;
    this.showParked();
  }

  onCalling(call: PluginCall | null): void {
    this.pluginWatch.calling(call);
  }

  onBlocked(blocked: BlockedLoop | null): void {
    const { call } = blocked ?? {};
    const { connector, task } = this.spec.id;
    this.pluginWatch.loop(blocked, call?.connector === connector && call.task === task);
  }

  onTopics(topics: readonly string[]): void {
    if (!this.abandoned) this.listener.onTopics(this.spec.id, topics);
  }

  onCounters(counters: Readonly<Record<string, number>>, plugins: readonly PluginFigure[]): void {
    this.lastCounters = counters;
    this.pluginFigures = plugins;
    this.meter.counted(counters);
  }

  onClients(clients: readonly ClientFigures[]): void {
    this.hostClients = clients;
  }

  onEnded(): void {
    this.hostClients = [];
    this.commitTimer?.cancel();
    this.pluginWatch.close();
    this.ended.resolve();
    // A task that failed ends by itself: others of its group take over at once.
    if (this.failure !== null) void this.leaveGroup(10_000);
  }

  /** Invariant 1 and 2: the host says what may be committed, and only hears ok once it is durable. */
  async onCommittable(committable: Committable): Promise<void> {
    if (this.abandoned) throw new IllegalStateError('The task was abandoned: its offsets are no longer committed.');
    if (committable.kind === 'source') {
      await this.offsetWriter.write(this.spec.id.connector, committable.offsets);
      return;
    }
    if (this.group === null) throw new IllegalStateError('A source task asked for the commit of consumer offsets.');
    await this.group.commit(committable.offsets);
  }

  /** A sink without partitions fetches nothing: only its group knows that the broker is away. */
  private groupAvailability({ available, reason, since }: Availability): void {
    this.brokerParked = available
      ? null
      : {
          dependency: 'broker',
          gateId: null,
          reason,
          code: ENVIRONMENT_UNAVAILABLE,
          partitions: [],
          since,
          attempts: 1,
          nextProbeAt: null,
        };
    this.showParked();
  }

  private failFromControl(error: Error): void {
    this.onFailed(error);
    this.host.post({ type: 'task.stop', id: this.spec.id, timeoutMs: this.spec.offsetFlushTimeoutMs });
  }

  private showParked(): void {
    if (this.abandoned || this.failure !== null) return;
    const parked = this.hostParked ?? this.groupParked ?? this.brokerParked;
    this.parkLog.update(parked);
    this.parkWatch?.update(parked);
    this.listener.onParked(this.spec.id, parked);
  }

  private scheduleCommit(): void {
    this.commitTimer = this.clock.setTimer(
      () => {
        this.host.post({ type: 'task.commit', id: this.spec.id });
        this.scheduleCommit();
      },
      this.commitIntervalMs,
      { unref: true },
    );
  }

  private leaveGroup(timeoutMs: number): Promise<void> {
    this.left ??= this.group === null ? Promise.resolve() : this.leave(this.group, timeoutMs);
    return this.left;
  }

  private async leave(group: SinkGroup, timeoutMs: number): Promise<void> {
    const abort = new AbortController();
    const timer = this.clock.setTimer(() => abort.abort(new Error('leaving the group took too long')), timeoutMs);
    try {
      await group.close(abort.signal);
    } catch (error) {
      this.logger.debug('The consumer group could not be left; the broker notices by its session timeout.', {
        err: error,
      });
    } finally {
      timer.cancel();
    }
  }
}
