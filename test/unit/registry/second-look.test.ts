import { describe, expect, it } from 'vitest';
import { MemoryCompactedLog } from '../../../src/registry/compacted-log.ts';
import { textFingerprint } from '../../../src/registry/fingerprint.ts';
import type { RegistryNotice } from '../../../src/registry/registry-notices.ts';
import { error, ok } from './scripted-transport.ts';
import {
  avro,
  byId,
  lookup,
  NODE_A,
  NODE_B,
  register,
  Task,
  WorkerOfRegistries,
  wordsOf,
} from './worker-of-registries.ts';

const OTHER = '"string"';
const settled = 'registry.settle.window.ms';
const config = { 'registry.barrier': 'off', 'registry.refresh.interval.ms': '0' };

const looks = (worker: WorkerOfRegistries) => worker.events.filter((event) => event.type === 'revalidated');
const integrity = (worker: WorkerOfRegistries) =>
  worker.events.flatMap((e) => (e.type === 'integrity' ? [e.error] : []));
const told = (worker: WorkerOfRegistries, kind: RegistryNotice['kind']): RegistryNotice[] =>
  worker.notices.filter((notice) => notice.kind === kind);
const asked = (worker: WorkerOfRegistries): string[] =>
  worker.transport.take().map((request) => request.replace(NODE_A, 'a').replace(NODE_B, 'b'));

