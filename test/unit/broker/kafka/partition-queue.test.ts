import { beforeEach, describe, expect, it } from 'vitest';
import {
  PartitionQueue,
  type ProducerBatch,
  type ProducerIdentity,
} from '../../../../src/broker/kafka/partition-queue.ts';
import { SendCall } from '../../../../src/broker/kafka/send-call.ts';
import { peekBatchHeader } from '../../../../src/broker/record-batch/batch-header.ts';
import { decodeRecordBatch } from '../../../../src/broker/record-batch/decode-record-batch.ts';
import { DataError } from '../../../../src/sdk/errors/index.ts';

const WINDOW = 5;
const BATCH = 400;

describe('what is on its way to a partition', () => {
  let queue: PartitionQueue;
  let epoch: number;
  let now: number;
  const identities = {
    current: (): ProducerIdentity => ({ producerId: 9, epoch }),
    next: (): ProducerIdentity => ({ producerId: 9, epoch: ++epoch }),
  };

  beforeEach(() => {
    queue = new PartitionQueue({ topic: 't', partition: 0, compression: 'none' });
    epoch = 0;
    now = 1_000_000;
  });

  const send = (count: number): SendCall => {
    const records = Array.from({ length: count }, (_, n) => ({
      topic: 't',
      partition: 0,
      key: null,
      value: Buffer.from(String(n)),
      headers: [],
      timestamp: 1,
    }));
    const call = new SendCall({ records, takenAt: 0, onSettled: () => {} });
    for (const [n, record] of records.entries()) queue.add(call, n, record, 100);
    return call;
  };
  const take = (): ProducerBatch | null =>
    queue.sendableBytes(now, WINDOW, BATCH) > 0 ? queue.take(identities, BATCH) : null;
  const takeAll = (): ProducerBatch[] => {
    const batches: ProducerBatch[] = [];
    for (let batch = take(); batch !== null; batch = take()) batches.push(batch);
    return batches;
  };
  const label = (batch: ProducerBatch | null) => {
    if (batch === null) return null;
    // The checksum is verified as well: it covers what a new epoch changes.
    const decoded = decodeRecordBatch(batch.encoded);
    return [decoded?.header.producerEpoch, decoded?.header.baseSequence, decoded?.records.length];
  };
  /** Acknowledges one batch, so that several may be in flight. */
  const prove = (): void => {
    send(1);
    queue.acknowledge(take() as ProducerBatch, 0, now);
  };

  it('goes alone until the broker has acknowledged something, then several at a time', async () => {
    const call = send(12);
    const [first, second] = takeAll();
    expect(label(first as ProducerBatch)).toEqual([0, 0, 4]);
    expect(second).toBeUndefined();
    queue.acknowledge(first as ProducerBatch, 100, now);
    const rest = takeAll();
    expect(rest.map(label)).toEqual([
      [0, 4, 4],
      [0, 8, 4],
    ]);
    for (const [n, batch] of rest.entries()) queue.acknowledge(batch, 104 + n * 4, now);
    expect((await call.promise).offsets).toEqual(Float64Array.from({ length: 12 }, (_, n) => 100 + n));
    expect(queue.isEmpty).toBe(true);
  });

  it('goes alone again after a minute without an acknowledgement, as the broker may have forgotten the sequence', () => {
    prove();
    send(12);
    now += 61_000;
    expect(takeAll()).toHaveLength(1);
  });

  it('has no more in flight than allowed', () => {
    prove();
    send(40);
    expect(takeAll()).toHaveLength(WINDOW);
  });

  it('repeats the oldest alone once all has come back, then the others in order, under the same sequences', () => {
    prove();
    send(12);
    const batches = takeAll();
    const before = batches.map(label);
    const [a, b, c] = batches as [ProducerBatch, ProducerBatch, ProducerBatch];
    queue.failed(a);
    expect(take()).toBeNull();
    queue.failed(b);
    expect(take()).toBeNull();
    queue.failed(c);
    send(4);
    expect(takeAll()).toEqual([a]);
    queue.acknowledge(a, 1, now);
    const rest = takeAll();
    expect(rest.slice(0, 2)).toEqual([b, c]);
    expect([a, ...rest].map(label)).toEqual([...before, [0, 13, 4]]);
  });

  it('waits for its back-off', () => {
    send(1);
    queue.notBefore = now + 10;
    expect(take()).toBeNull();
    now += 10;
    expect(label(take())).toEqual([0, 0, 1]);
  });

  it('gives all that is not acknowledged new sequences when an epoch ends, once all has come back', () => {
    prove();
    send(8);
    const [a, b] = takeAll() as [ProducerBatch, ProducerBatch];
    queue.endEpoch();
    queue.failed(a);
    expect(take()).toBeNull();
    queue.failed(b);
    const again = take() as ProducerBatch;
    expect(label(again)).toEqual([1, 0, 4]);
    queue.acknowledge(again, 1, now);
    send(1);
    expect(takeAll().map(label)).toEqual([
      [1, 4, 4],
      [1, 8, 1],
    ]);
  });

  it('splits a batch under the sequences it had', () => {
    prove();
    send(4);
    const batch = take() as ProducerBatch;
    queue.failed(batch);
    queue.replace(batch, [[0, 1, 2], [3]]);
    const first = take() as ProducerBatch;
    queue.acknowledge(first, 1, now);
    expect([first, take()].map(label)).toEqual([
      [0, 1, 3],
      [0, 4, 1],
    ]);
  });

  it('tells each record of a call what became of it', async () => {
    const call = send(4);
    const batch = take() as ProducerBatch;
    queue.failed(batch);
    call.reject(2, new DataError('too large'));
    queue.replace(batch, [[0, 1, 3]]);
    queue.acknowledge(take() as ProducerBatch, 50, now);
    const { offsets, rejected } = await call.promise;
    expect([...offsets]).toEqual([50, 51, -1, 52]);
    expect(rejected.map(({ index }) => index)).toEqual([2]);
  });

  it('leaves out what nobody waits for any more, unless it may have been appended', () => {
    prove();
    const given = send(2);
    given.promise.catch(() => {});
    given.fail(new Error('given up'));
    send(1);
    expect(label(take())).toEqual([0, 1, 1]);
    const late = send(1);
    late.promise.catch(() => {});
    const batch = take() as ProducerBatch;
    late.fail(new Error('given up'));
    expect(queue.dropUnwanted(batch)).toBe(false);
    queue.failed(batch);
    expect(queue.dropUnwanted(batch)).toBe(true);
  });

  it('holds nothing of calls that were given up before they were sent', () => {
    const given = send(3);
    given.promise.catch(() => {});
    send(1);
    given.fail(new Error('given up'));
    queue.dropSettled();
    expect(queue.queuedBytes).toBe(100);
    expect(label(take())).toEqual([0, 0, 1]);
  });

  it('says of which calls something is under way: only the others can be taken back', () => {
    const calls = [send(3), send(1), send(1)];
    expect(calls.map(({ isUnderWay }) => isUnderWay)).toEqual([false, false, false]);
    queue.failed(take() as ProducerBatch);
    expect(calls.map(({ isUnderWay }) => isUnderWay)).toEqual([true, true, false]);
  });

  it('counts sequences as Kafka does, back to 0 after the largest int32', () => {
    send(8);
    const batch = take() as ProducerBatch;
    expect(peekBatchHeader(batch.encoded)?.baseSequence).toBe(0);
    batch.baseSequence = 0x7fff_fffe;
    queue.failed(batch);
    queue.replace(batch, [[0, 1, 2], [3]]);
    const first = take() as ProducerBatch;
    queue.acknowledge(first, 0, now);
    expect([first, take()].map((one) => label(one)?.[1])).toEqual([0x7fff_fffe, 1]);
  });
});
