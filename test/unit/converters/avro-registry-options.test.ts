import { describe, expect, it } from 'vitest';
import { AvroConverter } from '../../../src/converters/avro/avro-converter.ts';
import type { RawHeader } from '../../../src/sdk/converter.ts';
import { isStruct, type Schema, SchemaBuilder, Schemas, Struct } from '../../../src/sdk/data/index.ts';
import { ConfigError, DataError, EnvironmentError } from '../../../src/sdk/errors/index.ts';
import { SourceRecord } from '../../../src/sdk/record/index.ts';
import { contextFor } from './converter-context.ts';
import { FakeSchemaView } from './fake-schema-view.ts';

const signal = new AbortController().signal;
const GUID = '0d3f7c52-9f0a-4b5e-8a53-6a2f1f1e7c11';

function converterOn(view: FakeSchemaView, config: Record<string, string> = {}, type: 'key' | 'value' = 'value') {
  const converter = new AvroConverter();
  converter.configure(config, contextFor(type, { view }));
  return converter;
}

async function write(converter: AvroConverter, schema: Schema | null, value: unknown, topic = 't'): Promise<Buffer> {
  const record = new SourceRecord({
    sourcePartition: {},
    sourceOffset: {},
    topic,
    keySchema: schema,
    key: value,
    valueSchema: schema,
    value,
  });
  await converter.prepareFromConnectData([record], signal);
  return Buffer.from(converter.fromConnectData(topic, schema, value) ?? []);
}

async function read(converter: AvroConverter, bytes: Uint8Array, headers?: readonly RawHeader[]) {
  const raw = { topic: 't', key: bytes, value: bytes };
  await converter.prepareToConnectData([headers === undefined ? raw : { ...raw, headers }], signal);
  return converter.toConnectData('t', bytes, headers);
}

function frame(id: number, payload: readonly number[]): Buffer {
  const head = Buffer.alloc(5);
  head.writeInt32BE(id, 1);
  return Buffer.concat([head, Buffer.from(payload)]);
}

const guidHeader = (key = '__value_schema_id', guid = GUID): RawHeader => ({
  key,
  value: Buffer.from(`01${guid.replaceAll('-', '')}`, 'hex'),
});

const person = SchemaBuilder.struct().name('Person').field('name', Schemas.STRING).build();
const ada = (): Struct => new Struct(person).put('name', 'Ada');
const avroPerson = (...fields: unknown[]): string =>
  JSON.stringify({ type: 'record', name: 'Person', fields: [{ name: 'name', type: 'string' }, ...fields] });

describe('the order in which the schema to write with is selected', () => {
  const all = {
    'use.schema.id': '5',
    'use.latest.with.metadata': 'owner=a',
    'use.latest.version': 'true',
    'auto.register.schemas': 'true',
  };

  it.each([
    ['a fixed id', {}, ['by-id']],
    ['the latest with metadata', { 'use.schema.id': '-1' }, ['with-metadata']],
    ['the latest', { 'use.schema.id': '-1', 'use.latest.with.metadata': null }, ['version']],
    [
      'registration',
      { 'use.schema.id': '-1', 'use.latest.with.metadata': null, 'use.latest.version': 'false' },
      ['register'],
    ],
  ] as const)('%s comes before what follows', async (_what, less, kinds) => {
    const view = new FakeSchemaView();
    const schema = view.add(avroPerson(), { subject: 't-value', id: 5 });
    view.metadata.set(schema, { owner: 'a' });
    const settings = Object.entries({ ...all, ...less }).filter(([, value]) => value !== null);
    await write(converterOn(view, Object.fromEntries(settings) as Record<string, string>), person, ada());
    expect(view.asked.flat().map(({ kind }) => kind)).toEqual(kinds);
  });
});

