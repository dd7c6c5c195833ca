/**
 * Avro records to structs by the index of each field: the innermost loop of reading. Fields of primitive types, with or without null, are
 * read from avsc's cursor in a switch, as a call through a different object for each field costs more than the reading itself.
 */
import { type Schema, SchemaType, structFromValues } from '../../sdk/data/index.ts';
import type { AvroSchema } from './avro-schema.ts';
import { badBranch, checkEnd, readInt, readLong, type TapReader } from './avro-tap.ts';

const OTHER = 0;
const INT = 1;
const LONG = 2;
const DOUBLE = 3;
const STRING = 4;
const BOOLEAN = 5;
const FLOAT = 6;
/** Added for a union of null and the type, by where null is. */
const NULL_FIRST = 8;
const NULL_SECOND = 16;

/** How one field of the record is read. */
export interface FieldReader {
  readonly operation: number;
  readonly reader: TapReader;
}

export function fieldReaderOf(avro: AvroSchema, schema: Schema | null, reader: TapReader): FieldReader {
  return { operation: operationOf(avro, schema), reader };
}

/** The kinds that are read in place, where Connect's type is the very one of Avro. */
function operationOf(avro: AvroSchema, schema: Schema | null): number {
  if (schema === null) return OTHER;
  if (avro.kind === 'union') {
    const [first, second] = avro.branches;
    if (first === undefined || second === undefined || avro.branches.length !== 2) return OTHER;
    const isNullFirst = first.kind === 'null';
    if (!isNullFirst && second.kind !== 'null') return OTHER;
    const operation = operationOf(isNullFirst ? second : first, schema);
    return operation === OTHER ? OTHER : operation + (isNullFirst ? NULL_FIRST : NULL_SECOND);
  }
  if (schema.name !== null && avro.kind !== 'string') return OTHER;
  switch (avro.kind) {
    case 'int':
      return schema.type === SchemaType.INT32 ? INT : OTHER;
    case 'long':
      return LONG;
    case 'double':
      return DOUBLE;
    case 'string':
      return STRING;
    case 'boolean':
      return BOOLEAN;
    case 'float':
      return FLOAT;
    default:
      return OTHER;
  }
}

/** A reader of structs of the schema; the fields may be filled in until it is used. */
export function structReaderOf(schema: Schema, fields: readonly FieldReader[]): TapReader {
  return {
    _read: (tap) => {
      const count = fields.length;
      const values = new Array<unknown>(count);
      for (let index = 0; index < count; index++) {
        const field = fields[index] as FieldReader;
        let { operation } = field;
        if (operation >= NULL_FIRST) {
          const branch = tap.readLong();
          if (branch !== 0 && branch !== 1) throw badBranch(branch);
          if ((branch === 0) === operation < NULL_SECOND) {
            values[index] = null;
            continue;
          }
          operation &= 7;
        }
        switch (operation) {
          case INT:
            values[index] = readInt(tap);
            break;
          case LONG:
            values[index] = readLong(tap);
            break;
          case DOUBLE:
            values[index] = tap.readDouble();
            break;
          case STRING:
            values[index] = tap.readString();
            break;
          case BOOLEAN:
            values[index] = tap.readBoolean();
            break;
          case FLOAT:
            values[index] = tap.readFloat();
            break;
          default:
            values[index] = field.reader._read(tap);
        }
      }
      checkEnd(tap);
      return structFromValues(schema, values, { validated: true });
    },
  };
}
