import { describe, expect, it } from 'vitest';
import type { SchemaQuestion } from '../../../src/sdk/schema-view.ts';
import { error, ok } from './scripted-transport.ts';
import { avro, byId, NODE_A, NODE_B, register, Task, WorkerOfRegistries, wordsOf } from './worker-of-registries.ts';

const denial = error(404, 40403, 'Schema not found');
const inEurope = (id: number): SchemaQuestion => ({ kind: 'by-id', key: `e${id}`, id, subject: ':.europe:' });

/** Ids up to 5 in the default context; in that of .europe up to 100, of which some are only late. */
function twoContexts(europe: (id: number) => boolean) {
  const worker = new WorkerOfRegistries();
  for (let n = 1; n <= 5; n++) worker.registry.put(`s${n}`, avro(`s${n}`));
  worker.registry.fault = ({ path }) => {
    const id = /^\/schemas\/ids\/(\d+)\?subject=/.exec(path)?.[1];
    if (id === undefined) return undefined;
    return europe(Number(id)) ? ok({ schema: avro(`e${id}`).schema, maxId: 100 }) : denial;
  };
  return worker;
}

describe('the gate of an id', () => {
  it('names the context unless it is the default one', async () => {
    const worker = twoContexts(() => false);
    const task = new Task(worker, worker.host());
    task.begin(byId(6));
    task.begin(inEurope(6));
    await worker.settled();
    expect(wordsOf(task.view.peek(byId(6)))).toBe('waiting id:6');
    expect(wordsOf(task.view.peek(inEurope(6)))).toBe('waiting id:.europe:6');
    expect(task.view.peek(inEurope(6))).toMatchObject({ error: { details: { skippable: true } } });
    const gate = worker.gates.snapshots().find(({ id }) => id.endsWith(':id:.europe:6'));
    expect(gate).toMatchObject({ dependency: 'schema id 6 (context .europe)', state: 'closed' });
    expect(gate?.reason).toContain('no node knows schema id 6 (context .europe) yet');
  });

  it('opens for its own context alone', async () => {
    let isThere = false;
    const worker = twoContexts((id) => id === 100 || isThere);
    const host = worker.host();
    const [late, lost] = [new Task(worker, host), new Task(worker, host)];
    late.begin(inEurope(6));
    lost.begin(byId(6));
    await worker.settled();
    isThere = true;
    await worker.clock.advance(3000);
    expect(wordsOf(late.answer)).toBe('known 6');
    expect([lost.answer, lost.letThrough]).toEqual([undefined, 0]);
    expect(lost.parkedAt).toMatch(/:id:6$/);
  });

  it('counts as that of a lost id in its own context alone: elsewhere unknown.id.action has nothing to act on', async () => {
    const worker = twoContexts((id) => id === 100 || id === 5);
    const host = worker.host();
    const config = { 'unknown.id.action': 'fail', 'unknown.id.timeout.ms': '600000' };
    const lost = new Task(worker, host, config);
    lost.begin(byId(6));
    await worker.clock.advance(45_000);
    const events = () => worker.events.filter(({ type }) => type === 'id-from-future');
    expect(events()).toHaveLength(1);
    const late = new Task(worker, host, config);
    late.begin(inEurope(6));
    await worker.clock.advance(3000);
    const reasonAt = (end: string) => worker.gates.snapshots().find(({ id }) => id.endsWith(end))?.reason;
    expect(reasonAt(':id:6')).toContain('schema id 6 lies above 5');
    expect(reasonAt(':id:.europe:6')).toContain('no node knows schema id 6 (context .europe) yet');
    expect(events()).toHaveLength(1);
  });

  it('that is answered like a wrong setting names the context as well', async () => {
    const worker = new WorkerOfRegistries();
    worker.registry.put('s', avro('s'));
    const task = new Task(worker, worker.host());
    await task.start(byId(1));
    worker.registry.fault = ({ path }) => (path.includes('subject=') ? error(403, 40301, 'Forbidden') : undefined);
    task.begin(inEurope(1));
    await worker.settled();
    expect(wordsOf(task.view.peek(inEurope(1)))).toBe('waiting id:.europe:1');
  });

  it('that the barrier is not met for names the context as well', async () => {
    const worker = new WorkerOfRegistries({ nodes: [NODE_A, NODE_B] });
    worker.transport.nodes.set(NODE_B, (request) =>
      request.path.startsWith('/schemas/ids/') ? denial : worker.registry.handle(request),
    );
    const urls = { 'schema.registry.url': `${NODE_A},${NODE_B}`, 'registry.barrier': 'all' };
    const task = new Task(worker, worker.host(), urls);
    const questions = [register('s'), register(':.europe:t')];
    for (const question of questions) task.begin(question);
    await worker.clock.advance(3000);
    expect(questions.map((question) => wordsOf(task.view.peek(question)))).toEqual([
      'waiting barrier:1',
      'waiting barrier:.europe:2',
    ]);
  });
});
