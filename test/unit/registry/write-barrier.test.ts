import { describe, expect, it } from 'vitest';
import { NoPrimaryKnowledge } from '../../../src/registry/registry-knowledge.ts';
import { error, ok, type Reply } from './scripted-transport.ts';
import { avro, lookup, NODE_A, NODE_B, register, Task, WorkerOfRegistries, wordsOf } from './worker-of-registries.ts';

const NODE_C = 'http://c:8081';
const NODES = [NODE_A, NODE_B, NODE_C];
const urls = { 'schema.registry.url': NODES.join(',') };
const lagging = (): Reply => error(404, 40403, 'Schema not found');
const isById = ({ path }: { readonly path: string }): boolean => path.startsWith('/schemas/ids/');

const barrierEvents = (worker: WorkerOfRegistries) => worker.events.filter((event) => event.type === 'barrier');
const readsOf = (worker: WorkerOfRegistries): string[] =>
  worker.transport.take().filter((request) => request.includes('/schemas/ids/'));

/** Node B does not know an id until told. */
function withLaggingB(options: { readonly knowledge?: NoPrimaryKnowledge } = {}) {
  const worker = new WorkerOfRegistries({ nodes: NODES, ...options });
  const lag = { on: true, reply: lagging() };
  worker.transport.nodes.set(NODE_B, (request) =>
    lag.on && isById(request) ? lag.reply : worker.registry.handle(request),
  );
  return { worker, lag };
}

describe('Invariant 5: a new id is read back before a record carries it', () => {
  it('from every node, once each', async () => {
    const worker = new WorkerOfRegistries({ nodes: NODES });
    expect(wordsOf(await new Task(worker, worker.host(), urls).start(register('s')))).toBe('known 1');
    expect(readsOf(worker).sort()).toEqual(NODES.map((node) => `GET ${node} /schemas/ids/1`));
    expect(barrierEvents(worker)).toEqual([{ type: 'barrier', id: 1, waitedMs: 0, outcome: 'met' }]);
  });

  it('and again until a node that lags knows it, every 10 to 50 ms', async () => {
    const { worker, lag } = withLaggingB();
    const task = new Task(worker, worker.host(), urls);
    const writing = task.start(register('s'));
    await worker.clock.advance(600);
    expect(task.answer).toBeUndefined();
    const asked = readsOf(worker).filter((read) => read.includes(NODE_B)).length;
    expect(asked).toBeGreaterThan(11);
    expect(asked).toBeLessThan(60);
    lag.on = false;
    await worker.clock.advance(100);
    expect(wordsOf(await writing)).toBe('known 1');
    expect(worker.registry.posts).toBe(1);
    const [event] = barrierEvents(worker);
    expect(event).toMatchObject({ outcome: 'met' });
    expect(event?.waitedMs).toBeGreaterThanOrEqual(600);
    expect(event?.waitedMs).toBeLessThanOrEqual(650);
  });

  it('and waits at a gate of its own when that takes longer, while others go on', async () => {
    const { worker, lag } = withLaggingB();
    const host = worker.host();
    const task = new Task(worker, host, urls);
    const writing = task.start(register('s'));
    await worker.clock.advance(1999);
    expect(task.parkedAt).toMatch(/:slow:/);
    await worker.clock.advance(251);
    expect(wordsOf(task.view.peek(register('s')))).toBe('waiting barrier:1');
    const answer = task.view.peek(register('s'));
    expect(answer.kind === 'waiting' && answer.error.code).toBe('holdfast.registry.barrier');
    expect(answer.kind === 'waiting' && answer.error.message).toMatch(
      /schema id 1 of subject s is not known at http:\/\/b:8081 yet/,
    );
    expect(worker.gateState(':write')).toBe('open');
    expect(barrierEvents(worker)).toMatchObject([{ id: 1, outcome: 'timed-out' }]);
    lag.on = false;
    const other = new Task(worker, host, urls);
    expect(wordsOf(await other.start(register('t')))).toBe('known 2');
    await worker.clock.advance(10_000);
    expect(wordsOf(await writing)).toBe('known 1');
    expect(barrierEvents(worker).at(-1)).toMatchObject({ id: 1, outcome: 'met' });
    const waited = barrierEvents(worker).at(-1)?.waitedMs ?? 0;
    expect(waited).toBeGreaterThan(2000);
    const lines = worker.log.lines.filter(({ fields }) => fields['code'] === 'holdfast.registry.barrier');
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'info']);
  });

  it('or is used all the same when the settings say so, which is logged', async () => {
    const { worker } = withLaggingB();
    const config = { ...urls, 'registry.barrier.timeout.ms': '300', 'registry.barrier.timeout.action': 'continue' };
    const task = new Task(worker, worker.host(), config);
    const writing = task.start(register('s'));
    await worker.clock.advance(299);
    expect(task.answer).toBeUndefined();
    await worker.clock.advance(251);
    expect(wordsOf(await writing)).toBe('known 1');
    expect(barrierEvents(worker)).toMatchObject([{ id: 1, outcome: 'skipped' }]);
    const lines = worker.log.lines.filter(({ fields }) => fields['code'] === 'holdfast.registry.barrier');
    expect(lines).toMatchObject([{ level: 'warn', fields: { id: 1 } }]);
  });

  it('from the primary alone when the settings say so', async () => {
    const knowledge = Object.assign(new NoPrimaryKnowledge(), { primary: () => NODE_C });
    const { worker } = withLaggingB({ knowledge });
    const task = new Task(worker, worker.host(), { ...urls, 'registry.barrier': 'primary' });
    expect(wordsOf(await task.start(register('s')))).toBe('known 1');
    expect(readsOf(worker)).toEqual([`GET ${NODE_C} /schemas/ids/1`]);
  });

  it('and without a known primary from the node that gave it out', async () => {
    const { worker } = withLaggingB();
    const task = new Task(worker, worker.host(), { ...urls, 'registry.barrier': 'primary' });
    expect(wordsOf(await task.start(register('s')))).toBe('known 1');
    const requests = worker.transport.requests;
    const writer = requests.find(({ method }) => method === 'POST')?.node;
    expect(requests.filter(isById).map(({ node }) => node)).toEqual([writer]);
  });

  it('from nowhere when it is off', async () => {
    const { worker } = withLaggingB();
    const task = new Task(worker, worker.host(), { ...urls, 'registry.barrier': 'off' });
    expect(wordsOf(await task.start(register('s')))).toBe('known 1');
    expect(readsOf(worker)).toEqual([]);
    expect(barrierEvents(worker)).toEqual([]);
  });

  it('when it was found by look-up, as others may just have registered it', async () => {
    const worker = new WorkerOfRegistries({ nodes: NODES });
    worker.registry.put('s', { schema: avro('s').schema });
    expect(wordsOf(await new Task(worker, worker.host(), urls).start(lookup('s')))).toBe('known 1');
    expect(readsOf(worker)).toHaveLength(3);
  });
});

