import { describe, expect, it } from 'vitest';
import { NoPrimaryKnowledge } from '../../../src/registry/registry-knowledge.ts';
import { ConfigError, DataError, EnvironmentError } from '../../../src/sdk/errors/index.ts';
import { error, type Reply } from './scripted-transport.ts';
import {
  avro,
  byId,
  latest,
  lookup,
  NODE_A,
  NODE_B,
  never,
  register,
  Task,
  WorkerOfRegistries,
  wordsOf,
} from './worker-of-registries.ts';

const down = (): Reply => 'refused';

describe('questions and answers', () => {
  it('answers each kind of question, and from memory the second time', async () => {
    const worker = new WorkerOfRegistries();
    const id = worker.registry.put('old', { schema: avro('old').schema });
    const task = new Task(worker, worker.host());
    const questions = [byId(id), register('new'), lookup('old'), latest('old')];
    expect(questions.map((question) => task.view.peek(question).kind)).toEqual(Array(4).fill('unasked'));
    await task.view.resolve(questions, never);
    expect(questions.map((question) => wordsOf(task.view.peek(question)))).toEqual([
      'known 1',
      'known 2',
      'known 1',
      'known 1',
    ]);
    expect(task.view.resolve(questions, never)).toBeUndefined();
    const answer = task.view.peek(latest('old'));
    expect(answer).toMatchObject({ kind: 'known', schema: { subject: 'old', version: 1, ...avro('old') } });
    worker.transport.take();
    const other = new Task(worker, worker.host());
    await other.view.resolve([byId(id), register('new'), lookup('old'), byId(2)], never);
    expect(wordsOf(other.view.peek(byId(2)))).toBe('known 2');
    expect(worker.transport.take()).toEqual([]);
  });

  it('asks one question once, however many ask it', async () => {
    const worker = new WorkerOfRegistries();
    const hosts = [worker.host(), worker.host()];
    const tasks = Array.from({ length: 50 }, (_, i) => new Task(worker, hosts[i % 2]!));
    await Promise.all(tasks.map((task) => task.start(register('orders'))));
    expect(tasks.map((task) => wordsOf(task.answer))).toEqual(Array(50).fill('known 1'));
    expect(worker.transport.take().filter((request) => request.startsWith('POST'))).toHaveLength(1);
  });

  it('refuses bad data once and for a second only', async () => {
    const worker = new WorkerOfRegistries();
    worker.registry.fault = ({ method }) => (method === 'POST' ? error(409, 409, 'Incompatible schema') : undefined);
    const task = new Task(worker, worker.host());
    const answer = await task.start(register('orders'));
    expect(wordsOf(answer)).toBe('refused holdfast.registry.schema.incompatible');
    expect(answer.kind === 'refused' && answer.error instanceof DataError).toBe(true);
    worker.transport.take();
    await task.start(register('orders'));
    expect(worker.transport.take()).toEqual([]);
    await worker.clock.advance(1000);
    await task.start(register('orders'));
    expect(worker.transport.take()).toHaveLength(1);
  });

  it('fails on credentials after trying them twice, and never shows them', async () => {
    const worker = new WorkerOfRegistries();
    worker.registry.fault = () => error(401, 40101, 'User not authorized');
    const task = new Task(worker, worker.host(), { 'schema.registry.url': 'http://ann:s3cret-word@a:8081' });
    const answer = await task.start(byId(7));
    expect(wordsOf(answer)).toBe('refused holdfast.registry.authorization');
    expect(answer.kind === 'refused' && answer.error instanceof ConfigError).toBe(true);
    expect(worker.transport.requests.filter(({ path }) => path === '/schemas/ids/7')).toHaveLength(2);
    expect(worker.transport.requests[0]?.headers['authorization']).toBe(`Basic ${btoa('ann:s3cret-word')}`);
    const shown = JSON.stringify([
      answer,
      worker.log.lines,
      worker.events,
      worker.gates.snapshots(),
      task.view.registryId,
    ]);
    expect(shown).not.toContain('s3cret');
    expect(shown).not.toContain(btoa('ann:s3cret-word'));
  });

  it('rejects settings that name no registry before anything is asked', () => {
    const worker = new WorkerOfRegistries();
    expect(() => new Task(worker, worker.host(), { 'schema.registry.url': 'ftp://hidden:pw@x' })).toThrow(ConfigError);
  });
});