describe('a selected schema with which the record’s own is not compatible', () => {
  const text = avroPerson({ name: 'age', type: 'int' });
  const own = avroPerson().replace(/}$/, ',"connect.name":"Person"}');

  it.each([
    ['use.latest.version', 'latest.compatibility.strict'],
    ['use.schema.id', 'id.compatibility.strict'],
  ])('is refused by %s in Confluent’s words, unless told not to look', async (selection, strictness) => {
    const view = new FakeSchemaView();
    const references = [{ name: 'x', subject: 'y', version: 2 }];
    const { id } = view.add(text, { subject: 't-value', references });
    view.add('{"type":"enum","name":"x","symbols":[]}', { subject: 'y' });
    view.add('{"type":"enum","name":"x","symbols":["A"]}', { subject: 'y' });
    const config = { [selection]: selection === 'use.schema.id' ? String(id) : 'true' };
    const error = await write(converterOn(view, config), person, ada()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DataError);
    expect(error).toMatchObject({
      code: 'holdfast.converters.incompatible-schema',
      message:
        `Failed to serialize Avro data from topic t : Incompatible schema ${text} with refs [{name='x', subject='y', version=2}] ` +
        `of type AVRO for schema ${own}. Set ${strictness}=false to disable this check (/fields/1: age)`,
    });
    const lenient = converterOn(view, { ...config, [strictness]: 'false' });
    await expect(write(lenient, person, ada())).rejects.toThrow('has no default, and the record has no such field');
  });

  it('is compatible when a reader with it can read the record: promotions, defaults, fields it lacks', async () => {
    const view = new FakeSchemaView();
    const wide = SchemaBuilder.struct().name('Wide').field('n', Schemas.INT32).field('extra', Schemas.STRING).build();
    const fields = [
      { name: 'n', type: 'long' },
      { name: 'more', type: ['null', 'string'], default: null },
    ];
    view.add(JSON.stringify({ type: 'record', name: 'Wide', fields }), { subject: 't-value' });
    const value = new Struct(wide).put('n', 3).put('extra', 'x');
    const bytes = await write(converterOn(view, { 'use.latest.version': 'true' }), wide, value);
    expect([...bytes.subarray(5)]).toEqual([6, 0]);
  });

  it('is not looked at for the latest with metadata, as Confluent does not', async () => {
    const view = new FakeSchemaView();
    const schema = view.add(avroPerson({ name: 'age', type: ['null', 'int'] }), { subject: 't-value' });
    view.metadata.set(schema, { owner: 'a' });
    view.add('"int"', { subject: 't-value' });
    const bytes = await write(converterOn(view, { 'use.latest.with.metadata': 'owner=a' }), person, ada());
    expect(bytes.subarray(5).toString('latin1')).toBe('\u0006Ada\u0000');
  });
});

describe('use.latest.with.metadata', () => {
  it.each([
    ['a=1', { a: '1' }],
    ["a=1, 'b=x,y',c=d=e", { a: '1', b: 'x,y', c: 'd=e' }],
    ['a=', { a: '' }],
  ])('reads %s', async (text, metadata) => {
    const view = new FakeSchemaView();
    await write(converterOn(view, { 'use.latest.with.metadata': text }), person, ada()).catch(() => {});
    expect(view.asked.flat()[0]).toMatchObject({ kind: 'with-metadata', subject: 't-value', metadata });
  });

  it.each(['', 'a', '=1', 'a=1,b'])('refuses "%s"', (text) => {
    expect(() => converterOn(new FakeSchemaView(), { 'use.latest.with.metadata': text })).toThrow(ConfigError);
  });
});

