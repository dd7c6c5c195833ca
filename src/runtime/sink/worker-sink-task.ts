/**
 * The loop of a sink task: commit, poll, convert, put. Kafka Connect 4.1.1, WorkerSinkTask. All calls of the task are made here,
 * one at a time; what the control plane asks waits for the call under way.
 *
 * Group membership lives in the control plane: a `put` may take as long as it likes.
 */
import { setMaxListeners } from 'node:events';
import type { Fetcher, TopicPartition, TopicPartitionOffset } from '../../broker/ports.ts';
import type { Clock } from '../../foundation/clock.ts';
import { Deferred } from '../../foundation/deferred.ts';
import type { Logger } from '../../foundation/logger.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import type { SinkRecord } from '../../sdk/record/sink-record.ts';
import type { SinkTask } from '../../sdk/task.ts';
import type { RetryWithToleranceOperator } from '../errors/retry-with-tolerance-operator.ts';
import { taskFailure } from '../errors/task-failure.ts';
import type { HostSettings } from '../host/host-settings.ts';
import type { HostedTask, TaskLink, TaskOutcome } from '../host/task-link.ts';
import type { PluginFigure, PluginFigures } from '../metrics/plugin-figures.ts';
import type { Parker } from '../parking/parker.ts';
import { closePlugins } from '../pipeline/close-plugins.ts';
import type { SinkRecordConverter } from '../pipeline/sink-record-converter.ts';
import type { TaskCounters } from '../pipeline/task-counters.ts';
import type { TaskSignals } from '../pipeline/task-signals.ts';
import { TimeSlice } from '../pipeline/time-slice.ts';
import { TopicsInUse } from '../pipeline/topics-in-use.ts';
import type { TransformationChain } from '../pipeline/transformation-chain.ts';
import { LoopMailbox } from './loop-mailbox.ts';
import { PendingReports } from './pending-reports.ts';
import { type AssignedPartition, SinkAssignment } from './sink-assignment.ts';
import { SinkDelivery } from './sink-delivery.ts';
import { SinkOffsets } from './sink-offsets.ts';
import type { SinkPartition } from './sink-partition.ts';
import { SinkPipeline } from './sink-pipeline.ts';
import { SinkPoll } from './sink-poll.ts';
import { nameOf, SinkRebalances } from './sink-rebalances.ts';
import { refused } from './skipped-record.ts';
import { WorkerErrantRecordReporter } from './worker-errant-record-reporter.ts';
import { WorkerSinkTaskContext } from './worker-sink-task-context.ts';

const PARK_PREPARE = 'dead letter queue';

export interface WorkerSinkTaskOptions {
  readonly task: SinkTask;
  readonly taskConfig: Readonly<Record<string, string>>;
  readonly initialState: 'STARTED' | 'PAUSED';
  readonly chain: TransformationChain<SinkRecord>;
  readonly converter: SinkRecordConverter;
  readonly operator: RetryWithToleranceOperator;
  /** True when there is a dead letter queue or `errors.log.enable`: only then the task gets a reporter. */
  readonly hasReporters: boolean;
  readonly fetcher: Fetcher;
  /** `max.poll.records` */
  readonly maxPollRecords: number;
  readonly parker: Parker;
  readonly signals: TaskSignals;
  readonly counters: TaskCounters;
  /** Of the task's plugins. */
  readonly metrics: PluginFigures;
  readonly link: TaskLink;
  readonly settings: HostSettings;
  readonly offsetFlushTimeoutMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Before the task starts: creates the dead letter queue. */
  readonly prepare: () => Promise<void>;
  /** Closes what the task was given, after everything else. */
  readonly release: (timeoutMs: number) => Promise<void>;
}

