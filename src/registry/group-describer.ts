/**
 * The consumer group in which the nodes of a registry elect their primary, as a port: a broker's DescribeGroups stands behind it. The
 * composition root hands it in; a registry whose group can't be described is watched by its nodes' own words.
 */

/** A group as the broker tells it. `metadata` and `assignment` are the members' own bytes; for protocol type `sr`: JSON. */
export interface DescribedGroup {
  readonly state: 'Stable' | 'PreparingRebalance' | 'CompletingRebalance' | 'Empty' | 'Dead' | 'Unknown';
  readonly protocolType: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly metadata: Uint8Array;
    readonly assignment: Uint8Array;
  }[];
}

export interface GroupDescriber {
  /**
   * Rejects with ConfigError when the group may not be described (no ACL), with anything else when no broker could tell, or with the
   * signal's reason.
   */
  describe(groupId: string, signal: AbortSignal): Promise<DescribedGroup>;
  /** The Kafka cluster whose groups these are; null: it doesn't tell. Rejects like `describe`. */
  clusterId?(signal: AbortSignal): Promise<string | null>;
}
