/** What a sink task asked for of its partitions, when they come and go. Kafka Connect 4.1.1, WorkerSinkTask.HandleRebalance. */
import { describe, expect, it } from 'vitest';
import { RetriableError } from '../../../../src/sdk/errors/index.ts';
import { settle } from '../fake-task-edges.ts';
import { sinkHarness } from './sink-harness.ts';

const partitions = (...numbers: readonly number[]) => numbers.map((partition) => ({ topic: 't', partition }));

describe('an eager rebalance', () => {
  it('leaves paused what the task has paused and gets back, and resumes what went to somebody else meanwhile', async () => {
    const h = sinkHarness();
    const done = h.run();
    h.assign([0], [1], [2]);
    await settle();
    h.task.context?.pause(partitions(0, 1));
    await h.worker.revoke(partitions(0, 1, 2), false);
    h.assign([0], [2]);
    await settle();
    expect([h.fetcher.isPaused('t', 0), h.fetcher.isPaused('t', 2)]).toEqual([true, false]);
    h.fetcher.append('t', 0, 'a0');
    h.fetcher.append('t', 2, 'c0');
    await settle();
    expect(h.task.values()).toEqual(['c0']);

    await h.worker.revoke(partitions(0, 2), false);
    h.assign([0], [1], [2, 1]);
    await settle();
    expect([h.fetcher.isPaused('t', 0), h.fetcher.isPaused('t', 1)]).toEqual([true, false]);
    h.task.context?.resume(partitions(0));
    await settle();
    expect(h.task.values(0)).toEqual(['a0']);
    h.worker.stop();
    expect((await done).failure).toBeNull();
  });

  it('forgets what was paused when a generation gives the task nothing', async () => {
    const h = sinkHarness();
    const done = h.run();
    h.assign([0]);
    await settle();
    h.task.context?.pause(partitions(0));
    await h.worker.revoke(partitions(0), true);
    h.assign();
    h.assign([0]);
    await settle();
    expect(h.fetcher.isPaused('t', 0)).toBe(false);
    h.worker.stop();
    await done;
  });

  it('ends the wait for another put when nothing is left of its records', async () => {
    const h = sinkHarness();
    h.fetcher.append('t', 0, 'a0');
    h.task.onPut = (records) => {
      if (records.some(({ originalKafkaPartition }) => originalKafkaPartition === 0)) {
        h.task.context?.timeout(3_600_000);
        throw new RetriableError('busy');
      }
    };
    const done = h.run();
    h.assign([0], [1]);
    await settle();
    expect(h.fetcher.isPaused('t', 1)).toBe(true);
    await h.worker.revoke(partitions(0), false);
    h.fetcher.append('t', 1, 'b0');
    await settle();
    expect(h.task.values()).toEqual(['b0']);
    h.worker.stop();
    expect((await done).failure).toBeNull();
    expect(h.link.sinkOffsets()).toEqual({ 't-1': 1 });
  });

  it('waits as long as the task asked for when it rewinds what it could not take', async () => {
    const h = sinkHarness();
    h.fetcher.append('t', 0, 'a0', 'a1');
    const attempts: number[] = [];
    h.task.onPut = (records) => {
      if (records.length === 0 || attempts.length === 3) return;
      attempts.push(h.clock.monotonic());
      h.task.context?.offset(new Map([['t-0', 0]]));
      h.task.context?.timeout(5_000);
      throw new RetriableError('busy');
    };
    const done = h.run();
    h.assign([0]);
    await settle();
    await h.clock.advance(30_000);
    expect(attempts.map((at) => at - (attempts[0] ?? 0))).toEqual([0, 5_000, 10_000]);
    expect(h.task.values()).toEqual(['a0', 'a1']);
    h.worker.stop();
    expect((await done).failure).toBeNull();
  });

  it('waits for nothing that it rewound and that is gone since', async () => {
    const h = sinkHarness();
    h.fetcher.append('t', 0, 'a0');
    h.task.onPut = (records) => {
      if (!records.some(({ originalKafkaPartition }) => originalKafkaPartition === 0)) return;
      h.task.context?.offset(new Map([['t-0', 0]]));
      h.task.context?.timeout(3_600_000);
      throw new RetriableError('busy');
    };
    const done = h.run();
    h.assign([0], [1]);
    await settle();
    await h.worker.revoke(partitions(0), false);
    h.fetcher.append('t', 1, 'b0');
    await settle();
    expect(h.task.values()).toEqual(['b0']);
    h.worker.stop();
    expect((await done).failure).toBeNull();
  });

  it('fails the task that throws from close, and commits nothing of what that was for', async () => {
    const h = sinkHarness();
    h.fetcher.append('t', 0, 'a0');
    const done = h.run();
    h.assign([0]);
    await settle();
    h.task.close = () => {
      throw new Error('no close');
    };
    expect(await h.worker.revoke(partitions(0), false)).toEqual([]);
    expect((await done).failure?.message).toBe('no close');
    expect(h.task.calls.at(-1)).toBe('stop');
  });

  it('fails the task that throws from open, after it was closed', async () => {
    const h = sinkHarness();
    h.task.open = () => {
      throw new Error('no open');
    };
    const done = h.run();
    h.assign([0]);
    expect((await done).failure?.message).toBe('no open');
    expect(h.task.calls.slice(-2)).toEqual(['close t-0', 'stop']);
  });
});

describe('offsets that are none', () => {
  const ODD: readonly unknown[] = [null, undefined, Number.NaN, -1, 1.5, '1', 1n, 2 ** 60];

  it('are not rewound to', async () => {
    const h = sinkHarness();
    h.fetcher.append('t', 0, 'a0', 'a1');
    const done = h.run();
    h.assign([0]);
    await settle();
    for (const odd of ODD) {
      h.task.context?.offset(new Map([['t-0', odd as number]]));
      await h.clock.advance(1_000);
    }
    h.task.context?.offset(new Map([['t-0', 1]]));
    await h.clock.advance(1_000);
    expect(h.task.values()).toEqual(['a0', 'a1', 'a1']);
    h.worker.stop();
    expect((await done).failure).toBeNull();
    expect(h.link.sinkOffsets()).toEqual({ 't-0': 2 });
  });

  it('fail the task when they come in no Map, and nothing is committed', async () => {
    const h = sinkHarness();
    h.fetcher.append('t', 0, 'a0');
    const done = h.run();
    h.assign([0]);
    await settle();
    h.task.onPreCommit = () => ({ 't-0': 1 }) as never;
    h.worker.requestCommit();
    expect((await done).failure?.message).toContain('preCommit() of the sink task returned what is no Map.');
    expect(h.link.commits).toEqual([]);
    expect(h.task.calls.slice(-2)).toEqual(['close t-0', 'stop']);
  });

  it('are not committed', async () => {
    const h = sinkHarness();
    h.fetcher.append('t', 0, 'a0', 'a1');
    const done = h.run();
    h.assign([0]);
    await settle();
    for (const odd of ODD) {
      h.task.onPreCommit = () => new Map([['t-0', odd as number]]);
      h.worker.requestCommit();
      await settle();
    }
    expect(h.link.commits).toEqual([]);
    h.task.onPreCommit = () => new Map([['t-0', 1]]);
    h.worker.stop();
    expect((await done).failure).toBeNull();
    expect(h.link.sinkOffsets()).toEqual({ 't-0': 1 });
  });
});
