/**
 * What a task counts, since it was started. Plain fields, for they are raised on the hot path; published under the names of
 * Kafka Connect's task metrics where it has one.
 */
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
  filtered = 0;
  retries = 0;
  errorsLogged = 0;
  deadLetterRequests = 0;
  deadLetterFailures = 0;
  lastErrorAt = 0;
  batches = 0;
  batchSizeMax = 0;
  batchTimeMs = 0;
  batchTimeMaxMs = 0;

  /** One `poll` or `put` with records. */
  batch(records: number, elapsedMs: number): void {
    this.batches++;
    this.batchSizeMax = Math.max(this.batchSizeMax, records);
    this.batchTimeMs += elapsedMs;
    this.batchTimeMaxMs = Math.max(this.batchTimeMaxMs, elapsedMs);
  }

  snapshot(kind: 'source' | 'sink', parked: { readonly ms: number; readonly count: number }): Record<string, number> {
    const call = kind === 'source' ? 'poll' : 'put';
    const averageMs = this.batches === 0 ? 0 : this.batchTimeMs / this.batches;
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
      'batch-size-max': this.batchSizeMax,
      [`${call}-batch-total`]: this.batches,
      [`${call}-batch-avg-time-ms`]: averageMs,
      [`${call}-batch-max-time-ms`]: this.batchTimeMaxMs,
      'parked-time-ms-total': Math.round(parked.ms),
      'parked-total': parked.count,
    };
    if (kind === 'source') {
      return {
        'source-record-poll-total': this.polled,
        'source-record-write-total': this.written,
        'source-record-active-count': this.active,
        ...common,
      };
    }
    return {
      'sink-record-read-total': this.read,
      'sink-record-send-total': this.sent,
      'sink-record-active-count': this.active,
      'partition-count': this.partitions,
      'offset-commit-seq-no': this.commitSeqNo,
      'offset-commit-skip-total': this.commitsSkipped,
      ...common,
    };
  }
}
