import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RawRecord } from '../../../../src/recovery/records/raw-record.ts';
import { isReservedSubject } from '../../../../src/recovery/records/reserved-id.ts';
import { RecordTable } from '../../../../src/recovery/restore/record-table.ts';
import type { Row } from '../../../../src/recovery/state/version-table.ts';
import { contextOf } from '../../../../src/registry/subject-context.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { runs } from '../../../support/recovery/property-runs.ts';
import { bytesOf, confluent, type WrittenRecord } from '../../../support/recovery/record-bytes.ts';

const SUBJECTS = ['a', 'b', 'c-value', ':.x:a', ':.y:b', 'holdfast-reserved-ids', ':.x:holdfast-reserved-ids'];
const VERSIONS = 40;

const subject = fc.constantFrom(...SUBJECTS);
const version = fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: VERSIONS }));
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      does: fc.constant('write' as const),
      ...{ subject, version, id: fc.integer({ min: 1, max: 9 }), text: fc.constantFrom('"int"', '"long"') },
      ...{ deleted: fc.boolean(), refers: fc.boolean() },
    }),
  },
  { weight: 3, arbitrary: fc.record({ does: fc.constantFrom('purge' as const, 'garble' as const), subject, version }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('delete' as const), subject, version }) },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant('clear' as const), scope: fc.constantFrom(null, ':.x:', ...SUBJECTS) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const references = [{ name: 'r', subject: 'a', version: 1 }];

function recordOf(one: Step): WrittenRecord {
  if (one.does === 'write') {
    const { subject: name, version: number, id, text: schema, deleted, refers } = one;
    return confluent.schema({
      ...{ subject: name, version: number, id, schema, deleted },
      ...(refers ? { references } : {}),
    });
  }
  if (one.does === 'clear') return confluent.clearSubject(one.scope);
  if (one.does === 'delete') return confluent.deleteSubject(one.subject, one.version);
  const gone = confluent.gone(one.subject, one.version);
  return one.does === 'purge' ? gone : { ...gone, value: bytesOf('{') };
}

interface Known {
  readonly id: number;
  readonly deleted: boolean;
  readonly offset: number;
  readonly text: string;
  readonly refers: boolean;
}

const placeOf = (name: string, number: number): string => `${name} ${number}`;

/** The same in maps. */
class Model {
  readonly versions = new Map<string, Map<number, Known>>();
  readonly beneath = new Map<string, Known>();
  readonly purged = new Set<string>();
  private readonly isTarget: boolean;

  constructor(isTarget: boolean) {
    this.isTarget = isTarget;
  }

  take(one: Step, offset: number): void {
    if (one.does === 'write') {
      const { subject: name, version: number, id, text, deleted, refers } = one;
      const known = this.versions.get(name) ?? new Map<number, Known>();
      this.versions.set(name, known.set(number, { id, deleted, offset, text, refers }));
      this.purged.delete(placeOf(name, number));
      this.beneath.delete(placeOf(name, number));
    } else if (one.does === 'purge') this.purge(one.subject, one.version);
    else if (one.does === 'delete') {
      for (const [number, known] of this.versions.get(one.subject) ?? []) {
        if (number <= one.version) this.versions.get(one.subject)?.set(number, { ...known, deleted: true });
      }
    } else if (one.does === 'clear') this.clear(one.scope);
    else if (this.isTarget) this.lose(one.subject, one.version);
  }

  private purge(name: string, number: number): void {
    this.versions.get(name)?.delete(number);
    this.beneath.delete(placeOf(name, number));
    if (!isReservedSubject(name)) this.purged.add(placeOf(name, number));
  }

  private lose(name: string, number: number): void {
    const known = this.versions.get(name)?.get(number);
    if (known === undefined) return;
    this.versions.get(name)?.delete(number);
    this.beneath.set(placeOf(name, number), known);
  }

  private clear(scope: string | null): void {
    for (const [name, versions] of this.versions) {
      if (scope !== null && name !== scope && !(scope === ':.x:' && contextOf(name) === 'x')) continue;
      for (const [number, { deleted }] of [...versions]) if (deleted) this.purge(name, number);
    }
  }

  /** In the order of the table's rows. */
  rows(isReserved: boolean): readonly (readonly [string, Known])[] {
    return [...this.versions]
      .filter(([name]) => isReservedSubject(name) === isReserved)
      .flatMap(([name, versions]) => [...versions].map(([number, known]) => [placeOf(name, number), known] as const));
  }
}

