import avsc from 'avsc';
import { describe, expect, it } from 'vitest';
import { AvroConverter } from '../../../src/converters/avro/avro-converter.ts';
import {
  BigDecimal,
  ConnectDate,
  ConnectTimestamp,
  Decimal,
  isStruct,
  type Schema,
  type SchemaAndValue,
  SchemaBuilder,
  Schemas,
  Struct,
} from '../../../src/sdk/data/index.ts';
import {
  ConfigError,
  type ConnectError,
  DataError,
  EnvironmentError,
  IntegrityError,
} from '../../../src/sdk/errors/index.ts';
import { SourceRecord } from '../../../src/sdk/record/index.ts';
import { contextFor } from './converter-context.ts';
import { FakeSchemaView } from './fake-schema-view.ts';

const signal = new AbortController().signal;

function converterOn(
  view: FakeSchemaView,
  config: Record<string, string> = {},
  type: 'key' | 'value' = 'value',
): AvroConverter {
  const converter = new AvroConverter();
  converter.configure(config, contextFor(type, { view }));
  return converter;
}

const recordOf = (topic: string, schema: Schema | null, value: unknown): SourceRecord =>
  new SourceRecord({
    sourcePartition: {},
    sourceOffset: {},
    topic,
    keySchema: schema,
    key: value,
    valueSchema: schema,
    value,
  });

async function write(converter: AvroConverter, schema: Schema | null, value: unknown, topic = 't'): Promise<Buffer> {
  await converter.prepareFromConnectData([recordOf(topic, schema, value)], signal);
  const bytes = converter.fromConnectData(topic, schema, value);
  if (bytes === null) throw new Error('no bytes');
  return Buffer.from(bytes);
}

async function read(converter: AvroConverter, bytes: Uint8Array, topic = 't'): Promise<SchemaAndValue> {
  await converter.prepareToConnectData([{ topic, key: bytes, value: bytes }], signal);
  return converter.toConnectData(topic, bytes);
}

const frame = (id: number, payload: Uint8Array): Buffer => {
  const head = Buffer.alloc(5);
  head.writeInt32BE(id, 1);
  return Buffer.concat([head, payload]);
};

const order = SchemaBuilder.struct()
  .name('shop.Order')
  .field('id', Schemas.INT64)
  .field('customer', Schemas.STRING)
  .field('note', Schemas.OPTIONAL_STRING)
  .field('amount', Decimal.schema(2))
  .field('day', ConnectDate.SCHEMA)
  .field('at', ConnectTimestamp.SCHEMA)
  .field('tags', SchemaBuilder.array(Schemas.STRING).build())
  .field('counts', SchemaBuilder.map(Schemas.STRING, Schemas.INT32).build())
  .build();
const someOrder = (): Struct =>
  new Struct(order)
    .put('id', 9007199254740993n)
    .put('customer', 'Zoë')
    .put('amount', BigDecimal.parse('-12.30'))
    .put('day', new Date(86_400_000))
    .put('at', new Date(1_700_000_000_123))
    .put('tags', ['a', 'b'])
    .put('counts', new Map([['x', 1]]));

