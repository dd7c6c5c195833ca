/** What running a plan asks of a topic and its cluster. */
import type { PlanStep } from '../plan/plan.ts';
import type { RawRecord } from '../records/raw-record.ts';
import type { RecordSink } from '../snapshot/record-sink.ts';
import type { TopicFacts } from '../snapshot/topic-facts.ts';
import type { AppendedRecord } from '../topic/topic-appender.ts';

export type CreateTopic = Extract<PlanStep, { readonly do: 'create-topic' }>;

/** All waits for a broker that is away until `signal` aborts. */
export interface PlanTopic {
  readonly topic: string;
  clusterId(signal: AbortSignal): Promise<string | null>;
  /** undefined: there is no such topic. */
  facts(signal: AbortSignal): Promise<TopicFacts | undefined>;
  /**
   * Invariant 10: runs `work` while nobody is in the registry's group, and ends it when somebody is.
   * @throws ConfigError `holdfast.recovery.registry-running`
   */
  whileNoMembers<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /**
   * With one partition, its settings and ACLs; a topic that is there gets what it lacks of them, and an empty one of another shape is made
   * anew. Resolves when it can be written to.
   * @returns what is otherwise than planned, as ACLs that could not be made
   */
  create(step: CreateTopic, signal: AbortSignal): Promise<readonly string[]>;
  /** null: back to the default. */
  alter(configs: Readonly<Record<string, string | null>>, signal: AbortSignal): Promise<void>;
  /** Resolves when it is gone. @throws EnvironmentError `holdfast.recovery.topic-changed` for another topic of that name */
  remove(facts: TopicFacts, signal: AbortSignal): Promise<void>;
  /** @param onProgress with the offsets that were passed, and how many there are */
  spool(
    facts: TopicFacts,
    writer: RecordSink,
    signal: AbortSignal,
    onProgress?: (done: number, total: number) => void,
  ): Promise<TopicFacts>;
  /** In offset order from `from` up to, not including, `end`. */
  read(from: number, end: number, signal: AbortSignal): AsyncIterable<readonly RawRecord[]>;
  /**
   * Appends in order, not transactional, and durably.
   * @returns the offset of each
   * @throws DataError `holdfast.recovery.record-refused`
   */
  append(records: readonly AppendedRecord[], signal: AbortSignal): Promise<readonly number[]>;
  close(): Promise<void>;
}
