import { describe, expect, it } from 'vitest';
import { assignRanges } from '../../../../src/broker/embedded/range-assignor.ts';

const member = (memberId: string, topics: readonly string[], instanceId: string | null = null) => ({
  memberId,
  topics,
  instanceId,
});
const show = (assignment: ReturnType<typeof assignRanges>) =>
  Object.fromEntries(
    [...assignment].map(([id, all]) => [id, all.map(({ topic, partition }) => `${topic}${partition}`)]),
  );

describe('the range assignor', () => {
  it('gives consecutive partitions, one more to the first members', () => {
    expect(show(assignRanges([member('b', ['t']), member('a', ['t']), member('c', ['t'])], () => 7))).toEqual({
      a: ['t0', 't1', 't2'],
      b: ['t3', 't4'],
      c: ['t5', 't6'],
    });
  });

  it('goes topic by topic, among those who subscribe, and leaves nobody out of the answer', () => {
    const sizes: Record<string, number> = { t: 1, u: 2 };
    expect(
      show(
        assignRanges(
          [member('a', ['t', 'u']), member('b', ['u']), member('c', ['gone'])],
          (topic) => sizes[topic] ?? 0,
        ),
      ),
    ).toEqual({ a: ['t0', 'u0'], b: ['u1'], c: [] });
  });

  it('puts static members first, by instance id', () => {
    expect(show(assignRanges([member('a', ['t']), member('z', ['t'], 'i')], () => 1))).toEqual({ a: [], z: ['t0'] });
  });
});