describe('an outage of everything', () => {
  it('parks what is new, keeps what is known flowing, and lets go when reads work again', async () => {
    const worker = new WorkerOfRegistries();
    const task = new Task(worker, worker.host());
    await task.start(register('old'));
    worker.registry.fault = down;
    const other = new Task(worker, worker.host());
    const reading = other.start(byId(99));
    const writing = other.start(register('new'));
    await worker.settled();
    expect(wordsOf(task.view.peek(register('old')))).toBe('known 1');
    const late = new Task(worker, worker.host());
    expect(wordsOf(await late.start(register('old')))).toBe('known 1');
    expect(worker.gateState(':read')).toBe('closed');
    expect(worker.gateState(':write')).toBe('closed');
    const waiting = other.view.peek(byId(99));
    expect(waiting.kind === 'waiting' && waiting.error instanceof EnvironmentError).toBe(true);
    expect(wordsOf(waiting)).toBe('waiting read');
    await worker.clock.advance(60_000);
    worker.registry.put('elsewhere', { schema: avro('elsewhere').schema }, 99);
    worker.registry.fault = () => undefined;
    await worker.clock.advance(2000);
    expect(wordsOf(await reading)).toBe('known 99');
    expect(wordsOf(await writing)).toBe('known 100');
    expect(worker.gateState(':read')).toBe('open');
    expect(worker.gateState(':write')).toBe('open');
  });

  it.each([
    ['refused', down],
    ['reset', (): Reply => 'reset'],
    ['hung', (): Reply => 'hung'],
    ['plain-text 500', (): Reply => ({ status: 500, body: 'Internal Server Error' })],
    ['HTML 502', (): Reply => ({ status: 502, body: '<html>Bad Gateway</html>' })],
    ['429', (): Reply => ({ status: 429, body: '' })],
    ['a maintenance page', (): Reply => ({ status: 200, body: '<html>Back soon</html>' })],
  ])('never fails a question: %s', async (_name, fault) => {
    const worker = new WorkerOfRegistries();
    worker.registry.fault = fault;
    const task = new Task(worker, worker.host());
    const writing = task.start(register('orders'));
    await worker.clock.advance(30_000);
    expect(task.answer).toBeUndefined();
    expect(task.parkedAt).toMatch(/:write$/);
    worker.registry.fault = () => undefined;
    await worker.clock.advance(12_000);
    expect(wordsOf(await writing)).toBe('known 1');
    expect(worker.registry.schemas.size).toBe(1);
  });

  it('writes one log line per change, with a code', async () => {
    const worker = new WorkerOfRegistries();
    worker.registry.fault = down;
    const task = new Task(worker, worker.host());
    const reading = task.start(byId(1));
    await worker.clock.advance(120_000);
    worker.registry.put('s', { schema: avro('s').schema });
    worker.registry.fault = () => undefined;
    await worker.clock.advance(2000);
    await reading;
    const gateLines = worker.log.lines.filter(({ fields }) => typeof fields['gate'] === 'string');
    expect(gateLines.map(({ level, fields }) => `${level} ${String(fields['code'])}`)).toEqual([
      'warn holdfast.registry.unavailable',
      'info holdfast.registry.unavailable',
    ]);
    expect(worker.log.lines.length).toBeLessThan(6);
    expect(worker.events.filter(({ type }) => type === 'gate')).toHaveLength(2);
    expect(worker.events.filter(({ type }) => type === 'parked')).toHaveLength(1);
    expect(worker.events.find(({ type }) => type === 'resumed')).toMatchObject({ question: 'by-id' });
  });

  it('is over when it is over: requests that hung since before do not bring it back', async () => {
    const worker = new WorkerOfRegistries();
    for (let i = 1; i <= 8; i++) worker.registry.put(`s${i}`, { schema: avro(`s${i}`).schema });
    await new Task(worker, worker.host()).start(byId(1));
    worker.registry.fault = ({ path }) => (path === '/schemas/ids/2' ? 'hung' : 'refused');
    const hanging = new Task(worker, worker.host()).start(byId(2));
    const refused = new Task(worker, worker.host()).start(byId(3));
    await worker.clock.advance(1000);
    worker.registry.fault = () => undefined;
    await worker.clock.advance(2000);
    expect(wordsOf(await refused)).toBe('known 3');
    worker.registry.fault = ({ fresh }) => (fresh ? 'reset' : undefined);
    await worker.clock.advance(20_000);
    expect(wordsOf(await hanging)).toBe('known 2');
    expect(worker.events.filter(({ type }) => type === 'gate')).toHaveLength(2);
  });

  it('waits as long as Retry-After says', async () => {
    const worker = new WorkerOfRegistries();
    worker.registry.fault = () => ({ status: 429, body: '', headers: { 'retry-after': '20' } });
    const task = new Task(worker, worker.host());
    task.begin(byId(1));
    await worker.settled();
    worker.transport.take();
    await worker.clock.advance(19_900);
    expect(worker.transport.take()).toEqual([]);
    await worker.clock.advance(200);
    expect(worker.transport.take()).not.toEqual([]);
  });

  it('probes at once when told to', async () => {
    const worker = new WorkerOfRegistries();
    worker.registry.fault = () => ({ status: 429, body: '', headers: { 'retry-after': '500' } });
    const task = new Task(worker, worker.host());
    const reading = task.start(byId(1));
    await worker.settled();
    worker.registry.put('s', { schema: avro('s').schema });
    worker.registry.fault = () => undefined;
    expect(worker.coordinator.probeNow(task.view.registryId)).toBe(true);
    await worker.clock.advance(100);
    expect(wordsOf(await reading)).toBe('known 1');
    expect(worker.coordinator.probeNow('another')).toBe(false);
  });

  it('invariant 9: probes at most once a second, however often it is told to', async () => {
    const worker = new WorkerOfRegistries();
    worker.registry.fault = () => ({ status: 429, body: '', headers: { 'retry-after': '500' } });
    const task = new Task(worker, worker.host());
    task.begin(byId(1));
    await worker.clock.advance(1000);
    worker.transport.take();
    for (let n = 0; n < 500; n++) {
      expect(worker.coordinator.probeNow(task.view.registryId)).toBe(true);
      await worker.clock.advance(10);
    }
    const asked = worker.transport.take().length;
    expect(asked).toBeGreaterThanOrEqual(5);
    expect(asked).toBeLessThanOrEqual(10);
  });

  it('ends the wait at registry.park.timeout.ms, with an error that is never tolerated', async () => {
    const worker = new WorkerOfRegistries();
    worker.registry.fault = down;
    const task = new Task(worker, worker.host(), { 'registry.park.timeout.ms': '300000' });
    const patient = new Task(worker, worker.host());
    task.begin(byId(1));
    patient.begin(byId(1));
    await worker.clock.advance(299_000);
    expect(task.answer).toBeUndefined();
    await worker.clock.advance(2000);
    expect(wordsOf(task.answer)).toBe('refused holdfast.registry.park-timeout');
    expect(task.answer?.kind === 'refused' && task.answer.error instanceof DataError).toBe(false);
    expect(task.answer?.kind === 'refused' && task.answer.error instanceof ConfigError).toBe(true);
    expect(patient.answer).toBeUndefined();
  });
});

