import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRecord } from '../../../../src/recovery/records/read-record.ts';
import type { RestWitness, WitnessedVersion } from '../../../../src/recovery/snapshot/rest-witness.ts';
import type { TopicFacts } from '../../../../src/recovery/snapshot/topic-facts.ts';
import type { ReplayVendor } from '../../../../src/recovery/state/registry-state.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import { compareSnapshots } from '../../../../src/recovery/verify/compare-snapshots.ts';
import { compareWitness, compareWitnesses } from '../../../../src/recovery/verify/compare-witnesses.ts';
import { COMPARISON_KINDS } from '../../../../src/recovery/verify/comparison-kinds.ts';
import type { Finding } from '../../../../src/recovery/verify/finding.ts';
import { generatedRegistry } from '../../../support/recovery/generated-registry.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { asLog, confluent, type WrittenRecord } from '../../../support/recovery/record-bytes.ts';

const INT = '"int"';
const LONG = '"long"';
const schema = (subject: string, version: number, id: number, text = INT, more: object = {}): WrittenRecord =>
  confluent.schema({ subject, version, id, schema: text, ...more });
const SOUND = [schema('a', 1, 1), schema('b', 1, 2, LONG), schema('b', 2, 3, '{"type":"int"}')];

const snapshotOf = (written: readonly WrittenRecord[], topic: Partial<TopicFacts> = {}): MemorySnapshot =>
  new MemorySnapshot(asLog(written), { topic });

/** What a node tells that has read exactly these records. */
async function witnessOf(written: readonly WrittenRecord[], more: Partial<RestWitness> = {}): Promise<RestWitness> {
  const snapshot = snapshotOf(written);
  const state = await replay(snapshot, more.vendor === 'karapace' ? 'karapace' : 'confluent');
  const versions: WitnessedVersion[] = [];
  for (const subject of state.subjects()) {
    for (const { offset, deleted } of state.versions(subject)) {
      const read = readRecord(snapshot.raw[offset] ?? { key: null, value: null });
      if (read.ok && read.record.kind === 'schema') versions.push({ ...read.record.value, deleted });
    }
  }
  const settings = (
    subjects: Iterable<string | null>,
    of: (subject: string | null) => { readonly value: object } | undefined,
  ): Record<string, Record<string, unknown>> =>
    Object.fromEntries([...subjects].map((subject) => [subject ?? '', { ...of(subject)?.value }]));
  return {
    ...{ node: 'http://n1:8081', takenAt: 0, vendor: 'confluent', serverVersion: undefined, tellsDeleted: true },
    configs: { '': { compatibilityLevel: 'BACKWARD' }, ...settings(state.configSubjects(), (s) => state.config(s)) },
    modes: { '': { mode: 'READWRITE' }, ...settings(state.modeSubjects(), (s) => state.mode(s)) },
    maxIds: Object.fromEntries([...state.contexts()].map((context) => [context, state.maxId(context)])),
    missing: [],
    versionCount: versions.length,
    versions: async function* () {
      for (let at = 0; at < versions.length; at += 2) yield versions.slice(at, at + 2);
    },
    ...more,
  };
}

async function topicAndNode(
  topic: readonly WrittenRecord[],
  node: readonly WrittenRecord[],
  more: Partial<RestWitness> = {},
): Promise<Finding[]> {
  const vendor: ReplayVendor = more.vendor === 'karapace' ? 'karapace' : 'confluent';
  const snapshot = snapshotOf(topic);
  return compareWitness({ snapshot, state: await replay(snapshot, vendor) }, await witnessOf(node, more));
}

const nodeAndNode = async (a: readonly WrittenRecord[], b: readonly WrittenRecord[]): Promise<Finding[]> =>
  compareWitnesses(await witnessOf(a), await witnessOf(b, { node: 'http://n2:8081' }));

