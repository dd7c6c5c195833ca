import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TopicFacts } from '../../../../src/recovery/snapshot/topic-facts.ts';
import type { Finding } from '../../../../src/recovery/verify/finding.ts';
import { FINDING_KINDS, type FindingName } from '../../../../src/recovery/verify/finding-kinds.ts';
import { RECORD_KINDS } from '../../../../src/recovery/verify/record-kinds.ts';
import { STATE_KINDS } from '../../../../src/recovery/verify/state-kinds.ts';
import { TOPIC_KINDS } from '../../../../src/recovery/verify/topic-kinds.ts';
import { verifySnapshot } from '../../../../src/recovery/verify/verify-snapshot.ts';
import { DAMAGES } from '../../../support/recovery/damages.ts';
import { generatedRegistry } from '../../../support/recovery/generated-registry.ts';
import { MemorySnapshot, topicFacts } from '../../../support/recovery/memory-snapshot.ts';
import {
  asLog,
  bytesOf,
  confluent,
  karapace,
  legacySchemaKey,
  record,
  schemaKey,
  type WrittenRecord,
} from '../../../support/recovery/record-bytes.ts';

const INT = '"int"';
const LONG = '"long"';
const TEXT = '"string"';
const schema = (subject: string, version: number, id: number, text = INT, more: object = {}): WrittenRecord =>
  confluent.schema({ subject, version, id, schema: text, ...more });
const refers = (subject: string, version = 1): object => ({ references: [{ name: subject, subject, version }] });
const under = (key: string, written: WrittenRecord): WrittenRecord => ({ ...written, key: bytesOf(key) });
const found = (written: readonly WrittenRecord[], topic: Partial<TopicFacts> = {}): Promise<Finding[]> =>
  verifySnapshot(new MemorySnapshot(asLog(written), { topic }));
const names = (findings: readonly Finding[]): string[] => [...new Set(findings.map(({ name }) => name))];
const bad = (findings: readonly Finding[]): readonly Finding[] => findings.filter((f) => f.severity !== 'note');

/** What registries know by themselves, and the parser does not. */
const OPTIONS =
  'import "google/protobuf/descriptor.proto"; import "confluent/meta.proto"; extend google.protobuf.FieldOptions { string x = 50001; } message O { google.type.Money m = 1 [(x) = "y"]; q.Q q = 2 [(confluent.field_meta).doc = "z"]; }';

const SOUND = [confluent.noop(), schema('a', 1, 1), schema('b', 1, 2, LONG)];

type Row = readonly [
  name: FindingName,
  what: string,
  written: readonly WrittenRecord[],
  at?: Partial<Finding>,
  topic?: Partial<TopicFacts>,
];

const effective = (more: Readonly<Record<string, string>>): Partial<TopicFacts> => ({
  effective: { ...topicFacts().effective, ...more },
});