describe('Invariant 9: one outage, one prober', () => {
  const outageOf = async (
    tasks: number,
    distinct: boolean,
  ): Promise<{ during: number; after: number; worker: WorkerOfRegistries }> => {
    const worker = new WorkerOfRegistries();
    worker.registry.fault = down;
    const hosts = [worker.host(), worker.host(), worker.host()];
    const running = Array.from({ length: tasks }, (_, i) => {
      const task = new Task(worker, hosts[i % 3]!);
      return task.start(register(distinct ? `topic-${i}` : 'topic'));
    });
    await worker.clock.advance(10_000);
    worker.transport.take();
    await worker.clock.advance(50_000);
    const during = worker.transport.take().length;
    worker.registry.fault = () => undefined;
    await worker.clock.advance(10_000);
    expect((await Promise.all(running)).every(({ kind }) => kind === 'known')).toBe(true);
    return { during, after: worker.transport.take().length, worker };
  };

  it('asks as often for 200 waiting tasks as for one, during the outage and after it', async () => {
    const one = await outageOf(1, false);
    const many = await outageOf(200, false);
    expect(one.during).toBeGreaterThan(50);
    expect(one.during).toBeLessThan(240);
    expect(many.during).toBe(one.during);
    expect(many.after).toBe(one.after);
  });

  it('asks for 200 different schemas once each when it is back, no more than eight at a time', async () => {
    const one = await outageOf(1, false);
    const many = await outageOf(200, true);
    expect(many.during).toBe(one.during);
    expect(many.worker.registry.posts).toBe(200);
    // One registration and, with one URL, five reads for the barrier each.
    expect(many.after).toBeLessThan(one.after + 1250);
  });

  it('lets tasks go with jitter', async () => {
    const worker = new WorkerOfRegistries();
    worker.registry.put('s', { schema: avro('s').schema });
    worker.registry.fault = down;
    const host = worker.host();
    const tasks = Array.from({ length: 100 }, () => new Task(worker, host));
    for (const task of tasks) task.begin(byId(1));
    await worker.clock.advance(10_000);
    worker.registry.fault = () => undefined;
    const done = (): number => tasks.filter(({ answer }) => answer !== undefined).length;
    while (done() === 0) await worker.clock.advance(5);
    expect(done()).toBeLessThan(20);
    await worker.clock.advance(1000);
    expect(done()).toBe(100);
  });
});

