/** Tells a source task what became of its records, if it wants to know. What it throws is logged, as with Kafka Connect. */
import type { SendResult } from '../../broker/ports.ts';
import type { Logger } from '../../foundation/logger.ts';
import { readableError } from '../../sdk/errors/readable-error.ts';
import type { SourceRecord } from '../../sdk/record/source-record.ts';
import type { RecordMetadata, SourceTask } from '../../sdk/task.ts';
import type { SentBatch } from './in-flight-batches.ts';

export class RecordCommits {
  private readonly task: SourceTask;
  private readonly logger: Logger;
  private readonly isWanted: boolean;

  constructor(options: { readonly task: SourceTask; readonly logger: Logger }) {
    this.task = options.task;
    this.logger = options.logger;
    this.isWanted = options.task.commitRecords !== undefined || options.task.commitRecord !== undefined;
  }

  /** `rejected` were not written, `lost` are not even tolerated: nothing is said of those. */
  acknowledged(
    { origins, records }: SentBatch,
    result: SendResult,
    rejected: ReadonlySet<number>,
    lost: readonly number[],
  ): void {
    if (!this.isWanted) return;
    const told: SourceRecord[] = [];
    const metadata: (RecordMetadata | null)[] = [];
    origins.forEach((record, index) => {
      if (lost.includes(index)) return;
      told.push(record);
      const topic = records[index]?.topic ?? record.topic;
      metadata.push(rejected.has(index) ? null : metadataOf(topic, result, index));
    });
    this.tell(told, metadata);
  }

  /** Filtered, or tolerated as bad: nothing was written. */
  dropped(record: SourceRecord): void {
    if (this.isWanted) this.tell([record], [null]);
  }

  private tell(records: readonly SourceRecord[], metadata: readonly (RecordMetadata | null)[]): void {
    const { task } = this;
    if (task.commitRecords !== undefined) {
      this.guarded(() => task.commitRecords?.(records, metadata));
      return;
    }
    // Each by itself: what is thrown for one says nothing of the others.
    records.forEach((record, index) => {
      this.guarded(() => task.commitRecord?.(record, metadata[index] ?? null));
    });
  }

  private guarded(call: () => unknown): void {
    try {
      this.heard(call());
    } catch (error) {
      this.threw(error);
    }
  }

  /** Nobody waits for it, but an `async` one must not end the worker with what it throws. */
  private heard(result: unknown): void {
    if (result instanceof Promise) result.catch((error) => this.threw(error));
  }

  private threw(error: unknown): void {
    this.logger.error('A source task threw from commitRecord(). What was written stays written.', {
      err: readableError(error),
    });
  }
}

function metadataOf(topic: string, result: SendResult, index: number): RecordMetadata {
  return { topic, partition: result.partitions[index] ?? -1, offset: result.offsets[index] ?? -1 };
}
