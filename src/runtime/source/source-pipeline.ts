/**
 * What happens to a polled batch until it is handed to the producer: transformed, prepared, converted. Works as far as it can
 * without waiting; what was converted is sent before anything is waited for.
 *
 * Invariant 4: the results of the transformation chain are kept while the batch waits. Each record passes each transformation
 * once.
 */
import type { ProducerRecord } from '../../broker/ports.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { ConnectError } from '../../sdk/errors/connect-error.ts';
import { DataError } from '../../sdk/errors/kinds.ts';
import type { SourceRecord } from '../../sdk/record/source-record.ts';
import { environmentErrorOf, failureKind } from '../errors/failure-kind.ts';
import type { Stage } from '../errors/processing-context.ts';
import type { RetryState, RetryWithToleranceOperator } from '../errors/retry-with-tolerance-operator.ts';
import type { Parker } from '../parking/parker.ts';
import { INVALID_TIMESTAMP, type SourceRecordConverter, sizeOf } from '../pipeline/source-record-converter.ts';
import type { TaskCounters } from '../pipeline/task-counters.ts';
import type { TimeSlice } from '../pipeline/time-slice.ts';
import type { ChainInterruption, TransformationChain } from '../pipeline/transformation-chain.ts';

/** Records that are transformed, prepared and converted together. */
const MAX_SLICE_RECORDS = 4_096;
/** Converted bytes that are sent together. */
const MAX_SEND_BYTES = 1024 * 1024;

const PARK = 'task';

/** A step that threw, at one record. */
interface Stop {
  readonly error: unknown;
  readonly stage: Stage;
  readonly className: string;
}

export interface SourcePipelineOptions {
  readonly chain: TransformationChain<SourceRecord>;
  readonly converter: SourceRecordConverter;
  readonly operator: RetryWithToleranceOperator;
  readonly parker: Parker;
  readonly clock: Clock;
  readonly slice: TimeSlice;
  readonly counters: TaskCounters;
  readonly signal: AbortSignal;
  /** Resolves when the batch is on its way. `origins` are the records as polled, parallel to `records`. */
  readonly send: (
    origins: readonly SourceRecord[],
    records: readonly ProducerRecord[],
    bytes: number,
  ) => Promise<void> | undefined;
  /** Filtered, or tolerated as bad: nothing will be written for it. */
  readonly dropped: (origin: SourceRecord) => void;
  /** Awaited after a park, before work goes on: the task may have been paused meanwhile. */
  readonly goOn: () => Promise<void>;
}

export class SourcePipeline {
  private readonly chain: TransformationChain<SourceRecord>;
  private readonly converter: SourceRecordConverter;
  private readonly operator: RetryWithToleranceOperator;
  private readonly options: SourcePipelineOptions;
  private readonly slice: TimeSlice;

  constructor(options: SourcePipelineOptions) {
    this.chain = options.chain;
    this.converter = options.converter;
    this.operator = options.operator;
    this.slice = options.slice;
    this.options = options;
  }

  /**
   * Resolves when every record was sent or dropped. Throws what the task fails with, after everything before the record
   * concerned was sent; or the signal's reason.
   */
  async process(polled: readonly SourceRecord[]): Promise<void> {
    if (this.chain.isEmpty && polled.length <= MAX_SLICE_RECORDS) return this.convert(polled, polled);
    let position = 0;
    let resumed: SourceRecord | null = null;
    while (position < polled.length) {
      const origins: SourceRecord[] = [];
      const outputs: SourceRecord[] = [];
      let stop: (Stop & { readonly at: ChainInterruption<SourceRecord> }) | null = null;
      if (resumed !== null) {
        origins.push(polled[position++] as SourceRecord);
        outputs.push(resumed);
        resumed = null;
      }
      for (; position < polled.length && outputs.length < MAX_SLICE_RECORDS; position++) {
        const origin = polled[position] as SourceRecord;
        let output: SourceRecord | null;
        try {
          output = this.chain.apply(origin);
        } catch (error) {
          const at = this.chain.interruption();
          stop = { error, stage: 'TRANSFORMATION', className: at.className, at };
          break;
        }
        if (output === null) this.drop(origin, 'filtered');
        else {
          origins.push(origin);
          outputs.push(output);
        }
        if (this.slice.isOver()) await this.slice.next();
      }
      await this.convert(origins, outputs);
      if (stop !== null) {
        const origin = polled[position] as SourceRecord;
        const outcome = await this.transformAgain(origin, stop, stop.at);
        if (outcome.kind === 'record') resumed = outcome.record;
        else {
          this.drop(origin, outcome.kind);
          position++;
        }
      }
    }
  }

