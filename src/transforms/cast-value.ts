/** Casts of single values between the primitive types, with the results that Java's casts and parsers have. */
import { floatNearest, parseJavaDouble, parseJavaFloat, parseJavaInteger } from '../foundation/java-numbers.ts';
import {
  type BigDecimal,
  ConnectDate,
  ConnectTime,
  ConnectTimestamp,
  isBigDecimal,
  isStruct,
  javaText,
  type Schema,
  SchemaType,
  typeNameOf,
  Values,
} from '../sdk/data/index.ts';
import { DataError } from '../sdk/errors/index.ts';

const TARGETS = [
  SchemaType.INT8,
  SchemaType.INT16,
  SchemaType.INT32,
  SchemaType.INT64,
  SchemaType.FLOAT32,
  SchemaType.FLOAT64,
  SchemaType.BOOLEAN,
  SchemaType.STRING,
] as const;
const SOURCES: readonly SchemaType[] = [...TARGETS, SchemaType.BYTES];
const BITS = { INT8: 8, INT16: 16, INT32: 32, INT64: 64 } as const;

/** A type that values can be cast to. */
export type CastTarget = (typeof TARGETS)[number];

export function isCastTarget(type: string): type is CastTarget {
  return (TARGETS as readonly string[]).includes(type);
}

/** Why a type is none that values can be cast to. */
export function refuseTarget(type: string): string {
  return `Cast transformation does not support casting to ${type}; supported types are [${TARGETS.join(', ')}]`;
}

/** The value as one of the target type; null stays null. Throws DataError. */
export function castValue(schema: Schema | null, value: unknown, target: CastTarget): unknown {
  if (value === null || value === undefined) return null;
  const source = schema === null ? schemalessType(value) : schema.type;
  if (source === null) {
    throw new DataError(
      `Cast transformation was passed a value of type class ${typeNameOf(value)} which is not supported by Connect's data API`,
    );
  }
  if (!SOURCES.includes(source)) {
    throw new DataError(
      `Cast transformation does not support casting from ${source}; supported types are [${SOURCES.join(', ')}]`,
    );
  }
  if (target === SchemaType.STRING) return castToString(schema, value);
  const encoded = value instanceof Date ? encodedDate(schema, value) : value;
  switch (target) {
    case SchemaType.BOOLEAN:
      return castToBoolean(encoded);
    case SchemaType.FLOAT32:
      return castToFloat(encoded);
    case SchemaType.FLOAT64:
      return castToDouble(encoded);
    default:
      return castToInteger(encoded, target);
  }
}

/** Without a schema Kafka Connect takes no logical types. */
function schemalessType(value: unknown): SchemaType | null {
  switch (typeof value) {
    case 'string':
      return SchemaType.STRING;
    case 'boolean':
      return SchemaType.BOOLEAN;
    case 'bigint':
      return SchemaType.INT64;
    case 'number':
      return SchemaType.FLOAT64;
    default:
      break;
  }
  if (value instanceof Uint8Array) return SchemaType.BYTES;
  if (Array.isArray(value)) return SchemaType.ARRAY;
  if (isStruct(value)) return SchemaType.STRUCT;
  return typeNameOf(value) === 'java.util.HashMap' ? SchemaType.MAP : null;
}

function encodedDate(schema: Schema | null, value: Date): unknown {
  switch (schema?.name) {
    case ConnectDate.LOGICAL_NAME:
      return ConnectDate.fromLogical(schema, value);
    case ConnectTime.LOGICAL_NAME:
      return ConnectTime.fromLogical(schema, value);
    case ConnectTimestamp.LOGICAL_NAME:
      return ConnectTimestamp.fromLogical(schema, value);
    default:
      return value;
  }
}

function castToString(schema: Schema | null, value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64');
  // Values.convertToString would look at the schema; Kafka Connect looks at the date alone here.
  if (value instanceof Date) return Values.convertToString(null, value) ?? '';
  return javaText(value, schema);
}

function castToBoolean(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') return value.toLowerCase() === 'true';
  if (isNumber(value)) return longOf(value) !== 0n;
  throw unexpected(value);
}

function castToDouble(value: unknown): number {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string') return parsed(value, parseJavaDouble(value));
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (isBigDecimal(value)) return value.toNumber();
  throw unexpected(value);
}

function castToFloat(value: unknown): number {
  if (typeof value === 'string') return parsed(value, parseJavaFloat(value));
  if (typeof value === 'bigint') return floatNearest(value, 0, Number(value));
  return isBigDecimal(value) ? value.toFloat() : Math.fround(castToDouble(value));
}

function castToInteger(value: unknown, target: keyof typeof BITS): number | bigint {
  const bits = BITS[target];
  let whole: bigint;
  if (typeof value === 'boolean') whole = value ? 1n : 0n;
  else if (typeof value === 'string') whole = parsed(value, parseJavaInteger(value, bits));
  else if (isNumber(value)) whole = narrowed(value, bits);
  else throw unexpected(value);
  return bits === 64 ? whole : Number(whole);
}

/** Java's casts: a float goes to int or long first, at whose limits it stays; an integer keeps its low bits. */
function narrowed(value: number | bigint | BigDecimal, bits: 8 | 16 | 32 | 64): bigint {
  if (typeof value !== 'number') return BigInt.asIntN(bits, longOf(value));
  if (bits === 64) return longOf(value);
  const int = Number.isNaN(value) ? 0 : Math.trunc(Math.min(Math.max(value, -(2 ** 31)), 2 ** 31 - 1));
  return BigInt.asIntN(bits, BigInt(int));
}

function longOf(value: number | bigint | BigDecimal): bigint {
  if (typeof value === 'bigint') return BigInt.asIntN(64, value);
  return Values.convertToLong(null, value) ?? 0n;
}

function isNumber(value: unknown): value is number | bigint | BigDecimal {
  return typeof value === 'number' || typeof value === 'bigint' || isBigDecimal(value);
}

function parsed<T>(text: string, number: T | undefined): T {
  if (number === undefined) throw outOfRange(text);
  return number;
}

function outOfRange(text: string): DataError {
  return new DataError(`Value (${text}) was out of range for requested data type`, {
    cause: new Error(`For input string: "${text}"`),
  });
}

function unexpected(value: unknown): DataError {
  return new DataError(`Unexpected type in Cast transformation: class ${typeNameOf(value)}`);
}
