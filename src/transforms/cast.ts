/** org.apache.kafka.connect.transforms.Cast */
import { trimmed } from '../foundation/java-blanks.ts';
import { ConfigDef, ConfigValidators, invalidValue } from '../sdk/config/index.ts';
import { type Field, type Schema, SchemaBuilder, SchemaCache, SchemaType, Struct } from '../sdk/data/index.ts';
import { ConfigError } from '../sdk/errors/index.ts';
import type { ConnectRecord } from '../sdk/record/index.ts';
import type { Transformation } from '../sdk/transformation.ts';
import { type CastTarget, castValue, isCastTarget, refuseTarget } from './cast-value.ts';
import { RECORD_KEY, RECORD_VALUE, type RecordPart } from './record-part.ts';
import { requireMap, requireStruct } from './requirements.ts';
import { copySchemaBasics, MAX_CACHED_SCHEMAS } from './schema-copy.ts';
import {
  configErrorOf,
  type FieldReader,
  fieldReader,
  PAIRS_DESCRIPTION,
  REPLACE_NULL_CONFIG,
  splitAtColons,
} from './settings.ts';

const CONFIG = ConfigDef.of({
  spec: {
    type: 'LIST',
    validator: ConfigValidators.lambda((_key, value) => {
      if (!Array.isArray(value) || value.length === 0)
        throw new ConfigError('Must specify at least one field to cast.');
      castsOf(value);
    }, PAIRS_DESCRIPTION),
    importance: 'high',
    documentation:
      'What to cast: fields of a map or struct, each as field:type, or one type for the whole key or value. The types are int8, int16, int32, int64, float32, float64, boolean and string. Bytes can be cast to string only.',
  },
}).extend(REPLACE_NULL_CONFIG);

interface Casts {
  /** The type of the whole key or value, if that is what is cast. */
  readonly whole: CastTarget | null;
  readonly fields: ReadonlyMap<unknown, CastTarget>;
}

interface Plan {
  readonly schema: Schema;
  /** By field index; null: the field is copied. Null in place of the list: the whole value is cast. */
  readonly targets: readonly (CastTarget | null)[] | null;
}

/** Casts fields, or the whole key or value, to another primitive type. */
abstract class Cast implements Transformation {
  protected abstract readonly part: RecordPart;
  private casts: Casts = { whole: null, fields: new Map() };
  private read!: FieldReader;
  private plans!: SchemaCache<Plan>;

  config(): ConfigDef {
    return CONFIG;
  }

  configure(config: Readonly<Record<string, string>>): void {
    const values = CONFIG.parse(config);
    this.casts = castsOf(values.spec);
    this.read = fieldReader(values['replace.null.with.default']);
    this.plans = new SchemaCache({ maxEntries: MAX_CACHED_SCHEMAS, create: (schema) => this.planFor(schema) });
  }

  apply(record: ConnectRecord): ConnectRecord {
    const value = this.part.valueOf(record);
    if (value === null) return record;
    const schema = this.part.schemaOf(record);
    if (schema === null) return this.part.with(record, null, this.castSchemaless(value));
    const plan = this.plans.get(schema);
    if (plan.targets === null) {
      return this.part.with(record, plan.schema, castValue(schema, value, this.casts.whole as CastTarget));
    }
    const struct = requireStruct(value, 'cast types');
    const updated = new Struct(plan.schema);
    for (const field of struct.schema.fields) {
      const original = this.read(struct, field);
      const target = plan.targets[field.index] ?? null;
      updated.put(
        plan.schema.fields[field.index] as Field,
        target === null ? original : castValue(field.schema, original, target),
      );
    }
    return this.part.with(record, plan.schema, updated);
  }

  private castSchemaless(value: unknown): unknown {
    const { whole, fields } = this.casts;
    if (whole !== null) return castValue(null, value, whole);
    const map = requireMap(value, 'cast types');
    const updated = new Map(map);
    // As in Kafka Connect a field that is not there is there afterwards, and null.
    for (const [name, target] of fields) updated.set(name, castValue(null, map.get(name), target));
    return updated;
  }

  private planFor(schema: Schema): Plan {
    const { whole, fields } = this.casts;
    if (whole !== null) {
      const cast = copySchemaBasics(schema, new SchemaBuilder(whole));
      if (schema.optional) cast.optional();
      // The name of a logical type stays, as Kafka Connect has it, though the value is no longer of it; so the default stands unchecked.
      return { schema: withDefault(cast, castValue(schema, schema.defaultValue, whole)), targets: null };
    }
    const builder = copySchemaBasics(schema, SchemaBuilder.struct());
    const targets = schema.fields.map((field) => {
      const target = fields.get(field.name) ?? null;
      builder.field(field.name, target === null ? field.schema : castFieldSchema(field.schema, target));
      return target;
    });
    if (schema.optional) builder.optional();
    return { schema: builder.build(), targets };
  }
}

function castFieldSchema(schema: Schema, target: CastTarget): Schema {
  const builder = new SchemaBuilder(target);
  if (schema.optional) builder.optional();
  return withDefault(builder, castValue(schema, schema.defaultValue, target));
}

function withDefault(builder: SchemaBuilder, value: unknown): Schema {
  if (value !== null) builder.defaultValue(value);
  return builder.build();
}

/** Throws ConfigError in Kafka Connect's words. */
function castsOf(spec: readonly string[]): Casts {
  const fields = new Map<unknown, CastTarget>();
  let whole: CastTarget | null = null;
  for (const mapping of spec) {
    const [first = '', second, ...more] = splitAtColons(mapping);
    if (more.length > 0) throw invalidValue('renames', spec, `Invalid rename mapping: ${mapping}`);
    const name = trimmed(second ?? first);
    const type = name.toUpperCase();
    if (!Object.hasOwn(SchemaType, type)) {
      const exception = `No enum constant org.apache.kafka.connect.data.Schema.Type.${type}`;
      throw configErrorOf(
        `Invalid type found in casting spec: ${name}`,
        `java.lang.IllegalArgumentException: ${exception}`,
      );
    }
    if (!isCastTarget(type)) throw new ConfigError(refuseTarget(type));
    if (second === undefined) whole = type;
    else fields.set(trimmed(first), type);
  }
  if (whole !== null && spec.length > 1) {
    throw new ConfigError(
      'Cast transformations that specify a type to cast the entire value to may only specify a single cast in their spec',
    );
  }
  return { whole, fields };
}

export class CastKey extends Cast {
  protected override readonly part = RECORD_KEY;
}

export class CastValue extends Cast {
  protected override readonly part = RECORD_VALUE;
}
