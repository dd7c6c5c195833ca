import { describe, expect, it } from 'vitest';
import type { Broker, GroupListener, GroupMember, TopicPartitionOffset } from '../../../../src/broker/ports.ts';
import { Deferred } from '../../../../src/foundation/deferred.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import type { SinkTaskSpec } from '../../../../src/runtime/host/protocol.ts';
import type { HostClient } from '../../../../src/runtime/worker/host-client.ts';
import { SinkGroup } from '../../../../src/runtime/worker/sink-group.ts';
import { logger, settle } from '../fake-task-edges.ts';

const at = (offset: number): TopicPartitionOffset => ({ topic: 't', partition: 0, offset });

/** A group whose broker answers when it is told to. */
function sinkGroup() {
  const clock = new ManualClock();
  const asked: { readonly offset: number; readonly answer: Deferred }[] = [];
  let listener: GroupListener | null = null;
  const member: GroupMember = {
    start: () => {},
    commit: async (offsets, signal) => {
      const answer = new Deferred();
      const abort = (): void => answer.reject(signal?.reason);
      if (signal?.aborted === true) abort();
      signal?.addEventListener('abort', abort, { once: true });
      asked.push({ offset: offsets[0]?.offset ?? -1, answer });
      await answer.promise;
    },
    committed: async (partitions) => partitions.map(() => 0),
    close: async () => {},
  };
  const broker = {
    groupMember: (options: { readonly listener: GroupListener }) => {
      listener = options.listener;
      return member;
    },
  } as unknown as Broker;
  const revoked: TopicPartitionOffset[] = [];
  const host = { post: () => {}, ask: async () => ({ offsets: revoked }) } as unknown as HostClient;
  const group = new SinkGroup({
    broker,
    host,
    spec: {
      id: { connector: 'c', task: 0 },
      consumerSettings: {},
      offsetFlushTimeoutMs: 5_000,
    } as unknown as SinkTaskSpec,
    subscription: { topics: ['t'] },
    clock,
    logger,
    onFailed: () => {},
    onAvailability: () => {},
    onParked: () => {},
  });
  return { clock, group, asked, revoked, listener: listener as unknown as GroupListener };
}

describe('the commits of a sink', () => {
  it('follow each other, so that one that is tried again does not put back what a later one committed', async () => {
    const { group, asked, revoked, listener } = sinkGroup();
    await listener.onAssigned([{ topic: 't', partition: 0 }]);
    await settle();
    const byInterval = group.commit([at(10)]);
    revoked.push(at(20));
    const handedBack = listener.onRevoked([{ topic: 't', partition: 0 }]);
    await settle();
    expect(asked.map(({ offset }) => offset)).toEqual([10]);
    asked[0]?.answer.resolve();
    await byInterval;
    await settle();
    expect(asked.map(({ offset }) => offset)).toEqual([10, 20]);
    asked[1]?.answer.resolve();
    await handedBack;
  });

  it('go on after one that failed or took too long, and end in time', async () => {
    const { clock, group, asked } = sinkGroup();
    const outcomes: string[] = [];
    for (const offset of [1, 2, 3]) {
      group.commit([at(offset)]).then(
        () => outcomes.push(`${offset} committed`),
        (error: Error) => outcomes.push(`${offset} ${error.name}`),
      );
    }
    await settle();
    asked[0]?.answer.reject(new Error('refused'));
    await settle();
    expect(asked.map(({ offset }) => offset)).toEqual([1, 2]);
    await clock.advance(5_000);
    await settle();
    expect(outcomes).toEqual(['1 Error', '2 EnvironmentError', '3 EnvironmentError']);
    const last = group.commit([at(4)]);
    await settle();
    asked.at(-1)?.answer.resolve();
    await last;
  });

  it('do not hold up who leaves the group', async () => {
    const { group } = sinkGroup();
    const outcomes = [group.commit([at(1)]), group.commit([at(2)])].map((each) =>
      each.catch((error: Error) => error.message),
    );
    await settle();
    await group.close();
    expect(await Promise.all(outcomes)).toEqual(['the task was stopped', 'the task was stopped']);
  });
});
