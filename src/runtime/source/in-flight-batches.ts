/**
 * The batches that a source task has handed to its producer and that are not acknowledged yet: bounded in number and bytes, so
 * that a slow broker slows the task down instead of filling the memory.
 *
 * Invariant 3: a send that failed for the environment (`delivery.timeout.ms` ran out) is made again. Invariant 4: before that,
 * everything sent after it has settled and nothing new is sent, so that a batch overtakes none that is still to be sent.
 *
 * Invariant 5: a batch that was recalled goes only after it was converted again.
 */
import { PRODUCER_RECALLED } from '../../broker/broker-errors.ts';
import type { Producer, SendResult } from '../../broker/ports.ts';
import { Deferred } from '../../foundation/deferred.ts';
import type { ConnectError } from '../../sdk/errors/connect-error.ts';
import { environmentErrorOf, failureKind } from '../errors/failure-kind.ts';
import type { Parker } from '../parking/parker.ts';
import type { ConvertedBatch } from './source-pipeline.ts';
import type { SubmittedBatch } from './submitted-records.ts';
import { waitUntil } from './wait-until.ts';

export interface SentBatch extends ConvertedBatch {
  readonly submitted: SubmittedBatch;
  /** Where each record is among those submitted; null: at the same index. */
  readonly positions: readonly number[] | null;
  /** Rises with every batch of the task. */
  readonly sequence: number;
}

const PARK = 'produce';
const NOTHING: SendResult = { partitions: new Int32Array(0), offsets: new Float64Array(0), rejected: [] };

export class InFlightBatches {
  private readonly producer: Producer;
  private readonly maxBatches: number;
  private readonly maxBytes: number;
  private readonly parker: Parker;
  private readonly signal: AbortSignal;
  private readonly refresh: (batch: SentBatch) => Promise<SentBatch> | undefined;
  private readonly onAcknowledged: (batch: SentBatch, result: SendResult) => void;
  private readonly onFailed: (error: unknown) => void;
  private batches = 0;
  private bytes = 0;
  private records = 0;
  private toRepeat: SentBatch[] = [];
  private environmentError: ConnectError | null = null;
  private isRepeating = false;
  private hasFailed = false;
  private change: Deferred | null = null;

  constructor(options: {
    readonly producer: Producer;
    readonly maxBatches: number;
    readonly maxBytes: number;
    readonly parker: Parker;
    /** Ends retries of failed sends; requests under way are not cancelled. */
    readonly signal: AbortSignal;
    /** undefined: the batch may be sent as it is. Otherwise resolves with what to send in its place, or rejects with what fails the task. */
    readonly refresh: (batch: SentBatch) => Promise<SentBatch> | undefined;
    readonly onAcknowledged: (batch: SentBatch, result: SendResult) => void;
    /** Once: what the task fails with. Nothing is sent afterwards. */
    readonly onFailed: (error: unknown) => void;
  }) {
    this.producer = options.producer;
    this.maxBatches = options.maxBatches;
    this.maxBytes = options.maxBytes;
    this.parker = options.parker;
    this.signal = options.signal;
    this.refresh = options.refresh;
    this.onAcknowledged = options.onAcknowledged;
    this.onFailed = options.onFailed;
  }

  get isEmpty(): boolean {
    return this.batches === 0;
  }

  /** Records handed to the producer, and neither acknowledged nor given up. */
  get unsettled(): number {
    return this.records;
  }

  /** What the producer has not begun to send comes back, and goes again after {@link refresh}. */
  recall(): void {
    this.producer.recall?.();
  }

  /** undefined: there is room for a batch now. A batch larger than the bound goes alone. */
  room(signal: AbortSignal): Promise<void> | undefined {
    return this.hasRoom() ? undefined : this.waitUntil(() => this.hasRoom(), signal);
  }

  /** Resolves when nothing is in flight, or rejects with the signal's reason. */
  settled(signal: AbortSignal): Promise<void> | undefined {
    return this.isEmpty ? undefined : this.waitUntil(() => this.isEmpty, signal);
  }

