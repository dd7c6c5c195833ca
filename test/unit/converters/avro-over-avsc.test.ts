import avsc from 'avsc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isStruct, SchemaBuilder, Schemas, Struct } from '../../../src/sdk/data/index.ts';
import { DataError } from '../../../src/sdk/errors/index.ts';
import { converterOf, converterOn, read, write } from './avro-with-schema.ts';
import { FakeSchemaView } from './fake-schema-view.ts';

const everything = {
  type: 'record',
  name: 'All',
  namespace: 'n',
  fields: [
    { name: 'b', type: 'boolean' },
    { name: 'i', type: 'int' },
    { name: 'l', type: 'long' },
    { name: 'f', type: 'float' },
    { name: 'd', type: 'double' },
    { name: 's', type: 'string' },
    { name: 'raw', type: 'bytes' },
    { name: 'oi', type: ['null', 'int'] },
    { name: 'os', type: ['string', 'null'] },
    { name: 'of', type: ['null', { type: 'fixed', name: 'Six', size: 6 }] },
    { name: 'e', type: { type: 'enum', name: 'E', symbols: ['A', 'B', 'C'] } },
    { name: 'u', type: ['null', 'long', 'string', { type: 'record', name: 'In', fields: [{ name: 'x', type: 'E' }] }] },
    { name: 'list', type: { type: 'array', items: ['null', 'double'] } },
    { name: 'map', type: { type: 'map', values: { type: 'array', items: 'In' } } },
    { name: 'again', type: ['null', 'In'] },
    { name: 'next', type: ['null', 'All'] },
  ],
};

describe('against avsc alone', () => {
  const plain = avsc.Type.forSchema(everything as avsc.Schema, { wrapUnions: true });

  it('reads what avsc writes, and writes what avsc reads', async () => {
    const converter = converterOf(everything);
    for (let round = 0; round < 300; round++) {
      const value = { ...(plain.random() as unknown as Record<string, unknown>), next: null };
      const payload = plain.toBuffer(round % 3 === 0 ? { ...value, next: { 'n.All': value } } : value);
      const back = await read(converter, payload);
      expect(isStruct(back.value)).toBe(true);
      const again = await write(converter, back.schema, back.value);
      // The order of a map's entries is kept, so that even the bytes are the same.
      expect(again.toString('hex')).toBe(payload.toString('hex'));
      expect(plain.fromBuffer(again)).toEqual(plain.fromBuffer(payload));
    }
  });

  it('gives the values that avsc gives', async () => {
    const payload = plain.toBuffer({
      b: true,
      i: -5,
      l: 2 ** 40,
      f: 1.5,
      d: -0.1,
      s: 'Zoë 🎈',
      raw: Buffer.from([0, 255]),
      oi: { int: 2147483647 },
      os: null,
      of: { 'n.Six': Buffer.from('abcdef') },
      e: 'C',
      u: { 'n.In': { x: 'B' } },
      list: [null, { double: 2 }],
      map: { k: [{ x: 'A' }] },
      again: { 'n.In': { x: 'C' } },
      next: null,
    });
    const { value } = await read(converterOf(everything), payload);
    if (!isStruct(value)) return expect.unreachable();
    expect(['b', 'i', 'l', 'f', 'd', 's', 'oi', 'os', 'e', 'next'].map((name) => value.get(name))).toEqual([
      ...[true, -5, 1099511627776n, 1.5, -0.1, 'Zoë 🎈', 2147483647, null, 'C', null],
    ]);
    expect(value.get('raw')).toEqual(Buffer.from([0, 255]));
    expect(value.get('of')).toEqual(Buffer.from('abcdef'));
    expect(value.get('list')).toEqual([null, 2]);
    expect(String(value.get('u'))).toBe('Struct{In=Struct{x=B}}');
    expect(String(value.get('again'))).toBe('Struct{x=C}');
    expect(String([...(value.get('map') as Map<string, unknown[]>)][0]?.[1][0])).toBe('Struct{x=A}');
  });

  it('fills in the defaults that avsc fills in', async () => {
    const field = (name: string, type: unknown, value: unknown): object => ({ name, type, default: value });
    const fields = [
      field('i', 'int', -7),
      field('d', 'double', 1.5),
      field('s', 'string', 'é'),
      field('raw', 'bytes', '\u00ff\u0001'),
      field('x', { type: 'fixed', name: 'F', size: 2 }, 'ab'),
      field('e', { type: 'enum', name: 'E', symbols: ['A', 'B'] }, 'B'),
      field('list', { type: 'array', items: 'long' }, [1, 2]),
      field('map', { type: 'map', values: 'string' }, { k: 'v' }),
      field('nothing', ['null', 'int'], null),
      field('something', ['int', 'null'], 3),
      field('r', { type: 'record', name: 'In', fields: [{ name: 'a', type: 'int' }, field('b', 'int', 9)] }, { a: 1 }),
    ];
    const avro = { type: 'record', name: 'R', fields: [{ name: 'own', type: 'int' }, ...fields] };
    const schema = SchemaBuilder.struct().name('R').field('own', Schemas.INT32).build();
    const bytes = await write(converterOf(avro), schema, new Struct(schema).put('own', 1));
    const alone = avsc.Type.forSchema(avro as avsc.Schema);
    expect(bytes.toString('hex')).toBe(alone.toBuffer({ own: 1 }).toString('hex'));
  });
});

