import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { ClusterIdentity } from '../../../src/registry/cluster-identity.ts';
import { MemoryCompactedLog } from '../../../src/registry/compacted-log.ts';
import { textFingerprint } from '../../../src/registry/fingerprint.ts';
import { KnownSchemas, questionKey } from '../../../src/registry/known-schemas.ts';
import { SchemaStore } from '../../../src/registry/schema-store.ts';
import type { RegisteredSchema, SchemaQuestion, SchemaText } from '../../../src/sdk/schema-view.ts';

const NODE = 'http://a:1';
const text: SchemaText = { schemaType: 'AVRO', schema: '"int"', references: [] };
const other: SchemaText = { ...text, schema: '"long"' };
const schema = (id: number, of: SchemaText = text): RegisteredSchema => ({ id, ...of });

const byId = (id: number, subject?: string): SchemaQuestion => ({
  kind: 'by-id',
  key: 'k',
  id,
  ...(subject === undefined ? {} : { subject }),
});
const byGuid = (guid: string): SchemaQuestion => ({ kind: 'by-guid', key: 'k', guid });
const version = (number: number, subject = 's'): SchemaQuestion => ({
  kind: 'version',
  key: 'k',
  subject,
  version: number,
});
const write = (kind: 'register' | 'lookup', of = text, normalize = false, subject = 's'): SchemaQuestion => ({
  kind,
  key: 'k',
  subject,
  schema: of,
  normalize,
});
const withMetadata = (metadata: Record<string, string>): SchemaQuestion => ({
  kind: 'with-metadata',
  key: 'k',
  subject: 's',
  metadata,
});

async function setup(
  options: { readonly stored?: boolean; readonly maxEntries?: number; readonly maxLatest?: number } = {},
) {
  const clock = new ManualClock({ startMs: 1000 });
  const store =
    options.stored === true ? await SchemaStore.open({ log: new MemoryCompactedLog(), logger: silentLogger }) : null;
  const facts = { epoch: 'e1' };
  const begin = () =>
    new KnownSchemas({
      clock,
      store,
      identity: new ClusterIdentity({ nodes: [NODE], store }),
      epoch: () => facts.epoch,
      maxEntries: options.maxEntries ?? 100,
      maxLatest: options.maxLatest ?? 100,
    });
  return { clock, store, facts, known: begin(), begin };
}
const idOf = (known: KnownSchemas, question: SchemaQuestion) => known.answer(questionKey(question))?.schema.id;

