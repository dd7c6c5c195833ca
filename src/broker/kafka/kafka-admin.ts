import { NotFoundError } from '../../sdk/errors/index.ts';
import { TOPIC_UNKNOWN } from '../broker-errors.ts';
import type { ClientFigures } from '../client-figures.ts';
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
import { absent, gone, groupsOf, hasMembers, notEmpty, topicFailure } from './admin-failures.ts';
import type { Cluster, RequestTarget } from './cluster.ts';
import { errorForCode, unavailable } from './kafka-errors.ts';
import type { Api } from './protocol/api.ts';
import { byTopic } from './protocol/by-topic.ts';
import { ErrorCode } from './protocol/error-code.ts';
import { EARLIEST_TIMESTAMP, LATEST_TIMESTAMP, listOffsets } from './protocol/fetch.ts';
import { offsetCommit, offsetFetch } from './protocol/group.ts';
import { deleteGroups, describeGroups, listGroups, offsetDelete } from './protocol/group-admin.ts';
import { type MetadataResponse, type MetadataTopic, metadata } from './protocol/metadata.ts';
import {
  createTopics,
  deleteRecords,
  deleteTopics,
  describeConfigs,
  incrementalAlterConfigs,
} from './protocol/topic-admin.ts';
import { createTopicAcls, inspectTopic, topicAcls } from './topic-inspection.ts';

const groupStates = new Set<string>(['Stable', 'PreparingRebalance', 'CompletingRebalance', 'Empty', 'Dead']);

/** The Admin port over a real cluster. What time may mend is repeated until the caller's signal aborts. */
export class KafkaAdmin implements Admin {
  private readonly cluster: Cluster;
  private readonly onClose: () => void;

  constructor(dependencies: { readonly cluster: Cluster; readonly onClose: () => void }) {
    this.cluster = dependencies.cluster;
    this.onClose = dependencies.onClose;
  }

  figures(): ClientFigures {
    const { startedAt, settings } = this.cluster;
    const groups = this.cluster.figures('admin-client');
    return { kind: 'admin', clientId: settings.connection.clientId, startedAt, groups };
  }

  async describeCluster(signal?: AbortSignal) {
    const { clusterId, brokers } = await this.metadata([], signal);
    return { clusterId, brokers: brokers.length };
  }

  async listTopics(signal?: AbortSignal): Promise<readonly string[]> {
    const { topics } = await this.metadata(null, signal);
    return topics.filter(({ internal }) => !internal).map(({ name }) => name);
  }

  async describeTopics(names: readonly string[], signal?: AbortSignal): Promise<readonly TopicDescription[]> {
    if (names.length === 0) return [];
    const topics = await this.cluster.retrying(async () => {
      const answer = await this.cluster.request('any', metadata, { topics: names, allowAutoCreation: false });
      for (const { name, errorCode } of answer.topics) {
        if (errorCode !== ErrorCode.NONE && !absent.has(errorCode))
          throw errorForCode(errorCode, `describe topic '${name}'`);
      }
      return answer.topics.filter(({ errorCode }) => errorCode === ErrorCode.NONE);
    }, signal);
    const byName = new Map<string, MetadataTopic>(topics.map((topic) => [topic.name, topic]));
    const found: TopicDescription[] = [];
    for (const name of new Set(names)) {
      const topic = byName.get(name);
      if (topic !== undefined) {
        found.push({ name, partitions: topic.partitions.map(({ partition, leader }) => ({ partition, leader })) });
      }
    }
    return found;
  }

  async createTopics(topics: readonly NewTopic[], signal?: AbortSignal): Promise<readonly ('created' | 'exists')[]> {
    const outcomes = new Map<string, 'created' | 'exists'>();
    if (topics.length === 0) return [];
    await this.cluster.retrying(async () => {
      const missing = topics.filter(({ name }) => !outcomes.has(name));
      const answer = await this.onController(createTopics, {
        timeoutMs: this.cluster.settings.requestTimeoutMs,
        topics: missing.map((topic) => ({
          name: topic.name,
          partitions: topic.partitions,
          replicationFactor: topic.replicationFactor,
          configs: Object.entries(topic.configs ?? {}),
        })),
      });
      let failure: Error | undefined;
      for (const { name, errorCode, errorMessage } of answer) {
        if (errorCode === ErrorCode.NONE) outcomes.set(name, 'created');
        else if (errorCode === ErrorCode.TOPIC_ALREADY_EXISTS) outcomes.set(name, 'exists');
        else failure ??= topicFailure(errorCode, `create topic '${name}'`, errorMessage);
      }
      if (failure !== undefined) throw failure;
    }, signal);
    return topics.map(({ name }) => outcomes.get(name) ?? 'exists');
  }

