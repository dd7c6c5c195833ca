/**
 * Conversions between Connect values, as headers, transformations and the simple converters need them. All take the value's own schema, if
 * it is known, give null for null, and throw DataError for what can't be converted. As Kafka Connect's `Values`, so texts of numbers have no
 * blanks around them, and booleans are no numbers. But null, of which Kafka Connect makes no date, decimal or container, stays null; the text
 * of a date is read even if its schema is given; and a bigint becomes the decimal it is, without passing through a double.
 */
import { JavaDateFormat } from '../../foundation/java-date-format.ts';
import { floatNearest } from '../../foundation/java-numbers.ts';
import { DataError } from '../errors/index.ts';
import { BigDecimal, isBigDecimal } from './big-decimal.ts';
import { GREGORIAN_MILLIS, javaDoubleText, javaFloatText, javaText, typeNameOf } from './java-text.ts';
import { ConnectDate, ConnectTime, ConnectTimestamp, Decimal } from './logical.ts';
import { DATE_NAME, TIME_NAME, TIMESTAMP_NAME } from './logical-names.ts';
import { parseString } from './parse-string.ts';
import { type Schema, SchemaType } from './schema.ts';
import { SchemaBuilder } from './schema-builder.ts';
import { Schemas } from './schemas.ts';
import { isStruct, type Struct } from './struct.ts';

const MILLIS_PER_DAY = 86_400_000;
const YEAR_10000 = Date.UTC(10_000, 0, 1);
const ISO_8601 = new JavaDateFormat("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'");

function unableToConvert(value: unknown, target: string, cause?: unknown): DataError {
  const message = `Unable to convert ${javaText(value)} (class ${typeNameOf(value)}) to ${target}`;
  return new DataError(message, cause === undefined ? {} : { cause });
}

/** True for numbers whose whole part is not 0, and the text `true`; false for the others, and the text `false`. */
export function convertToBoolean(schema: Schema | null, value: unknown): boolean | null {
  if (isNull(value)) return null;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') {
    const parsed = parseString(value).value;
    if (typeof parsed === 'boolean') return parsed;
  }
  return asInt64(schema, value, 'BOOLEAN') !== 0n;
}

/** An INT8; larger numbers keep their low 8 bits, fractions are cut off. */
export function convertToByte(schema: Schema | null, value: unknown): number | null {
  return isNull(value) ? null : Number(BigInt.asIntN(8, asInt64(schema, value, 'INT8')));
}

/** An INT16; larger numbers keep their low 16 bits, fractions are cut off. */
export function convertToShort(schema: Schema | null, value: unknown): number | null {
  return isNull(value) ? null : Number(BigInt.asIntN(16, asInt64(schema, value, 'INT16')));
}

/** An INT32; larger numbers keep their low 32 bits, fractions are cut off. */
export function convertToInteger(schema: Schema | null, value: unknown): number | null {
  return isNull(value) ? null : Number(BigInt.asIntN(32, asInt64(schema, value, 'INT32')));
}

/** An INT64; fractions are cut off, larger floats become the largest. */
export function convertToLong(schema: Schema | null, value: unknown): bigint | null {
  return isNull(value) ? null : asInt64(schema, value, 'INT64');
}

/** A number rounded to 32-bit precision. */
export function convertToFloat(schema: Schema | null, value: unknown): number | null {
  return isNull(value) ? null : asFloat(schema, value);
}

/** A number. */
export function convertToDouble(schema: Schema | null, value: unknown): number | null {
  return isNull(value) ? null : asDouble(schema, value, 'FLOAT64');
}

/** A BigDecimal; a number becomes the decimal that Java prints it as, 5 thus 5.0; bytes are of the scale, by default 0. Rescaled to `scale` if it is given and no digit is lost. */
export function convertToDecimal(_schema: Schema | null, value: unknown, scale?: number): BigDecimal | null {
  if (isNull(value)) return null;
  const decimal = asDecimal(value, scale ?? 0);
  return scale === undefined ? decimal : decimal.setScale(scale);
}

function asDecimal(value: unknown, scale: number): BigDecimal {
  if (isBigDecimal(value)) return value;
  if (value instanceof Uint8Array) return Decimal.toLogical(Decimal.schema(scale), value);
  if (typeof value === 'bigint') return new BigDecimal(value);
  if (typeof value === 'number' || typeof value === 'string') {
    const decimal = BigDecimal.tryParse(typeof value === 'string' ? value : javaDoubleText(value));
    if (decimal !== undefined) return decimal;
  }
  throw unableToConvert(value, 'a Decimal');
}

/**
 * The day of a timestamp, of a number that many days since the epoch, of a text what it reads as. A Date without a schema is left as it is. Of
 * a timestamp before 1970 the time is cut off towards the epoch, as in Kafka Connect.
 */
