/** org.apache.kafka.connect.transforms.TimestampConverter */
import { isBlank } from '../foundation/java-blanks.ts';
import { JavaDateFormat } from '../foundation/java-date-format.ts';
import { ConfigDef, ConfigValidators } from '../sdk/config/index.ts';
import { type Field, type Schema, SchemaBuilder, SchemaCache, Struct } from '../sdk/data/index.ts';
import { ConfigError } from '../sdk/errors/index.ts';
import type { ConnectRecord } from '../sdk/record/index.ts';
import type { Transformation } from '../sdk/transformation.ts';
import { RECORD_KEY, RECORD_VALUE, type RecordPart } from './record-part.ts';
import { requireMap, requireStructOrNull } from './requirements.ts';
import { copySchemaBasics, MAX_CACHED_SCHEMAS } from './schema-copy.ts';
import { configErrorOf, type FieldReader, fieldReader, REPLACE_NULL_CONFIG } from './settings.ts';
import {
  inferTimestampType,
  millisOf,
  TIMESTAMP_TYPES,
  type TimestampForm,
  type TimestampType,
  timestampOf,
  timestampSchema,
  timestampTypeOf,
  UNIX_PRECISIONS,
  type UnixPrecision,
} from './timestamp-type.ts';

const PURPOSE = 'converting timestamp formats';
const CONFIG = ConfigDef.of({
  field: {
    type: 'STRING',
    default: '',
    importance: 'high',
    documentation: 'The field that holds the timestamp; empty if the whole key or value is one.',
  },
  'target.type': {
    type: 'STRING',
    validator: ConfigValidators.in(...TIMESTAMP_TYPES),
    importance: 'high',
    documentation: 'The form to convert to: string, unix, Date, Time or Timestamp.',
  },
  format: {
    type: 'STRING',
    default: '',
    importance: 'medium',
    documentation:
      'How a text is read or written, in UTC: a pattern of java.text.SimpleDateFormat. Needed where the source or the target is a text.',
  },
  'unix.precision': {
    type: 'STRING',
    default: 'milliseconds',
    validator: ConfigValidators.in(...UNIX_PRECISIONS),
    importance: 'low',
    documentation:
      'What a number counts: seconds, milliseconds, microseconds or nanoseconds. Whatever is finer than a millisecond gets lost.',
  },
}).extend(REPLACE_NULL_CONFIG);

/** Converts a timestamp, or the field that holds one, from one form to another. */
abstract class TimestampConverter implements Transformation {
  protected abstract readonly part: RecordPart;
  private field = '';
  private target: TimestampType = 'Timestamp';
  private form: TimestampForm = { format: null, precision: 'milliseconds' };
  private read!: FieldReader;
  private schemas!: SchemaCache<Schema>;

  config(): ConfigDef {
    return CONFIG;
  }

  configure(config: Readonly<Record<string, string>>): void {
    const values = CONFIG.parse(config);
    const pattern = values.format;
    this.field = values.field;
    this.target = values['target.type'] as TimestampType;
    if (this.target === 'string' && isBlank(pattern)) {
      throw new ConfigError('TimestampConverter requires format option to be specified when using string timestamps');
    }
    this.form = {
      format: isBlank(pattern) ? null : dateFormatOf(pattern),
      precision: values['unix.precision'] as UnixPrecision,
    };
    this.read = fieldReader(values['replace.null.with.default']);
    this.schemas = new SchemaCache({
      maxEntries: MAX_CACHED_SCHEMAS,
      create: (schema) => this.convertedSchema(schema),
    });
  }

  apply(record: ConnectRecord): ConnectRecord {
    const value = this.part.valueOf(record);
    const schema = this.part.schemaOf(record);
    if (schema === null) return this.part.with(record, null, this.convertSchemaless(value));
    if (this.field === '') {
      const type = timestampTypeOf(schema);
      return this.part.with(record, timestampSchema(this.target, schema.optional), this.convert(value, type));
    }
    const struct = requireStructOrNull(value, PURPOSE);
    const converted = this.schemas.get(schema);
    return this.part.with(record, converted, struct === null ? null : this.convertStruct(struct, converted));
  }

  private convert(value: unknown, type: TimestampType): unknown {
    if (value === null || value === undefined) return null;
    return timestampOf(millisOf(value, type, this.form), this.target, this.form);
  }

  private convertSchemaless(value: unknown): unknown {
    if (value === null) return null;
    if (this.field === '') return this.convert(value, inferTimestampType(value));
    const map = requireMap(value, PURPOSE);
    const timestamp = map.get(this.field) ?? null;
    const converted = timestamp === null ? null : this.convert(timestamp, inferTimestampType(timestamp));
    return new Map(map).set(this.field, converted);
  }

  private convertStruct(struct: Struct, schema: Schema): Struct {
    const updated = new Struct(schema);
    for (const field of struct.schema.fields) {
      const value = this.read(struct, field);
      updated.put(
        schema.fields[field.index] as Field,
        field.name === this.field ? this.convert(value, timestampTypeOf(field.schema)) : value,
      );
    }
    return updated;
  }

  private convertedSchema(schema: Schema): Schema {
    const builder = copySchemaBasics(schema, SchemaBuilder.struct());
    for (const field of schema.fields) {
      const isConverted = field.name === this.field;
      builder.field(field.name, isConverted ? timestampSchema(this.target, field.schema.optional) : field.schema);
    }
    if (schema.optional) builder.optional();
    if (schema.defaultValue !== null) {
      const defaults = requireStructOrNull(schema.defaultValue, PURPOSE);
      if (defaults !== null) builder.defaultValue(this.convertStruct(defaults, builder.build()));
    }
    return builder.build();
  }
}

function dateFormatOf(pattern: string): JavaDateFormat {
  try {
    return new JavaDateFormat(pattern);
  } catch (error) {
    throw configErrorOf(
      `TimestampConverter requires a SimpleDateFormat-compatible pattern for string timestamps: ${pattern}`,
      `java.lang.IllegalArgumentException: ${(error as Error).message}`,
    );
  }
}

export class TimestampConverterKey extends TimestampConverter {
  protected override readonly part = RECORD_KEY;
}

export class TimestampConverterValue extends TimestampConverter {
  protected override readonly part = RECORD_VALUE;
}