const RECORDS: readonly Row[] = [
  ['null-key', 'no key', [...SOUND, record(null, '{}')], { severity: 'error', offsets: [3] }],
  ['key-not-json', 'a text for a key', [...SOUND, record('x', '{}')], { offsets: [3] }],
  ['value-not-json', 'half a value', [...SOUND, record(schemaKey('c', 1), '{')], { subject: 'c', version: 1 }],
  ['unknown-keytype', 'a new keytype', [record('{"keytype":"NEW","magic":0}', null), ...SOUND], { offsets: [0] }],
  [
    'unsupported-magic',
    'magic 2',
    [under('{"keytype":"SCHEMA","subject":"c","version":1,"magic":2}', schema('c', 1, 3, TEXT))],
  ],
  ['incomplete-key', 'no version', [record('{"keytype":"SCHEMA","subject":"c","magic":1}', '{}')]],
  ['incomplete-value', 'no id', [record(schemaKey('c', 1), '{"schema":"1"}')], { subject: 'c' }],
  ['key-value-mismatch', 'another subject', [under(schemaKey('c', 1), schema('d', 1, 3))], { subject: 'c' }],
  ['superseded-record', 'a repaired value', [record(schemaKey('a', 1), '{'), schema('a', 1, 1)], { offsets: [0, 1] }],
  [
    'empty-delete',
    "Karapace's deletion in a topic of Confluent",
    [...SOUND, { ...karapace.gone('b', 1), headers: [] }],
    { severity: 'warning', subject: 'b', version: 1 },
  ],
  ['empty-delete', "Karapace's deletion in its own topic", [...SOUND, karapace.gone('b', 1)], { severity: 'note' }],
  [
    'two-keys',
    'two encodings',
    [schema('a', 1, 1), under(legacySchemaKey('a', 1), schema('a', 1, 1))],
    { subject: 'a', version: 1, offsets: [1] },
  ],
  [
    'two-keys',
    'a deletion of the other encoding',
    [under(legacySchemaKey('a', 1), schema('a', 1, 1)), confluent.gone('a', 1)],
    { subject: 'a' },
  ],
  [
    'two-keys',
    'a config of the registry',
    [
      confluent.config(null, { compatibilityLevel: 'FULL' }),
      record('{"keytype":"CONFIG","magic":0}', '{"compatibilityLevel":"NONE"}'),
    ],
  ],
  [
    'legacy-key',
    'the order of older Karapace',
    [under(legacySchemaKey('a', 1), schema('a', 1, 1))],
    { severity: 'note', offsets: [0] },
  ],
  ['version-rewritten', 'another id', [schema('a', 1, 1), schema('a', 1, 2, LONG)], { id: 1, offsets: [0, 1] }],
  ['version-rewritten', 'another text', [schema('a', 1, 1), schema('a', 1, 1, LONG)], { id: 1 }],
  [
    'reborn-version',
    'a purge',
    [schema('a', 1, 1), confluent.gone('a', 1), schema('a', 1, 2, LONG)],
    { id: 1, severity: 'note' },
  ],
  ['ids-backwards', 'a lower id', [schema('a', 1, 5), schema('b', 1, 3, LONG)], { offsets: [1], severity: 'note' }],
  [
    'large-record',
    'a megabyte',
    [schema('a', 1, 1, JSON.stringify({ type: 'int', doc: 'x'.repeat(1_100_000) }))],
    { subject: 'a' },
  ],
];

