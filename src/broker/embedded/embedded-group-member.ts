import { randomUUID } from 'node:crypto';
import { ConfigError, EnvironmentError, IllegalStateError, RetriableError } from '../../sdk/errors/index.ts';
import { isStickyAssignor, STICKY_REPLACED } from '../assignors.ts';
import { BROKER_UNAVAILABLE, GROUP_FENCED, GROUP_REBALANCED } from '../broker-errors.ts';
import type { GroupMember, GroupMemberOptions, TopicPartition, TopicPartitionOffset } from '../ports.ts';
import { booleanSetting, checkClientSettings, integerSetting } from './client-settings.ts';
import type { GroupCoordinator } from './group-coordinator.ts';

export interface EmbeddedGroupMemberInput extends GroupMemberOptions {
  readonly coordinator: GroupCoordinator;
  /** Creates a topic if it may be; rejects with the signal. */
  readonly ensureTopic: (name: string, signal: AbortSignal) => Promise<unknown>;
  readonly onClose: (member: EmbeddedGroupMember) => void;
}

/**
 * What a member holds: nothing (`free`), partitions (`holding`), partitions it was asked to let go of (`releasing`), or
 * partitions that were taken from it because it did not in time (`lost`).
 */
type Phase = 'new' | 'free' | 'holding' | 'releasing' | 'lost' | 'closed';

/** See {@link GroupMember}. The listener is called one call at a time, each awaited; the group never waits for it beyond its timeout. */
export class EmbeddedGroupMember implements GroupMember {
  readonly groupId: string;
  readonly clientId: string;
  readonly instanceId: string | null;
  memberId: string;
  /** What the group gave it last. */
  assigned: readonly TopicPartition[] = [];

  private readonly input: EmbeddedGroupMemberInput;
  private readonly rebalanceTimeoutMs: number;
  private readonly closing = new AbortController();
  private phase: Phase = 'new';
  /** Topics and partition counts that the assignment was made from. */
  private assignedFrom = '';
  /** The listener's calls, one after another. */
  private calls: Promise<void> = Promise.resolve();
  private releasing: Promise<void> | null = null;

  constructor(input: EmbeddedGroupMemberInput) {
    const { settings } = input;
    checkClientSettings('consumer', settings);
    this.input = input;
    this.groupId = input.groupId;
    this.clientId = settings['client.id'] ?? 'holdfast';
    this.instanceId = settings['group.instance.id'] ?? null;
    this.memberId = this.newMemberId();
    // As Kafka's consumer does: what a poll may take is what letting go may take.
    this.rebalanceTimeoutMs = integerSetting(settings, 'max.poll.interval.ms', 300_000);
    if (input.groupId.length === 0) throw new ConfigError('group.id is empty; every group needs a name.');
    checkAssignor(input);
  }

  start(): void {
    if (this.phase !== 'new') return;
    this.phase = 'free';
    this.input.coordinator.join(this);
    if (booleanSetting(this.input.settings, 'allow.auto.create.topics', true)) this.createTopics();
  }

  async commit(offsets: readonly TopicPartitionOffset[], signal?: AbortSignal): Promise<void> {
    if (this.phase !== 'holding' && this.phase !== 'releasing') {
      throw new RetriableError(
        `The member of group '${this.groupId}' holds no partitions in the group's current generation, so nothing was committed. Whoever holds them now reads those records again.`,
        { code: GROUP_REBALANCED },
      );
    }
    await this.input.coordinator.offsets.commit(this.groupId, offsets, signal);
  }

  async committed(partitions: readonly TopicPartition[], signal?: AbortSignal): Promise<readonly (number | null)[]> {
    signal?.throwIfAborted();
    return partitions.map((place) => this.input.coordinator.offsets.get(this.groupId, place));
  }

  async close(signal?: AbortSignal): Promise<void> {
    if (this.closing.signal.aborted) return;
    this.closing.abort(new IllegalStateError('The group member is closed.'));
    const started = this.phase !== 'new';
    const released = this.release();
    try {
      await (signal === undefined ? released : raceWithSignal(released, signal));
    } finally {
      // Who waits no longer gives the partitions up all the same: another member must not wait for this one.
      this.phase = 'closed';
      if (started) this.input.coordinator.leave(this);
      this.input.onClose(this);
    }
  }

  /** The topics it subscribes to, of those that exist. */
  topics(): string[] {
    const { subscription, coordinator } = this.input;
    const existing = coordinator.topics.all().filter((topic) => !topic.internal);
    if ('topics' in subscription) {
      return existing.filter((topic) => subscription.topics.includes(topic.name)).map((topic) => topic.name);
    }
    const whole = new RegExp(`^(?:${subscription.pattern.source})$`, subscription.pattern.flags.replace(/[gy]/g, ''));
    return existing.filter((topic) => whole.test(topic.name)).map((topic) => topic.name);
  }

  /** Whether topics came or went since its last assignment. */
  isOutdated(): boolean {
    return this.phase !== 'new' && this.signature() !== this.assignedFrom;
  }

  /** Whether partitions may be assigned to it. */
  get isFree(): boolean {
    return this.phase === 'free' && !this.closing.signal.aborted;
  }

