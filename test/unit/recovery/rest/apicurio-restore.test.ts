import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { planRegistryRestore } from '../../../../src/recovery/rest/plan-registry-restore.ts';
import { runRequestStep } from '../../../../src/recovery/rest/run-request-step.ts';
import { TargetIndex } from '../../../../src/recovery/rest/target-index.ts';
import type { RestWitness, WitnessedVersion } from '../../../../src/recovery/snapshot/rest-witness.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { InMemoryRegistry } from '../../embedded-registry/in-memory-registry.ts';
import { signal, snapshotOf, stepsOf } from './restore-into-memory.ts';

const record = (name: string): object => ({ type: 'record', name, fields: [] });

async function planned(registry: InMemoryRegistry, there: readonly WitnessedVersion[] = []) {
  return (await plannedBoth(registry, there)).steps;
}

async function plannedBoth(registry: InMemoryRegistry, there: readonly WitnessedVersion[] = []) {
  const witness: RestWitness = {
    ...{ node: 'http://one:8080/apis/ccompat/v7', takenAt: 0, vendor: 'apicurio', serverVersion: '3.0.9' },
    ...{ versionCount: there.length, tellsDeleted: true, configs: {}, modes: {}, maxIds: {}, missing: [] },
    async *versions() {
      yield there;
    },
  };
  const snapshot = snapshotOf(registry);
  const target = await TargetIndex.read(witness, tempDir('rest'), signal);
  try {
    const plan = await planRegistryRestore({ snapshot, state: await replay(snapshot, 'confluent'), target, signal });
    return { steps: await stepsOf(plan), undo: await stepsOf(plan.undo) };
  } finally {
    await target.close();
  }
}

const at = (subject: string, id: number, name: string): WitnessedVersion => ({
  ...{ subject, version: 1, id, schemaType: 'AVRO', references: [], metadata: undefined, ruleSet: undefined },
  ...{ schema: JSON.stringify(record(name)), deleted: false },
});

describe('a plan for Apicurio', () => {
  it('is one archive of whole subjects, which names schemas that have two ids', async () => {
    const registry = new InMemoryRegistry();
    registry.put('/mode', { mode: 'IMPORT' });
    registry.register('a', record('A'), { id: 7, version: 2 });
    registry.register('b', record('A'), { id: 9, version: 1 });
    registry.register('c', record('C'), { id: 10, version: 1 });
    const steps = await planned(registry, [at('theirs', 3, 'C')]);
    expect(steps.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /apis/registry/v3/admin/import?requireEmptyRegistry=false',
    ]);
    const { archive = [] } = (steps[0]?.body ?? {}) as { readonly archive?: readonly object[] };
    expect(archive).toMatchObject([
      { subject: 'a', version: 2, id: 7 },
      { subject: 'b', id: 9, repeated: true },
      { subject: 'c', id: 10, repeated: true },
    ]);
    expect(archive[0]).not.toHaveProperty('repeated');
    expect(steps[0]?.done).toEqual({ path: '/subjects/c/versions?deleted=true', is: 'equal', body: [1] });
  });

  it('is taken back only where there is nothing but what it imported', async () => {
    const registry = new InMemoryRegistry();
    registry.register('a', record('A'));
    const { undo } = await plannedBoth(registry);
    const steps = undo.filter(({ path }) => path.startsWith('/subjects/a'));
    const asked = async (there: object): Promise<readonly string[]> => {
      const served = new RegistryInMemory();
      served.registry.register('a', there);
      const api = served.node();
      const outcomes: string[] = [];
      for (const step of steps) outcomes.push(await runRequestStep(api, step, { clock: systemClock, signal }));
      return outcomes;
    };
    expect(await asked(record('Other'))).toEqual(['others', 'others']);
    expect(await asked(record('A'))).toEqual(['sent', 'sent']);
  });

  it('is taken back subject by subject, each before those that it refers to', async () => {
    const registry = new InMemoryRegistry();
    const refer = (subject: string, name: string, to: string): void => {
      const schema = { type: 'record', name, fields: [{ name: 'f', type: to.toUpperCase() }] };
      registry.register(subject, schema, { references: [{ name: to.toUpperCase(), subject: to, version: 1 }] });
    };
    registry.put('/config', { compatibility: 'NONE' });
    registry.register('c', record('C'));
    registry.register('a', record('A'));
    refer('a', 'A2', 'c');
    refer('b', 'B', 'a');
    registry.register('a', record('A3'));
    registry.delete('/subjects/a/versions/3');
    registry.register('b', record('B2'));
    const { undo } = await plannedBoth(registry);
    expect(
      undo
        .filter(({ method }) => method === 'DELETE')
        .map(({ path }) => path)
        .slice(0, 6),
    ).toEqual(['b', 'a', 'c'].flatMap((subject) => [`/subjects/${subject}`, `/subjects/${subject}?permanent=true`]));
  });

  it('is refused for contexts, for other ids, and for subjects that are there with other versions', async () => {
    const registry = new InMemoryRegistry();
    registry.register(':.dev:a', record('A'));
    registry.register('b', record('B'));
    registry.register('b', record('B'));
    await expect(planned(registry)).rejects.toThrow(':.dev:a is in a context');
    const other = new InMemoryRegistry();
    other.register('b', record('B'));
    await expect(planned(other, [{ ...at('b', 5, 'X'), version: 9 }])).rejects.toMatchObject({
      code: 'holdfast.recovery.rest-conflict',
      message: expect.stringContaining('subject b is there already with other versions'),
    });
    await expect(planned(other, [at('x', 1, 'X')])).rejects.toThrow('the registry has id 1 for version 1 of subject x');
  });
});
