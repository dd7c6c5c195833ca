/** Who may do what with a topic: what `kafka-acls.sh --list` says of it. */
export interface TopicAcl {
  readonly principal: string;
  readonly host: string;
  /** Kafka's names in upper case: READ, WRITE, ALL, ... */
  readonly operation: string;
  readonly permission: 'ALLOW' | 'DENY';
  /** LITERAL, of one topic or of all of them (`*`), or PREFIXED, which covers several. */
  readonly pattern: 'LITERAL' | 'PREFIXED';
  /** The topic, its prefix, or `*`. */
  readonly resource: string;
}

/** What it takes to make a topic anew as it was, but for its records and ACLs. */
export interface TopicDetails {
  readonly name: string;
  /** Another one once the topic was deleted and made anew; null where the broker does not tell (Kafka before 2.8). */
  readonly id: string | null;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** What was set for this topic. Kafka tells no secrets, and a topic has none. */
  readonly overrides: Readonly<Record<string, string>>;
  /** What holds, defaults included. */
  readonly effective: Readonly<Record<string, string>>;
}
