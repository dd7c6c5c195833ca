/** Connect values to Avro's binary encoding: one writer per pair of Avro and Connect schema, made once. */
import {
  ConnectDate,
  ConnectTime,
  ConnectTimestamp,
  Decimal,
  isBigDecimal,
  isStruct,
  type Schema,
  SchemaType,
  typeNameOf,
} from '../../sdk/data/index.ts';
import { DataError } from '../../sdk/errors/index.ts';
import { writeAnything } from './anything.ts';
import type { AvroDataOptions } from './avro-data-options.ts';
import { defaultWriterOf } from './avro-default-writer.ts';
import { ANYTHING_FULL_NAME, KEY_FIELD, scrubName, splitName, UNION_NAME, VALUE_FIELD } from './avro-names.ts';
import type { AvroOutput } from './avro-output.ts';
import { type FieldPlan, recordWriterOf } from './avro-record-writer.ts';
import type { AvroArray, AvroEnum, AvroFixed, AvroMap, AvroRecord, AvroSchema, AvroUnion } from './avro-schema.ts';
import { isUnionStruct } from './connect-kinds.ts';
import { isMapEntry, unionFieldName } from './to-connect-schema.ts';

/** Writes one value. Throws DataError if it does not fit; what was written before stays. */
export type AvroValueWriter = (out: AvroOutput, value: unknown) => void;

/** A writer of the values of a Connect schema in the encoding of an Avro schema. Throws DataError if the two don't go together. */
export function avroValueWriterOf(
  avro: AvroSchema,
  schema: Schema | null,
  settings: { readonly options: AvroDataOptions; readonly isStrict: boolean },
): AvroValueWriter {
  return new AvroWriterCompiler(settings.options, settings.isStrict).writer(avro, schema);
}

class AvroWriterCompiler {
  private readonly options: AvroDataOptions;
  private readonly isStrict: boolean;
  /** Writers being made or made, so that a record within itself ends. */
  private readonly records = new Map<AvroRecord, { readonly schema: Schema; readonly write: AvroValueWriter }[]>();

  constructor(options: AvroDataOptions, isStrict: boolean) {
    this.options = options;
    this.isStrict = isStrict;
  }

  writer(avro: AvroSchema, schema: Schema | null): AvroValueWriter {
    if (schema === null) {
      if (avro.kind === 'record' && avro.fullName === ANYTHING_FULL_NAME) return writeAnything;
      throw new DataError(`A value without a schema can not be written as Avro ${avro.kind}.`);
    }
    if (avro.kind === 'union') return this.union(avro, schema);
    const write = this.nonNull(avro, schema);
    return (out, value) => {
      if (value === null || value === undefined) throw nullValue();
      write(out, value);
    };
  }

  private nonNull(avro: Exclude<AvroSchema, AvroUnion>, schema: Schema): AvroValueWriter {
    const logical = logicalWriterOf(avro, schema);
    if (logical !== undefined) return logical;
    switch (avro.kind) {
      case 'record':
        if (schema.type === SchemaType.STRUCT) return this.record(avro, schema);
        break;
      case 'array':
        if (schema.type === SchemaType.MAP && isMapEntry(avro.items)) return this.entries(avro.items, schema);
        if (schema.type === SchemaType.ARRAY) return this.array(avro, schema);
        break;
      case 'map':
        if (schema.type === SchemaType.MAP && schema.keySchema?.type === SchemaType.STRING) {
          return this.map(avro, schema);
        }
        break;
      case 'enum':
        if (schema.type === SchemaType.STRING) return enumWriterOf(avro);
        break;
      case 'fixed':
        if (schema.type === SchemaType.BYTES) return fixedWriterOf(avro);
        break;
      default: {
        const write = primitiveWriterOf(avro.kind, schema.type);
        if (write !== undefined) return write;
      }
    }
    const what = 'fullName' in avro ? `${avro.kind} ${avro.fullName}` : avro.kind;
    throw new DataError(`Incompatible schema: ${String(schema)} can not be written as Avro ${what}.`);
  }

