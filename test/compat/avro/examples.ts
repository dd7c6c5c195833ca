/** For each of the allowed differences a case that meets it, so that a run does not depend on its seed. */
import { Schema, SchemaBuilder, Schemas, Struct } from '../../../src/sdk/data/index.ts';
import type { OPTION_SETS } from '../../support/avro-comparison.ts';
import type { ConnectCase } from '../../support/avro-connect-cases.ts';
import type { AvroCase } from '../../support/avro-schema-cases.ts';

export interface Example {
  readonly what: string;
  readonly given: ConnectCase | AvroCase;
  readonly options?: keyof typeof OPTION_SETS;
}

const read = (avro: unknown, hex: string, version: number | null = null): AvroCase => ({
  avro: JSON.stringify(avro),
  bytes: Buffer.from(hex, 'hex'),
  version,
});
const write = (schema: Schema, value: unknown): ConnectCase => ({ schema, value });
const record = (...fields: readonly object[]): object => ({ type: 'record', name: 'test.R', fields });
const struct = (builder: SchemaBuilder, ...values: readonly unknown[]): ConnectCase => {
  const schema = builder.build();
  const made = new Struct(schema);
  for (const [index, value] of values.entries()) made.values[index] = value;
  return { schema, value: made };
};
const withDefault = (schema: Schema, defaultValue: unknown): Schema =>
  new Schema({ ...schema, fields: schema.structFields ?? [], optional: true, defaultValue });

const fixed = SchemaBuilder.bytes().name('test.F').parameter('connect.fixed.size', '3').build();
const intMap = (value: Schema): Schema => SchemaBuilder.map(Schemas.INT32, value).build();
const generalizedEnum = SchemaBuilder.string()
  .name('test.E')
  .parameter('org.apache.kafka.connect.data.Enum', 'test.E')
  .parameter('org.apache.kafka.connect.data.Enum.A', '0');
const unnamed = { name: 'ConnectDefault2', namespace: 'io.confluent.connect.avro' };
const empty = SchemaBuilder.struct().name('test.Empty').optional().build();
const emptyWithDefault = withDefault(empty, new Struct(empty));
const decimal = { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 };

