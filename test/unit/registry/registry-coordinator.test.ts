/** The service that task hosts ask: which registry a question goes to, and what becomes of registries over time. */
import { describe, expect, it } from 'vitest';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { GateBook } from '../../../src/registry/gate-book.ts';
import { RegistryCoordinator, type RegistryCoordinatorOptions } from '../../../src/registry/registry-coordinator.ts';
import type { RegistryEvent } from '../../../src/registry/registry-events.ts';
import { NoPrimaryKnowledge } from '../../../src/registry/registry-knowledge.ts';
import type { RegistryNotice } from '../../../src/registry/registry-notices.ts';
import type { SchemaQuestion } from '../../../src/sdk/schema-view.ts';
import { primaryEpoch } from '../../support/primary-epochs.ts';
import { ScriptedTransport, SmallRegistry } from './scripted-transport.ts';
import { byId, NODE_A, NODE_B, register } from './worker-of-registries.ts';

const config = { 'schema.registry.url': NODE_A };
const other = { 'schema.registry.url': NODE_B };
const schema = '"string"';

function setUp(options: Partial<RegistryCoordinatorOptions> = {}) {
  const clock = new ManualClock();
  const registry = new SmallRegistry();
  const transports: ScriptedTransport[] = [];
  const log = recordingLogger();
  const events: [string, RegistryEvent][] = [];
  const notices: RegistryNotice[] = [];
  const gates = new GateBook({ clock, random: () => 0.5 });
  const coordinator = new RegistryCoordinator({
    clock,
    logger: log.logger,
    gates,
    store: null,
    transport: () => {
      const transport = new ScriptedTransport(clock);
      for (const node of [NODE_A, NODE_B]) transport.nodes.set(node, registry.handle);
      transports.push(transport);
      return transport;
    },
    // With a broker, the primary is found out.
    ...(options.groups === undefined ? { knowledge: () => new NoPrimaryKnowledge() } : {}),
    listener: (id, event) => events.push([id, event]),
    notify: (notice) => notices.push(notice),
    random: () => 0.5,
    ...options,
  });
  const ask = async (question: SchemaQuestion, settings: Record<string, string> = config, view = 'v') => {
    const asked = coordinator.serve({ kind: 'ask', config: settings, view, questions: [question] });
    asked.catch(() => {});
    await clock.advance(0);
    return (await asked)?.answers[0];
  };
  const withdraw = (view = 'v') => coordinator.serve({ kind: 'withdraw', config, view });
  const codes = (level: string): unknown[] =>
    log.lines.flatMap((line) => (line.level === level ? [line.fields['code'] ?? line.message] : []));
  return { clock, registry, transports, log, events, notices, gates, coordinator, ask, withdraw, codes };
}

describe('a message', () => {
  it('that is none of ours is refused as such', async () => {
    const { coordinator } = setUp();
    for (const body of [null, {}, { kind: 'ask', config, view: 'v', questions: [{ kind: 'other' }] }]) {
      await expect(coordinator.serve(body)).rejects.toMatchObject({ code: 'holdfast.registry.question' });
    }
  });

  it('whose settings name no registry is refused as a wrong setting', async () => {
    const { coordinator } = setUp();
    const ask = coordinator.serve({ kind: 'ask', config: {}, view: 'v', questions: [] });
    await expect(ask).rejects.toThrow(/schema\.registry\.url/);
    expect(coordinator.registryIds).toEqual([]);
  });

  it('is answered question by question, errors in their wire form', async () => {
    const { clock, registry, coordinator } = setUp();
    registry.put('s', { schema });
    const asked = coordinator.serve({ kind: 'ask', config, view: 'v', questions: [byId(1), byId(-1)] });
    await clock.advance(0);
    expect(structuredClone(await asked)).toMatchObject({
      answers: [
        { kind: 'known', schema: { id: 1 } },
        { kind: 'refused', error: { code: 'holdfast.registry.id.unknown' } },
      ],
    });
  });

  it('that withdraws is answered with nothing, and opens no registry', async () => {
    const { coordinator, withdraw } = setUp();
    expect(await withdraw()).toBeUndefined();
    const some = coordinator.serve({ kind: 'withdraw', config, view: 'stranger', questions: [byId(1)] });
    expect(await some).toBeUndefined();
    expect(coordinator.registryIds).toEqual([]);
  });
});

