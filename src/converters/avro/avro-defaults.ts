/** Default values: Connect's in an Avro schema, and back. */
import {
  ConnectDate,
  ConnectTime,
  ConnectTimestamp,
  Decimal,
  isBigDecimal,
  type Schema,
  SchemaType,
  type Struct,
  structFromValues,
} from '../../sdk/data/index.ts';
import { DataError } from '../../sdk/errors/index.ts';
import { asBuffer } from '../converter-config.ts';
import { type Json, JsonNumber, jsonDouble, jsonFloat, jsonText } from '../json/json-text.ts';
import type { AvroDataOptions } from './avro-data-options.ts';
import { scrubName } from './avro-names.ts';
import type { AvroSchema } from './avro-schema.ts';
import { isAvroMap, isUnionStruct } from './connect-kinds.ts';

/** The primitive value of a logical one. */
function unwrapLogical(schema: Schema, value: unknown): unknown {
  if (isBigDecimal(value)) return Decimal.fromLogical(schema, value);
  if (value instanceof Date) {
    if (schema.name === ConnectDate.LOGICAL_NAME) return ConnectDate.fromLogical(schema, value);
    if (schema.name === ConnectTime.LOGICAL_NAME) return ConnectTime.fromLogical(schema, value);
    return ConnectTimestamp.fromLogical(schema, value);
  }
  return value;
}

/** A default as it stands in an Avro schema: bytes as ISO-8859-1 text, the entries of other than string keys as pairs. */
export function defaultToJson(schema: Schema, defaultValue: unknown, options: AvroDataOptions): Json {
  if (defaultValue === null || defaultValue === undefined) return null;
  const value = unwrapLogical(schema, defaultValue);
  switch (schema.type) {
    case SchemaType.FLOAT32:
      return floatJson(jsonFloat(Number(value)), value);
    case SchemaType.FLOAT64:
      return floatJson(jsonDouble(Number(value)), value);
    case SchemaType.BYTES:
      return asBuffer(value as Uint8Array).toString('latin1');
    case SchemaType.ARRAY: {
      const element = schema.valueSchema;
      if (element === null) return null;
      return (value as readonly unknown[]).map((each) => defaultToJson(element, each, options));
    }
    case SchemaType.MAP: {
      const { keySchema, valueSchema } = schema;
      if (keySchema === null || valueSchema === null) return null;
      const entries = [...(value as ReadonlyMap<unknown, unknown>)].map(([key, each]): [unknown, Json] => [
        key,
        defaultToJson(valueSchema, each, options),
      ]);
      if (isAvroMap(schema, options)) return Object.fromEntries(entries.map(([key, each]) => [mapKeyOf(key), each]));
      return entries.map(([key, each]) => [defaultToJson(keySchema, key, options), each]);
    }
    case SchemaType.STRUCT: {
      const struct = value as Struct;
      const [first] = schema.fields;
      // Avro's default of a union is one of its first branch. If another one is set, this is null, as upstream has it.
      if (isUnionStruct(schema))
        return first === undefined ? {} : defaultToJson(first.schema, struct.get(first), options);
      return Object.fromEntries(
        schema.fields.map((field) => [
          options.scrubInvalidNames ? scrubName(field.name) : field.name,
          defaultToJson(field.schema, struct.get(field), options),
        ]),
      );
    }
    default:
      return value as Json;
  }
}

function mapKeyOf(key: unknown): string {
  if (typeof key === 'string') return key;
  throw new DataError('A default has a map with a key that is null: an Avro map has no such key.');
}

function floatJson(text: string, value: unknown): Json {
  return Number.isFinite(value) ? new JsonNumber(text) : String(value);
}

/**
 * True if Avro's Java library takes the JSON for a default of the schema: of a union one of any of its branches, though the specification
 * wants the first. Kafka Connect leaves an Avro default out if it is not valid, and keeps it in `connect.default` only.
 */
export function isValidAvroDefault(schema: AvroSchema, json: Json | undefined): boolean {
  switch (schema.kind) {
    case 'null':
      return json === null;
    case 'boolean':
      return typeof json === 'boolean';
    case 'int':
      return isIntegerOf(json, 32);
    case 'long':
      return isIntegerOf(json, 64);
    case 'float':
    case 'double':
      return typeof json === 'number' || typeof json === 'bigint' || json instanceof JsonNumber;
    case 'string':
    case 'bytes':
    case 'fixed':
    case 'enum':
      return typeof json === 'string';
    case 'array':
      return Array.isArray(json) && json.every((each: Json) => isValidAvroDefault(schema.items, each));
    case 'map':
      return isObject(json) && Object.values(json).every((each) => isValidAvroDefault(schema.values, each));
    case 'record':
      return (
        isObject(json) &&
        schema.fields.every((field) => {
          const member = Object.hasOwn(json, field.name) ? json[field.name] : field.defaultValue;
          return isValidAvroDefault(field.type, member);
        })
      );
    case 'union':
      return schema.branches.some((branch) => isValidAvroDefault(branch, json));
  }
}

function isIntegerOf(json: Json | undefined, bits: 32 | 64): boolean {
  const value = typeof json === 'number' && Number.isInteger(json) ? BigInt(json) : json;
  return typeof value === 'bigint' && BigInt.asIntN(bits, value) === value;
}

