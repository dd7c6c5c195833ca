import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isReservedSubject } from '../../../../src/recovery/records/reserved-id.ts';
import type { RegistryPlan } from '../../../../src/recovery/rest/plan-registry-restore.ts';
import { asConfluent } from '../../../support/recovery/as-confluent.ts';
import { runs, timeForRuns } from '../../../support/recovery/property-runs.ts';
import { change, PLACES, registryChanges } from '../../../support/recovery/registry-changes.ts';
import { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { InMemoryRegistry } from '../../embedded-registry/in-memory-registry.ts';
import { planned, run, snapshotOf, stepsOf } from './restore-into-memory.ts';

interface Told {
  readonly versions: ReadonlySet<string>;
  readonly settings: unknown;
}

function told({ core: { state } }: InMemoryRegistry): Told {
  const versions = state.schemas({ deleted: true, subjectPrefix: '' }).filter((v) => !isReservedSubject(v.subject));
  const placed = PLACES.map((place) => place || null);
  const unset = { compatibilityLevel: 'BACKWARD' };
  return {
    versions: new Set(
      versions.map((v) => `version ${v.version} of subject ${v.subject} ${v.id} ${v.deleted} ${v.schema}`),
    ),
    settings: placed.map((place) => [
      state.config(place) ?? (place === null ? unset : undefined),
      state.mode(place) ?? (place === null ? 'READWRITE' : undefined),
    ]),
  };
}

/** Those of `wanted` that are not there, but for those that are named. */
function lacking(wanted: Told, there: Told, words: string): readonly string[] {
  const isNamed = (version: string): boolean => {
    const [, number, , , subject] = version.split(' ');
    return (
      words.includes(`version ${number} of subject ${subject} `) || words.includes(`${subject} version ${number} (`)
    );
  };
  return [...wanted.versions].filter((version) => !there.versions.has(version) && !isNamed(version));
}

async function plannedOrRefused(from: InMemoryRegistry, served: RegistryInMemory): Promise<RegistryPlan | undefined> {
  try {
    return await planned(snapshotOf(from), served);
  } catch (error) {
    expect(error).toMatchObject({ code: 'holdfast.recovery.rest-conflict' });
    return undefined;
  }
}

it(
  'a restore goes on, and is taken back, from wherever it was killed: nothing that either registry had is lost or changed unnamed',
  async () => {
    const changes = registryChanges(14);
    const kills = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.boolean(), changes, changes, changes, kills, async (is7, common, here, there, killed) => {
        const having = (registry: InMemoryRegistry): InMemoryRegistry => {
          registry.put('/config', { compatibility: 'NONE' });
          change(
            registry,
            common.filter((each) => each.do !== 'mode'),
          );
          return registry;
        };
        const source = having(new InMemoryRegistry());
        change(source, here);
        const make = (): RegistryInMemory => {
          const served = new RegistryInMemory();
          change(having(served.registry), there, 1001);
          return is7 ? asConfluent(served) : served;
        };
        const whole = make();
        const before = told(whole.registry);
        const plan = await plannedOrRefused(source, whole);
        if (plan === undefined) return;
        const [steps, undo] = [await stepsOf(plan), await stepsOf(plan.undo)];
        await run(steps, whole);
        const after = told(whole.registry);
        const summary = plan.summary.join('\n');
        expect(lacking(told(source), after, summary)).toEqual([]);
        const paths = new Set(steps.map(({ path }) => path));
        expect(await run(steps, whole), [...paths].join(' ')).toBe(0);
        for (const part of [1, ...killed]) {
          const upTo = steps.slice(0, Math.round(part * steps.length));
          const on = make();
          await run(upTo, on);
          await run(steps, on);
          expect(told(on.registry), `gone on after ${upTo.length}`).toEqual(after);
          const back = make();
          await run(upTo, back);
          await run(undo.slice(0, Math.round((killed[0] ?? 0) * undo.length)), back);
          await run(undo, back);
          const words = [summary, ...plan.undo.summary].join('\n');
          const now = told(back.registry);
          expect(lacking(before, now, words), `taken back after ${upTo.length}`).toEqual([]);
          expect(lacking(now, before, words), `left after ${upTo.length}`).toEqual([]);
          expect(now.settings, `taken back after ${upTo.length}`).toEqual(before.settings);
        }
      }),
      { numRuns: runs(25) },
    );
  },
  timeForRuns(60_000),
);
