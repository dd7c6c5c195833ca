/** What one question comes to, over as many requests as it takes. */
import { describe, expect, it } from 'vitest';
import { questionKey } from '../../../src/registry/known-schemas.ts';
import { accessOf } from '../../../src/registry/question-finder.ts';
import { ConfigError } from '../../../src/sdk/errors/index.ts';
import type { SchemaQuestion } from '../../../src/sdk/schema-view.ts';
import { RegistryOverNodes, wordsOfFinding } from './registry-over-nodes.ts';
import { error, ok, type Reply } from './scripted-transport.ts';
import { avro, byId, latest, lookup, NODE_A, NODE_B, register } from './worker-of-registries.ts';

const schema = '"string"';
const html = (status: number): Reply => ({ status, body: '<html>' });
const version = (subject: string, number: number): SchemaQuestion => ({
  kind: 'version',
  key: `${subject} ${number}`,
  subject,
  version: number,
});
const byGuid = (guid: string): SchemaQuestion => ({ kind: 'by-guid', key: guid, guid });
const withMetadata = (subject: string): SchemaQuestion => ({
  kind: 'with-metadata',
  key: subject,
  subject,
  metadata: { major: '2' },
});
const withReference = register('s', { ...avro('s'), references: [{ name: 'R', subject: 'r', version: 1 }] });

/** Answers requests whose `METHOD path` matches in this way. */
function answers(over: RegistryOverNodes, which: RegExp, reply: () => Reply): void {
  over.registry.fault = ({ method, path }) => (which.test(`${method} ${path}`) ? reply() : undefined);
}
const POST = /^POST .*\/versions$/;

it('only registrations need a primary', () => {
  const questions = [byId(1), lookup('s'), latest('s'), withMetadata('s'), byGuid('g'), register('s')];
  expect(questions.map(accessOf)).toEqual(['read', 'read', 'read', 'read', 'read', 'write']);
});

describe('an id in a record', () => {
  it('is known by its text', async () => {
    const over = new RegistryOverNodes();
    over.registry.put('s', { schema }, 7);
    const finding = await over.find(byId(7));
    expect(finding).toMatchObject({ kind: 'known', known: { schema: { id: 7, schemaType: 'AVRO', schema } } });
    expect(over.known.answer(questionKey(byId(7)))).toBeDefined();
  });

  it('that lies far above every id is denied at once, and after that without a request', async () => {
    const over = new RegistryOverNodes({ maxGap: 10 });
    over.registry.put('s', { schema }, 1);
    expect(wordsOfFinding(await over.find(byId(12)))).toBe('denied id.unknown');
    over.asked();
    expect(wordsOfFinding(await over.find(byId(13)))).toBe('denied id.unknown');
    expect(over.asked()).toEqual([]);
    // Within the gap it may be about to be registered.
    expect(wordsOfFinding(await over.find(byId(11)))).toBe('missing id:11 id.not-seen');
  });

  it('that lies far above every id waits while a change of primary settles', async () => {
    const over = new RegistryOverNodes({ maxGap: 10 });
    over.registry.put('s', { schema }, 1);
    over.knowledge.changedAt = 0;
    for (const id of [12, 13]) expect(wordsOfFinding(await over.find(byId(id)))).toBe(`missing id:${id} id.not-seen`);
    await over.clock.advance(60_000);
    expect(wordsOfFinding(await over.find(byId(12)))).toBe('denied id.unknown');
  });

  it('that was deleted is denied when a node that knows higher ones denies it for half a minute', async () => {
    const over = new RegistryOverNodes();
    over.registry.put('s', { schema }, 9);
    expect(await over.twice(byId(5))).toEqual(['missing id:5 id.not-seen', 'denied id.unknown']);
  });

  it('above the highest of every node is one from the future, and waits', async () => {
    const over = new RegistryOverNodes();
    over.registry.put('s', { schema }, 4);
    expect(await over.twice(byId(5))).toEqual(['missing id:5 id.not-seen', 'missing id:5 id.from-future']);
    const finding = await over.find(byId(5));
    expect(finding).toMatchObject({
      missing: {
        dependency: 'schema id 5',
        fromFuture: true,
        reason: 'schema id 5 lies above 4, the highest id of every node: the registry may have lost data',
      },
    });
    const other = new RegistryOverNodes();
    expect(await other.find(byId(5))).toMatchObject({
      missing: { fromFuture: false, reason: 'no node knows schema id 5 yet' },
    });
  });

  it('that turned up in between is denied anew from the beginning', async () => {
    const over = new RegistryOverNodes();
    over.registry.put('s', { schema }, 9);
    await over.find(byId(5));
    over.registry.put('t', { schema }, 5);
    await over.find(byId(5));
    over.registry.schemas.delete(5);
    await over.clock.advance(30_000);
    expect(wordsOfFinding(await over.find(byId(5)))).toBe('missing id:5 id.not-seen');
  });

  it('is looked for in its context, and waits at a gate of that', async () => {
    const over = new RegistryOverNodes();
    const question: SchemaQuestion = { kind: 'by-id', key: 'x', id: 5, subject: ':.eu:s' };
    expect(wordsOfFinding(await over.find(question))).toBe('missing id:.eu:5 id.not-seen');
    expect(over.asked()[0]).toBe(`GET /schemas/ids/5?subject=${encodeURIComponent(':.eu:s')}`);
  });

  it('is away with the registry', async () => {
    const over = new RegistryOverNodes();
    over.registry.fault = () => ({ status: 503, body: '', headers: { 'retry-after': '7' } });
    expect(await over.find(byId(5))).toMatchObject({ kind: 'away', access: 'read', retryAfterMs: 7000 });
  });
});

