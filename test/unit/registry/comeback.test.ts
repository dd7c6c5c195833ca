import { describe, expect, it } from 'vitest';
import { error, type Reply } from './scripted-transport.ts';
import { avro, byId, latest, register, Task, WorkerOfRegistries, wordsOf } from './worker-of-registries.ts';

/** A registry that comes back in the stages that were measured: its port opens, it denies what it has not replayed, it has no primary. */
describe('the comeback is a second outage', () => {
  it('404 and 50003 after the port opened fail nobody, and nothing is taken for lost', async () => {
    const worker = new WorkerOfRegistries();
    const host = worker.host();
    for (const name of ['a', 'b', 'c']) worker.registry.put(name, { schema: avro(name).schema });
    await new Task(worker, host).start(byId(1));
    worker.registry.fault = () => 'refused';
    const tasks = [byId(2), byId(3), latest('b'), register('new')].map((question) => ({
      question,
      task: new Task(worker, host),
    }));
    for (const { task, question } of tasks) task.begin(question);
    await worker.clock.advance(20_000);
    // The port is open: reads find nothing, writes no primary.
    worker.registry.fault = ({ method, path }): Reply | undefined => {
      if (method === 'POST') return error(500, 50003, 'Error while forwarding the request to the master.');
      if (path.startsWith('/schemas/ids/')) return error(404, 40403, 'Schema not found');
      return path.startsWith('/subjects/') ? error(404, 40401, 'Subject not found') : undefined;
    };
    await worker.clock.advance(600);
    // It has replayed its topic, and is not elected yet.
    worker.registry.fault = ({ method, path }) =>
      method === 'POST' && path.endsWith('/versions') ? error(500, 50003, 'no master') : undefined;
    await worker.clock.advance(8000);
    expect(tasks.slice(0, 3).map(({ task }) => wordsOf(task.answer))).toEqual(['known 2', 'known 3', 'known 2']);
    expect(tasks[3]?.task.parkedAt).toMatch(/:write$/);
    worker.registry.fault = () => undefined;
    await worker.clock.advance(3000);
    expect(wordsOf(tasks[3]?.task.answer)).toBe('known 4');
    expect(worker.events.filter(({ type }) => type === 'integrity')).toEqual([]);
  });

  it('"probe now" asks for everything that waits, rechecks included', async () => {
    const worker = new WorkerOfRegistries();
    const host = worker.host();
    worker.registry.put('a', { schema: avro('a').schema });
    await new Task(worker, host).start(byId(1));
    const task = new Task(worker, host);
    const reading = task.start(byId(2));
    // By now it is asked for every few seconds only.
    await worker.clock.advance(25_000);
    expect(task.parkedAt).toMatch(/:id:2$/);
    worker.registry.put('b', { schema: avro('b').schema });
    worker.coordinator.probeNow(task.view.registryId);
    await worker.clock.advance(50);
    expect(wordsOf(await reading)).toBe('known 2');
  });

  it('Retry-After holds for a registration that waits elsewhere, too', async () => {
    const worker = new WorkerOfRegistries();
    const host = worker.host();
    worker.registry.fault = ({ path }) => (path.startsWith('/schemas/ids/') ? error(404, 40403, 'lag') : undefined);
    const task = new Task(worker, host);
    const writing = task.start(register('s'));
    await worker.clock.advance(2050);
    expect(task.parkedAt).toMatch(/:barrier:1$/);
    worker.registry.fault = ({ method }) =>
      method === 'POST' ? { status: 429, body: '', headers: { 'retry-after': '30' } } : undefined;
    await worker.clock.advance(2000);
    expect(worker.gateState(':write')).toBe('closed');
    worker.transport.take();
    await worker.clock.advance(25_000);
    expect(worker.transport.take().filter((request) => request.endsWith('/versions'))).toEqual([]);
    worker.registry.fault = () => undefined;
    await worker.clock.advance(10_000);
    expect(wordsOf(await writing)).toBe('known 1');
  });
});
