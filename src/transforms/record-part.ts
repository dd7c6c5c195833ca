/** Whether a transformation works on the keys or on the values of records: the `$Key` and `$Value` of its class name. */
import type { Schema } from '../sdk/data/index.ts';
import type { ConnectRecord } from '../sdk/record/index.ts';

export interface RecordPart {
  schemaOf(record: ConnectRecord): Schema | null;
  valueOf(record: ConnectRecord): unknown;
  /** The record with this part changed, everything else as it was. */
  with(record: ConnectRecord, schema: Schema | null, value: unknown): ConnectRecord;
}

export const RECORD_KEY: RecordPart = Object.freeze({
  schemaOf: (record: ConnectRecord) => record.keySchema,
  valueOf: (record: ConnectRecord) => record.key,
  with: (record: ConnectRecord, keySchema: Schema | null, key: unknown) => record.newRecord({ keySchema, key }),
});

export const RECORD_VALUE: RecordPart = Object.freeze({
  schemaOf: (record: ConnectRecord) => record.valueSchema,
  valueOf: (record: ConnectRecord) => record.value,
  with: (record: ConnectRecord, valueSchema: Schema | null, value: unknown) => record.newRecord({ valueSchema, value }),
});