export function convertToDate(schema: Schema | null, value: unknown): Date | null {
  if (isNull(value)) return null;
  const [own, read] = temporalOf(schema, value);
  if (read instanceof Date) {
    if (own === null || own.name === DATE_NAME) return read;
    if (own.name === TIMESTAMP_NAME) return new Date(Math.trunc(read.getTime() / MILLIS_PER_DAY) * MILLIS_PER_DAY);
  }
  return ConnectDate.toLogical(ConnectDate.SCHEMA, asInt32(own, read, ConnectDate.SCHEMA));
}

/**
 * The time of day of a timestamp, of a number that many milliseconds of the day, of a text what it reads as. A Date without a schema is left
 * as it is.
 */
export function convertToTime(schema: Schema | null, value: unknown): Date | null {
  if (isNull(value)) return null;
  const [own, read] = temporalOf(schema, value);
  if (read instanceof Date) {
    if (own === null || own.name === TIME_NAME) return read;
    if (own.name === TIMESTAMP_NAME) {
      return new Date(((read.getTime() % MILLIS_PER_DAY) + MILLIS_PER_DAY) % MILLIS_PER_DAY);
    }
  }
  return ConnectTime.toLogical(ConnectTime.SCHEMA, asInt32(own, read, ConnectTime.SCHEMA));
}

/** A moment: of a number that many milliseconds since the epoch, of a text what it reads as. A Date without a schema is left as it is. */
export function convertToTimestamp(schema: Schema | null, value: unknown): Date | null {
  if (isNull(value)) return null;
  const [own, read] = temporalOf(schema, value);
  if (read instanceof Date && (own === null || own.name === TIMESTAMP_NAME)) return read;
  const target = ConnectTimestamp.SCHEMA;
  if (read instanceof Date && own?.name === DATE_NAME) {
    return ConnectTimestamp.toLogical(target, BigInt(ConnectDate.fromLogical(own, read)) * BigInt(MILLIS_PER_DAY));
  }
  return ConnectTimestamp.toLogical(target, asInt64(own, read, String(target)));
}

/** What a text reads as. Without a schema of its own it has none then, so that a date in it is left as it is. */
function temporalOf(schema: Schema | null, value: unknown): readonly [schema: Schema | null, value: unknown] {
  if (typeof value !== 'string') return [schema, value];
  const parsed = parseString(value);
  return [schema === null ? null : parsed.schema, parsed.value];
}

function asInt32(schema: Schema | null, value: unknown, target: Schema): number {
  return Number(BigInt.asIntN(32, asInt64(schema, value, String(target))));
}

/** An array, or the text of one. */
export function convertToList(_schema: Schema | null, value: unknown): readonly unknown[] | null {
  if (isNull(value)) return null;
  const list = typeof value === 'string' ? parseString(value).value : value;
  if (Array.isArray(list)) return list;
  throw unableToConvert(value, 'Schema{ARRAY}');
}

/** A Map, or the text of one. */
export function convertToMap(_schema: Schema | null, value: unknown): ReadonlyMap<unknown, unknown> | null {
  if (isNull(value)) return null;
  const map = typeof value === 'string' ? parseString(value).value : value;
  if (map instanceof Map) return map;
  throw unableToConvert(value, 'Schema{MAP}');
}

/** A Struct. */
export function convertToStruct(_schema: Schema | null, value: unknown): Struct | null {
  if (isNull(value)) return null;
  if (isStruct(value)) return value;
  throw unableToConvert(value, 'Schema{STRUCT}');
}

/**
 * The text of a value, which `parseString` reads back: containers and structs like JSON, bytes in base64, dates in ISO 8601. Texts outside of containers stay as they are. Throws DataError for an instance of a class that Connect does not know.
 */
export function convertToString(schema: Schema | null, value: unknown): string | null {
  return isNull(value) ? null : textOf(schema, value, false);
}

function textOf(schema: Schema | null, value: unknown, isEmbedded: boolean): string {
  if (value === null || value === undefined) return 'null';
  switch (typeof value) {
    case 'string':
      return isEmbedded ? `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"` : value;
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'number':
      if (schema?.type === SchemaType.FLOAT32) return javaFloatText(value);
      return schema?.type === SchemaType.FLOAT64 || !Number.isSafeInteger(value)
        ? javaDoubleText(value)
        : String(value);
    default:
      return textOfObject(schema, value, isEmbedded);
  }
}

function textOfObject(schema: Schema | null, value: unknown, isEmbedded: boolean): string {
  if (isBigDecimal(value)) return value.toString();
  if (value instanceof Uint8Array) {
    const base64 = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
    return isEmbedded ? `"${base64}"` : base64;
  }
  if (value instanceof Date) return textOfDate(value);
  const elementSchema = schema?.elementSchema ?? null;
  if (Array.isArray(value)) return `[${value.map((each) => textOf(elementSchema, each, true)).join(',')}]`;
  if (value instanceof Map) {
    const keySchema = schema?.mapKeySchema ?? null;
    const entries = [...value].map(
      ([key, each]) => `${textOf(keySchema, key, true)}:${textOf(elementSchema, each, true)}`,
    );
    return `{${entries.join(',')}}`;
  }
  if (isStruct(value)) {
    const fields = value.schema.fields.map(
      (field) => `${textOf(null, field.name, true)}:${textOf(field.schema, value.get(field), true)}`,
    );
    return `{${fields.join(',')}}`;
  }
  throw new DataError(`Failed to convert ${javaText(value)} (class ${typeNameOf(value)}) to a string`);
}