describe('contexts of the registry', () => {
  const europe = { 'context.name.strategy': 'StaticContextNameStrategy', 'context.name': '.europe' };

  it('hold the subjects and ids of all topics', async () => {
    const view = new FakeSchemaView();
    const converter = converterOn(view, europe);
    const bytes = await write(converter, Schemas.INT32, 1);
    await read(converter, bytes);
    expect(view.asked.flat()).toMatchObject([
      { kind: 'register', subject: ':.europe:t-value' },
      { kind: 'by-id', subject: ':.europe:' },
    ]);
    await write(converterOn(view, { ...europe, 'use.schema.id': '1' }), Schemas.INT32, 1);
    // Invariant 5: asked apart from those that only read the id.
    expect(view.asked.at(-1)).toMatchObject([{ kind: 'by-id', subject: ':.europe:', id: 1, forWriting: true }]);
  });

  it.each(['europe', '.europe', ':.europe:'])('may be written as %s', async (name) => {
    const view = new FakeSchemaView();
    await write(converterOn(view, { ...europe, 'context.name': name }), Schemas.INT32, 1);
    expect([...view.bySubject.keys()]).toEqual([':.europe:t-value']);
  });

  it('hold the references of a schema, too, unless these name one themselves', async () => {
    const view = new FakeSchemaView();
    view.add('{"type":"enum","name":"Color","symbols":["RED"]}', { subject: ':.europe:color' });
    view.add('{"type":"enum","name":"Unit","symbols":["IN"]}', { subject: ':.us:unit' });
    view.add('{"type":"record","name":"Size","fields":[{"name":"unit","type":"Unit"}]}', {
      subject: ':.us:size',
      references: [{ name: 'Unit', subject: 'unit', version: 1 }],
    });
    const { id } = view.add('{"type":"map","values":["Color","Size"]}', {
      references: [
        { name: 'Color', subject: 'color', version: 1 },
        { name: 'Size', subject: ':.us:size', version: 1 },
      ],
    });
    const back = await read(converterOn(view, europe), frame(id, [0]));
    expect(back.value).toEqual(new Map());
    expect(view.asked.flat().map(({ subject }) => subject)).toEqual([
      ':.europe:',
      ':.europe:color',
      ':.us:size',
      ':.us:unit',
    ]);
  });

  it.each([
    { 'context.name.strategy': 'StaticContextNameStrategy' },
    { 'context.name': '.europe' },
    { ...europe, 'context.name': ':.a:b:' },
    { ...europe, 'context.name.strategy': 'com.example.MyStrategy' },
  ])('refuse settings that don’t go together: %o', (config) => {
    expect(() => converterOn(new FakeSchemaView(), config as Record<string, string>)).toThrow(ConfigError);
  });
});

describe('references that form a circle', () => {
  const circular = (): { readonly view: FakeSchemaView; readonly id: number } => {
    const view = new FakeSchemaView();
    const refer = (to: string) => [{ name: to, subject: to, version: 1 }];
    view.add('{"type":"record","name":"a","fields":[]}', { subject: 'a', references: refer('b') });
    view.add('{"type":"record","name":"b","fields":[]}', { subject: 'b', references: refer('a') });
    return { view, id: view.add('"a"', { subject: 't-value', references: refer('a') }).id };
  };

  it('are refused when reading and writing, with the way that they take', async () => {
    const { view, id } = circular();
    const refusal = {
      name: 'DataError',
      code: 'holdfast.converters.circular-references',
      message: expect.stringMatching(/form a circle: a version 1 -> b version 1 -> a version 1\.$/),
    };
    await expect(read(converterOn(view), frame(id, []))).rejects.toMatchObject(refusal);
    const writing = converterOn(view, { 'use.latest.version': 'true' });
    await expect(write(writing, person, ada())).rejects.toMatchObject(refusal);
  });
});

