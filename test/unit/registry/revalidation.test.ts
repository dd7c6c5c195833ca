import { describe, expect, it } from 'vitest';
import { type Acknowledgement, NoPrimaryKnowledge } from '../../../src/registry/registry-knowledge.ts';
import { primaryEpoch } from '../../support/primary-epochs.ts';
import { error } from './scripted-transport.ts';
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

const START = 1_700_000_000_000;
const epoch = (name: string) => primaryEpoch({ epoch: name, memberId: name, changeBeganAt: START, startedAt: START });

/** Suspects what was acknowledged since `suspectSince` under another epoch than the present one. */
class TestKnowledge extends NoPrimaryKnowledge {
  present = 'one';
  suspectSince = Number.POSITIVE_INFINITY;
  where: string | null = null;

  override epoch(): string {
    return this.present;
  }

  override primary(): string | null {
    return this.where;
  }

  override isSuspect(acknowledgement?: Acknowledgement): boolean {
    return (
      acknowledgement !== undefined && acknowledgement.epoch !== this.present && acknowledgement.at >= this.suspectSince
    );
  }
}

function setUp(nodes?: readonly string[]) {
  const knowledge = new TestKnowledge();
  const worker = new WorkerOfRegistries({ knowledge, ...(nodes === undefined ? {} : { nodes }) });
  const change = (suspectSince: number): void => {
    knowledge.present = 'two';
    knowledge.suspectSince = suspectSince;
    worker.changed({ epoch: epoch('two'), previous: epoch('one'), suspectSince });
  };
  return { knowledge, worker, change };
}

const config = { 'registry.barrier': 'off', 'registry.refresh.interval.ms': '0', 'registry.refresh.sample.size': '0' };
const reads = (worker: WorkerOfRegistries): string[] =>
  worker.transport.take().filter((request) => request.startsWith('GET'));
const revalidated = (worker: WorkerOfRegistries): string[] =>
  worker.events.flatMap((event) => (event.type === 'revalidated' ? [`${event.id} ${event.outcome}`] : []));

describe('Invariant 5: after a change of primary', () => {
  it('suspect ids are read back before anybody asks, and hosts are told', async () => {
    const { worker, change } = setUp();
    const host = worker.host();
    await new Task(worker, host, config).start(register('old'));
    await worker.clock.advance(100_000);
    await new Task(worker, host, config).start(register('young'));
    worker.transport.take();
    worker.events.length = 0;
    change(START + 90_000);
    expect(worker.notices.at(-1)).toMatchObject({ kind: 'changed', epoch: 'two', suspectSince: START + 90_000 });
    await worker.clock.advance(500);
    expect(reads(worker).filter((request) => request.includes('/ids/'))).toEqual([`GET ${NODE_A} /schemas/ids/2`]);
    expect(revalidated(worker)).toEqual(['2 equal']);
    expect(worker.coordinator.snapshots()[0]?.cache.suspect).toBe(0);
    // The hot path finds it good.
    expect(wordsOf(await new Task(worker, host, config).start(register('young')))).toBe('known 2');
    expect(worker.transport.take()).toEqual([]);
  });

  it('at a bounded rate, however many there are', async () => {
    const { worker, change } = setUp();
    const task = new Task(worker, worker.host(), { ...config, 'registry.revalidate.max.per.second': '10' });
    for (let i = 0; i < 100; i++) await task.start(register(`s${i}`));
    worker.events.length = 0;
    change(START);
    await worker.clock.advance(5000);
    expect(revalidated(worker).length).toBeGreaterThan(40);
    expect(revalidated(worker).length).toBeLessThan(60);
  });

  it('at the new primary, when it is known', async () => {
    const { knowledge, worker, change } = setUp([NODE_A, NODE_B]);
    const urls = { ...config, 'schema.registry.url': `${NODE_A},${NODE_B}` };
    await new Task(worker, worker.host(), urls).start(register('s'));
    knowledge.where = NODE_B;
    worker.transport.take();
    change(START);
    await worker.clock.advance(500);
    expect(reads(worker).filter((request) => request.includes('/ids/'))).toEqual([`GET ${NODE_B} /schemas/ids/1`]);
  });

  it('at every node otherwise: one that lags shows what was true before', async () => {
    const { worker, change } = setUp([NODE_A, NODE_B]);
    const urls = { ...config, 'schema.registry.url': `${NODE_A},${NODE_B}` };
    const task = new Task(worker, worker.host(), urls);
    await task.start(register('s'));
    worker.transport.nodes.set(NODE_B, (request) =>
      request.path === '/schemas/ids/1'
        ? { status: 200, body: { schema: '"string"' } }
        : worker.registry.handle(request),
    );
    change(START);
    await worker.clock.advance(500);
    expect(wordsOf(task.view.peek(register('s')))).toBe('refused holdfast.registry.content-changed');
  });

  it('a suspect id that is lost is registered again and compared', async () => {
    const { worker, change } = setUp();
    await new Task(worker, worker.host(), config).start(register('s'));
    worker.registry.schemas.clear();
    worker.registry.subjects.clear();
    change(START);
    await worker.clock.advance(20_000);
    expect(revalidated(worker)[0]).toBe('1 lost');
    expect(worker.events.flatMap((e) => (e.type === 'integrity' ? [e.error.code] : []))).toEqual([
      'holdfast.registry.id.lost',
    ]);
  });

  it('an old id that is gone was deleted by somebody, and is not registered again', async () => {
    const { worker, change } = setUp();
    await new Task(worker, worker.host(), { ...config, 'registry.refresh.sample.size': '5' }).start(register('s'));
    await worker.clock.advance(100_000);
    worker.registry.schemas.clear();
    worker.registry.subjects.clear();
    worker.events.length = 0;
    change(START + 90_000);
    await worker.clock.advance(60_000);
    expect(revalidated(worker)).toEqual(['1 lost']);
    expect(worker.registry.posts).toBe(1);
    expect(worker.events.filter(({ type }) => type === 'integrity')).toEqual([]);
  });

  it('the latest version and what was denied is asked for again', async () => {
    const { worker, change } = setUp();
    const host = worker.host();
    worker.registry.put('s', { schema: avro('s').schema });
    worker.registry.fault = ({ path }) => (path.includes('/subjects/t') ? error(404, 40401, 'no subject') : undefined);
    const task = new Task(worker, host, config);
    await task.start(latest('s'));
    expect(wordsOf(await task.start(latest('t')))).toMatch(/refused/);
    worker.registry.fault = () => undefined;
    worker.registry.put('s', { schema: avro('s2').schema });
    worker.registry.put('t', { schema: avro('t').schema });
    change(START + 100_000);
    expect(wordsOf(await task.start(latest('s')))).toBe('known 2');
    expect(wordsOf(await task.start(latest('t')))).toBe('known 3');
  });

  it('nothing is read while reads do not work', async () => {
    const { worker, change } = setUp();
    const task = new Task(worker, worker.host(), config);
    await task.start(register('s'));
    worker.registry.fault = () => 'refused';
    new Task(worker, worker.host(), config).begin(byId(77));
    await worker.clock.advance(100);
    change(START);
    await worker.clock.advance(20_000);
    expect(revalidated(worker)).toEqual([]);
    worker.registry.fault = () => undefined;
    await worker.clock.advance(3000);
    expect(revalidated(worker)).toEqual(['1 equal']);
  });
});

