import type { TopicPartition } from './ports.ts';

/** A member of a group as its leader sees it. */
export interface AssignableMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly topics: readonly string[];
}

/** Hands out the partitions of topics (by number of partitions) to members. Every member is in the result. */
export type Assignor = (
  members: readonly AssignableMember[],
  partitions: ReadonlyMap<string, number>,
) => Map<string, TopicPartition[]>;

/** Kafka's RangeAssignor: of each topic, consecutive partitions, the first members one more when they don't divide evenly. */
export const rangeAssignor: Assignor = (members, partitions) => {
  const assigned = emptyAssignments(members);
  for (const [topic, count] of [...partitions].sort(([a], [b]) => compare(a, b))) {
    const takers = inOrder(members.filter(({ topics }) => topics.includes(topic)));
    const each = Math.floor(count / takers.length);
    const more = count % takers.length;
    let next = 0;
    for (const [n, { memberId }] of takers.entries()) {
      const end = next + each + (n < more ? 1 : 0);
      for (; next < end; next++) assigned.get(memberId)?.push({ topic, partition: next });
    }
  }
  return assigned;
};

/** Kafka's RoundRobinAssignor: all partitions in turn, each to the next member that wants its topic. */
export const roundRobinAssignor: Assignor = (members, partitions) => {
  const assigned = emptyAssignments(members);
  const ring = inOrder(members);
  let turn = 0;
  for (const [topic, count] of [...partitions].sort(([a], [b]) => compare(a, b))) {
    if (!ring.some(({ topics }) => topics.includes(topic))) continue;
    for (let partition = 0; partition < count; partition++) {
      let member = ring[turn++ % ring.length];
      while (member?.topics.includes(topic) !== true) member = ring[turn++ % ring.length];
      assigned.get(member.memberId)?.push({ topic, partition });
    }
  }
  return assigned;
};

export const assignors: Readonly<Record<'range' | 'roundrobin', Assignor>> = {
  range: rangeAssignor,
  roundrobin: roundRobinAssignor,
};

function emptyAssignments(members: readonly AssignableMember[]): Map<string, TopicPartition[]> {
  return new Map(members.map(({ memberId }) => [memberId, []]));
}

/** Static members first, by their instance id, so that a restart does not move partitions; the others by member id. */
function inOrder(members: readonly AssignableMember[]): AssignableMember[] {
  return [...members].sort((a, b) => {
    if (a.groupInstanceId !== null && b.groupInstanceId !== null) return compare(a.groupInstanceId, b.groupInstanceId);
    if (a.groupInstanceId !== null) return -1;
    return b.groupInstanceId !== null ? 1 : compare(a.memberId, b.memberId);
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Kafka's assignors that leave partitions where they are. They don't exist here: a member that asks for nothing else assigns by range, by
 * eager rebalances, which takes all partitions away each time and loses nothing. It can't be in one group with members that really are sticky.
 */
export function isStickyAssignor(name: string): boolean {
  return /^(?:org\.apache\.kafka\.clients\.consumer\.(?:Cooperative)?StickyAssignor|sticky|cooperative-sticky)$/.test(
    name,
  );
}

/** What is said in the place of such an assignor. */
export const STICKY_REPLACED =
  'A sticky assignor does not exist here: partitions are assigned by range, and each rebalance closes and opens them all. Every member of the group has to be one that offers RangeAssignor.';
