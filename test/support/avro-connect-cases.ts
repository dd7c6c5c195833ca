/** Generated Connect schemas, of every kind that becomes something of its own in Avro, and values of them. */
import fc from 'fast-check';
import { Schema, SchemaBuilder, SchemaType, Struct } from '../../src/sdk/data/index.ts';
import { BigDecimal, ConnectDate, ConnectTime, ConnectTimestamp, Decimal } from '../../src/sdk/index.ts';
import { inHashOrder } from './java-hash-order.ts';

export interface ConnectCase {
  readonly schema: Schema | null;
  readonly value: unknown;
}

/** fast-check's generator of imperative style. */
export type Gen = fc.GeneratorValue;

const DAY = 86_400_000;
const AVRO = 'io.confluent.connect.avro';
const GENERALIZED = 'org.apache.kafka.connect.data';

const pick = <T>(g: Gen, ...values: readonly T[]): T => g(() => fc.constantFrom(...values));
const chance = (g: Gen, percent: number): boolean => g(fc.integer, { min: 0, max: 99 }) < percent;

const TEXTS = ['', 'a', 'é', '\u0000', '"\\/', '\u2028', '😀', 'ÿþ', 'line\nbreak\t', 'NaN', '\u007f\u0080'];
const text = (g: Gen): string => (chance(g, 50) ? pick(g, ...TEXTS) : g(() => fc.string({ maxLength: 6 })));
const long = (g: Gen): bigint => g(() => fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));

