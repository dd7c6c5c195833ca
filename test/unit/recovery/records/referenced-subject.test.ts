import { describe, expect, it } from 'vitest';
import { inReferenceOrder, targetsAmong } from '../../../../src/recovery/records/reference-order.ts';
import { LATEST, referencedSubject } from '../../../../src/recovery/records/referenced-subject.ts';

describe('where a reference leads', () => {
  // As QualifiedSubject.qualifySubjectWithParent of Confluent's registry answers.
  it.each([
    ['', 'a', 'a'],
    ['', ':.:a', 'a'],
    ['', ':.x:a', ':.x:a'],
    ['', ':a:b', ':a:b'],
    ['x', 'a', ':.x:a'],
    ['x', 'a:b', ':.x:a:b'],
    ['x', ':.x:a', ':.x:a'],
    ['x', ':.y:a', ':.y:a'],
    ['x', ':.:a', ':.x::.:a'],
  ])('from the context "%s" to "%s" is %s', (context, subject, expected) => {
    expect(referencedSubject(context, subject)).toBe(expected);
  });
});

interface Item {
  readonly subject: string;
  readonly version: number;
  readonly at: number;
  readonly to: readonly (readonly [subject: string, version: number])[];
}

function ordered(items: readonly Item[]): readonly string[] {
  const targetOf = targetsAmong(items);
  const needs = (item: Item): Item[] =>
    item.to.flatMap(([subject, version]) => targetOf({ subject, version }, item, ({ at }) => at < item.at) ?? []);
  return inReferenceOrder(items, needs).map(({ subject, version }) => `${subject}${version}`);
}

describe('the order in which schemas can be read', () => {
  it('puts what is referred to first, in its context', () => {
    const items = [
      { subject: ':.x:a', version: 1, at: 0, to: [['b', 1]] },
      { subject: 'b', version: 1, at: 1, to: [] },
      { subject: ':.x:b', version: 1, at: 2, to: [[':.y:c', 1]] },
      { subject: ':.y:c', version: 1, at: 3, to: [] },
    ] as const;
    expect(ordered(items)).toEqual([':.y:c1', ':.x:b1', ':.x:a1', 'b1']);
  });

  it('takes for the latest version the highest that was there before, or else the lowest, and never itself', () => {
    const latest = [['s', LATEST]] as const;
    const items = [
      { subject: 's', version: 1, at: 0, to: [] },
      { subject: 's', version: 2, at: 1, to: [] },
      { subject: 'r', version: 1, at: 2, to: latest },
      { subject: 's', version: 3, at: 3, to: [['r', 1]] },
      { subject: 's', version: 4, at: 4, to: latest },
    ] as const;
    expect(ordered(items)).toEqual(['s1', 's2', 'r1', 's3', 's4']);
    expect(ordered([...items].reverse())).toEqual(['s2', 'r1', 's3', 's4', 's1']);
    const early = [
      { subject: 'r', version: 1, at: 0, to: latest },
      ...items.slice(0, 2).map((one) => ({ ...one, at: 5 })),
    ];
    expect(ordered(early)).toEqual(['s1', 'r1', 's2']);
  });

  it('takes a soft-deleted version for the latest one only where none lives', () => {
    const items = [
      { subject: 's', version: 1, at: 0, to: [], deleted: true },
      { subject: 'r', version: 1, at: 1, to: [['s', LATEST]] },
      { subject: 's', version: 2, at: 2, to: [], deleted: false },
    ] as const;
    expect(ordered(items)).toEqual(['s1', 's2', 'r1']);
    expect(ordered([items[1], items[0]])).toEqual(['s1', 'r1']);
  });

  it('follows chains longer than the call stack, and ends in a circle', () => {
    const chain = Array.from(
      { length: 50_000 },
      (_, n): Item => ({ subject: 'c', version: n + 1, at: n, to: [['c', n + 2]] }),
    );
    expect(ordered(chain).slice(0, 2)).toEqual(['c50000', 'c49999']);
    const circle = [
      { subject: 'a', version: 1, at: 0, to: [['b', 1]] },
      { subject: 'b', version: 1, at: 1, to: [['a', 1]] },
    ] as const;
    expect(ordered(circle)).toEqual(['b1', 'a1']);
  });
});
