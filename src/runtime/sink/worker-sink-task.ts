/**
 * The loop of a sink task: commit, poll, convert, put. Kafka Connect 4.1.1, WorkerSinkTask. All calls of the task are made here,
 * one at a time; what the control plane asks waits for the call under way.
 *
 * Group membership lives in the control plane: a `put` may take as long as it likes.
 */
import type { FetchedBatch, Fetcher, TopicPartition, TopicPartitionOffset } from '../../broker/ports.ts';
import { Backoff } from '../../foundation/backoff.ts';
import type { Clock } from '../../foundation/clock.ts';
import { Deferred } from '../../foundation/deferred.ts';
import type { Logger } from '../../foundation/logger.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import type { SinkRecord } from '../../sdk/record/sink-record.ts';
import type { ErrantRecordReporter, SinkTask, TopicPartitionKey } from '../../sdk/task.ts';
import { environmentErrorOf, failureKind } from '../errors/failure-kind.ts';
import type { RetryWithToleranceOperator } from '../errors/retry-with-tolerance-operator.ts';
import type { HostSettings } from '../host/host-settings.ts';
import type { HostedTask, TaskLink, TaskOutcome } from '../host/task-link.ts';
import type { Parker } from '../parking/parker.ts';
import type { SinkRecordConverter } from '../pipeline/sink-record-converter.ts';
import type { TaskCounters } from '../pipeline/task-counters.ts';
import { TimeSlice } from '../pipeline/time-slice.ts';
import type { TransformationChain } from '../pipeline/transformation-chain.ts';
import { PendingReports } from './pending-reports.ts';
import { SinkOffsets } from './sink-offsets.ts';
import { keyOf, SinkPartition } from './sink-partition.ts';
import { SinkPipeline } from './sink-pipeline.ts';
import { WorkerErrantRecordReporter } from './worker-errant-record-reporter.ts';
import { WorkerSinkTaskContext } from './worker-sink-task-context.ts';

export const PUT_FAILED = defineErrorCode('holdfast.task.put-failed', {
  what: 'A sink task threw from put() what is neither RetriableError nor EnvironmentError.',
  mend: 'Read the cause, mend it, and restart the task. Records are delivered again from the last committed offsets.',
});

const PARK_PUT = 'put';
const PARK_PREPARE = 'dead letter queue';
/** Reports that may be on their way to the dead letter queue before delivery waits for them. */
const MAX_PENDING_REPORTS = 1_000;

export type AssignedPartition = TopicPartition & { readonly offset: number | 'earliest' | 'latest' };

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
  readonly counters: TaskCounters;
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

/** Records that the task refused for now, and that are put again. */
interface Redelivery {
  readonly cancel: AbortController;
  isReady: boolean;
}

export class WorkerSinkTask implements HostedTask {
  private readonly options: WorkerSinkTaskOptions;
  private readonly task: SinkTask;
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly counters: TaskCounters;
  private readonly fetcher: Fetcher;
  private readonly slice: TimeSlice;
  private readonly context: WorkerSinkTaskContext;
  private readonly reporter: WorkerErrantRecordReporter;
  private readonly reports: PendingReports;
  private readonly offsets: SinkOffsets;
  private readonly pipeline: SinkPipeline;
  private readonly backoff: Backoff;
  private readonly partitions = new Map<TopicPartitionKey, SinkPartition>();
  private readonly ending = new AbortController();
  private readonly abandoned = new AbortController();
  private readonly topics = new Set<string>();
  private commands: (() => Promise<void>)[] = [];
  private wakeup = new Deferred();
  /** Something changed since the loop last looked. */
  private isAwake = false;
  private pollAbort = new AbortController();
  private target: 'STARTED' | 'PAUSED';
  private shown: 'RUNNING' | 'PAUSED' | null = null;
  private batch: SinkRecord[] = [];
  private redelivery: Redelivery | null = null;
  private isCommitRequested = false;
  private failure: unknown = null;
  private isStarted = false;
  private hasEnded = false;

