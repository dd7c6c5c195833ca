import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type MappedSnapshot, mapSnapshot } from '../../../../src/recovery/restore/map-snapshot.ts';
import { SubjectRules } from '../../../../src/recovery/restore/subject-rules.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import { inWords, MemorySnapshot, recordsOf } from '../../../support/recovery/memory-snapshot.ts';
import { asLog, confluent, record, type WrittenRecord } from '../../../support/recovery/record-bytes.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const schema = (subject: string, version: number, id: number, refers?: string): WrittenRecord =>
  confluent.schema({
    ...{ subject, version, id, schema: `"${id}"` },
    ...(refers === undefined ? {} : { references: [{ name: 'r', subject: refers, version: 1 }] }),
  });

const LOG = [
  confluent.noop(),
  confluent.config(null, { compatibilityLevel: 'FULL' }),
  schema('base', 1, 1),
  schema('orders', 1, 2, 'base'),
  confluent.config('orders', { compatibilityLevel: 'NONE', alias: 'base' }),
  schema('other', 1, 3),
  schema(':.x:base', 1, 1),
  schema(':.x:orders', 1, 2, 'base'),
  confluent.mode(':.x:', { mode: 'READONLY' }),
  confluent.deleteSubject('other', 1),
  schema('last', 1, 9),
];

function mapped(only: readonly string[], map: readonly string[], log = LOG): Promise<MappedSnapshot> {
  const folder = join(tempDir('map'), 'mapped');
  return mapSnapshot({ snapshot: new MemorySnapshot(asLog(log)), rules: new SubjectRules({ only, map }), folder });
}

async function told({ snapshot }: MappedSnapshot): Promise<readonly string[]> {
  const state = await replay(snapshot, 'confluent');
  return [...state.subjects()]
    .flatMap((subject) => state.versions(subject))
    .map(({ subject, version, id, references, deleted }) => {
      const to = references.map((each) => ` -> ${each.subject}`).join('');
      return `${subject}:${version}=${id}${to}${deleted ? ' deleted' : ''}`;
    })
    .sort();
}

