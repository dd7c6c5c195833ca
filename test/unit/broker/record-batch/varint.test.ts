import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  sizeOfVarint,
  sizeOfZigzag,
  VarintReader,
  writeVarint,
  writeZigzag,
} from '../../../../src/broker/record-batch/varint.ts';

function zigzagBytes(value: number): Buffer {
  const out = Buffer.alloc(10);
  return out.subarray(0, writeZigzag(out, 0, value));
}

/** The definition, in 64-bit arithmetic. */
function referenceZigzag(value: bigint): Buffer {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  const bytes: number[] = [];
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

const safeInteger = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -200, max: 200 }),
  fc
    .integer({ min: 0, max: 53 })
    .chain((bits) => fc.constantFrom(2 ** bits - 1, -(2 ** bits) + 1, 2 ** Math.max(0, bits - 1))),
);

describe('varint', () => {
  it.each([
    [0, '00'],
    [-1, '01'],
    [1, '02'],
    [63, '7e'],
    [-64, '7f'],
    [64, '8001'],
    [-65, '8101'],
    [8191, 'fe7f'],
    [8192, '808001'],
    [0x7fffffff, 'feffffff0f'],
    [-0x80000000, 'ffffffff0f'],
    [1700000000000, '80a0abfef962'],
    [Number.MAX_SAFE_INTEGER, 'feffffffffffff1f'],
    [Number.MIN_SAFE_INTEGER, 'fdffffffffffff1f'],
  ])('writes %d as %s', (value, hex) => {
    expect(zigzagBytes(value).toString('hex')).toBe(hex);
    expect(sizeOfZigzag(value)).toBe(hex.length / 2);
    expect(new VarintReader(Buffer.from(hex, 'hex'), 0).readVarlong()).toBe(value);
  });

  it('writes and reads every safe integer as 64-bit arithmetic does', () => {
    fc.assert(
      fc.property(safeInteger, (value) => {
        const bytes = zigzagBytes(value);
        expect(bytes).toEqual(referenceZigzag(BigInt(value)));
        expect(sizeOfZigzag(value)).toBe(bytes.length);
        const reader = new VarintReader(bytes, 0);
        expect(reader.readVarlong()).toBe(value);
        expect(reader.at).toBe(bytes.length);
      }),
      { numRuns: 1000 },
    );
  });

  it('writes differences of two safe integers, up to 2^54, exactly', () => {
    const value = -(2 ** 54) + 2;
    expect(zigzagBytes(value)).toEqual(referenceZigzag(BigInt(value)));
    expect(sizeOfZigzag(value)).toBe(zigzagBytes(value).length);
  });

  it('writes and reads lengths', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.nat(),
          fc.nat(300),
          fc.constantFrom(63, 64, 8191, 8192, 2 ** 20 - 1, 2 ** 20, 2 ** 27, 2 ** 31 - 1),
        ),
        (value) => {
          const out = Buffer.alloc(5);
          const end = writeVarint(out, 0, value);
          expect(out.subarray(0, end)).toEqual(referenceZigzag(BigInt(value)));
          expect(sizeOfVarint(value)).toBe(end);
          const reader = new VarintReader(out, 0);
          expect(reader.readVarint()).toBe(value);
          expect(reader.at).toBe(end);
        },
      ),
    );
  });

  it('reads any 32-bit integer', () => {
    fc.assert(
      fc.property(fc.integer(), (value) => {
        expect(new VarintReader(referenceZigzag(BigInt(value)), 0).readVarint()).toBe(value);
      }),
    );
  });

  it('makes no number of a varint that does not end', () => {
    expect(new VarintReader(Buffer.alloc(12, 0xff), 0).readVarint()).toBeNaN();
    expect(new VarintReader(Buffer.alloc(12, 0xff), 0).readVarlong()).toBeNaN();
  });

  it('passes the end of the bytes when they are cut off, for the caller to see', () => {
    for (const read of ['readVarint', 'readVarlong'] as const) {
      const reader = new VarintReader(Buffer.from('8081', 'hex'), 0);
      reader[read]();
      expect(reader.at).toBeGreaterThan(2);
    }
  });
});
