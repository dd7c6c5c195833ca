import { afterEach, beforeEach, expect, it } from 'vitest';
import { settle } from '../fake-task-edges.ts';
import { record, sourceHarness } from './source-harness.ts';

const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
beforeEach(() => {
  process.on('unhandledRejection', note);
});
afterEach(() => {
  process.off('unhandledRejection', note);
});

it('a stop while a batch waits for room leaves no rejection behind: it would end the process', async () => {
  const h = sourceHarness({ hostSettings: { 'max.inflight.batches': '1' } });
  h.producer.isHolding = true;
  h.task.add([record('a', 1)], [record('b', 2)]);
  const done = h.run();
  await settle();
  expect(h.producer.held).toHaveLength(1);
  h.worker.stop();
  await settle();
  h.producer.release(0);
  expect(await done).toEqual({ failure: null });
  // Node tells of unhandled rejections once the microtasks are done.
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).toEqual([]);
  expect(h.storedOffset()).toEqual({ position: 1 });
});

it('invariant 3: a stop while the broker is away is no failure of what is not acknowledged', async () => {
  const h = sourceHarness();
  h.producer.isHolding = true;
  h.task.add([record('a', 1)]);
  const done = h.run();
  await settle();
  expect(h.producer.held).toHaveLength(1);
  h.worker.stop();
  await settle();
  await h.clock.advance(5_000);
  expect(await done).toEqual({ failure: null });
  expect(h.storedOffset()).toBeUndefined();
});
