/** What the tracker of the primary concludes, by itself. */
import { afterEach, describe, expect, it } from 'vitest';
import { NODE_A as A, NODE_B as B, TrackerOverNodes } from './tracker-over-nodes.ts';

let on: TrackerOverNodes;
afterEach(() => on.tracker.close());

const moved = { [A]: { primaryUrl: B }, [B]: { isPrimary: true, primaryUrl: B } };

describe('what is told', () => {
  it('is the way of detection and the first primary, which changed nothing', async () => {
    on = TrackerOverNodes.healthy({ group: [A, B] });
    expect([on.tracker.epoch(), on.tracker.primary(), on.tracker.snapshot().rung]).toEqual(['unknown', null, 'none']);
    await on.pass(10);
    expect(on.take()).toEqual([
      '0: on group (karapace)',
      `0: 1 first-seen ${A} begins, after none`,
      `0: 1 first-seen ${A} usable, after none`,
    ]);
    expect([on.tracker.primary(), on.tracker.lastChangeAt()]).toEqual([A, null]);
    expect(on.codes()).toEqual([
      'holdfast.registry.detection.vendor',
      'holdfast.registry.detection.rung',
      'holdfast.registry.primary.changed',
    ]);
  });

  it.each<[string, readonly string[] | null, string]>([
    ['group', [A, B], 'group-elected'],
    ['health resources', null, 'health-changed'],
  ])('is each other primary by the %s: named, handed on, then usable', async (_name, group, cause) => {
    on = TrackerOverNodes.healthy({ group });
    await on.pass(10);
    on.take();
    on.codes();
    on.words = moved;
    if (group !== null) on.group = [B, A];
    await on.pass(0.75);
    await on.pass(9.25);
    const told = on.take().map((one) => one.replace(/^[^:]*: /, ''));
    expect(told).toEqual([`2 ${cause} ${B} begins, after 1`, 'changed to 2 from 1', `2 ${cause} ${B} usable, after 1`]);
    expect(on.codes()).toEqual(['holdfast.registry.primary.changed', 'holdfast.registry.primary.usable']);
    expect(on.tracker.primary()).toBe(B);
  });

  it('is not what only became better known of the same primary', async () => {
    on = TrackerOverNodes.healthy();
    await on.pass(10);
    const stamp = on.tracker.epoch();
    on.take();
    on.group = [A, B];
    await on.pass(10);
    expect(on.take()).toEqual([expect.stringContaining('on group (karapace)')]);
    expect(on.tracker.snapshot().epochs).toMatchObject([{ number: 1, memberId: 'sr-1-node-0-1', rung: 'group' }]);
    expect(on.tracker.epoch()).toBe(stamp);
    on.group = null;
    await on.pass(20);
    expect(on.tracker.snapshot().epochs).toMatchObject([{ number: 1, memberId: 'sr-1-node-0-1', rung: 'health' }]);
  });

  it('is once that there is no primary, and the next one after it', async () => {
    on = TrackerOverNodes.healthy();
    await on.pass(10);
    on.take();
    on.codes();
    on.words = { [A]: { primaryUrl: null }, [B]: { primaryUrl: null } };
    await on.pass(10);
    expect(on.epochs).toEqual(['primary-lost nobody', `first-seen ${A}`]);
    expect(on.codes()).toEqual(['holdfast.registry.primary.none']);
    expect(on.tracker.primary()).toBeNull();
    on.words = moved;
    await on.pass(10);
    expect(on.epochs[0]).toBe(`health-changed ${B}`);
  });

  it('is an address that leads to none of our nodes, once', async () => {
    on = new TrackerOverNodes({ group: ['http://pod-0:9081', 'http://pod-1:9081'] });
    await on.pass(30);
    expect(on.tracker.primary()).toBeNull();
    expect(on.codes().filter((code) => code === 'holdfast.registry.detection.address')).toHaveLength(1);
  });
});

