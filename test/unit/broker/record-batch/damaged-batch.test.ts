import { describe, expect, it } from 'vitest';
import { behindDamagedBatch } from '../../../../src/broker/record-batch/damaged-batch.ts';
import { encodeRecordBatch } from '../../../../src/broker/record-batch/encode-record-batch.ts';

const LAST_OFFSET_DELTA = 23;
const RECORD_COUNT = 57;

/** Three records, their last byte damaged. */
function damaged(baseOffset = 10): Buffer {
  const bytes = sound(baseOffset);
  bytes[bytes.length - 1] = 0x55;
  return bytes;
}

function sound(baseOffset: number): Buffer {
  const records = ['a', 'b', 'c'].map((text) => ({ key: null, value: Buffer.from(text), headers: [], timestamp: 5 }));
  return encodeRecordBatch(records, { baseOffset });
}

const behind = (bytes: Buffer, offset = 10, end = 50) => behindDamagedBatch(bytes, { position: 0, offset, end });

describe('behind a damaged batch', () => {
  it('begins the sound batch that follows, whatever the damaged one says', () => {
    const bytes = damaged();
    for (const delta of [2, 30, -1]) {
      bytes.writeInt32BE(delta, LAST_OFFSET_DELTA);
      expect(behind(Buffer.concat([bytes, sound(20)]))).toEqual({ offset: 20, position: bytes.length });
    }
    // No such compression: the header can't be read as a whole.
    bytes.writeInt16BE(7, 21);
    expect(behind(Buffer.concat([bytes, sound(20)]))?.offset).toBe(20);
  });

  it('is where its header says while its fields agree', () => {
    expect(behind(damaged())?.offset).toBe(13);
    expect(behind(damaged(), 12)?.offset).toBe(13);
    expect(behind(Buffer.concat([damaged(), damaged(13)]))?.offset).toBe(13);
    expect(behind(Buffer.concat([damaged(), sound(13).subarray(0, 70)]))?.offset).toBe(13);
  });

  it.each<[string, Buffer, number?, number?]>([
    ['its counts differ', edited((bytes) => bytes.writeInt32BE(20, LAST_OFFSET_DELTA))],
    [
      'both counts are more than fits',
      edited((bytes) => [bytes.writeInt32BE(20, LAST_OFFSET_DELTA), bytes.writeInt32BE(21, RECORD_COUNT)]),
    ],
    ['its length leads beyond the bytes', edited((bytes) => bytes.writeInt32BE(bytes.length, 8))],
    ['its length is none', edited((bytes) => bytes.writeInt32BE(3, 8))],
    ['its magic is none', edited((bytes) => bytes.writeInt8(9, 16))],
    ['it does not hold the offset', damaged(), 13],
    ['it lies above the offset', damaged(), 9],
    ['it goes beyond the end', damaged(), 10, 12],
    ['what follows begins within it', Buffer.concat([damaged(), damaged(12)])],
    ['what follows lies beyond the end', Buffer.concat([damaged(), sound(60)])],
    ['not even a header is there', damaged().subarray(0, 40)],
  ])('is not known where %s', (_, bytes, offset, end) => {
    expect(behind(bytes, offset, end)).toBeNull();
  });

  it('is where a sound header says, of records that contradict themselves', () => {
    expect(behind(sound(10))?.offset).toBe(13);
  });
});

function edited(edit: (bytes: Buffer) => unknown): Buffer {
  const bytes = damaged();
  edit(bytes);
  return bytes;
}
