import avsc from 'avsc';
import { describe, expect, it } from 'vitest';
import { parseAvroSchema } from '../../../src/converters/avro/avro-schema.ts';
import { isStruct, Schemas } from '../../../src/sdk/data/index.ts';
import { DataError } from '../../../src/sdk/errors/index.ts';
import { converterOf, inRecord, read, write } from './avro-with-schema.ts';

describe('schemas that a registry keeps although avsc alone would refuse them', () => {
  const reads = async (avro: unknown, payload: number[]): Promise<string> =>
    String((await read(converterOf(avro), Buffer.from(payload))).value);

  it.each<[string, unknown, number[], string]>([
    [
      'a default that is no symbol',
      inRecord({ type: 'enum', name: 'E', symbols: ['A'] }, { default: 'Z' }),
      [0],
      'Struct{f=A}',
    ],
    ['a default of the second branch', inRecord(['null', 'int'], { default: 5 }), [2, 2], 'Struct{f=1}'],
    [
      'a field name that is none',
      { type: 'record', name: 'R', fields: [{ name: 'a-b', type: 'int' }] },
      [2],
      'Struct{a-b=1}',
    ],
    ['a type name that is none', { type: 'record', name: "R');x('", fields: [] }, [], 'Struct{}'],
    [
      'symbols that are none',
      inRecord({ type: 'enum', name: 'E', symbols: ['a b', 'é', 'toString'] }),
      [4],
      'Struct{f=toString}',
    ],
    [
      'a name that all objects have',
      inRecord({ type: 'record', name: 'constructor', fields: [] }),
      [],
      'Struct{f=Struct{}}',
    ],
    [
      'the name of a primitive type, in a namespace',
      inRecord({ type: 'enum', name: 'n.string', symbols: ['A', 'B'] }),
      [2],
      'Struct{f=B}',
    ],
    ['a type within a type', inRecord({ type: { type: 'string' } }), [2, 97], 'Struct{f=a}'],
    ['an error', { type: 'error', name: 'R', fields: [{ name: 'stack', type: 'string' }] }, [2, 97], 'Struct{stack=a}'],
    [
      'a reference in the form of a definition',
      {
        type: 'record',
        name: 'R',
        fields: [
          { name: 'a', type: { type: 'enum', name: 'F', symbols: ['A', 'B'] } },
          { name: 'b', type: { type: 'F' } },
        ],
      },
      [0, 2],
      'Struct{a=A,b=B}',
    ],
    [
      'a name without a namespace, used within one',
      {
        type: 'record',
        name: 'R',
        fields: [
          { name: 'a', type: { type: 'enum', name: 'E', symbols: ['X'] } },
          { name: 'b', type: { type: 'record', name: 'n.In', fields: [{ name: 'c', type: 'E' }] } },
        ],
      },
      [0, 0],
      'Struct{a=X,b=Struct{c=X}}',
    ],
    [
      'a full name next to another namespace',
      {
        type: 'record',
        name: 'a.b.R',
        namespace: 'other',
        fields: [{ name: 'f', type: ['null', 'R'] }],
      },
      [2, 0],
      'Struct{f=Struct{}}',
    ],
  ])('%s', async (_what, avro, payload, expected) => {
    expect(await reads(avro, payload)).toBe(expected);
  });

  it('with the names as they stand there', () => {
    const avro = parseAvroSchema(JSON.stringify({ type: 'record', name: '1-x.toString.é', fields: [] }));
    expect(avro).toMatchObject({ kind: 'record', fullName: '1-x.toString.é' });
  });

  it('an enum takes its symbols only, whatever names objects have', async () => {
    const converter = converterOf({ type: 'enum', name: 'E', symbols: ['A'] });
    expect((await write(converter, Schemas.STRING, 'A')).toString('hex')).toBe('00');
    await expect(write(converter, Schemas.STRING, 'toString')).rejects.toThrow('is no symbol of the Avro enum E');
  });
});

