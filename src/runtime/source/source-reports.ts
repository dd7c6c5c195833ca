/**
 * Reports of bad source records that are not durable yet.
 *
 * Invariant 1: the offset of a record that was left out is overtaken only once its report was acknowledged. Its place in the row of its
 * source partition is held until then.
 */
import { Deferred } from '../../foundation/deferred.ts';
import type { SourceRecord } from '../../sdk/record/source-record.ts';
import type { SubmittedRecords } from './submitted-records.ts';
import { waitUntil } from './wait-until.ts';

/** So many may be on their way before the task waits for them. */
const MAX_PENDING = 1_000;

export class SourceReports {
  private readonly submitted: SubmittedRecords;
  private readonly signal: AbortSignal;
  private readonly onFailed: (error: unknown) => void;
  private pending = 0;
  private change = new Deferred();

  constructor(options: {
    readonly submitted: SubmittedRecords;
    /** Aborted when the task is to end: then there are never too many. */
    readonly signal: AbortSignal;
    /** A report can't be made durable: what comes after its record can never be committed. */
    readonly onFailed: (error: unknown) => void;
  }) {
    this.submitted = options.submitted;
    this.signal = options.signal;
    this.onFailed = options.onFailed;
  }

  /**
   * The record is left out, and nothing of its source partition is committed beyond it until it is reported. undefined: go on. Otherwise there are
   * enough of them: resolves when there are fewer, or rejects with the signal's reason.
   */
  leftOut(origin: SourceRecord, reported: Promise<void>): Promise<void> | undefined {
    const held = this.submitted.hold(origin);
    this.afterwards(reported, () => this.submitted.acknowledge(held));
    return this.pending < MAX_PENDING ? undefined : this.fewer(MAX_PENDING, this.signal);
  }

  /** Once all of these are durable. */
  afterwards(reported: Promise<void>, run: () => void): void {
    this.pending++;
    reported
      .then(run)
      .catch((error: unknown) => this.onFailed(error))
      .finally(() => {
        this.pending--;
        this.change.resolve();
        this.change = new Deferred();
      });
  }

  /** undefined: all are settled. Otherwise resolves when they are, or rejects with the signal's reason. */
  settled(signal: AbortSignal): Promise<void> | undefined {
    return this.pending === 0 ? undefined : this.fewer(1, signal);
  }

  private fewer(count: number, signal: AbortSignal): Promise<void> {
    return waitUntil(
      () => this.pending < count,
      () => this.change.promise,
      signal,
    );
  }
}
