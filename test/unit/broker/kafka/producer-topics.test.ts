import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../../src/broker/kafka/cluster.ts';
import { ClusterMetadata } from '../../../../src/broker/kafka/cluster-metadata.ts';
import type { ProducerSettings } from '../../../../src/broker/kafka/kafka-settings.ts';
import type { ProducerBatch } from '../../../../src/broker/kafka/partition-queue.ts';
import { ProducerTopics } from '../../../../src/broker/kafka/producer-topics.ts';
import { SendCall } from '../../../../src/broker/kafka/send-call.ts';
import { partitionOfKey } from '../../../../src/broker/partitioner.ts';
import { Backoff } from '../../../../src/foundation/backoff.ts';
import { silentLogger } from '../../../../src/foundation/logger.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';

const KEYS = Array.from({ length: 12 }, (_, n) => `key-${n}`);
const identity = { producerId: 9, epoch: 0 };
const identities = { current: () => identity, next: () => ({ ...identity, epoch: 1 }) };

function topicsOf(partitions: number) {
  const clock = new ManualClock();
  const cluster = { partitions };
  const metadata = new ClusterMetadata({
    ask: async () => ({
      brokers: [{ nodeId: 1, host: 'h', port: 1 }],
      clusterId: 'c',
      controllerId: 1,
      topics: [
        {
          errorCode: 0,
          name: 't',
          internal: false,
          partitions: Array.from({ length: cluster.partitions }, (_, partition) => ({
            errorCode: 0,
            partition,
            leader: 1,
            replicas: 1,
          })),
        },
      ],
    }),
    clock,
    maxAgeMs: 300_000,
    autoCreateTopics: false,
  });
  const topics = new ProducerTopics({
    cluster: {
      clock,
      metadata,
      availability: { failed: () => {}, worked: () => {} },
      retryBackoff: () => new Backoff({ initialMs: 500, maxMs: 500, jitter: 0 }),
    } as unknown as Cluster,
    settings: { batchBytes: 16_384, compression: 'none' } as ProducerSettings,
    logger: silentLogger,
    onChange: () => {},
    onFatal: (error) => {
      throw error;
    },
    closing: new AbortController().signal,
  });
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 500) {
      await clock.advance(500);
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const send = (records: readonly { readonly key?: string; readonly partition?: number }[], onSettled = () => {}) => {
    const call = new SendCall({
      records: records.map(({ key, partition }) => ({
        topic: 't',
        partition: partition ?? null,
        key: key === undefined ? null : Buffer.from(key),
        value: Buffer.from('v'),
        headers: [],
        timestamp: 5,
      })),
      takenAt: clock.monotonic(),
      onSettled,
    });
    topics.distribute(call, () => false);
    return call;
  };
  /** What the queues would send: the keys by partition. */
  const queued = (): Record<number, string[]> => {
    const found: Record<number, string[]> = {};
    for (const queue of topics.active) {
      const keys: string[] = [];
      queue.withdraw((call, index) => keys.push(String(call.records[index]?.key)));
      found[queue.partition] = keys;
    }
    return found;
  };
  return { topics, cluster, pass, send, queued };
}

const byPartition = (keys: readonly string[], partitions: number): Record<number, string[]> => {
  const found: Record<number, string[]> = {};
  for (const key of keys) {
    const partition = partitionOfKey(Buffer.from(key), partitions);
    found[partition] = [...(found[partition] ?? []), key];
  }
  return found;
};

describe('the partitions of a topic that is written to', () => {
  it('are fewer once the cluster keeps saying so, and what waits for those that are gone goes to the others in order', async () => {
    const { topics, cluster, pass, send, queued } = topicsOf(8);
    send(KEYS.map((key) => ({ key })));
    await pass(500);
    const survivor = [...topics.active].find(({ partition }) => partition === 0);
    const gone = [...topics.active].filter(({ partition }) => partition > 0);
    expect(gone.length).toBeGreaterThan(2);
    cluster.partitions = 1;
    // One of them has its request on its way, which is not taken back.
    const batch = gone[0]?.take(identities, 16_384) as ProducerBatch;
    topics.refresh();
    await pass(10_000);
    expect(topics.active).toContain(gone[0]);
    gone[0]?.failed(batch);
    const explicit = send([{ partition: 3 }, { partition: 0, key: 'kept' }]);
    await pass(1_000);
    expect([...topics.active].map(({ partition }) => partition)).toEqual([0]);
    const keys = queued()[0] ?? [];
    expect([...keys].sort()).toEqual([...KEYS, 'kept'].sort());
    for (const group of Object.values(byPartition(KEYS, 8))) {
      expect(keys.filter((key) => group.includes(key))).toEqual(group);
    }
    expect(survivor === undefined || topics.active.has(survivor)).toBe(true);
    explicit.acknowledge(1, 0);
    const { rejected, partitions } = await explicit.promise;
    expect(rejected).toMatchObject([
      { index: 0, error: { name: 'DataError', code: 'holdfast.broker.record.invalid' } },
    ]);
    expect([...partitions]).toEqual([-1, 0]);
    send(KEYS.map((key) => ({ key })));
    expect(queued()).toEqual({ 0: KEYS });
  });

  it('are as many as before for a broker that is behind the times for a while', async () => {
    const { topics, cluster, pass, send, queued } = topicsOf(8);
    send(KEYS.map((key) => ({ key })));
    await pass(500);
    for (let n = 0; n < 3; n++) {
      cluster.partitions = 2;
      topics.refresh();
      await pass(4_000);
      cluster.partitions = 8;
      await pass(1_000);
    }
    expect(queued()).toEqual(byPartition(KEYS, 8));
  });

  it('get each record once, though a rejection lets others in', async () => {
    const { pass, send, queued } = topicsOf(1);
    send([{ key: 'a' }]);
    send([{ partition: -1 }], () => send([{ key: 'c' }]));
    send([{ key: 'b' }]);
    await pass(500);
    expect(queued()).toEqual({ 0: ['a', 'b', 'c'] });
  });
});
