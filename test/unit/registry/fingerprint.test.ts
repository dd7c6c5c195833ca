import { describe, expect, it } from 'vitest';
import { contentFingerprint, isSentTextComparable, textFingerprint } from '../../../src/registry/fingerprint.ts';
import type { SchemaText } from '../../../src/sdk/schema-view.ts';

const avro = (schema: unknown, references: SchemaText['references'] = []): SchemaText => ({
  schemaType: 'AVRO',
  schema: typeof schema === 'string' ? schema : JSON.stringify(schema),
  references,
});
const same = (a: SchemaText, b: SchemaText): boolean => contentFingerprint(a) === contentFingerprint(b);

const record = {
  type: 'record',
  name: 'Order',
  namespace: 'shop',
  doc: 'An order.',
  fields: [
    { name: 'id', type: 'long' },
    {
      name: 'item',
      type: { type: 'record', name: 'Item', fields: [{ name: 'n', type: ['null', 'string'], default: null }] },
    },
    { name: 'other', type: 'Item' },
  ],
};

describe('contentFingerprint', () => {
  it('ignores whitespace and the order of keys', () => {
    const { fields, ...rest } = record;
    expect(same(avro(record), avro(JSON.stringify({ fields, ...rest }, null, 4)))).toBe(true);
  });

  it('ignores how names are spelled', () => {
    const { namespace: _, ...rest } = record;
    const full = {
      ...rest,
      name: 'shop.Order',
      fields: [
        { name: 'id', type: { type: 'long' }, order: 'ascending' },
        {
          name: 'item',
          aliases: [],
          type: {
            type: 'record',
            name: 'Item',
            namespace: 'shop',
            fields: [{ name: 'n', type: ['null', 'string'], default: null }],
          },
        },
        { name: 'other', type: 'shop.Item' },
      ],
    };
    expect(same(avro(record), avro(full))).toBe(true);
  });

  it('takes a bare primitive name for the quoted one', () => {
    expect(same(avro('string'), avro('"string"'))).toBe(true);
    expect(same(avro('"string"'), avro({ type: 'string' }))).toBe(true);
    expect(same(avro('"string"'), avro('"bytes"'))).toBe(false);
  });

  it.each([
    ['a field', { ...record, fields: record.fields.slice(1) }],
    ['the order of fields', { ...record, fields: [...record.fields].reverse() }],
    ['a default', { ...record, fields: [{ name: 'id', type: 'long', default: 0 }, ...record.fields.slice(1)] }],
    ['a doc', { ...record, doc: 'Another.' }],
    ['a property', { ...record, 'connect.name': 'x' }],
    ['a namespace', { ...record, namespace: 'other' }],
    [
      'a logical type',
      {
        ...record,
        fields: [{ name: 'id', type: { type: 'long', logicalType: 'timestamp-millis' } }, ...record.fields.slice(1)],
      },
    ],
    [
      'the order of a union',
      { ...record, fields: [{ name: 'id', type: ['long', 'null'] }, ...record.fields.slice(1)] },
    ],
  ])('sees that %s differs', (_what, other) => {
    expect(same(avro(record), avro(other))).toBe(false);
  });

  const int = { type: 'int' };
  const inN = (fields: readonly unknown[], more: object = {}) => ({
    type: 'record',
    name: 'R',
    namespace: 'n',
    fields,
    ...more,
  });
  it.each<[string, unknown, unknown]>([
    ['items', { type: 'array', items: int }, { type: 'array', items: 'int' }],
    ['values', { type: 'map', values: int }, { type: 'map', values: 'int' }],
    ['branches', [int, 'null'], ['int', 'null']],
    ['a type in a type', { type: { type: 'array', items: int } }, { type: 'array', items: 'int' }],
    ['a union in a type', { type: ['null', int] }, ['null', 'int']],
    ['a type with attributes', { type: int, x: 1 }, { type: 'int', x: 1 }],
    [
      'an enum',
      { type: 'enum', name: 'n.E', symbols: ['A'] },
      { type: 'enum', name: 'E', namespace: 'n', symbols: ['A'] },
    ],
    ['a fixed', { type: 'fixed', name: 'n.F', size: 1 }, { type: 'fixed', name: 'F', namespace: 'n', size: 1 }],
    [
      'an error',
      { type: 'error', name: 'n.R', fields: [{ name: 'a', type: int }] },
      { type: 'error', name: 'R', namespace: 'n', fields: [{ name: 'a', type: 'int' }] },
    ],
    ['a full name with a namespace beside it', inN([], { name: 'n.R', namespace: 'other' }), inN([])],
    ['an empty namespace', { ...inN([]), namespace: '' }, { type: 'record', name: 'R', fields: [] }],
    ['names in a namespace', inN([{ name: 'a', type: ['null', 'R'] }]), inN([{ name: 'a', type: ['null', 'n.R'] }])],
    ['names in a full name', inN([{ name: 'a', type: 'R' }]), inN([{ name: 'a', type: 'n.R' }], { name: 'n.R' })],
    ['a name in a type', inN([{ name: 'a', type: { type: 'R' } }]), inN([{ name: 'a', type: 'R' }])],
    ['no doc', inN([{ name: 'a', type: 'int', doc: null }], { doc: null }), inN([{ name: 'a', type: 'int' }])],
    ['no aliases', inN([{ name: 'a', type: 'int', aliases: [] }], { aliases: [] }), inN([{ name: 'a', type: 'int' }])],
    ['aliases', inN([], { aliases: ['A', 'o.B'] }), inN([], { aliases: ['n.A', 'o.B'] })],
    ['the order', inN([{ name: 'a', type: 'int', order: 'ascending' }]), inN([{ name: 'a', type: 'int' }])],
    [
      'keys at any depth',
      inN([{ name: 'a', type: 'int', x: { c: 1, b: [2], a: 3 } }]),
      inN([{ x: { a: 3, b: [2], c: 1 }, type: 'int', name: 'a' }]),
    ],
  ])('takes two ways to write it for the same: %s', (_, one, other) => {
    expect(same(avro(one), avro(other))).toBe(true);
  });

  it.each<[string, unknown, unknown]>([
    ['items', { type: 'array', items: 'int' }, { type: 'array', items: 'long' }],
    ['values', { type: 'map', values: 'int' }, { type: 'map', values: 'long' }],
    ['branches', ['int', 'null'], ['long', 'null']],
    ['a type in a type', { type: { type: 'array', items: 'int' } }, { type: { type: 'array', items: 'long' } }],
    ['attributes around a type', { type: { type: 'array', items: 'int' }, x: 1 }, { type: 'array', items: 'int' }],
    ['attributes of a primitive', { type: 'int', x: 1 }, 'int'],
    ['symbols', { type: 'enum', name: 'E', symbols: ['A'] }, { type: 'enum', name: 'E', symbols: ['B'] }],
    ['a name', inN([]), inN([], { name: 'S' })],
    ['the name in a type', inN([{ name: 'a', type: 'n.R' }]), inN([{ name: 'a', type: 'o.R' }])],
    ['the order', inN([{ name: 'a', type: 'int', order: 'ignore' }]), inN([{ name: 'a', type: 'int' }])],
    ['aliases', inN([], { aliases: ['A'] }), inN([], { aliases: ['B'] })],
    ['that there are aliases', inN([], { aliases: ['A'] }), inN([])],
    ['aliases of a field', inN([{ name: 'a', type: 'int', aliases: ['b'] }]), inN([{ name: 'a', type: 'int' }])],
    ['a doc of a field', inN([{ name: 'a', type: 'int', doc: '' }]), inN([{ name: 'a', type: 'int' }])],
    ['an error', { type: 'error', name: 'R', fields: [] }, { type: 'record', name: 'R', fields: [] }],
    ['a list', inN([{ name: 'a', type: 'int', x: [1] }]), inN([{ name: 'a', type: 'int', x: { 0: 1 } }])],
    ['null', inN([{ name: 'a', type: 'int', x: null }]), inN([{ name: 'a', type: 'int', x: {} }])],
  ])('sees that it differs: %s', (_, one, other) => {
    expect(same(avro(one), avro(other))).toBe(false);
  });

  it('takes names for names in Avro only, and trims what is no JSON', () => {
    const json = (schema: string): SchemaText => ({ ...avro(schema), schemaType: 'JSON' });
    expect(same(json('{"type":"string"}'), json('"string"'))).toBe(false);
    expect(same(json('string'), json('"string"'))).toBe(false);
    expect(same(json('{"a":1,"b":[]}'), json('{ "b": [], "a": 1 }'))).toBe(true);
    expect(same(avro(' string\n'), avro('"string"'))).toBe(true);
    expect(same(avro(' nonsense '), avro('nonsense'))).toBe(true);
    expect(same(avro('nonsense'), avro('"nonsense"'))).toBe(false);
  });

  it('tells references apart by name, subject and version', () => {
    const reference = { name: 'a', subject: 's', version: 1 };
    for (const other of [{ name: 'b' }, { subject: 't' }, { version: 2 }]) {
      expect(same(avro(record, [reference]), avro(record, [{ ...reference, ...other }]))).toBe(false);
    }
  });

  it('does not fail over what is no schema in a schema', () => {
    const odd = [
      null,
      7,
      {},
      { type: 7 },
      { type: 'record', name: 'R', fields: [null, 'a', {}] },
      { type: 'record', name: 'R', aliases: [7], fields: [] },
      { type: 'array' },
      { type: 'fixed' },
    ];
    const marks = odd.map((schema) => contentFingerprint(avro(JSON.stringify(schema))));
    expect(new Set(marks).size).toBe(odd.length);
  });

  it('tells types of schemas and references apart', () => {
    const reference = { name: 'a', subject: 's', version: 1 };
    expect(same(avro('{}'), { ...avro('{}'), schemaType: 'JSON' })).toBe(false);
    expect(same(avro(record), avro(record, [reference]))).toBe(false);
    const other = { name: 'b', subject: 't', version: 1 };
    expect(same(avro(record, [reference, other]), avro(record, [other, reference]))).toBe(true);
  });

  it('ignores comments and whitespace of Protobuf, not its text', () => {
    const proto = (schema: string): SchemaText => ({ schemaType: 'PROTOBUF', schema, references: [] });
    const a = proto('syntax = "proto3"; // hi\nmessage A { int32 x = 1; }');
    expect(same(a, proto('syntax="proto3";\n/* there */ message A {\n  int32 x=1;\n}'))).toBe(true);
    expect(same(a, proto('syntax = "proto3"; message A { int64 x = 1; }'))).toBe(false);
    expect(same(a, proto('syntax = "proto2"; message A { int32 x = 1; }'))).toBe(false);
    const text = (literal: string) => proto(`option a = ${literal}; // b`);
    for (const [one, other] of [
      ['"a // b"', '"a"'],
      ["'a // b'", "'a'"],
      ['"a  b"', '"a b"'],
      ["'a  b'", "'a b'"],
      ['"a\\"  // b"', '"a\\" // b"'],
      ["'a\\'  // b'", "'a\\' // b'"],
      ['"/* a */"', '""'],
    ] as const) {
      expect([one, same(text(one), text(other))]).toEqual([one, false]);
      expect([one, same(text(one), text(one))]).toEqual([one, true]);
    }
    expect(same(proto(''), proto(' // nothing'))).toBe(true);
    expect(same(proto('a.b'), proto('a . b'))).toBe(false);
  });

  it('does not fail over what is no schema', () => {
    expect(same(avro('{"type": nonsense'), avro('{"type": nonsense'))).toBe(true);
    expect(same(avro('{"type": nonsense'), avro('{"type": nothing'))).toBe(false);
    expect(() => contentFingerprint(avro({ type: 'record', fields: 7, name: 3 }))).not.toThrow();
  });
});

