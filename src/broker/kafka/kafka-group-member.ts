import type { Logger } from '../../foundation/logger.ts';
import { ConfigError, EnvironmentError, IllegalStateError, RetriableError } from '../../sdk/errors/index.ts';
import { assignors, STICKY_REPLACED } from '../assignors.ts';
import { BROKER_UNAVAILABLE, GROUP_FENCED, GROUP_REBALANCED } from '../broker-errors.ts';
import type { ClientFigures } from '../client-figures.ts';
import { decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription } from '../consumer-protocol.ts';
import type { GroupGeneration, GroupProtocol, GroupProtocolMember } from '../group-protocol.ts';
import type { GroupListener, GroupMember, GroupMemberOptions, TopicPartition, TopicPartitionOffset } from '../ports.ts';
import type { Cluster } from './cluster.ts';
import { GroupMembership, type MemberIdentity } from './group-membership.ts';
import { CLIENT_CLOSED, errorForCode } from './kafka-errors.ts';
import type { GroupSettings } from './kafka-settings.ts';
import { MetadataRefresher } from './metadata-refresher.ts';
import { byTopic } from './protocol/by-topic.ts';
import { ErrorCode, isStaleCoordinator } from './protocol/error-code.ts';
import { offsetCommit, offsetFetch } from './protocol/group.ts';

/** The GroupMember port over a real cluster: a member of a consumer group, by eager rebalances. */
export class KafkaGroupMember implements GroupMember, GroupProtocol {
  readonly type = 'consumer';
  private readonly cluster: Cluster;
  private readonly settings: GroupSettings;
  private readonly logger: Logger;
  private readonly groupId: string;
  private readonly subscription: GroupMemberOptions['subscription'];
  private readonly listener: GroupListener;
  private readonly onClose: () => void;
  private readonly membership: GroupMembership;
  private readonly refresher: MetadataRefresher;
  private readonly closing = new AbortController();
  private held: readonly TopicPartition[] = [];
  /** What the running generation subscribed to, and as its leader handed out. */
  private subscribed: readonly string[] = [];
  private handedOut: ReadonlyMap<string, number> | null = null;

  constructor(dependencies: {
    readonly cluster: Cluster;
    readonly settings: GroupSettings;
    readonly logger: Logger;
    readonly groupId: string;
    readonly subscription: GroupMemberOptions['subscription'];
    readonly listener: GroupListener;
    readonly onClose: () => void;
  }) {
    const { cluster, settings, logger, groupId } = dependencies;
    this.cluster = cluster;
    this.settings = settings;
    this.logger = logger;
    this.groupId = groupId;
    this.subscription = dependencies.subscription;
    this.listener = dependencies.listener;
    this.onClose = dependencies.onClose;
    this.membership = new GroupMembership({ cluster, settings, logger, groupId, protocol: this });
    if ('pattern' in this.subscription) cluster.metadata.watchAll();
    else cluster.metadata.watch(this.subscription.topics);
    this.refresher = new MetadataRefresher({
      cluster,
      isNeeded: () => this.missingTopics().length > 0,
      onRefreshed: () => this.metadataRefreshed(),
      // The membership meets the same failure, and tells it.
      onFatal: () => {},
      closing: this.closing.signal,
    });
  }

  start(): void {
    const { replacedAssignors: asked } = this.settings;
    if (asked.length > 0) this.logger.warn(STICKY_REPLACED, { groupId: this.groupId, asked });
    this.cluster.metadata.refreshByAge(() => this.refresher.request());
    this.refresher.request();
    this.membership.start();
  }

  async commit(offsets: readonly TopicPartitionOffset[], signal?: AbortSignal): Promise<void> {
    if (offsets.length === 0) return;
    const identity = this.membership.identity;
    if (identity === null) throw this.rebalanced();
    const since = this.cluster.clock.monotonic();
    await this.asking(() => this.tryCommit(identity, offsets), 'commit offsets', signal);
    this.membership.meter.committed(since);
  }