  constructor(options: WorkerSinkTaskOptions) {
    const { clock, logger, counters, settings, operator, converter } = options;
    const { signal } = this.ending;
    this.options = options;
    this.task = options.task;
    this.clock = clock;
    this.logger = logger;
    this.counters = counters;
    this.fetcher = options.fetcher;
    this.target = options.initialState;
    this.slice = new TimeSlice({ clock });
    this.backoff = new Backoff({
      initialMs: settings.retryBackoffInitialMs,
      maxMs: settings.retryBackoffMaxMs,
      jitter: 0.2,
    });
    this.reports = new PendingReports({ onFailed: (error) => this.fail(error) });
    this.reporter = new WorkerErrantRecordReporter({ operator, converter, pending: this.reports });
    const reporter: ErrantRecordReporter | null = options.hasReporters ? this.reporter : null;
    this.context = new WorkerSinkTaskContext({
      logger,
      clock,
      configs: options.taskConfig,
      signal,
      partitions: this.partitions,
      reporter,
      onPausesChanged: () => this.syncPauses(),
      onCommitRequested: () => this.requestCommit(),
    });
    this.offsets = new SinkOffsets({
      task: this.task,
      assigned: this.partitions,
      reports: this.reports,
      commitOffsets: (offsets) => options.link.commit({ kind: 'sink', offsets }),
      onSettled: () => this.wake(),
      clock,
      logger,
      counters,
      flushTimeoutMs: options.offsetFlushTimeoutMs,
      abandoned: this.abandoned.signal,
    });
    this.pipeline = new SinkPipeline({
      chain: options.chain,
      converter,
      operator,
      parker: options.parker,
      reports: this.reports,
      clock,
      slice: this.slice,
      counters,
      signal,
      onReady: () => this.wake(),
      onFailed: (error) => this.fail(error),
    });
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
    return { failure: this.failure === null ? null : asError(this.failure) };
  }

  setTarget(state: 'STARTED' | 'PAUSED'): void {
    if (this.target === state) return;
    this.target = state;
    this.wake();
  }

  requestCommit(): void {
    this.isCommitRequested = true;
    this.wake();
  }

  assign(partitions: readonly AssignedPartition[]): void {
    this.command(() => this.open(partitions));
  }

  /** Resolves with what may still be committed, after the task let go of them. */
  revoke(partitions: readonly TopicPartition[], lost: boolean): Promise<readonly TopicPartitionOffset[]> {
    if (this.hasEnded) return Promise.resolve([]);
    const answer = new Deferred<readonly TopicPartitionOffset[]>();
    this.command(async () => {
      try {
        answer.resolve(await this.close(partitions, lost));
      } finally {
        // Whoever asked is not to wait for a task that fails over it.
        answer.resolve([]);
      }
    });
    return answer.promise;
  }

  stop(): void {
    this.ending.abort(new ConnectError('the task was stopped'));
    this.wake();
  }

  abandon(): void {
    this.stop();
    this.abandoned.abort(new ConnectError('the deadline of the stop has passed'));
    void this.options.release(0).catch(() => {});
  }

  counterSnapshot(): Readonly<Record<string, number>> {
    this.counters.partitions = this.partitions.size;
    let active = 0;
    for (const { consumed, committed } of this.partitions.values()) active += (consumed ?? 0) - (committed ?? 0);
    this.counters.active = active;
    const { parkedMs, count } = this.options.parker;
    return this.counters.snapshot('sink', { ms: parkedMs, count });
  }

  private async start(): Promise<void> {
    const { signal } = this.ending;
    const { prepare, parker, taskConfig } = this.options;
    while (this.target === 'PAUSED') {
      this.show('PAUSED');
      this.isAwake = false;
      await this.idle();
      signal.throwIfAborted();
    }
    for (;;) {
      try {
        await prepare();
        parker.end(PARK_PREPARE);
        break;
      } catch (error) {
        signal.throwIfAborted();
        const environment = environmentOf(error);
        if (environment === null) throw error;
        await parker.wait(PARK_PREPARE, environment, { signal, dependency: 'broker' });
      }
    }
    this.isStarted = true;
    this.task.initialize?.(this.context);
    await this.task.start(taskConfig, signal);
    this.show('RUNNING');
  }

