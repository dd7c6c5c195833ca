/** Values without a schema: the record `io.confluent.connect.avro.Anything`, of whose fields one is set. */
import { typeNameOf } from '../../sdk/data/index.ts';
import { DataError } from '../../sdk/errors/index.ts';
import { ANYTHING_FULL_NAME } from './avro-names.ts';
import type { AvroSchema } from './avro-schema.ts';
import {
  type AvroTap,
  checkEnd,
  readBlockCount,
  readBytes,
  readInt,
  readLong,
  type TapReader,
  type TapWriter,
  writeBytes,
  writeLong,
  writeString,
} from './avro-tap.ts';

// Each is a union of null (0) and its type (1).
const NAMES = ['boolean', 'bytes', 'double', 'float', 'int', 'long', 'string', 'array', 'map'];
const FIELDS = NAMES.length;
const [BOOLEAN, BYTES, DOUBLE, FLOAT, INT, LONG, STRING, ARRAY, MAP] = [0, 1, 2, 3, 4, 5, 6, 7, 8] as const;

/** True for the record of values without a schema; a record of that name with other fields is one like any other. */
export function isAnything(avro: AvroSchema): boolean {
  if (avro.kind !== 'record' || avro.fullName !== ANYTHING_FULL_NAME) return false;
  return avro.fields.length === FIELDS && avro.fields.every(({ name }, index) => name === NAMES[index]);
}

export const ANYTHING: TapReader & TapWriter = { _read: readAnything, _write: writeAnything };

/** Integral numbers of 32 bits are ints, bigints longs, other numbers doubles. Throws DataError for what Avro has no place for. */
function writeAnything(tap: AvroTap, value: unknown): void {
  const field = fieldOf(value);
  for (let index = 0; index < FIELDS; index++) {
    tap.writeLong(index === field ? 1 : 0);
    if (index === field) writeSet(tap, field, value);
  }
}

function fieldOf(value: unknown): number {
  switch (typeof value) {
    case 'boolean':
      return BOOLEAN;
    case 'string':
      return STRING;
    case 'bigint':
      if (BigInt.asIntN(64, value) === value) return LONG;
      break;
    case 'number':
      return (value | 0) === value && !Object.is(value, -0) ? INT : DOUBLE;
    case 'undefined':
      return -1;
    case 'object':
      if (value === null) return -1;
      if (value instanceof Uint8Array) return BYTES;
      if (Array.isArray(value)) return ARRAY;
      if (value instanceof Map || isPlainObject(value)) return MAP;
      break;
    default:
      break;
  }
  throw new DataError(`Unknown Java type for schemaless data: class ${typeNameOf(value)}`);
}

function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function writeSet(tap: AvroTap, field: number, value: unknown): void {
  switch (field) {
    case BOOLEAN:
      tap.writeBoolean(value as boolean);
      break;
    case BYTES:
      writeBytes(tap, value as Uint8Array);
      break;
    case DOUBLE:
      tap.writeDouble(value as number);
      break;
    case INT:
      tap.writeLong(value as number);
      break;
    case LONG:
      writeLong(tap, value as bigint);
      break;
    case STRING:
      writeString(tap, value as string);
      break;
    case ARRAY: {
      const list = value as readonly unknown[];
      if (list.length > 0) tap.writeLong(list.length);
      for (const each of list) writeAnything(tap, each);
      tap.writeLong(0);
      break;
    }
    default: {
      const entries = value instanceof Map ? value : new Map(Object.entries(value as object));
      if (entries.size > 0) tap.writeLong(entries.size);
      for (const [key, each] of entries) {
        writeAnything(tap, key);
        writeAnything(tap, each);
      }
      tap.writeLong(0);
    }
  }
}

/** The first field that is set; null if none is. */
function readAnything(tap: AvroTap): unknown {
  let found: unknown = null;
  for (let index = 0; index < FIELDS; index++) {
    const branch = tap.readLong();
    if (branch === 0) continue;
    if (branch !== 1) throw new DataError(`Malformed data: union index ${branch} is out of range`);
    const value = readSet(tap, index);
    found ??= value;
  }
  checkEnd(tap);
  return found;
}

function readSet(tap: AvroTap, field: number): unknown {
  switch (field) {
    case BOOLEAN:
      return tap.readBoolean();
    case BYTES:
      return readBytes(tap, tap.readLong());
    case DOUBLE:
      return tap.readDouble();
    case FLOAT:
      return tap.readFloat();
    case INT:
      return readInt(tap);
    case LONG:
      return readLong(tap);
    case STRING:
      return tap.readString();
    case ARRAY: {
      const list: unknown[] = [];
      for (let count = readBlockCount(tap, false, 0); count > 0; count = readBlockCount(tap, false, 0)) {
        for (let index = 0; index < count; index++) list.push(readAnything(tap));
      }
      return list;
    }
    default: {
      const map = new Map<unknown, unknown>();
      for (let count = readBlockCount(tap, false, 0); count > 0; count = readBlockCount(tap, false, 0)) {
        for (let index = 0; index < count; index++) {
          const key = readAnything(tap);
          map.set(key, readAnything(tap));
        }
      }
      return map;
    }
  }
}
