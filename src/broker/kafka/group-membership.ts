import type { Timer } from '../../foundation/clock.ts';
import { Deferred } from '../../foundation/deferred.ts';
import type { Logger } from '../../foundation/logger.ts';
import { ConfigError, EnvironmentError } from '../../sdk/errors/index.ts';
import { GROUP_FENCED } from '../broker-errors.ts';
import type { GroupGeneration, GroupProtocol } from '../group-protocol.ts';
import type { Cluster } from './cluster.ts';
import { errorForCode, REQUEST_REFUSED, unavailable } from './kafka-errors.ts';
import type { GroupSettings } from './kafka-settings.ts';
import { CoordinatorMeter } from './metrics/coordinator-meter.ts';
import { ErrorCode, errorCodeName, isStaleCoordinator } from './protocol/error-code.ts';
import { heartbeat, type JoinGroupResponse, joinGroup, leaveGroup, syncGroup } from './protocol/group.ts';

/** As whom a member speaks to the coordinator. */
export interface MemberIdentity {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

/** Why a member does not stay in its generation. */
type Departure = 'rebalance' | 'lost' | 'closing';

/** What an attempt to join came to. */
type JoinOutcome = 'joined' | 'again' | 'closing';

const LEAVE_TIMEOUT_MS = 5_000;

/**
 * One member of one group, by Kafka's classic protocol: joins, hands out or takes its assignment, sends heartbeats whatever its callbacks
 * do, and joins anew when the group rebalances. Outages of the coordinator are waited for with back-off; the group decides afterwards
 * whether the member still belongs to it.
 */
export class GroupMembership {
  readonly meter: CoordinatorMeter;
  private readonly cluster: Cluster;
  private readonly settings: GroupSettings;
  private readonly logger: Logger;
  private readonly groupId: string;
  private readonly protocol: GroupProtocol;
  private readonly closing = new AbortController();
  private readonly closed = new Deferred();
  private running: Promise<void> | null = null;
  private memberId = '';
  private generation: MemberIdentity | null = null;
  private joined: GroupGeneration | null = null;
  private confirmed: number | null = null;
  private coordinatorNode: number | null = null;
  private departure = new Deferred<Departure>();
  private beat: { readonly timer: Timer; readonly fire: () => void } | null = null;

  constructor(dependencies: {
    readonly cluster: Cluster;
    readonly settings: GroupSettings;
    readonly logger: Logger;
    readonly groupId: string;
    readonly protocol: GroupProtocol;
  }) {
    this.cluster = dependencies.cluster;
    this.settings = dependencies.settings;
    this.logger = dependencies.logger;
    this.groupId = dependencies.groupId;
    this.protocol = dependencies.protocol;
    const { clock, settings } = this.cluster;
    this.meter = new CoordinatorMeter({ windows: settings.windows, monotonic: () => clock.monotonic() });
  }

  start(): void {
    this.running ??= this.run();
  }

  /** As whom to commit; null while this member belongs to no generation. */
  get identity(): MemberIdentity | null {
    return this.generation;
  }

  /** See {@link ProtocolMember.confirmedAt}. */
  get confirmedAt(): number | null {
    return this.generation === null ? null : this.confirmed;
  }

  /** Joins anew, as what this member offers, or what there is to hand out, has changed. */
  rejoin(): void {
    this.departure.resolve('rebalance');
  }

  /** Asks the coordinator at once whether this member still belongs to the group. */
  checkMembership(): void {
    this.beat?.fire();
  }

  /** The broker to ask about the group. */
  async coordinator(): Promise<number> {
    this.coordinatorNode ??= await this.cluster.coordinator(this.groupId);
    return this.coordinatorNode;
  }

  coordinatorUnknown(): void {
    this.coordinatorNode = null;
  }

  /** Revokes, leaves and ends. `signal` cuts short what can't be waited for any longer. `leaves` false: without a word. */
  async close(signal?: AbortSignal, { leaves = true }: { readonly leaves?: boolean } = {}): Promise<void> {
    this.closing.abort();
    this.departure.resolve('closing');
    this.closed.resolve();
    const cut = abortOf(signal);
    await Promise.race([this.running ?? Promise.resolve(), cut.promise]);
    this.generation = null;
    if (this.running !== null && leaves) await Promise.race([this.leave(), cut.promise]);
    cut.dispose();
  }

  private async run(): Promise<void> {
    try {
      while (!this.closing.signal.aborted) {
        if ((await this.joinUntilDone()) === 'closing') return;
        const stop = new AbortController();
        const beating = this.beatUntil(stop.signal);
        try {
          if (this.joined !== null) await this.protocol.onJoined(this.joined);
          const departure = await this.departure.promise;
          if (departure === 'lost') await this.lose();
          else await this.protocol.onRevoked();
        } finally {
          // Heartbeats go on while partitions are revoked: the group waits for us meanwhile.
          stop.abort();
          await beating;
        }
        this.generation = null;
      }
    } catch (error) {
      this.generation = null;
      if (this.closing.signal.aborted) return;
      const failure = error instanceof Error ? error : new Error(String(error));
      this.logger.error('The membership in a consumer group has ended', { groupId: this.groupId, err: failure });
      this.closing.abort();
      await this.protocol.onLost().catch(() => {});
      this.protocol.onFailed(failure);
    } finally {
      this.cluster.availability.worked('group');
    }
  }

