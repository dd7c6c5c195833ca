import { describe, expect, it } from 'vitest';
import type { RestWitness } from '../../../../src/recovery/snapshot/rest-witness.ts';
import { type VerifyPlacesOptions, verifyPlaces } from '../../../../src/recovery/verify/verify-places.ts';
import { reportText, verifyReport } from '../../../../src/recovery/verify/verify-report.ts';
import { DataError } from '../../../../src/sdk/errors/kinds.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { asLog, confluent, record, type WrittenRecord } from '../../../support/recovery/record-bytes.ts';

const ONE = confluent.schema({ subject: 'a', version: 1, id: 1, schema: '"int"' });
const TWO = confluent.schema({ subject: 'b', version: 1, id: 2, schema: '"long"' });
const snapshot = (written: readonly WrittenRecord[], witnesses: readonly RestWitness[] = []): MemorySnapshot =>
  new MemorySnapshot(asLog(written), { witnesses });

const node = (name: string, ids: readonly number[], vendor: RestWitness['vendor'] = 'confluent'): RestWitness => {
  const schemas = [
    { subject: 'a', id: 1, schema: '"int"' },
    { subject: 'b', id: 2, schema: '"long"' },
  ].filter(({ id }) => ids.includes(id));
  const rest = {
    ...{ version: 1, schemaType: 'AVRO', references: [], metadata: undefined, ruleSet: undefined, deleted: false },
  };
  return {
    ...{ node: name, takenAt: 0, vendor, serverVersion: undefined, versionCount: schemas.length, tellsDeleted: true },
    ...{ configs: {}, modes: {}, maxIds: { '': Math.max(...ids) }, missing: [] },
    versions: async function* () {
      yield schemas.map((schema) => ({ ...schema, ...rest }));
    },
  };
};

const verified = async (options: Partial<VerifyPlacesOptions>) => {
  const { signal } = new AbortController();
  const sections = await verifyPlaces({ places: [], witnesses: [], silent: [], signal, ...options });
  return sections.map(({ title, findings }) => ({
    title: title.replace(/ \(.*\)$/, ''),
    bad: [...new Set(findings.filter((f) => f.severity !== 'note').map(({ name }) => name))],
  }));
};

describe('places and nodes are verified', () => {
  it('each place by itself, the others and all nodes beside the first, and nodes beside each other', async () => {
    const places = [
      { name: 'new', snapshot: snapshot([ONE, TWO], [node('n0', [1, 2])]) },
      { name: 'old', snapshot: snapshot([ONE]) },
    ];
    const witnesses = [node('n1', [1, 2]), node('n2', [1], 'karapace')];
    expect(await verified({ places, witnesses, silent: ['n3 is away'] })).toEqual([
      { title: 'new', bad: [] },
      { title: 'new beside what n0 told when it was made', bad: [] },
      { title: 'old', bad: [] },
      { title: 'new beside old', bad: ['missing-in-place', 'max-id-lower'] },
      { title: 'new beside what n1 tells now', bad: [] },
      { title: 'new beside what n2 tells now', bad: ['missing-at-node', 'max-id-lower'] },
      { title: 'Nodes', bad: ['node-silent'] },
      { title: 'n1 beside n2', bad: ['missing-at-node', 'max-id-lower'] },
    ]);
  });

  it('a backup beside a node that was restored from it, otherwise than the topic beside a node that reads it', async () => {
    const again = { subject: 'b', schema: '"long"', id: 2 };
    const written = [
      ONE,
      confluent.schema({ ...again, version: 1, deleted: true }),
      confluent.schema({ ...again, version: 2 }),
    ];
    const told = node('n1', [1, 2]);
    const restored: RestWitness = {
      ...told,
      versions: async function* () {
        for await (const batch of told.versions()) {
          yield batch.map((each) => (each.subject === 'b' ? { ...each, version: 2 } : each));
        }
      },
    };
    const place = { name: 'it', snapshot: snapshot(written) };
    const bad = async (isLive: boolean) =>
      (await verified({ places: [{ ...place, isLive }], witnesses: [restored] })).at(-1)?.bad;
    expect(await bad(false)).toEqual([]);
    expect(await bad(true)).toEqual(['missing-at-node']);
  });

  it('names a place that is damaged, and verifies the others', async () => {
    const damage = (why: string) => new DataError(why, { code: 'holdfast.recovery.backup-damaged' });
    const cut = snapshot([ONE, TWO]);
    cut.records = async function* () {
      yield cut.raw.slice(0, 1);
      throw damage('line 2 is cut');
    };
    const told = snapshot([ONE, TWO]);
    told.witnesses = async function* () {
      yield await Promise.reject(damage('the witness is cut'));
    };
    const sections = await verified({
      places: [
        { name: 'cut', snapshot: cut },
        { name: 'told', snapshot: told },
        { name: 'less', snapshot: snapshot([ONE]) },
      ],
      damaged: [{ name: 'gone', reason: 'no manifest' }],
    });
    expect(sections).toEqual([
      { title: 'gone', bad: ['place-damaged'] },
      { title: 'cut', bad: ['place-damaged'] },
      { title: 'told', bad: [] },
      { title: 'told, what nodes told', bad: ['place-damaged'] },
      { title: 'less', bad: [] },
      { title: 'told beside less', bad: ['missing-in-place', 'max-id-lower'] },
    ]);
  });

  it('and fails where it is not a place that is damaged', async () => {
    const broken = snapshot([ONE]);
    broken.records = async function* () {
      yield await Promise.reject(new DataError('something else'));
    };
    await expect(verified({ places: [{ name: 'x', snapshot: broken }] })).rejects.toThrow('something else');
  });

  it('without a place nodes beside each other only', async () => {
    const witnesses = [node('n1', [1, 2]), node('n2', [1, 2])];
    expect(await verified({ witnesses })).toEqual([{ title: 'n1 beside n2', bad: [] }]);
  });

  it('the records say what a place has, also behind what stops a reader of Confluent', async () => {
    const stop = record('{"keytype":"NEW","magic":0}', null);
    const places = [
      { name: 'first', snapshot: snapshot([stop, ONE]) },
      { name: 'second', snapshot: snapshot([stop, TWO]) },
    ];
    const sections = await verified({ places });
    expect(sections[2]).toEqual({ title: 'first beside second', bad: ['only-in-place', 'missing-in-place'] });
  });
});

