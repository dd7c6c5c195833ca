import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { DEFAULT_WINDOWS } from '../../../../src/foundation/sampled-stat.ts';
import { environmentErrorOf, failureKind } from '../../../../src/runtime/errors/failure-kind.ts';
import type { ProcessingContext } from '../../../../src/runtime/errors/processing-context.ts';
import { RetryWithToleranceOperator } from '../../../../src/runtime/errors/retry-with-tolerance-operator.ts';
import type { ErrorPolicy } from '../../../../src/runtime/host/protocol.ts';
import { TaskCounters } from '../../../../src/runtime/pipeline/task-counters.ts';
import {
  ConfigError,
  ConnectError,
  DataError,
  EnvironmentError,
  IntegrityError,
  RetriableError,
} from '../../../../src/sdk/errors/index.ts';
import { NO_TOLERANCE, TOLERATE_ALL } from '../fake-task-edges.ts';
import { record } from '../source/source-harness.ts';

function harness(policy: Partial<ErrorPolicy>, random = 0.5) {
  const clock = new ManualClock();
  const counters = new TaskCounters({ clock, windows: DEFAULT_WINDOWS });
  const reports: ProcessingContext[] = [];
  const operator = new RetryWithToleranceOperator({
    policy: { ...NO_TOLERANCE, ...policy },
    clock,
    counters,
    reporters: [
      {
        report: (context) => {
          reports.push(context);
          return undefined;
        },
      },
    ],
    random: () => random,
  });
  const context = (error: unknown, stage: ProcessingContext['stage'] = 'VALUE_CONVERTER'): ProcessingContext => ({
    stage,
    className: 'test.Class',
    error,
    record: { kind: 'source', source: record('v', 0) },
  });
  return { clock, counters, reports, operator, context };
}

describe('failureKind', () => {
  it('tells environment, permanent, retriable and data failures apart', () => {
    expect(failureKind(new EnvironmentError('away'))).toBe('environment');
    expect(failureKind(new ConfigError('wrong'))).toBe('permanent');
    expect(failureKind(new IntegrityError('changed'))).toBe('permanent');
    expect(failureKind(new RetriableError('busy'))).toBe('retriable');
    expect(failureKind(new DataError('bad'))).toBe('data');
    expect(failureKind(new TypeError('boom'))).toBe('data');
    expect(failureKind('thrown text')).toBe('data');
  });

  it('invariant 3: finds the environment failure that a plugin wrapped, but believes a DataError', () => {
    const away = new EnvironmentError('away');
    expect(failureKind(new ConnectError('failed', { cause: new Error('x', { cause: away }) }))).toBe('environment');
    expect(environmentErrorOf(new Error('x', { cause: away }))).toBe(away);
    expect(failureKind(new DataError('denied', { cause: away }))).toBe('data');
  });
});

describe('RetryWithToleranceOperator', () => {
  it('waits 300 ms, doubling, at random beyond the maximum, and never past the deadline', () => {
    const h = harness({ retryTimeoutMs: 10_000, retryDelayMaxMs: 1_000 }, 0.25);
    const state = h.operator.startRetrying();
    expect([1, 2, 3].map(() => h.operator.nextRetry(state))).toEqual([300, 600, 250]);
    h.clock.advanceSync(9_900);
    expect(h.operator.nextRetry(state)).toBe(100);
    h.clock.advanceSync(100);
    expect(h.operator.nextRetry(state)).toBeNull();
    expect(h.counters.retries).toBe(4);
    expect(h.counters.failures).toBe(5);
  });

  it('-1 retries without end, 0 not at all', () => {
    expect(harness({ retryTimeoutMs: 0 }).operator.retries).toBe(false);
    const h = harness({ retryTimeoutMs: -1 });
    const state = h.operator.startRetrying();
    h.clock.advanceSync(1e12);
    expect(h.operator.nextRetry(state)).not.toBeNull();
  });

  it('tolerates any error of a converter or transformation, and reports it', () => {
    const h = harness(TOLERATE_ALL);
    for (const stage of ['TRANSFORMATION', 'KEY_CONVERTER', 'VALUE_CONVERTER', 'HEADER_CONVERTER'] as const) {
      expect(h.operator.failed(h.context(new TypeError('boom'), stage)).fatal).toBeNull();
    }
    expect(h.reports).toHaveLength(4);
    expect(h.counters).toMatchObject({ skipped: 4, errors: 4, failures: 4 });
  });

  it.each(['TASK_PUT', 'KAFKA_PRODUCE'] as const)('counts what was tolerated at %s as a failure only', (stage) => {
    const h = harness(TOLERATE_ALL);
    expect(h.operator.failed(h.context(new TypeError('boom'), stage)).fatal).toBeNull();
    expect(h.reports).toHaveLength(1);
    expect(h.counters).toMatchObject({ failures: 1, errors: 0, skipped: 0 });
    const none = harness({});
    expect(none.operator.failed(none.context(new TypeError('boom'), stage)).fatal).toMatchObject({
      message: 'Tolerance exceeded in error handler',
    });
    expect(none.counters).toMatchObject({ failures: 1, errors: 1, skipped: 0 });
  });

  it('tolerates only retriable errors of poll', () => {
    const h = harness(TOLERATE_ALL);
    expect(h.operator.failed(h.context(new RetriableError('busy'), 'TASK_POLL')).fatal).toBeNull();
    const cause = new TypeError('boom');
    expect(h.operator.failed(h.context(cause, 'TASK_POLL')).fatal).toMatchObject({
      message: 'Unhandled exception in error handler',
      cause,
    });
  });

  it('fails with the words of Kafka Connect without tolerance, and still reports', () => {
    const h = harness({});
    const cause = new DataError('bad');
    expect(h.operator.failed(h.context(cause)).fatal).toMatchObject({
      message: 'Tolerance exceeded in error handler',
      code: 'holdfast.task.tolerance-exceeded',
      cause,
    });
    expect(h.reports).toHaveLength(1);
    expect(h.counters.skipped).toBe(0);
  });

  it('never tolerates, nor reports, a wrong setting or a broken integrity', () => {
    const h = harness(TOLERATE_ALL);
    for (const error of [new ConfigError('wrong'), new IntegrityError('changed')]) {
      expect(h.operator.failed(h.context(error)).fatal).toBe(error);
    }
    expect(h.reports).toEqual([]);
  });

  it('invariant 3: refuses to judge an environment failure', () => {
    const h = harness(TOLERATE_ALL);
    expect(() => h.operator.failed(h.context(new EnvironmentError('away')))).toThrow('environment failure');
    expect(h.reports).toEqual([]);
    expect(h.counters).toMatchObject({ skipped: 0, failures: 0 });
  });
});
