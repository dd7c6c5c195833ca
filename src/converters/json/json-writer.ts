/** Connect values to JSON: one writer per schema, made once. */
import {
  type BigDecimal,
  ConnectDate,
  ConnectTime,
  ConnectTimestamp,
  Decimal,
  isBigDecimal,
  isStruct,
  type Schema,
  SchemaType,
  typeNameOf,
} from '../../sdk/data/index.ts';
import { DataError } from '../../sdk/errors/index.ts';
import { asBuffer } from '../converter-config.ts';
import { jsonByteString, jsonDouble, jsonFloat } from './json-text.ts';

export interface JsonWriterOptions {
  readonly decimalFormat: 'BASE64' | 'NUMERIC';
  readonly replaceNullWithDefault: boolean;
}

/** Gives the JSON text of a value. Throws DataError if it does not fit. */
export type JsonWriter = (value: unknown) => string;

/** A writer of values without a schema. */
export function writeSchemaless(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return jsonByteString(value);
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : jsonDouble(value);
    case 'object':
      if (value === null) return 'null';
      if (value instanceof Uint8Array) return base64(value);
      if (Array.isArray(value)) return `[${value.map(writeSchemaless).join(',')}]`;
      if (value instanceof Map) return writeSchemalessMap(value);
      if (isPlainObject(value)) return writeSchemalessMap(new Map(Object.entries(value)));
      if (isStruct(value)) throw new DataError('Mismatching schema.');
      break;
    case 'undefined':
      return 'null';
    default:
      break;
  }
  throw new DataError(`Java class class ${typeNameOf(value)} does not have corresponding schema type.`);
}

function writeSchemalessMap(map: ReadonlyMap<unknown, unknown>): string {
  let isObject = true;
  for (const key of map.keys()) isObject &&= typeof key === 'string';
  const members: string[] = [];
  for (const [key, value] of map) {
    members.push(
      isObject
        ? `${jsonByteString(String(key))}:${writeSchemaless(value)}`
        : `[${writeSchemaless(key)},${writeSchemaless(value)}]`,
    );
  }
  return isObject ? `{${members.join(',')}}` : `[${members.join(',')}]`;
}

function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A writer of the values of one schema. */
export function jsonWriterOf(schema: Schema | null, options: JsonWriterOptions): JsonWriter {
  if (schema === null) return writeSchemaless;
  const write = nonNullWriterOf(schema, options);
  let nullText: string | undefined;
  if (schema.defaultValue !== null && options.replaceNullWithDefault) nullText = write(schema.defaultValue);
  else if (schema.optional) nullText = 'null';
  return (value) => {
    if (value !== null && value !== undefined) return write(value);
    if (nullText !== undefined) return nullText;
    throw new DataError('Conversion error: null value for field that is required and has no default value');
  };
}

