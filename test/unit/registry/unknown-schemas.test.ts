import { describe, expect, it } from 'vitest';
import { DataError } from '../../../src/sdk/errors/index.ts';
import type { SchemaQuestion } from '../../../src/sdk/schema-view.ts';
import { error, ok } from './scripted-transport.ts';
import {
  avro,
  byId,
  latest,
  lookup,
  NODE_A,
  NODE_B,
  register,
  Task,
  WorkerOfRegistries,
  wordsOf,
} from './worker-of-registries.ts';

const urls = { 'schema.registry.url': `${NODE_A},${NODE_B}` };

async function workerWith(ids: number, nodes: readonly string[] = [NODE_A]): Promise<WorkerOfRegistries> {
  const worker = new WorkerOfRegistries({ nodes });
  for (let i = 1; i <= ids; i++) worker.registry.put(`s${i}`, { schema: avro(`s${i}`).schema });
  return worker;
}

describe('an id of a schema of a type that only its registry knows', () => {
  it("is an answer like any other: what it is good for is the converter's to say", async () => {
    const worker = await workerWith(5);
    worker.registry.put('api', { schema: '{"openapi":"3.0"}', schemaType: 'OPENAPI' }, 3);
    const answer = await new Task(worker, worker.host()).start(byId(3));
    expect(answer).toMatchObject({ kind: 'known', schema: { schemaType: 'OPENAPI' } });
    expect(worker.events.filter(({ type }) => type === 'gate')).toEqual([]);
  });
});

describe('an id that a record has no room for', () => {
  it.each([-1, -7, 2 ** 31, 2 ** 32 + 1, 1.5])('%d is refused, and says where it came from', async (id) => {
    const worker = await workerWith(1);
    worker.registry.fault = ({ method }) => (method === 'POST' ? ok({ id }) : undefined);
    for (const question of [register('s'), lookup('s')]) {
      const answer = await new Task(worker, worker.host()).start(question);
      expect(wordsOf(answer)).toBe('refused holdfast.registry.id.unusable');
      expect(answer.kind === 'refused' && answer.error.message).toContain(
        `id ${id} to a schema of subject s at ${NODE_A}`,
      );
      expect(answer.kind === 'refused' && answer.error instanceof DataError).toBe(false);
    }
    worker.registry.fault = ({ path }) =>
      path.endsWith('/latest') ? ok({ id, schema: '"int"', version: 1 }) : undefined;
    expect(wordsOf(await new Task(worker, worker.host()).start(latest('s')))).toBe(
      'refused holdfast.registry.id.unusable',
    );
  });

  it.each([0, 2 ** 31 - 1])('is not %d: an import may have set it', async (id) => {
    const worker = await workerWith(1);
    worker.registry.fault = ({ method, path }) => {
      if (method === 'POST') return ok({ id });
      return path.startsWith(`/schemas/ids/${id}`) ? ok({ schema: avro('s').schema }) : undefined;
    };
    expect(wordsOf(await new Task(worker, worker.host()).start(register('s', avro('s'))))).toBe(`known ${id}`);
    expect(wordsOf(await new Task(worker, worker.host()).start(byId(id)))).toBe(`known ${id}`);
  });

  it.each([-7, 2 ** 31, 1.5])('is bad data at once in a record, and nobody is asked: %d', async (id) => {
    const worker = await workerWith(1);
    worker.registry.fault = () => 'refused';
    const host = worker.host();
    new Task(worker, host).begin(byId(1));
    await worker.clock.advance(5000);
    expect(worker.gateState(':read')).toBe('closed');
    for (const forWriting of [false, true]) {
      const answer = await new Task(worker, host).start({ ...byId(id), forWriting } as SchemaQuestion);
      expect(wordsOf(answer)).toBe('refused holdfast.registry.id.unknown');
      expect(answer).toMatchObject({ error: { message: expect.stringContaining('ids go from 0 to 2147483647') } });
      expect(answer.kind === 'refused' && answer.error instanceof DataError).toBe(true);
    }
    expect(worker.transport.requests.filter(({ path }) => path.startsWith(`/schemas/ids/${id}`))).toEqual([]);
  });
});

