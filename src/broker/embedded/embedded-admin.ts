import { ConfigError, IllegalStateError, NotFoundError } from '../../sdk/errors/index.ts';
import { TOPIC_INVALID, TOPIC_UNKNOWN } from '../broker-errors.ts';
import type {
  Admin,
  GroupDescription,
  ListedGroup,
  NewTopic,
  TopicDescription,
  TopicPartition,
  TopicPartitionOffset,
} from '../ports.ts';
import type { TopicAcl, TopicDetails } from '../topic-details.ts';
import type { GroupCoordinator } from './group-coordinator.ts';
import { deleteRecordsBefore } from './log-retention.ts';
import type { PartitionLog } from './partition-log.ts';
import { findOffsetByTime } from './time-lookup.ts';
import { effectiveConfigs } from './topic-config.ts';
import type { TopicStore } from './topic-store.ts';

/** The one node there is. */
const NODE_ID = 0;

export interface EmbeddedAdminInput {
  readonly clusterId: string;
  readonly topics: TopicStore;
  readonly coordinator: GroupCoordinator;
  readonly onClose: (admin: EmbeddedAdmin) => void;
}

/** See {@link Admin}. */
export class EmbeddedAdmin implements Admin {
  private readonly input: EmbeddedAdminInput;
  private closed = false;

  constructor(input: EmbeddedAdminInput) {
    this.input = input;
  }

  async describeCluster(
    signal?: AbortSignal,
  ): Promise<{ readonly clusterId: string | null; readonly brokers: number }> {
    this.check(signal);
    return { clusterId: this.input.clusterId, brokers: 1 };
  }

  async listTopics(signal?: AbortSignal): Promise<readonly string[]> {
    this.check(signal);
    return this.input.topics
      .all()
      .filter((topic) => !topic.internal)
      .map((topic) => topic.name);
  }

  async describeTopics(names: readonly string[], signal?: AbortSignal): Promise<readonly TopicDescription[]> {
    this.check(signal);
    return names.flatMap((name) => {
      const topic = this.input.topics.get(name);
      if (topic === undefined) return [];
      return [{ name, partitions: topic.logs.map(({ partition }) => ({ partition, leader: NODE_ID })) }];
    });
  }

  async createTopics(topics: readonly NewTopic[], signal?: AbortSignal): Promise<readonly ('created' | 'exists')[]> {
    const outcomes: ('created' | 'exists')[] = [];
    for (const topic of topics) {
      this.check(signal);
      if (topic.replicationFactor !== -1 && topic.replicationFactor !== 1) {
        throw new ConfigError(
          `Topic '${topic.name}' can't have ${topic.replicationFactor} replicas: the embedded broker is one node. Use 1, or -1 for its default.`,
          { code: TOPIC_INVALID },
        );
      }
      outcomes.push(
        await this.input.topics.create({
          name: topic.name,
          partitions: topic.partitions,
          configs: topic.configs ?? {},
        }),
      );
    }
    return outcomes;
  }

  async deleteTopics(names: readonly string[], signal?: AbortSignal): Promise<void> {
    for (const name of names) {
      this.check(signal);
      if (this.input.topics.get(name)?.internal === true) {
        throw new ConfigError(`Topic '${name}' is the embedded broker's own and can't be deleted.`, {
          code: TOPIC_INVALID,
        });
      }
      await this.input.topics.delete(name);
      await this.input.coordinator.offsets.removeTopic(name);
    }
  }

  async inspectTopic(name: string, signal?: AbortSignal): Promise<TopicDetails | null> {
    this.check(signal);
    const topic = this.input.topics.get(name);
    if (topic === undefined) return null;
    const { id, logs, configs } = topic;
    const effective = Object.fromEntries(effectiveConfigs(configs));
    return { name, id, partitions: logs.length, replicationFactor: 1, overrides: { ...configs }, effective };
  }

  async topicAcls(_name: string, signal?: AbortSignal): Promise<readonly TopicAcl[] | null> {
    this.check(signal);
    return null;
  }

