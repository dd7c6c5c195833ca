import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  BigDecimal,
  ConnectTime,
  ConnectTimestamp,
  Decimal,
  isBigDecimal,
  javaText,
  parseString,
  project,
  type Schema,
  SchemaBuilder,
  Schemas,
  SchemaType,
  Struct,
  Values,
} from '../../../../src/sdk/data/index.ts';

// What Kafka Connect 4.1.1 itself answered; see scripts/copy-data-vectors.mjs.
const LINES = readFileSync(new URL('../../../fixtures/data-vectors.tsv', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => line.split('\t'));

function vector(name: string): string {
  const line = LINES.find(([first]) => first === name);
  if (line === undefined) throw new Error(`no vector '${name}'`);
  return line.slice(1).join('\t');
}

/** The message of the Java exception that the vector holds. */
function messageOf(name: string): string {
  return vector(name)
    .replace(/^!! [\w.]+: /, '')
    .replace(/ <- .*$/, '');
}

function describeSchema(schema: Schema | null): string {
  if (schema === null) return 'null';
  const name = schema.name === null ? '' : `(${schema.name} v${schema.version})`;
  if (schema.type === SchemaType.ARRAY) return `ARRAY<${describeSchema(schema.valueSchema)}>`;
  if (schema.type === SchemaType.MAP) {
    return `MAP<${describeSchema(schema.keySchema)},${describeSchema(schema.valueSchema)}>`;
  }
  return schema.type + name;
}

const JAVA_CLASSES: Readonly<Record<string, string>> = {
  INT8: 'Byte',
  INT16: 'Short',
  INT32: 'Integer',
  INT64: 'Long',
  FLOAT32: 'Float',
  FLOAT64: 'Double',
  BOOLEAN: 'Boolean',
  STRING: 'String',
  ARRAY: 'ArrayList',
  MAP: 'LinkedHashMap',
};

function describeValue(schema: Schema | null, value: unknown): string {
  if (value instanceof Date) return `Date ${value.getTime()}ms`;
  if (isBigDecimal(value)) return `BigDecimal ${value.toString()}`;
  return `${JAVA_CLASSES[schema?.type ?? '']} ${javaText(value, schema)}`;
}

describe('parseString answers as Kafka Connect does', () => {
  const cases = LINES.filter(([name]) => name === 'simpleheader in');
  it('has the vectors', () => expect(cases.length).toBe(34));
  it.each(cases.map(([, input, expected]) => [input ?? '', expected ?? '']))('for %j', (input, expected) => {
    const { schema, value } = parseString(input);
    const actual = value === null ? 'null' : `${describeSchema(schema)} :: ${describeValue(schema, value)}`;
    expect(actual).toBe(expected);
  });
});

describe('convertToString answers as Kafka Connect does', () => {
  const expected = LINES.filter(([name]) => name === 'simpleheader out').map(([, , output]) => output);
  const values: unknown[] = [
    1,
    1.5,
    true,
    'a"b',
    ['a', 1],
    new Map([['k', 'v']]),
    Uint8Array.of(1, 2),
    new Date(0),
    BigDecimal.parse('1.20'),
  ];
  it.each(values.map((value, index) => [value, expected[index]]))('for %j', (value, text) => {
    expect(Values.convertToString(null, value)).toBe(text);
  });

  it('for values with a schema', () => {
    expect(Values.convertToString(ConnectTimestamp.SCHEMA, new Date(1_700_000_000_123))).toBe(
      vector('simpleheader out timestamp'),
    );
    expect(Values.convertToString(ConnectTime.SCHEMA, new Date(3_600_000))).toBe(vector('simpleheader out time'));
    const schema = SchemaBuilder.struct().field('a', Schemas.INT32).build();
    const struct = new Struct(schema).put('a', 1);
    expect(Values.convertToString(schema, struct)).toBe(vector('simpleheader out struct'));
  });
});

describe('refusals have Kafka Connect’s words', () => {
  const schema = SchemaBuilder.struct()
    .field('id', Schemas.INT32)
    .field('ts', Schemas.INT64)
    .field('a', SchemaBuilder.array(Schemas.INT32).optional().build())
    .build();

  it('of a Struct', () => {
    expect(() => new Struct(schema).put('id', 'x')).toThrow(messageOf('struct put wrong'));
    expect(() => new Struct(schema).put('id', 1).validate()).toThrow(messageOf('struct validate missing'));
    expect(() => new Struct(schema).put('a', [1, 'x'])).toThrow(messageOf('struct put list bad el'));
    expect(() => new Struct(Schemas.INT32)).toThrow(messageOf('struct ctor nonstruct'));
  });

  it('of a SchemaBuilder', () => {
    expect(() => SchemaBuilder.int32().defaultValue('x')).toThrow(messageOf('sb default bad'));
    expect(() => SchemaBuilder.struct().field('a', Schemas.INT32).field('a', Schemas.INT32)).toThrow(
      messageOf('sb dup field'),
    );
    expect(() => SchemaBuilder.struct().field('', Schemas.INT32)).toThrow(messageOf('struct empty name field'));
    expect(SchemaBuilder.int32().optional().optional().build().optional).toBe(true);
  });

  it('names the cause of a bad default', () => {
    const cause = /<- [\w.]+: (.*)$/.exec(vector('sb default bad'))?.[1];
    try {
      SchemaBuilder.int32().defaultValue('x');
      expect.unreachable();
    } catch (error) {
      expect((error as Error).cause).toHaveProperty('message', cause);
    }
  });

  it('of a Decimal', () => {
    expect(() => Decimal.fromLogical(Decimal.schema(2), BigDecimal.parse('1.000'))).toThrow(
      messageOf('decimal scale mismatch'),
    );
  });
});

describe('project answers as Kafka Connect does', () => {
  const source = SchemaBuilder.struct().field('a', Schemas.INT32).field('b', Schemas.INT32).build();

  it('for structs', () => {
    const target = SchemaBuilder.struct().field('a', Schemas.INT32).build();
    const value = new Struct(source).put('a', 1).put('b', 2);
    expect(String(project(source, value, target))).toBe(vector('project'));
    const demanding = SchemaBuilder.struct().field('a', Schemas.INT32).field('req', Schemas.INT32).build();
    expect(() => project(source, value, demanding)).toThrow(messageOf('project missing req'));
  });

  it('for numbers and defaults', () => {
    expect(() => project(Schemas.INT64, 1n, Schemas.INT32)).toThrow(messageOf('project narrow'));
    expect(javaText(project(Schemas.INT32, 1, Schemas.FLOAT32), Schemas.FLOAT32)).toBe(vector('project int->float'));
    const withDefault = SchemaBuilder.int32().defaultValue(4).build();
    expect(String(project(Schemas.OPTIONAL_INT32, null, withDefault))).toBe(vector('project opt->req default'));
    const named = (name: string): Schema => SchemaBuilder.int32().name(name).build();
    expect(() => project(named('a'), 1, named('b'))).toThrow(messageOf('project name mismatch'));
  });
});