describe('a change', () => {
  const suspectAfter = async (trouble: (on: TrackerOverNodes) => void): Promise<number | undefined> => {
    on = TrackerOverNodes.healthy({ group: [A, B] });
    await on.pass(60);
    trouble(on);
    await on.pass(60);
    on.group = [B, A];
    await on.pass(3);
    const [since] = on.suspectSince;
    await on.tracker.close();
    return since;
  };

  it('began 30 s before the primary was last named, if nothing spoke against it', async () => {
    expect(await suspectAfter(() => {})).toBeGreaterThan(85);
  });

  it.each<[string, (on: TrackerOverNodes) => void]>([
    ['its node was dead', () => on.observe({ kind: 'node-changed', node: A, alive: false })],
    ['reads failed', () => on.began('read')],
    ['it called itself a replica', () => (on.words = { ...on.words, [A]: {} })],
    ['it was not ready', () => (on.words = { ...on.words, [A]: { isPrimary: true, isReady: false } })],
  ])('began 30 s before %s, though the group still named it', async (_name, trouble) => {
    const since = await suspectAfter(trouble);
    expect(since).toBeGreaterThan(27);
    expect(since).toBeLessThan(32);
  });

  it('did not begin with a node that is dead for a moment, or is not the primary', async () => {
    const flicker = await suspectAfter(() => {
      on.observe({ kind: 'node-changed', node: A, alive: false });
      on.observe({ kind: 'node-changed', node: A, alive: true });
    });
    expect(flicker).toBeGreaterThan(85);
    const other = await suspectAfter(() => on.observe({ kind: 'node-changed', node: B, alive: false }));
    expect(other).toBeGreaterThan(85);
  });

  it('begins with the first sign of an election, which is looked at in a hurry', async () => {
    on = TrackerOverNodes.healthy({ group: [A, B] });
    await on.pass(60);
    on.groupState = 'PreparingRebalance';
    await on.pass(1.5);
    on.described.length = 0;
    await on.pass(2);
    expect(on.described.length).toBe(8);
    on.groupState = 'Stable';
    on.group = [B, A];
    await on.pass(1);
    const [epoch] = on.tracker.snapshot().epochs;
    expect(epoch).toMatchObject({ cause: 'group-elected', url: B });
    expect((epoch?.startedAt ?? 0) - (epoch?.changeBeganAt ?? 0)).toBeGreaterThan(1900);
  });

  it('is looked at in a hurry for a minute and no longer, however long the election takes', async () => {
    on = TrackerOverNodes.healthy({ group: [A, B] });
    await on.pass(10);
    on.groupState = 'PreparingRebalance';
    await on.pass(70);
    on.described.length = 0;
    await on.pass(6);
    expect(on.described.length).toBe(4);
  });

  it('ends the hurry when the new primary writes', async () => {
    on = TrackerOverNodes.healthy({ group: [A, B] });
    await on.pass(10);
    on.observe({ kind: 'node-changed', node: A, alive: false });
    await on.pass(1);
    on.words = moved;
    on.group = [B, A];
    await on.pass(2);
    expect(on.tracker.snapshot().epochs[0]?.usableAt).not.toBeNull();
    on.described.length = 0;
    await on.pass(6);
    expect(on.described.length).toBe(4);
  });

  it('goes on in a hurry while something is away', async () => {
    on = TrackerOverNodes.healthy({ group: [A, B] });
    await on.pass(10);
    on.began('read');
    await on.pass(100);
    on.described.length = 0;
    await on.pass(2);
    expect(on.described.length).toBe(8);
    on.ended('read', 10);
    await on.pass(90);
    on.described.length = 0;
    await on.pass(6);
    expect(on.described.length).toBe(4);
  });
});

