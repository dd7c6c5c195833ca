import { describe, expect, it } from 'vitest';
import { error } from './scripted-transport.ts';
import { byId, NODE_A, register, Task, WorkerOfRegistries, wordsOf } from './worker-of-registries.ts';

const MINUTE = 60_000;
const quiet = { 'registry.second.look.ms': '1000' };
const as = (password: string) => ({
  'basic.auth.credentials.source': 'USER_INFO',
  'basic.auth.user.info': `ann:${password}`,
  ...quiet,
});

/** Whose passwords were sent since the last call. */
const passwords = (worker: WorkerOfRegistries): Set<string | undefined> =>
  new Set(
    worker.transport.requests.splice(0).map(({ headers }) => {
      const [, token = ''] = (headers['authorization'] ?? '').split(' ');
      return Buffer.from(token, 'base64').toString().split(':')[1];
    }),
  );

describe('a registry that no view uses any more', () => {
  it('is closed a minute after an edit, timers, gates and figures included', async () => {
    const worker = new WorkerOfRegistries({ detects: true });
    const host = worker.host();
    const before = new Task(worker, host, as('old'));
    await before.start(register('s'));
    const [old = ''] = worker.coordinator.registryIds;
    before.stop();
    const after = new Task(worker, host, as('new'));
    await after.start(register('s'));
    await worker.clock.advance(MINUTE - 1000);
    expect(worker.coordinator.registryIds).toHaveLength(2);
    expect(passwords(worker)).toEqual(new Set(['old', 'new']));
    await worker.clock.advance(2000);
    expect(worker.coordinator.snapshots().map(({ id }) => id)).toEqual([after.view.registryId]);
    expect(worker.gates.snapshots().filter(({ id }) => id.includes(old))).toEqual([]);
    expect(worker.events.filter(({ type }) => type === 'closed')).toHaveLength(1);
    expect(worker.transport.closed).toBe(true);
    expect(worker.coordinator.probeNow(old)).toBe(false);
    passwords(worker);
    await worker.clock.advance(60 * MINUTE);
    expect(passwords(worker)).toEqual(new Set(['new']));
    after.stop();
    await worker.clock.advance(2 * MINUTE);
    expect(worker.coordinator.registryIds).toEqual([]);
    expect(worker.clock.pendingTimers).toBe(0);
    expect(worker.events.at(-1)).toEqual({ type: 'closed' });
  });

  it('is opened anew by the next question', async () => {
    const worker = new WorkerOfRegistries({ detects: true });
    const host = worker.host();
    const first = new Task(worker, host, quiet);
    await first.start(register('s'));
    first.stop();
    await worker.clock.advance(2 * MINUTE);
    expect(worker.coordinator.registryIds).toEqual([]);
    const second = new Task(worker, host, quiet);
    expect(wordsOf(await second.start(register('s')))).toBe('known 1');
    await worker.clock.advance(60 * MINUTE);
    expect(worker.coordinator.registryIds).toEqual([second.view.registryId]);
  });

  it('keeps its gates over a restart of the connector, and loses them in every host when it is closed', async () => {
    const worker = new WorkerOfRegistries({ detects: true });
    const host = worker.host();
    worker.registry.fault = () => error(503, 503, 'away');
    const first = new Task(worker, host, quiet);
    first.begin(register('s'));
    await worker.clock.advance(10_000);
    const gateId = `registry:${first.view.registryId}:read`;
    const since = host.gates.get(gateId)?.snapshot().since;
    expect(host.gates.get(gateId)?.snapshot().state).toBe('closed');
    first.stop();
    await worker.clock.advance(MINUTE - 1);
    const second = new Task(worker, host, quiet);
    second.begin(register('s'));
    await worker.clock.advance(10 * MINUTE);
    expect(host.gates.get(gateId)?.snapshot()).toMatchObject({ state: 'closed', since });
    second.stop();
    await worker.clock.advance(MINUTE);
    expect(worker.gates.get(gateId)).toBeUndefined();
    expect(host.gates.get(gateId)).toBeUndefined();
    worker.registry.fault = () => undefined;
    const third = new Task(worker, host, quiet);
    third.begin(register('s'));
    await worker.clock.advance(1000);
    expect(wordsOf(third.answer)).toBe('known 1');
  });

  it('is used by an idle view for as long as that lives', async () => {
    const worker = new WorkerOfRegistries();
    const task = new Task(worker, worker.host(), quiet);
    await task.start(register('s'));
    await worker.clock.advance(24 * 60 * MINUTE);
    expect(worker.coordinator.registryIds).toHaveLength(1);
  });

  it('is used by the views of a host until that ends, whether they say so or not', async () => {
    const worker = new WorkerOfRegistries();
    const life = new AbortController();
    const host = worker.host(life.signal);
    await new Task(worker, host, quiet).start(register('s'));
    await new Task(worker, host, quiet).start(register('t'));
    await worker.clock.advance(10 * MINUTE);
    expect(worker.coordinator.registryIds).toHaveLength(1);
    life.abort();
    await worker.clock.advance(MINUTE);
    expect(worker.coordinator.registryIds).toEqual([]);
  });

  it.each(['after its end', 'of a host that has ended'])('is not kept by a question that comes %s', async (when) => {
    const worker = new WorkerOfRegistries();
    const hostEnds = when === 'after its end' ? undefined : AbortSignal.abort();
    const config = { 'schema.registry.url': NODE_A, ...quiet };
    if (hostEnds === undefined) await worker.coordinator.serve({ kind: 'withdraw', config, view: 'v' });
    expect(worker.coordinator.registryIds).toEqual([]);
    await worker.coordinator.serve({ kind: 'ask', config, view: 'v', questions: [byId(1)] }, hostEnds);
    expect(worker.coordinator.registryIds).toHaveLength(1);
    await worker.clock.advance(MINUTE);
    expect(worker.coordinator.registryIds).toEqual([]);
  });

  it('invariant 5: stays until its ids have had their second look', async () => {
    const worker = new WorkerOfRegistries();
    const task = new Task(worker, worker.host(), { 'registry.second.look.ms': '90000' });
    await task.start(register('s'));
    task.stop();
    await worker.clock.advance(MINUTE);
    expect(worker.coordinator.snapshots()[0]?.cache.unconfirmed).toBe(1);
    await worker.clock.advance(MINUTE);
    expect(worker.notices).toContainEqual(expect.objectContaining({ kind: 'confirmed', ids: [1] }));
    expect(worker.coordinator.registryIds).toEqual([]);
  });

  it('gives a second look up that can not be had within ten minutes', async () => {
    const worker = new WorkerOfRegistries();
    const task = new Task(worker, worker.host());
    await task.start(register('s'));
    task.stop();
    worker.registry.fault = () => error(503, 503, 'away');
    await worker.clock.advance(9 * MINUTE);
    expect(worker.coordinator.registryIds).toHaveLength(1);
    await worker.clock.advance(MINUTE);
    expect(worker.coordinator.registryIds).toEqual([]);
    await worker.clock.advance(0);
    expect(worker.clock.pendingTimers).toBe(0);
  });

  it('shows an integrity error for a day', async () => {
    const worker = new WorkerOfRegistries();
    const task = new Task(worker, worker.host(), quiet);
    await task.start(register('s'));
    worker.registry.put('s', { schema: '"string"' }, 1);
    await worker.clock.advance(5000);
    task.stop();
    await worker.clock.advance(23 * 60 * MINUTE);
    expect(worker.coordinator.snapshots()[0]?.integrityErrors).toHaveLength(1);
    await worker.clock.advance(60 * MINUTE);
    expect(worker.coordinator.registryIds).toEqual([]);
  });
});
