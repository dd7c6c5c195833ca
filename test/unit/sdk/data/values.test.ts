import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BigDecimal,
  ConnectDate,
  ConnectTime,
  ConnectTimestamp,
  javaDoubleText,
  javaFloatText,
  parseString,
  project,
  type Schema,
  SchemaBuilder,
  Schemas,
  Struct,
  Values,
  valuesEqual,
} from '../../../../src/sdk/data/index.ts';

describe('numeric conversions', () => {
  it.each<[unknown, number, bigint]>([
    [1.9, 1, 1n],
    [-1.9, -1, -1n],
    ['2.7', 2, 2n],
    [BigDecimal.parse('3.9'), 3, 3n],
    [2n ** 32n + 5n, 5, 2n ** 32n + 5n],
    [Number.NaN, 0, 0n],
    [1e300, -1, 2n ** 63n - 1n],
  ])('of %s', (value, integer, long) => {
    expect(Values.convertToInteger(null, value)).toBe(integer);
    expect(Values.convertToLong(null, value)).toBe(long);
  });

  it('narrow, read logical dates, and keep null', () => {
    expect(Values.convertToByte(null, 300)).toBe(44);
    expect(Values.convertToShort(null, 40000)).toBe(-25536);
    expect(Values.convertToLong(ConnectDate.SCHEMA, new Date(86_400_000 * 3))).toBe(3n);
    expect(Values.convertToInteger(ConnectTime.SCHEMA, new Date(7))).toBe(7);
    expect(Values.convertToDouble(ConnectTimestamp.SCHEMA, new Date(7))).toBe(7);
    expect(Values.convertToFloat(null, '0.1')).toBe(Math.fround(0.1));
    // A text through a double, a decimal not.
    expect(Values.convertToFloat(null, '1.0000000596046448')).toBe(1);
    expect(Values.convertToFloat(null, BigDecimal.parse('1.0000000596046448'))).toBe(1 + 2 ** -23);
    expect(parseString('1.0000000596046448').value).toBe(1 + 2 ** -23);
    expect(Values.convertToInteger(null, '\u0661\u0662')).toBe(12);
    expect(Values.convertToDouble(null, '1e400')).toBe(Number.POSITIVE_INFINITY);
    for (const convert of [
      Values.convertToByte,
      Values.convertToDouble,
      Values.convertToBoolean,
      Values.convertToString,
    ])
      expect(convert(null, null)).toBeNull();
    expect(() => Values.convertToInteger(null, 'x')).toThrow('Unable to convert x (class java.lang.String) to INT32');
    expect(() => Values.convertToLong(null, new Date(0))).toThrow('Unable to convert');
  });

  it('give booleans', () => {
    const from = [1, 0, 0.5, Number.NaN, 'true', ' false ', 5n, '2', '0.9', BigDecimal.parse('0.0')];
    const expected = [true, false, false, false, true, false, true, true, false, false];
    expect(from.map((value) => Values.convertToBoolean(null, value))).toEqual(expected);
  });

  it.each(['TRUE', 'x', '', ' 1', '1d', 'NaN', '-Infinity', Buffer.of(1)])('refuse %j', (value) => {
    for (const convert of [Values.convertToBoolean, Values.convertToLong, Values.convertToDouble, Values.convertToDate])
      if (value !== ' 1' || convert !== Values.convertToDate) expect(() => convert(null, value)).toThrow('Unable to');
  });

  it('take no boolean for a number', () => {
    for (const convert of [
      Values.convertToInteger,
      Values.convertToFloat,
      Values.convertToDecimal,
      Values.convertToTime,
    ])
      expect(() => convert(null, true)).toThrow('Unable to convert true (class java.lang.Boolean)');
  });

  it('do not multiply out a huge exponent', () => {
    const before = performance.now();
    expect(parseString('1e999999999').schema?.name).toBe('org.apache.kafka.connect.data.Decimal');
    expect(Values.convertToLong(null, '1e999999999')).toBe(0n);
    // Microseconds, or minutes.
    expect(performance.now() - before).toBeLessThan(10_000);
  });
});

it('a number of more digits than can be read in no time is a text', () => {
  const longest = '9'.repeat(100_000);
  expect(parseString(longest).schema?.name).toBe('org.apache.kafka.connect.data.Decimal');
  for (const text of [`${longest}9`, `0.${longest}`, `[${longest}9]`, `{"a":-${longest}}`])
    expect(parseString(text)).toEqual(expect.objectContaining({ schema: Schemas.STRING, value: text }));
});