describe('64-bit integers', () => {
  const varint = (value: bigint): string => {
    let zigzag = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    const bytes: number[] = [];
    for (; zigzag > 127n; zigzag >>= 7n) bytes.push(Number(zigzag & 127n) | 128);
    return Buffer.from([...bytes, Number(zigzag)]).toString('hex');
  };
  const edges = [0n, 30n, 31n, 32n, 51n, 52n, 53n, 54n, 62n, 63n].flatMap((power) =>
    [-1n, 0n, 1n].flatMap((step) => [(1n << power) + step, -(1n << power) + step]),
  );

  it('keep every digit, on both sides of where numbers end', async () => {
    const converter = converterOf('"long"');
    const check = async (value: bigint): Promise<void> => {
      const bytes = await write(converter, Schemas.INT64, value);
      expect(bytes.toString('hex')).toBe(varint(value));
      expect((await read(converter, bytes)).value).toBe(value);
    };
    for (const edge of edges) if (BigInt.asIntN(64, edge) === edge) await check(edge);
    await fc.assert(fc.asyncProperty(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), check), { numRuns: 500 });
  });

  it('are refused beyond 64 bits', async () => {
    await expect(write(converterOf('"long"'), Schemas.INT64, 2n ** 63n)).rejects.toBeInstanceOf(DataError);
  });
});

describe('texts', () => {
  it('are valid UTF-8 even if half a surrogate pair is in them', async () => {
    const converter = converterOf('"string"');
    for (const text of ['a\ud800b', '\udc00'.repeat(40), `${'é'.repeat(100)}\ud83d`]) {
      const bytes = await write(converter, Schemas.STRING, text);
      const expected = Buffer.from(text, 'utf8');
      expect(bytes.subarray(-expected.length).toString('hex')).toBe(expected.toString('hex'));
      expect((await read(converter, bytes)).value).toBe(expected.toString('utf8'));
    }
  });
});

describe('records that share a slab', () => {
  it('are the same as those of a slab of their own, wherever it ends', async () => {
    const schema = SchemaBuilder.struct()
      .name('R')
      .field('a', Schemas.INT64)
      .field('s', Schemas.STRING)
      .field('d', Schemas.FLOAT64)
      .field('raw', Schemas.BYTES)
      .build();
    const view = new FakeSchemaView();
    const converter = converterOn(view);
    const values = Array.from({ length: 400 }, (_, n) =>
      new Struct(schema)
        .put('a', BigInt(n) * 2n ** 54n - 2n ** 62n)
        .put('s', 'é'.repeat((n * 37) % 400))
        .put('d', n / 7)
        .put('raw', Buffer.alloc((n * 53) % 600, n)),
    );
    const shared: Buffer[] = [];
    for (const value of values) shared.push(await write(converter, schema, value));
    for (const [n, value] of values.entries()) {
      const alone = await write(converterOn(new FakeSchemaView()), schema, value);
      expect(shared[n]?.toString('hex')).toBe(alone.toString('hex'));
    }
  });

  it('lose no bytes to one that fails half-way', async () => {
    const schema = SchemaBuilder.struct().name('R').field('a', Schemas.STRING).field('b', Schemas.STRING).build();
    const converter = converterOn(new FakeSchemaView());
    const first = await write(converter, schema, new Struct(schema).put('a', 'one').put('b', 'two'));
    const before = first.toString('hex');
    await expect(write(converter, schema, new Struct(schema).put('a', 'x'.repeat(50)))).rejects.toThrow('field "b"');
    const next = await write(converter, schema, new Struct(schema).put('a', 'three').put('b', 'four'));
    expect(first.toString('hex')).toBe(before);
    expect(next.toString('latin1')).toBe('\nthree\bfour');
  });
});