  private record(avro: AvroRecord, schema: Schema): AvroValueWriter {
    const known = this.records.get(avro)?.find((each) => each.schema === schema || each.schema.equals(schema));
    if (known !== undefined) return known.write;
    let write: AvroValueWriter | undefined;
    const entry = { schema, write: (out: AvroOutput, value: unknown) => write?.(out, value) };
    this.records.set(avro, [...(this.records.get(avro) ?? []), entry]);
    try {
      write = this.recordWriter(avro, schema);
    } catch (error) {
      this.records.delete(avro);
      throw error;
    }
    return write;
  }

  private recordWriter(avro: AvroRecord, schema: Schema): AvroValueWriter {
    const { scrubInvalidNames, ignoreDefaultForNullables } = this.options;
    const fields = new Map(
      schema.fields.map((field) => [scrubInvalidNames ? scrubName(field.name) : field.name, field]),
    );
    const plans = avro.fields.map((avroField): FieldPlan => {
      const field = fields.get(avroField.name);
      if (field === undefined) {
        // Only with a schema that was not made from the record's own: use.latest.version or use.schema.id.
        const writeDefault = defaultWriterOf(avroField, avro, this.isStrict);
        return {
          name: avroField.name,
          index: -1,
          avro: avroField.type,
          schema: null,
          defaultValue: null,
          write: writeDefault,
        };
      }
      const isNullKept = ignoreDefaultForNullables && field.schema.optional;
      return {
        name: field.name,
        index: field.index,
        avro: avroField.type,
        schema: field.schema,
        defaultValue: isNullKept ? null : field.schema.defaultValue,
        write: this.writer(avroField.type, field.schema),
      };
    });
    return recordWriterOf(schema, plans);
  }

  private array(avro: AvroArray, schema: Schema): AvroValueWriter {
    const write = this.writer(avro.items, schema.valueSchema);
    return (out, value) => {
      if (!Array.isArray(value)) throw wrongType(schema, value);
      if (value.length > 0) out.writeSafeInteger(value.length);
      for (const each of value) write(out, each);
      out.writeByte(0);
    };
  }

  private map(avro: AvroMap, schema: Schema): AvroValueWriter {
    const write = this.writer(avro.values, schema.valueSchema);
    return (out, value) => {
      if (!(value instanceof Map)) throw wrongType(schema, value);
      if (value.size > 0) out.writeSafeInteger(value.size);
      for (const [key, each] of value) {
        if (typeof key !== 'string')
          throw new DataError('The key of an Avro map must be a string, but is null or no string.');
        out.writeString(key);
        write(out, each);
      }
      out.writeByte(0);
    };
  }

  private entries(avro: AvroRecord, schema: Schema): AvroValueWriter {
    const parts = avro.fields.map((field) => {
      if (field.name === KEY_FIELD) return { isKey: true, write: this.writer(field.type, schema.keySchema) };
      if (field.name === VALUE_FIELD) return { isKey: false, write: this.writer(field.type, schema.valueSchema) };
      throw new DataError(
        'Found map encoded as array of key-value pairs, but array elements do not match the expected format.',
      );
    });
    return (out, value) => {
      if (!(value instanceof Map)) throw wrongType(schema, value);
      if (value.size > 0) out.writeSafeInteger(value.size);
      for (const [key, each] of value) for (const { isKey, write } of parts) write(out, isKey ? key : each);
      out.writeByte(0);
    };
  }

  private union(avro: AvroUnion, schema: Schema): AvroValueWriter {
    const nullIndex = avro.branches.findIndex((branch) => branch.kind === 'null');
    if (isUnionStruct(schema)) return this.unionStruct(avro, schema, nullIndex);
    const index = this.branchFor(avro, schema);
    const branch = avro.branches[index];
    if (branch === undefined || branch.kind === 'union') {
      throw new DataError(`Incompatible schema: ${String(schema)} can not be written as any branch of the Avro union.`);
    }
    const write = this.nonNull(branch, schema);
    return (out, value) => {
      if (value === null || value === undefined) {
        if (nullIndex < 0) throw nullValue();
        out.writeSafeInteger(nullIndex);
        return;
      }
      out.writeSafeInteger(index);
      write(out, value);
    };
  }