describe('a primary that is named', () => {
  it('is tried, once, when it says that it is ready while writes fail, and is usable with the first that goes through', async () => {
    on = TrackerOverNodes.healthy({ group: [A, B] });
    await on.pass(10);
    on.began('write');
    on.words = { [A]: { primaryUrl: B }, [B]: { isPrimary: true, isReady: false, primaryUrl: B } };
    on.group = [B, A];
    await on.pass(5);
    expect(on.take()).not.toContainEqual(expect.stringContaining('ready'));
    on.words = moved;
    await on.pass(5);
    expect(on.take().filter((one) => one.endsWith('ready'))).toHaveLength(1);
    expect(on.tracker.snapshot().epochs[0]?.usableAt).toBeNull();
    // It loses its readiness, and says once more that it has it.
    on.words = { [A]: { primaryUrl: B }, [B]: { isPrimary: true, isReady: false, primaryUrl: B } };
    await on.pass(5);
    on.words = moved;
    await on.pass(5);
    expect(on.take().filter((one) => one.endsWith('ready'))).toHaveLength(1);
    on.observe({ kind: 'written', node: B });
    expect(on.take()).toEqual([`30: 2 group-elected ${B} usable, after 1`]);
    expect(on.epochs).toEqual([`group-elected ${B}`, `first-seen ${A}`]);
  });

  it('is the one that wrote just now, whatever is said within 3 s', async () => {
    on = TrackerOverNodes.healthy();
    await on.pass(10);
    on.observe({ kind: 'written', node: A });
    on.words = { [A]: { primaryUrl: null }, [B]: { primaryUrl: null } };
    await on.pass(2.5);
    expect(on.epochs).toEqual([`first-seen ${A}`]);
    await on.pass(3);
    expect(on.epochs).toEqual(['primary-lost nobody', `first-seen ${A}`]);
  });

  it('is none when writes failed since it wrote', async () => {
    on = TrackerOverNodes.healthy();
    await on.pass(10);
    on.observe({ kind: 'written', node: A });
    on.began('write');
    on.words = { [A]: { primaryUrl: null }, [B]: { primaryUrl: null } };
    await on.pass(1);
    expect(on.epochs).toEqual(['primary-lost nobody', `first-seen ${A}`]);
  });

  it('is there again with the first write, when none was known', async () => {
    on = TrackerOverNodes.healthy();
    await on.pass(10);
    on.words = { [A]: { primaryUrl: null }, [B]: { primaryUrl: null } };
    await on.pass(10);
    on.take();
    on.observe({ kind: 'written', node: A });
    expect(on.take()).toEqual([
      '20: 3 outage-ended nobody begins, after 2',
      '20: changed to 3 from 2',
      '20: 3 outage-ended nobody usable, after 2',
    ]);
  });

  it('is not another one because writes go through another node, where somebody tells who it is', async () => {
    on = TrackerOverNodes.healthy();
    await on.pass(10);
    on.observe({ kind: 'written', node: A });
    on.observe({ kind: 'written', node: B });
    expect(on.epochs).toEqual([`first-seen ${A}`]);
  });
});

describe('a write that another node than the new primary acknowledged', () => {
  const replaced = async (): Promise<void> => {
    on = TrackerOverNodes.healthy({ group: [A, B] });
    await on.pass(10);
    on.group = [B, A];
    on.words = { [A]: { isPrimary: true, primaryUrl: A }, [B]: { isReady: false, primaryUrl: B } };
    await on.pass(5);
    expect(on.epochs[0]).toBe(`group-elected ${B}`);
  };
  const usableAt = () => on.tracker.snapshot().epochs[0]?.usableAt;

  it('does not end the suspect window: it may have been replaced, and not know it', async () => {
    await replaced();
    on.observe({ kind: 'written', node: A });
    expect(usableAt()).toBeNull();
    expect(on.tracker.isSuspect({ at: on.clock.now(), epoch: 'of the one before' })).toBe(true);
    on.observe({ kind: 'written', node: B });
    expect(usableAt()).not.toBeNull();
  });

  it('ends it no more when it ends an outage of writes', async () => {
    await replaced();
    on.began('write');
    on.observe({ kind: 'written', node: A });
    expect(usableAt()).toBeNull();
    on.ended('write', 14);
    expect(usableAt()).toBeNull();
  });

  it('ends it when the new one was away before it was named, and has not answered since: others forward to it', async () => {
    on = TrackerOverNodes.healthy({ group: [A, B] });
    await on.pass(10);
    on.observe({ kind: 'node-changed', node: B, alive: false });
    on.group = [B, A];
    on.words = { [A]: { primaryUrl: B }, [B]: 'silent' };
    await on.pass(5);
    expect(on.epochs[0]).toBe(`group-elected ${B}`);
    on.observe({ kind: 'written', node: A });
    expect(usableAt()).not.toBeNull();
  });

  it('ends it when the new one is dead for us: others forward to it', async () => {
    await replaced();
    on.observe({ kind: 'node-changed', node: B, alive: false });
    on.observe({ kind: 'written', node: A });
    expect(usableAt()).not.toBeNull();
  });
});

