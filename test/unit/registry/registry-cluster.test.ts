/** One registry, asked directly: each question once, whoever asks, and what is told to whoever waits. */
import { describe, expect, it } from 'vitest';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { MemoryCompactedLog } from '../../../src/registry/compacted-log.ts';
import { StaticCredentials } from '../../../src/registry/credentials.ts';
import { GateBook } from '../../../src/registry/gate-book.ts';
import { RegistryCluster } from '../../../src/registry/registry-cluster.ts';
import type { RegistryEvent } from '../../../src/registry/registry-events.ts';
import type { RegistryAnswer } from '../../../src/registry/registry-messages.ts';
import type { RegistryNotice } from '../../../src/registry/registry-notices.ts';
import { parseRegistrySettings } from '../../../src/registry/registry-settings.ts';
import type { PrimaryEpoch } from '../../../src/registry/registry-snapshot.ts';
import { SchemaStore } from '../../../src/registry/schema-store.ts';
import { ServedSettings } from '../../../src/registry/served-settings.ts';
import type { SchemaQuestion } from '../../../src/sdk/schema-view.ts';
import { primaryEpoch } from '../../support/primary-epochs.ts';
import { ScriptedKnowledge } from './registry-over-nodes.ts';
import { error, type Reply, ScriptedTransport, SmallRegistry } from './scripted-transport.ts';
import { avro, byId, latest, lookup, NODE_A, register } from './worker-of-registries.ts';

const START = 1_700_000_000_000;
const schema = '"string"';
const noPrimary = error(500, 50004, 'Leader not known.');
const forWriting = (id: number): SchemaQuestion => ({ kind: 'by-id', key: `write ${id}`, id, forWriting: true });

function setUp(options: { readonly store?: SchemaStore; readonly settings?: Record<string, string> } = {}) {
  const clock = new ManualClock();
  const transport = new ScriptedTransport(clock);
  const registry = new SmallRegistry();
  transport.nodes.set(NODE_A, registry.handle);
  const knowledge = new ScriptedKnowledge();
  const gates = new GateBook({ clock, random: () => 0.5 });
  const log = recordingLogger();
  const events: RegistryEvent[] = [];
  const notices: RegistryNotice[] = [];
  const settings = parseRegistrySettings({
    'schema.registry.url': NODE_A,
    'registry.barrier': 'off',
    'registry.refresh.interval.ms': '0',
    ...options.settings,
  });
  const cluster = new RegistryCluster({
    settings,
    transport,
    credentials: new StaticCredentials({}),
    served: new ServedSettings({ settings, store: options.store ?? null, logger: log.logger }),
    clock,
    logger: log.logger,
    store: options.store ?? null,
    knowledge,
    random: () => 0.5,
    gates,
    notify: (notice) => notices.push(notice),
    emit: (event) => events.push(event),
  });
  /** `undefined`: no answer yet, within `ms`. */
  const ask = async (question: SchemaQuestion, view = 'v', ms = 0): Promise<string | undefined> => {
    let answer: RegistryAnswer | undefined;
    const asked = cluster.ask([question], view).then(([first]) => {
      answer = first;
    });
    await clock.advance(ms);
    if (answer !== undefined) await asked;
    return answer === undefined ? undefined : words(answer);
  };
  const words = (answer: RegistryAnswer): string => {
    if (answer.kind === 'known') return `known ${answer.schema.id}`;
    return answer.kind === 'refused'
      ? `refused ${answer.error.code.replace('holdfast.registry.', '')}`
      : `waiting ${answer.gateId.replace(`registry:${settings.registryId}:`, '')}`;
  };
  const posts = (): string[] =>
    transport.requests
      .splice(0)
      .flatMap(({ method, path }) =>
        method === 'POST' && path.endsWith('/versions') ? [path.split('/')[2] ?? ''] : [],
      );
  const cached = (): string[] => events.splice(0).flatMap((event) => (event.type === 'cache' ? [event.outcome] : []));
  const stateOf = (kind: string) => gates.get(`registry:${settings.registryId}:${kind}`)?.snapshot().state;
  /** The first answer, which is there at once. */
  const answerTo = async (question: SchemaQuestion): Promise<RegistryAnswer | undefined> => {
    const asked = cluster.ask([question], 'v');
    await clock.advance(0);
    return (await asked)[0];
  };
  /** Paths of what was asked since the last call. */
  const paths = (): string[] => transport.requests.splice(0).map(({ path }) => path);
  return {
    ...{ clock, transport, registry, knowledge, gates, log, events, notices, cluster },
    ...{ ask, answerTo, posts, paths, cached, stateOf },
  };
}
const openStore = (log: MemoryCompactedLog): Promise<SchemaStore> =>
  SchemaStore.open({ log, logger: recordingLogger().logger });

