import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type VersionRow, VersionRows } from '../../../../src/recovery/restore/version-rows.ts';

const version = fc.integer({ min: 1, max: 60 });
const row = fc.record<VersionRow>(
  {
    id: fc.nat(),
    content: fc.string(),
    deleted: fc.boolean(),
    offset: fc.nat(),
    references: fc.constant([{ name: 'a', subject: 'a', version: 1 }]),
  },
  { requiredKeys: ['id', 'content', 'deleted', 'offset'] },
);

type Step = ['set', number, VersionRow] | ['delete', number] | ['markDeleted', number];
const step = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.constant('set' as const), version, row) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('delete' as const), version) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('markDeleted' as const), version) },
) as fc.Arbitrary<Step>;

function take(rows: VersionRows, model: Map<number, VersionRow>, [what, number, set]: Step): void {
  if (what === 'set') {
    rows.set(number, set);
    model.set(number, set);
  } else if (what === 'delete') {
    rows.delete(number);
    model.delete(number);
  } else {
    rows.markDeleted(number);
    for (const [each, known] of model) if (each <= number) model.set(each, { ...known, deleted: true });
  }
}

it('are as a map, with few versions and with many', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150, size: 'max' }), (steps) => {
      const rows = new VersionRows();
      const model = new Map<number, VersionRow>();
      for (const one of steps) {
        take(rows, model, one);
        expect(rows.size).toBe(model.size);
      }
      expect([...rows]).toEqual([...model]);
      expect([...rows.values()]).toEqual([...model.values()]);
      for (let each = 0; each <= 61; each++) {
        expect(rows.has(each)).toBe(model.has(each));
        expect(rows.get(each)).toEqual(model.get(each));
      }
    }),
    { numRuns: 200 },
  );
});