export class WorkerSinkTask implements HostedTask {
  private readonly options: WorkerSinkTaskOptions;
  private readonly task: SinkTask;
  private readonly logger: Logger;
  private readonly counters: TaskCounters;
  private readonly slice: TimeSlice;
  private readonly context: WorkerSinkTaskContext;
  private readonly reporter: WorkerErrantRecordReporter;
  private readonly reports: PendingReports;
  private readonly offsets: SinkOffsets;
  private readonly pipeline: SinkPipeline;
  private readonly assignment: SinkAssignment;
  private readonly topics: TopicsInUse;
  private readonly delivery: SinkDelivery;
  private readonly poll: SinkPoll;
  private readonly ending = new AbortController();
  private readonly abandoned = new AbortController();
  private readonly mailbox = new LoopMailbox({ onWake: () => this.poll.interrupt() });
  private readonly rebalances: SinkRebalances;
  private target: 'STARTED' | 'PAUSED';
  private shown: 'RUNNING' | 'PAUSED' | null = null;
  private isCommitRequested = false;
  private failure: unknown = null;
  private isStarted = false;
  private hasEnded = false;

  constructor(options: WorkerSinkTaskOptions) {
    const { clock, logger, counters, settings, operator, converter } = options;
    const { signal } = this.ending;
    // Plugins and waits listen to it, as many as they like.
    setMaxListeners(0, this.ending.signal);
    this.options = options;
    this.task = options.task;
    this.logger = logger;
    this.counters = counters;
    this.target = options.initialState;
    this.slice = new TimeSlice({ clock });
    this.topics = new TopicsInUse({ tell: (topics) => options.link.topics(topics) });
    this.assignment = new SinkAssignment({
      fetcher: options.fetcher,
      isOnHold: () => this.target === 'PAUSED' || this.delivery.isWaiting,
      onForgotten: (partitions, areGone) => this.delivery.forget(partitions, areGone),
    });
    this.reports = new PendingReports({ onFailed: (error) => this.fail(error) });
    this.poll = new SinkPoll({
      fetcher: options.fetcher,
      maxRecords: options.maxPollRecords,
      parker: options.parker,
      operator,
      reports: this.reports,
      assignment: this.assignment,
      ending: signal,
    });
    this.reporter = new WorkerErrantRecordReporter({ operator, converter, pending: this.reports });
    this.context = new WorkerSinkTaskContext({
      logger,
      clock,
      configs: options.taskConfig,
      signal,
      pluginMetrics: options.metrics.of(),
      partitions: this.assignment.partitions,
      reporter: options.hasReporters ? this.reporter : null,
      onPausesChanged: () => {
        this.assignment.syncPauses();
        // What waited in a partition that is resumed does not come from the fetcher.
        this.mailbox.wake();
      },
      onCommitRequested: () => this.requestCommit(),
    });
    this.offsets = new SinkOffsets({
      task: this.task,
      assigned: this.assignment.partitions,
      reports: this.reports,
      commitOffsets: (offsets) => options.link.commit({ kind: 'sink', offsets }),
      onSettled: () => this.mailbox.wake(),
      onCommitted: () => this.counters.underWay(this.assignment.uncommitted()),
      clock,
      logger,
      counters,
      flushTimeoutMs: options.offsetFlushTimeoutMs,
      ending: signal,
      abandoned: this.abandoned.signal,
    });
    this.rebalances = new SinkRebalances({
      task: this.task,
      context: this.context,
      assignment: this.assignment,
      offsets: this.offsets,
      reports: this.reports,
      logger,
    });
    this.delivery = new SinkDelivery({
      task: this.task,
      reporter: this.reporter,
      parker: options.parker,
      settings,
      counters,
      clock,
      logger,
      signal,
      takeTimeout: () => this.context.takeTimeout(),
      onDelivered: () => {
        if (this.assignment.delivered()) this.counters.underWay(this.assignment.uncommitted());
      },
      onWaiting: () => this.assignment.syncPauses(),
      onReady: () => this.mailbox.wake(),
      onFailed: (error) => this.fail(error),
    });
    this.pipeline = new SinkPipeline({
      chain: options.chain,
      converter,
      operator,
      parker: options.parker,
      reports: this.reports,
      logger,
      clock,
      slice: this.slice,
      counters,
      signal,
      onReady: () => this.mailbox.wake(),
      onFailed: (error) => this.fail(error),
    });
    // What was read is not converted again: an id that was read keeps its meaning, or stops the task.
    options.signals.listen({ recalled: () => {}, stopped: (error) => this.fail(error) });
  }

