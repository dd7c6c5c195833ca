/** Generated records and settings for every transformation. */
import fc from 'fast-check';
import {
  BigDecimal,
  ConnectDate,
  ConnectTime,
  ConnectTimestamp,
  Decimal,
  type Schema,
  SchemaBuilder,
  Schemas,
  Struct,
} from '../../src/sdk/index.ts';
import { schemaToWire, valueToWire, type WireRecord } from './connect-wire.ts';

const DAY = 86_400_000;
const NAMES = ['a', 'b', 'c', 'd', 'ts', 'a.b'];
const name = fc.constantFrom(...NAMES);
const text = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.constantFrom(
    '',
    '1',
    '-7',
    '300',
    '1.5',
    'true',
    'NaN',
    '2023-11-14',
    '2024-02-29 23:59:59',
    '12:30',
    ' 5 ',
    '1e3',
    '\u0661\u0662',
    '\u00a05',
    '0x1.8p1',
    '1.0000000596046448',
  ),
);
const long = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -4_000_000_000_000n, max: 4_000_000_000_000n }),
  fc.constantFrom(0n, 1n, 300n, 1_700_000_000_123n),
);
const double = fc.oneof(fc.double(), fc.constantFrom(0, -0, 1.9, -1.5, 3e9, 1e20, -1e20));

interface Leaf {
  readonly builder: () => SchemaBuilder;
  readonly value: fc.Arbitrary<unknown>;
}

const leaves: readonly Leaf[] = [
  { builder: () => SchemaBuilder.int8(), value: fc.integer({ min: -128, max: 127 }) },
  { builder: () => SchemaBuilder.int16(), value: fc.integer({ min: -32768, max: 32767 }) },
  { builder: () => SchemaBuilder.int32(), value: fc.oneof(fc.integer(), fc.constantFrom(0, 300)) },
  { builder: () => SchemaBuilder.int64(), value: long },
  { builder: () => SchemaBuilder.float32(), value: fc.float() },
  { builder: () => SchemaBuilder.float64(), value: double },
  { builder: () => SchemaBuilder.bool(), value: fc.boolean() },
  { builder: () => SchemaBuilder.string(), value: text },
  { builder: () => SchemaBuilder.bytes(), value: fc.uint8Array({ maxLength: 5 }) },
  {
    builder: () => Decimal.builder(2),
    value: fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map((unscaled) => new BigDecimal(unscaled, 2)),
  },
  {
    builder: () => ConnectDate.builder(),
    value: fc.integer({ min: -20_000, max: 40_000 }).map((day) => new Date(day * DAY)),
  },
  {
    builder: () => ConnectTime.builder(),
    value: fc.integer({ min: 0, max: DAY - 1 }).map((millis) => new Date(millis)),
  },
  {
    builder: () => ConnectTimestamp.builder(),
    value: fc.integer({ min: -4_000_000_000_000, max: 4_000_000_000_000 }).map((millis) => new Date(millis)),
  },
  { builder: () => SchemaBuilder.array(Schemas.INT32), value: fc.array(fc.integer(), { maxLength: 3 }) },
  {
    builder: () => SchemaBuilder.map(Schemas.STRING, Schemas.INT32),
    value: fc.dictionary(fc.constantFrom('x', 'y'), fc.integer()).map((entries) => new Map(Object.entries(entries))),
  },
];

interface Typed {
  readonly schema: Schema;
  readonly value: fc.Arbitrary<unknown>;
}

function decorated(leaf: Leaf): fc.Arbitrary<Typed> {
  return fc.tuple(fc.boolean(), fc.option(leaf.value, { freq: 2 })).map(([isOptional, defaultValue]) => {
    const builder = leaf.builder();
    if (isOptional) builder.optional();
    if (defaultValue !== null) builder.defaultValue(defaultValue);
    const schema = builder.build();
    // Struct.put of null on a required field is refused, whatever its default.
    return { schema, value: isOptional ? fc.option(leaf.value, { freq: 3 }) : leaf.value };
  });
}

