import { describe, expect, it } from 'vitest';
import { crc32c } from '../../../../src/broker/record-batch/crc32c.ts';
import { encodeRecordBatch, estimateRecordBytes } from '../../../../src/broker/record-batch/encode-record-batch.ts';
import { type BatchRecord, NO_HEADERS } from '../../../../src/broker/record-batch/record.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');
const record = (fields: Partial<BatchRecord>): BatchRecord => ({
  key: null,
  value: null,
  headers: NO_HEADERS,
  timestamp: 1000,
  ...fields,
});

/** A vector written down field by field; blanks are for the eye. */
function vector(fields: readonly string[]): Buffer {
  const batch = Buffer.from(fields.join('').replaceAll(' ', ''), 'hex');
  batch.writeUInt32BE(crc32c(batch, 21), 17);
  return batch;
}

describe('encodeRecordBatch', () => {
  it('lays a batch out byte by byte as the format says', () => {
    const encoded = encodeRecordBatch([
      record({
        key: bytes('k'),
        value: bytes('abc'),
        headers: [
          { key: 'é', value: bytes('v') },
          { key: 'n', value: null },
        ],
      }),
      record({ value: bytes(''), timestamp: 935 }),
      record({ timestamp: 1064 }),
    ]);
    expect(encoded.toString('hex')).toBe(
      vector([
        '0000000000000000', // baseOffset
        '00000054', // batchLength: 49 + 19 + 8 + 8 = 84
        'ffffffff', // partitionLeaderEpoch
        '02', // magic
        '00000000', // crc
        '0000', // attributes
        '00000002', // lastOffsetDelta
        '00000000000003e8', // baseTimestamp 1000
        '0000000000000428', // maxTimestamp 1064
        'ffffffffffffffff ffff ffffffff', // producerId, producerEpoch, baseSequence
        '00000003', // recordCount
        // 18 bytes; attributes, timestamp +0, offset +0, "k", "abc", 2 headers
        '24 00 00 00 02 6b 06 616263 04  04 c3a9 02 76  02 6e 01',
        // 7 bytes; timestamp -65, offset +1, null, "", no headers
        '0e 00 8101 02 01 00 00',
        // 7 bytes; timestamp +64, offset +2, null, null, no headers
        '0e 00 8001 04 01 01 00',
      ]).toString('hex'),
    );
  });

  it('writes every field of the header', () => {
    const encoded = encodeRecordBatch([record({ timestamp: 5 }), record({ timestamp: 3 })], {
      baseOffset: 0x1_0000_0001,
      partitionLeaderEpoch: 7,
      baseTimestamp: 4,
      producerId: 0x2_0000_0002,
      producerEpoch: 8,
      baseSequence: 9,
      transactional: true,
      control: true,
    });
    expect(encoded.toString('hex')).toBe(
      vector([
        '0000000100000001 0000003f 00000007 02 00000000',
        '0030', // transactional 0x10, control 0x20
        '00000001 0000000000000004 0000000000000005',
        '0000000200000002 0008 00000009 00000002',
        '0c 00 02 00 01 01 00',
        '0c 00 01 02 01 01 00',
      ]).toString('hex'),
    );
  });

  it('marks a batch with the time of its log', () => {
    const encoded = encodeRecordBatch([record({ timestamp: 5 })], { logAppendTime: 77 });
    expect(encoded.readInt16BE(21)).toBe(0x08);
    expect(encoded.readBigInt64BE(35)).toBe(77n);
  });

  it('says -1 as the maximum timestamp when no record has one', () => {
    const encoded = encodeRecordBatch([record({ timestamp: -1 })]);
    expect(encoded.readBigInt64BE(27)).toBe(-1n);
    expect(encoded.readBigInt64BE(35)).toBe(-1n);
  });

  it('gives every batch memory of its own, of exactly its size', () => {
    const first = encodeRecordBatch([record({ value: bytes('first') })]);
    const copy = Buffer.from(first);
    const second = encodeRecordBatch([record({ value: bytes('other') })]);
    expect(first).toEqual(copy);
    expect(first.buffer).not.toBe(second.buffer);
    expect(first.buffer.byteLength).toBe(first.length);
  });

  it('does not keep the records: changing a value afterwards changes nothing', () => {
    const value = Buffer.alloc(100, 1);
    const encoded = encodeRecordBatch([record({ value })]);
    const copy = Buffer.from(encoded);
    value.fill(2);
    expect(encoded).toEqual(copy);
  });

  it('grows beyond its first buffer and keeps what it had written', () => {
    const values = Array.from({ length: 9 }, (_, n) => Buffer.alloc(700_000, n + 1));
    const encoded = encodeRecordBatch(values.map((value) => record({ value })));
    let at = 61;
    for (const value of values) {
      at = encoded.indexOf(value, at);
      expect(at).toBeGreaterThan(60);
      at += value.length;
    }
    // And begins small again.
    expect(encodeRecordBatch([record({})]).length).toBe(61 + 7);
  });

  it('estimates no less than a record takes, and little more', () => {
    const small = record({});
    const large = record({
      key: Buffer.alloc(70_000),
      value: Buffer.alloc(9_000_000),
      timestamp: 2 ** 53 - 1,
      headers: [
        { key: 'ü'.repeat(300), value: Buffer.alloc(300) },
        { key: '', value: null },
      ],
    });
    for (const one of [small, large]) {
      const taken = encodeRecordBatch([one], { baseTimestamp: -1 }).length - 61;
      expect(estimateRecordBytes(one)).toBeGreaterThanOrEqual(taken);
      expect(estimateRecordBytes(one)).toBeLessThan(taken + 60);
    }
  });

  it('refuses what a batch can not hold', () => {
    expect(() => encodeRecordBatch([])).toThrow(expect.objectContaining({ code: 'holdfast.broker.invalid-batch' }));
    for (const timestamp of [Number.NaN, 0.5, 2 ** 53, -2]) {
      expect(() => encodeRecordBatch([record({}), record({ timestamp })])).toThrow(
        expect.objectContaining({
          code: 'holdfast.broker.invalid-batch',
          message: expect.stringContaining(`Record 1 of a batch has the timestamp ${timestamp}`),
        }),
      );
    }
    // It is usable afterwards.
    expect(encodeRecordBatch([record({})]).length).toBeGreaterThan(61);
  });
});
