import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mapSnapshot } from '../../../../src/recovery/restore/map-snapshot.ts';
import { SubjectRules } from '../../../../src/recovery/restore/subject-rules.ts';
import type { Snapshot } from '../../../../src/recovery/snapshot/snapshot.ts';
import type { RegistryState } from '../../../../src/recovery/state/registry-state.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import { verifySnapshot } from '../../../../src/recovery/verify/verify-snapshot.ts';
import { contextOf } from '../../../../src/registry/subject-context.ts';
import { generatedRegistry, ODD_SUBJECTS } from '../../../support/recovery/generated-registry.ts';
import { differenceOf, MemorySnapshot, recordsOf } from '../../../support/recovery/memory-snapshot.ts';
import { runs } from '../../../support/recovery/property-runs.ts';
import { stateInWords } from '../../../support/recovery/state-in-words.ts';
import { tempDir } from '../../../support/temp-dir.ts';

let count = 0;
const root = tempDir('maps');

async function mapped(snapshot: Snapshot, only: readonly string[], map: readonly string[]) {
  const made = await mapSnapshot({
    snapshot,
    rules: new SubjectRules({ only, map }),
    folder: join(root, `${++count}`),
  });
  const records = new MemorySnapshot(await recordsOf(made.snapshot));
  await made.snapshot.close();
  return { snapshot: records, maxIds: made.maxIds };
}

/** Lines of versions and settings of these subjects. */
function linesOf(state: RegistryState, subjects: ReadonlySet<string>): readonly string[] {
  const isOf = (line: string): boolean =>
    [...subjects].some((subject) =>
      [`${subject} `, `config ${subject} {`, `mode ${subject} {`].some((start) => line.startsWith(start)),
    );
  return stateInWords(state).filter(isOf);
}

/** With all that their schemas refer to, and so on. */
function closureOf(state: RegistryState, named: readonly string[]): ReadonlySet<string> {
  const all = new Set(named);
  for (const subject of all)
    for (const { references } of state.versions(subject)) for (const { subject: other } of references) all.add(other);
  return all;
}

const onlySome = fc.uniqueArray(fc.constantFrom(...ODD_SUBJECTS), { minLength: 1, maxLength: 4 });

/** Each renames what no other one does, so that there is a way back. */
const RULES: readonly (readonly [from: string, to: string])[] = [
  [':.ctx:', ':.moved:'],
  ['orders-*', 'bestellungen/*-neu'],
  ['com.example.Order', 'ünïcødé 2'],
  ['folder/name', '../folder'],
  [':.other-ctx:', ':.ctx-2:'],
];
/** Not with the others: what they leave in the default context could be referred to from nowhere else. */
const CONTEXTS: typeof RULES = [
  [':.:', ':.fresh:'],
  [':.ctx:', ':.moved:'],
];
const someRules = fc.oneof(
  { weight: 2, arbitrary: fc.subarray([...RULES], { minLength: 1 }) },
  { weight: 1, arbitrary: fc.subarray([...CONTEXTS], { minLength: 1 }) },
);

describe('part of a generated registry, or all under other names', () => {
  it('has what was asked for with all to which it refers, as it was, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(generatedRegistry(), onlySome, async ({ log, vendor }, named) => {
        const before = await replay(new MemorySnapshot(log), vendor);
        const there = named.filter((subject) => [...before.subjects()].includes(subject));
        fc.pre(there.length > 0);
        const { snapshot, maxIds } = await mapped(new MemorySnapshot(log), there, []);
        const after = await replay(snapshot, vendor);
        const wanted = closureOf(before, there);
        expect(differenceOf(linesOf(after, wanted), linesOf(before, wanted))).toBeUndefined();
        expect([...after.subjects()].filter((subject) => !wanted.has(subject))).toEqual([]);
        expect((await verifySnapshot(snapshot)).filter(({ severity }) => severity === 'error')).toEqual([]);
        // Invariant 10: of what is left out ids were given out all the same.
        for (const subject of wanted)
          expect(maxIds[contextOf(subject)]).toBeGreaterThanOrEqual(before.maxId(contextOf(subject)));
      }),
      { numRuns: runs(15) },
    );
  });

  it('has every version with its id and text under the new name, and is the same again on the way back', async () => {
    await fc.assert(
      fc.asyncProperty(generatedRegistry(), someRules, async ({ log, vendor }, rules) => {
        const to = rules.map(([from, name]) => `${from}=${name}`);
        const back = rules.map(([from, name]) => `${name}=${from}`);
        const before = await replay(new MemorySnapshot(log), vendor);
        const { snapshot, maxIds } = await mapped(new MemorySnapshot(log), [], to);
        const after = await replay(snapshot, vendor);
        const names = new SubjectRules({ only: [], map: to });
        const places = (state: RegistryState, nameOf: (subject: string) => string): readonly string[] =>
          [...state.subjects()]
            .flatMap((subject) =>
              state
                .versions(subject)
                .map(
                  ({ version, id, deleted }) => `${nameOf(subject)} ${version} is ${id}${deleted ? ' deleted' : ''}`,
                ),
            )
            .sort();
        const wanted = places(before, (subject) => names.renamed(subject));
        expect(
          differenceOf(
            places(after, (subject) => subject),
            wanted,
          ),
        ).toBeUndefined();
        expect((await verifySnapshot(snapshot)).filter(({ severity }) => severity === 'error')).toEqual([]);
        for (const subject of before.subjects()) {
          const context = contextOf(names.renamed(subject));
          expect(maxIds[context]).toBeGreaterThanOrEqual(before.maxId(contextOf(subject)));
        }
        const again = await replay((await mapped(snapshot, [], back)).snapshot, vendor);
        expect(differenceOf(stateInWords(again), stateInWords(before))).toBeUndefined();
      }),
      { numRuns: runs(15) },
    );
  });
});
