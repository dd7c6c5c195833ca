/** Every example of the guide on transformations does what it says, and every transformation and predicate has one. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { JsonConverter } from '../../../src/converters/json/json-converter.ts';
import { parseProperties } from '../../../src/foundation/java-properties.ts';
import { TransformationChain, type TransformationStep } from '../../../src/runtime/pipeline/transformation-chain.ts';
import type { ConverterContext } from '../../../src/sdk/converter.ts';
import { ConnectHeaders } from '../../../src/sdk/data/headers.ts';
import type { Schema } from '../../../src/sdk/data/schema.ts';
import { SourceRecord } from '../../../src/sdk/record/source-record.ts';
import type { Transformation } from '../../../src/sdk/transformation.ts';
import plugin from '../../../src/transforms/plugin.ts';

interface Shown {
  readonly topic?: string;
  readonly timestamp?: number;
  readonly key?: unknown;
  readonly value?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const guide = readFileSync(new URL('../../../docs/guides/transformations.md', import.meta.url), 'utf8');
const examples = [...guide.matchAll(/^## (\w+)$[^#]*?```properties\n([\s\S]*?)```\n```json\n(.*)\n(.*)\n```$/gm)].map(
  ([, name = '', settings = '', before = '', after = '']) => ({
    name,
    settings: parseProperties(Buffer.from(settings)),
    before: JSON.parse(before) as Shown,
    after: JSON.parse(after) as Shown | null,
  }),
);

function converterFor(value: unknown): JsonConverter {
  const withSchema = typeof value === 'object' && value !== null && 'payload' in value;
  const converter = new JsonConverter();
  converter.configure({ 'schemas.enable': String(withSchema) }, { converterType: 'value' } as ConverterContext);
  return converter;
}

function read(value: unknown): { readonly schema: Schema | null; readonly value: unknown } {
  if (value === undefined || value === null) return { schema: null, value: null };
  return converterFor(value).toConnectData('', Buffer.from(JSON.stringify(value)));
}

function shown(schema: Schema | null, value: unknown): unknown {
  const bytes = converterFor(schema === null ? null : { payload: 0 }).fromConnectData('', schema, value);
  return bytes === null ? null : (JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown);
}

function recordOf({ topic = 'orders', timestamp, key, value, headers = {} }: Shown): SourceRecord {
  const [k, v] = [read(key), read(value)];
  const all = new ConnectHeaders();
  for (const [name, text] of Object.entries(headers)) all.addString(name, text);
  return new SourceRecord({
    topic,
    sourcePartition: null,
    sourceOffset: null,
    keySchema: k.schema,
    key: k.value,
    valueSchema: v.schema,
    value: v.value,
    timestamp: timestamp ?? null,
    headers: all,
  });
}

/** With the parts that the example shows, and headers if there are any. */
function shownOf(record: SourceRecord, expected: Shown): Shown {
  const headers = Object.fromEntries([...record.headers].map(({ key, value }) => [key, value]));
  const all: Record<string, unknown> = {
    topic: record.topic,
    timestamp: record.timestamp,
    key: shown(record.keySchema, record.key),
    value: shown(record.valueSchema, record.value),
  };
  return {
    ...Object.fromEntries(Object.entries(all).filter(([name]) => name in expected)),
    ...(record.headers.isEmpty ? {} : { headers }),
  } as Shown;
}

function under(settings: Readonly<Record<string, string>>, prefix: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [],
    ),
  );
}

function created<T>(
  classes: readonly { readonly className: string; readonly create: new () => T }[] = [],
  name = '',
): T {
  const found = classes.find(({ className }) => className === name);
  if (found === undefined) throw new Error(`${name} is no class of ours`);
  return new found.create();
}

function stepOf(settings: Readonly<Record<string, string>>, alias: string): TransformationStep<SourceRecord> {
  const { type = '', predicate, negate, ...config } = under(settings, `transforms.${alias}.`);
  const transformation = created(plugin.transformations, type) as Transformation<SourceRecord>;
  transformation.configure(config);
  if (predicate === undefined) return { alias, className: type, transformation, predicate: null };
  const { type: predicateType, ...predicateConfig } = under(settings, `predicates.${predicate}.`);
  const made = created(plugin.predicates, predicateType);
  made.configure(predicateConfig);
  return { alias, className: type, transformation, predicate: { predicate: made, negate: negate === 'true' } };
}

describe('the guide on transformations', () => {
  it('has an example of each', () => {
    const classes = [...(plugin.transformations ?? []), ...(plugin.predicates ?? [])].map(({ className }) => className);
    expect(classes.filter((name) => name.includes('$')).length).toBeGreaterThan(10);
    const used = examples.flatMap(({ settings }) =>
      Object.entries(settings).filter(([key]) => /^\w+\.\w+\.type$/.test(key)),
    );
    const named = new Set(used.map(([, name]) => name.replace(/\$(Key|Value)$/, '')));
    expect(classes.filter((name) => !named.has(name.replace(/\$(Key|Value)$/, '')))).toEqual([]);
    expect(named.size).toBe(19);
  });

  it.each(examples)('$name does what its example shows', ({ settings, before, after }) => {
    const chain = new TransformationChain({ steps: [stepOf(settings, settings['transforms'] ?? '')] });
    const record = chain.apply(recordOf(before));
    expect(record === null || after === null ? record : shownOf(record, after)).toEqual(after);
  });
});
