/**
 * What the rest of Holdfast may ask of a broker. Two implementations: `kafka/` (a real cluster, over kafkajs's
 * connections) and `embedded/` (durable segment files, no listener). One suite of port tests runs on both.
 *
 * Shapes: offsets and timestamps are JS numbers (safe up to 2^53; a larger one on the wire is an error, never rounded).
 * Timestamps are ms since the epoch, -1 for none. Keys and values are bytes or null. Fetched bytes are views into
 * their fetch buffer: whoever keeps one beyond its batch copies it.
 *
 * Failures: what time can mend is retried inside the port for as long as its
 * caller's AbortSignal allows, and reported through {@link AvailabilityListener}; what it can't is thrown:
 * `ConfigError` for authentication, authorization, unsupported version, fencing; `DataError` for a batch or record that
 * is itself bad.
 */
import type { Logger } from '../foundation/logger.ts';
import type { ClientFigures } from './client-figures.ts';
import type { GroupProtocol } from './group-protocol.ts';
import type { LogReader } from './log-reader.ts';
import type { RecordHeader } from './record-batch/record.ts';
import type { TopicAcl, TopicDetails } from './topic-details.ts';

export type { GroupGeneration, GroupProtocol, GroupProtocolMember } from './group-protocol.ts';
export type { RecordHeader } from './record-batch/record.ts';

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface TopicPartitionOffset extends TopicPartition {
  /** The next offset to read, as Kafka commits it: last processed + 1. */
  readonly offset: number;
}

/** Kafka client settings in Kafka's own names, prefixes already stripped and precedence already applied. */
export type ClientSettings = Readonly<Record<string, string>>;

/** A client that measures what it does; one that has nothing to do with connections need not. */
export interface MeasuredClient {
  /** Of this client alone, as it stands. Cheap; never throws. */
  figures?(): ClientFigures;
}

/** Whether the broker can be reached. Called once per change of state, never per attempt. */
export interface Availability {
  readonly available: boolean;
  /** What failed last, in one line without secrets; empty when available. */
  readonly reason: string;
  /** ms since the epoch of the change. */
  readonly since: number;
}
export type AvailabilityListener = (availability: Availability) => void;

export interface ClientOptions {
  readonly settings: ClientSettings;
  /** By setting, the key under which it is written, where that has a prefix: mistakes name it so. */
  readonly written?: Readonly<Record<string, string>>;
  readonly logger: Logger;
  readonly onAvailability?: AvailabilityListener;
}

export interface ProducerRecord {
  readonly topic: string;
  /** null: by murmur2 of the key as Kafka's default partitioner does, or sticky by batch for a null key. */
  readonly partition: number | null;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
  /** ms; -1: the time at which the producer takes it. */
  readonly timestamp: number;
}

/** A record that the broker will never take, whatever time passes: too large, a bad timestamp, a bad record. */
export interface RejectedRecord {
  /** Index in the array that was sent. */
  readonly index: number;
  readonly error: Error;
}

export interface SendResult {
  /** Parallel to the records sent: the partition each went to. */
  readonly partitions: Int32Array;
  /** Parallel to the records sent: the offset each got, -1 for a rejected one. */
  readonly offsets: Float64Array;
  /** Ascending by index; empty in the good case. */
  readonly rejected: readonly RejectedRecord[];
}

/**
 * An idempotent producer with acks=all.
 *
 * Guarantees: records of one partition are appended in the order of the `send` calls and within each in array order;
 * an attempt that is repeated because its answer was lost appends nothing twice (within this producer's life);
 * a resolved `send` means every record that is not in `rejected` is durable at the broker. Batches don't expire unless
 * `delivery.timeout.ms` is set: an away broker is waited for.
 */
export interface Producer extends MeasuredClient {
  /**
   * Takes the whole batch at once; several may be in flight, the caller bounds how many.
   * Rejects with ConfigError for what time does not mend, with `holdfast.broker.producer.closed` after `close` or `abort`,
   * or with an EnvironmentError when `delivery.timeout.ms` ran out.
   */
  send(records: readonly ProducerRecord[]): Promise<SendResult>;
  /**
   * Takes back what waits here and of which nothing was sent: those `send`s reject with an EnvironmentError
   * `holdfast.broker.producer.recalled`, and nothing of them was or will be appended. What was taken in after them comes back too, so
   * that whoever sends them again keeps the order; a batch behind which another one is on its way stays. Absent: nothing waits here for
   * long.
   */
  recall?(): void;
  /** Resolves when nothing is in flight any more. */
  flush(signal?: AbortSignal): Promise<void>;
  /** Waits for what is in flight up to `timeoutMs`, then gives it up. */
  close(timeoutMs?: number): Promise<void>;
}

