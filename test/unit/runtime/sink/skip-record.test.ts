import { beforeEach, describe, expect, it } from 'vitest';
import type { ErrorPolicy } from '../../../../src/runtime/host/protocol.ts';
import { EnvironmentError, RetriableError } from '../../../../src/sdk/errors/index.ts';
import { closedGate, NO_TOLERANCE, settle, snapshot } from '../fake-task-edges.ts';
import { sinkHarness } from './sink-harness.ts';

const GATE = 'registry:r:id:42';
const WITH_QUEUE: ErrorPolicy = {
  ...NO_TOLERANCE,
  deadLetterQueue: { topic: 'dlq', replicationFactor: 1, contextHeaders: true },
};

describe('a sink task that waits at one record', () => {
  let h: ReturnType<typeof sinkHarness>;
  let done: Promise<unknown>;
  let unknown: (value: string) => Error | null;

  const start = async (policy: ErrorPolicy = WITH_QUEUE): Promise<void> => {
    h = sinkHarness({ gates: closedGate(GATE), policy });
    h.converters.stringValue.fail = (value) => {
      const error = unknown(value);
      if (error !== null) throw error;
    };
    h.fetcher.append('t', 0, 'a', 'bad', 'b', 'bad', 'c');
    h.fetcher.append('t', 1, 'x');
    done = h.run();
    h.assign([0], [1]);
    await settle();
  };
  const skip = (offset: number, partition = 0): Promise<void> => h.worker.skip({ topic: 't', partition, offset });
  const ended = async (): Promise<void> => {
    h.worker.stop();
    await done;
  };

  beforeEach(() => {
    unknown = (value) =>
      value === 'bad'
        ? new EnvironmentError('no node knows schema id 42 yet', { gateId: GATE, details: { skippable: true } })
        : null;
  });

  it('says at which offset, skips it on request though nothing is tolerated, and waits at the next', async () => {
    await start();
    expect(h.link.parks.at(-1)).toMatchObject({ partitions: ['t-0'], waitingAt: { 't-0': 1 } });
    await skip(1);
    await settle();
    expect(h.task.values(0)).toEqual(['a', 'b']);
    expect(h.link.parks.at(-1)).toMatchObject({ partitions: ['t-0'], waitingAt: { 't-0': 3 } });
    await skip(3);
    await settle();
    expect(h.task.values(0)).toEqual(['a', 'b', 'c']);
    expect(h.link.isParked).toBe(false);
    expect(h.counters).toMatchObject({ skipped: 2, deadLetterRequests: 2 });
    expect(h.producer.log.map(({ topic, value }) => `${topic} ${Buffer.from(value ?? []).toString()}`)).toEqual([
      'dlq bad',
      'dlq bad',
    ]);
    const message = h.producer.log[0]?.headers.find(({ key }) => key.endsWith('exception.message'))?.value;
    expect(Buffer.from(message ?? []).toString()).toBe(
      'The record at offset 1 of t-0 was skipped on request. no node knows schema id 42 yet',
    );
    h.worker.requestCommit();
    await settle();
    expect(h.link.sinkOffsets()).toEqual({ 't-0': 5, 't-1': 1 });
    await ended();
  });

  it('tells the converters, so that nobody asks for what only that record needed', async () => {
    await start();
    const told: unknown[] = [];
    Object.assign(h.converters.stringValue, { skipped: (error: EnvironmentError) => told.push(error.gateId) });
    await skip(1);
    expect(told).toEqual([GATE]);
    await ended();
  });

  it('invariant 2: commits the offset of the skipped record only when its report is durable', async () => {
    await start();
    h.producer.isHolding = true;
    await skip(1);
    await settle();
    h.worker.requestCommit();
    await settle();
    expect(h.link.sinkOffsets()['t-0']).toBeUndefined();
    h.producer.release();
    await settle();
    h.worker.requestCommit();
    await settle();
    expect(h.link.sinkOffsets()['t-0']).toBe(3);
    await ended();
  });

  it('skips without reporters too', async () => {
    await start(NO_TOLERANCE);
    await skip(1);
    await settle();
    expect(h.task.values(0)).toEqual(['a', 'b']);
    expect(h.counters.skipped).toBe(1);
    await ended();
  });

  it.each([
    [0, 1 + 1, /the partition waits at offset 1/],
    [1, 0, /the partition does not wait/],
    [7, 0, /the task does not hold the partition/],
  ])('refuses partition %s offset %s', async (partition, offset, why) => {
    await start();
    await expect(skip(offset, partition)).rejects.toMatchObject({
      code: 'holdfast.task.not-skippable',
      message: expect.stringMatching(why),
    });
    expect(h.counters.skipped).toBe(0);
    await ended();
  });

  it.each([
    ['an outage', () => new EnvironmentError('away', { gateId: GATE })],
    ['a retry', () => new RetriableError('again')],
  ])('refuses to skip a record over %s', async (_what, error) => {
    unknown = (value) => (value === 'bad' ? error() : null);
    await start({ ...WITH_QUEUE, retryTimeoutMs: -1 });
    await expect(skip(1)).rejects.toThrow(/concerns more than one record/);
    await ended();
  });

  it('refuses when the wait has just ended: the record may be a good one by now', async () => {
    await start();
    unknown = () => null;
    const skipping = skip(1);
    h.gates.apply(snapshot(GATE, 'open'));
    const outcome = await skipping.then(
      () => 'skipped',
      (error: Error) => error.message,
    );
    await settle();
    // Whichever came first: it is either delivered or reported, never both, never neither.
    const isSkipped = outcome === 'skipped';
    expect(h.task.values(0)).toEqual(isSkipped ? ['a', 'b', 'bad', 'c'] : ['a', 'bad', 'b', 'bad', 'c']);
    expect(h.counters.skipped).toBe(isSkipped ? 1 : 0);
    await ended();
    await expect(skip(1)).rejects.toThrow(/the task has ended/);
  });
});