  /** Has the listener let go of what it holds. Resolves when it has, or has lost it because it took too long. Never rejects. */
  release(): Promise<void> {
    if (this.phase === 'releasing' && this.releasing !== null) return this.releasing;
    if (this.phase !== 'holding') return Promise.resolve();
    const partitions = this.assigned;
    if (partitions.length === 0) {
      this.phase = 'free';
      return Promise.resolve();
    }
    this.phase = 'releasing';
    this.releasing = this.revoke(partitions);
    return this.releasing;
  }

  private async revoke(partitions: readonly TopicPartition[]): Promise<void> {
    const { clock } = this.input.coordinator;
    const revoked = this.call('onRevoked', () => this.input.listener.onRevoked(partitions)).then(() => {
      if (this.phase !== 'releasing') return;
      this.phase = 'free';
      this.assigned = [];
    });
    const timeout = new AbortController();
    const late = clock.sleep(this.rebalanceTimeoutMs, timeout.signal).then(
      () => this.lose(partitions, revoked),
      () => {},
    );
    await Promise.race([revoked, late]);
    timeout.abort();
  }

  /** It took too long: the group goes on without it. Once the listener is through it is told, and joins anew. */
  private lose(partitions: readonly TopicPartition[], revoked: Promise<void>): void {
    if (this.phase !== 'releasing') return;
    this.phase = 'lost';
    this.assigned = [];
    this.input.logger.warn('A member did not let go of its partitions in time and has lost them.', {
      group: this.groupId,
      member: this.memberId,
      rebalanceTimeoutMs: this.rebalanceTimeoutMs,
    });
    // Taken out without another rebalance: the one that is going on continues as soon as this returns.
    void this.call('onLost', () => this.input.listener.onLost(partitions));
    void revoked
      .then(() => this.calls)
      .then(() => {
        if (this.phase !== 'lost') return;
        this.phase = 'free';
        this.memberId = this.newMemberId();
        this.input.coordinator.join(this);
      });
  }

  /** Gives it partitions; the listener hears of it after its earlier calls. */
  assign(partitions: readonly TopicPartition[], generation: number): void {
    this.phase = 'holding';
    this.assigned = partitions;
    this.assignedFrom = this.signature();
    this.input.logger.debug('Partitions were assigned.', { group: this.groupId, generation, partitions });
    void this.call('onAssigned', () => this.input.listener.onAssigned(partitions));
  }

  /** Another member took its instance id: it has ended. */
  fence(): void {
    const lost = this.assigned;
    this.phase = 'closed';
    this.assigned = [];
    this.closing.abort(new IllegalStateError('The group member was fenced.'));
    if (lost.length > 0) void this.call('onLost', () => this.input.listener.onLost(lost));
    void this.call('onFailed', async () =>
      this.input.listener.onFailed(
        new ConfigError(
          `Another member of group '${this.groupId}' joined with group.instance.id=${this.instanceId}. Give each member its own.`,
          { code: GROUP_FENCED },
        ),
      ),
    );
    this.input.onClose(this);
  }

  private call(name: string, run: () => Promise<void>): Promise<void> {
    this.calls = this.calls.then(run).catch((err) => {
      this.input.logger.error('A listener of a group failed.', { group: this.groupId, call: name, err });
    });
    return this.calls;
  }

  private signature(): string {
    const { topics } = this.input.coordinator;
    return this.topics()
      .map((name) => `${name}/${topics.get(name)?.id}`)
      .sort()
      .join(' ');
  }

  private createTopics(): void {
    const { subscription, coordinator } = this.input;
    if (!('topics' in subscription)) return;
    for (const name of subscription.topics) {
      if (coordinator.topics.get(name) !== undefined) continue;
      this.input.ensureTopic(name, this.closing.signal).catch((err) => {
        if (this.closing.signal.aborted) return;
        this.input.logger.warn('A topic that a group subscribes to does not exist and could not be created.', {
          group: this.groupId,
          topic: name,
          err,
        });
      });
    }
  }

  private newMemberId(): string {
    return `${this.instanceId ?? this.clientId}-${randomUUID()}`;
  }
}

async function raceWithSignal(released: Promise<void>, signal: AbortSignal): Promise<void> {
  let onAbort: () => void = () => {};
  const abort = new Promise<never>((_, reject) => {
    onAbort = () =>
      reject(
        new EnvironmentError('The listener of a group member did not let go of its partitions in the time given.', {
          code: BROKER_UNAVAILABLE,
          cause: signal.reason,
        }),
      );
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    await Promise.race([released, abort]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function checkAssignor({ settings, groupId, logger }: EmbeddedGroupMemberInput): void {
  const strategy = settings['partition.assignment.strategy'];
  const asked = (strategy ?? 'range').split(',').map((name) => name.trim());
  if (asked.some((name) => name.toLowerCase().endsWith('rangeassignor') || name === 'range')) return;
  if (asked.some(isStickyAssignor)) {
    logger.warn(STICKY_REPLACED, { group: groupId, asked });
    return;
  }
  throw new ConfigError(
    `partition.assignment.strategy=${strategy} is not supported by the embedded broker: it assigns by range. Remove the setting, or add org.apache.kafka.clients.consumer.RangeAssignor to it.`,
  );
}
