import { brandClass, isBranded } from '../../foundation/brand.ts';
import { DataError } from '../errors/index.ts';
import { hashOf, valuesEqual } from './equality.ts';

/** The types of Connect data, as Kafka Connect names them. */
export const SchemaType = Object.freeze({
  INT8: 'INT8',
  INT16: 'INT16',
  INT32: 'INT32',
  INT64: 'INT64',
  FLOAT32: 'FLOAT32',
  FLOAT64: 'FLOAT64',
  BOOLEAN: 'BOOLEAN',
  STRING: 'STRING',
  BYTES: 'BYTES',
  ARRAY: 'ARRAY',
  MAP: 'MAP',
  STRUCT: 'STRUCT',
} as const);

/** One of {@link SchemaType}. */
export type SchemaType = (typeof SchemaType)[keyof typeof SchemaType];

/** A field of a STRUCT schema. */
export interface Field {
  readonly name: string;
  /** Its place in the schema, from 0; a struct keeps its values by it. */
  readonly index: number;
  readonly schema: Schema;
}

/** What a {@link Schema} is made of. `SchemaBuilder` checks; the constructor does not. */
export interface SchemaAttributes {
  readonly type: SchemaType;
  readonly optional?: boolean;
  readonly defaultValue?: unknown;
  readonly name?: string | null;
  readonly version?: number | null;
  readonly doc?: string | null;
  readonly parameters?: ReadonlyMap<string, string> | null;
  /** In order; indexes are given by the constructor. */
  readonly fields?: readonly { readonly name: string; readonly schema: Schema }[];
  readonly keySchema?: Schema | null;
  readonly valueSchema?: Schema | null;
}

const SCHEMA_BRAND = Symbol.for('holdfast.data.Schema');

/**
 * A Kafka Connect schema: immutable, frozen, and equal to another one if all attributes are, deeply.
 *
 * Which JavaScript values go with which type:
 *
 * | type | value |
 * |---|---|
 * | INT8, INT16, INT32 | number, integral and in range |
 * | INT64 | bigint in range |
 * | FLOAT32, FLOAT64 | number |
 * | BOOLEAN, STRING | boolean, string |
 * | BYTES | Uint8Array (a Buffer is one) |
 * | ARRAY | array |
 * | MAP | Map |
 * | STRUCT | Struct |
 * | logical Decimal | BigDecimal |
 * | logical Date, Time, Timestamp | Date |
 *
 * Absent attributes are null. Make schemas with `SchemaBuilder`, or take the constants of `Schemas`.
 */
export class Schema {
  readonly type: SchemaType;
  readonly optional: boolean;
  /** Null if there is none. */
  readonly defaultValue: unknown;
  readonly name: string | null;
  readonly version: number | null;
  readonly doc: string | null;
  /** In order of insertion, or null if there are none; never empty. Not to be changed. */
  readonly parameters: ReadonlyMap<string, string> | null;
  /** Equal schemas have equal hash codes: a 32-bit integer, for use as a bucket, not stable over versions. */
  readonly hashCode: number;
  /** The fields of a STRUCT, null for other types. `fields` throws where this is null. */
  readonly structFields: readonly Field[] | null;
  /** The fields of a STRUCT by name, null for other types. */
  readonly structFieldsByName: ReadonlyMap<string, Field> | null;
  /** The key schema of a MAP, if it has one. `keySchema` throws for other types. */
  readonly mapKeySchema: Schema | null;
  /** The value schema of a MAP or ARRAY, if it has one. `valueSchema` throws for other types. */
  readonly elementSchema: Schema | null;

  constructor(attributes: SchemaAttributes) {
    this.type = attributes.type;
    this.optional = attributes.optional ?? false;
    this.defaultValue = attributes.defaultValue ?? null;
    this.name = attributes.name ?? null;
    this.version = attributes.version ?? null;
    this.doc = attributes.doc ?? null;
    const parameters = attributes.parameters ?? null;
    this.parameters = parameters === null || parameters.size === 0 ? null : new Map(parameters);
    if (attributes.type === SchemaType.STRUCT) {
      const fields = (attributes.fields ?? []).map(({ name, schema }, index) => Object.freeze({ name, index, schema }));
      this.structFields = Object.freeze(fields);
      this.structFieldsByName = new Map(fields.map((field) => [field.name, field]));
    } else {
      this.structFields = null;
      this.structFieldsByName = null;
    }
    this.mapKeySchema = attributes.keySchema ?? null;
    this.elementSchema = attributes.valueSchema ?? null;
    this.hashCode = hashOfSchema(this);
    Object.freeze(this);
  }

