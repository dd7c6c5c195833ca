/** org.apache.kafka.connect.transforms.ReplaceField */
import { ConfigDef, ConfigValidators, invalidValue } from '../sdk/config/index.ts';
import { type Field, type Schema, SchemaBuilder, SchemaCache, Struct } from '../sdk/data/index.ts';
import type { ConnectRecord } from '../sdk/record/index.ts';
import type { Transformation } from '../sdk/transformation.ts';
import { RECORD_KEY, RECORD_VALUE, type RecordPart } from './record-part.ts';
import { requireMap, requireStruct } from './requirements.ts';
import { copySchemaBasics, MAX_CACHED_SCHEMAS } from './schema-copy.ts';
import { type FieldReader, fieldReader, PAIRS_DESCRIPTION, REPLACE_NULL_CONFIG, splitAtColons } from './settings.ts';

const PURPOSE = 'field replacement';
const CONFIG = ConfigDef.of({
  exclude: {
    type: 'LIST',
    default: [],
    importance: 'medium',
    documentation: 'The fields to leave out. A field that is both excluded and included is left out.',
  },
  include: {
    type: 'LIST',
    default: [],
    importance: 'medium',
    documentation: 'The fields to keep. Without any, all are kept.',
  },
  renames: {
    type: 'LIST',
    default: [],
    validator: ConfigValidators.lambda((_key, value) => {
      renamesOf((value ?? []) as readonly string[]);
    }, PAIRS_DESCRIPTION),
    importance: 'medium',
    documentation: 'New names of fields that are kept, each as old:new.',
  },
}).extend(REPLACE_NULL_CONFIG);

interface Plan {
  readonly schema: Schema;
  /** Where the values of the new fields come from. */
  readonly sources: readonly Field[];
}

/** Filters and renames fields. */
abstract class ReplaceField implements Transformation {
  protected abstract readonly part: RecordPart;
  private exclude: ReadonlySet<unknown> = new Set();
  private include: ReadonlySet<unknown> = new Set();
  private renames: ReadonlyMap<unknown, string> = new Map();
  private read!: FieldReader;
  private plans!: SchemaCache<Plan>;

  config(): ConfigDef {
    return CONFIG;
  }

  configure(config: Readonly<Record<string, string>>): void {
    const values = CONFIG.parse(config);
    this.exclude = new Set(values.exclude);
    this.include = new Set(values.include);
    this.renames = renamesOf(values.renames);
    this.read = fieldReader(values['replace.null.with.default']);
    this.plans = new SchemaCache({ maxEntries: MAX_CACHED_SCHEMAS, create: (schema) => this.planFor(schema) });
  }

  apply(record: ConnectRecord): ConnectRecord {
    const value = this.part.valueOf(record);
    if (value === null) return record;
    const schema = this.part.schemaOf(record);
    if (schema === null) {
      const updated = new Map<unknown, unknown>();
      for (const [name, each] of requireMap(value, PURPOSE)) {
        if (this.keeps(name)) updated.set(this.renames.get(name) ?? name, each);
      }
      return this.part.with(record, null, updated);
    }
    const struct = requireStruct(value, PURPOSE);
    const plan = this.plans.get(struct.schema);
    const updated = new Struct(plan.schema);
    for (const [index, field] of plan.schema.fields.entries()) {
      updated.put(field, this.read(struct, plan.sources[index] as Field));
    }
    return this.part.with(record, plan.schema, updated);
  }

  private keeps(name: unknown): boolean {
    return !this.exclude.has(name) && (this.include.size === 0 || this.include.has(name));
  }

  private planFor(schema: Schema): Plan {
    const builder = copySchemaBasics(schema, SchemaBuilder.struct());
    const sources = schema.fields.filter(({ name }) => this.keeps(name));
    for (const field of sources) builder.field(this.renames.get(field.name) ?? field.name, field.schema);
    return { schema: builder.build(), sources };
  }
}

function renamesOf(mappings: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    mappings.map((mapping) => {
      const [from, to, ...more] = splitAtColons(mapping);
      if (from === undefined || to === undefined || more.length > 0) {
        throw invalidValue('renames', mappings, `Invalid rename mapping: ${mapping}`);
      }
      return [from, to] as const;
    }),
  );
}

export class ReplaceFieldKey extends ReplaceField {
  protected override readonly part = RECORD_KEY;
}

export class ReplaceFieldValue extends ReplaceField {
  protected override readonly part = RECORD_VALUE;
}