  send(batch: SentBatch): void {
    this.batches++;
    this.bytes += batch.bytes;
    this.records += batch.records.length;
    this.attempt(batch);
  }

  private hasRoom(): boolean {
    if (this.toRepeat.length > 0) return false;
    return this.batches === 0 || (this.batches < this.maxBatches && this.bytes < this.maxBytes);
  }

  private attempt(batch: SentBatch): void {
    let sending: Promise<SendResult>;
    try {
      sending = this.producer.send(batch.records);
    } catch (error) {
      sending = Promise.reject(error);
    }
    sending.then(
      (result) => this.acknowledged(batch, result),
      (error) => this.rejected(batch, error),
    );
  }

  private acknowledged(batch: SentBatch, result: SendResult): void {
    this.parker.end(PARK);
    try {
      this.onAcknowledged(batch, result);
    } catch (error) {
      this.fail(error);
    }
    this.done(batch);
  }

  private rejected(batch: SentBatch, error: unknown): void {
    const environment = failureKind(error) === 'environment' ? environmentErrorOf(error) : null;
    if (environment === null || this.hasFailed || this.signal.aborted) {
      if (environment === null) this.fail(error);
      this.done(batch);
      return;
    }
    if (environment.code !== PRODUCER_RECALLED) this.environmentError = environment;
    this.toRepeat.push(batch);
    this.repeatWhenQuiet();
  }

  private done(batch: SentBatch): void {
    this.forget(batch);
    this.repeatWhenQuiet();
    this.wake();
  }

  private forget(batch: SentBatch): void {
    this.batches--;
    this.bytes -= batch.bytes;
    this.records -= batch.records.length;
  }

  private repeatWhenQuiet(): void {
    if (this.toRepeat.length === 0 || this.toRepeat.length < this.batches) return;
    if (this.isRepeating) return;
    this.isRepeating = true;
    void this.repeat();
  }

  private async repeat(): Promise<void> {
    const error = this.environmentError;
    this.environmentError = null;
    let batches = this.toRepeat;
    try {
      if (error !== null) await this.parker.wait(PARK, error, { signal: this.signal, dependency: 'broker' });
      // The order in which they failed need not be the order in which they were sent.
      batches.sort((left, right) => left.sequence - right.sequence);
      // Until none of them is out of date: one may become so while another is converted again.
      for (let isCurrent = false; !isCurrent; ) {
        isCurrent = true;
        for (const [index, batch] of batches.entries()) {
          const fresh = this.refresh(batch);
          if (fresh === undefined) continue;
          isCurrent = false;
          batches = batches.with(index, this.replaced(batch, await fresh));
        }
      }
      this.signal.throwIfAborted();
    } catch (reason) {
      if (!this.signal.aborted) this.fail(reason);
      this.toRepeat = [];
      for (const batch of batches) this.forget(batch);
      this.parker.end(PARK);
      this.isRepeating = false;
      this.wake();
      return;
    }
    this.toRepeat = [];
    this.isRepeating = false;
    // Without a wait in between, so that one that fails again is not overtaken by the next.
    for (const batch of batches) {
      if (batch.records.length > 0) this.attempt(batch);
      else this.acknowledged(batch, NOTHING);
    }
    this.wake();
  }

  private replaced(batch: SentBatch, fresh: SentBatch): SentBatch {
    this.bytes += fresh.bytes - batch.bytes;
    this.records += fresh.records.length - batch.records.length;
    return fresh;
  }

  private fail(error: unknown): void {
    if (this.hasFailed) return;
    this.hasFailed = true;
    this.onFailed(error);
  }

  private wake(): void {
    const change = this.change;
    this.change = null;
    change?.resolve();
  }

  private waitUntil(isMet: () => boolean, signal: AbortSignal): Promise<void> {
    const change = (): Promise<void> => {
      this.change ??= new Deferred();
      return this.change.promise;
    };
    return waitUntil(isMet, change, signal);
  }
}