  async run(): Promise<TaskOutcome> {
    try {
      await this.start();
      while (!this.ending.signal.aborted) await this.iteration();
    } catch (error) {
      if (!this.ending.signal.aborted) this.fail(error);
      else if (error !== this.ending.signal.reason) {
        this.logger.warn('A sink task threw after it was asked to stop.', { err: error });
      }
    }
    await this.finish();
    return { failure: taskFailure(this.failure) };
  }

  setTarget(state: 'STARTED' | 'PAUSED'): void {
    if (this.target === state) return;
    this.target = state;
    this.mailbox.wake();
  }

  forgetTopics(): void {
    this.topics.forget();
  }

  requestCommit(): void {
    this.isCommitRequested = true;
    // A task that asks for the next commit in each must not keep its loop from polling.
    if (!this.offsets.isAsking) this.mailbox.wake();
  }

  assign(partitions: readonly AssignedPartition[]): void {
    this.mailbox.post(async () => {
      if (!this.hasEnded) await this.rebalances.open(partitions);
    });
  }

  /** Resolves with what may still be committed, after the task let go of them. */
  revoke(partitions: readonly TopicPartition[], lost: boolean): Promise<readonly TopicPartitionOffset[]> {
    if (this.hasEnded) return Promise.resolve([]);
    const answer = new Deferred<readonly TopicPartitionOffset[]>();
    this.mailbox.post(async () => {
      try {
        answer.resolve(await this.rebalances.close(partitions, lost));
      } finally {
        // Whoever asked is not to wait for a task that fails over it.
        answer.resolve([]);
      }
    });
    return answer.promise;
  }

  /** Resolves when the record that a partition waits at is skipped. Rejects with `holdfast.task.not-skippable`. */
  skip(at: TopicPartitionOffset): Promise<void> {
    if (this.hasEnded) return Promise.reject(refused(at, 'the task has ended'));
    const answer = new Deferred();
    this.mailbox.post(async () => {
      try {
        answer.resolve(this.pipeline.skip(this.assignment.find([at])[0], at));
      } catch (error) {
        answer.reject(error);
      }
    });
    return answer.promise;
  }

  stop(): void {
    this.ending.abort(new ConnectError('the task was stopped'));
    this.mailbox.wake();
  }

  abandon(): void {
    this.stop();
    this.abandoned.abort(new ConnectError('the deadline of the stop has passed'));
    void this.options.release(0).catch(() => {});
  }

  counterSnapshot(): Readonly<Record<string, number>> {
    this.counters.partitions = this.assignment.partitions.size;
    this.counters.active = this.assignment.uncommitted();
    const { parkedMs, count } = this.options.parker;
    return this.counters.snapshot('sink', { ms: parkedMs, count });
  }

  pluginFigures(): readonly PluginFigure[] {
    return this.options.metrics.snapshot();
  }

  private async start(): Promise<void> {
    const { signal } = this.ending;
    const { prepare, parker, taskConfig } = this.options;
    while (this.target === 'PAUSED') {
      this.show('PAUSED');
      this.mailbox.look();
      await this.idle();
      signal.throwIfAborted();
    }
    await parker.persist(PARK_PREPARE, { signal, dependency: 'broker' }, prepare);
    this.isStarted = true;
    // It is meant to be synchronous, and where it is not, what it rejects with is the task's.
    await this.task.initialize?.(this.context);
    await this.task.start(taskConfig, signal);
    this.show('RUNNING');
  }