describe('reads work, writes do not', () => {
  const noPrimary = ({ method, path }: { method: string; path: string }): Reply | undefined =>
    method === 'POST' && path.endsWith('/versions')
      ? error(500, 50003, 'Error while forwarding the request to the master.')
      : undefined;

  it('closes the write gate only, and lets one registration through to find out', async () => {
    const worker = new WorkerOfRegistries();
    const known = worker.registry.put('known', { schema: avro('known').schema });
    worker.registry.fault = noPrimary;
    const host = worker.host();
    const tasks = Array.from({ length: 20 }, () => new Task(worker, host));
    const writing = tasks.map((task, i) => task.start(register(`new-${i}`)));
    await worker.clock.advance(300);
    expect(worker.gateState(':write')).toBe('closed');
    expect(worker.gateState(':read')).toBe('open');
    expect(wordsOf(await new Task(worker, host).start(byId(known)))).toBe('known 1');
    await worker.clock.advance(5000);
    worker.transport.take();
    await worker.clock.advance(10_000);
    const posts = worker.transport.take().filter((request) => request.endsWith('/versions'));
    // A quarter of a second between two trials, each once more on a fresh connection.
    expect(posts.length).toBeGreaterThan(10);
    expect(posts.length).toBeLessThan(100);
    worker.registry.fault = () => undefined;
    await worker.clock.advance(3000);
    expect((await Promise.all(writing)).every(({ kind }) => kind === 'known')).toBe(true);
    expect(worker.registry.posts).toBe(20);
  });

  it('finds by look-up what is registered already: that needs no primary', async () => {
    const worker = new WorkerOfRegistries();
    worker.registry.fault = noPrimary;
    const host = worker.host();
    new Task(worker, host).begin(register('new'));
    await worker.settled();
    worker.registry.put('elsewhere', { schema: avro('elsewhere').schema });
    const writing = new Task(worker, host).start(register('elsewhere'));
    await worker.clock.advance(100);
    expect(wordsOf(await writing)).toBe('known 1');
    expect(worker.gateState(':write')).toBe('closed');
  });

  it('asks no more for what nobody waits for', async () => {
    const worker = new WorkerOfRegistries();
    worker.registry.fault = noPrimary;
    const host = worker.host();
    const task = new Task(worker, host);
    task.begin(register('dropped'));
    await worker.clock.advance(3000);
    task.stop();
    await worker.clock.advance(2000);
    worker.transport.take();
    worker.registry.fault = () => undefined;
    await worker.clock.advance(30_000);
    expect(worker.transport.take()).toEqual([]);
    expect(worker.gateState(':write')).toBe('half-open');
    expect(wordsOf(await new Task(worker, host).start(register('next')))).toBe('known 1');
    expect(worker.gateState(':write')).toBe('open');
    expect(worker.registry.subjects.has('dropped')).toBe(false);
  });

  it('a trial that meets a contradiction does not leave those behind it waiting for ever', async () => {
    const worker = new WorkerOfRegistries();
    const host = worker.host();
    await new Task(worker, host).start(register('a'));
    worker.registry.fault = ({ method, path }) =>
      method === 'POST' && path.includes('/versions') ? 'refused' : undefined;
    const gone = new Task(worker, host);
    gone.begin(register('b'));
    await worker.clock.advance(1000);
    gone.stop();
    worker.registry.fault = () => undefined;
    await worker.clock.advance(60_000);
    expect(worker.gateState(':write')).toBe('half-open');
    worker.registry.fault = ({ method, path }) =>
      method === 'POST' && path.startsWith('/subjects/c/versions')
        ? { status: 200, body: { id: 1 }, delayMs: 500 }
        : undefined;
    const trial = new Task(worker, host);
    trial.begin(register('c'));
    await worker.clock.advance(10);
    const behind = new Task(worker, host);
    behind.begin(register('d'));
    await worker.clock.advance(10);
    expect(behind.parkedAt).toMatch(/:write$/);
    await worker.clock.advance(60_000);
    expect(wordsOf(trial.answer)).toBe('refused holdfast.registry.content-changed');
    expect(wordsOf(behind.answer)).toBe('known 2');
    expect(worker.gateState(':write')).toBe('open');
  });

  /** What a replica says by itself, of one subject, while no primary takes writes. */
  const replicas = (subject: string, reply: Reply) => (request: { method: string; path: string }) => {
    if (request.method !== 'POST') return undefined;
    return request.path.startsWith(`/subjects/${subject}/versions`) ? reply : noPrimary(request as never);
  };
  const writeGates = (worker: WorkerOfRegistries): string[] =>
    worker.events.flatMap((e) => (e.type === 'gate' && e.gate.id.endsWith(':write') ? [e.gate.state] : []));

  it.each([
    ['an invalid schema', error(422, 42201, 'Invalid schema'), 'refused holdfast.registry.schema.invalid'],
    ['an invalid subject', error(422, 42208, 'Invalid subject'), 'refused holdfast.registry.schema.invalid'],
    ['a subject that is not for all', error(403, 40301, 'Forbidden'), 'refused holdfast.registry.authorization'],
  ])('is not opened by what a replica says of %s', async (_, reply, words) => {
    const worker = new WorkerOfRegistries();
    const host = worker.host();
    await new Task(worker, host).start(register('seen'));
    worker.registry.fault = noPrimary;
    const [bad, good] = [new Task(worker, host), new Task(worker, host)];
    bad.begin(register('bad'));
    good.begin(register('good'));
    await worker.clock.advance(5000);
    worker.registry.fault = replicas('bad', reply);
    worker.transport.take();
    await worker.clock.advance(60_000);
    expect(writeGates(worker)).toEqual(['closed']);
    expect(worker.transport.take().filter((each) => each.includes('/subjects/good/versions')).length).toBeGreaterThan(
      50,
    );
    worker.registry.fault = ({ path }) => (path.startsWith('/subjects/bad/versions') ? reply : undefined);
    await worker.clock.advance(5000);
    expect(wordsOf(good.answer)).toBe('known 2');
    expect(writeGates(worker)).toEqual(['closed', 'open']);
    expect(wordsOf(bad.answer)).toBe(words);
  });

  it('is opened to tell who was refused when nobody else waits', async () => {
    const worker = new WorkerOfRegistries();
    worker.registry.fault = noPrimary;
    const host = worker.host();
    const tasks = [new Task(worker, host), new Task(worker, worker.host())];
    for (const task of tasks) task.begin(register('bad'));
    await worker.clock.advance(3000);
    worker.registry.fault = replicas('bad', error(422, 42201, 'Invalid schema'));
    await worker.clock.advance(3000);
    expect(tasks.map(({ answer }) => wordsOf(answer))).toEqual(
      Array(2).fill('refused holdfast.registry.schema.invalid'),
    );
  });

  it.each([
    [error(422, 42201, 'Invalid schema'), 'half-open'],
    // Only the primary compares.
    [error(409, 409, 'Incompatible'), 'open'],
  ])(
    'is left half-open by one that comes later and that a replica may have refused by itself: %j',
    async (reply, state) => {
      const worker = new WorkerOfRegistries();
      worker.registry.fault = noPrimary;
      const host = worker.host();
      const gone = new Task(worker, host);
      gone.begin(register('gone'));
      await worker.clock.advance(3000);
      gone.stop();
      await worker.clock.advance(3000);
      expect(worker.gateState(':write')).toBe('half-open');
      worker.registry.fault = replicas('bad', reply);
      const bad = new Task(worker, host);
      bad.begin(register('bad'));
      await worker.clock.advance(2000);
      expect(wordsOf(bad.answer)).toMatch(/^refused/);
      expect(worker.gateState(':write')).toBe(state);
      worker.registry.fault = () => undefined;
      expect(wordsOf(await new Task(worker, host).start(register('good')))).toBe('known 1');
      expect(worker.gateState(':write')).toBe('open');
    },
  );

  it('a half-open gate is no reason not to ask for what waits elsewhere', async () => {
    const worker = new WorkerOfRegistries();
    const isById = ({ path }: { path: string }): boolean => path.startsWith('/schemas/ids/');
    worker.registry.fault = (request) => (isById(request) ? error(404, 40403, 'lag') : undefined);
    const host = worker.host();
    const held = new Task(worker, host);
    const writing = held.start(register('held'));
    await worker.clock.advance(2100);
    expect(held.parkedAt).toMatch(/:barrier:1$/);
    worker.registry.fault = () => 'refused';
    const gone = new Task(worker, host);
    gone.begin(register('gone'));
    await worker.clock.advance(1000);
    gone.stop();
    worker.registry.fault = () => undefined;
    await worker.clock.advance(60_000);
    expect(wordsOf(await writing)).toBe('known 1');
    expect(worker.gateState(':write')).toBe('open');
  });

  it('parks a read-only subject alone, until its mode is changed', async () => {
    const worker = new WorkerOfRegistries();
    worker.registry.fault = ({ method, path }) => {
      if (path.startsWith('/mode/frozen')) return { status: 200, body: { mode: 'READONLY' } };
      return method === 'POST' && path.startsWith('/subjects/frozen/')
        ? error(422, 42205, 'not in read-write mode')
        : undefined;
    };
    const host = worker.host();
    const frozen = new Task(worker, host);
    const writing = frozen.start(register('frozen'));
    expect(wordsOf(await new Task(worker, host).start(register('free')))).toBe('known 1');
    await worker.settled();
    expect(wordsOf(frozen.view.peek(register('frozen')))).toBe('waiting subject:frozen');
    expect(worker.gateState(':write')).toBe('open');
    await worker.clock.advance(600_000);
    expect(frozen.answer).toBeUndefined();
    worker.registry.fault = () => undefined;
    await worker.clock.advance(8000);
    expect(wordsOf(await writing)).toBe('known 2');
    expect(worker.gates.snapshots()).toHaveLength(2);
  });

  it('takes 42205 for bad data when the subject is not read-only', async () => {
    const worker = new WorkerOfRegistries();
    worker.registry.fault = ({ method }) =>
      method === 'POST' ? error(422, 42205, 'Overwrite new schema with id') : undefined;
    const task = new Task(worker, worker.host());
    task.begin(register('s'));
    await worker.clock.advance(2000);
    expect(wordsOf(task.answer)).toBe('refused holdfast.registry.schema.invalid');
  });
});

