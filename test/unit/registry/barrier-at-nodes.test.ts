/** Invariant 5: where a new id has to be known before a record carries it, for how long that is waited for, and what is told. */
import { describe, expect, it } from 'vitest';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import type { HttpRequest } from '../../../src/registry/http-transport.ts';
import type { NodeProgress } from '../../../src/registry/registry-knowledge.ts';
import { WriteBarrier, type WriteBarrierOptions } from '../../../src/registry/write-barrier.ts';
import { RegistryOverNodes } from './registry-over-nodes.ts';
import { error, ok, type Reply } from './scripted-transport.ts';
import { avro, NODE_A, NODE_B } from './worker-of-registries.ts';

const NODE_C = 'http://c:8081';
const ALL = [NODE_A, NODE_B, NODE_C];
const text = avro('s');
const registered = { id: 1, subject: 's', text, normalize: false, node: NODE_A };
const found = ok({ schema: text.schema });
const lacks = error(404, 40403, 'Schema not found');

/** Nodes that know the id, unless told otherwise. */
function setUp(nodes: readonly string[] = ALL, settings: Partial<WriteBarrierOptions> = {}) {
  const over = new RegistryOverNodes({ nodes });
  const replies = new Map<string, (request: HttpRequest) => Reply>();
  for (const node of nodes) over.transport.nodes.set(node, (request) => replies.get(node)?.(request) ?? found);
  const log = recordingLogger();
  const barrier = new WriteBarrier({
    mode: 'all',
    timeoutMs: 2000,
    action: 'wait',
    hits: 3,
    concurrency: 10,
    endpoints: over.endpoints,
    knowledge: over.knowledge,
    contents: over.known.contents,
    clock: over.clock,
    logger: log.logger,
    emit: (event) => over.events.push(event),
    random: () => 0.5,
    ...settings,
  });
  const pass = (what: Partial<typeof registered> = {}) =>
    over.settled(barrier.pass({ ...registered, ...what }, over.life.signal));
  /** Since the last call, in alphabetical order. */
  const asked = (): string[] =>
    over.transport.requests
      .splice(0)
      .map(({ node }) => node)
      .sort();
  return { over, replies, log, barrier, pass, asked };
}
const met = { met: true };
const outcomes = ({ events }: RegistryOverNodes): unknown[] =>
  events.splice(0).map((event) => (event.type === 'barrier' ? [event.outcome, event.waitedMs] : event.type));

describe('a new id is read back', () => {
  it('from nowhere, from every node, or from the primary, as the settings say', async () => {
    const off = setUp(ALL, { mode: 'off' });
    expect([await off.pass(), off.asked(), off.over.events]).toEqual([met, [], []]);
    const all = setUp();
    expect([await all.pass(), all.asked(), outcomes(all.over)]).toEqual([met, ALL, [['met', 0]]]);
    const primary = setUp(ALL, { mode: 'primary' });
    primary.over.knowledge.at = NODE_C;
    expect([await primary.pass(), primary.asked()]).toEqual([met, [NODE_C]]);
  });

  it.each([null, 'http://elsewhere:8081'])(
    'from the node that gave it out, when the primary is not one that is reached: %s',
    async (at) => {
      const { over, pass, asked } = setUp(ALL, { mode: 'primary' });
      over.knowledge.at = at;
      expect([await pass({ node: NODE_B }), asked()]).toEqual([met, [NODE_B]]);
    },
  );

  it('not from a node that is not ready, unless none is', async () => {
    const { over, pass, asked } = setUp();
    const saying = (ready: Record<string, boolean>) => {
      const progress = (node: string): NodeProgress => ({ node, ready: ready[node] === true, highestId: null });
      const nodes = new Map(
        Object.keys(ready).map((node) => [node, { role: 'replica' as const, progress: progress(node) }]),
      );
      const snapshot = over.knowledge.snapshot();
      over.knowledge.snapshot = () => ({ ...snapshot, nodes });
    };
    saying({ [NODE_A]: true, [NODE_B]: false });
    expect([await pass(), asked()]).toEqual([met, [NODE_A, NODE_C]]);
    saying({ [NODE_A]: false, [NODE_B]: false, [NODE_C]: false });
    expect([await pass(), asked()]).toEqual([met, ALL]);
  });

  it('not from a node that is away, unless all are, and then nobody knows it', async () => {
    const { over, replies, pass, asked } = setUp();
    replies.set(NODE_B, () => 'refused');
    expect([await pass(), asked()]).toEqual([met, [NODE_A, NODE_B, NODE_C]]);
    expect([await pass(), asked()]).toEqual([met, [NODE_A, NODE_C]]);
    for (const node of ALL) replies.set(node, () => 'refused');
    expect(await pass()).toEqual({
      met: false,
      reason: `schema id 1 of subject s can not be read: ECONNREFUSED at ${NODE_A}`,
    });
    expect(outcomes(over).at(-1)).toEqual(['timed-out', 0]);
  });

  it('in its context', async () => {
    const { over, pass } = setUp([NODE_A, NODE_B]);
    await pass({ subject: ':.eu:s' });
    expect(over.asked()).toEqual(Array(2).fill(`GET /schemas/ids/1?subject=${encodeURIComponent(':.eu:s')}`));
  });

  it('until a node that lags knows it, 10 to 50 ms apart', async () => {
    const { over, replies, pass, asked } = setUp([NODE_A, NODE_B]);
    replies.set(NODE_B, () => (over.clock.monotonic() < 300 ? lacks : found));
    expect(await pass()).toEqual(met);
    const times = asked().filter((node) => node === NODE_B).length;
    expect(times).toBeGreaterThanOrEqual(300 / 50);
    expect(times).toBeLessThanOrEqual(300 / 10 + 1);
    const [[outcome, waitedMs]] = outcomes(over) as [[string, number]];
    expect(outcome).toBe('met');
    expect(waitedMs).toBeGreaterThanOrEqual(300);
    expect(waitedMs).toBeLessThanOrEqual(350);
    expect(over.clock.pendingTimers).toBe(0);
  });
});

