/**
 * Reports of bad records that are not durable yet, by partition.
 *
 * Invariant 2: offsets of a partition wait for its reports.
 */
import type { TopicPartitionKey } from '../../sdk/task.ts';

const MAX_PENDING = 1_000;

export class PendingReports {
  private readonly pending = new Map<TopicPartitionKey, Set<Promise<void>>>();
  private readonly onFailed: (error: unknown) => void;
  private readonly failed = new Set<TopicPartitionKey>();
  private count = 0;

  /** `onFailed`: a report can't be made durable; the offset of its record can never be committed. */
  constructor(options: { readonly onFailed: (error: unknown) => void }) {
    this.onFailed = options.onFailed;
  }

  /** There are enough of them: nothing more is delivered before they have settled. */
  get isFull(): boolean {
    return this.count > MAX_PENDING;
  }

  add(partition: TopicPartitionKey, report: Promise<void>): void {
    let reports = this.pending.get(partition);
    if (reports === undefined) {
      reports = new Set();
      this.pending.set(partition, reports);
    }
    const among = reports;
    among.add(report);
    this.count++;
    const settled = (): void => {
      if (!among.delete(report)) return;
      this.count--;
      if (among.size === 0 && this.pending.get(partition) === among) this.pending.delete(partition);
    };
    report.then(settled, (error) => {
      const isWanted = among.has(report);
      settled();
      if (!isWanted) return;
      this.block(partition);
      this.onFailed(error);
    });
  }

  /** A bad record of the partition is neither tolerated nor reported: its offset, and those after it, are never committed. */
  block(partition: TopicPartitionKey): void {
    this.failed.add(partition);
  }

  /** True while offsets of the partition must not be committed. */
  has(partition: TopicPartitionKey): boolean {
    return this.pending.has(partition) || this.failed.has(partition);
  }

  /** undefined: none is pending for these. Otherwise resolves when those pending now have settled. */
  settled(partitions: readonly TopicPartitionKey[]): Promise<void> | undefined {
    const reports = partitions.flatMap((partition) => [...(this.pending.get(partition) ?? [])]);
    if (reports.length === 0) return undefined;
    return Promise.allSettled(reports).then(() => undefined);
  }

  /** The partitions are lost: nobody waits for their reports any more. */
  forget(partitions: readonly TopicPartitionKey[]): void {
    for (const partition of partitions) {
      const reports = this.pending.get(partition);
      this.count -= reports?.size ?? 0;
      reports?.clear();
      this.pending.delete(partition);
      this.failed.delete(partition);
    }
  }
}
