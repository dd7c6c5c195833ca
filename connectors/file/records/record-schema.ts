/** What a file's records are: their schema, and how raw ones become values of it. */
import { ConfigError, DataError, type Field, type Schema, type Struct, structFromValues } from 'holdfast/sdk';
import { inField, valueOfJson, valueOfText } from './value-reader.ts';

const INVALID_IN_AVRO = /[^A-Za-z0-9_]/g;

/** A name as Avro takes it, `_` for what it doesn't. */
export function avroName(name: string): string {
  const valid = name.replace(INVALID_IN_AVRO, '_');
  return /^[0-9]/.test(valid) || valid === '' ? `_${valid}` : valid;
}

export interface RecordSchemaOptions {
  readonly schema: Schema;
  /** The schema was inferred: it has every field, and its types change no text. */
  readonly isInferred: boolean;
  /** Names of the columns of delimited text, in order; null for JSON. */
  readonly columns: readonly string[] | null;
  readonly adjust: (name: string) => string;
}

export class RecordSchema {
  readonly schema: Schema;
  private readonly options: RecordSchemaOptions;
  private readonly columnFields: readonly (Field | null)[];
  /** What a field gets that has no column. */
  private readonly template: readonly unknown[];

  /** Throws ConfigError if a required field has no column. */
  constructor(options: RecordSchemaOptions) {
    this.options = options;
    this.schema = options.schema;
    const { columns, schema, adjust } = options;
    this.columnFields = (columns ?? []).map((name) => schema.field(name) ?? schema.field(adjust(name)) ?? null);
    this.template = schema.fields.map(({ schema: each }) => each.defaultValue);
    if (columns === null) return;
    for (const field of schema.fields) {
      if (this.columnFields.includes(field) || field.schema.optional || field.schema.defaultValue !== null) continue;
      throw new ConfigError(
        `The schema's field '${field.name}' is required, but none of the columns is called so: ${columns.join(', ')}. Correct 'schema' or 'columns'.`,
      );
    }
  }

  /** How many columns a row has; 0 for JSON. */
  get columnCount(): number {
    return this.columnFields.length;
  }

  /** A row of delimited text as a struct. Throws DataError without a location in the file. */
  structOfRow(row: readonly (string | null)[]): Struct {
    const { columnFields, schema, options } = this;
    if (row.length !== columnFields.length) {
      throw new DataError(`has ${row.length} columns, where ${columnFields.length} are expected`);
    }
    const values = this.template.slice();
    for (let at = 0; at < columnFields.length; at++) {
      const field = columnFields[at] ?? null;
      if (field === null) continue;
      const text = row[at] ?? null;
      if (text !== null) {
        if (field.schema.type === 'STRING' && field.schema.name === null) values[field.index] = text;
        else values[field.index] = inField(field.name, () => valueOfText(field.schema, text, options.isInferred));
      } else if (!field.schema.optional && field.schema.defaultValue === null) {
        throw new DataError(`in '${field.name}', which is required, but null`);
      }
    }
    return structFromValues(schema, values, { validated: true });
  }

  /** A JSON object as a struct. Throws DataError without a location in the file. */
  structOfJson(json: unknown): Struct {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      throw new DataError('is no JSON object');
    }
    return valueOfJson(this.schema, json, this.options.adjust, this.options.isInferred) as Struct;
  }
}
