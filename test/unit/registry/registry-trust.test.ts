/** Invariants 5 and 6: what is read back, when, and what becomes of what turns out to be gone, or to mean something else. */
import { describe, expect, it } from 'vitest';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import { MemoryCompactedLog } from '../../../src/registry/compacted-log.ts';
import { questionKey } from '../../../src/registry/known-schemas.ts';
import { REGISTRY_CONTENT_CHANGED, RegistryIntegrityError } from '../../../src/registry/registry-errors.ts';
import type { RegistryNotice } from '../../../src/registry/registry-notices.ts';
import { parseRegistrySettings } from '../../../src/registry/registry-settings.ts';
import { RegistryTrust } from '../../../src/registry/registry-trust.ts';
import { SchemaStore } from '../../../src/registry/schema-store.ts';
import type { SchemaQuestion } from '../../../src/sdk/schema-view.ts';
import { RegistryOverNodes } from './registry-over-nodes.ts';
import { ok } from './scripted-transport.ts';
import { avro, byId, latest, lookup, NODE_A, register } from './worker-of-registries.ts';

const schema = '"string"';
const SECOND_LOOK_MS = 60_000;

function setUp(options: { readonly store?: SchemaStore; readonly settings?: Record<string, string> } = {}) {
  const { store = null } = options;
  const over = new RegistryOverNodes({ store });
  const { values } = parseRegistrySettings({
    'schema.registry.url': NODE_A,
    'registry.refresh.interval.ms': '0',
    'registry.refresh.sample.size': '0',
    ...options.settings,
  });
  const log = recordingLogger();
  const notices: RegistryNotice[] = [];
  const state = { isSettling: false, mayRead: true, mayWrite: true };
  const trust = new RegistryTrust({
    registryId: 'r',
    values,
    clock: over.clock,
    logger: log.logger,
    endpoints: over.endpoints,
    known: over.known,
    knowledge: over.knowledge,
    identity: over.identity,
    store,
    isSettling: () => state.isSettling,
    mayRead: () => state.mayRead,
    mayWrite: () => state.mayWrite,
    emit: (event) => over.events.push(event),
    notify: (notice) => notices.push(notice),
    signal: over.life.signal,
  });
  /** Asked, known, and acknowledged. */
  const learn = async (question: SchemaQuestion): Promise<void> => {
    await over.learn(question);
    const known = over.known.answer(questionKey(question));
    if (known === undefined) throw new Error('it is not known');
    trust.acknowledged(question, known);
  };
  const isKnown = (question: SchemaQuestion): boolean => over.known.answer(questionKey(question)) !== undefined;
  const looks = (): string[] =>
    over.events.splice(0).flatMap((event) => (event.type === 'revalidated' ? [`${event.id} ${event.outcome}`] : []));
  return { over, trust, log, notices, state, learn, isKnown, looks };
}

