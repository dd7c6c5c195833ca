/** One question that fails at every node, while all others are served. */
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { LoneFailures } from '../../../src/registry/lone-failures.ts';
import { error, ok } from './scripted-transport.ts';
import { avro, byId, NODE_A, NODE_B, register, Task, WorkerOfRegistries, wordsOf } from './worker-of-registries.ts';

const config = { 'schema.registry.url': `${NODE_A},${NODE_B}` };

/** Of five ids, the third can't be read by any node. */
async function withBadId(): Promise<WorkerOfRegistries> {
  const worker = new WorkerOfRegistries({ nodes: [NODE_A, NODE_B], detects: true });
  for (let i = 1; i <= 5; i++) worker.registry.put(`s${i}`, { schema: avro(`s${i}`).schema });
  worker.registry.fault = ({ path }) =>
    path.startsWith('/schemas/ids/3') ? error(500, 50001, 'Error in the backend data store') : undefined;
  expect(wordsOf(await new Task(worker, worker.host(), config).start(byId(5)))).toBe('known 5');
  return worker;
}

describe('an id that no node can read back', () => {
  it('waits at a gate of its own, and is no outage for anybody else', async () => {
    const worker = await withBadId();
    const host = worker.host();
    const bad = new Task(worker, host, config);
    bad.begin(byId(3));
    await worker.clock.advance(10_000);
    expect(bad.parkedAt).toMatch(/id:3$/);
    expect(worker.gateState(':read')).toBe('open');
    const [lines, notices, events] = [worker.log.lines.length, worker.notices.length, worker.events.length];
    worker.transport.take();
    await worker.clock.advance(60_000);
    const asked = worker.transport.take().filter((request) => request.includes('/schemas/ids/'));
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.length).toBeLessThan(60 * 6);
    expect(worker.log.lines).toHaveLength(lines);
    expect(worker.notices).toHaveLength(notices);
    expect(worker.events.slice(events).filter(({ type }) => type === 'gate' || type === 'epoch')).toEqual([]);
    expect(wordsOf(await new Task(worker, host, config).start(byId(4)))).toBe('known 4');
    worker.registry.fault = () => undefined;
    await worker.clock.advance(10_000);
    expect(wordsOf(bad.answer)).toBe('known 3');
  });

  it('does not keep others in doubt: an id that is denied is bad data half a minute later', async () => {
    const worker = await withBadId();
    const host = worker.host();
    new Task(worker, host, config).begin(byId(3));
    await worker.clock.advance(60_000);
    worker.registry.schemas.delete(2);
    const unknown = new Task(worker, host, config);
    unknown.begin(byId(2));
    await worker.clock.advance(60_000);
    expect(wordsOf(unknown.answer)).toBe('refused holdfast.registry.id.unknown');
  });

  it('is part of an outage when nothing else is served either', async () => {
    const worker = await withBadId();
    const bad = new Task(worker, worker.host(), config);
    bad.begin(byId(3));
    await worker.clock.advance(10_000);
    worker.registry.fault = () => 'refused';
    const writer = new Task(worker, worker.host(), config);
    writer.begin(register('new'));
    await worker.clock.advance(10_000);
    expect([worker.gateState(':read'), worker.gateState(':write')]).toEqual(['closed', 'closed']);
    worker.registry.fault = () => undefined;
    await worker.clock.advance(30_000);
    expect([bad, writer].map((task) => wordsOf(task.answer))).toEqual(['known 3', 'known 6']);
  });
});

describe('an id that contradicts what was known of it, met while another question is looked into', () => {
  const changed = { schema: '"int"' };

  it('stops who uses that id, and is no answer to the id that no node can read back', async () => {
    const worker = await withBadId();
    const host = worker.host();
    const user = new Task(worker, host, config);
    await user.start(byId(5));
    const bad = new Task(worker, host, config);
    bad.begin(byId(3));
    await worker.clock.advance(10_000);
    const { fault } = worker.registry;
    worker.registry.fault = (request) => (request.path.startsWith('/schemas/ids/5') ? ok(changed) : fault(request));
    await worker.clock.advance(20_000);
    expect(bad.parkedAt).toMatch(/id:3$/);
    expect(user.view.peek(byId(5))).toMatchObject({
      kind: 'refused',
      error: { code: 'holdfast.registry.content-changed' },
    });
    worker.registry.fault = () => undefined;
    await worker.clock.advance(10_000);
    expect(wordsOf(bad.answer)).toBe('known 3');
  });

  it('is no answer to a subject that is forbidden', async () => {
    const worker = await withBadId();
    worker.registry.fault = ({ path }) => {
      if (path.startsWith('/schemas/ids/5')) return ok(changed);
      return path.includes('secret') ? error(403, 40301, 'Forbidden') : undefined;
    };
    const writer = new Task(worker, worker.host(), config);
    writer.begin(register('secret'));
    await worker.clock.advance(5_000);
    expect(writer.parkedAt).toMatch(/subject:secret$/);
    expect(worker.notices).toContainEqual(expect.objectContaining({ kind: 'contradicted', id: 5 }));
  });
});

describe('whether a failure is alone', () => {
  const question = byId(1);

  it('is looked at only when something was served just now, or it was before', async () => {
    const served = [true, true, false];
    const lone = new LoneFailures({ clock: new ManualClock(), servesOthers: async () => served.shift() === true });
    expect(await lone.isAlone('a', question, false)).toBe(false);
    expect(served).toHaveLength(3);
    expect(await lone.isAlone('a', question, true)).toBe(true);
    expect(await lone.isAlone('b', question, false)).toBe(false);
    expect(await lone.isAlone('a', question, false)).toBe(true);
    // Nothing else is served either: from now on it is like any other.
    expect(await lone.isAlone('a', question, false)).toBe(false);
    served.push(true);
    expect(await lone.isAlone('a', question, false)).toBe(false);
  });

  it('is forgotten when it is answered', async () => {
    const lone = new LoneFailures({ clock: new ManualClock(), servesOthers: async () => true });
    await lone.isAlone('a', question, true);
    lone.settled('a');
    expect(await lone.isAlone('a', question, false)).toBe(false);
  });
});
