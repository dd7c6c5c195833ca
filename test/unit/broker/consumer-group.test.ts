import { describe, expect, it } from 'vitest';
import { rangeAssignor, roundRobinAssignor } from '../../../src/broker/assignors.ts';
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from '../../../src/broker/consumer-protocol.ts';
import type { TopicPartition } from '../../../src/broker/ports.ts';

describe("Kafka's consumer protocol", () => {
  it('is read back', () => {
    expect(decodeSubscription(encodeSubscription(['a', 'ü']))).toEqual(['a', 'ü']);
    const partitions = [
      { topic: 'a', partition: 0 },
      { topic: 'b', partition: 7 },
      { topic: 'a', partition: 2 },
    ];
    expect(decodeAssignment(encodeAssignment(partitions))).toEqual([
      { topic: 'a', partition: 0 },
      { topic: 'a', partition: 2 },
      { topic: 'b', partition: 7 },
    ]);
    expect(decodeAssignment(Buffer.alloc(0))).toEqual([]);
  });

  it('has the bytes of the protocol guide', () => {
    expect(encodeSubscription(['t']).toString('hex')).toBe('0000' + '00000001' + '000174' + 'ffffffff');
    expect(encodeAssignment([{ topic: 't', partition: 3 }]).toString('hex')).toBe(
      '0000' + '00000001' + '000174' + '00000001' + '00000003' + 'ffffffff',
    );
  });

  it('passes over what later versions of a subscription add', () => {
    // Version 3: topics, user data, owned partitions, generation, rack.
    const later = Buffer.from('0003' + '00000001' + '000174' + 'ffffffff' + '00000000' + '00000005' + 'ffff', 'hex');
    expect(decodeSubscription(later)).toEqual(['t']);
  });

  it('refuses what ends early', () => {
    expect(() => decodeAssignment(Buffer.from('000000000001', 'hex'))).toThrow(RangeError);
  });
});

const member = (memberId: string, topics: readonly string[], groupInstanceId: string | null = null) => ({
  memberId,
  groupInstanceId,
  topics,
});

function brief(assigned: Map<string, TopicPartition[]>): Record<string, string> {
  return Object.fromEntries(
    [...assigned].map(([id, parts]) => [id, parts.map(({ topic, partition }) => topic + partition).join(' ')]),
  );
}

// The examples in the Javadoc of the two assignors of Kafka 4.1.
describe('assignors', () => {
  const two = new Map([
    ['a', 3],
    ['b', 3],
  ]);

  it('range gives each topic out in runs, the first members one more', () => {
    const members = [member('m2', ['a', 'b']), member('m1', ['a', 'b'])];
    expect(brief(rangeAssignor(members, two))).toEqual({ m1: 'a0 a1 b0 b1', m2: 'a2 b2' });
  });

  it('round robin deals all partitions in turn', () => {
    const members = [member('m1', ['a', 'b']), member('m2', ['a', 'b'])];
    expect(brief(roundRobinAssignor(members, two))).toEqual({ m1: 'a0 a2 b1', m2: 'a1 b0 b2' });
  });

  it('give topics to their subscribers only', () => {
    const partitions = new Map([
      ['t0', 1],
      ['t1', 2],
      ['t2', 3],
    ]);
    const members = [member('c0', ['t0']), member('c1', ['t0', 't1']), member('c2', ['t0', 't1', 't2'])];
    expect(brief(roundRobinAssignor(members, partitions))).toEqual({ c0: 't00', c1: 't10', c2: 't11 t20 t21 t22' });
    expect(brief(rangeAssignor(members, partitions))).toEqual({ c0: 't00', c1: 't10', c2: 't11 t20 t21 t22' });
  });

  it('name members without partitions, and pass over topics that nobody wants', () => {
    const members = [member('m1', ['a']), member('m2', ['a'])];
    const partitions = new Map([
      ['a', 1],
      ['other', 5],
    ]);
    expect(brief(rangeAssignor(members, partitions))).toEqual({ m1: 'a0', m2: '' });
    expect(brief(roundRobinAssignor(members, partitions))).toEqual({ m1: 'a0', m2: '' });
  });

  it('order static members by their instance, before the others', () => {
    const members = [member('a', ['a']), member('z', ['a'], 'i1'), member('b', ['a'], 'i2')];
    expect(brief(rangeAssignor(members, new Map([['a', 3]])))).toEqual({ z: 'a0', b: 'a1', a: 'a2' });
  });
});
