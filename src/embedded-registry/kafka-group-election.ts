/**
 * The election of real registries: the nodes are members of a Kafka group of protocol type `sr`, whose leader names the primary. For one
 * node per process, so that what happens to the process happens to the membership.
 */
import type { Broker, GroupGeneration, GroupProtocol, GroupProtocolMember, ProtocolMember } from '../broker/ports.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import {
  decodeAssignment,
  decodeIdentity,
  ELECTION_ERRORS,
  ELECTION_PROTOCOL,
  ELECTION_PROTOCOL_TYPE,
  elect,
  encodeAssignment,
  encodeIdentity,
  type NodeIdentity,
  urlOf,
} from './election-protocol.ts';
import type { Assignment, ElectionState, PrimaryElection } from './primary-election.ts';
import type { VendorProfile } from './vendor-profile.ts';

export interface KafkaGroupElectionOptions {
  readonly broker: Broker;
  readonly groupId: string;
  readonly identity: NodeIdentity;
  readonly profile: VendorProfile;
  /** Of the membership; all in ms. */
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The membership has ended for good: the process can go. */
  readonly onFailed: (error: Error) => void;
}

/**
 * Guarantees that this node does not take itself for the primary once the group may have named another one: from a session
 * timeout after the last answer of the coordinator on, also if the process was stopped all that time.
 */
export class KafkaGroupElection implements PrimaryElection, GroupProtocol {
  readonly type = ELECTION_PROTOCOL_TYPE;
  private readonly options: KafkaGroupElectionOptions;
  private readonly url: string;
  private member: ProtocolMember | undefined;
  private onAssigned: (assignment: Assignment) => void = () => {};
  private named: string | null = null;
  /** Member id of the primary, which tells a restarted node from one that stayed; null: forgotten. */
  private namedMember: string | null = null;
  private count = -1;
  private isJoined = false;

  constructor(options: KafkaGroupElectionOptions) {
    this.options = options;
    this.url = urlOf(options.identity);
  }

  get state(): ElectionState {
    if (this.isJoined) return 'Stable';
    return this.member === undefined ? 'Empty' : 'PreparingRebalance';
  }

  get primary(): string | null {
    return this.named === this.url && !this.isConfirmed ? null : this.named;
  }

  get generation(): number {
    return this.count;
  }

  private get isConfirmed(): boolean {
    const { clock, sessionTimeoutMs } = this.options;
    const confirmedAt = this.member?.confirmedAt ?? null;
    return confirmedAt !== null && clock.monotonic() - confirmedAt < sessionTimeoutMs;
  }

  join(_url: string, onAssigned: (assignment: Assignment) => void): void {
    const { broker, groupId, sessionTimeoutMs, heartbeatIntervalMs, rebalanceTimeoutMs, logger } = this.options;
    this.onAssigned = onAssigned;
    this.member = broker.protocolMember({
      settings: {
        'client.id': 'holdfast-embedded-registry',
        'session.timeout.ms': String(sessionTimeoutMs),
        'heartbeat.interval.ms': String(heartbeatIntervalMs),
        'max.poll.interval.ms': String(rebalanceTimeoutMs),
      },
      logger,
      groupId,
      protocol: this,
    });
    this.member.start();
  }

  async offer() {
    const { profile, identity } = this.options;
    return [{ name: ELECTION_PROTOCOL, metadata: encodeIdentity(profile.vendor, identity) }];
  }

  async assign(_protocol: string, joined: readonly GroupProtocolMember[]): Promise<ReadonlyMap<string, Uint8Array>> {
    const { vendor } = this.options.profile;
    const members = joined.flatMap(({ memberId, metadata }) => {
      const identity = decodeIdentity(metadata);
      return identity === null ? [] : [{ memberId, identity }];
    });
    const assignment = encodeAssignment(vendor, elect(vendor, members));
    return new Map(joined.map(({ memberId }) => [memberId, assignment]));
  }

  async onJoined({ assignment, generationId }: GroupGeneration): Promise<void> {
    const { logger } = this.options;
    const decoded = decodeAssignment(assignment);
    if (decoded?.error === ELECTION_ERRORS.DUPLICATE_URLS) {
      logger.error('Several members of the registry group have one URL: nobody is the primary.', { url: this.url });
    }
    const primary = decoded?.primary ?? null;
    const memberId = primary === null ? null : (decoded?.memberId ?? null);
    this.named = primary === null ? null : urlOf(primary);
    const isNew = memberId === null || memberId !== this.namedMember;
    this.namedMember = memberId;
    this.count = generationId;
    this.isJoined = true;
    logger.info('The registry group has named its primary.', { primary: this.named, generation: generationId });
    this.onAssigned({ primary: this.named, generation: generationId, isNew });
  }

  async onRevoked(): Promise<void> {
    this.isJoined = false;
    if (this.options.profile.forgetsPrimaryAtRebalance) this.forget();
  }

  async onLost(): Promise<void> {
    this.options.logger.warn('The registry group went on without this node.', { url: this.url });
    this.isJoined = false;
    this.forget();
  }

  onFailed(error: Error): void {
    this.forget();
    this.options.onFailed(error);
  }

  private forget(): void {
    this.named = null;
    this.namedMember = null;
  }

  leave(): void {
    this.close();
  }

  /** Only the process itself can do that. */
  vanish(): void {}

  reappear(): void {}

  /** Says goodbye if the vendor's nodes do. */
  close(): void {
    void this.ended();
  }

  /** The same; resolves when it is done. Never rejects. */
  async ended(): Promise<void> {
    const { member } = this;
    this.member = undefined;
    this.isJoined = false;
    this.forget();
    const limit = AbortSignal.timeout(CLOSE_MS);
    await member?.close({ leaves: this.options.profile.leavesGroup, signal: limit }).catch(() => {});
  }
}

const CLOSE_MS = 2_000;
