/**
 * A sink task's membership in its consumer group. Lives in the control plane, so that heartbeats go on whatever the task does
 * (invariant 7), and joins what the group says with what the task host does: partitions are handed out with the offset to start at,
 * and taken away only after the host has vouched for what was delivered.
 */
import type { Broker, GroupMember, TopicPartition, TopicPartitionOffset } from '../../broker/ports.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConfigError } from '../../sdk/errors/kinds.ts';
import type { SinkRevoked, SinkTaskSpec } from '../host/protocol.ts';
import type { HostClient } from './host-client.ts';

export const SINK_NO_OFFSET = defineErrorCode('holdfast.sink.offset.none', {
  what: 'The consumer group has no committed offset for a partition, and auto.offset.reset=none forbids to choose one.',
  mend: 'Commit offsets for the group, or set consumer.override.auto.offset.reset to earliest or latest.',
});

export class SinkGroup {
  private readonly member: GroupMember;
  private readonly host: HostClient;
  private readonly spec: SinkTaskSpec;
  private readonly logger: Logger;
  private readonly onFailed: (error: Error) => void;
  private readonly abort = new AbortController();

  constructor(options: {
    readonly broker: Broker;
    readonly host: HostClient;
    readonly spec: SinkTaskSpec;
    readonly subscription: { readonly topics: readonly string[] } | { readonly pattern: RegExp };
    readonly clock: Clock;
    readonly logger: Logger;
    readonly onFailed: (error: Error) => void;
  }) {
    this.host = options.host;
    this.spec = options.spec;
    this.logger = options.logger;
    this.onFailed = options.onFailed;
    this.member = options.broker.groupMember({
      settings: options.spec.consumerSettings,
      logger: options.logger,
      groupId: options.spec.consumerSettings['group.id'] ?? `connect-${options.spec.id.connector}`,
      subscription: options.subscription,
      listener: {
        onAssigned: (partitions) => this.assigned(partitions),
        onRevoked: (partitions) => this.revoked(partitions, false),
        onLost: (partitions) => this.revoked(partitions, true),
        onFailed: (error) => this.onFailed(error),
      },
    });
  }

  start(): void {
    this.member.start();
  }

  /** @throws RetriableError when the generation is over: nothing was committed. */
  commit(offsets: readonly TopicPartitionOffset[], signal?: AbortSignal): Promise<void> {
    return this.member.commit(offsets, signal);
  }

  /** Leaves the group. The task has ended before: there is nobody left to ask for offsets. */
  async close(signal?: AbortSignal): Promise<void> {
    this.abort.abort(new Error('the task was stopped'));
    await this.member.close(signal);
  }

  private async assigned(partitions: readonly TopicPartition[]): Promise<void> {
    const committed = await this.member.committed(partitions, this.abort.signal);
    const reset = this.spec.consumerSettings['auto.offset.reset'] ?? 'earliest';
    const positions = partitions.map((partition, index) => ({ ...partition, offset: committed[index] ?? reset }));
    const missing = positions.find(({ offset }) => offset === 'none');
    if (missing !== undefined) {
      this.onFailed(
        new ConfigError(
          `The consumer group has no committed offset for partition ${missing.partition} of topic ${missing.topic}, and auto.offset.reset is none.`,
          { code: SINK_NO_OFFSET },
        ),
      );
      return;
    }
    this.logger.debug('Partitions were assigned.', { partitions: partitions.map(nameOf) });
    this.host.post({
      type: 'sink.assign',
      id: this.spec.id,
      partitions: positions as (TopicPartition & { offset: number | 'earliest' | 'latest' })[],
    });
  }

  private async revoked(partitions: readonly TopicPartition[], lost: boolean): Promise<void> {
    // After the task has ended there is nothing to vouch for: its final commit went out before.
    if (partitions.length === 0 || this.abort.signal.aborted) return;
    const answer = (await this.host.ask({ type: 'sink.revoke', id: this.spec.id, partitions, lost })) as SinkRevoked;
    if (lost || answer.offsets.length === 0) return;
    try {
      // Invariant 2: only what the task vouched for.
      await this.member.commit(answer.offsets, this.abort.signal);
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
