import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import {
  BigDecimal,
  Decimal,
  isSchema,
  Schema,
  SchemaBuilder,
  Schemas,
  type SchemaType,
  structFromValues,
  valuesEqual,
} from '../../../../src/sdk/data/index.ts';
import { DataError, SchemaBuilderError } from '../../../../src/sdk/errors/index.ts';

const person = (): SchemaBuilder =>
  SchemaBuilder.struct().name('person').version(1).field('name', Schemas.STRING).field('age', Schemas.OPTIONAL_INT32);

describe('Schema', () => {
  it('is frozen and knows its parts', () => {
    const schema = person().doc('Someone.').parameter('b', '1').parameter('a', '2').build();
    expect(Object.isFrozen(schema)).toBe(true);
    expect(schema).toMatchObject({ type: 'STRUCT', name: 'person', version: 1, doc: 'Someone.', optional: false });
    expect(schema.fields.map(({ name, index }) => [name, index])).toEqual([
      ['name', 0],
      ['age', 1],
    ]);
    expect(schema.field('age')?.schema).toBe(Schemas.OPTIONAL_INT32);
    expect(schema.field('nope')).toBeUndefined();
    expect([...(schema.parameters ?? [])]).toEqual([
      ['b', '1'],
      ['a', '2'],
    ]);
    expect([String(schema), String(Schemas.INT8)]).toEqual(['Schema{person:STRUCT}', 'Schema{INT8}']);
  });

  it('refuses to give what its type has not', () => {
    expect(() => Schemas.INT32.fields).toThrow('Cannot list fields on non-struct type');
    expect(() => Schemas.INT32.field('a')).toThrow('Cannot look up fields on non-struct type');
    expect(() => Schemas.INT32.keySchema).toThrow('Cannot look up key schema on non-map type');
    expect(() => Schemas.INT32.valueSchema).toThrow('Cannot look up value schema on non-array and non-map type');
    expect(SchemaBuilder.arrayOfNull().build().valueSchema).toBeNull();
  });

  it('differs by every attribute, and by nothing else', () => {
    const variants = [
      person(),
      person().doc('x'),
      person().optional(),
      person().parameter('a', 'b'),
      person().parameter('a', 'c'),
      person().field('more', Schemas.INT8),
      SchemaBuilder.struct()
        .name('other')
        .version(1)
        .field('name', Schemas.STRING)
        .field('age', Schemas.OPTIONAL_INT32),
      SchemaBuilder.struct()
        .name('person')
        .version(2)
        .field('name', Schemas.STRING)
        .field('age', Schemas.OPTIONAL_INT32),
      SchemaBuilder.struct()
        .name('person')
        .version(1)
        .field('age', Schemas.OPTIONAL_INT32)
        .field('name', Schemas.STRING),
      SchemaBuilder.int32(),
      SchemaBuilder.int32().defaultValue(1),
      SchemaBuilder.bytes().defaultValue(Uint8Array.of(1)),
      SchemaBuilder.bytes().defaultValue(Uint8Array.of(2)),
      SchemaBuilder.array(Schemas.INT8),
      SchemaBuilder.array(Schemas.INT16),
      SchemaBuilder.map(Schemas.STRING, Schemas.INT8),
      SchemaBuilder.map(Schemas.INT8, Schemas.STRING),
      SchemaBuilder.mapOfNull(),
    ];
    for (const [i, a] of variants.entries()) {
      for (const [j, b] of variants.entries()) expect([i, j, a.build().equals(b.build())]).toEqual([i, j, i === j]);
      expect(a.build().hashCode).toBe(a.build().hashCode);
    }
    const one = SchemaBuilder.int8().parameter('a', '1').parameter('b', '2').build();
    const two = SchemaBuilder.int8().parameter('b', '2').parameter('a', '1').build();
    expect(one.equals(two)).toBe(true);
    expect(one.equals(null)).toBe(false);
  });

  it('is the same in another copy of the SDK', async () => {
    vi.resetModules();
    const other = await import('../../../../src/sdk/data/index.ts');
    const theirs = other.SchemaBuilder.struct().field('a', other.Schemas.INT32).build();
    const ours = SchemaBuilder.struct().field('a', Schemas.INT32).build();
    expect(other.Schema).not.toBe(Schema);
    expect(theirs instanceof Schema).toBe(true);
    expect(isSchema(theirs)).toBe(true);
    expect(ours.equals(theirs) && theirs.equals(ours)).toBe(true);
    const struct = new other.Struct(theirs).put('a', 1);
    expect(structFromValues(ours, [1]).equals(struct)).toBe(true);
    const nested = SchemaBuilder.struct().field('s', ours).build();
    expect(String(structFromValues(nested, [struct]))).toBe('Struct{s=Struct{a=1}}');
  });
});

