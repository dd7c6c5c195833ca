/** org.apache.kafka.connect.transforms.ValueToKey */
import { ConfigDef } from '../sdk/config/index.ts';
import { type Field, type Schema, SchemaBuilder, SchemaCache, Struct } from '../sdk/data/index.ts';
import { DataError } from '../sdk/errors/index.ts';
import type { ConnectRecord } from '../sdk/record/index.ts';
import type { Transformation } from '../sdk/transformation.ts';
import { requireMap, requireStruct } from './requirements.ts';
import { MAX_CACHED_SCHEMAS } from './schema-copy.ts';
import { type FieldReader, fieldReader, LIST_VALIDATOR, REPLACE_NULL_CONFIG } from './settings.ts';

const PURPOSE = 'copying fields from value to key';
const CONFIG = ConfigDef.of({
  fields: {
    type: 'LIST',
    validator: LIST_VALIDATOR,
    importance: 'high',
    documentation: 'The fields of the value that make the key, in this order.',
  },
}).extend(REPLACE_NULL_CONFIG);

interface KeyPlan {
  readonly schema: Schema;
  readonly fields: readonly Field[];
}

/** Makes a new key of some fields of the value. */
export class ValueToKey implements Transformation {
  private fields: readonly string[] = [];
  private read!: FieldReader;
  private plans!: SchemaCache<KeyPlan>;

  config(): ConfigDef {
    return CONFIG;
  }

  configure(config: Readonly<Record<string, string>>): void {
    const values = CONFIG.parse(config);
    this.fields = values.fields;
    this.read = fieldReader(values['replace.null.with.default']);
    this.plans = new SchemaCache({ maxEntries: MAX_CACHED_SCHEMAS, create: (schema) => this.planFor(schema) });
  }

  apply(record: ConnectRecord): ConnectRecord {
    if (record.valueSchema === null) {
      const value = requireMap(record.value, PURPOSE);
      const key = new Map(this.fields.map((field) => [field, value.get(field) ?? null]));
      return record.newRecord({ keySchema: null, key });
    }
    const value = requireStruct(record.value, PURPOSE);
    const { schema, fields } = this.plans.get(value.schema);
    const key = new Struct(schema);
    for (const [index, field] of schema.fields.entries()) key.put(field, this.read(value, fields[index] as Field));
    return record.newRecord({ keySchema: schema, key });
  }

  private planFor(schema: Schema): KeyPlan {
    const builder = SchemaBuilder.struct();
    const fields = this.fields.map((name) => {
      const field = schema.field(name);
      if (field === undefined) throw new DataError(`Field does not exist: ${name}`);
      builder.field(name, field.schema);
      return field;
    });
    return { schema: builder.build(), fields };
  }
}
