/**
 * Decides what becomes of a failed step: tried again, tolerated and reported, or the end of the task. Kafka Connect 4.1.1,
 * RetryWithToleranceOperator (KIP-298), with one difference: there a stop that comes while a step waits for its next attempt skips the
 * record, whatever `errors.tolerance` says; here the record comes again after the next start.
 *
 * Invariant 3: environment failures never get here; whoever catches one asks {@link failureKind} first.
 */
import type { Clock } from '../../foundation/clock.ts';
import { SecretRegistry } from '../../foundation/secret-registry.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import { IllegalStateError } from '../../sdk/errors/kinds.ts';
import type { ErrorPolicy } from '../host/protocol.ts';
import type { TaskCounters } from '../pipeline/task-counters.ts';
import { failureKind } from './failure-kind.ts';
import type { ErrorReporter, ProcessingContext } from './processing-context.ts';

export const TOLERANCE_EXCEEDED = defineErrorCode('holdfast.task.tolerance-exceeded', {
  what: 'A record could not be converted, transformed or delivered, and errors.tolerance is none.',
  mend: 'Read the cause. Correct the data or the configuration and restart the task, or set errors.tolerance=all with a dead letter queue.',
});

export const UNHANDLED_FAILURE = defineErrorCode('holdfast.task.unhandled-failure', {
  what: 'A step failed with an error that is never tolerated.',
  mend: 'Read the cause, mend it, and restart the task.',
});

const RETRY_BASE_MS = 300;

/** The attempts at one step of one record. */
export interface RetryState {
  attempts: number;
  /** By the monotonic clock; Infinity for no limit. */
  readonly deadline: number;
}

export class RetryWithToleranceOperator {
  private readonly policy: ErrorPolicy;
  private readonly clock: Clock;
  private readonly counters: TaskCounters;
  private readonly reporters: readonly ErrorReporter[];
  private readonly random: () => number;
  private readonly secrets = new SecretRegistry();

  constructor(options: {
    readonly policy: ErrorPolicy;
    readonly clock: Clock;
    readonly counters: TaskCounters;
    readonly reporters: readonly ErrorReporter[];
    /** From 0 inclusive to 1 exclusive. */
    readonly random?: () => number;
  }) {
    this.policy = options.policy;
    this.clock = options.clock;
    this.counters = options.counters;
    this.reporters = options.reporters;
    this.random = options.random ?? Math.random;
    this.secrets.hold('task', options.policy.secrets ?? []);
  }

  /** True when a retriable failure at a converter or transformation is worth a second attempt at all. */
  get retries(): boolean {
    return this.policy.retryTimeoutMs !== 0;
  }

  /** To be made when a step has failed for the first time. */
  startRetrying(): RetryState {
    const { retryTimeoutMs } = this.policy;
    const deadline = retryTimeoutMs < 0 ? Number.POSITIVE_INFINITY : this.clock.monotonic() + retryTimeoutMs;
    return { attempts: 0, deadline };
  }

  /** Counts the failed attempt; ms to wait before the next, or null when the time for it is over. */
  nextRetry(state: RetryState): number | null {
    this.counters.failures++;
    const now = this.clock.monotonic();
    if (now >= state.deadline) return null;
    state.attempts++;
    let delay = RETRY_BASE_MS * 2 ** Math.min(state.attempts - 1, 40);
    if (delay > this.policy.retryDelayMaxMs) delay = this.random() * this.policy.retryDelayMaxMs;
    this.counters.retries++;
    return Math.min(delay, Math.max(0, state.deadline - now));
  }

  /**
   * A step has failed for good: counted, reported, and judged. The report is made even when the task is to fail: with a
   * dead letter queue the record is in it then too, as with Kafka Connect.
   */
  failed(context: ProcessingContext): FailedStep {
    const kind = failureKind(context.error);
    if (kind === 'environment') {
      throw new IllegalStateError(
        `An environment failure at stage ${context.stage} was about to be treated as bad data. Report this.`,
        { cause: context.error },
      );
    }
    const { stage } = context;
    // Failed elsewhere: Kafka Connect counts a tolerated one as a failure only (executeFailed).
    const isReported = stage === 'TASK_PUT' || stage === 'KAFKA_PRODUCE';
    const isTolerated = kind !== 'permanent' && this.policy.tolerance === 'all';
    this.counters.failures++;
    if (!isReported || !isTolerated) this.counters.errors++;
    this.counters.lastErrorAt = this.clock.now();
    if (kind === 'permanent') return { fatal: context.error, reported: undefined };
    const reported = this.report(context);
    if (kind !== 'retriable' && !isReported && !isPipeline(stage)) return { fatal: unhandled(context.error), reported };
    if (!isTolerated) return { fatal: toleranceExceeded(context.error), reported };
    if (!isReported) this.counters.skipped++;
    return { fatal: null, reported };
  }

  /**
   * An operator has the record skipped, whatever `errors.tolerance` says: counted and reported as one that is tolerated. undefined:
   * nothing to wait for. Otherwise the record's offset waits for it (invariant 2).
   */
  skipped(context: ProcessingContext): Promise<void> | undefined {
    this.counters.failures++;
    this.counters.errors++;
    this.counters.lastErrorAt = this.clock.now();
    this.counters.skipped++;
    return this.report(context);
  }

  private report(context: ProcessingContext): Promise<void> | undefined {
    if (this.reporters.length === 0) return undefined;
    // Invariant 8: a topic of bad records has more readers than the settings.
    const shown = { ...context, error: this.secrets.maskAll(context.error) };
    const pending: Promise<void>[] = [];
    for (const reporter of this.reporters) {
      const report = reporter.report(shown);
      if (report !== undefined) pending.push(report);
    }
    if (pending.length < 2) return pending[0];
    return Promise.all(pending).then(() => undefined);
  }
}

/** What {@link RetryWithToleranceOperator.failed} decided. */
export interface FailedStep {
  /** What the task fails with; null: tolerated, the record is skipped. */
  readonly fatal: unknown;
  /** undefined: nothing to wait for. Otherwise the record's offset waits for it (invariant 2). */
  readonly reported: Promise<void> | undefined;
}

function isPipeline(stage: ProcessingContext['stage']): boolean {
  return (
    stage === 'TRANSFORMATION' ||
    stage === 'KEY_CONVERTER' ||
    stage === 'VALUE_CONVERTER' ||
    stage === 'HEADER_CONVERTER' ||
    stage === 'KAFKA_CONSUME'
  );
}

export function toleranceExceeded(cause: unknown): ConnectError {
  return new ConnectError('Tolerance exceeded in error handler', { code: TOLERANCE_EXCEEDED, cause });
}

function unhandled(cause: unknown): ConnectError {
  return new ConnectError('Unhandled exception in error handler', { code: UNHANDLED_FAILURE, cause });
}
