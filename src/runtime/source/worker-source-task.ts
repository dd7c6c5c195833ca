/**
 * The loop of a source task: poll, transform, convert, send; acknowledgements and offset commits beside it. Kafka Connect 4.1.1,
 * WorkerSourceTask.
 *
 * A park holds up this loop only: acknowledgements and commits of what was sent before go on.
 */
import { setMaxListeners } from 'node:events';
import type { Producer } from '../../broker/ports.ts';
import type { Clock } from '../../foundation/clock.ts';
import { Deferred } from '../../foundation/deferred.ts';
import type { Logger } from '../../foundation/logger.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import { IntegrityError } from '../../sdk/errors/kinds.ts';
import type { SourceRecord } from '../../sdk/record/source-record.ts';
import type { SourceTask, SourceTaskContext } from '../../sdk/task.ts';
import { namingRecords } from '../errors/named-records.ts';
import type { RetryWithToleranceOperator } from '../errors/retry-with-tolerance-operator.ts';
import { taskFailure } from '../errors/task-failure.ts';
import type { HostSettings } from '../host/host-settings.ts';
import type { HostedTask, TaskLink, TaskOutcome } from '../host/task-link.ts';
import type { PluginFigure, PluginFigures } from '../metrics/plugin-figures.ts';
import type { Parker } from '../parking/parker.ts';
import { closePlugins } from '../pipeline/close-plugins.ts';
import type { SourceRecordConverter } from '../pipeline/source-record-converter.ts';
import type { TaskCounters } from '../pipeline/task-counters.ts';
import type { TaskSignals } from '../pipeline/task-signals.ts';
import { withinTimeLimit } from '../pipeline/time-limit.ts';
import { TimeSlice } from '../pipeline/time-slice.ts';
import { TopicsInUse } from '../pipeline/topics-in-use.ts';
import type { TransformationChain } from '../pipeline/transformation-chain.ts';
import { InFlightBatches, type SentBatch } from './in-flight-batches.ts';
import { RecordCommits } from './record-commits.ts';
import { SourceAcknowledgements, unrecoverable } from './source-acknowledgements.ts';
import { SourceOffsets } from './source-offsets.ts';
import { SourcePipeline } from './source-pipeline.ts';
import { SourcePoll } from './source-poll.ts';
import { SourceReports } from './source-reports.ts';
import { replacing, SourceSender } from './source-sender.ts';
import { SubmittedRecords } from './submitted-records.ts';
import type { TopicCreation } from './topic-creation.ts';

const PARK_PREPARE = 'dead letter queue';

export interface WorkerSourceTaskOptions {
  readonly task: SourceTask;
  readonly taskConfig: Readonly<Record<string, string>>;
  readonly initialState: 'STARTED' | 'PAUSED';
  readonly chain: TransformationChain<SourceRecord>;
  readonly converter: SourceRecordConverter;
  readonly operator: RetryWithToleranceOperator;
  readonly producer: Producer;
  /** null: topics are created by the broker or not at all. */
  readonly topicCreation: TopicCreation | null;
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

export class WorkerSourceTask implements HostedTask {
  private readonly options: WorkerSourceTaskOptions;
  private readonly task: SourceTask;
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly counters: TaskCounters;
  private readonly slice: TimeSlice;
  private readonly submitted = new SubmittedRecords();
  private readonly inFlight: InFlightBatches;
  private readonly offsets: SourceOffsets;
  private readonly poll: SourcePoll;
  private readonly pipeline: SourcePipeline;
  private readonly recordCommits: RecordCommits;
  private readonly reports: SourceReports;
  private readonly topics: TopicsInUse;
  /** Aborted by stop, and by a failure outside of the loop. */
  private readonly ending = new AbortController();
  private readonly abandoned = new AbortController();
  private target: 'STARTED' | 'PAUSED';
  private shown: 'RUNNING' | 'PAUSED' | null = null;
  private targetChanged = new Deferred();
  private failure: unknown = null;
  private isStarted = false;
  private isReleasing = false;

