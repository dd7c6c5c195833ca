import { describe, expect, it } from 'vitest';
import { JsonConverter } from '../../../src/converters/json/json-converter.ts';
import {
  BigDecimal,
  Decimal,
  isStruct,
  type SchemaAndValue,
  SchemaBuilder,
  Schemas,
  Struct,
} from '../../../src/sdk/data/index.ts';
import { ConfigError, DataError } from '../../../src/sdk/errors/index.ts';
import { contextFor } from './converter-context.ts';

function converterOf(config: Record<string, string> = {}): JsonConverter {
  const converter = new JsonConverter();
  converter.configure(config, contextFor('value'));
  return converter;
}
const withSchema = converterOf();
const plain = converterOf({ 'schemas.enable': 'false' });
const read = (text: string, converter = withSchema): SchemaAndValue => converter.toConnectData('t', Buffer.from(text));
const write = (...args: [Parameters<JsonConverter['fromConnectData']>[1], unknown, JsonConverter?]): string =>
  String(Buffer.from((args[2] ?? plain).fromConnectData('t', args[0], args[1]) ?? 'null bytes'));
const payload = (schema: unknown, json: string, converter = withSchema): unknown =>
  read(`{"schema":${JSON.stringify(schema)},"payload":${json}}`, converter).value;

describe('INT64 is exact', () => {
  it.each([9007199254740993n, -9223372036854775808n, 9223372036854775807n, 0n])('%s', (value) => {
    expect(write(Schemas.INT64, value)).toBe(String(value));
    expect(write(null, value)).toBe(String(value));
    expect(read(String(value), plain).value).toBe(value);
    expect(payload({ type: 'int64' }, String(value))).toBe(value);
  });

  it('within containers, strings with digits beside', () => {
    const { value } = read('{"card":"1234567890123456","n":12345678901234567,"f":0.12345678901234566}', plain);
    expect(value).toEqual(
      new Map<string, unknown>([
        ['card', '1234567890123456'],
        ['n', 12345678901234567n],
        ['f', 0.12345678901234566],
      ]),
    );
  });

  it('wraps beyond 64 bits, as Java does', () => {
    expect(read('18446744073709551617', plain).value).toBe(1n);
    expect(payload({ type: 'int32' }, '4294967297')).toBe(1);
  });
});

describe('without a schema', () => {
  it.each<[string, unknown]>([
    ['1', 1n],
    ['1.0', 1],
    ['1e2', 100],
    ['-0.5', -0.5],
    ['"é"', 'é'],
    ['true', true],
    ['null', null],
    ['', null],
    ['[1,[2.5]]', [1n, [2.5]]],
    ['{"a":null}', new Map([['a', null]])],
    [' { "a" : [ ] } ', new Map([['a', []]])],
  ])('reads %j', (text, expected) => {
    const { schema, value } = read(text, plain);
    expect(schema).toBeNull();
    expect(value).toEqual(expected);
  });

  it('keeps a member called __proto__', () => {
    expect(read('{"__proto__":1}', plain).value).toEqual(new Map([['__proto__', 1n]]));
    expect(read('{"__proto__":1.0}', plain).value).toEqual(new Map([['__proto__', 1]]));
  });

  it.each<[unknown, string]>([
    [1, '1'],
    [1.5, '1.5'],
    [-0, '-0.0'],
    [1e21, '1.0E21'],
    [1e-5, '1.0E-5'],
    [{ a: 1, b: [true] }, '{"a":1,"b":[true]}'],
    ['\u0001\u001f\\u001f"\n', '"\\u0001\\u001F\\\\u001f\\"\\n"'],
    [
      new Map<unknown, unknown>([
        ['a', 1],
        [2, 'b'],
      ]),
      '[["a",1],[2,"b"]]',
    ],
  ])('writes %j', (value, expected) => expect(write(null, value)).toBe(expected));

  it('gives the schema null in the envelope', () => {
    expect(write(null, 'x', withSchema)).toBe('{"schema":null,"payload":"x"}');
    expect(read('{"schema":null,"payload":[1]}')).toMatchObject({ schema: null, value: [1n] });
  });
});

