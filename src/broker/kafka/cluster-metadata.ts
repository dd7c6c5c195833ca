import type { Clock, Timer } from '../../foundation/clock.ts';
import type { BrokerAddress } from './broker-address.ts';
import type { Api } from './protocol/api.ts';
import { type MetadataResponse, type MetadataTopic, metadata } from './protocol/metadata.ts';

type MetadataRequest = Parameters<typeof metadata.encode>[1];

/** What the cluster said of its brokers and of the topics that are watched, refreshed when it is found stale and by age. */
export class ClusterMetadata {
  /** By node id. */
  readonly brokers = new Map<number, BrokerAddress>();
  controllerId = -1;
  clusterId: string | null = null;
  /** Monotonic ms of the last answer; NaN before the first. */
  loadedAt = Number.NaN;
  private readonly ask: (
    api: Api<MetadataRequest, MetadataResponse>,
    request: MetadataRequest,
  ) => Promise<MetadataResponse>;
  private readonly clock: Clock;
  private readonly maxAgeMs: number;
  private readonly autoCreateTopics: boolean;
  private readonly topics = new Map<string, MetadataTopic>();
  private readonly watched = new Set<string>();
  private watchesAll = false;
  private refreshing: Promise<void> | null = null;
  private changedDuringRefresh = false;
  private timer: Timer | null = null;
  private closed = false;

  constructor(dependencies: {
    readonly ask: (api: Api<MetadataRequest, MetadataResponse>, request: MetadataRequest) => Promise<MetadataResponse>;
    readonly clock: Clock;
    readonly maxAgeMs: number;
    readonly autoCreateTopics: boolean;
  }) {
    this.ask = dependencies.ask;
    this.clock = dependencies.clock;
    this.maxAgeMs = dependencies.maxAgeMs;
    this.autoCreateTopics = dependencies.autoCreateTopics;
  }

  /** Calls `refreshed` every `metadata.max.age.ms`; what it does is up to it. */
  refreshByAge(refresh: () => void): void {
    this.timer?.cancel();
    if (this.closed) return;
    this.timer = this.clock.setTimer(
      () => {
        refresh();
        this.refreshByAge(refresh);
      },
      this.maxAgeMs,
      { unref: true },
    );
  }

  /** Topics that the next refresh asks for. */
  watch(topics: Iterable<string>): void {
    for (const topic of topics) {
      if (this.watched.has(topic)) continue;
      this.watched.add(topic);
      this.changedDuringRefresh = true;
    }
  }

  unwatch(topic: string): void {
    this.watched.delete(topic);
    this.topics.delete(topic);
  }

  /** Asks for every topic from now on, and creates none. */
  watchAll(): void {
    this.watchesAll = true;
  }

  /** The topic as last told, with its error code; undefined before it was. */
  topic(name: string): MetadataTopic | undefined {
    return this.topics.get(name);
  }

  topicNames(): Iterable<string> {
    return this.topics.keys();
  }

  /** Node id of the leader; -1 when there is none or it is not known. */
  leader(topic: string, partition: number): number {
    const partitions = this.topics.get(topic)?.partitions;
    // Partitions are numbered without gaps, but an answer may leave out some.
    const found = partitions?.[partition];
    if (found?.partition === partition) return found.leader;
    return partitions?.find((candidate) => candidate.partition === partition)?.leader ?? -1;
  }

  /** One attempt, shared by all who ask while it runs. Rejects as a request does. */
  async refresh(): Promise<void> {
    if (this.refreshing !== null) {
      await this.refreshing;
      if (!this.changedDuringRefresh) return;
      return this.refresh();
    }
    this.changedDuringRefresh = false;
    this.refreshing = this.load().finally(() => {
      this.refreshing = null;
    });
    await this.refreshing;
  }

  close(): void {
    this.closed = true;
    this.timer?.cancel();
  }

  private async load(): Promise<void> {
    const topics = this.watchesAll ? null : [...this.watched];
    const answer = await this.ask(metadata, { topics, allowAutoCreation: this.autoCreateTopics && !this.watchesAll });
    this.loadedAt = this.clock.monotonic();
    if (answer.brokers.length > 0) {
      this.brokers.clear();
      for (const { nodeId, host, port } of answer.brokers) this.brokers.set(nodeId, { host, port });
    }
    this.controllerId = answer.controllerId;
    this.clusterId = answer.clusterId;
    if (this.watchesAll) this.topics.clear();
    for (const topic of answer.topics) this.topics.set(topic.name, topic);
  }
}