  private async lose(): Promise<void> {
    this.generation = null;
    await this.protocol.onLost();
  }

  private async joinUntilDone(): Promise<JoinOutcome> {
    const backoff = this.cluster.retryBackoff();
    this.departure = new Deferred<Departure>();
    if (this.closing.signal.aborted) return 'closing';
    const since = this.cluster.clock.monotonic();
    for (;;) {
      try {
        const outcome = await Promise.race([this.join(), this.closed.promise.then((): JoinOutcome => 'closing')]);
        if (outcome === 'joined') this.meter.rebalanced(since);
        if (outcome === 'again') this.meter.rebalanceFailed();
        else {
          this.cluster.availability.worked('group');
          return outcome;
        }
      } catch (error) {
        if (!(error instanceof EnvironmentError)) throw error;
        if (this.closing.signal.aborted) return 'closing';
        this.meter.rebalanceFailed();
        this.coordinatorUnknown();
        this.cluster.availability.failed('group', error.message);
        await this.cluster.clock.sleep(backoff.next(), this.closing.signal).catch(() => {});
        if (this.closing.signal.aborted) return 'closing';
      }
    }
  }

  private async join(): Promise<JoinOutcome> {
    const { sessionTimeoutMs, rebalanceTimeoutMs, groupInstanceId } = this.settings;
    const { groupId, protocol } = this;
    const protocols = await protocol.offer();
    const node = await this.coordinator();
    // Answered when all members have joined, or their time to do so is over.
    const timeoutMs = Math.max(this.cluster.settings.requestTimeoutMs, rebalanceTimeoutMs + 5_000);
    const joinedAt = this.cluster.clock.monotonic();
    const joined = await this.cluster.request(
      node,
      joinGroup,
      {
        groupId,
        sessionTimeoutMs,
        rebalanceTimeoutMs,
        memberId: this.memberId,
        groupInstanceId,
        protocolType: protocol.type,
        protocols,
      },
      { lane: 'group', timeoutMs },
    );
    if (joined.errorCode === ErrorCode.MEMBER_ID_REQUIRED) {
      this.memberId = joined.memberId;
      return 'again';
    }
    if (!this.joinAccepted(joined.errorCode, 'join')) return 'again';
    this.meter.joined(joinedAt);
    this.memberId = joined.memberId;
    const identity = { groupId, generationId: joined.generationId, memberId: joined.memberId, groupInstanceId };
    const isLeader = joined.leaderId === joined.memberId;
    const assignments = isLeader ? await this.assignments(joined) : [];
    const syncedAt = this.cluster.clock.monotonic();
    const synced = await this.cluster.request(
      node,
      syncGroup,
      { ...identity, assignments },
      { lane: 'group', timeoutMs },
    );
    if (!this.joinAccepted(synced.errorCode, 'get an assignment from')) return 'again';
    this.meter.synced(syncedAt);
    if (this.closing.signal.aborted) return 'closing';
    this.generation = identity;
    this.confirmed = syncedAt;
    this.joined = {
      generationId: joined.generationId,
      memberId: joined.memberId,
      isLeader,
      protocol: joined.protocolName,
      assignment: synced.assignment,
    };
    this.logger.debug('Joined a group', {
      groupId,
      generation: joined.generationId,
      memberId: this.memberId,
      isLeader,
    });
    return 'joined';
  }

  private async assignments({ protocolName, members }: JoinGroupResponse) {
    const assigned = await this.protocol.assign(protocolName, members);
    return members.map(({ memberId }) => ({ memberId, assignment: assigned.get(memberId) ?? Buffer.alloc(0) }));
  }

  /** False if it is to be tried again at once. Throws what ends the membership, or waits. */
  private joinAccepted(errorCode: number, what: string): boolean {
    switch (errorCode) {
      case ErrorCode.NONE:
        return true;
      case ErrorCode.UNKNOWN_MEMBER_ID:
      case ErrorCode.ILLEGAL_GENERATION:
        this.memberId = '';
        return false;
      case ErrorCode.REBALANCE_IN_PROGRESS:
        return false;
      default:
        throw this.failure(errorCode, what);
    }
  }

