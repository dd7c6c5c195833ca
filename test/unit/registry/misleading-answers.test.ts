/** Invariant 3: a registry that served before and answers like a wrong setting is waited for; one that never served is a wrong setting. */
import { describe, expect, it } from 'vitest';
import { MemoryCompactedLog } from '../../../src/registry/compacted-log.ts';
import { type HttpRequest, TransportFailure } from '../../../src/registry/http-transport.ts';
import { ConfigError, type ConnectError } from '../../../src/sdk/errors/index.ts';
import { error, ok, type Reply } from './scripted-transport.ts';
import { byId, lookup, NODE_A, NODE_B, register, Task, WorkerOfRegistries, wordsOf } from './worker-of-registries.ts';

const LOOKS_WRONG = 'holdfast.registry.looks-misconfigured';
const html = (status: number): Reply => ({ status, body: '<html>default backend</html>' });

type Case = readonly [name: string, reply: Reply | TransportFailure, seen: string, code: string];

const cases: readonly Case[] = [
  ['404 of an ingress', html(404), 'HTTP 404 at', 'holdfast.registry.url'],
  ['404 of another web server', error(404, 404, 'Not Found'), 'HTTP 404/404', 'holdfast.registry.url'],
  ['400', html(400), 'HTTP 400 at', 'holdfast.registry.url'],
  ['a redirect to a login page', html(302), 'HTTP 302 at', 'holdfast.registry.url'],
  ['405', html(405), 'HTTP 405 at', 'holdfast.registry.url'],
  ['401', error(401, 40101, 'Unauthorized'), 'HTTP 401/40101', 'holdfast.registry.authorization'],
  ['403', error(403, 40301, 'Forbidden'), 'HTTP 403/40301', 'holdfast.registry.authorization'],
  [
    'an expired certificate',
    new TransportFailure('CERT_HAS_EXPIRED', 'exchange', ''),
    'CERT_HAS_EXPIRED at',
    'holdfast.registry.url',
  ],
];

function play(reply: Reply | TransportFailure): Reply {
  if (reply instanceof TransportFailure) throw reply;
  return reply;
}

/** A worker whose registry answered a look-up, and two questions that only the registry can answer. */
async function served(nodes: readonly string[] = [NODE_A]): Promise<{ worker: WorkerOfRegistries; task: Task }> {
  const worker = new WorkerOfRegistries({ nodes });
  worker.registry.put('old', { schema: '"string"' });
  const task = new Task(worker, worker.host(), { 'schema.registry.url': nodes.join(',') });
  await task.start(byId(1));
  return { worker, task };
}

const OTHER_USER = { 'basic.auth.credentials.source': 'USER_INFO', 'basic.auth.user.info': 'bob:secret' };

function shown(worker: WorkerOfRegistries, code: string): string[] {
  return worker.log.lines.filter(({ fields }) => fields['code'] === code).map(({ message }) => message);
}