  private async iteration(): Promise<void> {
    this.isAwake = false;
    await this.obey();
    if (this.redelivery !== null) {
      this.rewind();
      if (!this.redelivery.isReady || this.target === 'PAUSED') return this.idle();
      return this.deliver(null);
    }
    this.rewind();
    const ready = this.target === 'PAUSED' ? [] : this.readyPartitions();
    let fatal: { readonly fatal: unknown } | null;
    if (ready.length > 0) {
      fatal = await this.pipeline.convert(ready, this.batch);
    } else {
      const fetched = this.received(await this.poll());
      fatal = fetched.length === 0 ? null : await this.pipeline.convert(fetched, this.batch);
    }
    this.syncPauses();
    await this.deliver(fatal);
    if (this.reports.size > MAX_PENDING_REPORTS) await this.reportsSettled();
    if (this.slice.isOverNow()) await this.slice.next();
  }

  /** What the control plane asked for meanwhile, in order. */
  private async obey(): Promise<void> {
    for (let next = this.commands.shift(); next !== undefined; next = this.commands.shift()) await next();
    const isPaused = this.target === 'PAUSED';
    if (isPaused !== (this.shown === 'PAUSED')) {
      this.show(isPaused ? 'PAUSED' : 'RUNNING');
      if (isPaused) this.isCommitRequested = true;
      this.syncPauses();
    }
    if (!this.isCommitRequested || this.offsets.isCommitting) return;
    this.isCommitRequested = false;
    const vouched = await this.offsets.vouch([...this.partitions.values()]);
    if (vouched === null) this.rewindToCommitted();
    else this.offsets.begin(vouched);
  }

  private async poll(): Promise<readonly FetchedBatch[]> {
    const timeoutMs = Math.min(
      this.context.takeTimeout() ?? Number.POSITIVE_INFINITY,
      this.options.settings.sinkHeartbeatMs,
    );
    if (this.isAwake) return [];
    if (this.pollAbort.signal.aborted) this.pollAbort = new AbortController();
    const { signal } = this.pollAbort;
    try {
      return await this.fetcher.poll({ maxRecords: this.options.maxPollRecords, timeoutMs, signal });
    } catch (error) {
      if (signal.aborted) return [];
      return this.afterPollFailure(error);
    }
  }

  private async afterPollFailure(error: unknown): Promise<readonly FetchedBatch[]> {
    const environment = environmentOf(error);
    if (environment !== null) {
      const { signal } = this.ending;
      await this.options.parker.wait('fetch', environment, { signal, dependency: 'broker' });
      this.options.parker.end('fetch');
      return [];
    }
    throw error;
  }

  private received(batches: readonly FetchedBatch[]): readonly SinkPartition[] {
    const found: SinkPartition[] = [];
    let topics: string[] | null = null;
    for (const batch of batches) {
      const partition = this.partitions.get(keyOf(batch));
      if (partition === undefined || batch.records.length === 0) continue;
      this.counters.read += batch.records.length;
      partition.take(batch);
      if (!found.includes(partition) && partition.block === null) found.push(partition);
      if (this.topics.has(batch.topic)) continue;
      this.topics.add(batch.topic);
      topics ??= [];
      topics.push(batch.topic);
    }
    if (topics !== null) this.options.link.topics(topics);
    return found;
  }

  private readyPartitions(): readonly SinkPartition[] {
    const ready: SinkPartition[] = [];
    for (const partition of this.partitions.values()) if (partition.block?.isReady === true) ready.push(partition);
    return ready;
  }

