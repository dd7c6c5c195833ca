/**
 * Writes bad records, as they were fetched, to a topic. Reports of one turn of the event loop travel in one batch.
 *
 * Invariant 2: a report resolves only when the broker has acknowledged it. Invariant 3: a broker that is away is waited for.
 */
import { RECORD_TOO_LARGE } from '../../broker/broker-errors.ts';
import { topicNameProblem } from '../../broker/embedded/topic-name.ts';
import type { Admin, Producer, ProducerRecord, RecordHeader } from '../../broker/ports.ts';
import { Backoff } from '../../foundation/backoff.ts';
import type { Clock } from '../../foundation/clock.ts';
import { Deferred } from '../../foundation/deferred.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import { messageOf } from '../../sdk/errors/readable-error.ts';
import type { SourceRecord } from '../../sdk/record/source-record.ts';
import type { OffsetMap } from '../../sdk/task.ts';
import type { TaskId } from '../host/protocol.ts';
import type { TaskCounters } from '../pipeline/task-counters.ts';
import { failureKind } from './failure-kind.ts';
import { javaClassName, javaStackTrace } from './java-class-name.ts';
import type { ErrorReporter, ProcessingContext } from './processing-context.ts';

export const DEAD_LETTER_QUEUE_FAILED = defineErrorCode('holdfast.task.dead-letter-queue-failed', {
  what: 'A bad record could not be written to the dead letter queue, so its offset can not be committed.',
  mend: 'Read the cause: check the topic, its limits and the authorization to write to it. Then restart the task.',
});

type SourceBytes = Pick<ProducerRecord, 'key' | 'value' | 'headers' | 'timestamp'>;

interface Report {
  readonly record: ProducerRecord;
  readonly done: Deferred;
}

export class DeadLetterQueueReporter implements ErrorReporter {
  private readonly id: TaskId;
  private readonly topic: string;
  private readonly replicationFactor: number;
  private readonly contextHeaders: boolean;
  private readonly producer: Producer;
  private readonly admin: Admin;
  private readonly clock: Clock;
  private readonly counters: TaskCounters;
  private readonly signal: AbortSignal;
  private readonly bytesOf: ((record: SourceRecord) => SourceBytes) | null;
  private waiting: Report[] = [];
  private unacknowledged = 0;

  constructor(options: {
    readonly id: TaskId;
    readonly queue: {
      readonly topic: string;
      readonly replicationFactor: number;
      readonly contextHeaders: boolean;
    };
    readonly producer: Producer;
    readonly admin: Admin;
    readonly clock: Clock;
    readonly counters: TaskCounters;
    /** Of a source's records; sinks have theirs as they were fetched. */
    readonly bytesOf?: (record: SourceRecord) => SourceBytes;
    /** Ends the waiting for a broker that is away. */
    readonly signal: AbortSignal;
  }) {
    this.id = options.id;
    this.topic = options.queue.topic;
    this.replicationFactor = options.queue.replicationFactor;
    this.contextHeaders = options.queue.contextHeaders;
    this.producer = options.producer;
    this.admin = options.admin;
    this.clock = options.clock;
    this.counters = options.counters;
    this.signal = options.signal;
    this.bytesOf = options.bytesOf ?? null;
  }

  /** Reports that the broker has not acknowledged yet. */
  get pending(): number {
    return this.unacknowledged;
  }

  /** Creates the topic with one partition unless it exists. Throws EnvironmentError while the broker is away. */
  async prepareTopic(): Promise<void> {
    const existing = await this.admin.describeTopics([this.topic], this.signal);
    if (existing.length > 0) return;
    try {
      await this.admin.createTopics(
        [{ name: this.topic, partitions: 1, replicationFactor: this.replicationFactor }],
        this.signal,
      );
    } catch (error) {
      if (failureKind(error) === 'environment') throw error;
      throw new ConnectError(
        `Could not initialize dead letter queue with topic=${this.topic} (replication factor ${this.replicationFactor}): ${sentence(messageOf(error))} ${this.remedy(messageOf(error))}`,
        { code: DEAD_LETTER_QUEUE_FAILED, cause: error },
      );
    }
  }