const CASES: readonly (readonly [
  name: string,
  atNode: string,
  inPlace: string,
  ours: readonly WrittenRecord[],
  theirs: readonly WrittenRecord[],
])[] = [
  ['a version less', 'missing-at-node', 'missing-in-place', SOUND, [...SOUND, confluent.gone('b', 2)]],
  ['a version more', 'only-at-node', 'only-in-place', SOUND, [...SOUND, schema('c', 1, 4, '"bytes"')]],
  [
    'another schema',
    'other-content-at-node',
    'other-content-in-place',
    SOUND,
    [schema('a', 1, 1, '"bytes"'), ...SOUND.slice(1)],
  ],
  [
    'other references',
    'other-content-at-node',
    'other-content-in-place',
    SOUND,
    [schema('a', 1, 1, INT, { references: [{ name: 'x', subject: 'b', version: 1 }] }), ...SOUND.slice(1)],
  ],
  [
    'other metadata',
    'other-content-at-node',
    'other-content-in-place',
    SOUND,
    [schema('a', 1, 1, INT, { metadata: { properties: { x: 'y' } } }), ...SOUND.slice(1)],
  ],
  ['another id', 'other-id-at-node', 'other-id-in-place', SOUND, [schema('a', 1, 9), ...SOUND.slice(1)]],
  ['a soft delete', 'deleted-differs', 'deleted-differs', SOUND, [...SOUND, confluent.deleteSubject('a', 1)]],
  [
    'a config',
    'config-differs',
    'config-differs',
    [...SOUND, confluent.config('a', { compatibilityLevel: 'FULL' })],
    [...SOUND, confluent.config('a', { compatibilityLevel: 'NONE' })],
  ],
  ['a config less', 'config-differs', 'config-differs', [...SOUND, confluent.config('a', { normalize: true })], SOUND],
  ['a config more', 'config-differs', 'config-differs', SOUND, [...SOUND, confluent.config('a', { normalize: true })]],
  ['a mode', 'mode-differs', 'mode-differs', [...SOUND, confluent.mode('a', { mode: 'READONLY' })], SOUND],
  [
    'a mode of the registry',
    'mode-differs',
    'mode-differs',
    [...SOUND, confluent.mode(null, { mode: 'READONLY' })],
    SOUND,
  ],
  [
    'a lower highest id',
    'max-id-lower',
    'max-id-lower',
    [...SOUND, schema('z', 1, 9, '"bytes"'), confluent.gone('z', 1)],
    SOUND,
  ],
  [
    'blanks',
    'text-differs-only-in-form',
    'text-differs-only-in-form',
    SOUND,
    [...SOUND.slice(0, 2), schema('b', 2, 3, '{ "type": "int" }')],
  ],
];

const names = (findings: readonly Finding[]): string[] => [...new Set(findings.map(({ name }) => name))];

describe('a difference is found by name', () => {
  it.each(CASES)('%s: a node beside the topic: %s', async (_, name, _place, ours, theirs) => {
    expect(names(await topicAndNode(ours, theirs))).toContain(name);
  });

  it.each(CASES)('%s: a node beside a node: %s', async (_, name, _place, ours, theirs) => {
    const findings = await nodeAndNode(ours, theirs);
    expect(names(findings)).toContain(name);
    expect(findings.every(({ node }) => node === 'http://n2:8081')).toBe(true);
  });

  it.each(CASES)('%s: a place beside a place', async (_what, _node, name, ours, theirs) => {
    expect(names(await compareSnapshots(snapshotOf(ours), snapshotOf(theirs)))).toContain(name);
  });

  it('and nothing where there is none', async () => {
    const written = [
      ...SOUND,
      confluent.config('a', { compatibilityLevel: 'FULL' }),
      confluent.config('without-versions', { compatibilityLevel: 'FULL' }),
      confluent.mode('a', { mode: 'READONLY' }),
      confluent.deleteSubject('b', 1),
    ];
    expect(await topicAndNode(written, written)).toEqual([]);
    expect(await nodeAndNode(written, written)).toEqual([]);
    expect(await compareSnapshots(snapshotOf(written), snapshotOf(written))).toEqual([]);
  });

  it('whatever a registry went through, it equals itself', async () => {
    await fc.assert(
      fc.asyncProperty(generatedRegistry(), async ({ log, vendor }) => {
        const snapshot = new MemorySnapshot(log);
        expect(await compareSnapshots(snapshot, new MemorySnapshot(log), { vendor })).toEqual([]);
      }),
      { numRuns: 50, seed: 7 },
    );
  });
});

describe('topics', () => {
  it('made anew, or of another cluster', async () => {
    const anew = snapshotOf(SOUND, { topicId: 'other' });
    expect(names(await compareSnapshots(snapshotOf(SOUND), anew))).toEqual(['topic-made-anew']);
    const elsewhere = snapshotOf(SOUND, { topicId: 'other', clusterId: 'cluster-2' });
    expect(names(await compareSnapshots(snapshotOf(SOUND), elsewhere))).toEqual(['other-cluster']);
  });
});

