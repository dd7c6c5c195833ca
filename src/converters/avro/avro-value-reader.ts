/**
 * Avro's binary encoding to Connect values: one reader per pair of Avro and Connect schema, made once. Where the values of both are the
 * same, the reader is avsc's type itself.
 */
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
import { ANYTHING, isAnything } from './anything.ts';
import type { AvroDataOptions } from './avro-data-options.ts';
import { KEY_FIELD } from './avro-names.ts';
import { type FieldReader, fieldReaderOf, structReaderOf } from './avro-record-reader.ts';
import type { AvroEnum, AvroPrimitive, AvroRecord, AvroSchema, AvroUnion } from './avro-schema.ts';
import {
  type AvroTap,
  badBranch,
  ConnectType,
  checkEnd,
  codecOf,
  ended,
  readBlockCount,
  readBytes,
  readInt,
  readLong,
  type TapReader,
} from './avro-tap.ts';
import { isMapEntry, onlyBranchOf } from './to-connect-schema.ts';

/**
 * A type that decodes records of an Avro schema to Connect values; `schema` is what `connectSchemaOf` made of it under the same options.
 * Its reads throw DataError for what is no encoding of the schema.
 */
export function avroTypeForReading(avro: AvroSchema, schema: Schema | null, options: AvroDataOptions): ConnectType {
  const reader = new AvroReaderCompiler(options).reader(avro, schema);
  return new ConnectType(avro.type, avro.kind === 'bytes' ? restReaderOf(schema) : reader);
}

/** Bytes on their own have no length before them. */
function restReaderOf(schema: Schema | null): TapReader {
  const isDecimal = schema?.name === Decimal.LOGICAL_NAME;
  return {
    _read: (tap) => {
      const rest = readBytes(tap, tap.buf.length - tap.pos);
      return isDecimal ? Decimal.toLogical(schema, rest) : rest;
    },
  };
}

/** A record of no bytes in one of no bytes, and so on, each twice, would keep us at work on nothing for ever. */
const MAX_VALUES_WITHOUT_BYTES = 100_000;

class AvroReaderCompiler {
  private readonly options: AvroDataOptions;
  private readonly records = new Map<AvroRecord, { readonly schema: Schema; readonly reader: TapReader }[]>();

  private readonly withoutBytes = new Map<AvroRecord, number>();

  constructor(options: AvroDataOptions) {
    this.options = options;
  }

  reader(avro: AvroSchema, schema: Schema | null): TapReader {
    if (schema === null) {
      if (isAnything(avro)) return ANYTHING;
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
      case 'enum':
        return enumReaderOf(avro);
      case 'fixed': {
        const { size } = avro;
        if (schema.name === Decimal.LOGICAL_NAME) {
          return { _read: (tap) => Decimal.toLogical(schema, readBytes(tap, size)) };
        }
        return codecOf(avro.type);
      }
      default:
        return primitiveReaderOf(avro, schema);
    }
  }

  private union(avro: AvroUnion, schema: Schema): TapReader {
    const only = onlyBranchOf(avro, this.options);
    if (only !== undefined) {
      const nullIndex = avro.branches.findIndex((branch) => branch.kind === 'null');
      return nullableReaderOf(this.reader(only, schema), avro.branches.indexOf(only), nullIndex);
    }
    let place = 0;
    const branches = avro.branches.map((branch) => {
      if (branch.kind === 'null') return null;
      const field = schema.fields[place++];
      if (field === undefined) throw new DataError('Did not find matching union field for data');
      return { place: field.index, reader: this.reader(branch, field.schema) };
    });
    const count = schema.fields.length;
    return {
      _read: (tap) => {
        const index = tap.readLong();
        const branch = branches[index];
        if (branch === undefined) throw badBranch(index);
        if (branch === null) return null;
        const values = new Array<unknown>(count).fill(null);
        values[branch.place] = branch.reader._read(tap);
        return structFromValues(schema, values, { validated: true });
      },
    };
  }

  private record(avro: AvroRecord, schema: Schema): TapReader {
    // Optional and required uses of one record differ in the schema of their structs.
    const known = this.records.get(avro)?.find((each) => each.schema === schema || each.schema.equals(schema));
    if (known !== undefined) return known.reader;
    if (valuesWithoutBytes(avro, this.withoutBytes) > MAX_VALUES_WITHOUT_BYTES) {
      throw new DataError(
        `The Avro record ${avro.fullName} takes no bytes, and stands for more than ${MAX_VALUES_WITHOUT_BYTES} values: it is not read.`,
      );
    }
    const fields: FieldReader[] = [];
    const reader = structReaderOf(schema, fields);
    // Before its fields, which may be of the same type.
    this.records.set(avro, [...(this.records.get(avro) ?? []), { schema, reader }]);
    for (const [index, field] of avro.fields.entries()) {
      const fieldSchema = schema.fields[index]?.schema ?? null;
      fields.push(fieldReaderOf(field.type, fieldSchema, this.reader(field.type, fieldSchema)));
    }
    return reader;
  }

