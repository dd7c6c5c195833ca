/** org.apache.kafka.connect.transforms.Flatten */
import { ConfigDef } from '../sdk/config/index.ts';
import {
  isBigDecimal,
  isStruct,
  type Schema,
  SchemaBuilder,
  SchemaCache,
  SchemaType,
  Struct,
  typeNameOf,
} from '../sdk/data/index.ts';
import { DataError } from '../sdk/errors/index.ts';
import type { ConnectRecord } from '../sdk/record/index.ts';
import type { Transformation } from '../sdk/transformation.ts';
import { RECORD_KEY, RECORD_VALUE, type RecordPart } from './record-part.ts';
import { requireMap, requireStruct, type SchemalessRecord } from './requirements.ts';
import { builderLike, copySchemaBasics, MAX_CACHED_SCHEMAS } from './schema-copy.ts';

const PURPOSE = 'flattening';
const CONFIG = ConfigDef.of({
  delimiter: {
    type: 'STRING',
    default: '.',
    importance: 'medium',
    documentation: 'What stands between the names of the levels in the name of a flattened field.',
  },
});

/** Brings the fields of nested structs or maps to the top. Arrays stay as they are. */
abstract class Flatten implements Transformation {
  protected abstract readonly part: RecordPart;
  private delimiter = '.';
  private schemas!: SchemaCache<Schema>;

  config(): ConfigDef {
    return CONFIG;
  }

  configure(config: Readonly<Record<string, string>>): void {
    this.delimiter = CONFIG.parse(config).delimiter;
    this.schemas = new SchemaCache({ maxEntries: MAX_CACHED_SCHEMAS, create: (schema) => this.flatSchemaOf(schema) });
  }

  apply(record: ConnectRecord): ConnectRecord {
    const value = this.part.valueOf(record);
    if (value === null) return record;
    const schema = this.part.schemaOf(record);
    if (schema === null) {
      const flat = new Map<string, unknown>();
      this.addEntries(requireMap(value, PURPOSE), '', flat);
      return this.part.with(record, null, flat);
    }
    const struct = requireStruct(value, PURPOSE);
    const flatSchema = this.schemas.get(schema);
    const flat = new Struct(flatSchema);
    fill(flat, struct, 0);
    return this.part.with(record, flatSchema, flat);
  }

  private nameOf(prefix: string, name: string): string {
    return prefix === '' ? name : prefix + this.delimiter + name;
  }

  private addEntries(map: SchemalessRecord, prefix: string, flat: Map<string, unknown>): void {
    for (const [key, value] of map) {
      const name = this.nameOf(prefix, String(key));
      if (value instanceof Map || typeNameOf(value) === 'java.util.HashMap') {
        this.addEntries(requireMap(value, PURPOSE), name, flat);
      } else if (isStruct(value)) {
        throw new DataError(
          `Flatten transformation does not support STRUCT for record without schemas (for field ${name}).`,
        );
      } else if (!isConnectValue(value)) {
        throw new DataError(
          `Flatten transformation was passed a value of type class ${typeNameOf(value)} which is not supported by Connect's data API`,
        );
      } else {
        flat.set(name, value ?? null);
      }
    }
  }

  private flatSchemaOf(schema: Schema): Schema {
    const builder = copySchemaBasics(schema, SchemaBuilder.struct());
    this.addFields(schema, '', builder, { isOptional: schema.optional, defaults: schema.defaultValue });
    return builder.build();
  }

  private addFields(
    schema: Schema,
    prefix: string,
    builder: SchemaBuilder,
    parent: { readonly isOptional: boolean; readonly defaults: unknown },
  ): void {
    for (const field of schema.fields) {
      const name = this.nameOf(prefix, field.name);
      const isOptional = parent.isOptional || field.schema.optional;
      const defaultValue =
        field.schema.defaultValue ?? (isStruct(parent.defaults) ? parent.defaults.get(field.name) : null);
      if (field.schema.type === SchemaType.STRUCT) {
        this.addFields(field.schema, name, builder, { isOptional, defaults: defaultValue });
      } else if (field.schema.type === SchemaType.MAP) {
        throw new DataError(`Flatten transformation does not support MAP for record with schemas (for field ${name}).`);
      } else {
        const flat = builderLike(field.schema);
        if (isOptional) flat.optional();
        if (defaultValue !== null) flat.defaultValue(defaultValue);
        builder.field(name, flat.build());
      }
    }
  }
}

/** Puts the leaves of the struct, in order, at the fields from `index` on; a null struct leaves its own unset. */
function fill(flat: Struct, struct: Struct, index: number): number {
  let at = index;
  for (const field of struct.schema.fields) {
    if (field.schema.type !== SchemaType.STRUCT) {
      const target = flat.schema.fields[at++];
      if (target !== undefined) flat.put(target, struct.get(field));
      continue;
    }
    const nested = struct.values[field.index];
    at = isStruct(nested) ? fill(flat, nested, at) : at + leavesOf(field.schema);
  }
  return at;
}

function leavesOf(schema: Schema): number {
  let count = 0;
  for (const field of schema.fields) count += field.schema.type === SchemaType.STRUCT ? leavesOf(field.schema) : 1;
  return count;
}

/** Without a schema Kafka Connect takes no logical types. */
function isConnectValue(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (typeof value !== 'object') return typeof value !== 'function' && typeof value !== 'symbol';
  return value instanceof Uint8Array || (Array.isArray(value) && !isBigDecimal(value));
}

export class FlattenKey extends Flatten {
  protected override readonly part = RECORD_KEY;
}

export class FlattenValue extends Flatten {
  protected override readonly part = RECORD_VALUE;
}
