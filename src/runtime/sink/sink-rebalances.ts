/**
 * Partitions that come and go, and those that the task rewinds: what is called of the task for it, and in which order. Kafka Connect 4.1.1,
 * WorkerSinkTask.HandleRebalance.
 */
import type { TopicPartition, TopicPartitionOffset } from '../../broker/ports.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { SinkTask, SinkTopicPartition } from '../../sdk/task.ts';
import type { PendingReports } from './pending-reports.ts';
import type { AssignedPartition, SinkAssignment } from './sink-assignment.ts';
import type { SinkOffsets } from './sink-offsets.ts';
import { isOffset, type SinkPartition } from './sink-partition.ts';
import type { WorkerSinkTaskContext } from './worker-sink-task-context.ts';

export class SinkRebalances {
  private readonly task: SinkTask;
  private readonly context: WorkerSinkTaskContext;
  private readonly assignment: SinkAssignment;
  private readonly offsets: SinkOffsets;
  private readonly reports: PendingReports;
  private readonly logger: Logger;

  constructor(options: {
    readonly task: SinkTask;
    readonly context: WorkerSinkTaskContext;
    readonly assignment: SinkAssignment;
    readonly offsets: SinkOffsets;
    readonly reports: PendingReports;
    readonly logger: Logger;
  }) {
    this.task = options.task;
    this.context = options.context;
    this.assignment = options.assignment;
    this.offsets = options.offsets;
    this.reports = options.reports;
    this.logger = options.logger;
  }

  /** Rejects with what the task throws from `open`. */
  async open(partitions: readonly AssignedPartition[]): Promise<void> {
    const added = this.assignment.add(partitions);
    if (added.length === 0) return;
    await this.task.open?.(added.map(nameOf));
    this.rewind();
  }

  /**
   * Invariant 2: resolves with what the task vouched for, once it has closed them; nothing for those that are lost already. Rejects with what it
   * throws from `close`.
   */
  async close(partitions: readonly TopicPartition[], lost: boolean): Promise<readonly TopicPartitionOffset[]> {
    const leaving = this.assignment.find(partitions);
    if (leaving.length === 0) return [];
    const vouched = lost ? null : await this.offsets.vouch(leaving);
    this.assignment.remove(leaving);
    // Whoever gets them next reads them again from what is committed.
    this.reports.forget(leaving.map(({ key }) => key));
    await this.task.close?.(leaving.map(nameOf));
    return (vouched ?? []).map(({ partition, offset }) => partition.at(offset));
  }

  /** What `context.offset()` asked for. */
  rewind(): void {
    for (const [key, offset] of this.context.takeRewinds()) {
      const partition = this.assignment.partitions.get(key);
      if (partition === undefined) {
        this.logger.warn('A sink task rewound a partition that is not assigned to it.', { partition: key, offset });
      } else if (!isOffset(offset)) {
        this.logger.warn('A sink task rewound a partition to what is no offset. It is ignored.', {
          partition: key,
          offset: String(offset),
        });
      } else this.assignment.seek(partition, offset);
    }
  }
}

export function nameOf({ topic, partition }: SinkPartition): SinkTopicPartition {
  return { topic, partition };
}
