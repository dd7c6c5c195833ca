/** The numeric attributes of the task and worker MBeans, with what each is: ConnectMetricsRegistry of Kafka Connect 4.1.1. */
import type { ConnectGroup } from './connect-names.ts';

export interface Attribute {
  readonly group: ConnectGroup;
  readonly name: string;
  readonly help: string;
}

const attributes =
  (group: ConnectGroup) =>
  (entries: Readonly<Record<string, string>>): readonly Attribute[] =>
    Object.entries(entries).map(([name, help]) => ({ group, name, help }));

const TASK = attributes('connector-task-metrics')({
  'running-ratio': 'The share of its time that the task has been running.',
  'pause-ratio': 'The share of its time that the task has been paused.',
  'offset-commit-max-time-ms': 'How long the longest commit of offsets took, in ms.',
  'offset-commit-avg-time-ms': 'How long commits of offsets took on average, in ms.',
  'batch-size-max': 'Records of the largest batch.',
  'batch-size-avg': 'Records of a batch on average.',
  'offset-commit-failure-percentage': 'The share of commits that failed, from 0 to 1.',
  'offset-commit-success-percentage': 'The share of commits that succeeded, from 0 to 1.',
});

const ERRORS = attributes('task-error-metrics')({
  'total-record-failures': 'Failed attempts to process a record.',
  'total-record-errors': 'Records whose processing ended in an error.',
  'total-records-skipped': 'Records that were skipped for an error.',
  'total-retries': 'Attempts that were made again.',
  'total-errors-logged': 'Errors that were logged.',
  'deadletterqueue-produce-requests': 'Records sent to the dead letter queue.',
  'deadletterqueue-produce-failures': 'Records that could not be written to the dead letter queue.',
  'last-error-timestamp': 'When the last error was met, in ms since the epoch.',
});

const SOURCE = attributes('source-task-metrics')({
  'source-record-poll-rate': 'Records that poll() returned, before transformations, per second.',
  'source-record-poll-total': 'Records that poll() returned, before transformations.',
  'source-record-write-rate': 'Records that the broker acknowledged, per second.',
  'source-record-write-total': 'Records that the broker acknowledged.',
  'poll-batch-max-time-ms': 'How long the longest poll() took, in ms.',
  'poll-batch-avg-time-ms': 'How long poll() took on average, in ms.',
  'source-record-active-count': 'Records polled, and neither written nor given up yet.',
  'source-record-active-count-max': 'The most records that were polled and not written.',
  'source-record-active-count-avg': 'Records that were polled and not written, on average.',
});

const SINK = attributes('sink-task-metrics')({
  'sink-record-read-rate': 'Records read, before transformations, per second.',
  'sink-record-read-total': 'Records read, before transformations.',
  'sink-record-send-rate': 'Records given to put(), per second.',
  'sink-record-send-total': 'Records given to put().',
  'partition-count': 'Partitions assigned to the task.',
  'offset-commit-seq-no': 'The number of the last commit.',
  'offset-commit-completion-rate': 'Commits that succeeded, per second.',
  'offset-commit-completion-total': 'Commits that succeeded.',
  'offset-commit-skip-rate': 'Commits that ended too late to count, per second.',
  'offset-commit-skip-total': 'Commits that ended too late to count.',
  'put-batch-max-time-ms': 'How long the longest put() took, in ms.',
  'put-batch-avg-time-ms': 'How long put() took on average, in ms.',
  'sink-record-active-count': 'By how many offsets what was delivered is ahead of what is committed.',
  'sink-record-active-count-max': 'The most that it was ahead.',
  'sink-record-active-count-avg': 'How much it was ahead on average.',
});

export const SOURCE_TASK_ATTRIBUTES: readonly Attribute[] = [...TASK, ...SOURCE, ...ERRORS];
export const SINK_TASK_ATTRIBUTES: readonly Attribute[] = [...TASK, ...SINK, ...ERRORS];

/** Attributes that have no value as long as nothing happened; totals and counts begin at 0. */
export function valueBefore(attribute: string): number {
  return /-(avg|max|(avg|max)-time-ms)$/.test(attribute) ? Number.NaN : 0;
}