  async deleteTopics(names: readonly string[], signal?: AbortSignal): Promise<void> {
    const pending = new Set(names);
    if (pending.size === 0) return;
    let repeated = false;
    await this.cluster.retrying(async () => {
      const answer = await this.onController(deleteTopics, {
        timeoutMs: this.cluster.settings.requestTimeoutMs,
        names: [...pending],
      }).catch((error: unknown) => {
        repeated = true;
        throw error;
      });
      let failure: Error | undefined;
      for (const { name, errorCode } of answer) {
        // An attempt whose answer was lost may have deleted it.
        if (errorCode === ErrorCode.NONE || (repeated && errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)) {
          pending.delete(name);
        } else failure ??= topicFailure(errorCode, `delete topic '${name}'`);
      }
      if (failure !== undefined) throw failure;
    }, signal);
  }

  inspectTopic(name: string, signal?: AbortSignal): Promise<TopicDetails | null> {
    return inspectTopic(this.cluster, name, signal);
  }

  topicAcls(name: string, signal?: AbortSignal): Promise<readonly TopicAcl[] | null> {
    return topicAcls(this.cluster, name, signal);
  }

  createTopicAcls(acls: readonly TopicAcl[], signal?: AbortSignal): Promise<void> {
    return createTopicAcls(this.cluster, acls, signal);
  }

  async describeTopicConfigs(names: readonly string[], signal?: AbortSignal) {
    const found = new Map<string, ReadonlyMap<string, string>>();
    if (names.length === 0) return found;
    const answer = await this.cluster.retrying(async () => {
      const topics = await this.cluster.request('any', describeConfigs, { topics: names });
      for (const { name, errorCode, errorMessage } of topics) {
        if (errorCode !== ErrorCode.NONE)
          throw topicFailure(errorCode, `describe the settings of topic '${name}'`, errorMessage);
      }
      return topics;
    }, signal);
    for (const { name, configs } of answer) {
      found.set(
        name,
        new Map(configs.flatMap(({ name: key, value }) => (value === null ? [] : [[key, value] as const]))),
      );
    }
    return found;
  }

  async alterTopicConfigs(
    topic: string,
    changes: Readonly<Record<string, string | null>>,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.cluster.retrying(async () => {
      const answer = await this.onController(incrementalAlterConfigs, { topic, changes: Object.entries(changes) });
      for (const { errorCode, errorMessage } of answer) {
        if (errorCode !== ErrorCode.NONE)
          throw topicFailure(errorCode, `change the settings of topic '${topic}'`, errorMessage);
      }
    }, signal);
  }

  async listOffsets(
    queries: readonly (TopicPartition & { readonly at: 'earliest' | 'latest' | number })[],
    signal?: AbortSignal,
  ): Promise<readonly number[]> {
    const wanted = queries.map((query) => ({ ...query, timestamp: timestampOf(query.at) }));
    const offsets = await this.onLeaders(wanted, signal, async (node, part) => {
      const found = await this.cluster.request(node, listOffsets, {
        readCommitted: false,
        topics: byTopic(part, ({ partition, timestamp }) => ({ partition, timestamp })),
      });
      return found.map(({ topic, partition, errorCode, offset }) => ({ topic, partition, errorCode, offset }));
    });
    const afterEnd = offsets.flatMap((offset, n) => {
      const query = queries[n];
      return offset >= 0 || query === undefined ? [] : [{ ...query, at: 'latest' as const }];
    });
    if (afterEnd.length === 0) return offsets;
    const ends = [...(await this.listOffsets(afterEnd, signal))];
    return offsets.map((offset) => (offset >= 0 ? offset : (ends.shift() ?? -1)));
  }

