import { brandClass, isBranded } from '../../foundation/brand.ts';
import { DataError } from '../errors/index.ts';
import type { BigDecimal } from './big-decimal.ts';
import { valuesEqual } from './equality.ts';
import { javaText } from './java-text.ts';
import { type Field, type Schema, SchemaType } from './schema.ts';
import { STRUCT_BRAND, validateValue } from './validate-value.ts';

/**
 * A record with named fields that follows a STRUCT schema.
 *
 * `put` checks every value against its field's schema. Unset fields are null. Not safe to change once it is part of a record that was
 * handed on.
 */
export class Struct {
  readonly schema: Schema;
  /** By field index; for reading only. Defaults are not filled in. */
  readonly values: unknown[];

  /** An empty struct. Throws DataError if the schema is no STRUCT. */
  constructor(schema: Schema) {
    if (schema.structFields === null) throw new DataError(`Not a struct schema: ${schema.toString()}`);
    this.schema = schema;
    this.values = new Array(schema.structFields.length).fill(null);
  }

  /** Sets a field; null unsets it. Throws DataError for an unknown field or a value that does not fit. */
  put(field: string | Field, value: unknown): this {
    const known = typeof field === 'string' ? this.lookup(field) : ownField(this.schema, field);
    validateValue(known.schema, value, known.name);
    this.values[known.index] = value ?? null;
    return this;
  }

  /** The value of a field, or the default of its schema if it is unset and there is one. Throws DataError for an unknown field. */
  get(field: string | Field): unknown {
    const known = typeof field === 'string' ? this.lookup(field) : field;
    return this.values[known.index] ?? known.schema.defaultValue;
  }

  /** The value that was put, null if none was. Throws DataError for an unknown field. */
  getWithoutDefault(field: string): unknown {
    return this.values[this.lookup(field).index] ?? null;
  }

  // The typed getters return what was put, without defaults, as Kafka Connect's do. Each throws DataError if the field
  // is unknown or of another type.

  getInt8(field: string): number | null {
    return this.typed(field, SchemaType.INT8) as number | null;
  }

  getInt16(field: string): number | null {
    return this.typed(field, SchemaType.INT16) as number | null;
  }

  getInt32(field: string): number | null {
    return this.typed(field, SchemaType.INT32) as number | null;
  }

  getInt64(field: string): bigint | null {
    return this.typed(field, SchemaType.INT64) as bigint | null;
  }

  getFloat32(field: string): number | null {
    return this.typed(field, SchemaType.FLOAT32) as number | null;
  }

  getFloat64(field: string): number | null {
    return this.typed(field, SchemaType.FLOAT64) as number | null;
  }

  getBoolean(field: string): boolean | null {
    return this.typed(field, SchemaType.BOOLEAN) as boolean | null;
  }

  getString(field: string): string | null {
    return this.typed(field, SchemaType.STRING) as string | null;
  }

  /** A Decimal field gives its BigDecimal. */
  getBytes(field: string): Uint8Array | BigDecimal | null {
    return this.typed(field, SchemaType.BYTES) as Uint8Array | BigDecimal | null;
  }

  getArray<T = unknown>(field: string): readonly T[] | null {
    return this.typed(field, SchemaType.ARRAY) as readonly T[] | null;
  }

  getMap<K = unknown, V = unknown>(field: string): ReadonlyMap<K, V> | null {
    return this.typed(field, SchemaType.MAP) as ReadonlyMap<K, V> | null;
  }

  getStruct(field: string): Struct | null {
    return this.typed(field, SchemaType.STRUCT) as Struct | null;
  }

  /** Throws DataError if a required field without a default is unset, or a value, also deep inside, does not fit. */
  validate(): void {
    for (const { name, index, schema } of this.schema.fields) {
      const value = this.values[index] ?? null;
      if (value === null && (schema.optional || schema.defaultValue !== null)) continue;
      validateValue(schema, value, name);
    }
  }

  /** True for a struct with an equal schema and equal values. */
  equals(other: unknown): boolean {
    if (this === other) return true;
    return (
      isBranded(other, STRUCT_BRAND) &&
      this.schema.equals((other as Struct).schema) &&
      valuesEqual(this.values, (other as Struct).values)
    );
  }

  /** `Struct{a=1,b=x}`; null fields are left out. */
  toString(): string {
    const parts: string[] = [];
    for (const { name, index, schema } of this.schema.fields) {
      const value = this.values[index] ?? null;
      if (value !== null) parts.push(`${name}=${javaText(value, schema)}`);
    }
    return `Struct{${parts.join(',')}}`;
  }

  private typed(field: string, type: SchemaType): unknown {
    const known = this.lookup(field);
    if (known.schema.type !== type) throw new DataError(`Field '${field}' is not of type ${type}`);
    return this.values[known.index] ?? null;
  }

  private lookup(name: string): Field {
    const field = this.schema.structFieldsByName?.get(name);
    if (field === undefined) throw new DataError(`${name} is not a valid field name`);
    return field;
  }

  static {
    brandClass(Struct, STRUCT_BRAND);
  }
}

/** A field of another schema may have the same index and another type. */
function ownField(schema: Schema, field: Field): Field {
  if (schema.structFields?.[field.index] !== field) throw new DataError(`${field.name} is not a valid field name`);
  return field;
}

/** True for a Struct of this or any other copy of the SDK. */
export function isStruct(value: unknown): value is Struct {
  return isBranded(value, STRUCT_BRAND);
}

/**
 * A struct over values by field index, without a look-up per field: the fast path of converters.
 *
 * Takes the array over; the caller must not change it afterwards. Unless `validated` says that the values are known to fit (they come out
 * of a decoder that follows the schema), the struct is validated. Throws DataError, also if the number of values is not that of fields.
 */
export function structFromValues(
  schema: Schema,
  values: unknown[],
  options: { readonly validated?: boolean } = {},
): Struct {
  if (schema.structFields === null) throw new DataError(`Not a struct schema: ${schema.toString()}`);
  if (values.length !== schema.structFields.length) {
    throw new DataError(
      `${schema.toString()} has ${schema.structFields.length} fields, but ${values.length} values came.`,
    );
  }
  const struct: Struct = Object.create(Struct.prototype);
  const parts = struct as { schema: Schema; values: unknown[] };
  parts.schema = schema;
  parts.values = values;
  if (options.validated !== true) struct.validate();
  return struct;
}