describe('a registry that served before', () => {
  it.each(cases)('parks what it answers like a wrong setting, and goes on: %s', async (_name, reply, seen, code) => {
    const { worker, task } = await served();
    worker.registry.put('newer', { schema: '"long"' });
    worker.registry.fault = () => play(reply);
    const writer = new Task(worker, worker.host());
    task.begin(byId(2));
    writer.begin(register('new'));
    await worker.clock.advance(2 * 60_000);
    expect([wordsOf(task.view.peek(byId(2))), wordsOf(writer.view.peek(register('new')))]).toEqual([
      'waiting read',
      'waiting write',
    ]);
    for (const gate of worker.gates.snapshots()) {
      expect(gate).toMatchObject({ state: 'closed' });
      expect(gate.reason).toContain(seen);
      expect(gate.reason).toMatch(/It looks like (a )?wrong .*before: look at/);
    }
    const answer = writer.view.peek(register('new'));
    expect(answer.kind === 'waiting' && (answer.error as ConnectError).code).toBe(LOOKS_WRONG);
    expect(shown(worker, LOOKS_WRONG)).toEqual(
      Array(2).fill('The schema registry served before, and answers like a wrong setting; what needs it waits'),
    );
    worker.registry.fault = () => undefined;
    // Credentials that are refused are sent seldom in the end.
    await worker.clock.advance(code === 'holdfast.registry.authorization' ? 30_000 : 5000);
    expect([wordsOf(task.answer), wordsOf(writer.answer)]).toEqual(['known 2', 'known 3']);
  });

  describe('and refuses the credentials now', () => {
    const refusals: readonly (readonly [string, Reply])[] = [
      ['401', error(401, 40101, 'Unauthorized')],
      ['403', html(403)],
    ];

    it.each(refusals.slice(0, 1))(
      'is sent them less and less, so as not to have the user locked: %s',
      async (_name, reply) => {
        const { worker, task } = await served();
        worker.registry.fault = () => reply;
        const writer = new Task(worker, worker.host());
        task.begin(byId(2));
        writer.begin(register('new'));
        const perMinute: number[] = [];
        for (let minute = 0; minute < 3; minute++) {
          worker.transport.take();
          await worker.clock.advance(60_000);
          perMinute.push(worker.transport.take().length);
        }
        expect(perMinute[0]).toBeLessThan(150);
        expect(perMinute[2]).toBeLessThan(40);
        expect(perMinute[2]).toBeGreaterThan(0);
      },
    );

    it.each(refusals)(
      'is asked again soon at first, and at once when somebody wants to know: %s',
      async (_name, reply) => {
        const { worker, task } = await served();
        worker.registry.put('newer', { schema: '"long"' });
        worker.registry.fault = () => reply;
        task.begin(byId(2));
        await worker.clock.advance(500);
        worker.registry.fault = () => undefined;
        await worker.clock.advance(1000);
        expect(wordsOf(task.answer)).toBe('known 2');
        worker.registry.put('newest', { schema: '"float"' });
        await worker.clock.advance(60_000);
        worker.registry.fault = () => reply;
        task.begin(byId(3));
        await worker.clock.advance(5 * 60_000);
        worker.registry.fault = () => undefined;
        const id = worker.gates.snapshots()[0]?.id.split(':')[1] ?? '';
        expect(worker.coordinator.probeNow(id)).toBe(true);
        await worker.clock.advance(1000);
        expect(wordsOf(task.answer)).toBe('known 3');
      },
    );
  });

  it.each(cases)('is none as long as it never did: %s', async (_name, reply, _seen, code) => {
    const worker = new WorkerOfRegistries();
    worker.registry.fault = () => play(reply);
    const answer = await new Task(worker, worker.host()).start(byId(1));
    expect(wordsOf(answer)).toBe(`refused ${code}`);
    expect(answer.kind === 'refused' && answer.error instanceof ConfigError).toBe(true);
  });

  it('served when it denied something in its own words, and not when anything answered for it', async () => {
    const denied = new WorkerOfRegistries();
    await new Task(denied, denied.host()).start(lookup('unknown'));
    denied.registry.fault = () => html(404);
    const task = new Task(denied, denied.host());
    task.begin(register('new'));
    await denied.clock.advance(60_000);
    expect(wordsOf(task.view.peek(register('new')))).toBe('waiting write');
    const other = new WorkerOfRegistries();
    other.registry.fault = () => error(401, 40101, 'Unauthorized');
    expect(wordsOf(await new Task(other, other.host()).start(byId(1)))).toMatch(/^refused/);
    await other.clock.advance(2000);
    expect(wordsOf(await new Task(other, other.host()).start(byId(2)))).toMatch(/^refused/);
  });

  it('with a changed password is another one, that never served: it is refused at once', async () => {
    const worker = new WorkerOfRegistries();
    worker.registry.put('old', { schema: '"string"' });
    const right = `Basic ${btoa('ann:right')}`;
    worker.registry.fault = ({ headers }) =>
      headers['authorization'] === right ? undefined : error(401, 40101, 'Unauthorized');
    const host = worker.host();
    const first = new Task(worker, host, { 'schema.registry.url': 'http://ann:right@a:8081' });
    expect(wordsOf(await first.start(byId(1)))).toBe('known 1');
    const second = new Task(worker, host, { 'schema.registry.url': 'http://ann:wrong@a:8081' });
    expect(wordsOf(await second.start(byId(1)))).toBe('refused holdfast.registry.authorization');
    expect(worker.gates.snapshots().filter(({ state }) => state !== 'open')).toEqual([]);
  });

  it.each<[string, Reply, string]>([
    ['404 of an ingress', html(404), 'none'],
    ['a redirect', html(302), 'none'],
    ['400', html(400), 'none'],
    // With these credentials it did not serve.
    ['401', error(401, 40101, 'Unauthorized'), 'refused holdfast.registry.authorization'],
    ['403', html(403), 'refused holdfast.registry.authorization'],
  ])(
    'is known by its URL after a restart of the worker, which goes on with what it knew: %s',
    async (_, reply, unknown) => {
      const log = new MemoryCompactedLog();
      const before = await WorkerOfRegistries.open(log);
      before.registry.put('old', { schema: '"string"' });
      await new Task(before, before.host()).start(byId(1));
      await new Task(before, before.host()).start(register('orders'));
      await before.store?.flushed();
      const after = await WorkerOfRegistries.open(log);
      after.registry.fault = () => reply;
      const host = after.host();
      const asking = [byId(1), register('orders'), byId(77)].map((question) => {
        const task = new Task(after, host, OTHER_USER);
        task.begin(question);
        return task;
      });
      await after.clock.advance(20_000);
      expect(wordsOf(asking[2]?.answer)).toBe(unknown);
      if (unknown === 'none')
        expect(asking.slice(0, 2).map((task) => wordsOf(task.answer))).toEqual(['known 1', 'known 2']);
      const elsewhere = new Task(after, host, { ...OTHER_USER, 'schema.registry.url': `${NODE_A}/other` });
      after.transport.nodes.set(`${NODE_A}/other`, () => html(404));
      elsewhere.begin(byId(1));
      await after.clock.advance(20_000);
      expect(wordsOf(elsewhere.answer)).toBe('refused holdfast.registry.url');
    },
  );

  it('has its tasks let go after a change of trouble, and tells of each kind once', async () => {
    const { worker, task } = await served();
    worker.registry.put('newer', { schema: '"long"' });
    const troubles: readonly Reply[] = ['refused', html(404), error(503, 50301, 'starting')];
    let n = 0;
    worker.registry.fault = () => troubles[Math.floor(n++ / 7) % troubles.length] ?? 'refused';
    task.begin(byId(2));
    await worker.clock.advance(120_000);
    expect(shown(worker, 'holdfast.registry.unavailable')).toEqual([
      'The schema registry is away; what needs it waits',
    ]);
    expect(shown(worker, LOOKS_WRONG)).toHaveLength(1);
    worker.registry.fault = () => undefined;
    await worker.clock.advance(5000);
    expect(wordsOf(task.answer)).toBe('known 2');
  });

  it('with one wrong URL in its list is served by the others, and its outage is not called a wrong setting', async () => {
    const { worker, task } = await served([NODE_A, NODE_B]);
    worker.registry.put('newer', { schema: '"long"' });
    worker.transport.nodes.set(NODE_B, () => html(404));
    for (let n = 0; n < 6; n++) {
      const id = worker.registry.put(`s${n}`, { schema: `"s${n}"` });
      expect(wordsOf(await task.start(byId(id)))).toBe(`known ${id}`);
    }
    worker.registry.fault = () => 'refused';
    task.begin(byId(2));
    await worker.clock.advance(60_000);
    expect(worker.gates.snapshots().find(({ id }) => id.endsWith(':read'))?.reason).toBe(`ECONNREFUSED at ${NODE_A}`);
    expect(shown(worker, LOOKS_WRONG)).toEqual([]);
  });

  it('is waited for when it hangs, though another URL of its list is wrong', async () => {
    const worker = new WorkerOfRegistries({ nodes: [NODE_A, NODE_B] });
    worker.transport.nodes.set(NODE_B, () => html(404));
    worker.registry.put('old', { schema: '"string"' });
    const task = new Task(worker, worker.host(), { 'schema.registry.url': `${NODE_A},${NODE_B}` });
    await task.start(byId(1));
    worker.registry.fault = () => 'hung';
    for (let n = 2; n < 10; n++) task.begin(byId(n));
    await worker.clock.advance(120_000);
    expect(worker.gateState(':read')).toBe('closed');
    expect(task.answer).toMatchObject({ kind: 'known', schema: { id: 1 } });
  });
});