describe('what the registry acknowledged', () => {
  it('is looked at once more a minute later, in its context, and then confirmed to every host', async () => {
    const { over, trust, notices, learn, looks } = setUp();
    await learn(register(':.eu:s'));
    expect(trust.unconfirmed).toBe(1);
    await over.clock.advance(SECOND_LOOK_MS - 1);
    expect(looks()).toEqual([]);
    await over.clock.advance(1);
    expect(looks()).toEqual(['1 equal']);
    expect(notices).toEqual([{ kind: 'confirmed', registryId: 'r', context: 'eu', ids: [1] }]);
    expect(trust.unconfirmed).toBe(0);
  });

  it('is looked at by what it was acknowledged for: a look-up, or a version by its text', async () => {
    const { over, trust, learn } = setUp();
    over.registry.put('s', avro('s'));
    over.registry.put('t', { schema });
    await learn(lookup('s'));
    await learn(latest('t'));
    expect(trust.unconfirmed).toBe(2);
    over.transport.requests.length = 0;
    await over.clock.advance(SECOND_LOOK_MS + 1000);
    const bodies = over.transport.requests.flatMap(({ path, body }) => (body === undefined ? [] : [[path, body]]));
    expect(bodies).toEqual([
      ['/subjects/s', JSON.stringify({ schema: avro('s').schema })],
      ['/subjects/t', JSON.stringify({ schema })],
    ]);
    expect(trust.unconfirmed).toBe(0);
  });

  it('is looked up as it was sent, whatever the registry made of it', async () => {
    const { over, trust, learn } = setUp();
    const text = { ...avro('s'), schema: ' "string"' };
    over.registry.put('s', { schema });
    over.registry.fault = ({ method }) => (method === 'POST' ? ok({ id: 1, schema }) : undefined);
    for (const kind of ['register', 'lookup'] as const) {
      await learn({ kind, key: kind, subject: 's', schema: text, normalize: true });
      expect(trust.unconfirmed).toBe(1);
      over.transport.requests.length = 0;
      await over.clock.advance(SECOND_LOOK_MS + 1000);
      expect(over.transport.requests.at(-1)).toMatchObject({
        path: '/subjects/s?normalize=true',
        body: JSON.stringify({ schema: text.schema }),
      });
      expect(trust.unconfirmed).toBe(0);
    }
  });

  it('is not looked at when it was only read: readers of records hold nothing back', async () => {
    const { over, trust, learn } = setUp();
    over.registry.put('s', { schema });
    await learn(byId(1));
    over.registry.fault = () => ({ status: 200, body: { schema } });
    await learn({ kind: 'by-guid', key: 'g', guid: 'g' });
    expect(trust.unconfirmed).toBe(0);
  });

  it('is registered again when it was lost, and only if it was registered by us', async () => {
    for (const [question, posts] of [
      [register('s'), 2],
      [lookup('s'), 0],
    ] as const) {
      const { over, log, learn } = setUp();
      if (posts === 0) over.registry.put('s', avro('s'));
      await learn(question);
      over.registry.schemas.clear();
      over.registry.subjects.clear();
      over.registry.nextId = 1;
      await over.clock.advance(SECOND_LOOK_MS + 20_000);
      expect(over.registry.posts).toBe(posts);
      // What nobody may register again is gone for good.
      expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(posts === 0 ? 1 : 0);
    }
  });

  it('waits for its second look while the registry can not be read, or written to', async () => {
    const { over, state, learn, looks } = setUp();
    await learn(register('s'));
    state.mayRead = false;
    await over.clock.advance(SECOND_LOOK_MS * 2);
    expect(looks()).toEqual([]);
    state.mayRead = true;
    state.mayWrite = false;
    over.registry.schemas.clear();
    over.registry.subjects.clear();
    await over.clock.advance(SECOND_LOOK_MS);
    expect(looks()).not.toEqual([]);
    expect(over.registry.posts).toBe(1);
    state.mayWrite = true;
    state.isSettling = true;
    await over.clock.advance(SECOND_LOOK_MS);
    expect(over.registry.posts).toBe(1);
  });

  it('and was not looked at by an earlier run is taken up when a node is met', async () => {
    const log = new MemoryCompactedLog();
    const open = () => SchemaStore.open({ log, logger: recordingLogger().logger });
    const before = setUp({ store: await open() });
    await before.learn(register('s'));
    before.trust.stop();
    const { trust } = setUp({ store: await open() });
    expect(trust.unconfirmed).toBe(0);
    trust.met();
    expect(trust.unconfirmed).toBe(1);
    trust.stop();
    expect(trust.unconfirmed).toBe(0);
  });
});

