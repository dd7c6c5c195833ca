/** Generated Connect schemas with values that fit them, for round trips. */
import fc from 'fast-check';
import {
  BigDecimal,
  ConnectDate,
  ConnectTime,
  ConnectTimestamp,
  Decimal,
  type Schema,
  SchemaBuilder,
  SchemaType,
  Struct,
} from '../../../src/sdk/data/index.ts';

export interface GeneratedData {
  readonly schema: Schema;
  readonly value: unknown;
}

interface Shape {
  readonly schema: () => SchemaBuilder;
  readonly value: fc.Arbitrary<unknown>;
}

const DAY = 86_400_000;
const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/);

const primitives: readonly Shape[] = [
  { schema: () => SchemaBuilder.int8(), value: fc.integer({ min: -128, max: 127 }) },
  { schema: () => SchemaBuilder.int16(), value: fc.integer({ min: -32768, max: 32767 }) },
  { schema: () => SchemaBuilder.int32(), value: fc.integer() },
  { schema: () => SchemaBuilder.int64(), value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) },
  { schema: () => SchemaBuilder.float32(), value: fc.float({ noNaN: true, noDefaultInfinity: true }) },
  { schema: () => SchemaBuilder.float64(), value: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  { schema: () => SchemaBuilder.bool(), value: fc.boolean() },
  { schema: () => SchemaBuilder.string(), value: text },
  { schema: () => SchemaBuilder.bytes(), value: fc.uint8Array({ maxLength: 40 }) },
  {
    schema: () => Decimal.builder(3),
    value: fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }).map((unscaled) => new BigDecimal(unscaled, 3)),
  },
  {
    schema: () => ConnectDate.builder(),
    value: fc.integer({ min: -40_000, max: 40_000 }).map((day) => new Date(day * DAY)),
  },
  {
    schema: () => ConnectTime.builder(),
    value: fc.integer({ min: 0, max: DAY - 1 }).map((millis) => new Date(millis)),
  },
  {
    schema: () => ConnectTimestamp.builder(),
    value: fc.integer({ min: -8_640_000_000_000, max: 8_640_000_000_000 }).map((millis) => new Date(millis)),
  },
];

/** Unnamed maps of other than string keys share a name in Avro, so theirs is unique. */
let count = 0;

function shapeOf(depth: number): fc.Arbitrary<Shape> {
  const leaf = fc.constantFrom(...primitives);
  if (depth === 0) return leaf;
  const inner = dataOf(depth - 1);
  const array = inner.map(
    ({ schema, values }): Shape => ({
      schema: () => SchemaBuilder.array(schema),
      value: fc.array(values, { maxLength: 4 }),
    }),
  );
  const map = inner.map(
    ({ schema, values }): Shape => ({
      schema: () => SchemaBuilder.map(SchemaBuilder.string().build(), schema),
      value: fc.array(fc.tuple(text, values), { maxLength: 4 }).map((entries) => new Map(entries)),
    }),
  );
  const intMap = inner.map(({ schema, values }): Shape => {
    const mapName = `gen.Map${count++}`;
    return {
      schema: () => SchemaBuilder.map(SchemaBuilder.int32().build(), schema).name(mapName),
      value: fc.array(fc.tuple(fc.integer(), values), { maxLength: 4 }).map((entries) => new Map(entries)),
    };
  });
  const struct = fc
    .uniqueArray(fc.tuple(name, inner), { maxLength: 5, selector: ([field]) => field })
    .map((fields): Shape => {
      const structName = `gen.Struct${count++}`;
      const build = (): SchemaBuilder =>
        fields.reduce(
          (builder, [field, data]) => builder.field(field, data.schema),
          SchemaBuilder.struct().name(structName).version(2),
        );
      return { schema: build, value: fc.constant(fields) };
    });
  return fc.oneof({ weight: 3, arbitrary: leaf }, array, map, intMap, { weight: 3, arbitrary: struct });
}

interface Data {
  readonly schema: Schema;
  readonly values: fc.Arbitrary<unknown>;
}

function dataOf(depth: number): fc.Arbitrary<Data> {
  return fc.tuple(shapeOf(depth), fc.boolean()).map(([shape, isOptional]) => {
    const schema = isOptional ? shape.schema().optional().build() : shape.schema().build();
    const values = schema.type === SchemaType.STRUCT ? structsOf(schema, shape) : shape.value;
    return { schema, values: isOptional ? fc.option(values, { freq: 4 }) : values };
  });
}

function structsOf(schema: Schema, shape: Shape): fc.Arbitrary<unknown> {
  return shape.value.chain((fields) => {
    const parts = (fields as readonly (readonly [string, Data])[]).map(([, data]) => data.values);
    return fc.tuple(...parts).map((values) => {
      const struct = new Struct(schema);
      for (const [index, field] of schema.fields.entries()) struct.put(field, values[index]);
      return struct;
    });
  });
}

/** A schema up to three deep and a value of it. */
export const generatedData: fc.Arbitrary<GeneratedData> = dataOf(3).chain(({ schema, values }) =>
  values.map((value) => ({ schema, value })),
);