describe('one request that is answered like a wrong setting, while all else is served', () => {
  const writesOf = (subject: string, reply: Reply) => (request: HttpRequest) =>
    request.method === 'POST' && request.path.includes(`/${subject}/`) ? reply : undefined;

  it('waits by itself, and fails when that lasts: a subject that is not allowed', async () => {
    const { worker, task } = await served();
    worker.registry.fault = writesOf('secret', error(403, 40301, 'Forbidden'));
    task.begin(register('secret'));
    await worker.clock.advance(5000);
    expect(wordsOf(task.view.peek(register('secret')))).toBe('waiting subject:secret');
    const other = new Task(worker, worker.host());
    expect(wordsOf(await other.start(register('other')))).toMatch(/^known/);
    await worker.clock.advance(60_000);
    expect(wordsOf(task.answer)).toBe('refused holdfast.registry.authorization');
    expect(worker.gateState(':write')).toBe('open');
  });

  it('waits without limit for a subject that was served before', async () => {
    const { worker, task } = await served();
    await task.start(register('orders'));
    worker.registry.fault = writesOf('orders', error(403, 40301, 'Forbidden'));
    const next = register('orders', { schemaType: 'AVRO', schema: '"double"', references: [] });
    task.begin(next);
    await worker.clock.advance(10 * 60_000);
    expect(wordsOf(task.view.peek(next))).toBe('waiting subject:orders');
    worker.registry.fault = () => undefined;
    await worker.clock.advance(60_000);
    expect(wordsOf(task.answer)).toBe('known 3');
  });

  it('fails for what the request itself has done wrong, whatever its subject', async () => {
    const { worker, task } = await served();
    await task.start(register('orders'));
    worker.registry.fault = writesOf('orders', html(400));
    task.begin(register('orders', { schemaType: 'AVRO', schema: '"double"', references: [] }));
    await worker.clock.advance(60_000);
    expect(wordsOf(task.answer)).toBe('refused holdfast.registry.url');
  });

  it('goes on when only some of the ways lead astray', async () => {
    const { worker, task } = await served();
    worker.registry.put('newer', { schema: '"long"' });
    let n = 0;
    worker.registry.fault = ({ path }) => (path === '/schemas/ids/2' && n++ < 6 ? html(404) : undefined);
    task.begin(byId(2));
    await worker.clock.advance(20_000);
    expect(wordsOf(task.answer)).toBe('known 2');
    expect(worker.gateState(':read')).toBe('open');
  });
});

