import { DataError, SchemaBuilderError } from '../errors/index.ts';
import { valuesEqual } from './equality.ts';
import { type Field, Schema, SchemaType } from './schema.ts';
import { validateValue } from './validate-value.ts';

/**
 * Builds a {@link Schema} step by step. Every attribute can be set once; mistakes throw SchemaBuilderError at the call.
 *
 * ```ts
 * const schema = SchemaBuilder.struct().name('person').field('name', Schemas.STRING).field('age', Schemas.OPTIONAL_INT32).build();
 * ```
 */
export class SchemaBuilder {
  private readonly type: SchemaType;
  private readonly keySchema: Schema | null;
  private readonly valueSchema: Schema | null;
  private readonly fields = new Map<string, Schema>();
  private parameterMap: Map<string, string> | null = null;
  private isOptional: boolean | null = null;
  private schemaName: string | null = null;
  private schemaVersion: number | null = null;
  private docText: string | null = null;
  private defaultTo: unknown = null;

  /** For a MAP or ARRAY prefer `map` and `array`. */
  constructor(
    type: SchemaType,
    parts: { readonly keySchema?: Schema | null; readonly valueSchema?: Schema | null } = {},
  ) {
    if (!Object.hasOwn(SchemaType, type)) throw new SchemaBuilderError('type cannot be null');
    this.type = type;
    this.keySchema = parts.keySchema ?? null;
    this.valueSchema = parts.valueSchema ?? null;
  }

  static int8(): SchemaBuilder {
    return new SchemaBuilder(SchemaType.INT8);
  }

  static int16(): SchemaBuilder {
    return new SchemaBuilder(SchemaType.INT16);
  }

  static int32(): SchemaBuilder {
    return new SchemaBuilder(SchemaType.INT32);
  }

  static int64(): SchemaBuilder {
    return new SchemaBuilder(SchemaType.INT64);
  }

  static float32(): SchemaBuilder {
    return new SchemaBuilder(SchemaType.FLOAT32);
  }

  static float64(): SchemaBuilder {
    return new SchemaBuilder(SchemaType.FLOAT64);
  }

  static bool(): SchemaBuilder {
    return new SchemaBuilder(SchemaType.BOOLEAN);
  }

  static string(): SchemaBuilder {
    return new SchemaBuilder(SchemaType.STRING);
  }

  static bytes(): SchemaBuilder {
    return new SchemaBuilder(SchemaType.BYTES);
  }

  static struct(): SchemaBuilder {
    return new SchemaBuilder(SchemaType.STRUCT);
  }

  static array(valueSchema: Schema): SchemaBuilder {
    if (valueSchema === null || valueSchema === undefined) throw new SchemaBuilderError('valueSchema cannot be null.');
    return new SchemaBuilder(SchemaType.ARRAY, { valueSchema });
  }

  static map(keySchema: Schema, valueSchema: Schema): SchemaBuilder {
    if (keySchema === null || keySchema === undefined) throw new SchemaBuilderError('keySchema cannot be null.');
    if (valueSchema === null || valueSchema === undefined) throw new SchemaBuilderError('valueSchema cannot be null.');
    return new SchemaBuilder(SchemaType.MAP, { keySchema, valueSchema });
  }

  /** An ARRAY whose elements have no schema in common. */
  static arrayOfNull(): SchemaBuilder {
    return new SchemaBuilder(SchemaType.ARRAY);
  }

  /** A MAP whose values have no schema in common. */
  static mapWithNullValues(keySchema: Schema): SchemaBuilder {
    return new SchemaBuilder(SchemaType.MAP, { keySchema });
  }

  /** A MAP neither whose keys nor whose values have a schema in common. */
  static mapOfNull(): SchemaBuilder {
    return new SchemaBuilder(SchemaType.MAP);
  }

  optional(): this {
    return this.setOptional(true);
  }

  required(): this {
    return this.setOptional(false);
  }

  /** Has to fit the schema as described so far, so set what it depends on (optional, name, fields) first. */
  defaultValue(value: unknown): this {
    checkCanSet('default', this.defaultTo, value);
    try {
      validateValue(this.build(), value);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      throw new SchemaBuilderError('Invalid default value', { cause: error });
    }
    this.defaultTo = value ?? null;
    return this;
  }

  name(name: string): this {
    checkCanSet('name', this.schemaName, name);
    this.schemaName = name;
    return this;
  }

  version(version: number): this {
    checkCanSet('version', this.schemaVersion, version);
    this.schemaVersion = version;
    return this;
  }

  doc(doc: string): this {
    checkCanSet('doc', this.docText, doc);
    this.docText = doc;
    return this;
  }

  /** Sets one parameter; a later call with the same name overwrites it. */
  parameter(name: string, value: string): this {
    this.parameterMap ??= new Map();
    this.parameterMap.set(name, value);
    return this;
  }

  /** Sets several parameters. */
  parameters(parameters: ReadonlyMap<string, string> | Readonly<Record<string, string>>): this {
    const entries = parameters instanceof Map ? parameters : Object.entries(parameters);
    for (const [name, value] of entries) this.parameter(name, value);
    return this;
  }

  /** Adds a field to a STRUCT. */
  field(name: string, schema: Schema): this {
    if (this.type !== SchemaType.STRUCT) throw new SchemaBuilderError(`Cannot create fields on type ${this.type}`);
    if (name === null || name === undefined || name === '') throw new SchemaBuilderError('fieldName cannot be null.');
    if (schema === null || schema === undefined) {
      throw new SchemaBuilderError(`fieldSchema for field ${name} cannot be null.`);
    }
    if (this.fields.has(name)) {
      throw new SchemaBuilderError(`Cannot create field because of field name duplication ${name}`);
    }
    this.fields.set(name, schema);
    return this;
  }

  /** The names of the fields added so far. */
  fieldNames(): readonly string[] {
    return [...this.fields.keys()];
  }

  /** An immutable schema of what was set. The builder can go on to be used. */
  build(): Schema {
    return new Schema({
      type: this.type,
      optional: this.isOptional ?? false,
      defaultValue: this.defaultTo,
      name: this.schemaName,
      version: this.schemaVersion,
      doc: this.docText,
      parameters: this.parameterMap,
      fields: [...this.fields].map(([name, schema]) => ({ name, schema })) satisfies Omit<Field, 'index'>[],
      keySchema: this.keySchema,
      valueSchema: this.valueSchema,
    });
  }

  private setOptional(optional: boolean): this {
    checkCanSet('optional', this.isOptional, optional);
    this.isOptional = optional;
    return this;
  }
}

function checkCanSet(what: string, current: unknown, value: unknown): void {
  if (current !== null && !valuesEqual(current, value)) {
    throw new SchemaBuilderError(`Invalid SchemaBuilder call: ${what} has already been set.`);
  }
}
