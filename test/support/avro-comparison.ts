/** One case of Avro's Connect mapping, as our converter and as the one in Java answer it. */
import type { Schema } from '../../src/sdk/data/index.ts';
import { converterOn, read, write } from '../unit/converters/avro-with-schema.ts';
import { FakeSchemaView } from '../unit/converters/fake-schema-view.ts';
import type { ConnectCase } from './avro-connect-cases.ts';
import type { AvroCase } from './avro-schema-cases.ts';
import { comparable, schemaToWire, valueToWire, type Wire } from './connect-wire.ts';

/** By the names of the fields of the converter in Java. */
export interface Options {
  readonly connectMetaData: boolean;
  readonly enhancedSchemaSupport: boolean;
  readonly generalizedSumTypeSupport: boolean;
  readonly ignoreDefaultForNullables: boolean;
  readonly scrubInvalidNames: boolean;
  readonly discardTypeDocDefault: boolean;
  readonly allowOptionalMapKey: boolean;
}

const SETTINGS: Readonly<Record<keyof Options, string>> = {
  connectMetaData: 'connect.meta.data',
  enhancedSchemaSupport: 'enhanced.avro.schema.support',
  generalizedSumTypeSupport: 'generalized.sum.type.support',
  ignoreDefaultForNullables: 'ignore.default.for.nullables',
  scrubInvalidNames: 'scrub.invalid.names',
  discardTypeDocDefault: 'discard.type.doc.default',
  allowOptionalMapKey: 'allow.optional.map.keys',
};

const DEFAULTS: Options = {
  connectMetaData: true,
  enhancedSchemaSupport: false,
  generalizedSumTypeSupport: false,
  ignoreDefaultForNullables: false,
  scrubInvalidNames: false,
  discardTypeDocDefault: false,
  allowOptionalMapKey: false,
};

export const OPTION_SETS: Readonly<Record<string, Options>> = {
  plain: DEFAULTS,
  enhanced: { ...DEFAULTS, enhancedSchemaSupport: true },
  generalized: { ...DEFAULTS, generalizedSumTypeSupport: true },
  'without meta data': { ...DEFAULTS, connectMetaData: false },
  'ignoring defaults': { ...DEFAULTS, ignoreDefaultForNullables: true },
  scrubbed: { ...DEFAULTS, scrubInvalidNames: true },
  'discarding docs': { ...DEFAULTS, discardTypeDocDefault: true },
  'optional keys': { ...DEFAULTS, allowOptionalMapKey: true },
  'all but docs': {
    connectMetaData: true,
    enhancedSchemaSupport: true,
    generalizedSumTypeSupport: false,
    ignoreDefaultForNullables: true,
    scrubInvalidNames: true,
    discardTypeDocDefault: false,
    allowOptionalMapKey: true,
  },
};

export const question = {
  from: ({ schema, value }: ConnectCase, options: Options) => ({
    op: 'from',
    options,
    schema: schemaToWire(schema),
    value: valueToWire(schema, value),
  }),
  to: ({ avro, bytes, version }: AvroCase, options: Options) => ({
    op: 'to',
    options,
    avro,
    bytes: bytes.toString('base64'),
    version,
  }),
};

export type Refusal = { readonly error: { readonly class: string; readonly message: string } };
export type Written = { readonly avro: string; readonly bytes: string | null };
export type Read = { readonly schema: Wire; readonly value: Wire; readonly again: Written | Refusal };

function configOf(options: Options): Record<string, string> {
  // The converter in Java has no such setting, and leaves such unions as they are.
  const config: Record<string, string> = { 'flatten.singleton.unions': 'false' };
  for (const [field, setting] of Object.entries(SETTINGS)) config[setting] = String(options[field as keyof Options]);
  return config;
}

const refusalOf = (error: unknown): Refusal => {
  const messages: string[] = [];
  for (let each = error; each instanceof Error; each = each.cause) messages.push(each.message);
  return { error: { class: (error as Error).name, message: messages.join(' <- ') } };
};

export async function ourAvroOf({ schema, value }: ConnectCase, options: Options): Promise<Written | Refusal> {
  const view = new FakeSchemaView();
  try {
    const converter = converterOn(view, configOf(options));
    if (value === null) {
      const bytes = converter.fromConnectData('t', schema, value);
      return { avro: '', bytes: bytes === null ? null : 'bytes' };
    }
    const bytes = await write(converter, schema, value);
    return { avro: view.bySubject.get('t-value')?.[0]?.schema ?? '', bytes: bytes.toString('base64') };
  } catch (error) {
    return refusalOf(error);
  }
}

