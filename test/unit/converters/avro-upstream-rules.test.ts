import { describe, expect, it } from 'vitest';
import { AVRO_DATA_DEFAULTS, type AvroDataOptions } from '../../../src/converters/avro/avro-data-options.ts';
import { parseAvroSchema } from '../../../src/converters/avro/avro-schema.ts';
import { avroSchemaTextOf } from '../../../src/converters/avro/to-avro-schema.ts';
import { connectSchemaOf } from '../../../src/converters/avro/to-connect-schema.ts';
import {
  BigDecimal,
  ConnectDate,
  ConnectTime,
  ConnectTimestamp,
  Decimal,
  type Schema,
  SchemaBuilder,
  Schemas,
  Struct,
} from '../../../src/sdk/data/index.ts';
import { DataError } from '../../../src/sdk/errors/index.ts';
import { converterOf, converterOn, inRecord, read, write } from './avro-with-schema.ts';
import { FakeSchemaView } from './fake-schema-view.ts';

type Members = Readonly<Record<string, unknown>>;

const toAvro = (schema: Schema, options: Partial<AvroDataOptions> = {}): Members =>
  JSON.parse(avroSchemaTextOf(schema, { ...AVRO_DATA_DEFAULTS, ...options }));
const fieldsOf = (schema: Schema, options: Partial<AvroDataOptions> = {}): readonly Members[] =>
  toAvro(schema, options)['fields'] as readonly Members[];
const toConnect = (avro: unknown, options: Partial<AvroDataOptions> = {}, version: number | null = null): Schema =>
  connectSchemaOf(parseAvroSchema(JSON.stringify(avro)), { ...AVRO_DATA_DEFAULTS, ...options }, { version }) as Schema;
const fieldOf = (avro: unknown): Schema => toConnect(avro).fields[0]?.schema as Schema;

const named = (name: string): SchemaBuilder => SchemaBuilder.struct().name(name);
const FLAG = 'io.confluent.connect.avro.field.default';

describe('names', () => {
  it('may have letters and digits of any script', () => {
    const schema = named('пример.Имя').field('größe٣', Schemas.INT32).build();
    expect(toAvro(schema)).toMatchObject({ name: 'Имя', namespace: 'пример', fields: [{ name: 'größe٣' }] });
    expect(toConnect(toAvro(schema)).name).toBe('пример.Имя');
  });

  it.each(['a.b', '𝒳', 'a b', '1a', ''])('of fields are not %j', (name) => {
    const schema = named('R')
      .field(name === '' ? ' ' : name, Schemas.INT32)
      .build();
    expect(() => toAvro(schema)).toThrow('Set scrub.invalid.names=true');
    expect(fieldsOf(schema, { scrubInvalidNames: true })[0]?.['name']).toMatch(/^\w+$/);
  });

  it('of types end before dots that end them', () => {
    expect(toAvro(named('a.b.').build())).toMatchObject({ name: 'b', namespace: 'a', 'connect.name': 'a.b.' });
    expect(() => toAvro(named('..').build())).toThrow('Empty name');
  });
});

describe('two uses of a name', () => {
  const part = (doc: string): Schema => SchemaBuilder.int32().doc(doc).build();

  it('are one type if only notes within differ', () => {
    const schema = named('R')
      .field('a', named('S').field('x', part('one')).build())
      .field('b', named('S').field('x', part('other')).optional().build())
      .build();
    expect(fieldsOf(schema)[1]).toEqual({ name: 'b', type: ['null', 'S'], default: null });
  });

  it('are refused if the bytes differ', () => {
    const schema = named('R')
      .field('a', named('S').field('x', Schemas.INT32).build())
      .field('b', named('S').field('x', Schemas.OPTIONAL_INT32).build())
      .build();
    expect(() => toAvro(schema)).toThrow("Can't redefine: S");
  });

  it('are refused within each other, too', () => {
    const maps = SchemaBuilder.map(Schemas.INT32, SchemaBuilder.map(Schemas.INT32, Schemas.STRING).build()).build();
    expect(() => toAvro(maps)).toThrow("Can't redefine: io.confluent.connect.avro.MapEntry");
  });

  it('don’t matter to structs without one, unless they are the same in everything', () => {
    const unnamed = (doc: string): Schema => SchemaBuilder.struct().field('x', Schemas.INT32).doc(doc).build();
    const schema = named('R')
      .field('a', unnamed('one'))
      .field('b', unnamed('other'))
      .field('c', unnamed('one'))
      .build();
    const types = fieldsOf(schema).map(({ type }) => (typeof type === 'string' ? type : (type as Members)['name']));
    expect(types).toEqual(['ConnectDefault', 'ConnectDefault2', 'io.confluent.connect.avro.ConnectDefault']);
  });
});

