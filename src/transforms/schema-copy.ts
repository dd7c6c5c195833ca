/** Making a schema that differs from another one in some attributes. */
import { type Schema, SchemaBuilder, SchemaType } from '../sdk/data/index.ts';

/** Copies name, version, doc and parameters, as Kafka Connect's `SchemaUtil.copySchemaBasics` does. Neither optional nor the default. */
export function copySchemaBasics(source: Schema, into: SchemaBuilder): SchemaBuilder {
  if (source.name !== null) into.name(source.name);
  if (source.version !== null) into.version(source.version);
  if (source.doc !== null) into.doc(source.doc);
  if (source.parameters !== null) into.parameters(source.parameters);
  return into;
}

/** A builder of the source's type, with what {@link copySchemaBasics} copies. */
export function builderLike(source: Schema): SchemaBuilder {
  const builder =
    source.type === SchemaType.ARRAY && source.elementSchema !== null
      ? SchemaBuilder.array(source.elementSchema)
      : new SchemaBuilder(source.type, { keySchema: source.mapKeySchema, valueSchema: source.elementSchema });
  return copySchemaBasics(source, builder);
}

/** Schemas kept per instance of a transformation. A source of more tables than that builds them again now and then. */
export const MAX_CACHED_SCHEMAS = 1000;
