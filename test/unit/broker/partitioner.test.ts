import { describe, expect, it } from 'vitest';
import { murmur2 } from '../../../src/broker/murmur2.ts';
import { Partitioner, partitionOfKey } from '../../../src/broker/partitioner.ts';

describe('murmur2', () => {
  // From Kafka's own test of Utils.murmur2.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('of %s is what Kafka computes', (text, hash) => {
    expect(murmur2(Buffer.from(text))).toBe(hash);
  });
});

describe('the default partitioner', () => {
  it('masks the sign of the hash', () => {
    expect(partitionOfKey(Buffer.from('foobar'), 1000)).toBe((-790332482 & 0x7fffffff) % 1000);
  });

  it('stays with one partition for stickyBytes of records without a key, then takes another', () => {
    const partitioner = new Partitioner({ stickyBytes: 100, random: () => 0.5 });
    const partitions = Array.from({ length: 12 }, () => partitioner.partition(null, 50, 4));
    for (let n = 0; n < 12; n += 2) {
      expect(partitions[n]).toBe(partitions[n + 1]);
      if (n > 0) expect(partitions[n]).not.toBe(partitions[n - 1]);
    }
  });

  it('spreads over all partitions, and only those that exist', () => {
    const partitioner = new Partitioner({ stickyBytes: 1 });
    const seen = new Set(Array.from({ length: 300 }, () => partitioner.partition(null, 10, 3)));
    expect([...seen].sort()).toEqual([0, 1, 2]);
  });
});