describe('a schema that is named in a header', () => {
  const withGuid = (): FakeSchemaView => {
    const view = new FakeSchemaView();
    view.byGuid.set(GUID, { id: -1, schemaType: 'AVRO', schema: avroPerson(), references: [] });
    return view;
  };
  const payload = Buffer.from('\u0006Ada', 'latin1');

  it('is found by its GUID, and the payload has no frame', async () => {
    const view = withGuid();
    const converter = converterOn(view);
    for (let i = 0; i < 2; i++) {
      const { value } = await read(converter, payload, [{ key: 'other', value: null }, guidHeader()]);
      expect(isStruct(value) && value.get('name')).toBe('Ada');
    }
    expect(view.asked).toEqual([[{ kind: 'by-guid', key: `guid:${GUID}`, guid: GUID }]]);
  });

  it('belongs to the key or to the value', async () => {
    const view = withGuid();
    view.add('"int"', { id: 1 });
    const key = converterOn(view, {}, 'key');
    expect((await read(key, frame(1, [4]), [guidHeader()])).value).toBe(2);
    expect(isStruct((await read(key, payload, [guidHeader('__key_schema_id')])).value)).toBe(true);
  });

  it('is the last one of several, may be an id, and does not count when it is empty', async () => {
    const view = withGuid();
    view.add('"int"', { id: 0x01020304 });
    const converter = converterOn(view);
    const id = { key: '__value_schema_id', value: Buffer.from([0, 1, 2, 3, 4]) };
    const none = { key: '__value_schema_id', value: null };
    expect((await read(converter, Buffer.from([6]), [guidHeader(), id])).value).toBe(3);
    expect((await read(converter, frame(0x01020304, [8]), [guidHeader(), none])).value).toBe(4);
  });

  it.each([
    ['empty', Buffer.alloc(0)],
    ['another magic byte', Buffer.alloc(17, 2)],
    ['half a GUID', Buffer.from([1, 2, 3])],
    ['half an id', Buffer.from([0, 1])],
  ])('is bad data when it is %s', async (_what, value) => {
    const header = { key: '__value_schema_id', value };
    const view = withGuid();
    await expect(read(converterOn(view), payload, [header])).rejects.toMatchObject({
      message: 'Failed to deserialize data for topic t to Avro: ',
      cause: { message: 'Error deserializing schema ID', cause: { message: 'Unknown magic byte!' } },
    });
    expect(view.asked).toEqual([]);
  });

  it('is left aside by PrefixSchemaIdDeserializer', async () => {
    const view = withGuid();
    view.add('"int"', { id: 1 });
    const settings = { 'value.schema.id.deserializer': 'PrefixSchemaIdDeserializer' };
    expect((await read(converterOn(view, settings), frame(1, [4]), [guidHeader()])).value).toBe(2);
  });

  it('invariant 3: waits while the registry is away, and is bad data when the registry denies it', async () => {
    const view = withGuid();
    const away = new EnvironmentError('The registry is away.', { gateId: 'registry:x:read' });
    view.outage = { kind: 'waiting', error: away };
    const converter = converterOn(view);
    await expect(read(converter, payload, [guidHeader()])).rejects.toBe(away);
    view.outage = undefined;
    expect(isStruct((await read(converter, payload, [guidHeader()])).value)).toBe(true);
    const unknown = guidHeader('__value_schema_id', GUID.replace(/^0/, 'f'));
    await expect(read(converter, payload, [unknown])).rejects.toBeInstanceOf(DataError);
  });
});

describe('settings of Confluent’s that are refused, because passing over them would be dangerous', () => {
  it.each([
    ['use.schema.guid', GUID, 'set use.schema.id'],
    ['propagate.schema.tags', 'true', 'auto.register.schemas=false'],
    ['rule.executors', 'encrypt', 'data contracts'],
    [
      'value.schema.id.serializer',
      'io.confluent.kafka.serializers.schema.id.HeaderSchemaIdSerializer',
      'must be one of',
    ],
    [
      'value.schema.id.deserializer',
      'io.confluent.kafka.serializers.schema.id.ConfigSchemaIdDeserializer',
      'must be one of',
    ],
    ['reference.subject.name.strategy', 'com.example.Mine', 'must be one of'],
  ])('%s=%s', (key, value, said) => {
    const configure = (): unknown => converterOn(new FakeSchemaView(), { [key]: value });
    expect(configure).toThrow(ConfigError);
    expect(configure).toThrow(said);
  });

  it('but not when they say what happens anyway', () => {
    const ids = 'io.confluent.kafka.serializers.schema.id.';
    converterOn(new FakeSchemaView(), {
      'propagate.schema.tags': 'false',
      'rule.executors': '',
      'value.schema.id.serializer': `${ids}PrefixSchemaIdSerializer`,
      'key.schema.id.deserializer': `${ids}DualSchemaIdDeserializer`,
      'reference.subject.name.strategy': 'QualifiedReferenceSubjectNameStrategy',
      'context.name.strategy': 'io.confluent.kafka.serializers.context.NullContextNameStrategy',
    }).close();
  });
});
