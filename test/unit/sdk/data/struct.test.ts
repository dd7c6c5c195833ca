import { describe, expect, it } from 'vitest';
import {
  BigDecimal,
  ConnectTimestamp,
  Decimal,
  SchemaBuilder,
  Schemas,
  Struct,
  structFromValues,
  typeNameOf,
} from '../../../../src/sdk/data/index.ts';

const INNER = SchemaBuilder.struct().optional().field('x', Schemas.INT32).build();
const SCHEMA = SchemaBuilder.struct()
  .name('S')
  .field('id', Schemas.INT64)
  .field('name', Schemas.OPTIONAL_STRING)
  .field('def', SchemaBuilder.string().optional().defaultValue('D').build())
  .field('ratio', Schemas.OPTIONAL_FLOAT64)
  .field('bytes', Schemas.OPTIONAL_BYTES)
  .field('price', Decimal.builder(2).optional().build())
  .field('at', ConnectTimestamp.builder().optional().build())
  .field('tags', SchemaBuilder.array(Schemas.STRING).optional().build())
  .field('counts', SchemaBuilder.map(Schemas.STRING, Schemas.OPTIONAL_INT32).optional().build())
  .field('inner', INNER)
  .build();

describe('Struct', () => {
  it('gives what was put, or the default, or null', () => {
    const struct = new Struct(SCHEMA).put('id', 1n);
    expect([struct.get('id'), struct.get('name'), struct.get('def')]).toEqual([1n, null, 'D']);
    expect([struct.getWithoutDefault('def'), struct.getString('def')]).toEqual([null, null]);
    struct.put('def', 'x').put('name', 'n').put('name', null);
    expect([struct.get('def'), struct.get('name')]).toEqual(['x', null]);
    const field = SCHEMA.field('id')!;
    expect(struct.put(field, 2n).get(field)).toBe(2n);
  });

  it('has typed getters', () => {
    const struct = new Struct(SCHEMA)
      .put('id', 5n)
      .put('ratio', 1.5)
      .put('bytes', Uint8Array.of(1))
      .put('tags', ['a'])
      .put('counts', new Map([['a', null]]))
      .put('inner', new Struct(INNER).put('x', 3));
    expect(struct.getInt64('id')).toBe(5n);
    expect(struct.getFloat64('ratio')).toBe(1.5);
    expect(struct.getBytes('bytes')).toEqual(Uint8Array.of(1));
    expect(struct.getArray('tags')).toEqual(['a']);
    expect(struct.getMap('counts')?.size).toBe(1);
    expect(struct.getStruct('inner')?.getInt32('x')).toBe(3);
    expect(() => struct.getInt32('id')).toThrow("Field 'id' is not of type INT32");
    expect(() => struct.getString('nope')).toThrow('nope is not a valid field name');
  });

  it.each<[string, unknown, string]>([
    ['nope', 1, 'nope is not a valid field name'],
    ['id', null, 'Invalid value: null used for required field: "id", schema type: INT64'],
    [
      'id',
      1,
      'Invalid Java object for schema with type INT64: class java.lang.Integer for field: "id" (INT64 takes a bigint',
    ],
    ['id', 2n ** 63n, 'class java.math.BigInteger for field: "id"'],
    [
      'tags',
      ['a', 1],
      'Invalid Java object for schema with type STRING: class java.lang.Integer for element of array field: "tags"',
    ],
    ['tags', [null], 'Invalid value: null used for required element of array field: "tags", schema type: STRING'],
    ['counts', new Map<unknown, unknown>([[1, 1]]), 'class java.lang.Integer for key of map field: "counts"'],
    ['counts', new Map<unknown, unknown>([['a', 'b']]), 'class java.lang.String for value of map field: "counts"'],
    ['counts', { a: 1 }, 'class java.util.HashMap for field: "counts" (MAP takes a Map'],
    [
      'price',
      1.5,
      'Invalid Java object for schema "org.apache.kafka.connect.data.Decimal" with type BYTES: class java.lang.Double for field: "price"',
    ],
    [
      'at',
      5n,
      'schema "org.apache.kafka.connect.data.Timestamp" with type INT64: class java.lang.Long for field: "at"',
    ],
    ['inner', new Struct(SchemaBuilder.struct().field('y', Schemas.INT32).build()), 'Struct schemas do not match.'],
    ['inner', new Struct(INNER), 'Invalid value: null used for required field: "x", schema type: INT32'],
  ])('refuses for %s the value %s', (field, value, message) => {
    expect(() => new Struct(SCHEMA).put(field, value)).toThrow(message);
  });

  it('refuses the field of another schema', () => {
    expect(() => new Struct(SCHEMA).put(INNER.field('x')!, 1)).toThrow('x is not a valid field name');
  });

  it('prints as Kafka Connect does', () => {
    const struct = new Struct(SCHEMA)
      .put('id', 7n)
      .put('ratio', 1_700_000_000_123)
      .put('price', BigDecimal.parse('1.20'))
      .put('at', new Date(1_700_000_000_123))
      .put('tags', ['a', 'b'])
      .put('counts', new Map([['k', 1]]))
      .put('inner', new Struct(INNER).put('x', 1));
    expect(String(struct)).toBe(
      'Struct{id=7,ratio=1.700000000123E12,price=1.20,at=Tue Nov 14 22:13:20 UTC 2023,tags=[a, b],counts={k=1},inner=Struct{x=1}}',
    );
  });

  it('equals by schema and content', () => {
    const make = (byte: number): Struct => new Struct(SCHEMA).put('id', 1n).put('bytes', Uint8Array.of(byte));
    expect(make(1).equals(make(1))).toBe(true);
    expect(make(1).equals(make(2))).toBe(false);
    expect(new Struct(INNER).equals(new Struct(SchemaBuilder.struct().field('x', Schemas.INT32).build()))).toBe(false);
  });
});

describe('structFromValues', () => {
  const schema = SchemaBuilder.struct().field('a', Schemas.INT32).build();
  it('checks unless told that it need not', () => {
    expect(structFromValues(schema, [1]).equals(new Struct(schema).put('a', 1))).toBe(true);
    expect(() => structFromValues(schema, ['x'])).toThrow('class java.lang.String for field: "a"');
    expect(structFromValues(schema, ['x'], { validated: true }).get('a')).toBe('x');
    expect(() => structFromValues(schema, [], { validated: true })).toThrow('has 1 fields, but 0 values came');
    expect(structFromValues(schema, [1]) instanceof Struct).toBe(true);
  });
});

describe('typeNameOf', () => {
  it.each<[unknown, string]>([
    ['x', 'java.lang.String'],
    [1n, 'java.lang.Long'],
    [1, 'java.lang.Integer'],
    [3e9, 'java.lang.Long'],
    [1.5, 'java.lang.Double'],
    [true, 'java.lang.Boolean'],
    [new Date(0), 'java.util.Date'],
    [new Map(), 'java.util.HashMap'],
    [{}, 'java.util.HashMap'],
    [[], 'java.util.ArrayList'],
    [Buffer.of(1), '[B'],
    [BigDecimal.parse('1'), 'java.math.BigDecimal'],
    [new Struct(INNER), 'org.apache.kafka.connect.data.Struct'],
    [null, 'null'],
    [/x/, 'RegExp'],
  ])('of %s', (value, name) => expect(typeNameOf(value)).toBe(name));
});