/** Values whose entries stand as a HashMap of Java has them. */
const FLOATS = [0, -0, 1, -1.5, 1e-7, 1.5e10, 1e-45, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

interface Kind {
  readonly build: () => SchemaBuilder;
  readonly value: () => unknown;
}

const NAMES = ['n', 'test.A', 'test.b.C', 'test.A2'];
/** Names that Avro does not allow, or that are split in a way of their own. */
export const ODD_NAMES: readonly string[] = [
  '1a.b-c',
  'a b',
  'é.ü',
  'test..x',
  'x.',
  '.x',
  'a$b.c',
  'пример.Имя',
  '1',
  'test.9',
  '-',
  'a*b+c%d',
];
/** Those that were scrubbed in the same way ever since. */
export const SCRUBBED_NAMES: readonly string[] = ['1', 'a b', 'a$b', 'test.9', 'test.a*b+c%d', 'a-é', '4 ', 'test.n\n'];

export class ConnectGenerator {
  private readonly g: Gen;
  private readonly oddNames: readonly string[];
  private count = 0;
  private readonly structs: Schema[] = [];

  constructor(g: Gen, oddNames: readonly string[]) {
    this.g = g;
    this.oddNames = oddNames;
  }

  case(): ConnectCase {
    const { g } = this;
    if (chance(g, 6)) return { schema: null, value: this.schemaless(2) };
    const schema = this.schema(3);
    return { schema, value: this.value(schema, chance(g, 10)) };
  }

  schema(depth: number): Schema {
    const { g } = this;
    if (this.structs.length > 0 && chance(g, 10)) return pick(g, ...this.structs);
    const kind = this.kind(depth);
    const builder = kind.build();
    if (chance(g, 35)) builder.optional();
    if (chance(g, 12)) builder.doc(text(g));
    if (builder.build().version === null && chance(g, 12)) builder.version(pick(g, 1, 2, 7));
    if (chance(g, 12)) builder.parameter(pick(g, 'p', 'avro.java.string', 'avroX', 'connect.x'), text(g));
    let schema = builder.build();
    if (chance(g, 20)) schema = withDefault(schema, kind.value());
    if (schema.type === SchemaType.STRUCT) this.structs.push(schema);
    return schema;
  }

  private name(): string {
    const { g } = this;
    if (this.oddNames.length > 0 && chance(g, 50))
      return `${pick(g, ...this.oddNames)}${chance(g, 50) ? this.count++ : ''}`;
    return `${pick(g, ...NAMES)}${this.count++}`;
  }

  private fieldName(index: number): string {
    if (this.oddNames.length > 0 && chance(this.g, 40)) return `${pick(this.g, ...this.oddNames)}${index}`;
    return `f${index}`;
  }

  private kind(depth: number): Kind {
    const { g } = this;
    const leaf = depth === 0 || chance(g, 40);
    if (leaf) return this.leaf();
    switch (pick(g, 'array', 'map', 'intMap', 'struct', 'struct', 'struct', 'union')) {
      case 'array': {
        const element = this.schema(depth - 1);
        return { build: () => SchemaBuilder.array(element), value: () => this.list(element) };
      }
      case 'map': {
        const value = this.schema(depth - 1);
        const key = chance(g, 80) ? SchemaBuilder.string() : SchemaBuilder.string().optional();
        const keySchema = chance(g, 10) ? key.doc('k').build() : key.build();
        return {
          build: () => this.maybeNamed(SchemaBuilder.map(keySchema, value)),
          value: () => this.map(keySchema, value),
        };
      }
      case 'intMap': {
        const key = this.schema(chance(g, 80) ? 0 : 1);
        const value = this.schema(depth - 1);
        return { build: () => this.maybeNamed(SchemaBuilder.map(key, value), 70), value: () => this.map(key, value) };
      }
      case 'union':
        return this.union(depth);
      default: {
        const fields = Array.from({ length: g(fc.integer, { min: 0, max: 4 }) }, (_, index) => ({
          name: this.fieldName(index),
          schema: this.schema(depth - 1),
        }));
        const build = (): SchemaBuilder => {
          const builder = this.maybeNamed(SchemaBuilder.struct(), 75);
          for (const { name, schema } of fields) {
            builder.field(name, schema);
            if (chance(g, 8)) builder.parameter(`${AVRO}.field.doc.${name}`, text(g));
          }
          if (chance(g, 8)) builder.parameter(`${AVRO}.record.doc`, text(g));
          return builder;
        };
        const bare = fields
          .reduce((made, { name, schema }) => made.field(name, schema), SchemaBuilder.struct())
          .build();
        return { build, value: () => this.struct(bare) };
      }
    }
  }

  private maybeNamed(builder: SchemaBuilder, percent = 25): SchemaBuilder {
    return chance(this.g, percent) ? builder.name(this.name()) : builder;
  }

  private union(depth: number): Kind {
    const { g } = this;
    const isGeneralized = chance(g, 25);
    const branches = g(() =>
      fc.uniqueArray(
        fc.constantFrom(
          'boolean',
          'int',
          'long',
          'float',
          'double',
          'string',
          'bytes',
          'array',
          'map',
          'record',
          'enum',
          'fixed',
        ),
        {
          minLength: 1,
          maxLength: 4,
        },
      ),
    );
    const builder = SchemaBuilder.struct().name(isGeneralized ? 'connect_union_0' : `${AVRO}.Union`);
    if (isGeneralized) builder.parameter(`${GENERALIZED}.Union`, 'connect_union_0');
    for (const [index, branch] of branches.entries()) {
      const { name, schema } = this.branch(branch, depth - 1);
      builder.field(isGeneralized ? `connect_union_field_${index}` : name, schema);
    }
    const bare = builder.build();
    return {
      build: () => builder,
      value: () => {
        const struct = new Struct(bare);
        const chosen = g(fc.integer, { min: 0, max: branches.length - 1 });
        const field = bare.fields[chosen];
        if (field !== undefined) struct.values[chosen] = this.value(field.schema, false);
        return struct;
      },
    };
  }

  private branch(kind: string, depth: number): { readonly name: string; readonly schema: Schema } {
    const { g } = this;
    const optional = (builder: SchemaBuilder): Schema => builder.optional().build();
    switch (kind) {
      case 'boolean':
        return { name: kind, schema: optional(SchemaBuilder.bool()) };
      case 'int':
        return { name: kind, schema: optional(SchemaBuilder.int32()) };
      case 'long':
        return { name: kind, schema: optional(SchemaBuilder.int64()) };
      case 'float':
        return { name: kind, schema: optional(SchemaBuilder.float32()) };
      case 'double':
        return { name: kind, schema: optional(SchemaBuilder.float64()) };
      case 'string':
        return { name: kind, schema: optional(SchemaBuilder.string()) };
      case 'bytes':
        return { name: kind, schema: optional(SchemaBuilder.bytes()) };
      case 'array':
        return { name: kind, schema: optional(SchemaBuilder.array(this.schema(Math.max(0, depth)))) };
      case 'map':
        return {
          name: kind,
          schema: optional(SchemaBuilder.map(SchemaBuilder.string().build(), this.schema(Math.max(0, depth)))),
        };
      case 'enum': {
        const name = `E${this.count++}`;
        return { name, schema: optional(enumOf(g, `test.${name}`)) };
      }
      case 'fixed': {
        const name = `X${this.count++}`;
        return {
          name,
          schema: optional(SchemaBuilder.bytes().name(`test.${name}`).parameter('connect.fixed.size', '3')),
        };
      }
      default: {
        const name = `R${this.count++}`;
        return { name, schema: optional(SchemaBuilder.struct().name(`test.${name}`).field('a', this.schema(0))) };
      }
    }
  }

  private leaf(): Kind {
    const { g } = this;
    const date = (millis: number): Date => new Date(millis);
    const named = (builder: SchemaBuilder): SchemaBuilder => this.maybeNamed(builder, 10);
    switch (g(fc.integer, { min: 0, max: 15 })) {
      case 0:
        return { build: () => named(SchemaBuilder.int8()), value: () => g(fc.integer, { min: -128, max: 127 }) };
      case 1:
        return { build: () => named(SchemaBuilder.int16()), value: () => g(fc.integer, { min: -32768, max: 32767 }) };
      case 2:
        return { build: () => named(SchemaBuilder.int32()), value: () => g(fc.integer) };
      case 3:
        return { build: () => named(SchemaBuilder.int64()), value: () => long(g) };
      case 4:
        return {
          build: () => named(SchemaBuilder.float32()),
          value: () => Math.fround(chance(g, 30) ? pick(g, ...FLOATS) : g(fc.float)),
        };
      case 5:
        return {
          build: () => named(SchemaBuilder.float64()),
          value: () => (chance(g, 30) ? pick(g, ...FLOATS) : g(fc.double)),
        };
      case 6:
        return { build: () => named(SchemaBuilder.bool()), value: () => g(fc.boolean) };
      case 7:
      case 8:
        return { build: () => named(SchemaBuilder.string()), value: () => text(g) };
      case 9:
        return {
          build: () => named(SchemaBuilder.bytes()),
          value: () => Buffer.from(g(() => fc.uint8Array({ maxLength: 5 }))),
        };
      case 10: {
        const scale = pick(g, 0, 2, 2, 10, 70, -3);
        const precision = pick(g, null, null, '10', '64', '1');
        const build = (): SchemaBuilder =>
          precision === null
            ? Decimal.builder(scale)
            : Decimal.builder(scale).parameter('connect.decimal.precision', precision);
        const unscaled = (): bigint => g(() => fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }));
        return {
          build,
          value: () => new BigDecimal(chance(g, 30) ? pick(g, 0n, -1n, 127n, 128n, -128n, 255n) : unscaled(), scale),
        };
      }
      case 11:
        return {
          build: () => ConnectDate.builder(),
          value: () => date(g(fc.integer, { min: -40_000, max: 40_000 }) * DAY),
        };
      case 12:
        return { build: () => ConnectTime.builder(), value: () => date(g(fc.integer, { min: 0, max: DAY - 1 })) };
      case 13:
        return { build: () => ConnectTimestamp.builder(), value: () => date(g(fc.integer, { min: -8e12, max: 8e12 })) };
      case 14: {
        const builder = enumOf(g, `test.En${this.count++}`);
        return { build: () => builder, value: () => pick(g, 'RED', 'GREEN') };
      }
      default: {
        const name = `test.Fx${this.count++}`;
        return {
          build: () => SchemaBuilder.bytes().name(name).parameter('connect.fixed.size', '3'),
          value: () => Buffer.from(g(() => fc.uint8Array({ minLength: 3, maxLength: 3 }))),
        };
      }
    }
  }

  value(schema: Schema, mayBeNull = true): unknown {
    const { g } = this;
    if (mayBeNull && schema.optional && chance(g, 25)) return null;
    switch (schema.type) {
      case SchemaType.ARRAY:
        return this.list(schema.valueSchema as Schema);
      case SchemaType.MAP:
        return this.map(schema.keySchema as Schema, schema.valueSchema as Schema);
      case SchemaType.STRUCT:
        return this.struct(schema);
      default:
        return leafValue(g, schema);
    }
  }

  private list(element: Schema): unknown[] {
    return Array.from({ length: this.g(fc.integer, { min: 0, max: 2 }) }, () => this.value(element));
  }

  private map(key: Schema, value: Schema): Map<unknown, unknown> {
    const count = this.g(fc.integer, { min: 0, max: 3 });
    const entries = Array.from({ length: count }, (): [unknown, unknown] => [this.value(key), this.value(value)]);
    if (key.type === SchemaType.STRING) return new Map(inHashOrder(new Map(entries)));
    // Keys that are objects are never equal here, and may be in Java.
    const isPlain = entries.every(([each]) => typeof each !== 'object' || each === null);
    return new Map(isPlain ? entries : entries.slice(0, 1));
  }

  private struct(schema: Schema): Struct {
    const struct = new Struct(schema);
    if (schema.name === `${AVRO}.Union` || schema.parameters?.has(`${GENERALIZED}.Union`) === true) {
      const chosen = this.g(fc.integer, { min: 0, max: schema.fields.length - 1 });
      struct.values[chosen] = this.value((schema.fields[chosen] as { schema: Schema }).schema, false);
      return struct;
    }
    for (const field of schema.fields) struct.values[field.index] = this.value(field.schema);
    return struct;
  }

  private schemaless(depth: number): unknown {
    const { g } = this;
    switch (g(fc.integer, { min: 0, max: depth === 0 ? 5 : 7 })) {
      case 0:
        return g(fc.integer);
      case 1:
        return long(g);
      case 2:
        return g(() => fc.double({ noInteger: true }));
      case 3:
        return g(fc.boolean);
      case 4:
        return text(g);
      case 5:
        return null;
      case 6:
        return Array.from({ length: g(fc.integer, { min: 0, max: 3 }) }, () => this.schemaless(depth - 1));
      default:
        return new Map([[text(g), this.schemaless(depth - 1)]]);
    }
  }
}

