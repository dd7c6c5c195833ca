/**
 * Infers a schema from a sample of records, the same for the same sample.
 *
 * A field is INT64, FLOAT64 or BOOLEAN if every value of the sample is one and keeps all its digits; what is mixed is STRING. It is
 * optional if a value is missing or null in the sample, or if the sample is not the whole file.
 */
import { type SchemaBuilder as Builder, DataError, type Schema, SchemaBuilder } from 'holdfast/sdk';
import { exactFloat64, exactInt64 } from './number-text.ts';

interface Seen {
  int: boolean;
  /** An integer that no double holds: among fractions it would lose digits. */
  big: boolean;
  float: boolean;
  boolean: boolean;
  text: boolean;
  missing: boolean;
  array: Seen | null;
  object: SeenObject | null;
}

interface SeenObject {
  count: number;
  readonly fields: Map<string, { seen: Seen; count: number }>;
}

const nothing = (): Seen => ({
  int: false,
  big: false,
  float: false,
  boolean: false,
  text: false,
  missing: false,
  array: null,
  object: null,
});

export interface InferenceOptions {
  readonly schemaName: string;
  /** Whether records beyond the sample may hold null where it doesn't. */
  readonly isWholeFile: boolean;
  /** The field name for a column or key. */
  readonly adjust: (name: string) => string;
}

export class SchemaInference {
  private readonly root: SeenObject = { count: 0, fields: new Map() };

  /** Adds a row of delimited text. */
  addRow(columns: readonly string[], row: readonly (string | null)[]): void {
    this.root.count++;
    columns.forEach((name, index) => {
      const seen = fieldOf(this.root, name);
      const text = row[index] ?? null;
      if (text === null) seen.missing = true;
      else if (exactInt64(text) !== null) {
        seen.int = true;
        if (text.length > 15 && exactFloat64(text) === null) seen.big = true;
      } else if (exactFloat64(text) !== null) seen.float = true;
      else if (text === 'true' || text === 'false') seen.boolean = true;
      else seen.text = true;
    });
  }

  /** Adds a JSON object. Throws DataError if it is something else. */
  addJson(json: unknown): void {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      throw new DataError('Records must be JSON objects, so that their fields have names.');
    }
    addObject(this.root, json);
  }

  get count(): number {
    return this.root.count;
  }

  build(options: InferenceOptions): Schema {
    return structBuilder(this.root, options).name(options.schemaName).build();
  }
}

function fieldOf(object: SeenObject, name: string): Seen {
  let field = object.fields.get(name);
  if (field === undefined) {
    field = { seen: nothing(), count: 0 };
    object.fields.set(name, field);
  }
  field.count++;
  return field.seen;
}

function addObject(into: SeenObject, object: object): void {
  into.count++;
  for (const [name, value] of Object.entries(object)) addValue(fieldOf(into, name), value);
}

function addValue(seen: Seen, value: unknown): void {
  if (value === null) seen.missing = true;
  else if (typeof value === 'bigint') {
    if (BigInt.asIntN(64, value) === value) seen.int = true;
    else seen.text = true;
    if (exactFloat64(String(value)) === null) seen.big = true;
  } else if (typeof value === 'number') {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) seen.int = true;
    else seen.float = true;
  } else if (typeof value === 'boolean') seen.boolean = true;
  else if (typeof value === 'string') seen.text = true;
  else if (Array.isArray(value)) {
    seen.array ??= nothing();
    for (const element of value) addValue(seen.array, element);
  } else {
    seen.object ??= { count: 0, fields: new Map() };
    addObject(seen.object, value as object);
  }
}

function structBuilder(object: SeenObject, options: InferenceOptions): Builder {
  const builder = SchemaBuilder.struct();
  const originals = new Map<string, string>();
  for (const [original, { seen, count }] of object.fields) {
    const name = options.adjust(original);
    const other = originals.get(name);
    if (other !== undefined) {
      throw new DataError(
        `The columns '${other}' and '${original}' would both become the field '${name}': name them with 'columns' or 'schema'.`,
      );
    }
    originals.set(name, original);
    const optional = seen.missing || count < object.count || !options.isWholeFile;
    builder.field(name, schemaOf(seen, optional, { ...options, schemaName: `${options.schemaName}.${name}` }));
  }
  return builder;
}

function schemaOf(seen: Seen, optional: boolean, options: InferenceOptions): Schema {
  const builder = builderOf(seen, options);
  return (optional ? builder.optional() : builder).build();
}

function builderOf(seen: Seen, options: InferenceOptions): Builder {
  const { int, big, float, boolean, text, array, object } = seen;
  const kinds = [int || float, boolean, text, array !== null, object !== null].filter(Boolean).length;
  if (kinds === 1 && object !== null) return structBuilder(object, options).name(options.schemaName);
  if (kinds === 1 && array !== null) return SchemaBuilder.array(schemaOf(array, array.missing, options));
  if (kinds === 1 && boolean) return SchemaBuilder.bool();
  if (kinds === 1 && int && !float) return SchemaBuilder.int64();
  if (kinds === 1 && float && !big) return SchemaBuilder.float64();
  return SchemaBuilder.string();
}
