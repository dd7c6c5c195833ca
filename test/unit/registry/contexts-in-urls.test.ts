import { describe, expect, it } from 'vitest';
import { contextOfUrl } from '../../../src/registry/cluster-names.ts';
import { MemoryCompactedLog } from '../../../src/registry/compacted-log.ts';
import { SmallRegistry } from './scripted-transport.ts';
import { avro, byId, register, Task, WorkerOfRegistries, wordsOf } from './worker-of-registries.ts';

const PLAIN = 'http://sr:8081';
const A = `${PLAIN}/contexts/.a`;
const B = `${PLAIN}/contexts/.b`;

describe('two contexts of one registry, named by the URL', () => {
  const open = async (log = new MemoryCompactedLog()) => {
    const worker = await WorkerOfRegistries.open(log);
    const registries = { [PLAIN]: new SmallRegistry(), [A]: new SmallRegistry(), [B]: new SmallRegistry() };
    for (const [url, registry] of Object.entries(registries)) worker.transport.nodes.set(url, registry.handle);
    const host = worker.host();
    const task = (url: string) => new Task(worker, host, { 'schema.registry.url': url });
    return { worker, registries, task };
  };

  it.each([
    [A, B],
    [PLAIN, A],
    [A, PLAIN],
  ])('do not contradict each other: %s and %s', async (one, two) => {
    const { task } = await open();
    expect(wordsOf(await task(one).start(register('s', avro('X'))))).toBe('known 1');
    expect(wordsOf(await task(two).start(register('s', avro('Y'))))).toBe('known 1');
  });

  it.each([
    [A, B],
    [PLAIN, A],
    [A, PLAIN],
  ])('never take the id of the other: %s and %s', async (one, two) => {
    const { worker, registries, task } = await open();
    await task(one).start(register('filler', avro('F')));
    expect(wordsOf(await task(one).start(register('s', avro('X'))))).toBe('known 2');
    // The cluster is known, and then away.
    await task(two).start(register('other', avro('F')));
    for (const registry of Object.values(registries)) registry.fault = () => 'refused';
    const asking = task(two);
    asking.begin(register('s', avro('X')));
    await worker.clock.advance(10_000);
    expect(asking.answer).toBeUndefined();
    expect(wordsOf(await task(one).start(register('s', avro('X'))))).toBe('known 2');
  });

  it.each([PLAIN, A])('know over a restart what they knew: %s', async (url) => {
    const log = new MemoryCompactedLog();
    const first = await open(log);
    await first.task(url).start(register('s', avro('X')));
    await first.worker.store?.flushed();
    const { registries, task } = await open(log);
    for (const registry of Object.values(registries)) registry.fault = () => 'refused';
    expect(wordsOf(await task(url).start(byId(1)))).toBe('known 1');
    expect(wordsOf(await task(url).start(register('s', avro('X'))))).toBe('known 1');
  });
});

describe('the context of a URL', () => {
  it.each([
    ['http://sr:8081', ''],
    ['http://sr:8081/contexts/.a', 'a'],
    ['http://sr:8081/contexts/a', 'a'],
    ['http://sr:8081/registry/contexts/.a', 'a'],
    ['http://sr:8081/contexts/:.a:', 'a'],
    ['http://sr:8081/contexts/%3A.a%3A', 'a'],
    ['http://sr:8081/contexts/%zz', '%zz'],
    // Names of the default context.
    ['http://sr:8081/contexts/.', ''],
    ['http://sr:8081/contexts/:.:', ''],
    ['http://contexts/.a', ''],
  ])('%s', (url, context) => {
    expect(contextOfUrl(url)).toBe(context);
  });
});