describe('the end of an outage of writes at another node than the one that was primary', () => {
  const diedAndTookOver = async (): Promise<void> => {
    on = new TrackerOverNodes({ group: [A, B] });
    await on.pass(10);
    on.observe({ kind: 'written', node: A });
    on.began('write');
    on.observe({ kind: 'node-changed', node: A, alive: false });
    await on.pass(10);
    on.take();
  };

  it('is one change, to the node that is named then, which took that write', async () => {
    await diedAndTookOver();
    on.group = [B];
    on.observe({ kind: 'written', node: B });
    on.ended('write', 10);
    await on.pass(5);
    expect(on.epochs).toEqual([`group-elected ${B}`, `first-seen ${A}`]);
    expect(on.tracker.snapshot().epochs[0]).toMatchObject({ usableAt: expect.any(Number), usableAfterMs: 10_000 });
  });

  it('is told without a name when nobody is named', async () => {
    await diedAndTookOver();
    on.observe({ kind: 'written', node: B });
    on.ended('write', 10);
    expect(on.epochs).toHaveLength(1);
    await on.pass(5);
    expect(on.epochs).toEqual([`outage-ended ${A}`, `first-seen ${A}`]);
    expect(on.tracker.snapshot().epochs[0]?.usableAt).not.toBeNull();
  });

  it('ends with the tracker', async () => {
    await diedAndTookOver();
    on.observe({ kind: 'written', node: B });
    await on.tracker.close();
    await on.pass(5);
    expect(on.epochs).toHaveLength(1);
  });
});

describe('how long a primary took to be usable', () => {
  const latest = () => on.tracker.snapshot().epochs[0];
  const elected = async (): Promise<void> => {
    on = new TrackerOverNodes({ group: [A, B] });
    await on.pass(10);
    on.observe({ kind: 'written', node: A });
    on.group = [B, A];
    await on.pass(40);
  };

  it('is not known when nobody tried to write meanwhile: then only when that was found out', async () => {
    await elected();
    on.observe({ kind: 'written', node: B });
    expect(latest()).toMatchObject({ url: B, usableAt: expect.any(Number), usableAfterMs: null });
  });

  it('is known when writes failed meanwhile', async () => {
    await elected();
    on.began('write');
    await on.pass(5);
    on.observe({ kind: 'written', node: B });
    expect(latest()).toMatchObject({ cause: 'outage-ended', usableAfterMs: 5_000 });
  });

  it('is known when a write hung meanwhile, and only then', async () => {
    await elected();
    on.observe({ kind: 'write-hangs' });
    await on.pass(5);
    on.observe({ kind: 'written', node: B });
    const { usableAt, changeBeganAt } = latest() ?? { usableAt: 0, changeBeganAt: 0 };
    expect(latest()).toMatchObject({ url: B, usableAfterMs: (usableAt ?? 0) - changeBeganAt });
    // One that was only slow, under a primary that stayed, is none of the next one's business.
    on.observe({ kind: 'write-hangs' });
    on.observe({ kind: 'written', node: B });
    on.group = [A, B];
    await on.pass(40);
    on.observe({ kind: 'written', node: A });
    expect(latest()).toMatchObject({ url: A, usableAt: expect.any(Number), usableAfterMs: null });
  });

  it('is known when the node says that it is ready', async () => {
    on = TrackerOverNodes.healthy({ group: [A, B] });
    await on.pass(10);
    on.group = [B, A];
    on.words = moved;
    await on.pass(10);
    expect(latest()?.usableAfterMs).toBeLessThan(3_000);
  });
});