it('a registry without ids to ask for is not taken to be back for a page of something else', async () => {
  const worker = new WorkerOfRegistries();
  const task = new Task(worker, worker.host());
  await task.start(lookup('unknown'));
  worker.registry.fault = () => html(404);
  task.begin(byId(1));
  await worker.clock.advance(2 * 60_000);
  expect(worker.events.filter((event) => event.type === 'gate')).toHaveLength(1);
});

describe('a registry of which no id is known, and that forbids everything', () => {
  const forbids = (): Reply => error(403, 40301, 'Forbidden');
  const about = (worker: WorkerOfRegistries, types: readonly string[]) =>
    worker.events.filter(({ type }) => types.includes(type));

  async function forbidden(detects: boolean): Promise<WorkerOfRegistries> {
    const worker = new WorkerOfRegistries({ detects });
    await new Task(worker, worker.host()).start(lookup('unknown'));
    worker.registry.fault = forbids;
    return worker;
  }

  it.each([true, false])(
    'is away until it serves, in one outage, whoever finds out (detection: %s)',
    async (detects) => {
      const worker = await forbidden(detects);
      const host = worker.host();
      const readers = Array.from({ length: 50 }, () => new Task(worker, host));
      readers.forEach((task, n) => {
        task.begin(byId(n + 1));
      });
      await worker.clock.advance(1000);
      worker.transport.take();
      const [events, lines] = [worker.events.length, worker.log.lines.length];
      await worker.clock.advance(5 * 60_000);
      expect(worker.events.slice(events).filter(({ type }) => type === 'gate' || type === 'epoch')).toEqual([]);
      expect(about(worker, ['gate'])).toMatchObject([{ gate: { state: 'closed' } }]);
      expect(worker.log.lines.slice(lines)).toEqual([]);
      // One who waits now and then, not all of them: with another token, and on another connection.
      const asked = worker.transport.take().filter((request) => request.includes('/schemas/ids/'));
      expect(asked.length).toBeGreaterThan(0);
      expect(asked.length).toBeLessThan(4 * 31);
      // What one may ask for, while the list of subjects stays forbidden.
      for (let id = 1; id <= 50; id++) worker.registry.put(`s${id}`, { schema: '"long"' }, id);
      worker.registry.fault = ({ path }) => (path === '/subjects' ? forbids() : undefined);
      await worker.clock.advance(15_000);
      expect(readers.map((task) => wordsOf(task.answer))).toEqual(readers.map((_, n) => `known ${n + 1}`));
    },
  );

  it('is not away for all because it forbids what one of them asks for', async () => {
    const worker = await forbidden(false);
    const host = worker.host();
    worker.registry.put('s', { schema: '"long"' }, 2);
    const secret = new Task(worker, host);
    secret.begin(byId(1));
    await worker.clock.advance(1000);
    const other = new Task(worker, host);
    other.begin(byId(2));
    worker.registry.fault = ({ path }) =>
      path === '/subjects' || path.startsWith('/schemas/ids/1') ? forbids() : undefined;
    await worker.clock.advance(40_000);
    expect(wordsOf(other.answer)).toBe('known 2');
    expect(worker.gateState(':read')).toBe('open');
  });

  it('lets writers find out when nobody reads', async () => {
    const worker = await forbidden(false);
    const writer = new Task(worker, worker.host());
    writer.begin(register('new'));
    await worker.clock.advance(60_000);
    expect(writer.answer).toBeUndefined();
    const { length } = about(worker, ['gate']);
    await worker.clock.advance(5 * 60_000);
    expect(about(worker, ['gate'])).toHaveLength(length);
    worker.registry.fault = ({ path }) => (path === '/subjects' ? forbids() : undefined);
    await worker.clock.advance(15_000);
    expect(wordsOf(writer.answer)).toBe('known 1');
  });
});