const changed = (cause: PrimaryEpoch['cause']) => primaryEpoch({ cause, changeBeganAt: START, startedAt: START });

describe('a question', () => {
  it('is asked once while it is under way, whoever asks, and then known', async () => {
    const { registry, cluster, transport, clock, ask, cached } = setUp();
    registry.put('s', { schema });
    const asked = Promise.all([cluster.ask([byId(1), byId(1)], 'v'), cluster.ask([byId(1)], 'w')]);
    await clock.advance(0);
    expect((await asked).flat().map(({ kind }) => kind)).toEqual(['known', 'known', 'known']);
    expect(transport.requests.filter(({ path }) => path === '/schemas/ids/1')).toHaveLength(1);
    expect(cached()).toEqual(['miss']);
    transport.requests.length = 0;
    expect(await ask(byId(1))).toBe('known 1');
    expect([transport.requests, cached()]).toEqual([[], ['hit']]);
    expect(cluster.snapshot().cache).toMatchObject({ hits: 1, misses: 1 });
  });

  it('is answered in its place among others', async () => {
    const { registry, cluster, clock } = setUp();
    registry.put('s', { schema }, 4);
    registry.put('t', { schema: '"long"' }, 2);
    const asked = cluster.ask([byId(2), byId(-1), byId(4)], 'v');
    await clock.advance(0);
    expect((await asked).map((one) => (one.kind === 'known' ? one.schema.id : one.kind))).toEqual([2, 'refused', 4]);
  });

  it('that was refused is not asked again within a second, nor after a change of primary that', async () => {
    const { clock, cluster, transport, knowledge, ask } = setUp();
    expect(await ask(latest('s'))).toBe('refused subject.unknown');
    transport.requests.length = 0;
    await clock.advance(999);
    expect(await ask(latest('s'))).toBe('refused subject.unknown');
    expect(transport.requests).toEqual([]);
    cluster.epochChanged({ epoch: changed('group-elected'), previous: null, suspectSince: START });
    knowledge.changedAt = null;
    await ask(latest('s'));
    expect(transport.requests.length).toBeGreaterThan(0);
    transport.requests.length = 0;
    await clock.advance(1000);
    await ask(latest('s'));
    expect(transport.requests.length).toBeGreaterThan(0);
  });

  it('that no registry could answer is refused without asking', async () => {
    const { transport, ask } = setUp();
    // Half of a surrogate pair is in no URL.
    expect(await ask(latest('s\ud800'))).toBe('refused schema.unusable');
    expect(transport.requests).toEqual([]);
  });

  it('that an answer can not be used for is refused', async () => {
    const { registry, ask, log } = setUp();
    registry.put('s', { schema: '['.repeat(1001) });
    expect(await ask(byId(1))).toBe('refused schema.unusable');
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('that nobody answers for a second waits at a gate of its own, which opens with the answer', async () => {
    const { clock, registry, gates, ask } = setUp();
    let delayMs = 3000;
    registry.put('s', { schema });
    registry.fault = ({ path }) =>
      path.startsWith('/schemas') && delayMs > 0 ? { status: 200, body: { schema }, delayMs } : undefined;
    expect(await ask(byId(1), 'v', 999)).toBeUndefined();
    await clock.advance(5000);
    expect(await ask(byId(1))).toBe('known 1');
    delayMs = 2500;
    registry.put('t', { schema });
    expect(await ask(byId(2), 'v', 1000)).toBe('waiting slow:2');
    expect(await ask(byId(2), 'w')).toBe('waiting slow:2');
    await clock.advance(1500);
    expect(gates.snapshots().filter(({ id }) => id.includes(':slow:'))).toEqual([]);
    expect(await ask(byId(2))).toBe('known 2');
  });
});

const [NODE_1, NODE_2] = [NODE_A, 'http://other:8081'];
it.each([
  [NODE_1, NODE_2, byId(2)],
  [NODE_2, NODE_1, byId(2)],
  [NODE_1, NODE_2, register('new')],
  [NODE_2, NODE_1, register('new')],
])(
  'an answer that is slow is one of the node that was asked and is silent, not of one that spoke: %s',
  async (silent, other, question) => {
    const { transport, registry, gates, ask } = setUp({ settings: { 'schema.registry.url': `${NODE_1},${NODE_2}` } });
    registry.put('s', { schema });
    for (const node of [NODE_1, NODE_2]) transport.nodes.set(node, registry.handle);
    for (let i = 0; i < 4; i++) await ask(latest('s'), `v${i}`, 1100);
    transport.nodes.set(silent, () => 'hung');
    transport.nodes.set(other, (request) =>
      request.path.startsWith('/schemas/ids/2') || request.path.endsWith('new/versions')
        ? error(503, 50301, 'busy')
        : registry.handle(request),
    );
    expect(await ask(question, 'v', 1000)).toMatch(/^waiting slow/);
    expect(gates.snapshots().find(({ id }) => id.includes(':slow:'))?.reason).toContain(
      `no settled answer of ${silent} for a second`,
    );
  },
);

it('an answer that is slow is one of the nodes that are asked, not of those that are away', async () => {
  const { registry, gates, ask } = setUp({ settings: { 'schema.registry.url': `${NODE_A},http://away:8081` } });
  registry.put('s', { schema });
  for (let i = 0; i < 3; i++) await ask(latest('s'), `v${i}`, 1100);
  registry.fault = () => 'hung';
  expect(await ask(byId(2), 'v', 1000)).toMatch(/^waiting slow/);
  expect(gates.snapshots().find(({ id }) => id.includes(':slow:'))?.reason).toMatch(
    new RegExp(`^no settled answer of ${NODE_A} for a second`),
  );
});

it('a client that has nobody to tell tells nobody', async () => {
  const clock = new ManualClock();
  const transport = new ScriptedTransport(clock);
  const registry = new SmallRegistry();
  transport.nodes.set(NODE_A, registry.handle);
  const settings = parseRegistrySettings({ 'schema.registry.url': NODE_A, 'registry.barrier': 'off' });
  const { logger } = recordingLogger();
  const cluster = new RegistryCluster({
    settings,
    transport,
    credentials: new StaticCredentials({}),
    served: new ServedSettings({ settings, store: null, logger }),
    clock,
    logger,
    store: null,
    knowledge: new ScriptedKnowledge(),
    gates: new GateBook({ clock }),
  });
  const asked = cluster.ask([register('s')], 'v');
  await clock.advance(0);
  expect((await asked)[0]).toMatchObject({ kind: 'known', schema: { id: 1 } });
  cluster.epochChanged({ epoch: changed('group-elected'), previous: null, suspectSince: START });
  registry.schemas.set(1, { schema });
  await clock.advance(70_000);
  expect(cluster.snapshot().integrityErrors).toHaveLength(1);
  await cluster.close();
});

describe('while no primary takes writes', () => {
  function frozen() {
    const over = setUp();
    const state = { on: true };
    over.registry.fault = ({ method, path }): Reply | undefined =>
      state.on && method === 'POST' && path.endsWith('/versions') ? noPrimary : undefined;
    return { ...over, state };
  }

  it('registrations wait while reads go on', async () => {
    const { registry, stateOf, ask } = frozen();
    registry.put('old', { schema });
    for (const subject of ['a', 'b', 'c']) expect(await ask(register(subject))).toBe('waiting write');
    expect([stateOf('write'), stateOf('read')]).toEqual(['closed', 'open']);
    expect(await ask(byId(1))).toBe('known 1');
  });

  it('invariant 9: one of them is tried now and then, as often for twenty as for one', async () => {
    const triesFor = async (count: number): Promise<number> => {
      const { clock, posts, ask } = frozen();
      for (let i = 0; i < count; i++) await ask(register(`s${i}`));
      posts();
      await clock.advance(5000);
      return posts().length;
    };
    const one = await triesFor(1);
    expect(one).toBeGreaterThan(10);
    expect(await triesFor(20)).toBe(one);
  });

  it('what is registered already is found by look-up, each question once', async () => {
    const { registry, transport, ask } = frozen();
    await ask(register('a'));
    registry.put('s', avro('s'));
    transport.requests.length = 0;
    expect(await ask(register('s'))).toBe('known 1');
    expect(transport.requests.map(({ path }) => path)).toEqual(['/subjects/s']);
    expect(await ask(register('b'))).toBe('waiting write');
    transport.requests.length = 0;
    expect(await ask(register('b'))).toBe('waiting write');
    expect(transport.requests).toEqual([]);
  });

  it('everything is let go when it takes them again, each question once, and whoever waits has an answer', async () => {
    const { clock, state, events, stateOf, posts, ask, cluster } = frozen();
    await ask(register('a'), 'v');
    await ask(register('a'), 'w');
    await ask(register('b'), 'v');
    expect(cluster.snapshot()).toMatchObject({ parkedQuestions: 2, parkedViews: 2 });
    await clock.advance(5000);
    posts();
    events.length = 0;
    state.on = false;
    await clock.advance(10_000);
    expect(stateOf('write')).toBe('open');
    expect(posts().sort()).toEqual(['a', 'b']);
    expect([await ask(register('a')), await ask(register('b'))].sort()).toEqual(['known 1', 'known 2']);
    const resumed = events.filter((event) => event.type === 'resumed');
    expect(resumed).toHaveLength(2);
    expect(resumed.every(({ waitedMs }) => waitedMs >= 5000 && waitedMs <= 15_000)).toBe(true);
    expect(cluster.snapshot().parkedQuestions).toBe(0);
  });

  it('what only a view that withdrew waited for is tried no more', async () => {
    const { clock, cluster, posts, ask } = frozen();
    await ask(register('a'), 'v');
    await ask(register('b'), 'w');
    cluster.withdraw('v');
    posts();
    await clock.advance(60_000);
    expect(new Set(posts())).toEqual(new Set(['b']));
    cluster.withdraw('w');
    await clock.advance(60_000);
    expect(posts()).toEqual([]);
  });

  it('it is told to whoever draws conclusions, from when on writes are known to have failed', async () => {
    const { clock, state, knowledge, events, ask } = frozen();
    await clock.advance(7000);
    await ask(register('a'));
    expect(knowledge.observed).toEqual([
      { kind: 'outage-began', access: 'write', reason: expect.stringContaining('50004') },
    ]);
    await clock.advance(3000);
    state.on = false;
    await clock.advance(3000);
    expect(knowledge.observed.find(({ kind }) => kind === 'outage-ended')).toEqual({
      kind: 'outage-ended',
      access: 'write',
      beganAt: START + 7000,
    });
    const told = events.flatMap((event) => (event.type === 'gate' ? [event.gate.state] : []));
    expect([told[0], told.at(-1)]).toEqual(['closed', 'open']);
    expect(events.filter(({ type }) => type === 'parked')).toHaveLength(1);
    const [resumed] = events.flatMap((event) => (event.type === 'resumed' ? [event.waitedMs] : []));
    expect(resumed).toBeGreaterThanOrEqual(3000);
    expect(resumed).toBeLessThanOrEqual(6000);
  });

  it('a registration that no node took is not looked up: each was asked for it just now', async () => {
    const { registry, paths, ask } = setUp();
    registry.fault = ({ path }) => (path.endsWith('/versions') ? 'refused' : undefined);
    expect(await ask(register('a'))).toBe('waiting write');
    expect(paths()).not.toContain('/subjects/a');
  });

  it('one that was refused is not sent again with the others that are let go', async () => {
    const { clock, registry, posts, stateOf, ask } = frozen();
    await ask(register('a'));
    registry.fault = ({ path }) => (path === '/subjects/a/versions' ? error(422, 42201, 'no schema') : undefined);
    posts();
    await clock.advance(900);
    expect(stateOf('write')).toBe('open');
    expect(posts()).toEqual(['a']);
  });

  it('nothing is looked up when nothing can be read either', async () => {
    const { registry, paths, ask } = setUp();
    registry.fault = () => 'refused';
    await ask(byId(1));
    await ask(register('a'));
    paths();
    expect(await ask(register('b'))).toBe('waiting write');
    expect(paths()).toEqual([]);
  });

  it('a question that stood in line behind the one that found out is not sent', async () => {
    const { clock, registry, cluster, paths } = setUp({ settings: { 'registry.max.in.flight': '1' } });
    registry.fault = ({ path }) => (path.endsWith('/versions') ? noPrimary : undefined);
    const asked = cluster.ask([register('a'), register('b'), register('c')], 'v');
    await clock.advance(0);
    expect((await asked).map(({ kind }) => kind)).toEqual(['waiting', 'waiting', 'waiting']);
    expect(new Set(paths().filter((path) => path.endsWith('/versions')))).toEqual(new Set(['/subjects/a/versions']));
  });

  it('a trial that went through and waits for something else opens the gate', async () => {
    const { clock, registry, stateOf, ask } = setUp({
      settings: { 'registry.barrier': 'all', 'registry.barrier.timeout.ms': '100' },
    });
    let isAway = true;
    registry.fault = ({ path }) => {
      if (path.startsWith('/schemas/ids/')) return error(404, 40403, 'not yet');
      return isAway && path.endsWith('/versions') ? noPrimary : undefined;
    };
    expect(await ask(register('a'))).toBe('waiting write');
    isAway = false;
    await clock.advance(2000);
    expect(stateOf('write')).toBe('open');
    expect(await ask(register('a'))).toBe('waiting barrier:1');
  });

  it('a trial that a mistake of ours ended leaves nobody waiting', async () => {
    const { clock, state, knowledge, stateOf, ask } = frozen();
    await ask(register('a'));
    const { observe } = knowledge;
    knowledge.observe = (observation) => {
      if (observation?.kind === 'written') throw new TypeError('a mistake');
    };
    state.on = false;
    await clock.advance(2000);
    knowledge.observe = observe;
    await clock.advance(3000);
    expect(stateOf('write')).toBe('open');
    expect(await ask(register('a'))).toMatch(/^known/);
  });

  it('a refusal is an answer of the primary as well: others are let go', async () => {
    const { clock, registry, stateOf, ask } = frozen();
    await ask(register('a'));
    await ask(register('b'));
    registry.fault = ({ method, path }) =>
      method === 'POST' && path === '/subjects/a/versions' ? error(409, 409, 'incompatible') : undefined;
    await clock.advance(10_000);
    expect(stateOf('write')).toBe('open');
    expect(await ask(register('b'))).toBe('known 1');
    // It may be lag so soon after an outage, and is looked at once more.
    expect(await ask(register('a'))).toBeUndefined();
    await clock.advance(1500);
    expect(await ask(register('a'))).toBe('refused schema.incompatible');
  });

  it('it is tried at once when somebody asks for that, or another primary is named', async () => {
    for (const act of ['probe', 'change'] as const) {
      const { clock, cluster, state, stateOf, ask } = frozen();
      await ask(register('a'));
      // Long enough for the next try to be seconds away.
      await clock.advance(60_000);
      state.on = false;
      if (act === 'probe') cluster.probeNow();
      else cluster.epochChanged({ epoch: changed('group-elected'), previous: null, suspectSince: START });
      await clock.advance(100);
      expect(stateOf('write')).toBe('open');
    }
  });
});

describe('while nothing is served', () => {
  it('everything waits at the gate of reads, and is let go with the registry', async () => {
    const { clock, registry, stateOf, ask } = setUp();
    registry.put('s', { schema });
    registry.put('t', { schema: '"long"' });
    await ask(byId(1));
    registry.fault = () => 'refused';
    expect(await ask(byId(2))).toBe('waiting read');
    expect(await ask(latest('s'))).toBe('waiting read');
    expect(await ask(lookup('s'))).toBe('waiting read');
    await clock.advance(5000);
    registry.fault = () => undefined;
    await clock.advance(5000);
    expect(stateOf('read')).toBe('open');
    expect(await ask(byId(2))).toBe('known 2');
  });

  it('invariant 9: one prober asks, as often for twenty questions as for one', async () => {
    const requestsFor = async (count: number): Promise<number> => {
      const { clock, registry, transport, ask } = setUp();
      registry.fault = () => 'refused';
      for (let id = 1; id <= count; id++) await ask(byId(id));
      transport.requests.length = 0;
      await clock.advance(5000);
      return transport.requests.length;
    };
    const one = await requestsFor(1);
    expect(one).toBeGreaterThan(10);
    expect(await requestsFor(20)).toBe(one);
  });

  it('its comeback has every node asked who it is; that of writes alone has not', async () => {
    const { clock, registry, paths, ask } = setUp();
    registry.put('s', { schema });
    await ask(byId(1));
    registry.fault = ({ path }) => (path.endsWith('/versions') ? noPrimary : undefined);
    await ask(register('a'));
    paths();
    registry.fault = () => undefined;
    await clock.advance(3000);
    expect(await ask(register('a'))).toMatch(/^known/);
    expect(paths()).not.toContain('/v1/metadata/id');
    registry.fault = ({ path }) => (path.startsWith('/v1') ? undefined : error(503, 50301, 'starting'));
    await ask(byId(7));
    paths();
    registry.fault = () => undefined;
    await clock.advance(3000);
    expect(paths()).toContain('/v1/metadata/id');
  });

  it('invariant 6: one that comes back with other content for what is known is open, and told to whoever uses it', async () => {
    const { clock, registry, events, stateOf, ask } = setUp();
    registry.put('s', { schema });
    await ask(byId(1));
    registry.fault = () => 'refused';
    await ask(byId(2));
    registry.schemas.set(1, { schema: '"long"' });
    registry.fault = () => undefined;
    await clock.advance(3000);
    expect(stateOf('read')).toBe('open');
    expect(await ask(byId(1))).toBe('refused content-changed');
    expect(events.filter(({ type }) => type === 'integrity')).toHaveLength(1);
  });

  it('what is known goes on', async () => {
    const { registry, cached, ask } = setUp();
    registry.put('s', { schema });
    await ask(byId(1));
    registry.fault = () => 'refused';
    await ask(byId(2));
    cached();
    expect(await ask(byId(1))).toBe('known 1');
    expect(cached()).toEqual(['hit']);
  });

  it('what an earlier run left goes on, at once when it is away, after a second when it hangs', async () => {
    for (const fault of ['refused', 'hung'] as const) {
      const log = new MemoryCompactedLog();
      const before = setUp({ store: await openStore(log) });
      await before.ask(register('s'));
      const after = setUp({ store: await openStore(log) });
      after.registry.fault = () => fault;
      after.events.length = 0;
      const first = await after.ask(register('s'), 'v', fault === 'hung' ? 1000 : 0);
      expect(first).toBe('known 1');
      expect(after.cached()).toContain('store');
    }
  });

  it('what an earlier run left is asked for all the same while the registry answers', async () => {
    const log = new MemoryCompactedLog();
    await setUp({ store: await openStore(log) }).ask(register('s'));
    const { registry, cached, paths, ask } = setUp({ store: await openStore(log) });
    registry.put('s', avro('s'));
    expect(await ask(register('s'))).toBe('known 1');
    expect(cached()).toEqual(['miss']);
    expect(paths()).toContain('/subjects/s/versions');
  });

  it('a single id that can not be read does not stop the others', async () => {
    const { clock, registry, stateOf, ask, answerTo } = setUp();
    for (const id of [1, 2, 3]) registry.put(`s${id}`, { schema: `"${['string', 'long', 'int'][id - 1]}"` });
    await ask(byId(1));
    registry.fault = ({ path }) => (path.startsWith('/schemas/ids/2') ? error(500, 50001, 'broken') : undefined);
    await ask(byId(2));
    await clock.advance(10_000);
    expect(stateOf('read')).toBe('open');
    expect(await ask(byId(3))).toBe('known 3');
    expect(await answerTo(byId(2))).toMatchObject({ gateId: expect.stringMatching(/:id:2$/), fromFuture: false });
    registry.fault = () => undefined;
    await clock.advance(30_000);
    expect(await ask(byId(2))).toBe('known 2');
  });
});

describe('invariant 5: what was acknowledged around a change of primary', () => {
  async function acknowledged() {
    const over = setUp({ settings: { 'registry.revalidate.max.per.second': '1' } });
    await over.ask(register('s'));
    const change = (): void => {
      over.knowledge.epochNow = 'two';
      over.knowledge.suspect = (epoch) => epoch !== 'two';
      over.cluster.epochChanged({ epoch: changed('group-elected'), previous: null, suspectSince: START });
    };
    return { ...over, change };
  }

  it('is told to every host, and read back before it is written again, which needs no primary', async () => {
    const { registry, transport, notices, posts, cluster, stateOf, change, ask } = await acknowledged();
    expect(cluster.snapshot().cache.unconfirmed).toBe(1);
    registry.fault = ({ path }) => (path.endsWith('/versions') ? noPrimary : undefined);
    expect(await ask(register('other'))).toBe('waiting write');
    change();
    expect(notices).toMatchObject([{ kind: 'changed', epoch: 'two', suspectSince: START }]);
    transport.requests.length = 0;
    expect(await ask(register('s'))).toBe('known 1');
    expect(transport.requests.map(({ path }) => path)).toContain('/schemas/ids/1');
    expect(posts()).not.toContain('s');
    // That it could be read says nothing of the primary.
    expect(stateOf('write')).not.toBe('open');
  });

  it('may be read by its id meanwhile, but not written by it', async () => {
    const { clock, registry, change, ask } = await acknowledged();
    expect(await ask(forWriting(1))).toBe('known 1');
    registry.fault = () => 'hung';
    change();
    expect(await ask(byId(1))).toBe('known 1');
    expect(await ask(forWriting(1), 'v', 500)).toBeUndefined();
    registry.fault = () => undefined;
    await clock.advance(10_000);
    expect(await ask(forWriting(1))).toBe('known 1');
  });

  it('is registered again when it was lost, and stops whoever uses it when that comes to another id', async () => {
    const { registry, events, notices, change, ask, log } = await acknowledged();
    registry.schemas.clear();
    registry.subjects.clear();
    change();
    expect(await ask(register('s'))).toBe('refused id.lost');
    expect(notices.map(({ kind }) => kind)).toEqual(['changed', 'contradicted']);
    expect(events.filter(({ type }) => type === 'integrity')).toHaveLength(1);
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    // Invariant 6: until an operator acts, which is to start the task anew.
    expect(await ask(register('s'))).toBe('refused id.lost');
    expect(await ask(register('s'), 'a new view')).toBe('known 2');
  });

  it('and was lost is the same again when it is registered as the same id', async () => {
    const { registry, change, posts, ask } = await acknowledged();
    registry.schemas.clear();
    registry.subjects.clear();
    registry.nextId = 1;
    change();
    posts();
    expect(await ask(register('s'))).toBe('known 1');
    expect(posts()).toEqual(['s']);
  });
});

describe('a new id', () => {
  it('is held back at a gate of its own until the barrier is met', async () => {
    const { clock, registry, gates, ask } = setUp({
      settings: { 'registry.barrier': 'all', 'registry.barrier.timeout.ms': '500' },
    });
    let isKnown = false;
    registry.fault = ({ path }) =>
      path.startsWith('/schemas/ids/') && !isKnown ? error(404, 40403, 'not yet') : undefined;
    expect(await ask(register('s'), 'v', 600)).toBe('waiting barrier:1');
    expect(gates.snapshots().find(({ id }) => id.endsWith(':barrier:1'))?.state).toBe('closed');
    isKnown = true;
    await clock.advance(10_000);
    expect(await ask(register('s'))).toBe('known 1');
    expect(gates.snapshots().some(({ id }) => id.endsWith(':barrier:1'))).toBe(false);
  });

  it('is not given out when the registry has gone back: ids only grow', async () => {
    const { clock, registry, posts, ask } = setUp();
    registry.put('old', { schema }, 9);
    await ask(byId(9));
    await clock.advance(5000);
    registry.schemas.clear();
    registry.subjects.clear();
    registry.nextId = 3;
    expect(await ask(register('s'), 'v', 900)).not.toMatch(/^known/);
    expect(posts()).toContain('s');
    // What is looked up was given out before.
    registry.put('t', avro('t'), 5);
    expect(await ask(lookup('t'))).toBe('known 5');
  });
});

describe('what waits for one id', () => {
  it('is told what for, and whether it lies above every id, as settings decide about that', async () => {
    const { clock, registry, answerTo } = setUp();
    registry.put('s', { schema });
    await answerTo(byId(1));
    expect(await answerTo(byId(5))).toMatchObject({
      kind: 'waiting',
      fromFuture: false,
      error: {
        code: 'holdfast.registry.id.not-seen',
        message: 'Waiting for schema id 5: no node knows schema id 5 yet.',
      },
    });
    await clock.advance(60_000);
    expect(await answerTo(byId(5))).toMatchObject({
      fromFuture: true,
      error: { code: 'holdfast.registry.id.from-future' },
    });
    registry.fault = () => 'refused';
    expect(await answerTo(byId(6))).toMatchObject({
      fromFuture: false,
      error: {
        code: 'holdfast.registry.unavailable',
        message: `Waiting for schema registry (reads): ECONNREFUSED at ${NODE_A}.`,
      },
    });
  });

  it('is found by itself when it turns up, and asked for by nobody else until then', async () => {
    const { clock, registry, cluster, events, gates, cached, paths, ask } = setUp();
    registry.put('s', { schema });
    await ask(byId(1));
    await ask(byId(5));
    paths();
    expect(await ask(byId(5), 'w')).toBe('waiting id:5');
    expect(paths()).toEqual([]);
    // Its gate stays as it is, however often it is looked for in vain.
    await clock.advance(8000);
    registry.put('t', { schema: '"long"' }, 5);
    await clock.advance(10_000);
    expect(cluster.snapshot().parkedQuestions).toBe(0);
    expect(gates.snapshots().some(({ id }) => id.endsWith(':id:5'))).toBe(false);
    expect(events.flatMap((event) => (event.type === 'gate' ? [event.gate.state] : []))).toEqual(['closed', 'open']);
    cached();
    expect(await ask(byId(5))).toBe('known 5');
    expect(cached()).toEqual(['hit']);
  });

  it('is not asked for while nothing can be read', async () => {
    const { clock, registry, paths, ask } = setUp();
    registry.put('s', { schema });
    await ask(byId(1));
    await ask(byId(5));
    registry.fault = () => 'refused';
    expect(await ask(byId(6))).toBe('waiting read');
    paths();
    await clock.advance(5000);
    expect(paths().some((path) => path.startsWith('/schemas/ids/5'))).toBe(false);
  });

  it('is asked for no more when nobody needs it, by question or by view', async () => {
    const { clock, registry, cluster, gates, transport, ask } = setUp();
    registry.put('s', { schema });
    await ask(byId(1));
    for (const id of [5, 6, 7]) expect(await ask(byId(id))).toBe(`waiting id:${id}`);
    expect(await ask(byId(6), 'w')).toBe('waiting id:6');
    cluster.withdrawQuestions('v', [byId(5), byId(6)]);
    const waiting = (): string[] => gates.snapshots().flatMap(({ id }) => /id:\d+$/.exec(id) ?? []);
    expect(waiting()).toEqual(['id:6', 'id:7']);
    transport.requests.length = 0;
    await clock.advance(60_000);
    expect(transport.requests.some(({ path }) => path.startsWith('/schemas/ids/5'))).toBe(false);
    cluster.withdraw('w');
    expect(waiting()).toEqual(['id:7']);
    cluster.withdraw('v');
    expect(waiting()).toEqual([]);
  });

  it('is looked for at once when somebody asks for that', async () => {
    const { clock, registry, cluster, ask } = setUp();
    registry.put('s', { schema });
    await ask(byId(1));
    await ask(byId(5));
    await clock.advance(60_000);
    registry.put('t', { schema: '"long"' }, 5);
    cluster.probeNow();
    await clock.advance(10);
    expect(await ask(byId(5))).toBe('known 5');
  });
});

describe('the end', () => {
  it('lets go whoever waits, without a word of a fault, and closes the connections', async () => {
    const { clock, registry, transport, cluster, log, ask } = setUp();
    registry.fault = () => 'hung';
    const asked = cluster.ask([byId(1)], 'v');
    await clock.advance(500);
    await cluster.close();
    await clock.advance(0);
    expect((await asked).map(({ kind }) => kind)).toEqual(['waiting']);
    expect(transport.closed).toBe(true);
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
    registry.fault = () => undefined;
    transport.requests.length = 0;
    await ask(byId(2));
    await clock.advance(60_000);
    expect(transport.requests).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });
});

it('a mistake of ours is told as such, and the question asked again', async () => {
  const { registry, knowledge, log, ask, answerTo, stateOf, events } = setUp();
  registry.put('s', { schema });
  await ask(byId(1));
  const { progress } = knowledge;
  knowledge.progress = () => Promise.reject(new TypeError('a mistake'));
  // At no gate: its converter asks again at its own pace.
  expect(await answerTo(byId(5))).toMatchObject({ kind: 'waiting', gateId: '', fromFuture: false });
  expect([stateOf('read'), stateOf('write')]).toEqual(['open', 'open']);
  expect(log.lines.filter(({ level }) => level === 'error')).toMatchObject([
    { fields: { code: 'holdfast.registry.fault' } },
  ]);
  expect(events.some(({ type }) => type === 'integrity')).toBe(false);
  knowledge.progress = progress;
  registry.put('t', { schema: '"long"' }, 5);
  expect(await ask(byId(5))).toBe('known 5');
});
