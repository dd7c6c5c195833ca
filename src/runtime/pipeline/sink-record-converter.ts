/** Fetched bytes to sink records: key, value, headers, in Kafka Connect's order. */
import type { FetchedRecord } from '../../broker/ports.ts';
import type { RawRecord } from '../../sdk/converter.ts';
import { ConnectHeaders } from '../../sdk/data/headers.ts';
import type { ConnectError } from '../../sdk/errors/connect-error.ts';
import { type ConnectRecordChanges, changed } from '../../sdk/record/connect-record.ts';
import { SinkRecord, type SinkRecordParts } from '../../sdk/record/sink-record.ts';
import type { ConsumedRecord, Stage } from '../errors/processing-context.ts';
import type { ClosablePlugin } from './close-plugins.ts';
import { bytesOf, type Converters, convertersOf, STAGES } from './source-record-converter.ts';

const CONSUMED: unique symbol = Symbol('consumed record');

/** A sink record that knows the bytes it was made of, for the dead letter queue. Transformations keep them. */
class InternalSinkRecord extends SinkRecord {
  readonly [CONSUMED]: ConsumedRecord;

  constructor(parts: SinkRecordParts, consumed: ConsumedRecord) {
    super(parts);
    this[CONSUMED] = consumed;
  }

  override newRecord(changes: ConnectRecordChanges): this {
    const parts: SinkRecordParts = {
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
    };
    return new InternalSinkRecord(parts, this[CONSUMED]) as this;
  }
}

/** The bytes a record was made of; null for one that the runtime didn't make, or made without keeping them. */
export function consumedOf(record: SinkRecord): ConsumedRecord | null {
  return (record as { readonly [CONSUMED]?: ConsumedRecord })[CONSUMED] ?? null;
}

export class SinkRecordConverter {
  private readonly converters: Converters;
  private readonly keepsConsumed: boolean;
  private readonly keyPrepares: boolean;
  private readonly valuePrepares: boolean;
  private at: 'key' | 'value' | 'header' = 'key';

  constructor(options: {
    readonly converters: Converters;
    /** True when errors can be reported: records then keep their bytes until the task lets go of them. */
    readonly keepsConsumed: boolean;
  }) {
    this.converters = options.converters;
    this.keepsConsumed = options.keepsConsumed;
    this.keyPrepares = options.converters.key.converter.prepareToConnectData !== undefined;
    this.valuePrepares = options.converters.value.converter.prepareToConnectData !== undefined;
  }

  /** True when {@link prepare} does anything. */
  get prepares(): boolean {
    return this.keyPrepares || this.valuePrepares;
  }

  /** Asks for what {@link convert} will need; undefined when nothing is lacking. */
  prepare(records: readonly RawRecord[], signal: AbortSignal): Promise<void> | undefined {
    const key = this.keyPrepares ? this.converters.key.converter.prepareToConnectData?.(records, signal) : undefined;
    const value = this.valuePrepares
      ? this.converters.value.converter.prepareToConnectData?.(records, signal)
      : undefined;
    if (key === undefined || value === undefined) return key ?? value;
    return Promise.all([key, value]).then(() => undefined);
  }

  /** Throws what a converter throws; {@link failure} then says which. */
  convert(topic: string, partition: number, raw: FetchedRecord): SinkRecord {
    const { key, value } = this.converters;
    this.at = 'key';
    const keyData = key.converter.toConnectData(topic, raw.key, raw.headers);
    this.at = 'value';
    const valueData = value.converter.toConnectData(topic, raw.value, raw.headers);
    this.at = 'header';
    const headers = raw.headers.length === 0 ? null : this.headersOf(topic, raw);
    const parts: SinkRecordParts = {
      topic,
      kafkaPartition: partition,
      keySchema: keyData.schema,
      key: keyData.value,
      valueSchema: valueData.schema,
      value: valueData.value,
      kafkaOffset: raw.offset,
      timestamp: raw.timestamp < 0 ? null : raw.timestamp,
      timestampType: raw.timestamp < 0 ? 'NoTimestampType' : raw.timestampType,
      headers,
    };
    return this.keepsConsumed ? new InternalSinkRecord(parts, { topic, partition, raw }) : new SinkRecord(parts);
  }

  /** Where the last {@link convert} failed. */
  failure(): { readonly stage: Stage; readonly className: string } {
    return { stage: STAGES[this.at], className: this.converters[this.at].className };
  }

  /** The record is skipped that waited with this error. */
  skipped(error: ConnectError): void {
    const { key, value } = this.converters;
    for (const { converter } of [key, value]) converter.skipped?.(error);
  }

  /** The bytes of a record that the task made itself, by the task's own converters. */
  toBytes(record: SinkRecord): ConsumedRecord {
    const { key, value, header } = this.converters;
    const { topic } = record;
    const headers = record.hasHeaders
      ? [...record.headers].map((each) => ({
          key: each.key,
          value: bytesOf(header, header.converter.fromConnectHeader(topic, each.key, each.schema, each.value)),
        }))
      : [];
    const raw: FetchedRecord = {
      offset: record.kafkaOffset,
      timestamp: record.timestamp ?? -1,
      timestampType: record.timestampType === 'LogAppendTime' ? 'LogAppendTime' : 'CreateTime',
      key: bytesOf(key, key.converter.fromConnectData(topic, record.keySchema, record.key)),
      value: bytesOf(value, value.converter.fromConnectData(topic, record.valueSchema, record.value)),
      headers,
    };
    return { topic: record.originalTopic, partition: record.originalKafkaPartition, raw };
  }

  /** To be closed. */
  get plugins(): readonly ClosablePlugin[] {
    return convertersOf(this.converters);
  }

  private headersOf(topic: string, raw: FetchedRecord): ConnectHeaders {
    const { converter } = this.converters.header;
    const headers = new ConnectHeaders();
    for (const { key, value } of raw.headers) {
      const converted = converter.toConnectHeader(topic, key, value);
      headers.add(key, converted.value, converted.schema);
    }
    return headers;
  }
}
