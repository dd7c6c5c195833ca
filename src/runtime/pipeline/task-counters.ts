/**
 * What a task has counted since it was started. Plain fields, because they are raised on the hot path (per batch where possible); published
 * under the names of Kafka Connect's task metrics where there is one. Averages and maxima are over the sample windows, as in Kafka; rates
 * are computed from the totals by their readers.
 */
import type { Clock } from '../../foundation/clock.ts';
import { SampledRatio, SampledStat, type SampleWindows } from '../../foundation/sampled-stat.ts';

export class TaskCounters {
  polled = 0;
  written = 0;
  active = 0;
  read = 0;
  sent = 0;
  partitions = 0;
  commitSeqNo = 0;
  commitsCompleted = 0;
  commitsSkipped = 0;
  commitsFailed = 0;
  failures = 0;
  errors = 0;
  skipped = 0;
  /** Records that the broker would not take, which was tolerated. Not among the skipped ones of Kafka Connect's metrics. */
  refused = 0;
  filtered = 0;
  retries = 0;
  errorsLogged = 0;
  deadLetterRequests = 0;
  deadLetterFailures = 0;
  lastErrorAt = 0;
  private readonly clock: Clock;
  private readonly batchSize: SampledStat;
  private readonly callMs: SampledStat;
  private readonly activeCount: SampledStat;
  private readonly commitMs: SampledStat;
  private readonly commitOutcome: SampledRatio;
  private calls = 0;

  constructor(options: { readonly clock: Clock; readonly windows: SampleWindows }) {
    this.clock = options.clock;
    this.batchSize = new SampledStat(options);
    this.callMs = new SampledStat(options);
    this.activeCount = new SampledStat(options);
    this.commitMs = new SampledStat(options);
    this.commitOutcome = new SampledRatio(options);
  }

  /** One `poll` that returned a list, or one `put`. */
  batch(records: number, elapsedMs: number): void {
    const now = this.clock.monotonic();
    this.calls++;
    this.batchSize.record(records, now);
    this.callMs.record(elapsedMs, now);
  }

  /** The number of records under way has changed to this. */
  underWay(records: number): void {
    this.active = records;
    this.activeCount.record(records, this.clock.monotonic());
  }

  committed(elapsedMs: number): void {
    this.commitsCompleted++;
    const now = this.clock.monotonic();
    this.commitMs.record(elapsedMs, now);
    this.commitOutcome.record(true, now);
  }

  commitFailed(): void {
    this.commitsFailed++;
    this.commitOutcome.record(false, this.clock.monotonic());
  }

  snapshot(kind: 'source' | 'sink', parked: { readonly ms: number; readonly count: number }): Record<string, number> {
    const now = this.clock.monotonic();
    const call = kind === 'source' ? 'poll' : 'put';
    const common = {
      'total-record-failures': this.failures,
      'total-record-errors': this.errors,
      'total-records-skipped': this.skipped,
      'total-records-filtered': this.filtered,
      'total-retries': this.retries,
      'total-errors-logged': this.errorsLogged,
      'deadletterqueue-produce-requests': this.deadLetterRequests,
      'deadletterqueue-produce-failures': this.deadLetterFailures,
      'last-error-timestamp': this.lastErrorAt,
      'offset-commit-completion-total': this.commitsCompleted,
      'offset-commit-failure-total': this.commitsFailed,
      'offset-commit-avg-time-ms': this.commitMs.average(now),
      'offset-commit-max-time-ms': this.commitMs.max(now),
      'offset-commit-success-percentage': this.commitOutcome.ones(now),
      'offset-commit-failure-percentage': this.commitOutcome.zeros(now),
      'batch-size-avg': this.batchSize.average(now),
      'batch-size-max': this.batchSize.max(now),
      [`${call}-batch-total`]: this.calls,
      [`${call}-batch-avg-time-ms`]: this.callMs.average(now),
      [`${call}-batch-max-time-ms`]: this.callMs.max(now),
      'parked-time-ms-total': Math.round(parked.ms),
      'parked-total': parked.count,
    };
    if (kind === 'source') {
      return {
        'source-record-poll-total': this.polled,
        'source-record-write-total': this.written,
        'source-record-active-count': this.active,
        'source-record-active-count-avg': this.activeCount.average(now),
        'source-record-active-count-max': this.activeCount.max(now),
        ...common,
      };
    }
    return {
      'sink-record-read-total': this.read,
      'sink-record-send-total': this.sent,
      'sink-record-active-count': this.active,
      'sink-record-active-count-avg': this.activeCount.average(now),
      'sink-record-active-count-max': this.activeCount.max(now),
      'partition-count': this.partitions,
      'offset-commit-seq-no': this.commitSeqNo,
      'offset-commit-skip-total': this.commitsSkipped,
      ...common,
    };
  }
}
