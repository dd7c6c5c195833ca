/** Connect schemas and values as JSON that names the Java class of each value: the same form as java/ConnectWire.java. */
import {
  BigDecimal,
  ConnectHeaders,
  isBigDecimal,
  isStruct,
  Schema,
  type SchemaType,
  SinkRecord,
  SourceRecord,
  Struct,
} from '../../src/sdk/index.ts';
import type { ConnectRecord } from '../../src/sdk/record/index.ts';

export type Wire = null | string | number | boolean | readonly Wire[] | { readonly [key: string]: Wire };

export interface WireSchema {
  readonly type: string;
  readonly optional: boolean;
  readonly default: Wire;
  readonly name: string | null;
  readonly version: number | null;
  readonly doc: string | null;
  readonly parameters?: readonly (readonly [string, string])[];
  readonly fields?: readonly { readonly name: string; readonly schema: WireSchema }[];
  readonly key?: WireSchema | null;
  readonly value?: WireSchema | null;
}

export interface WireRecord {
  readonly topic: string;
  readonly partition: number | null;
  readonly timestamp: number | null;
  readonly offset: number | null;
  readonly keySchema: WireSchema | null;
  readonly key: Wire;
  readonly valueSchema: WireSchema | null;
  readonly value: Wire;
  readonly headers: readonly { readonly key: string; readonly schema: WireSchema | null; readonly value: Wire }[];
}

const NUMBER_TAGS: Readonly<Record<string, string>> = {
  INT8: 'b',
  INT16: 's',
  INT32: 'i',
  FLOAT32: 'f',
  FLOAT64: 'd',
};

export function schemaToWire(schema: Schema | null): WireSchema | null {
  if (schema === null) return null;
  const { type } = schema;
  return {
    type,
    optional: schema.optional,
    // A default is kept as it is, even where its logical type is gone.
    default: valueToWire(schema, schema.defaultValue),
    name: schema.name,
    version: schema.version,
    doc: schema.doc,
    ...(schema.parameters === null ? {} : { parameters: [...schema.parameters] }),
    ...(type === 'STRUCT'
      ? {
          fields: schema.fields.map((field) => ({
            name: field.name,
            schema: schemaToWire(field.schema) as WireSchema,
          })),
        }
      : {}),
    ...(type === 'MAP' ? { key: schemaToWire(schema.keySchema) } : {}),
    ...(type === 'MAP' || type === 'ARRAY' ? { value: schemaToWire(schema.valueSchema) } : {}),
  };
}

export function schemaFromWire(wire: WireSchema | null | undefined): Schema | null {
  if (wire === null || wire === undefined) return null;
  return new Schema({
    type: wire.type as SchemaType,
    optional: wire.optional,
    defaultValue: valueFromWire(wire.default),
    name: wire.name,
    version: wire.version,
    doc: wire.doc,
    parameters: wire.parameters === undefined ? null : new Map(wire.parameters),
    ...(wire.fields === undefined
      ? {}
      : { fields: wire.fields.map(({ name, schema }) => ({ name, schema: schemaFromWire(schema) as Schema })) }),
    keySchema: schemaFromWire(wire.key),
    valueSchema: schemaFromWire(wire.value),
  });
}

/** Without a schema a whole number is an Integer, as everywhere in Holdfast. */
export function valueToWire(schema: Schema | null, value: unknown): Wire {
  switch (typeof value) {
    case 'undefined':
      return null;
    case 'string':
      return { t: 'S', v: value };
    case 'boolean':
      return { t: 'z', v: String(value) };
    case 'bigint':
      return { t: 'l', v: String(value) };
    case 'number': {
      const tag = NUMBER_TAGS[schema?.type ?? ''] ?? ((value | 0) === value && !Object.is(value, -0) ? 'i' : 'd');
      return { t: tag, v: Object.is(value, -0) ? '-0.0' : String(value) };
    }
    default:
      break;
  }
  if (value === null) return null;
  if (value instanceof Uint8Array) return { t: 'B', v: Buffer.from(value).toString('base64') };
  if (value instanceof Date) return { t: 'T', v: String(value.getTime()) };
  if (isBigDecimal(value)) return { t: 'D', v: String(value.unscaledValue), scale: value.scale };
  const element = schema?.elementSchema ?? null;
  if (Array.isArray(value)) return { t: 'L', v: value.map((each) => valueToWire(element, each)) };
  if (value instanceof Map) {
    const keySchema = schema?.mapKeySchema ?? null;
    return { t: 'M', v: [...value].map(([key, each]) => [valueToWire(keySchema, key), valueToWire(element, each)]) };
  }
  if (isStruct(value)) {
    const { fields } = value.schema;
    return {
      t: 'R',
      schema: schemaToWire(value.schema) as unknown as Wire,
      v: fields.map((field) => valueToWire(field.schema, value.values[field.index])),
    };
  }
  throw new Error(`no wire form of ${String(value)}`);
}