describe('the key of a question', () => {
  it('is the same for questions that mean the same, whoever asks', () => {
    const same: readonly (readonly [SchemaQuestion, SchemaQuestion])[] = [
      [byId(1), { ...byId(1, 'plain'), key: 'else' }],
      [byId(1, ':.x:a'), byId(1, ':.x:b')],
      [withMetadata({ a: '1', b: '2' }), withMetadata({ b: '2', a: '1' })],
      [write('register'), { ...write('register'), key: 'else' }],
    ];
    for (const [one, another] of same) expect(questionKey(one)).toBe(questionKey(another));
  });

  it('is another for all that is different', () => {
    const keys = [
      byId(1),
      byId(2),
      byId(1, ':.x:s'),
      byGuid('g'),
      byGuid('h'),
      version(1),
      version(2),
      version(1, 't'),
      withMetadata({ a: '1' }),
      withMetadata({ a: '2' }),
      write('register'),
      write('lookup'),
      write('register', other),
      write('register', text, true),
      write('register', text, false, 't'),
    ].map(questionKey);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('an answer', () => {
  it('is kept with when it was acknowledged and under whom', async () => {
    const { known } = await setup();
    const answer = known.settle(write('register'), schema(7), NODE, false);
    expect(answer).toEqual({ schema: schema(7), acknowledgement: { at: 1000, epoch: 'e1' } });
    expect(known.answer(questionKey(write('register')))).toEqual(answer);
    expect(known.answer('unknown')).toBeUndefined();
  });

  it('lets records with its id be read, in its context, and no answer by id is replaced by that', async () => {
    const { known, clock } = await setup();
    known.settle(byId(7), schema(7), NODE, false);
    clock.advanceSync(5);
    known.settle(write('lookup'), schema(7), NODE, false);
    expect(known.answer(questionKey(byId(7)))?.acknowledgement.at).toBe(1000);
    known.settle(version(1, ':.x:s'), schema(9), NODE, false);
    expect([idOf(known, byId(9)), idOf(known, byId(9, ':.x:t'))]).toEqual([undefined, 9]);
    known.settle(byId(8), schema(8), NODE, false);
    expect(
      known
        .entries()
        .map(({ question }) => question.kind)
        .sort(),
    ).toEqual(['by-id', 'by-id', 'by-id', 'lookup', 'version']);
  });

  it('to "latest" is kept for a second', async () => {
    const { known, clock } = await setup();
    known.settle(version(-1), schema(7), NODE, false);
    known.settle(version(1), schema(7), NODE, false);
    clock.advanceSync(999);
    expect(idOf(known, version(-1))).toBe(7);
    clock.advanceSync(1);
    expect([idOf(known, version(-1)), idOf(known, version(1))]).toEqual([undefined, 7]);
  });

  it('tells which subjects were seen', async () => {
    const { known } = await setup();
    known.settle(byId(7), schema(7), NODE, false);
    known.settle(version(1, 't'), schema(7), NODE, false);
    expect([known.hasSeen('t'), known.hasSeen('s')]).toEqual([true, false]);
  });

  it('is compared with what the id meant before', async () => {
    const { known } = await setup();
    known.settle(byId(7), schema(7), NODE, false);
    expect(() => known.settle(write('register'), schema(7, other), NODE, false)).toThrow('resolves to other content');
    expect(() => known.read(7, other, undefined, NODE)).toThrow('resolves to other content');
    expect(idOf(known, write('register'))).toBeUndefined();
    expect(known.read(8, other, undefined, NODE)).toEqual(schema(8, other));
    expect(known.highestId('')).toBe(8);
  });

  it('that came for a text of ours is no text of the registry', async () => {
    const { known } = await setup();
    known.settle(write('register'), schema(7), NODE, true);
    known.settle(write('register', other, true), schema(8, other), NODE, true);
    known.settle(version(1), schema(9), NODE, true);
    const sent = [7, 8, 9].map((id) => known.contents.at({ context: '', id })?.sent);
    expect(sent).toEqual([{ normalize: false }, { normalize: true }, { normalize: false }]);
  });

  it('to a GUID names no id, and is compared with nothing', async () => {
    const { known } = await setup();
    const answer = known.settle(byGuid('g'), schema(-1), NODE, false);
    expect(known.answer(questionKey(byGuid('g')))).toBe(answer);
    expect([known.entries(), known.contents.size]).toEqual([[], 0]);
  });
});

describe('what is known', () => {
  it('is forgotten but for its content', async () => {
    const { known } = await setup();
    for (const question of [version(-1), version(1)]) known.settle(question, schema(7), NODE, false);
    for (const question of [version(-1), version(1)]) known.forget(questionKey(question));
    expect([idOf(known, version(-1)), idOf(known, version(1))]).toEqual([undefined, undefined]);
    expect(known.contents.at({ context: '', id: 7 })).toBeDefined();
  });

  it('is forgotten after a change of primary where the registry may answer otherwise', async () => {
    const { known } = await setup();
    for (const question of [version(-1), version(1), write('register')]) known.settle(question, schema(7), NODE, false);
    known.forgetVolatile();
    expect([version(-1), version(1), write('register'), byId(7)].map((question) => idOf(known, question))).toEqual([
      undefined,
      undefined,
      7,
      7,
    ]);
  });

  it('of one id is found, and acknowledged anew when it was read back', async () => {
    const { known, clock, facts } = await setup();
    known.settle(write('register'), schema(7), NODE, false);
    known.settle(write('lookup', other), schema(8, other), NODE, false);
    known.settle(version(1, ':.x:s'), schema(7), NODE, false);
    const what = { context: '', id: 7 };
    expect(known.entriesOf(what).map(({ question }) => question.kind)).toEqual(['register', 'by-id']);
    clock.advanceSync(5);
    facts.epoch = 'e2';
    known.renew(what);
    const at = (question: SchemaQuestion) => known.answer(questionKey(question))?.acknowledgement;
    expect([at(write('register')), at(byId(7))]).toEqual(Array(2).fill({ at: 1005, epoch: 'e2', readBack: true }));
    expect([at(write('lookup', other)), at(version(1, ':.x:s'))]).toEqual(Array(2).fill({ at: 1000, epoch: 'e1' }));
  });

  it('of one id is what names it now: nothing that was forgotten, given another id, or had no room', async () => {
    const { known } = await setup({ maxEntries: 3 });
    const kinds = (id: number, context = '') => known.entriesOf({ context, id }).map(({ question }) => question.kind);
    known.settle(write('register'), schema(7), NODE, false);
    known.settle(write('register'), schema(8), NODE, false);
    expect([kinds(7), kinds(8)]).toEqual([['by-id'], ['register', 'by-id']]);
    known.forget(questionKey(write('register')));
    expect(kinds(8)).toEqual(['by-id']);
    known.settle(byGuid('g'), schema(-1), NODE, false);
    expect([kinds(7), kinds(-1)]).toEqual([['by-id'], []]);
    known.settle(byId(9, ':.x:'), schema(9), NODE, false);
    expect([kinds(7), kinds(8), kinds(9), kinds(9, 'x')]).toEqual([[], ['by-id'], [], ['by-id']]);
    expect(known.entriesOf({ context: 'x', id: 9 })).toEqual(known.entries().slice(-1));
  });

  it('is found by its id without an effect on what is forgotten first', async () => {
    const { known } = await setup({ maxEntries: 2 });
    for (const id of [1, 2]) known.settle(byId(id), schema(id), NODE, false);
    known.entriesOf({ context: '', id: 1 });
    known.settle(byId(3), schema(3), NODE, false);
    expect([1, 2, 3].map((id) => known.entriesOf({ context: '', id }).length)).toEqual([0, 1, 1]);
  });

  it('is counted', async () => {
    const { known, store } = await setup({ stored: true });
    known.settle(write('register'), schema(7), NODE, false);
    known.settle(version(-1), schema(8), NODE, false);
    expect(known.counts(({ schema: { id } }) => id === 7)).toEqual({
      schemas: 2,
      answers: 4,
      suspect: 2,
      stored: store?.size,
    });
    expect((await setup()).known.counts(() => true)).toEqual({ schemas: 0, answers: 0, suspect: 0, stored: 0 });
  });

  it('is bounded', async () => {
    const { known } = await setup({ maxEntries: 2, maxLatest: 1 });
    for (const id of [1, 2, 3]) known.settle(byId(id), schema(id), NODE, false);
    for (const subject of ['s', 't']) known.settle(version(-1, subject), schema(3), NODE, false);
    expect([1, 2, 3].map((id) => idOf(known, byId(id)))).toEqual([undefined, 2, 3]);
    expect([idOf(known, version(-1, 's')), idOf(known, version(-1, 't'))]).toEqual([undefined, 3]);
  });
});

describe('what the store knows', () => {
  it('answers in the next run what was asked before, with what proves it', async () => {
    const { known, begin, clock, facts } = await setup({ stored: true });
    known.settle(byId(7), schema(7), NODE, false);
    clock.advanceSync(5);
    facts.epoch = 'e2';
    known.settle(write('register'), schema(7), NODE, false);
    known.settle(write('lookup', other, true), schema(8, other), NODE, false);
    known.settle(version(3), schema(7), NODE, false);
    known.settle(byGuid('g'), schema(-1), NODE, false);
    const later = begin();
    const [first, second] = [
      { at: 1000, epoch: 'e1' },
      { at: 1005, epoch: 'e2' },
    ];
    expect(later.fromStore(byId(7))).toEqual({ schema: schema(7), acknowledgement: first });
    expect(later.fromStore(write('register'))).toEqual({
      schema: { ...schema(7), subject: 's' },
      acknowledgement: second,
    });
    expect(later.fromStore(write('lookup', other, true))?.schema.id).toBe(8);
    expect(later.fromStore(version(3))).toEqual({
      schema: { ...schema(7), subject: 's', version: 3 },
      acknowledgement: first,
    });
    expect(later.fromStore(byGuid('g'))).toEqual({ schema: schema(-1), acknowledgement: second });
  });

  it('was acknowledged before now, though the wall clock was ahead in the run that kept it', async () => {
    const { known, store, clock } = await setup({ stored: true });
    known.settle(write('register'), schema(7), NODE, false);
    const proof = { clusterId: 'unidentified:http://a:1', subject: 's', text: textFingerprint(text), normalize: false };
    store?.prove({ ...proof, proof: 'registered', id: 7, time: clock.now() + 3_600_000, epoch: 'e0' });
    clock.advanceSync(50);
    expect(known.fromStore(write('register'))?.acknowledgement).toEqual({ at: 1050, epoch: 'e0' });
  });

  it('is nothing of what was never asked, of "latest" and of metadata', async () => {
    const { known, begin } = await setup({ stored: true });
    known.settle(version(-1), schema(7), NODE, false);
    known.settle(version(0), schema(7), NODE, false);
    known.settle(withMetadata({ a: '1' }), schema(7), NODE, false);
    known.settle(write('register', text, false, 't'), schema(7), NODE, false);
    const later = begin();
    const nothing = [
      version(-1),
      version(0),
      version(1),
      withMetadata({ a: '1' }),
      byId(8),
      byId(7, ':.x:s'),
      byGuid('g'),
      write('register'),
      write('register', text, true, 't'),
      write('register', other, false, 't'),
    ];
    for (const question of nothing) expect([question, later.fromStore(question)]).toEqual([question, undefined]);
    const none = (await setup()).known;
    none.settle(byId(7), schema(7), NODE, false);
    none.settle(byGuid('g'), schema(-1), NODE, false);
    expect([none.fromStore(byId(7)), none.fromStore(byGuid('g'))]).toEqual([undefined, undefined]);
  });

  it('says how the registry vouched first, and for which id at last', async () => {
    const { known, store, clock } = await setup({ stored: true });
    const proofs = () => store?.unconfirmed('unidentified:http://a:1').map(({ proof, id, time }) => [proof, id, time]);
    known.settle(write('register'), schema(7), NODE, false);
    clock.advanceSync(5);
    known.settle(write('lookup'), schema(7), NODE, false);
    expect(proofs()).toEqual([['registered', 7, 1000]]);
    known.settle(write('lookup'), schema(8), NODE, false);
    expect(proofs()).toEqual([['looked-up', 8, 1005]]);
  });
});