describe('several nodes', () => {
  const urls = { 'schema.registry.url': `${NODE_A},${NODE_B}` };

  it('needs one node that answers, and remembers the dead one', async () => {
    const worker = new WorkerOfRegistries({ nodes: [NODE_A, NODE_B] });
    worker.transport.nodes.set(NODE_A, () => 'hung');
    for (let i = 0; i < 5; i++) worker.registry.put(`s${i}`, { schema: avro(`s${i}`).schema });
    const host = worker.host();
    const first = new Task(worker, host, urls);
    const started = first.start(byId(1));
    await worker.clock.advance(12_000);
    expect(wordsOf(await started)).toBe('known 1');
    expect(worker.gateState(':read')).toBe('open');
    worker.transport.take();
    const before = worker.clock.monotonic();
    for (const id of [2, 3, 4, 5])
      expect(wordsOf(await new Task(worker, host, urls).start(byId(id)))).toBe(`known ${id}`);
    expect(worker.clock.monotonic()).toBe(before);
    expect(worker.transport.take().every((request) => request.includes(NODE_B))).toBe(true);
  });

  it('gives a node that came back its share of the reads again', async () => {
    const worker = new WorkerOfRegistries({ nodes: [NODE_A, NODE_B] });
    worker.transport.nodes.set(NODE_A, down);
    for (let i = 0; i < 20; i++) worker.registry.put(`s${i}`, { schema: avro(`s${i}`).schema });
    const host = worker.host();
    const task = new Task(worker, host, urls);
    await task.start(byId(1));
    worker.transport.nodes.set(NODE_A, worker.registry.handle);
    await worker.clock.advance(60_000);
    worker.transport.take();
    for (let id = 2; id <= 20; id++) await task.start(byId(id));
    const reads = worker.transport.take().filter((request) => request.includes('/schemas/ids/'));
    expect(reads.filter((request) => request.includes(NODE_A)).length).toBeGreaterThan(7);
    expect(reads.filter((request) => request.includes(NODE_B)).length).toBeGreaterThan(7);
    expect(worker.events.filter(({ type }) => type === 'node')).toMatchObject([{ alive: false }, { alive: true }]);
  });

  it('parks nobody for one stale connection', async () => {
    const worker = new WorkerOfRegistries();
    const id = worker.registry.put('s', { schema: avro('s').schema });
    worker.registry.fault = ({ fresh }) => (fresh ? undefined : 'reset');
    expect(wordsOf(await new Task(worker, worker.host()).start(byId(id)))).toBe('known 1');
    expect(worker.events.filter(({ type }) => type === 'gate')).toEqual([]);
  });

  it('goes on to the next node when one hangs, after one time limit and not two', async () => {
    const worker = new WorkerOfRegistries({ nodes: [NODE_A, NODE_B] });
    const id = worker.registry.put('s', { schema: avro('s').schema });
    worker.transport.nodes.set(NODE_A, () => 'hung');
    const reading = new Task(worker, worker.host(), urls).start(byId(id));
    await worker.clock.advance(5_100);
    expect(wordsOf(await reading)).toBe('known 1');
    expect(worker.events.filter(({ type }) => type === 'gate')).toEqual([]);
  });

  it('looks a registration up before it is sent again, when its outcome is unknown', async () => {
    const worker = new WorkerOfRegistries({ nodes: [NODE_A, NODE_B] });
    let lost = 0;
    worker.transport.nodes.set(NODE_A, (request) => {
      const reply = worker.registry.handle(request);
      if (request.method !== 'POST' || !request.path.endsWith('/versions')) return reply;
      lost += 1;
      return { status: 500, body: 'Internal Server Error' };
    });
    expect(wordsOf(await new Task(worker, worker.host(), urls).start(register('orders')))).toBe('known 1');
    expect(lost).toBe(1);
    expect(worker.registry.posts).toBe(1);
    const asked = worker.transport
      .take()
      .filter((request) => request.startsWith('POST'))
      .map((request) => request.split(' ')[2]);
    expect(asked).toEqual(['/subjects/orders/versions', '/subjects/orders']);
  });

  it('sends writes to the primary first, when it is known', async () => {
    const worker = new WorkerOfRegistries({
      nodes: [NODE_A, NODE_B],
      knowledge: Object.assign(new NoPrimaryKnowledge(), { primary: () => NODE_B }),
    });
    await new Task(worker, worker.host(), urls).start(register('orders'));
    expect(worker.transport.take().filter((request) => request.startsWith('POST'))).toEqual([
      `POST ${NODE_B} /subjects/orders/versions`,
    ]);
  });
});

