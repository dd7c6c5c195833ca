import { expect, it } from 'vitest';
import { MemoryCompactedLog } from '../../../src/registry/compacted-log.ts';
import { REGISTRY_UNIDENTIFIED } from '../../../src/registry/registry-errors.ts';
import { byId, Task, WorkerOfRegistries, wordsOf } from './worker-of-registries.ts';

const failsToTell = (worker: WorkerOfRegistries): void => {
  worker.registry.fault = ({ path }) => (path === '/v1/metadata/id' ? { status: 502, body: '<html>' } : undefined);
};
const told = (worker: WorkerOfRegistries) =>
  worker.log.lines.filter(({ fields }) => fields['code'] === REGISTRY_UNIDENTIFIED);

it('a gateway that fails only the question for the cluster is used all the same, and told of once', async () => {
  const worker = new WorkerOfRegistries();
  const host = worker.host();
  const id = worker.registry.put('s', { schema: '"string"' });
  failsToTell(worker);
  const task = new Task(worker, host);
  task.begin(byId(id));
  await worker.clock.advance(10_000);
  expect(wordsOf(task.answer)).toBe(`known ${id}`);
  worker.registry.fault = () => 'refused';
  const later = new Task(worker, host);
  later.begin(byId(2));
  await worker.clock.advance(5000);
  worker.registry.put('t', { schema: '"int"' });
  failsToTell(worker);
  await worker.clock.advance(10_000);
  expect(wordsOf(later.answer)).toBe('known 2');
  expect(told(worker)).toHaveLength(1);
});

it('a registry that fails everything is away, and so is one that named its cluster before', async () => {
  const worker = await WorkerOfRegistries.open(new MemoryCompactedLog());
  const host = worker.host();
  const id = worker.registry.put('s', { schema: '"string"' });
  const all = new Task(worker, host);
  worker.registry.fault = () => ({ status: 502, body: '<html>' });
  all.begin(byId(id));
  await worker.clock.advance(10_000);
  expect(wordsOf(all.answer)).toBe('none');
  worker.registry.fault = () => undefined;
  await worker.clock.advance(10_000);
  expect(wordsOf(all.answer)).toBe(`known ${id}`);
  worker.registry.put('t', { schema: '"int"' });
  worker.registry.fault = () => 'refused';
  const later = new Task(worker, host);
  later.begin(byId(2));
  await worker.clock.advance(5000);
  failsToTell(worker);
  await worker.clock.advance(30_000);
  expect(wordsOf(later.answer)).toBe('none');
  expect(told(worker)).toEqual([]);
});

it('one that refuses the other question tells nothing', async () => {
  const worker = new WorkerOfRegistries();
  const id = worker.registry.put('s', { schema: '"string"' });
  worker.registry.fault = ({ path }) => {
    if (path === '/v1/metadata/id') return { status: 502, body: '<html>' };
    return path === '/subjects' ? { status: 403, body: '<html>' } : undefined;
  };
  const task = new Task(worker, worker.host());
  task.begin(byId(id));
  await worker.clock.advance(20_000);
  expect(wordsOf(task.answer)).toBe('none');
});
