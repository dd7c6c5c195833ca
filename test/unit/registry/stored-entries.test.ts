import { describe, expect, it } from 'vitest';
import {
  asBinding,
  asGuid,
  asProof,
  asSchema,
  asServed,
  asVersion,
  formatEntry,
  guidKey,
  HEADER_KEY,
  isPermanent,
  isReference,
  nodeKey,
  parseEntry,
  proofKey,
  STORE_FORMAT,
  schemaKey,
  schemaNeededBy,
  servedKey,
  versionKey,
} from '../../../src/registry/stored-entries.ts';

const reference = { name: 'n', subject: 's', version: 1 };
const text = { schemaType: 'AVRO', schema: '"int"', references: [reference] };
const schema = { clusterId: 'c', context: '', id: 1, ...text, fingerprint: 'f', sent: false, time: 1, epoch: 'e' };
const proof = { clusterId: 'c', subject: ':.x:s', text: 't', normalize: false, proof: 'registered', id: 4, time: 1 };
const version = { clusterId: 'c', subject: 's', version: 3, id: 5 };
const guid = { clusterId: 'c', guid: 'g', ...text, time: 1, epoch: 'e' };

describe('an entry', () => {
  it('is read as it was written, with the version of the format', () => {
    expect(JSON.parse(formatEntry(version))).toEqual({ v: STORE_FORMAT, ...version });
    expect(parseEntry(formatEntry(version))).toEqual({ kind: 'entry', value: version });
  });

  it('without a version is of the first, and a newer one is only told', () => {
    expect(parseEntry('{"a":1}')).toEqual({ kind: 'entry', value: { a: 1 } });
    expect(parseEntry(`{"v":${STORE_FORMAT + 1},"a":1}`)).toEqual({ kind: 'newer', format: STORE_FORMAT + 1 });
  });

  it.each(['', '{', 'null', '[]', '1', '"a"', '{"v":"1"}', '{"v":null}'])('can not be read: %s', (damaged) => {
    expect(parseEntry(damaged)).toEqual({ kind: 'unreadable' });
  });
});

describe('what is damaged', () => {
  const kinds: readonly (readonly [string, (value: unknown) => object | undefined, object, readonly string[]])[] = [
    ['a binding', asBinding, { clusterId: 'c' }, ['clusterId']],
    ['a schema', asSchema, schema, ['fingerprint', 'id', 'schema', 'schemaType', 'references']],
    ['a guid', asGuid, guid, ['guid', 'schema', 'schemaType', 'references']],
    ['a proof', asProof, proof, ['id', 'clusterId', 'subject', 'proof']],
    ['a version', asVersion, version, ['id', 'clusterId', 'subject', 'version']],
    ['served settings', asServed, { salt: 's', mark: 'm' }, ['salt', 'mark']],
  ];

  it.each(kinds)('is as good as unknown: %s', (_, as, whole, needed) => {
    expect(as(whole)).toBe(whole);
    for (const value of [undefined, null, 'x', {}]) expect(as(value)).toBeUndefined();
    for (const field of needed) {
      expect([field, as({ ...whole, [field]: undefined })]).toEqual([field, undefined]);
      expect([field, as({ ...whole, [field]: true })]).toEqual([field, undefined]);
    }
  });

  it.each([-1, 2 ** 31, 1.5])('is what has a number for an id that is none: %d', (id) => {
    for (const [, as, whole] of kinds.filter(([, , entry]) => 'id' in entry)) {
      expect(as({ ...whole, id })).toBeUndefined();
      expect(as({ ...whole, id: 0 })).toBeDefined();
    }
  });

  it('may be one reference of a schema', () => {
    expect(asSchema({ ...schema, references: [] })).toBeDefined();
    for (const field of ['name', 'subject', 'version']) {
      const damaged = { ...reference, [field]: null };
      expect(isReference(damaged)).toBe(false);
      expect(asSchema({ ...schema, references: [reference, damaged] })).toBeUndefined();
    }
    expect([isReference(reference), isReference(null), isReference('n')]).toEqual([true, false, false]);
  });

  it('is not what is of another proof than we know, nor of no type', () => {
    for (const schemaType of ['AVRO', 'JSON', 'PROTOBUF', 'THRIFT'])
      expect(asSchema({ ...schema, schemaType })).toBeDefined();
    expect(asSchema({ ...schema, schemaType: 1 })).toBeUndefined();
    expect(asProof({ ...proof, proof: 'looked-up' })).toBeDefined();
    expect(asProof({ ...proof, proof: 'read' })).toBeUndefined();
  });
});

describe('keys', () => {
  it('are different for all that is different', () => {
    const keys = [
      HEADER_KEY,
      nodeKey('a'),
      schemaKey('c', '', 1),
      schemaKey('c', '1', 1),
      proofKey('c', 's', 't', false),
      proofKey('c', 's', 't', true),
      versionKey('c', 's', 1),
      guidKey('c', 's'),
      servedKey('a', 'o'),
      servedKey('a', 'p'),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(schemaKey('c', '', 1)).toBe('["schema","c","",1]');
    expect(keys.filter(isPermanent)).toEqual([nodeKey('a'), servedKey('a', 'o'), servedKey('a', 'p')]);
  });

  it('of the schema that an entry needs are in the context of its subject', () => {
    expect(schemaNeededBy(proof)).toBe(schemaKey('c', 'x', 4));
    expect(schemaNeededBy(version)).toBe(schemaKey('c', '', 5));
    expect([schemaNeededBy(schema), schemaNeededBy({ clusterId: 'c' }), schemaNeededBy(null)]).toEqual([
      null,
      null,
      null,
    ]);
  });
});
