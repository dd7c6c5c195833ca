import { describe, expect, it } from 'vitest';
import { FetchedPartition } from '../../../../src/broker/kafka/fetched-partition.ts';
import { encodeRecordBatch } from '../../../../src/broker/record-batch/encode-record-batch.ts';
import { DataError } from '../../../../src/sdk/errors/index.ts';

interface BatchOptions {
  readonly producerId?: number;
  readonly transactional?: boolean;
}

function batch(baseOffset: number, values: readonly string[], options: BatchOptions = {}): Buffer {
  const records = values.map((value) => ({ key: null, value: Buffer.from(value), headers: [], timestamp: 5 }));
  return encodeRecordBatch(records, { baseOffset, ...options });
}

function marker(baseOffset: number, producerId: number, type: 'abort' | 'commit'): Buffer {
  const key = Buffer.from([0, 0, 0, type === 'abort' ? 0 : 1]);
  const record = { key, value: Buffer.alloc(6), headers: [], timestamp: 5 };
  return encodeRecordBatch([record], { baseOffset, producerId, transactional: true, control: true });
}

function partitionAt(offset: number): FetchedPartition {
  const partition = new FetchedPartition('t', 0);
  partition.moveTo(offset);
  return partition;
}

function taken(partition: FetchedPartition, max = 100): unknown {
  const got = partition.take(max, true);
  return got && [got.records.map(({ offset, value }) => `${offset}${value?.toString()}`).join(' '), got.nextOffset];
}

function failureOf(partition: FetchedPartition): unknown {
  try {
    return partition.take(100, true);
  } catch (error) {
    return error;
  }
}