describe('a frozen registry', () => {
  it('is said to be frozen within a second, by name, and what waits goes on with the answer', async () => {
    const worker = new WorkerOfRegistries();
    const host = worker.host();
    worker.registry.put('s', { schema: avro('s').schema });
    worker.registry.fault = () => 'hung';
    const tasks = Array.from({ length: 5 }, () => new Task(worker, host));
    const reading = tasks.map((task) => task.start(byId(1)));
    new Task(worker, host).begin(byId(2));
    await worker.clock.advance(1100);
    expect(tasks.map(({ view }) => wordsOf(view.peek(byId(1))))).toEqual(Array(5).fill('waiting slow:1'));
    const waiting = tasks[0]!.view.peek(byId(1));
    expect(waiting.kind === 'waiting' && waiting.error.message).toMatch(/http:\/\/a:8081 .* frozen, overloaded/);
    const { gates } = worker.coordinator.snapshots()[0]!;
    expect(gates.filter(({ id }) => id.includes(':slow:')).map(({ state }) => state)).toEqual(['closed', 'closed']);
    // Whoever asks later joins them, and asks the registry nothing.
    worker.transport.take();
    const late = new Task(worker, host);
    const lateReading = late.start(byId(1));
    await worker.clock.advance(0);
    expect(wordsOf(late.view.peek(byId(1)))).toBe('waiting slow:1');
    expect(worker.transport.take()).toEqual([]);
    worker.registry.fault = () => undefined;
    await worker.clock.advance(12_000);
    expect((await Promise.all([...reading, lateReading])).map(wordsOf)).toEqual(Array(6).fill('known 1'));
    expect(worker.gates.snapshots().some(({ id }) => id.includes(':slow:'))).toBe(false);
    const lines = worker.log.lines.filter(({ fields }) => fields['code'] === 'holdfast.registry.slow');
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'info']);
  });

  it('is away once its time limits have passed', async () => {
    const worker = new WorkerOfRegistries();
    worker.registry.fault = () => 'hung';
    const task = new Task(worker, worker.host());
    task.begin(byId(1));
    await worker.clock.advance(20_000);
    expect(task.parkedAt).toMatch(/:read$/);
  });
});

