import { brandClass } from '../../foundation/brand.ts';
import { valuesEqual } from './equality.ts';
import { type Schema, schemasEqual } from './schema.ts';

/** A value with its schema; either may be null. */
export class SchemaAndValue {
  /** No schema and no value: what a converter makes of null bytes. */
  static readonly NULL: SchemaAndValue = Object.freeze(new SchemaAndValue(null, null));

  readonly schema: Schema | null;
  readonly value: unknown;

  constructor(schema: Schema | null, value: unknown) {
    this.schema = schema;
    this.value = value;
  }

  equals(other: unknown): boolean {
    if (this === other) return true;
    return (
      other instanceof SchemaAndValue && schemasEqual(this.schema, other.schema) && valuesEqual(this.value, other.value)
    );
  }

  static {
    brandClass(SchemaAndValue, Symbol.for('holdfast.data.SchemaAndValue'));
  }
}