describe('a partition that is read ahead', () => {
  it('hands out batches in pieces, from the offset asked for', () => {
    const partition = partitionAt(11);
    expect(partition.append(Buffer.concat([batch(10, ['a', 'b', 'c']), batch(13, ['d'])]), 20, null)).toBe(true);
    expect(partition.fetchOffset).toBe(14);
    expect(taken(partition, 1)).toEqual(['11b', 12]);
    expect(taken(partition, 2)).toEqual(['12c 13d', 14]);
    expect(partition.position).toBe(14);
    expect(taken(partition)).toBeNull();
    expect(partition.bufferedBytes).toBe(0);
  });

  it('passes over what compaction emptied and control batches, and says where to go on', () => {
    const partition = partitionAt(0);
    partition.append(
      Buffer.concat([batch(0, ['a']), marker(5, 7, 'commit'), batch(9, ['b']), marker(10, 7, 'commit')]),
      20,
      null,
    );
    expect(taken(partition)).toEqual(['0a 9b', 11]);
  });

  it('moves on over control batches alone', () => {
    const partition = partitionAt(3);
    partition.append(marker(3, 7, 'commit'), 20, null);
    expect(taken(partition)).toBeNull();
    expect(partition.position).toBe(4);
  });

  it('leaves aborted transactions out when it is told of them, up to their marker', () => {
    const bytes = Buffer.concat([
      batch(0, ['aborted'], { producerId: 7, transactional: true }),
      batch(1, ['other'], { producerId: 8, transactional: true }),
      marker(2, 7, 'abort'),
      batch(3, ['again'], { producerId: 7, transactional: true }),
      marker(4, 7, 'commit'),
      batch(5, ['plain'], { producerId: 7 }),
    ]);
    const committed = partitionAt(0);
    committed.append(bytes, 20, [{ producerId: 7, firstOffset: 0 }]);
    expect(taken(committed)).toEqual(['1other 3again 5plain', 6]);
    const all = partitionAt(0);
    all.append(bytes, 20, null);
    expect(taken(all)).toEqual(['0aborted 1other 3again 5plain', 6]);
  });

  it('does not take a transaction for aborted because an earlier one, compacted away, was', () => {
    const partition = partitionAt(0);
    const bytes = Buffer.concat([marker(2, 7, 'abort'), batch(3, ['kept'], { producerId: 7, transactional: true })]);
    partition.append(bytes, 20, [{ producerId: 7, firstOffset: 0 }]);
    expect(taken(partition)).toEqual(['3kept', 4]);
  });

  it('throws a corrupt batch after what precedes it, and then reads it anew', () => {
    const bad = batch(2, ['bad']);
    bad[bad.length - 2] = 0xff;
    const partition = partitionAt(0);
    partition.append(Buffer.concat([batch(0, ['a', 'b']), bad, batch(3, ['c'])]), 20, null);
    expect(taken(partition)).toEqual(['0a 1b', 2]);
    const failure = failureOf(partition);
    expect(failure).toBeInstanceOf(DataError);
    expect(failure).toMatchObject({
      code: 'holdfast.broker.batch.corrupt',
      details: { topic: 't', partition: 0, offset: 2, nextOffset: 3 },
    });
    expect(partition).toMatchObject({ position: 2, fetchOffset: 2, bufferedBytes: 0, hasBuffered: false });
    partition.append(Buffer.concat([batch(2, ['good']), batch(3, ['c'])]), 20, null);
    expect(taken(partition)).toEqual(['2good 3c', 4]);
  });

  it('does not believe a damaged header that says how far the batch goes', () => {
    const last = batch(1, ['b', 'c']);
    last.writeInt32BE(90, 23);
    const partition = partitionAt(0);
    partition.append(Buffer.concat([batch(0, ['a']), last]), 100, null);
    expect(taken(partition)).toEqual(['0a', 1]);
    const alone = failureOf(partition);
    expect(alone).toMatchObject({ code: 'holdfast.broker.batch.corrupt', details: { offset: 1 } });
    expect(alone).not.toHaveProperty('details.nextOffset');
    // A sound batch behind it tells where it ends.
    partition.append(Buffer.concat([last, batch(3, ['d'])]), 100, null);
    expect(failureOf(partition)).toMatchObject({ details: { offset: 1, nextOffset: 3 } });
    // The broker believes it, and sends it again.
    partition.moveTo(3);
    partition.append(Buffer.concat([last, batch(3, ['d'])]), 100, null);
    expect(taken(partition)).toEqual(['3d', 4]);
  });

  it.each<[string, (damaged: Buffer) => void]>([
    ['a control batch', (damaged) => damaged.writeInt16BE(0x20, 21)],
    ['one that lies below', (damaged) => damaged.writeInt32BE(-9, 23)],
    ['one of an aborted transaction', (damaged) => damaged.writeInt16BE(0x10, 21)],
  ])('does not pass over a batch that damage makes look like %s', (_, damage) => {
    const damaged = batch(5, ['a', 'b'], { producerId: 7 });
    damage(damaged);
    const partition = partitionAt(5);
    partition.append(Buffer.concat([damaged, batch(7, ['c'])]), 100, [{ producerId: 7, firstOffset: 5 }]);
    expect(failureOf(partition)).toMatchObject({ details: { offset: 5, nextOffset: 7 } });
  });

  it('takes nothing for complete that is cut off', () => {
    const whole = batch(0, ['a', 'b']);
    const partition = partitionAt(0);
    expect(partition.append(whole.subarray(0, whole.length - 1), 20, null)).toBe(false);
    expect(partition.hasBuffered).toBe(false);
    expect(partition.append(Buffer.concat([whole, whole.subarray(0, 30)]), 20, null)).toBe(true);
    expect(taken(partition)).toEqual(['0a 1b', 2]);
  });

  it('forgets what was read ahead when it moves', () => {
    const partition = partitionAt(0);
    const { session } = partition;
    partition.append(batch(0, ['a', 'b', 'c']), 20, null);
    taken(partition, 1);
    partition.moveTo(2);
    expect(partition.session).not.toBe(session);
    expect(taken(partition)).toBeNull();
    partition.moveTo('earliest');
    expect(partition).toMatchObject({ position: null, symbolic: 'earliest' });
  });

  it('lets go of the answer it came in when it rests, and goes on where it was', () => {
    const own = Buffer.concat([batch(10, ['a', 'b', 'c']), batch(13, ['d', 'e']), batch(15, ['f'])]);
    const answer = Buffer.alloc(10_000);
    own.copy(answer, 5_000);
    for (const taken1 of [0, 1, 2, 3, 4, 5]) {
      const partition = partitionAt(10);
      partition.append(answer.subarray(5_000, 5_000 + own.length), 20, null);
      if (taken1 > 0) partition.take(taken1, true);
      partition.detach();
      expect(partition.bufferedBytes).toBeLessThanOrEqual(own.length);
      const rest: string[] = [];
      for (let got = partition.take(2, true); got !== null; got = partition.take(2, true)) {
        for (const { offset, value } of got.records) {
          rest.push(`${offset}${value?.toString()}`);
          expect((value as Buffer).buffer.byteLength).toBeLessThan(1_000);
        }
      }
      expect(rest).toEqual(['10a', '11b', '12c', '13d', '14e', '15f'].slice(taken1));
      expect(partition.bufferedBytes).toBe(0);
      expect(partition.position).toBe(16);
    }
  });
});