  async groupOffsets(groupId: string, signal?: AbortSignal): Promise<readonly TopicPartitionOffset[]> {
    const offsets = await this.cluster.retrying(async () => {
      const answer = await this.cluster.request(await this.cluster.coordinator(groupId), offsetFetch, {
        groupId,
        topics: null,
      });
      const failed = [answer, ...answer.offsets].find(({ errorCode }) => errorCode !== ErrorCode.NONE);
      if (failed !== undefined) throw errorForCode(failed.errorCode, `read the offsets of group '${groupId}'`);
      return answer.offsets;
    }, signal);
    return offsets
      .filter(({ offset }) => offset >= 0)
      .map(({ topic, partition, offset }) => ({ topic, partition, offset }));
  }

  async alterGroupOffsets(
    groupId: string,
    offsets: readonly TopicPartitionOffset[],
    signal?: AbortSignal,
  ): Promise<void> {
    if (offsets.length === 0) return;
    await this.cluster.retrying(async () => {
      const outcomes = await this.cluster.request(await this.cluster.coordinator(groupId), offsetCommit, {
        groupId,
        generationId: -1,
        memberId: '',
        groupInstanceId: null,
        topics: byTopic(offsets, ({ partition, offset }) => ({ partition, offset })),
      });
      for (const { topic, partition, errorCode } of outcomes) {
        if (errorCode === ErrorCode.NONE) continue;
        const what = `set the offset of group '${groupId}' for ${topic}-${partition}`;
        throw hasMembers.has(errorCode) ? notEmpty(groupId) : topicFailure(errorCode, what);
      }
    }, signal);
  }

  async deleteGroupOffsets(
    groupId: string,
    partitions: readonly TopicPartition[],
    signal?: AbortSignal,
  ): Promise<void> {
    if (partitions.length === 0) return;
    await this.cluster.retrying(async () => {
      const answer = await this.cluster.request(await this.cluster.coordinator(groupId), offsetDelete, {
        groupId,
        topics: byTopic(partitions, ({ partition }) => partition),
      });
      for (const { errorCode } of [answer, ...answer.outcomes]) {
        if (errorCode === ErrorCode.NONE || gone.has(errorCode)) continue;
        throw hasMembers.has(errorCode)
          ? notEmpty(groupId)
          : errorForCode(errorCode, `delete offsets of group '${groupId}'`);
      }
    }, signal);
  }

  async deleteGroup(groupId: string, signal?: AbortSignal): Promise<void> {
    await this.cluster.retrying(async () => {
      const answer = await this.cluster.request(await this.cluster.coordinator(groupId), deleteGroups, {
        groupIds: [groupId],
      });
      for (const { errorCode } of answer) {
        if (errorCode === ErrorCode.NONE || gone.has(errorCode)) continue;
        throw hasMembers.has(errorCode) ? notEmpty(groupId) : errorForCode(errorCode, `delete group '${groupId}'`);
      }
    }, signal);
  }

  async describeGroups(groupIds: readonly string[], signal?: AbortSignal): Promise<readonly GroupDescription[]> {
    return Promise.all(
      groupIds.map((groupId) =>
        this.cluster.retrying(async () => {
          const node = await this.cluster.coordinator(groupId);
          const [group] = await this.cluster.request(node, describeGroups, { groupIds: [groupId] });
          if (group === undefined) throw unavailable(`Kafka did not describe group '${groupId}'.`);
          if (group.errorCode !== ErrorCode.NONE && !gone.has(group.errorCode)) {
            throw errorForCode(group.errorCode, `describe group '${groupId}'`);
          }
          const { errorCode, ...description } = group;
          const state = groupStates.has(group.state) ? (group.state as GroupDescription['state']) : 'Unknown';
          return { ...description, groupId, state: gone.has(errorCode) ? 'Dead' : state };
        }, signal),
      ),
    );
  }

  async listGroups(signal?: AbortSignal): Promise<readonly ListedGroup[]> {
    return this.cluster.retrying(async () => {
      await this.cluster.metadata.refresh();
      const nodes = [...this.cluster.metadata.brokers.keys()];
      return (await Promise.all(nodes.map((node) => this.cluster.request(node, listGroups, {})))).flatMap(groupsOf);
    }, signal);
  }