  async committed(partitions: readonly TopicPartition[], signal?: AbortSignal): Promise<readonly (number | null)[]> {
    if (partitions.length === 0) return [];
    const { groupId } = this;
    const topics = byTopic(partitions, ({ partition }) => partition);
    const since = this.cluster.clock.monotonic();
    const answer = await this.asking(
      async () => {
        const found = await this.cluster.request(await this.membership.coordinator(), offsetFetch, { groupId, topics });
        for (const { errorCode } of [found, ...found.offsets]) this.check(errorCode, 'read offsets');
        return found.offsets;
      },
      'read offsets',
      signal,
    );
    this.membership.meter.fetchedOffsets(since);
    const offsets = new Map(answer.map((one) => [`${one.topic}/${one.partition}`, one.offset]));
    return partitions.map(({ topic, partition }) => {
      const offset = offsets.get(`${topic}/${partition}`) ?? -1;
      return offset >= 0 ? offset : null;
    });
  }

  figures(): ClientFigures {
    const { startedAt, clock, settings } = this.cluster;
    const { meter } = this.membership;
    const groups = [
      ...this.cluster.figures('consumer', { 'committed-time-ns-total': meter.committedTimeNs }),
      { type: 'consumer-coordinator-metrics', tags: {}, values: meter.values(this.held.length, clock.monotonic()) },
    ];
    return { kind: 'consumer', clientId: settings.connection.clientId, startedAt, groups };
  }

  async close(signal?: AbortSignal): Promise<void> {
    this.cluster.availability.close();
    this.closing.abort();
    await this.membership.close(signal);
    this.cluster.close();
    this.onClose();
  }

  async offer() {
    await this.cluster.metadata.refresh();
    this.subscribed = this.wantedTopics();
    for (const topic of this.subscribed) {
      const error = errorForCode(this.cluster.metadata.topic(topic)?.errorCode ?? 0, `subscribe to topic '${topic}'`);
      if (error instanceof ConfigError) throw error;
    }
    const metadata = encodeSubscription(this.subscribed);
    return this.settings.assignors.map((name) => ({ name, metadata }));
  }

  async assign(protocol: string, joined: readonly GroupProtocolMember[]): Promise<ReadonlyMap<string, Uint8Array>> {
    const members = joined.map(({ memberId, groupInstanceId, metadata }) => ({
      memberId,
      groupInstanceId,
      topics: decodeSubscription(metadata),
    }));
    const { metadata } = this.cluster;
    const topics = new Set(members.flatMap((member) => member.topics));
    metadata.watch(topics);
    await metadata.refresh();
    const partitions = new Map<string, number>();
    for (const topic of topics) {
      const count = metadata.topic(topic)?.partitions.length ?? 0;
      if (count > 0) partitions.set(topic, count);
    }
    this.handedOut = partitions;
    const assignor = assignors[protocol as keyof typeof assignors];
    if (assignor === undefined)
      throw new IllegalStateError(`The group chose the assignor '${protocol}', which was not offered.`);
    const assigned = assignor(members, partitions);
    return new Map([...assigned].map(([memberId, part]) => [memberId, encodeAssignment(part)]));
  }

  async onJoined({ assignment, isLeader, generationId }: GroupGeneration): Promise<void> {
    if (!isLeader) this.handedOut = null;
    this.held = decodeAssignment(assignment);
    this.logger.info('Partitions were assigned', {
      groupId: this.groupId,
      generation: generationId,
      partitions: this.held.length,
    });
    await this.timed('assigned', () => this.listener.onAssigned(this.held));
    // Something may have changed while the group was joining.
    this.rejoinIfChanged();
  }

  async onRevoked(): Promise<void> {
    const { held } = this;
    this.held = [];
    if (held.length === 0) return;
    await this.timed('revoked', () =>
      this.listener.onRevoked(held).catch((error: unknown) => {
        this.logger.error('Giving partitions back failed; the group goes on', { groupId: this.groupId, err: error });
      }),
    );
  }

  async onLost(): Promise<void> {
    const { held } = this;
    this.held = [];
    if (held.length > 0) await this.timed('lost', () => this.listener.onLost(held));
  }

  onFailed(error: Error): void {
    this.closing.abort();
    this.listener.onFailed(error);
  }

  private async timed(what: 'assigned' | 'revoked' | 'lost', run: () => Promise<void>): Promise<void> {
    const since = this.cluster.clock.monotonic();
    await run();
    this.membership.meter.called(what, since);
  }

