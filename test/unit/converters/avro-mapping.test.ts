import { describe, expect, it } from 'vitest';
import { AVRO_DATA_DEFAULTS, type AvroDataOptions } from '../../../src/converters/avro/avro-data-options.ts';
import { scrubFullName, scrubName } from '../../../src/converters/avro/avro-names.ts';
import { parseAvroSchema } from '../../../src/converters/avro/avro-schema.ts';
import { avroSchemaTextOf } from '../../../src/converters/avro/to-avro-schema.ts';
import { connectSchemaOf } from '../../../src/converters/avro/to-connect-schema.ts';
import {
  BigDecimal,
  ConnectDate,
  ConnectTime,
  ConnectTimestamp,
  Decimal,
  isStruct,
  type Schema,
  SchemaBuilder,
  Schemas,
  Struct,
} from '../../../src/sdk/data/index.ts';
import { DataError } from '../../../src/sdk/errors/index.ts';

const toAvro = (schema: Schema | null, options: Partial<AvroDataOptions> = {}): unknown =>
  JSON.parse(avroSchemaTextOf(schema, { ...AVRO_DATA_DEFAULTS, ...options }));
const toConnect = (avro: unknown, options: Partial<AvroDataOptions> = {}, version?: number): Schema | null =>
  connectSchemaOf(
    parseAvroSchema(JSON.stringify(avro)),
    { ...AVRO_DATA_DEFAULTS, ...options },
    {
      version: version ?? null,
    },
  );

const enumSchema = SchemaBuilder.string()
  .name('n.Color')
  .parameter('io.confluent.connect.avro.Enum', 'n.Color')
  .parameter('io.confluent.connect.avro.Enum.RED', 'RED')
  .parameter('io.confluent.connect.avro.Enum.BLUE', 'BLUE')
  .build();
const union = SchemaBuilder.struct()
  .name('io.confluent.connect.avro.Union')
  .field('int', Schemas.OPTIONAL_INT32)
  .field('string', Schemas.OPTIONAL_STRING)
  .optional()
  .build();