describe('AvroConverter', () => {
  it('writes Confluent’s frame and reads it back', async () => {
    const view = new FakeSchemaView();
    const converter = converterOn(view);
    const bytes = await write(converter, order, someOrder());
    expect(bytes.subarray(0, 5)).toEqual(Buffer.from([0, 0, 0, 0, 1]));
    expect(view.asked).toHaveLength(1);
    expect(view.asked[0]?.[0]).toMatchObject({ kind: 'register', subject: 't-value', normalize: false });
    const back = await read(converter, bytes);
    expect(back.schema?.equals(order)).toBe(true);
    expect(isStruct(back.value) && back.value.equals(someOrder())).toBe(true);
  });

  it('asks once per schema and batch, and not at all for what it knows', async () => {
    const view = new FakeSchemaView();
    const converter = converterOn(view);
    const batch = [1, 2, 3].map((value) => recordOf('t', Schemas.INT32, value));
    const other = recordOf('u', SchemaBuilder.string().build(), 'x');
    const again = recordOf('u', SchemaBuilder.string().build(), 'y');
    await converter.prepareFromConnectData([...batch, other, again], signal);
    expect(view.asked.map((questions) => questions.length)).toEqual([2]);
    expect(converter.prepareFromConnectData([...batch, other], signal)).toBeUndefined();
    const bytes = frame(1, Buffer.from([2]));
    await converter.prepareToConnectData(
      [
        { topic: 't', key: null, value: bytes },
        { topic: 't', key: null, value: bytes },
      ],
      signal,
    );
    expect(view.asked[1]).toHaveLength(1);
    expect(converter.prepareToConnectData([{ topic: 't', key: null, value: bytes }], signal)).toBeUndefined();
  });

  it('keeps null, without a question', async () => {
    const view = new FakeSchemaView();
    const converter = converterOn(view);
    expect(converter.prepareFromConnectData([recordOf('t', null, null)], signal)).toBeUndefined();
    expect(converter.prepareToConnectData([{ topic: 't', key: null, value: null }], signal)).toBeUndefined();
    expect(converter.fromConnectData('t', null, null)).toBeNull();
    expect(converter.fromConnectData('t', Schemas.OPTIONAL_INT32, null)).toBeNull();
    expect(converter.toConnectData('t', null)).toMatchObject({ schema: null, value: null });
    expect(() => converter.fromConnectData('t', Schemas.INT32, null)).toThrow(
      'Found null value for non-optional schema',
    );
  });

  it.each<[string, unknown]>([
    ['a text', 'x'],
    ['an int', 5],
    ['a long', 5n],
    ['a double', 1.5],
    ['a boolean', false],
    ['bytes', Buffer.from('hi')],
    ['a list', [1, 'a', null, [2n]]],
    [
      'a map',
      new Map<unknown, unknown>([
        ['a', 1],
        [2, new Map([['b', null]])],
      ]),
    ],
  ])('takes %s without a schema', async (_what, value) => {
    const converter = converterOn(new FakeSchemaView());
    const back = await read(converter, await write(converter, null, value));
    expect(back.schema).toBeNull();
    expect(back.value).toEqual(value);
  });

  it('writes bytes on their own raw', async () => {
    const converter = converterOn(new FakeSchemaView());
    const bytes = await write(converter, Schemas.BYTES, Buffer.from('raw'));
    expect(bytes.subarray(5).toString()).toBe('raw');
    expect((await read(converter, bytes)).value).toEqual(Buffer.from('raw'));
    const decimal = await write(converter, Decimal.schema(2), BigDecimal.parse('-12.30'));
    expect(decimal.subarray(5).toString('hex')).toBe('fb32');
    expect(String((await read(converter, decimal)).value)).toBe('-12.30');
  });

  it('writes records larger than a slab, and many after each other', async () => {
    const converter = converterOn(new FakeSchemaView());
    const large = 'ß'.repeat(200_000);
    const bytes = await write(converter, Schemas.STRING, large);
    const smaller = await Promise.all(
      Array.from({ length: 3000 }, (_, n) => write(converter, Schemas.STRING, `value-${n}-${'x'.repeat(60)}`)),
    );
    expect((await read(converter, bytes)).value).toBe(large);
    for (const [n, each] of smaller.entries()) {
      expect((await read(converter, each)).value).toBe(`value-${n}-${'x'.repeat(60)}`);
    }
  });

  it('fills in defaults of null fields, unless told to keep null', async () => {
    const schema = SchemaBuilder.struct()
      .name('S')
      .field('a', SchemaBuilder.string().optional().defaultValue('dd').build())
      .build();
    for (const [setting, expected] of [
      ['false', 'dd'],
      ['true', null],
    ] as const) {
      const converter = converterOn(new FakeSchemaView(), { 'ignore.default.for.nullables': setting });
      const back = await read(converter, await write(converter, schema, new Struct(schema)));
      expect(isStruct(back.value) && back.value.getWithoutDefault('a')).toBe(expected);
    }
  });

  it('names the field of a value that does not fit', async () => {
    const converter = converterOn(new FakeSchemaView());
    const struct = new Struct(order);
    await expect(write(converter, order, struct)).rejects.toThrow(
      'Found null value for non-optional schema: field "id"',
    );
    const good = await write(converter, order, someOrder());
    expect(isStruct((await read(converter, good)).value)).toBe(true);
  });

  it('closes its view', () => {
    const view = new FakeSchemaView();
    converterOn(view).close();
    expect(view.isClosed).toBe(true);
  });
});