  async createTopicAcls(acls: readonly TopicAcl[], signal?: AbortSignal): Promise<void> {
    this.check(signal);
    const [first] = acls;
    if (first === undefined) return;
    throw new ConfigError(
      `Topic '${first.resource}' can't have ACLs: the embedded broker has no users. Who may open its folder may do all.`,
      { code: TOPIC_INVALID },
    );
  }

  async describeTopicConfigs(
    names: readonly string[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
    this.check(signal);
    const described = new Map<string, ReadonlyMap<string, string>>();
    for (const name of names) {
      const topic = this.input.topics.get(name);
      if (topic === undefined) throw unknownTopic(name);
      described.set(name, effectiveConfigs(topic.configs));
    }
    return described;
  }

  async alterTopicConfigs(
    topic: string,
    changes: Readonly<Record<string, string | null>>,
    signal?: AbortSignal,
  ): Promise<void> {
    this.check(signal);
    await this.input.topics.alterConfigs(topic, changes);
  }

  async listOffsets(
    queries: readonly (TopicPartition & { readonly at: 'earliest' | 'latest' | number })[],
    signal?: AbortSignal,
  ): Promise<readonly number[]> {
    this.check(signal);
    const offsets: number[] = [];
    for (const query of queries) {
      const log = this.log(query);
      if (query.at === 'earliest') offsets.push(log.startOffset);
      else if (query.at === 'latest') offsets.push(log.endOffset);
      else offsets.push(await findOffsetByTime(log, query.at));
    }
    return offsets;
  }

  async groupOffsets(groupId: string, signal?: AbortSignal): Promise<readonly TopicPartitionOffset[]> {
    this.check(signal);
    return this.input.coordinator.offsets.offsetsOf(groupId);
  }

  async alterGroupOffsets(
    groupId: string,
    offsets: readonly TopicPartitionOffset[],
    signal?: AbortSignal,
  ): Promise<void> {
    this.check(signal);
    await this.input.coordinator.alterOffsets(groupId, offsets, signal);
  }

  async deleteGroupOffsets(
    groupId: string,
    partitions: readonly TopicPartition[],
    signal?: AbortSignal,
  ): Promise<void> {
    this.check(signal);
    await this.input.coordinator.deleteOffsets(groupId, partitions, signal);
  }

  async deleteGroup(groupId: string, signal?: AbortSignal): Promise<void> {
    this.check(signal);
    await this.input.coordinator.deleteGroup(groupId, signal);
  }

  async describeGroups(groupIds: readonly string[], signal?: AbortSignal): Promise<readonly GroupDescription[]> {
    this.check(signal);
    return groupIds.map((groupId) => this.input.coordinator.describe(groupId));
  }

  async listGroups(signal?: AbortSignal): Promise<readonly ListedGroup[]> {
    this.check(signal);
    return this.input.coordinator.list();
  }

  async deleteRecords(offsets: readonly TopicPartitionOffset[], signal?: AbortSignal): Promise<void> {
    for (const place of offsets) {
      this.check(signal);
      await deleteRecordsBefore(this.log(place), place.offset);
    }
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.input.onClose(this);
  }

  private log({ topic, partition }: TopicPartition): PartitionLog {
    const log = this.input.topics.log(topic, partition);
    if (log !== undefined) return log;
    if (this.input.topics.get(topic) === undefined) throw unknownTopic(topic);
    throw new NotFoundError(`Topic '${topic}' has no partition ${partition}.`, { code: TOPIC_UNKNOWN });
  }

  private check(signal: AbortSignal | undefined): void {
    signal?.throwIfAborted();
    if (this.closed) throw new IllegalStateError('The admin client is closed.');
  }
}

function unknownTopic(name: string): NotFoundError {
  return new NotFoundError(`Topic '${name}' does not exist in the embedded broker.`, { code: TOPIC_UNKNOWN });
}
