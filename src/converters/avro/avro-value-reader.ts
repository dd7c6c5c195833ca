/** Avro's binary encoding to Connect values: one reader per pair of Avro and Connect schema, made once. */
import {
  ConnectDate,
  ConnectTime,
  ConnectTimestamp,
  Decimal,
  type Schema,
  SchemaType,
  structFromValues,
} from '../../sdk/data/index.ts';
import { DataError } from '../../sdk/errors/index.ts';
import { readAnything } from './anything.ts';
import type { AvroDataOptions } from './avro-data-options.ts';
import type { AvroInput } from './avro-input.ts';
import { ANYTHING_FULL_NAME, KEY_FIELD } from './avro-names.ts';
import type { AvroPrimitive, AvroRecord, AvroSchema, AvroUnion } from './avro-schema.ts';
import { isMapEntry, onlyBranchOf } from './to-connect-schema.ts';

/** Reads one value. Throws DataError for what is no encoding of the schema. */
export type AvroValueReader = (input: AvroInput) => unknown;

/** A reader of the values of an Avro schema; `schema` is what `connectSchemaOf` made of it under the same options. */
export function avroValueReaderOf(avro: AvroSchema, schema: Schema | null, options: AvroDataOptions): AvroValueReader {
  return new AvroReaderCompiler(options).reader(avro, schema);
}

class AvroReaderCompiler {
  private readonly options: AvroDataOptions;
  private readonly records = new Map<AvroRecord, { readonly schema: Schema; readonly read: AvroValueReader }[]>();

  constructor(options: AvroDataOptions) {
    this.options = options;
  }

  reader(avro: AvroSchema, schema: Schema | null): AvroValueReader {
    if (schema === null) {
      if (avro.kind === 'record' && avro.fullName === ANYTHING_FULL_NAME) return readAnything;
      throw new DataError('Invalid Avro data for schemaless Connect data');
    }
    switch (avro.kind) {
      case 'union':
        return this.union(avro, schema);
      case 'record':
        return this.record(avro, schema);
      case 'array':
        return isMapEntry(avro.items) && schema.type === SchemaType.MAP
          ? this.entries(avro.items, schema)
          : this.array(avro.items, schema);
      case 'map':
        return this.map(avro.values, schema);
      case 'enum': {
        const { symbols, fullName } = avro;
        return (input) => {
          const symbol = symbols[input.readInt()];
          if (symbol === undefined) throw new DataError(`Malformed data: no such symbol of the enum ${fullName}`);
          return symbol;
        };
      }
      case 'fixed': {
        const { size } = avro;
        if (schema.name === Decimal.LOGICAL_NAME) return (input) => Decimal.toLogical(schema, input.readFixed(size));
        return (input) => input.readFixed(size);
      }
      default:
        return primitiveReaderOf(avro, schema);
    }
  }

  private union(avro: AvroUnion, schema: Schema): AvroValueReader {
    const only = onlyBranchOf(avro, this.options);
    if (only !== undefined) {
      const nullIndex = avro.branches.findIndex((branch) => branch.kind === 'null');
      const valueIndex = avro.branches.indexOf(only);
      const read = this.reader(only, schema);
      return (input) => {
        const index = input.readInt();
        if (index === valueIndex) return read(input);
        if (index === nullIndex) return null;
        throw badBranch(index);
      };
    }
    let place = 0;
    const branches = avro.branches.map((branch) => {
      if (branch.kind === 'null') return null;
      const field = schema.fields[place++];
      if (field === undefined) throw new DataError('Did not find matching union field for data');
      return { place: field.index, read: this.reader(branch, field.schema) };
    });
    const count = schema.fields.length;
    return (input) => {
      const index = input.readInt();
      const branch = branches[index];
      if (branch === undefined) throw badBranch(index);
      if (branch === null) return null;
      const values = new Array<unknown>(count).fill(null);
      values[branch.place] = branch.read(input);
      return structFromValues(schema, values, { validated: true });
    };
  }

  private record(avro: AvroRecord, schema: Schema): AvroValueReader {
    // Optional and required uses of one record differ in the schema of their structs.
    const known = this.records.get(avro)?.find((each) => each.schema === schema || each.schema.equals(schema));
    if (known !== undefined) return known.read;
    let read: AvroValueReader | undefined;
    const entry = { schema, read: (input: AvroInput) => read?.(input) };
    this.records.set(avro, [...(this.records.get(avro) ?? []), entry]);
    const readers = avro.fields.map((field, index) => this.reader(field.type, schema.fields[index]?.schema ?? null));
    const operations = avro.fields.map((field, index) => operationOf(field.type, schema.fields[index]?.schema ?? null));
    read = recordReaderOf(schema, readers, operations);
    return read;
  }

  private array(items: AvroSchema, schema: Schema): AvroValueReader {
    const read = this.reader(items, schema.valueSchema);
    const isEmpty = isWithoutBytes(items);
    return (input) => {
      const list: unknown[] = [];
      for (let count = input.readBlockCount(isEmpty); count > 0; count = input.readBlockCount(isEmpty)) {
        for (let index = 0; index < count; index++) list.push(read(input));
      }
      return list;
    };
  }

  private map(values: AvroSchema, schema: Schema): AvroValueReader {
    const read = this.reader(values, schema.valueSchema);
    return (input) => {
      const map = new Map<string, unknown>();
      for (let count = input.readBlockCount(false); count > 0; count = input.readBlockCount(false)) {
        for (let index = 0; index < count; index++) {
          const key = input.readString();
          map.set(key, read(input));
        }
      }
      return map;
    };
  }