describe('a change of primary', () => {
  it('has what is volatile forgotten, and what is suspect read back before anybody needs it', async () => {
    const { over, trust, learn, isKnown, looks } = setUp();
    over.registry.put('t', { schema }, 1);
    over.registry.put('u', { schema: '"long"' }, 2);
    await learn(latest('t'));
    await learn(register('s'));
    over.knowledge.epochNow = 'two';
    over.knowledge.suspect = (epoch) => epoch === 'one';
    trust.changed();
    expect([isKnown(latest('t')), isKnown(register('s'))]).toEqual([false, true]);
    await over.clock.advance(1000);
    expect(looks().sort()).toEqual(['1 equal', '3 equal']);
    // What was read back is not suspect any more.
    trust.readBackSuspects();
    await over.clock.advance(1000);
    expect(looks()).toEqual([]);
  });

  it('has a registration that was lost looked at now, and a lost text of a reader forgotten', async () => {
    const { over, trust, learn, isKnown, looks } = setUp();
    over.registry.put('t', { schema: '"long"' }, 7);
    await learn(byId(7));
    await learn(register('s'));
    over.registry.schemas.clear();
    over.registry.subjects.clear();
    over.registry.nextId = 8;
    over.knowledge.suspect = (epoch) => epoch === 'one';
    over.knowledge.epochNow = 'two';
    trust.readBackSuspects();
    await over.clock.advance(20_000);
    expect(isKnown(byId(7))).toBe(false);
    expect(isKnown(register('s'))).toBe(true);
    // Registered again, as the same id.
    expect(over.registry.posts).toBe(2);
    expect(looks()).toContain('8 lost');
  });

  it('looks at some of what is old as well, as many as the settings say', async () => {
    const { over, trust, learn, looks } = setUp({ settings: { 'registry.refresh.sample.size': '2' } });
    for (const subject of ['a', 'b', 'c']) await learn(register(subject));
    trust.changed();
    await over.clock.advance(1000);
    expect(looks()).toHaveLength(2);
  });

  it('is not needed for that: it is done now and then, until the end', async () => {
    const { over, trust, learn, looks } = setUp({
      settings: { 'registry.refresh.interval.ms': '10000', 'registry.refresh.sample.size': '1' },
    });
    await learn(register('s'));
    await over.clock.advance(9999);
    expect(looks()).toEqual([]);
    await over.clock.advance(1);
    expect(looks()).toHaveLength(1);
    await over.clock.advance(10_000);
    expect(looks()).toHaveLength(1);
    trust.stop();
    await over.clock.advance(SECOND_LOOK_MS * 2);
    expect(looks()).toEqual([]);
  });
});

describe('invariant 6: an id that means something else now', () => {
  it('is told once with its subject, forgotten under every question, and refused to who asked before', async () => {
    const { over, trust, log, notices, learn, isKnown } = setUp();
    await learn(register('s'));
    expect(trust.contradictions.refusal(questionKey(register('s')), 'view')).toBeUndefined();
    over.registry.schemas.set(1, { schema });
    await over.clock.advance(SECOND_LOOK_MS);
    expect(isKnown(register('s'))).toBe(false);
    const refusal = trust.contradictions.refusal(questionKey(register('s')), 'view');
    expect(refusal).toMatchObject({ code: REGISTRY_CONTENT_CHANGED, details: { id: 1, subject: 's' } });
    // Who reads the id is refused it as well.
    expect(trust.contradictions.refusal(questionKey(byId(1)), 'view')).toBe(refusal);
    expect(notices).toMatchObject([{ kind: 'contradicted', id: 1, context: '' }]);
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    expect(trust.unconfirmed).toBe(0);
  });

  it('puts others in doubt, which are read at once', async () => {
    const { over, trust, learn, looks } = setUp();
    for (const subject of ['a', 'b', 'c']) await learn(register(subject));
    trust.contradictions.found(contradicted(3));
    await over.clock.advance(1000);
    expect(looks().sort()).toEqual(['1 equal', '2 equal']);
  });

  it('is one of another registry when three do, and none of those that are read back did not', async () => {
    const three = setUp();
    for (const id of [1, 2, 3]) three.trust.contradictions.found(contradicted(id));
    expect(three.notices.at(-1)).toMatchObject({ kind: 'distrusted' });
    const { over, trust, notices, learn } = setUp();
    await learn(register('good'));
    for (const id of [11, 12]) trust.contradictions.found(contradicted(id));
    await over.clock.advance(1000);
    // The good one was read back meanwhile.
    trust.contradictions.found(contradicted(13));
    expect(notices.map(({ kind }) => kind)).not.toContain('distrusted');
  });

  function contradicted(id: number): RegistryIntegrityError {
    return new RegistryIntegrityError(`id ${id}`, { code: REGISTRY_CONTENT_CHANGED, details: { id, context: '' } });
  }
});

it('a new id below one that is gone is held back: ids only grow', async () => {
  const { over, trust, learn } = setUp();
  over.registry.put('a', { schema }, 5);
  await learn(byId(5));
  const registered = { id: 3, subject: 's', text: avro('s'), normalize: false, node: NODE_A };
  expect(await over.settled(trust.order.check(registered))).toEqual({ met: true });
  await over.clock.advance(5000);
  over.registry.schemas.clear();
  over.registry.subjects.clear();
  expect(await over.settled(trust.order.check({ ...registered, id: 4 }))).toMatchObject({ met: false });
});