describe('enums', () => {
  it('have the symbols that stand in the names of the parameters', () => {
    const schema = SchemaBuilder.string()
      .name('n.E')
      .parameter('io.confluent.connect.avro.Enum', 'n.E')
      .parameter('io.confluent.connect.avro.Enum.A', 'a text')
      .build();
    expect(toAvro(schema, { enhancedSchemaSupport: true })['symbols']).toEqual(['A']);
  });
});

describe('discard.type.doc.default', () => {
  const options = { discardTypeDocDefault: true };
  const avro = {
    type: 'record',
    name: 'R',
    doc: 'of the type',
    fields: [
      { name: 'a', type: 'int', doc: 'of the field', default: 3 },
      { name: 'e', type: { type: 'enum', name: 'E', doc: 'of the enum', symbols: ['A'], default: 'A' } },
    ],
  };

  it('reads the docs of Avro', () => {
    const schema = toConnect(avro, options);
    expect([...(schema.parameters ?? [])]).toEqual([['connect.record.doc', 'of the type']]);
    expect(schema.fields.map((field) => field.schema.doc)).toEqual(['of the field', 'of the enum']);
    expect(schema.fields[0]?.schema).toMatchObject({ defaultValue: 3, parameters: null });
    expect([...(schema.fields[1]?.schema.parameters?.keys() ?? [])]).toEqual([
      'connect.enum.doc',
      'io.confluent.connect.avro.Enum',
      'io.confluent.connect.avro.Enum.A',
      'connect.record.doc',
    ]);
  });

  it('reads them without other metadata, too', () => {
    const schema = toConnect(avro, { ...options, connectMetaData: false });
    expect(schema).toMatchObject({ doc: 'of the type', parameters: null });
  });

  it('writes them back', () => {
    const schema = toConnect(avro, options);
    const written = toAvro(schema, { ...options, enhancedSchemaSupport: true });
    expect(written['doc']).toBe('of the type');
    expect(written['fields']).toMatchObject([
      { name: 'a', doc: 'of the field', type: { 'connect.default': 3 } },
      { name: 'e', doc: 'of the enum', type: { type: 'enum', doc: 'of the enum' } },
    ]);
  });
});

describe('versions', () => {
  it('of the registry are not those of what a union holds', () => {
    expect(toConnect(['null', 'string'], {}, 4).version).toBeNull();
    expect(toConnect('string', {}, 4).version).toBe(4);
  });
});

