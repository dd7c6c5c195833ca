/** Offsets of a sink connector, as its consumer group has them. Messages of Kafka Connect 4.1.1 (KIP-875). */
import { GROUP_NOT_EMPTY } from '../../broker/broker-errors.ts';
import type { Admin, TopicPartitionOffset } from '../../broker/ports.ts';
import type { Logger } from '../../foundation/logger.ts';
import { javaText } from '../../sdk/data/java-text.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import { ConfigError } from '../../sdk/errors/kinds.ts';
import type { ConnectorOffset } from './herder.ts';

export const SINK_OFFSETS_INVALID = defineErrorCode('holdfast.connector.sink-offsets-invalid', {
  what: 'A request to alter the offsets of a sink connector names no topic, partition or offset that one can have.',
  mend: 'Send them in the shape in which GET /connectors/{connector}/offsets answers.',
});

export const SINK_OFFSETS_NOT_ALTERED = defineErrorCode('holdfast.connector.sink-offsets-not-altered', {
  what: 'The broker did not let the offsets of a consumer group be altered.',
  mend: 'Stop every member of the group, this connector among them, and name topics that exist.',
});

const TOPIC = 'kafka_topic';
const PARTITION = 'kafka_partition';
const OFFSET = 'kafka_offset';
const MAX_INT = 2n ** 31n - 1n;
const MAX_LONG = 2n ** 63n - 1n;

/** A null offset takes the committed one away. */
export interface SinkOffsetChange {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number | null;
}

export function offsetsOfGroup(offsets: readonly TopicPartitionOffset[]): readonly ConnectorOffset[] {
  return offsets.map(({ topic, partition, offset }) => ({
    partition: { [PARTITION]: partition, [TOPIC]: topic },
    offset: { [OFFSET]: offset },
  }));
}

/** Of several for one partition the last one counts. @throws ConfigError `holdfast.connector.sink-offsets-invalid` */
export function parseSinkOffsets(offsets: readonly ConnectorOffset[]): readonly SinkOffsetChange[] {
  const changes = new Map<string, SinkOffsetChange>();
  for (const given of offsets) {
    const { topic, partition } = parsePartition(given.partition);
    changes.set(`${topic}-${partition}`, { topic, partition, offset: parseOffset(given.offset) });
  }
  return [...changes.values()];
}

function parsePartition(given: ConnectorOffset['partition']): { readonly topic: string; readonly partition: number } {
  if (given === null) throw invalid('The partition for a sink connector offset cannot be null or missing');
  if (!Object.hasOwn(given, TOPIC) || !Object.hasOwn(given, PARTITION)) {
    throw invalid(`The partition for a sink connector offset must contain the keys '${TOPIC}' and '${PARTITION}'`);
  }
  const topic = given[TOPIC] ?? null;
  const partition = given[PARTITION] ?? null;
  if (topic === null) throw invalid('Kafka topic names must be valid strings and may not be null');
  if (partition === null) throw invalid('Kafka partitions must be valid numbers and may not be null');
  const number = integerOf(partition, MAX_INT);
  if (number !== null) return { topic: javaText(topic), partition: Number(number) };
  throw invalid(
    `Failed to parse the following Kafka partition value in the provided offsets: '${javaText(partition)}'. Partition values for sink connectors need to be integers.`,
  );
}

function parseOffset(given: ConnectorOffset['offset']): number | null {
  if (given === null) return null;
  if (!Object.hasOwn(given, OFFSET)) {
    throw invalid(`The offset for a sink connector should either be null or contain the key '${OFFSET}'`);
  }
  const number = integerOf(given[OFFSET] ?? null, MAX_LONG);
  if (number !== null) return Number(number);
  throw invalid(
    `Failed to parse the following Kafka offset value in the provided offsets: '${javaText(given[OFFSET])}'. Offset values for sink connectors need to be integers.`,
  );
}

/** `10` and `"10"` alike, as Java's parseInt takes them. */
function integerOf(value: unknown, max: bigint): bigint | null {
  const text = javaText(value);
  if (!/^[+-]?\d+$/.test(text)) return null;
  const number = BigInt(text.replace(/^\+/, ''));
  return number > max || number < -max - 1n ? null : number;
}

function invalid(message: string): ConfigError {
  return new ConfigError(message, { code: SINK_OFFSETS_INVALID });
}

/** The group of one sink connector. */
export class SinkGroupOffsets {
  private readonly admin: Admin;
  private readonly groupId: string;
  private readonly connector: string;
  private readonly logger: Logger;

  constructor(options: {
    readonly admin: Admin;
    readonly groupId: string;
    readonly connector: string;
    readonly logger: Logger;
  }) {
    this.admin = options.admin;
    this.groupId = options.groupId;
    this.connector = options.connector;
    this.logger = options.logger;
  }

  /** What a reset is about. @throws ConnectError */
  async resets(signal: AbortSignal): Promise<readonly SinkOffsetChange[]> {
    try {
      const committed = await this.admin.groupOffsets(this.groupId, signal);
      return committed.map(({ topic, partition }) => ({ topic, partition, offset: null }));
    } catch (cause) {
      const message = `Failed to list offsets prior to resetting offsets for sink connector ${this.connector}`;
      throw new ConnectError(message, { code: SINK_OFFSETS_NOT_ALTERED, cause });
    }
  }

  /** @throws ConnectError `holdfast.connector.sink-offsets-not-altered`, also while the group has members */
  async alter(changes: readonly SinkOffsetChange[], signal: AbortSignal): Promise<void> {
    const toSet: TopicPartitionOffset[] = [];
    const toDelete: SinkOffsetChange[] = [];
    for (const change of changes) {
      if (change.offset === null) toDelete.push(change);
      else toSet.push({ ...change, offset: change.offset });
    }
    if (toSet.some(({ offset }) => offset < 0)) {
      throw new ConnectError(`Failed to modify offsets for sink connector ${this.connector}`, {
        code: SINK_OFFSETS_NOT_ALTERED,
        cause: new ConfigError('Invalid negative offset', { code: SINK_OFFSETS_INVALID }),
      });
    }
    await this.change('alter', async () => {
      const tooFar = toSet.find(({ offset }) => !Number.isSafeInteger(offset));
      if (tooFar !== undefined) throw invalid(`No log reaches the offset ${tooFar.offset}.`);
      if (toSet.length > 0) await this.admin.alterGroupOffsets(this.groupId, toSet, signal);
      if (toDelete.length > 0) await this.admin.deleteGroupOffsets(this.groupId, toDelete, signal);
    });
  }

  /** @throws as {@link alter} */
  async reset(signal: AbortSignal): Promise<void> {
    await this.change('reset', () => this.admin.deleteGroup(this.groupId, signal));
  }

  private async change(what: 'alter' | 'reset', run: () => Promise<void>): Promise<void> {
    const { connector, groupId } = this;
    try {
      await run();
    } catch (cause) {
      const failed = `Failed to ${what} consumer group offsets for connector ${connector}`;
      this.logger.debug(failed, { connector, groupId, err: cause });
      const isInUse = cause instanceof ConnectError && cause.code === GROUP_NOT_EMPTY;
      throw new ConnectError(
        isInUse
          ? `${failed} either because its tasks haven't stopped completely yet or the connector was resumed before the request to ${what} its offsets could be successfully completed. If the connector is in a stopped state, this operation can be safely retried. If it doesn't eventually succeed, the Connect cluster may need to be restarted to get rid of the zombie sink tasks.`
          : failed,
        { code: SINK_OFFSETS_NOT_ALTERED, cause },
      );
    }
  }
}