  /** Gives the batch to the task; with no records too, as a heartbeat. Throws `fatal` once everything before it is delivered. */
  private async deliver(fatal: { readonly fatal: unknown } | null): Promise<void> {
    const records = this.batch;
    const startedAt = this.clock.monotonic();
    try {
      const putting = this.task.put(records.slice(), this.ending.signal);
      if (putting !== undefined) await putting;
      const hidden = this.reporter.takeFailure();
      if (hidden !== null) throw hidden.error;
    } catch (error) {
      this.reporter.takeFailure();
      if (fatal !== null) throw fatal.fatal;
      this.refused(error);
      return;
    }
    if (records.length > 0) {
      this.counters.sent += records.length;
      this.counters.batch(records.length, this.clock.monotonic() - startedAt);
    }
    this.batch = [];
    for (const partition of this.partitions.values()) {
      if (partition.processed === null) continue;
      partition.consumed = partition.processed;
      partition.processed = null;
    }
    if (this.redelivery !== null) {
      this.redelivery = null;
      this.backoff.reset();
      this.options.parker.end(PARK_PUT);
      this.syncPauses();
    }
    if (fatal !== null) throw fatal.fatal;
  }

  /** The same records again later, their partitions paused meanwhile; or the end of the task. */
  private refused(error: unknown): void {
    const { signal } = this.ending;
    signal.throwIfAborted();
    const environment = environmentOf(error);
    if (environment === null && failureKind(error) !== 'retriable') {
      throw new ConnectError('Exiting WorkerSinkTask due to unrecoverable exception.', {
        code: PUT_FAILED,
        cause: error,
      });
    }
    const cancel = new AbortController();
    const redelivery: Redelivery = { cancel, isReady: false };
    this.redelivery = redelivery;
    this.syncPauses();
    // An abort of the wait is the end of the task.
    const wait =
      environment === null
        ? this.clock.sleep(this.retryDelay(error), signal)
        : this.options.parker.wait(PARK_PUT, environment, { signal, dependency: 'target system' });
    wait.then(
      () => {
        redelivery.isReady = true;
        this.wake();
      },
      (reason) => {
        if (!signal.aborted) this.fail(reason);
      },
    );
  }

  private retryDelay(error: unknown): number {
    this.counters.retries++;
    const backoffMs = this.backoff.next();
    const timeoutMs = this.context.takeTimeout() ?? backoffMs;
    this.logger.warn('A sink task asked for its records to be put again.', { err: error, delayMs: timeoutMs });
    return timeoutMs;
  }

  private async open(partitions: readonly AssignedPartition[]): Promise<void> {
    if (this.hasEnded) return;
    const added: SinkPartition[] = [];
    for (const each of partitions) {
      if (this.partitions.has(keyOf(each))) continue;
      const partition = new SinkPartition(each);
      this.partitions.set(partition.key, partition);
      added.push(partition);
    }
    if (added.length === 0) return;
    this.fetcher.add(partitions.filter((each) => added.includes(this.partitions.get(keyOf(each)) as SinkPartition)));
    this.syncPauses();
    await this.task.open?.(added.map(({ topic, partition }) => ({ topic, partition })));
    this.rewind();
  }

  private async close(partitions: readonly TopicPartition[], lost: boolean): Promise<readonly TopicPartitionOffset[]> {
    const leaving = partitions.flatMap((each) => this.partitions.get(keyOf(each)) ?? []);
    if (leaving.length === 0) return [];
    const vouched = lost ? null : await this.offsets.vouch(leaving);
    this.remove(leaving);
    if (lost) this.reports.forget(leaving.map(({ key }) => key));
    await this.task.close?.(leaving.map(({ topic, partition }) => ({ topic, partition })));
    return (vouched ?? []).map(({ partition, offset }) => partition.at(offset));
  }

  private remove(leaving: readonly SinkPartition[]): void {
    this.fetcher.remove(leaving.map(({ topic, partition }) => ({ topic, partition })));
    for (const partition of leaving) {
      partition.forget();
      this.partitions.delete(partition.key);
    }
    const left = new Set(leaving.map(({ key }) => key));
    this.dropFromBatch((key) => left.has(key));
  }

  /** What `context.offset()` asked for. */
  private rewind(): void {
    for (const [key, offset] of this.context.takeRewinds()) {
      const partition = this.partitions.get(key);
      if (partition !== undefined) this.seek(partition, offset);
      else this.logger.warn('A sink task rewound a partition that is not assigned to it.', { partition: key, offset });
    }
  }