describe('an id that is not known everywhere in time', () => {
  it('is held back, and says where, and how far that node has read if it is known', async () => {
    const { over, replies, pass } = setUp([NODE_A, NODE_B]);
    replies.set(NODE_B, () => lacks);
    const reason = `schema id 1 of subject s is not known at ${NODE_B} yet`;
    expect(await pass()).toEqual({ met: false, reason });
    expect(over.clock.monotonic()).toBe(2000);
    expect(outcomes(over)).toEqual([['timed-out', 2000]]);
    over.known.read(4, text, undefined, NODE_A);
    replies.set(NODE_B, ({ path }) => (path.includes('fetchMaxId') ? ok({ schema: text.schema, maxId: 6 }) : lacks));
    expect(await pass({ id: 7 })).toMatchObject({ reason: expect.stringMatching(/ yet; it has read up to id 6$/) });
    // A node that is slow to say so is not waited for.
    replies.set(NODE_B, ({ path }) => (path.includes('fetchMaxId') ? 'hung' : lacks));
    const beganAt = over.clock.monotonic();
    const slow = await pass({ id: 8 });
    expect(slow).toMatchObject({ reason: expect.stringMatching(/ yet$/) });
    expect(over.clock.monotonic() - beganAt).toBe(2250);
  });

  it('is counted from the first try on, and anew once it was met', async () => {
    const { over, replies, pass } = setUp([NODE_A, NODE_B]);
    replies.set(NODE_B, () => lacks);
    await pass();
    await over.clock.advance(1000);
    await pass();
    replies.clear();
    await pass();
    await over.clock.advance(9000);
    await pass();
    expect(outcomes(over)).toEqual([
      ['timed-out', 2000],
      ['timed-out', 5000],
      ['met', 5000],
      ['met', 0],
    ]);
  });

  it('is counted by itself, and so is the same number of another context', async () => {
    const { over, replies, pass } = setUp([NODE_A, NODE_B]);
    replies.set(NODE_B, () => lacks);
    await pass();
    replies.clear();
    await pass({ id: 2 });
    await pass({ subject: ':.eu:s' });
    expect(outcomes(over).slice(1)).toEqual(Array(2).fill(['met', 0]));
  });

  it('is used all the same when the settings say so, which is logged', async () => {
    const { over, replies, log, pass } = setUp([NODE_A, NODE_B], { action: 'continue' });
    replies.set(NODE_B, () => lacks);
    expect(await pass()).toEqual(met);
    expect(outcomes(over)).toEqual([['skipped', 2000]]);
    const reason = `schema id 1 of subject s is not known at ${NODE_B} yet`;
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { code: 'holdfast.registry.barrier', id: 1, reason } }]);
    replies.clear();
    await pass();
    expect(outcomes(over)).toEqual([['met', 0]]);
  });

  it('at a node that hangs is asked for once, and the next try goes on with that', async () => {
    const { over, replies, pass, asked } = setUp([NODE_A, NODE_B]);
    replies.set(NODE_B, () => 'hung');
    const reason = `schema id 1 of subject s was not answered for at ${NODE_B} in time`;
    expect(await pass()).toEqual({ met: false, reason });
    expect(await pass()).toEqual({ met: false, reason });
    expect(asked().filter((node) => node === NODE_B)).toHaveLength(1);
    // Its time limit shows that it is away.
    expect(await pass()).toEqual(met);
    expect(over.clock.monotonic()).toBe(5000);
  });

  it('is asked for the seldomer the more are held', async () => {
    const { over, replies, pass, asked } = setUp([NODE_A, NODE_B]);
    replies.set(NODE_B, () => lacks);
    await pass();
    const alone = asked().filter((node) => node === NODE_B).length;
    await Promise.all(Array.from({ length: 10 }, (_, i) => pass({ id: 10 + i })));
    const each = asked().filter((node) => node === NODE_B).length / 10;
    expect(alone).toBeGreaterThan(2000 / 60);
    // Every 200 ms.
    expect(each).toBeGreaterThanOrEqual(9);
    expect(each).toBeLessThanOrEqual(12);
    expect(over.clock.pendingTimers).toBe(0);
    await pass();
    expect(asked().filter((node) => node === NODE_B)).toHaveLength(alone);
  });

  it('has its time from its turn on, not while others are read back', async () => {
    const { over, replies, pass } = setUp([NODE_A, NODE_B], { concurrency: 1 });
    replies.set(NODE_B, ({ path }) => (path.endsWith('/1') ? lacks : found));
    const [first, second] = await Promise.all([pass(), pass({ id: 2 })]);
    expect([first.met, second.met]).toEqual([false, true]);
    expect(over.clock.monotonic()).toBe(2000);
  });
});

