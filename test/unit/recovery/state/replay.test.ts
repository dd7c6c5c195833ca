import { describe, expect, it } from 'vitest';
import type { RegistryState, ReplayVendor } from '../../../../src/recovery/state/registry-state.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { asLog, confluent, karapace, record, type WrittenRecord } from '../../../support/recovery/record-bytes.ts';

const VENDORS: readonly ReplayVendor[] = ['confluent', 'karapace'];
const INT = '"int"';
const LONG = '"long"';
const schema = (subject: string, version: number, id: number, text = INT, more: object = {}): WrittenRecord =>
  confluent.schema({ subject, version, id, schema: text, ...more });
const replayed = (vendor: ReplayVendor, ...written: readonly WrittenRecord[]): Promise<RegistryState> =>
  replay(new MemorySnapshot(asLog(written)), vendor);

describe.each(VENDORS)('a replay as %s', (vendor) => {
  it('knows versions by subject and by id, ascending, with the offset of their record', async () => {
    const state = await replayed(vendor, confluent.noop(), schema('s', 2, 2, LONG), schema('s', 1, 1));
    expect([...state.subjects()]).toEqual(['s']);
    expect(state.versions('s').map((v) => [v.version, v.id, v.offset, v.deleted])).toEqual([
      [1, 1, 2, false],
      [2, 2, 1, false],
    ]);
    expect(state.byId('', 2)).toMatchObject({ subject: 's', version: 2, schemaType: 'AVRO', references: [] });
    expect(state.byId('', 3)).toBeUndefined();
    expect(state.version('s', 3)).toBeUndefined();
  });

  it('gives equal contents one digest, and other ones another', async () => {
    const state = await replayed(
      vendor,
      schema('a', 1, 1),
      schema('b', 1, 2),
      schema('c', 1, 3, LONG),
      schema('d', 1, 4, INT, { metadata: { properties: { x: 'y' } } }),
      schema('e', 1, 5, INT, { schemaType: 'JSON' }),
      schema('f', 1, 6, INT, { references: [{ name: 'n', subject: 'a', version: 1 }] }),
    );
    const contents = ['a', 'b', 'c', 'd', 'e', 'f'].map((subject) => state.version(subject, 1)?.content);
    expect(contents[1]).toBe(contents[0]);
    expect(new Set(contents).size).toBe(5);
  });

  it('counts ids per context, and keeps the highest of what was purged', async () => {
    const state = await replayed(vendor, schema('s', 1, 9), schema(':.a:s', 1, 3, LONG), confluent.gone('s', 1));
    expect([...state.contexts()]).toEqual(['', 'a']);
    expect([state.maxId(''), state.maxId('a'), state.maxId('b')]).toEqual([9, 3, 0]);
    expect([...state.subjects()]).toEqual([':.a:s']);
    expect(state.byId('a', 3)).toMatchObject({ subject: ':.a:s' });
  });

  it('soft-deletes up to the version that DELETE_SUBJECT names', async () => {
    const state = await replayed(
      vendor,
      schema('s', 1, 1),
      schema('s', 2, 2, LONG),
      confluent.deleteSubject('s', 1),
      schema('t', 1, 1, INT, { deleted: true }),
    );
    expect(state.versions('s').map((v) => v.deleted)).toEqual([true, false]);
    expect(state.version('t', 1)?.deleted).toBe(true);
  });

  it('undeletes with the next record of the version', async () => {
    const state = await replayed(vendor, schema('s', 1, 1, INT, { deleted: true }), schema('s', 1, 1));
    expect(state.version('s', 1)).toMatchObject({ deleted: false, offset: 1 });
  });

  it('keeps and removes settings of subjects', async () => {
    const state = await replayed(
      vendor,
      confluent.config('s', { compatibilityLevel: 'FULL' }),
      confluent.config('t', { compatibilityLevel: 'NONE' }),
      confluent.config(null, { compatibilityLevel: 'BACKWARD' }),
      confluent.config('t', null),
    );
    expect([...state.configSubjects()]).toEqual(['s', null]);
    expect(state.config('s')).toEqual({ value: { compatibilityLevel: 'FULL' }, offset: 0 });
  });

  it('passes over what it cannot read', async () => {
    const state = await replayed(
      vendor,
      record(null, '{}'),
      record('{', '{}'),
      record('{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}', '{'),
      schema('t', 1, 1),
    );
    expect([...state.subjects()]).toEqual(['t']);
  });

  it('an id that is used again after its last version was purged', async () => {
    const state = await replayed(vendor, schema('s', 1, 1), confluent.gone('s', 1), schema('s', 1, 1, LONG));
    expect(state.byId('', 1)?.offset).toBe(2);
  });

  it('stops with the reason of its signal', async () => {
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    const snapshot = new MemorySnapshot(asLog([confluent.noop()]));
    await expect(replay(snapshot, vendor, { signal: stop.signal })).rejects.toThrow('enough');
  });
});

