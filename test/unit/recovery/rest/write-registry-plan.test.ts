import { readdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { witnessNode } from '../../../../src/recovery/rest/witness-node.ts';
import { writeRegistryPlan } from '../../../../src/recovery/rest/write-registry-plan.ts';
import { undoPathOf } from '../../../../src/recovery/restore/open-undo.ts';
import { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { InMemoryRegistry } from '../../embedded-registry/in-memory-registry.ts';
import { signal, snapshotOf } from './restore-into-memory.ts';

it('a plan is not there before what takes it back: who is killed in between can plan again', async () => {
  const from = new InMemoryRegistry();
  from.register('a', { type: 'record', name: 'A', fields: [] });
  const api = new RegistryInMemory().node();
  const folder = tempDir('plan');
  const witness = await witnessNode({ api, clock: systemClock, folder: tempDir('told'), signal });
  const path = join(folder, 'plan.ndjson');
  // Where the undo goes there is something else: writing it fails, as a kill would end it.
  writeFileSync(undoPathOf(path), 'theirs');
  const options = { snapshot: snapshotOf(from), nodes: [api], witness, path, source: 'a test', now: 0 };
  await expect(writeRegistryPlan({ ...options, folder: tempDir('index') }, signal)).rejects.toMatchObject({
    code: 'holdfast.recovery.plan-exists',
  });
  expect(readdirSync(folder)).toEqual(['plan.undo.ndjson']);

  const undoPath = join(folder, 'other.undo.ndjson');
  const { plan, undo } = await writeRegistryPlan({ ...options, undoPath, folder: tempDir('index') }, signal);
  expect(undo.header.undoes).toMatchObject({ id: plan.header.id, path: plan.path, sha256: plan.sha256 });
  expect(readdirSync(folder).sort()).toEqual(['other.undo.ndjson', 'plan.ndjson', 'plan.undo.ndjson']);

  // Killed between the two files.
  unlinkSync(plan.path);
  await expect(writeRegistryPlan({ ...options, undoPath, folder: tempDir('index') }, signal)).rejects.toMatchObject({
    code: 'holdfast.recovery.plan-exists',
    message: expect.stringMatching(/nothing of it was sent: delete this file and run the same command again/),
  });
  unlinkSync(undoPath);
  await writeRegistryPlan({ ...options, undoPath, folder: tempDir('index') }, signal);
  expect(readdirSync(folder).sort()).toEqual(['other.undo.ndjson', 'plan.ndjson', 'plan.undo.ndjson']);
});
