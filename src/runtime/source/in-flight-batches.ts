/**
 * The batches that a source task has handed to its producer and that are not acknowledged yet: bounded in number and bytes, so
 * that a slow broker slows the task down instead of filling the memory.
 *
 * Invariant 3: a send that failed for the environment (`delivery.timeout.ms` ran out) is made again. Invariant 4: before that,
 * everything sent after it has settled and nothing new is sent, so that a batch overtakes none that is still to be sent.
 */
import type { Producer, ProducerRecord, SendResult } from '../../broker/ports.ts';
import { Deferred } from '../../foundation/deferred.ts';
import type { ConnectError } from '../../sdk/errors/connect-error.ts';
import type { SourceRecord } from '../../sdk/record/source-record.ts';
import { environmentErrorOf, failureKind } from '../errors/failure-kind.ts';
import type { Parker } from '../parking/parker.ts';
import type { SubmittedBatch } from './submitted-records.ts';

export interface SentBatch {
  /** As polled, parallel to `records`. */
  readonly origins: readonly SourceRecord[];
  readonly records: readonly ProducerRecord[];
  readonly submitted: SubmittedBatch;
  readonly bytes: number;
  /** Rises with every batch of the task. */
  readonly sequence: number;
}

const PARK = 'produce';

export class InFlightBatches {
  private readonly producer: Producer;
  private readonly maxBatches: number;
  private readonly maxBytes: number;
  private readonly parker: Parker;
  private readonly signal: AbortSignal;
  private readonly onAcknowledged: (batch: SentBatch, result: SendResult) => void;
  private readonly onFailed: (error: unknown) => void;
  private batches = 0;
  private bytes = 0;
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
    /** Ends the repeating of failed sends; what is on its way stays on its way. */
    readonly signal: AbortSignal;
    readonly onAcknowledged: (batch: SentBatch, result: SendResult) => void;
    /** Once: what the task fails with. Nothing is sent afterwards. */
    readonly onFailed: (error: unknown) => void;
  }) {
    this.producer = options.producer;
    this.maxBatches = options.maxBatches;
    this.maxBytes = options.maxBytes;
    this.parker = options.parker;
    this.signal = options.signal;
    this.onAcknowledged = options.onAcknowledged;
    this.onFailed = options.onFailed;
  }

  get isEmpty(): boolean {
    return this.batches === 0;
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
    this.environmentError = environment;
    this.toRepeat.push(batch);
    this.repeatWhenQuiet();
  }

  private done(batch: SentBatch): void {
    this.batches--;
    this.bytes -= batch.bytes;
    this.repeatWhenQuiet();
    this.wake();
  }

  private repeatWhenQuiet(): void {
    if (this.toRepeat.length === 0 || this.toRepeat.length < this.batches) return;
    if (this.isRepeating) return;
    this.isRepeating = true;
    void this.repeat();
  }

  private async repeat(): Promise<void> {
    const error = this.environmentError;
    const batches = this.toRepeat;
    try {
      if (error !== null) await this.parker.wait(PARK, error, { signal: this.signal, dependency: 'broker' });
    } catch (reason) {
      if (!this.signal.aborted) this.fail(reason);
      this.toRepeat = [];
      this.batches -= batches.length;
      for (const { bytes } of batches) this.bytes -= bytes;
      this.parker.end(PARK);
      this.isRepeating = false;
      this.wake();
      return;
    }
    this.toRepeat = [];
    this.isRepeating = false;
    // The order in which they failed need not be the order in which they were sent.
    batches.sort((left, right) => left.sequence - right.sequence);
    for (const batch of batches) this.attempt(batch);
    this.wake();
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

  private async waitUntil(isMet: () => boolean, signal: AbortSignal): Promise<void> {
    const aborted = new Deferred();
    aborted.promise.catch(() => {});
    const onAbort = (): void => aborted.reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      while (!isMet()) {
        this.change ??= new Deferred();
        await Promise.race([this.change.promise, aborted.promise]);
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }
}