  /** Goes on at the transformation that threw until it succeeds or has failed for good. */
  private async transformAgain(
    origin: SourceRecord,
    stop: Stop,
    interruption: ChainInterruption<SourceRecord>,
  ): Promise<{ readonly kind: 'record'; readonly record: SourceRecord } | { readonly kind: 'filtered' | 'failed' }> {
    let failure = stop;
    let at = interruption;
    let retry: RetryState | null = null;
    for (;;) {
      const next = await this.afterFailure(origin, failure, retry);
      if (next === 'failed') return { kind: 'failed' };
      retry = next;
      try {
        const record = this.chain.resume(at);
        this.options.parker.end(PARK);
        return record === null ? { kind: 'filtered' } : { kind: 'record', record };
      } catch (error) {
        const { step } = at;
        at = this.chain.interruption();
        // errors.retry.timeout is for one step: the next one has a time of its own, and only one.
        if (at.step !== step) retry = null;
        failure = { error, stage: 'TRANSFORMATION', className: at.className };
      }
    }
  }

  private async convert(origins: readonly SourceRecord[], outputs: readonly SourceRecord[]): Promise<void> {
    const { options, converter } = this;
    let index = 0;
    let retry: RetryState | null = null;
    while (index < outputs.length) {
      if (converter.prepares) {
        const start = index;
        const stop = await this.prepare(start === 0 ? outputs : outputs.slice(start));
        if (stop !== null) {
          await this.waitFor(stop);
          continue;
        }
      }
      const from = index;
      let records: ProducerRecord[] = [];
      let sentFrom = from;
      let bytes = 0;
      let stop: Stop | null = null;
      for (; index < outputs.length; index++) {
        try {
          const record = converter.convert(outputs[index] as SourceRecord);
          records.push(record);
          bytes += sizeOf(record);
        } catch (error) {
          stop = { error, ...converter.failure() };
          break;
        }
        if (bytes >= MAX_SEND_BYTES) {
          const room = options.send(origins.slice(sentFrom, index + 1), records, bytes);
          if (room !== undefined) await this.waited(room);
          records = [];
          bytes = 0;
          sentFrom = index + 1;
        }
        if (this.slice.isOver()) await this.slice.next();
      }
      if (records.length > 0) {
        const whole = sentFrom === 0 && index === origins.length;
        const room = options.send(whole ? origins : origins.slice(sentFrom, index), records, bytes);
        if (room !== undefined) await this.waited(room);
      }
      if (index > from) {
        options.parker.end(PARK);
        retry = null;
      }
      if (stop === null) continue;
      const origin = origins[index] as SourceRecord;
      if (stop.error instanceof DataError && stop.error.code === INVALID_TIMESTAMP) throw stop.error;
      const next = await this.afterFailure(origin, stop, retry);
      if (next === 'failed') {
        options.parker.end(PARK);
        this.drop(origin, 'failed');
        index++;
        retry = null;
      } else {
        retry = next;
      }
    }
  }

  /** null: prepared. Otherwise what is away. */
  private async prepare(records: readonly SourceRecord[]): Promise<ConnectError | null> {
    try {
      const prepared = this.converter.prepare(records, this.options.signal);
      if (prepared !== undefined) await this.waited(prepared);
      return null;
    } catch (error) {
      this.options.signal.throwIfAborted();
      if (failureKind(error) !== 'environment') throw error;
      return environmentErrorOf(error);
    }
  }

  /** Waits until the step is worth another try; or decides that it has failed for good and is tolerated. */
  private async afterFailure(
    origin: SourceRecord,
    stop: Stop,
    retrying: RetryState | null,
  ): Promise<RetryState | null | 'failed'> {
    const { operator } = this;
    const environment = failureKind(stop.error) === 'environment' ? environmentErrorOf(stop.error) : null;
    if (environment !== null) {
      await this.waitFor(environment);
      return retrying;
    }
    if (failureKind(stop.error) === 'retriable' && operator.retries) {
      const state = retrying ?? operator.startRetrying();
      const delay = operator.nextRetry(state);
      if (delay !== null) {
        await this.options.clock.sleep(delay, this.options.signal);
        this.slice.restart();
        return state;
      }
    }
    const { stage, className, error } = stop;
    const { fatal } = operator.failed({ stage, className, error, record: { kind: 'source', source: origin } });
    if (fatal !== null) throw fatal;
    return 'failed';
  }

  /** Invariant 3: the batch stays where it is, and goes on from there. */
  private async waitFor(error: ConnectError): Promise<void> {
    await this.options.parker.wait(PARK, error, {
      signal: this.options.signal,
      dependency: 'a system that the task needs',
    });
    await this.options.goOn();
    this.slice.restart();
  }

  private async waited(promise: Promise<void>): Promise<void> {
    await promise;
    if (this.slice.isOverNow()) await this.slice.next();
  }

  private drop(origin: SourceRecord, reason: 'filtered' | 'failed'): void {
    if (reason === 'filtered') this.options.counters.filtered++;
    this.options.dropped(origin);
  }
}
