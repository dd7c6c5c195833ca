import { describe, expect, it } from 'vitest';
import type { Reply } from './scripted-transport.ts';
import { avro, byId, register, Task, WorkerOfRegistries, wordsOf } from './worker-of-registries.ts';

describe('a view that withdraws', () => {
  it.each([
    ['before its question is sent', 0],
    ['while its question is on its way', 100],
    ['while it waits', 5_000],
  ])('%s has nothing registered for it after the outage', async (_when, afterMs) => {
    const worker = new WorkerOfRegistries();
    const host = worker.host();
    let isDown = true;
    worker.registry.fault = ({ method }): Reply | undefined =>
      isDown && method === 'POST'
        ? { status: 500, body: { error_code: 50004, message: 'Leader not known.' }, delayMs: 200 }
        : undefined;
    const doomed = new Task(worker, host);
    doomed.begin(register('doomed'));
    await worker.clock.advance(afterMs);
    doomed.stop();
    await worker.clock.advance(60_000);
    isDown = false;
    const other = new Task(worker, host);
    other.begin(register('other'));
    await worker.clock.advance(60_000);
    expect(wordsOf(other.answer)).toMatch(/^known/);
    const posted = worker.transport.requests.filter(
      ({ method, path }) => method === 'POST' && path.endsWith('/versions'),
    );
    expect(posted.slice(-1).map(({ path }) => path)).toEqual(['/subjects/other/versions']);
    const stray = new Task(worker, host);
    // Asked by somebody for the first time: nobody had it registered before.
    stray.begin(register('doomed'));
    await worker.clock.advance(1_000);
    expect(wordsOf(stray.answer)).toBe('known 2');
  });

  it('leaves the next one that waits for the same thing with somebody who asks for it', async () => {
    const worker = new WorkerOfRegistries();
    const host = worker.host();
    await new Task(worker, host).start(register('s'));
    worker.registry.nextId = 9;
    const before = new Task(worker, host);
    before.begin(byId(5));
    // The next look is seconds away.
    await worker.clock.advance(8_000);
    expect(before.parkedAt).toMatch(/:id:5$/);
    before.stop();
    expect(worker.events.at(-1)).toMatchObject({ type: 'gate', gate: { state: 'open' }, closedForMs: 8_000 });
    const restarted = new Task(worker, host);
    restarted.begin(byId(5));
    await worker.clock.advance(10);
    expect(restarted.parkedAt).toMatch(/:id:5$/);
    worker.registry.schemas.set(5, { schema: avro('late').schema });
    await worker.clock.advance(30_000);
    expect(wordsOf(restarted.answer)).toBe('known 5');
    expect(worker.gates.snapshots().filter(({ id }) => id.endsWith(':id:5'))).toEqual([]);
  });
});

describe('a view whose record was skipped', () => {
  const ended = new AbortController().signal;

  async function waiting(
    count: number,
  ): Promise<{ worker: WorkerOfRegistries; tasks: Task[]; skip: (task: Task) => void }> {
    const worker = new WorkerOfRegistries();
    const host = worker.host();
    await new Task(worker, host).start(register('s'));
    const tasks = Array.from({ length: count }, () => new Task(worker, host));
    for (const { view } of tasks)
      await Promise.all([view.resolve([byId(5), byId(6)], ended), worker.clock.advance(1_000)]);
    const skip = ({ view }: Task): void => {
      const answer = view.peek(byId(5));
      if (answer.kind !== 'waiting') throw new Error(`it is ${answer.kind}`);
      view.skipped?.(answer.error);
    };
    return { worker, tasks, skip };
  }
  const gatesOf = (worker: WorkerOfRegistries, id: number): readonly unknown[] =>
    worker.gates.snapshots().filter((gate) => gate.id.endsWith(`:id:${id}`));

  it('has its id asked for no more, nor told as one from the future; what else it waits for is', async () => {
    const { worker, tasks, skip } = await waiting(1);
    expect(gatesOf(worker, 5)).toHaveLength(1);
    const before = worker.transport.requests.length;
    skip(tasks[0] as Task);
    await worker.clock.advance(120_000);
    expect(gatesOf(worker, 5)).toEqual([]);
    expect(worker.coordinator.snapshots()[0]?.parkedQuestions).toBe(1);
    const told = worker.events.filter(({ type }) => type === 'id-from-future');
    expect(told).toMatchObject([{ id: 6 }]);
    const asked = worker.transport.requests.slice(before).filter(({ path }) => path.startsWith('/schemas/ids/5'));
    expect(asked).toEqual([]);
    expect(tasks[0]?.view.peek(byId(5)).kind).toBe('unasked');
    expect(gatesOf(worker, 6)).toHaveLength(1);
  });

  it('leaves others waiting that need the same id', async () => {
    const { worker, tasks, skip } = await waiting(2);
    skip(tasks[0] as Task);
    await worker.clock.advance(10);
    expect(gatesOf(worker, 5)).toHaveLength(1);
    skip(tasks[1] as Task);
    await worker.clock.advance(10);
    expect(gatesOf(worker, 5)).toEqual([]);
  });

  it('may need the same id again, and gets it', async () => {
    const { worker, tasks, skip } = await waiting(1);
    skip(tasks[0] as Task);
    tasks[0]?.begin(byId(5));
    await worker.clock.advance(1_000);
    expect(tasks[0]?.parkedAt).toMatch(/:id:5$/);
    worker.registry.schemas.set(5, { schema: avro('late').schema });
    await worker.clock.advance(60_000);
    expect(wordsOf(tasks[0]?.answer)).toBe('known 5');
  });
});
