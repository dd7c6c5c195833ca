/** The default of an Avro field that the record to be written lacks, as bytes made once. */
import { DataError } from '../../sdk/errors/index.ts';
import { type Json, JsonNumber } from '../json/json-text.ts';
import { isValidAvroDefault } from './avro-defaults.ts';
import { AvroOutput } from './avro-output.ts';
import type { AvroField, AvroRecord, AvroSchema } from './avro-schema.ts';

/**
 * Throws DataError if the field has no default, as the schemas are then not compatible; unless strictly, null serves where it is allowed.
 */
export function defaultWriterOf(field: AvroField, record: AvroRecord, isStrict: boolean): (out: AvroOutput) => void {
  const { type } = field;
  const takesNull =
    type.kind === 'null' || (type.kind === 'union' && type.branches.some(({ kind }) => kind === 'null'));
  if (field.defaultValue === undefined && !isStrict && takesNull) {
    const index = type.kind === 'union' ? type.branches.findIndex(({ kind }) => kind === 'null') : -1;
    return (out) => {
      if (index >= 0) out.writeSafeInteger(index);
    };
  }
  const { defaultValue } = field;
  if (defaultValue === undefined) {
    throw new DataError(
      `Incompatible schema: the field ${field.name} of Avro's ${record.fullName} has no default, and the record has no such field.`,
    );
  }
  const scratch = new AvroOutput();
  scratch.begin(0);
  writeJson(scratch, field.type, defaultValue);
  const bytes = Buffer.from(scratch.finish().subarray(5));
  return (out) => out.writeFixed(bytes);
}

function writeJson(out: AvroOutput, avro: AvroSchema, json: Json): void {
  switch (avro.kind) {
    case 'null':
      break;
    case 'boolean':
      out.writeBoolean(json === true);
      break;
    case 'int':
    case 'long':
      out.writeLong(BigInt(json as bigint | number));
      break;
    case 'float':
      out.writeFloat(numberOf(json));
      break;
    case 'double':
      out.writeDouble(numberOf(json));
      break;
    case 'string':
      out.writeString(String(json));
      break;
    case 'bytes':
      out.writeBytes(Buffer.from(String(json), 'latin1'));
      break;
    case 'fixed':
      out.writeFixed(Buffer.from(String(json), 'latin1'));
      break;
    case 'enum':
      out.writeInt(avro.symbols.indexOf(String(json)));
      break;
    case 'array': {
      const elements = json as readonly Json[];
      if (elements.length > 0) out.writeSafeInteger(elements.length);
      for (const element of elements) writeJson(out, avro.items, element);
      out.writeByte(0);
      break;
    }
    case 'map': {
      const entries = Object.entries(json as object) as [string, Json][];
      if (entries.length > 0) out.writeSafeInteger(entries.length);
      for (const [key, value] of entries) {
        out.writeString(key);
        writeJson(out, avro.values, value);
      }
      out.writeByte(0);
      break;
    }
    case 'record': {
      const members = json as { readonly [key: string]: Json };
      for (const field of avro.fields) {
        const value = Object.hasOwn(members, field.name) ? members[field.name] : field.defaultValue;
        if (value === undefined) throw new DataError(`The default of Avro's ${avro.fullName} lacks ${field.name}.`);
        writeJson(out, field.type, value);
      }
      break;
    }
    case 'union': {
      const index = avro.branches.findIndex((branch) => isValidAvroDefault(branch, json));
      const branch = avro.branches[index];
      if (branch === undefined) throw new DataError('A default of the Avro schema is none of its type.');
      out.writeSafeInteger(index);
      writeJson(out, branch, json);
    }
  }
}

function numberOf(json: Json): number {
  return json instanceof JsonNumber ? json.toNumber() : Number(json);
}