export const examples: readonly Example[] = [
  { what: 'a fixed value that is longer than its type', given: write(fixed, Buffer.from([1, 2, 3, 4])) },
  {
    what: 'the digits of a float in a default',
    given: write(SchemaBuilder.float32().defaultValue(Math.fround(-2.24e-44)).build(), 1),
  },
  {
    what: 'two types of one name that differ in what they contain',
    given: write(intMap(intMap(Schemas.STRING)), new Map()),
  },
  {
    what: 'NaN and the infinities as defaults',
    given: struct(
      SchemaBuilder.struct().name('test.R').field('f', SchemaBuilder.float64().defaultValue(Number.NaN).build()),
      1,
    ),
  },
  {
    what: 'NaN and the infinities in `connect.default`',
    given: read({ type: 'double', 'connect.default': 'NaN' }, '0000000000000000'),
  },
  {
    what: 'an enum in the other of the two forms',
    given: write(generalizedEnum.build(), 'A'),
    options: 'enhanced',
  },
  {
    what: 'records without a name that contain themselves',
    given: read({ type: 'record', ...unnamed, fields: [{ name: 'self', type: ['null', 'ConnectDefault2'] }] }, '00'),
  },
  {
    what: 'a decimal over a fixed type',
    given: read({ type: 'fixed', name: 'test.F', size: 2, logicalType: 'decimal', precision: 4, scale: 1 }, '00ff'),
  },
  { what: 'a logical type on its own with a version in the registry', given: read(decimal, '01', 3) },
  {
    what: 'branches of a union that Java does not find',
    given: read(
      record({ name: 'f', type: [{ type: 'record', ...unnamed, fields: [{ name: 'a', type: 'int' }] }, 'string'] }),
      '0002',
    ),
  },
  {
    what: 'bytes and fixed types in one union',
    given: read(['bytes', { type: 'fixed', name: 'test.F', size: 1 }], '0201'),
  },
  {
    what: 'a fixed value in a union with a later one of its size, with `generalized.sum.type.support`',
    given: read(
      [
        { type: 'fixed', name: 'test.F', size: 1 },
        { type: 'fixed', name: 'test.G', size: 1 },
      ],
      '0061',
    ),
    options: 'generalized',
  },
  {
    what: 'a map or an array behind a record without a name, in one union',
    given: read(
      record({
        name: 'f',
        type: [
          { type: 'record', ...unnamed, fields: [] },
          { type: 'map', values: 'int' },
        ],
      }),
      '020202610400',
    ),
  },
  {
    what: 'unions with null or with records that hold unions, with `generalized.sum.type.support`',
    given: read(record({ name: 'f', type: ['null', 'int', 'string'] }), '0202'),
    options: 'generalized',
  },
  {
    what: 'what a place adds to a record that contains itself, and the numbers of generalized unions in it',
    given: read(
      record(
        {
          name: 'a',
          type: {
            type: 'array',
            items: {
              type: 'record',
              name: 'test.N',
              fields: [
                { name: 'u', type: ['int', 'string'] },
                { name: 'next', type: ['null', 'test.N'] },
              ],
            },
          },
        },
        { name: 'b', type: ['null', 'test.N'] },
      ),
      '0000',
    ),
    options: 'generalized',
  },
  {
    what: 'null of a schema that has no form on the other side',
    given: write(SchemaBuilder.struct().name('test.R').optional().field('no name', Schemas.INT32).build(), null),
  },
  { what: 'names of types that begin or end with a dot', given: struct(SchemaBuilder.struct().name('test.R.')) },
  {
    what: 'other defaults of unions than numbers and texts',
    given: read(
      record({ name: 'f', type: [{ type: 'enum', name: 'test.E', symbols: ['A'] }, 'int'], default: 'A' }),
      '0202',
    ),
  },
  {
    what: 'an optional struct with a default, in an array or a map and not for the first time',
    given: struct(
      SchemaBuilder.struct()
        .name('test.R')
        .field('a', emptyWithDefault)
        .field('b', SchemaBuilder.array(emptyWithDefault).build()),
      new Struct(emptyWithDefault),
      [],
    ),
  },
  {
    what: 'structs without a name that have a struct among their defaults',
    given: read(
      record(
        {
          name: 'a',
          type: {
            type: 'record',
            ...unnamed,
            fields: [{ name: 'b', type: { type: 'record', name: 'test.S', fields: [] }, default: {} }],
          },
        },
        { name: 'c', type: 'io.confluent.connect.avro.ConnectDefault2' },
      ),
      '',
    ),
  },
  {
    what: '`scrub.invalid.names`',
    given: struct(SchemaBuilder.struct().name('a-b.é')),
    options: 'scrubbed',
  },
  {
    what: 'a default of a branch of a union',
    given: read(record({ name: 'f', type: [{ type: 'long', 'connect.default': 7 }, 'string'] }), '020261'),
  },
  { what: 'doubles in arrays', given: read({ type: 'array', items: 'double' }, '02182d4454fb21094000') },
  {
    what: 'dates that JavaScript has no Date for',
    given: read({ type: 'int', logicalType: 'date' }, 'feffffff0f'),
  },
  {
    what: 'properties that begin with `avro` and are no texts',
    given: read({ type: 'string', 'avro.thing': { a: [1] } }, '00'),
  },
  {
    what: 'parameters of a named type that is used again',
    given: read(
      record(
        { name: 'a', type: { type: 'fixed', name: 'test.F', size: 1 } },
        { name: 'b', type: 'test.F', default: '\u0001' },
      ),
      '0102',
    ),
  },
];
