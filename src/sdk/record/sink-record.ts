import { brandClass } from '../../foundation/brand.ts';
import { ConnectRecord, type ConnectRecordChanges, type ConnectRecordParts, changed } from './connect-record.ts';

/** What a record's timestamp says, by Kafka's own names. */
export type TimestampType = 'NoTimestampType' | 'CreateTime' | 'LogAppendTime';

/** What a {@link SinkRecord} is made of. */
export interface SinkRecordParts extends ConnectRecordParts {
  readonly kafkaPartition: number;
  readonly kafkaOffset: number;
  /** `NoTimestampType` by default. */
  readonly timestampType?: TimestampType;
  /** The coordinates before any transformation; the record's own by default. */
  readonly originalTopic?: string | null;
  readonly originalKafkaPartition?: number | null;
  readonly originalKafkaOffset?: number;
}

/**
 * A record for a sink task.
 *
 * A transformation may change topic and partition; what offsets are committed for is told by the original coordinates.
 */
export class SinkRecord extends ConnectRecord {
  readonly kafkaOffset: number;
  readonly timestampType: TimestampType;
  readonly originalTopic: string;
  readonly originalKafkaPartition: number;
  readonly originalKafkaOffset: number;

  constructor(parts: SinkRecordParts) {
    super(parts);
    this.kafkaOffset = parts.kafkaOffset;
    this.timestampType = parts.timestampType ?? 'NoTimestampType';
    this.originalTopic = parts.originalTopic ?? parts.topic;
    this.originalKafkaPartition = parts.originalKafkaPartition ?? parts.kafkaPartition;
    this.originalKafkaOffset = parts.originalKafkaOffset ?? parts.kafkaOffset;
  }

  override newRecord(changes: ConnectRecordChanges): this {
    return new SinkRecord({
      kafkaOffset: this.kafkaOffset,
      timestampType: this.timestampType,
      originalTopic: this.originalTopic,
      originalKafkaPartition: this.originalKafkaPartition,
      originalKafkaOffset: this.originalKafkaOffset,
      topic: changed(changes.topic, this.topic),
      kafkaPartition: changed(changes.kafkaPartition, this.kafkaPartition) ?? this.originalKafkaPartition,
      keySchema: changed(changes.keySchema, this.keySchema),
      key: changed(changes.key, this.key),
      valueSchema: changed(changes.valueSchema, this.valueSchema),
      value: changed(changes.value, this.value),
      timestamp: changed(changes.timestamp, this.timestamp),
      headers: this.headersFor(changes),
    }) as this;
  }

  override toString(): string {
    return (
      `SinkRecord{kafkaOffset=${this.kafkaOffset}, timestampType=${this.timestampType}, ` +
      `originalTopic=${this.originalTopic}, originalKafkaPartition=${this.originalKafkaPartition}, ` +
      `originalKafkaOffset=${this.originalKafkaOffset}} ${super.toString()}`
    );
  }

  override equals(other: unknown): boolean {
    return (
      other instanceof SinkRecord &&
      super.equals(other) &&
      this.kafkaOffset === other.kafkaOffset &&
      this.timestampType === other.timestampType &&
      this.originalTopic === other.originalTopic &&
      this.originalKafkaPartition === other.originalKafkaPartition &&
      this.originalKafkaOffset === other.originalKafkaOffset
    );
  }

  static {
    brandClass(SinkRecord, Symbol.for('holdfast.data.SinkRecord'));
  }
}
