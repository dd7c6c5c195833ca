/** JSON to Connect values: one reader per schema, made once. As lax about types as Kafka Connect is. */

import { MapKeys } from '../../sdk/data/equality.ts';
import {
  BigDecimal,
  ConnectDate,
  ConnectTime,
  ConnectTimestamp,
  Decimal,
  type Schema,
  SchemaType,
  structFromValues,
  validateValue,
} from '../../sdk/data/index.ts';
import { DataError } from '../../sdk/errors/index.ts';
import { type Json, JsonNumber } from './json-text.ts';
import { MAX_JSON_DEPTH } from './parse-json.ts';

/** What is no JSON, or more of it than Jackson reads, is refused with this; the cause says more. */
export const SERIALIZATION_ERROR = 'Converting byte[] to Kafka Connect data failed due to serialization error: ';

export interface JsonReaderOptions {
  readonly replaceNullWithDefault: boolean;
}

/** Gives the Connect value of a JSON value; undefined stands for a member that is not there. Throws DataError. */
export type JsonReader = (json: Json | undefined) => unknown;

/** Integral numbers become INT64 (a bigint), others a double; objects become a Map. Integers beyond 64 bits wrap, as in Java. */
export function readSchemaless(json: Json | undefined, depth = 0): unknown {
  switch (typeof json) {
    case 'bigint':
      return BigInt.asIntN(64, json);
    case 'number':
      return Number.isInteger(json) ? BigInt(json) : json;
    case 'object': {
      if (json === null) return null;
      if (json instanceof JsonNumber) return json.toNumber();
      if (depth >= MAX_JSON_DEPTH) {
        const cause = new Error(`JSON is nested more than ${MAX_JSON_DEPTH} deep.`);
        throw new DataError(SERIALIZATION_ERROR, { cause });
      }
      if (isArray(json)) return json.map((each) => readSchemaless(each, depth + 1));
      const map = new Map<string, unknown>();
      for (const key of Object.keys(json)) map.set(key, readSchemaless(json[key], depth + 1));
      return map;
    }
    default:
      return json ?? null;
  }
}

/** A reader of the values of one schema. */
export function jsonReaderOf(schema: Schema | null, options: JsonReaderOptions): JsonReader {
  if (schema === null) return (json) => readSchemaless(json);
  const read = nonNullReaderOf(schema, options);
  const { optional, defaultValue, type } = schema;
  const usesDefault = defaultValue !== null && options.replaceNullWithDefault;
  return (json) => {
    if (json !== null && json !== undefined) return read(json);
    if (usesDefault) return defaultValue;
    if (optional) return null;
    throw new DataError(`Invalid null value for required ${type} field`);
  };
}

type NonNullJson = Exclude<Json, null>;

function nonNullReaderOf(schema: Schema, options: JsonReaderOptions): (json: NonNullJson) => unknown {
  switch (schema.name) {
    case Decimal.LOGICAL_NAME:
      return (json) => readDecimal(schema, json);
    case ConnectDate.LOGICAL_NAME:
      return (json) => ConnectDate.toLogical(schema, readDays(json, 'Date'));
    case ConnectTime.LOGICAL_NAME:
      return (json) => ConnectTime.toLogical(schema, readDays(json, 'Time'));
    case ConnectTimestamp.LOGICAL_NAME:
      return (json) => {
        if (isIntegral(json)) return ConnectTimestamp.toLogical(schema, integerOf(json));
        throw new DataError(
          `Invalid type for Timestamp, underlying representation should be integral but was ${nodeTypeOf(json)}`,
        );
      };
    default:
      break;
  }
  switch (schema.type) {
    case SchemaType.INT8:
      return (json) => (int32Of(json) << 24) >> 24;
    case SchemaType.INT16:
      return (json) => (int32Of(json) << 16) >> 16;
    case SchemaType.INT32:
      return int32Of;
    case SchemaType.INT64:
      return (json) => BigInt.asIntN(64, integerOf(json));
    case SchemaType.FLOAT32:
      return floatOf;
    case SchemaType.FLOAT64:
      return doubleOf;
    case SchemaType.BOOLEAN:
      return (json) => json === true;
    case SchemaType.STRING:
      return (json) => (typeof json === 'string' ? json : lapse());
    case SchemaType.BYTES:
      return (json) => (typeof json === 'string' ? bytesOf(json, 'Invalid bytes field') : lapse());
    case SchemaType.ARRAY: {
      const element = jsonReaderOf(schema.valueSchema, options);
      // Jackson iterates over the values of an object, and over nothing in a scalar.
      return (json) => (isArray(json) ? json : isObject(json) ? Object.values(json) : []).map((each) => element(each));
    }
    case SchemaType.MAP:
      return mapReaderOf(schema, options);
    case SchemaType.STRUCT:
      return structReaderOf(schema, options);
  }
}