describe('where the vendors differ', () => {
  const of = async (...written: readonly WrittenRecord[]): Promise<Record<ReplayVendor, RegistryState>> => ({
    confluent: await replayed('confluent', ...written),
    karapace: await replayed('karapace', ...written),
  });

  it('an id with a second text: the first wins with Confluent and the second is dropped, the last with Karapace', async () => {
    const states = await of(schema('a', 1, 1), schema('b', 1, 1, LONG));
    expect(states.confluent.byId('', 1)).toMatchObject({ subject: 'a' });
    expect(states.confluent.version('b', 1)).toBeUndefined();
    expect(states.karapace.byId('', 1)).toMatchObject({ subject: 'b' });
    expect(states.karapace.version('a', 1)).toMatchObject({ id: 1 });
    expect(states.karapace.version('b', 1)).toMatchObject({ id: 1 });
  });

  it('a soft-deleted version still holds its id', async () => {
    const states = await of(schema('a', 1, 1, INT, { deleted: true }), schema('b', 1, 1, LONG));
    expect(states.confluent.byId('', 1)).toMatchObject({ subject: 'a' });
  });

  it('a version that is written again with another text keeps the first one with Confluent', async () => {
    const states = await of(schema('a', 1, 1), schema('a', 1, 1, LONG));
    expect(states.confluent.version('a', 1)?.offset).toBe(0);
    expect(states.karapace.version('a', 1)?.offset).toBe(1);
  });

  it('an id that several versions carry outlives one of them', async () => {
    const states = await of(schema('a', 1, 1), schema('b', 1, 1), confluent.gone('a', 1), schema('c', 1, 1, LONG));
    expect(states.confluent.byId('', 1)).toMatchObject({ subject: 'b' });
    expect(states.confluent.version('c', 1)).toBeUndefined();
  });

  it('a purged version: its id answers with Karapace', async () => {
    const states = await of(schema('a', 1, 1), confluent.gone('a', 1));
    expect(states.confluent.byId('', 1)).toBeUndefined();
    expect(states.karapace.byId('', 1)).toMatchObject({ subject: 'a', offset: 0 });
    expect(states.karapace.version('a', 1)).toBeUndefined();
  });

  it('an empty value deletes with Karapace only', async () => {
    const states = await of(schema('a', 1, 1), karapace.gone('a', 1));
    expect(states.confluent.version('a', 1)).toMatchObject({ id: 1 });
    expect(states.karapace.version('a', 1)).toBeUndefined();
  });

  it('a dangling reference, or one to what is soft-deleted: Karapace drops the schema', async () => {
    const references = [{ name: 'n', subject: 'b', version: 1 }];
    const states = await of(
      schema('a', 1, 1, INT, { references }),
      schema('b', 1, 2, LONG, { deleted: true }),
      schema('c', 1, 3, '"string"', { references }),
    );
    expect([...states.confluent.subjects()]).toEqual(['a', 'b', 'c']);
    expect([...states.karapace.subjects()]).toEqual(['b']);
    expect(states.karapace.maxId('')).toBe(3);
  });

  it('a reference without a context is one of the context of its schema with Confluent, and just a name with Karapace', async () => {
    const references = [{ name: 'n', subject: 'b', version: 1 }];
    const inContext = await of(schema(':.x:b', 1, 2, LONG), schema(':.x:a', 1, 1, INT, { references }));
    expect([...inContext.karapace.subjects()]).toEqual([':.x:b']);
    const byName = await of(schema('b', 1, 2, LONG), schema(':.x:a', 1, 1, INT, { references }));
    expect([...byName.karapace.subjects()]).toEqual(['b', ':.x:a']);
    const qualified = [{ name: 'n', subject: ':.:b', version: 1 }];
    const odd = await of(schema('b', 1, 2, LONG), schema('a', 1, 1, INT, { references: qualified }));
    expect([...odd.karapace.subjects()]).toEqual(['b']);
    for (const { confluent } of [inContext, byName, odd]) expect([...confluent.subjects()]).toHaveLength(2);
  });

  it('a reference to version -1 is one to the latest that is not deleted', async () => {
    const references = [{ name: 'n', subject: 'b', version: -1 }];
    const states = await of(
      schema('early', 1, 1, INT, { references }),
      schema('b', 1, 2, LONG),
      schema('a', 1, 1, INT, { references }),
      schema('b', 1, 2, LONG, { deleted: true }),
      schema('late', 1, 1, INT, { references }),
    );
    expect([...states.karapace.subjects()]).toEqual(['b', 'a']);
    expect([...states.confluent.subjects()]).toEqual(['early', 'b', 'a', 'late']);
  });

  it('an unknown keytype: all behind it is stale with Confluent, unless it is to be read on', async () => {
    const written = [schema('a', 1, 1), record('{"keytype":"NEW","magic":0}', null), schema('b', 1, 2, LONG)];
    const states = await of(...written);
    expect([...states.confluent.subjects()]).toEqual(['a']);
    expect(states.confluent.staleFrom).toBe(1);
    expect(states.confluent.maxId('')).toBe(2);
    expect([...states.karapace.subjects()]).toEqual(['a', 'b']);
    const onwards = await replay(new MemorySnapshot(asLog(written)), 'confluent', { readsOn: true });
    expect([...onwards.subjects()]).toEqual(['a', 'b']);
    expect(onwards.staleFrom).toBeUndefined();
  });

  it('modes and CLEAR_SUBJECT have a meaning with Confluent only', async () => {
    const written = [
      schema('a', 1, 1, INT, { deleted: true }),
      schema('b', 1, 2, LONG, { deleted: true }),
      schema(':.x:c', 1, 1, INT, { deleted: true }),
      confluent.clearSubject('a'),
      confluent.clearSubject(':.x:'),
      confluent.mode('a', { mode: 'IMPORT' }),
    ];
    const states = await of(...written);
    expect([...states.confluent.subjects()]).toEqual(['b']);
    expect(states.confluent.mode('a')).toEqual({ value: { mode: 'IMPORT' }, offset: 5 });
    expect([...states.karapace.subjects()]).toEqual(['a', 'b', ':.x:c']);
    expect([...states.karapace.modeSubjects()]).toEqual([]);
    const all = await replayed('confluent', ...written, confluent.clearSubject(null), confluent.mode('a', null));
    expect([[...all.subjects()], [...all.modeSubjects()]]).toEqual([[], []]);
  });

  it('a key that differs from its value, and a magic byte nobody knows', async () => {
    const mixed = schema('b', 1, 5, LONG);
    const states = await of(
      { ...mixed, key: schema('a', 1, 5).key },
      {
        ...record('{"keytype":"SCHEMA","subject":"m","version":1,"magic":7}', null),
        value: schema('m', 1, 6, '"string"').value,
      },
    );
    expect([...states.confluent.subjects()]).toEqual(['a']);
    expect([...states.karapace.subjects()]).toEqual(['b', 'm']);
  });

  it('the order of keys and blanks makes no other content with Karapace', async () => {
    const states = await of(
      schema('a', 1, 1, '{"type": "int", "x": 1.0}'),
      schema('b', 1, 2, '{"x":1.0,"type":"int"}'),
      schema('c', 1, 3, '{"x":1,"type":"int"}'),
    );
    const contents = (state: RegistryState): Set<string | undefined> =>
      new Set(['a', 'b', 'c'].map((subject) => state.version(subject, 1)?.content));
    expect(contents(states.confluent).size).toBe(3);
    expect(contents(states.karapace).size).toBe(2);
  });
});