describe('a slow registry', () => {
  it('holds a batch up for the patience only, and wakes who waits with the answer', async () => {
    const worker = new WorkerOfRegistries();
    const id = worker.registry.put('s', { schema: avro('s').schema });
    const quick = worker.registry.put('q', { schema: avro('q').schema });
    worker.registry.fault = ({ path }) =>
      path === `/schemas/ids/${id}` ? { status: 200, body: { schema: avro('s').schema }, delayMs: 1500 } : undefined;
    const task = new Task(worker, worker.host());
    const reading = task.start(byId(id));
    await worker.clock.advance(100);
    expect(wordsOf(task.view.peek(byId(id)))).toMatch(/^waiting answer:/);
    expect(wordsOf(await task.start(byId(quick)))).toBe(`known ${quick}`);
    await worker.clock.advance(1400);
    expect(wordsOf(await reading)).toBe('known 1');
    expect(worker.gateState(':read')).toBe('open');
  });

  it('gives up a wait with the signal', async () => {
    const worker = new WorkerOfRegistries();
    worker.registry.fault = () => 'hung';
    const view = worker.host().schemaView({ 'schema.registry.url': NODE_A });
    const stop = new AbortController();
    const resolved = view.resolve([byId(1)], stop.signal);
    stop.abort(new Error('task stopped'));
    await expect(resolved).rejects.toThrow('task stopped');
  });
});