describe('the envelope', () => {
  const message = /^JsonConverter with schemas.enable requires "schema" and "payload" fields and may not contain/;
  it.each(['1', '{}', '[]', '', '{"schema":null}', '{"schema":null,"payload":1,"more":2}', '{"payload":1,"x":2}'])(
    'is asked for: %j',
    (text) => expect(() => read(text)).toThrow(message),
  );

  it.each([
    '{',
    '{"schema":{"type":"int32"},"payload":1',
    '{"schema":{"type":"int32"},"payload":}',
    'nope',
    '{"a":1.}',
  ])('has to be JSON: %j', (text) => {
    for (const converter of [withSchema, plain]) {
      expect(() => read(text, converter)).toThrow(
        'Converting byte[] to Kafka Connect data failed due to serialization error: ',
      );
    }
  });

  it.each<[string, string, unknown]>([
    ['leading zeros', '007', 7n],
    ['what follows the value', '{} {"a":1}', new Map()],
    ['a byte order mark', '\ufeff"a"', 'a'],
    ['nothing but blanks', ' \n', null],
    ['what can be no part of a word for it', 'true$', true],
    ['a thousand digits', `-00${'1'.repeat(1000)}`, BigInt.asIntN(64, -BigInt('1'.repeat(1000)))],
  ])('takes %s as Kafka Connect does', (_what, text, value) => {
    expect(read(text, plain).value).toEqual(value);
  });

  it.each(['12x', 'nullx', 'null\u20ac', 'null\u00d7', '[null$]', '[1 2]', '"a\u0001"', '205e8058070448'])(
    'takes no %j',
    (text) => {
      expect(() => read(text, plain)).toThrow(DataError);
    },
  );

  it('is read in the encoding that its first bytes tell, and in no broken one', () => {
    const bytesOf = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');
    const value = (hex: string): unknown => plain.toConnectData('t', bytesOf(hex)).value;
    expect(value('22 00 e9 00 22 00')).toBe('\u00e9');
    expect(value('00 22 00 e9 00 22')).toBe('\u00e9');
    expect(value('fe ff 00 22 00 e9 00 22')).toBe('\u00e9');
    expect(value('00 00 00 22 00 01 f6 00 00 00 00 22')).toBe('\u{1f600}');
    // In UTF-8 a sign of two bytes must not follow a word.
    expect(value('00 74 00 72 00 75 00 65 00 d7')).toBe(true);
    // Half a unit of UTF-16, or half a pair, is a sign like others; half a character of UTF-32 must not be met.
    expect(value('00 74 00 72 00 75 00 65 00')).toBe(true);
    expect(value('00 22 d8 00 00 61 00 22')).toBe('\ufffd');
    expect(value('5b 00 00 00 5d 00 00 00 00')).toEqual([]);
    expect(value('ef bb bf 20')).toBe(null);
    const word = '00 00 00 74 00 00 00 72 00 00 00 75 00 00 00 65';
    expect(value(`${word} 00 00 d8 00`)).toBe(true);
    const far = '5b 00 00 00 5d 00 00 00 00 00 11 00';
    for (const broken of [`${word} 00`, far, 'ef bb bf', '22 ff 22', '22 c3 22', '22 c1 81 22', '6e 75 6c 6c ff']) {
      expect(() => value(broken), broken).toThrow(DataError);
    }
  });

  it('may nest 1000 deep and no deeper', () => {
    expect(() => read('['.repeat(1001) + ']'.repeat(1001), plain)).toThrow(
      /^Converting byte\[\] to Kafka Connect data/,
    );
    expect(() => read('['.repeat(100_000) + ']'.repeat(100_000), plain)).toThrow(DataError);
  });

  it('may hide nothing behind its payload', () => {
    read('{"schema":{"type":"int32"},"payload":1}');
    expect(() => read('{"schema":{"type":"int32"},"payload":1,"payload2":2}')).toThrow(message);
    expect(read('{"schema":{"type":"int32"},"payload":1,"payload":2}').value).toBe(2);
  });

  it.each<[unknown, string]>([
    [{ type: 'zz' }, 'Unknown schema type: zz'],
    [{}, "Schema must contain 'type' field"],
    [{ type: 'array' }, 'Array schema did not specify the element type'],
    [{ type: 'map', values: { type: 'int8' } }, 'Map schema did not specify the key type'],
    [{ type: 'map', keys: { type: 'int8' } }, 'Map schema did not specify the value type'],
    [{ type: 'struct' }, 'Struct schema\'s "fields" argument is not an array.'],
    [{ type: 'struct', fields: [{ type: 'int8' }] }, "Struct schema's field name not specified properly"],
    [{ type: 'int8', parameters: { a: 1 } }, 'Schema parameters must have string values.'],
  ])('refuses the schema %j', (schema, expected) => {
    expect(() => payload(schema, '1')).toThrow(expected);
    expect(() => payload(schema, '1')).toThrow(DataError);
  });

  it('reads the attributes of a schema', () => {
    const schema = SchemaBuilder.struct()
      .name('n.S')
      .version(2)
      .doc('d')
      .parameter('p', 'v')
      .field('toString', Schemas.OPTIONAL_STRING)
      .field('l', SchemaBuilder.int64().defaultValue(9007199254740993n).build())
      .build();
    const bytes = withSchema.fromConnectData('t', schema, new Struct(schema).put('l', 1n));
    const back = withSchema.toConnectData('t', bytes);
    expect(back.schema?.equals(schema)).toBe(true);
    // A member that is not there must not be found on Object.prototype.
    const missing = payload({ type: 'struct', fields: [{ type: 'string', optional: true, field: 'toString' }] }, '{}');
    expect(isStruct(missing) && missing.get('toString')).toBeNull();
  });
});