describe('Connect schemas become the Avro schemas of Confluent’s converter', () => {
  it.each<[string, Schema, unknown, Partial<AvroDataOptions>?]>([
    ['INT8', Schemas.INT8, { type: 'int', 'connect.type': 'int8' }],
    ['INT16', Schemas.INT16, { type: 'int', 'connect.type': 'int16' }],
    ['INT32', Schemas.INT32, 'int'],
    ['INT64', Schemas.INT64, 'long'],
    ['FLOAT32', Schemas.FLOAT32, 'float'],
    ['FLOAT64', Schemas.FLOAT64, 'double'],
    ['BOOLEAN', Schemas.BOOLEAN, 'boolean'],
    ['STRING', Schemas.STRING, 'string'],
    ['BYTES', Schemas.BYTES, 'bytes'],
    ['optional', Schemas.OPTIONAL_INT64, ['null', 'long']],
    [
      'optional with a default',
      SchemaBuilder.string().optional().defaultValue('x').build(),
      [{ type: 'string', 'connect.default': 'x' }, 'null'],
    ],
    [
      'an enum without the setting',
      enumSchema,
      {
        type: 'string',
        'connect.parameters': {
          'io.confluent.connect.avro.Enum': 'n.Color',
          'io.confluent.connect.avro.Enum.RED': 'RED',
          'io.confluent.connect.avro.Enum.BLUE': 'BLUE',
        },
        'connect.name': 'n.Color',
      },
    ],
    [
      'an enum',
      enumSchema,
      { type: 'enum', name: 'Color', namespace: 'n', symbols: ['RED', 'BLUE'] },
      {
        enhancedSchemaSupport: true,
        connectMetaData: false,
      },
    ],
    [
      'an enum in the generalized form',
      SchemaBuilder.string()
        .name('n.Color')
        .parameter('org.apache.kafka.connect.data.Enum', 'n.Color')
        .parameter('org.apache.kafka.connect.data.Enum.RED', '0')
        .build(),
      { type: 'enum', name: 'Color', namespace: 'n', symbols: ['RED'] },
      { generalizedSumTypes: true, connectMetaData: false },
    ],
    [
      'fixed',
      SchemaBuilder.bytes().name('n.F').parameter('connect.fixed.size', '4').build(),
      {
        type: 'fixed',
        name: 'F',
        namespace: 'n',
        size: 4,
        'connect.parameters': { 'connect.fixed.size': '4' },
        'connect.name': 'n.F',
      },
    ],
    [
      'Decimal',
      Decimal.schema(2),
      {
        type: 'bytes',
        scale: 2,
        precision: 64,
        'connect.version': 1,
        'connect.parameters': { scale: '2' },
        'connect.name': 'org.apache.kafka.connect.data.Decimal',
        logicalType: 'decimal',
      },
    ],
    [
      'Decimal with a precision',
      Decimal.builder(2).parameter('connect.decimal.precision', '10').build(),
      { type: 'bytes', scale: 2, precision: 10, logicalType: 'decimal' },
      { connectMetaData: false },
    ],
    [
      'Decimal of a negative scale',
      Decimal.schema(-1),
      { type: 'bytes', scale: -1, precision: 64, logicalType: 'decimal' },
      { connectMetaData: false },
    ],
    ['Date', ConnectDate.SCHEMA, { type: 'int', logicalType: 'date' }, { connectMetaData: false }],
    ['Time', ConnectTime.SCHEMA, { type: 'int', logicalType: 'time-millis' }, { connectMetaData: false }],
    [
      'Timestamp',
      ConnectTimestamp.SCHEMA,
      { type: 'long', logicalType: 'timestamp-millis' },
      { connectMetaData: false },
    ],
    ['ARRAY', SchemaBuilder.array(Schemas.OPTIONAL_INT32).build(), { type: 'array', items: ['null', 'int'] }],
    ['MAP', SchemaBuilder.map(Schemas.STRING, Schemas.INT32).build(), { type: 'map', values: 'int' }],
    [
      'MAP of optional keys',
      SchemaBuilder.map(Schemas.OPTIONAL_STRING, Schemas.INT32).build(),
      {
        type: 'array',
        items: {
          type: 'record',
          name: 'MapEntry',
          namespace: 'io.confluent.connect.avro',
          fields: [
            { name: 'key', type: ['null', 'string'], default: null },
            { name: 'value', type: 'int' },
          ],
        },
      },
    ],
    [
      'MAP of optional keys, allowed',
      SchemaBuilder.map(Schemas.OPTIONAL_STRING, Schemas.INT32).build(),
      { type: 'map', values: 'int' },
      { allowOptionalMapKeys: true },
    ],
    [
      'a named MAP of other keys',
      SchemaBuilder.map(Schemas.INT32, Schemas.INT32).name('n.M').build(),
      {
        type: 'array',
        items: {
          type: 'record',
          name: 'M',
          namespace: 'n',
          fields: [
            { name: 'key', type: 'int' },
            { name: 'value', type: 'int' },
          ],
          'connect.internal.type': 'MapEntry',
        },
        'connect.name': 'n.M',
      },
    ],
    ['a union', union, ['null', 'int', 'string']],
    [
      'a STRUCT without a name, within another',
      SchemaBuilder.struct()
        .field('inner', SchemaBuilder.struct().field('a', Schemas.INT32).build())
        .field('again', SchemaBuilder.struct().field('a', Schemas.INT32).optional().build())
        .build(),
      {
        type: 'record',
        name: 'ConnectDefault',
        namespace: 'io.confluent.connect.avro',
        fields: [
          { name: 'inner', type: { type: 'record', name: 'ConnectDefault2', fields: [{ name: 'a', type: 'int' }] } },
          { name: 'again', type: ['null', 'ConnectDefault2'], default: null },
        ],
      },
    ],
    [
      'a STRUCT with everything',
      SchemaBuilder.struct()
        .name('n.S')
        .version(3)
        .doc('what it is')
        .parameter('p', 'v')
        .parameter('avro.java.string', 'String')
        .field('a', SchemaBuilder.int32().defaultValue(5).build())
        .field('b', SchemaBuilder.bytes().defaultValue(Uint8Array.of(0xff, 1)).build())
        .field('f', SchemaBuilder.float64().defaultValue(1).build())
        .field('nan', SchemaBuilder.float64().defaultValue(Number.NaN).build())
        .build(),
      {
        type: 'record',
        name: 'S',
        namespace: 'n',
        fields: [
          { name: 'a', type: { type: 'int', 'connect.default': 5 }, default: 5 },
          { name: 'b', type: { type: 'bytes', 'connect.default': '\u00ff\u0001' }, default: '\u00ff\u0001' },
          { name: 'f', type: { type: 'double', 'connect.default': 1 }, default: 1 },
          { name: 'nan', type: { type: 'double', 'connect.default': 'NaN' } },
        ],
        'connect.doc': 'what it is',
        'connect.version': 3,
        'connect.parameters': { p: 'v', 'avro.java.string': 'String' },
        'connect.name': 'n.S',
        'avro.java.string': 'String',
      },
    ],
    [
      'names to be scrubbed',
      SchemaBuilder.struct().name('a-b.1c d').field('é', Schemas.INT32).build(),
      {
        type: 'record',
        name: 'x1c_d',
        namespace: 'a_b',
        fields: [{ name: '_C3_A9', type: 'int' }],
        'connect.name': 'a-b.1c d',
      },
      { scrubInvalidNames: true },
    ],
  ])('%s', (_what, schema, expected, options) => {
    expect(toAvro(schema, options)).toEqual(expected);
  });

  it('in Java’s order of members and form of numbers', () => {
    const schema = SchemaBuilder.struct()
      .name('n.S')
      .field('d', SchemaBuilder.float64().defaultValue(1).build())
      .field('l', SchemaBuilder.int64().defaultValue(9007199254740993n).build())
      .build();
    expect(avroSchemaTextOf(schema, AVRO_DATA_DEFAULTS)).toBe(
      '{"type":"record","name":"S","namespace":"n","fields":[' +
        '{"name":"d","type":{"type":"double","connect.default":1.0},"default":1.0},' +
        '{"name":"l","type":{"type":"long","connect.default":9007199254740993},"default":9007199254740993}],' +
        '"connect.name":"n.S"}',
    );
  });

  it('the docs of records and fields, which travel as parameters', () => {
    const schema = SchemaBuilder.struct()
      .name('S')
      .parameter('io.confluent.connect.avro.record.doc', 'a record')
      .parameter('io.confluent.connect.avro.field.doc.a', 'a field')
      .field('a', Schemas.INT32)
      .build();
    expect(toAvro(schema, { connectMetaData: false })).toEqual({
      type: 'record',
      name: 'S',
      doc: 'a record',
      fields: [{ name: 'a', type: 'int', doc: 'a field' }],
    });
  });

  it('parameters of a named type’s second use stand with the field', () => {
    const inner = (value: string): Schema =>
      SchemaBuilder.struct().name('I').parameter('p', value).field('a', Schemas.INT32).build();
    const schema = SchemaBuilder.struct().name('S').field('x', inner('1')).field('y', inner('2')).build();
    expect((toAvro(schema) as { fields: unknown[] }).fields[1]).toEqual({
      name: 'y',
      type: 'I',
      'connect.parameters': { p: '2' },
    });
    const back = toConnect(toAvro(schema));
    expect(back?.field('x')?.schema.parameters?.get('p')).toBe('1');
    expect(back?.field('y')?.schema.parameters?.get('p')).toBe('2');
  });

  it('refuses one name for two shapes, and names that Avro does not take', () => {
    const schema = SchemaBuilder.struct()
      .name('S')
      .field('x', SchemaBuilder.struct().name('I').field('a', Schemas.INT32).build())
      .field('y', SchemaBuilder.struct().name('I').field('b', Schemas.INT32).build())
      .build();
    expect(() => toAvro(schema)).toThrow("Can't redefine: I");
    expect(() => toAvro(SchemaBuilder.struct().name('a-b').build())).toThrow(DataError);
  });

  it('warns of a default that Avro does not allow', () => {
    const warnings: unknown[] = [];
    const map = SchemaBuilder.map(Schemas.INT32, Schemas.INT32)
      .defaultValue(new Map([[1, 2]]))
      .build();
    const schema = SchemaBuilder.struct().name('S').field('m', map).build();
    const text = avroSchemaTextOf(schema, AVRO_DATA_DEFAULTS, (_message, fields) => warnings.push(fields));
    expect(warnings).toEqual([{ field: 'm' }]);
    const [field] = (JSON.parse(text) as { fields: Record<string, unknown>[] }).fields;
    expect(field).not.toHaveProperty('default');
    expect(toConnect(JSON.parse(text))?.field('m')?.schema.defaultValue).toEqual(new Map([[1, 2]]));
  });
});