  /** Repeats until the signal aborts; then it is the environment's fault. */
  private async asking<T>(attempt: () => Promise<T>, what: string, signal: AbortSignal | undefined): Promise<T> {
    const run = async (): Promise<T> => {
      if (this.closing.signal.aborted && !this.stillRevoking) {
        throw new IllegalStateError('The member of the group is closed.', { code: CLIENT_CLOSED });
      }
      try {
        return await attempt();
      } catch (error) {
        if (error instanceof EnvironmentError) this.membership.coordinatorUnknown();
        throw error;
      }
    };
    if (signal?.aborted === true) throw abortedError(what, this.groupId, undefined);
    return new Promise<T>((resolve, reject) => {
      const onAbort = (): void => reject(abortedError(what, this.groupId, signal?.reason));
      signal?.addEventListener('abort', onAbort, { once: true });
      this.cluster
        .retrying(run, signal)
        .then(resolve, reject)
        .finally(() => signal?.removeEventListener('abort', onAbort));
    });
  }

  /** While `close` lets go of partitions, their offsets are still committed. */
  private get stillRevoking(): boolean {
    return this.membership.identity !== null;
  }

  private async tryCommit(identity: MemberIdentity, offsets: readonly TopicPartitionOffset[]): Promise<void> {
    const outcomes = await this.cluster.request(await this.membership.coordinator(), offsetCommit, {
      ...identity,
      topics: byTopic(offsets, ({ partition, offset }) => ({ partition, offset })),
    });
    for (const { errorCode } of outcomes) this.check(errorCode, 'commit offsets');
  }

  private check(errorCode: number, what: string): void {
    if (errorCode === ErrorCode.NONE) return;
    if (generationOver.has(errorCode)) {
      this.membership.checkMembership();
      throw this.rebalanced();
    }
    if (errorCode === ErrorCode.FENCED_INSTANCE_ID) {
      const id = this.settings.groupInstanceId;
      throw new ConfigError(`Another member of group '${this.groupId}' took group.instance.id=${id}.`, {
        code: GROUP_FENCED,
      });
    }
    if (isStaleCoordinator(errorCode)) this.membership.coordinatorUnknown();
    throw errorForCode(errorCode, `${what} for group '${this.groupId}'`);
  }

  private rebalanced(): RetriableError {
    return new RetriableError(
      `Group '${this.groupId}' is rebalancing, or went on without this member: nothing was committed.`,
      { code: GROUP_REBALANCED },
    );
  }

  private wantedTopics(): string[] {
    if ('topics' in this.subscription) return [...new Set(this.subscription.topics)].sort();
    const { metadata } = this.cluster;
    const { pattern } = this.subscription;
    const whole = new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gy]/g, ''));
    return [...metadata.topicNames()]
      .filter((name) => metadata.topic(name)?.internal !== true && whole.test(name))
      .sort();
  }

  private missingTopics(): string[] {
    if ('pattern' in this.subscription) return [];
    return this.subscription.topics.filter((name) => (this.cluster.metadata.topic(name)?.partitions.length ?? 0) === 0);
  }

  private metadataRefreshed(): void {
    const { availability, metadata } = this.cluster;
    const missing = this.missingTopics();
    for (const topic of 'topics' in this.subscription ? this.subscription.topics : []) {
      if (!missing.includes(topic)) availability.worked(`topic ${topic}`);
      else {
        const code = metadata.topic(topic)?.errorCode ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
        availability.failed(`topic ${topic}`, errorForCode(code, `find topic '${topic}'`).message);
      }
    }
    this.rejoinIfChanged();
  }

  /** Topics that match now, or partitions that were added, are handed out by a new generation. */
  private rejoinIfChanged(): void {
    if (this.membership.identity === null) return;
    const { metadata } = this.cluster;
    let changed = 'pattern' in this.subscription && this.wantedTopics().join() !== this.subscribed.join();
    if (this.handedOut !== null) {
      for (const topic of this.watchedAsLeader()) {
        const now = metadata.topic(topic)?.partitions.length ?? 0;
        if (now !== (this.handedOut.get(topic) ?? 0) && now > 0) changed = true;
      }
    }
    if (changed) {
      this.logger.info('Topics or partitions have changed, joining the group anew', { groupId: this.groupId });
      this.membership.rejoin();
    }
  }

  private watchedAsLeader(): Set<string> {
    return new Set([...(this.handedOut?.keys() ?? []), ...this.subscribed]);
  }
}

const generationOver = new Set<number>([
  ErrorCode.ILLEGAL_GENERATION,
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.REBALANCE_IN_PROGRESS,
]);

function abortedError(what: string, groupId: string, cause: unknown): EnvironmentError {
  return new EnvironmentError(`Kafka did not ${what} for group '${groupId}' in time.`, {
    code: BROKER_UNAVAILABLE,
    ...(cause === undefined ? {} : { cause }),
  });
}