describe('schemas that are none', () => {
  it.each<[string, unknown]>([
    ['an unknown type', { type: 'array', items: 'n.Unknown' }],
    [
      'a type defined twice',
      [
        'null',
        {
          type: 'array',
          items: [
            { type: 'fixed', name: 'F', size: 1 },
            { type: 'fixed', name: 'F', size: 2 },
          ],
        },
      ],
    ],
    [
      'a field twice',
      {
        type: 'record',
        name: 'R',
        fields: [
          { name: 'a', type: 'int' },
          { name: 'a', type: 'int' },
        ],
      },
    ],
    ['a union within a union', ['null', ['int', 'string']]],
    ['a branch twice', ['int', 'int']],
    ['a fixed type without a size', { type: 'fixed', name: 'F' }],
    ['a negative size', { type: 'fixed', name: 'F', size: -1 }],
    ['no name', { type: 'record', fields: [] }],
    ['no fields', { type: 'record', name: 'R' }],
    ['a number', 5],
    ['null', null],
  ])('%s', async (_what, avro) => {
    expect(() => parseAvroSchema(JSON.stringify(avro))).toThrow(DataError);
    await expect(read(converterOf(JSON.stringify(avro)), Buffer.from([0]))).rejects.toBeInstanceOf(DataError);
  });

  it('nested deeper than the stack', () => {
    const depth = 50_000;
    expect(() => parseAvroSchema(`${'{"type":"array","items":'.repeat(depth)}"int"${'}'.repeat(depth)}`)).toThrow(
      DataError,
    );
  });
});

describe('garbage', () => {
  const endless = (bytes: number): Buffer => Buffer.concat([Buffer.alloc(bytes, 0x80), Buffer.from([0])]);

  it.each<[string, unknown, Buffer]>([
    ['an int of 64 bits', 'int', Buffer.from([254, 255, 255, 255, 255, 15])],
    ['an int of too many bytes', 'int', endless(5)],
    ['a long of too many bytes', 'long', endless(10)],
    ['a length that is no number, of bytes', inRecord('bytes'), endless(200)],
    ['a length that is no number, of a text', inRecord('string'), endless(200)],
    ['a length that is no number, of an array', inRecord({ type: 'array', items: 'int' }), endless(200)],
    ['a negative length of bytes', inRecord('bytes'), Buffer.from([1])],
    ['bytes beyond the end', inRecord('bytes'), Buffer.from([254, 255, 255, 255, 255, 255, 15])],
    [
      'a decimal beyond the end',
      inRecord({ type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 }),
      Buffer.from([8, 1]),
    ],
    ['a block of billions', inRecord({ type: 'map', values: 'int' }), Buffer.from([254, 255, 255, 255, 255, 255, 15])],
    [
      'more of nothing than is sane, block by block',
      { type: 'array', items: { type: 'record', name: 'Empty', fields: [] } },
      Buffer.from([128, 159, 73, 128, 159, 73, 0]),
    ],
    ['nothing at all, where a text is the whole record', 'string', Buffer.alloc(0)],
  ])('%s is a data error', async (_what, avro, payload) => {
    const started = performance.now();
    await expect(read(converterOf(JSON.stringify(avro)), payload)).rejects.toBeInstanceOf(DataError);
    expect(performance.now() - started).toBeLessThan(8_000);
  });

  it('leaves nothing behind: the next record is read as ever', async () => {
    const converter = converterOf(inRecord('bytes'));
    for (const length of [200, 500]) await expect(read(converter, endless(length))).rejects.toBeInstanceOf(DataError);
    for (const size of [1, 40, 5000]) {
      const bytes = Buffer.alloc(size, 7);
      const payload = avsc.Type.forSchema('bytes').toBuffer(bytes);
      const { value } = await read(converter, payload);
      expect(isStruct(value) && value.get('f')).toEqual(bytes);
    }
  });
});