const STATES: readonly Row[] = [
  ['reference-in-context', 'bare', [schema(':.x:r', 1, 1), schema(':.x:a', 1, 2, LONG, refers('r'))]],
  ['duplicate-id', 'one id', [schema('a', 1, 1), schema('b', 1, 1, LONG)], { id: 1, context: '', offsets: [0, 1] }],
  [
    'duplicate-id',
    'one id in a context',
    [schema(':.x:a', 1, 1), schema(':.x:b', 1, 1, LONG)],
    { id: 1, context: 'x' },
  ],
  [
    'duplicate-id',
    'one id, other references',
    [schema('r', 1, 2), schema('a', 1, 1, LONG), schema('b', 1, 1, LONG, refers('r'))],
    { id: 1 },
  ],
  [
    'same-id-other-form',
    'blanks',
    [schema('a', 1, 1, '{"type":"int"}'), schema('b', 1, 1, '{ "type": "int" }')],
    { id: 1 },
  ],
  ['same-content-several-ids', 'one text', [schema('a', 1, 1), schema('b', 1, 2)], { id: 2 }],
  ['unparsable-schema', 'no Avro', [schema('a', 1, 1, '{"type":"recrod"}')], { subject: 'a', id: 1 }],
  ['unparsable-schema', 'no JSON', [schema('a', 1, 1, '{', { schemaType: 'JSON' })], { subject: 'a' }],
  ['unparsable-schema', 'a number for a JSON Schema', [schema('a', 1, 1, '5', { schemaType: 'JSON' })]],
  ['unparsable-schema', 'no Protobuf', [schema('a', 1, 1, 'message {', { schemaType: 'PROTOBUF' })]],
  ['unparsable-schema', 'an empty Protobuf', [schema('a', 1, 1, ' ', { schemaType: 'PROTOBUF' })]],
  [
    'invalid-json-schema',
    'draft 7',
    [schema('a', 1, 1, '{"type":"strng"}', { schemaType: 'JSON' })],
    { severity: 'warning' },
  ],
  [
    'invalid-json-schema',
    'draft 2020-12',
    [
      schema('a', 1, 1, '{"$schema":"https://json-schema.org/draft/2020-12/schema","prefixItems":5}', {
        schemaType: 'JSON',
      }),
    ],
  ],
  [
    'unparsable-schema',
    'a Protobuf import that no reference has',
    [schema('a', 1, 1, 'syntax = "proto3"; import "gone.proto"; message M {}', { schemaType: 'PROTOBUF' })],
    { subject: 'a' },
  ],
  [
    'unparsable-schema',
    'a Protobuf type that what is imported lacks',
    [
      schema('b', 1, 1, 'syntax = "proto3"; package p; message B {}', { schemaType: 'PROTOBUF' }),
      schema('a', 1, 2, 'syntax = "proto3"; import "b.proto"; message M { p.C c = 1; }', {
        schemaType: 'PROTOBUF',
        references: [{ name: 'b.proto', subject: 'b', version: 1 }],
      }),
    ],
    { subject: 'a', message: expect.stringContaining("no such Type or Enum 'p.C'") as string },
  ],
  [
    'unchecked-schema',
    'an edition of Protobuf that is newer than the parser',
    [schema('a', 1, 1, 'edition = "2024"; export message M { string s = 1; }', { schemaType: 'PROTOBUF' })],
    { severity: 'warning', subject: 'a', message: expect.stringContaining("can't be parsed here") as string },
  ],
  [
    'invalid-json-schema',
    'draft 4',
    [
      schema('a', 1, 1, '{"$schema":"http://json-schema.org/draft-04/schema#","required":true}', {
        schemaType: 'JSON',
      }),
    ],
    { severity: 'warning' },
  ],
  [
    'unchecked-json-schema',
    'draft 3',
    [schema('a', 1, 1, '{"$schema":"http://json-schema.org/draft-03/schema#"}', { schemaType: 'JSON' })],
    { severity: 'note', subject: 'a' },
  ],
  ['unknown-schema-type', 'XML', [schema('a', 1, 1, '<a/>', { schemaType: 'XML' })], { subject: 'a' }],
  ['dangling-reference', 'nothing there', [schema('a', 1, 1, INT, refers('gone'))], { subject: 'a', version: 1 }],
  [
    'deleted-but-referred',
    'a purge',
    [schema('r', 1, 1), schema('a', 1, 2, LONG, refers('r')), confluent.gone('r', 1)],
    { subject: 'r', id: 1, offsets: [2, 1] },
  ],
  [
    'reference-to-deleted',
    'a soft delete',
    [schema('r', 1, 1), schema('a', 1, 2, LONG, refers('r')), confluent.deleteSubject('r', 1)],
    { subject: 'a' },
  ],
  [
    'reference-before-target',
    'the wrong order',
    [schema('a', 1, 2, LONG, refers('r')), schema('r', 1, 1)],
    { subject: 'a' },
  ],
  ['cyclic-reference', 'two of them', [schema('a', 1, 1, INT, refers('b')), schema('b', 1, 2, LONG, refers('a'))]],
  ['cyclic-reference', 'one alone', [schema('a', 1, 1, INT, refers('a'))], { subject: 'a' }],
  ['version-gap', 'versions 1 and 3', [schema('a', 1, 1), schema('a', 3, 2, LONG)], { subject: 'a', severity: 'note' }],
  ['id-gap', 'ids 1 and 4', [schema('a', 1, 1), schema('a', 2, 4, LONG)], { context: '', severity: 'note' }],
  ['max-id', 'a purged one', [...SOUND, confluent.gone('b', 1)], { context: '', id: 2 }],
  ['soft-deleted', 'one of two', [...SOUND, confluent.deleteSubject('b', 1)], { severity: 'note' }],
  [
    'orphan-config',
    'a config',
    [confluent.config('x', { compatibilityLevel: 'NONE' })],
    { subject: 'x', severity: 'note' },
  ],
  ['orphan-mode', 'a mode', [confluent.mode('x', { mode: 'READWRITE' })], { subject: 'x', severity: 'note' }],
  ['import-mode-on', 'of a context', [confluent.mode(':.x:', { mode: 'IMPORT' })], { subject: ':.x:' }],
  ['readonly-mode-on', 'of the registry', [confluent.mode(null, { mode: 'READONLY_OVERRIDE' })], { offsets: [0] }],
];

