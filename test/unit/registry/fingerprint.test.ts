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
  });

  it('does not fail over what is no schema', () => {
    expect(same(avro('{"type": nonsense'), avro('{"type": nonsense'))).toBe(true);
    expect(same(avro('{"type": nonsense'), avro('{"type": nothing'))).toBe(false);
    expect(() => contentFingerprint(avro({ type: 'record', fields: 7, name: 3 }))).not.toThrow();
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
