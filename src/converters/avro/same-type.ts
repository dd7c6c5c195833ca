/** Whether two uses of a name are uses of one Avro type. */
import { Schema, type SchemaAttributes, schemasEqual } from '../../sdk/data/index.ts';
import { type Json, JsonNumber } from '../json/json-text.ts';

/** Equal but for what belongs to the place of use: optional, default, doc, version and parameters. */
export function isSameShape(a: Schema, b: Schema): boolean {
  return a === b || schemasEqual(new Schema(shapeOf(a)), new Schema(shapeOf(b)));
}

/** The very same fields: what tells a schema within itself, as a comparison of it would have no end. */
export function hasSameFields(a: Schema, b: Schema): boolean {
  if (a.structFields === b.structFields) return true;
  if (a.structFields?.length !== b.structFields?.length) return false;
  return (
    a.structFields?.every(({ name, schema }, index) => {
      const other = b.structFields?.[index];
      return name === other?.name && schema === other.schema;
    }) === true
  );
}

/** The schema as a required one. Structs without a name are one type if these are the same in everything, as upstream. */
export function requiredOf(schema: Schema): Schema {
  const { defaultValue, doc, version, parameters } = schema;
  return new Schema({ ...shapeOf(schema), defaultValue, doc, version, parameters });
}

function shapeOf(schema: Schema): SchemaAttributes {
  return {
    type: schema.type,
    name: schema.name,
    keySchema: schema.mapKeySchema,
    valueSchema: schema.elementSchema,
    ...(schema.structFields === null ? {} : { fields: schema.structFields }),
  };
}

const LAYOUT = new Set(['type', 'name', 'namespace', 'fields', 'symbols', 'size', 'items', 'values']);

/** An Avro schema without all that has no part in the bytes of its values. */
export function layoutOf(json: Json): Json {
  if (Array.isArray(json)) return (json as readonly Json[]).map(layoutOf);
  if (typeof json !== 'object' || json === null || json instanceof JsonNumber) return json;
  return Object.fromEntries(
    Object.entries(json)
      .filter(([key]) => LAYOUT.has(key))
      .map(([key, each]) => [key, layoutOf(each)]),
  );
}
