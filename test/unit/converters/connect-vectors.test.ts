import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BooleanConverter } from '../../../src/converters/boolean-converter.ts';
import { ByteArrayConverter } from '../../../src/converters/byte-array-converter.ts';
import { JsonConverter } from '../../../src/converters/json/json-converter.ts';
import {
  DoubleConverter,
  FloatConverter,
  IntegerConverter,
  LongConverter,
  ShortConverter,
} from '../../../src/converters/number-converters.ts';
import { SimpleHeaderConverter } from '../../../src/converters/simple-header-converter.ts';
import { StringConverter } from '../../../src/converters/string-converter.ts';
import type { Converter } from '../../../src/sdk/converter.ts';
import {
  BigDecimal,
  ConnectDate,
  ConnectTime,
  ConnectTimestamp,
  Decimal,
  isBigDecimal,
  isStruct,
  javaText,
  type Schema,
  type SchemaAndValue,
  SchemaBuilder,
  Schemas,
  SchemaType,
  Struct,
} from '../../../src/sdk/data/index.ts';
import { DataError } from '../../../src/sdk/errors/index.ts';
import { contextFor } from './converter-context.ts';

// What Kafka Connect 4.1.1 itself answered; see scripts/copy-converter-vectors.mjs.
const LINES = readFileSync(new URL('../../fixtures/converters/converter-vectors.tsv', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => line.split('\t'));

const DATA_EXCEPTION = '!! org.apache.kafka.connect.errors.DataException: ';

function describeSchema(schema: Schema | null): string {
  if (schema === null) return 'null';
  const optional = schema.optional ? '?' : '';
  const name = schema.name === null ? '' : `(${schema.name} v${schema.version})`;
  const defaultText = schema.defaultValue === null ? '' : `=${javaText(schema.defaultValue, schema)}`;
  if (schema.type === SchemaType.ARRAY) return `ARRAY${optional}<${describeSchema(schema.valueSchema)}>`;
  if (schema.type === SchemaType.MAP) {
    return `MAP${optional}<${describeSchema(schema.keySchema)},${describeSchema(schema.valueSchema)}>`;
  }
  const fields = (schema.structFields ?? []).map((field) => `${field.name}:${describeSchema(field.schema)},`);
  const body = schema.type === SchemaType.STRUCT ? `{${fields.join('')}}` : '';
  return `${schema.type}${optional}${name}${body}${defaultText}`;
}

const JAVA_CLASSES: Readonly<Record<string, string>> = {
  INT8: 'Byte',
  INT16: 'Short',
  INT32: 'Integer',
  INT64: 'Long',
  FLOAT32: 'Float',
  FLOAT64: 'Double',
  BOOLEAN: 'Boolean',
  STRING: 'String',
};

function describeValue(schema: Schema | null, value: unknown, mapClass: string): string {
  if (value === null) return 'null';
  if (value instanceof Date) return `Date ${value.getTime()}ms`;
  if (isBigDecimal(value)) return `BigDecimal ${value.toString()}`;
  if (value instanceof Uint8Array) return `byte[] ${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return `ArrayList ${javaText(value, schema)}`;
  if (value instanceof Map) return `${mapClass} ${javaText(value, schema)}`;
  if (isStruct(value)) return `Struct ${value.toString()}`;
  if (schema === null) return `${typeof value === 'string' ? 'String' : 'Long'} ${javaText(value)}`;
  return `${JAVA_CLASSES[schema.type]} ${javaText(value, schema)}`;
}

function describeBoth({ schema, value }: SchemaAndValue, mapClass = 'HashMap'): string {
  return `${describeSchema(schema)} :: ${describeValue(schema, value, mapClass)}`;
}

/** The result, or the message of the DataError as the vectors have it. */
function outcome(run: () => string): string {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    const cause = error.cause instanceof Error ? ` <- ${error.cause.message}` : '';
    return DATA_EXCEPTION + error.message + cause;
  }
}

/** Java names the class of the cause and where it was loaded from; we have neither. */
function withoutCauseClass(text: string): string {
  return text.replace(/ <- [\w.]+: /, ' <- ').replace(/ \([^()]* are in module [^()]*(\([^()]*\))?[^()]*\)$/, '');
}

const struct = SchemaBuilder.struct()
  .name('n.S')
  .version(2)
  .doc('d')
  .parameter('pk', 'pv')
  .field('a', Schemas.INT32)
  .field('b', SchemaBuilder.string().optional().defaultValue('dd').build())
  .field('c', Schemas.OPTIONAL_INT64)
  .optional()
  .build();
const decimal = Decimal.schema(2);

const JSON_CASES: Readonly<Record<string, readonly [Schema | null, unknown]>> = {
  'null-null': [null, null],
  'opt string null': [Schemas.OPTIONAL_STRING, null],
  int8: [Schemas.INT8, 1],
  int16: [Schemas.INT16, 1],
  int32: [Schemas.INT32, 1],
  int64: [Schemas.INT64, 1n],
  f32: [Schemas.FLOAT32, 1.5],
  f64: [Schemas.FLOAT64, 1e21],
  'f64 int': [Schemas.FLOAT64, 1],
  'f64 nan': [Schemas.FLOAT64, Number.NaN],
  bool: [Schemas.BOOLEAN, true],
  string: [Schemas.STRING, 'é"/x'],
  bytes: [Schemas.BYTES, Buffer.from('hi!')],
  array: [SchemaBuilder.array(Schemas.INT32).build(), [1, 2]],
  'map str': [SchemaBuilder.map(Schemas.STRING, Schemas.INT32).build(), new Map([['a', 1]])],
  'map int key': [SchemaBuilder.map(Schemas.INT32, Schemas.STRING).build(), new Map([[1, 'x']])],
  'map opt str key': [SchemaBuilder.map(Schemas.OPTIONAL_STRING, Schemas.STRING).build(), new Map([['k', 'x']])],
  struct: [struct, new Struct(struct).put('a', 1)],
  decimal: [decimal, BigDecimal.parse('-12.30')],
  date: [ConnectDate.SCHEMA, new Date(1_641_600_000_000)],
  time: [ConnectTime.SCHEMA, new Date(3_600_000)],
  timestamp: [ConnectTimestamp.SCHEMA, new Date(1_700_000_000_123)],
  'schemaless map': [null, new Map([['a', BigDecimal.parse('1.5')]])],
  'schemaless map intkey': [null, new Map([[1, 'x']])],
  'schemaless bytes': [null, Buffer.from('hi')],
  'schemaless date': [null, new Date(0)],
  'default-null': [SchemaBuilder.string().optional().defaultValue('DEF').build(), null],
  mismatch: [Schemas.INT32, 'x'],
  'required null': [Schemas.INT32, null],
};

describe('JsonConverter answers as Kafka Connect does', () => {
  const cases = LINES.filter(([name]) => name?.startsWith('json se='));
  it('has the vectors', () => expect(cases.length).toBe(30));
  it.each(cases.map(([settings, name, expected]) => [settings ?? '', name ?? '', expected ?? '']))(
    '%s for %s',
    (settings, name, expected) => {
      const [, enable = '', format = ''] = /se=(\w+) dec=(\w+)/.exec(settings) ?? [];
      const converter = new JsonConverter();
      converter.configure({ 'schemas.enable': enable, 'decimal.format': format }, contextFor('value'));
      const found = JSON_CASES[name];
      if (found === undefined) throw new Error(`no value for ${name}`);
      const actual = outcome(() => {
        const bytes = converter.fromConnectData('t', ...found);
        const back = converter.toConnectData('t', bytes);
        return `${bytes === null ? '<null bytes>' : Buffer.from(bytes).toString()}  ==> ${describeBoth(back)}`;
      });
      expect(actual).toBe(expected);
    },
  );

  it.each(['jsonIn null', 'jsonIn null se=false'])('%s', (name) => {
    const converter = new JsonConverter();
    converter.configure({ 'schemas.enable': String(!name.endsWith('false')) }, contextFor('value'));
    expect(describeBoth(converter.toConnectData('t', null))).toBe(vector(name));
  });
});

function vector(name: string): string {
  const line = LINES.find(([first]) => first === name);
  if (line === undefined) throw new Error(`no vector '${name}'`);
  return line.slice(1).join('\t');
}

function made<C extends Converter>(converter: C): C {
  converter.configure({}, contextFor('value'));
  return converter;
}

const hex = (bytes: Uint8Array | null): string => (bytes === null ? 'null' : Buffer.from(bytes).toString('hex'));

describe('the simple converters answer as Kafka Connect does', () => {
  const short = made(new ShortConverter());
  const integer = made(new IntegerConverter());
  const long = made(new LongConverter());
  const float = made(new FloatConverter());
  const double = made(new DoubleConverter());
  const bytes = made(new ByteArrayConverter());
  const bool = made(new BooleanConverter());
  const string = made(new StringConverter());
  const two = Uint8Array.of(0, 1, 2);

  const runs: Readonly<Record<string, () => string>> = {
    'string map': () => String(Buffer.from(string.fromConnectData('t', null, new Map([['a', 1]])) ?? [])),
    'string null': () => String(string.fromConnectData('t', null, null)),
    'string in': () => describeBoth(string.toConnectData('t', Buffer.from('x'))),
    'bytes out bad schema': () => hex(bytes.fromConnectData('t', Schemas.STRING, 'x')),
    'bytes out bytebuffer': () => hex(bytes.fromConnectData('t', Schemas.BYTES, Uint8Array.of(1, 2))),
    'bytes out string noschema': () => hex(bytes.fromConnectData('t', null, 'x')),
    'IntegerConverter out': () => hex(integer.fromConnectData('t', Schemas.INT32, 1)),
    'IntegerConverter out string': () => hex(integer.fromConnectData('t', Schemas.STRING, 'x')),
    'IntegerConverter in short': () => describeBoth(integer.toConnectData('t', two)),
    'IntegerConverter in ok': () => describeBoth(integer.toConnectData('t', Uint8Array.of(0, 0, 0, 1))),
    'IntegerConverter wrong schema': () => hex(integer.fromConnectData('t', Schemas.STRING, 1)),
    'LongConverter in short': () => describeBoth(long.toConnectData('t', two)),
    'LongConverter in ok': () => describeBoth(long.toConnectData('t', Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1))),
    'LongConverter wrong schema': () => hex(long.fromConnectData('t', Schemas.STRING, 1)),
    'ShortConverter out string': () => hex(short.fromConnectData('t', Schemas.STRING, 'x')),
    'ShortConverter in null': () => describeBoth(short.toConnectData('t', null)),
    'ShortConverter in short': () => describeBoth(short.toConnectData('t', two)),
    'FloatConverter out': () => hex(float.fromConnectData('t', Schemas.FLOAT32, 1.5)),
    'FloatConverter out string': () => hex(float.fromConnectData('t', Schemas.STRING, 'x')),
    'FloatConverter in null': () => describeBoth(float.toConnectData('t', null)),
    'FloatConverter in ok': () => describeBoth(float.toConnectData('t', Uint8Array.of(0x3f, 0xc0, 0, 0))),
    'FloatConverter wrong schema': () => hex(float.fromConnectData('t', Schemas.STRING, 1.5)),
    'DoubleConverter out': () => hex(double.fromConnectData('t', Schemas.FLOAT64, 1.5)),
    'DoubleConverter out string': () => hex(double.fromConnectData('t', Schemas.STRING, 'x')),
    'DoubleConverter in null': () => describeBoth(double.toConnectData('t', null)),
    'DoubleConverter in short': () => describeBoth(double.toConnectData('t', two)),
    'DoubleConverter wrong schema': () => hex(double.fromConnectData('t', Schemas.STRING, 1.5)),
    'Boolean out': () =>
      `${hex(bool.fromConnectData('t', Schemas.BOOLEAN, true))} ${hex(bool.fromConnectData('t', Schemas.BOOLEAN, false))}`,
    'Boolean in 2': () => describeBoth(bool.toConnectData('t', Uint8Array.of(2))),
  };

  const names = LINES.map(([name = '']) => name).filter((name) => !/^(json|simpleheader)/.test(name));
  it.each([...new Set(names)])('%s', (name) => {
    const run = runs[name];
    if (run === undefined) throw new Error(`no case for ${name}`);
    expect(outcome(run)).toBe(withoutCauseClass(vector(name)));
  });

  it('has the vectors', () => expect(names.length).toBe(29));
});

describe('SimpleHeaderConverter answers as Kafka Connect does', () => {
  const converter = new SimpleHeaderConverter();
  it.each(
    LINES.filter(([name]) => name === 'simpleheader in').map(([, input = '', expected = '']) => [input, expected]),
  )('in: %j', (input, expected) => {
    const read = converter.toConnectHeader('t', 'k', Buffer.from(input));
    expect(read.value === null ? 'null' : describeBoth(read, 'LinkedHashMap')).toBe(expected);
  });

  it.each<[string, Schema | null, unknown, string]>([
    ['a text', null, 'a"b', 'a"b'],
    ['a list', null, ['a', 1], '["a",1]'],
    ['a struct', null, new Struct(SchemaBuilder.struct().field('a', Schemas.INT32).build()).put('a', 1), '{"a":1}'],
    ['a timestamp', ConnectTimestamp.SCHEMA, new Date(1_700_000_000_123), vector('simpleheader out timestamp')],
    ['a time', ConnectTime.SCHEMA, new Date(3_600_000), vector('simpleheader out time')],
  ])('out: %s', (_what, schema, value, expected) => {
    expect(String(Buffer.from(converter.fromConnectHeader('t', 'k', schema, value) ?? []))).toBe(expected);
  });

  it('out: null', () => {
    expect(converter.fromConnectHeader('t', 'k', null, null)).toBeNull();
    expect(converter.toConnectHeader('t', 'k', null).value).toBeNull();
  });
});
