import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Dependent, dependencyOrder } from '../../../../src/recovery/rest/dependency-order.ts';

const version = (subject: string, id: number, ...needs: string[]): Dependent => ({
  subject,
  version: 1,
  id,
  references: needs.map((name) => ({ name, subject: name, version: 1 })),
});
const names = (list: readonly Dependent[] | undefined): string[] | undefined => list?.map(({ subject }) => subject);

describe('the order of schemas', () => {
  it('is that of ids, but for what is referred to, which comes first', () => {
    const { order, circle } = dependencyOrder([
      version('c', 3),
      version('a', 1, 'b', 'elsewhere'),
      version('b', 9, 'c'),
    ]);
    expect(names(order)).toEqual(['c', 'b', 'a']);
    expect(circle).toBeUndefined();
  });

  it('leads into the context of whoever refers', () => {
    const { order } = dependencyOrder([version(':.x:a', 1, 'b'), version(':.x:b', 2), version('b', 3)]);
    expect(names(order)).toEqual([':.x:b', ':.x:a', 'b']);
  });

  it('names a circle, and leaves out what is in it or needs it', () => {
    const { order, circle } = dependencyOrder([
      version('a', 1, 'b'),
      version('b', 2, 'c'),
      version('c', 3, 'b'),
      version('d', 4),
      version('e', 5, 'a'),
    ]);
    expect(names(circle)).toEqual(['b', 'c']);
    expect(names(order)).toEqual(['d']);
  });

  it('has everything in it, after what it needs, whatever refers to what without a circle', () => {
    const graph = fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.array(fc.nat(29), { maxLength: 4 })), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(graph, (nodes) => {
        const versions = nodes.map(([id, needs], n) =>
          version(`s${n}`, id, ...needs.filter((need) => need < n).map((need) => `s${need}`)),
        );
        const { order, circle } = dependencyOrder(versions);
        const at = new Map(order.map(({ subject }, n) => [subject, n]));
        return (
          circle === undefined &&
          order.length === versions.length &&
          versions.every(({ subject, references }) =>
            references.every((reference) => (at.get(reference.subject) ?? -1) < (at.get(subject) ?? -1)),
          )
        );
      }),
    );
  });
});