describe('the schema that is written', () => {
  const person = SchemaBuilder.struct().name('n.Person').field('name', Schemas.STRING).build();
  const value = (): Struct => new Struct(person).put('name', 'Ada');

  it.each([
    ['TopicNameStrategy', 'value', 'people-value'],
    ['TopicNameStrategy', 'key', 'people-key'],
    ['RecordNameStrategy', 'value', 'n.Person'],
    ['TopicRecordNameStrategy', 'key', 'people-n.Person'],
  ] as const)('has its subject by %s of a %s', async (strategy, type, subject) => {
    const view = new FakeSchemaView();
    const setting = `io.confluent.kafka.serializers.subject.${strategy}`;
    const converter = converterOn(view, { [`${type}.subject.name.strategy`]: setting }, type);
    await write(converter, person, value(), 'people');
    expect([...view.bySubject.keys()]).toEqual([subject]);
  });

  it('refuses record names for what is no record', async () => {
    const converter = converterOn(new FakeSchemaView(), { 'value.subject.name.strategy': 'RecordNameStrategy' });
    await expect(write(converter, Schemas.INT32, 1)).rejects.toThrow('the message value must only be a record schema');
  });

  it('is looked up if it must not be registered', async () => {
    const view = new FakeSchemaView();
    const converter = converterOn(view, { 'auto.register.schemas': 'false', 'normalize.schemas': 'true' });
    const error = await write(converter, person, value()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DataError);
    expect(error).toMatchObject({
      message: 'Failed to serialize Avro data from topic t : ',
      code: 'holdfast.test.none',
    });
    expect(view.asked[0]?.[0]).toMatchObject({ kind: 'lookup', subject: 't-value', normalize: true });
  });

  const latest = JSON.stringify({
    type: 'record',
    name: 'Person',
    namespace: 'n',
    fields: [
      { name: 'age', type: ['null', 'int'], default: null },
      { name: 'name', type: ['null', 'string'] },
      { name: 'country', type: 'string', default: 'DE' },
    ],
  });

  it.each([
    ['the latest version', { 'use.latest.version': 'true' }],
    ['a fixed id', { 'use.schema.id': '7' }],
  ])('is that of %s, fields by name and defaults filled in', async (_what, config) => {
    const view = new FakeSchemaView();
    view.add(latest, { subject: 't-value', id: 7 });
    const converter = converterOn(view, { ...config, 'auto.register.schemas': 'false' } as Record<string, string>);
    const bytes = await write(converter, person, value());
    expect(bytes.readInt32BE(1)).toBe(7);
    expect(avsc.Type.forSchema(JSON.parse(latest)).fromBuffer(bytes.subarray(5))).toEqual({
      age: null,
      name: 'Ada',
      country: 'DE',
    });
  });

  it('is refused if the record does not fit it, strictly or not', async () => {
    const view = new FakeSchemaView();
    const fields = [
      { name: 'name', type: 'string' },
      { name: 'age', type: ['null', 'int'] },
    ];
    view.add(JSON.stringify({ type: 'record', name: 'Person', fields }), { subject: 't-value' });
    const strict = converterOn(view, { 'use.latest.version': 'true' });
    await expect(write(strict, person, value())).rejects.toThrow(/topic t : Incompatible schema .*\/fields\/1: age/);
    const lenient = converterOn(view, { 'use.latest.version': 'true', 'latest.compatibility.strict': 'false' });
    expect((await write(lenient, person, value())).subarray(5).toString('latin1')).toBe('\u0006Ada\u0000');
    view.add('"int"', { subject: 'u-value' });
    await expect(write(lenient, person, value(), 'u')).rejects.toThrow('Incompatible schema');
  });

  it('follows references, also those of references', async () => {
    const view = new FakeSchemaView();
    const field = (name: string, type: unknown): unknown => ({ name, type });
    view.add(JSON.stringify({ type: 'enum', name: 'n.Color', symbols: ['RED'] }), { subject: 'color' });
    view.add(JSON.stringify({ type: 'record', name: 'n.Car', fields: [field('color', 'n.Color')] }), {
      subject: 'car',
      references: [{ name: 'n.Color', subject: 'color', version: 1 }],
    });
    const text = JSON.stringify({
      type: 'record',
      name: 'n.Owner',
      fields: [field('car', 'n.Car'), field('other', 'n.Color')],
    });
    const references = [
      { name: 'n.Car', subject: 'car', version: 1 },
      { name: 'n.Color', subject: 'color', version: 1 },
    ];
    const { id } = view.add(text, { references });
    const back = await read(converterOn(view), frame(id, Buffer.from([0, 0])));
    expect(String(back.value)).toBe('Struct{car=Struct{color=RED},other=RED}');
  });

  it('is told apart by settings that make no sense', () => {
    const view = new FakeSchemaView();
    expect(() => converterOn(view, { 'use.schema.guid': 'x' })).toThrow(ConfigError);
    expect(() => converterOn(view, { 'value.subject.name.strategy': 'x.Strategy' })).toThrow(ConfigError);
    expect(() => new AvroConverter().configure({}, contextFor('value'))).toThrow(ConfigError);
  });
});

