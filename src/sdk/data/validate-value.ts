import { isBranded } from '../../foundation/brand.ts';
import { DataError } from '../errors/index.ts';
import { isBigDecimal } from './big-decimal.ts';
import { typeNameOf } from './java-text.ts';
import { DATE_NAME, DECIMAL_NAME, TIME_NAME, TIMESTAMP_NAME } from './logical-names.ts';
import { type Schema, SchemaType } from './schema.ts';

/** The brand of Struct, which imports this module. */
export const STRUCT_BRAND = Symbol.for('holdfast.data.Struct');

interface StructLike {
  readonly schema: Schema;
  validate(): void;
}

/**
 * Throws DataError, in Kafka Connect's words, if the value does not fit the schema. Goes into arrays, maps and structs.
 *
 * `field` is the name of the field the value is for, if it is for one.
 */
export function validateValue(schema: Schema, value: unknown, field?: string): void {
  if (value === null || value === undefined) {
    if (!schema.optional) failNull(schema, locationOf(field));
    return;
  }
  // Most values are of primitive types: they pass here without a location being put together.
  if (schema.structFields === null && schema.elementSchema === null && fitsType(schema, value)) {
    if (schema.type !== SchemaType.ARRAY && schema.type !== SchemaType.MAP) return;
  }
  validateAt(schema, value, locationOf(field));
}

function locationOf(field: string | undefined): string {
  return field === undefined ? 'value' : `field: "${field}"`;
}

function validateAt(schema: Schema, value: unknown, location: string): void {
  if (value === null || value === undefined) {
    if (!schema.optional) failNull(schema, location);
    return;
  }
  if (!fitsType(schema, value)) failType(schema, value, location);
  switch (schema.type) {
    case SchemaType.STRUCT:
      validateStruct(schema, value);
      break;
    case SchemaType.ARRAY: {
      const elementLocation = `element of array ${location}`;
      const elementSchema = required(schema.elementSchema, elementLocation);
      for (const element of value as readonly unknown[]) validateAt(elementSchema, element, elementLocation);
      break;
    }
    case SchemaType.MAP: {
      const keyLocation = `key of map ${location}`;
      const valueLocation = `value of map ${location}`;
      const keySchema = required(schema.mapKeySchema, keyLocation);
      const valueSchema = required(schema.elementSchema, valueLocation);
      for (const [key, each] of value as ReadonlyMap<unknown, unknown>) {
        validateAt(keySchema, key, keyLocation);
        validateAt(valueSchema, each, valueLocation);
      }
      break;
    }
    default:
      break;
  }
}

function validateStruct(schema: Schema, value: unknown): void {
  const struct = value as StructLike;
  if (!schema.equals(struct.schema)) throw new DataError('Struct schemas do not match.');
  struct.validate();
}

function required(schema: Schema | null, location: string): Schema {
  if (schema === null) throw new DataError(`No schema defined for ${location}`);
  return schema;
}

/** True if a value, which is not null, is of a JavaScript type that goes with the schema. Does not go into containers. */
export function fitsType(schema: Schema, value: unknown): boolean {
  if (schema.name !== null) {
    switch (schema.name) {
      case DECIMAL_NAME:
        return isBigDecimal(value);
      case DATE_NAME:
      case TIME_NAME:
      case TIMESTAMP_NAME:
        return value instanceof Date;
      default:
        break;
    }
  }
  switch (schema.type) {
    case SchemaType.STRING:
      return typeof value === 'string';
    case SchemaType.INT64:
      return typeof value === 'bigint' && BigInt.asIntN(64, value) === value;
    case SchemaType.INT32:
      return typeof value === 'number' && (value | 0) === value;
    case SchemaType.INT16:
      return typeof value === 'number' && (value << 16) >> 16 === value;
    case SchemaType.INT8:
      return typeof value === 'number' && (value << 24) >> 24 === value;
    case SchemaType.FLOAT32:
    case SchemaType.FLOAT64:
      return typeof value === 'number';
    case SchemaType.BOOLEAN:
      return typeof value === 'boolean';
    case SchemaType.BYTES:
      return value instanceof Uint8Array;
    case SchemaType.ARRAY:
      return Array.isArray(value);
    case SchemaType.MAP:
      return value instanceof Map;
    case SchemaType.STRUCT:
      return isBranded(value, STRUCT_BRAND);
  }
}

function failNull(schema: Schema, location: string): never {
  throw new DataError(`Invalid value: null used for required ${location}, schema type: ${schema.type}`);
}

function failType(schema: Schema, value: unknown, location: string): never {
  const name = schema.name === null ? '' : ` "${schema.name}"`;
  const what = `Invalid Java object for schema${name} with type ${schema.type}: class ${typeNameOf(value)}`;
  throw new DataError(`${what} for ${location}${hintFor(schema, value)}`);
}

/** How to mend the mistakes that JavaScript invites and Java does not know. */
function hintFor(schema: Schema, value: unknown): string {
  if (typeof value === 'number' && schema.name !== TIMESTAMP_NAME && schema.type === SchemaType.INT64) {
    return ' (INT64 takes a bigint: write 5n, or BigInt(value) for an integral number)';
  }
  if (typeof value === 'bigint' && (schema.type === SchemaType.INT32 || schema.type === SchemaType.FLOAT64)) {
    return ` (${schema.type} takes a number: write Number(value))`;
  }
  if (schema.type === SchemaType.MAP && typeNameOf(value) === 'java.util.HashMap') {
    return ' (MAP takes a Map: write new Map(Object.entries(value)))';
  }
  return '';
}
