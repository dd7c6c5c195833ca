/** Structs to Avro records by the index of each field: the innermost loop of writing. */
import { isStruct, type Schema } from '../../sdk/data/index.ts';
import { DataError } from '../../sdk/errors/index.ts';
import type { AvroTap, TapWriter } from './avro-tap.ts';

/** How one field of the record is written. */
export interface FieldPlan {
  readonly name: string;
  /** In the struct; -1 for a field that it lacks, for which `writer` needs no value. */
  readonly index: number;
  /** Written in place of null; null if there is none. */
  readonly defaultValue: unknown;
  readonly writer: TapWriter;
}

/** A writer of structs of the schema; the plans may be filled in until it is used. */
export function structWriterOf(schema: Schema, plans: readonly FieldPlan[]): TapWriter {
  let lastSchema: Schema = schema;
  return {
    _write: (tap: AvroTap, value: unknown) => {
      if (value === null || value === undefined) throw new DataError('Found null value for non-optional schema');
      if (!isStruct(value)) throw new DataError(`Invalid type for STRUCT: ${typeof value}`);
      if (value.schema !== lastSchema) {
        if (!value.schema.equals(schema)) throw new DataError('Mismatching struct schema');
        lastSchema = value.schema;
      }
      const { values } = value;
      const count = plans.length;
      let place = 0;
      try {
        for (; place < count; place++) {
          const { index, defaultValue, writer } = plans[place] as FieldPlan;
          writer._write(tap, values[index] ?? defaultValue);
        }
      } catch (error) {
        throw inField(error, plans[place]?.name ?? '');
      }
    },
  };
}

/** Where it happened; the innermost field is enough. */
function inField(error: unknown, name: string): unknown {
  if (!(error instanceof DataError) || error.message.includes('field "')) return error;
  return new DataError(`${error.message}: field "${name}"`, { code: error.code, cause: error });
}