describe('a node that lags', () => {
  it('is said to have read so far, as people will want to know', async () => {
    const { worker, lag } = withLaggingB();
    const host = worker.host();
    lag.on = false;
    const config = { ...urls, 'registry.barrier.timeout.ms': '100' };
    await new Task(worker, host, config).start(register('s'));
    worker.transport.nodes.set(NODE_B, (request) => {
      if (request.path === '/schemas/ids/2') return lagging();
      return request.path.includes('fetchMaxId') ? ok({ ...avro('s'), maxId: 1 }) : worker.registry.handle(request);
    });
    const task = new Task(worker, host, config);
    task.begin(register('t'));
    await worker.clock.advance(1000);
    const reason = worker.gates.snapshots().find(({ id }) => id.endsWith(':barrier:2'))?.reason;
    expect(reason).toBe('schema id 2 of subject t is not known at http://b:8081 yet; it has read up to id 1');
  });
});

describe('nodes that are away hold no barrier up', () => {
  it.each([
    ['refused', 'refused' as const],
    ['HTML 502', { status: 502, body: '<html>Bad Gateway</html>' }],
    ['500', error(500, 50001, 'Error in the backend data store')],
  ])('a node that answers with %s', async (_name, reply) => {
    const { worker, lag } = withLaggingB();
    lag.reply = reply;
    expect(wordsOf(await new Task(worker, worker.host(), urls).start(register('s')))).toBe('known 1');
    expect(barrierEvents(worker)).toMatchObject([{ outcome: 'met', waitedMs: 0 }]);
  });

  it('a node that is known to be not ready', async () => {
    const progress = { node: NODE_B, ready: false, highestId: null };
    const knowledge = new NoPrimaryKnowledge();
    const snapshot = { ...knowledge.snapshot(), nodes: new Map([[NODE_B, { role: 'replica' as const, progress }]]) };
    const { worker } = withLaggingB({ knowledge: Object.assign(knowledge, { snapshot: () => snapshot }) });
    expect(wordsOf(await new Task(worker, worker.host(), urls).start(register('s')))).toBe('known 1');
    expect(readsOf(worker).some((read) => read.includes(NODE_B))).toBe(false);
  });

  it('a node that hangs, once its time limit has shown that, and it is asked once until then', async () => {
    const { worker, lag } = withLaggingB();
    lag.reply = 'hung';
    const host = worker.host();
    const task = new Task(worker, host, urls);
    const writing = task.start(register('s'));
    await worker.clock.advance(4000);
    expect(wordsOf(task.view.peek(register('s')))).toMatch(/waiting (barrier:1|answer)/);
    expect(readsOf(worker).filter((read) => read.includes(NODE_B))).toHaveLength(1);
    await worker.clock.advance(4000);
    expect(wordsOf(await writing)).toBe('known 1');
  });

  it('but somebody has to know it', async () => {
    const worker = new WorkerOfRegistries({ nodes: NODES });
    worker.registry.fault = (request) => (isById(request) ? { status: 503, body: '' } : undefined);
    const task = new Task(worker, worker.host(), urls);
    const writing = task.start(register('s'));
    await worker.clock.advance(3000);
    expect(task.answer).toBeUndefined();
    expect(task.parkedAt).toMatch(/:barrier:1$/);
    worker.registry.fault = () => undefined;
    await worker.clock.advance(10_000);
    expect(wordsOf(await writing)).toBe('known 1');
  });
});

