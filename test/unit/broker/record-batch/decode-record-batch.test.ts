import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { peekBatchHeader, writeBaseOffset } from '../../../../src/broker/record-batch/batch-header.ts';
import { crc32c } from '../../../../src/broker/record-batch/crc32c.ts';
import { decodeRecordBatch, decodeRecordBatches } from '../../../../src/broker/record-batch/decode-record-batch.ts';
import { type EncodeBatchOptions, encodeRecordBatch } from '../../../../src/broker/record-batch/encode-record-batch.ts';
import { type BatchRecord, NO_HEADERS } from '../../../../src/broker/record-batch/record.ts';
import { CorruptBatchError, UnsupportedBatchError } from '../../../../src/broker/record-batch/record-batch-error.ts';
import { DataError } from '../../../../src/sdk/errors/index.ts';
import { arbitraryRecords, asDecodedText, asText } from './arbitrary-records.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');
const record = (value: string): BatchRecord => ({
  key: null,
  value: bytes(value),
  headers: NO_HEADERS,
  timestamp: 1000,
});
const batch = (baseOffset: number, values: readonly string[], options: EncodeBatchOptions = {}): Buffer =>
  encodeRecordBatch(values.map(record), { ...options, baseOffset });
const textOf = (value: Uint8Array | null): string | null => (value === null ? null : Buffer.from(value).toString());
const values = (buffer: Buffer, options = {}): (string | null)[] =>
  decodeRecordBatches(buffer, options).records.map((decoded) => textOf(decoded.value));

const marker = (baseOffset: number, producerId: number, type: 'abort' | 'commit'): Buffer =>
  encodeRecordBatch(
    [
      {
        key: Buffer.from([0, 0, 0, type === 'commit' ? 1 : 0]),
        value: Buffer.alloc(6),
        headers: NO_HEADERS,
        timestamp: 1,
      },
    ],
    { baseOffset, producerId, producerEpoch: 0, transactional: true, control: true },
  );

function resealed(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch, 21), 17);
  return batch;
}

