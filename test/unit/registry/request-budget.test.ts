import { setMaxListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { RequestBudget } from '../../../src/registry/request-budget.ts';
import { TrackedRegistry } from './tracked-registry.ts';
import { avro, byId, register, Task, WorkerOfRegistries, wordsOf } from './worker-of-registries.ts';

const never = new AbortController().signal;
setMaxListeners(0, never);

function budgetOf(perSecond: number) {
  const clock = new ManualClock();
  const state = { applies: true };
  const budget = new RequestBudget({ clock, perSecond, applies: () => state.applies });
  const went: number[] = [];
  const ask = (urgent = false): void => {
    const admitted = budget.admit(urgent, never);
    if (admitted === undefined) went.push(clock.monotonic());
    else
      admitted.then(
        () => went.push(clock.monotonic()),
        () => {},
      );
  };
  return { clock, state, budget, went, ask };
}

/** The most in any second. */
const peakOf = (times: readonly number[]): number =>
  Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 1000).length));

describe('Invariant 9: the budget of requests', () => {
  it('no second sees more than it allows, and nothing is lost', async () => {
    const { clock, went, ask } = budgetOf(100);
    for (let i = 0; i < 350; i++) ask();
    expect(went.length).toBe(10);
    await clock.advance(10_000);
    expect(went).toHaveLength(350);
    expect(peakOf(went)).toBeLessThanOrEqual(100);
    expect(peakOf(went)).toBeGreaterThan(85);
    expect(went.at(-1)).toBeLessThan(4200);
  });

  it('what was not used before may come at once, in part', async () => {
    const { clock, went, ask } = budgetOf(100);
    await clock.advance(60_000);
    for (let i = 0; i < 300; i++) ask();
    expect(went.length).toBe(10);
    await clock.advance(10_000);
    expect(peakOf(went)).toBeLessThanOrEqual(100);
  });

  it('does not hold up what is urgent, and counts it', async () => {
    const { clock, went, ask } = budgetOf(10);
    for (let i = 0; i < 5; i++) ask(true);
    expect(went).toHaveLength(5);
    ask();
    await clock.advance(400);
    expect(went).toHaveLength(5);
    await clock.advance(300);
    expect(went).toHaveLength(6);
  });

  it('lets what is not urgent get on, however much is urgent', async () => {
    const { clock, went, ask, budget } = budgetOf(10);
    let polls = 0;
    for (let node = 0; node < 5; node++) {
      const poll = async (): Promise<void> => {
        for (;;) {
          await budget.admit(true, never);
          polls += 1;
          await clock.sleep(200);
        }
      };
      poll().catch(() => {});
    }
    await clock.advance(60_000);
    ask();
    await clock.advance(2000);
    expect(went).toHaveLength(1);
    const before = polls;
    await clock.advance(10_000);
    expect(polls - before).toBeGreaterThan(60);
    expect(polls - before).toBeLessThanOrEqual(100);
  });

  it('with its least setting, five nodes and an outage, lets every gate open', async () => {
    const tracked = await TrackedRegistry.start({
      nodes: 5,
      vendor: 'karapace',
      settings: { 'registry.recovery.max.requests.per.second': '10' },
    });
    const nodes = [0, 1, 2, 3, 4].map((n) => tracked.registry.node(n));
    await tracked.pass(5000, 500);
    for (const node of nodes) await node.refuse();
    tracked.write();
    await tracked.pass(60_000, 0);
    for (const node of nodes) await node.accept();
    await tracked.pass(120_000, 0);
    expect(tracked.snapshot.gates.map(({ state }) => state)).toEqual(['open', 'open']);
  });

  it('limits nothing when it does not apply, once nobody stands in line', async () => {
    const { clock, state, went, ask } = budgetOf(10);
    for (let i = 0; i < 5; i++) ask();
    state.applies = false;
    ask();
    expect(went).toHaveLength(1);
    await clock.advance(2000);
    expect(went).toHaveLength(6);
    for (let i = 0; i < 100; i++) ask();
    expect(went).toHaveLength(106);
  });

  it('gives up a wait with the signal', async () => {
    const { budget } = budgetOf(1);
    const stop = new AbortController();
    await budget.admit(false, stop.signal);
    const waiting = budget.admit(false, stop.signal);
    stop.abort(new Error('closed'));
    await expect(waiting).rejects.toThrow('closed');
  });

  it('holds for a registry that comes back, whatever waits for it', async () => {
    const worker = new WorkerOfRegistries();
    const host = worker.host();
    const config = { 'registry.recovery.max.requests.per.second': '50', 'registry.barrier.hits': '1' };
    worker.registry.fault = () => 'refused';
    const tasks = Array.from({ length: 120 }, (_, i) => new Task(worker, host, config).start(register(`s${i}`)));
    await worker.clock.advance(10_000);
    const times: number[] = [];
    worker.registry.fault = () => {
      times.push(worker.clock.monotonic());
      return undefined;
    };
    await worker.clock.advance(15_000);
    expect((await Promise.all(tasks)).every(({ kind }) => kind === 'known')).toBe(true);
    expect(times.length).toBeGreaterThan(240);
    expect(peakOf(times)).toBeLessThanOrEqual(50);
  });

  it('and for nothing else', async () => {
    const worker = new WorkerOfRegistries();
    for (let i = 0; i < 100; i++) worker.registry.put(`s${i}`, { schema: avro(`s${i}`).schema });
    const task = new Task(worker, worker.host(), { 'registry.recovery.max.requests.per.second': '10' });
    for (let i = 1; i <= 100; i++) expect(wordsOf(await task.start(byId(i)))).toBe(`known ${i}`);
    expect(worker.clock.monotonic()).toBe(0);
  });
});
