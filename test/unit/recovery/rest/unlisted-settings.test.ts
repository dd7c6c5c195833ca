import { describe, expect, it } from 'vitest';
import { asConfluent } from '../../../support/recovery/as-confluent.ts';
import { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { InMemoryRegistry } from '../../embedded-registry/in-memory-registry.ts';
import { answersOf, planned, run, snapshotOf, stepsOf } from './restore-into-memory.ts';
import { record } from './versions-in-memory.ts';

/** Set before the first schema of each place, as tools that set up topics do. */
function prepared(): RegistryInMemory {
  const served = new RegistryInMemory();
  const { registry } = served;
  registry.put('/config/a', { compatibility: 'FORWARD' });
  registry.put('/mode/a', { mode: 'READONLY' });
  registry.put('/config/:.dev:', { compatibility: 'FULL' });
  registry.put('/config/:.dev:b', { compatibility: 'NONE', compatibilityGroup: 'version' });
  return served;
}

function source(): InMemoryRegistry {
  const registry = new InMemoryRegistry();
  registry.register('a', record('A'));
  registry.register(':.dev:b', record('B'));
  registry.put('/config/:.dev:', { compatibility: 'NONE' });
  registry.put('/config/:.dev:b', { compatibility: 'NONE', normalize: true });
  return registry;
}

describe.each([
  ['the embedded registry', (served: RegistryInMemory) => served],
  ["Confluent's", asConfluent],
])('settings of places without a schema, in %s', (_, as) => {
  it('are minded by a restore, and there again when it is taken back, wherever it had got to', async () => {
    const before = answersOf(prepared().registry);
    const whole = as(prepared());
    const plan = await planned(snapshotOf(source()), whole);
    const steps = await stepsOf(plan);
    const undo = await stepsOf(plan.undo);
    await run(steps, whole);
    expect(whole.registry.get('/subjects').body).toEqual([':.dev:b', 'a']);
    expect(whole.registry.get('/mode/a').body).toEqual({ mode: 'READONLY' });
    expect(whole.registry.get('/config/a').body).toEqual({ compatibilityLevel: 'FORWARD' });
    for (let killedAfter = 0; killedAfter <= steps.length; killedAfter++) {
      const served = as(prepared());
      await run(steps.slice(0, killedAfter), served);
      await run(undo, served);
      expect(answersOf(served.registry), `undone after ${killedAfter}`).toEqual(before);
      for (const path of ['/config/a', '/mode/a', '/config/:.dev:', '/config/:.dev:b']) {
        expect(served.registry.get(path), `undone after ${killedAfter}`).toEqual(prepared().registry.get(path));
      }
    }
  });
});
