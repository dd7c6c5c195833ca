/** Of what Kafka Connect's own classes are asked for the fixtures of the unit tests: the usual data, and some generated. */
import fc from 'fast-check';
import {
  BigDecimal,
  ConnectDate,
  ConnectTime,
  ConnectTimestamp,
  Decimal,
  SchemaBuilder,
  Schemas,
  Struct,
} from '../../src/sdk/index.ts';
import { mutated, type Part, parts, type Settings, scalars } from './converter-cases.ts';
import type { Conversation, Item } from './converter-comparison.ts';
import { envelopes, headerTexts, jsonTexts } from './converter-texts.ts';
import { type DataQuestion, dataQuestions } from './data-cases.ts';

const SEED = 5;
const JSON_CONVERTER = 'org.apache.kafka.connect.json.JsonConverter';
const STRING_CONVERTER = 'org.apache.kafka.connect.storage.StringConverter';
const SIMPLE_HEADER_CONVERTER = 'org.apache.kafka.connect.storage.SimpleHeaderConverter';

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

const usual: readonly Part[] = [
  { schema: null, value: null },
  { schema: Schemas.OPTIONAL_STRING, value: null },
  { schema: Schemas.INT8, value: 1 },
  { schema: Schemas.INT16, value: 1 },
  { schema: Schemas.INT32, value: 1 },
  { schema: Schemas.INT64, value: 1n },
  { schema: Schemas.FLOAT32, value: 1.5 },
  { schema: Schemas.FLOAT64, value: 1e21 },
  { schema: Schemas.FLOAT64, value: 1 },
  { schema: Schemas.FLOAT64, value: Number.NaN },
  { schema: Schemas.BOOLEAN, value: true },
  { schema: Schemas.STRING, value: 'é"/x' },
  { schema: Schemas.BYTES, value: Buffer.from('hi!') },
  { schema: SchemaBuilder.array(Schemas.INT32).build(), value: [1, 2] },
  { schema: SchemaBuilder.map(Schemas.STRING, Schemas.INT32).build(), value: new Map([['a', 1]]) },
  { schema: SchemaBuilder.map(Schemas.INT32, Schemas.STRING).build(), value: new Map([[1, 'x']]) },
  { schema: SchemaBuilder.map(Schemas.OPTIONAL_STRING, Schemas.STRING).build(), value: new Map([['k', 'x']]) },
  { schema: struct, value: new Struct(struct).put('a', 1) },
  { schema: decimal, value: BigDecimal.parse('-12.30') },
  { schema: decimal, value: BigDecimal.parse('1.000') },
  { schema: ConnectDate.SCHEMA, value: new Date(1_641_600_000_000) },
  { schema: ConnectTime.SCHEMA, value: new Date(3_600_000) },
  { schema: ConnectTimestamp.SCHEMA, value: new Date(1_700_000_000_123) },
  { schema: null, value: new Map([['a', BigDecimal.parse('1.5')]]) },
  { schema: null, value: new Map([[1, 'x']]) },
  { schema: null, value: Buffer.from('hi') },
  { schema: null, value: new Date(0) },
  { schema: SchemaBuilder.string().optional().defaultValue('DEF').build(), value: null },
  { schema: Schemas.INT32, value: 'x' },
  { schema: Schemas.INT32, value: null },
];

const headers: readonly string[] = [
  ...[
    '',
    'abc',
    '1',
    '-1',
    '128',
    '40000',
    '3000000000',
    '99999999999999999999',
    '1.5',
    '1.0',
    '1e3',
    'true',
    'TRUE',
    'null',
  ],
  ...[
    '[1,2,3]',
    '[1,"a"]',
    '[]',
    '{"a":1}',
    '{}',
    '{"a":1,"b":"c"}',
    '"quoted"',
    '2020-01-02',
    '12:34:56.789Z',
    'NaN',
    ' 1 ',
  ],
  ...[
    '2020-01-02T03:04:05.678Z',
    '[1, 2.5]',
    '[1,[2]]',
    '{a:b}',
    '0x1',
    '1,2',
    '+5',
    '-',
    '[1,2',
    'null{',
    '[1970-01-03, 5]',
  ],
];

function sample<T>(values: fc.Arbitrary<T>, count: number): T[] {
  return fc.sample(values, { numRuns: count, seed: SEED });
}

const bytesOf = (texts: readonly string[]): Item[] => texts.map((text) => ({ bytes: Buffer.from(text, 'utf8') }));

/** What the converters are asked. */
export function conversationsToRecord(): readonly Conversation[] {
  const json = (config: Settings, items: readonly Item[], as: Conversation['as'] = 'value'): Conversation => ({
    className: JSON_CONVERTER,
    as,
    config,
    items,
  });
  const header = (items: readonly Item[]): Conversation => ({
    className: SIMPLE_HEADER_CONVERTER,
    as: 'header',
    config: {},
    items,
  });
  const some = sample(parts, 60);
  const broken = sample(
    fc
      .constantFrom('{"schema":{"type":"int32"},"payload":1}', '{"a":[1,"é"]}')
      .chain((text) => mutated(Buffer.from(text))),
    60,
  ).map((bytes): Item => ({ bytes }));
  return [
    json({}, [...usual, ...some.slice(0, 25)]),
    json({ 'schemas.enable': 'false' }, [...usual, ...some.slice(25, 40)], 'key'),
    json({ 'decimal.format': 'NUMERIC' }, [...usual, ...some.slice(40, 50)]),
    json({ 'replace.null.with.default': 'false' }, [...usual, ...some.slice(50)], 'header'),
    json({}, [{ bytes: null }, { bytes: new Uint8Array() }, ...bytesOf(sample(envelopes, 150)), ...broken]),
    json({ 'schemas.enable': 'false' }, [
      { bytes: null },
      { bytes: new Uint8Array() },
      ...bytesOf(sample(jsonTexts, 120)),
      ...broken,
    ]),
    header([...usual, ...some]),
    header([...bytesOf(headers), ...bytesOf(sample(headerTexts, 150)), { bytes: null }]),
    ...['UTF-8', 'ISO-8859-1', 'US-ASCII', 'UTF-16', 'UTF-16LE', 'UTF-16BE'].map(
      (encoding): Conversation => ({
        className: STRING_CONVERTER,
        as: 'value',
        config: { 'converter.encoding': encoding },
        items: [
          ...(encoding === 'UTF-8' ? usual : []),
          ...some.slice(0, 12),
          ...sample(fc.uint8Array({ maxLength: 8 }), 15).map((bytes) => ({ bytes })),
        ],
      }),
    ),
    ...['ByteArray', 'Boolean', 'Short', 'Integer', 'Long', 'Float', 'Double'].map(
      (name): Conversation => ({
        className: `org.apache.kafka.connect.converters.${name}Converter`,
        as: 'value',
        config: {},
        items: [
          ...usual.filter(({ schema }) => schema !== null),
          ...sample(scalars, 10),
          { bytes: null },
          ...[0, 1, 2, 4, 8].map((length) => ({ bytes: new Uint8Array(length).fill(length) })),
          { bytes: Uint8Array.of(0) },
        ],
      }),
    ),
  ];
}

/** What schemas, their builder and their projector are asked. */
export function dataQuestionsToRecord(): readonly DataQuestion[] {
  return sample(dataQuestions, 250);
}