  private array(items: AvroSchema, schema: Schema): TapReader {
    const reader = this.reader(items, schema.valueSchema);
    const isEmpty = isWithoutBytes(items);
    return {
      _read: (tap) => {
        const list: unknown[] = [];
        for (let count = readBlockCount(tap, isEmpty, 0); count > 0; ) {
          for (let index = 0; index < count; index++) list.push(reader._read(tap));
          count = readBlockCount(tap, isEmpty, list.length);
        }
        return list;
      },
    };
  }

  private map(values: AvroSchema, schema: Schema): TapReader {
    const reader = this.reader(values, schema.valueSchema);
    return {
      _read: (tap) => {
        const map = new Map<string, unknown>();
        for (let count = readBlockCount(tap, false, 0); count > 0; count = readBlockCount(tap, false, 0)) {
          for (let index = 0; index < count; index++) {
            const key = tap.readString();
            if (key === undefined) throw ended();
            map.set(key, reader._read(tap));
          }
        }
        return map;
      },
    };
  }

  private entries(items: AvroRecord, schema: Schema): TapReader {
    const parts = items.fields.map((field) => ({
      isKey: field.name === KEY_FIELD,
      reader: this.reader(field.type, field.name === KEY_FIELD ? schema.keySchema : schema.valueSchema),
    }));
    const isEmpty = isWithoutBytes(items);
    return {
      _read: (tap) => {
        const map = new Map<unknown, unknown>();
        let known = 0;
        for (let count = readBlockCount(tap, isEmpty, 0); count > 0; count = readBlockCount(tap, isEmpty, known)) {
          for (let index = 0; index < count; index++) {
            let key: unknown = null;
            let value: unknown = null;
            for (const { isKey, reader } of parts) {
              if (isKey) key = reader._read(tap);
              else value = reader._read(tap);
            }
            checkEnd(tap);
            map.set(key, value);
          }
          known += count;
        }
        return map;
      },
    };
  }
}

function nullableReaderOf(reader: TapReader, valueIndex: number, nullIndex: number): TapReader {
  return {
    _read: (tap) => {
      const index = tap.readLong();
      if (index === valueIndex) return reader._read(tap);
      if (index === nullIndex) return null;
      throw badBranch(index);
    },
  };
}

/** True for types of which garbage could announce any number of values. */
function isWithoutBytes(avro: AvroSchema): boolean {
  return valuesWithoutBytes(avro) > 0;
}

/** How many values are read of no bytes at all; 0 for types that take some. */
function valuesWithoutBytes(avro: AvroSchema, known = new Map<AvroRecord, number>()): number {
  if (avro.kind === 'null') return 1;
  if (avro.kind === 'fixed') return avro.size === 0 ? 1 : 0;
  if (avro.kind !== 'record') return 0;
  let count = known.get(avro);
  if (count === undefined) {
    // A record within itself has no end.
    known.set(avro, 0);
    const counts = avro.fields.map((field) => valuesWithoutBytes(field.type, known));
    count = counts.includes(0) ? 0 : counts.reduce((sum, each) => sum + each, 1);
    known.set(avro, count);
  }
  return count;
}

/** The symbols of the schema: avsc may have been given others in the place of odd ones. */
function enumReaderOf({ symbols, fullName }: AvroEnum): TapReader {
  return {
    _read: (tap) => {
      const symbol = symbols[tap.readLong()];
      if (symbol === undefined) throw new DataError(`Malformed data: no such symbol of the enum ${fullName}`);
      return symbol;
    },
  };
}

function primitiveReaderOf(avro: AvroPrimitive, schema: Schema): TapReader {
  switch (avro.kind) {
    case 'int':
      return { _read: intReaderOf(schema) };
    case 'long':
      if (schema.name === ConnectTimestamp.LOGICAL_NAME) {
        return { _read: (tap) => ConnectTimestamp.toLogical(schema, readLong(tap)) };
      }
      return { _read: readLong };
    case 'bytes':
      // Not by avsc's type: from a length that is no number, as garbage can give, its memory pool would not recover.
      if (schema.name === Decimal.LOGICAL_NAME) {
        return { _read: (tap) => Decimal.toLogical(schema, readBytes(tap, tap.readLong())) };
      }
      return { _read: (tap) => readBytes(tap, tap.readLong()) };
    default:
      return codecOf(avro.type);
  }
}

function intReaderOf(schema: Schema): (tap: AvroTap) => unknown {
  if (schema.name === ConnectDate.LOGICAL_NAME) return (tap) => ConnectDate.toLogical(schema, readInt(tap));
  if (schema.name === ConnectTime.LOGICAL_NAME) return (tap) => ConnectTime.toLogical(schema, readInt(tap));
  if (schema.type === SchemaType.INT8) return (tap) => (readInt(tap) << 24) >> 24;
  if (schema.type === SchemaType.INT16) return (tap) => (readInt(tap) << 16) >> 16;
  return readInt;
}
