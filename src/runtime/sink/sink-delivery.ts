/**
 * Gives converted records to the task, and the same records again when it could not take them for now.
 *
 * Invariants 3 and 4: a target that is away parks the task; its records stay here, in order, and nothing is fetched meanwhile.
 */
import { Backoff } from '../../foundation/backoff.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import type { SinkRecord } from '../../sdk/record/sink-record.ts';
import type { SinkTask, TopicPartitionKey } from '../../sdk/task.ts';
import { environmentErrorOf, failureKind } from '../errors/failure-kind.ts';
import type { HostSettings } from '../host/host-settings.ts';
import type { Parker } from '../parking/parker.ts';
import type { TaskCounters } from '../pipeline/task-counters.ts';
import { keyOf } from './sink-partition.ts';
import type { WorkerErrantRecordReporter } from './worker-errant-record-reporter.ts';

export const PUT_FAILED = defineErrorCode('holdfast.task.put-failed', {
  what: 'A sink task threw from put() what is neither RetriableError nor EnvironmentError.',
  mend: 'Read the cause, mend it, and restart the task. Records are delivered again from the last committed offsets.',
});

const PARK = 'put';

export interface SinkDeliveryOptions {
  readonly task: SinkTask;
  readonly reporter: WorkerErrantRecordReporter;
  readonly parker: Parker;
  readonly settings: HostSettings;
  readonly counters: TaskCounters;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** The one-shot `context.timeout()`, or null. */
  readonly takeTimeout: () => number | null;
  /** The task took everything. */
  readonly onDelivered: () => void;
  /** {@link SinkDelivery.isWaiting} has changed. */
  readonly onWaiting: () => void;
  /** It is worth another try. */
  readonly onReady: () => void;
  /** The wait ended with an error: the park limit. */
  readonly onFailed: (error: unknown) => void;
}

interface Redelivery {
  readonly isPark: boolean;
  /** Whose records the task could not take, and that it still has. */
  readonly partitions: Set<TopicPartitionKey>;
  isReady: boolean;
}

export class SinkDelivery {
  private readonly options: SinkDeliveryOptions;
  private readonly backoff: Backoff;
  private batch: SinkRecord[] = [];
  private redelivery: Redelivery | null = null;

  constructor(options: SinkDeliveryOptions) {
    this.options = options;
    this.backoff = new Backoff({
      initialMs: options.settings.retryBackoffInitialMs,
      maxMs: options.settings.retryBackoffMaxMs,
      jitter: 0.2,
    });
  }

  /** Converted records are appended here. */
  get records(): SinkRecord[] {
    return this.batch;
  }

  /** True while records wait to be put again. */
  get isWaiting(): boolean {
    return this.redelivery !== null;
  }

  get isReady(): boolean {
    return this.redelivery?.isReady === true;
  }

  /** Records of these partitions are not to be delivered any more; or they come again, after the wait that the task asked for. */
  forget(partitions: ReadonlySet<TopicPartitionKey>, areGone: boolean): void {
    this.options.reporter.forget(partitions);
    this.batch = this.batch.filter((record) => !partitions.has(partitionOf(record)));
    if (areGone) this.release(partitions);
  }

  /** What else there is does not have to wait for records of partitions that are gone. */
  private release(gone: ReadonlySet<TopicPartitionKey>): void {
    const { redelivery } = this;
    if (redelivery === null || redelivery.isPark) return;
    const waitedFor = [...redelivery.partitions].filter((key) => gone.has(key));
    for (const key of waitedFor) redelivery.partitions.delete(key);
    if (waitedFor.length === 0 || redelivery.partitions.size > 0) return;
    redelivery.isReady = true;
    this.options.onReady();
  }

  /**
   * Puts what there is; with no records too, as a heartbeat. Throws what the task fails with: what it threw, or `fatal` once
   * everything before it is delivered.
   */
  async deliver(fatal: { readonly fatal: unknown } | null): Promise<void> {
    const { task, signal, reporter, clock, counters, parker } = this.options;
    const records = this.batch;
    const startedAt = clock.monotonic();
    try {
      // A copy: the task may keep or change its list.
      const putting = task.put(records.slice(), signal);
      if (putting !== undefined) await putting;
      const hidden = reporter.takeFailure();
      if (hidden !== null) throw hidden.error;
    } catch (error) {
      reporter.takeFailure();
      if (fatal !== null) throw fatal.fatal;
      this.refused(error);
      return;
    }
    counters.batch(records.length, clock.monotonic() - startedAt);
    if (records.length > 0) {
      counters.sent += records.length;
      this.batch = [];
    }
    reporter.delivered();
    this.options.onDelivered();
    if (this.redelivery !== null) {
      this.redelivery = null;
      this.backoff.reset();
      parker.end(PARK);
      this.options.onWaiting();
    }
    if (fatal !== null) throw fatal.fatal;
  }

  /** The same records again later, or the end of the task. */
  private refused(error: unknown): void {
    const { signal, clock, parker } = this.options;
    signal.throwIfAborted();
    const environment = failureKind(error) === 'environment' ? environmentErrorOf(error) : null;
    if (environment === null && failureKind(error) !== 'retriable') {
      throw new ConnectError('Exiting WorkerSinkTask due to unrecoverable exception.', {
        code: PUT_FAILED,
        cause: error,
      });
    }
    this.options.reporter.putAgain();
    const partitions = new Set(this.batch.map(partitionOf));
    const redelivery = { isPark: environment !== null, partitions, isReady: false };
    this.redelivery = redelivery;
    this.options.onWaiting();
    const waiting =
      environment === null
        ? clock.sleep(this.retryDelay(error), signal)
        : parker.wait(PARK, environment, { signal, dependency: 'target system' });
    waiting.then(
      () => {
        redelivery.isReady = true;
        this.options.onReady();
      },
      (reason) => {
        // An aborted wait is the end of the task.
        if (!signal.aborted) this.options.onFailed(reason);
      },
    );
  }

  private retryDelay(error: unknown): number {
    const backoffMs = this.backoff.next();
    const delayMs = this.options.takeTimeout() ?? backoffMs;
    this.options.counters.retries++;
    this.options.logger.warn('A sink task asked for its records to be put again.', { err: error, delayMs });
    return delayMs;
  }
}

function partitionOf({ originalTopic, originalKafkaPartition }: SinkRecord): TopicPartitionKey {
  return keyOf({ topic: originalTopic, partition: originalKafkaPartition });
}