  private entries(items: AvroRecord, schema: Schema): AvroValueReader {
    const parts = items.fields.map((field) => ({
      isKey: field.name === KEY_FIELD,
      read: this.reader(field.type, field.name === KEY_FIELD ? schema.keySchema : schema.valueSchema),
    }));
    const isEmpty = isWithoutBytes(items);
    return (input) => {
      const map = new Map<unknown, unknown>();
      for (let count = input.readBlockCount(isEmpty); count > 0; count = input.readBlockCount(isEmpty)) {
        for (let index = 0; index < count; index++) {
          let key: unknown = null;
          let value: unknown = null;
          for (const { isKey, read } of parts) {
            if (isKey) key = read(input);
            else value = read(input);
          }
          map.set(key, value);
        }
      }
      return map;
    };
  }
}

function badBranch(index: number): DataError {
  return new DataError(`Malformed data: union index ${index} is out of range`);
}

/** True for types of which garbage could announce any number of values. */
function isWithoutBytes(avro: AvroSchema, within: readonly AvroSchema[] = []): boolean {
  if (avro.kind === 'null') return true;
  if (avro.kind === 'fixed') return avro.size === 0;
  if (avro.kind !== 'record' || within.includes(avro)) return false;
  return avro.fields.every((field) => isWithoutBytes(field.type, [...within, avro]));
}

function primitiveReaderOf(avro: AvroPrimitive, schema: Schema): AvroValueReader {
  switch (avro.kind) {
    case 'null':
      return () => null;
    case 'boolean':
      return (input) => input.readBoolean();
    case 'int':
      return intReaderOf(schema);
    case 'long':
      if (schema.name === ConnectTimestamp.LOGICAL_NAME) {
        return (input) => ConnectTimestamp.toLogical(schema, input.readLong());
      }
      return (input) => input.readLong();
    case 'float':
      return (input) => input.readFloat();
    case 'double':
      return (input) => input.readDouble();
    case 'string':
      return (input) => input.readString();
    case 'bytes':
      return schema.name === Decimal.LOGICAL_NAME
        ? (input) => Decimal.toLogical(schema, input.readBytes())
        : (input) => input.readBytes();
  }
}

function intReaderOf(schema: Schema): AvroValueReader {
  if (schema.name === ConnectDate.LOGICAL_NAME) return (input) => ConnectDate.toLogical(schema, input.readInt());
  if (schema.name === ConnectTime.LOGICAL_NAME) return (input) => ConnectTime.toLogical(schema, input.readInt());
  if (schema.type === SchemaType.INT8) return (input) => (input.readInt() << 24) >> 24;
  if (schema.type === SchemaType.INT16) return (input) => (input.readInt() << 16) >> 16;
  return (input) => input.readInt();
}

const OTHER = 0;
const INT = 1;
const LONG = 2;
const DOUBLE = 3;
const STRING = 4;
const BOOLEAN = 5;
const FLOAT = 6;
/** Added for a union of null and the type, by where null is. */
const NULL_FIRST = 8;
const NULL_SECOND = 16;

/** Fields that are read in place, in a switch, as a call through a different closure for each costs more than the reading. */
function operationOf(avro: AvroSchema, schema: Schema | null): number {
  if (schema === null) return OTHER;
  if (avro.kind === 'union') {
    const [first, second] = avro.branches;
    if (first === undefined || second === undefined || avro.branches.length !== 2) return OTHER;
    const isNullFirst = first.kind === 'null';
    if (!isNullFirst && second.kind !== 'null') return OTHER;
    const operation = operationOf(isNullFirst ? second : first, schema);
    if (operation === OTHER || operation >= NULL_FIRST) return OTHER;
    return operation + (isNullFirst ? NULL_FIRST : NULL_SECOND);
  }
  if (schema.name !== null && avro.kind !== 'string') return OTHER;
  switch (avro.kind) {
    case 'int':
      return schema.type === SchemaType.INT32 ? INT : OTHER;
    case 'long':
      return LONG;
    case 'double':
      return DOUBLE;
    case 'string':
      return STRING;
    case 'boolean':
      return BOOLEAN;
    case 'float':
      return FLOAT;
    default:
      return OTHER;
  }
}

function recordReaderOf(
  schema: Schema,
  readers: readonly AvroValueReader[],
  operations: readonly number[],
): AvroValueReader {
  const count = readers.length;
  const codes = Uint8Array.from(operations);
  return (input) => {
    const values = new Array<unknown>(count);
    for (let index = 0; index < count; index++) {
      let code = codes[index] ?? OTHER;
      if (code >= NULL_FIRST) {
        const branch = input.readInt();
        if (branch !== 0 && branch !== 1) throw badBranch(branch);
        if ((branch === 0) === code < NULL_SECOND) {
          values[index] = null;
          continue;
        }
        code &= 7;
      }
      switch (code) {
        case INT:
          values[index] = input.readInt();
          break;
        case LONG:
          values[index] = input.readLong();
          break;
        case DOUBLE:
          values[index] = input.readDouble();
          break;
        case STRING:
          values[index] = input.readString();
          break;
        case BOOLEAN:
          values[index] = input.readBoolean();
          break;
        case FLOAT:
          values[index] = input.readFloat();
          break;
        default:
          values[index] = (readers[index] as AvroValueReader)(input);
      }
    }
    return structFromValues(schema, values, { validated: true });
  };
}