function told({ versions }: RecordTable, row: Row): readonly [string, Omit<Known, 'text'>] {
  const [id, deleted, offset] = [versions.id(row), versions.isDeleted(row), versions.offset(row)];
  const refers = versions.referencesOf(row).length > 0;
  return [placeOf(versions.subject(row), versions.version(row)), { id, deleted, offset, refers }];
}

const withoutText = ([place, { text: _, ...known }]: readonly [string, Known]) => [place, known];

function expectSame(table: RecordTable, model: Model): void {
  expect([...table.rows()].map((row) => told(table, row))).toEqual(model.rows(false).map(withoutText));
  expect([...table.reservedRows()].map((row) => told(table, row))).toEqual(model.rows(true).map(withoutText));
  expect([...table.beneath].map((row) => told(table, row))).toEqual([...model.beneath].map(withoutText));
  expect(table.beneath.size).toBe(model.beneath.size);
  expect(table.purged).toBe(model.purged.size);
  expect([...table.subjects()]).toEqual([...model.versions.keys()]);
  for (const name of SUBJECTS) {
    const versions = model.versions.get(name);
    expect(table.hadSubject(name)).toBe(versions !== undefined);
    expect(table.count(name)).toBe(versions?.size ?? 0);
    const rows = [...table.rowsOf(name)].map((row) => table.versions.version(row));
    expect(rows).toEqual([...(versions?.keys() ?? [])]);
    for (let number = 0; number <= VERSIONS + 1; number++) {
      const row = table.row(name, number);
      expect(row === undefined ? undefined : told(table, row)[1].offset).toBe(versions?.get(number)?.offset);
    }
  }
}

/** Finds each row at its place on the other side, as the maps do, and tells whether it says the same. */
function expectBeside(table: RecordTable, other: RecordTable, models: { readonly one: Model; readonly other: Model }) {
  const { versions } = table;
  const rows = [...table.rows(), ...table.reservedRows()];
  const known = [...models.one.rows(false), ...models.one.rows(true)];
  for (const [n, row] of rows.entries()) {
    const [text, refers] = [known[n]?.[1].text, known[n]?.[1].refers];
    const there = models.other.versions.get(versions.subject(row))?.get(versions.version(row));
    const found = other.samePlace(row);
    expect(found === undefined ? undefined : versions.offset(found)).toBe(there?.offset);
    const isSame = there?.text === text && there?.refers === refers;
    if (found !== undefined) expect(versions.hasSameContent(row, found)).toBe(isSame);
    const beneath = other.beneath.samePlace(row);
    const lies = models.other.beneath.get(placeOf(versions.subject(row), versions.version(row)));
    expect(beneath === undefined ? undefined : versions.offset(beneath)).toBe(lies?.offset);
  }
}

function snapshotOf(steps: readonly Step[], begin: number): MemorySnapshot {
  const times = { timestamp: 0, timestampType: 'CreateTime' } as const;
  return new MemorySnapshot(steps.map((one, n): RawRecord => ({ ...recordOf(one), ...times, offset: begin + n })));
}

it('says what maps would, of a backup and of a target beside it, whatever was written, deleted and garbled', async () => {
  const steps = fc.array(step, { maxLength: 150, size: 'max' });
  await fc.assert(
    fc.asyncProperty(steps, steps, async (first, second) => {
      const [wantedModel, thereModel] = [new Model(false), new Model(true)];
      for (const [n, one] of first.entries()) wantedModel.take(one, n);
      for (const [n, one] of second.entries()) thereModel.take(one, 1000 + n);
      const wanted = await RecordTable.of(snapshotOf(first, 0));
      const there = await RecordTable.of(snapshotOf(second, 1000), { beside: wanted, isTarget: true });
      expectSame(wanted, wantedModel);
      expectSame(there, thereModel);
      expectBeside(wanted, there, { one: wantedModel, other: thereModel });
      expectBeside(there, wanted, { one: thereModel, other: wantedModel });
    }),
    { numRuns: runs(60) },
  );
});

it('takes one row for a version that is deleted for good and written again, however often', async () => {
  const written: Step = {
    ...{ does: 'write', subject: 'a', version: 1, id: 1, text: '"int"', deleted: false, refers: false },
  };
  const purged: Step = { does: 'purge', subject: 'a', version: 1 };
  const garbled: Step = { does: 'garble', subject: 'a', version: 1 };
  const steps = Array.from({ length: 50 }, () => [purged, written, garbled, written]).flat();
  const table = await RecordTable.of(snapshotOf(steps, 0), { isTarget: true });
  expect(table.versions.size).toBe(1);
});