  private unionStruct(avro: AvroUnion, schema: Schema, nullIndex: number): AvroValueWriter {
    const others = avro.branches.flatMap((branch, index) => (branch.kind === 'null' ? [] : [{ branch, index }]));
    const isEnhanced = this.options.enhancedSchemaSupport || schema.name !== UNION_NAME;
    const branches = schema.fields.map((field, place) => {
      const named = others.find(({ branch }) => unionFieldName(branch, isEnhanced) === field.name);
      const found = named ?? others[place];
      if (found === undefined)
        throw new DataError(`Incompatible schema: the Avro union has no branch for ${field.name}.`);
      return { index: found.index, write: this.writer(found.branch, field.schema) };
    });
    return (out, value) => {
      if (value === null || value === undefined) {
        if (nullIndex < 0) throw nullValue();
        out.writeSafeInteger(nullIndex);
        return;
      }
      if (!isStruct(value)) throw wrongType(schema, value);
      const place = value.values.findIndex((each) => each !== null && each !== undefined);
      const branch = branches[place];
      if (branch === undefined) {
        if (nullIndex < 0) throw nullValue();
        out.writeSafeInteger(nullIndex);
        return;
      }
      out.writeSafeInteger(branch.index);
      branch.write(out, value.values[place]);
    };
  }

  /** The branch that has the schema's name, or else the first of a kind that fits; -1 if there is none. */
  private branchFor(union: AvroUnion, schema: Schema): number {
    const fitting = union.branches.flatMap((branch, index) => {
      if (branch.kind === 'union' || branch.kind === 'null') return [];
      try {
        this.nonNull(branch, schema);
        return [{ branch, index }];
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        return [];
      }
    });
    const name = schema.name === null ? null : splitName(schema.name).name;
    const exact = fitting.find(({ branch }) => 'fullName' in branch && splitName(branch.fullName).name === name);
    return (exact ?? fitting[0])?.index ?? -1;
  }
}

function nullValue(): DataError {
  return new DataError('Found null value for non-optional schema');
}

function wrongType(schema: Schema, value: unknown): DataError {
  return new DataError(`Invalid type for ${schema.type}: class ${typeNameOf(value)}`);
}

function wrongClass(what: string, expected: string, value: unknown): DataError {
  return new DataError(`Invalid type for ${what}, expected ${expected} but was class ${typeNameOf(value)}`);
}

function logicalWriterOf(avro: AvroSchema, schema: Schema): AvroValueWriter | undefined {
  switch (schema.name) {
    case Decimal.LOGICAL_NAME:
      if (avro.kind !== 'bytes' && avro.kind !== 'fixed') return undefined;
      return (out, value) => {
        if (!isBigDecimal(value)) throw wrongClass('Decimal', 'BigDecimal', value);
        const bytes = Decimal.fromLogical(schema, value);
        if (avro.kind === 'bytes') out.writeBytes(bytes);
        else if (avro.kind === 'fixed') out.writeFixed(extended(bytes, avro));
      };
    case ConnectDate.LOGICAL_NAME:
      if (avro.kind !== 'int') return undefined;
      return (out, value) => {
        if (!(value instanceof Date)) throw wrongClass('Date', 'Date', value);
        out.writeInt(ConnectDate.fromLogical(schema, value));
      };
    case ConnectTime.LOGICAL_NAME:
      if (avro.kind !== 'int') return undefined;
      return (out, value) => {
        if (!(value instanceof Date)) throw wrongClass('Time', 'Date', value);
        out.writeInt(ConnectTime.fromLogical(schema, value));
      };
    case ConnectTimestamp.LOGICAL_NAME:
      if (avro.kind !== 'long') return undefined;
      return (out, value) => {
        if (!(value instanceof Date)) throw wrongClass('Timestamp', 'Date', value);
        const millis = value.getTime();
        if (Number.isNaN(millis)) throw new DataError('The Date is invalid: it was made of something that is no date.');
        out.writeSafeInteger(millis);
      };
    default:
      return undefined;
  }
}