describe('Avro schemas become the Connect schemas of Confluent’s converter', () => {
  it.each<[string, unknown, Schema | null, Partial<AvroDataOptions>?]>([
    ['an int of 8 bits', { type: 'int', 'connect.type': 'int8' }, Schemas.INT8],
    ['micros, which Connect lacks', { type: 'long', logicalType: 'timestamp-micros' }, Schemas.INT64],
    ['uuid', { type: 'string', logicalType: 'uuid' }, Schemas.STRING],
    ['date', { type: 'int', logicalType: 'date' }, ConnectDate.SCHEMA],
    ['time-millis', { type: 'int', logicalType: 'time-millis' }, ConnectTime.SCHEMA],
    ['timestamp-millis', { type: 'long', logicalType: 'timestamp-millis' }, ConnectTimestamp.SCHEMA],
    ['decimal', { type: 'bytes', logicalType: 'decimal', precision: 64, scale: 3 }, Decimal.schema(3)],
    [
      'decimal of a precision, fixed',
      { type: 'fixed', name: 'F', size: 8, logicalType: 'decimal', precision: 18, scale: 3 },
      Decimal.builder(3).parameter('connect.decimal.precision', '18').build(),
    ],
    [
      'fixed',
      { type: 'fixed', name: 'F', namespace: 'n', size: 8 },
      SchemaBuilder.bytes().name('n.F').parameter('connect.fixed.size', '8').build(),
    ],
    ['enum', { type: 'enum', name: 'Color', namespace: 'n', symbols: ['RED', 'BLUE'] }, enumSchema],
    ['null or a type', ['null', 'string'], Schemas.OPTIONAL_STRING],
    ['a type or null', ['string', 'null'], Schemas.OPTIONAL_STRING],
    ['one type', ['string'], Schemas.STRING],
    [
      'one type, not flattened',
      ['string'],
      SchemaBuilder.struct().name('io.confluent.connect.avro.Union').field('string', Schemas.OPTIONAL_STRING).build(),
      { flattenSingletonUnions: false },
    ],
    ['more types', ['null', 'int', 'string'], union],
    [
      'named types in a union',
      ['int', { type: 'record', name: 'R', namespace: 'n', fields: [] }],
      SchemaBuilder.struct()
        .name('io.confluent.connect.avro.Union')
        .field('int', Schemas.OPTIONAL_INT32)
        .field('R', SchemaBuilder.struct().name('n.R').optional().build())
        .build(),
    ],
    [
      'named types in a union, enhanced',
      ['int', { type: 'record', name: 'R', namespace: 'n', fields: [] }],
      SchemaBuilder.struct()
        .name('io.confluent.connect.avro.Union')
        .field('int', Schemas.OPTIONAL_INT32)
        .field('n.R', SchemaBuilder.struct().name('n.R').optional().build())
        .build(),
      { enhancedSchemaSupport: true },
    ],
    [
      'a union in the generalized form',
      ['int', 'string'],
      SchemaBuilder.struct()
        .name('connect_union_0')
        .parameter('org.apache.kafka.connect.data.Union', 'connect_union_0')
        .field('connect_union_field_0', Schemas.OPTIONAL_INT32)
        .field('connect_union_field_1', Schemas.OPTIONAL_STRING)
        .build(),
      { generalizedSumTypes: true },
    ],
    [
      'a record by the default name',
      { type: 'record', name: 'ConnectDefault2', namespace: 'io.confluent.connect.avro', fields: [] },
      SchemaBuilder.struct().build(),
    ],
    [
      'the default of a field',
      { type: 'record', name: 'R', fields: [{ name: 'a', type: 'int', default: 7 }] },
      SchemaBuilder.struct()
        .name('R')
        .field(
          'a',
          SchemaBuilder.int32().parameter('io.confluent.connect.avro.field.default', 'true').defaultValue(7).build(),
        )
        .build(),
    ],
    [
      'the default that Connect gave',
      {
        type: 'record',
        name: 'R',
        fields: [{ name: 'a', type: [{ type: 'int', 'connect.default': 7 }, 'null'], default: 7 }],
      },
      SchemaBuilder.struct().name('R').field('a', SchemaBuilder.int32().optional().defaultValue(7).build()).build(),
    ],
    [
      'properties that begin with avro',
      { type: 'string', 'avro.java.string': 'String' },
      SchemaBuilder.string().parameter('avro.java.string', 'String').build(),
    ],
    [
      'docs',
      { type: 'record', name: 'R', doc: 'real', 'connect.doc': 'connect', fields: [] },
      SchemaBuilder.struct().name('R').parameter('io.confluent.connect.avro.record.doc', 'real').doc('connect').build(),
    ],
    [
      'docs of the type',
      { type: 'record', name: 'R', doc: 'real', 'connect.doc': 'connect', fields: [] },
      SchemaBuilder.struct().name('R').parameter('connect.record.doc', 'real').doc('real').build(),
      { discardTypeDocDefault: true },
    ],
  ])('%s', (_what, avro, expected, options) => {
    const actual = toConnect(avro, options);
    expect(actual?.equals(expected), `${String(actual)} ${JSON.stringify([...(actual?.parameters ?? [])])}`).toBe(true);
  });

  it('with the registry’s version where the schema names none', () => {
    expect(toConnect({ type: 'record', name: 'R', fields: [] }, {}, 4)?.version).toBe(4);
    expect(toConnect({ type: 'record', name: 'R', fields: [], 'connect.version': 9 }, {}, 4)?.version).toBe(9);
  });

  it('null for the record of values without a schema', () => {
    expect(toConnect(toAvro(null))).toBeNull();
  });

  it('refuses what Connect has no place for', () => {
    expect(() => toConnect('null')).toThrow('Standalone null schemas are not supported by this converter');
    expect(() => toConnect({ type: 'int', 'connect.type': 'int9' })).toThrow(
      'Connect type annotation for Avro int field is null',
    );
    expect(() => toConnect('n.Unknown')).toThrow(DataError);
  });

  it('a record within itself, and back', () => {
    const avro = {
      type: 'record',
      name: 'Node',
      namespace: 'n',
      fields: [
        { name: 'value', type: 'int' },
        { name: 'next', type: ['null', 'Node'], default: null },
        { name: 'children', type: { type: 'array', items: 'Node' } },
      ],
      'connect.name': 'n.Node',
    };
    const schema = toConnect(avro);
    const next = schema?.field('next')?.schema;
    expect(next?.optional).toBe(true);
    expect(next?.fields.map((field) => field.name)).toEqual(['value', 'next', 'children']);
    expect(toAvro(schema)).toEqual(avro);
    // The same text read twice: the comparison ends.
    expect(toConnect(avro)?.equals(schema)).toBe(true);
    if (next === undefined || schema === null) return expect.unreachable();
    const inner = new Struct(next).put('value', 2).put('children', []);
    expect(new Struct(schema).put('value', 1).put('next', inner).put('children', []).get('next')).toBe(inner);
  });
});

