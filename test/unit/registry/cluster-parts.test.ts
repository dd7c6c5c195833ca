/** What the parts of a registry's client do to each other, without the gates and questions above them. */
import { setMaxListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { ClusterParts } from '../../../src/registry/cluster-parts.ts';
import { MemoryCompactedLog } from '../../../src/registry/compacted-log.ts';
import { StaticCredentials } from '../../../src/registry/credentials.ts';
import type { HttpTransport } from '../../../src/registry/http-transport.ts';
import { questionKey } from '../../../src/registry/known-schemas.ts';
import type { Outages } from '../../../src/registry/outages.ts';
import type { RegistryEvent } from '../../../src/registry/registry-events.ts';
import {
  type EpochListener,
  NoPrimaryKnowledge,
  type RegistryKnowledge,
} from '../../../src/registry/registry-knowledge.ts';
import type { RegistryNotice } from '../../../src/registry/registry-notices.ts';
import { byIdRequest, registerRequest, subjectsRequest } from '../../../src/registry/registry-requests.ts';
import { parseRegistrySettings } from '../../../src/registry/registry-settings.ts';
import type { PrimaryEpoch } from '../../../src/registry/registry-snapshot.ts';
import { SchemaStore } from '../../../src/registry/schema-store.ts';
import { ServedSettings } from '../../../src/registry/served-settings.ts';
import type { SchemaQuestion } from '../../../src/sdk/schema-view.ts';
import { ScriptedRegistry } from '../../../src/testing/index.ts';
import { primaryEpoch } from '../../support/primary-epochs.ts';
import { ScriptedKnowledge } from './registry-over-nodes.ts';
import { error, ScriptedTransport, SmallRegistry } from './scripted-transport.ts';
import { avro, byId, latest, NODE_A, NODE_B, register } from './worker-of-registries.ts';

type Change = Parameters<EpochListener>[0];

/** Over what a test stands in for nodes; the gates are open unless it says otherwise. */
function partsOver(
  clock: ManualClock,
  transport: HttpTransport,
  nodes: readonly string[],
  more: {
    readonly settings?: Record<string, string>;
    readonly knowledge?: RegistryKnowledge;
    readonly store?: SchemaStore;
  } = {},
) {
  const log = recordingLogger();
  const events: RegistryEvent[] = [];
  const notices: RegistryNotice[] = [];
  const changes: Change[] = [];
  const probes: number[] = [];
  const gates = { read: 'open', write: 'open' };
  const life = new AbortController();
  setMaxListeners(0, life.signal);
  const gate = (kind: 'read' | 'write') => ({ snapshot: () => ({ state: gates[kind] }) });
  const outages = {
    probeNow: () => probes.push(clock.monotonic()),
    isOpen: (kind: 'read' | 'write') => gates[kind] === 'open',
    get areOpen() {
      return gates.read === 'open' && gates.write === 'open';
    },
    gates: { read: gate('read'), write: gate('write') },
    lastEndedAt: null as number | null,
  };
  const { knowledge, store = null } = more;
  const settings = parseRegistrySettings({
    'schema.registry.url': nodes.join(','),
    'registry.refresh.interval.ms': '0',
    'registry.refresh.sample.size': '0',
    ...more.settings,
  });
  const parts = new ClusterParts(
    {
      settings,
      served: new ServedSettings({ settings, store, logger: log.logger }),
      transport,
      credentials: new StaticCredentials({}),
      clock,
      logger: log.logger,
      store,
      random: () => 0.5,
      ...(knowledge === undefined ? {} : { knowledge }),
    },
    {
      emit: (event) => events.push(event),
      notify: (notice) => notices.push(notice),
      outages: () => outages as unknown as Outages,
      epochChanged: (change) => changes.push(change),
      signal: life.signal,
    },
  );
  const settled = async <T>(running: Promise<T>): Promise<T> => {
    running.catch(() => {});
    await clock.advance(0);
    return running;
  };
  const learn = async (question: SchemaQuestion): Promise<void> => {
    const finding = await settled(parts.finder.find(questionKey(question), question, life.signal));
    if (finding.kind === 'acknowledged') {
      const known = parts.finder.accept(questionKey(question), finding);
      parts.trust.acknowledged(question, known);
    } else if (finding.kind !== 'known') throw new Error(`it is ${finding.kind}`);
  };
  return { parts, log, events, notices, changes, probes, gates, outages, life, settled, learn };
}

function setUp(
  options: {
    readonly nodes?: readonly string[];
    readonly settings?: Record<string, string>;
    readonly store?: SchemaStore;
  } = {},
) {
  const { nodes = [NODE_A], settings = {}, store } = options;
  const clock = new ManualClock();
  const transport = new ScriptedTransport(clock);
  const registry = new SmallRegistry();
  for (const node of nodes) transport.nodes.set(node, registry.handle);
  const knowledge = new ScriptedKnowledge();
  const over = partsOver(clock, transport, nodes, {
    settings,
    knowledge,
    ...(store === undefined ? {} : { store }),
  });
  const paths = (): string[] => transport.requests.splice(0).map(({ path }) => path);
  return { ...over, clock, transport, registry, knowledge, paths };
}

const epoch = (cause: PrimaryEpoch['cause']) => primaryEpoch({ cause });

describe('a node that dies or comes back', () => {
  it('is told of in the log, in the figures, and to whoever draws conclusions', async () => {
    const { parts, clock, transport, registry, log, events, knowledge, life, settled } = setUp({
      nodes: [NODE_A, NODE_B],
    });
    transport.nodes.set(NODE_A, () => 'refused');
    await settled(parts.endpoints.callEach(subjectsRequest(), life.signal));
    transport.nodes.set(NODE_A, registry.handle);
    await clock.advance(30_000);
    const told = [
      { node: NODE_A, alive: false, reason: `ECONNREFUSED at ${NODE_A}` },
      { node: NODE_A, alive: true, reason: expect.any(String) },
    ];
    expect(events.filter(({ type }) => type === 'node')).toEqual(told.map((each) => ({ type: 'node', ...each })));
    expect(knowledge.observed).toEqual(told.map(({ node, alive }) => ({ kind: 'node-changed', node, alive })));
    expect(log.lines.map(({ level, message, fields }) => [level, message, fields['code'], fields['node']])).toEqual([
      ['info', 'A node of the schema registry is away', 'holdfast.registry.node', NODE_A],
      ['info', 'A node of the schema registry is back', 'holdfast.registry.node', NODE_A],
    ]);
  });

  it('has nothing tried while it is away', async () => {
    const { parts, transport, probes, life, settled } = setUp({ nodes: [NODE_A, NODE_B] });
    transport.nodes.set(NODE_A, () => 'refused');
    await settled(parts.endpoints.callEach(subjectsRequest(), life.signal));
    expect(probes).toEqual([]);
  });

  it('invariant 9: has the gates tried when it is back, once a second however quickly nodes come and go', async () => {
    const { parts, clock, transport, registry, probes, life, settled } = setUp({ nodes: [NODE_A, NODE_B] });
    for (let i = 0; i < 20; i++) {
      transport.nodes.set(NODE_A, () => 'refused');
      await settled(parts.endpoints.callAt(NODE_A, subjectsRequest(), life.signal, { fresh: true }));
      transport.nodes.set(NODE_A, registry.handle);
      await settled(parts.endpoints.callAt(NODE_A, subjectsRequest(), life.signal));
      await clock.advance(100);
    }
    await clock.advance(1000);
    expect(probes).toEqual([0, 1000, 2000]);
  });
});

describe('requests', () => {
  it('are told of one by one', async () => {
    const { parts, events, life, settled } = setUp();
    await settled(parts.endpoints.call(subjectsRequest(), life.signal));
    expect(events.filter(({ type }) => type === 'request').at(-1)).toEqual({
      type: 'request',
      node: NODE_A,
      operation: 'meta',
      status: 200,
      ms: 0,
    });
  });

  it.each(['read', 'write', 'settling', 'neither'] as const)(
    'invariant 9: are bounded per second in an outage and right after one: %s',
    async (what) => {
      const { parts, clock, gates, outages, life, paths } = setUp({
        settings: { 'registry.recovery.max.requests.per.second': '20', 'registry.settle.window.ms': '5000' },
      });
      if (what === 'settling') outages.lastEndedAt = 0;
      else if (what !== 'neither') gates[what] = 'closed';
      // The question who the node is comes first.
      await clock.advance(0);
      for (let id = 1; id <= 100; id++) parts.endpoints.call(byIdRequest(id), life.signal).catch(() => {});
      await clock.advance(1000);
      const sent = paths().length;
      if (what === 'neither') expect(sent).toBeGreaterThanOrEqual(100);
      else expect(sent).toBeLessThanOrEqual(22);
      life.abort();
    },
  );

  it('invariant 9: that ask a node about itself pass the line, which others stand in', async () => {
    const { parts, clock, gates, life, paths, settled } = setUp({
      settings: { 'registry.recovery.max.requests.per.second': '20' },
    });
    await settled(parts.endpoints.call(subjectsRequest(), life.signal));
    gates.read = 'closed';
    for (let id = 1; id <= 20; id++) parts.endpoints.call(byIdRequest(id), life.signal).catch(() => {});
    await clock.advance(0);
    paths();
    parts.endpoints.call(subjectsRequest(), life.signal).catch(() => {});
    await clock.advance(0);
    expect(paths()).toEqual(['/subjects']);
    life.abort();
  });

  it('begin with what says who a node is, and a node that tells nothing is used all the same', async () => {
    const { parts, registry, life, paths, settled } = setUp();
    registry.clusterId = undefined;
    await settled(parts.endpoints.call(subjectsRequest(), life.signal));
    expect(paths()).toEqual(['/v1/metadata/id', '/subjects']);
    expect(parts.identity.told()).toBeNull();
  });

  it('are answered like a wrong setting in vain, where a node has named its cluster: it is waited for', async () => {
    for (const [clusterId, verdict] of [
      ['kafka-1', 'park'],
      [undefined, 'config'],
    ] as const) {
      const { parts, registry, life, settled } = setUp();
      registry.clusterId = clusterId;
      registry.fault = ({ path }) => (path.startsWith('/schemas') ? { status: 404, body: '<html>' } : undefined);
      await settled(parts.endpoints.call(subjectsRequest(), life.signal));
      const answer = await settled(parts.endpoints.call(byIdRequest(1), life.signal));
      expect(answer.verdict.class).toBe(verdict);
    }
  });

  it('invariant 6: are not answered by a node of another cluster than before', async () => {
    const { parts, registry, life, settled } = setUp();
    await settled(parts.endpoints.call(subjectsRequest(), life.signal));
    expect(parts.identity.told()).toContain('kafka-1');
    registry.clusterId = 'kafka-2';
    parts.endpoints.reverify();
    const asked = settled(parts.endpoints.call(subjectsRequest(), life.signal));
    await expect(asked).rejects.toMatchObject({ code: 'holdfast.registry.other-cluster' });
  });

  it('invariant 8: have the login at the proxy struck out of what comes back', async () => {
    const proxy = { 'proxy.host': 'proxy', 'proxy.port': '3128' };
    for (const [settings, shown] of [
      [{ ...proxy, 'proxy.user.info': 'anna:s3cret' }, 'for [hidden] and [hidden]'],
      [proxy, 'for anna:s3cret and s3cret'],
    ] as const) {
      const { parts, registry, life, settled } = setUp({ settings });
      registry.fault = () => error(500, 500, 'denied for anna:s3cret and s3cret');
      const { reason } = await settled(parts.endpoints.call(subjectsRequest(), life.signal));
      expect(reason).toContain(shown);
    }
  });

  it('go to the primary first when they write, and not to a node that says that it is not ready', async () => {
    const { parts, knowledge, transport, life, settled } = setUp({ nodes: [NODE_A, NODE_B] });
    const nodes = (): string[] =>
      transport.requests.splice(0).flatMap(({ node, path }) => (path.startsWith('/v1') ? [] : [node]));
    knowledge.at = NODE_B;
    await settled(parts.endpoints.call(registerRequest('s', avro('s'), false), life.signal));
    expect(nodes()).toEqual([NODE_B]);
    const progress = { node: NODE_A, ready: false, highestId: null };
    const snapshot = knowledge.snapshot();
    knowledge.snapshot = () => ({ ...snapshot, nodes: new Map([[NODE_A, { role: 'replica' as const, progress }]]) });
    for (let i = 0; i < 4; i++) await settled(parts.endpoints.call(subjectsRequest(), life.signal));
    expect(nodes()).toEqual(Array(4).fill(NODE_B));
  });
});

describe('what is known', () => {
  it.each([
    ['100', '110'],
    ['110', '100'],
  ])('has room for as many as the larger of the settings says: %s, %s', (registrySize, viewSize) => {
    const { parts } = setUp({ settings: { 'registry.cache.size': registrySize, 'max.schemas.per.subject': viewSize } });
    const ids = Array.from({ length: 115 }, (_, i) => i + 1);
    for (const id of ids) parts.known.settle(byId(id), { id, ...avro(`R${id}`) }, NODE_A, false);
    const lost = ids.filter((id) => parts.known.answer(questionKey(byId(id))) === undefined);
    expect(lost).toEqual([1, 2, 3, 4, 5]);
  });

  it('is stamped with the epoch of its time', async () => {
    const { parts, registry, knowledge, learn } = setUp();
    registry.put('s', { schema: '"int"' });
    knowledge.epochNow = 'three';
    await learn(byId(1));
    expect(parts.known.answer(questionKey(byId(1)))?.acknowledgement.epoch).toBe('three');
  });
});

describe('a change of primary', () => {
  it('has what is volatile forgotten, what is suspect read back, and every node asked who it is', async () => {
    const { parts, clock, registry, knowledge, learn, paths } = setUp();
    registry.put('t', { schema: '"int"' });
    await learn(latest('t'));
    await learn(register('s'));
    paths();
    knowledge.epochNow = 'two';
    knowledge.suspect = (of) => of !== 'two';
    parts.primaryChanged(epoch('primary-lost'));
    expect(parts.known.answer(questionKey(latest('t')))).toBeUndefined();
    await clock.advance(1000);
    expect(paths()).toEqual(expect.arrayContaining(['/v1/metadata/id', '/schemas/ids/1', '/schemas/ids/2']));
  });

  it.each([
    ['group-elected', true],
    ['health-changed', true],
    ['write-moved', true],
    ['primary-lost', false],
    ['outage-ended', false],
    ['first-seen', false],
  ] as const)('gives up writes that hang when another one is named: %s', async (cause, isGivenUp) => {
    const { parts, clock, registry, life } = setUp();
    registry.fault = ({ method }) => (method === 'POST' ? 'hung' : undefined);
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    parts.endpoints.call(registerRequest('s', avro('s'), false), life.signal).then(over, over);
    await clock.advance(900);
    registry.fault = () => undefined;
    parts.primaryChanged(epoch(cause));
    await clock.advance(0);
    expect(isOver).toBe(isGivenUp);
    life.abort();
  });
});

describe('what is looked at in the background', () => {
  it('is looked at while the registry can be read, and registered again while it takes writes', async () => {
    const { clock, registry, gates, outages, learn, paths } = setUp({
      settings: { 'registry.second.look.ms': '1000', 'registry.settle.window.ms': '60000' },
    });
    await learn(register('s'));
    gates.read = 'closed';
    paths();
    await clock.advance(5000);
    expect(paths()).toEqual([]);
    gates.read = 'open';
    gates.write = 'closed';
    registry.schemas.clear();
    registry.subjects.clear();
    await clock.advance(60_000);
    expect(paths().length).toBeGreaterThan(0);
    expect(registry.posts).toBe(1);
    // Half-open, it may be tried, but not right after an outage, when it may be lag.
    gates.write = 'half-open';
    outages.lastEndedAt = clock.monotonic();
    await clock.advance(50_000);
    expect(registry.posts).toBe(1);
    await clock.advance(60_000);
    expect(registry.posts).toBe(2);
  });
});

describe('what an earlier run left', () => {
  const logger = recordingLogger().logger;
  async function earlier(): Promise<MemoryCompactedLog> {
    const log = new MemoryCompactedLog();
    const { learn } = setUp({ store: await SchemaStore.open({ log, logger }) });
    await learn(register('s'));
    await learn(byId(1));
    return log;
  }

  it('invariant 5: has its second look taken up at the first contact with a node', async () => {
    const log = await earlier();
    const { parts, life, settled } = setUp({ store: await SchemaStore.open({ log, logger }) });
    expect(parts.trust.unconfirmed).toBe(0);
    await settled(parts.endpoints.call(subjectsRequest(), life.signal));
    expect(parts.trust.unconfirmed).toBe(1);
  });

  it('invariant 6: is compared with what was learned before it could be read, and with who the nodes are', async () => {
    for (const change of ['content', 'cluster', 'none'] as const) {
      const log = await earlier();
      const entries = await log.load();
      let isRead = (): void => {};
      log.load = () =>
        new Promise((resolve) => {
          isRead = () => resolve(entries);
        });
      const { store, loaded } = SchemaStore.begin({ log, logger });
      const { parts, clock, registry, events, paths, learn } = setUp({ store });
      registry.put('s', change === 'content' ? { schema: '"int"' } : avro('s'));
      if (change === 'cluster') registry.clusterId = 'kafka-2';
      await learn(byId(1));
      paths();
      isRead();
      await loaded;
      await clock.advance(0);
      // Of another cluster that is known for certain nobody need be asked.
      expect(paths().includes('/v1/metadata/id')).toBe(change !== 'cluster');
      const codes = events.flatMap((event) => (event.type === 'integrity' ? [event.error.code] : []));
      if (change === 'none') expect(codes).toEqual([]);
      else if (change === 'content') expect(codes).toContain('holdfast.registry.content-changed');
      else expect(codes).toContain('holdfast.registry.other-cluster');
      expect(parts.trust.contradictions.lines).toHaveLength(codes.length);
    }
  });

  it('is not looked at after the end', async () => {
    const { store, loaded } = SchemaStore.begin({ log: await earlier(), logger });
    const { parts, clock, life, paths } = setUp({ store });
    life.abort();
    await parts.close();
    await loaded;
    await clock.advance(0);
    expect(paths()).toEqual([]);
  });
});

describe('the end', () => {
  it('closes the connections and the detection, and leaves no timer behind', async () => {
    const { parts, clock, transport, knowledge, learn, life } = setUp({ nodes: [NODE_A, NODE_B] });
    let isClosed = false;
    knowledge.close = async () => {
      isClosed = true;
    };
    await learn(register('s'));
    transport.nodes.set(NODE_A, () => 'refused');
    parts.endpoints.callEach(subjectsRequest(), life.signal).catch(() => {});
    await clock.advance(0);
    life.abort();
    await parts.close();
    await clock.advance(0);
    expect([transport.closed, isClosed, clock.pendingTimers]).toEqual([true, true, 0]);
  });
});

describe('the detection that the settings name', () => {
  async function detected(settings: Record<string, string> = {}) {
    const clock = new ManualClock();
    const registry = await ScriptedRegistry.start({ nodes: 2, vendor: 'karapace', clock, listen: false });
    const over = partsOver(clock, registry.transport(), registry.urls, { settings });
    const { parts, life } = over;
    await clock.advance(5000);
    const close = async (): Promise<void> => {
      life.abort();
      await parts.close();
      await registry.stop();
    };
    return { ...over, clock, registry, close };
  }

  it('is none when it is off', async () => {
    const { parts, events, close } = await detected({ 'registry.detection': 'off' });
    expect(parts.knowledge).toBeInstanceOf(NoPrimaryKnowledge);
    expect([parts.knowledge.primary(), events.filter(({ type }) => type === 'epoch')]).toEqual([null, []]);
    await close();
  });

  it('finds the primary, and tells of a change, of what became suspect, and that writes may be tried', async () => {
    const { parts, clock, registry, events, notices, changes, learn, close } = await detected({
      'registry.second.look.ms': '3600000',
    });
    expect(parts.knowledge.primary()).toBe(registry.urls[0]);
    expect(changes).toEqual([]);
    await learn(register('s'));
    await registry.setPrimary(1);
    await clock.advance(20_000);
    expect(parts.knowledge.primary()).toBe(registry.urls[1]);
    expect(changes.length).toBeGreaterThan(0);
    const epochs = events.flatMap((event) => (event.type === 'epoch' ? [event.epoch] : []));
    expect(epochs.some(({ usableAt }) => usableAt !== null)).toBe(true);
    // What was acknowledged around the change was read back once the new one took writes.
    const readBack = events.flatMap((event) => (event.type === 'revalidated' ? [event.id] : []));
    expect(readBack).toContain(1);
    for (const { kind, registryId } of notices) expect([kind, registryId !== '']).toEqual(['suspect', true]);
    await close();
  });
});
