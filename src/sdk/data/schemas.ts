import { Schema, SchemaType } from './schema.ts';

const required = (type: SchemaType): Schema => new Schema({ type });
const optional = (type: SchemaType): Schema => new Schema({ type, optional: true });

/** The schemas of the primitive types, required and optional, without name or default. */
export const Schemas = Object.freeze({
  INT8: required(SchemaType.INT8),
  INT16: required(SchemaType.INT16),
  INT32: required(SchemaType.INT32),
  INT64: required(SchemaType.INT64),
  FLOAT32: required(SchemaType.FLOAT32),
  FLOAT64: required(SchemaType.FLOAT64),
  BOOLEAN: required(SchemaType.BOOLEAN),
  STRING: required(SchemaType.STRING),
  BYTES: required(SchemaType.BYTES),
  OPTIONAL_INT8: optional(SchemaType.INT8),
  OPTIONAL_INT16: optional(SchemaType.INT16),
  OPTIONAL_INT32: optional(SchemaType.INT32),
  OPTIONAL_INT64: optional(SchemaType.INT64),
  OPTIONAL_FLOAT32: optional(SchemaType.FLOAT32),
  OPTIONAL_FLOAT64: optional(SchemaType.FLOAT64),
  OPTIONAL_BOOLEAN: optional(SchemaType.BOOLEAN),
  OPTIONAL_STRING: optional(SchemaType.STRING),
  OPTIONAL_BYTES: optional(SchemaType.BYTES),
});