describe('Invariant 3: what the registry can’t answer is never bad data', () => {
  const away = new EnvironmentError('The registry is away.', { gateId: 'registry:x:read' });

  it('throws the very error of the gate, in both directions', async () => {
    const view = new FakeSchemaView();
    view.outage = { kind: 'waiting', error: away };
    const converter = converterOn(view);
    await expect(write(converter, Schemas.INT32, 1)).rejects.toBe(away);
    await expect(read(converter, frame(1, Buffer.from([2])))).rejects.toBe(away);
  });

  it('goes on with the same batch once the registry is back', async () => {
    const view = new FakeSchemaView();
    view.outage = { kind: 'waiting', error: away };
    const converter = converterOn(view);
    await expect(write(converter, Schemas.INT32, 1)).rejects.toBe(away);
    view.outage = undefined;
    expect((await write(converter, Schemas.INT32, 1)).toString('hex')).toBe('000000000102');
  });

  it('keeps known schemas flowing, while a new one waits', async () => {
    const view = new FakeSchemaView();
    const converter = converterOn(view);
    await write(converter, Schemas.INT32, 1);
    view.outage = { kind: 'waiting', error: away };
    expect((await write(converter, Schemas.INT32, 2)).length).toBe(6);
    await expect(write(converter, Schemas.STRING, 'x')).rejects.toBe(away);
    expect((await write(converter, Schemas.INT32, 3)).length).toBe(6);
  });

  it('waits also for a schema that was known and has become suspect', async () => {
    const view = new FakeSchemaView();
    const converter = converterOn(view);
    await write(converter, Schemas.INT32, 1);
    const key = view.asked[0]?.[0]?.key ?? '';
    view.answer(key, { kind: 'waiting', error: away });
    expect(() => converter.fromConnectData('t', Schemas.INT32, 2)).toThrow(away);
  });

  it('an unprepared call is retried, not reported', () => {
    const converter = converterOn(new FakeSchemaView());
    for (const call of [
      () => converter.fromConnectData('t', Schemas.INT32, 1),
      () => converter.toConnectData('t', frame(1, Buffer.from([2]))),
    ]) {
      expect(call).toThrow(EnvironmentError);
      expect(call).toThrow(expect.objectContaining({ code: 'holdfast.converters.not-prepared' }));
    }
  });

  it('waits for references, too', async () => {
    const view = new FakeSchemaView();
    const { id } = view.add('"n.Color"', { references: [{ name: 'n.Color', subject: 'color', version: 1 }] });
    const converter = converterOn(view);
    await view.resolve([{ kind: 'by-id', key: `id:${id}`, id }]);
    view.outage = { kind: 'waiting', error: away };
    await expect(read(converter, frame(id, Buffer.from([0])))).rejects.toBe(away);
    view.forget();
    view.outage = undefined;
    view.add(JSON.stringify({ type: 'enum', name: 'n.Color', symbols: ['RED'] }), { subject: 'color' });
    expect((await read(converter, frame(id, Buffer.from([0])))).value).toBe('RED');
  });

  it.each<[string, ConnectError]>([
    ['a wrong setting', new ConfigError('Not allowed.')],
    ['changed content', new IntegrityError('Id 1 has other content than before.')],
  ])('%s fails the task as it is', async (_what, error) => {
    const view = new FakeSchemaView();
    view.outage = { kind: 'refused', error };
    const converter = converterOn(view);
    await expect(write(converter, Schemas.INT32, 1)).rejects.toBe(error);
    await expect(read(converter, frame(1, Buffer.from([2])))).rejects.toBe(error);
  });
});