describe('old ids', () => {
  it('are read again from time to time, those first that were read longest ago', async () => {
    const worker = new WorkerOfRegistries();
    const refresh = { ...config, 'registry.refresh.interval.ms': '600000', 'registry.refresh.sample.size': '2' };
    const task = new Task(worker, worker.host(), refresh);
    for (const subject of ['a', 'b', 'c', 'd']) {
      await task.start(register(subject));
      await worker.clock.advance(10);
    }
    await worker.clock.advance(599_900);
    worker.events.length = 0;
    await worker.clock.advance(1000);
    expect(revalidated(worker)).toEqual(['1 equal', '2 equal']);
    await worker.clock.advance(600_000);
    expect(revalidated(worker).slice(2)).toEqual(['3 equal', '4 equal']);
    await worker.clock.advance(600_000);
    expect(revalidated(worker).slice(4)).toEqual(['1 equal', '2 equal']);
  });

  it('that somebody deleted do not keep the others from their turn', async () => {
    const worker = new WorkerOfRegistries();
    const refresh = { ...config, 'registry.refresh.interval.ms': '600000', 'registry.refresh.sample.size': '2' };
    const task = new Task(worker, worker.host(), refresh);
    for (const subject of ['a', 'b', 'c', 'd']) {
      await task.start(register(subject));
      await worker.clock.advance(10);
    }
    await worker.clock.advance(70_000);
    for (const id of [1, 2]) worker.registry.schemas.delete(id);
    for (const subject of ['a', 'b']) worker.registry.subjects.delete(subject);
    await worker.clock.advance(535_000);
    worker.events.length = 0;
    await worker.clock.advance(600_000);
    expect(revalidated(worker)).toEqual(['3 equal', '4 equal']);
    await worker.clock.advance(600_000);
    expect(revalidated(worker).slice(2)).toEqual(['1 lost', '2 lost']);
  });

  it('with other content stop who uses them', async () => {
    const worker = new WorkerOfRegistries();
    const refresh = { ...config, 'registry.refresh.interval.ms': '600000', 'registry.refresh.sample.size': '2' };
    const task = new Task(worker, worker.host(), refresh);
    await task.start(register('a'));
    await worker.clock.advance(70_000);
    worker.registry.schemas.set(1, { schema: '"string"' });
    await worker.clock.advance(600_000);
    expect(wordsOf(task.view.peek(register('a')))).toBe('refused holdfast.registry.content-changed');
  });
});
