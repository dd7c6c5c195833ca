import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import { ConfigError, NotFoundError } from '../../sdk/errors/index.ts';
import { rangeAssignor } from '../assignors.ts';
import { GROUP_NOT_EMPTY, TOPIC_UNKNOWN } from '../broker-errors.ts';
import { encodeAssignment, encodeSubscription } from '../consumer-protocol.ts';
import type { GroupDescription, ListedGroup, TopicPartition, TopicPartitionOffset } from '../ports.ts';
import type { EmbeddedGroupMember } from './embedded-group-member.ts';
import type { OffsetStore } from './offset-store.ts';
import type { TopicStore } from './topic-store.ts';

const NO_BYTES = new Uint8Array(0);

interface Group {
  readonly id: string;
  readonly members: Set<EmbeddedGroupMember>;
  state: GroupDescription['state'];
  generation: number;
  rebalancing: boolean;
  again: boolean;
}

export interface GroupCoordinatorInput {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly topics: TopicStore;
  readonly offsets: OffsetStore;
}

/**
 * Consumer groups within this process: Kafka's eager protocol without the network. A rebalance asks every member to let go, and
 * waits for each up to its rebalance timeout; who is later than that has lost its partitions and joins anew. Then a new
 * generation begins, in which partitions are assigned by range.
 */
export class GroupCoordinator {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly topics: TopicStore;
  readonly offsets: OffsetStore;
  private readonly groups = new Map<string, Group>();
  private readonly stopTopics: () => void;

  constructor(input: GroupCoordinatorInput) {
    this.clock = input.clock;
    this.logger = input.logger;
    this.topics = input.topics;
    this.offsets = input.offsets;
    this.stopTopics = input.topics.onChange(() => {
      for (const group of this.groups.values()) if (this.isOutdated(group)) this.rebalance(group);
    });
  }

  /** Takes a member in, and begins a rebalance. */
  join(member: EmbeddedGroupMember): void {
    const group = this.groupOf(member.groupId);
    if (member.instanceId !== null) {
      for (const other of group.members) {
        if (other === member || other.instanceId !== member.instanceId) continue;
        group.members.delete(other);
        other.fence();
      }
    }
    group.members.add(member);
    this.rebalance(group);
  }

  /** A member that has let go, or lost, what it held. */
  leave(member: EmbeddedGroupMember): void {
    const group = this.groups.get(member.groupId);
    if (group?.members.delete(member) !== true) return;
    if (group.members.size > 0 || group.rebalancing) this.rebalance(group);
    else this.groups.delete(group.id);
  }

  /** Those with members. */
  list(): readonly ListedGroup[] {
    return [...this.groups.keys()].map((groupId) => ({ groupId, protocolType: 'consumer' }));
  }

  describe(groupId: string): GroupDescription {
    const group = this.groups.get(groupId);
    const members = [...(group?.members ?? [])];
    if (group === undefined || members.length === 0) {
      const state = this.offsets.has(groupId) ? 'Empty' : 'Dead';
      return { groupId, state, protocolType: state === 'Empty' ? 'consumer' : '', protocol: '', members: [] };
    }
    const stable = group.state === 'Stable';
    return {
      groupId,
      state: group.state,
      protocolType: 'consumer',
      protocol: stable ? 'range' : '',
      members: members.map((member) => ({
        memberId: member.memberId,
        clientId: member.clientId,
        clientHost: '/127.0.0.1',
        metadata: encodeSubscription(member.topics()),
        assignment: stable ? encodeAssignment(member.assigned) : NO_BYTES,
      })),
    };
  }

  async alterOffsets(groupId: string, offsets: readonly TopicPartitionOffset[], signal?: AbortSignal): Promise<void> {
    this.requireEmpty(groupId, 'its offsets');
    for (const place of offsets) this.requirePartition(place);
    await this.offsets.commit(groupId, offsets, signal);
  }

  async deleteOffsets(groupId: string, partitions: readonly TopicPartition[], signal?: AbortSignal): Promise<void> {
    this.requireEmpty(groupId, 'its offsets');
    await this.offsets.remove(groupId, partitions, signal);
  }

  async deleteGroup(groupId: string, signal?: AbortSignal): Promise<void> {
    this.requireEmpty(groupId, 'it');
    await this.offsets.remove(groupId, this.offsets.offsetsOf(groupId), signal);
  }

  close(): void {
    this.stopTopics();
  }

  private requireEmpty(groupId: string, what: string): void {
    const members = this.groups.get(groupId)?.members.size ?? 0;
    if (members === 0) return;
    throw new ConfigError(
      `Group '${groupId}' has ${members} member${members === 1 ? '' : 's'}, so ${what} can't be changed or deleted. Stop its connector or consumers first.`,
      { code: GROUP_NOT_EMPTY, details: { groupId, members } },
    );
  }

  private requirePartition({ topic, partition }: TopicPartition): void {
    if (this.topics.log(topic, partition) !== undefined) return;
    throw new NotFoundError(`There is no partition ${partition} of a topic '${topic}' in the embedded broker.`, {
      code: TOPIC_UNKNOWN,
    });
  }

  private groupOf(id: string): Group {
    let group = this.groups.get(id);
    if (group === undefined) {
      group = { id, members: new Set(), state: 'Empty', generation: 0, rebalancing: false, again: false };
      this.groups.set(id, group);
    }
    return group;
  }

  private isOutdated(group: Group): boolean {
    for (const member of group.members) if (member.isOutdated()) return true;
    return false;
  }

  private rebalance(group: Group): void {
    if (group.rebalancing) {
      group.again = true;
      return;
    }
    group.rebalancing = true;
    this.run(group).catch((err) => {
      this.logger.error('A rebalance of an embedded group failed.', { group: group.id, err });
      group.rebalancing = false;
    });
  }

  private async run(group: Group): Promise<void> {
    do {
      group.state = 'PreparingRebalance';
      // Members that start in the same turn of the loop share one rebalance.
      await new Promise((resolve) => setImmediate(resolve));
      group.again = false;
      const members = [...group.members];
      await Promise.all(members.map((member) => member.release()));
      // Joins and leaves from here on belong to the next round.
      if (group.again && this.changed(group, members)) continue;
      this.assign(group);
    } while (group.again);
    group.rebalancing = false;
    if (group.members.size === 0) this.groups.delete(group.id);
  }

  private changed(group: Group, members: readonly EmbeddedGroupMember[]): boolean {
    return members.length !== group.members.size || members.some((member) => !group.members.has(member));
  }

  private assign(group: Group): void {
    group.generation++;
    group.state = 'CompletingRebalance';
    const ready = [...group.members].filter((member) => member.isFree);
    const subscriptions = ready.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.instanceId,
      topics: member.topics(),
    }));
    const wanted = new Set(subscriptions.flatMap(({ topics }) => topics));
    const partitions = new Map([...wanted].map((topic) => [topic, this.topics.get(topic)?.logs.length ?? 0]));
    const assignment = rangeAssignor(subscriptions, partitions);
    for (const member of ready) member.assign(assignment.get(member.memberId) ?? [], group.generation);
    group.state = 'Stable';
  }
}
