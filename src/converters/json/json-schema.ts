/** Connect schemas in the envelope of JsonConverter. */
import { type Schema, SchemaBuilder, SchemaType } from '../../sdk/data/index.ts';
import { DataError } from '../../sdk/errors/index.ts';
import { type JsonReaderOptions, jsonReaderOf } from './json-reader.ts';
import { type Json, JsonNumber, jsonByteString } from './json-text.ts';
import { type JsonWriterOptions, jsonWriterOf } from './json-writer.ts';

const TYPE_NAMES: Readonly<Record<SchemaType, string>> = {
  INT8: 'int8',
  INT16: 'int16',
  INT32: 'int32',
  INT64: 'int64',
  FLOAT32: 'float',
  FLOAT64: 'double',
  BOOLEAN: 'boolean',
  STRING: 'string',
  BYTES: 'bytes',
  ARRAY: 'array',
  MAP: 'map',
  STRUCT: 'struct',
};

const TYPES_BY_NAME: ReadonlyMap<string, SchemaType> = new Map(
  Object.values(SchemaType).map((type) => [TYPE_NAMES[type], type]),
);

/** The text of a schema, in Kafka Connect's order of members. Throws DataError for a default that does not fit. */
export function jsonSchemaText(schema: Schema, options: JsonWriterOptions, field?: string): string {
  const members = [`"type":"${TYPE_NAMES[schema.type]}"`];
  const text = (part: Schema | null): string => (part === null ? 'null' : jsonSchemaText(part, options));
  if (schema.type === SchemaType.ARRAY) members.push(`"items":${text(schema.valueSchema)}`);
  if (schema.type === SchemaType.MAP) {
    members.push(`"keys":${text(schema.keySchema)}`, `"values":${text(schema.valueSchema)}`);
  }
  if (schema.structFields !== null) {
    const fields = schema.structFields.map((each) => jsonSchemaText(each.schema, options, each.name));
    members.push(`"fields":[${fields.join(',')}]`);
  }
  members.push(`"optional":${schema.optional}`);
  if (schema.name !== null) members.push(`"name":${jsonByteString(schema.name)}`);
  if (schema.version !== null) members.push(`"version":${schema.version}`);
  if (schema.doc !== null) members.push(`"doc":${jsonByteString(schema.doc)}`);
  if (schema.parameters !== null) {
    const parameters = [...schema.parameters].map(
      ([name, value]) => `${jsonByteString(name)}:${jsonByteString(value)}`,
    );
    members.push(`"parameters":{${parameters.join(',')}}`);
  }
  if (schema.defaultValue !== null) members.push(`"default":${jsonWriterOf(schema, options)(schema.defaultValue)}`);
  if (field !== undefined) members.push(`"field":${jsonByteString(field)}`);
  return `{${members.join(',')}}`;
}

type JsonObject = { readonly [key: string]: Json };

function objectOf(json: Json | undefined): JsonObject | undefined {
  return typeof json === 'object' && json !== null && !Array.isArray(json) && !(json instanceof JsonNumber)
    ? (json as JsonObject)
    : undefined;
}

/** An own member: a schema without one must not find `Object.prototype.constructor`. */
function member(json: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(json, name) ? json[name] : undefined;
}

/** The schema of an envelope; null stays null. Throws DataError in Kafka Connect's words. */
export function schemaOfJson(json: Json, options: JsonReaderOptions): Schema | null {
  if (json === null) return null;
  const object = objectOf(json);
  const typeName = object === undefined ? undefined : member(object, 'type');
  if (object === undefined || typeof typeName !== 'string') throw new DataError("Schema must contain 'type' field");
  const type = TYPES_BY_NAME.get(typeName);
  if (type === undefined) throw new DataError(`Unknown schema type: ${typeName}`);
  const builder = builderOf(object, type, options);
  if (member(object, 'optional') === true) builder.optional();
  else builder.required();
  const name = member(object, 'name');
  if (typeof name === 'string') builder.name(name);
  const version = member(object, 'version');
  if (typeof version === 'bigint' || (typeof version === 'number' && Number.isInteger(version))) {
    builder.version(Number(BigInt.asIntN(32, BigInt(version))));
  }
  const doc = member(object, 'doc');
  if (typeof doc === 'string') builder.doc(doc);
  const parameters = objectOf(member(object, 'parameters'));
  for (const [key, value] of Object.entries(parameters ?? {})) {
    if (typeof value !== 'string') throw new DataError('Schema parameters must have string values.');
    builder.parameter(key, value);
  }
  const defaultJson = member(object, 'default');
  if (defaultJson !== undefined) builder.defaultValue(jsonReaderOf(builder.build(), options)(defaultJson));
  return builder.build();
}

function builderOf(object: JsonObject, type: SchemaType, options: JsonReaderOptions): SchemaBuilder {
  const part = (name: string, what: string): Schema => {
    const schema = schemaOfJson(member(object, name) ?? null, options);
    if (schema === null) throw new DataError(what);
    return schema;
  };
  switch (type) {
    case SchemaType.ARRAY:
      return SchemaBuilder.array(part('items', 'Array schema did not specify the element type'));
    case SchemaType.MAP: {
      // Both are looked for before one of them is read.
      const keyProblem = 'Map schema did not specify the key type';
      const valueProblem = 'Map schema did not specify the value type';
      const [keys, values] = [member(object, 'keys'), member(object, 'values')];
      if (keys === undefined) throw new DataError(keyProblem);
      if (values === undefined) throw new DataError(valueProblem);
      const [keySchema, valueSchema] = [schemaOfJson(keys, options), schemaOfJson(values, options)];
      if (keySchema === null) throw new DataError(keyProblem);
      if (valueSchema === null) throw new DataError(valueProblem);
      return SchemaBuilder.map(keySchema, valueSchema);
    }
    case SchemaType.STRUCT: {
      const fields = member(object, 'fields');
      if (!Array.isArray(fields)) throw new DataError('Struct schema\'s "fields" argument is not an array.');
      const builder = SchemaBuilder.struct();
      for (const field of fields as readonly Json[]) {
        const fieldObject = objectOf(field);
        const name = fieldObject === undefined ? undefined : member(fieldObject, 'field');
        if (typeof name !== 'string') throw new DataError("Struct schema's field name not specified properly");
        const fieldSchema = schemaOfJson(field, options);
        if (fieldSchema !== null) builder.field(name, fieldSchema);
      }
      return builder;
    }
    default:
      return new SchemaBuilder(type);
  }
}