describe('Invariant 5: every id that is acknowledged is looked at once more', () => {
  it('60 s later, by id and by subject, and hosts are told that it is confirmed', async () => {
    const worker = new WorkerOfRegistries();
    await new Task(worker, worker.host(), config).start(register('s'));
    expect(worker.coordinator.snapshots()[0]?.cache.unconfirmed).toBe(1);
    worker.transport.take();
    await worker.clock.advance(59_999);
    expect(asked(worker)).toEqual([]);
    await worker.clock.advance(1);
    expect(asked(worker)).toEqual(['GET a /schemas/ids/1', 'POST a /subjects/s']);
    expect(looks(worker)).toEqual([{ type: 'revalidated', id: 1, outcome: 'equal' }]);
    expect(told(worker, 'confirmed')).toMatchObject([{ context: '', ids: [1] }]);
    expect(worker.coordinator.snapshots()[0]?.cache).toMatchObject({ unconfirmed: 0, revalidations: 1 });
    await worker.clock.advance(600_000);
    expect(asked(worker)).toEqual([]);
  });

  it('when the settings say so, and for look-ups too', async () => {
    const worker = new WorkerOfRegistries();
    worker.registry.put('s', { schema: avro('s').schema });
    const quick = { ...config, 'registry.second.look.ms': '5000' };
    await new Task(worker, worker.host(), quick).start(lookup('s'));
    await worker.clock.advance(4999);
    expect(looks(worker)).toEqual([]);
    await worker.clock.advance(1);
    expect(looks(worker)).toHaveLength(1);
  });

  it.each([3_600_000, -3_600_000])('60 s later, also when the wall clock is set by %d ms', async (ms) => {
    const worker = new WorkerOfRegistries();
    const host = worker.host();
    await new Task(worker, host, config).start(register('s'));
    worker.clock.step(ms);
    await worker.clock.advance(10_000);
    await new Task(worker, host, config).start(register('t'));
    await worker.clock.advance(49_999);
    expect(looks(worker)).toEqual([]);
    await worker.clock.advance(1);
    expect(looks(worker)).toMatchObject([{ id: 1 }]);
    await worker.clock.advance(10_000);
    expect(looks(worker)).toMatchObject([{ id: 1 }, { id: 2 }]);
  });

  it('within 60 s of the next run when this one ends before, though the wall clock was an hour ahead in it', async () => {
    const log = new MemoryCompactedLog();
    const worker = await WorkerOfRegistries.open(log);
    worker.clock.step(3_600_000);
    await new Task(worker, worker.host(), config).start(register('s'));
    await worker.store?.flushed();
    await worker.coordinator.close();
    const again = await WorkerOfRegistries.open(log);
    again.registry.put('s', { schema: avro('s').schema });
    await new Task(again, again.host(), config).start(byId(1));
    await again.clock.advance(59_000);
    expect(looks(again)).toEqual([]);
    await again.clock.advance(2_000);
    expect(looks(again)).toMatchObject([{ id: 1, outcome: 'equal' }]);
  });

  it('no oftener than so many per second', async () => {
    const worker = new WorkerOfRegistries();
    const host = worker.host();
    const slow = { ...config, 'registry.revalidate.max.per.second': '5' };
    for (let i = 0; i < 30; i++) await new Task(worker, host, slow).start(register(`s${i}`));
    await worker.clock.advance(61_000);
    expect(looks(worker).length).toBeGreaterThan(3);
    expect(looks(worker).length).toBeLessThan(8);
    await worker.clock.advance(6000);
    expect(looks(worker)).toHaveLength(30);
  });

  it('in the next run when this one ends before', async () => {
    const log = new MemoryCompactedLog();
    const worker = await WorkerOfRegistries.open(log);
    await new Task(worker, worker.host(), config).start(register('s'));
    await new Task(worker, worker.host(), config).start(register('t'));
    await worker.clock.advance(30_000);
    await worker.store?.flushed();
    await worker.coordinator.close();
    const again = await WorkerOfRegistries.open(log);
    again.registry.put('s', { schema: avro('s').schema });
    again.registry.put('t', { schema: OTHER });
    await new Task(again, again.host(), config).start(byId(1));
    await again.clock.advance(61_000);
    // Behind the contradiction, others are looked at.
    expect(
      looks(again)
        .slice(0, 2)
        .map((look) => look.type === 'revalidated' && `${look.id} ${look.outcome}`),
    ).toEqual(['1 equal', '2 contradicted']);
    await again.store?.flushed();
    await again.coordinator.close();
    const third = await WorkerOfRegistries.open(log);
    third.registry.put('s', { schema: avro('s').schema });
    await new Task(third, third.host(), config).start(byId(1));
    await third.clock.advance(61_000);
    expect(looks(third).some((look) => look.type === 'revalidated' && look.id === 1)).toBe(false);
  });

  it('of an id that was contradicted and is acknowledged anew confirms what was sent for it last', async () => {
    const log = new MemoryCompactedLog();
    const worker = await WorkerOfRegistries.open(log);
    await new Task(worker, worker.host(), config).start(register('s'));
    await worker.store?.flushed();
    await worker.coordinator.close();
    const again = await WorkerOfRegistries.open(log);
    const host = again.host();
    again.registry.put('s', { schema: OTHER });
    again.registry.put('t', { schema: avro('t').schema });
    await new Task(again, host, config).start(byId(2));
    await again.clock.advance(61_000);
    expect(told(again, 'contradicted')).toMatchObject([{ id: 1 }]);
    // It is mended, and somebody sends the same schema written in another way.
    again.registry.schemas.set(1, { schema: avro('s').schema });
    again.registry.fault = ({ method, path }) =>
      method === 'POST' && path.startsWith('/subjects/s') ? ok({ subject: 's', id: 1, version: 1 }) : undefined;
    const spaced = { ...avro('s'), schema: avro('s').schema.replace(/,/g, ', ') };
    expect(wordsOf(await new Task(again, host, config).start(register('s', spaced)))).toBe('known 1');
    await again.clock.advance(61_000);
    expect(told(again, 'confirmed')).toMatchObject([{ ids: [1] }]);
    const { clusterId } = again.coordinator.snapshots()[0] ?? {};
    expect(again.store?.unconfirmed(clusterId ?? '').map(({ text }) => text)).toEqual([textFingerprint(avro('s'))]);
  });

  it('an id that is lost is registered again, and when it comes to another id that is told', async () => {
    const worker = new WorkerOfRegistries();
    const host = worker.host();
    await new Task(worker, host, config).start(register('s'));
    worker.registry.schemas.clear();
    worker.registry.subjects.clear();
    worker.registry.put('x', { schema: OTHER });
    await worker.clock.advance(60_000);
    expect(looks(worker)).toMatchObject([{ id: 1, outcome: 'lost' }]);
    expect(integrity(worker)).toEqual([]);
    await worker.clock.advance(5000);
    const [found] = integrity(worker);
    expect(found?.code).toBe('holdfast.registry.id.lost');
    expect(found?.message).toMatch(/Schema id 1 \(subject s\) .* at http:\/\/a:8081, and the schema has id 3 now/);
    expect(found?.details).toMatchObject({ id: 1, context: '', subject: 's', now: 3, node: NODE_A });
    expect(told(worker, 'contradicted')).toMatchObject([{ id: 1, context: '' }]);
    // Whoever restarts the task goes on with the new id.
    await worker.clock.advance(1000);
    expect(wordsOf(await new Task(worker, host, config).start(register('s')))).toBe('known 3');
    expect(integrity(worker)).toHaveLength(1);
  });

  it('an id that is lost and comes back as the same is none', async () => {
    const worker = new WorkerOfRegistries();
    await new Task(worker, worker.host(), config).start(register('s'));
    worker.registry.schemas.clear();
    worker.registry.subjects.clear();
    worker.registry.nextId = 1;
    await worker.clock.advance(80_000);
    expect(worker.registry.schemas.has(1)).toBe(true);
    expect(integrity(worker)).toEqual([]);
    expect(told(worker, 'confirmed')).toHaveLength(1);
  });

  it('one that the registry does not take again is told as well', async () => {
    const worker = new WorkerOfRegistries();
    await new Task(worker, worker.host(), config).start(register('s'));
    worker.registry.schemas.clear();
    worker.registry.subjects.clear();
    worker.registry.fault = ({ method }) => (method === 'POST' ? error(409, 40901, 'incompatible') : undefined);
    await worker.clock.advance(70_000);
    expect(integrity(worker)[0]?.message).toMatch(/and the registry does not take the schema again/);
  });

  it('one that was looked up only is not registered', async () => {
    const worker = new WorkerOfRegistries();
    worker.registry.put('s', { schema: avro('s').schema });
    await new Task(worker, worker.host(), config).start(lookup('s'));
    worker.registry.schemas.clear();
    worker.registry.subjects.clear();
    await worker.clock.advance(70_000);
    expect(worker.registry.posts).toBe(0);
    expect(integrity(worker)[0]?.code).toBe('holdfast.registry.id.lost');
  });

  it('"not found" right after an outage is no loss', async () => {
    const worker = new WorkerOfRegistries();
    await new Task(worker, worker.host(), { ...config, [settled]: '60000' }).start(register('s'));
    await worker.clock.advance(40_000);
    worker.registry.fault = () => 'refused';
    new Task(worker, worker.host(), { ...config, [settled]: '60000' }).begin(byId(1000));
    await worker.clock.advance(1000);
    // The registry replays its topic: it answers, and denies what is young.
    worker.registry.fault = ({ path, method }) =>
      path === '/schemas/ids/1' || method === 'POST' ? error(404, 40403, 'Schema not found') : undefined;
    await worker.clock.advance(30_000);
    expect(integrity(worker)).toEqual([]);
    worker.registry.fault = () => undefined;
    await worker.clock.advance(90_000);
    expect(integrity(worker)).toEqual([]);
    expect(told(worker, 'confirmed')).toHaveLength(1);
  });

  it('waits for reads to work', async () => {
    const worker = new WorkerOfRegistries();
    await new Task(worker, worker.host(), config).start(register('s'));
    worker.registry.fault = () => 'refused';
    new Task(worker, worker.host(), config).begin(byId(1000));
    await worker.clock.advance(120_000);
    expect(looks(worker)).toEqual([]);
    worker.registry.fault = () => undefined;
    await worker.clock.advance(10_000);
    expect(told(worker, 'confirmed')).toHaveLength(1);
  });

  it('other content by id stops who uses it, and others go on (Karapace: the last one wins)', async () => {
    const worker = new WorkerOfRegistries();
    const host = worker.host();
    const mine = new Task(worker, host, config);
    await mine.start(register('s'));
    const other = new Task(worker, host, config);
    await other.start(register('t'));
    worker.registry.schemas.set(1, { schema: OTHER });
    await worker.clock.advance(60_000);
    expect(told(worker, 'contradicted')).toMatchObject([{ id: 1 }]);
    expect(wordsOf(mine.view.peek(register('s')))).toBe('refused holdfast.registry.content-changed');
    expect(wordsOf(other.view.peek(register('t')))).toBe('known 2');
    expect(wordsOf(await new Task(worker, host, config).start(register('new')))).toBe('known 3');
  });

  // Confluent: the first one wins.
  it('another id under the subject is a contradiction too', async () => {
    const worker = new WorkerOfRegistries();
    await new Task(worker, worker.host(), config).start(register('s'));
    worker.registry.fault = ({ method, path }) =>
      method === 'POST' && path === '/subjects/s' ? ok({ subject: 's', id: 7, version: 1, ...avro('s') }) : undefined;
    await worker.clock.advance(60_000);
    expect(integrity(worker)[0]?.message).toMatch(/but its subject does not have it at /);
    expect(integrity(worker)[0]?.message).toContain('and the schema has id 7 now');
    expect(asked(worker).filter((request) => request.includes('/schemas/ids/7'))).toHaveLength(1);
  });

  it.each([1.5, -1, 2 ** 31])(
    'the number %d in place of an id is none: it is not asked for, and the look is made again',
    async (id) => {
      const worker = new WorkerOfRegistries();
      await new Task(worker, worker.host(), config).start(register('s'));
      worker.registry.fault = ({ method }) => (method === 'POST' ? ok({ subject: 's', id, version: 1 }) : undefined);
      await worker.clock.advance(70_000);
      expect(integrity(worker)).toEqual([]);
      expect(told(worker, 'confirmed')).toEqual([]);
      expect(asked(worker).filter((request) => request.includes(`/schemas/ids/${id}`))).toEqual([]);
      worker.registry.fault = () => undefined;
      await worker.clock.advance(10_000);
      expect(told(worker, 'confirmed')).toMatchObject([{ ids: [1] }]);
    },
  );

  it('another id under the subject is none when it means the same schema', async () => {
    const worker = new WorkerOfRegistries();
    await new Task(worker, worker.host(), config).start(register('s'));
    worker.registry.put('s', { schema: avro('s').schema }, 7);
    worker.registry.fault = ({ method, path }) =>
      method === 'POST' && path === '/subjects/s' ? ok({ subject: 's', id: 7, version: 2, ...avro('s') }) : undefined;
    await worker.clock.advance(60_000);
    expect(integrity(worker)).toEqual([]);
    expect(told(worker, 'confirmed')).toMatchObject([{ ids: [1] }]);
  });

  it('a subject that was deleted meanwhile is none', async () => {
    const worker = new WorkerOfRegistries();
    await new Task(worker, worker.host(), config).start(register('s'));
    worker.registry.subjects.clear();
    await worker.clock.advance(60_000);
    expect(integrity(worker)).toEqual([]);
    expect(told(worker, 'confirmed')).toHaveLength(1);
  });

  it('is over when the worker stops', async () => {
    const worker = new WorkerOfRegistries();
    await new Task(worker, worker.host()).start(register('s'));
    await worker.coordinator.close();
    expect(worker.clock.pendingTimers).toBe(0);
  });
});
