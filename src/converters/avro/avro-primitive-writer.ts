/** Connect's primitive values, checked and written by avsc's types of the same kind or of one that Avro promotes them to. */
import { type Schema, SchemaType, typeNameOf } from '../../sdk/data/index.ts';
import { DataError } from '../../sdk/errors/index.ts';
import { asBuffer } from '../converter-config.ts';
import type { AvroPrimitive } from './avro-schema.ts';
import { codecOf, type TapWriter, writeLong, writeString } from './avro-tap.ts';

const INTEGERS: readonly SchemaType[] = [SchemaType.INT8, SchemaType.INT16, SchemaType.INT32];
const NUMBERS: readonly SchemaType[] = [...INTEGERS, SchemaType.INT64, SchemaType.FLOAT32];

/** Undefined if a value of the Connect type is none of the Avro type, nor of one that Avro promotes it to. */
export function primitiveWriterOf(avro: AvroPrimitive, schema: Schema): TapWriter | undefined {
  const { type } = schema;
  const codec = codecOf(avro.type);
  const fail = (value: unknown): never => {
    if (value === null || value === undefined) throw new DataError('Found null value for non-optional schema');
    throw new DataError(`Invalid type for ${type}: class ${typeNameOf(value)}`);
  };
  switch (avro.kind) {
    case 'boolean':
      if (type !== SchemaType.BOOLEAN) return undefined;
      return { _write: (tap, value) => (typeof value === 'boolean' ? codec._write(tap, value) : fail(value)) };
    case 'int':
      if (!INTEGERS.includes(type)) return undefined;
      return { _write: (tap, value) => codec._write(tap, isInteger(value) ? value : fail(value)) };
    case 'long':
      if (INTEGERS.includes(type)) {
        return { _write: (tap, value) => tap.writeLong(isInteger(value) ? value : fail(value)) };
      }
      if (type !== SchemaType.INT64) return undefined;
      return { _write: (tap, value) => writeLong(tap, isLong(value) ? value : fail(value)) };
    case 'float':
      if (!NUMBERS.includes(type)) return undefined;
      return { _write: (tap, value) => codec._write(tap, numberOf(value) ?? fail(value)) };
    case 'double':
      if (type !== SchemaType.FLOAT64 && !NUMBERS.includes(type)) return undefined;
      return { _write: (tap, value) => codec._write(tap, numberOf(value) ?? fail(value)) };
    case 'string':
      if (type !== SchemaType.STRING) return undefined;
      return { _write: (tap, value) => writeString(tap, typeof value === 'string' ? value : fail(value)) };
    case 'bytes':
      if (type !== SchemaType.BYTES) return undefined;
      return {
        _write: (tap, value) => codec._write(tap, value instanceof Uint8Array ? asBuffer(value) : fail(value)),
      };
    default:
      return undefined;
  }
}

function isInteger(value: unknown): value is number {
  return typeof value === 'number' && (value | 0) === value;
}

function isLong(value: unknown): value is bigint {
  return typeof value === 'bigint' && BigInt.asIntN(64, value) === value;
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'bigint' ? Number(value) : undefined;
}
