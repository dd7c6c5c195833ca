/** What happens once the broker has answered for a batch: counted, told to task and converters, and its offsets committable. */
import type { SendResult } from '../../broker/ports.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import type { SourceRecord } from '../../sdk/record/source-record.ts';
import type { RetryWithToleranceOperator } from '../errors/retry-with-tolerance-operator.ts';
import type { SourceRecordConverter } from '../pipeline/source-record-converter.ts';
import type { TaskCounters } from '../pipeline/task-counters.ts';
import type { TopicsInUse } from '../pipeline/topics-in-use.ts';
import type { SentBatch } from './in-flight-batches.ts';
import type { RecordCommits } from './record-commits.ts';
import type { SourceReports } from './source-reports.ts';
import type { SubmittedRecords } from './submitted-records.ts';

export const PRODUCE_FAILED = defineErrorCode('holdfast.task.produce-failed', {
  what: 'The broker will not take a record or a batch of a source task, whatever time passes.',
  mend: 'Read the cause: authorize the task, raise the limits of topic and producer, or correct the record. Then restart the task.',
});

/** Error reports name the class that Kafka Connect names. */
const PRODUCER_CLASS = 'org.apache.kafka.connect.runtime.WorkerSourceTask';

export class SourceAcknowledgements {
  private readonly operator: RetryWithToleranceOperator;
  private readonly counters: TaskCounters;
  private readonly converter: SourceRecordConverter;
  private readonly recordCommits: RecordCommits;
  private readonly submitted: SubmittedRecords;
  private readonly reports: SourceReports;
  private readonly topics: TopicsInUse;
  private readonly onFailed: (error: unknown) => void;

  constructor(options: {
    readonly operator: RetryWithToleranceOperator;
    readonly counters: TaskCounters;
    readonly converter: SourceRecordConverter;
    readonly recordCommits: RecordCommits;
    readonly submitted: SubmittedRecords;
    readonly reports: SourceReports;
    readonly topics: TopicsInUse;
    /** A record was refused for good, and that is not tolerated. */
    readonly onFailed: (error: unknown) => void;
  }) {
    this.operator = options.operator;
    this.counters = options.counters;
    this.converter = options.converter;
    this.recordCommits = options.recordCommits;
    this.submitted = options.submitted;
    this.reports = options.reports;
    this.topics = options.topics;
    this.onFailed = options.onFailed;
  }

  acknowledged(batch: SentBatch, result: SendResult): void {
    const { origins, submitted, positions } = batch;
    const rejected = new Set<number>();
    const lost: number[] = [];
    const reports: Promise<void>[] = [];
    for (const { index, error } of result.rejected) {
      rejected.add(index);
      const source = origins[index] as SourceRecord;
      const { fatal, reported } = this.operator.failed({
        stage: 'KAFKA_PRODUCE',
        className: PRODUCER_CLASS,
        error,
        record: { kind: 'source', source },
      });
      if (reported !== undefined) reports.push(reported);
      if (fatal === null) this.counters.refused++;
      else {
        lost.push(index);
        this.onFailed(unrecoverable(error));
      }
    }
    this.counters.written += origins.length - rejected.size;
    this.converter.written(batch.records, result);
    this.topics.note(batch.records, rejected);
    this.recordCommits.acknowledged(batch, result, rejected, lost);
    // Invariant 1: only now, and for the lost ones never.
    const acknowledge = (): void =>
      this.submitted.acknowledge(
        submitted,
        positions === null ? lost : lost.map((index) => positions[index] as number),
      );
    if (reports.length === 0) acknowledge();
    else
      this.reports.afterwards(
        Promise.all(reports).then(() => {}),
        acknowledge,
      );
  }
}

/** What a task fails with after a send that no time mends. */
export function unrecoverable(cause: unknown): unknown {
  const code = cause instanceof ConnectError && cause.code !== ConnectError.defaultCode ? cause.code : PRODUCE_FAILED;
  return new ConnectError('Unrecoverable exception from producer send callback', { code, cause });
}