describe('bad records are data errors with Kafka Connect’s words', () => {
  const message = 'Failed to deserialize data for topic t to Avro: ';
  const text = JSON.stringify({
    type: 'record',
    name: 'R',
    fields: [
      { name: 's', type: 'string' },
      { name: 'u', type: ['null', 'long'] },
      { name: 'a', type: { type: 'array', items: { type: 'record', name: 'Empty', fields: [] } } },
      { name: 'e', type: { type: 'enum', name: 'E', symbols: ['A'] } },
    ],
  });
  const good = avsc.Type.forSchema(JSON.parse(text)).toBuffer({ s: 'x', u: null, a: [{}], e: 'A' });

  async function failure(bytes: Uint8Array): Promise<unknown> {
    const view = new FakeSchemaView();
    view.add(text);
    return read(converterOn(view), bytes).catch((thrown: unknown) => thrown);
  }

  it('a wrong magic byte', async () => {
    const error = await failure(Buffer.from([1, 0, 0, 0, 1, 2]));
    expect(error).toBeInstanceOf(DataError);
    expect(error).toMatchObject({ message, cause: { message: 'Unknown magic byte!' } });
  });

  it('no bytes, or too few', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from([0, 0, 0, 1])]) {
      expect(await failure(bytes)).toMatchObject({ message, code: 'holdfast.converters.not-framed' });
    }
  });

  it('an id that the registry refuses', async () => {
    const error = await failure(frame(-559038737, Buffer.from([1])));
    expect(error).toBeInstanceOf(DataError);
    expect(error).toMatchObject({ message, code: 'holdfast.test.none' });
  });

  it('every truncation of a record', async () => {
    for (let length = 0; length < good.length; length++) {
      const error = await failure(frame(1, good.subarray(0, length)));
      expect(error, `cut at ${length}`).toBeInstanceOf(DataError);
      expect(error).toMatchObject({ message });
    }
    expect(await failure(frame(1, good))).toMatchObject({ schema: {} });
  });

  it.each<[string, number[]]>([
    ['a text of negative length', [1]],
    ['a text longer than the record', [254, 255, 255, 255, 15]],
    ['a number without end', [255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]],
    ['a union branch that is none', [0, 8, 0, 0, 0]],
    ['a block of billions of nothing', [0, 0, 254, 255, 255, 255, 255, 255, 3, 0, 0]],
    ['a symbol that is none', [0, 0, 0, 6]],
  ])('%s', async (_what, payload) => {
    const error = await failure(frame(1, Buffer.from(payload)));
    expect(error).toBeInstanceOf(DataError);
    expect(error).toMatchObject({ message, cause: { message: 'Error deserializing Avro message for id 1' } });
  });

  it('records nested deeper than the stack', async () => {
    const view = new FakeSchemaView();
    view.add(JSON.stringify({ type: 'record', name: 'N', fields: [{ name: 'n', type: ['null', 'N'] }] }));
    await expect(read(converterOn(view), frame(1, Buffer.alloc(2_000_000, 2)))).rejects.toBeInstanceOf(DataError);
  });

  it('schemas of another kind, or that are none', async () => {
    const view = new FakeSchemaView();
    view.add('{"type":"object"}', { schemaType: 'JSON' });
    view.add('{"type":"recor');
    const converter = converterOn(view);
    await expect(read(converter, frame(1, Buffer.from([0])))).rejects.toThrow('of type JSON');
    await expect(read(converter, frame(2, Buffer.from([0])))).rejects.toBeInstanceOf(DataError);
  });
});