describe('behind one URL', () => {
  it('so many reads in a row on connections of their own must find it, and that is called probable', async () => {
    const worker = new WorkerOfRegistries();
    let reads = 0;
    // Two of three nodes behind it lag, until the ninth read.
    worker.registry.fault = (request) => (isById(request) && ++reads < 9 && reads % 3 !== 0 ? lagging() : undefined);
    const task = new Task(worker, worker.host());
    const writing = task.start(register('s'));
    await worker.clock.advance(1000);
    expect(wordsOf(await writing)).toBe('known 1');
    expect(reads).toBe(13);
    expect(worker.transport.requests.filter(isById).every(({ fresh }) => fresh)).toBe(true);
    expect(barrierEvents(worker)).toMatchObject([{ id: 1, outcome: 'probable' }]);
  });

  it('as many as the settings say', async () => {
    const worker = new WorkerOfRegistries();
    const task = new Task(worker, worker.host(), { 'registry.barrier.hits': '2' });
    expect(wordsOf(await task.start(register('s')))).toBe('known 1');
    expect(readsOf(worker)).toHaveLength(2);
  });

  it('a failure is no pass', async () => {
    const worker = new WorkerOfRegistries();
    worker.registry.fault = (request) => (isById(request) ? { status: 502, body: '' } : undefined);
    const task = new Task(worker, worker.host());
    const writing = task.start(register('s'));
    await worker.clock.advance(1900);
    worker.registry.fault = () => undefined;
    await worker.clock.advance(60);
    expect(wordsOf(await writing)).toBe('known 1');
  });
});

describe('Invariant 6: other content at a node', () => {
  it('stops who registered it, whatever the time limit says', async () => {
    const { worker, lag } = withLaggingB();
    lag.reply = ok({ schema: '"string"' });
    const config = { ...urls, 'registry.barrier.timeout.action': 'continue' };
    const answer = await new Task(worker, worker.host(), config).start(register('s'));
    expect(wordsOf(answer)).toBe('refused holdfast.registry.content-changed');
    expect(answer.kind === 'refused' && answer.error.details).toMatchObject({ id: 1, subject: 's', node: NODE_B });
    expect(worker.events.filter(({ type }) => type === 'integrity')).toHaveLength(1);
  });

  it('does not hold an id against the registry that no record ever carried', async () => {
    const { worker, lag } = withLaggingB();
    const host = worker.host();
    const task = new Task(worker, host, urls);
    const writing = task.start(register('s'));
    await worker.clock.advance(2050);
    // The registration is lost with the primary that took it, and its id goes to another.
    worker.registry.schemas.clear();
    worker.registry.subjects.clear();
    worker.registry.put('other', { schema: avro('other').schema }, 1);
    lag.on = false;
    await worker.clock.advance(5000);
    expect(wordsOf(await writing)).toBe('known 2');
    expect(worker.events.filter(({ type }) => type === 'integrity')).toEqual([]);
  });

  it('takes what registries make of a text for the same content', async () => {
    const { worker, lag } = withLaggingB();
    lag.reply = ok({ schema: JSON.stringify(JSON.parse(avro('s').schema), null, 2) });
    expect(wordsOf(await new Task(worker, worker.host(), urls).start(register('s')))).toBe('known 1');
  });
});