function isObject(json: Json | undefined): json is { readonly [key: string]: Json } {
  return typeof json === 'object' && json !== null && !Array.isArray(json) && !(json instanceof JsonNumber);
}

/** The Connect default that a JSON of an Avro schema stands for. Throws DataError for one that does not fit. */
export function defaultFromJson(schema: Schema, avro: AvroSchema, json: Json): unknown {
  const primitive = primitiveFromJson(schema, avro, json);
  // That of a union's branch is a logical value already.
  if (primitive === null || avro.kind === 'union') return primitive;
  switch (schema.name) {
    case Decimal.LOGICAL_NAME:
      return Decimal.toLogical(schema, primitive as Uint8Array);
    case ConnectDate.LOGICAL_NAME:
      return ConnectDate.toLogical(schema, primitive as number);
    case ConnectTime.LOGICAL_NAME:
      return ConnectTime.toLogical(schema, primitive as number);
    case ConnectTimestamp.LOGICAL_NAME:
      return ConnectTimestamp.toLogical(schema, primitive as bigint);
    default:
      return primitive;
  }
}

function primitiveFromJson(schema: Schema, avro: AvroSchema, json: Json): unknown {
  if (json === null) return null;
  const fail = (): never => {
    throw new DataError(`Invalid JSON for ${avro.kind} default value: ${jsonText(json)}`);
  };
  switch (avro.kind) {
    case 'null':
      return null;
    case 'boolean':
      return typeof json === 'boolean' ? json : fail();
    case 'int':
      if (!isIntegerOf(json, 32)) return fail();
      // Cut off as upstream does it.
      if (schema.type === SchemaType.INT8) return (Number(json) << 24) >> 24;
      return schema.type === SchemaType.INT16 ? (Number(json) << 16) >> 16 : Number(json);
    case 'long':
      return isIntegerOf(json, 64) ? BigInt(json as bigint | number) : fail();
    case 'float':
    case 'double': {
      // NaN and the infinities stand as texts in connect.default.
      const value = json instanceof JsonNumber ? json.toNumber() : Number(json);
      return avro.kind === 'float' ? Math.fround(value) : value;
    }
    case 'string':
    case 'enum':
      return typeof json === 'string' ? json : fail();
    case 'bytes':
    case 'fixed':
      return typeof json === 'string' ? Buffer.from(json, 'latin1') : fail();
    case 'array':
      return Array.isArray(json) ? arrayFromJson(schema, avro.items, json as readonly Json[]) : fail();
    case 'map': {
      const valueSchema = schema.valueSchema;
      if (!isObject(json) || valueSchema === null) return fail();
      return new Map(Object.entries(json).map(([key, each]) => [key, defaultFromJson(valueSchema, avro.values, each)]));
    }
    case 'record':
      if (!isObject(json)) return fail();
      return structFromValues(
        schema,
        avro.fields.map((field, index) => {
          const member = Object.hasOwn(json, field.name) ? json[field.name] : field.defaultValue;
          const fieldSchema = schema.fields[index]?.schema;
          return member === undefined || fieldSchema === undefined
            ? null
            : defaultFromJson(fieldSchema, field.type, member);
        }),
      );
    case 'union':
      return unionFromJson(schema, avro.branches, json);
  }
}

/** An array, or the entries of a map: as pairs, or as records. */
function arrayFromJson(schema: Schema, items: AvroSchema, json: readonly Json[]): unknown {
  const { elementSchema, mapKeySchema } = schema;
  if (elementSchema === null) return null;
  if (schema.type !== SchemaType.MAP || mapKeySchema === null || items.kind !== 'record') {
    return json.map((each) => defaultFromJson(elementSchema, items, each));
  }
  const map = new Map<unknown, unknown>();
  for (const entry of json) {
    const [key = null, value = null]: readonly (Json | undefined)[] = Array.isArray(entry)
      ? (entry as readonly Json[])
      : isObject(entry)
        ? [entry['key'], entry['value']]
        : [];
    const keyType = items.fields.find((field) => field.name === 'key')?.type;
    const valueType = items.fields.find((field) => field.name === 'value')?.type;
    if (keyType === undefined || valueType === undefined) return null;
    map.set(defaultFromJson(mapKeySchema, keyType, key), defaultFromJson(elementSchema, valueType, value));
  }
  return map;
}

/** Of the first branch that it fits: by the specification the first one of all. */
function unionFromJson(schema: Schema, branches: readonly AvroSchema[], json: Json): unknown {
  const index = branches.findIndex((branch) => branch.kind !== 'null' && isValidAvroDefault(branch, json));
  const branch = branches[index];
  if (branch === undefined) throw new DataError(`Invalid JSON for union default value: ${jsonText(json)}`);
  if (!isUnionStruct(schema)) return defaultFromJson(schema, branch, json);
  const place = branches.slice(0, index).filter((each) => each.kind !== 'null').length;
  const values = schema.fields.map((field) =>
    field.index === place ? defaultFromJson(field.schema, branch, json) : null,
  );
  return structFromValues(schema, values);
}
