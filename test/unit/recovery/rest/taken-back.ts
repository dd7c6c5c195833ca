import { expect } from 'vitest';
import { asConfluent } from '../../../support/recovery/as-confluent.ts';
import { asPurging } from '../../../support/recovery/as-purging.ts';
import type { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import type { InMemoryRegistry } from '../../embedded-registry/in-memory-registry.ts';
import { answersOf, planned, run, stepsOf } from './restore-into-memory.ts';
import { type backupOf, served, type Version, versionsOf } from './versions-in-memory.ts';

export interface Kind {
  readonly name: string;
  readonly served: (...versions: readonly Version[]) => RegistryInMemory;
}

export const embedded: Kind = { name: 'the embedded registry', served };
export const confluent: Kind = {
  name: "Confluent's, where a subject without a living version loses its settings",
  served: (...versions) => asConfluent(served(...versions)),
};
export const purging: Kind = {
  name: 'one that removes what is soft-deleted when IMPORT is entered',
  served: (...versions) => asPurging(served(...versions)),
};
export const kinds: readonly Kind[] = [embedded, confluent, purging];

/** A schema that holds the one of the version that it refers to. */
export function register(registry: InMemoryRegistry, name: string, id: number, to: Version): void {
  const [subject, version, , type] = to;
  registry.put('/mode/user', { mode: 'IMPORT' });
  const fields = [{ name: 'x', type }];
  registry.register('user', { type: 'record', name, fields }, { id, references: [{ name: type, subject, version }] });
  registry.delete('/mode/user');
}

/** Runs and undoes it from wherever it got to, twice; the versions of a whole run. */
export async function takenBack(
  from: ReturnType<typeof backupOf>,
  make: () => RegistryInMemory,
): Promise<readonly string[]> {
  const whole = make();
  const plan = await planned(from, whole);
  const steps = await stepsOf(plan);
  const undo = await stepsOf(plan.undo);
  await run(steps, whole);
  const before = answersOf(make().registry);
  const after = answersOf(whole.registry);
  for (let killedAfter = 0; killedAfter <= steps.length; killedAfter++) {
    const target = make();
    await run(steps.slice(0, killedAfter), target);
    await run(undo, target);
    expect(answersOf(target.registry), `undone after ${killedAfter}`).toEqual(before);
    await run(undo, target);
    expect(answersOf(target.registry), `undone again after ${killedAfter}`).toEqual(before);
    const again = make();
    await run(steps.slice(0, killedAfter), again);
    await run(steps, again);
    expect(answersOf(again.registry), `gone on after ${killedAfter}`).toEqual(after);
  }
  return versionsOf(whole);
}