describe('decodeRecordBatches', () => {
  it('gives back any records that were encoded', () => {
    fc.assert(
      fc.property(arbitraryRecords, fc.nat(2 ** 40), (records, baseOffset) => {
        const encoded = encodeRecordBatch(records, { baseOffset });
        const decoded = decodeRecordBatches(encoded);
        expect(asText(decoded.records)).toEqual(asDecodedText(records, baseOffset));
        expect([decoded.nextOffset, decoded.position, decoded.partial]).toEqual([
          baseOffset + records.length,
          encoded.length,
          false,
        ]);
      }),
      { numRuns: 200 },
    );
  });

  it('reads timestamps that lie as far apart as they can', () => {
    for (const times of [
      [Number.MAX_SAFE_INTEGER, 0, 1, -1],
      [-1, Number.MAX_SAFE_INTEGER, 0],
    ]) {
      const encoded = encodeRecordBatch(times.map((timestamp) => ({ ...record(''), timestamp })));
      expect(decodeRecordBatches(encoded).records.map((decoded) => decoded.timestamp)).toEqual(times);
    }
  });

  it('reads batch after batch and says where it stopped', () => {
    const buffer = Buffer.concat([batch(10, ['a', 'b']), batch(20, ['c'])]);
    const decoded = decodeRecordBatches(buffer);
    expect(decoded.records.map(({ offset, value }) => [offset, textOf(value)])).toEqual([
      [10, 'a'],
      [11, 'b'],
      [20, 'c'],
    ]);
    expect(decoded).toMatchObject({ nextOffset: 21, position: buffer.length, partial: false });
  });

  it('of nothing makes nothing', () => {
    expect(decodeRecordBatches(Buffer.alloc(0))).toEqual({
      records: [],
      nextOffset: undefined,
      position: 0,
      partial: false,
    });
  });

  it('begins at a position, and leaves out what lies below the offset asked for', () => {
    const first = batch(10, ['a', 'b']);
    const buffer = Buffer.concat([first, batch(12, ['c', 'd', 'e'])]);
    expect(values(buffer, { position: first.length })).toEqual(['c', 'd', 'e']);
    expect(values(buffer, { fromOffset: 13 })).toEqual(['d', 'e']);
    expect(decodeRecordBatches(buffer, { fromOffset: 15 })).toMatchObject({ records: [], nextOffset: 15 });
  });

  it('yields views that share the memory of the buffer, and one frozen array for no headers', () => {
    const buffer = batch(0, ['a', 'b']);
    const { records } = decodeRecordBatches(buffer);
    expect(records[0]?.value?.buffer).toBe(buffer.buffer);
    expect(records[0]?.headers).toBe(NO_HEADERS);
    expect(Object.isFrozen(NO_HEADERS)).toBe(true);
  });

  it('cut at every byte: whole batches are decoded, the rest is partial and no error', () => {
    const parts = [batch(0, ['a', 'bb']), batch(2, ['ccc']), batch(3, ['d', 'e', 'f'])];
    const buffer = Buffer.concat(parts);
    const ends = parts.map((_, n) => Buffer.concat(parts.slice(0, n + 1)).length);
    for (let cut = 0; cut <= buffer.length; cut++) {
      const whole = ends.filter((end) => end <= cut);
      const decoded = decodeRecordBatches(Buffer.from(buffer.subarray(0, cut)));
      expect(decoded.position).toBe(whole.at(-1) ?? 0);
      expect(decoded.partial).toBe(cut !== decoded.position);
      expect(decoded.records.length).toBe([0, 2, 3, 6][whole.length]);
      expect(decoded.nextOffset).toBe([undefined, 2, 3, 6][whole.length]);
    }
  });

  it('detects every single bit that flips in what the checksum covers', () => {
    const good = encodeRecordBatch([
      {
        key: bytes('key'),
        value: bytes('value'),
        headers: [{ key: 'h', value: bytes('x') }],
        timestamp: 1_700_000_000_000,
      },
      record('second'),
    ]);
    for (let bit = 17 * 8; bit < good.length * 8; bit++) {
      const bad = Buffer.from(good);
      bad[bit >> 3] = (bad[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => decodeRecordBatches(bad)).toThrow(CorruptBatchError);
    }
  });

  it('a flipped bit of length or magic never yields records', () => {
    const good = batch(5, ['value', 'another']);
    for (let bit = 8 * 8; bit < 17 * 8; bit++) {
      if (bit >= 12 * 8 && bit < 16 * 8) continue; // the leader epoch: outside the checksum, and of no consequence here
      const bad = Buffer.from(good);
      bad[bit >> 3] = (bad[bit >> 3] as number) ^ (1 << (bit & 7));
      let decoded: unknown;
      try {
        decoded = decodeRecordBatches(bad).records;
      } catch (error) {
        expect(error instanceof CorruptBatchError || error instanceof UnsupportedBatchError).toBe(true);
        continue;
      }
      expect(decoded).toEqual([]);
    }
  });

  it('names the base offset and the place of a batch whose checksum fails, as a data error', () => {
    const bad = batch(123_456_789_012, ['abc']);
    bad[bad.length - 2] = 0;
    let thrown: unknown;
    try {
      decodeRecordBatches(bad);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(CorruptBatchError);
    expect(thrown).toBeInstanceOf(DataError);
    expect(thrown).toMatchObject({
      code: 'holdfast.broker.corrupt-batch',
      baseOffset: 123_456_789_012,
      position: 0,
      details: { baseOffset: 123_456_789_012, position: 0 },
      message: expect.stringContaining('base offset 123456789012'),
    });
    expect(values(bad, { checkCrc: false })).toEqual([expect.stringContaining('a')]);
  });

  it('hands over what precedes a corrupt batch, and throws on the next call', () => {
    const first = batch(10, ['a', 'b']);
    const bad = batch(12, ['c']);
    bad[bad.length - 2] = 0;
    const buffer = Buffer.concat([first, bad, batch(13, ['d'])]);
    const decoded = decodeRecordBatches(buffer);
    expect(decoded).toMatchObject({ nextOffset: 12, position: first.length, partial: false });
    expect(decoded.records).toHaveLength(2);
    expect(() => decodeRecordBatches(buffer, { position: decoded.position })).toThrow('base offset 12');
    // What precedes lies below the offset asked for: nothing is gained, so the caller must hear of it now.
    expect(() => decodeRecordBatches(buffer, { fromOffset: 12 })).toThrow('base offset 12');
    expect(decodeRecordBatches(buffer, { fromOffset: 11 }).records).toHaveLength(1);
  });

  it('survives any bytes in place of the records: decodes them or throws a typed error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(5), fc.nat(5), (garbage, count, lastDelta) => {
        const made = Buffer.concat([batch(7, ['x']).subarray(0, 61), garbage]);
        made.writeInt32BE(made.length - 12, 8);
        made.writeInt32BE(lastDelta, 23);
        made.writeInt32BE(count, 57);
        try {
          const { records } = decodeRecordBatches(resealed(made));
          expect(records.length).toBeLessThanOrEqual(count);
        } catch (error) {
          if (!(error instanceof CorruptBatchError || error instanceof UnsupportedBatchError)) throw error;
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('one changed byte under a valid checksum never throws anything untyped', () => {
    const good = encodeRecordBatch([
      {
        key: bytes('key'),
        value: bytes('value'),
        headers: [{ key: 'h', value: bytes('x') }],
        timestamp: 1_700_000_000_000,
      },
      record('second'),
    ]);
    for (let at = 21; at < good.length; at++) {
      for (const value of [0, 1, 2, 0x7e, 0x7f, 0x80, 0xfe, 0xff]) {
        const bad = Buffer.from(good);
        bad[at] = value;
        try {
          decodeRecordBatches(resealed(bad));
        } catch (error) {
          if (!hasBrokerCode(error)) throw error;
        }
      }
    }
  });

  it.each([
    ['a record count above what fits', (made: Buffer) => made.writeInt32BE(1_000_000, 57), '1000000 records'],
    ['a record count below what is there', (made: Buffer) => made.writeInt32BE(1, 57), 'bytes follow its 1 records'],
    ['a negative record count', (made: Buffer) => made.writeInt32BE(-1, 57), 'claims -1 records'],
    [
      'an offset above the last',
      (made: Buffer) => made.writeInt32BE(0, 23),
      'record 1 of it is malformed: its offset 51',
    ],
    [
      'a record longer than the batch',
      (made: Buffer) => made.writeUInt8(0x7e, 61),
      'record 0 of it is malformed: its length 63',
    ],
    ['a negative record length', (made: Buffer) => made.writeUInt8(0x01, 61), 'its length -1'],
    ['a value longer than its record', (made: Buffer) => made.writeUInt8(0x20, 66), 'a field of 16 bytes'],
    ['a value of length -2', (made: Buffer) => made.writeUInt8(0x03, 66), 'a field of -2 bytes'],
    ['more headers than bytes', (made: Buffer) => made.writeUInt8(0x02, 68), 'it claims 1 headers'],
    ['a negative count of headers', (made: Buffer) => made.writeUInt8(0x01, 68), 'it claims -1 headers'],
    ['fields that leave some of the record', (made: Buffer) => made.writeUInt16BE(0, 66), 'do not fill its length'],
  ])('refuses %s under a valid checksum', (_, damage, message) => {
    const made = batch(50, ['a', 'b']);
    damage(made);
    expect(() => decodeRecordBatches(resealed(made))).toThrow(CorruptBatchError);
    expect(() => decodeRecordBatches(made)).toThrow(message);
  });

  it('yields no record of a batch that is malformed further on', () => {
    const first = batch(50, ['a']);
    const second = batch(51, ['b', 'c']);
    second.writeUInt8(0x7e, 61 + 8); // the length of its second record
    const decoded = decodeRecordBatches(Buffer.concat([first, resealed(second)]));
    expect(decoded.records.map((one) => textOf(one.value))).toEqual(['a']);
    expect(decoded.nextOffset).toBe(51);
  });

  it('skips transaction markers, and moves the offset over them', () => {
    const buffer = Buffer.concat([
      batch(0, ['a'], { producerId: 9, transactional: true }),
      marker(1, 9, 'commit'),
      batch(2, ['b']),
    ]);
    expect(values(buffer)).toEqual(['a', 'b']);
    expect(decodeRecordBatches(buffer.subarray(0, buffer.length - batch(2, ['b']).length))).toMatchObject({
      nextOffset: 2,
    });
    expect(decodeRecordBatches(marker(7, 9, 'commit'))).toMatchObject({ records: [], nextOffset: 8 });
  });

  it('leaves out what aborted transactions wrote, and only that', () => {
    const buffer = Buffer.concat([
      batch(0, ['aborted 1'], { producerId: 9, transactional: true }),
      batch(1, ['other producer'], { producerId: 10, transactional: true }),
      batch(2, ['plain'], { producerId: 9 }),
      batch(3, ['aborted 2'], { producerId: 9, transactional: true }),
      marker(4, 9, 'abort'),
      batch(5, ['committed'], { producerId: 9, transactional: true }),
      marker(6, 9, 'commit'),
      marker(7, 10, 'commit'),
      batch(8, ['aborted 3'], { producerId: 10, transactional: true }),
      marker(9, 10, 'abort'),
    ]);
    const abortedTransactions = [
      { producerId: 10, firstOffset: 8 },
      { producerId: 9, firstOffset: 0 },
    ];
    expect(values(buffer, { abortedTransactions })).toEqual(['other producer', 'plain', 'committed']);
    expect(decodeRecordBatches(buffer, { abortedTransactions }).nextOffset).toBe(10);
    expect(values(buffer)).toHaveLength(6);
  });

  it('takes the time of the log for all records when the batch says so', () => {
    const buffer = encodeRecordBatch([record('a'), { ...record('b'), timestamp: 3 }], { logAppendTime: 99 });
    expect(
      decodeRecordBatches(buffer).records.map(({ timestamp, timestampType }) => [timestamp, timestampType]),
    ).toEqual([
      [99, 'LogAppendTime'],
      [99, 'LogAppendTime'],
    ]);
  });

  it('keeps the gaps that compaction left', () => {
    const compacted = batch(100, ['a', 'b', 'c']);
    // Drop the second of three records of eight bytes, as the log cleaner does: the last offset delta stays.
    const made = Buffer.concat([compacted.subarray(0, 61 + 8), compacted.subarray(61 + 16)]);
    made.writeInt32BE(made.length - 12, 8);
    made.writeInt32BE(2, 57);
    const decoded = decodeRecordBatches(resealed(made));
    expect(decoded.records.map((one) => one.offset)).toEqual([100, 102]);
    expect(decoded.nextOffset).toBe(103);
  });

  it('passes over a batch that compaction emptied', () => {
    const empty = Buffer.from(batch(100, ['a', 'b', 'c']).subarray(0, 61));
    empty.writeInt32BE(49, 8);
    empty.writeInt32BE(0, 57);
    expect(decodeRecordBatches(resealed(empty))).toMatchObject({ records: [], nextOffset: 103, partial: false });
  });

  it.each([0, 1])('says clearly that magic %i is not read', (magic) => {
    const old = Buffer.alloc(40);
    old.writeBigInt64BE(33n, 0);
    old.writeInt32BE(28, 8);
    old.writeInt8(magic, 16);
    expect(() => decodeRecordBatches(old)).toThrow(UnsupportedBatchError);
    expect(() => decodeRecordBatches(old)).toThrow(
      `base offset 33 (byte 0 of the buffer) can't be read: it is a message set of the format before Kafka 0.11 (magic ${magic})`,
    );
  });

  it.each([
    ['base offset', 0],
    ['base timestamp', 27],
    ['maximum timestamp', 35],
    ['producer id', 43],
  ])('refuses a %s beyond 2^53 rather than rounding it', (field, at) => {
    const made = batch(1, ['a']);
    made.writeBigInt64BE(2n ** 53n, at);
    expect(() => decodeRecordBatches(resealed(made))).toThrow(UnsupportedBatchError);
    expect(() => decodeRecordBatches(made)).toThrow(`its ${field} is 9007199254740992`);
  });

  it('refuses a compression that does not exist', () => {
    const made = batch(1, ['a']);
    made.writeInt16BE(6, 21);
    expect(() => decodeRecordBatches(resealed(made))).toThrow('its compression has the number 6');
  });
});

describe('decodeRecordBatch', () => {
  it('decodes one batch whole, a transaction marker too', () => {
    const decoded = decodeRecordBatch(Buffer.concat([batch(0, ['a']), marker(1, 9, 'abort')]), {
      position: batch(0, ['a']).length,
    });
    expect(decoded?.header).toMatchObject({ baseOffset: 1, control: true, transactional: true, producerId: 9 });
    expect(decoded?.records[0]?.key?.toString('hex')).toBe('00000000');
    expect(decodeRecordBatch(batch(0, ['a']).subarray(0, 65))).toBeNull();
  });
});

describe('peekBatchHeader', () => {
  it('tells all that the header holds, without the records', () => {
    const prefix = Buffer.alloc(5);
    const encoded = encodeRecordBatch([record('a'), { ...record('b'), timestamp: 2000 }], {
      baseOffset: 2 ** 40,
      partitionLeaderEpoch: 3,
      producerId: 2 ** 33,
      producerEpoch: 4,
      baseSequence: 5,
      transactional: true,
      compression: 'gzip',
    });
    expect(peekBatchHeader(Buffer.concat([prefix, encoded.subarray(0, 61)]), 5)).toEqual({
      position: 5,
      byteLength: encoded.length,
      baseOffset: 2 ** 40,
      batchLength: encoded.length - 12,
      partitionLeaderEpoch: 3,
      crc: encoded.readUInt32BE(17),
      attributes: 0x11,
      lastOffsetDelta: 1,
      lastOffset: 2 ** 40 + 1,
      baseTimestamp: 1000,
      maxTimestamp: 2000,
      producerId: 2 ** 33,
      producerEpoch: 4,
      baseSequence: 5,
      recordCount: 2,
      compression: 'gzip',
      timestampType: 'CreateTime',
      transactional: true,
      control: false,
    });
    expect(peekBatchHeader(encoded.subarray(0, 60))).toBeNull();
  });
});

describe('writeBaseOffset', () => {
  it('moves a batch in place, and its checksum still fits', () => {
    const first = batch(0, ['a']);
    const buffer = Buffer.concat([first, batch(0, ['b', 'c'])]);
    writeBaseOffset(buffer, 0, 2 ** 41 + 5);
    writeBaseOffset(buffer, first.length, 2 ** 41 + 6, 12);
    expect(decodeRecordBatches(buffer).records.map((one) => one.offset - 2 ** 41)).toEqual([5, 6, 7]);
    expect(peekBatchHeader(buffer, 0)?.partitionLeaderEpoch).toBe(-1);
    expect(peekBatchHeader(buffer, first.length)?.partitionLeaderEpoch).toBe(12);
    expect(() => writeBaseOffset(buffer, 0, 2 ** 53)).toThrow(RangeError);
  });
});

function hasBrokerCode(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('holdfast.broker.');
}
