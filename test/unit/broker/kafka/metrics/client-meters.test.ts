import { describe, expect, it } from 'vitest';
import { FetchedPartition } from '../../../../../src/broker/kafka/fetched-partition.ts';
import { CoordinatorMeter } from '../../../../../src/broker/kafka/metrics/coordinator-meter.ts';
import { FetchMeter } from '../../../../../src/broker/kafka/metrics/fetch-meter.ts';
import { NetworkMeter } from '../../../../../src/broker/kafka/metrics/network-meter.ts';
import { ProducerMeter } from '../../../../../src/broker/kafka/metrics/producer-meter.ts';
import { SendCall } from '../../../../../src/broker/kafka/send-call.ts';
import { encodeRecordBatch } from '../../../../../src/broker/record-batch/encode-record-batch.ts';
import { DEFAULT_WINDOWS as windows } from '../../../../../src/foundation/sampled-stat.ts';
import { DataError } from '../../../../../src/sdk/errors/index.ts';

const record = { key: null, value: Buffer.alloc(100), headers: [], timestamp: 5 };

describe('what a producer has lost', () => {
  const callOf = (topics: readonly string[]): SendCall =>
    new SendCall({
      records: topics.map((topic) => ({ ...record, topic, partition: 0 })),
      takenAt: 0,
      onSettled: () => {},
    });

  it('is what was refused and what was open when the call failed, by topic', async () => {
    const call = callOf(['a', 'a', 'b', 'b']);
    call.acknowledge(0, -1); // appended before, of which the broker does not say where
    call.reject(2, new DataError('too large'));
    call.fail(new Error('the time is over'));
    await expect(call.promise).rejects.toThrow('the time is over');
    expect(call.lost()).toEqual(
      new Map([
        ['b', 2],
        ['a', 1],
      ]),
    );
  });

  it('is nothing when all was taken', async () => {
    const call = callOf(['a']);
    call.acknowledge(0, 7);
    await call.promise;
    expect(call.lost()).toBeNull();
  });
});

describe('ProducerMeter', () => {
  it('counts batches by request and topic, those that go again too', () => {
    const meter = new ProducerMeter(windows);
    const batch = { topic: 'a', records: 10, bytes: 500, maxRecordBytes: 80, compressionRatio: 0.5, queueMs: 3 };
    meter.sent([batch, { ...batch, topic: 'b', bytes: 700 }], 1_000);
    meter.retried('a', 10, 1_100);
    meter.sent([batch], 1_200);
    meter.answered(20, 4, 1_300);
    meter.failed('b', 2, 1_400);
    expect(meter.values(1_400)).toMatchObject({
      'record-send-total': 30,
      'record-retry-total': 10,
      'record-error-total': 2,
      'records-per-request-avg': 15,
      'batch-size-max': 700,
      'compression-rate-avg': 0.5,
      'record-queue-time-avg': 3,
      'request-latency-max': 20,
      'produce-throttle-time-avg': 4,
    });
    const [a, b] = meter.topicGroups(1_400);
    expect(a).toMatchObject({
      tags: { topic: 'a' },
      values: { 'record-send-total': 20, 'byte-total': 1_000, 'record-retry-total': 10, 'record-error-total': 0 },
    });
    expect(b).toMatchObject({ tags: { topic: 'b' }, values: { 'record-send-total': 10, 'record-error-total': 2 } });
  });
});