  /** True if null is a value of this schema. */
  get isOptional(): boolean {
    return this.optional;
  }

  /** The fields in order. Throws DataError if this is no STRUCT. */
  get fields(): readonly Field[] {
    if (this.structFields === null) throw new DataError('Cannot list fields on non-struct type');
    return this.structFields;
  }

  /** The field of that name, or undefined. Throws DataError if this is no STRUCT. */
  field(name: string): Field | undefined {
    if (this.structFieldsByName === null) throw new DataError('Cannot look up fields on non-struct type');
    return this.structFieldsByName.get(name);
  }

  /** The schema of a MAP's keys; null if they have none. Throws DataError if this is no MAP. */
  get keySchema(): Schema | null {
    if (this.type !== SchemaType.MAP) throw new DataError('Cannot look up key schema on non-map type');
    return this.mapKeySchema;
  }

  /** The schema of a MAP's values or an ARRAY's elements; null if they have none. Throws DataError for other types. */
  get valueSchema(): Schema | null {
    if (this.type !== SchemaType.MAP && this.type !== SchemaType.ARRAY) {
      throw new DataError('Cannot look up value schema on non-array and non-map type');
    }
    return this.elementSchema;
  }

  /** Deep equality of all attributes, the order of parameters aside. Fast for the same object and for different hashes. */
  equals(other: unknown): boolean {
    if (this === other) return true;
    if (!isSchema(other)) return false;
    // Another copy of the SDK may hash in another way; only hashes of the same class are compared.
    if (other.constructor === this.constructor && other.hashCode !== this.hashCode) return false;
    return (
      this.type === other.type &&
      this.optional === other.optional &&
      this.name === other.name &&
      this.version === other.version &&
      this.doc === other.doc &&
      parametersEqual(this.parameters, other.parameters) &&
      fieldsEqual(this.structFields, other.structFields) &&
      schemasEqual(this.mapKeySchema, other.mapKeySchema) &&
      schemasEqual(this.elementSchema, other.elementSchema) &&
      valuesEqual(this.defaultValue, other.defaultValue)
    );
  }

  /** `Schema{INT32}`, or `Schema{name:INT32}` if it has a name. */
  toString(): string {
    return this.name === null ? `Schema{${this.type}}` : `Schema{${this.name}:${this.type}}`;
  }

  static {
    brandClass(Schema, SCHEMA_BRAND);
  }
}

/** True for a schema of this or any other copy of the SDK. */
export function isSchema(value: unknown): value is Schema {
  return isBranded(value, SCHEMA_BRAND);
}

/** Equality of two schemas either of which may be absent. */
export function schemasEqual(a: Schema | null, b: Schema | null): boolean {
  return a === b || (a?.equals(b) ?? false);
}

/** Equality of two sets of schema parameters, whatever their order. */
export function parametersEqual(a: ReadonlyMap<string, string> | null, b: ReadonlyMap<string, string> | null): boolean {
  if (a === b) return true;
  if (a === null || b === null || a.size !== b.size) return false;
  for (const [key, value] of a) if (b.get(key) !== value) return false;
  return true;
}

function fieldsEqual(a: readonly Field[] | null, b: readonly Field[] | null): boolean {
  if (a === b) return true;
  if (a === null || b === null || a.length !== b.length) return false;
  return a.every((field, index) => {
    const other = b[index];
    return other !== undefined && field.name === other.name && field.schema.equals(other.schema);
  });
}

function hashOfSchema(schema: Schema): number {
  let hash = hashOf(schema.type);
  const mix = (part: number): void => {
    hash = (Math.imul(hash, 31) + part) | 0;
  };
  mix(schema.optional ? 1 : 0);
  mix(hashOf(schema.name));
  mix(hashOf(schema.version));
  mix(hashOf(schema.doc));
  mix(hashOf(schema.defaultValue));
  let parameters = 0;
  for (const [key, value] of schema.parameters ?? []) parameters = (parameters + (hashOf(key) ^ hashOf(value))) | 0;
  mix(parameters);
  for (const field of schema.structFields ?? []) {
    mix(hashOf(field.name));
    mix(field.schema.hashCode);
  }
  mix(schema.mapKeySchema?.hashCode ?? 0);
  mix(schema.elementSchema?.hashCode ?? 0);
  return hash;
}
