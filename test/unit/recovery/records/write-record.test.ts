import { describe, expect, it } from 'vitest';
import { readRecord } from '../../../../src/recovery/records/read-record.ts';
import type { SchemasRecord, SchemaValue } from '../../../../src/recovery/records/schemas-record.ts';
import {
  canonicalKey,
  deleteSubjectValueBytes,
  schemaKey,
  schemaValueBytes,
  settingKey,
  settingValueBytes,
} from '../../../../src/recovery/records/write-record.ts';

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const VALUE: SchemaValue = {
  ...{ subject: 's', version: 1, id: 7, schemaType: 'AVRO', references: [], metadata: undefined, ruleSet: undefined },
  ...{ schema: '"int"', deleted: false },
};

describe('canonical keys', () => {
  it.each<[SchemasRecord, string]>([
    [
      { kind: 'schema', subject: 's', version: 1, value: VALUE },
      '{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}',
    ],
    [
      { kind: 'schema-gone', subject: 's', version: 1, absence: 'null' },
      '{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}',
    ],
    [{ kind: 'config', subject: 's', value: {}, absence: undefined }, '{"keytype":"CONFIG","subject":"s","magic":0}'],
    [{ kind: 'mode', subject: null, value: null, absence: 'null' }, '{"keytype":"MODE","subject":null,"magic":0}'],
    [{ kind: 'delete-subject', subject: 's', version: 2 }, '{"keytype":"DELETE_SUBJECT","subject":"s","magic":0}'],
    [{ kind: 'clear-subject', subject: null }, '{"keytype":"CLEAR_SUBJECT","subject":null,"magic":0}'],
    [{ kind: 'noop' }, '{"keytype":"NOOP","magic":0}'],
  ])('of %o', (record, key) => {
    expect(text(canonicalKey(record))).toBe(key);
  });

  it('leave out the subject of the whole registry where newer Confluent does', () => {
    expect(text(settingKey('config', null, 'absent'))).toBe('{"keytype":"CONFIG","magic":0}');
  });

  it('keep the keys of what has no meaning here', () => {
    expect(canonicalKey({ kind: 'other', keytype: 'CONTEXT' })).toBeUndefined();
  });

  it('escape as Jackson does: control characters in upper case, and nothing else', () => {
    expect(text(schemaKey('a\u001f\n"\\u001f/é\u2028', 1))).toBe(
      '{"keytype":"SCHEMA","subject":"a\\u001F\\n\\"\\\\u001f/é\u2028","version":1,"magic":1}',
    );
  });
});

describe('values', () => {
  it('leave out what Confluent leaves out', () => {
    expect(text(schemaValueBytes(VALUE))).toBe(
      '{"subject":"s","version":1,"id":7,"schema":"\\"int\\"","deleted":false}',
    );
  });

  it('are read back as they were written', () => {
    const value: SchemaValue = {
      ...VALUE,
      schemaType: 'JSON',
      references: [{ name: 'n', subject: 'r', version: 2 }],
      metadata: { tags: { a: ['b'] } },
      ruleSet: { domainRules: [{ name: 'x' }] },
      schema: '{"\u0000":"\ud83d\ude00"}',
      deleted: true,
    };
    expect(readRecord({ key: schemaKey('s', 1), value: schemaValueBytes(value) })).toEqual({
      ...{ ok: true, record: { kind: 'schema', subject: 's', version: 1, value }, hasCanonicalKey: true },
    });
  });

  it('of settings begin with the subject, where there is one', () => {
    expect(text(settingValueBytes('s', { mode: 'READONLY' }))).toBe('{"subject":"s","mode":"READONLY"}');
    expect(text(settingValueBytes(null, { mode: 'READONLY' }))).toBe('{"mode":"READONLY"}');
    expect(text(deleteSubjectValueBytes('s', 3))).toBe('{"subject":"s","version":3}');
  });
});
