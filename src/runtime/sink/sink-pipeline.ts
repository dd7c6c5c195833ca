/**
 * What happens to fetched records until they are given to the task: prepared, converted, transformed. Works partition by
 * partition, and as far in each as it can without waiting: a record that has to wait blocks its own partition only.
 */
import type { TopicPartitionOffset } from '../../broker/ports.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { RawRecord } from '../../sdk/converter.ts';
import type { ConnectError } from '../../sdk/errors/connect-error.ts';
import { DataError } from '../../sdk/errors/kinds.ts';
import type { SinkRecord } from '../../sdk/record/sink-record.ts';
import { environmentErrorOf, failureKind, isSkippable } from '../errors/failure-kind.ts';
import type { Stage } from '../errors/processing-context.ts';
import type { RetryWithToleranceOperator } from '../errors/retry-with-tolerance-operator.ts';
import type { Parker } from '../parking/parker.ts';
import type { SinkRecordConverter } from '../pipeline/sink-record-converter.ts';
import type { TaskCounters } from '../pipeline/task-counters.ts';
import type { TimeSlice } from '../pipeline/time-slice.ts';
import type { ChainInterruption, TransformationChain } from '../pipeline/transformation-chain.ts';
import type { PendingReports } from './pending-reports.ts';
import type { Block, SinkPartition } from './sink-partition.ts';
import { RECORD_SKIPPED, waitingRecord } from './skipped-record.ts';

/** A step that threw, at the first waiting record of a partition. */
interface Stop {
  readonly error: unknown;
  readonly stage: Stage;
  readonly className: string;
  readonly interruption: ChainInterruption<SinkRecord> | null;
}

export interface SinkPipelineOptions {
  readonly chain: TransformationChain<SinkRecord>;
  readonly converter: SinkRecordConverter;
  readonly operator: RetryWithToleranceOperator;
  readonly parker: Parker;
  readonly reports: PendingReports;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly slice: TimeSlice;
  readonly counters: TaskCounters;
  readonly signal: AbortSignal;
  /** A blocked partition is worth another try. */
  readonly onReady: () => void;
  /** A wait ended with an error: the park limit. */
  readonly onFailed: (error: unknown) => void;
}

export class SinkPipeline {
  private readonly options: SinkPipelineOptions;
  private readonly slice: TimeSlice;

  constructor(options: SinkPipelineOptions) {
    this.options = options;
    this.slice = options.slice;
  }

  /**
   * Converts what waits of these partitions and appends it to `out`, in order per partition. Returns what the task has to fail
   * with once `out` is delivered, or null.
   *
   * Blocks a partition at the first record that has to wait. Rejects only with the signal's reason.
   */
  async convert(partitions: readonly SinkPartition[], out: SinkRecord[]): Promise<{ readonly fatal: unknown } | null> {
    for (const partition of partitions) partition.block = null;
    const environment = await this.prepare(partitions);
    if (environment !== null) {
      if (!environment.isEnvironment) return { fatal: environment.error };
      for (const partition of partitions) this.park(partition, environment.error as ConnectError, null);
      return null;
    }
    for (const partition of partitions) {
      const fatal = await this.drain(partition, out);
      if (fatal !== null) return fatal;
    }
    return null;
  }

  /**
   * An operator has the record skipped that the partition waits at: reported like bad data that is tolerated, and the partition goes on.
   * @throws ConnectError `holdfast.task.not-skippable`
   */
  skip(partition: SinkPartition | undefined, at: TopicPartitionOffset): void {
    const { operator, reports, logger } = this.options;
    const { topic } = at;
    const { block, raw, stop } = waitingRecord(partition, at);
    const error = new DataError(
      `The record at offset ${at.offset} of ${topic}-${at.partition} was skipped on request. ${stop.error.message}`,
      { code: RECORD_SKIPPED, cause: stop.error },
    );
    const { stage, className } = stop;
    const consumed = { topic, partition: at.partition, raw };
    const reported = operator.skipped({ stage, className, error, record: { kind: 'sink', consumed } });
    // Invariant 2: the offset of the skipped record waits for its report.
    if (reported !== undefined) reports.add(partition?.key ?? '', reported);
    logger.warn('A record that a sink task waited at was skipped on request.', { code: RECORD_SKIPPED, ...at });
    partition?.advance(raw);
    this.options.converter.skipped(stop.error);
    // Ends the wait, and the park with it.
    block.cancel.abort();
    block.isReady = true;
    this.options.onReady();
  }

  private async prepare(
    partitions: readonly SinkPartition[],
  ): Promise<{ readonly error: unknown; readonly isEnvironment: boolean } | null> {
    const { converter, signal } = this.options;
    if (!converter.prepares) return null;
    const raws: RawRecord[] = [];
    for (const partition of partitions) {
      const { topic } = partition;
      for (const { key, value, headers } of partition.rest()) raws.push({ topic, key, value, headers });
    }
    try {
      const prepared = converter.prepare(raws, signal);
      if (prepared !== undefined) {
        await prepared;
        if (this.slice.isOverNow()) await this.slice.next();
      }
      return null;
    } catch (error) {
      signal.throwIfAborted();
      const environment = failureKind(error) === 'environment' ? environmentErrorOf(error) : null;
      return { error: environment ?? error, isEnvironment: environment !== null };
    }
  }