/** How often something else stood where a text was expected, which reads as null even where null is not allowed. */
let lapses = 0;

function lapse(): null {
  lapses++;
  return null;
}

/** Java's `intValue`: the low 32 bits of an integer, a double cut off and held at the limits, 0 for what is no number. */
function int32Of(json: NonNullJson): number {
  if (typeof json === 'number') return Number.isInteger(json) ? json | 0 : Math.trunc(json) | 0;
  return json instanceof JsonNumber || typeof json === 'bigint' ? Number(BigInt.asIntN(32, integerOf(json))) : 0;
}

function integerOf(json: NonNullJson): bigint {
  if (typeof json === 'bigint') return json;
  if (typeof json === 'number') return BigInt(Math.trunc(json));
  if (!(json instanceof JsonNumber)) return 0n;
  const decimal = BigDecimal.tryParse(json.text);
  // An exponent of many digits would be multiplied out; beyond 64 bits only the low bits, which are zeros, count.
  return decimal === undefined || decimal.scale < -64 ? 0n : decimal.toBigInt();
}

function doubleOf(json: NonNullJson): number {
  if (typeof json === 'number') return json;
  if (json instanceof JsonNumber) return json.toNumber();
  // A quirk that is kept: NaN and the infinities are written as texts, which read as zero.
  return typeof json === 'bigint' ? Number(json) : 0;
}