export interface FetchedRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly timestampType: 'CreateTime' | 'LogAppendTime';
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
}

/** Consecutive records of one partition. */
export interface FetchedBatch extends TopicPartition {
  readonly records: readonly FetchedRecord[];
  /** Where the next poll goes on: past the last record, and past control records and compaction gaps. */
  readonly nextOffset: number;
  readonly highWatermark: number;
}

export interface FetchPosition extends TopicPartition {
  readonly offset: number | 'earliest' | 'latest';
}

/**
 * A pull reader of partitions that its owner assigns. Knows nothing of groups.
 *
 * Guarantees: records of a partition come in offset order without gaps but those that compaction, retention or control
 * records left; after `remove`, `pause` or `seek` returned, no record from before comes out of a later `poll`.
 */
export interface Fetcher extends MeasuredClient {
  add(positions: readonly FetchPosition[]): void;
  remove(partitions: readonly TopicPartition[]): void;
  seek(partition: TopicPartition, offset: number): void;
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  /** The next offset that `poll` would return, or null before the first poll of a symbolic position. */
  position(partition: TopicPartition): number | null;
  /**
   * Up to `maxRecords` records over all partitions that are not paused; an empty array after `timeoutMs` without any.
   * Fetches ahead within bounded memory. Throws DataError `holdfast.broker.batch.corrupt` (with topic, partition and offset)
   * for a batch whose checksum fails, ConfigError `holdfast.broker.offset.out.of.range` with `auto.offset.reset=none`.
   */
  poll(options: {
    readonly maxRecords: number;
    readonly timeoutMs: number;
    readonly signal?: AbortSignal;
  }): Promise<FetchedBatch[]>;
  close(): Promise<void>;
}

/** Called by a GroupMember, one call at a time, each awaited. Partitions are complete per call, eager protocol. */
export interface GroupListener {
  onAssigned(partitions: readonly TopicPartition[]): Promise<void>;
  /** Awaited before the member lets go: offsets committed in here still carry the old generation. */
  onRevoked(partitions: readonly TopicPartition[]): Promise<void>;
  /** The group has already given them to somebody else: nothing can be committed for them. */
  onLost(partitions: readonly TopicPartition[]): Promise<void>;
  /** Authentication, authorization and the like: the member has ended. */
  onFailed(error: Error): void;
}

export interface GroupMemberOptions extends ClientOptions {
  readonly groupId: string;
  /** Topic names, or a pattern that must match the whole name; topics that appear later join at the next metadata refresh. */
  readonly subscription: { readonly topics: readonly string[] } | { readonly pattern: RegExp };
  readonly listener: GroupListener;
}

/** Membership in a consumer group: lives in the control plane, so that heartbeats go on whatever a task does. */
export interface GroupMember extends MeasuredClient {
  /** Begins to join; returns at once. */
  start(): void;
  /**
   * Commits with the current generation. Rejects with RetriableError `holdfast.broker.group.rebalanced` when the generation is over
   * (nothing was committed), with EnvironmentError when the coordinator can't be reached before `signal` aborts.
   */
  commit(offsets: readonly TopicPartitionOffset[], signal?: AbortSignal): Promise<void>;
  /** Committed offsets of the group, null where there is none. Parallel to `partitions`. */
  committed(partitions: readonly TopicPartition[], signal?: AbortSignal): Promise<readonly (number | null)[]>;
  /** Calls onRevoked for what is held, then leaves the group so that others take over at once. */
  close(signal?: AbortSignal): Promise<void>;
}

export interface ProtocolMemberOptions extends ClientOptions {
  readonly groupId: string;
  readonly protocol: GroupProtocol;
}

/** Membership in a group that is none of consumers: what its members share is the protocol's business. */
export interface ProtocolMember {
  /** Begins to join; returns at once. */
  start(): void;
  /**
   * The clock's monotonic time at which a request was sent that the group's coordinator answered with "you are a member, of this
   * generation"; null while it belongs to none. Nobody else can have been given its part before this plus the session timeout.
   */
  readonly confirmedAt: number | null;
  /** Ends. `leaves` true (the default): the group knows at once; false: after the session timeout, as of a killed process. */
  close(options?: { readonly leaves?: boolean; readonly signal?: AbortSignal }): Promise<void>;
}

export interface TopicDescription {
  readonly name: string;
  readonly partitions: readonly { readonly partition: number; readonly leader: number }[];
}

export interface NewTopic {
  readonly name: string;
  /** -1: the broker's default. */
  readonly partitions: number;
  /** -1: the broker's default. */
  readonly replicationFactor: number;
  readonly configs?: Readonly<Record<string, string>>;
}

