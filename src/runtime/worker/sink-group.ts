/**
 * A sink task's membership in its consumer group. Lives in the control plane, so that heartbeats go on whatever the task does
 * (invariant 7), and joins what the group says with what the task host does: partitions are handed out with the offset to start at,
 * and taken away only after the host has vouched for what was delivered.
 */
import type { ClientFigures } from '../../broker/client-figures.ts';
import type { Availability, Broker, GroupMember, TopicPartition, TopicPartitionOffset } from '../../broker/ports.ts';
import { backoffDelay } from '../../foundation/backoff.ts';
import type { Clock } from '../../foundation/clock.ts';
import { Deferred } from '../../foundation/deferred.ts';
import type { Logger } from '../../foundation/logger.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import { ConfigError, EnvironmentError, IntegrityError } from '../../sdk/errors/kinds.ts';
import type { ParkedInfo, SinkRevoked, SinkTaskSpec } from '../host/protocol.ts';
import type { HostClient } from './host-client.ts';

export const SINK_NO_OFFSET = defineErrorCode('holdfast.sink.offset.none', {
  what: 'The consumer group has no committed offset for a partition, and auto.offset.reset=none forbids to choose one.',
  mend: 'Commit offsets for the group, or set consumer.override.auto.offset.reset to earliest or latest.',
});

export const SINK_COMMIT_TIMEOUT = defineErrorCode('holdfast.sink.commit-timeout', {
  what: 'The broker did not take the offsets of a sink task in time. They are committed with the next interval.',
  mend: 'Look at the broker, and whether a topic was deleted. If it is only slow, raise offset.flush.timeout.ms.',
});

/** `offset.flush.timeout.ms` may be 0, and no broker answers in no time. */
const LEAST_COMMIT_TIMEOUT_MS = 1_000;
const COMMITTED_BACKOFF = { initialMs: 100, maxMs: 5_000, jitter: 0.2 };

/** Partitions on their way to the host: their committed offsets are asked for. */
interface HandOut {
  readonly abort: AbortController;
  isDone: boolean;
}

export interface SinkGroupOptions {
  readonly broker: Broker;
  readonly host: HostClient;
  readonly spec: SinkTaskSpec;
  readonly subscription: { readonly topics: readonly string[] } | { readonly pattern: RegExp };
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onFailed: (error: Error) => void;
  /** Whether the member gets on with its coordinator. */
  readonly onAvailability: (availability: Availability) => void;
  /** The group can't be asked where to start; null: it can again. */
  readonly onParked: (parked: ParkedInfo | null) => void;
}

export class SinkGroup {
  private readonly options: SinkGroupOptions;
  private readonly member: GroupMember;
  private readonly spec: SinkTaskSpec;
  private readonly logger: Logger;
  private readonly leaving = new AbortController();
  private handOut: HandOut | null = null;
  /** Resolves when the commit before has ended, one way or the other. */
  private lastCommit: Promise<void> = Promise.resolve();

  constructor(options: SinkGroupOptions) {
    this.options = options;
    this.spec = options.spec;
    this.logger = options.logger;
    this.member = options.broker.groupMember({
      settings: options.spec.consumerSettings,
      written: options.spec.writtenClientKeys?.consumer ?? {},
      logger: options.logger,
      onAvailability: options.onAvailability,
      groupId: options.spec.consumerSettings['group.id'] ?? `connect-${options.spec.id.connector}`,
      subscription: options.subscription,
      listener: {
        onAssigned: (partitions) => this.assigned(partitions),
        onRevoked: (partitions) => this.revoked(partitions, false),
        onLost: (partitions) => this.revoked(partitions, true),
        onFailed: (error) => options.onFailed(error),
      },
    });
  }

  start(): void {
    this.member.start();
  }

  /** null where the broker has none. */
  figures(): ClientFigures | null {
    return this.member.figures?.() ?? null;
  }

  /**
   * Ends after `offset.flush.timeout.ms` at the latest, and at once when the group is left. One at a time, in order: a commit that is
   * tried again must not put back what a later one has committed.
   * @throws RetriableError when the generation is over, EnvironmentError when the time is: nothing is known to be committed.
   */
  async commit(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    const before = this.lastCommit;
    const ended = new Deferred();
    this.lastCommit = ended.promise;
    const limit = new AbortController();
    const onLeaving = (): void => limit.abort(this.leaving.signal.reason);
    const timeoutMs = Math.max(this.spec.offsetFlushTimeoutMs, LEAST_COMMIT_TIMEOUT_MS);
    const timer = this.options.clock.setTimer(
      () => limit.abort(new ConnectError('the time for it is over')),
      timeoutMs,
    );
    this.leaving.signal.addEventListener('abort', onLeaving, { once: true });
    try {
      await before;
      await this.member.commit(offsets, limit.signal);
    } catch (error) {
      if (!limit.signal.aborted || this.leaving.signal.aborted) throw error;
      throw new EnvironmentError(`The broker did not take the offsets within ${timeoutMs} ms.`, {
        code: SINK_COMMIT_TIMEOUT,
        cause: error,
      });
    } finally {
      timer.cancel();
      this.leaving.signal.removeEventListener('abort', onLeaving);
      ended.resolve();
    }
  }