function enumOf(g: Gen, name: string): SchemaBuilder {
  const isGeneralized = chance(g, 30);
  const parameter = isGeneralized ? `${GENERALIZED}.Enum` : `${AVRO}.Enum`;
  const builder = SchemaBuilder.string().name(name).parameter(parameter, name);
  for (const [index, symbol] of ['RED', 'GREEN'].entries()) {
    builder.parameter(`${parameter}.${symbol}`, isGeneralized ? String(index) : symbol);
  }
  const short = name.slice(name.lastIndexOf('.') + 1);
  if (chance(g, 20)) builder.parameter(`${AVRO}.enum.doc.${short}`, text(g));
  if (chance(g, 20)) builder.parameter(`${AVRO}.enum.default.${short}`, 'GREEN');
  return builder;
}

function leafValue(g: Gen, schema: Schema): unknown {
  switch (schema.name) {
    case Decimal.LOGICAL_NAME: {
      const isOff = chance(g, 3);
      return new BigDecimal(
        g(() => fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n })),
        Decimal.scaleOf(schema) + (isOff ? 1 : 0),
      );
    }
    case ConnectDate.LOGICAL_NAME:
      return new Date(g(fc.integer, { min: -40_000, max: 40_000 }) * DAY + (chance(g, 3) ? 1 : 0));
    case ConnectTime.LOGICAL_NAME:
      return new Date(g(fc.integer, { min: 0, max: DAY - 1 }) + (chance(g, 3) ? DAY : 0));
    case ConnectTimestamp.LOGICAL_NAME:
      return new Date(g(fc.integer, { min: -8e12, max: 8e12 }));
    default:
      break;
  }
  switch (schema.type) {
    case SchemaType.INT8:
      return g(fc.integer, { min: -128, max: 127 });
    case SchemaType.INT16:
      return g(fc.integer, { min: -32768, max: 32767 });
    case SchemaType.INT32:
      return g(fc.integer);
    case SchemaType.INT64:
      return long(g);
    case SchemaType.FLOAT32:
      return Math.fround(chance(g, 30) ? pick(g, ...FLOATS) : g(fc.float));
    case SchemaType.FLOAT64:
      return chance(g, 30) ? pick(g, ...FLOATS) : g(fc.double);
    case SchemaType.BOOLEAN:
      return g(fc.boolean);
    case SchemaType.STRING:
      if ([...(schema.parameters ?? [])].some(([key]) => key.endsWith('.Enum'))) return pick(g, 'RED', 'GREEN');
      return text(g);
    default: {
      const size = schema.parameters?.get('connect.fixed.size');
      const length = size === undefined ? undefined : Number(size) + (chance(g, 3) ? 1 : 0);
      return Buffer.from(
        g(() => fc.uint8Array(length === undefined ? { maxLength: 5 } : { minLength: length, maxLength: length })),
      );
    }
  }
}

function withDefault(schema: Schema, value: unknown): Schema {
  if (value instanceof Struct) {
    // Of the very schema, as Connect has it; without its default, which would be without an end.
    const struct = new Struct(schema);
    for (const [index, each] of value.values.entries()) struct.values[index] = each;
    return copyOf(schema, { defaultValue: struct });
  }
  return copyOf(schema, { defaultValue: value });
}

function copyOf(schema: Schema, changes: { readonly optional?: boolean; readonly defaultValue?: unknown }): Schema {
  return new Schema({
    type: schema.type,
    optional: schema.optional,
    defaultValue: schema.defaultValue,
    name: schema.name,
    version: schema.version,
    doc: schema.doc,
    parameters: schema.parameters,
    ...(schema.structFields === null ? {} : { fields: schema.structFields }),
    keySchema: schema.mapKeySchema,
    valueSchema: schema.elementSchema,
    ...changes,
  });
}

/** @param oddNames are used for some of the types and fields of most cases. */
export function connectCases(oddNames: readonly string[]): fc.Arbitrary<ConnectCase> {
  return fc.gen().map((g) => new ConnectGenerator(g, chance(g, 60) ? oddNames : []).case());
}