describe('values of a schema are read as laxly as Jackson does', () => {
  it.each<[unknown, string, unknown]>([
    [{ type: 'int32' }, '"x"', 0],
    [{ type: 'int32' }, '1.9', 1],
    [{ type: 'int8' }, '300', 44],
    [{ type: 'int64' }, '1e3', 1000n],
    [{ type: 'boolean' }, '1', false],
    [{ type: 'double' }, '"NaN"', 0],
    [{ type: 'float' }, '1.1', Math.fround(1.1)],
    [{ type: 'string', optional: true }, '5', null],
    [{ type: 'array', items: { type: 'int32' } }, '5', []],
  ])('%j of %s', (schema, json, expected) => expect(payload(schema, json)).toEqual(expected));

  it.each<[unknown, string, string]>([
    [{ type: 'int32' }, 'null', 'Invalid null value for required INT32 field'],
    [{ type: 'bytes' }, '"%%"', 'Invalid bytes field'],
    [{ type: 'struct', fields: [] }, '[]', 'Structs should be encoded as JSON objects, but found ARRAY'],
    [
      { type: 'map', keys: { type: 'string' }, values: { type: 'int8' } },
      '[]',
      'Maps with string fields should be encoded as JSON objects, but found ARRAY',
    ],
    [
      { type: 'map', keys: { type: 'int8' }, values: { type: 'int8' } },
      '{}',
      'Maps with non-string fields should be encoded as JSON array of tuples, but found OBJECT',
    ],
    [
      { type: 'map', keys: { type: 'int8' }, values: { type: 'int8' } },
      '[[1]]',
      'Found invalid map entry, expected length 2 but found :1',
    ],
    [
      { type: 'int32', name: 'org.apache.kafka.connect.data.Date' },
      '"x"',
      'Invalid type for Date, underlying representation should be integer but was STRING',
    ],
    [
      { type: 'struct', fields: [{ type: 'string', field: 's' }] },
      '{"s":1}',
      'Invalid value: null used for required field: "s", schema type: STRING',
    ],
  ])('but not %j of %s', (schema, json, expected) => {
    expect(() => payload(schema, json)).toThrow(expected);
    expect(() => payload(schema, json)).toThrow(DataError);
  });
});

describe('decimals', () => {
  const schema = Decimal.schema(2);
  const decimal = { type: 'bytes', name: 'org.apache.kafka.connect.data.Decimal', parameters: { scale: '2' } };

  it('are written as numbers or in base64', () => {
    const numeric = converterOf({ 'schemas.enable': 'false', 'decimal.format': 'numeric' });
    expect(write(schema, BigDecimal.parse('12.30'), numeric)).toBe('12.30');
    expect(write(schema, BigDecimal.parse('12.30'))).toBe('"BM4="');
    expect(() => write(schema, BigDecimal.parse('1.2'))).toThrow('mismatching scale');
  });

  it.each([
    ['12.3', '12.3'],
    ['12.30', '12.30'],
    ['12', '12'],
    ['"BM4="', '12.30'],
    ['123456789012345678901234567890.12', '123456789012345678901234567890.12'],
  ])('are read from both: %s', (json, expected) => expect(String(payload(decimal, json))).toBe(expected));
});

describe('replace.null.with.default', () => {
  const schema = SchemaBuilder.struct()
    .field('a', SchemaBuilder.string().optional().defaultValue('dd').build())
    .build();
  const json = { type: 'struct', fields: [{ type: 'string', optional: true, default: 'dd', field: 'a' }] };

  it.each([
    ['true', '{"a":"dd"}', 'dd'],
    ['false', '{"a":null}', null],
  ])('%s', (setting, text, value) => {
    const config = { 'replace.null.with.default': setting };
    expect(write(schema, new Struct(schema), converterOf({ ...config, 'schemas.enable': 'false' }))).toBe(text);
    const back = payload(json, '{"a":null}', converterOf(config));
    expect(isStruct(back) && back.getWithoutDefault('a')).toBe(value);
  });
});

describe('many schemas', () => {
  it('are told apart, whatever was read before', () => {
    const converter = converterOf({ 'schemas.cache.size': '2' });
    for (let round = 0; round < 3; round++) {
      for (let version = 1; version <= 12; version++) {
        const text = `{"schema":{"type":"int32","version":${version}},"payload":${version}}`;
        const back = read(text, converter);
        expect([back.schema?.version, back.value]).toEqual([version, version]);
      }
    }
  });

  it('may be as many objects as records', () => {
    for (let record = 0; record < 20; record++) {
      const schema = SchemaBuilder.struct().field('a', Schemas.INT32).build();
      const text = write(schema, new Struct(schema).put('a', record), withSchema);
      expect(JSON.parse(text).payload).toEqual({ a: record });
    }
    const other = SchemaBuilder.struct().field('b', Schemas.INT32).build();
    const schema = SchemaBuilder.struct().field('a', Schemas.INT32).build();
    expect(() => write(schema, new Struct(other).put('b', 1))).toThrow('Mismatching schema.');
  });
});

it('names every wrong setting', () => {
  expect(() => converterOf({ 'decimal.format': 'HEX', 'schemas.enable': 'perhaps' })).toThrow(ConfigError);
});
