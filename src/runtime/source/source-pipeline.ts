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
import type { TaskSignals } from '../pipeline/task-signals.ts';
import type { TimeSlice } from '../pipeline/time-slice.ts';
import type { ChainInterruption, TransformationChain } from '../pipeline/transformation-chain.ts';
import { Turns } from '../pipeline/turns.ts';

/** Records that are transformed, prepared and converted together. */
const MAX_SLICE_RECORDS = 4_096;
/** Converted bytes that are sent together. */
const MAX_SEND_BYTES = 1024 * 1024;

const PARK = 'task';
const PARK_AGAIN = 'task, for what is converted again';

/** Records that are sent together; the arrays are parallel. */
export interface ConvertedBatch {
  /** As polled. */
  readonly origins: readonly SourceRecord[];
  /** As transformed: what they are converted from again if need be. */
  readonly outputs: readonly SourceRecord[];
  readonly records: readonly ProducerRecord[];
  readonly bytes: number;
  /** Of {@link TaskSignals}, when they were prepared: under a later one they must not be sent. */
  readonly generation: number;
}

/** What was converted in one go, from `index` up to `end`. */
interface Converted {
  readonly records: readonly ProducerRecord[];
  readonly bytes: number;
  readonly end: number;
  readonly generation: number;
  /** What is away, before anything could be converted. */
  readonly away: ConnectError | null;
  readonly stop: Stop | null;
}

/** A step that threw, at one record. */
interface Stop {
  readonly error: unknown;
  readonly stage: Stage;
  readonly className: string;
}

type Send = (batch: ConvertedBatch) => Promise<boolean> | undefined;

export interface SourcePipelineOptions {
  readonly chain: TransformationChain<SourceRecord>;
  readonly converter: SourceRecordConverter;
  readonly operator: RetryWithToleranceOperator;
  readonly parker: Parker;
  readonly clock: Clock;
  readonly slice: TimeSlice;
  readonly counters: TaskCounters;
  readonly signal: AbortSignal;
  readonly signals: TaskSignals;
  /** undefined or true: the batch is on its way. False: it was recalled before, and is to be converted again. */
  readonly send: Send;
  /** Filtered, or tolerated as bad: nothing will be written for it. */
  readonly dropped: (origin: SourceRecord) => void;
  /** Tolerated as bad, and its report is under way. undefined: go on; otherwise there are enough of them for now. */
  readonly leftOut: (origin: SourceRecord, reported: Promise<void>) => Promise<void> | undefined;
  /** Awaited after a park, before work goes on: the task may have been paused meanwhile. */
  readonly goOn: () => Promise<void>;
}

export class SourcePipeline {
  private readonly chain: TransformationChain<SourceRecord>;
  private readonly converter: SourceRecordConverter;
  private readonly operator: RetryWithToleranceOperator;
  private readonly options: SourcePipelineOptions;
  private readonly slice: TimeSlice;
  private readonly turns = new Turns();

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

  /**
   * Converts records again that were recalled: `origins` and `outputs` without those that turn out to be bad data now and are tolerated.
   * Throws like {@link process}.
   */
  async convertAgain(batch: Pick<ConvertedBatch, 'origins' | 'outputs'>): Promise<ConvertedBatch> {
    let { origins, outputs } = batch;
    for (;;) {
      const parts: ConvertedBatch[] = [];
      await this.convert(origins, outputs, PARK_AGAIN, (part) => {
        parts.push(part);
        return undefined;
      });
      origins = parts.flatMap((part) => part.origins);
      outputs = parts.flatMap((part) => part.outputs);
      const { generation } = this.options.signals;
      if (parts.every((part) => part.generation === generation)) {
        const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
        return { origins, outputs, records: parts.flatMap((part) => part.records), bytes, generation };
      }
    }
  }

