/**
 * Structs to Avro records: the innermost loop of writing. Fields of primitive types, with or without null, are written in a switch, as
 * a call through a different closure for each field costs more than the writing itself.
 */
import { isStruct, type Schema, SchemaType } from '../../sdk/data/index.ts';
import { DataError } from '../../sdk/errors/index.ts';
import type { AvroOutput } from './avro-output.ts';
import type { AvroSchema } from './avro-schema.ts';

/** How one field of the record is written. */
export interface FieldPlan {
  readonly name: string;
  /** In the struct; -1 for a field that it lacks, for which `write` needs no value. */
  readonly index: number;
  readonly avro: AvroSchema;
  readonly schema: Schema | null;
  /** Written in place of null; null if there is none. */
  readonly defaultValue: unknown;
  readonly write: (out: AvroOutput, value: unknown) => void;
}

const OTHER = 0;
const INT = 1;
const LONG = 2;
const DOUBLE = 3;
const STRING = 4;
const BOOLEAN = 5;
const FLOAT = 6;
const BYTES = 7;

/** The kinds that are written in place, where Connect's type is the very one of Avro. */
function operationOf(avro: AvroSchema, schema: Schema): number {
  if (schema.type !== SchemaType.STRING && schema.name !== null) return OTHER;
  switch (avro.kind) {
    case 'int':
      return schema.type === SchemaType.INT32 ? INT : OTHER;
    case 'long':
      return schema.type === SchemaType.INT64 ? LONG : OTHER;
    case 'double':
      return schema.type === SchemaType.FLOAT64 ? DOUBLE : OTHER;
    case 'string':
      return schema.type === SchemaType.STRING ? STRING : OTHER;
    case 'boolean':
      return schema.type === SchemaType.BOOLEAN ? BOOLEAN : OTHER;
    case 'float':
      return schema.type === SchemaType.FLOAT32 ? FLOAT : OTHER;
    case 'bytes':
      return schema.type === SchemaType.BYTES ? BYTES : OTHER;
    default:
      return OTHER;
  }
}

interface Step {
  readonly operation: number;
  readonly index: number;
  /** The byte before a value, of a union with null; -1 if there is none. */
  readonly valueBranch: number;
  readonly nullBranch: number;
  readonly plan: FieldPlan;
}

function stepOf(plan: FieldPlan): Step {
  const { avro, schema, index } = plan;
  const other: Step = { operation: OTHER, index, valueBranch: -1, nullBranch: -1, plan };
  if (schema === null) return other;
  if (avro.kind !== 'union') return { ...other, operation: operationOf(avro, schema) };
  const [first, second] = avro.branches;
  if (first === undefined || second === undefined || avro.branches.length !== 2) return other;
  const nullIndex = first.kind === 'null' ? 0 : 1;
  const branch = nullIndex === 0 ? second : first;
  const operation = operationOf(branch, schema);
  if (operation === OTHER || (nullIndex === 1 && second.kind !== 'null')) return other;
  return { ...other, operation, valueBranch: nullIndex === 0 ? 2 : 0, nullBranch: nullIndex << 1 };
}

/** A writer of structs of the schema. */
export function recordWriterOf(schema: Schema, plans: readonly FieldPlan[]): (out: AvroOutput, value: unknown) => void {
  const steps = plans.map(stepOf);
  const count = steps.length;
  let lastSchema: Schema = schema;
  return (out, value) => {
    if (!isStruct(value)) throw new DataError(`Invalid type for STRUCT: ${typeof value}`);
    if (value.schema !== lastSchema) {
      if (!value.schema.equals(schema)) throw new DataError('Mismatching struct schema');
      lastSchema = value.schema;
    }
    const { values } = value;
    for (let place = 0; place < count; place++) {
      const step = steps[place] as Step;
      const present = values[step.index] ?? step.plan.defaultValue;
      if (step.operation === OTHER) {
        try {
          step.plan.write(out, present);
        } catch (error) {
          throw inField(error, step.plan.name);
        }
        continue;
      }
      if (present === null || present === undefined) {
        if (step.nullBranch < 0) throw nullField(step.plan.name);
        out.writeByte(step.nullBranch);
        continue;
      }
      if (step.valueBranch >= 0) out.writeByte(step.valueBranch);
      switch (step.operation) {
        case INT:
          if (typeof present !== 'number' || (present | 0) !== present) throw wrongField(step.plan, present);
          out.writeInt(present);
          break;
        case LONG:
          if (typeof present !== 'bigint' || BigInt.asIntN(64, present) !== present)
            throw wrongField(step.plan, present);
          out.writeLong(present);
          break;
        case DOUBLE:
          if (typeof present !== 'number') throw wrongField(step.plan, present);
          out.writeDouble(present);
          break;
        case STRING:
          if (typeof present !== 'string') throw wrongField(step.plan, present);
          out.writeString(present);
          break;
        case BOOLEAN:
          if (typeof present !== 'boolean') throw wrongField(step.plan, present);
          out.writeBoolean(present);
          break;
        case FLOAT:
          if (typeof present !== 'number') throw wrongField(step.plan, present);
          out.writeFloat(present);
          break;
        default:
          if (!(present instanceof Uint8Array)) throw wrongField(step.plan, present);
          out.writeBytes(present);
      }
    }
  };
}

function nullField(name: string): DataError {
  return new DataError(`Found null value for non-optional schema: field "${name}"`);
}

function wrongField(plan: FieldPlan, value: unknown): DataError {
  return new DataError(`Invalid type for ${plan.schema?.type}: ${typeof value}: field "${plan.name}"`);
}

/** Where it happened; the innermost field is enough. */
function inField(error: unknown, name: string): unknown {
  if (!(error instanceof DataError) || error.message.includes('field "')) return error;
  return new DataError(`${error.message}: field "${name}"`, { code: error.code, cause: error });
}