describe('a view that needs some questions no more', () => {
  it('goes on using its registry, and is not asked for by them', async () => {
    const { clock, registry, transports, coordinator, ask } = setUp();
    registry.put('s', { schema });
    await ask(byId(1));
    for (const id of [5, 6]) expect(await ask(byId(id))).toMatchObject({ kind: 'waiting' });
    const gone = { kind: 'withdraw', config, view: 'v', questions: [byId(5)] };
    expect(await coordinator.serve(gone)).toBeUndefined();
    transports[0]?.take();
    await clock.advance(10_000);
    const asked = transports[0]?.take().filter((request) => request.includes('/schemas/ids/')) ?? [];
    expect(asked.some((request) => request.includes('/ids/5'))).toBe(false);
    expect(asked.some((request) => request.includes('/ids/6'))).toBe(true);
    await clock.advance(30 * 60_000);
    expect(coordinator.registryIds).toHaveLength(1);
  });
});

describe('a coordinator that is given only what it needs', () => {
  it('tells nobody, finds out the primary by itself, and closes what is not used', async () => {
    const clock = new ManualClock();
    const transport = new ScriptedTransport(clock);
    const registry = new SmallRegistry();
    transport.nodes.set(NODE_A, registry.handle);
    registry.put('s', { schema });
    const { logger } = recordingLogger();
    const gates = new GateBook({ clock });
    const coordinator = new RegistryCoordinator({ clock, logger, gates, store: null, transport: () => transport });
    const asked = coordinator.serve({ kind: 'ask', config, view: 'v', questions: [byId(1)] });
    await clock.advance(0);
    expect((await asked)?.answers[0]).toMatchObject({ kind: 'known' });
    await clock.advance(5000);
    expect(coordinator.snapshots()[0]?.rungReason).not.toBe('');
    await coordinator.serve({ kind: 'withdraw', config, view: 'v' });
    await clock.advance(60_000);
    expect(coordinator.registryIds).toEqual([]);
    expect(transport.closed).toBe(true);
  });

  it.each([
    ['over sockets', { 'schema.registry.url': 'http://127.0.0.1:1' }],
    // Only a proxy could find it.
    ['through a proxy', { 'schema.registry.url': 'http://a.invalid:1', 'proxy.host': '127.0.0.1', 'proxy.port': '1' }],
  ])('asks %s', async (_how, settings: Record<string, string>) => {
    const clock = new ManualClock();
    const { logger } = recordingLogger();
    const gates = new GateBook({ clock });
    const coordinator = new RegistryCoordinator({ clock, logger, gates, store: null });
    // Nobody listens at that port.
    const nobody = { ...settings, 'registry.detection': 'off' };
    const reply = await coordinator.serve({ kind: 'ask', config: nobody, view: 'v', questions: [byId(1)] });
    const message = expect.stringContaining('ECONNREFUSED');
    expect(reply?.answers[0]).toMatchObject({ kind: 'waiting', error: { message } });
    await coordinator.close();
  });

  it('looks at the group in which the nodes elect, when a broker can describe it', async () => {
    const described: string[] = [];
    const { clock, ask } = setUp({
      groups: {
        describe: (groupId) => {
          described.push(groupId);
          return Promise.reject(new Error('no broker'));
        },
      },
    });
    await ask(byId(-1), { ...config, 'registry.group.id': 'sr-group' });
    await clock.advance(1000);
    expect(new Set(described)).toEqual(new Set(['sr-group']));
  });
});

