/** org.apache.kafka.connect.transforms.HeaderFrom */
import { ConfigDef, ConfigValidators } from '../sdk/config/index.ts';
import { type ConnectHeaders, type Schema, SchemaBuilder, SchemaCache, Struct } from '../sdk/data/index.ts';
import { ConfigError, DataError } from '../sdk/errors/index.ts';
import type { ConnectRecord } from '../sdk/record/index.ts';
import type { Transformation } from '../sdk/transformation.ts';
import { RECORD_KEY, RECORD_VALUE, type RecordPart } from './record-part.ts';
import { requireMap, requireStruct } from './requirements.ts';
import { copySchemaBasics, MAX_CACHED_SCHEMAS } from './schema-copy.ts';
import { type FieldReader, fieldReader, LIST_VALIDATOR, REPLACE_NULL_CONFIG } from './settings.ts';

const CONFIG = ConfigDef.of({
  fields: {
    type: 'LIST',
    validator: LIST_VALIDATOR,
    importance: 'high',
    documentation: 'The fields whose values become headers.',
  },
  headers: {
    type: 'LIST',
    validator: LIST_VALIDATOR,
    importance: 'high',
    documentation: 'The names of the headers, one for each of fields and in their order.',
  },
  operation: {
    type: 'STRING',
    validator: ConfigValidators.in('move', 'copy'),
    importance: 'high',
    documentation: 'move: the fields are taken out of the key or value. copy: they stay there too.',
  },
}).extend(REPLACE_NULL_CONFIG);

/** Moves or copies fields of the key or value into headers. */
abstract class HeaderFrom implements Transformation {
  protected abstract readonly part: RecordPart;
  private fields: readonly string[] = [];
  private headers: readonly string[] = [];
  private isMove = false;
  private purpose = '';
  private read!: FieldReader;
  private moved!: SchemaCache<Schema>;

  config(): ConfigDef {
    return CONFIG;
  }

  configure(config: Readonly<Record<string, string>>): void {
    const values = CONFIG.parse(config);
    if (values.fields.length !== values.headers.length) {
      throw new ConfigError("'fields' config must have the same number of elements as 'headers' config.");
    }
    this.fields = values.fields;
    this.headers = values.headers;
    this.isMove = values.operation === 'move';
    this.purpose = `header ${values.operation}`;
    this.read = fieldReader(values['replace.null.with.default']);
    this.moved = new SchemaCache({ maxEntries: MAX_CACHED_SCHEMAS, create: (schema) => this.withoutFields(schema) });
  }

  apply(record: ConnectRecord): ConnectRecord {
    const schema = this.part.schemaOf(record);
    const headers = record.headers.duplicate();
    const changed = schema === null ? this.fromMap(record, headers) : this.fromStruct(record, schema, headers);
    return changed.newRecord({ headers });
  }

  private fromMap(record: ConnectRecord, headers: ConnectHeaders): ConnectRecord {
    const value = requireMap(this.part.valueOf(record), this.purpose);
    const updated = new Map(value);
    for (const [index, field] of this.fields.entries()) {
      headers.add(this.headers[index] ?? '', value.get(field) ?? null, null);
      if (this.isMove) updated.delete(field);
    }
    return this.part.with(record, null, updated);
  }

  private fromStruct(record: ConnectRecord, schema: Schema, headers: ConnectHeaders): ConnectRecord {
    const value = requireStruct(this.part.valueOf(record), this.purpose);
    for (const [index, name] of this.fields.entries()) {
      const field = value.schema.field(name);
      if (field === undefined) throw new DataError(`${name} is not a valid field name`);
      headers.add(this.headers[index] ?? '', this.read(value, field), field.schema);
    }
    if (!this.isMove) return this.part.with(record, schema, value);
    const moved = this.moved.get(schema);
    const updated = new Struct(moved);
    for (const field of moved.fields) {
      const source = value.schema.field(field.name);
      if (source !== undefined) updated.put(field, this.read(value, source));
    }
    return this.part.with(record, moved, updated);
  }

  private withoutFields(schema: Schema): Schema {
    const builder = copySchemaBasics(schema, SchemaBuilder.struct());
    for (const field of schema.fields) {
      if (!this.fields.includes(field.name)) builder.field(field.name, field.schema);
    }
    return builder.build();
  }
}

export class HeaderFromKey extends HeaderFrom {
  protected override readonly part = RECORD_KEY;
}

export class HeaderFromValue extends HeaderFrom {
  protected override readonly part = RECORD_VALUE;
}