  async deleteRecords(offsets: readonly TopicPartitionOffset[], signal?: AbortSignal): Promise<void> {
    await this.onLeaders(offsets, signal, async (node, part) => {
      const outcomes = await this.cluster.request(node, deleteRecords, {
        timeoutMs: this.cluster.settings.requestTimeoutMs,
        topics: byTopic(part, ({ partition, offset }) => ({ partition, offset })),
      });
      return outcomes.map((outcome) => ({ ...outcome, offset: 0 }));
    });
  }

  async close(): Promise<void> {
    this.cluster.close();
    this.onClose();
  }

  private metadata(topics: readonly string[] | null, signal: AbortSignal | undefined): Promise<MetadataResponse> {
    return this.cluster.retrying(
      () => this.cluster.request('any', metadata, { topics, allowAutoCreation: false }),
      signal,
    );
  }

  /** Brokers of KRaft hand on what is the controller's; older ones name the controller. */
  private async onController<Request, Response>(api: Api<Request, Response>, request: Request): Promise<Response> {
    await this.cluster.metadata.refresh();
    const { controllerId, brokers } = this.cluster.metadata;
    const target: RequestTarget = brokers.has(controllerId) ? controllerId : 'any';
    return this.cluster.request(target, api, request, { timeoutMs: this.cluster.settings.requestTimeoutMs + 1_000 });
  }

  /** Asks the leader of each partition, and again for those that it turned out not to lead. Parallel to `items`. */
  private async onLeaders<T extends TopicPartition>(
    items: readonly T[],
    signal: AbortSignal | undefined,
    ask: (
      node: number,
      part: readonly T[],
    ) => Promise<readonly (TopicPartition & { readonly errorCode: number; readonly offset: number })[]>,
  ): Promise<number[]> {
    const results = new Array<number>(items.length).fill(-1);
    const open = new Set(items.keys());
    const { metadata: known } = this.cluster;
    known.watch(items.map(({ topic }) => topic));
    await this.cluster.retrying(async () => {
      await known.refresh();
      const byLeader = new Map<number, number[]>();
      for (const n of open) {
        const item = items[n] as T;
        const node = this.leaderOf(item);
        const indexes = byLeader.get(node);
        if (indexes === undefined) byLeader.set(node, [n]);
        else indexes.push(n);
      }
      for (const [node, indexes] of byLeader) {
        // The same partition may be asked for twice, and a request names it once only.
        for (const round of distinctRounds(indexes, (n) => keyOf(items[n] as T))) {
          const answers = await ask(
            node,
            round.map((n) => items[n] as T),
          );
          for (const { topic, partition, errorCode, offset } of answers) {
            if (errorCode !== ErrorCode.NONE) throw topicFailure(errorCode, `answer for ${topic}-${partition}`);
            const n = round.find((index) => keyOf(items[index] as T) === keyOf({ topic, partition }));
            if (n === undefined) continue;
            results[n] = offset;
            open.delete(n);
          }
        }
      }
    }, signal);
    return results;
  }

  private leaderOf({ topic, partition }: TopicPartition): number {
    const described = this.cluster.metadata.topic(topic);
    const code = described?.errorCode ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    if (code !== ErrorCode.NONE) throw topicFailure(code, `find topic '${topic}'`);
    if (described?.partitions.some((candidate) => candidate.partition === partition) !== true) {
      throw new NotFoundError(`Topic '${topic}' has no partition ${partition}.`, { code: TOPIC_UNKNOWN });
    }
    const leader = this.cluster.metadata.leader(topic, partition);
    if (leader < 0) throw unavailable(`No broker leads ${topic}-${partition} at present.`);
    return leader;
  }
}

function timestampOf(at: 'earliest' | 'latest' | number): number {
  if (at === 'earliest') return EARLIEST_TIMESTAMP;
  return at === 'latest' ? LATEST_TIMESTAMP : at;
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

function distinctRounds(indexes: readonly number[], keyAt: (index: number) => string): number[][] {
  const rounds: { keys: Set<string>; indexes: number[] }[] = [];
  for (const index of indexes) {
    const key = keyAt(index);
    let round = rounds.find(({ keys }) => !keys.has(key));
    if (round === undefined) {
      round = { keys: new Set(), indexes: [] };
      rounds.push(round);
    }
    round.keys.add(key);
    round.indexes.push(index);
  }
  return rounds.map((round) => round.indexes);
}