  /** Sends heartbeats, and tells the departure when one is refused. Never rejects. */
  private async beatUntil(stop: AbortSignal): Promise<void> {
    const identity = this.generation;
    if (identity === null) return;
    const backoff = this.cluster.retryBackoff();
    let waitMs = this.settings.heartbeatIntervalMs;
    for (;;) {
      await this.sleepUntilBeat(waitMs, stop);
      if (stop.aborted) return;
      try {
        const sentAt = this.cluster.clock.monotonic();
        this.meter.heartbeatSent();
        const errorCode = await this.sendHeartbeat(identity);
        this.meter.heartbeatAnswered(sentAt);
        this.cluster.availability.worked('group');
        backoff.reset();
        waitMs = this.settings.heartbeatIntervalMs;
        if (errorCode === ErrorCode.NONE) {
          this.confirmed = sentAt;
          continue;
        }
        if (errorCode === ErrorCode.REBALANCE_IN_PROGRESS) {
          this.departure.resolve('rebalance');
          continue;
        }
        if (errorCode === ErrorCode.UNKNOWN_MEMBER_ID || errorCode === ErrorCode.ILLEGAL_GENERATION) {
          if (errorCode === ErrorCode.UNKNOWN_MEMBER_ID) this.memberId = '';
          this.logger.warn('The group went on without this member', {
            groupId: this.groupId,
            reason: errorCodeName(errorCode),
          });
          // Whoever commits now must not think that it still could.
          this.generation = null;
          this.departure.resolve('lost');
          return;
        }
        throw this.failure(errorCode, 'stay in');
      } catch (error) {
        if (!(error instanceof EnvironmentError)) {
          this.departure.reject(error);
          this.departure.promise.catch(() => {});
          return;
        }
        if (stop.aborted) return;
        this.coordinatorUnknown();
        this.cluster.availability.failed('group', error.message);
        waitMs = backoff.next();
      }
    }
  }

  private async sendHeartbeat(identity: MemberIdentity): Promise<number> {
    const timeoutMs = Math.min(this.cluster.settings.requestTimeoutMs, this.settings.sessionTimeoutMs);
    const { errorCode } = await this.cluster.request(await this.coordinator(), heartbeat, identity, { timeoutMs });
    return errorCode;
  }

  private sleepUntilBeat(waitMs: number, stop: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const fire = (): void => {
        timer.cancel();
        stop.removeEventListener('abort', fire);
        this.beat = null;
        resolve();
      };
      if (stop.aborted) {
        resolve();
        return;
      }
      const timer = this.cluster.clock.setTimer(fire, waitMs);
      stop.addEventListener('abort', fire, { once: true });
      this.beat = { timer, fire };
    });
  }

  private failure(errorCode: number, what: string): Error {
    if (errorCode === ErrorCode.FENCED_INSTANCE_ID) {
      const { groupInstanceId } = this.settings;
      return new ConfigError(
        `Another member of group '${this.groupId}' took group.instance.id=${groupInstanceId}. Give every member an id of its own.`,
        { code: GROUP_FENCED },
      );
    }
    if (errorCode === ErrorCode.INVALID_SESSION_TIMEOUT) {
      return new ConfigError(
        `Kafka could not let us ${what} group '${this.groupId}': its brokers do not allow session.timeout.ms=${this.settings.sessionTimeoutMs}. Choose one from their group.min.session.timeout.ms to their group.max.session.timeout.ms, 6000 to 1800000 unless they are set.`,
        { code: REQUEST_REFUSED },
      );
    }
    if (isStaleCoordinator(errorCode)) {
      return unavailable(`The coordinator of group '${this.groupId}' is not ready (${errorCodeName(errorCode)}).`);
    }
    return errorForCode(errorCode, `let us ${what} group '${this.groupId}'`);
  }

  /** Static members don't leave: they are to find their partitions again after a restart (KIP-345). */
  private async leave(): Promise<void> {
    const { groupInstanceId } = this.settings;
    if (this.memberId === '' || groupInstanceId !== null) return;
    const limit = new AbortController();
    try {
      const members = [{ memberId: this.memberId, groupInstanceId }];
      const request = async (): Promise<unknown> =>
        this.cluster.request(await this.coordinator(), leaveGroup, { groupId: this.groupId, members });
      // Connecting to a coordinator that is gone takes its own time.
      const tooLong = this.cluster.clock.sleep(LEAVE_TIMEOUT_MS, limit.signal).catch(() => {});
      await Promise.race([request(), tooLong]);
    } catch (error) {
      this.logger.debug('Could not leave a group; it goes on without us after the session timeout', {
        groupId: this.groupId,
        err: error,
      });
    } finally {
      limit.abort();
    }
  }
}

/** Resolves when the signal aborts. */
function abortOf(signal: AbortSignal | undefined): { promise: Promise<void>; dispose: () => void } {
  if (signal === undefined) return { promise: new Promise(() => {}), dispose: () => {} };
  const aborted = new Deferred();
  const onAbort = (): void => aborted.resolve();
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  return { promise: aborted.promise, dispose: () => signal.removeEventListener('abort', onAbort) };
}
