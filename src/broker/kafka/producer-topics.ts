import type { Logger } from '../../foundation/logger.ts';
import { ConfigError, DataError } from '../../sdk/errors/index.ts';
import { RECORD_INVALID, TOPIC_INVALID } from '../broker-errors.ts';
import { Partitioner } from '../partitioner.ts';
import type { ProducerRecord } from '../ports.ts';
import type { BatchRecord } from '../record-batch/record.ts';
import type { Cluster } from './cluster.ts';
import { errorForCode } from './kafka-errors.ts';
import type { ProducerSettings } from './kafka-settings.ts';
import { MetadataRefresher } from './metadata-refresher.ts';
import { PartitionQueue } from './partition-queue.ts';
import { ErrorCode, errorCodeName } from './protocol/error-code.ts';
import type { MetadataTopic } from './protocol/metadata.ts';
import type { SendCall } from './send-call.ts';

interface PendingRecords {
  readonly call: SendCall;
  readonly indexes: readonly number[];
}

interface TopicState {
  readonly name: string;
  readonly partitioner: Partitioner;
  readonly queues: PartitionQueue[];
  /** In order of sending; they wait until the topic is known. */
  pending: PendingRecords[];
  /** Monotonic ms of the last answer that told its partitions. */
  knownAt: number;
  partitions: number;
  /** Fewer partitions than that, if the cluster says so now, and since when it has (monotonic ms). */
  fewer: { readonly partitions: number; readonly since: number } | null;
}

/** So long a cluster must say that a topic has fewer partitions: a broker behind the times may not know yet that some were added. */
const RECREATED_AFTER_MS = 5_000;

/**
 * Distributes records over the partitions of their topics, and keeps what is known of the topics fresh for as long as somebody waits for
 * it. A topic that does not exist is asked for in a way that creates it where the broker allows that, and waited for where not.
 */
export class ProducerTopics {
  /** Partitions with anything in them. */
  readonly active = new Set<PartitionQueue>();
  private readonly cluster: Cluster;
  private readonly settings: ProducerSettings;
  private readonly logger: Logger;
  private readonly topics = new Map<string, TopicState>();
  private readonly onChange: () => void;
  private readonly refresher: MetadataRefresher;

  constructor(dependencies: {
    readonly cluster: Cluster;
    readonly settings: ProducerSettings;
    readonly logger: Logger;
    /** Something may be sent that could not before. */
    readonly onChange: () => void;
    readonly onFatal: (error: Error) => void;
    readonly closing: AbortSignal;
  }) {
    this.cluster = dependencies.cluster;
    this.settings = dependencies.settings;
    this.logger = dependencies.logger;
    this.onChange = dependencies.onChange;
    this.refresher = new MetadataRefresher({
      cluster: this.cluster,
      isNeeded: () => this.somethingIsMissing(),
      onRefreshed: () => this.update(),
      onFatal: dependencies.onFatal,
      closing: dependencies.closing,
    });
  }

  /** Puts the records that are not `skipped` into the queues of their partitions, or lets them wait for their topics. */
  distribute(call: SendCall, skipped: (index: number) => boolean): void {
    const { records } = call;
    const byTopic = new Map<string, number[]>();
    let topic = '';
    let indexes: number[] = [];
    for (let n = 0; n < records.length; n++) {
      if (skipped(n)) continue;
      const record = records[n] as ProducerRecord;
      if (record.topic !== topic || byTopic.size === 0) {
        topic = record.topic;
        indexes = byTopic.get(topic) ?? [];
        byTopic.set(topic, indexes);
      }
      indexes.push(n);
    }
    for (const [name, wanted] of byTopic) {
      const state = this.state(name);
      state.pending.push({ call, indexes: wanted });
      if (state.partitions > 0) this.assign(state);
      if (state.pending.length > 0) this.refresh();
    }
  }

  /** The cluster told us that what we know is out of date. */
  refresh(): void {
    this.refresher.request();
  }

  /** Calls each call that waits for its topic, in order of sending. */
  forEachPending(visit: (call: SendCall) => void): void {
    for (const state of this.topics.values()) for (const { call } of [...state.pending]) visit(call);
  }

  /** Lets go of calls that were given up while they waited for their topics. */
  dropSettled(): void {
    for (const state of this.topics.values()) {
      if (state.pending.length === 0) continue;
      state.pending = state.pending.filter(({ call }) => !call.isSettled);
      if (state.pending.length === 0) this.cluster.availability.worked(`topic ${state.name}`);
    }
  }

  private state(name: string): TopicState {
    let state = this.topics.get(name);
    if (state === undefined) {
      const partitioner = new Partitioner({ stickyBytes: Math.max(1, this.settings.batchBytes) });
      const knownAt = Number.NEGATIVE_INFINITY;
      state = { name, partitioner, queues: [], pending: [], knownAt, partitions: 0, fewer: null };
      this.topics.set(name, state);
      this.cluster.metadata.watch([name]);
    }
    return state;
  }

