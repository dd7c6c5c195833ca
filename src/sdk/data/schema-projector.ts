import { floatNearest } from '../../foundation/java-numbers.ts';
import { SchemaProjectorError } from '../errors/index.ts';
import { javaText } from './java-text.ts';
import { parametersEqual, type Schema, SchemaType } from './schema.ts';
import { isStruct, structFromValues } from './struct.ts';
import { validateValue } from './validate-value.ts';

/** Each type can be promoted to those after it. */
const PROMOTIONS: readonly SchemaType[] = [
  SchemaType.INT8,
  SchemaType.INT16,
  SchemaType.INT32,
  SchemaType.INT64,
  SchemaType.FLOAT32,
  SchemaType.FLOAT64,
];

/**
 * The value, which was written with the schema `source`, as one of the schema `target`.
 *
 * Fields are matched by name, numbers are widened, a required field that is missing gets the target's default. Throws SchemaProjectorError, in Kafka Connect's
 * words, where the schemas are not compatible.
 */
export function project(source: Schema, value: unknown, target: Schema): unknown {
  checkCompatible(source, target);
  const needsDefault = source.optional && !target.optional;
  if (needsDefault && target.defaultValue === null) {
    throw new SchemaProjectorError(
      'Writer schema is optional, however, target schema does not provide a default value.',
    );
  }
  if (value === null || value === undefined) return needsDefault ? target.defaultValue : null;
  return projectRequired(source, value, target);
}

function projectRequired(source: Schema, value: unknown, target: Schema): unknown {
  switch (target.type) {
    case SchemaType.STRUCT:
      return projectStruct(source, value, target);
    case SchemaType.ARRAY:
      return projectArray(source, value, target);
    case SchemaType.MAP:
      return projectMap(source, value, target);
    case SchemaType.INT64:
      return typeof value === 'number' ? BigInt(value) : value;
    case SchemaType.FLOAT32:
      if (typeof value === 'bigint') return floatNearest(value, 0, Number(value));
      return typeof value === 'number' ? Math.fround(value) : value;
    case SchemaType.FLOAT64:
      return typeof value === 'bigint' ? Number(value) : value;
    default:
      return value;
  }
}

function checkCompatible(source: Schema, target: Schema): void {
  if (source.type !== target.type && !isPromotable(source.type, target.type)) {
    throw new SchemaProjectorError(`Schema type mismatch. source type: ${source.type} and target type: ${target.type}`);
  }
  if (source.name !== target.name) {
    throw new SchemaProjectorError(`Schema name mismatch. source name: ${source.name} and target name: ${target.name}`);
  }
  if (!parametersEqual(source.parameters, target.parameters)) {
    throw new SchemaProjectorError(
      `Schema parameters not equal. source parameters: ${javaText(source.parameters)} and target parameters: ${javaText(target.parameters)}`,
    );
  }
}

function isPromotable(source: SchemaType, target: SchemaType): boolean {
  const from = PROMOTIONS.indexOf(source);
  return from >= 0 && from < PROMOTIONS.indexOf(target);
}

function projectStruct(source: Schema, value: unknown, target: Schema): unknown {
  if (!isStruct(value)) throw new SchemaProjectorError(`A Struct is needed for ${source.toString()}`);
  const values = target.fields.map((targetField) => {
    const sourceField = source.field(targetField.name);
    if (sourceField !== undefined) {
      try {
        const projected = project(sourceField.schema, value.get(sourceField.name), targetField.schema);
        if (projected === null) validateValue(targetField.schema, null, targetField.name);
        return projected;
      } catch (error) {
        if (!(error instanceof SchemaProjectorError)) throw error;
        throw new SchemaProjectorError(`Error projecting ${sourceField.name}`, { cause: error });
      }
    }
    // Unset, not its default: Struct.get gives that.
    if (targetField.schema.optional) return null;
    if (targetField.schema.defaultValue !== null) return targetField.schema.defaultValue;
    throw new SchemaProjectorError(
      `Required field \`${targetField.name}\` is missing from source schema: ${source.toString()}`,
    );
  });
  return structFromValues(target, values, { validated: true });
}

function projectArray(source: Schema, value: unknown, target: Schema): unknown {
  const { valueSchema: from } = source;
  const { valueSchema: to } = target;
  if (from === null || to === null || !Array.isArray(value)) return value;
  return value.map((element) => project(from, element, to));
}

function projectMap(source: Schema, value: unknown, target: Schema): unknown {
  const { keySchema: fromKey, valueSchema: fromValue } = source;
  const { keySchema: toKey, valueSchema: toValue } = target;
  if (!(value instanceof Map)) return value;
  const projected = new Map<unknown, unknown>();
  for (const [key, each] of value) {
    projected.set(
      fromKey === null || toKey === null ? key : project(fromKey, key, toKey),
      fromValue === null || toValue === null ? each : project(fromValue, each, toValue),
    );
  }
  return projected;
}