describe('where nothing tells who is primary', () => {
  it('the first write has one begin, and it is usable', async () => {
    on = new TrackerOverNodes({});
    await on.pass(10);
    expect(on.epochs).toEqual([]);
    on.take();
    on.observe({ kind: 'written', node: A });
    on.observe({ kind: 'written', node: A });
    expect(on.take()).toEqual([
      '10: 1 first-seen nobody begins, after none',
      '10: 1 first-seen nobody usable, after none',
    ]);
  });

  it('all nodes gone and one of them back is an outage, since the last one went', async () => {
    on = new TrackerOverNodes({});
    await on.pass(100);
    on.observe({ kind: 'written', node: A });
    on.observe({ kind: 'node-changed', node: A, alive: false });
    await on.pass(10);
    on.observe({ kind: 'node-changed', node: B, alive: false });
    await on.pass(10);
    expect(on.epochs).toHaveLength(1);
    on.observe({ kind: 'node-changed', node: A, alive: true });
    expect(on.epochs).toEqual(['outage-ended nobody', 'first-seen nobody']);
    expect(on.tracker.snapshot().epochs[0]?.usableAt).toBeNull();
    on.observe({ kind: 'node-changed', node: B, alive: true });
    expect(on.epochs).toHaveLength(2);
  });

  it('one node gone and back is none', async () => {
    on = new TrackerOverNodes({});
    await on.pass(10);
    on.observe({ kind: 'written', node: A });
    for (const alive of [false, true]) on.observe({ kind: 'node-changed', node: A, alive });
    expect(on.epochs).toEqual(['first-seen nobody']);
  });

  it('nodes that come back while a gate is closed are told of by the gate', async () => {
    on = new TrackerOverNodes({});
    await on.pass(10);
    on.observe({ kind: 'written', node: A });
    on.began('read');
    for (const node of [A, B]) on.observe({ kind: 'node-changed', node, alive: false });
    on.observe({ kind: 'node-changed', node: A, alive: true });
    expect(on.epochs).toHaveLength(1);
  });

  it('the end of an outage of reads says nothing of writes, but where every node writes', async () => {
    for (const vendor of ['confluent', 'redpanda']) {
      on = new TrackerOverNodes({ settings: { 'registry.vendor': vendor } });
      await on.pass(10);
      on.began('read');
      await on.pass(10);
      on.ended('read', 9);
      expect(on.epochs).toEqual(['outage-ended nobody']);
      expect(on.tracker.snapshot().epochs[0]?.usableAt === null).toBe(vendor === 'confluent');
      expect(on.suspectSince).toEqual([-30]);
      await on.tracker.close();
    }
  });
});