export async function ourConnectOf({ avro, bytes, version }: AvroCase, options: Options): Promise<Read | Refusal> {
  const view = new FakeSchemaView();
  view.add(avro, { id: 1, ...(version === null ? {} : { version }) });
  try {
    const converter = converterOn(view, configOf(options));
    const both = await read(converter, bytes);
    return {
      schema: schemaWire(both.schema, []),
      value: structless(both.schema, both.value),
      again: await ourAvroOf(both as ConnectCase, options),
    };
  } catch (error) {
    return refusalOf(error);
  }
}

/** As `valueToWire`, without the schema of structs, which may have no end. */
function structless(schema: Schema | null, value: unknown): Wire {
  const element = schema?.elementSchema ?? null;
  if (Array.isArray(value)) return { t: 'L', v: value.map((each) => structless(element, each)) };
  if (value instanceof Map) {
    const key = schema?.mapKeySchema ?? null;
    return { t: 'M', v: [...value].map(([each, of]) => [structless(key, each), structless(element, of)]) };
  }
  if (typeof value === 'object' && value !== null && 'values' in value && 'schema' in value) {
    const struct = value as { readonly schema: Schema; readonly values: readonly unknown[] };
    return { t: 'R', v: struct.schema.fields.map((field) => structless(field.schema, struct.values[field.index])) };
  }
  return valueToWire(schema, value);
}

function schemaWire(schema: Schema | null, around: readonly unknown[]): Wire {
  if (schema === null) return null;
  const head = { type: schema.type, optional: schema.optional };
  const mark = schema.structFields?.[0]?.schema;
  if (mark !== undefined && around.includes(mark)) return { ...head, cycle: schema.name };
  const path = mark === undefined ? around : [...around, mark];
  return {
    ...head,
    default: structless(schema, schema.defaultValue),
    name: schema.name,
    version: schema.version,
    doc: schema.doc,
    ...(schema.parameters === null ? {} : { parameters: [...schema.parameters].map((entry) => [...entry]) }),
    ...(schema.structFields === null
      ? {}
      : { fields: schema.structFields.map((field) => ({ name: field.name, schema: schemaWire(field.schema, path) })) }),
    ...(schema.type === 'MAP' ? { key: schemaWire(schema.keySchema, path) } : {}),
    ...(schema.type === 'MAP' || schema.type === 'ARRAY' ? { value: schemaWire(schema.valueSchema, path) } : {}),
  };
}

export const isRefusal = (answer: object): answer is Refusal => 'error' in answer;

/** What two answers differ in; `ours` and `java` are the parts that do. */
export type Difference =
  | { readonly kind: 'only Java refuses'; readonly ours: Written | Read; readonly java: Refusal }
  | { readonly kind: 'only we refuse'; readonly ours: Refusal; readonly java: Written | Read }
  | { readonly kind: 'Avro schema' | 'bytes'; readonly ours: Written; readonly java: Written }
  | { readonly kind: 'Connect schema' | 'value'; readonly ours: Read; readonly java: Read };

/** Null if nothing differs. That both refuse is enough: the words are ours. */
export function differenceOfWritten(ours: Written | Refusal, java: Written | Refusal): Difference | null {
  if (isRefusal(java)) return isRefusal(ours) ? null : { kind: 'only Java refuses', ours, java };
  if (isRefusal(ours)) return { kind: 'only we refuse', ours, java };
  // No schema is asked for where there is no value.
  if (java.bytes === null || ours.bytes === null)
    return java.bytes === ours.bytes ? null : { kind: 'bytes', ours, java };
  if (ours.avro !== java.avro) return { kind: 'Avro schema', ours, java };
  return ours.bytes === java.bytes ? null : { kind: 'bytes', ours, java };
}

export function differenceOfRead(ours: Read | Refusal, java: Read | Refusal): Difference | null {
  if (isRefusal(java)) return isRefusal(ours) ? null : { kind: 'only Java refuses', ours, java };
  if (isRefusal(ours)) return { kind: 'only we refuse', ours, java };
  const differs = (part: (answer: Read) => Wire): boolean =>
    JSON.stringify(comparable(part(ours), true)) !== JSON.stringify(comparable(part(java), true));
  if (java.schema !== null || ours.schema !== null ? differs(({ schema }) => schema) : false) {
    return { kind: 'Connect schema', ours, java };
  }
  const isTyped = java.schema !== null;
  const values = [ours, java].map(({ value }) => JSON.stringify(comparable(value, isTyped)));
  return values[0] === values[1] ? null : { kind: 'value', ours, java };
}
