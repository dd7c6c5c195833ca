/**
 * The logical types: a schema's name says that a value of a primitive type stands for something else.
 *
 * `fromLogical` gives the primitive value that is encoded, `toLogical` the value that connectors and transformations see. All throw
 * DataError, in Kafka Connect's words.
 */
import { DataError } from '../errors/index.ts';
import { BigDecimal } from './big-decimal.ts';
import { DATE_NAME, DECIMAL_NAME, TIME_NAME, TIMESTAMP_NAME } from './logical-names.ts';
import type { Schema } from './schema.ts';
import { SchemaBuilder } from './schema-builder.ts';

const MILLIS_PER_DAY = 86_400_000;
const MIN_INT32 = -(2 ** 31);
const MAX_INT32 = 2 ** 31 - 1;

function requireName(schema: Schema, name: string, what: string): void {
  if (schema.name !== name) {
    throw new DataError(`Requested conversion of ${what} object but the schema does not match.`);
  }
}

function millisOf(value: Date): number {
  const millis = value.getTime();
  if (Number.isNaN(millis)) throw new DataError('The Date is invalid: it was made of something that is no date.');
  return millis;
}

/** BigDecimal <-> BYTES, the two's complement of the unscaled value; the scale is a parameter of the schema. */
export const Decimal = Object.freeze({
  LOGICAL_NAME: DECIMAL_NAME,
  SCALE_PARAMETER: 'scale',

  builder(scale: number): SchemaBuilder {
    return SchemaBuilder.bytes().name(DECIMAL_NAME).parameter('scale', String(scale)).version(1);
  },

  schema(scale: number): Schema {
    return Decimal.builder(scale).build();
  },

  /** The scale that the schema's parameter names. */
  scaleOf(schema: Schema): number {
    const text = schema.parameters?.get('scale');
    if (text === undefined) throw new DataError('Invalid Decimal schema: scale parameter not found.');
    if (!/^[+-]?\d+$/.test(text)) throw new DataError('Invalid scale parameter found in Decimal schema: ');
    return Number(text);
  },

  fromLogical(schema: Schema, value: BigDecimal): Uint8Array {
    const scale = Decimal.scaleOf(schema);
    if (value.scale !== scale) {
      throw new DataError(
        `Decimal value has mismatching scale for given Decimal schema. Schema has scale ${scale}, value has scale ${value.scale}.`,
      );
    }
    return twosComplementOf(value.unscaledValue);
  },

  toLogical(schema: Schema, value: Uint8Array): BigDecimal {
    return new BigDecimal(bigIntOf(value), Decimal.scaleOf(schema));
  },
});

/** A Date at midnight in UTC <-> INT32, days since the epoch. */
export const ConnectDate = Object.freeze({
  LOGICAL_NAME: DATE_NAME,
  SCHEMA: SchemaBuilder.int32().name(DATE_NAME).version(1).build(),

  builder(): SchemaBuilder {
    return SchemaBuilder.int32().name(DATE_NAME).version(1);
  },

  fromLogical(schema: Schema, value: Date): number {
    requireName(schema, DATE_NAME, 'Date');
    const millis = millisOf(value);
    if (millis % MILLIS_PER_DAY !== 0) {
      throw new DataError('Kafka Connect Date type should not have any time fields set to non-zero values.');
    }
    return millis / MILLIS_PER_DAY || 0;
  },

  /** Throws DataError beyond what a JavaScript Date can hold: 100,000,000 days either side of the epoch. */
  toLogical(schema: Schema, value: number): Date {
    requireName(schema, DATE_NAME, 'Date');
    const date = new Date(value * MILLIS_PER_DAY);
    if (Number.isNaN(date.getTime())) {
      throw new DataError(
        `The date ${value} days from the epoch lies beyond what a Date can hold; convert the field as a plain INT32.`,
      );
    }
    return date;
  },
});

/** A Date within 1970-01-01 in UTC <-> INT32, milliseconds of the day. */
export const ConnectTime = Object.freeze({
  LOGICAL_NAME: TIME_NAME,
  SCHEMA: SchemaBuilder.int32().name(TIME_NAME).version(1).build(),

  builder(): SchemaBuilder {
    return SchemaBuilder.int32().name(TIME_NAME).version(1);
  },

  fromLogical(schema: Schema, value: Date): number {
    requireName(schema, TIME_NAME, 'Time');
    const millis = millisOf(value);
    if (millis < 0 || millis > MILLIS_PER_DAY) {
      throw new DataError('Kafka Connect Time type should not have any date fields set to non-zero values.');
    }
    return millis;
  },

  toLogical(schema: Schema, value: number): Date {
    requireName(schema, TIME_NAME, 'Time');
    if (value < 0 || value > MILLIS_PER_DAY) {
      throw new DataError('Time values must use number of milliseconds greater than 0 and less than 86400000');
    }
    return new Date(value);
  },
});

/** A Date <-> INT64, milliseconds since the epoch. */
export const ConnectTimestamp = Object.freeze({
  LOGICAL_NAME: TIMESTAMP_NAME,
  SCHEMA: SchemaBuilder.int64().name(TIMESTAMP_NAME).version(1).build(),

  builder(): SchemaBuilder {
    return SchemaBuilder.int64().name(TIMESTAMP_NAME).version(1);
  },

  fromLogical(schema: Schema, value: Date): bigint {
    requireName(schema, TIMESTAMP_NAME, 'Timestamp');
    return BigInt(millisOf(value));
  },

  /** Throws DataError beyond what a JavaScript Date can hold: 100,000,000 days either side of the epoch. */
  toLogical(schema: Schema, value: bigint): Date {
    requireName(schema, TIMESTAMP_NAME, 'Timestamp');
    const date = new Date(Number(value));
    if (Number.isNaN(date.getTime())) {
      throw new DataError(
        `The timestamp ${value} ms lies beyond what a Date can hold; convert the field as a plain INT64.`,
      );
    }
    return date;
  },
});

/** The shortest big-endian two's complement of the number; one byte for 0. */
export function twosComplementOf(value: bigint): Uint8Array {
  if (value >= BigInt(MIN_INT32) && value <= BigInt(MAX_INT32)) {
    const small = Buffer.allocUnsafe(4);
    const number = Number(value);
    small.writeInt32BE(number, 0);
    const length =
      number >= -128 && number < 128
        ? 1
        : number >= -32768 && number < 32768
          ? 2
          : number >= -8388608 && number < 8388608
            ? 3
            : 4;
    return small.subarray(4 - length);
  }
  const magnitude = value < 0n ? -value - 1n : value;
  // One more bit than the magnitude has, for the sign.
  const length = Math.floor(magnitude.toString(2).length / 8) + 1;
  const hex = BigInt.asUintN(length * 8, value)
    .toString(16)
    .padStart(length * 2, '0');
  return Buffer.from(hex, 'hex');
}

/** The number of a big-endian two's complement; throws DataError if there are no bytes. */
export function bigIntOf(bytes: Uint8Array): bigint {
  if (bytes.length === 0) throw new DataError('A Decimal needs at least one byte, but none came.');
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex}`));
}