describe('defaults', () => {
  const decimal = { type: 'bytes', logicalType: 'decimal', precision: 4, scale: 1 };

  it('of a record may have a decimal that may be null', () => {
    const inner = { type: 'record', name: 'I', fields: [{ name: 'd', type: [decimal, 'null'] }] };
    const value = fieldOf(inRecord(inner, { default: { d: '\u0001' } })).defaultValue as Struct;
    expect(value.get('d')).toEqual(new BigDecimal(1n, 1));
  });

  it('that don’t fit are passed over, with a warning', () => {
    const warnings: unknown[] = [];
    const avro = parseAvroSchema(JSON.stringify(inRecord('int', { default: 'text' })));
    const warn = (...warning: unknown[]): number => warnings.push(warning);
    const schema = connectSchemaOf(avro, AVRO_DATA_DEFAULTS, { warn });
    expect(schema?.fields[0]?.schema.defaultValue).toBeNull();
    expect(warnings).toEqual([
      [expect.stringContaining('passed over'), { type: 'int', reason: expect.stringContaining('"text"') }],
    ]);
  });

  it('of Connect take the place of one that does not fit', () => {
    const type = { type: 'int', 'connect.default': 7 };
    expect(fieldOf(inRecord(type, { default: 'text' }))).toMatchObject({ defaultValue: 7, parameters: null });
  });

  it('are cut to INT8 and INT16', () => {
    expect(fieldOf(inRecord({ type: 'int', 'connect.type': 'int8' }, { default: 300 })).defaultValue).toBe(44);
    expect(fieldOf(inRecord({ type: 'int', 'connect.type': 'int16' }, { default: 40_000 })).defaultValue).toBe(-25_536);
  });

  it('of null are the field’s own, in a union of more types', () => {
    const schema = fieldOf(inRecord(['null', 'int', 'string'], { default: null }));
    expect([...(schema.parameters ?? [])]).toEqual([[FLAG, 'true']]);
    expect(schema.defaultValue).toBeNull();
  });

  it('without metadata are not marked as the field’s own', () => {
    expect(
      toConnect(inRecord('int', { default: 1 }), { connectMetaData: false }).fields[0]?.schema.parameters,
    ).toBeNull();
  });

  it('of a union’s struct are those of its first branch', () => {
    const builder = named('io.confluent.connect.avro.Union')
      .field('int', Schemas.OPTIONAL_INT32)
      .field('string', Schemas.OPTIONAL_STRING);
    const value = new Struct(builder.build()).put('int', 5);
    const schema = named('R').field('u', builder.defaultValue(value).build()).build();
    expect(fieldsOf(schema)[0]).toEqual({ name: 'u', type: ['int', 'string'], default: 5 });
  });

  it('of an optional struct stay with the Avro field, though null is the first branch', () => {
    const builder = named('S').field('a', Schemas.INT32).optional();
    const value = new Struct(builder.build()).put('a', 1);
    const schema = named('R').field('s', builder.defaultValue(value).build()).build();
    expect(fieldsOf(schema)[0]).toMatchObject({ name: 's', type: ['null', { name: 'S' }], default: { a: 1 } });
  });

  it('of structs have scrubbed names', () => {
    const builder = named('S').field('a b', Schemas.INT32);
    const value = new Struct(builder.build()).put('a b', 1);
    const schema = named('R').field('s', builder.defaultValue(value).build()).build();
    expect(fieldsOf(schema, { scrubInvalidNames: true })[0]?.['default']).toEqual({ a_b: 1 });
  });

  it('of maps may not have a key that is null', () => {
    const map = SchemaBuilder.map(Schemas.OPTIONAL_STRING, Schemas.INT32);
    const schema = map.defaultValue(new Map([[null, 1]])).build();
    expect(() => toAvro(schema, { allowOptionalMapKeys: true })).toThrow(DataError);
  });

  it('may stand in a schema that contains itself', () => {
    const avro = {
      type: 'record',
      name: 'R',
      fields: [{ name: 'children', type: { type: 'array', items: 'R' }, default: [] }],
      'connect.name': 'R',
    };
    expect(toAvro(toConnect(avro))).toEqual(avro);
  });
});

describe('a schema that contains itself', () => {
  it('is used again behind its first use', () => {
    const avro = {
      type: 'record',
      name: 'R',
      fields: [
        {
          name: 'list',
          type: {
            type: 'array',
            items: {
              type: 'record',
              name: 'N',
              fields: [{ name: 'next', type: ['null', 'N'], default: null }],
              'connect.name': 'N',
            },
          },
        },
        { name: 'one', type: 'N' },
      ],
      'connect.name': 'R',
    };
    expect(toAvro(toConnect(avro))).toEqual(avro);
  });
});

describe('a Decimal', () => {
  it('has the scale 0 if its Avro schema has none', async () => {
    const { value } = await read(
      converterOf({ type: 'bytes', logicalType: 'decimal', precision: 4 }),
      Buffer.from([7]),
    );
    expect(value).toEqual(new BigDecimal(7n, 0));
  });
});

describe('a date', () => {
  it('that a Date can’t hold is bad data', async () => {
    const days = Buffer.from('feffffff0f', 'hex');
    await expect(read(converterOf({ type: 'int', logicalType: 'date' }), days)).rejects.toThrow(DataError);
  });
});

describe('a union’s struct', () => {
  const struct = (name: string): Schema => SchemaBuilder.struct().field(name, Schemas.INT32).optional().build();

  it('is written by its place where the branches have no name', async () => {
    const [one, other] = [struct('a'), struct('b')];
    const schema = named('io.confluent.connect.avro.Union')
      .field('ConnectDefault2', one)
      .field('ConnectDefault7', other)
      .build();
    const value = new Struct(schema).put('ConnectDefault2', new Struct(one).put('a', 1));
    expect((await write(converterOn(new FakeSchemaView()), schema, value)).toString('hex')).toBe('0002');
  });

  it('of another schema is bad data', async () => {
    const union = (type: string, schema: Schema): Schema =>
      named('io.confluent.connect.avro.Union').field(type, schema).build();
    const value = new Struct(union('int', Schemas.OPTIONAL_INT32)).put('int', 1);
    const writing = write(converterOn(new FakeSchemaView()), union('long', Schemas.OPTIONAL_INT64), value);
    await expect(writing).rejects.toThrow('Mismatching struct schema');
  });
});