  private async drain(partition: SinkPartition, out: SinkRecord[]): Promise<{ readonly fatal: unknown } | null> {
    const before = partition.waiting;
    while (partition.waiting > 0) {
      const stop = this.run(partition, out);
      if (stop === null) {
        if (this.slice.isOverNow()) await this.slice.next();
        continue;
      }
      const fatal = this.stopped(partition, stop, partition.waiting < before);
      if (fatal !== null) return fatal;
      if (partition.block !== null) return null;
    }
    this.options.parker.end(parkOf(partition));
    return null;
  }

  /** The hot path. null: done, or time for others to run. */
  private run(partition: SinkPartition, out: SinkRecord[]): Stop | null {
    const { chain, converter, counters } = this.options;
    for (let raw = partition.first(); raw !== undefined; raw = partition.first()) {
      let isConverted = false;
      let record: SinkRecord | null;
      try {
        if (partition.interruption === null) {
          const converted = converter.convert(partition.topic, partition.partition, raw);
          isConverted = true;
          record = chain.isEmpty ? converted : chain.apply(converted);
        } else {
          isConverted = true;
          record = chain.resume(partition.interruption);
        }
      } catch (error) {
        if (!isConverted) return { error, ...converter.failure(), interruption: null };
        const interruption = chain.interruption();
        return { error, stage: 'TRANSFORMATION', className: interruption.className, interruption };
      }
      partition.advance(raw);
      partition.retry = null;
      if (record === null) counters.filtered++;
      else out.push(record);
      if (this.slice.isOver()) return null;
    }
    return null;
  }

  /** Blocks the partition, or decides that the record has failed for good: skipped when that is tolerated. */
  private stopped(partition: SinkPartition, stop: Stop, hasMoved: boolean): { readonly fatal: unknown } | null {
    const { operator, reports, parker } = this.options;
    partition.interruption = stop.interruption;
    const kind = failureKind(stop.error);
    const environment = kind === 'environment' ? environmentErrorOf(stop.error) : null;
    if (environment !== null) {
      if (hasMoved) parker.end(parkOf(partition));
      this.park(partition, environment, stop);
      return null;
    }
    if (kind === 'retriable' && operator.retries) {
      partition.retry ??= operator.startRetrying();
      const delay = operator.nextRetry(partition.retry);
      if (delay !== null) {
        this.block(partition, 'retry', null, (signal) => this.options.clock.sleep(delay, signal));
        return null;
      }
    }
    const raw = partition.first();
    if (raw === undefined) return null;
    const { stage, className, error } = stop;
    const { topic } = partition;
    const { fatal, reported } = operator.failed({
      stage,
      className,
      error,
      record: { kind: 'sink', consumed: { topic, partition: partition.partition, raw } },
    });
    // Invariant 2: the offset of the skipped record waits for its report.
    if (reported !== undefined) reports.add(partition.key, reported);
    if (fatal !== null) return { fatal };
    partition.advance(raw);
    partition.retry = null;
    return null;
  }

  /** Invariants 3 and 4: the partition waits, from this record on. `stop`: null when more than this record is concerned. */
  private park(partition: SinkPartition, error: ConnectError, stop: Stop | null): void {
    const offset = stop === null ? undefined : partition.first()?.offset;
    const skippable = stop !== null && isSkippable(error) ? { ...stop, error } : null;
    this.block(partition, 'environment', skippable, (signal) =>
      this.options.parker.wait(parkOf(partition), error, {
        signal,
        dependency: 'a system that the task needs',
        partitions: [partition.key],
        ...(offset === undefined ? {} : { offset }),
      }),
    );
  }

  private block(
    partition: SinkPartition,
    kind: Block['kind'],
    skippable: Block['skippable'],
    wait: (signal: AbortSignal) => Promise<void>,
  ): void {
    partition.keepWaiting();
    const cancel = new AbortController();
    const block: Block = { kind, skippable, cancel, isReady: false };
    partition.block = block;
    const onAbort = (): void => cancel.abort(this.options.signal.reason);
    this.options.signal.addEventListener('abort', onAbort, { once: true });
    cancel.signal.addEventListener('abort', () => this.options.parker.end(parkOf(partition)), { once: true });
    wait(cancel.signal)
      .then(
        () => {
          block.isReady = true;
          this.options.onReady();
        },
        (error) => {
          if (!cancel.signal.aborted) this.options.onFailed(error);
        },
      )
      .finally(() => this.options.signal.removeEventListener('abort', onAbort));
  }
}

function parkOf(partition: SinkPartition): string {
  return `partition:${partition.key}`;
}
