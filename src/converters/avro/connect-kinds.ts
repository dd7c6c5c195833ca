/** Which Connect schemas stand for something that Avro has and Connect lacks. */

import { type Schema, SchemaType } from '../../sdk/data/index.ts';
import { DECIMAL_NAME } from '../../sdk/data/logical-names.ts';
import type { AvroDataOptions } from './avro-data-options.ts';
import { ENUM_PARAMETER, FIXED_SIZE_PARAMETER, GENERALIZED_ENUM, GENERALIZED_UNION, UNION_NAME } from './avro-names.ts';

/** A STRUCT of which one field is set: the branch of a union. */
export function isUnionStruct(schema: Schema): boolean {
  if (schema.type !== SchemaType.STRUCT) return false;
  return schema.name === UNION_NAME || (schema.parameters?.has(GENERALIZED_UNION) ?? false);
}

/** The parameter that makes a STRING an enum, if it is one under these settings. */
export function enumParameterOf(schema: Schema, options: AvroDataOptions): string | undefined {
  if (schema.type !== SchemaType.STRING || schema.parameters === null) return undefined;
  if (options.generalizedSumTypes && schema.parameters.has(GENERALIZED_ENUM)) return GENERALIZED_ENUM;
  return options.enhancedSchemaSupport && schema.parameters.has(ENUM_PARAMETER) ? ENUM_PARAMETER : undefined;
}

/** The symbols of an enum, in the order of the parameters: the ends of their names. */
export function enumSymbolsOf(schema: Schema, parameter: string): string[] {
  const prefix = `${parameter}.`;
  return [...(schema.parameters ?? [])].flatMap(([key]) => (key.startsWith(prefix) ? [key.slice(prefix.length)] : []));
}

/** The size of a named BYTES that stands for a fixed type, or undefined. */
export function fixedSizeOf(schema: Schema): number | undefined {
  if (schema.type !== SchemaType.BYTES || schema.name === null || schema.name === DECIMAL_NAME) return undefined;
  const size = schema.parameters?.get(FIXED_SIZE_PARAMETER);
  return size !== undefined && /^\d+$/.test(size) ? Number(size) : undefined;
}

/** True if a MAP becomes an Avro map; others become an array of entries. */
export function isAvroMap(schema: Schema, options: AvroDataOptions): boolean {
  const key = schema.mapKeySchema;
  return key?.type === SchemaType.STRING && (!key.optional || options.allowOptionalMapKeys);
}