describe('a record named like the one of values without a schema', () => {
  it('is a record like any other', async () => {
    const schema = named('io.confluent.connect.avro.Anything').field('a', Schemas.INT32).build();
    const value = new Struct(schema).put('a', 1);
    const converter = converterOn(new FakeSchemaView());
    const back = await read(converter, await write(converter, schema, value));
    expect(back.schema?.equals(schema)).toBe(true);
    expect((back.value as Struct).get('a')).toBe(1);
  });
});

describe('what nests deeper than the stack is', () => {
  it('has no Avro schema', async () => {
    let schema: Schema = Schemas.INT32;
    for (let depth = 0; depth < 20_000; depth++) schema = SchemaBuilder.array(schema).build();
    await expect(write(converterOn(new FakeSchemaView()), schema, [])).rejects.toThrow(DataError);
  });

  it('is no value', async () => {
    const schema = named('N').build();
    const value = Object.defineProperty(new Struct(schema), 'values', {
      get: () => {
        throw new RangeError('Maximum call stack size exceeded');
      },
    });
    await expect(write(converterOn(new FakeSchemaView()), schema, value)).rejects.toThrow('nested too deeply');
  });
});

describe('hundreds of structs without a name', () => {
  it('take no time of their own', () => {
    const builder = named('R');
    for (let index = 0; index < 1500; index++) {
      const doc = SchemaBuilder.int32().doc(String(index)).build();
      builder.field(`f${index}`, SchemaBuilder.struct().field('x', doc).optional().build());
    }
    const start = performance.now();
    expect(fieldsOf(builder.build())).toHaveLength(1500);
    // Each compared with each would take half a minute.
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

describe('with a schema that the registry selects', () => {
  const fieldAs = async (schema: Schema, value: unknown, type: unknown): Promise<string> => {
    const record = SchemaBuilder.struct().name('R').field('f', schema).build();
    return (await write(converterOf(inRecord(type)), record, new Struct(record).put('f', value))).toString('hex');
  };
  const decimal = (scale: number, kind: object = { type: 'bytes' }): object => ({
    ...kind,
    logicalType: 'decimal',
    precision: 9,
    scale,
  });
  const long = (logicalType: string): object => ({ type: 'long', logicalType });
  const second = new Date(1000);

  it('a Decimal is written with the scale of Avro’s', async () => {
    const value = new BigDecimal(-3n, 1);
    expect(await fieldAs(Decimal.schema(1), value, decimal(1))).toBe('02fd');
    expect(await fieldAs(Decimal.schema(1), value, decimal(3))).toBe('04fed4');
    expect(await fieldAs(Decimal.schema(1), value, decimal(3, { type: 'fixed', name: 'F', size: 3 }))).toBe('fffed4');
    expect(await fieldAs(Decimal.schema(1), value, 'bytes')).toBe('02fd');
    expect((await write(converterOf(decimal(3)), Decimal.schema(1), value)).toString('hex')).toBe('fed4');
  });

  it('a Decimal is refused where digits would be lost', async () => {
    const writing = fieldAs(Decimal.schema(2), new BigDecimal(150n, 2), decimal(1));
    await expect(writing).rejects.toThrow(
      'a Decimal of the scale 2 can not be written as an Avro decimal of the scale 1',
    );
  });

  it.each([
    ['timestamp-millis', 'd00f'],
    ['local-timestamp-millis', 'd00f'],
    ['timestamp-micros', '80897a'],
    ['local-timestamp-micros', '80897a'],
    ['timestamp-nanos', '80a8d6b907'],
    ['local-timestamp-nanos', '80a8d6b907'],
    ['of-my-own', 'd00f'],
  ])('a Timestamp is written in the unit of %s', async (logicalType, hex) => {
    expect(await fieldAs(ConnectTimestamp.SCHEMA, second, long(logicalType))).toBe(hex);
  });

  it('a Timestamp beyond what nanoseconds hold is bad data', async () => {
    const writing = fieldAs(ConnectTimestamp.SCHEMA, new Date('2500-01-01'), long('timestamp-nanos'));
    await expect(writing).rejects.toThrow('beyond what Avro');
  });

  it.each([
    ['a Timestamp', ConnectTimestamp.SCHEMA, long('time-micros')],
    ['a Date', ConnectDate.SCHEMA, { type: 'int', logicalType: 'time-millis' }],
    ['a Time', ConnectTime.SCHEMA, { type: 'int', logicalType: 'date' }],
  ])('%s is refused as something else', async (_what, schema, type) => {
    await expect(fieldAs(schema, new Date(0), type)).rejects.toThrow('can not be written as Avro');
  });
});
