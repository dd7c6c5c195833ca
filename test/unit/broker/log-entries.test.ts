import { describe, expect, it } from 'vitest';
import { type LogBytes, logEntries } from '../../../src/broker/log-entries.ts';
import { type EncodeBatchOptions, encodeRecordBatch } from '../../../src/broker/record-batch/encode-record-batch.ts';

const PRODUCER_ID = 7;

function batch(baseOffset: number, texts: readonly string[], options: EncodeBatchOptions = {}): Buffer {
  const records = texts.map((text) => ({ key: null, value: Buffer.from(text), headers: [], timestamp: 5 }));
  return encodeRecordBatch(records, { baseOffset, ...options });
}

function marker(baseOffset: number, type: number): Buffer {
  const record = { key: Buffer.from([0, 0, 0, type]), value: Buffer.alloc(6), headers: [], timestamp: 5 };
  return encodeRecordBatch([record], { baseOffset, producerId: PRODUCER_ID, transactional: true, control: true });
}

/** With its last byte changed. */
function damaged(bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 0x55;
  return changed;
}

/** With its base offset changed, which no checksum covers. */
function moved(bytes: Buffer, baseOffset: number): Buffer {
  const changed = Buffer.from(bytes);
  changed.writeUInt32BE(baseOffset, 4);
  return changed;
}

function read(pieces: readonly Buffer[], more: Partial<LogBytes> = {}) {
  const { entries, ...rest } = logEntries({
    bytes: Buffer.concat(pieces),
    offset: 0,
    end: 100,
    logEnd: 100,
    ...more,
  });
  const told = entries.map((entry) => {
    const range = `${entry.baseOffset}-${entry.nextOffset}`;
    if (entry.kind === 'unreadable') return `${range} unreadable`;
    if (entry.kind === 'marker') return `${range} ${entry.outcome} of ${entry.producerId}`;
    const texts = entry.records.map(({ offset, value }) => `${offset}${value}`).join(' ');
    return `${range} ${texts}${entry.transactional ? ` in a transaction of ${entry.producerId}` : ''}`;
  });
  return { ...rest, told, entries };
}

describe('the entries of a log', () => {
  it('are its batches and its transaction markers, with the gaps between them', () => {
    const tx = { producerId: PRODUCER_ID, transactional: true };
    const pieces = [batch(0, ['a', 'b']), batch(7, ['c'], tx), marker(8, 0), marker(9, 1), marker(10, 4)];
    expect(read(pieces)).toMatchObject({
      told: ['0-2 0a 1b', '7-8 7c in a transaction of 7', '8-9 abort of 7', '9-10 commit of 7', '10-11 other of 7'],
      nextOffset: 11,
      problem: null,
    });
  });

  it('leave out what lies below the offset asked for, or at the end and above', () => {
    const pieces = [batch(0, ['a', 'b', 'c']), batch(3, ['d', 'e', 'f']), batch(6, ['g'])];
    expect(read(pieces, { offset: 2, end: 5 })).toMatchObject({ told: ['2-3 2c', '3-5 3d 4e'], nextOffset: 5 });
    expect(read(pieces, { offset: 0, end: 3 })).toMatchObject({ told: ['0-3 0a 1b 2c'], nextOffset: 3 });
    expect(read([batch(3, ['d']), batch(20, ['z'])], { offset: 4, end: 20 })).toMatchObject({
      told: [],
      nextOffset: 20,
    });
  });

  it('pass over batches that lie below', () => {
    const pieces = [batch(0, ['a']), batch(1, ['b']), batch(2, ['c'])];
    expect(read(pieces, { offset: 2 })).toMatchObject({ told: ['2-3 2c'], nextOffset: 3 });
  });

  it('end before a batch that is cut off', () => {
    const pieces = [batch(0, ['a']), batch(1, ['b']).subarray(0, 65)];
    expect(read(pieces)).toMatchObject({ told: ['0-1 0a'], nextOffset: 1 });
    expect(read([batch(0, ['a']).subarray(0, 30)])).toMatchObject({ told: [], nextOffset: 0 });
  });

  it('pass over a batch whose checksum fails', () => {
    expect(read([batch(0, ['a']), damaged(batch(1, ['b', 'c'])), batch(3, ['d'])])).toMatchObject({
      told: ['0-1 0a', '1-3 unreadable', '3-4 3d'],
      nextOffset: 4,
      problem: null,
    });
    const reason = expect.stringContaining('checksum');
    expect(read([damaged(batch(0, ['a'])), batch(1, ['b'])]).entries[0]).toMatchObject({ reason });
  });

  it('pass over several in a row, and over the last', () => {
    const pieces = [damaged(batch(0, ['a'])), damaged(batch(1, ['b'])), batch(2, ['c']), damaged(batch(3, ['d']))];
    expect(read(pieces)).toMatchObject({ told: ['0-2 unreadable', '2-3 2c', '3-4 unreadable'], nextOffset: 4 });
  });

  it.each([
    ['less than any batch', 11],
    ['more than there is', 1_000_000],
    ['a few bytes more', 80],
    ['negative', -5],
  ])('find the next batch behind one whose length is %s', (_what, length) => {
    const wrong = Buffer.from(batch(1, ['b']));
    wrong.writeInt32BE(length, 8);
    const pieces = [batch(0, ['a']), wrong, batch(2, ['c']), batch(3, ['d'])];
    expect(read(pieces)).toMatchObject({ told: ['0-1 0a', '1-2 unreadable', '2-3 2c', '3-4 3d'] });
  });

  it('find the next batch behind one whose magic is none', () => {
    const wrong = Buffer.from(batch(0, ['b']));
    wrong.writeInt8(77, 16);
    expect(read([wrong, batch(1, ['c'])])).toMatchObject({ told: ['0-1 unreadable', '1-2 1c'] });
  });

  it.each([
    ['above the next one', 30],
    ['above the end of the log', 4000],
    ['below what was read', 0],
  ])('do not believe a base offset %s, which no checksum covers', (_what, baseOffset) => {
    const pieces = [batch(0, ['a', 'b']), moved(batch(2, ['c']), baseOffset), batch(3, ['d'])];
    expect(read(pieces)).toMatchObject({ told: ['0-2 0a 1b', '2-3 unreadable', '3-4 3d'], nextOffset: 4 });
  });

  it('say what is wrong where nobody knows how far the damage goes', () => {
    const wrong = Buffer.from(batch(1, ['b']));
    wrong.writeInt32BE(1, 8);
    expect(read([batch(0, ['a']), wrong])).toMatchObject({ told: ['0-1 0a'], nextOffset: 1 });
    expect(read([wrong], { offset: 1 })).toMatchObject({
      told: [],
      nextOffset: 1,
      problem: expect.stringContaining('length'),
    });
  });
});