describe('conversions to dates, decimals and containers', () => {
  it('read texts and numbers', () => {
    expect(Values.convertToDate(null, '2020-01-02')?.toISOString()).toBe('2020-01-02T00:00:00.000Z');
    expect(Values.convertToDate(ConnectTimestamp.SCHEMA, new Date(-1))?.getTime()).toBe(0);
    expect(Values.convertToDate(null, new Date(5))?.getTime()).toBe(5);
    expect(Values.convertToDate(Schemas.STRING, '2020-01-02T03:04:05.678Z')?.getTime()).toBe(1_577_923_200_000);
    expect(Values.convertToDate(null, 2n ** 32n)?.getTime()).toBe(0);
    expect(() => Values.convertToTimestamp(Schemas.INT64, new Date(5))).toThrow('Unable to convert');
    expect(() => Values.convertToTimestamp(ConnectDate.SCHEMA, new Date(5))).toThrow('should not have any time fields');
    expect(String(Values.convertToDecimal(null, 5))).toBe('5.0');
    expect(String(Values.convertToDecimal(null, Buffer.of(1, 0), 1))).toBe('25.6');
    expect(Values.convertToTime(ConnectTimestamp.SCHEMA, new Date(-1))?.getTime()).toBe(86_399_999);
    expect(Values.convertToTimestamp(null, 5n)?.getTime()).toBe(5);
    expect(Values.convertToDecimal(null, '1.5', 3)?.toString()).toBe('1.500');
    expect(Values.convertToList(null, '[1,"b"]')).toEqual([1, 'b']);
    expect(Values.convertToMap(null, '{"a":1}')).toEqual(new Map([['a', 1]]));
    expect(() => Values.convertToList(null, 'x')).toThrow('to Schema{ARRAY}');
    expect(() => Values.convertToStruct(null, 'x')).toThrow('to Schema{STRUCT}');
  });

  it('infer schemas', () => {
    const typeOf = (value: unknown): string | undefined => Values.inferSchema(value)?.type;
    expect(['x', 1, 1.5, 1n, true, Buffer.of(1), new Date(0)].map(typeOf)).toEqual([
      'STRING',
      'INT32',
      'FLOAT64',
      'INT64',
      'BOOLEAN',
      'BYTES',
      'INT64',
    ]);
    expect(Values.inferSchema([1, 2])?.valueSchema).toBe(Schemas.INT32);
    expect([Values.inferSchema([1, 'x']), Values.inferSchema(null), Values.inferSchema([])]).toEqual([
      null,
      null,
      null,
    ]);
  });
});

