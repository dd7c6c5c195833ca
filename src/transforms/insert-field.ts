/** org.apache.kafka.connect.transforms.InsertField */
import { ConfigDef, invalidValue } from '../sdk/config/index.ts';
import {
  ConnectTimestamp,
  type Field,
  type Schema,
  SchemaBuilder,
  SchemaCache,
  Schemas,
  Struct,
} from '../sdk/data/index.ts';
import { ConfigError } from '../sdk/errors/index.ts';
import type { ConnectRecord } from '../sdk/record/index.ts';
import type { Transformation } from '../sdk/transformation.ts';
import { RECORD_KEY, RECORD_VALUE, type RecordPart } from './record-part.ts';
import { requireMap, requireSinkRecord, requireStruct } from './requirements.ts';
import { copySchemaBasics, MAX_CACHED_SCHEMAS } from './schema-copy.ts';
import { type FieldReader, fieldReader, REPLACE_NULL_CONFIG } from './settings.ts';

const PURPOSE = 'field insertion';
const SUFFIXES = 'A ! at its end makes the field required, a ? or nothing optional.';
const CONFIG = ConfigDef.of({
  'topic.field': {
    type: 'STRING',
    default: null,
    importance: 'medium',
    documentation: `The field that gets the topic. ${SUFFIXES}`,
  },
  'partition.field': {
    type: 'STRING',
    default: null,
    importance: 'medium',
    documentation: `The field that gets the partition. ${SUFFIXES}`,
  },
  'offset.field': {
    type: 'STRING',
    default: null,
    importance: 'medium',
    documentation: `The field that gets the offset: for sink connectors only. ${SUFFIXES}`,
  },
  'timestamp.field': {
    type: 'STRING',
    default: null,
    importance: 'medium',
    documentation: `The field that gets the timestamp of the record. ${SUFFIXES}`,
  },
  'static.field': {
    type: 'STRING',
    default: null,
    importance: 'medium',
    documentation: `The field that gets static.value. ${SUFFIXES}`,
  },
  'static.value': {
    type: 'STRING',
    default: null,
    importance: 'medium',
    documentation: 'The text that static.field gets on every record.',
  },
}).extend(REPLACE_NULL_CONFIG);

interface Insertion {
  readonly name: string;
  readonly schema: Schema;
  /** Undefined: the record has no such thing, and the field is left unset. */
  readonly withSchema: (record: ConnectRecord) => unknown;
  readonly schemaless: (record: ConnectRecord) => unknown;
}

interface Plan {
  readonly schema: Schema;
  readonly copied: readonly Field[];
  readonly inserted: readonly Field[];
}

const optionalTimestamp = ConnectTimestamp.builder().optional().build();

/** Adds the record's coordinates or a fixed text as fields. */
abstract class InsertField implements Transformation {
  protected abstract readonly part: RecordPart;
  private insertions: readonly Insertion[] = [];
  private read!: FieldReader;
  private plans!: SchemaCache<Plan>;

  config(): ConfigDef {
    return CONFIG;
  }

  configure(config: Readonly<Record<string, string>>): void {
    const values = CONFIG.parse(config);
    const insertions: Insertion[] = [];
    const add = (
      spec: string | null,
      schemas: { readonly required: Schema; readonly optional: Schema },
      withSchema: Insertion['withSchema'],
      schemaless = withSchema,
    ): void => {
      if (spec === null) return;
      const name = /[!?]$/.test(spec) ? spec.slice(0, -1) : spec;
      const schema = spec.endsWith('!') ? schemas.required : schemas.optional;
      insertions.push({ name, schema, withSchema, schemaless });
    };
    const text = { required: Schemas.STRING, optional: Schemas.OPTIONAL_STRING };
    add(values['topic.field'], text, ({ topic }) => topic);
    add(
      values['partition.field'],
      { required: Schemas.INT32, optional: Schemas.OPTIONAL_INT32 },
      ({ kafkaPartition }) => kafkaPartition ?? undefined,
    );
    add(values['offset.field'], { required: Schemas.INT64, optional: Schemas.OPTIONAL_INT64 }, (record) =>
      BigInt(requireSinkRecord(record, PURPOSE).kafkaOffset),
    );
    add(
      values['timestamp.field'],
      { required: ConnectTimestamp.SCHEMA, optional: optionalTimestamp },
      ({ timestamp }) => (timestamp === null ? undefined : new Date(timestamp)),
      ({ timestamp }) => (timestamp === null ? undefined : BigInt(timestamp)),
    );
    const staticField = values['static.field'];
    const staticValue = values['static.value'];
    add(staticField, text, () => staticValue);
    if (insertions.length === 0) throw new ConfigError('No field insertion configured');
    if (staticField !== null && staticValue === null) {
      throw invalidValue('static.value', null, `No value specified for static field: ${staticField}`);
    }
    this.insertions = insertions;
    this.read = fieldReader(values['replace.null.with.default']);
    this.plans = new SchemaCache({ maxEntries: MAX_CACHED_SCHEMAS, create: (schema) => this.planFor(schema) });
  }

  apply(record: ConnectRecord): ConnectRecord {
    const value = this.part.valueOf(record);
    if (value === null) return record;
    if (this.part.schemaOf(record) === null) {
      const updated = new Map(requireMap(value, PURPOSE));
      for (const { name, schemaless } of this.insertions) {
        const inserted = schemaless(record);
        if (inserted !== undefined) updated.set(name, inserted);
      }
      return this.part.with(record, null, updated);
    }
    const struct = requireStruct(value, PURPOSE);
    const { schema, copied, inserted } = this.plans.get(struct.schema);
    const updated = new Struct(schema);
    for (const field of copied) updated.put(field, this.read(struct, field));
    for (const [index, { withSchema }] of this.insertions.entries()) {
      const each = withSchema(record);
      if (each !== undefined) updated.put(inserted[index] as Field, each);
    }
    return this.part.with(record, schema, updated);
  }

  private planFor(source: Schema): Plan {
    const builder = copySchemaBasics(source, SchemaBuilder.struct());
    for (const { name, schema } of source.fields) builder.field(name, schema);
    for (const { name, schema } of this.insertions) builder.field(name, schema);
    const schema = builder.build();
    const count = source.fields.length;
    return { schema, copied: schema.fields.slice(0, count), inserted: schema.fields.slice(count) };
  }
}

export class InsertFieldKey extends InsertField {
  protected override readonly part = RECORD_KEY;
}

export class InsertFieldValue extends InsertField {
  protected override readonly part = RECORD_VALUE;
}