/** The two's complement in as many bytes as the fixed type has. */
function extended(bytes: Uint8Array, avro: AvroFixed): Uint8Array {
  if (bytes.length === avro.size) return bytes;
  if (bytes.length > avro.size) {
    throw new DataError(`The decimal takes ${bytes.length} bytes, but Avro's ${avro.fullName} has ${avro.size}.`);
  }
  const filled = Buffer.alloc(avro.size, (bytes[0] ?? 0) > 127 ? 0xff : 0);
  filled.set(bytes, avro.size - bytes.length);
  return filled;
}

function enumWriterOf(avro: AvroEnum): AvroValueWriter {
  const indexes = new Map(avro.symbols.map((symbol, index) => [symbol, index]));
  return (out, value) => {
    const index = indexes.get(value as string);
    if (index === undefined) {
      throw new DataError(`${JSON.stringify(value)} is no symbol of the Avro enum ${avro.fullName}.`);
    }
    out.writeInt(index);
  };
}

function fixedWriterOf(avro: AvroFixed): AvroValueWriter {
  return (out, value) => {
    if (!(value instanceof Uint8Array) || value.length !== avro.size) {
      const found = value instanceof Uint8Array ? `${value.length} bytes` : `class ${typeNameOf(value)}`;
      throw new DataError(`Avro's ${avro.fullName} takes ${avro.size} bytes, but found ${found}.`);
    }
    out.writeFixed(value);
  };
}

const INTEGERS: ReadonlySet<SchemaType> = new Set([SchemaType.INT8, SchemaType.INT16, SchemaType.INT32]);

/** Undefined if a value of the Connect type is none of the Avro type, nor of one that Avro promotes it to. */
function primitiveWriterOf(kind: string, type: SchemaType): AvroValueWriter | undefined {
  const fail = (value: unknown): never => {
    throw new DataError(`Invalid type for ${type}: class ${typeNameOf(value)}`);
  };
  switch (kind) {
    case 'boolean':
      if (type !== SchemaType.BOOLEAN) return undefined;
      return (out, value) => (typeof value === 'boolean' ? out.writeBoolean(value) : fail(value));
    case 'int':
      if (!INTEGERS.has(type)) return undefined;
      return (out, value) => (typeof value === 'number' && (value | 0) === value ? out.writeInt(value) : fail(value));
    case 'long':
      if (INTEGERS.has(type)) {
        return (out, value) => (typeof value === 'number' && (value | 0) === value ? out.writeInt(value) : fail(value));
      }
      if (type !== SchemaType.INT64) return undefined;
      return (out, value) =>
        typeof value === 'bigint' && BigInt.asIntN(64, value) === value ? out.writeLong(value) : fail(value);
    case 'float':
      if (type !== SchemaType.FLOAT32 && type !== SchemaType.INT64 && !INTEGERS.has(type)) return undefined;
      return (out, value) => out.writeFloat(numberOf(value) ?? fail(value));
    case 'double':
      if (
        type !== SchemaType.FLOAT64 &&
        type !== SchemaType.FLOAT32 &&
        type !== SchemaType.INT64 &&
        !INTEGERS.has(type)
      ) {
        return undefined;
      }
      return (out, value) => out.writeDouble(numberOf(value) ?? fail(value));
    case 'string':
      if (type !== SchemaType.STRING) return undefined;
      return (out, value) => (typeof value === 'string' ? out.writeString(value) : fail(value));
    case 'bytes':
      if (type !== SchemaType.BYTES) return undefined;
      return (out, value) => (value instanceof Uint8Array ? out.writeBytes(value) : fail(value));
    default:
      return undefined;
  }
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'bigint' ? Number(value) : undefined;
}
