/** What is known about a `_schemas` topic beside its records; enough to make it anew as it was. */

export interface TopicAcl {
  readonly principal: string;
  readonly host: string;
  /** Kafka's names in upper case: READ, WRITE, ALL, ... */
  readonly operation: string;
  readonly permission: 'ALLOW' | 'DENY';
  /** LITERAL or PREFIXED; a prefixed one covers the topic, and outlives it. */
  readonly pattern: 'LITERAL' | 'PREFIXED';
  readonly resource: string;
}

export interface TopicFacts {
  readonly clusterId: string | null;
  readonly topic: string;
  /** null: the broker does not tell. A topic that was made anew has another one. */
  readonly topicId: string | null;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** What was set for this topic, not what holds by default. */
  readonly overrides: Readonly<Record<string, string>>;
  /** What holds, defaults included. */
  readonly effective: Readonly<Record<string, string>>;
  /** null: the cluster has no authorizer, or doesn't let us ask. */
  readonly acls: readonly TopicAcl[] | null;
  readonly beginOffset: number;
  readonly endOffset: number;
  /** Where transaction markers lie, as far as they were seen; the last offset of the log among them is a trap for Karapace. */
  readonly controlOffsets: readonly number[];
  /** Offsets of records that were written in transactions; the first few. */
  readonly transactionalOffsets: readonly number[];
  readonly group: { readonly groupId: string; readonly state: string; readonly members: number };
}
