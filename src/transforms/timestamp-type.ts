/** The forms of a timestamp that TimestampConverter reads and writes. */
import type { JavaDateFormat } from '../foundation/java-date-format.ts';
import {
  ConnectDate,
  ConnectTime,
  ConnectTimestamp,
  type Schema,
  Schemas,
  SchemaType,
  typeNameOf,
} from '../sdk/data/index.ts';
import { DataError } from '../sdk/errors/index.ts';

export const TIMESTAMP_TYPES = ['string', 'unix', 'Date', 'Time', 'Timestamp'] as const;
export type TimestampType = (typeof TIMESTAMP_TYPES)[number];
export const UNIX_PRECISIONS = ['nanoseconds', 'microseconds', 'milliseconds', 'seconds'] as const;
export type UnixPrecision = (typeof UNIX_PRECISIONS)[number];

export interface TimestampForm {
  /** Null if the setting is empty. */
  readonly format: JavaDateFormat | null;
  readonly precision: UnixPrecision;
}

const MILLIS_PER_DAY = 86_400_000;
const MAX_LONG = 2n ** 63n - 1n;
/** How many of the unit a millisecond has; negative: how many milliseconds the unit has. */
const PER_MILLI: Readonly<Record<UnixPrecision, bigint>> = {
  nanoseconds: 1_000_000n,
  microseconds: 1_000n,
  milliseconds: 1n,
  seconds: -1_000n,
};

const SCHEMAS: Readonly<Record<TimestampType, readonly [required: Schema, optional: Schema]>> = {
  string: [Schemas.STRING, Schemas.OPTIONAL_STRING],
  unix: [Schemas.INT64, Schemas.OPTIONAL_INT64],
  Date: [ConnectDate.SCHEMA, ConnectDate.builder().optional().build()],
  Time: [ConnectTime.SCHEMA, ConnectTime.builder().optional().build()],
  Timestamp: [ConnectTimestamp.SCHEMA, ConnectTimestamp.builder().optional().build()],
};

export function timestampSchema(type: TimestampType, isOptional: boolean): Schema {
  return SCHEMAS[type][isOptional ? 1 : 0];
}

/** The form of the values of a schema. */
export function timestampTypeOf(schema: Schema): TimestampType {
  switch (schema.name) {
    case ConnectTimestamp.LOGICAL_NAME:
      return 'Timestamp';
    case ConnectDate.LOGICAL_NAME:
      return 'Date';
    case ConnectTime.LOGICAL_NAME:
      return 'Time';
    default:
      break;
  }
  if (schema.type === SchemaType.STRING) return 'string';
  if (schema.type === SchemaType.INT64) return 'unix';
  throw new DataError(`Schema ${schema.toString()} does not correspond to a known timestamp type format`);
}

/** The form of a value without a schema. */
export function inferTimestampType(value: unknown): TimestampType {
  if (value instanceof Date) return 'Timestamp';
  if (typeof value === 'bigint') return 'unix';
  if (typeof value === 'string') return 'string';
  throw new DataError(`TimestampConverter does not support class ${typeNameOf(value)} objects as timestamps`);
}

/** Milliseconds since the epoch. */
export function millisOf(value: unknown, type: TimestampType, form: TimestampForm): number {
  switch (type) {
    case 'string': {
      if (typeof value !== 'string') throw expected('string timestamp', 'String', value);
      if (form.format === null) {
        throw new DataError('TimestampConverter requires format option to be specified when using string timestamps');
      }
      const millis = form.format.parse(value);
      if (millis !== undefined) return checked(millis, value);
      throw new DataError(
        `Could not parse timestamp: value (${value}) does not match pattern (${form.format.pattern})`,
        { cause: new Error(`Unparseable date: "${value}"`) },
      );
    }
    case 'unix': {
      if (typeof value !== 'bigint') throw expected('Unix timestamp', 'Long', value);
      const factor = PER_MILLI[form.precision];
      return checked(Number(factor > 0n ? value / factor : saturated(value * -factor)), value);
    }
    default:
      if (value instanceof Date) return value.getTime();
      throw expected(type, 'java.util.Date', value);
  }
}

/** The moment in a form. */
export function timestampOf(millis: number, type: TimestampType, form: TimestampForm): unknown {
  switch (type) {
    case 'string':
      return form.format?.format(millis) ?? null;
    case 'unix': {
      const factor = PER_MILLI[form.precision];
      return factor > 0n ? saturated(BigInt(millis) * factor) : BigInt(millis) / -factor;
    }
    case 'Date':
      return new Date(Math.floor(millis / MILLIS_PER_DAY) * MILLIS_PER_DAY);
    case 'Time':
      return new Date(millis - Math.floor(millis / MILLIS_PER_DAY) * MILLIS_PER_DAY);
    case 'Timestamp':
      return new Date(millis);
  }
}

/** As Java's TimeUnit: what is too large stays at the limit. */
function saturated(value: bigint): bigint {
  if (value > MAX_LONG) return MAX_LONG;
  return value < -MAX_LONG - 1n ? -MAX_LONG - 1n : value;
}

/** A JavaScript Date reaches 100,000,000 days either side of the epoch. */
function checked(millis: number, value: unknown): number {
  if (Number.isNaN(new Date(millis).getTime())) {
    throw new DataError(`The timestamp ${String(value)} lies beyond what a Date can hold.`);
  }
  return millis;
}

function expected(what: string, wanted: string, value: unknown): DataError {
  return new DataError(`Expected ${what} to be a ${wanted}, but found class ${typeNameOf(value)}`);
}