describe('an outage', () => {
  it('is a change, from the last moment that it worked', async () => {
    on = TrackerOverNodes.healthy({ group: [A, B] });
    await on.pass(60);
    on.began('write');
    await on.pass(10);
    on.ended('write', 50);
    expect(on.epochs).toEqual([`outage-ended ${A}`, `first-seen ${A}`]);
    expect(on.suspectSince).toEqual([20]);
    expect(on.tracker.snapshot().epochs[0]?.usableAt).not.toBeNull();
  });

  it('is none of its own when a change was seen meanwhile', async () => {
    on = TrackerOverNodes.healthy({ group: [A, B] });
    await on.pass(60);
    on.began('write');
    on.group = [B, A];
    on.words = moved;
    await on.pass(10);
    on.ended('write', 60);
    expect(on.epochs).toEqual([`group-elected ${B}`, `first-seen ${A}`]);
    expect(on.tracker.snapshot().epochs[0]?.usableAt).not.toBeNull();
  });

  it('ends with a write that goes through', async () => {
    on = TrackerOverNodes.healthy({ group: [A, B] });
    await on.pass(60);
    on.began('write');
    await on.pass(10);
    on.observe({ kind: 'written', node: A });
    expect(on.epochs[0]).toBe(`outage-ended ${A}`);
    expect(on.suspectSince[0]).toBeLessThanOrEqual(30);
    on.ended('write', 60);
    expect(on.epochs).toHaveLength(2);
  });

  it('that nobody told of does not end', async () => {
    on = TrackerOverNodes.healthy();
    await on.pass(10);
    on.ended('read', 5);
    expect(on.epochs).toHaveLength(1);
  });
});

describe('what it knows of the nodes', () => {
  const roles = () => [A, B].map((node) => on.tracker.snapshot().nodes.get(node)?.role);

  it('is who of them is primary, and replica', async () => {
    on = TrackerOverNodes.healthy();
    expect(roles()).toEqual(['unknown', 'unknown']);
    await on.pass(1);
    expect(roles()).toEqual(['primary', 'replica']);
    expect(on.tracker.snapshot().nodes.get(B)?.progress).toEqual({ node: B, ready: true, highestId: 7 });
    expect(on.tracker.snapshot()).toMatchObject({ vendor: 'karapace', rung: 'health', rungReason: expect.any(String) });
  });

  it('is nothing where none of them leads to the primary and none says so itself', async () => {
    on = new TrackerOverNodes({ group: ['http://pod-0:9081'], words: { [A]: { primaryUrl: 'http://pod-0:9081' } } });
    await on.pass(5);
    expect([on.tracker.primary(), ...roles()]).toEqual([null, 'replica', 'unknown']);
  });

  it('is nothing where every node writes', async () => {
    on = new TrackerOverNodes({ settings: { 'registry.vendor': 'redpanda' } });
    await on.pass(5);
    on.began('write');
    on.ended('write', 4);
    expect([on.tracker.primary(), ...roles()]).toEqual([null, 'unknown', 'unknown']);
  });

  it('is which of them has the address of the primary, also if that is known only after a while', async () => {
    on = new TrackerOverNodes({ group: ['http://pod-1:8081', 'http://pod-0:8081'] });
    on.addresses = { 'pod-1': ['10.0.0.2'], 'pod-0': ['10.0.0.1'], a: ['10.0.0.1'], b: ['10.0.0.2'] };
    await on.pass(5);
    expect(on.tracker.primary()).toBe(B);
    on.group = ['http://pod-0:8081', 'http://pod-1:8081'];
    await on.pass(5);
    expect(on.tracker.primary()).toBe(A);
  });

  it('is whether what they denied counts, asked anew each time', async () => {
    on = TrackerOverNodes.healthy();
    await on.pass(1);
    const probed = [A, B].map((node) => ({ node, ready: true, highestId: 9 }));
    on.words = { ...on.words, [B]: { isReady: false } };
    const told = await on.tracker.progress(probed, new AbortController().signal);
    expect(told.map(({ ready }) => ready)).toEqual([true, false]);
    const [unready] = await on.tracker.progress(
      probed.map((progress) => ({ ...progress, ready: false })),
      new AbortController().signal,
    );
    expect(unready?.ready).toBe(false);
    await expect(on.tracker.progress(probed, AbortSignal.abort(new Error('over')))).rejects.toThrow('over');
  });
});

it('ends with the client, and concludes nothing more', async () => {
  on = TrackerOverNodes.healthy({ group: [A, B] });
  await on.pass(5);
  await on.tracker.close();
  on.take();
  on.group = [B, A];
  await on.pass(60);
  expect([on.take(), on.clock.pendingTimers]).toEqual([[], 0]);
});
