/** The partitions that a sink task holds, and which of them are fetched. */
import type { FetchedBatch, Fetcher, TopicPartition } from '../../broker/ports.ts';
import type { TopicPartitionKey } from '../../sdk/task.ts';
import { keyOf, SinkPartition } from './sink-partition.ts';

export type AssignedPartition = TopicPartition & { readonly offset: number | 'earliest' | 'latest' };

export class SinkAssignment {
  private readonly held = new Map<TopicPartitionKey, SinkPartition>();
  /** Partitions that the task had paused when they were taken away. */
  private pausedBefore = new Set<TopicPartitionKey>();
  private readonly fetcher: Fetcher;
  private readonly isOnHold: () => boolean;
  private readonly onForgotten: (partitions: ReadonlySet<TopicPartitionKey>, areGone: boolean) => void;

  constructor(options: {
    readonly fetcher: Fetcher;
    /** True while nothing is to be fetched at all. After it has changed, {@link syncPauses}. */
    readonly isOnHold: () => boolean;
    /** What was fetched of these partitions, and not yet taken by the task, is not to be delivered: it comes again, or they are gone. */
    readonly onForgotten: (partitions: ReadonlySet<TopicPartitionKey>, areGone: boolean) => void;
  }) {
    this.fetcher = options.fetcher;
    this.isOnHold = options.isOnHold;
    this.onForgotten = options.onForgotten;
  }

  /** Live. */
  get partitions(): ReadonlyMap<TopicPartitionKey, SinkPartition> {
    return this.held;
  }

  all(): readonly SinkPartition[] {
    return [...this.held.values()];
  }

  /** Those of them that are held. */
  find(partitions: readonly TopicPartition[]): readonly SinkPartition[] {
    return partitions.flatMap((each) => this.held.get(keyOf(each)) ?? []);
  }

  /** Blocked partitions whose block is over, without those that the task itself has paused. */
  ready(): readonly SinkPartition[] {
    const ready: SinkPartition[] = [];
    for (const partition of this.held.values()) {
      if (partition.block?.isReady === true && !partition.isUserPaused) ready.push(partition);
    }
    return ready;
  }

  /**
   * What the group handed out now; returns the ones that were not held before. An eager rebalance takes all away and gives most of them
   * back: those the task has paused stay so, as with Kafka Connect.
   */
  add(partitions: readonly AssignedPartition[]): readonly SinkPartition[] {
    const { pausedBefore } = this;
    this.pausedBefore = new Set();
    const positions = partitions.filter((each) => !this.held.has(keyOf(each)));
    if (positions.length === 0) return [];
    const added = positions.map((each) => new SinkPartition(each));
    for (const partition of added) {
      partition.isUserPaused = pausedBefore.has(partition.key);
      this.held.set(partition.key, partition);
    }
    this.fetcher.add(positions);
    this.syncPauses();
    return added;
  }

  remove(partitions: readonly SinkPartition[]): void {
    this.fetcher.remove(partitions);
    for (const partition of partitions) {
      partition.forget();
      this.held.delete(partition.key);
      if (partition.isUserPaused) this.pausedBefore.add(partition.key);
    }
    this.onForgotten(new Set(partitions.map(({ key }) => key)), true);
  }

  /** Invariant 4: what waits of the partition comes again from there, so that nothing is delivered out of order. */
  seek(partition: SinkPartition, offset: number): void {
    partition.forget();
    partition.consumed = offset;
    partition.committed = offset;
    this.onForgotten(new Set([partition.key]), false);
    this.fetcher.seek(partition, offset);
    this.syncPauses();
  }

  /** After a failed `preCommit`: everything since the last commit again. */
  rewindToCommitted(): void {
    for (const partition of this.held.values()) {
      if (partition.committed !== null) this.seek(partition, partition.committed);
    }
  }

  /** Takes what was fetched; returns the partitions that have something to convert, and the batches that belong to one. */
  take(batches: readonly FetchedBatch[]): {
    readonly partitions: readonly SinkPartition[];
    readonly taken: readonly FetchedBatch[];
    readonly records: number;
  } {
    const partitions = new Set<SinkPartition>();
    const taken: FetchedBatch[] = [];
    let records = 0;
    for (const batch of batches) {
      const partition = this.held.get(keyOf(batch));
      if (partition === undefined || batch.records.length === 0) continue;
      records += batch.records.length;
      partition.take(batch);
      if (partition.block === null) partitions.add(partition);
      taken.push(batch);
    }
    return { partitions: [...partitions], taken, records };
  }

  /** `put` has taken everything that was converted. False when that was nothing. */
  delivered(): boolean {
    let isAny = false;
    for (const partition of this.held.values()) {
      if (partition.processed === null) continue;
      isAny = true;
      partition.consumed = partition.processed;
      partition.processed = null;
    }
    return isAny;
  }

  /** By how many offsets what was delivered is ahead of what is committed, over all partitions. */
  uncommitted(): number {
    let sum = 0;
    for (const { consumed, committed } of this.held.values()) sum += (consumed ?? 0) - (committed ?? 0);
    return sum;
  }

  /** Brings the fetcher in line with what is blocked, paused by the task, or on hold. */
  syncPauses(): void {
    const toPause: SinkPartition[] = [];
    const toResume: SinkPartition[] = [];
    const isOnHold = this.isOnHold();
    for (const partition of this.held.values()) {
      const isPaused = isOnHold || partition.isUserPaused || partition.block !== null;
      if (isPaused === partition.isFetchPaused) continue;
      partition.isFetchPaused = isPaused;
      (isPaused ? toPause : toResume).push(partition);
    }
    if (toPause.length > 0) this.fetcher.pause(toPause);
    if (toResume.length > 0) this.fetcher.resume(toResume);
  }
}