  /** Leaves the group. The task has ended before: there is nobody left to ask for offsets. */
  async close(signal?: AbortSignal): Promise<void> {
    this.leaving.abort(new ConnectError('the task was stopped'));
    this.handOut?.abort.abort(this.leaving.signal.reason);
    await this.member.close(signal);
  }

  /** The group doesn't wait for the offsets: while a broker doesn't tell them, it may still take the partitions away again. */
  private async assigned(partitions: readonly TopicPartition[]): Promise<void> {
    if (this.leaving.signal.aborted) return;
    if (partitions.length === 0) {
      // An empty assignment ends the pauses of the former one.
      this.options.host.post({ type: 'sink.assign', id: this.spec.id, partitions: [] });
      return;
    }
    const handOut: HandOut = { abort: new AbortController(), isDone: false };
    this.handOut = handOut;
    void this.offsetsOf(partitions, handOut.abort.signal).then(
      (committed) => {
        // Partitions that were revoked meanwhile belong to another member.
        if (committed === null || handOut.abort.signal.aborted) return;
        handOut.isDone = true;
        this.assignToHost(partitions, committed);
      },
      (error) => this.options.onFailed(error as Error),
    );
  }

  /** Where the group stands; null when nobody wants to know any more. Rejects only with what time can't mend. */
  private async offsetsOf(
    partitions: readonly TopicPartition[],
    signal: AbortSignal,
  ): Promise<readonly (number | null)[] | null> {
    const { clock, onParked } = this.options;
    const since = clock.now();
    for (let attempt = 1; ; attempt++) {
      try {
        const committed = await this.member.committed(partitions, signal);
        if (attempt > 1) onParked(null);
        return committed;
      } catch (error) {
        if (signal.aborted) {
          if (attempt > 1) onParked(null);
          return null;
        }
        if (error instanceof ConfigError || error instanceof IntegrityError) throw error;
        // Invariant 3: the partitions wait, they are not lost.
        const waitMs = backoffDelay(attempt - 1, COMMITTED_BACKOFF);
        onParked({
          dependency: 'broker',
          gateId: null,
          reason: `The committed offsets of group ${this.spec.consumerSettings['group.id'] ?? `connect-${this.spec.id.connector}`} can't be read: ${(error as Error).message}`,
          code: (error as { readonly code?: string }).code ?? EnvironmentError.defaultCode,
          partitions: partitions.map(nameOf),
          since,
          attempts: attempt,
          nextProbeAt: clock.now() + waitMs,
        });
        await clock.sleep(waitMs, signal).catch(() => {});
      }
    }
  }

  private assignToHost(partitions: readonly TopicPartition[], committed: readonly (number | null)[]): void {
    const reset = this.spec.consumerSettings['auto.offset.reset'] ?? 'earliest';
    const missing = partitions.find((_, index) => (committed[index] ?? null) === null);
    if (missing !== undefined && reset === 'none') {
      this.options.onFailed(
        new ConfigError(
          `The consumer group has no committed offset for partition ${missing.partition} of topic ${missing.topic}, and auto.offset.reset is none.`,
          { code: SINK_NO_OFFSET },
        ),
      );
      return;
    }
    const start = reset === 'latest' ? 'latest' : 'earliest';
    this.logger.debug('Partitions were assigned.', { partitions: partitions.map(nameOf) });
    this.options.host.post({
      type: 'sink.assign',
      id: this.spec.id,
      partitions: partitions.map((partition, index) => ({ ...partition, offset: committed[index] ?? start })),
    });
  }

  private async revoked(partitions: readonly TopicPartition[], lost: boolean): Promise<void> {
    const { handOut } = this;
    this.handOut = null;
    handOut?.abort.abort(new ConnectError('the partitions were taken away'));
    // After the task has ended there is nothing to vouch for: its final commit went out before. Nor is there for what it never got.
    if (partitions.length === 0 || this.leaving.signal.aborted || handOut?.isDone !== true) return;
    const body = { type: 'sink.revoke', id: this.spec.id, partitions, lost } as const;
    const { offsets } = (await this.options.host.ask(body)) as SinkRevoked;
    if (lost || offsets.length === 0) return;
    try {
      // Invariant 2: only what the task vouched for.
      await this.commit(offsets);
    } catch (error) {
      this.logger.warn('Offsets could not be committed before partitions were given up. Their records come again.', {
        partitions: partitions.map(nameOf),
        err: error,
      });
    }
  }
}

function nameOf(partition: TopicPartition): string {
  return `${partition.topic}-${partition.partition}`;
}
