import type { TopicPartition } from '../ports.ts';

/** A member as the assignor sees it. */
export interface AssignableMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly topics: readonly string[];
}

/**
 * Kafka's range assignor, its default: topic by topic, the members that subscribe to it, in order, get consecutive partitions,
 * and the first ones get one more where it doesn't come out even. Static members come first, by instance id; the others by
 * member id. Every member is in the answer.
 */
export function assignRanges(
  members: readonly AssignableMember[],
  partitionsOf: (topic: string) => number,
): ReadonlyMap<string, readonly TopicPartition[]> {
  const assignment = new Map<string, TopicPartition[]>(members.map(({ memberId }) => [memberId, []]));
  const ordered = [...members].sort(compareMembers);
  const topics = [...new Set(members.flatMap((member) => member.topics))].sort();
  for (const topic of topics) {
    const subscribed = ordered.filter((member) => member.topics.includes(topic));
    const partitions = partitionsOf(topic);
    const each = Math.floor(partitions / subscribed.length);
    const oneMore = partitions % subscribed.length;
    let partition = 0;
    for (const [n, { memberId }] of subscribed.entries()) {
      const end = partition + each + (n < oneMore ? 1 : 0);
      for (; partition < end; partition++) assignment.get(memberId)?.push({ topic, partition });
    }
  }
  return assignment;
}

function compareMembers(a: AssignableMember, b: AssignableMember): number {
  if (a.instanceId !== null && b.instanceId !== null) return compare(a.instanceId, b.instanceId);
  if (a.instanceId !== null) return -1;
  if (b.instanceId !== null) return 1;
  return compare(a.memberId, b.memberId);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