  private async convert(
    origins: readonly SourceRecord[],
    outputs: readonly SourceRecord[],
    park = PARK,
    send = this.options.send,
  ): Promise<void> {
    const { parker, signals } = this.options;
    let index = 0;
    let retry: RetryState | null = null;
    while (index < outputs.length) {
      const converted = await this.convertSome(outputs, index);
      // Invariant 5: what may rest on something that is not right any more is converted again, from the transformed records.
      if (converted.generation !== signals.generation) continue;
      const { records, bytes, end, generation, away, stop } = converted;
      if (away !== null) {
        await this.waitFor(away, park);
        continue;
      }
      if (end > index) {
        const whole = index === 0 && end === outputs.length;
        const sent = whole ? origins : origins.slice(index, end);
        const sending = send({
          origins: sent,
          outputs: outputs === origins ? sent : outputs.slice(index, end),
          records,
          bytes,
          generation,
        });
        if (sending !== undefined && !(await this.waited(sending))) continue;
        index = end;
        parker.end(park);
        retry = null;
      }
      if (stop === null) continue;
      const origin = origins[index] as SourceRecord;
      if (stop.error instanceof DataError && stop.error.code === INVALID_TIMESTAMP) throw stop.error;
      const next = await this.afterFailure(origin, stop, retry, park);
      if (next === 'failed') {
        parker.end(park);
        this.drop(origin, 'failed');
        index++;
        retry = null;
      } else {
        retry = next;
      }
    }
  }

  /** As much as is sent together. What was converted before a record that failed comes with its failure. */
  private async convertSome(outputs: readonly SourceRecord[], start: number): Promise<Converted> {
    const { converter } = this;
    const turn = this.turns.take();
    if (turn !== undefined) await turn;
    try {
      const { generation } = this.options.signals;
      const records: ProducerRecord[] = [];
      let bytes = 0;
      let index = start;
      let stop: Stop | null = null;
      if (converter.prepares) {
        const away = await this.prepare(start === 0 ? outputs : outputs.slice(start));
        if (away !== null) return { records, bytes, end: start, generation, away, stop };
      }
      for (; index < outputs.length && bytes < MAX_SEND_BYTES; index++) {
        try {
          const record = converter.convert(outputs[index] as SourceRecord);
          records.push(record);
          bytes += sizeOf(record);
        } catch (error) {
          stop = { error, ...converter.failure() };
          break;
        }
        if (this.slice.isOver()) await this.slice.next();
      }
      return { records, bytes, end: index, generation, away: null, stop };
    } finally {
      this.turns.give();
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
    park = PARK,
  ): Promise<RetryState | null | 'failed'> {
    const { operator } = this;
    const environment = failureKind(stop.error) === 'environment' ? environmentErrorOf(stop.error) : null;
    if (environment !== null) {
      await this.waitFor(environment, park);
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
    const record = { kind: 'source', source: origin } as const;
    const { fatal, reported } = operator.failed({ stage, className, error, record });
    if (fatal !== null) throw fatal;
    if (reported !== undefined) {
      // Invariant 1: what is converted again has its place among the submitted ones already, so its report is awaited here.
      const waiting = park === PARK_AGAIN ? reported : this.options.leftOut(origin, reported);
      if (waiting !== undefined) await this.waited(waiting);
    }
    return 'failed';
  }

  /** Invariant 3: the batch stays where it is, and goes on from there. */
  private async waitFor(error: ConnectError, park: string): Promise<void> {
    await this.options.parker.wait(park, error, {
      signal: this.options.signal,
      dependency: 'a system that the task needs',
    });
    await this.options.goOn();
    this.slice.restart();
  }

  private async waited<T>(promise: Promise<T>): Promise<T> {
    const value = await promise;
    if (this.slice.isOverNow()) await this.slice.next();
    return value;
  }

  private drop(origin: SourceRecord, reason: 'filtered' | 'failed'): void {
    if (reason === 'filtered') this.options.counters.filtered++;
    this.options.dropped(origin);
  }
}