describe('a mapped snapshot', () => {
  it('has the subjects asked for and those to which they refer, with their settings, and remembers the highest id', async () => {
    const subset = await mapped(['ord*'], []);
    expect(await told(subset)).toEqual(['base:1=1', 'orders:1=2 -> base']);
    expect(subset.notes.join('\n')).toContain('with them come base');
    expect(subset.maxIds).toEqual({ '': 9 });
    const state = await replay(subset.snapshot, 'confluent');
    expect([...state.configSubjects()]).toEqual(['orders']);
  });

  it('is the same byte for byte when nothing is left out or renamed', async () => {
    const { snapshot } = await mapped([], ['nobody=somebody']);
    expect((await recordsOf(snapshot)).map(inWords)).toEqual(asLog(LOG).map(inWords));
  });

  it('renames subjects in keys, values, references, aliases and deletes', async () => {
    const renamed = await mapped([], ['base=basis', 'oth*=an-oth*']);
    expect(await told(renamed)).toEqual([
      ':.x:base:1=1',
      ':.x:orders:1=2 -> base',
      'an-other:1=3 deleted',
      'basis:1=1',
      'last:1=9',
      'orders:1=2 -> basis',
    ]);
    const state = await replay(renamed.snapshot, 'confluent');
    expect(state.config('orders')?.value).toEqual({ compatibilityLevel: 'NONE', alias: 'basis' });
  });

  it('moves contexts with their settings, and the default one into another', async () => {
    const moved = await mapped([':.x:*'], [':.x:=:.y:']);
    expect(await told(moved)).toEqual([':.y:base:1=1', ':.y:orders:1=2 -> base']);
    expect([...(await replay(moved.snapshot, 'confluent')).modeSubjects()]).toEqual([':.y:']);
    expect(moved.maxIds).toEqual({ y: 2 });
    const into = await mapped([], [':.:=:.z:']);
    // By its whole name: Karapace, to which a bare one is never of a context, would drop the schema.
    expect(await told(into)).toContain(':.z:orders:1=2 -> :.z:base');
    expect((await replay(into.snapshot, 'karapace')).version(':.z:orders', 1)).toBeDefined();
    expect([...(await replay(into.snapshot, 'confluent')).configSubjects()]).toEqual([':.z:', ':.z:orders']);
  });

  it('moves what reserves ids with its context, under no other name, and lets two contexts become one', async () => {
    const reserved = (subject: string, id: number): WrittenRecord =>
      confluent.schema({ subject, version: 1, id, schema: `"r${id}"`, deleted: true });
    const log = [
      ...[schema('a', 1, 1), reserved('holdfast-reserved-ids', 40)],
      ...[schema(':.x:b', 1, 2), reserved(':.x:holdfast-reserved-ids', 50)],
    ];
    const renamed = await mapped([], ['*=dev-*'], log);
    expect(await told(renamed)).toEqual([
      ':.x:b:1=2',
      ':.x:holdfast-reserved-ids:1=50 deleted',
      'dev-a:1=1',
      'holdfast-reserved-ids:1=40 deleted',
    ]);
    expect(renamed.maxIds).toEqual({ '': 40, x: 50 });
    const merged = await mapped([], [':.x:=:.y:', ':.:=:.y:'], log);
    expect(await told(merged)).toEqual([':.y:a:1=1', ':.y:b:1=2']);
    expect(merged.maxIds).toEqual({ y: 50 });
    expect(merged.notes.join('\n')).not.toMatch(/left out|reserved/);
  });

  it('takes aliases as names of their context, and never writes a reference into the default one that none can be', async () => {
    const log = [
      ...[schema(':.x:base', 1, 1), schema(':.x:orders', 1, 2, 'base')],
      confluent.config(':.x:orders', { alias: 'base' }),
    ];
    const state = await replay((await mapped([], [':.x:base=:.x:basis'], log)).snapshot, 'confluent');
    expect(state.config(':.x:orders')?.value['alias']).toBe('basis');
    await expect(mapped([], [':.x:base=base'], log)).rejects.toMatchObject({
      code: 'holdfast.recovery.map-invalid',
      message: expect.stringContaining(':.x:orders'),
    });
  });

  it('takes contexts and associations with what they are about, in keys and values, and keeps every other byte', async () => {
    const of = (context: string): WrittenRecord =>
      record(
        `{"keytype":"CONTEXT","tenant":"default","context":"${context}","magic":0}`,
        `{"tenant":"default","context":"${context}","extra":1}`,
      );
    const assoc = (subject: string): string =>
      `{"keytype":"ASSOC","tenant":"default","resourceName":"t","resourceNamespace":"lkc","subject":"${subject}","magic":0}`;
    const value = (subject: string): string =>
      `{"tenant":"default","subject":"${subject}","guid":"g","lifecycle":"WEAK"}`;
    const log = [
      ...[of('.x'), of('.empty'), schema(':.x:a', 1, 1), schema('b', 1, 2)],
      ...[record(assoc(':.x:a'), value(':.x:a')), record(assoc('b'), null)],
      record('{"keytype":"ASSOC","tenant":"default","magic":0}', '{"guid":"g"}'),
    ];
    const others = async (only: readonly string[], map: readonly string[]) => {
      const { snapshot, notes } = await mapped(only, map, log);
      const all = (await recordsOf(snapshot)).map(({ key, value }) => [
        Buffer.from(key ?? []).toString(),
        value && Buffer.from(value).toString(),
      ]);
      const found = all.filter(([key]) => /CONTEXT|ASSOC/.test(key ?? ''));
      const told = ([context, y, b]: readonly (string | undefined)[]) => [
        ...(context === undefined
          ? []
          : [of(context)].map((r) => [`${Buffer.from(r.key ?? [])}`, `${Buffer.from(r.value ?? [])}`])),
        ...(y === undefined ? [] : [[assoc(y), value(y)]]),
        ...(b === undefined ? [] : [[assoc(b), null]]),
      ];
      return { found: found.filter(([key]) => !key?.includes('.empty')), told, notes: notes.join('\n'), all: found };
    };
    const moved = await others([], [':.x:=:.y:', 'b=c']);
    expect(moved.found).toEqual(moved.told(['.y', ':.y:a', 'c']));
    expect(moved.all).toHaveLength(4);
    expect(moved.notes).toContain('Left out, as they name neither a subject nor a context: ASSOC at offset 6');
    const one = await others(['b'], []);
    expect(one.all).toEqual(one.told([undefined, undefined, 'b']));
    expect(one.notes).toContain('ASSOC at offset 6');
    const some = await others([':.x:*'], []);
    expect(some.all).toEqual(some.told(['.x', ':.x:a']));
    // The default context has no record of its own.
    const plain = await others([':.x:a'], [':.x:=:.:']);
    expect(plain.all).toEqual(plain.told([undefined, 'a']));
  });

  it('names the records that can not be read, wherever it leaves them out', async () => {
    const log = [schema('a', 1, 1), record('{"keytype":"CONFIG","subject":null,"magic":0}', '{'), record('x', 'y')];
    for (const [only, map] of [
      [['a'], []],
      [[], ['a=b']],
    ] as const) {
      const notes = (await mapped(only, map, log)).notes.join('\n');
      expect(notes).toMatch(/2 damaged records that no registry reads are left out:\n {2}offset 1: .*\n {2}offset 2: /);
    }
  });

  describe('of records that vendors read differently', () => {
    const keyed = (subject: string, version: number, value: WrittenRecord, magic = 1): WrittenRecord => ({
      ...value,
      key: Buffer.from(JSON.stringify({ keytype: 'SCHEMA', subject, version, magic })),
    });
    const otherMagic = keyed('orders', 2, schema('orders', 2, 4, 'base'), 7);
    const mismatch = keyed('orders', 3, schema('other', 5, 5));
    const log = [schema('base', 1, 1), schema('orders', 1, 2, 'base'), schema('other', 1, 3), otherMagic, mismatch];
    const textOf = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString();
    const bytesIn = async ({ snapshot }: Pick<MappedSnapshot, 'snapshot'>): Promise<readonly unknown[]> =>
      (await recordsOf(snapshot)).map(({ key, value }) => [textOf(key), textOf(value)]);
    const bytes = (records: readonly WrittenRecord[]): unknown =>
      records.map(({ key, value }) => [textOf(key), textOf(value)]);

    it('has those of which all that they name is taken, byte for byte, and names the others', async () => {
      const some = await mapped(['orders'], [], log);
      expect(await bytesIn(some)).toEqual(bytes([...log.slice(0, 2), otherMagic]));
      expect(some.notes.join('\n')).toMatch(
        /1 damaged record that vendors read differently is left out, as not all .*:\n {2}offset 4: /,
      );
      const both = await mapped(['orders', 'other'], [], log);
      expect(await bytesIn(both)).toEqual(bytes(log));
    });

    it('renames their keys, values and references, and nothing else in them', async () => {
      const { snapshot, notes } = await mapped([], ['or*=new-or*', 'base=ground', 'other=another'], log);
      expect((await bytesIn({ snapshot })).slice(-2)).toEqual(
        bytes([
          keyed('new-orders', 2, schema('new-orders', 2, 4, 'ground'), 7),
          keyed('new-orders', 3, schema('another', 5, 5)),
        ]),
      );
      expect(notes.join('\n')).not.toContain('left out');
    });

    it.each([
      ['become one with another subject', ['orders=gone'], keyed('gone', 2, schema('orders', 2, 6))],
      ['lie in two contexts', ['orders=new'], keyed('orders', 2, schema(':.x:orders', 2, 6))],
      ['come into a context with those of another', [':.x:=:.:'], keyed(':.x:orders', 2, schema(':.x:other', 2, 6))],
    ])('leaves them out by name where they would %s', async (_, map, one) => {
      const { snapshot, notes } = await mapped([], map, [
        schema('base', 1, 1),
        schema('orders', 1, 2),
        schema(':.x:more', 1, 1),
        one,
      ]);
      expect(notes.join('\n')).toMatch(/1 damaged record that vendors read differently is left out/);
      expect((await recordsOf(snapshot)).length).toBe(3);
    });
  });

  it('refuses by name: references that lead nowhere, two subjects under one name, an id for two schemas', async () => {
    await expect(mapped(['a'], [], [schema('a', 1, 1, 'gone')])).rejects.toMatchObject({
      code: 'holdfast.recovery.dangling-reference',
      message: expect.stringContaining('a version 1 refers to gone version 1'),
    });
    await expect(mapped([], ['base=orders'])).rejects.toMatchObject({ code: 'holdfast.recovery.map-invalid' });
    await expect(
      mapped([], [':.x:=:.:'], [schema('a', 1, 1), schema(':.x:b', 1, 1), schema(':.x:c', 1, 2)]),
    ).resolves.toBeDefined();
    const other = [schema('a', 1, 1), confluent.schema({ subject: ':.x:b', version: 1, id: 1, schema: '"int"' })];
    await expect(mapped([], [':.x:=:.:'], other)).rejects.toMatchObject({ code: 'holdfast.recovery.id-collision' });
    await expect(mapped(['nobody'], [])).rejects.toMatchObject({ code: 'holdfast.recovery.map-invalid' });
    for (const bad of ['a', '=b', 'a=', ':.x:=b', 'a*=b']) {
      expect(() => new SubjectRules({ only: [], map: [bad] })).toThrow(
        expect.objectContaining({ code: 'holdfast.recovery.map-invalid' }),
      );
    }
  });
});
