/** What random fault schedules found, one test each: the schedule as it was shrunk, or the core of it. */
import { describe, expect, it } from 'vitest';
import { ScheduleRun } from './fault-schedules/schedule-run.ts';
import { error, ok, type Reply } from './scripted-transport.ts';
import { byId, NODE_A, NODE_B, register, Task, WorkerOfRegistries, wordsOf } from './worker-of-registries.ts';

describe('a registration refused with 42205', () => {
  it('is made again when the mode was changed back between the refusal and the look at the mode', async () => {
    const worker = new WorkerOfRegistries();
    let refusals = 1;
    worker.registry.fault = ({ path }): Reply | undefined =>
      path.endsWith('/versions') && refusals-- > 0 ? error(422, 42205, 'Subject s is in read-only mode.') : undefined;
    const task = new Task(worker, worker.host());
    task.begin(register('s'));
    await worker.clock.advance(2_000);
    expect(wordsOf(task.answer)).toBe('known 1');
  });

  it('waits when the node that refused is reached by another one only, which knows nothing of the mode', async () => {
    const worker = new WorkerOfRegistries({ nodes: [NODE_A, NODE_B] });
    const readOnlyUntil = 120_000;
    worker.transport.nodes.set(NODE_A, () => 'refused');
    worker.transport.nodes.set(NODE_B, (request) => {
      const isForwarded = request.path.endsWith('/versions') && worker.clock.monotonic() < readOnlyUntil;
      return isForwarded ? error(422, 42205, 'Subject s is in read-only mode.') : worker.registry.handle(request);
    });
    const task = new Task(worker, worker.host(), { 'schema.registry.url': `${NODE_A},${NODE_B}` });
    task.begin(register('s'));
    await worker.clock.advance(readOnlyUntil - 1_000);
    expect(wordsOf(task.answer)).toBe('none');
    expect(task.parkedAt).toMatch(/subject:s$/);
    await worker.clock.advance(60_000);
    expect(wordsOf(task.answer)).toBe('known 1');
  });

  it('waits when the node that tells the mode lags behind the one that refused', async () => {
    const worker = new WorkerOfRegistries({ nodes: [NODE_A, NODE_B] });
    const readOnlyUntil = 20_000;
    const lagging: Reply = ok({ mode: 'READWRITE' });
    for (const [node, modeWhileReadOnly] of [
      [NODE_A, lagging],
      [NODE_B, ok({ mode: 'READONLY' })],
    ] as const) {
      worker.transport.nodes.set(node, (request) => {
        if (worker.clock.monotonic() >= readOnlyUntil) return worker.registry.handle(request);
        if (request.path.startsWith('/mode/')) return modeWhileReadOnly;
        if (request.path.endsWith('/versions')) return error(422, 42205, 'Subject s is in read-only mode.');
        return worker.registry.handle(request);
      });
    }
    const task = new Task(worker, worker.host(), { 'schema.registry.url': `${NODE_A},${NODE_B}` });
    task.begin(register('s'));
    await worker.clock.advance(readOnlyUntil - 1_000);
    expect(wordsOf(task.answer)).toBe('none');
    expect(task.parkedAt).toMatch(/subject:s$/);
    await worker.clock.advance(10_000);
    expect(wordsOf(task.answer)).toBe('known 1');
  });
});

describe('a registration that is refused just when the primary goes', () => {
  it('is tried again by the prober that the change wakes at once', async () => {
    const outcome = await ScheduleRun.play({
      vendor: 'karapace',
      nodes: 2,
      hosts: 1,
      seed: 0,
      latencyMs: 0,
      steps: [
        { after: 3_000, step: { do: 'write', how: 'register', subject: 3, version: 2, tasks: 1 } },
        { after: 20_000, step: { do: 'elect', at: null } },
        { after: 10, step: { do: 'write', how: 'register', subject: 0, version: 1, tasks: 1 } },
        { after: 2_000, step: { do: 'probe-now' } },
      ],
    });
    expect(outcome.violations).toEqual([]);
  });
});

describe('what breaks off every write and nothing else', () => {
  it('is no reason to ask again and again because the nodes answer questions after their health', async () => {
    const outcome = await ScheduleRun.play({
      vendor: 'karapace',
      nodes: 2,
      hosts: 1,
      seed: 20,
      latencyMs: 3,
      steps: [
        { after: 37_419, step: { do: 'fault', kind: 'cut', at: null, stage: 'write', forMs: 19_986 } },
        { after: 3_286, step: { do: 'write', how: 'register', subject: 1, version: 2, tasks: 1 } },
        { after: 1_520, step: { do: 'group', shows: 'nothing', at: 2 } },
      ],
    });
    expect(outcome.violations).toEqual([]);
  });
});

describe('nodes that break off reads of ids, and answer questions after themselves', () => {
  it('are not tried again and again because of that, and shut nobody else out', async () => {
    const worker = new WorkerOfRegistries({ nodes: [NODE_A, NODE_B] });
    const asked: string[] = [];
    for (const node of [NODE_A, NODE_B]) {
      worker.transport.nodes.set(node, (request) => {
        if (!request.path.startsWith('/schemas/')) return worker.registry.handle(request);
        asked.push(node);
        return 'reset';
      });
    }
    const task = new Task(worker, worker.host(), { 'schema.registry.url': `${NODE_A},${NODE_B}` });
    task.begin(byId(worker.registry.put('old', { schema: '"string"' })));
    await worker.clock.advance(60_000);
    // Each try asks both nodes, on two connections each.
    expect(asked.length).toBeGreaterThan(4);
    expect(asked.length).toBeLessThan(4 * 60);
    expect(task.parkedAt).toMatch(/id:1$/);
    expect(worker.gateState(':read')).toBe('open');
    worker.transport.nodes.set(NODE_A, worker.registry.handle);
    worker.transport.nodes.set(NODE_B, worker.registry.handle);
    await worker.clock.advance(10_000);
    expect(wordsOf(task.answer)).toBe('known 1');
  });
});

describe('an id that is acknowledged anew while it is being looked at for the second time', () => {
  it('has another second look to come, which ends with the worker', async () => {
    const outcome = await ScheduleRun.play({
      vendor: 'karapace',
      nodes: 1,
      hosts: 3,
      seed: 279_372_800,
      latencyMs: 0,
      steps: [
        { after: 297_407, step: { do: 'write', how: 'lookup', subject: 2, version: 0, tasks: 14 } },
        { after: 30_354, step: { do: 'start', at: 0 } },
        { after: 7_922, step: { do: 'freeze', at: 0 } },
        { after: 15_897, step: { do: 'elect', at: null } },
        { after: 184, step: { do: 'elect', at: 2 } },
        { after: 4_720, step: { do: 'write', how: 'register', subject: 2, version: 0, tasks: 1 } },
        { after: 4_367, step: { do: 'write', how: 'lookup', subject: 1, version: 0, tasks: 1 } },
      ],
    });
    expect(outcome.violations).toEqual([]);
  });
});