describe('a report', () => {
  const mend = 'Mend it.';
  const sections = [
    {
      title: 'topic',
      findings: [
        { name: 'x', severity: 'error', message: 'One\u001b[2J', mend, vendors: { karapace: 'passed over' } },
        { name: 'x', severity: 'error', message: 'Two', mend, more: 3 },
        { name: 'y', severity: 'note', message: 'Three', mend },
      ],
    },
    { title: 'node', findings: [] },
  ] as const;

  it('names what was found, what vendors make of it and how to mend it, once for each name', () => {
    expect(reportText(verifyReport(sections, { strict: false }))).toEqual([
      'topic: 5 errors, 1 note',
      '  ERROR x: One\\u001b[2J',
      '  ERROR x: Two',
      '  ERROR x: ... and 3 more',
      '      karapace: passed over',
      '      mend: Mend it.',
      '  note y: Three',
      '',
      'node: nothing found',
      '',
      'NOT SOUND: 5 errors, 1 note in all.',
      'docs/guides/schemas-verify.md explains each name.',
    ]);
  });

  it('floods nobody: a few of each name, and how many more there are', () => {
    const findings = Array.from({ length: 50 }, (_, n) => ({
      ...{ name: 'id-gap', severity: 'error' as const, message: `number ${n}`, mend: 'm' },
      ...(n === 49 ? { more: 999_950 } : {}),
    }));
    const text = reportText(verifyReport([{ title: 'topic', findings }], { strict: false }));
    expect(text.filter((line) => line.includes('number'))).toHaveLength(10);
    expect(text).toContain('  ERROR id-gap: ... and 999990 more');
    expect(text.at(-2)).toBe('NOT SOUND: 1000000 errors in all.');
  });

  it('tells once what several nodes say, and apart what one of them says', async () => {
    const at = (name: string, ids: readonly number[]): RestWitness => node(`http://${name}:8081`, ids);
    const sections = await verifyPlaces({
      places: [{ name: 'topic', snapshot: snapshot([ONE, TWO]) }],
      witnesses: [at('one', [1]), at('two', [1, 2]), at('three', [1])],
      ...{ silent: [], signal: new AbortController().signal },
    });
    const report = verifyReport(sections, { strict: false });
    const lines = reportText(report).filter((line) => !/^ +mend:|^$/.test(line));
    expect(lines.slice(3, 7)).toEqual([
      'topic beside what http://one:8081, http://three:8081 tells now: 2 errors at each',
      '  ERROR missing-at-node: Each of them lacks b version 1 (id 2).',
      '  ERROR max-id-lower: The highest id is 2, and 1 in each of them.',
      'topic beside what http://two:8081 tells now: nothing found',
    ]);
    // The document has it of each.
    expect(report.sections.filter(({ title }) => title.startsWith('topic beside'))).toHaveLength(3);
    expect(report.counts.error).toBe(2 * 2 + 1);
  });

  it('is ok with warnings, but not when they count', () => {
    const warned = [{ title: 't', findings: [{ name: 'x', severity: 'warning', message: '', mend }] }] as const;
    expect(verifyReport(warned, { strict: false }).ok).toBe(true);
    expect(verifyReport(warned, { strict: true }).ok).toBe(false);
    expect(verifyReport([], { strict: true })).toEqual({
      ok: true,
      counts: { error: 0, warning: 0, note: 0 },
      sections: [],
    });
  });
});
