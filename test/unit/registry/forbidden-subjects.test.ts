/** A user with rights to some subjects only, and none to list them; nothing is known yet but that the registry serves. */
import { expect, it } from 'vitest';
import { error } from './scripted-transport.ts';
import { lookup, register, Task, WorkerOfRegistries, wordsOf } from './worker-of-registries.ts';

it('a subject that is allowed is written within 40 s, however many others are forbidden', async () => {
  const worker = new WorkerOfRegistries();
  worker.registry.fault = ({ path }) =>
    /^\/subjects(\?|$)/.test(path) || path.includes('forbidden') ? error(403, 40301, 'Forbidden') : undefined;
  // In the registry's own words: it serves with these settings.
  new Task(worker, worker.host()).begin(lookup('nothing'));
  await worker.clock.advance(100);
  const task = new Task(worker, worker.host());
  for (let n = 0; n < 15; n++) task.begin(register(`forbidden${n}`));
  await worker.clock.advance(100);
  const other = new Task(worker, worker.host());
  other.begin(register('allowed'));
  await worker.clock.advance(40_000);
  expect(wordsOf(other.answer)).toBe('known 1');
});
