import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RowLists } from '../../../../src/recovery/state/row-lists.ts';
import { SubjectRows } from '../../../../src/recovery/state/subject-rows.ts';
import { VersionTable } from '../../../../src/recovery/state/version-table.ts';

const DIGEST = new Uint8Array(32);

function versionOf(subject: string, version: number, id: number): Parameters<VersionTable['add']>[0] {
  const digests = { content: DIGEST, text: DIGEST };
  return { subject, version, id, schemaType: 'AVRO', references: [], deleted: false, offset: 0, ...digests };
}

const step = fc.record({
  does: fc.constantFrom('add', 'add', 'add', 'remove', 'put'),
  // Few that come again and again, and many that make the index grow.
  id: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 2 ** 31 - 1 })),
  nth: fc.nat(20),
});

it('lists rows by id as lists would, whatever comes and goes', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 3000, size: 'max' }), (steps) => {
      const table = new VersionTable();
      const lists = new RowLists({ table });
      const model = new Map<number, number[]>();
      for (const { does, id, nth } of steps) {
        const rows = model.get(id) ?? [];
        if (does === 'remove') {
          const row = rows[nth % Math.max(1, rows.length)];
          if (row === undefined) continue;
          lists.remove(id, row);
          rows.splice(rows.indexOf(row), 1);
        } else {
          const row = table.add(versionOf('s', 1, id));
          if (does === 'put') rows.length = 0;
          lists[does](id, row);
          rows.push(row);
        }
        if (rows.length === 0) model.delete(id);
        else model.set(id, rows);
        expect([...lists.all(id)]).toEqual(rows);
        expect(lists.first(id)).toBe(rows[0]);
      }
      for (const [id, rows] of model) expect([...lists.all(id)]).toEqual(rows);
      expect([...lists.inOrder()]).toEqual([...model.keys()].sort((a, b) => a - b));
      expect(new Set(lists.keys())).toEqual(new Set(model.keys()));
    }),
    { numRuns: 60 },
  );
});

it('finds the versions of subjects as maps would, whatever is written again and purged', () => {
  const names = fc.constantFrom('a', 'b', ':.c:a', 'd-value');
  const write = fc.record({ subject: names, version: fc.integer({ min: 1, max: 600 }), isPurged: fc.boolean() });
  fc.assert(
    fc.property(fc.array(write, { maxLength: 3000, size: 'max' }), (writes) => {
      const table = new VersionTable();
      const subjects = new SubjectRows({ table });
      const model = new Map<string, Map<number, number>>();
      writes.forEach(({ subject, version, isPurged }, id) => {
        const versions = model.get(subject) ?? new Map<number, number>();
        model.set(subject, versions);
        if (isPurged) {
          subjects.remove(subject, version);
          versions.delete(version);
        } else {
          const row = table.add(versionOf(subject, version, id));
          subjects.put(row);
          versions.set(version, row);
        }
        expect(subjects.row(subject, version)).toBe(versions.get(version));
      });
      for (const [subject, versions] of model) {
        expect(subjects.count(subject)).toBe(versions.size);
        expect(new Set(subjects.rows(subject))).toEqual(new Set(versions.values()));
        for (const [version, row] of versions) expect(subjects.row(subject, version)).toBe(row);
      }
      const named = [...model].filter(([, versions]) => versions.size > 0).map(([subject]) => subject);
      expect(new Set(subjects.names())).toEqual(new Set(named));
    }),
    { numRuns: 60 },
  );
});