  private remedy(refusal: string): string {
    if (topicNameProblem(this.topic) !== null) return 'Correct errors.deadletterqueue.topic.name.';
    return /replica/i.test(refusal)
      ? 'Create the topic, or correct errors.deadletterqueue.topic.replication.factor.'
      : 'Create the topic, or see to what its creation is refused for.';
  }

  report(context: ProcessingContext): Promise<void> | undefined {
    const bytes = context.record.kind === 'sink' ? context.record.consumed.raw : this.bytesOf?.(context.record.source);
    if (bytes === undefined) return undefined;
    const { key, value, headers, timestamp } = bytes;
    const record: ProducerRecord = {
      topic: this.topic,
      partition: null,
      key,
      value,
      headers: this.contextHeaders ? [...headers, ...this.contextOf(context)] : headers,
      timestamp,
    };
    const done = new Deferred();
    // Whoever waits sees the rejection; nobody waiting must not bring the process down.
    done.promise.catch(() => {});
    this.counters.deadLetterRequests++;
    this.unacknowledged++;
    if (this.waiting.push({ record, done }) === 1) queueMicrotask(() => this.flush());
    return done.promise;
  }

  private flush(): void {
    const reports = this.waiting;
    this.waiting = [];
    void this.send(reports);
  }

  private async send(reports: readonly Report[]): Promise<void> {
    const records = reports.map(({ record }) => record);
    const backoff = new Backoff({ initialMs: 250, maxMs: 10_000 });
    for (;;) {
      try {
        const result = await this.producer.send(records);
        const rejected = new Map(result.rejected.map(({ index, error }) => [index, error]));
        reports.forEach((report, index) => {
          const error = rejected.get(index);
          if (error === undefined) this.settle(report, null);
          else this.settle(report, this.failure(error));
        });
        return;
      } catch (error) {
        if (failureKind(error) !== 'environment' || this.signal.aborted) {
          for (const report of reports) this.settle(report, this.failure(error));
          return;
        }
        await this.clock.sleep(backoff.next(), this.signal).catch(() => {});
      }
    }
  }

  private settle(report: Report, error: Error | null): void {
    this.unacknowledged--;
    if (error === null) {
      report.done.resolve();
    } else {
      this.counters.deadLetterFailures++;
      report.done.reject(error);
    }
  }

  private failure(cause: unknown): ConnectError {
    // It was read from a topic that took it: what is more are the headers, or the limits are less.
    const remedy =
      cause instanceof ConnectError && cause.code === RECORD_TOO_LARGE
        ? ' Raise max.message.bytes of the topic and producer.override.max.request.size, or set errors.deadletterqueue.context.headers.enable=false.'
        : '';
    return new ConnectError(
      `Could not produce message to dead letter queue. topic=${this.topic}. The record's offset is not committed.${remedy}`,
      { code: DEAD_LETTER_QUEUE_FAILED, cause },
    );
  }

  private contextOf(context: ProcessingContext): RecordHeader[] {
    const message = context.error instanceof Error ? context.error.message : String(context.error);
    const [topic, partition, offset] = placeOf(context.record);
    return [
      header('topic', topic),
      header('partition', partition),
      header('offset', offset),
      header('connector.name', this.id.connector),
      header('task.id', String(this.id.task)),
      header('stage', context.stage),
      header('class.name', context.className),
      header('exception.class.name', javaClassName(context.error)),
      header('exception.message', message === '' ? null : message),
      header('exception.stacktrace', javaStackTrace(context.error)),
    ];
  }
}

function header(name: string, value: string | null): RecordHeader {
  return { key: `__connect.errors.${name}`, value: value === null ? null : Buffer.from(value, 'utf8') };
}

/** Topic, partition, offset. Of a source: where it was to go, and where it comes from as JSON. */
function placeOf(record: ProcessingContext['record']): readonly [string, string | null, string | null] {
  if (record.kind === 'sink') {
    const { topic, partition, raw } = record.consumed;
    return [topic, String(partition), String(raw.offset)];
  }
  const { topic, sourcePartition, sourceOffset } = record.source;
  return [topic, jsonOf(sourcePartition), jsonOf(sourceOffset)];
}

function jsonOf(map: OffsetMap | null): string | null {
  return map === null
    ? null
    : JSON.stringify(map, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value));
}

function sentence(text: string): string {
  return /[.!?)]$/.test(text) ? text : `${text}.`;
}