describe('a node that does not tell all', () => {
  it('is named, and what it lacks is a warning', async () => {
    const findings = await topicAndNode(SOUND, SOUND.slice(0, 2), { missing: ['subject b: 500'] });
    expect(findings.map(({ name, severity }) => [name, severity])).toEqual([
      ['witness-incomplete', 'warning'],
      ['missing-at-node', 'warning'],
    ]);
  });

  it('and is too old to tell its highest id is judged by its versions alone', async () => {
    const purged = [...SOUND, schema('z', 1, 9, '"bytes"'), confluent.gone('z', 1)];
    const old = { maxIds: { '': 3 }, missing: ['the highest id: it is at least 3'] };
    expect(await topicAndNode(purged, SOUND, old)).toEqual([]);
    expect(await topicAndNode(SOUND, SOUND.slice(0, 2), old)).toMatchObject([
      { name: 'missing-at-node', severity: 'error' },
    ]);
  });

  it('and has nothing beside which it could tell its highest id is not told to be behind', async () => {
    const purged = [schema('z', 1, 9, '"bytes"'), confluent.gone('z', 1)];
    expect(await topicAndNode(purged, [], { maxIds: { '': 0 } })).toEqual([]);
  });

  it('of Karapace beside one of Confluent: the order of keys means nothing', async () => {
    const a = await witnessOf([schema('a', 1, 1, '{"type":"int","doc":"x"}')]);
    const b = await witnessOf([schema('a', 1, 1, '{"doc":"x","type":"int"}')], { vendor: 'karapace' });
    expect(await compareWitnesses(a, b)).toEqual([]);
    expect(await compareWitnesses(b, a)).toEqual([]);
  });

  it('and spells all of very many otherwise: each side is read once more, and none is taken for another schema', async () => {
    const many = (text: (n: number) => string) =>
      Array.from({ length: 300 }, (_, n) => schema('a', n + 1, n + 1, text(n)));
    let reads = 0;
    const a = await witnessOf(many((n) => `{"type":"fixed","name":"F${n}","size":1}`));
    const versions = () => {
      reads++;
      return a.versions();
    };
    const counted = { ...a, versions };
    const b = await witnessOf(many((n) => `{"type":"fixed", "name":"F${n}", "size":1}`));
    const [last, ...others] = (await compareWitnesses(counted, b)).reverse();
    expect(last).toMatchObject({ name: 'text-differs-only-in-form', more: 250 });
    expect(new Set(names(others))).toEqual(new Set(['text-differs-only-in-form']));
    expect(reads).toBe(2);
  });

  it('and tells no deletions is not asked for them', async () => {
    const written = [...SOUND, confluent.deleteSubject('a', 1)];
    const findings = await topicAndNode(written, SOUND.slice(1), { tellsDeleted: false });
    expect(names(findings)).toEqual([]);
  });

  it('Karapace has no modes, and that is no gap', async () => {
    const told = { vendor: 'karapace', missing: ['modes: the node has none'], modes: {} } as const;
    expect(await topicAndNode([...SOUND, confluent.mode('a', { mode: 'READONLY' })], SOUND, told)).toEqual([]);
  });

  it('and sorts the keys of JSON as Karapace does is equal to the topic', async () => {
    const ours = [schema('a', 1, 1, '{"type":"int","doc":"x"}')];
    const theirs = [schema('a', 1, 1, '{"doc": "x", "type": "int"}')];
    expect(await topicAndNode(ours, theirs, { vendor: 'karapace' })).toEqual([]);
    expect(names(await topicAndNode(ours, theirs))).toEqual(['text-differs-only-in-form']);
  });
});

describe('a soft-deleted version below one of its id', () => {
  const again = [schema('b', 3, 9), schema('b', 3, 9, INT, { deleted: true }), schema('b', 4, 9)];
  const backup = [...SOUND, ...again];
  const beside = async (node: readonly WrittenRecord[], more: Partial<RestWitness> = {}, mayBeRestored = true) => {
    const snapshot = snapshotOf(backup);
    const topic = { snapshot, state: await replay(snapshot, more.vendor === 'karapace' ? 'karapace' : 'confluent') };
    const findings = await compareWitness(topic, await witnessOf(node, more), { mayBeRestored });
    return findings.map(({ name, severity, version }) => [name, severity, version]);
  };
  const restored = [...SOUND, schema('b', 4, 9)];

  it("is removed by a restore through Confluent's registry: a note", async () => {
    expect(await beside(restored)).toEqual([['superseded-at-node', 'note', 3]]);
  });

  it('is missing where the later one is not there under its id, with Karapace, and beside the topic that the node reads', async () => {
    const missing = ['missing-at-node', 'error', 3];
    expect(await beside([...SOUND, schema('b', 4, 8)])).toContainEqual(missing);
    expect(await beside(SOUND)).toContainEqual(missing);
    expect(await beside(restored, { vendor: 'karapace', modes: {} })).toEqual([missing]);
    expect(await beside(restored, {}, false)).toEqual([missing]);
  });
});

it('the tables above have every kind of difference', () => {
  const tested = [...CASES.flatMap(([, node, place]) => [node, place]), 'topic-made-anew', 'other-cluster'];
  // node-silent, place-damaged: verify-places.test.ts.
  expect(
    [...new Set([...tested, 'superseded-at-node', 'witness-incomplete', 'node-silent', 'place-damaged'])].sort(),
  ).toEqual(Object.keys(COMPARISON_KINDS).sort());
});
