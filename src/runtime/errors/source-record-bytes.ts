/**
 * A source record as it goes to a dead letter queue. Kafka Connect has no dead letter queue for sources, and so no rule: what the task's
 * converters make of it, and where they can't, which may be why it is there, its text.
 */
import type { ProducerRecord, RecordHeader } from '../../broker/ports.ts';
import { Struct } from '../../sdk/data/struct.ts';
import type { SourceRecord } from '../../sdk/record/source-record.ts';
import { bytesOf, type Converters } from '../pipeline/source-record-converter.ts';

type Bytes = Pick<ProducerRecord, 'key' | 'value' | 'timestamp'> & { readonly headers: readonly RecordHeader[] };

export function sourceRecordBytes(converters: Converters, record: SourceRecord): Bytes {
  const { topic, timestamp } = record;
  const headers = record.hasHeaders ? record.headers : undefined;
  return {
    key: orText(record.key, () =>
      bytesOf(converters.key, converters.key.converter.fromConnectData(topic, record.keySchema, record.key, headers)),
    ),
    value: orText(record.value, () =>
      bytesOf(
        converters.value,
        converters.value.converter.fromConnectData(topic, record.valueSchema, record.value, headers),
      ),
    ),
    headers:
      headers === undefined
        ? []
        : [...headers].map(({ key, schema, value }) => ({
            key,
            value: orText(value, () =>
              bytesOf(converters.header, converters.header.converter.fromConnectHeader(topic, key, schema, value)),
            ),
          })),
    timestamp: timestamp === null || timestamp < 0 ? -1 : timestamp,
  };
}

function orText(value: unknown, convert: () => Uint8Array | null): Uint8Array | null {
  try {
    return convert();
  } catch {
    if (value === null || value === undefined) return null;
    return value instanceof Uint8Array ? value : Buffer.from(textOf(value), 'utf8');
  }
}

/** Never throws: a value that has no text is one more thing that may be wrong with it. */
function textOf(value: unknown): string {
  try {
    if (typeof value !== 'object' || value instanceof Struct) return String(value);
    return JSON.stringify(value instanceof Map ? Object.fromEntries(value) : value, (_, each: unknown) =>
      typeof each === 'bigint' ? String(each) : each instanceof Struct ? String(each) : each,
    );
  } catch {
    return Object.prototype.toString.call(value);
  }
}
