/** From texts and JSON to values of a schema. */
import {
  BigDecimal,
  ConnectDate,
  ConnectTime,
  ConnectTimestamp,
  DataError,
  Decimal,
  type Schema,
  SchemaType,
  type Struct,
  structFromValues,
} from 'holdfast/sdk';
import { parseJson, stringifyJson } from './json-text.ts';
import { exactFloat64, exactInt64 } from './number-text.ts';

/** Bounds of the integer types. */
const INT_BITS: Readonly<Record<string, number>> = { INT8: 8, INT16: 16, INT32: 32 };

const SHOWN_CHARACTERS = 60;

function unfit(schema: Schema, value: unknown): DataError {
  const text = typeof value === 'string' ? value : stringifyJson(value);
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  const type = schema.name === null ? schema.type : `${schema.type} (${schema.name})`;
  return new DataError(`is of type ${type}, but holds '${shown}'`);
}

/**
 * The value of a text that is not null. `exact`: refuse what an inferred type would change, such as the zeros of `007`. Throws DataError
 * without a location, which the caller knows.
 */
export function valueOfText(schema: Schema, text: string, exact: boolean): unknown {
  if (schema.name !== null) {
    const logical = logicalOf(schema, text);
    if (logical !== undefined) return logical;
  }
  switch (schema.type) {
    case SchemaType.STRING:
      return text;
    case SchemaType.INT64: {
      const value = exact ? exactInt64(text) : looseInteger(text);
      if (value === null || BigInt.asIntN(64, value) !== value) throw unfit(schema, text);
      return value;
    }
    case SchemaType.INT8:
    case SchemaType.INT16:
    case SchemaType.INT32: {
      const value = looseInteger(text);
      if (value === null || BigInt.asIntN(INT_BITS[schema.type] ?? 32, value) !== value) throw unfit(schema, text);
      return Number(value);
    }
    case SchemaType.FLOAT32:
    case SchemaType.FLOAT64: {
      const value = exact ? exactFloat64(text) : looseFloat(text);
      if (value === null) throw unfit(schema, text);
      return schema.type === SchemaType.FLOAT32 ? Math.fround(value) : value;
    }
    case SchemaType.BOOLEAN: {
      const lower = exact ? text : text.trim().toLowerCase();
      if (lower !== 'true' && lower !== 'false') throw unfit(schema, text);
      return lower === 'true';
    }
    case SchemaType.BYTES:
      return bytesOf(schema, text);
    default:
      return valueOfJson(schema, jsonOf(schema, text), (name) => name);
  }
}

function jsonOf(schema: Schema, text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    throw unfit(schema, text);
  }
}

/**
 * The value of parsed JSON. `adjust` gives the field name for a key; a key without a field throws if `isComplete` says that the schema has
 * every field there is.
 */
export function valueOfJson(
  schema: Schema,
  json: unknown,
  adjust: (name: string) => string,
  isComplete = false,
): unknown {
  if (json === null || json === undefined) {
    if (schema.optional) return null;
    if (schema.defaultValue !== null) return schema.defaultValue;
    throw new DataError(`is required, but missing or null`);
  }
  if (schema.name !== null && typeof json !== 'object') {
    const logical = logicalOf(schema, String(json));
    if (logical !== undefined) return logical;
  }
  switch (schema.type) {
    case SchemaType.STRING:
      // A field is of mixed types, or text was asked for: the JSON text loses nothing.
      return typeof json === 'string' ? json : stringifyJson(json);
    case SchemaType.INT64:
      if (typeof json === 'bigint' && BigInt.asIntN(64, json) === json) return json;
      if (typeof json === 'number' && Number.isSafeInteger(json)) return BigInt(json);
      break;
    case SchemaType.INT8:
    case SchemaType.INT16:
    case SchemaType.INT32: {
      const bits = 32 - (INT_BITS[schema.type] ?? 32);
      if (typeof json === 'number' && (json << bits) >> bits === json) return json;
      break;
    }
    case SchemaType.FLOAT32:
      if (typeof json === 'number') return Math.fround(json);
      break;
    case SchemaType.FLOAT64:
      if (typeof json === 'number') return json;
      if (typeof json === 'bigint' && (!isComplete || exactFloat64(String(json)) !== null)) return Number(json);
      break;
    case SchemaType.BOOLEAN:
      if (typeof json === 'boolean') return json;
      break;
    case SchemaType.BYTES:
      if (typeof json === 'string') return bytesOf(schema, json);
      break;
    case SchemaType.ARRAY:
      if (Array.isArray(json)) {
        const element = schema.valueSchema;
        if (element !== null) return json.map((each) => valueOfJson(element, each, adjust, isComplete));
      }
      break;
    case SchemaType.MAP:
      if (typeof json === 'object' && !Array.isArray(json)) return mapOf(schema, json, adjust, isComplete);
      break;
    case SchemaType.STRUCT:
      if (typeof json === 'object' && !Array.isArray(json)) return structOf(schema, json, adjust, isComplete);
      break;
  }
  throw unfit(schema, json);
}

