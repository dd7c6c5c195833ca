import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { openPlan, type Plan } from '../../../../src/recovery/plan/open-plan.ts';
import { refuseChangedRegistry } from '../../../../src/recovery/rest/check-changes.ts';
import { checkRequests } from '../../../../src/recovery/rest/check-requests.ts';
import { runRegistryPlan } from '../../../../src/recovery/rest/run-registry-plan.ts';
import { witnessNode } from '../../../../src/recovery/rest/witness-node.ts';
import { writeRegistryPlan } from '../../../../src/recovery/rest/write-registry-plan.ts';
import type { Snapshot } from '../../../../src/recovery/snapshot/snapshot.ts';
import { asConfluent } from '../../../support/recovery/as-confluent.ts';
import { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { InMemoryRegistry } from '../../embedded-registry/in-memory-registry.ts';
import { planned, run, signal, snapshotOf, stepsOf } from './restore-into-memory.ts';
import { backupOf, having, record, versionsOf } from './versions-in-memory.ts';

async function written(snapshot: Snapshot, served: RegistryInMemory): Promise<Plan> {
  const folder = tempDir('plan');
  const api = served.node();
  const witness = await witnessNode({ api, clock: systemClock, folder, signal });
  const path = join(folder, 'plan.ndjson');
  const options = { snapshot, nodes: [api], witness, path, source: 'a test', now: 0, folder };
  await writeRegistryPlan(options, signal);
  return openPlan(path, signal);
}

describe('soft-deleted versions below one of their id', () => {
  const backup = () => backupOf(['a', 1, 1, 'A', 'deleted'], ['a', 2, 1, 'A'], ['b', 1, 2, 'B']);

  it('are removed by the restore, which tells of it before, and checks the rest', async () => {
    const served = new RegistryInMemory();
    const expected = ['a 2 1', 'b 1 2'];
    const plan = await written(backup(), served);
    expect(plan.header.summary.filter((line) => line.includes('version 2'))).toEqual([
      "Confluent's registry removes for good what is soft-deleted below a version of its id: version 1 of subject a (below version 2, id 1).",
    ]);
    const api = served.node();
    await runRegistryPlan({ plan, api, clock: systemClock }, signal);
    expect(versionsOf(served)).toEqual(expected);
    expect(await checkRequests({ plan, nodes: [api], clock: systemClock, folder: tempDir('check') }, signal)).toEqual(
      [],
    );
    // Once more: all of it was done.
    const present = await refuseChangedRegistry({ plan, api, clock: systemClock, folder: tempDir('now') }, signal);
    expect(await runRegistryPlan({ plan, api, clock: systemClock, present }, signal)).toMatchObject({ sent: 0 });
    expect(versionsOf(served)).toEqual(expected);
  });
});

it('soft-deleted versions of the registry that an import removes are there again once it is taken back', async () => {
  const served = new RegistryInMemory();
  having(served.registry, [['a', 1, 1, 'A', 'deleted']]);
  asConfluent(served);
  const plan = await planned(backupOf(['a', 2, 1, 'A']), served);
  const steps = await stepsOf(plan);
  await run(steps, served);
  expect(versionsOf(served)).toEqual(['a 2 1']);
  expect(await run(steps, served)).toBe(0);
  await run(await stepsOf(plan.undo), served);
  expect(versionsOf(served)).toEqual(['a 1 1 deleted']);
});

describe('a config of a subject that has no living version for a while', () => {
  it('is there after the restore, and after that is taken back', async () => {
    for (const served of [new RegistryInMemory(), asConfluent(new RegistryInMemory())]) {
      const { registry } = served;
      registry.put('/config/a', { compatibility: 'NONE' });
      registry.register('a', record('B'));
      const from = new InMemoryRegistry();
      from.put('/config/a', { compatibility: 'NONE' });
      from.register('a', record('B'));
      from.delete('/subjects/a/versions/1');
      from.put('/config/a', { compatibility: 'NONE' });
      const plan = await planned(snapshotOf(from), served);
      await run(await stepsOf(plan), served);
      expect(versionsOf(served)).toEqual(['a 1 1 deleted']);
      expect(registry.get('/config/a').body).toEqual({ compatibilityLevel: 'NONE' });
      await run(await stepsOf(plan.undo), served);
      expect(versionsOf(served)).toEqual(['a 1 1']);
      expect(registry.get('/config/a').body).toEqual({ compatibilityLevel: 'NONE' });
    }
  });
});

it('a version is imported after the last living one of its subject was deleted, which takes the mode of the subject away', async () => {
  for (const served of [new RegistryInMemory(), asConfluent(new RegistryInMemory())]) {
    having(served.registry, [
      ['a', 1, 1, 'A'],
      ['b', 1, 9, 'B'],
    ]);
    const plan = await planned(backupOf(['a', 1, 1, 'A', 'deleted'], ['a', 2, 2, 'AA', 'deleted']), served);
    await run(await stepsOf(plan), served);
    expect(versionsOf(served)).toEqual(['a 1 1 deleted', 'a 2 2 deleted', 'b 1 9']);
    expect(served.registry.get('/mode').body).toEqual({ mode: 'READWRITE' });
  }
});
