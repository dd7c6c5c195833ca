import { describe, expect, it } from 'vitest';
import { byId, NODE_A, NODE_B, register, Task, WorkerOfRegistries, wordsOf } from './worker-of-registries.ts';

const BOTH = { 'schema.registry.url': `${NODE_A},${NODE_B}` };
const leaveAlone = (status: number, seconds?: number) => ({
  status,
  body: '',
  ...(seconds === undefined ? {} : { headers: { 'retry-after': String(seconds) } }),
});

describe('Retry-After', () => {
  it('is kept by every trial registration', async () => {
    const worker = new WorkerOfRegistries();
    const at: number[] = [];
    worker.registry.fault = ({ method, path }) => {
      if (method !== 'POST' || !path.endsWith('/versions')) return undefined;
      at.push(worker.clock.monotonic());
      return leaveAlone(429, 20);
    };
    new Task(worker, worker.host()).begin(register('a'));
    await worker.clock.advance(100_000);
    const gaps = at.slice(1).map((time, n) => time - (at[n] ?? 0));
    expect(gaps.length).toBeGreaterThanOrEqual(3);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(20_000);
  });

  it('is kept when it comes from a request that was under way as the gate closed', async () => {
    const worker = new WorkerOfRegistries();
    const host = worker.host();
    worker.registry.put('a', { schema: '"string"' });
    await new Task(worker, host).start(byId(1));
    worker.registry.fault = ({ path }) =>
      path === '/schemas/ids/3' ? { ...leaveAlone(429, 20), delayMs: 1000 } : 'refused';
    new Task(worker, host).begin(byId(3));
    new Task(worker, host).begin(byId(2));
    await worker.clock.advance(1000);
    expect(worker.gateState(':read')).toBe('closed');
    worker.transport.take();
    await worker.clock.advance(19_900);
    expect(worker.transport.take()).toEqual([]);
    await worker.clock.advance(5000);
    expect(worker.transport.take()).not.toEqual([]);
  });

  it('of an outage that ended early says nothing of the next one', async () => {
    const worker = new WorkerOfRegistries();
    const host = worker.host();
    worker.registry.fault = ({ method, path }) => {
      if (method !== 'POST' || !path.endsWith('/versions')) return undefined;
      return path.includes('/slow/') ? { status: 200, body: { id: 7 }, delayMs: 1000 } : leaveAlone(429, 600);
    };
    new Task(worker, host).begin(register('slow'));
    const task = new Task(worker, host);
    task.begin(register('a'));
    await worker.clock.advance(900);
    expect(worker.gateState(':write')).toBe('closed');
    worker.registry.fault = ({ method, path }) =>
      method === 'POST' && path.endsWith('/versions') ? 'refused' : undefined;
    await worker.clock.advance(1000);
    expect(worker.gateState(':write')).toBe('closed');
    worker.registry.fault = () => undefined;
    await worker.clock.advance(10_000);
    expect(wordsOf(task.answer)).toBe('known 1');
  });

  it('of one node does not keep the tasks from another one that is back', async () => {
    const worker = new WorkerOfRegistries({ nodes: [NODE_A, NODE_B] });
    let isDown = true;
    worker.transport.nodes.set(NODE_A, (request) => (isDown ? 'refused' : worker.registry.handle(request)));
    worker.transport.nodes.set(NODE_B, () => leaveAlone(503, 600));
    const id = worker.registry.put('s', { schema: '"string"' });
    const task = new Task(worker, worker.host(), BOTH);
    task.begin(byId(id));
    await worker.clock.advance(5000);
    expect(task.parkedAt).toMatch(/:read$/);
    isDown = false;
    await worker.clock.advance(15_000);
    expect(wordsOf(task.answer)).toBe(`known ${id}`);
  });

  it.each([
    ['the least of several', 10, 600, 10_000],
    ['none when one of those that answer names none', undefined, 600, 100],
  ])('of several nodes counts as %s', async (_, a, b, ms) => {
    const worker = new WorkerOfRegistries({ nodes: [NODE_A, NODE_B] });
    worker.transport.nodes.set(NODE_A, () => leaveAlone(503, a));
    worker.transport.nodes.set(NODE_B, () => leaveAlone(503, b));
    const id = worker.registry.put('s', { schema: '"string"' });
    new Task(worker, worker.host(), BOTH).begin(byId(id));
    await worker.settled();
    worker.transport.take();
    await worker.clock.advance(ms - 60);
    expect(worker.transport.take()).toEqual([]);
    await worker.clock.advance(120);
    expect(worker.transport.take()).not.toEqual([]);
  });
});