  private assign(state: TopicState): void {
    const now = this.cluster.clock.now();
    const { pending } = state;
    const later: PendingRecords[] = [];
    // A call that a rejection settles makes room for others, which come here: not before these are where they belong.
    const bad: { readonly call: SendCall; readonly index: number; readonly partition: number }[] = [];
    for (const { call, indexes } of pending) {
      if (call.isSettled) continue;
      const unknown: number[] = [];
      for (const index of indexes) {
        const record = call.records[index] as ProducerRecord;
        const bytes = call.sizes[index] as number;
        const partition = record.partition ?? state.partitioner.partition(record.key, bytes, state.partitions);
        if (partition < 0 || partition >= state.partitions) {
          // Partitions may have been added since we asked.
          if (partition >= 0 && state.knownAt <= call.takenAt) unknown.push(index);
          else bad.push({ call, index, partition });
          continue;
        }
        call.partitions[index] = partition;
        const queue = this.queue(state, partition);
        const timed = record.timestamp === -1 ? stamped(record, now) : record;
        queue.add(call, index, timed, bytes);
        this.active.add(queue);
      }
      if (unknown.length > 0) later.push({ call, indexes: unknown });
    }
    state.pending = later;
    const { name, partitions } = state;
    for (const { call, index, partition } of bad) {
      const reason = `Topic '${name}' has ${partitions} partitions, and the record asks for partition ${partition}.`;
      call.partitions[index] = -1;
      call.reject(index, new DataError(reason, { code: RECORD_INVALID }));
    }
  }

  /** Takes in how many partitions the cluster says that there are. */
  private count(state: TopicState, partitions: number): void {
    const now = this.cluster.clock.monotonic();
    state.knownAt = now;
    if (partitions >= state.partitions) {
      state.partitions = partitions;
      state.fewer = null;
    } else if (state.fewer?.partitions !== partitions) state.fewer = { partitions, since: now };
    else if (now - state.fewer.since >= RECREATED_AFTER_MS) this.recreated(state, partitions);
  }

  /**
   * Partitions never go away but with their topic: it was deleted, and made anew with fewer. What waits for those that are gone is
   * distributed again, in order; whether any of it was appended does not matter, as it is gone with them.
   */
  private recreated(state: TopicState, partitions: number): void {
    const gone = state.queues.slice(partitions).filter((queue) => queue !== undefined);
    // Asked again until the last request has come back.
    if (gone.some((queue) => queue.hasInFlight)) return;
    const { name: topic, partitions: before } = state;
    this.logger.warn('A topic was deleted and created anew with fewer partitions.', { topic, before, partitions });
    state.partitions = partitions;
    state.fewer = null;
    const again: { readonly call: SendCall; readonly indexes: number[] }[] = [];
    for (const queue of gone) {
      queue.withdraw((call, index) => {
        const last = again.at(-1);
        if (last?.call === call) last.indexes.push(index);
        else again.push({ call, indexes: [index] });
      });
      this.active.delete(queue);
      this.cluster.availability.worked(queue.key);
      this.cluster.availability.worked(`leader ${queue.key}`);
    }
    state.pending = [...again, ...state.pending];
  }

  private queue(state: TopicState, partition: number): PartitionQueue {
    let queue = state.queues[partition];
    if (queue === undefined) {
      queue = new PartitionQueue({ topic: state.name, partition, compression: this.settings.compression });
      state.queues[partition] = queue;
    }
    return queue;
  }

  private somethingIsMissing(): boolean {
    for (const { pending, fewer } of this.topics.values()) if (pending.length > 0 || fewer !== null) return true;
    for (const { topic, partition } of this.active) if (this.cluster.metadata.leader(topic, partition) < 0) return true;
    return false;
  }

  private update(): void {
    const { metadata, availability } = this.cluster;
    for (const state of this.topics.values()) {
      const topic = metadata.topic(state.name);
      if (topic === undefined) continue;
      const key = `topic ${state.name}`;
      if (topic.errorCode === ErrorCode.NONE && topic.partitions.length > 0) {
        availability.worked(key);
        this.count(state, (topic.partitions.at(-1)?.partition ?? -1) + 1);
        if (state.pending.length > 0) this.assign(state);
      } else if (state.pending.length > 0) this.missing(state, topic, key);
    }
    for (const { key, topic, partition } of this.active) {
      if (metadata.leader(topic, partition) < 0)
        availability.failed(`leader ${key}`, `No broker leads ${key} at present.`);
      else availability.worked(`leader ${key}`);
    }
    this.onChange();
  }

  private missing(state: TopicState, topic: MetadataTopic, key: string): void {
    const { availability } = this.cluster;
    if (topic.errorCode === ErrorCode.INVALID_TOPIC_EXCEPTION) {
      const message = `'${state.name}' is no name that a topic can have (1 to 249 letters, digits, '.', '_' and '-').`;
      for (const { call, indexes } of this.give(state)) {
        for (const index of indexes) call.reject(index, new DataError(message, { code: TOPIC_INVALID }));
      }
      return;
    }
    const error = errorForCode(topic.errorCode, `find topic '${state.name}'`);
    if (error instanceof ConfigError) {
      for (const { call } of this.give(state)) call.fail(error);
      return;
    }
    const reason =
      topic.errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        ? `Topic '${state.name}' does not exist, and the broker does not create it (auto.create.topics.enable). Create it.`
        : `Topic '${state.name}' is not ready (${errorCodeName(topic.errorCode)}).`;
    this.logger.debug('Waiting for a topic', { topic: state.name, reason });
    availability.failed(key, reason);
  }

  /** What waits for a topic that will never come; the topic is forgotten. */
  private give(state: TopicState): PendingRecords[] {
    this.topics.delete(state.name);
    this.cluster.metadata.unwatch(state.name);
    this.cluster.availability.worked(`topic ${state.name}`);
    return state.pending;
  }
}

function stamped({ key, value, headers }: ProducerRecord, timestamp: number): BatchRecord {
  return { key, value, headers, timestamp };
}