describe('texts of values', () => {
  it('escape within containers, and are read back', () => {
    expect(Values.convertToString(null, ['a"b\\c'])).toBe('["a\\"b\\\\c"]');
    const text = fc.string().filter((each) => !/^\d/.test(each));
    fc.assert(
      fc.property(
        fc.dictionary(
          text.filter((key) => key !== '__proto__'),
          fc.oneof(fc.boolean(), text),
        ),
        (entries) => {
          const map = new Map(Object.entries(entries));
          return valuesEqual(parseString(Values.convertToString(null, map)).value, map);
        },
      ),
    );
  });

  it('are read without ever throwing', () => {
    const snippet = fc.constantFrom(
      '[',
      ']',
      '{',
      '}',
      ',',
      ':',
      '"',
      '\\',
      '1',
      '-',
      '2020-01-02',
      '12:34:56.789Z',
      'null',
      'true',
      ' ',
      'a',
      '1.5',
    );
    fc.assert(
      fc.property(
        fc.array(snippet, { maxLength: 30 }).map((parts) => parts.join('')),
        (input) => {
          parseString(input);
        },
      ),
      { numRuns: 500 },
    );
    expect(parseString('['.repeat(100_000)).schema).toBe(Schemas.STRING);
  });

  it('widen the elements of containers to one schema', () => {
    const list = parseString('[1, 3000000000]');
    expect([list.schema?.valueSchema?.type, list.value]).toEqual(['INT64', [1n, 3000000000n]]);
    expect(parseString('[3000000000, 0.5]').value).toEqual([3000000000, 0.5]);
    expect(parseString('["2020-01-02"]').schema?.valueSchema?.name).toBe('org.apache.kafka.connect.data.Date');
    expect(parseString('[[1],["a"]]').schema?.valueSchema?.valueSchema?.type).toBe('STRING');
    expect(parseString('[1,"a"]').schema?.valueSchema).toBeNull();
    expect(parseString('[1970-01-03, 5]').value).toEqual([new Date(2 * 86_400_000), new Date(5 * 86_400_000)]);
    expect(parseString('[1,null]').value).toBe('[1,null]');
  });

  it('are the value of a word only if they hold nothing else', () => {
    expect(parseString('null').value).toBeNull();
    expect(parseString('null{').value).toBe('null{');
    expect(parseString(' true ').value).toBe(true);
    expect(parseString('  {').value).toBe('  {');
  });

  it('show dates of any time, and read them', () => {
    const text = (millis: number): string | null => Values.convertToString(null, new Date(millis));
    expect(text(-86_400_000)).toBe('1969-12-31');
    expect(text(-1)).toBe('1969-12-31T23:59:59.999Z');
    expect(text(86_400_000)).toBe('1970-01-02');
    expect(text(Date.UTC(10_000, 0, 1))).toBe('10000-01-01');
    // The Julian calendar was ten days behind.
    expect(text(Date.UTC(1582, 9, 14))).toBe('1582-10-04');
    expect(parseString('1582-10-04').value).toEqual(new Date(Date.UTC(1582, 9, 14)));
  });

  it('quote bytes and names of fields within containers', () => {
    const struct = new Struct(SchemaBuilder.struct().field('a"b', Schemas.BYTES).build()).put('a"b', Uint8Array.of(1));
    expect(Values.convertToString(null, [Uint8Array.of(1, 2), struct])).toBe('["AQI=",{"a\\"b":"AQ=="}]');
  });

  it('keep the exponent of a decimal', () => {
    expect(Values.convertToString(null, new BigDecimal(7n, -3))).toBe('7E+3');
  });

  it('show floating point numbers as Java does', () => {
    expect(
      [0, -0, 1, 0.001, 0.0001, 1e7, 9999999, 1.5e300, 1 / 3, Number.NaN, -1.25, 5e-324, 2000].map(javaDoubleText),
    ).toEqual([
      '0.0',
      '-0.0',
      '1.0',
      '0.001',
      '1.0E-4',
      '1.0E7',
      '9999999.0',
      '1.5E300',
      '0.3333333333333333',
      'NaN',
      '-1.25',
      '4.9E-324',
      '2000.0',
    ]);
    expect([0.1, 1e10, 16777216, 3.4028235e38, 1e-45].map(javaFloatText)).toEqual([
      '0.1',
      '1.0E10',
      '1.6777216E7',
      '3.4028235E38',
      '1.4E-45',
    ]);
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (value) => Number(javaDoubleText(value)) === value,
      ),
    );
    fc.assert(
      fc.property(
        fc.float({ noNaN: true, noDefaultInfinity: true }),
        (value) => Math.fround(Number(javaFloatText(value))) === value,
      ),
    );
  });
});

describe('project', () => {
  const struct = (fields: Readonly<Record<string, Schema>>): Schema =>
    Object.entries(fields)
      .reduce((builder, [name, schema]) => builder.field(name, schema), SchemaBuilder.struct())
      .build();

  it('promotes deep inside, and fills in what is missing', () => {
    const source = struct({
      list: SchemaBuilder.array(Schemas.INT8).build(),
      map: SchemaBuilder.map(Schemas.STRING, Schemas.INT32).build(),
      gone: Schemas.INT8,
    });
    const target = struct({
      map: SchemaBuilder.map(Schemas.STRING, Schemas.FLOAT64).build(),
      list: SchemaBuilder.array(Schemas.INT64).build(),
      fresh: SchemaBuilder.string().defaultValue('d').build(),
      empty: Schemas.OPTIONAL_STRING,
    });
    const value = new Struct(source)
      .put('list', [1, 2])
      .put('map', new Map([['a', 1]]))
      .put('gone', 1);
    const projected = project(source, value, target) as Struct;
    projected.validate();
    expect(projected.values).toEqual([new Map([['a', 1]]), [1n, 2n], 'd', null]);
  });

  it('refuses, in Kafka Connect’s words', () => {
    expect(() => project(Schemas.OPTIONAL_INT32, 1, Schemas.INT32)).toThrow(
      'Writer schema is optional, however, target schema does not provide a default value.',
    );
    expect(() => project(Schemas.STRING, 'x', Schemas.INT32)).toThrow(
      'Schema type mismatch. source type: STRING and target type: INT32',
    );
    const withParameter = SchemaBuilder.int32().parameter('a', 'b').build();
    expect(() => project(withParameter, 1, Schemas.INT32)).toThrow(
      'Schema parameters not equal. source parameters: {a=b} and target parameters: null',
    );
    const inner = struct({ a: Schemas.INT64 });
    try {
      project(inner, new Struct(inner).put('a', 1n), struct({ a: Schemas.INT32 }));
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({
        name: 'SchemaProjectorError',
        message: 'Error projecting a',
        cause: { message: expect.stringContaining('type mismatch') },
      });
    }
  });

  it('keeps null', () => expect(project(Schemas.OPTIONAL_INT32, null, Schemas.OPTIONAL_INT64)).toBeNull());
});