function structs(depth: number): fc.Arbitrary<Typed> {
  const inner = fc.constantFrom(...leaves).chain(decorated);
  const field =
    depth === 0 ? inner : fc.oneof({ weight: 5, arbitrary: inner }, { weight: 1, arbitrary: structs(depth - 1) });
  return fc
    .tuple(
      fc.uniqueArray(fc.tuple(name, field), { minLength: 1, maxLength: 5, selector: ([key]) => key }),
      fc.boolean(),
      fc.boolean(),
    )
    .map(([fields, isNamed, isOptional]) => {
      const builder = SchemaBuilder.struct();
      if (isNamed) builder.name('test.S').version(3).doc('a doc').parameter('p', 'q');
      if (isOptional) builder.optional();
      for (const [key, { schema }] of fields) builder.field(key, schema);
      const schema = builder.build();
      const value = fc.tuple(...fields.map(([, each]) => each.value)).map((values) => {
        const struct = new Struct(schema);
        for (const [index, each] of values.entries()) struct.values[index] = each;
        return struct;
      });
      return { schema, value: isOptional ? fc.option(value, { freq: 5 }) : value };
    });
}

const schemalessLeaf = fc.oneof(
  fc.integer(),
  long,
  fc.double({ noInteger: true }),
  fc.boolean(),
  text,
  fc.uint8Array({ maxLength: 4 }),
  fc.constant(null),
  fc.integer({ min: 0, max: 4_000_000_000_000 }).map((millis) => new Date(millis)),
  fc.bigInt({ min: -1000n, max: 1000n }).map((unscaled) => new BigDecimal(unscaled, 2)),
  fc.array(fc.integer(), { maxLength: 2 }),
);
const schemalessMap: fc.Arbitrary<unknown> = fc
  .array(fc.tuple(name, fc.oneof({ weight: 5, arbitrary: schemalessLeaf }, { weight: 1, arbitrary: innerMap() })), {
    maxLength: 5,
  })
  .map((entries) => new Map(entries));

function innerMap(): fc.Arbitrary<unknown> {
  return fc.array(fc.tuple(name, schemalessLeaf), { maxLength: 3 }).map((entries) => new Map(entries));
}

interface Part {
  readonly schema: Schema | null;
  readonly value: unknown;
}

const part: fc.Arbitrary<Part> = fc.oneof(
  { weight: 6, arbitrary: structs(2).chain(({ schema, value }) => value.map((each) => ({ schema, value: each }))) },
  { weight: 3, arbitrary: schemalessMap.map((value) => ({ schema: null, value })) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(...leaves)
      .chain(decorated)
      .chain(({ schema, value }) => value.map((each) => ({ schema, value: each }))),
  },
  { weight: 1, arbitrary: schemalessLeaf.map((value) => ({ schema: null, value })) },
);

/** A record of which the key or the value is of interest; the other part is a text. */
export function recordsOf(isKey: boolean): fc.Arbitrary<WireRecord> {
  return fc
    .record({
      part,
      topic: fc.constantFrom('topic-a', 'orders', 'ab', 'x.y'),
      partition: fc.option(fc.integer({ min: 0, max: 9 })),
      timestamp: fc.option(fc.integer({ min: -70_000_000_000_000, max: 4_000_000_000_000 }), { freq: 6 }),
      offset: fc.option(fc.integer({ min: 0, max: 1000 })),
      headers: fc.array(fc.constantFrom('h1', 'h2', 'h3'), { maxLength: 3 }),
    })
    .map(({ part: { schema, value }, topic, partition, timestamp, offset, headers }) => {
      const text = { schema: schemaToWire(Schemas.STRING), value: valueToWire(Schemas.STRING, 'k') };
      const own = { schema: schemaToWire(schema), value: valueToWire(schema, value) };
      const [key, content] = isKey ? [own, text] : [text, own];
      return {
        topic,
        partition: offset === null ? partition : (partition ?? 0),
        timestamp,
        offset,
        keySchema: key.schema,
        key: key.value,
        valueSchema: content.schema,
        value: content.value,
        headers: headers.map((header) => ({ key: header, ...text })),
      };
    });
}

export type Config = Readonly<Record<string, string>>;

const some = fc.uniqueArray(name, { minLength: 1, maxLength: 3 });
const list = some.map((names) => names.join(','));
const replaceNull = fc.constantFrom({}, { 'replace.null.with.default': 'false' });
const castType = fc.constantFrom('int8', 'int16', 'int32', 'int64', 'float32', 'float64', 'boolean', 'string');
const optionally = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });

/** Drops what is undefined. */
function config(shape: Record<string, fc.Arbitrary<string | undefined>>): fc.Arbitrary<Config> {
  return fc.tuple(fc.record(shape), replaceNull).map(([values, nulls]) => {
    const set = Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return { ...Object.fromEntries(set), ...nulls };
  });
}

const formats = fc.constantFrom(
  'yyyy-MM-dd',
  'yyyy-MM-dd HH:mm:ss',
  'yyyyMMddHHmmssSSS',
  "yyyy-MM-dd'T'HH:mm:ss.SSSX",
  'dd/MM/yy',
  'EEE, d MMM yyyy hh:mm a z',
  'HH:mm',
);

