import { describe, expect, it } from 'vitest';
import { avro, byId, NODE_A, NODE_B, register, Task, WorkerOfRegistries } from './worker-of-registries.ts';

describe('the snapshot of a registry', () => {
  it('tells nodes, cluster, cache and what is known of the primary', async () => {
    const worker = new WorkerOfRegistries();
    worker.registry.put('s', { schema: avro('s').schema });
    const task = new Task(worker, worker.host());
    await task.start(byId(1));
    await new Task(worker, worker.host()).start(byId(1));
    const [snapshot] = worker.coordinator.snapshots();
    expect(snapshot).toMatchObject({
      id: task.view.registryId,
      urls: [NODE_A],
      vendor: 'unknown',
      clusterId: 'kafka-cluster=kafka-1;schema-registry-cluster=sr',
      rung: 'none',
      epoch: null,
      epochs: [],
      gateHistory: [],
      cache: { schemas: 1, answers: 1, suspect: 0, hits: 1, misses: 1, stored: 0 },
      parkedQuestions: 0,
      parkedViews: 0,
      integrityErrors: [],
    });
    expect(snapshot?.nodes).toMatchObject([{ url: NODE_A, alive: true, ready: null, role: 'unknown', lag: null }]);
    expect(structuredClone(snapshot)).toEqual(snapshot);
    const cacheEvents = worker.events.filter((event) => event.type === 'cache');
    expect(cacheEvents).toEqual([
      { type: 'cache', outcome: 'miss' },
      { type: 'cache', outcome: 'hit' },
    ]);
  });

  it('tells gates, when they were shut, and who waits', async () => {
    const worker = new WorkerOfRegistries();
    const host = worker.host();
    const tasks = [1, 2, 3].map(() => new Task(worker, host));
    worker.registry.fault = () => 'refused';
    tasks[0]!.begin(byId(1));
    tasks[1]!.begin(byId(1));
    tasks[2]!.begin(byId(2));
    await worker.clock.advance(5000);
    const during = worker.coordinator.snapshots()[0]!;
    expect(during.gates.map(({ id, state }) => `${id.split(':').at(-1)} ${state}`)).toEqual([
      'read closed',
      'write open',
    ]);
    expect(during).toMatchObject({ parkedQuestions: 2, parkedViews: 3, nodes: [{ alive: false }] });
    expect(during.gateHistory).toMatchObject([{ openedAt: null, reason: expect.stringMatching('ECONNREFUSED') }]);
    expect(during.gateHistory[0]!.attempts).toBeGreaterThan(3);
    for (const name of ['a', 'b']) worker.registry.put(name, { schema: avro(name).schema });
    worker.registry.fault = () => undefined;
    await worker.clock.advance(5000);
    const after = worker.coordinator.snapshots()[0]!;
    expect(after.parkedQuestions).toBe(0);
    expect(after.gateHistory).toHaveLength(1);
    const { closedAt, openedAt } = after.gateHistory[0]!;
    expect(closedAt).toBe(1_700_000_000_000);
    expect(openedAt).toBeGreaterThan(closedAt + 5000);
    // A snapshot is of one moment.
    expect(during.gateHistory[0]!.openedAt).toBeNull();
  });

  it('keeps the history of each registry apart', async () => {
    const worker = new WorkerOfRegistries();
    worker.transport.nodes.set(NODE_B, () => 'refused');
    await new Task(worker, worker.host()).start(register('s'));
    new Task(worker, worker.host(), { 'schema.registry.url': NODE_B }).begin(byId(1));
    await worker.clock.advance(1000);
    expect(worker.coordinator.snapshots().map(({ gateHistory }) => gateHistory.length)).toEqual([0, 1]);
  });
});
