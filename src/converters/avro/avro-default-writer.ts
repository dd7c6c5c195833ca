/** The default of an Avro field that the record to be written lacks, as bytes made once. */
import type { Schema } from '../../sdk/data/index.ts';
import { DataError } from '../../sdk/errors/index.ts';
import type { AvroDataOptions } from './avro-data-options.ts';
import { defaultFromJson } from './avro-defaults.ts';
import type { AvroField, AvroRecord, AvroSchema } from './avro-schema.ts';
import { ConnectType, type TapWriter, writeFixed } from './avro-tap.ts';
import { connectSchemaOf } from './to-connect-schema.ts';

export interface DefaultWriterSettings {
  readonly options: AvroDataOptions;
  /** Refuses a field without a default, even if null would do. */
  readonly isStrict: boolean;
  readonly writerOf: (avro: AvroSchema, schema: Schema | null) => TapWriter;
}

/** Throws DataError if the field has no default, or one that does not fit, as the schemas are then not compatible. */
export function defaultWriterOf(field: AvroField, record: AvroRecord, settings: DefaultWriterSettings): TapWriter {
  const { type, name, defaultValue = settings.isStrict ? undefined : null } = field;
  const where = `the field ${name} of Avro's ${record.fullName}`;
  if (defaultValue === null) {
    if (type.kind === 'null') return { _write: () => {} };
    const index = type.kind === 'union' ? type.branches.findIndex(({ kind }) => kind === 'null') : -1;
    if (index >= 0) return { _write: (tap) => tap.writeLong(index) };
  }
  if (defaultValue === undefined || field.defaultValue === undefined) {
    throw new DataError(`Incompatible schema: ${where} has no default, and the record has no such field.`);
  }
  const schema = connectSchemaOf(type, settings.options);
  const value = schema === null ? null : defaultFromJson(schema, type, defaultValue);
  if (value === null) throw new DataError(`Incompatible schema: the default of ${where} is none of its type.`);
  const bytes = new ConnectType(type.type, settings.writerOf(type, schema)).toBuffer(value);
  return { _write: (tap) => writeFixed(tap, bytes) };
}