describe('FetchMeter', () => {
  it('counts an answer once all of it was taken or given up, and lag from where reading stands', () => {
    let now = 0;
    const meter = new FetchMeter({ windows, monotonic: () => now });
    const encoded = encodeRecordBatch([record, record, record], { baseOffset: 10 });
    const parts = [new FetchedPartition('a', 0), new FetchedPartition('a', 1)];
    const tally = meter.answered(40, 0);
    for (const part of parts) {
      part.moveTo(10);
      part.highWatermark = 20;
      part.logStartOffset = 4;
      part.append(encoded, 20, null, tally);
    }
    const [whole, half] = parts as [FetchedPartition, FetchedPartition];
    const totals = (): Readonly<Record<string, number>> | undefined => meter.groups(parts, now)[0]?.values;
    tally.complete();
    meter.taken(whole.take(10, true)?.records.length ?? 0, whole);
    expect(whole.take(10, true)).toBeNull();
    expect(totals()).toMatchObject({ 'records-consumed-total': 3, 'bytes-consumed-total': 0, 'fetch-total': 1 });
    meter.taken(half.take(1, true)?.records.length ?? 0, half);
    half.moveTo(100);
    now = 10;
    expect(totals()).toMatchObject({
      'records-consumed-total': 4,
      'records-per-request-avg': 4,
      'fetch-latency-avg': 40,
      'records-lag-max': 9,
      'records-lead-min': 7,
    });
    expect(meter.groups(parts, now).find(({ tags }) => tags['partition'] === '0')?.values).toMatchObject({
      'records-lag': 7,
      'records-lead': 9,
    });
  });

  it('says how long a task waits for records', () => {
    let now = 0;
    const meter = new FetchMeter({ windows, monotonic: () => now });
    expect(meter.pollValues(now)['last-poll-seconds-ago']).toBe(-1);
    for (const [pollMs, workMs] of [
      [100, 300],
      [100, 300],
    ] as const) {
      meter.pollBegan();
      now += pollMs;
      meter.pollEnded();
      now += workMs;
    }
    expect(meter.pollValues(now + 2_000)).toMatchObject({
      'time-between-poll-avg': 400,
      'last-poll-seconds-ago': 2,
    });
  });
});

describe('CoordinatorMeter', () => {
  it('counts what a member does, and for how long', () => {
    let now = 1_000;
    const meter = new CoordinatorMeter({ windows, monotonic: () => now });
    expect(meter.values(0, now)).toMatchObject({ 'last-heartbeat-seconds-ago': -1, 'last-rebalance-seconds-ago': -1 });
    meter.rebalanceFailed();
    meter.joined(900);
    meter.synced(990);
    meter.rebalanced(500);
    meter.heartbeatSent();
    now = 1_006;
    meter.heartbeatAnswered(1_000);
    meter.committed(1_002);
    expect(meter.values(3, 4_006)).toMatchObject({
      'assigned-partitions': 3,
      'join-total': 1,
      'join-time-max': 100,
      'sync-time-avg': 10,
      'rebalance-latency-total': 500,
      'failed-rebalance-total': 1,
      'heartbeat-total': 1,
      'heartbeat-response-time-max': 6,
      'commit-latency-avg': 4,
      'last-heartbeat-seconds-ago': 3,
      'last-rebalance-seconds-ago': 3,
    });
  });
});

describe('NetworkMeter', () => {
  it('adds up what went over each connection, and names brokers as Kafka does', () => {
    const meter = new NetworkMeter(windows);
    meter.opened(0);
    meter.opened(0);
    meter.sent('a:1', 50, 0);
    meter.answered('a:1', 80, 7, 7);
    meter.sent('b:1', 30, 8);
    meter.closed(9);
    expect(meter.values(10)).toMatchObject({
      'connection-count': 1,
      'connection-creation-total': 2,
      'outgoing-byte-total': 80,
      'incoming-byte-total': 80,
      'request-total': 2,
      'response-total': 1,
      'network-io-total': 3,
      'request-size-max': 50,
    });
    const nodes = meter.nodes('producer', (address) => (address === 'a:1' ? 'node-1' : 'node--1'), 10);
    expect(
      nodes.map(({ tags, values }) => [tags['node-id'], values['request-total'], values['request-latency-max']]),
    ).toEqual([
      ['node-1', 1, 7],
      ['node--1', 1, Number.NaN],
    ]);
  });
});
