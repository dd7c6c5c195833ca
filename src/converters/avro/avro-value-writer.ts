/** Connect values to Avro's binary encoding: one writer per pair of Avro and Connect schema, made once, over avsc's types. */
import { Decimal, isStruct, type Schema, SchemaType, typeNameOf } from '../../sdk/data/index.ts';
import { DataError } from '../../sdk/errors/index.ts';
import { ANYTHING, isAnything } from './anything.ts';
import type { AvroDataOptions } from './avro-data-options.ts';
import { defaultWriterOf } from './avro-default-writer.ts';
import { decimalBytesOf, logicalWriterOf } from './avro-logical-writer.ts';
import { KEY_FIELD, scrubName, splitName, UNION_NAME, VALUE_FIELD } from './avro-names.ts';
import { primitiveWriterOf } from './avro-primitive-writer.ts';
import { type FieldPlan, structWriterOf } from './avro-record-writer.ts';
import type { AvroArray, AvroEnum, AvroFixed, AvroMap, AvroRecord, AvroSchema, AvroUnion } from './avro-schema.ts';
import { ConnectType, type TapWriter, writeFixed, writeString } from './avro-tap.ts';
import { isUnionStruct } from './connect-kinds.ts';
import { isMapEntry, unionFieldName } from './to-connect-schema.ts';

/** A type that encodes values of a Connect schema as records of an Avro schema. Throws DataError if the two don't go together. */
export function avroTypeForWriting(
  avro: AvroSchema,
  schema: Schema | null,
  settings: { readonly options: AvroDataOptions; readonly isStrict: boolean },
): ConnectType {
  const writer = new AvroWriterCompiler(settings.options, settings.isStrict).writer(avro, schema);
  return new ConnectType(avro.type, avro.kind === 'bytes' && schema !== null ? rawWriterOf(avro, schema) : writer);
}

/** Bytes on their own are written without their length, as Confluent's serializer does. */
function rawWriterOf(avro: AvroSchema, schema: Schema): TapWriter {
  const bytesOf = schema.name === Decimal.LOGICAL_NAME ? decimalBytesOf(avro, schema) : undefined;
  return {
    _write: (tap, value) => {
      if (bytesOf !== undefined) writeFixed(tap, bytesOf(value));
      else if (value instanceof Uint8Array) writeFixed(tap, value);
      else throw wrongType(schema, value);
    },
  };
}

class AvroWriterCompiler {
  private readonly options: AvroDataOptions;
  private readonly isStrict: boolean;
  /** Writers being made or made, so that a record within itself ends. */
  private readonly records = new Map<AvroRecord, { readonly schema: Schema; readonly writer: TapWriter }[]>();

  constructor(options: AvroDataOptions, isStrict: boolean) {
    this.options = options;
    this.isStrict = isStrict;
  }

  writer(avro: AvroSchema, schema: Schema | null): TapWriter {
    if (schema === null) {
      if (isAnything(avro)) return ANYTHING;
      throw new DataError(`A value without a schema can not be written as Avro ${avro.kind}.`);
    }
    return avro.kind === 'union' ? this.union(avro, schema) : this.nonNull(avro, schema);
  }

