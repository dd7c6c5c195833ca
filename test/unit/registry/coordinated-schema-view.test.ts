import { describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { createSchemaView } from '../../../src/registry/coordinated-schema-view.ts';
import { GateMirror } from '../../../src/registry/gate-mirror.ts';
import { EnvironmentError } from '../../../src/sdk/errors/index.ts';
import {
  avro,
  byId,
  latest,
  NODE_A,
  never,
  register,
  Task,
  WorkerOfRegistries,
  wordsOf,
} from './worker-of-registries.ts';

describe('SchemaView', () => {
  it('asks for latest again when its time is over', async () => {
    const worker = new WorkerOfRegistries();
    worker.registry.put('s', { schema: avro('one').schema });
    const task = new Task(worker, worker.host(), { 'latest.cache.ttl.sec': '60' });
    expect(wordsOf(await task.start(latest('s')))).toBe('known 1');
    worker.registry.put('s', { schema: avro('two').schema });
    await worker.clock.advance(59_999);
    expect(wordsOf(await task.start(latest('s')))).toBe('known 1');
    await worker.clock.advance(1);
    expect(task.view.peek(latest('s')).kind).toBe('unasked');
    expect(wordsOf(await task.start(latest('s')))).toBe('known 2');
  });

  it('goes on with the last known latest while the registry is away', async () => {
    const worker = new WorkerOfRegistries();
    worker.registry.put('s', { schema: avro('one').schema });
    const task = new Task(worker, worker.host(), { 'latest.cache.ttl.sec': '60' });
    await task.start(latest('s'));
    worker.registry.fault = () => 'refused';
    await worker.clock.advance(100_000);
    expect(wordsOf(await task.start(latest('s')))).toBe('known 1');
    await worker.clock.advance(10_000);
    expect(wordsOf(await task.start(latest('s')))).toBe('known 1');
    worker.registry.put('s', { schema: avro('two').schema });
    worker.registry.fault = () => undefined;
    await worker.clock.advance(5000);
    expect(wordsOf(await task.start(latest('s')))).toBe('known 2');
  });

  it('is bounded: what was used longest ago is asked for again', async () => {
    const worker = new WorkerOfRegistries();
    for (let i = 1; i <= 5; i++) worker.registry.put(`s${i}`, { schema: avro(`s${i}`).schema });
    const task = new Task(worker, worker.host(), { 'schemas.cache.size': '3' });
    for (const id of [1, 2, 3]) await task.start(byId(id));
    await worker.clock.advance(10_000);
    task.view.peek(byId(1));
    await task.start(byId(4));
    expect([1, 2, 3, 4].map((id) => task.view.peek(byId(id)).kind)).toEqual(['known', 'unasked', 'known', 'known']);
  });

  it('holds what one batch needs, however small it is, and gets small again later', async () => {
    const worker = new WorkerOfRegistries();
    for (let i = 1; i <= 5; i++) worker.registry.put(`s${i}`, { schema: avro(`s${i}`).schema });
    const { view } = new Task(worker, worker.host(), { 'schemas.cache.size': '2' });
    const kinds = (): string[] => [1, 2, 3, 4, 5].map((id) => view.peek(byId(id)).kind);
    await view.resolve([byId(1), byId(2), byId(3)], never);
    await view.resolve([byId(4)], never);
    expect(kinds()).toEqual(['known', 'known', 'known', 'known', 'unasked']);
    await worker.clock.advance(10_000);
    await view.resolve([byId(5)], never);
    expect(kinds()).toEqual(['unasked', 'unasked', 'unasked', 'known', 'known']);
  });

  it('asks for what is lacking in one message, and for nothing twice', async () => {
    const clock = new ManualClock();
    const asked: unknown[] = [];
    let answer: (value: unknown) => void = () => {};
    const view = createSchemaView({
      clock,
      gates: new GateMirror({ clock }),
      config: { 'schema.registry.url': NODE_A },
      name: 'v',
      ask: (message) => {
        asked.push(message);
        return new Promise((resolve) => {
          answer = resolve;
        });
      },
    });
    const first = view.resolve([byId(1), byId(1), register('s')], never);
    const second = view.resolve([byId(1)], never);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ kind: 'ask', view: 'v', questions: [{ id: 1 }, { subject: 's' }] });
    const acknowledgement = { at: 0, epoch: '' };
    answer({
      answers: [
        { kind: 'known', schema: { id: 1, ...avro('a') }, acknowledgement },
        { kind: 'known', schema: { id: 2, ...avro('s') }, acknowledgement },
      ],
    });
    await Promise.all([first, second]);
    expect([byId(1), register('s')].map((question) => wordsOf(view.peek(question)))).toEqual(['known 1', 'known 2']);
    view.close();
    // It uses the registry no more.
    expect(asked.slice(1)).toMatchObject([{ kind: 'withdraw', view: 'v' }]);
  });

  it('says nothing of its end when it never asked', () => {
    const clock = new ManualClock();
    const ask = vi.fn(async () => undefined);
    const gates = new GateMirror({ clock });
    createSchemaView({ clock, gates, config: { 'schema.registry.url': NODE_A }, name: 'v', ask }).close();
    expect(ask).not.toHaveBeenCalled();
  });

  it.each([
    ['a link that broke', () => Promise.reject(new Error('the host ended'))],
    ['an answer of no form', () => Promise.resolve({ answers: [] })],
  ])('waits, and does not blame the record, after %s', async (_what, ask) => {
    const clock = new ManualClock();
    const config = { 'schema.registry.url': NODE_A };
    const view = createSchemaView({ clock, gates: new GateMirror({ clock }), config, name: 'v', ask });
    await view.resolve([byId(1)], never);
    const answer = view.peek(byId(1));
    expect(answer.kind === 'waiting' && answer.error instanceof EnvironmentError).toBe(true);
    expect(view.resolve([byId(1)], never)).toBeInstanceOf(Promise);
  });

  it('has one registry id for all views on one cluster', () => {
    const worker = new WorkerOfRegistries();
    const [a, b] = [worker.host(), worker.host()].map((host) => new Task(worker, host).view.registryId);
    expect(a).toBe(b);
  });
});
