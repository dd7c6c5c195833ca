import { describe, expect, it } from 'vitest';
import type { LogEntry } from '../../../../src/broker/log-reader.ts';
import { LogObserver } from '../../../../src/recovery/topic/seen-in-log.ts';

function data(offset: number, producerId: number): LogEntry {
  const record = { offset, timestamp: 0, timestampType: 'CreateTime', key: null, value: null, headers: [] } as const;
  return {
    kind: 'records',
    baseOffset: offset,
    nextOffset: offset + 1,
    transactional: true,
    producerId,
    records: [record],
  };
}

function marker(offset: number, producerId: number, outcome: 'commit' | 'abort' | 'other'): LogEntry {
  return { kind: 'marker', baseOffset: offset, nextOffset: offset + 1, producerId, outcome };
}

const unreadable = (baseOffset: number, nextOffset: number): LogEntry => ({
  kind: 'unreadable',
  baseOffset,
  nextOffset,
  reason: 'damaged',
});

function seen(entries: readonly LogEntry[]) {
  const observer = new LogObserver();
  for (const entry of entries) observer.see(entry);
  return observer.seen();
}

describe('what only the log shows', () => {
  it('are aborted records of producers whose transactions overlap', () => {
    const entries = [data(0, 1), data(1, 2), data(2, 1), marker(3, 1, 'abort'), data(4, 1), marker(5, 2, 'commit')];
    expect(seen([...entries, marker(6, 1, 'other'), marker(7, 1, 'abort')])).toMatchObject({
      abortedOffsets: [0, 2, 4],
      controlOffsets: [3, 5, 6, 7],
      transactionalOffsets: [0, 1, 2, 4],
    });
  });

  it('are the transactions that go on, to be told as aborted by who reads on', () => {
    const observer = new LogObserver(seen([data(0, 1), data(1, 2), data(2, 1), data(3, 3), marker(4, 3, 'commit')]));
    expect(observer.seen().openTransactions).toEqual([
      { producerId: 1, offsets: [0, 2] },
      { producerId: 2, offsets: [1] },
    ]);
    for (const entry of [data(5, 1), marker(6, 1, 'abort'), marker(7, 2, 'commit')]) observer.see(entry);
    expect(observer.seen().abortedOffsets).toEqual([0, 2, 5]);
    expect(observer.seen()).not.toHaveProperty('openTransactions');
  });

  it('are unreadable ranges, put together where they touch', () => {
    expect(seen([unreadable(1, 2), unreadable(2, 5), unreadable(7, 8)]).unreadable).toEqual([
      { from: 1, to: 5, reason: 'damaged' },
      { from: 7, to: 8, reason: 'damaged' },
    ]);
  });

  it('are told in bounded memory, the last marker and the last damage among them', () => {
    const entries = Array.from({ length: 5000 }, (_, n) => [
      data(n * 4, 1),
      marker(n * 4 + 1, 1, 'abort'),
      unreadable(n * 4 + 2, n * 4 + 3),
    ]);
    const told = seen(entries.flat());
    const lists = [told.controlOffsets, told.transactionalOffsets, told.abortedOffsets, told.unreadable];
    expect(lists.map((list) => list.length)).toEqual([1000, 1000, 1000, 1000]);
    expect(told.controlOffsets.at(-1)).toBe(4999 * 4 + 1);
    expect(told.unreadable.at(-1)).toMatchObject({
      from: 999 * 4 + 2,
      to: 4999 * 4 + 3,
      reason: expect.stringContaining('several'),
    });
  });
});
