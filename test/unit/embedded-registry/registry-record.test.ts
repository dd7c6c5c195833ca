import { describe, expect, it } from 'vitest';
import { decodeRecord, encodeRecord, type RegistryRecord } from '../../../src/embedded-registry/registry-record.ts';

const text = (bytes: Uint8Array | null) => (bytes === null ? null : new TextDecoder().decode(bytes));
const bytes = (value: string | null) => (value === null ? null : new TextEncoder().encode(value));

const schema = {
  subject: 's',
  version: 2,
  id: 7,
  schemaType: 'AVRO',
  references: [],
  schema: '"int"',
  deleted: false,
} as const;

describe('records of _schemas', () => {
  // Compaction goes by the bytes of the key: each of these is what Confluent's registry writes.
  const cases: readonly [RegistryRecord, string, string | null][] = [
    [
      { keytype: 'SCHEMA', subject: 's', version: 2, value: schema },
      '{"keytype":"SCHEMA","subject":"s","version":2,"magic":1}',
      '{"subject":"s","version":2,"id":7,"schema":"\\"int\\"","deleted":false}',
    ],
    [
      {
        keytype: 'SCHEMA',
        subject: 's',
        version: 2,
        value: {
          ...schema,
          schemaType: 'PROTOBUF',
          references: [{ name: 'a.proto', subject: 'a', version: 1 }],
          metadata: { properties: { owner: 'me' } },
          ruleSet: { domainRules: [] },
          deleted: true,
        },
      },
      '{"keytype":"SCHEMA","subject":"s","version":2,"magic":1}',
      '{"subject":"s","version":2,"id":7,"schemaType":"PROTOBUF","references":[{"name":"a.proto","subject":"a","version":1}],"metadata":{"properties":{"owner":"me"}},"ruleSet":{"domainRules":[]},"schema":"\\"int\\"","deleted":true}',
    ],
    [
      { keytype: 'SCHEMA', subject: 's', version: 2, value: null },
      '{"keytype":"SCHEMA","subject":"s","version":2,"magic":1}',
      null,
    ],
    [
      { keytype: 'CONFIG', subject: null, value: { compatibilityLevel: 'FULL' } },
      '{"keytype":"CONFIG","subject":null,"magic":0}',
      '{"compatibilityLevel":"FULL"}',
    ],
    [
      { keytype: 'CONFIG', subject: 's', value: { compatibilityLevel: 'NONE' } },
      '{"keytype":"CONFIG","subject":"s","magic":0}',
      '{"subject":"s","compatibilityLevel":"NONE"}',
    ],
    [
      { keytype: 'MODE', subject: null, value: { mode: 'READONLY' } },
      '{"keytype":"MODE","subject":null,"magic":0}',
      '{"mode":"READONLY"}',
    ],
    [{ keytype: 'MODE', subject: 's', value: null }, '{"keytype":"MODE","subject":"s","magic":0}', null],
    [
      { keytype: 'DELETE_SUBJECT', subject: 's', version: 3 },
      '{"keytype":"DELETE_SUBJECT","subject":"s","magic":0}',
      '{"subject":"s","version":3}',
    ],
    [
      { keytype: 'CLEAR_SUBJECT', subject: 's' },
      '{"keytype":"CLEAR_SUBJECT","subject":"s","magic":0}',
      '{"subject":"s"}',
    ],
    [{ keytype: 'NOOP' }, '{"keytype":"NOOP","magic":0}', null],
  ];
  it.each(cases)('%j', (record, key, value) => {
    const encoded = encodeRecord(record);
    expect([text(encoded.key), text(encoded.value)]).toEqual([key, value]);
    expect(decodeRecord(encoded.key, encoded.value)).toEqual({ kind: 'record', record });
  });

  it('are read whatever their order of fields, and with an empty value as none', () => {
    const key = bytes('{"magic":0,"version":1,"subject":"s","keytype":"SCHEMA"}');
    expect(decodeRecord(key, bytes(''))).toEqual({
      kind: 'record',
      record: { keytype: 'SCHEMA', subject: 's', version: 1, value: null },
    });
    const value = bytes('{"deleted":false,"schema":"\\"int\\"","md5":"x","id":3,"version":1,"subject":"s","ts":1}');
    expect(decodeRecord(key, value)).toMatchObject({ record: { value: { id: 3, schema: '"int"' } } });
  });

  it.each([
    [null, '{}'],
    ['key', '{}'],
    ['[]', '{}'],
    ['{"keytype":"SCHEMA","subject":"s","version":1}', 'value'],
    ['{"keytype":"SCHEMA","subject":"s","version":1}', '{"id":"1","schema":"x"}'],
    ['{"keytype":"SCHEMA","subject":"s"}', '{"id":1,"schema":"x"}'],
    ['{"keytype":"MODE","subject":"s"}', '{"mode":"SLEEPING"}'],
    ['{"keytype":"DELETE_SUBJECT","subject":"s"}', null],
    ['{"keytype":"ASSOC"}', '{}'],
    ['{}', '{}'],
  ])('%j -> %j is passed over, with a reason', (key, value) => {
    expect(decodeRecord(bytes(key), bytes(value))).toEqual({ kind: 'unreadable', reason: expect.stringMatching(/\w/) });
  });
});