/** A group as the broker tells it; metadata and assignment are the members' own bytes (for `sr`: JSON). */
export interface GroupDescription {
  readonly groupId: string;
  readonly state: 'Stable' | 'PreparingRebalance' | 'CompletingRebalance' | 'Empty' | 'Dead' | 'Unknown';
  readonly protocolType: string;
  readonly protocol: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly clientId: string;
    readonly clientHost: string;
    readonly metadata: Uint8Array;
    readonly assignment: Uint8Array;
  }[];
}

/** The type is `consumer`, `connect`, `sr` for nodes of a registry; empty for a group that only holds offsets. */
export interface ListedGroup {
  readonly groupId: string;
  readonly protocolType: string;
}

export interface Admin extends MeasuredClient {
  describeCluster(signal?: AbortSignal): Promise<{ readonly clusterId: string | null; readonly brokers: number }>;
  listTopics(signal?: AbortSignal): Promise<readonly string[]>;
  /** Topics that don't exist are left out of the answer. Never creates one. */
  describeTopics(names: readonly string[], signal?: AbortSignal): Promise<readonly TopicDescription[]>;
  /** One outcome per topic, in order. Rejects with ConfigError for an authorization failure or an invalid spec. */
  createTopics(topics: readonly NewTopic[], signal?: AbortSignal): Promise<readonly ('created' | 'exists')[]>;
  deleteTopics(names: readonly string[], signal?: AbortSignal): Promise<void>;
  /** null: there is no such topic. */
  inspectTopic(name: string, signal?: AbortSignal): Promise<TopicDetails | null>;
  /** All ACLs that hold for the topic, prefixed ones and those of `*` among them; null: the cluster has no authorizer, or does not let us ask. */
  topicAcls(name: string, signal?: AbortSignal): Promise<readonly TopicAcl[] | null>;
  /** One that is there already is no failure. Rejects with ConfigError where there is no authorizer, or it does not let us. */
  createTopicAcls(acls: readonly TopicAcl[], signal?: AbortSignal): Promise<void>;
  /** Effective settings of each topic, Kafka's names. */
  describeTopicConfigs(
    names: readonly string[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>>;
  /** Incremental (KIP-339): what is not named stays. null deletes an override. */
  alterTopicConfigs(
    topic: string,
    changes: Readonly<Record<string, string | null>>,
    signal?: AbortSignal,
  ): Promise<void>;
  /** Parallel to `queries`; for a timestamp: the first offset at or after it, or the end. */
  listOffsets(
    queries: readonly (TopicPartition & { readonly at: 'earliest' | 'latest' | number })[],
    signal?: AbortSignal,
  ): Promise<readonly number[]>;
  /** All offsets that a group committed. */
  groupOffsets(groupId: string, signal?: AbortSignal): Promise<readonly TopicPartitionOffset[]>;
  /**
   * Only while the group has no members; otherwise rejects with `holdfast.broker.group.not.empty`. Rejects with
   * `holdfast.broker.topic.unknown` for a partition that does not exist; those of others may have been altered then.
   */
  alterGroupOffsets(groupId: string, offsets: readonly TopicPartitionOffset[], signal?: AbortSignal): Promise<void>;
  /** As {@link alterGroupOffsets}, but what is not there to be deleted is no failure. */
  deleteGroupOffsets(groupId: string, partitions: readonly TopicPartition[], signal?: AbortSignal): Promise<void>;
  deleteGroup(groupId: string, signal?: AbortSignal): Promise<void>;
  describeGroups(groupIds: readonly string[], signal?: AbortSignal): Promise<readonly GroupDescription[]>;
  /** Of all brokers; Kafka's without members too, as long as it knows them. It leaves out, without a word, the groups that we may not describe. */
  listGroups(signal?: AbortSignal): Promise<readonly ListedGroup[]>;
  /** Moves the log's start: records before `offset` are gone. */
  deleteRecords(offsets: readonly TopicPartitionOffset[], signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** The factory of clients for one cluster; what `bootstrap.servers` selects. Made by the composition root, handed to the runtime. */
export interface Broker {
  readonly kind: 'kafka' | 'embedded';
  producer(options: ClientOptions): Producer;
  fetcher(options: ClientOptions): Fetcher;
  logReader(options: ClientOptions): LogReader;
  groupMember(options: GroupMemberOptions): GroupMember;
  /** Throws ConfigError `holdfast.broker.embedded.unsupported` on the embedded broker: it lives in one process. */
  protocolMember(options: ProtocolMemberOptions): ProtocolMember;
  admin(options: ClientOptions): Admin;
  /** Closes what was made and not closed, then the files or connections beneath. */
  close(): Promise<void>;
}
