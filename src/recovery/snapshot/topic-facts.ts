/** What is known about a `_schemas` topic beside its records; enough to make it anew as it was. */
import type { TopicAcl } from '../../broker/topic-details.ts';

export type { TopicAcl } from '../../broker/topic-details.ts';

/** Offsets from `from` up to, not including, `to`; how many records there were nobody knows. */
export interface UnreadableRange {
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

export interface OpenTransaction {
  readonly producerId: number;
  /** Of its records; whether they are aborted only what lies beyond the end tells. */
  readonly offsets: readonly number[];
}

export interface TopicFacts {
  readonly clusterId: string | null;
  readonly topic: string;
  /** null: the broker does not tell. A topic that was made anew has another one. */
  readonly topicId: string | null;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** What was set for this topic, not what holds by default. */
  readonly overrides: Readonly<Record<string, string>>;
  /** What holds, defaults included. */
  readonly effective: Readonly<Record<string, string>>;
  /** null: the cluster has no authorizer, or doesn't let us ask. */
  readonly acls: readonly TopicAcl[] | null;
  /** Of partition 0, the one that registries read. */
  readonly beginOffset: number;
  readonly endOffset: number;
  /** There should be none; what lies in them no registry of either vendor reads reliably, and no snapshot holds it. */
  readonly otherPartitions: readonly {
    readonly partition: number;
    readonly beginOffset: number;
    readonly endOffset: number;
  }[];
  /** Where transaction markers lie, as far as they were seen; the last offset of the log among them is a trap for Karapace. */
  readonly controlOffsets: readonly number[];
  /** Offsets of records that were written in transactions; the first few. */
  readonly transactionalOffsets: readonly number[];
  /** Offsets of records whose transaction was aborted; the first few. They are in the snapshot: registries read uncommitted. */
  readonly abortedOffsets: readonly number[];
  /** Transactions that had not ended where reading did; the first few of each. Left out where there are none. */
  readonly openTransactions?: readonly OpenTransaction[];
  /**
   * The log grew each time its end was reached, so that compaction may have taken a record whose newer one lies beyond the end. Left out
   * where it did not.
   */
  readonly endMoved?: true;
  /** What could not be read, and is not in the snapshot: batches whose checksum fails or that contradict themselves. */
  readonly unreadable: readonly UnreadableRange[];
  readonly group: { readonly groupId: string; readonly state: string; readonly members: number };
}
