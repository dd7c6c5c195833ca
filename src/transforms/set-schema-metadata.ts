/** org.apache.kafka.connect.transforms.SetSchemaMetadata */
import { ConfigDef } from '../sdk/config/index.ts';
import { isStruct, Schema, SchemaCache, Struct } from '../sdk/data/index.ts';
import { ConfigError } from '../sdk/errors/index.ts';
import type { ConnectRecord } from '../sdk/record/index.ts';
import type { Transformation } from '../sdk/transformation.ts';
import { RECORD_KEY, RECORD_VALUE, type RecordPart } from './record-part.ts';
import { requireSchema } from './requirements.ts';
import { MAX_CACHED_SCHEMAS } from './schema-copy.ts';
import { type FieldReader, fieldReader, REPLACE_NULL_CONFIG } from './settings.ts';

const CONFIG = ConfigDef.of({
  'schema.name': {
    type: 'STRING',
    default: null,
    importance: 'high',
    documentation: 'The name that the schema gets. Unset: it keeps its own.',
  },
  'schema.version': {
    type: 'INT',
    default: null,
    importance: 'high',
    documentation: 'The version that the schema gets. Unset: it keeps its own.',
  },
}).extend(REPLACE_NULL_CONFIG);

/** Gives the schema of the key or value, a struct, another name or version. */
abstract class SetSchemaMetadata implements Transformation {
  protected abstract readonly part: RecordPart;
  private read!: FieldReader;
  private schemas!: SchemaCache<Schema>;

  config(): ConfigDef {
    return CONFIG;
  }

  configure(config: Readonly<Record<string, string>>): void {
    const values = CONFIG.parse(config);
    const name = values['schema.name'];
    const version = values['schema.version'];
    if (name === null && version === null) throw new ConfigError('Neither schema name nor version configured');
    this.read = fieldReader(values['replace.null.with.default']);
    this.schemas = new SchemaCache({
      maxEntries: MAX_CACHED_SCHEMAS,
      create: (schema) =>
        new Schema({
          type: schema.type,
          optional: schema.optional,
          defaultValue: schema.defaultValue,
          name: name ?? schema.name,
          version: version ?? schema.version,
          doc: schema.doc,
          parameters: schema.parameters,
          // Kafka Connect asks any schema for its fields, so that one of another type than STRUCT is refused.
          fields: schema.fields,
        }),
    });
  }

  apply(record: ConnectRecord): ConnectRecord {
    const value = this.part.valueOf(record);
    const original = this.part.schemaOf(record);
    if (value === null && original === null) return record;
    const schema = this.schemas.get(requireSchema(original, 'updating schema metadata'));
    if (!isStruct(value)) return this.part.with(record, schema, value);
    const updated = new Struct(schema);
    for (const field of schema.fields) updated.put(field, this.read(value, field));
    return this.part.with(record, schema, updated);
  }
}

export class SetSchemaMetadataKey extends SetSchemaMetadata {
  protected override readonly part = RECORD_KEY;
}

export class SetSchemaMetadataValue extends SetSchemaMetadata {
  protected override readonly part = RECORD_VALUE;
}