describe('a GUID in a record', () => {
  const guidIs = (over: RegistryOverNodes, reply: () => Reply): void => answers(over, /\/guids\//, reply);

  it('is known by its text, without an id', async () => {
    const over = new RegistryOverNodes();
    guidIs(over, () => ok({ schema }));
    expect(await over.find(byGuid('g'))).toMatchObject({ kind: 'known', known: { schema: { id: -1, schema } } });
    expect(over.asked()).toEqual(['GET /schemas/guids/g']);
  });

  it('that nodes deny for half a minute is bad data', async () => {
    const over = new RegistryOverNodes();
    guidIs(over, () => error(404, 40403, 'none'));
    expect(await over.twice(byGuid('g'))).toEqual(['missing guid:g id.not-seen', 'denied id.unknown']);
    expect(await over.find(byGuid('h'))).toMatchObject({
      missing: { dependency: 'schema GUID h', reason: 'no node knows schema GUID h yet', fromFuture: false },
    });
  });

  it('is not given up by nodes of which none has read its topic, nor after a change of primary', async () => {
    const over = new RegistryOverNodes();
    guidIs(over, () => error(404, 40403, 'none'));
    over.ready.set(NODE_A, false);
    expect(await over.twice(byGuid('g'))).toEqual(Array(2).fill('missing guid:g id.not-seen'));
    over.ready.clear();
    over.knowledge.changedAt = over.clock.monotonic();
    expect(await over.twice(byGuid('h'))).toEqual(Array(2).fill('missing guid:h id.not-seen'));
  });

  it('that turned up in between is denied anew from the beginning', async () => {
    const over = new RegistryOverNodes();
    let isThere = false;
    guidIs(over, () => (isThere ? ok({ schema }) : error(404, 40403, 'none')));
    await over.find(byGuid('g'));
    isThere = true;
    await over.find(byGuid('g'));
    isThere = false;
    await over.clock.advance(30_000);
    expect(wordsOfFinding(await over.find(byGuid('g')))).toBe('missing guid:g id.not-seen');
  });

  it.each([404, 405])(
    'is a wrong setting for a registry that has none: HTTP %d, at first and later',
    async (status) => {
      const over = new RegistryOverNodes();
      guidIs(over, () => error(status, status, 'Not Found'));
      const first = await over.find(byGuid('g'));
      expect(first.kind === 'denied' && first.error instanceof ConfigError).toBe(true);
      over.registry.put('s', { schema });
      await over.learn(byId(1));
      expect([wordsOfFinding(first), wordsOfFinding(await over.find(byGuid('g')))]).toEqual(
        Array(2).fill('denied not-supported'),
      );
    },
  );

  it('waits for a page of something else that stands before the registry', async () => {
    const over = new RegistryOverNodes();
    over.registry.put('s', { schema });
    await over.learn(byId(1));
    guidIs(over, () => html(404));
    expect(wordsOfFinding(await over.find(byGuid('g')))).toBe('missing guid:g looks-misconfigured');
    guidIs(over, () => error(400, 400, 'Bad'));
    expect(wordsOfFinding(await over.find(byGuid('h')))).toBe('missing guid:h looks-misconfigured');
    over.registry.fault = () => 'refused';
    expect(wordsOfFinding(await over.find(byGuid('g')))).toBe('away read');
  });
});

describe('a registration', () => {
  it('is acknowledged, and tells who took a new id', async () => {
    const over = new RegistryOverNodes();
    expect(await over.find(register('s'))).toMatchObject({
      kind: 'acknowledged',
      registered: { id: 1, subject: 's', text: avro('s'), normalize: false, node: NODE_A },
    });
    expect(over.knowledge.observed).toEqual([{ kind: 'written', node: NODE_A }]);
  });

  it('of what was registered already may be answered by any node, and tells nothing', async () => {
    const over = new RegistryOverNodes();
    over.registry.put('s', { schema: avro('s').schema }, 3);
    await over.learn(byId(3));
    expect(wordsOfFinding(await over.find(register('s')))).toBe('acknowledged 3');
    expect(over.knowledge.observed).toEqual([]);
    expect(wordsOfFinding(await over.find(register('t')))).toBe('acknowledged 4');
    expect(over.knowledge.observed).toHaveLength(1);
  });

  it('that was sent twice is looked for in between, and tells of nobody but the primary', async () => {
    const over = new RegistryOverNodes();
    let failures = 1;
    answers(over, POST, () => (failures-- > 0 ? error(500, 50001, 'store') : ok({ id: 1 })));
    expect(wordsOfFinding(await over.find(register('s')))).toBe('acknowledged 1');
    const [first, look, ...more] = over.asked();
    expect([first, look, more.at(-1)]).toEqual([
      'POST /subjects/s/versions',
      'POST /subjects/s',
      'POST /subjects/s/versions',
    ]);
    expect(over.knowledge.observed).toEqual([]);
    failures = 1;
    over.knowledge.at = NODE_A;
    await over.find(register('t'));
    expect(over.knowledge.observed).toEqual([{ kind: 'written', node: NODE_A }]);
  });

  it('is away with its primary, and may have been carried out', async () => {
    const over = new RegistryOverNodes();
    answers(over, POST, () => error(500, 50003, 'no primary'));
    expect(await over.find(register('s'))).toMatchObject({
      kind: 'away',
      access: 'write',
      reason: expect.stringContaining('50003'),
    });
  });

  it('that is incompatible is refused at once, and looked at once more after a change of primary', async () => {
    const over = new RegistryOverNodes();
    answers(over, POST, () => error(409, 409, 'incompatible'));
    expect(wordsOfFinding(await over.find(register('s')))).toBe('denied schema.incompatible');
    expect(over.asked()).toHaveLength(1);
    over.knowledge.changedAt = over.clock.monotonic();
    const beganAt = over.clock.monotonic();
    expect(wordsOfFinding(await over.find(register('s')))).toBe('denied schema.incompatible');
    expect(over.asked()).toEqual(Array(2).fill('POST /subjects/s/versions'));
    expect(over.clock.monotonic() - beganAt).toBe(1000);
  });

  it('that is answered like a wrong setting is an outage of writes while nothing else is served', async () => {
    const over = new RegistryOverNodes();
    await over.find(register('s'));
    over.registry.fault = () => html(404);
    expect(await over.find(register('t'))).toMatchObject({
      kind: 'away',
      access: 'write',
      code: 'holdfast.registry.looks-misconfigured',
    });
    answers(over, POST, () => html(404));
    expect(wordsOfFinding(await over.find(register('t')))).toBe('missing subject:t looks-misconfigured');
  });

  it('that a node denies while a change of primary settles waits for what it lacks', async () => {
    const over = new RegistryOverNodes();
    over.knowledge.changedAt = 0;
    answers(over, POST, () => error(404, 40401, 'no such subject'));
    expect(wordsOfFinding(await over.find(register('s')))).toBe('missing subject:s subject.not-seen');
  });

  it('is known with the text that was sent, or with that of the registry when it gives one', async () => {
    const over = new RegistryOverNodes();
    const { contents } = over.known;
    await over.learn(register('s'));
    expect(contents.at({ context: '', id: 1 })?.sent).toEqual({ normalize: false });
    answers(over, POST, () => ok({ id: 2, schema }));
    await over.learn(register('t'));
    expect(contents.at({ context: '', id: 2 })).toMatchObject({ text: { schema }, sent: null });
  });

  it('whose reference may not have been read yet is looked at once more, and only then', async () => {
    const over = new RegistryOverNodes();
    let failures = 1;
    answers(over, POST, () => (failures-- > 0 ? error(422, 42201, 'no such reference') : ok({ id: 1 })));
    expect(wordsOfFinding(await over.find(withReference))).toBe('acknowledged 1');
    failures = 1;
    expect(wordsOfFinding(await over.find(register('s')))).toBe('denied schema.invalid');
    failures = 9;
    over.asked();
    expect(wordsOfFinding(await over.find(withReference))).toBe('denied schema.invalid');
    expect(over.asked()).toHaveLength(2);
  });
});

describe('a registration into a subject that takes none', () => {
  const refused = (): Reply => error(422, 42205, 'read-only');
  /** Refuses, and tells its modes by node. */
  function inMode(modes: Record<string, () => Reply>): RegistryOverNodes {
    const over = new RegistryOverNodes({ nodes: Object.keys(modes) });
    for (const [node, mode] of Object.entries(modes)) {
      over.transport.nodes.set(node, (request) => {
        if (request.path.startsWith('/mode/')) return mode();
        return request.method === 'POST' ? refused() : over.registry.handle(request);
      });
    }
    return over;
  }
  const mode = (name: string) => (): Reply => ok({ mode: name });

  it.each(['READONLY', 'READONLY_OVERRIDE', 'IMPORT', 'FORWARD'])('waits for an operator: %s', async (name) => {
    const over = inMode({ [NODE_A]: mode(name) });
    expect(await over.find(register('s'))).toEqual({
      kind: 'missing',
      missing: {
        gate: 'subject:s',
        dependency: 'schema registry (subject s)',
        reason: `subject s is in mode ${name}: nothing can be registered until an operator sets it to READWRITE`,
        code: 'holdfast.registry.read-only',
        fromFuture: false,
      },
      provesWrites: true,
    });
    expect(over.asked()).toContain('GET /mode/s?defaultToGlobal=true');
  });

  it('waits when any node says so: the others may not have read it yet', async () => {
    const over = inMode({ [NODE_A]: mode('READWRITE'), [NODE_B]: mode('READONLY') });
    expect(wordsOfFinding(await over.find(register('s')))).toBe('missing subject:s read-only');
  });

  it('waits for an operator when a node says so, whoever can not be asked', async () => {
    const over = inMode({ [NODE_A]: mode('READONLY'), [NODE_B]: () => 'refused' });
    expect(await over.find(register('s'))).toMatchObject({
      missing: { reason: expect.stringMatching(/^subject s is in mode READONLY: /) },
    });
  });

  it('waits when not every node can be asked, and says so', async () => {
    const over = inMode({ [NODE_A]: mode('READWRITE'), [NODE_B]: () => 'refused' });
    const finding = await over.find(register('s'));
    expect(wordsOfFinding(finding)).toBe('missing subject:s read-only');
    expect(finding.kind === 'missing' && finding.missing.reason).toMatch(
      /^subject s takes no schema now, and not every node could be asked for its mode: HTTP 422\/42205/,
    );
  });

  it('is away when no node can be asked', async () => {
    const over = inMode({ [NODE_A]: () => 'refused' });
    expect(wordsOfFinding(await over.find(register('s')))).toBe('away write');
  });

  it('is refused for good, the second time, when every node says that it takes some', async () => {
    const over = inMode({ [NODE_A]: mode('READWRITE') });
    expect(wordsOfFinding(await over.find(register('s')))).toBe('denied schema.invalid');
    expect(over.asked().filter((request) => POST.test(request))).toHaveLength(2);
    const without = inMode({ [NODE_A]: () => error(404, 404, 'Not Found') });
    expect(wordsOfFinding(await without.find(register('s')))).toBe('denied schema.invalid');
  });

  it('waits for the end of a mode to be read while a change of primary settles', async () => {
    const over = inMode({ [NODE_A]: mode('READWRITE') });
    over.knowledge.changedAt = 0;
    expect(wordsOfFinding(await over.find(register('s')))).toBe('missing subject:s subject.not-seen');
  });
});

describe('a question for a subject', () => {
  it('is answered with the version that was asked for', async () => {
    const over = new RegistryOverNodes();
    over.registry.put('s', { schema }, 3);
    for (const question of [latest('s'), version('s', 1)]) {
      expect(await over.find(question)).toMatchObject({
        kind: 'known',
        known: { schema: { id: 3, schema, subject: 's', version: 1 } },
      });
    }
    expect(over.known.hasSeen('s')).toBe(true);
  });

  it('is of that subject, and of its own version, though the answer may not say so', async () => {
    const over = new RegistryOverNodes();
    over.registry.fault = () => ok({ id: 3, schema });
    const finding = await over.find(latest('s'));
    expect(finding.kind === 'known' && finding.known.schema).toMatchObject({ id: 3, subject: 's' });
    expect(over.known.contents.at({ context: '', id: 3 })?.sent).toBeNull();
    const byNumber = await over.find(byId(3));
    expect(byNumber.kind === 'known' && 'subject' in byNumber.known.schema).toBe(false);
  });

  it('by its text is acknowledged, as the id may just have been given out', async () => {
    const over = new RegistryOverNodes();
    over.registry.put('s', { schema: avro('s').schema }, 3);
    expect(wordsOfFinding(await over.find(lookup('s')))).toBe('acknowledged 3');
  });

  it('that was never seen is refused at once', async () => {
    const over = new RegistryOverNodes();
    for (const question of [latest('s'), lookup('s')]) {
      expect(wordsOfFinding(await over.find(question))).toBe('denied subject.unknown');
    }
  });

  it('that was seen before, or that a number names, is refused when that lasts', async () => {
    const over = new RegistryOverNodes();
    over.registry.put('s', { schema });
    await over.learn(latest('s'));
    over.registry.subjects.clear();
    expect(await over.twice(lookup('s'))).toEqual(['missing subject:s subject.not-seen', 'denied subject.unknown']);
    expect(await over.twice(version('t', 1))).toEqual(['missing subject:t subject.not-seen', 'denied subject.unknown']);
    expect(await over.find(version('u', 1))).toMatchObject({
      missing: {
        dependency: 'schema registry (subject u)',
        reason: expect.stringMatching(
          /^what is asked for of subject u was not found, which a node that lags explains: /,
        ),
        fromFuture: false,
      },
    });
  });

  it('is waited for without limit when no node has read its topic, and while things settle', async () => {
    const over = new RegistryOverNodes();
    over.ready.set(NODE_A, false);
    expect(await over.twice(version('t', 1))).toEqual(Array(2).fill('missing subject:t subject.not-seen'));
    over.ready.clear();
    over.outageEndedAt = over.clock.monotonic();
    expect(await over.twice(latest('t'))).toEqual(Array(2).fill('missing subject:t subject.not-seen'));
    await over.clock.advance(60_000);
    expect(wordsOfFinding(await over.find(latest('t')))).toBe('denied subject.unknown');
  });

  it('is away with the registry', async () => {
    const over = new RegistryOverNodes();
    over.registry.fault = () => 'refused';
    expect(wordsOfFinding(await over.find(latest('s')))).toBe('away read');
  });

  it('by metadata is a wrong setting for a registry that has none, and no other question is', async () => {
    const over = new RegistryOverNodes();
    over.registry.fault = () => error(404, 404, 'Not Found');
    expect(wordsOfFinding(await over.find(withMetadata('s')))).toBe('denied not-supported');
    expect(wordsOfFinding(await over.find(latest('s')))).toBe('denied url');
    over.registry.fault = () => ok({ subject: 's', version: 2, id: 8, schema });
    expect(wordsOfFinding(await over.find(withMetadata('s')))).toBe('known 8');
    over.registry.fault = () => error(404, 40402, 'none');
    expect(wordsOfFinding(await over.find(withMetadata('t')))).toBe('denied subject.unknown');
  });

  it.each([-5, 2 ** 31])('is a wrong setting when its id has no room in a record: %d', async (id) => {
    const over = new RegistryOverNodes();
    over.registry.fault = () => ok({ subject: 's', version: 1, id, schema });
    expect(wordsOfFinding(await over.find(latest('s')))).toBe('denied id.unusable');
    expect(wordsOfFinding(await over.find(register('s')))).toBe('denied id.unusable');
  });

  it('of a reference that may not have been read yet is looked at once more', async () => {
    const over = new RegistryOverNodes();
    over.registry.put('s', { schema: avro('s').schema });
    let failures = 1;
    answers(over, /^POST/, () => (failures-- > 0 ? error(422, 42201, 'no such reference') : ok({ id: 1 })));
    const { schema: text } = withReference as Extract<SchemaQuestion, { kind: 'register' }>;
    expect(wordsOfFinding(await over.find(lookup('s', text)))).toBe('acknowledged 1');
    failures = 1;
    expect(wordsOfFinding(await over.find(lookup('s')))).toBe('denied schema.invalid');
  });
});

describe('a registration while the primary is away', () => {
  it('is found by any node when it was made before, and otherwise needs the primary', async () => {
    const over = new RegistryOverNodes();
    over.registry.put('s', { schema: avro('s').schema }, 3);
    const lookUp = (subject: string) => {
      const question = register(subject) as Extract<SchemaQuestion, { kind: 'register' }>;
      return over.settled(over.finder.lookUp(question, over.life.signal));
    };
    expect(await lookUp('s')).toMatchObject({ kind: 'acknowledged', registered: { id: 3 } });
    expect(await lookUp('t')).toBeUndefined();
    over.registry.fault = () => 'refused';
    expect(await lookUp('s')).toBeUndefined();
    expect(over.registry.posts).toBe(0);
  });
});

describe('invariant 5: a suspect id', () => {
  async function suspect() {
    const over = new RegistryOverNodes();
    const question = register('s');
    const key = questionKey(question);
    await over.learn(question);
    const known = over.known.answer(key);
    if (known === undefined) throw new Error('it is not known');
    over.asked();
    over.knowledge.epochNow = 'two';
    const readBack = () => over.settled(over.finder.readBack(key, question, known, over.life.signal));
    return { over, key, known, readBack };
  }

  it('that is read back with equal content is as good as acknowledged now', async () => {
    const { over, key, readBack } = await suspect();
    const finding = await readBack();
    expect(finding).toMatchObject({ kind: 'known', known: { schema: { id: 1 }, acknowledgement: { epoch: 'two' } } });
    expect(over.asked()).toEqual(['GET /schemas/ids/1']);
    expect(over.known.answer(key)?.acknowledgement.epoch).toBe('two');
  });

  it('that was forgotten meanwhile is still what it was', async () => {
    const { over, key, known, readBack } = await suspect();
    over.known.forget(key);
    expect(await readBack()).toEqual({ kind: 'known', known });
  });

  it('that was lost is registered again, and remembered until its id is compared', async () => {
    const { over, key, known, readBack } = await suspect();
    over.registry.schemas.clear();
    over.registry.subjects.clear();
    const finding = await readBack();
    expect(finding).toMatchObject({ kind: 'acknowledged', registered: { id: 2 } });
    expect(finding.kind === 'acknowledged' && finding.replaced).toBe(known);
    expect(over.known.answer(key)).toBe(known);
    answers(over, POST, () => error(500, 50003, 'no primary'));
    over.registry.schemas.clear();
    expect(wordsOfFinding(await readBack())).toBe('away write');
    expect(over.known.answer(key)).toBe(known);
  });

  it('that was lost and is refused now is forgotten', async () => {
    const { over, key, readBack } = await suspect();
    over.registry.schemas.clear();
    answers(over, POST, () => error(409, 409, 'incompatible'));
    expect(wordsOfFinding(await readBack())).toBe('denied schema.incompatible');
    expect(over.known.answer(key)).toBeUndefined();
  });

  it('that nobody can read back now is suspect still, for as long as they want to be left alone', async () => {
    const { over, key, known, readBack } = await suspect();
    over.registry.fault = () => ({ status: 503, body: '', headers: { 'retry-after': '9' } });
    expect(await readBack()).toMatchObject({ kind: 'away', access: 'read', retryAfterMs: 9000 });
    expect(over.known.answer(key)).toBe(known);
  });
});

describe('whether reads work again', () => {
  const probe = (over: RegistryOverNodes) => over.settled(over.finder.probe(over.life.signal));
  async function served(ids: readonly number[] = [1]): Promise<RegistryOverNodes> {
    const over = new RegistryOverNodes();
    for (const id of ids) over.registry.put(`s${id}`, { schema }, id);
    for (const id of ids) await over.learn(byId(id));
    over.asked();
    return over;
  }

  it('is told by the highest id that is known, or by the list of subjects', async () => {
    const over = await served([1, 5]);
    expect(await probe(over)).toEqual({ ok: true });
    expect(over.asked()).toEqual(['GET /schemas/ids/5']);
    const fresh = new RegistryOverNodes();
    expect(await probe(fresh)).toEqual({ ok: true });
    expect(fresh.asked()).toEqual(['GET /subjects']);
  });

  it('is not told by one that fails, or answers like a wrong setting, however long', async () => {
    const over = await served();
    for (const reply of ['refused', error(503, 50301, 'x'), html(404), html(403)] as const) {
      over.registry.fault = () => reply;
      for (let i = 0; i < 4; i++) {
        expect(await probe(over)).toMatchObject({ ok: false });
        await over.clock.advance(20_000);
      }
    }
    over.registry.fault = () => html(404);
    expect(await probe(over)).toMatchObject({ code: 'holdfast.registry.looks-misconfigured' });
  });

  it('is not told by a known id that is denied, until that has gone on for ten seconds', async () => {
    const over = await served();
    over.registry.schemas.clear();
    expect(await probe(over)).toMatchObject({ ok: false, reason: expect.stringContaining('40403') });
    await over.clock.advance(9999);
    expect(await probe(over)).toMatchObject({ ok: false });
    await over.clock.advance(1);
    expect(await probe(over)).toEqual({ ok: true });
    // The next doubt begins anew.
    expect(await probe(over)).toMatchObject({ ok: false });
  });

  it('begins to doubt anew after no answer', async () => {
    const over = await served();
    over.registry.schemas.clear();
    await probe(over);
    await over.clock.advance(9000);
    over.registry.fault = () => 'refused';
    await probe(over);
    over.registry.fault = () => undefined;
    await over.clock.advance(9000);
    expect(await probe(over)).toMatchObject({ ok: false });
  });

  it('is told after two seconds by another known id, when the highest alone was deleted', async () => {
    const over = await served([1, 5]);
    over.registry.schemas.delete(5);
    expect(await probe(over)).toMatchObject({ ok: false });
    await over.clock.advance(1999);
    over.asked();
    expect(await probe(over)).toMatchObject({ ok: false });
    expect(over.asked()).not.toContain('GET /schemas/ids/1');
    await over.clock.advance(1);
    expect(await probe(over)).toEqual({ ok: true });
    over.registry.schemas.clear();
    await probe(over);
    await over.clock.advance(5000);
    expect(await probe(over)).toMatchObject({ ok: false });
  });

  it('is told by a list of subjects that is for others only, when nothing better is known, after ten seconds', async () => {
    const over = new RegistryOverNodes();
    // It served, in its own words.
    await over.find(lookup('s'));
    answers(over, /\/subjects$/, () => error(403, 40301, 'not for you'));
    expect(await probe(over)).toMatchObject({ ok: false });
    await over.clock.advance(10_000);
    expect(await probe(over)).toEqual({ ok: true, isUnsure: true });
    answers(over, /\/subjects$/, () => error(401, 40101, 'who are you'));
    for (let i = 0; i < 3; i++) {
      expect(await probe(over)).toMatchObject({ ok: false });
      await over.clock.advance(10_000);
    }
  });

  it('is believed of one that never served and answers like a wrong setting: whoever asks is told', async () => {
    const over = new RegistryOverNodes();
    over.registry.fault = () => html(404);
    expect(await probe(over)).toMatchObject({ ok: false });
    await over.clock.advance(10_000);
    expect(await probe(over)).toEqual({ ok: true });
  });
});

describe('whether a question is alone in its trouble', () => {
  it('is told by another id than the one that it asks for', async () => {
    const over = new RegistryOverNodes();
    for (const id of [1, 5]) over.registry.put(`s${id}`, { schema }, id);
    for (const id of [1, 5]) await over.learn(byId(id));
    answers(over, /ids\/5/, () => error(500, 500, 'x'));
    over.asked();
    const others = (question: SchemaQuestion) => over.settled(over.finder.servesOthers(question, over.life.signal));
    expect(await others(byId(5))).toBe(true);
    expect(over.asked()).toEqual(['GET /schemas/ids/1']);
    expect(await others(latest('s'))).toBe(false);
    expect(over.asked()[0]).toBe('GET /schemas/ids/5');
  });
});

describe('after an outage', () => {
  it('nothing that was denied before counts, nodes are asked who they are, and how far they have read', async () => {
    const over = new RegistryOverNodes();
    over.registry.put('s', { schema }, 9);
    await over.find(byId(5));
    await over.clock.advance(30_000);
    expect(over.verified).toEqual([NODE_A]);
    over.finder.startOver();
    expect(wordsOfFinding(await over.find(byId(5)))).toBe('missing id:5 id.not-seen');
    expect(over.verified).toEqual([NODE_A, NODE_A]);
    over.asked();
    await over.find(byId(6));
    const before = over.asked().length;
    over.finder.startOver();
    await over.find(byId(6));
    expect(over.asked().length).toBeGreaterThan(before);
  });
});