describe('an id that no node knows', () => {
  it('is asked for at other nodes before anybody waits', async () => {
    const worker = await workerWith(5, [NODE_A, NODE_B]);
    worker.transport.nodes.set(NODE_A, (request) =>
      request.path === '/schemas/ids/5' ? error(404, 40403, 'Schema not found') : worker.registry.handle(request),
    );
    expect(wordsOf(await new Task(worker, worker.host(), urls).start(byId(5)))).toBe('known 5');
    expect(worker.events.filter(({ type }) => type === 'gate')).toEqual([]);
  });

  it('that is still to come waits at a gate of its own, while others flow', async () => {
    const worker = await workerWith(5);
    const host = worker.host();
    const task = new Task(worker, host);
    const reading = task.start(byId(6));
    await worker.settled();
    expect(wordsOf(task.view.peek(byId(6)))).toBe('waiting id:6');
    // It concerns the records with this id alone: an operator may have them skipped.
    expect(task.view.peek(byId(6))).toMatchObject({ error: { details: { skippable: true } } });
    expect(worker.gateState(':read')).toBe('open');
    expect(wordsOf(await new Task(worker, host).start(byId(2)))).toBe('known 2');
    await worker.clock.advance(700);
    worker.registry.put('late', { schema: avro('late').schema });
    await worker.clock.advance(3000);
    expect(wordsOf(await reading)).toBe('known 6');
    expect(worker.gates.snapshots().map(({ id }) => id.split(':').at(-1))).toEqual(['read', 'write']);
  });

  it('is asked for no more when nobody waits for it', async () => {
    const worker = await workerWith(5);
    const task = new Task(worker, worker.host());
    task.begin(byId(6));
    await worker.clock.advance(20_000);
    task.stop();
    await worker.settled();
    expect(worker.gates.snapshots().map(({ id }) => id.split(':').at(-1))).toEqual(['read', 'write']);
    worker.transport.take();
    await worker.clock.advance(60_000);
    expect(worker.transport.take()).toEqual([]);
  });

  it('loads the registry no more when there are a thousand of them, and all are there soon after the first', async () => {
    const worker = await workerWith(5);
    const host = worker.host();
    const reading = Array.from({ length: 1_000 }, (_, n) => new Task(worker, host).start(byId(6 + n)));
    await worker.clock.advance(60_000);
    worker.transport.take();
    await worker.clock.advance(60_000);
    // Twenty times a second, and each time once more for how far the nodes have read.
    expect(worker.transport.take().length).toBeLessThan(60 * 45);
    for (let i = 6; i <= 1_005; i++) worker.registry.put(`s${i}`, { schema: avro(`s${i}`).schema });
    await worker.clock.advance(3_000);
    const answers = await Promise.all(reading);
    expect(answers.filter(({ kind }) => kind === 'known')).toHaveLength(1_000);
  });

  it('is a data error when ready nodes that are caught up deny it for 30 s', async () => {
    const worker = await workerWith(5);
    worker.registry.schemas.delete(3);
    const task = new Task(worker, worker.host());
    const reading = task.start(byId(3));
    await worker.clock.advance(29_000);
    expect(task.answer).toBeUndefined();
    await worker.clock.advance(7000);
    const answer = await reading;
    expect(wordsOf(answer)).toBe('refused holdfast.registry.id.unknown');
    expect(answer.kind === 'refused' && answer.error instanceof DataError).toBe(true);
    // Each later record asks one more time, but does not wait for another half minute.
    await worker.clock.advance(2000);
    worker.transport.take();
    const again = new Task(worker, worker.host()).start(byId(3));
    await worker.settled();
    expect(wordsOf(await again)).toBe('refused holdfast.registry.id.unknown');
    expect(worker.transport.take()).not.toEqual([]);
  });

  it('is lag again when it is denied long after it was last asked for', async () => {
    const worker = await workerWith(5);
    worker.registry.schemas.delete(3);
    const first = new Task(worker, worker.host());
    first.begin(byId(3));
    await worker.clock.advance(36_000);
    expect(wordsOf(first.answer)).toBe('refused holdfast.registry.id.unknown');
    await worker.clock.advance(3_600_000);
    const again = new Task(worker, worker.host());
    again.begin(byId(3));
    await worker.clock.advance(5000);
    expect(again.answer).toBeUndefined();
    worker.registry.put('s3', { schema: avro('s3').schema }, 3);
    await worker.clock.advance(6000);
    expect(wordsOf(again.answer)).toBe('known 3');
  });

  it('is a data error though the highest id that was known is gone: somebody deleted it for good', async () => {
    const worker = await workerWith(5);
    const host = worker.host();
    await new Task(worker, host).start(byId(5));
    worker.registry.schemas.delete(5);
    worker.registry.subjects.delete('s5');
    worker.registry.schemas.delete(3);
    const task = new Task(worker, host);
    task.begin(byId(3));
    await worker.clock.advance(40_000);
    expect(wordsOf(task.answer)).toBe('refused holdfast.registry.id.unknown');
  });

  it('is no data error while a replica lags behind it', async () => {
    const worker = await workerWith(5, [NODE_A, NODE_B]);
    const behind = (path: string): boolean => path.startsWith('/schemas/ids/') && !path.startsWith('/schemas/ids/1');
    for (const node of [NODE_A, NODE_B]) {
      worker.transport.nodes.set(node, (request) => {
        if (behind(request.path)) return error(404, 40403, 'Schema not found');
        const reply = worker.registry.handle(request);
        return request.path.includes('fetchMaxId') && typeof reply === 'object'
          ? { status: 200, body: { ...(reply.body as object), maxId: 3 } }
          : reply;
      });
    }
    const host = worker.host();
    await new Task(worker, host, urls).start(byId(1));
    const task = new Task(worker, host, urls);
    const reading = task.start(byId(5));
    await worker.clock.advance(600_000);
    expect(task.answer).toBeUndefined();
    for (const node of [NODE_A, NODE_B]) worker.transport.nodes.set(node, worker.registry.handle);
    await worker.clock.advance(7000);
    expect(wordsOf(await reading)).toBe('known 5');
  });

  it('is a data error at once when it is absurd, and costs next to nothing', async () => {
    const worker = await workerWith(5);
    const host = worker.host();
    await new Task(worker, host).start(byId(1));
    const started = worker.clock.monotonic();
    expect(wordsOf(await new Task(worker, host).start(byId(1_633_771_873)))).toBe(
      'refused holdfast.registry.id.unknown',
    );
    expect(wordsOf(await new Task(worker, host).start(byId(-7)))).toBe('refused holdfast.registry.id.unknown');
    worker.transport.take();
    for (let i = 0; i < 100; i++) await new Task(worker, host).start(byId(1_633_771_873 + i));
    expect(worker.transport.take()).toEqual([]);
    expect(worker.clock.monotonic()).toBe(started);
  });

  it('is asked for, however high it is, where no node tells how far it has come', async () => {
    const worker = await workerWith(5);
    const tell = worker.registry.handle;
    worker.transport.nodes.set(NODE_A, (request) =>
      tell({ ...request, path: request.path.replace(/.fetchMaxId=true/, '') }),
    );
    const host = worker.host();
    await new Task(worker, host).start(byId(1));
    worker.registry.put('imported', { schema: avro('imported').schema }, 7_000_000);
    expect(wordsOf(await new Task(worker, host).start(byId(1_633_771_873)))).toBe(
      'refused holdfast.registry.id.unknown',
    );
    expect(wordsOf(await new Task(worker, host).start(byId(7_000_000)))).toBe('known 7000000');
  });

  it.each([
    ['report', 'refused holdfast.registry.id.from-future', true],
    ['fail', 'refused holdfast.registry.id.from-future', false],
  ])('above every node is waited for and alarms, unless unknown.id.action is %s', async (action, words, isData) => {
    const worker = await workerWith(5);
    const host = worker.host();
    const patient = new Task(worker, host);
    patient.begin(byId(9));
    const task = new Task(worker, host, { 'unknown.id.action': action, 'unknown.id.timeout.ms': '120000' });
    task.begin(byId(9));
    await worker.clock.advance(60_000);
    expect(worker.events.filter(({ type }) => type === 'id-from-future')).toHaveLength(1);
    expect(task.answer).toBeUndefined();
    await worker.clock.advance(120_000);
    expect(wordsOf(task.answer)).toBe(words);
    expect(task.answer?.kind === 'refused' && task.answer.error instanceof DataError).toBe(isData);
    expect(patient.answer).toBeUndefined();
  });

  it('is not believed to be unknown right after an outage', async () => {
    const worker = await workerWith(5);
    const host = worker.host();
    await new Task(worker, host).start(byId(1));
    worker.registry.fault = () => 'refused';
    const task = new Task(worker, host);
    task.begin(byId(4));
    await worker.clock.advance(20_000);
    // The comeback: known ids are denied at first, too.
    worker.registry.fault = ({ path }) =>
      path.startsWith('/schemas/ids/') ? error(404, 40403, 'Schema not found') : undefined;
    await worker.clock.advance(10_000);
    expect(worker.gateState(':read')).toBe('closed');
    worker.registry.fault = () => undefined;
    await worker.clock.advance(3000);
    expect(wordsOf(task.answer)).toBe('known 4');
  });
});

describe('a subject that is not found', () => {
  it('is a data error when it is new, and is asked for again a second later', async () => {
    const worker = await workerWith(1);
    const task = new Task(worker, worker.host());
    expect(wordsOf(await task.start(lookup('new')))).toBe('refused holdfast.registry.subject.unknown');
    worker.registry.put('new', { schema: avro('new').schema });
    await worker.clock.advance(1000);
    expect(wordsOf(await task.start(lookup('new')))).toBe('known 2');
  });

  it('is waited for right after an outage', async () => {
    const worker = await workerWith(1);
    const host = worker.host();
    worker.registry.fault = () => 'refused';
    const task = new Task(worker, host);
    const looking = task.start(lookup('elsewhere'));
    await worker.clock.advance(5000);
    worker.registry.fault = () => undefined;
    await worker.clock.advance(5000);
    expect(task.answer).toBeUndefined();
    worker.registry.put('elsewhere', { schema: avro('elsewhere').schema });
    await worker.clock.advance(7000);
    expect(wordsOf(await looking)).toBe('known 2');
  });
});