describe('unions, enums and records within themselves', () => {
  async function roundTrip(avro: unknown, payload: Buffer, config: Record<string, string> = {}): Promise<string> {
    const view = new FakeSchemaView();
    const { id } = view.add(JSON.stringify(avro));
    const converter = converterOn(view, config);
    const back = await read(converter, frame(id, payload));
    const again = await write(converter, back.schema, back.value, 'other');
    expect(again.subarray(5).toString('hex')).toBe(payload.toString('hex'));
    return String(back.value);
  }

  const record = { type: 'record', name: 'n.R', fields: [{ name: 'a', type: 'int' }] };
  const union = { type: 'record', name: 'n.S', fields: [{ name: 'u', type: ['null', 'string', 'long', record] }] };

  it.each<[string, unknown, string]>([
    ['null', null, 'Struct{}'],
    ['a primitive type', { long: 5 }, 'Struct{u=Struct{long=5}}'],
    ['a record', { 'n.R': { a: 7 } }, 'Struct{u=Struct{R=Struct{a=7}}}'],
  ])('%s in a union', async (_what, u, expected) => {
    const payload = avsc.Type.forSchema(union as avsc.Schema, { wrapUnions: true }).toBuffer({ u });
    expect(await roundTrip(union, payload)).toBe(expected);
    expect(await roundTrip(union, payload, { 'enhanced.avro.schema.support': 'true' })).toContain('Struct');
    expect(await roundTrip(union, payload, { 'generalized.sum.type.support': 'true' })).toContain('Struct');
  });

  it('enums, with the setting', async () => {
    const avro = {
      type: 'record',
      name: 'S',
      fields: [{ name: 'c', type: { type: 'enum', name: 'n.C', symbols: ['X', 'Y'] } }],
    };
    const payload = Buffer.from([2]);
    expect(await roundTrip(avro, payload, { 'enhanced.avro.schema.support': 'true' })).toBe('Struct{c=Y}');
    expect(await roundTrip(avro, payload, { 'generalized.sum.type.support': 'true' })).toBe('Struct{c=Y}');
  });

  it('fixed and fixed decimals', async () => {
    const fixed = { type: 'record', name: 'S', fields: [{ name: 'f', type: { type: 'fixed', name: 'n.F', size: 2 } }] };
    await roundTrip(fixed, Buffer.from([1, 2]));
    const view = new FakeSchemaView();
    const { id } = view.add(
      JSON.stringify({ type: 'fixed', name: 'D', size: 4, logicalType: 'decimal', precision: 8, scale: 2 }),
    );
    expect(String((await read(converterOn(view), frame(id, Buffer.from([0xff, 0xff, 0xfb, 0x32])))).value)).toBe(
      '-12.30',
    );
  });

  it('a list of records', async () => {
    const avro = {
      type: 'record',
      name: 'n.Node',
      fields: [
        { name: 'v', type: 'int' },
        { name: 'next', type: ['null', 'n.Node'], default: null },
      ],
    };
    const payload = avsc.Type.forSchema(avro as avsc.Schema).toBuffer({
      v: 1,
      next: { v: 2, next: { v: 3, next: null } },
    });
    expect(await roundTrip(avro, payload)).toBe('Struct{v=1,next=Struct{v=2,next=Struct{v=3}}}');
  });

  it('a map of other than string keys, in blocks of known size', async () => {
    const entry = {
      type: 'record',
      name: 'MapEntry',
      namespace: 'io.confluent.connect.avro',
      fields: [
        { name: 'key', type: 'int' },
        { name: 'value', type: 'string' },
      ],
    };
    const view = new FakeSchemaView();
    const { id } = view.add(JSON.stringify({ type: 'array', items: entry }));
    // One block of -1 entries, which is 3 bytes long.
    const bytes = frame(id, Buffer.from([1, 6, 14, 2, 0x78, 0]));
    expect((await read(converterOn(view), bytes)).value).toEqual(new Map([[7, 'x']]));
  });
});

describe('AvroConverter, told what became of its records', () => {
  it('tells the view which ids they carry, of its own part, and only while the view wants to know', () => {
    const view = new FakeSchemaView();
    const carried: unknown[] = [];
    let isTracking = false;
    Object.assign(view, {
      tracksRecords: () => isTracking,
      carried: (...what: unknown[]) => carried.push(what),
      recordsOf: () => [{ topic: 't', partition: 1, first: 5, last: 5 }],
    });
    const key = converterOn(view, {}, 'key');
    const value = converterOn(view);
    expect([key.tracksWritten(), value.tracksWritten()]).toEqual([false, false]);
    isTracking = true;
    expect([key.tracksWritten(), value.tracksWritten()]).toEqual([true, true]);
    const records = [
      { topic: 't', key: frame(3, Buffer.from('k')), value: frame(0x01020304, Buffer.from('v')) },
      { topic: 't', key: null, value: Buffer.from('no frame') },
      { topic: 'u', key: frame(3, Buffer.alloc(0)), value: frame(9, Buffer.alloc(0)) },
    ];
    for (const converter of [key, value]) converter.written(records, [1, 1, 2], [5, 6, -1]);
    expect(carried).toEqual([
      [3, 't', 1, 5],
      [0x01020304, 't', 1, 5],
    ]);
    expect(value.writtenWith(new IntegrityError('x'))).toEqual([{ topic: 't', partition: 1, first: 5, last: 5 }]);
    value.close();
    expect([value.tracksWritten(), value.writtenWith(new IntegrityError('x'))]).toEqual([false, []]);
  });
});