describe('scrubbing', () => {
  it.each([
    ['valid_1', 'valid_1'],
    ['1a', 'x1a'],
    ['a b', 'a_b'],
    ['é', '_C3_A9'],
    ['a*b', 'a_b'],
    ['', ''],
    ['a.b-c', 'a_b_c'],
  ])('%j becomes %j', (name, expected) => expect(scrubName(name)).toBe(expected));

  it('keeps the dots of the names of types', () => {
    expect(scrubFullName('a.b-c.1')).toBe('a.b_c.x1');
    expect(scrubFullName('a.b.')).toBe('a.b');
  });
});

describe('defaults come back as they were', () => {
  const inner = SchemaBuilder.struct().name('I').field('a', Schemas.INT32).field('b', Schemas.OPTIONAL_STRING).build();
  const array = (): SchemaBuilder => SchemaBuilder.array(Schemas.INT64);
  const map = (): SchemaBuilder => SchemaBuilder.map(Schemas.STRING, Schemas.BOOLEAN);
  const intMap = (): SchemaBuilder => SchemaBuilder.map(Schemas.INT32, Schemas.STRING).name('n.M');

  it.each<[string, () => SchemaBuilder, unknown]>([
    ['INT8', () => SchemaBuilder.int8(), -5],
    ['INT64', () => SchemaBuilder.int64(), -9007199254740993n],
    ['FLOAT32', () => SchemaBuilder.float32(), 1.5],
    ['FLOAT64', () => SchemaBuilder.float64(), 1e300],
    ['NaN', () => SchemaBuilder.float64(), Number.NaN],
    ['BOOLEAN', () => SchemaBuilder.bool(), true],
    ['STRING', () => SchemaBuilder.string(), 'é"'],
    ['BYTES', () => SchemaBuilder.bytes(), Uint8Array.of(0, 127, 128, 255)],
    ['Decimal', () => Decimal.builder(2), BigDecimal.parse('-12.30')],
    ['Date', () => ConnectDate.builder(), new Date(86_400_000)],
    ['Time', () => ConnectTime.builder(), new Date(1000)],
    ['Timestamp', () => ConnectTimestamp.builder(), new Date(1_700_000_000_123)],
    ['ARRAY', array, [1n, 2n]],
    ['MAP', map, new Map([['x', false]])],
    ['MAP of other keys', intMap, new Map([[1, 'x']])],
    [
      'STRUCT',
      () => SchemaBuilder.struct().name('I').field('a', Schemas.INT32).field('b', Schemas.OPTIONAL_STRING),
      new Struct(inner).put('a', 1),
    ],
  ])('of %s', (_what, builder, value) => {
    for (const isOptional of [false, true]) {
      const complete = isOptional ? builder().optional().build() : builder().build();
      const fitting = isStruct(value) ? new Struct(complete).put('a', 1) : value;
      const part = isOptional ? builder().optional() : builder();
      const schema = SchemaBuilder.struct().name('S').field('f', part.defaultValue(fitting).build()).build();
      const back = connectSchemaOf(parseAvroSchema(avroSchemaTextOf(schema, AVRO_DATA_DEFAULTS)), AVRO_DATA_DEFAULTS);
      const found = back?.field('f')?.schema;
      expect(found?.optional).toBe(isOptional);
      if (isStruct(value)) expect(String(found?.defaultValue)).toBe('Struct{a=1}');
      else expect(back?.equals(schema)).toBe(true);
    }
  });
});