describe('SchemaBuilder', () => {
  it.each<[string, () => unknown, string]>([
    ['name twice', () => person().name('x'), 'Invalid SchemaBuilder call: name has already been set.'],
    ['version twice', () => person().version(3), 'Invalid SchemaBuilder call: version has already been set.'],
    ['doc twice', () => person().doc('a').doc('b'), 'Invalid SchemaBuilder call: doc has already been set.'],
    [
      'default twice',
      () => SchemaBuilder.int8().defaultValue(1).defaultValue(2),
      'Invalid SchemaBuilder call: default has already been set.',
    ],
    [
      'optional, then required',
      () => SchemaBuilder.int8().optional().required(),
      'Invalid SchemaBuilder call: optional has already been set.',
    ],
    ['null default on required', () => SchemaBuilder.int8().defaultValue(null), 'Invalid default value'],
    [
      'field on another type',
      () => SchemaBuilder.int32().field('a', Schemas.INT8),
      'Cannot create fields on type INT32',
    ],
    [
      'no field schema',
      () => person().field('x', null as unknown as Schema),
      'fieldSchema for field x cannot be null.',
    ],
    ['no element schema', () => SchemaBuilder.array(null as unknown as Schema), 'valueSchema cannot be null.'],
    ['no key schema', () => SchemaBuilder.map(null as unknown as Schema, Schemas.INT8), 'keySchema cannot be null.'],
    ['no type', () => new SchemaBuilder('nope' as SchemaType), 'type cannot be null'],
  ])('refuses: %s', (_what, run, message) => {
    expect(run).toThrow(SchemaBuilderError);
    expect(run).toThrow(message);
  });

  it('takes the same again, and overwrites parameters', () => {
    const schema = SchemaBuilder.int8()
      .name('a')
      .name('a')
      .optional()
      .optional()
      .parameter('p', '1')
      .parameter('p', '2')
      .build();
    expect([schema.name, schema.optional, schema.parameters?.get('p')]).toEqual(['a', true, '2']);
    expect(SchemaBuilder.int8().optional().defaultValue(null).build().defaultValue).toBeNull();
    expect(SchemaBuilder.int8().parameters({}).build().parameters).toBeNull();
  });

  it('builds copies that later calls don’t change', () => {
    const builder = SchemaBuilder.struct().field('a', Schemas.INT8);
    const first = builder.build();
    builder.field('b', Schemas.INT8).parameter('x', 'y');
    expect(first.fields.length).toBe(1);
    expect(first.parameters).toBeNull();
  });

  it('checks the default of a logical type by its logical value', () => {
    const decimal = Decimal.builder(2).defaultValue(BigDecimal.parse('1.00')).build();
    expect(String(decimal.defaultValue)).toBe('1.00');
    expect(() => Decimal.builder(2).defaultValue(Uint8Array.of(1))).toThrow(SchemaBuilderError);
  });
});

describe('validation of values', () => {
  const limits: [SchemaType, number, number][] = [
    ['INT8', -128, 127],
    ['INT16', -32768, 32767],
    ['INT32', -2147483648, 2147483647],
  ];
  it.each(limits)('%s takes whole numbers in range only', (type, min, max) => {
    const schema = new Schema({ type });
    const accepts = (value: unknown): boolean => {
      try {
        structFromValues(SchemaBuilder.struct().field('f', schema).build(), [value]);
        return true;
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        return false;
      }
    };
    fc.assert(
      fc.property(
        fc.oneof(fc.integer(), fc.double(), fc.constantFrom(min, max, min - 1, max + 1)),
        (value) => accepts(value) === (Number.isInteger(value) && value >= min && value <= max),
      ),
    );
    expect([accepts('1'), accepts(1n), accepts(true)]).toEqual([false, false, false]);
  });
});

describe('valuesEqual', () => {
  it('goes by content', () => {
    expect(valuesEqual(Uint8Array.of(1), Buffer.of(1))).toBe(true);
    expect(valuesEqual(new Date(1), new Date(1))).toBe(true);
    expect(valuesEqual(new Map([['a', [1n]]]), { a: [1n] })).toBe(true);
    expect(valuesEqual(new Map([[Uint8Array.of(1), 1]]), new Map([[Uint8Array.of(1), 1]]))).toBe(true);
    expect(valuesEqual([Number.NaN], [Number.NaN])).toBe(true);
    expect(valuesEqual(1, 1n)).toBe(false);
    expect(valuesEqual({ a: 1 }, { a: 1, b: 2 })).toBe(false);
    expect(valuesEqual(null, 0)).toBe(false);
  });
});