function structOf(schema: Schema, json: object, adjust: (name: string) => string, isComplete: boolean): Struct {
  const values: unknown[] = new Array(schema.fields.length).fill(undefined);
  for (const [key, value] of Object.entries(json)) {
    const field = schema.field(adjust(key));
    if (field !== undefined)
      values[field.index] = inField(key, () => valueOfJson(field.schema, value, adjust, isComplete));
    else if (isComplete)
      throw new DataError(`has the field '${key}', which none of the records had that the schema was inferred from`);
  }
  for (const field of schema.fields) {
    if (values[field.index] === undefined) {
      values[field.index] = inField(field.name, () => valueOfJson(field.schema, null, adjust));
    }
  }
  return structFromValues(schema, values, { validated: true });
}

/** Runs, and names the field in what is thrown. */
export function inField<T>(name: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof DataError) || error.message.startsWith('has ')) throw error;
    const message = error.message.startsWith('in ')
      ? `in '${name}': ${error.message}`
      : `in '${name}', which ${error.message}`;
    throw new DataError(message, { cause: error });
  }
}

function mapOf(schema: Schema, json: object, adjust: (name: string) => string, isComplete: boolean): unknown {
  const { keySchema, valueSchema } = schema;
  if (keySchema === null || valueSchema === null) throw unfit(schema, json);
  return new Map(
    Object.entries(json).map(([key, value]) => [
      valueOfText(keySchema, key, false),
      valueOfJson(valueSchema, value, adjust, isComplete),
    ]),
  );
}

/** undefined: the schema's name makes no logical type. */
function logicalOf(schema: Schema, text: string): unknown {
  switch (schema.name) {
    case ConnectDate.LOGICAL_NAME:
      return dateOf(schema, /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00.000Z` : null, text);
    case ConnectTime.LOGICAL_NAME:
      return dateOf(schema, /^\d\d:\d\d(:\d\d(\.\d{1,3})?)?$/.test(text) ? `1970-01-01T${text}Z` : null, text);
    case ConnectTimestamp.LOGICAL_NAME:
      // Without a zone it is UTC, so that the machine's zone changes nothing.
      return dateOf(
        schema,
        /(Z|[+-]\d\d:?\d\d)$|^\d{4}-\d\d-\d\d$/i.test(text) ? text : `${text.replace(' ', 'T')}Z`,
        text,
      );
    case Decimal.LOGICAL_NAME: {
      const scale = Decimal.scaleOf(schema);
      const match = /^([+-]?)(\d*)\.?(\d*)$/.exec(text);
      const [, sign = '', whole = '', fraction = ''] = match ?? [];
      if (match === null || whole + fraction === '' || fraction.replace(/0+$/, '').length > scale)
        throw unfit(schema, text);
      return new BigDecimal(
        BigInt(`${sign === '-' ? '-' : ''}${whole}${fraction.slice(0, scale).padEnd(scale, '0')}`),
        scale,
      );
    }
    default:
      return undefined;
  }
}

function dateOf(schema: Schema, iso: string | null, text: string): Date {
  const date = new Date(iso ?? Number.NaN);
  if (Number.isNaN(date.getTime())) throw unfit(schema, text);
  return date;
}

function looseInteger(text: string): bigint | null {
  const trimmed = text.trim();
  return /^[+-]?\d+$/.test(trimmed) ? BigInt(trimmed.replace(/^\+/, '')) : null;
}

function looseFloat(text: string): number | null {
  const trimmed = text.trim();
  if (/^(NaN|[+-]?Infinity)$/.test(trimmed)) return Number(trimmed);
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(trimmed) ? Number(trimmed) : null;
}

function bytesOf(schema: Schema, text: string): Uint8Array {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw unfit(schema, text);
  return Buffer.from(text, 'base64');
}
