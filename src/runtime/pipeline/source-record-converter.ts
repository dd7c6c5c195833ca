/** Source records to bytes: headers, key, value, in Kafka Connect's order. */
import type { ProducerRecord, RecordHeader, SendResult } from '../../broker/ports.ts';
import { NO_HEADERS, NO_TIMESTAMP } from '../../broker/record-batch/record.ts';
import type { Converter, HeaderConverter, RawRecord } from '../../sdk/converter.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import type { ConnectError } from '../../sdk/errors/connect-error.ts';
import { DataError } from '../../sdk/errors/kinds.ts';
import { type RecordRange, RecordRanges } from '../../sdk/record/record-ranges.ts';
import type { SourceRecord } from '../../sdk/record/source-record.ts';
import type { Stage } from '../errors/processing-context.ts';
import type { ClosablePlugin } from './close-plugins.ts';

export const INVALID_TIMESTAMP = defineErrorCode('holdfast.task.invalid-timestamp', {
  what: 'A source task gave a record a negative timestamp.',
  mend: 'Correct the connector or the transformation that set it. -1 and null mean: the time at which it is produced.',
});

export const CONVERTER_NOT_BYTES = defineErrorCode('holdfast.task.converter-not-bytes', {
  what: 'A converter gave something else than bytes for a record that is to be written.',
  mend: 'Correct the converter that the message names: it has to return a Uint8Array, or null.',
});

/** A converter with the name that error reports show. */
export interface NamedConverter<C> {
  readonly className: string;
  readonly converter: C;
}

export interface Converters {
  readonly key: NamedConverter<Converter>;
  readonly value: NamedConverter<Converter>;
  readonly header: NamedConverter<HeaderConverter>;
}

/** Rough size of what a record carries beside key, value and headers; bounds memory, not a wire format. */
const RECORD_OVERHEAD = 64;

export class SourceRecordConverter {
  private readonly converters: Converters;
  private at: 'key' | 'value' | 'header' = 'key';
  private readonly keyPrepares: boolean;
  private readonly valuePrepares: boolean;

  constructor(options: { readonly converters: Converters }) {
    this.converters = options.converters;
    this.keyPrepares = options.converters.key.converter.prepareFromConnectData !== undefined;
    this.valuePrepares = options.converters.value.converter.prepareFromConnectData !== undefined;
  }

  /** True when {@link prepare} does anything. */
  get prepares(): boolean {
    return this.keyPrepares || this.valuePrepares;
  }

  /** Asks for what {@link convert} will need; undefined when nothing is lacking. */
  prepare(records: readonly SourceRecord[], signal: AbortSignal): Promise<void> | undefined {
    const key = this.keyPrepares ? this.converters.key.converter.prepareFromConnectData?.(records, signal) : undefined;
    const value = this.valuePrepares
      ? this.converters.value.converter.prepareFromConnectData?.(records, signal)
      : undefined;
    if (key === undefined || value === undefined) return key ?? value;
    return Promise.all([key, value]).then(() => undefined);
  }

  /**
   * Throws what a converter throws; {@link failure} then says which. A DataError with the code {@link INVALID_TIMESTAMP} comes
   * from none of them and is never tolerated, as with Kafka Connect.
   */
  convert(record: SourceRecord): ProducerRecord {
    const { key, value } = this.converters;
    const { topic } = record;
    const connectHeaders = record.hasHeaders ? record.headers : undefined;
    this.at = 'header';
    const headers = connectHeaders === undefined ? NO_HEADERS : this.headersOf(record);
    this.at = 'key';
    const keyBytes = bytesOf(key, key.converter.fromConnectData(topic, record.keySchema, record.key, connectHeaders));
    this.at = 'value';
    const valueBytes = bytesOf(
      value,
      value.converter.fromConnectData(topic, record.valueSchema, record.value, connectHeaders),
    );
    return {
      topic,
      partition: record.kafkaPartition,
      key: keyBytes,
      value: valueBytes,
      headers,
      timestamp: timestampOf(record),
    };
  }

  /** Where the last {@link convert} failed. */
  failure(): { readonly stage: Stage; readonly className: string } {
    const { className } = this.converters[this.at];
    return { stage: STAGES[this.at], className };
  }

  /** The broker acknowledged these; costs nothing while no converter wants to know. */
  written(records: readonly RawRecord[], result: Pick<SendResult, 'partitions' | 'offsets'>): void {
    const { key, value } = this.converters;
    for (const { converter } of [key, value]) {
      if (converter.tracksWritten?.() === true) converter.written?.(records, result.partitions, result.offsets);
    }
  }

  /** Which records that were written an integrity error is about, as far as the converters know. */
  writtenWith(error: ConnectError): readonly RecordRange[] {
    const { key, value } = this.converters;
    const ranges = new RecordRanges();
    for (const { converter } of [key, value]) {
      for (const range of converter.writtenWith?.(error) ?? []) ranges.addRange(range);
    }
    return ranges.list();
  }

  /** To be closed. */
  get plugins(): readonly ClosablePlugin[] {
    return convertersOf(this.converters);
  }

  private headersOf(record: SourceRecord): RecordHeader[] {
    const { header } = this.converters;
    const headers: RecordHeader[] = [];
    for (const { key, schema, value } of record.headers) {
      headers.push({
        key,
        value: bytesOf(header, header.converter.fromConnectHeader(record.topic, key, schema, value)),
      });
    }
    return headers;
  }
}

/** Converters come from anywhere, and a producer would write whatever has a length as so many bytes. */
export function bytesOf({ className }: { readonly className: string }, bytes: unknown): Uint8Array | null {
  if (bytes === null) return null;
  // Bytes of another realm are no instances of this one's Uint8Array.
  if (ArrayBuffer.isView(bytes) && (bytes as Uint8Array).BYTES_PER_ELEMENT === 1) return bytes as Uint8Array;
  throw new DataError(`The converter ${className} gave ${describe(bytes)} instead of a Uint8Array or null.`, {
    code: CONVERTER_NOT_BYTES,
  });
}

function describe(value: unknown): string {
  if (typeof value !== 'object') return value === undefined ? 'undefined' : `a ${typeof value}`;
  return `an object of class ${value?.constructor?.name ?? 'unknown'}`;
}

export const STAGES = { key: 'KEY_CONVERTER', value: 'VALUE_CONVERTER', header: 'HEADER_CONVERTER' } as const;

export function convertersOf({ key, value, header }: Converters): readonly ClosablePlugin[] {
  return [key.converter, value.converter, header.converter];
}

/** What a record weighs against the bounds of memory. */
export function sizeOf(record: ProducerRecord): number {
  let size = RECORD_OVERHEAD + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const { key, value } of record.headers) size += key.length + (value?.length ?? 0);
  return size;
}

function timestampOf(record: SourceRecord): number {
  const { timestamp } = record;
  if (timestamp === null || timestamp === NO_TIMESTAMP) return NO_TIMESTAMP;
  if (timestamp >= 0) return timestamp;
  throw new DataError(`Invalid record timestamp ${timestamp}`, { code: INVALID_TIMESTAMP });
}