describe('the registry of a question', () => {
  it('is the same for the same settings in whatever order, and for settings that only one converter has', async () => {
    const { transports, coordinator, ask } = setUp();
    await ask(byId(-1), { ...config, 'registry.barrier': 'off' });
    await ask(byId(-1), { 'registry.barrier': 'off', ...config });
    await ask(byId(-1), { ...config, 'registry.patience.ms': '5' });
    expect([transports.length, coordinator.registryIds.length]).toEqual([1, 1]);
    await ask(byId(-1), other);
    expect([transports.length, coordinator.registryIds.length]).toEqual([2, 2]);
    expect(coordinator.snapshots().map(({ id }) => id)).toEqual(coordinator.registryIds);
  });

  it('is found after a thousand other texts of its settings, too', async () => {
    const { transports, codes, ask } = setUp();
    for (let i = 0; i < 1001; i++)
      await ask(byId(-1), { ...config, 'request.header.x': 'y', 'registry.patience.ms': `${i}` });
    await ask(byId(-1), { ...config, 'request.header.x': 'y', 'registry.patience.ms': '0' });
    expect(transports).toHaveLength(1);
    expect(codes('warn')).toEqual([]);
  });

  it('has settings without effect told once, by their keys, and nothing when there are none', async () => {
    const { log, ask } = setUp();
    const told = () => log.lines.flatMap(({ level, fields }) => ('keys' in fields ? [[level, fields['keys']]] : []));
    await ask(byId(-1), other);
    expect(told()).toEqual([]);
    for (let i = 0; i < 2; i++) await ask(byId(-1), { ...config, 'max.retries': '3' });
    expect(told()).toEqual([['info', { 'max.retries': expect.any(String) }]]);
  });

  it('decides what holds for all: who sets something else later is told', async () => {
    const { codes, ask } = setUp();
    await ask(byId(-1), { ...config, 'registry.barrier': 'off' });
    await ask(byId(-1), { ...config, 'registry.barrier': 'all' });
    expect(codes('warn')).toEqual(['holdfast.registry.settings-differ']);
  });

  it('has its events told under its name', async () => {
    const { coordinator, events, ask } = setUp();
    await ask(byId(1));
    expect(new Set(events.map(([id]) => id))).toEqual(new Set(coordinator.registryIds));
    expect(events.length).toBeGreaterThan(0);
  });
});

describe('a probe that somebody asks for', () => {
  it('comes at once, and the next one a second later at the earliest', async () => {
    const { clock, registry, transports, coordinator, ask } = setUp();
    registry.fault = () => 'refused';
    const slow = { ...config, 'registry.probe.initial.ms': '60000', 'registry.probe.max.ms': '60000' };
    await ask(byId(1), slow);
    const [id = ''] = coordinator.registryIds;
    await clock.advance(5000);
    const probes = async (ms: number): Promise<number> => {
      await clock.advance(ms);
      const before = transports[0]?.take().length ?? 0;
      expect(before).toBe(0);
      expect(coordinator.probeNow(id)).toBe(true);
      await clock.advance(0);
      return transports[0]?.take().length ?? 0;
    };
    transports[0]?.take();
    expect(await probes(0)).toBeGreaterThan(0);
    expect(await probes(999)).toBe(0);
    expect(await probes(1)).toBeGreaterThan(0);
  });

  it('of a registry that is not in use is none', () => {
    expect(setUp().coordinator.probeNow('unknown')).toBe(false);
  });
});

