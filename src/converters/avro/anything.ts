/** Values without a schema: the record `io.confluent.connect.avro.Anything`, of whose fields one is set. */
import { typeNameOf } from '../../sdk/data/index.ts';
import { DataError } from '../../sdk/errors/index.ts';
import type { AvroInput } from './avro-input.ts';
import type { AvroOutput } from './avro-output.ts';

// The fields in order: boolean, bytes, double, float, int, long, string, array, map. Each is a union of null (0) and its type (1).
const FIELDS = 9;
const [BOOLEAN, BYTES, DOUBLE, FLOAT, INT, LONG, STRING, ARRAY, MAP] = [0, 1, 2, 3, 4, 5, 6, 7, 8] as const;
const SET = 2;

/** Integral numbers of 32 bits are ints, bigints longs, other numbers doubles. Throws DataError for what Avro has no place for. */
export function writeAnything(out: AvroOutput, value: unknown): void {
  const field = fieldOf(value);
  for (let index = 0; index < FIELDS; index++) {
    out.writeByte(index === field ? SET : 0);
    if (index === field) writeSet(out, field, value);
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

function writeSet(out: AvroOutput, field: number, value: unknown): void {
  switch (field) {
    case BOOLEAN:
      out.writeBoolean(value as boolean);
      break;
    case BYTES:
      out.writeBytes(value as Uint8Array);
      break;
    case DOUBLE:
      out.writeDouble(value as number);
      break;
    case INT:
      out.writeInt(value as number);
      break;
    case LONG:
      out.writeLong(value as bigint);
      break;
    case STRING:
      out.writeString(value as string);
      break;
    case ARRAY: {
      const list = value as readonly unknown[];
      if (list.length > 0) out.writeSafeInteger(list.length);
      for (const each of list) writeAnything(out, each);
      out.writeByte(0);
      break;
    }
    default: {
      const entries = value instanceof Map ? value : new Map(Object.entries(value as object));
      if (entries.size > 0) out.writeSafeInteger(entries.size);
      for (const [key, each] of entries) {
        writeAnything(out, key);
        writeAnything(out, each);
      }
      out.writeByte(0);
    }
  }
}

/** The first field that is set; null if none is. */
export function readAnything(input: AvroInput): unknown {
  let found: unknown = null;
  for (let index = 0; index < FIELDS; index++) {
    const branch = input.readInt();
    if (branch === 0) continue;
    if (branch !== 1) throw new DataError(`Malformed data: union index ${branch} is out of range`);
    const value = readSet(input, index);
    found ??= value;
  }
  return found;
}

function readSet(input: AvroInput, field: number): unknown {
  switch (field) {
    case BOOLEAN:
      return input.readBoolean();
    case BYTES:
      return input.readBytes();
    case DOUBLE:
      return input.readDouble();
    case FLOAT:
      return input.readFloat();
    case INT:
      return input.readInt();
    case LONG:
      return input.readLong();
    case STRING:
      return input.readString();
    case ARRAY: {
      const list: unknown[] = [];
      for (let count = input.readBlockCount(false); count > 0; count = input.readBlockCount(false)) {
        for (let index = 0; index < count; index++) list.push(readAnything(input));
      }
      return list;
    }
    default: {
      const map = new Map<unknown, unknown>();
      for (let count = input.readBlockCount(false); count > 0; count = input.readBlockCount(false)) {
        for (let index = 0; index < count; index++) {
          const key = readAnything(input);
          map.set(key, readAnything(input));
        }
      }
      return map;
    }
  }
}