function nonNullWriterOf(schema: Schema, options: JsonWriterOptions): JsonWriter {
  switch (schema.name) {
    case Decimal.LOGICAL_NAME:
      return decimalWriterOf(schema, options);
    case ConnectDate.LOGICAL_NAME:
      return (value) => String(ConnectDate.fromLogical(schema, dateOf(value, 'Date')));
    case ConnectTime.LOGICAL_NAME:
      return (value) => String(ConnectTime.fromLogical(schema, dateOf(value, 'Time')));
    case ConnectTimestamp.LOGICAL_NAME:
      return (value) => String(ConnectTimestamp.fromLogical(schema, dateOf(value, 'Timestamp')));
    default:
      break;
  }
  const fail = (value: unknown): never => {
    throw new DataError(`Invalid type for ${schema.type}: class ${typeNameOf(value)}`);
  };
  switch (schema.type) {
    case SchemaType.INT8:
      return (value) => (typeof value === 'number' && (value << 24) >> 24 === value ? String(value) : fail(value));
    case SchemaType.INT16:
      return (value) => (typeof value === 'number' && (value << 16) >> 16 === value ? String(value) : fail(value));
    case SchemaType.INT32:
      return (value) => (typeof value === 'number' && (value | 0) === value ? String(value) : fail(value));
    case SchemaType.INT64:
      return (value) => (typeof value === 'bigint' && BigInt.asIntN(64, value) === value ? String(value) : fail(value));
    case SchemaType.FLOAT32:
      return (value) => (typeof value === 'number' ? jsonFloat(value) : fail(value));
    case SchemaType.FLOAT64:
      return (value) => (typeof value === 'number' ? jsonDouble(value) : fail(value));
    case SchemaType.BOOLEAN:
      return (value) => (typeof value === 'boolean' ? String(value) : fail(value));
    case SchemaType.STRING:
      return (value) => (typeof value === 'string' ? jsonByteString(value) : fail(value));
    case SchemaType.BYTES:
      return (value) => {
        if (value instanceof Uint8Array) return base64(value);
        throw new DataError(`Invalid type for bytes type: class ${typeNameOf(value)}`);
      };
    case SchemaType.ARRAY: {
      const element = jsonWriterOf(schema.valueSchema, options);
      return (value) => (Array.isArray(value) ? `[${value.map((each) => element(each)).join(',')}]` : fail(value));
    }
    case SchemaType.MAP:
      return mapWriterOf(schema, options, fail);
    case SchemaType.STRUCT:
      return structWriterOf(schema, options, fail);
  }
}

function decimalWriterOf(schema: Schema, options: JsonWriterOptions): JsonWriter {
  const decimalOf = (value: unknown): BigDecimal => {
    if (isBigDecimal(value)) return value;
    throw new DataError(`Invalid type for Decimal, expected BigDecimal but was class ${typeNameOf(value)}`);
  };
  if (options.decimalFormat === 'NUMERIC') return (value) => decimalOf(value).toString();
  return (value) => base64(Decimal.fromLogical(schema, decimalOf(value)));
}

function dateOf(value: unknown, what: string): Date {
  if (value instanceof Date) return value;
  throw new DataError(`Invalid type for ${what}, expected Date but was class ${typeNameOf(value)}`);
}

function base64(bytes: Uint8Array): string {
  return `"${asBuffer(bytes).toString('base64')}"`;
}

function mapWriterOf(schema: Schema, options: JsonWriterOptions, fail: (value: unknown) => never): JsonWriter {
  const valueWriter = jsonWriterOf(schema.valueSchema, options);
  const keyWriter = jsonWriterOf(schema.keySchema, options);
  const isObject = schema.keySchema?.type === SchemaType.STRING;
  return (value) => {
    if (!(value instanceof Map)) return fail(value);
    const members: string[] = [];
    for (const [key, each] of value) {
      const keyText = keyWriter(key);
      if (!isObject) members.push(`[${keyText},${valueWriter(each)}]`);
      // A quirk that is kept: a null key of an optional string becomes the text.
      else members.push(`${keyText === 'null' ? '"null"' : keyText}:${valueWriter(each)}`);
    }
    return isObject ? `{${members.join(',')}}` : `[${members.join(',')}]`;
  };
}

function structWriterOf(schema: Schema, options: JsonWriterOptions, fail: (value: unknown) => never): JsonWriter {
  const fields = schema.fields.map((field) => ({
    prefix: `${field.index === 0 ? '{' : ','}${jsonByteString(field.name)}:`,
    write: jsonWriterOf(field.schema, options),
  }));
  let lastSchema: Schema = schema;
  return (value) => {
    if (!isStruct(value)) return fail(value);
    if (value.schema !== lastSchema) {
      if (!value.schema.equals(schema)) throw new DataError('Mismatching schema.');
      lastSchema = value.schema;
    }
    const { values } = value;
    let text = '';
    for (let index = 0; index < fields.length; index++) {
      const field = fields[index];
      if (field !== undefined) text += field.prefix + field.write(values[index]);
    }
    return text === '' ? '{}' : `${text}}`;
  };
}