  private async iteration(): Promise<void> {
    this.mailbox.look();
    await this.obey();
    if (this.delivery.isWaiting) {
      this.rebalances.rewind();
      if (!this.delivery.isReady || this.target === 'PAUSED') return this.idle();
      return this.delivery.deliver(null);
    }
    this.rebalances.rewind();
    const ready = this.target === 'PAUSED' ? [] : this.assignment.ready();
    const partitions = ready.length > 0 ? ready : await this.fetched();
    const fatal = partitions.length === 0 ? null : await this.pipeline.convert(partitions, this.delivery.records);
    this.assignment.syncPauses();
    await this.delivery.deliver(fatal);
    const settled = this.reports.isFull ? this.reports.settled([...this.assignment.partitions.keys()]) : undefined;
    if (settled !== undefined) await Promise.race([settled, this.idle()]);
    if (this.slice.isOverNow()) await this.slice.next();
  }

  /** What the control plane asked for meanwhile, in order. */
  private async obey(): Promise<void> {
    await this.mailbox.drain();
    const isPaused = this.target === 'PAUSED';
    if (isPaused !== (this.shown === 'PAUSED')) {
      this.show(isPaused ? 'PAUSED' : 'RUNNING');
      if (isPaused) this.isCommitRequested = true;
      this.assignment.syncPauses();
    }
    if (!this.isCommitRequested || this.offsets.isCommitting) return;
    this.isCommitRequested = false;
    const vouched = await this.offsets.vouch(this.assignment.all());
    if (vouched === null) this.assignment.rewindToCommitted();
    else this.offsets.begin(vouched);
  }

  private async fetched(): Promise<readonly SinkPartition[]> {
    const { settings } = this.options;
    const timeoutMs = Math.min(this.context.takeTimeout() ?? Number.POSITIVE_INFINITY, settings.sinkHeartbeatMs);
    // What happened since the loop last looked comes first.
    if (this.mailbox.isAwake) return [];
    const { partitions, taken, records } = this.assignment.take(await this.poll.poll(timeoutMs));
    this.counters.read += records;
    this.topics.note(taken);
    return partitions;
  }

  /** Until something has to be looked at. */
  private async idle(): Promise<void> {
    await this.mailbox.idle();
    this.slice.restart();
  }

  private show(state: 'RUNNING' | 'PAUSED'): void {
    if (this.shown === state) return;
    this.shown = state;
    this.options.link.state(state);
  }

  private fail(error: unknown): void {
    // What its closed clients give up comes again after the next start.
    if (this.hasEnded) return;
    this.failure ??= error ?? new ConnectError('The task failed without saying why.');
    this.ending.abort(this.failure);
    this.mailbox.wake();
  }

  /** Commit, close, stop: after a failure too, for what was delivered stays delivered. */
  private async finish(): Promise<void> {
    const { parker, chain, converter, release, offsetFlushTimeoutMs } = this.options;
    const held = this.assignment.all();
    if (parker.isBrokerAway) this.offsets.hurry();
    parker.endAll();
    if (this.isStarted) {
      await this.quietly('preCommit()', async () => {
        const vouched = await this.offsets.vouch(held);
        await this.offsets.commit(vouched ?? []);
      });
      if (held.length > 0) {
        await this.quietly('close()', async () => this.task.close?.(held.map(nameOf)));
      }
      await this.quietly('stop()', async () => this.task.stop());
    }
    this.assignment.remove(held);
    this.hasEnded = true;
    await this.mailbox.drain((command) => this.quietly('close()', command));
    closePlugins([...chain.plugins, ...converter.plugins], (error) =>
      this.logger.warn('A plugin of a sink task threw from close().', { err: error }),
    );
    await this.quietly('its clients', () => release(offsetFlushTimeoutMs));
  }

  private async quietly(what: string, run: () => Promise<unknown>): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.logger.warn('A sink task threw while it was ended.', { from: what, err: error });
    }
  }
}
