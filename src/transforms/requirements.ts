/** What a transformation demands of a record, refused in Kafka Connect's words. */
import { isStruct, type Schema, type Struct, typeNameOf } from '../sdk/data/index.ts';
import { DataError } from '../sdk/errors/index.ts';
import { type ConnectRecord, SinkRecord } from '../sdk/record/index.ts';

/** A schemaless record: by name, whether a plugin made it a Map or a plain object. */
export type SchemalessRecord = ReadonlyMap<unknown, unknown>;

function nameOf(value: unknown): string {
  return value === null || value === undefined ? 'null' : typeNameOf(value);
}

/** The value as a Map; a plain object, which the JavaScript of a plugin may well give, is read as one. */
export function requireMap(value: unknown, purpose: string): SchemalessRecord {
  if (value instanceof Map) return value;
  if (typeof value === 'object' && value !== null) {
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) return new Map(Object.entries(value));
  }
  throw new DataError(`Only Map objects supported in absence of schema for [${purpose}], found: ${nameOf(value)}`);
}

/** As {@link requireMap}; null stays null. */
export function requireMapOrNull(value: unknown, purpose: string): SchemalessRecord | null {
  return value === null || value === undefined ? null : requireMap(value, purpose);
}

export function requireStruct(value: unknown, purpose: string): Struct {
  if (isStruct(value)) return value;
  throw new DataError(`Only Struct objects supported for [${purpose}], found: ${nameOf(value)}`);
}

export function requireStructOrNull(value: unknown, purpose: string): Struct | null {
  return value === null || value === undefined ? null : requireStruct(value, purpose);
}

export function requireSchema(schema: Schema | null, purpose: string): Schema {
  if (schema === null) throw new DataError(`Schema required for [${purpose}]`);
  return schema;
}

export function requireSinkRecord(record: ConnectRecord, purpose: string): SinkRecord {
  if (record instanceof SinkRecord) return record;
  throw new DataError(
    `Only SinkRecord supported for [${purpose}], found: org.apache.kafka.connect.source.SourceRecord`,
  );
}