  constructor(options: WorkerSourceTaskOptions) {
    // Plugins and waits listen to it, as many as they like.
    setMaxListeners(0, this.ending.signal);
    this.options = options;
    this.task = options.task;
    this.clock = options.clock;
    this.logger = options.logger;
    this.counters = options.counters;
    this.target = options.initialState;
    this.slice = new TimeSlice({ clock: options.clock });
    this.recordCommits = new RecordCommits({ task: options.task, logger: options.logger });
    this.topics = new TopicsInUse({ tell: (topics) => options.link.topics(topics) });
    const signal = this.ending.signal;
    this.reports = new SourceReports({ submitted: this.submitted, signal, onFailed: (error) => this.fail(error) });
    const acknowledgements = new SourceAcknowledgements({
      operator: options.operator,
      counters: options.counters,
      converter: options.converter,
      recordCommits: this.recordCommits,
      submitted: this.submitted,
      reports: this.reports,
      topics: this.topics,
      onFailed: (error) => this.fail(error),
    });
    this.inFlight = new InFlightBatches({
      producer: options.producer,
      maxBatches: options.settings.maxInflightBatches,
      maxBytes: options.settings.maxInflightBytes,
      parker: options.parker,
      signal,
      refresh: (batch) => (batch.generation === options.signals.generation ? undefined : this.refreshed(batch)),
      onAcknowledged: (batch, result) => {
        acknowledgements.acknowledged(batch, result);
        this.counters.underWay(this.active());
      },
      onFailed: (error) => this.fail(unrecoverable(error)),
    });
    this.offsets = new SourceOffsets({
      submitted: this.submitted,
      commitOffsets: (offsets) => options.link.commit({ kind: 'source', offsets }),
      onCommitted: () => this.task.commit?.(),
      clock: options.clock,
      logger: options.logger,
      counters: options.counters,
    });
    const sender = new SourceSender({
      inFlight: this.inFlight,
      submitted: this.submitted,
      topicCreation: options.topicCreation,
      parker: options.parker,
      signals: options.signals,
      signal,
    });
    this.poll = new SourcePoll({
      task: options.task,
      parker: options.parker,
      settings: options.settings,
      counters: options.counters,
      clock: options.clock,
      logger: options.logger,
      slice: this.slice,
      signal,
      goOn: () => this.whilePaused(),
    });
    this.pipeline = new SourcePipeline({
      chain: options.chain,
      converter: options.converter,
      operator: options.operator,
      parker: options.parker,
      clock: options.clock,
      slice: this.slice,
      counters: options.counters,
      signal,
      signals: options.signals,
      send: (batch) => sender.send(batch),
      dropped: (origin) => this.recordCommits.dropped(origin),
      leftOut: (origin, reported) => this.reports.leftOut(origin, reported),
      goOn: () => this.whilePaused(),
    });
    options.signals.listen({
      recalled: () => this.inFlight.recall(),
      stopped: (error) => {
        this.fail(error);
        // What waits for the broker and carries what is wrong need not be written any more.
        this.inFlight.recall();
      },
    });
  }

  async run(): Promise<TaskOutcome> {
    try {
      await this.whilePaused();
      await this.start();
      this.show('RUNNING');
      await this.loop();
    } catch (error) {
      // What the end of the task itself interrupts is no failure.
      if (!this.ending.signal.aborted) this.fail(error);
      else if (error !== this.ending.signal.reason) {
        this.logger.warn('A source task threw after it was asked to stop.', { err: error });
      }
    }
    await this.finish();
    return { failure: taskFailure(this.failure) };
  }

  setTarget(state: 'STARTED' | 'PAUSED'): void {
    if (this.target === state) return;
    this.target = state;
    this.targetChanged.resolve();
    this.targetChanged = new Deferred();
    // A parked task delivers nothing: it can be shown as paused at once.
    if (state === 'PAUSED' && this.shown === 'RUNNING' && this.options.parker.isParked) this.show('PAUSED');
    if (state === 'STARTED' && this.shown === 'PAUSED' && this.isStarted) this.show('RUNNING');
  }

  requestCommit(): void {
    if (this.isStarted && !this.ending.signal.aborted) void this.offsets.commit();
  }

  stop(): void {
    this.ending.abort(new ConnectError('the task was stopped'));
  }

  abandon(): void {
    this.stop();
    this.abandoned.abort(new ConnectError('the deadline of the stop has passed'));
    void this.options.release(0).catch(() => {});
  }

  forgetTopics(): void {
    this.topics.forget();
  }

  counterSnapshot(): Readonly<Record<string, number>> {
    this.counters.active = this.active();
    const { parkedMs, count } = this.options.parker;
    return this.counters.snapshot('source', { ms: parkedMs, count });
  }

  /** Polled, and neither written nor given up. */
  private active(): number {
    const { polled, written, filtered, skipped, refused } = this.counters;
    return polled - written - filtered - skipped - refused;
  }

  pluginFigures(): readonly PluginFigure[] {
    return this.options.metrics.snapshot();
  }

