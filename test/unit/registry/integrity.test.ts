import { describe, expect, it } from 'vitest';
import { MemoryCompactedLog } from '../../../src/registry/compacted-log.ts';
import { REGISTRY_CONTENT_CHANGED } from '../../../src/registry/registry-errors.ts';
import {
  type Acknowledgement,
  NoPrimaryKnowledge,
  type RegistryKnowledge,
} from '../../../src/registry/registry-knowledge.ts';
import { IntegrityError } from '../../../src/sdk/errors/index.ts';
import type { SchemaQuestion } from '../../../src/sdk/schema-view.ts';
import { error, ok } from './scripted-transport.ts';
import {
  avro,
  byId,
  latest,
  NODE_A,
  NODE_B,
  register,
  Task,
  WorkerOfRegistries,
  wordsOf,
} from './worker-of-registries.ts';

const OTHER = '"string"';

describe('Invariant 6: the content of an id never changes unnoticed', () => {
  it('stops who is given an id that already means another schema', async () => {
    const worker = new WorkerOfRegistries();
    const host = worker.host();
    expect(wordsOf(await new Task(worker, host).start(register('a')))).toBe('known 1');
    worker.registry.fault = ({ method }) => (method === 'POST' ? ok({ id: 1 }) : undefined);
    const answer = await new Task(worker, host).start(register('b'));
    expect(wordsOf(answer)).toBe('refused holdfast.registry.content-changed');
    if (answer.kind !== 'refused') throw new Error('not refused');
    expect(answer.error).toBeInstanceOf(IntegrityError);
    expect(answer.error.message).toMatch(/Schema id 1 \(subject b\).*http:\/\/a:8081/);
    expect(answer.error.details).toMatchObject({ id: 1, subject: 'b', node: NODE_A });
    expect(worker.events.filter(({ type }) => type === 'integrity')).toHaveLength(1);
    // What was known first is not overwritten.
    const first = await new Task(worker, host).start(byId(1));
    expect(first).toMatchObject({ kind: 'known', schema: avro('a') });
  });

  it('notices it in what another question brings, and over a restart', async () => {
    const log = new MemoryCompactedLog();
    const worker = await WorkerOfRegistries.open(log);
    const id = worker.registry.put('a', { schema: avro('a').schema });
    await new Task(worker, worker.host()).start(byId(id));
    await worker.store?.flushed();
    const again = await WorkerOfRegistries.open(log);
    again.registry.put('a', { schema: OTHER }, id);
    const host = again.host();
    expect(wordsOf(await new Task(again, host).start(byId(id)))).toBe('refused holdfast.registry.content-changed');
    expect(wordsOf(await new Task(again, host).start(latest('a')))).toBe('refused holdfast.registry.content-changed');
    // The registry is mended: the id means again what it meant.
    again.registry.schemas.set(id, { schema: JSON.stringify(JSON.parse(avro('a').schema), null, 2) });
    await again.clock.advance(1000);
    expect(wordsOf(await new Task(again, host).start(byId(id)))).toBe(`known ${id}`);
  });

  it('tells it once, whether it is read back, met by a question with or without a subject, or said by another node', async () => {
    const worker = new WorkerOfRegistries({ nodes: [NODE_A, NODE_B] });
    const host = worker.host();
    const config = { 'schema.registry.url': `${NODE_A},${NODE_B}` };
    const task = new Task(worker, host, config);
    await task.start(register('s'));
    worker.registry.schemas.set(1, { schema: OTHER });
    worker.registry.fault = ({ method }) => (method === 'POST' ? ok({ id: 1 }) : undefined);
    await worker.clock.advance(60_000);
    const told = () => ({
      events: worker.events.filter(({ type }) => type === 'integrity').length,
      lines: worker.log.lines.filter(({ level }) => level === 'error').length,
      shown: worker.coordinator.snapshots()[0]?.integrityErrors.length,
    });
    const once = { events: 1, lines: 1, shown: 1 };
    expect(told()).toEqual(once);
    const words = new Set<string>();
    for (const question of [byId(1), register('s'), latest('s'), { ...byId(1), forWriting: true }]) {
      worker.transport.nodes.set(NODE_A, question.kind === 'by-id' ? () => 'refused' : worker.registry.handle);
      const answer = await new Task(worker, host, config).start(question as SchemaQuestion);
      expect(wordsOf(answer)).toBe('refused holdfast.registry.content-changed');
      words.add(answer.kind === 'refused' ? answer.error.message : '');
    }
    expect(told()).toEqual(once);
    expect([...words]).toEqual(worker.coordinator.snapshots()[0]?.integrityErrors);
    // What it means now is a contradiction of its own.
    worker.registry.schemas.set(1, { schema: '"double"' });
    await worker.clock.advance(2000);
    await new Task(worker, host, config).start(byId(1));
    expect(told()).toEqual({ events: 2, lines: 2, shown: 2 });
  });

  it('does not take another form of the same schema for another schema', async () => {
    const worker = new WorkerOfRegistries();
    const host = worker.host();
    await new Task(worker, host).start(register('a', avro('x.y.Order')));
    worker.registry.schemas.set(1, {
      schema: JSON.stringify(
        { fields: [{ type: { type: 'string' }, name: 'f' }], namespace: 'x.y', name: 'Order', type: 'record' },
        null,
        1,
      ),
    });
    expect(wordsOf(await new Task(worker, host).start(latest('a')))).toBe('known 1');
    expect(worker.events.filter(({ type }) => type === 'integrity')).toEqual([]);
  });

  it('tells of a contradiction once, whatever the number of records', async () => {
    const worker = new WorkerOfRegistries();
    const host = worker.host();
    await new Task(worker, host).start(register('a'));
    worker.registry.fault = ({ method }) => (method === 'POST' ? ok({ id: 1 }) : undefined);
    for (let i = 0; i < 20; i++) {
      await worker.clock.advance(1500);
      await new Task(worker, host).start(register('b'));
    }
    expect(worker.log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  });
});

describe('a restart at once after a contradiction', () => {
  it('asks anew', async () => {
    const worker = new WorkerOfRegistries();
    const host = worker.host();
    await new Task(worker, host).start(register('a'));
    worker.registry.fault = ({ method }) => (method === 'POST' ? { status: 200, body: { id: 1 } } : undefined);
    expect(wordsOf(await new Task(worker, host).start(register('b')))).toBe(`refused ${REGISTRY_CONTENT_CHANGED}`);
    worker.registry.fault = () => undefined;
    expect(wordsOf(await new Task(worker, host).start(register('b')))).toBe('known 2');
  });
});

describe('Invariant 5: a suspect id is read back before it is written again', () => {
  const suspecting = (suspect: { value: boolean }): RegistryKnowledge =>
    Object.assign(new NoPrimaryKnowledge(), {
      isSuspect: (acknowledgement: Acknowledgement) => suspect.value && acknowledgement.at <= start,
    });
  const start = 1_700_000_000_000;

  it('with equal content it flows on', async () => {
    const suspect = { value: false };
    const worker = new WorkerOfRegistries({ knowledge: suspecting(suspect) });
    const host = worker.host();
    await new Task(worker, host).start(register('a'));
    suspect.value = true;
    worker.transport.take();
    await worker.clock.advance(5);
    expect(wordsOf(await new Task(worker, host).start(register('a')))).toBe('known 1');
    expect(worker.transport.take()).toEqual([`GET ${NODE_A} /schemas/ids/1`]);
    expect(wordsOf(await new Task(worker, host).start(register('a')))).toBe('known 1');
    expect(worker.transport.take()).toEqual([]);
  });

  it('with other content it stops, and lost it is registered again', async () => {
    const suspect = { value: false };
    const worker = new WorkerOfRegistries({ knowledge: suspecting(suspect) });
    const host = worker.host();
    await new Task(worker, host).start(register('a'));
    await new Task(worker, host).start(register('b'));
    suspect.value = true;
    await worker.clock.advance(5);
    worker.registry.schemas.set(1, { schema: OTHER });
    worker.registry.schemas.delete(2);
    worker.registry.subjects.clear();
    expect(wordsOf(await new Task(worker, host).start(register('a')))).toBe(
      'refused holdfast.registry.content-changed',
    );
    // Records may carry the lost id, so another one does not take its place without a word; the restarted task goes on with it.
    expect(wordsOf(await new Task(worker, host).start(register('b')))).toBe('refused holdfast.registry.id.lost');
    await worker.clock.advance(1000);
    expect(wordsOf(await new Task(worker, host).start(register('b')))).toBe('known 3');
  });

  it('also when it was asked for by itself (use.schema.id), but not for reading', async () => {
    const suspect = { value: false };
    const worker = new WorkerOfRegistries({ knowledge: suspecting(suspect) });
    const host = worker.host();
    worker.registry.put('s', avro('s'));
    const toWrite: SchemaQuestion = { kind: 'by-id', key: 'write 1', id: 1, forWriting: true };
    for (const question of [byId(1), toWrite]) await new Task(worker, host).start(question);
    suspect.value = true;
    worker.transport.take();
    await worker.clock.advance(5);
    expect(wordsOf(await new Task(worker, host).start(byId(1)))).toBe('known 1');
    expect(worker.transport.take()).toEqual([]);
    expect(wordsOf(await new Task(worker, host).start(toWrite))).toBe('known 1');
    expect(worker.transport.take()).toEqual([`GET ${NODE_A} /schemas/ids/1`]);
  });

  it('lost while nothing can be registered, it is compared once that is possible', async () => {
    const suspect = { value: false };
    const worker = new WorkerOfRegistries({ knowledge: suspecting(suspect) });
    const host = worker.host();
    await new Task(worker, host).start(register('a'));
    await new Task(worker, host).start(register('b'));
    suspect.value = true;
    await worker.clock.advance(5);
    worker.registry.schemas.delete(2);
    worker.registry.subjects.delete('b');
    worker.registry.nextId = 9;
    worker.registry.fault = ({ method, path }) =>
      method === 'POST' && path.endsWith('/versions') ? error(500, 50003, 'no primary') : undefined;
    const task = new Task(worker, host);
    task.begin(register('b'));
    await worker.clock.advance(5000);
    expect(task.answer).toBeUndefined();
    worker.registry.fault = () => undefined;
    await worker.clock.advance(10_000);
    expect(wordsOf(task.answer)).toBe('refused holdfast.registry.id.lost');
  });

  it('while it can not be read back it waits', async () => {
    const suspect = { value: false };
    const worker = new WorkerOfRegistries({ knowledge: suspecting(suspect) });
    const host = worker.host();
    await new Task(worker, host).start(register('a'));
    suspect.value = true;
    worker.registry.fault = () => 'refused';
    const task = new Task(worker, host);
    const writing = task.start(register('a'));
    await worker.clock.advance(5000);
    expect(wordsOf(task.view.peek(register('a')))).toBe('waiting read');
    worker.registry.fault = () => undefined;
    await worker.clock.advance(2000);
    expect(wordsOf(await writing)).toBe('known 1');
  });
});

describe('ids that go back', () => {
  const config = { 'registry.barrier': 'off', 'registry.refresh.interval.ms': '0' };

  /** Ids 1 and 90 are known; the registry is restored from a backup that ends at 1. */
  const restored = async () => {
    const worker = new WorkerOfRegistries();
    const host = worker.host();
    const tasks = [new Task(worker, host, config), new Task(worker, host, config)] as const;
    await tasks[0].start(register('a'));
    worker.registry.nextId = 90;
    await tasks[1].start(register('z'));
    worker.registry.schemas.delete(90);
    worker.registry.subjects.delete('z');
    worker.registry.nextId = 2;
    return { worker, host, tasks };
  };

  it('are noticed at the first new schema, and stop everything of the registry', async () => {
    const { worker, host, tasks } = await restored();
    const fresh = new Task(worker, host, config);
    const writing = fresh.start(register('new'));
    await worker.clock.advance(20_000);
    // Lag would explain it: the record waits, and does not carry an id that others may carry.
    expect(wordsOf(fresh.view.peek(register('new')))).toBe('waiting barrier:2');
    expect(worker.gates.snapshots().find(({ id }) => id.endsWith(':barrier:2'))?.reason).toMatch(/lower than id 90/);
    await worker.clock.advance(20_000);
    expect(wordsOf(await writing)).toBe('refused holdfast.registry.ids-went-back');
    expect(worker.notices).toMatchObject([{ kind: 'distrusted' }]);
    expect(tasks.map(({ view }, i) => wordsOf(view.peek(register(i === 0 ? 'a' : 'z'))))).toEqual(
      Array(2).fill('refused holdfast.registry.ids-went-back'),
    );
    const [found] = worker.events.flatMap((e) => (e.type === 'integrity' ? [e.error] : []));
    expect(found?.message).toMatch(
      /gave out id 2 \(subject new\) at http:\/\/a:8081, although it gave out id 90 before/,
    );
    // Restarted without being mended, it is noticed again; mended, it goes on.
    await worker.clock.advance(1000);
    expect(wordsOf(await new Task(worker, host, config).start(register('newer')))).toBe(
      'refused holdfast.registry.ids-went-back',
    );
    worker.registry.put('z', { schema: avro('z').schema }, 90);
    await worker.clock.advance(1000);
    expect(wordsOf(await new Task(worker, host, config).start(register('newest')))).toBe('known 91');
  });

  it('are lag when the highest id turns up', async () => {
    const { worker, host } = await restored();
    const fresh = new Task(worker, host, config);
    const writing = fresh.start(register('new'));
    await worker.clock.advance(10_000);
    expect(fresh.answer).toBeUndefined();
    worker.registry.put('z', { schema: avro('z').schema }, 90);
    await worker.clock.advance(10_000);
    expect(wordsOf(await writing)).toBe('known 2');
  });

  it('are none when the schema is an old one of somebody else, or was imported', async () => {
    const worker = new WorkerOfRegistries();
    const host = worker.host();
    worker.registry.put('old', { schema: avro('old').schema });
    worker.registry.put('imported', { schema: avro('imported').schema }, 90_000);
    worker.registry.nextId = 2;
    await new Task(worker, host, config).start(byId(90_000));
    expect(wordsOf(await new Task(worker, host, config).start(register('old')))).toBe('known 1');
    expect(wordsOf(await new Task(worker, host, config).start(register('new')))).toBe('known 2');
    expect(worker.events.filter(({ type }) => type === 'integrity')).toEqual([]);
  });

  it('are none when somebody deleted the highest id for good', async () => {
    const worker = new WorkerOfRegistries();
    const host = worker.host();
    worker.registry.put('old', { schema: avro('old').schema });
    worker.registry.put('mine', { schema: avro('mine').schema });
    worker.registry.put('gone', { schema: avro('gone').schema });
    await new Task(worker, host, config).start(byId(2));
    await new Task(worker, host, config).start(byId(3));
    worker.registry.schemas.delete(3);
    worker.registry.subjects.delete('gone');
    expect(wordsOf(await new Task(worker, host, config).start(register('old')))).toBe('known 1');
    // A registry that does not tell how far it has come still has another one that is known.
    const silent = new WorkerOfRegistries();
    silent.registry.put('old', { schema: avro('old').schema });
    for (const name of ['mine', 'gone']) silent.registry.put(name, { schema: avro(name).schema });
    silent.transport.nodes.set(NODE_A, (request) =>
      silent.registry.handle({ ...request, path: request.path.replace('?fetchMaxId=true', '') }),
    );
    const quiet = silent.host();
    for (const id of [2, 3]) await new Task(silent, quiet, config).start(byId(id));
    silent.registry.schemas.delete(3);
    expect(wordsOf(await new Task(silent, quiet, config).start(register('old')))).toBe('known 1');
    expect([...worker.events, ...silent.events].filter(({ type }) => type === 'integrity')).toEqual([]);
  });

  describe('of a registry that does not tell its highest id', () => {
    const silent = () => {
      const worker = new WorkerOfRegistries();
      worker.transport.nodes.set(NODE_A, (request) =>
        worker.registry.handle({ ...request, path: request.path.replace('?fetchMaxId=true', '') }),
      );
      const host = worker.host();
      const task = () => new Task(worker, host, config);
      const remove = (subject: string, id: number): void => {
        worker.registry.schemas.delete(id);
        worker.registry.subjects.delete(subject);
      };
      return { worker, task, remove };
    };
    const alarms = (worker: WorkerOfRegistries) => worker.log.lines.filter(({ level }) => level === 'error');

    it.each([5, 80])('are none when somebody deleted the highest one, and %i others are there', async (others) => {
      const { worker, task, remove } = silent();
      for (let n = 1; n <= others; n++) worker.registry.put(`old${n}`, avro(`old${n}`));
      const scratch = await task().start(register('scratch'));
      expect(wordsOf(scratch)).toBe(`known ${others + 1}`);
      remove('scratch', others + 1);
      expect(wordsOf(await task().start(register('old3', avro('old3'))))).toBe('known 3');
      expect(alarms(worker)).toEqual([]);
    });

    it('are none when only subjects far above are left', async () => {
      const { worker, task, remove } = silent();
      worker.registry.put('old', avro('old'));
      worker.registry.put('far', avro('far'), 500);
      await task().start(register('scratch'));
      remove('scratch', 501);
      expect(wordsOf(await task().start(register('old')))).toBe('known 1');
      expect(alarms(worker)).toEqual([]);
    });

    it('keep waiting only what needs the id while nothing can tell, until there is a higher one', async () => {
      const { worker, task, remove } = silent();
      for (let n = 1; n <= 5; n++) worker.registry.put(`old${n}`, avro(`old${n}`));
      await task().start(register('scratch'));
      // The second look is behind it: it would register it again.
      await worker.clock.advance(70_000);
      remove('scratch', 6);
      const [four, five] = [task(), task()];
      five.begin(register('old5', avro('old5')));
      await worker.clock.advance(1000);
      four.begin(register('old4', avro('old4')));
      await worker.clock.advance(120_000);
      // The one is no witness for the other: both may be new.
      expect(wordsOf(five.view.peek(register('old5', avro('old5'))))).toBe('waiting barrier:5');
      expect(wordsOf(four.view.peek(register('old4', avro('old4'))))).toBe('waiting barrier:4');
      expect(alarms(worker).map(({ fields }) => [fields['code'], fields['id']])).toEqual([
        ['holdfast.registry.ids-went-back', 5],
        ['holdfast.registry.ids-went-back', 4],
      ]);
      expect(worker.notices.map(({ kind }) => kind)).toEqual(['confirmed']);
      expect(wordsOf(await task().start(register('other')))).toBe('known 7');
      await worker.clock.advance(60_000);
      expect([four, five].map(({ answer }) => wordsOf(answer))).toEqual(['known 4', 'known 5']);
    });

    it('are noticed when more than one id is gone', async () => {
      const { worker, task, remove } = silent();
      worker.registry.nextId = 80;
      for (const name of ['x', 'y', 'z']) await task().start(register(name));
      for (const [i, name] of ['x', 'y', 'z'].entries()) remove(name, 80 + i);
      worker.registry.nextId = 2;
      const writing = task();
      writing.begin(register('new'));
      await worker.clock.advance(60_000);
      expect(wordsOf(writing.answer)).toBe('refused holdfast.registry.ids-went-back');
      expect(worker.notices).toMatchObject([{ kind: 'distrusted' }]);
    });
  });

  it('each context counts for itself', async () => {
    const worker = new WorkerOfRegistries();
    const host = worker.host();
    worker.registry.put('high', { schema: avro('high').schema }, 500);
    await new Task(worker, host, config).start(byId(500));
    worker.registry.schemas.delete(500);
    worker.registry.nextId = 1;
    expect(wordsOf(await new Task(worker, host, config).start(register(':.other:s', avro('s'))))).toBe('known 1');
  });
});

describe('which cluster answers', () => {
  it('is another one when every id means something else, though it does not tell', async () => {
    const worker = new WorkerOfRegistries();
    worker.registry.clusterId = undefined;
    const host = worker.host();
    const task = new Task(worker, host);
    for (const subject of ['a', 'b', 'c', 'd']) await task.start(register(subject));
    for (const id of [1, 2, 3, 4]) worker.registry.schemas.set(id, { schema: avro(`other${id}`).schema });
    await new Task(worker, host).start(latest('a'));
    await worker.clock.advance(5000);
    expect(worker.notices.map(({ kind }) => kind)).toContain('distrusted');
    const found = worker.events.flatMap((e) => (e.type === 'integrity' ? [e.error.message] : []));
    expect(found.find((message) => message.includes('another registry answers'))).toMatch(
      /^The schema ids 1, \d, \d all resolve to other content/,
    );
    expect(wordsOf(task.view.peek(register('b')))).toMatch(/^refused/);
  });

  it('is the same one when others mean what they did', async () => {
    const worker = new WorkerOfRegistries();
    const host = worker.host();
    const task = new Task(worker, host);
    for (const subject of ['a', 'b', 'c', 'd', 'e', 'f']) await task.start(register(subject));
    for (const id of [1, 2]) worker.registry.schemas.set(id, { schema: avro(`other${id}`).schema });
    await new Task(worker, host).start(latest('a'));
    await worker.clock.advance(5000);
    worker.registry.schemas.set(3, { schema: avro('other3').schema });
    await new Task(worker, host).start(latest('c'));
    await worker.clock.advance(5000);
    expect(worker.notices.map(({ kind }) => kind)).not.toContain('distrusted');
    expect(wordsOf(task.view.peek(register('d')))).toBe('known 4');
  });

  it('is an integrity error when a URL leads to another one than in an earlier run', async () => {
    const log = new MemoryCompactedLog();
    const worker = await WorkerOfRegistries.open(log);
    await new Task(worker, worker.host()).start(register('a'));
    await worker.store?.flushed();
    const again = await WorkerOfRegistries.open(log);
    again.registry.clusterId = 'kafka-2';
    const task = new Task(again, again.host());
    expect(wordsOf(await task.start(byId(1)))).toBe('refused holdfast.registry.other-cluster');
    again.registry.clusterId = 'kafka-1';
    again.registry.put('a', { schema: avro('a').schema });
    await again.clock.advance(1000);
    expect(wordsOf(await task.start(byId(1)))).toBe('refused holdfast.registry.other-cluster');
    // Restarting the task is how an operator says that it is mended.
    expect(wordsOf(await new Task(again, again.host()).start(byId(1)))).toBe('known 1');
  });

  it('is an integrity error when two URLs of a list lead to two', async () => {
    const worker = new WorkerOfRegistries({ nodes: [NODE_A] });
    worker.registry.put('a', { schema: avro('a').schema });
    worker.registry.put('b', { schema: avro('b').schema });
    worker.transport.nodes.set(NODE_B, (request) =>
      request.path === '/v1/metadata/id'
        ? ok({ scope: { path: [], clusters: { 'kafka-cluster': 'another' } }, id: '' })
        : worker.registry.handle(request),
    );
    const urls = { 'schema.registry.url': `${NODE_A},${NODE_B}` };
    const answers = [byId(1), byId(2)].map((question) => new Task(worker, worker.host(), urls).start(question));
    // Which of the two is the right one, nobody knows: everything of this registry stops.
    expect((await Promise.all(answers)).map(wordsOf)).toEqual(Array(2).fill('refused holdfast.registry.other-cluster'));
    expect(worker.notices).toMatchObject([{ kind: 'distrusted' }]);
  });

  it('is the same one when a node names a part more of it, in the next run too', async () => {
    const log = new MemoryCompactedLog();
    const open = async () => {
      const worker = await WorkerOfRegistries.open(log, { nodes: [NODE_A, NODE_B] });
      worker.registry.put('s', avro('s'));
      worker.transport.nodes.set(NODE_B, (request) =>
        request.path === '/v1/metadata/id'
          ? ok({
              scope: { clusters: { 'kafka-cluster': 'kafka-1', 'schema-registry-cluster': 'sr', organization: 'o' } },
            })
          : worker.registry.handle(request),
      );
      return worker;
    };
    const worker = await open();
    const urls = { 'schema.registry.url': `${NODE_A},${NODE_B}` };
    expect(wordsOf(await new Task(worker, worker.host(), urls).start(register('new')))).toBe('known 2');
    await worker.store?.flushed();
    // What it knows is kept under one name, whichever node answers first.
    const again = await open();
    again.transport.nodes.set(NODE_A, () => 'refused');
    const host = again.host();
    again.registry.put('new', avro('new'));
    expect(wordsOf(await new Task(again, host, { 'schema.registry.url': NODE_B }).start(byId(1)))).toBe('known 1');
    again.registry.fault = () => 'refused';
    const task = new Task(again, host, { 'schema.registry.url': NODE_B });
    expect(wordsOf(await task.start(register('new')))).toBe('known 2');
    expect([...worker.notices, ...again.notices].filter(({ kind }) => kind === 'distrusted')).toEqual([]);
  });

  it('is asked again when a node comes back', async () => {
    const worker = new WorkerOfRegistries();
    const host = worker.host();
    await new Task(worker, host).start(register('a'));
    worker.registry.fault = () => ({ status: 503, body: '' });
    const task = new Task(worker, host);
    const reading = task.start(byId(9));
    await worker.clock.advance(5000);
    worker.registry.clusterId = 'kafka-2';
    worker.registry.put('nine', { schema: OTHER }, 9);
    worker.registry.fault = () => undefined;
    await worker.clock.advance(2000);
    expect(wordsOf(await reading)).toBe('refused holdfast.registry.other-cluster');
  });

  it('is asked once per node, however many questions come first', async () => {
    const worker = new WorkerOfRegistries();
    const task = new Task(worker, worker.host());
    await Promise.all(Array.from({ length: 20 }, (_, i) => task.start(register(`s${i}`))));
    expect(worker.transport.take().filter((request) => request.includes('/v1/metadata/id'))).toHaveLength(1);
  });

  it('need not be told', async () => {
    const log = new MemoryCompactedLog();
    const worker = await WorkerOfRegistries.open(log);
    worker.registry.clusterId = undefined;
    expect(wordsOf(await new Task(worker, worker.host()).start(register('a')))).toBe('known 1');
    await worker.store?.flushed();
    const again = await WorkerOfRegistries.open(log);
    again.registry.fault = () => 'refused';
    expect(wordsOf(await new Task(again, again.host()).start(byId(1)))).toBe('known 1');
  });
});

describe('ids that go back while the worker is away', () => {
  it('are noticed by the next one: the schema store knows the highest', async () => {
    const config = { 'registry.barrier': 'off', 'registry.refresh.interval.ms': '0' };
    const log = new MemoryCompactedLog();
    const worker = await WorkerOfRegistries.open(log);
    worker.registry.put('old', { schema: avro('old').schema });
    await new Task(worker, worker.host(), config).start(byId(1));
    worker.registry.nextId = 90;
    await new Task(worker, worker.host(), config).start(register('z'));
    await worker.clock.advance(70_000);
    await worker.store?.flushed();
    await worker.coordinator.close();
    const again = await WorkerOfRegistries.open(log);
    again.registry.put('old', { schema: avro('old').schema });
    const writing = new Task(again, again.host(), config).start(register('new'));
    await again.clock.advance(60_000);
    expect(wordsOf(await writing)).toBe('refused holdfast.registry.ids-went-back');
  });
});