  private nonNull(avro: Exclude<AvroSchema, AvroUnion>, schema: Schema): TapWriter {
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
        const writer = primitiveWriterOf(avro, schema);
        if (writer !== undefined) return writer;
      }
    }
    const what = 'fullName' in avro ? `${avro.kind} ${avro.fullName}` : avro.kind;
    throw new DataError(`Incompatible schema: ${String(schema)} can not be written as Avro ${what}.`);
  }

  private record(avro: AvroRecord, schema: Schema): TapWriter {
    const known = this.records.get(avro)?.find((each) => each.schema === schema || each.schema.equals(schema));
    if (known !== undefined) return known.writer;
    const plans: FieldPlan[] = [];
    const writer = structWriterOf(schema, plans);
    this.records.set(avro, [...(this.records.get(avro) ?? []), { schema, writer }]);
    try {
      plans.push(...this.fieldPlans(avro, schema));
    } catch (error) {
      this.records.delete(avro);
      throw error;
    }
    return writer;
  }

  private fieldPlans(avro: AvroRecord, schema: Schema): FieldPlan[] {
    const { scrubInvalidNames, ignoreDefaultForNullables } = this.options;
    const fields = new Map(
      schema.fields.map((field) => [scrubInvalidNames ? scrubName(field.name) : field.name, field]),
    );
    return avro.fields.map((avroField): FieldPlan => {
      const field = fields.get(avroField.name);
      if (field === undefined) {
        // Only with a schema that was not made from the record's own: use.latest.version or use.schema.id.
        const writer = defaultWriterOf(avroField, avro, {
          isStrict: this.isStrict,
          options: this.options,
          writerOf: (type, typeSchema) => this.writer(type, typeSchema),
        });
        return { name: avroField.name, index: -1, defaultValue: null, writer };
      }
      const isNullKept = ignoreDefaultForNullables && field.schema.optional;
      return {
        name: field.name,
        index: field.index,
        defaultValue: isNullKept ? null : field.schema.defaultValue,
        writer: this.writer(avroField.type, field.schema),
      };
    });
  }

  private array(avro: AvroArray, schema: Schema): TapWriter {
    const writer = this.writer(avro.items, schema.valueSchema);
    return {
      _write: (tap, value) => {
        if (!Array.isArray(value)) throw wrongType(schema, value);
        if (value.length > 0) tap.writeLong(value.length);
        for (const each of value) writer._write(tap, each);
        tap.writeLong(0);
      },
    };
  }

  private map(avro: AvroMap, schema: Schema): TapWriter {
    const writer = this.writer(avro.values, schema.valueSchema);
    return {
      _write: (tap, value) => {
        if (!(value instanceof Map)) throw wrongType(schema, value);
        if (value.size > 0) tap.writeLong(value.size);
        for (const [key, each] of value) {
          if (typeof key !== 'string')
            throw new DataError('The key of an Avro map must be a string, but is null or no string.');
          writeString(tap, key);
          writer._write(tap, each);
        }
        tap.writeLong(0);
      },
    };
  }

  private entries(avro: AvroRecord, schema: Schema): TapWriter {
    const parts = avro.fields.map((field) => {
      if (field.name === KEY_FIELD) return { isKey: true, writer: this.writer(field.type, schema.keySchema) };
      if (field.name === VALUE_FIELD) return { isKey: false, writer: this.writer(field.type, schema.valueSchema) };
      throw new DataError(
        'Found map encoded as array of key-value pairs, but array elements do not match the expected format.',
      );
    });
    return {
      _write: (tap, value) => {
        if (!(value instanceof Map)) throw wrongType(schema, value);
        if (value.size > 0) tap.writeLong(value.size);
        for (const [key, each] of value) for (const { isKey, writer } of parts) writer._write(tap, isKey ? key : each);
        tap.writeLong(0);
      },
    };
  }

  private union(avro: AvroUnion, schema: Schema): TapWriter {
    const nullIndex = avro.branches.findIndex((branch) => branch.kind === 'null');
    if (isUnionStruct(schema)) return this.unionStruct(avro, schema, nullIndex);
    const index = this.branchFor(avro, schema);
    const branch = avro.branches[index];
    if (branch === undefined || branch.kind === 'union') {
      throw new DataError(`Incompatible schema: ${String(schema)} can not be written as any branch of the Avro union.`);
    }
    const writer = this.nonNull(branch, schema);
    return {
      _write: (tap, value) => {
        if (value === null || value === undefined) {
          if (nullIndex < 0) throw nullValue();
          tap.writeLong(nullIndex);
          return;
        }
        tap.writeLong(index);
        writer._write(tap, value);
      },
    };
  }

  private unionStruct(avro: AvroUnion, schema: Schema, nullIndex: number): TapWriter {
    const others = avro.branches.flatMap((branch, index) => (branch.kind === 'null' ? [] : [{ branch, index }]));
    const isEnhanced = this.options.enhancedSchemaSupport || schema.name !== UNION_NAME;
    const branches = schema.fields.map((field, place) => {
      // Records without a name are numbered anew in each schema.
      const isNumbered = field.schema.type === SchemaType.STRUCT && field.schema.name === null;
      const named = isNumbered
        ? undefined
        : others.find(({ branch }) => unionFieldName(branch, isEnhanced) === field.name);
      const found = named ?? others[place];
      if (found === undefined)
        throw new DataError(`Incompatible schema: the Avro union has no branch for ${field.name}.`);
      return { index: found.index, writer: this.writer(found.branch, field.schema) };
    });
    let lastSchema: Schema = schema;
    return {
      _write: (tap, value) => {
        if (value !== null && value !== undefined && !isStruct(value)) throw wrongType(schema, value);
        if (value?.schema !== undefined && value.schema !== lastSchema) {
          if (!value.schema.equals(schema)) throw new DataError('Mismatching struct schema');
          lastSchema = value.schema;
        }
        const values = value?.values ?? [];
        const place = values.findIndex((each) => each !== null && each !== undefined);
        const branch = branches[place];
        if (branch === undefined) {
          if (nullIndex < 0) throw nullValue();
          tap.writeLong(nullIndex);
          return;
        }
        tap.writeLong(branch.index);
        branch.writer._write(tap, values[place]);
      },
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
  if (value === null || value === undefined) return nullValue();
  return new DataError(`Invalid type for ${schema.type}: class ${typeNameOf(value)}`);
}

function enumWriterOf(avro: AvroEnum): TapWriter {
  // avsc's own look-up takes the names of every object's members, like toString, for symbols.
  const indexes = new Map<unknown, number>(avro.symbols.map((symbol, index) => [symbol, index]));
  return {
    _write: (tap, value) => {
      const index = indexes.get(value);
      if (index !== undefined) tap.writeLong(index);
      else if (value === null || value === undefined) throw nullValue();
      else throw new DataError(`${JSON.stringify(value)} is no symbol of the Avro enum ${avro.fullName}.`);
    },
  };
}

function fixedWriterOf(avro: AvroFixed): TapWriter {
  return {
    _write: (tap, value) => {
      if (value === null || value === undefined) throw nullValue();
      if (!(value instanceof Uint8Array) || value.length !== avro.size) {
        const found = value instanceof Uint8Array ? `${value.length} bytes` : `class ${typeNameOf(value)}`;
        throw new DataError(`Avro's ${avro.fullName} takes ${avro.size} bytes, but found ${found}.`);
      }
      writeFixed(tap, value);
    },
  };
}
