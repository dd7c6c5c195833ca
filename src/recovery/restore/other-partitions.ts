/** Partitions of a registry's topic beside the one that registries read: no snapshot holds what lies in them. */
import { ConfigError } from '../../sdk/errors/kinds.ts';
import { partitionsInWords } from '../plan/partitions-in-words.ts';
import type { GivenUpPartition } from '../plan/plan.ts';
import type { TopicFacts } from '../snapshot/topic-facts.ts';
import { TOPIC_IN_THE_WAY } from './restore-errors.ts';

/** Those that hold records. */
export function otherPartitionsOf({ otherPartitions }: TopicFacts): readonly GivenUpPartition[] {
  return otherPartitions.filter(({ beginOffset, endOffset }) => endOffset > beginOffset);
}

/**
 * For a topic that is to be deleted. Invariant 10: what neither a backup nor an undo file has is deleted only if that was said.
 * @param givenUp up to where it was
 * @throws ConfigError `holdfast.recovery.topic-in-the-way`
 */
export function refuseOtherPartitions(facts: TopicFacts, givenUp: readonly GivenUpPartition[] = []): void {
  const { topic } = facts;
  const upTo = new Map(givenUp.map(({ partition, endOffset }) => [partition, endOffset]));
  const kept = otherPartitionsOf(facts).filter(({ partition, endOffset }) => endOffset > (upTo.get(partition) ?? 0));
  if (kept.length === 0) return;
  throw new ConfigError(
    `The topic ${topic} is not deleted, as it holds records in other partitions than 0, which no backup has and no undo would bring back: ` +
      `${partitionsInWords(kept)}. Nothing was done. holdfast schemas repair cannot-write, begun while the nodes run, makes ` +
      'the topic anew with what they have read of those records; holdfast schemas restore BACKUP --topic NAME leaves it as it is, and fills another one.',
    { code: TOPIC_IN_THE_WAY, details: { topic, partitions: kept.map(({ partition }) => partition) } },
  );
}