describe('a fingerprint', () => {
  it('stays what it was in earlier versions: schema stores keep it', () => {
    const order = {
      type: 'record',
      name: 'Order',
      namespace: 'shop',
      doc: 'D',
      aliases: ['Old'],
      fields: [
        { name: 'id', type: 'long', default: 0 },
        { name: 'e', type: { type: 'enum', name: 'E', symbols: ['A', 'B'] } },
        { name: 'f', type: { type: 'fixed', name: 'x.F', size: 4 } },
        { name: 'next', type: ['null', 'Order'], order: 'ignore', aliases: ['n'] },
      ],
    };
    const json = { type: 'object', a: [1, null, true], properties: { b: {}, a: {} } };
    const reference = { name: 'n', subject: 's', version: 1 };
    expect([
      contentFingerprint(avro(order, [reference])),
      contentFingerprint({ schemaType: 'JSON', schema: JSON.stringify(json), references: [reference] }),
      contentFingerprint({
        schemaType: 'PROTOBUF',
        schema: 'syntax = "proto3"; message A { int32 x = 1; }',
        references: [],
      }),
    ]).toEqual([
      'P2OEvQ9tMhmcRmCzBIw9t9-HdNu7aY3mAYeKT8U4BQA',
      'PCp-bK0O5D8ATIQ0TkZxS1cs2PB_km1cR9rM0z5u-Co',
      'Ks3YV3kI3b6p_1qEJ0tWCXzvIC9CHaS_idk6ZGyruqQ',
    ]);
  });
});