/**
 * The first day of 1970 is taken for a time, a later midnight for a date, whatever the schema says. Kafka Connect takes everything before
 * that day for a time, too, and loses the day: these are written like later dates.
 */
function textOfDate(value: Date): string {
  const millis = value.getTime();
  if (Number.isNaN(millis)) throw new DataError('The Date is invalid: it was made of something that is no date.');
  // Years of four digits in the calendar of JavaScript; the others as Java has them.
  const iso = millis < GREGORIAN_MILLIS || millis >= YEAR_10000 ? ISO_8601.format(millis) : value.toISOString();
  if (millis >= 0 && millis < MILLIS_PER_DAY) return iso.slice(-13);
  return millis % MILLIS_PER_DAY === 0 ? iso.slice(0, -14) : iso;
}

/** The schema that a value without one would have; null if there is none, as for null and mixed arrays. */
export function inferSchema(value: unknown): Schema | null {
  switch (typeof value) {
    case 'string':
      return Schemas.STRING;
    case 'boolean':
      return Schemas.BOOLEAN;
    case 'bigint':
      return Schemas.INT64;
    case 'number':
      if (!Number.isInteger(value) || Object.is(value, -0)) return Schemas.FLOAT64;
      return (value | 0) === value ? Schemas.INT32 : Schemas.FLOAT64;
    default:
      return value === null || value === undefined ? null : inferObjectSchema(value);
  }
}

function inferObjectSchema(value: object): Schema | null {
  if (value instanceof Uint8Array) return Schemas.BYTES;
  if (value instanceof Date) return ConnectTimestamp.SCHEMA;
  if (isBigDecimal(value)) return Decimal.schema(value.scale);
  if (isStruct(value)) return value.schema;
  if (Array.isArray(value)) {
    const element = inferCommonSchema(value);
    return element === null ? null : SchemaBuilder.array(element).build();
  }
  if (value instanceof Map) {
    const key = inferCommonSchema(value.keys());
    const element = inferCommonSchema(value.values());
    return key === null || element === null ? null : SchemaBuilder.map(key, element).build();
  }
  return null;
}

function inferCommonSchema(values: Iterable<unknown>): Schema | null {
  let common: Schema | null = null;
  for (const value of values) {
    const schema = inferSchema(value);
    if (schema === null || (common !== null && !common.equals(schema))) return null;
    common = schema;
  }
  return common;
}

function isNull(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function asInt64(schema: Schema | null, value: unknown, target: string): bigint {
  if (typeof value === 'bigint') return BigInt.asIntN(64, value);
  if (typeof value === 'number') return truncate(value);
  if (isBigDecimal(value)) return wholePartOf(value);
  if (typeof value === 'string') {
    const decimal = BigDecimal.tryParse(value);
    if (decimal !== undefined) return wholePartOf(decimal);
  }
  if (value instanceof Date) {
    if (schema?.name === DATE_NAME) return BigInt(ConnectDate.fromLogical(schema, value));
    if (schema?.name === TIME_NAME) return BigInt(ConnectTime.fromLogical(schema, value));
    if (schema?.name === TIMESTAMP_NAME) return ConnectTimestamp.fromLogical(schema, value);
  }
  throw unableToConvert(value, target);
}

/** Java's cast of a double to a long: towards zero, NaN to 0, and at the limits the limit. */
function truncate(value: number): bigint {
  if (Number.isNaN(value)) return 0n;
  if (value >= 2 ** 63) return 2n ** 63n - 1n;
  if (value <= -(2 ** 63)) return -(2n ** 63n);
  return BigInt(Math.trunc(value));
}

/** As Java's `longValue`: the low 64 bits of the whole part. A huge exponent, which has none, is not multiplied out. */
function wholePartOf(value: BigDecimal): bigint {
  return value.scale < -64 ? 0n : BigInt.asIntN(64, value.toBigInt());
}

/** Numbers are rounded once; texts, as in Kafka Connect, to a double first. */
function asFloat(schema: Schema | null, value: unknown): number {
  if (typeof value === 'bigint') return floatNearest(value, 0, Number(value));
  return isBigDecimal(value) ? value.toFloat() : Math.fround(asDouble(schema, value, 'FLOAT32'));
}

function asDouble(schema: Schema | null, value: unknown, target: string): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (isBigDecimal(value)) return value.toNumber();
  if (typeof value === 'string') {
    const decimal = BigDecimal.tryParse(value);
    if (decimal !== undefined) return decimal.toNumber();
    throw unableToConvert(value, target);
  }
  return Number(asInt64(schema, value, target));
}