describe('a registry of which a worker knows a context only, and that keeps its list of subjects to others', () => {
  const inEurope = (id: number) => ({ kind: 'by-id', key: `europe ${id}`, id, subject: ':.europe:' }) as const;
  const europe = (): WorkerOfRegistries => {
    const worker = new WorkerOfRegistries({ nodes: [NODE_A] });
    worker.registry.fault = ({ path, method }) => {
      if (path === '/subjects' || path.includes('secret')) return error(403, 40301, 'User is denied operation');
      if (path.startsWith('/schemas/ids/')) return ok({ schema: `{"type":"fixed","name":"F${path.length}","size":1}` });
      return method === 'POST' ? ok({ id: 7 }) : undefined;
    };
    return worker;
  };

  it.each([true, false])(
    'ends an outage by an id of the context, or by a question itself (id known: %s)',
    async (isKnown) => {
      const worker = europe();
      const host = worker.host();
      const { fault } = worker.registry;
      if (isKnown) await new Task(worker, host).start(inEurope(1));
      else await new Task(worker, host, { 'registry.barrier': 'off' }).start(register(':.europe:a')).catch(() => {});
      worker.registry.fault = () => 'refused';
      const task = new Task(worker, host);
      task.begin(inEurope(22));
      await worker.clock.advance(10_000);
      expect(task.answer).toBeUndefined();
      worker.registry.fault = fault;
      await worker.clock.advance(isKnown ? 2_000 : 60_000);
      expect(wordsOf(task.answer)).toBe('known 22');
    },
  );

  it('is not away for all because it forbids one subject', async () => {
    const worker = europe();
    const host = worker.host();
    await new Task(worker, host).start(inEurope(1));
    new Task(worker, host).begin(register(':.europe:secret'));
    await worker.clock.advance(5_000);
    expect([worker.gateState(':read'), worker.gateState(':write')]).toEqual(['open', 'open']);
    expect(wordsOf(await new Task(worker, host).start(inEurope(22)))).toBe('known 22');
  });
});