describe('a registry that nobody uses any more', () => {
  it('is closed after a minute, or after the time that was given, and every host is told', async () => {
    for (const [options, ms] of [
      [{}, 60_000],
      [{ unusedMs: 5000 }, 5000],
    ] as const) {
      const { clock, transports, events, notices, gates, coordinator, ask, withdraw, codes } = setUp(options);
      await ask(byId(-1));
      const [registryId] = coordinator.registryIds;
      await withdraw();
      await clock.advance(ms - 1);
      expect(coordinator.registryIds).toHaveLength(1);
      await clock.advance(1);
      expect(coordinator.registryIds).toEqual([]);
      expect(transports[0]?.closed).toBe(true);
      expect(notices).toEqual([{ kind: 'closed', registryId }]);
      // Nothing is told of it after that.
      expect(events.at(-1)).toEqual([registryId, { type: 'closed' }]);
      expect(gates.snapshots()).toEqual([]);
      expect(codes('info')).toContain('holdfast.registry.unused');
    }
  });

  it('has nothing told of it that comes to an end later', async () => {
    const { clock, transports, events, ask, withdraw } = setUp();
    await ask(byId(-1));
    const [transport] = transports;
    if (transport === undefined) throw new Error('it has no transport');
    // An answer that no signal stops.
    transport.request = async () => {
      await clock.sleep(61_000);
      return { status: 503, headers: {}, body: '' };
    };
    ask(byId(1)).catch(() => {});
    await withdraw();
    await clock.advance(60_000);
    expect(events.at(-1)?.[1]).toEqual({ type: 'closed' });
    await clock.advance(60_000);
    expect(events.at(-1)?.[1]).toEqual({ type: 'closed' });
  });

  it('is another one when it is used again, though its settings are the same', async () => {
    const { clock, registry, transports, coordinator, ask, withdraw } = setUp();
    registry.put('s', { schema });
    await ask(byId(1));
    await withdraw();
    await clock.advance(60_000);
    expect(await ask(byId(1), config, 'w')).toMatchObject({ kind: 'known' });
    expect(transports).toHaveLength(2);
    expect(transports[1]?.closed).toBe(false);
    expect(coordinator.registryIds).toHaveLength(1);
    const [id = ''] = coordinator.registryIds;
    expect(coordinator.probeNow(id)).toBe(true);
  });

  it('is gone as well when its connections can not be closed, which is told', async () => {
    const { clock, transports, coordinator, ask, withdraw, codes } = setUp();
    await ask(byId(-1));
    const [transport] = transports;
    if (transport === undefined) throw new Error('it has no transport');
    transport.close = () => Promise.reject(new Error('stuck'));
    await withdraw();
    await clock.advance(60_000);
    expect(coordinator.registryIds).toEqual([]);
    expect(codes('warn')).toEqual(['holdfast.registry.fault']);
    await coordinator.close();
  });
});

describe('the end', () => {
  it('closes every registry, and opens none', async () => {
    const { clock, transports, coordinator, ask } = setUp();
    await ask(byId(-1));
    await ask(byId(-1), other);
    await coordinator.close();
    expect(transports.map(({ closed }) => closed)).toEqual([true, true]);
    expect(coordinator.registryIds).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
    await expect(ask(byId(-1))).rejects.toMatchObject({ code: 'holdfast.registry.question' });
    expect(transports).toHaveLength(2);
  });

  it('waits for a registry that is being closed already', async () => {
    const { clock, transports, coordinator, ask, withdraw } = setUp();
    await ask(register('s'), { ...config, 'registry.second.look.ms': '1000', 'registry.barrier': 'off' });
    let isClosed = (): void => {};
    const [transport] = transports;
    if (transport === undefined) throw new Error('it has no transport');
    transport.close = () =>
      new Promise((resolve) => {
        isClosed = resolve;
      });
    await withdraw();
    await clock.advance(60_000);
    expect(coordinator.registryIds).toEqual([]);
    let isOver = false;
    const closing = coordinator.close().then(() => {
      isOver = true;
    });
    await clock.advance(0);
    expect(isOver).toBe(false);
    isClosed();
    await closing;
  });
});

it('a change that detection tells of is one of its registry', async () => {
  const changes: ((cause: string) => void)[] = [];
  const { coordinator, notices, ask } = setUp({
    knowledge: (_settings, changed) => {
      changes.push((epoch) => {
        const at = 1_700_000_000_000;
        changed({
          epoch: primaryEpoch({ epoch, changeBeganAt: at, startedAt: at }),
          previous: null,
          suspectSince: at,
        });
      });
      return new NoPrimaryKnowledge();
    },
  });
  await ask(byId(-1));
  await ask(byId(-1), other);
  changes[1]?.('two');
  expect(notices).toMatchObject([{ kind: 'changed', registryId: coordinator.registryIds[1], epoch: 'two' }]);
});
