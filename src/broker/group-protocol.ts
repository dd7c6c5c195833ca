/** Another member of the group, as the coordinator shows it to the group's leader. */
export interface GroupProtocolMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  /** What it offered, in the protocol's own format. */
  readonly metadata: Buffer;
}

/** What a member was told when a generation began. */
export interface GroupGeneration {
  readonly generationId: number;
  readonly memberId: string;
  /** Whether this member handed out the assignments. */
  readonly isLeader: boolean;
  /** The protocol that all members know. */
  readonly protocol: string;
  /** This member's, in the protocol's own format; empty for none. */
  readonly assignment: Buffer;
}

/**
 * What the members of a group talk about, while the broker's client sees to it that they are members: a consumer group shares
 * partitions, a group of Connect workers connectors and tasks, a group of schema registries elects its primary. Called by one
 * membership, one call at a time but for `onFailed`.
 */
export interface GroupProtocol {
  /** `consumer`, `connect`, `sr`: members of one group agree on it. */
  readonly type: string;
  /** What this member offers, the most preferred first. May reject with EnvironmentError, and is then asked again. */
  offer(): Promise<readonly { readonly name: string; readonly metadata: Uint8Array }[]>;
  /** The leader's task: an assignment for each member, by member id. May reject with EnvironmentError. */
  assign(protocol: string, members: readonly GroupProtocolMember[]): Promise<ReadonlyMap<string, Uint8Array>>;
  onJoined(generation: GroupGeneration): Promise<void>;
  /** Before this member joins anew or leaves. It is still a member, and may commit, until this resolves. */
  onRevoked(): Promise<void>;
  /** The group went on without this member. */
  onLost(): Promise<void>;
  /** The membership has ended for a reason that time does not mend. */
  onFailed(error: Error): void;
}
