/** Asks the fetcher for records, in a way that can be interrupted without losing any. */
import type { FetchedBatch, Fetcher } from '../../broker/ports.ts';
import { DataError } from '../../sdk/errors/kinds.ts';
import { environmentErrorOf, failureKind } from '../errors/failure-kind.ts';
import type { RetryWithToleranceOperator } from '../errors/retry-with-tolerance-operator.ts';
import type { Parker } from '../parking/parker.ts';
import type { PendingReports } from './pending-reports.ts';
import type { SinkAssignment } from './sink-assignment.ts';

/** Error reports name the client as Kafka Connect does. */
const CONSUMER_CLASS = 'org.apache.kafka.clients.consumer.KafkaConsumer';
const PARK = 'fetch';

/** A batch that can't be read, and where the next one begins. */
interface CorruptBatch {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly nextOffset: number;
}

export class SinkPoll {
  private readonly fetcher: Fetcher;
  private readonly maxRecords: number;
  private readonly parker: Parker;
  private readonly operator: RetryWithToleranceOperator;
  private readonly reports: PendingReports;
  private readonly assignment: SinkAssignment;
  private readonly ending: AbortSignal;
  private interruption = new AbortController();

  constructor(options: {
    readonly fetcher: Fetcher;
    /** `max.poll.records` */
    readonly maxRecords: number;
    readonly parker: Parker;
    readonly operator: RetryWithToleranceOperator;
    readonly reports: PendingReports;
    readonly assignment: SinkAssignment;
    readonly ending: AbortSignal;
  }) {
    this.fetcher = options.fetcher;
    this.maxRecords = options.maxRecords;
    this.parker = options.parker;
    this.operator = options.operator;
    this.reports = options.reports;
    this.assignment = options.assignment;
    this.ending = options.ending;
  }

  /** The poll under way returns soon. */
  interrupt(): void {
    this.interruption.abort();
  }

  /** Empty when nothing came in time, or when it was interrupted. Throws what the task fails with. */
  async poll(timeoutMs: number): Promise<readonly FetchedBatch[]> {
    if (this.interruption.signal.aborted) this.interruption = new AbortController();
    const { signal } = this.interruption;
    try {
      return await this.fetcher.poll({ maxRecords: this.maxRecords, timeoutMs, signal });
    } catch (error) {
      if (signal.aborted) return [];
      const environment = failureKind(error) === 'environment' ? environmentErrorOf(error) : null;
      if (environment !== null) {
        await this.parker.wait(PARK, environment, { signal: this.ending, dependency: 'broker' });
        this.parker.end(PARK);
        return [];
      }
      const corrupt = corruptBatchOf(error);
      if (corrupt === null) throw error;
      this.skip(corrupt, error);
      return [];
    }
  }

  /** A batch whose checksum fails is bad data: reported and left out when that is tolerated. */
  private skip({ topic, partition, offset, nextOffset }: CorruptBatch, error: unknown): void {
    const raw = { offset, timestamp: -1, timestampType: 'CreateTime', key: null, value: null, headers: [] } as const;
    const { fatal, reported } = this.operator.failed({
      stage: 'KAFKA_CONSUME',
      className: CONSUMER_CLASS,
      error,
      record: { kind: 'sink', consumed: { topic, partition, raw } },
    });
    if (fatal !== null) throw fatal;
    for (const held of this.assignment.find([{ topic, partition }])) {
      if (reported !== undefined) this.reports.add(held.key, reported);
      this.fetcher.seek(held, nextOffset);
      held.processed = nextOffset;
    }
  }
}

function corruptBatchOf(error: unknown): CorruptBatch | null {
  if (!(error instanceof DataError)) return null;
  const { topic, partition, offset, nextOffset } = (error.details ?? {}) as Partial<CorruptBatch>;
  if (topic === undefined || partition === undefined || offset === undefined || nextOffset === undefined) return null;
  return { topic, partition, offset, nextOffset };
}