describe('a text that nests deeper than the stack is', () => {
  const nested = (depth: number, inner: string) =>
    avro(`${'{"type":"array","items":'.repeat(depth)}${inner}${'}'.repeat(depth)}`);

  it('has a content, by its text', () => {
    const deep = contentFingerprint(nested(20_000, '"int"'));
    expect(contentFingerprint(nested(20_000, '"int"'))).toBe(deep);
    expect(contentFingerprint(nested(20_000, '"long"'))).not.toBe(deep);
    expect(contentFingerprint(nested(20_000, ' "int"'))).not.toBe(deep);
  });

  it('is still walked through at a thousand levels', () => {
    expect(contentFingerprint(nested(1000, ' "int"'))).toBe(contentFingerprint(nested(1000, '"int"')));
  });
});

describe('textFingerprint', () => {
  it('tells texts apart that mean the same', () => {
    expect(textFingerprint(avro('"string"'))).not.toBe(textFingerprint(avro(' "string"')));
  });
});

describe('isSentTextComparable', () => {
  it('holds where registries keep the form', () => {
    expect(isSentTextComparable('AVRO', true)).toBe(true);
    expect(isSentTextComparable('JSON', false)).toBe(true);
    expect(isSentTextComparable('JSON', true)).toBe(false);
    expect(isSentTextComparable('PROTOBUF', false)).toBe(false);
  });
});