export function valueFromWire(wire: Wire | undefined): unknown {
  if (wire === null || wire === undefined) return null;
  const { t, v, scale, schema } = wire as unknown as {
    readonly t: string;
    readonly v: string & Wire[];
    readonly scale?: number;
    readonly schema?: WireSchema;
  };
  switch (t) {
    case 'b':
    case 's':
    case 'i':
    case 'f':
    case 'd':
      return Number(v);
    case 'l':
      return BigInt(v);
    case 'z':
      return v === 'true';
    case 'S':
      return v;
    case 'B':
      return Buffer.from(v, 'base64');
    case 'D':
      return new BigDecimal(BigInt(v), scale);
    case 'T':
      return new Date(Number(v));
    case 'L':
      return (v as readonly Wire[]).map(valueFromWire);
    case 'M':
      return new Map(
        (v as unknown as readonly [Wire, Wire][]).map(
          ([key, each]) => [valueFromWire(key), valueFromWire(each)] as const,
        ),
      );
    default: {
      const struct = new Struct(schemaFromWire(schema) as Schema);
      for (const [index, each] of (v as readonly Wire[]).entries()) struct.values[index] = valueFromWire(each);
      return struct;
    }
  }
}

export function recordToWire(record: ConnectRecord): WireRecord {
  return {
    topic: record.topic,
    partition: record.kafkaPartition,
    timestamp: record.timestamp,
    offset: record instanceof SinkRecord ? record.kafkaOffset : null,
    keySchema: schemaToWire(record.keySchema),
    key: valueToWire(record.keySchema, record.key),
    valueSchema: schemaToWire(record.valueSchema),
    value: valueToWire(record.valueSchema, record.value),
    headers: [...record.headers].map(({ key, schema, value }) => ({
      key,
      schema: schemaToWire(schema),
      value: valueToWire(schema, value),
    })),
  };
}

export function recordFromWire(wire: WireRecord): ConnectRecord {
  const headers = new ConnectHeaders();
  for (const { key, schema, value } of wire.headers) headers.add(key, valueFromWire(value), schemaFromWire(schema));
  const parts = {
    topic: wire.topic,
    timestamp: wire.timestamp,
    keySchema: schemaFromWire(wire.keySchema),
    key: valueFromWire(wire.key),
    valueSchema: schemaFromWire(wire.valueSchema),
    value: valueFromWire(wire.value),
    headers,
  };
  return wire.offset === null
    ? new SourceRecord({ ...parts, kafkaPartition: wire.partition, sourcePartition: {}, sourceOffset: {} })
    : new SinkRecord({ ...parts, kafkaPartition: wire.partition ?? 0, kafkaOffset: wire.offset });
}

const SCHEMALESS_NUMBERS = 'bsifd';

const byText = (a: Wire, b: Wire): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

/**
 * A wire form in which what JavaScript can't tell apart is the same: the Java class of a number without a schema, and the order of
 * entries of maps, which is a HashMap's in Java, and of parameters. `isTyped`: a schema says the types of numbers.
 */
export function comparable(wire: Wire | undefined, isTyped = false): Wire {
  if (wire === undefined || wire === null || typeof wire !== 'object') return wire ?? null;
  if (Array.isArray(wire)) return wire.map((each: Wire) => comparable(each, isTyped));
  const node = wire as { readonly [key: string]: Wire };
  if (typeof node['t'] === 'string' && 'v' in node) {
    const { t, v } = node as { readonly t: string; readonly v: Wire };
    if (SCHEMALESS_NUMBERS.includes(t)) {
      const number = Number(v);
      return { t: isTyped ? t : 'n', v: Object.is(number, -0) && !isTyped ? '0' : String(number) };
    }
    if (t === 'M') {
      const entries = (v as readonly Wire[]).map((entry) => comparable(entry, isTyped));
      return { t, v: entries.sort(byText) };
    }
    if (t === 'R') return { t, schema: comparable(node['schema'], true), v: comparable(v, true) };
    return { ...node, v: comparable(v, isTyped) };
  }
  return Object.fromEntries(
    Object.entries(node).map(([key, each]) => {
      if (key === 'parameters') return [key, [...(each as readonly Wire[])].sort(byText)];
      const schema =
        key === 'key' ? node['keySchema'] : key === 'value' ? (node['valueSchema'] ?? node['schema']) : null;
      return [key, comparable(each, isTyped || key === 'default' || (schema ?? null) !== null)];
    }),
  );
}
