/** From values to texts and JSON: what the record file source reads back as the same values, given the same schema. */
import {
  ConnectDate,
  ConnectTime,
  DataError,
  isBigDecimal,
  isStruct,
  javaFloatText,
  type Schema,
  SchemaType,
} from 'holdfast/sdk';
import { stringifyJson } from './json-text.ts';

/** The text of a value in a column; null for null. */
export function textOf(value: unknown, schema: Schema | null): string | null {
  if (value === null || value === undefined) return null;
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      return numberText(value, schema);
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      break;
  }
  const json = toJson(value, schema);
  return typeof json === 'string' ? json : stringifyJson(json);
}

/** What `stringifyJson` takes. Structs and maps become objects, bytes base64, dates ISO 8601, decimals text. */
export function toJson(value: unknown, schema: Schema | null): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return String(value);
    return schema?.type === SchemaType.FLOAT32 ? Number(javaFloatText(value)) : value;
  }
  if (typeof value !== 'object') return value;
  if (isStruct(value)) {
    const object: Record<string, unknown> = Object.create(null);
    for (const field of value.schema.fields) object[field.name] = toJson(value.get(field), field.schema);
    return object;
  }
  if (value instanceof Uint8Array) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  }
  if (value instanceof Date) return dateText(value, schema);
  if (isBigDecimal(value)) return value.toString();
  if (Array.isArray(value)) return value.map((element) => toJson(element, schema?.elementSchema ?? null));
  const entries: [unknown, unknown][] = value instanceof Map ? [...value] : Object.entries(value);
  const object: Record<string, unknown> = Object.create(null);
  for (const [key, each] of entries) {
    const name = textOf(key, schema?.mapKeySchema ?? null);
    if (name === null) throw new DataError('A map with a null key cannot be written as JSON.');
    object[name] = toJson(each, schema?.elementSchema ?? null);
  }
  return object;
}

function numberText(value: number, schema: Schema | null): string {
  if (Object.is(value, -0)) return '-0';
  return schema?.type === SchemaType.FLOAT32 && Number.isFinite(value)
    ? String(Number(javaFloatText(value)))
    : String(value);
}

function dateText(date: Date, schema: Schema | null): string {
  if (Number.isNaN(date.getTime())) throw new DataError('An invalid Date cannot be written.');
  const iso = date.toISOString();
  if (schema?.name === ConnectDate.LOGICAL_NAME) return iso.slice(0, iso.indexOf('T'));
  if (schema?.name === ConnectTime.LOGICAL_NAME) return iso.slice(iso.indexOf('T') + 1, -1);
  return iso;
}