/** Settings by the simple name of the class. */
export const CONFIGS: Readonly<Record<string, fc.Arbitrary<Config>>> = {
  Cast: config({
    spec: fc.oneof(
      castType,
      fc
        .uniqueArray(fc.tuple(name, castType), { minLength: 1, maxLength: 3, selector: ([key]) => key })
        .map((casts) => casts.map((cast) => cast.join(':')).join(',')),
    ),
  }),
  ExtractField: config({
    field: fc.oneof(name, fc.constantFrom('a.a', 'b.ts', 'a.b.c', '`a.b`', '`a.b`.a', 'b.`a.b`', 'nope')),
    'field.syntax.version': fc.constantFrom('V1', 'V2', 'v2'),
  }),
  Flatten: config({ delimiter: fc.constantFrom('.', '_', '', '--') }),
  HeaderFrom: fc.tuple(some, fc.constantFrom('move', 'copy'), replaceNull).map(([fields, operation, nulls]) => ({
    fields: fields.join(','),
    headers: fields.map((field) => `h-${field}`).join(','),
    operation,
    ...nulls,
  })),
  HoistField: config({ field: name }),
  InsertField: config({
    'topic.field': fc.constantFrom(undefined, 'topic', 'a'),
    'partition.field': fc.constantFrom(undefined, 'part', 'part!', 'part?'),
    'offset.field': fc.constantFrom(undefined, undefined, 'off', 'off!'),
    'timestamp.field': fc.constantFrom(undefined, 'time', 'time!', 'ts'),
    'static.field': fc.constantFrom('static', 'static!', '!static'),
    'static.value': fc.constantFrom('x', ''),
  }),
  // With a replacement several of them may be refused, and which is the first one is up to a HashSet in Java.
  MaskField: fc.oneof(
    config({ fields: list }),
    config({ fields: name, replacement: fc.constantFrom('1', '99.5', 'abc', '300', 'x', '\u0661', '1e3', '-', '') }),
  ),
  ReplaceField: config({
    exclude: optionally(list),
    include: optionally(list),
    renames: optionally(fc.constantFrom('a:z', 'a:y,b:z', 'd:e,ts:d')),
  }),
  SetSchemaMetadata: config({
    'schema.name': optionally(fc.constantFrom('n', 'x.y.Z')),
    'schema.version': optionally(fc.constantFrom('1', '7')),
  }),
  TimestampConverter: config({
    field: fc.oneof(fc.constant(undefined), name),
    'target.type': fc.constantFrom('string', 'unix', 'Date', 'Time', 'Timestamp'),
    format: formats,
    'unix.precision': fc.constantFrom('seconds', 'milliseconds', 'microseconds', 'nanoseconds'),
  }),
};

/** Of transformations that have no variants for key and value. */
export const UNPARTED_CONFIGS: Readonly<Record<string, fc.Arbitrary<Config>>> = {
  DropHeaders: fc.constantFrom({ headers: 'h1' }, { headers: 'h1,h2' }, { headers: 'nope' }),
  Filter: fc.constant({}),
  InsertHeader: fc
    .constantFrom(
      ...['1', 'x', '1.5', '[1,2]', '', 'null', '{"a":1}', '2020-01-02', '12:34:56.789Z', '1e3', '-0', ' 5 ', 'true'],
      ...['\u0661\u0662', '1.0000000596046448', '1e400', '99999999999999999999', '"a"', '[1,2.5]', '{"a":1,"b":300}'],
    )
    .map((literal) => ({ header: 'h1', 'value.literal': literal })),
  RegexRouter: fc.constantFrom(
    { regex: 'topic-(.*)', replacement: 'x$1' },
    { regex: '(?<n>.*)', replacement: '${n}-$1$0' },
    { regex: 'a|ab', replacement: 'z' },
    { regex: '(o)(r).*', replacement: '$2$1\\$$10' },
    { regex: '.*', replacement: '$1' },
    { regex: '[a-z&&[^b]]+', replacement: '' },
    { regex: '(?i)ORDERS', replacement: 'i' },
    { regex: '[a-z]++-a', replacement: 'p' },
  ),
  TimestampRouter: fc
    .tuple(fc.constantFrom('${topic}-${timestamp}', '${timestamp}', 'x${topic}${topic}'), formats)
    .map(([topic, timestamp]) => ({ 'topic.format': topic, 'timestamp.format': timestamp })),
  ValueToKey: config({ fields: list }),
};