const TOPICS: readonly Row[] = [
  ['topic-not-compacted', 'delete', SOUND, {}, effective({ 'cleanup.policy': 'delete' })],
  ['topic-deletes', 'compact,delete', SOUND, { severity: 'error' }, effective({ 'cleanup.policy': 'compact,delete' })],
  [
    'several-partitions',
    'two',
    SOUND,
    {},
    { partitions: 2, otherPartitions: [{ partition: 1, beginOffset: 0, endOffset: 3 }] },
  ],
  ['log-start-moved', 'records deleted', SOUND, {}, { beginOffset: 1 }],
  [
    'unreadable-batch',
    'a checksum',
    SOUND,
    { offsets: [3] },
    { endOffset: 5, unreadable: [{ from: 3, to: 5, reason: 'its checksum fails' }] },
  ],
  ['transaction-marker-at-end', 'a commit', SOUND, { offsets: [3] }, { endOffset: 4, controlOffsets: [3] }],
  ['transactional-records', 'one', SOUND, { offsets: [1] }, { transactionalOffsets: [1] }],
  ['aborted-records', 'one', SOUND, { offsets: [2] }, { abortedOffsets: [2] }],
  ['replication-factor-one', 'one replica', SOUND, {}, { replicationFactor: 1 }],
  ['min-insync-replicas-one', 'one of three', SOUND, {}, effective({ 'min.insync.replicas': '1' })],
  ['min-insync-replicas-unreachable', 'four of three', SOUND, {}, effective({ 'min.insync.replicas': '4' })],
  ['unclean-leader-election', 'allowed', SOUND, {}, effective({ 'unclean.leader.election.enable': 'true' })],
  ['max-message-bytes-too-small', '50 bytes', SOUND, {}, effective({ 'max.message.bytes': '50' })],
  [
    'missing-offsets',
    'not compacted',
    SOUND,
    { severity: 'warning', offsets: [3] },
    { ...effective({ 'cleanup.policy': 'delete' }), endOffset: 5 },
  ],
  ['missing-offsets', 'compacted', SOUND, { severity: 'note', offsets: [3] }, { endOffset: 5 }],
  ['registry-group', 'any', SOUND, { severity: 'note' }],
];

describe('verify finds', () => {
  it.each([...RECORDS, ...STATES, ...TOPICS].map((row) => [row[0], row[1], row] as const))(
    '%s: %s',
    async (...[, , row]) => {
      const [name, , written, at = {}, topic = {}] = row;
      const findings = await found(written, topic);
      const { severity } = FINDING_KINDS[name];
      expect(findings).toContainEqual(expect.objectContaining({ name, severity, ...at }));
      const [first] = findings.filter((each) => each.name === name);
      expect(first?.message).not.toBe('');
      expect(first?.mend).toBe(FINDING_KINDS[name].mend);
    },
  );

  it('continuity-break: of a backup that is of another source than the one before', async () => {
    const continuityBreak = { before: 'one-before', why: 'it was made from a topic' };
    const [finding] = bad(await verifySnapshot(new MemorySnapshot(asLog(SOUND), { facts: { continuityBreak } })));
    expect(finding).toMatchObject({ name: 'continuity-break', severity: 'warning' });
    expect(finding?.message).toBe('It does not go on from one-before, the backup before: it was made from a topic.');
  });

  it('every kind of them that one snapshot can have: this table has them all', () => {
    const tested = new Set<string>([...RECORDS, ...STATES, ...TOPICS].map(([name]) => name)).add('continuity-break');
    expect([...tested].sort()).toEqual(Object.keys({ ...RECORD_KINDS, ...STATE_KINDS, ...TOPIC_KINDS }).sort());
  });

  it.each([
    ['unsound: the second text of an id', [schema('a', 1, 1), schema('b', 1, 1, LONG)], ['duplicate-id']],
    [
      'a dangling reference, but not that its text lacks a name',
      [schema('a', 1, 1, '{"type":"array","items":"gone.X"}', refers('gone'))],
      ['dangling-reference'],
    ],
    [
      'a circle, and that Karapace reads half of it too early',
      [schema('a', 1, 1, '"b.X"', refers('b')), schema('b', 1, 2, '"a.X"', refers('a'))],
      ['cyclic-reference', 'reference-before-target'],
    ],
  ])('nothing beside %s', async (_what, written, expected) => {
    expect(names(bad(await found(written))).sort()).toEqual(expected);
  });

  it.each(DAMAGES.map((damage) => [damage.finding, damage.what, damage] as const))(
    '%s in a registry that lived: %s',
    async (name, _what, damage) => {
      let injected = 0;
      await fc.assert(
        fc.asyncProperty(generatedRegistry({ isWritable: true }), async (lived) => {
          const written = damage.inject(lived);
          if (written === undefined) return;
          injected++;
          const log = [...lived.log, ...asLog(written, (lived.log.at(-1)?.offset ?? -1) + 1)];
          expect(names(await verifySnapshot(new MemorySnapshot(log)))).toContain(name);
        }),
        { numRuns: 20, seed: 7 },
      );
      expect(injected).toBeGreaterThan(0);
    },
  );
});

