/** How a sink task ends while something is under way, and what it goes on with although its task keeps asking. */
import { expect, it } from 'vitest';
import type { ErrorPolicy } from '../../../../src/runtime/host/protocol.ts';
import { DataError } from '../../../../src/sdk/errors/index.ts';
import { settle, TOLERATE_ALL } from '../fake-task-edges.ts';
import { sinkHarness } from './sink-harness.ts';

const WITH_QUEUE: ErrorPolicy = {
  ...TOLERATE_ALL,
  deadLetterQueue: { topic: 'dlq', replicationFactor: 3, contextHeaders: true },
};

/** One bad record, whose report the broker does not acknowledge. */
async function withPendingReport() {
  const h = sinkHarness({ policy: WITH_QUEUE });
  h.producer.isHolding = true;
  h.converters.stringValue.fail = () => {
    throw new DataError('no such value');
  };
  h.fetcher.append('t', 0, 'bad');
  const done = h.run();
  h.assign([0]);
  await settle();
  expect(h.producer.held).toHaveLength(1);
  // As its producer tells of it.
  h.parker.broker('dead letter queue', { available: false, reason: 'refused', since: 0 });
  return { ...h, done };
}

it('a stop while a report is not acknowledged is no failure, and commits nothing', async () => {
  const h = await withPendingReport();
  h.worker.stop();
  await settle();
  await h.clock.advance(250);
  expect(await h.done).toEqual({ failure: null });
  expect(h.producer.held).toEqual([]);
  expect(h.link.sinkOffsets()).toEqual({});
});

it('a stop is not held up by a commit that waits for a report', async () => {
  const h = await withPendingReport();
  h.worker.requestCommit();
  await settle();
  h.worker.stop();
  await settle();
  await h.clock.advance(250);
  expect(h.outcome()).toEqual({ failure: null });
  expect(h.task.calls.slice(-2)).toEqual(['close t-0', 'stop']);
});

it('goes on reading although its task asks for another commit in each', async () => {
  const h = sinkHarness();
  h.task.onPreCommit = (offsets) => {
    h.task.context?.requestCommit();
    return offsets;
  };
  h.fetcher.append('t', 0, 'a0');
  const done = h.run();
  h.assign([0]);
  await settle();
  h.worker.requestCommit();
  await settle();
  h.fetcher.append('t', 0, 'a1');
  await settle();
  expect(h.task.values()).toEqual(['a0', 'a1']);
  await h.clock.advance(3_000);
  expect(h.link.sinkOffsets()).toEqual({ 't-0': 2 });
  h.worker.stop();
  await done;
});
