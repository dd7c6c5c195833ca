/** What a planner knows of the cluster and the topic that it plans for. */
import type { TopicFacts } from '../snapshot/topic-facts.ts';

export interface PresentTarget {
  readonly clusterId: string | null;
  readonly brokers: number;
  /** The topic that is to be written; undefined: it is not there. */
  readonly facts: TopicFacts | undefined;
  /** false: ACLs can not be made there. */
  readonly hasAuthorizer: boolean;
}