describe('verify finds nothing bad', () => {
  it('in a sound registry of either vendor', async () => {
    await fc.assert(
      fc.asyncProperty(generatedRegistry({ isWritable: true }), async (lived) => {
        expect(bad(await verifySnapshot(new MemorySnapshot(lived.log)))).toEqual([]);
      }),
      { numRuns: 100, seed: 7 },
    );
  });

  it('in schemas of every type that use references', async () => {
    const avro = '{"type":"record","name":"A","namespace":"x","fields":[{"name":"b","type":"y.B"}]}';
    const proto =
      'syntax = "proto3";\npackage p;\nimport "google/protobuf/timestamp.proto";\nmessage M { google.protobuf.Timestamp at = 1; map<string, int32> m = 2; oneof o { string s = 3; } reserved 7 to 9; }';
    const findings = await found([
      schema('b', 1, 1, '{"type":"record","name":"B","namespace":"y","fields":[]}'),
      schema('a', 1, 2, avro, refers('b')),
      schema('c', 1, 3, '{"type":"array","items":"x.A"}', refers('a')),
      schema('p', 1, 4, proto, { schemaType: 'PROTOBUF' }),
      schema('q', 1, 10, 'syntax = "proto3"; package q; import "p.proto"; message Q { p.M m = 1; }', {
        schemaType: 'PROTOBUF',
        references: [{ name: 'p.proto', subject: 'p', version: 1 }],
      }),
      schema('o', 1, 11, `syntax = "proto3"; import "q.proto"; import "google/type/money.proto"; ${OPTIONS}`, {
        schemaType: 'PROTOBUF',
        references: [{ name: 'q.proto', subject: 'q', version: 1 }],
      }),
      schema(
        'j',
        1,
        5,
        '{"$schema":"http://json-schema.org/draft-04/schema#","id":"x","minimum":1,"exclusiveMinimum":true,"definitions":{"d":{"required":["a"]}}}',
        { schemaType: 'JSON' },
      ),
      schema('j', 2, 6, '{"$schema":"http://json-schema.org/draft-06/schema#"}', { schemaType: 'JSON' }),
      schema('j', 3, 7, 'true', { schemaType: 'JSON' }),
      schema('j', 4, 8, '{"$schema":"https://json-schema.org/draft/2019-09/schema","$id":"u"}', { schemaType: 'JSON' }),
      schema('k', 1, 9, '{"$schema":"https://json-schema.org/draft/2019-09/schema","$id":"u","x":1}', {
        schemaType: 'JSON',
      }),
    ]);
    expect(bad(findings)).toEqual([]);
  });

  it('in what a repair left: all encodings deleted, then one written', async () => {
    const findings = await found([
      under(legacySchemaKey('a', 1), schema('a', 1, 1)),
      schema('a', 1, 1),
      { ...confluent.gone('a', 1), key: bytesOf(legacySchemaKey('a', 1)) },
      confluent.gone('a', 1),
      schema('a', 1, 1),
    ]);
    expect(bad(findings)).toEqual([]);
  });

  it('in an empty topic', async () => {
    expect(names(await found([]))).toEqual(['registry-group']);
  });
});

describe('a registry in ruins', () => {
  it('is told by fifty examples of each finding and a count', async () => {
    const findings = await found(Array.from({ length: 200 }, () => record('x', '{}')).map((r, n) => under(`x${n}`, r)));
    const told = findings.filter(({ name }) => name === 'key-not-json');
    expect(told).toHaveLength(50);
    expect(told.at(-1)?.more).toBe(150);
  });
});
