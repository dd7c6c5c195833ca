/** org.apache.kafka.connect.transforms.HoistField */
import { ConfigDef } from '../sdk/config/index.ts';
import { type Schema, SchemaBuilder, SchemaCache, Struct } from '../sdk/data/index.ts';
import type { ConnectRecord } from '../sdk/record/index.ts';
import type { Transformation } from '../sdk/transformation.ts';
import { RECORD_KEY, RECORD_VALUE, type RecordPart } from './record-part.ts';
import { MAX_CACHED_SCHEMAS } from './schema-copy.ts';

const CONFIG = ConfigDef.of({
  field: {
    type: 'STRING',
    importance: 'medium',
    documentation: 'The name of the one field of the resulting struct or map.',
  },
});

/** Wraps the key or value into a struct or map of one field. */
abstract class HoistField implements Transformation {
  protected abstract readonly part: RecordPart;
  private field = '';
  private schemas!: SchemaCache<Schema>;

  config(): ConfigDef {
    return CONFIG;
  }

  configure(config: Readonly<Record<string, string>>): void {
    const { field } = CONFIG.parse(config);
    this.field = field;
    this.schemas = new SchemaCache({
      maxEntries: MAX_CACHED_SCHEMAS,
      create: (schema) => SchemaBuilder.struct().field(field, schema).build(),
    });
  }

  apply(record: ConnectRecord): ConnectRecord {
    const schema = this.part.schemaOf(record);
    const value = this.part.valueOf(record);
    if (schema === null) return this.part.with(record, null, new Map([[this.field, value]]));
    const hoisted = this.schemas.get(schema);
    return this.part.with(record, hoisted, new Struct(hoisted).put(this.field, value));
  }
}

export class HoistFieldKey extends HoistField {
  protected override readonly part = RECORD_KEY;
}

export class HoistFieldValue extends HoistField {
  protected override readonly part = RECORD_VALUE;
}
