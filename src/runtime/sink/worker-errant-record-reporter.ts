import type { SinkRecord } from '../../sdk/record/sink-record.ts';
import type { ErrantRecordReporter, TopicPartitionKey } from '../../sdk/task.ts';
import { environmentErrorOf, failureKind } from '../errors/failure-kind.ts';
import type { ConsumedRecord } from '../errors/processing-context.ts';
import type { RetryWithToleranceOperator } from '../errors/retry-with-tolerance-operator.ts';
import { consumedOf, type SinkRecordConverter } from '../pipeline/sink-record-converter.ts';
import type { PendingReports } from './pending-reports.ts';
import { keyOf } from './sink-partition.ts';

const SINK_TASK_CLASS = 'org.apache.kafka.connect.sink.SinkTask';

interface ReportedRecord {
  readonly partition: TopicPartitionKey;
  readonly done: Promise<void>;
}

/** Takes the records that a sink task refuses as bad data. Kafka Connect 4.1.1, KIP-610. */
export class WorkerErrantRecordReporter implements ErrantRecordReporter {
  private readonly operator: RetryWithToleranceOperator;
  private readonly converter: SinkRecordConverter;
  private readonly pending: PendingReports;
  private failure: { readonly error: unknown } | null = null;
  /** Reported in this attempt to put the present batch, and in the attempts before it. */
  private reported = new Map<string, ReportedRecord>();
  private reportedBefore = new Map<string, ReportedRecord>();

  constructor(options: {
    readonly operator: RetryWithToleranceOperator;
    readonly converter: SinkRecordConverter;
    readonly pending: PendingReports;
  }) {
    this.operator = options.operator;
    this.converter = options.converter;
    this.pending = options.pending;
  }

  /**
   * What `put` has to fail with although the task may have kept quiet about it: an exceeded tolerance, or an environment
   * failure that it took for bad data. null when there is none. Asking forgets it.
   */
  takeFailure(): { readonly error: unknown } | null {
    const { failure } = this;
    this.failure = null;
    return failure;
  }

  /**
   * The same records are going to be put again.
   *
   * Invariant 4: what the task reported of them is in the dead letter queue, and counted, once; however often it reports it again.
   */
  putAgain(): void {
    for (const [place, report] of this.reported) this.reportedBefore.set(place, report);
    this.reported.clear();
  }

  /** The task took them. */
  delivered(): void {
    this.reported.clear();
    this.reportedBefore.clear();
  }

  /** The next records of these partitions are read anew. */
  forget(partitions: ReadonlySet<TopicPartitionKey>): void {
    for (const reports of [this.reported, this.reportedBefore]) {
      for (const [place, { partition }] of reports) if (partitions.has(partition)) reports.delete(place);
    }
  }

  report(record: SinkRecord, error: unknown): Promise<void> {
    // Invariant 3: a target that is away makes no record bad; the same records are put again.
    if (failureKind(error) === 'environment') return this.refuse(environmentErrorOf(error) ?? error);
    let consumed: ConsumedRecord;
    try {
      consumed = consumedOf(record) ?? this.converter.toBytes(record);
    } catch (thrown) {
      return this.refuse(thrown);
    }
    const partition = keyOf(consumed);
    const place = `${partition}@${consumed.raw.offset}`;
    const before = this.reportedBefore.get(place);
    if (before !== undefined) return before.done;
    const step = this.operator.failed({
      stage: 'TASK_PUT',
      className: SINK_TASK_CLASS,
      error,
      record: { kind: 'sink', consumed },
    });
    if (step.reported !== undefined) this.pending.add(partition, step.reported);
    if (step.fatal !== null) {
      this.pending.block(partition);
      return this.refuse(step.fatal);
    }
    const done = step.reported ?? Promise.resolve();
    this.reported.set(place, { partition, done });
    return done;
  }

  private refuse(error: unknown): Promise<never> {
    this.failure ??= { error };
    const refused = Promise.reject(error);
    // A task that doesn't wait for its report hears of it all the same: its put fails.
    refused.catch(() => {});
    return refused;
  }
}