/** Rounded once: a double that lies between two floats is one of them by its digits. */
function floatOf(json: NonNullJson): number {
  if (typeof json === 'number') {
    const float = Math.fround(json);
    const opposite = 2 * json - float;
    if (float === json || opposite !== Math.fround(opposite)) return float;
  }
  if (typeof json !== 'number' && typeof json !== 'bigint' && !(json instanceof JsonNumber)) return 0;
  const decimal = BigDecimal.tryParse(json instanceof JsonNumber ? json.text : String(json));
  return decimal === undefined ? Math.fround(doubleOf(json)) : decimal.toFloat();
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
/** As Jackson takes it: blanks before each four characters, and more of them after a padded end. */
const LAX_BASE64 = /[\0-\x20]*([A-Za-z0-9+/]{2}(?:[A-Za-z0-9+/]{2}|[A-Za-z0-9+/]=|==))|[\0-\x20]+$/y;

function bytesOf(text: string, failure: string): Buffer {
  if (text.length % 4 === 0 && BASE64.test(text)) return Buffer.from(text, 'base64');
  const parts: Buffer[] = [];
  LAX_BASE64.lastIndex = 0;
  while (LAX_BASE64.lastIndex < text.length) {
    const match = LAX_BASE64.exec(text);
    if (match === null) {
      throw new DataError(failure, { cause: new Error(`Illegal base64 content ${JSON.stringify(text.slice(0, 32))}`) });
    }
    parts.push(Buffer.from(match[1] ?? '', 'base64'));
  }
  return Buffer.concat(parts);
}

/** A number keeps the scale that it is written with. */
function readDecimal(schema: Schema, json: NonNullJson): BigDecimal {
  if (typeof json === 'bigint') return new BigDecimal(json);
  if (typeof json === 'number') return BigDecimal.parse(String(json));
  if (json instanceof JsonNumber) return BigDecimal.parse(json.text);
  if (typeof json === 'string') {
    try {
      return Decimal.toLogical(schema, bytesOf(json, ''));
    } catch (cause) {
      throw new DataError('Invalid bytes for Decimal field', { cause });
    }
  }
  throw new DataError(
    `Invalid type for Decimal, underlying representation should be numeric or bytes but was ${nodeTypeOf(json)}`,
  );
}

function isIntegral(json: NonNullJson): json is number | bigint {
  return typeof json === 'bigint' || (typeof json === 'number' && Number.isInteger(json));
}

function readDays(json: NonNullJson, what: string): number {
  const days = isIntegral(json) ? Number(json) : Number.NaN;
  if ((days | 0) === days) return days;
  throw new DataError(
    `Invalid type for ${what}, underlying representation should be integer but was ${nodeTypeOf(json)}`,
  );
}

function mapReaderOf(schema: Schema, options: JsonReaderOptions): (json: NonNullJson) => unknown {
  const valueReader = jsonReaderOf(schema.valueSchema, options);
  if (schema.keySchema === null || schema.keySchema.type === SchemaType.STRING) {
    return (json) => {
      if (!isObject(json)) {
        throw new DataError(`Maps with string fields should be encoded as JSON objects, but found ${nodeTypeOf(json)}`);
      }
      const map = new Map<string, unknown>();
      for (const key of Object.keys(json)) map.set(key, valueReader(json[key]));
      return map;
    };
  }
  const keyReader = jsonReaderOf(schema.keySchema, options);
  return (json) => {
    if (!isArray(json)) {
      throw new DataError(
        `Maps with non-string fields should be encoded as JSON array of tuples, but found ${nodeTypeOf(json)}`,
      );
    }
    const map = new Map<unknown, unknown>();
    const keys = new MapKeys();
    for (const entry of json) {
      if (!isArray(entry)) {
        throw new DataError(`Found invalid map entry instead of array tuple: ${nodeTypeOf(entry)}`);
      }
      if (entry.length !== 2) {
        throw new DataError(`Found invalid map entry, expected length 2 but found :${entry.length}`);
      }
      map.set(keys.same(keyReader(entry[0])), valueReader(entry[1]));
    }
    return map;
  };
}

function structReaderOf(schema: Schema, options: JsonReaderOptions): (json: NonNullJson) => unknown {
  const fields = schema.fields.map((field) => ({
    name: field.name,
    schema: field.schema,
    // A field called `toString` must not be found on Object.prototype.
    isInherited: field.name in Object.prototype,
    plain: plainTypeOf(field.schema),
    read: jsonReaderOf(field.schema, options),
  }));
  return (json) => {
    if (!isObject(json)) {
      throw new DataError(`Structs should be encoded as JSON objects, but found ${nodeTypeOf(json)}`);
    }
    const values = new Array<unknown>(fields.length);
    for (let index = 0; index < fields.length; index++) {
      const field = fields[index];
      if (field === undefined) continue;
      const member = field.isInherited && !Object.hasOwn(json, field.name) ? undefined : json[field.name];
      const plain = plainValue(field.plain, member);
      if (plain !== undefined) {
        values[index] = plain;
        continue;
      }
      const before = lapses;
      const value = field.read(member);
      // Kafka Connect checks what it puts into a struct, and nothing else.
      if (lapses !== before) validateValue(field.schema, value, field.name);
      values[index] = value;
    }
    return structFromValues(schema, values, { validated: true });
  };
}

/** The type of a field whose usual values need no reader; null for others. */
function plainTypeOf(schema: Schema): SchemaType | null {
  return schema.name === null ? schema.type : null;
}

/** The Connect value of a member of the usual form; undefined for any other, null among them. */
function plainValue(type: SchemaType | null, member: Json | undefined): unknown {
  switch (type) {
    case SchemaType.STRING:
      return typeof member === 'string' ? member : undefined;
    case SchemaType.INT32:
      return typeof member === 'number' && (member | 0) === member ? member : undefined;
    case SchemaType.INT64:
      return typeof member === 'number' && Number.isSafeInteger(member) ? BigInt(member) : undefined;
    case SchemaType.FLOAT64:
      return typeof member === 'number' ? member : undefined;
    case SchemaType.BOOLEAN:
      return typeof member === 'boolean' ? member : undefined;
    default:
      return undefined;
  }
}

function isArray(json: Json | undefined): json is readonly Json[] {
  return Array.isArray(json);
}

function isObject(json: Json): json is { readonly [key: string]: Json } {
  return typeof json === 'object' && json !== null && !Array.isArray(json) && !(json instanceof JsonNumber);
}

/** Jackson's name for the kind of a node. */
function nodeTypeOf(json: Json): string {
  if (json === null) return 'NULL';
  if (isArray(json)) return 'ARRAY';
  if (json instanceof JsonNumber) return 'NUMBER';
  switch (typeof json) {
    case 'string':
      return 'STRING';
    case 'boolean':
      return 'BOOLEAN';
    case 'object':
      return 'OBJECT';
    default:
      return 'NUMBER';
  }
}

/** True if values of the schema need the digits of a number as they are written: somewhere in it is a Decimal. */
export function hasDecimal(schema: Schema | null): boolean {
  if (schema === null) return false;
  if (schema.name === Decimal.LOGICAL_NAME) return true;
  return (
    (schema.structFields?.some((field) => hasDecimal(field.schema)) ?? false) ||
    hasDecimal(schema.mapKeySchema) ||
    hasDecimal(schema.elementSchema)
  );
}