  private rewindToCommitted(): void {
    for (const partition of this.partitions.values()) {
      if (partition.committed !== null) this.seek(partition, partition.committed);
    }
  }

  /** Invariant 4: what waits of the partition comes again from there, so that nothing is delivered out of order. */
  private seek(partition: SinkPartition, offset: number): void {
    partition.forget();
    partition.consumed = offset;
    partition.committed = offset;
    this.dropFromBatch((key) => key === partition.key);
    this.fetcher.seek(partition, offset);
    this.syncPauses();
  }

  private dropFromBatch(isDropped: (key: TopicPartitionKey) => boolean): void {
    if (this.batch.length === 0) return;
    this.batch = this.batch.filter(
      (record) => !isDropped(keyOf({ topic: record.originalTopic, partition: record.originalKafkaPartition })),
    );
  }

  private syncPauses(): void {
    const toPause: SinkPartition[] = [];
    const toResume: SinkPartition[] = [];
    const isPaused = this.target === 'PAUSED' || this.redelivery !== null;
    for (const partition of this.partitions.values()) {
      const wanted = isPaused || partition.isUserPaused || partition.block !== null;
      if (wanted === partition.isFetchPaused) continue;
      partition.isFetchPaused = wanted;
      (wanted ? toPause : toResume).push(partition);
    }
    if (toPause.length > 0) this.fetcher.pause(toPause);
    if (toResume.length > 0) this.fetcher.resume(toResume);
  }

  private async reportsSettled(): Promise<void> {
    const settled = this.reports.settled([...this.partitions.keys()]);
    if (settled !== undefined) await Promise.race([settled, this.idle()]);
  }

  private command(run: () => Promise<void>): void {
    this.commands.push(run);
    this.wake();
  }

  /** Until something has to be looked at. */
  private async idle(): Promise<void> {
    if (!this.isAwake) await this.wakeup.promise;
    this.slice.restart();
  }

  private wake(): void {
    this.isAwake = true;
    this.wakeup.resolve();
    this.wakeup = new Deferred();
    this.pollAbort.abort();
  }

  private show(state: 'RUNNING' | 'PAUSED'): void {
    if (this.shown === state) return;
    this.shown = state;
    this.options.link.state(state);
  }

  private fail(error: unknown): void {
    this.failure ??= error ?? new ConnectError('The task failed without saying why.');
    this.ending.abort(this.failure);
    this.wake();
  }

  /** Commit, close, stop: after a failure too, for what was delivered stays delivered. */
  private async finish(): Promise<void> {
    const { parker, chain, converter, release, offsetFlushTimeoutMs } = this.options;
    const held = [...this.partitions.values()];
    if (parker.isBrokerAway) this.offsets.hurry();
    parker.endAll();
    if (this.isStarted) {
      await this.quietly('preCommit()', async () => {
        const vouched = await this.offsets.vouch(held);
        await this.offsets.commit(vouched ?? []);
      });
      if (held.length > 0) {
        await this.quietly('close()', async () =>
          this.task.close?.(held.map(({ topic, partition }) => ({ topic, partition }))),
        );
      }
      await this.quietly('stop()', async () => this.task.stop());
    }
    this.remove(held);
    this.hasEnded = true;
    for (let next = this.commands.shift(); next !== undefined; next = this.commands.shift()) {
      await this.quietly('close()', next);
    }
    await this.quietly('its converters', async () => {
      chain.close();
      converter.close();
      await release(offsetFlushTimeoutMs);
    });
  }

  private async quietly(what: string, run: () => Promise<unknown>): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.logger.warn('A sink task threw while it was ended.', { from: what, err: error });
    }
  }
}

function environmentOf(error: unknown): ConnectError | null {
  return failureKind(error) === 'environment' ? environmentErrorOf(error) : null;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new ConnectError(`The task failed with ${String(error)}.`, { cause: error });
}