describe('behind one URL', () => {
  it('it has to be found so often in a row, each time on a connection of its own, and is called probable', async () => {
    const { over, replies, pass } = setUp([NODE_A]);
    let reads = 0;
    // Found twice, denied once, and then always.
    replies.set(NODE_A, () => (++reads === 3 ? lacks : found));
    expect(await pass()).toEqual(met);
    expect(reads).toBe(6);
    expect(over.transport.requests.map(({ fresh }) => fresh)).toEqual(Array(6).fill(true));
    expect(outcomes(over)).toMatchObject([['probable', expect.any(Number)]]);
  });

  it('once is enough where nodes have URLs of their own, on a connection that there is', async () => {
    const { over, pass } = setUp([NODE_A, NODE_B]);
    await pass();
    expect(over.transport.requests.map(({ fresh }) => fresh)).toEqual([false, false]);
  });

  it('a failure is waited for: the next connection may lead to another node', async () => {
    const { over, replies, pass } = setUp([NODE_A]);
    replies.set(NODE_A, () => (over.clock.monotonic() < 500 ? { status: 502, body: '' } : found));
    expect(await pass()).toEqual(met);
    replies.set(NODE_A, () => ({ status: 502, body: '' }));
    const beganAt = over.clock.monotonic();
    expect(await pass()).toEqual({
      met: false,
      reason: expect.stringMatching(/^schema id 1 of subject s can not be read: HTTP 502/),
    });
    expect(over.clock.monotonic() - beganAt).toBe(2000);
  });
});

describe('a node that gives', () => {
  it('other content than was registered, or than is known, is a contradiction', async () => {
    const { over, replies, pass } = setUp([NODE_A, NODE_B]);
    replies.set(NODE_B, () => ok({ schema: '"string"' }));
    await expect(pass()).rejects.toMatchObject({ code: 'holdfast.registry.content-changed', details: { id: 1 } });
    const known = setUp([NODE_A, NODE_B]);
    known.over.known.read(1, { schemaType: 'AVRO', schema: '"long"', references: [] }, undefined, NODE_A);
    await expect(known.pass()).rejects.toMatchObject({ code: 'holdfast.registry.content-changed' });
    await over.clock.advance(0);
    expect(over.clock.pendingTimers).toBe(0);
  });

  it('no text in a good answer is passed over', async () => {
    const { replies, pass } = setUp([NODE_A, NODE_B]);
    replies.set(NODE_B, () => ok({}));
    expect(await pass()).toEqual(met);
  });
});

it('who gives up waiting is told why, and leaves nothing behind', async () => {
  for (const reply of ['hung', lacks] as const) {
    const { over, replies, barrier } = setUp([NODE_A, NODE_B]);
    replies.set(NODE_B, () => reply);
    const passing = barrier.pass(registered, over.life.signal);
    passing.catch(() => {});
    await over.clock.advance(100);
    over.life.abort(new Error('closed'));
    await expect(passing).rejects.toThrow('closed');
    await over.clock.advance(0);
    expect(over.clock.pendingTimers).toBe(0);
  }
});