  private async start(): Promise<void> {
    const { signal } = this.ending;
    const { link, taskConfig, logger, clock } = this.options;
    const context: SourceTaskContext = {
      logger,
      clock,
      configs: taskConfig,
      signal,
      pluginMetrics: this.options.metrics.of(),
      offsetStorageReader: {
        offset: async (partition) => (await link.readOffsets([partition]))[0] ?? null,
        offsets: (partitions) => link.readOffsets(partitions),
      },
    };
    await this.options.parker.persist(PARK_PREPARE, { signal, dependency: 'broker' }, this.options.prepare);
    this.isStarted = true;
    // It is meant to be synchronous, and where it is not, what it rejects with is the task's.
    await this.task.initialize?.(context);
    await this.task.start(taskConfig, signal);
  }

  private async loop(): Promise<void> {
    const { signal } = this.ending;
    while (!signal.aborted) {
      if (this.target === 'PAUSED') await this.whilePaused();
      if (signal.aborted) return;
      const polled = await this.poll.next();
      if (polled === null) continue;
      this.counters.polled += polled.length;
      this.counters.underWay(this.active());
      await this.pipeline.process(polled);
      if (this.slice.isOverNow()) await this.slice.next();
    }
  }

  /** Waits for as long as the task is to be paused. */
  private async whilePaused(): Promise<void> {
    const { signal } = this.ending;
    while (this.target === 'PAUSED' && !signal.aborted) {
      this.show('PAUSED');
      const stopped = new Deferred();
      const onAbort = (): void => stopped.resolve();
      signal.addEventListener('abort', onAbort, { once: true });
      await Promise.race([this.targetChanged.promise, stopped.promise]);
      signal.removeEventListener('abort', onAbort);
    }
    signal.throwIfAborted();
    if (this.shown === 'PAUSED' && this.isStarted) this.show('RUNNING');
  }

  private show(state: 'RUNNING' | 'PAUSED'): void {
    if (this.shown === state) return;
    this.shown = state;
    this.options.link.state(state);
  }

  /** Invariant 5: a batch that was recalled is converted again, from its transformed records. */
  private async refreshed(batch: SentBatch): Promise<SentBatch> {
    try {
      return replacing(batch, await this.pipeline.convertAgain(batch));
    } catch (error) {
      if (!this.ending.signal.aborted) this.fail(error);
      throw error;
    }
  }

  /** The first failure counts. The loop ends, what is in flight is awaited. */
  private fail(error: unknown): void {
    // A producer that is closed gives up what it could not send: not a failure, it comes again after the next start.
    if (this.isReleasing) return;
    this.failure ??= error ?? new ConnectError('The task failed without saying why.');
    this.ending.abort(this.failure);
  }

  /** In Kafka Connect's order: what is in flight, the final commit, the task's own stop, the clients. */
  private async finish(): Promise<void> {
    const { offsetFlushTimeoutMs, parker, chain, converter } = this.options;
    if (this.isStarted) {
      await this.within(offsetFlushTimeoutMs, (signal) => this.flushInFlight(signal));
      await this.within(offsetFlushTimeoutMs, () => this.offsets.commitLast());
      try {
        await this.task.stop();
      } catch (error) {
        this.logger.warn('A source task threw from stop().', { err: error });
      }
    }
    parker.endAll();
    this.isReleasing = true;
    // Only now: nothing more will be acknowledged, so it is known which records the failure left unwritten.
    this.failure = this.naming(this.failure);
    closePlugins([...chain.plugins, ...converter.plugins], (error) =>
      this.logger.warn('A plugin of a source task threw from close().', { err: error }),
    );
    try {
      // Batches that are still in flight will never be acknowledged: no use waiting for them.
      await this.options.release(this.inFlight.isEmpty ? offsetFlushTimeoutMs : 0);
    } catch (error) {
      this.logger.warn('Something that a source task used could not be closed.', { err: error });
    }
  }

  private naming(failure: unknown): unknown {
    if (!(failure instanceof IntegrityError)) return failure;
    const records = this.options.converter.writtenWith(failure);
    return namingRecords(failure, records, this.inFlight.unsettled);
  }

  private async flushInFlight(signal: AbortSignal): Promise<void> {
    // A parked worker stops at once: acknowledgements can't come from a broker that is away.
    if (this.options.parker.isBrokerAway) return;
    await this.inFlight.settled(signal);
    await this.reports.settled(signal);
  }

  private async within(timeoutMs: number, run: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    try {
      await withinTimeLimit({ clock: this.clock, timeoutMs, abandoned: this.abandoned.signal, run });
    } catch (error) {
      this.logger.warn(
        'A source task could not finish what it had begun. Records may come again after its next start.',
        {
          err: error,
        },
      );
    }
  }
}
