import { describe, expect, it } from 'vitest';
import { readRecord } from '../../../../src/recovery/records/read-record.ts';
import type { ReadRecord, SchemasRecord } from '../../../../src/recovery/records/schemas-record.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (key: string | Uint8Array | null, value: string | Uint8Array | null): ReadRecord =>
  readRecord({
    key: typeof key === 'string' ? bytes(key) : key,
    value: typeof value === 'string' ? bytes(value) : value,
  });
const KEY = '{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}';
const VALUE = '{"subject":"s","version":1,"id":7,"schema":"\\"int\\"","deleted":false}';
const SCHEMA: SchemasRecord = {
  kind: 'schema',
  subject: 's',
  version: 1,
  value: {
    ...{ subject: 's', version: 1, id: 7, schemaType: 'AVRO', references: [], metadata: undefined, ruleSet: undefined },
    ...{ schema: '"int"', deleted: false },
  },
};

describe('a record of _schemas', () => {
  it.each<[string, string | null, string | null, SchemasRecord]>([
    ['a schema', KEY, VALUE, SCHEMA],
    ['a hard delete', KEY, null, { kind: 'schema-gone', subject: 's', version: 1, absence: 'null' }],
    ["Karapace's hard delete", KEY, '', { kind: 'schema-gone', subject: 's', version: 1, absence: 'empty' }],
    [
      "Karapace's global config",
      '{"keytype":"CONFIG","subject":null,"magic":0}',
      '{"compatibilityLevel":"FULL"}',
      { kind: 'config', subject: null, value: { compatibilityLevel: 'FULL' }, absence: undefined },
    ],
    [
      "Confluent's global config",
      '{"keytype":"CONFIG","magic":0}',
      '{"compatibilityLevel":"FULL"}',
      { kind: 'config', subject: null, value: { compatibilityLevel: 'FULL' }, absence: undefined },
    ],
    [
      'a config of a subject',
      '{"keytype":"CONFIG","subject":"s","magic":0}',
      '{"subject":"s","compatibilityLevel":"NONE"}',
      { kind: 'config', subject: 's', value: { compatibilityLevel: 'NONE' }, absence: undefined },
    ],
    [
      'a removed config',
      '{"keytype":"CONFIG","subject":"s","magic":0}',
      null,
      { kind: 'config', subject: 's', value: null, absence: 'null' },
    ],
    [
      'a mode of a context',
      '{"keytype":"MODE","subject":":.a:","magic":0}',
      '{"mode":"IMPORT"}',
      { kind: 'mode', subject: ':.a:', value: { mode: 'IMPORT' }, absence: undefined },
    ],
    [
      'a soft delete',
      '{"keytype":"DELETE_SUBJECT","subject":"s","magic":0}',
      '{"subject":"s","version":3}',
      { kind: 'delete-subject', subject: 's', version: 3 },
    ],
    [
      'a removed soft delete',
      '{"keytype":"DELETE_SUBJECT","subject":"s","magic":0}',
      null,
      { kind: 'delete-subject-gone', subject: 's', absence: 'null' },
    ],
    [
      'a purge',
      '{"keytype":"CLEAR_SUBJECT","subject":"s","magic":0}',
      '{"subject":"s"}',
      { kind: 'clear-subject', subject: 's' },
    ],
    ['a noop', '{"keytype":"NOOP","magic":0}', null, { kind: 'noop' }],
    ['a context', '{"keytype":"CONTEXT","tenant":"t","context":".a"}', '{}', { kind: 'other', keytype: 'CONTEXT' }],
    ['an association', '{"keytype":"ASSOC","tenant":"t"}', '{}', { kind: 'other', keytype: 'ASSOC' }],
  ])('%s is read', (_, key, value, record) => {
    expect(read(key, value)).toEqual({ ok: true, record, hasCanonicalKey: true });
  });

  it.each([
    ['the order of older Karapace', '{"magic":1,"subject":"s","version":1,"keytype":"SCHEMA"}'],
    ['blanks', '{"keytype": "SCHEMA", "subject": "s", "version": 1, "magic": 1}'],
    ['magic 0', '{"keytype":"SCHEMA","subject":"s","version":1,"magic":0}'],
    ['no magic', '{"keytype":"SCHEMA","subject":"s","version":1}'],
    ['a byte order mark', `\ufeff${KEY}`],
    ['a repeated field', '{"keytype":"SCHEMA","subject":"t","subject":"s","version":1,"magic":1}'],
  ])('a key with %s is read, and is not canonical', (_, key) => {
    expect(read(key, VALUE)).toEqual({ ok: true, record: SCHEMA, hasCanonicalKey: false });
  });

  it('keeps type, references, metadata, rules and the deleted mark', () => {
    const value = {
      ...{ subject: ':.a:s', version: 2, id: 2_147_483_647, md5: 'x', schemaType: 'PROTOBUF', offset: 1, ts: 2 },
      references: [{ name: 'a.proto', subject: 'a', version: -1 }],
      metadata: { properties: { owner: 'x' } },
      ruleSet: { domainRules: [] },
      ...{ schema: 'syntax = "proto3";', deleted: true },
    };
    const key = '{"keytype":"SCHEMA","subject":":.a:s","version":2,"magic":1}';
    expect(read(key, JSON.stringify(value))).toMatchObject({
      ok: true,
      record: {
        value: {
          ...{ subject: ':.a:s', id: 2_147_483_647, schemaType: 'PROTOBUF', references: value.references },
          ...{ metadata: value.metadata, ruleSet: value.ruleSet, schema: value.schema, deleted: true },
        },
      },
    });
  });

  const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;

  it.each<[string, string | Uint8Array | null, string | Uint8Array | null, string, string]>([
    ['null-key', null, VALUE, 'null', 'a null key'],
    ['key-not-json', '{"keytype"', VALUE, 'not JSON', 'half a key'],
    ['key-not-json', '', VALUE, 'not JSON', 'an empty key'],
    ['key-not-json', '5', VALUE, 'not an object', 'a number'],
    ['key-not-json', new Uint8Array([0x7b, 0xff, 0x7d]), VALUE, 'UTF-8', 'bytes that are no UTF-8'],
    ['key-not-json', `{"keytype":${deep(100_000)}}`, VALUE, 'deeper', 'a key of many levels'],
    ['unknown-keytype', '{"keytype":"SCHEMAS","magic":0}', null, '"SCHEMAS"', 'a keytype nobody knows'],
    ['unknown-keytype', '{}', null, 'missing', 'no keytype'],
    ['incomplete-key', '{"keytype":"SCHEMA","version":1,"magic":1}', VALUE, 'subject', 'no subject'],
    ['incomplete-key', '{"keytype":"SCHEMA","subject":"s","version":0,"magic":1}', VALUE, 'version', 'version 0'],
    ['incomplete-key', '{"keytype":"CONFIG","subject":5,"magic":0}', '{}', 'subject', 'a subject of 5'],
    ['value-not-json', KEY, 'no JSON', 'not JSON', 'a text'],
    ['value-not-json', KEY, 'null', 'not an object', 'the text null'],
    ['value-not-json', KEY, `{"a":${deep(2_000)}}`, 'deeper', 'a value of many levels'],
    ['value-not-json', KEY, new Uint8Array([0xc0, 0x80]), 'UTF-8', 'bytes that are no UTF-8'],
    ['incomplete-value', KEY, '{"schema":"1"}', 'id', 'no id'],
    ['incomplete-value', KEY, '{"id":2147483648,"schema":"1"}', 'id is 2147483648', 'an id beyond int'],
    ['incomplete-value', KEY, '{"id":99999999999999999999,"schema":"1"}', 'id', 'a huge id'],
    ['incomplete-value', KEY, '{"id":1.5,"schema":"1"}', 'id is 1.5', 'a fraction for an id'],
    ['incomplete-value', KEY, '{"id":1}', 'schema', 'no schema'],
    ['incomplete-value', KEY, '{"id":1,"schema":"1","references":[{}]}', 'references', 'broken references'],
    ['incomplete-value', '{"keytype":"MODE","magic":0}', '{}', 'mode', 'no mode'],
    ['incomplete-value', '{"keytype":"DELETE_SUBJECT","subject":"s","magic":0}', '{}', 'version', 'no version'],
  ])('%s: tells %s %s by name (%s, %s)', (problem, key, value, words) => {
    const result = read(key, value);
    expect(result).toMatchObject({ ok: false, problem, overlooked: undefined });
    expect(result).toHaveProperty('reason', expect.stringContaining(words));
  });

  it('tells a magic byte that is not known, and what Karapace reads', () => {
    expect(read('{"keytype":"SCHEMA","subject":"s","version":1,"magic":2}', VALUE)).toMatchObject({
      ...{ ok: false, problem: 'unsupported-magic', subject: 's', version: 1, overlooked: SCHEMA },
    });
  });

  it('tells a value that is of another subject or version than its key', () => {
    expect(read(KEY, VALUE.replace('"s"', '"t"'))).toMatchObject({
      ...{ ok: false, problem: 'key-value-mismatch', subject: 's', version: 1 },
      overlooked: { subject: 's', value: { subject: 't' } },
    });
    expect(read(KEY, VALUE.replace('1', '2'))).toMatchObject({ ok: false, problem: 'key-value-mismatch' });
  });
});
