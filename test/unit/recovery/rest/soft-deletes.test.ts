import { describe, expect, it } from 'vitest';
import type { RequestStep } from '../../../../src/recovery/rest/restore-steps.ts';
import { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { planned, run, snapshotOf, stepsOf } from './restore-into-memory.ts';
import { backupOf, record, served, versionsOf } from './versions-in-memory.ts';

describe('a restore that soft-deletes a living version, taken back', () => {
  const there = () => served(['a', 1, 1, 'A', 'deleted'], ['a', 2, 2, 'B'], ['a', 3, 3, 'C'], ['a', 4, 4, 'D']);
  const before = ['a 1 1 deleted', 'a 2 2', 'a 3 3', 'a 4 4'];

  it('leaves the versions as they were that were soft-deleted before', async () => {
    const backup = backupOf(
      ['a', 1, 1, 'A', 'deleted'],
      ['a', 2, 2, 'B', 'deleted'],
      ['a', 3, 3, 'C', 'deleted'],
      ['a', 4, 4, 'D'],
    );
    const target = there();
    const plan = await planned(backup, target);
    await run(await stepsOf(plan), target);
    expect(versionsOf(target)).toEqual(['a 1 1 deleted', 'a 2 2 deleted', 'a 3 3 deleted', 'a 4 4']);
    const undo = await stepsOf(plan.undo);
    await run(undo, target);
    expect(versionsOf(target)).toEqual(before);
    expect(target.registry.get('/mode/a').status).toBe(404);
    expect(await run(undo, target)).toBe(0);
  });

  it('leaves those as they were, too, that it had made live, wherever the undo was killed', async () => {
    const backup = backupOf(['a', 1, 1, 'A'], ['a', 2, 2, 'B', 'deleted'], ['a', 3, 3, 'C'], ['a', 4, 4, 'D']);
    const target = there();
    const plan = await planned(backup, target);
    const steps = await stepsOf(plan);
    const undo: readonly RequestStep[] = await stepsOf(plan.undo);
    for (let killedAfter = 0; killedAfter <= undo.length; killedAfter++) {
      const again = there();
      await run(steps, again);
      expect(versionsOf(again)).toEqual(['a 1 1', 'a 2 2 deleted', 'a 3 3', 'a 4 4']);
      await run(undo.slice(0, killedAfter), again);
      await run(undo, again);
      expect(versionsOf(again), `killed after ${killedAfter}`).toEqual(before);
    }
  });
});

describe('a restore that soft-deletes what another schema refers to that it soft-deletes as well', () => {
  const USES_BASE = {
    type: 'record',
    name: 'Uses',
    fields: [{ name: 'base', type: 'Base' }],
  };

  function having({ registry }: RegistryInMemory): void {
    registry.register('base', record('Base'));
    registry.register('uses', USES_BASE, { references: [{ name: 'Base', subject: 'base', version: 1 }] });
  }

  /** The target still has both alive. */
  function bothDeletedAtSource(): { readonly source: RegistryInMemory; readonly target: RegistryInMemory } {
    const [source, target] = [new RegistryInMemory(), new RegistryInMemory()];
    having(source);
    source.registry.delete('/subjects/uses/versions/1');
    source.registry.delete('/subjects/base/versions/1');
    having(target);
    return { source, target };
  }

  it('deletes the one that refers first, and brings that one back last', async () => {
    const { source, target } = bothDeletedAtSource();
    const before = versionsOf(target);
    const plan = await planned(snapshotOf(source.registry), target);
    await run(await stepsOf(plan), target);
    expect(versionsOf(target)).toEqual(['base 1 1 deleted', 'uses 1 2 deleted']);
    await run(await stepsOf(plan.undo), target);
    expect(versionsOf(target)).toEqual(before);
  });

  it('leaves it alive, and says so, where the one that refers to it stays', async () => {
    const { source, target } = bothDeletedAtSource();
    target.registry.register(
      'theirs',
      { ...USES_BASE, name: 'Theirs' },
      {
        references: [{ name: 'Base', subject: 'base', version: 1 }],
      },
    );
    const plan = await planned(snapshotOf(source.registry), target);
    expect(plan.summary).toContain(
      'Stays alive, though the backup has it soft-deleted: version 1 of subject base (id 1), as version 1 of subject theirs refers to it.',
    );
    await run(await stepsOf(plan), target);
    expect(versionsOf(target)).toEqual(['base 1 1', 'theirs 1 3', 'uses 1 2 deleted']);
  });
});

it.each(['/mode/a', '/mode'])(
  'a restore soft-deletes in what %s keeps read-only, which it is again then',
  async (place) => {
    const target = served(['a', 1, 1, 'A'], ['a', 2, 2, 'B'], ['b', 1, 3, 'C']);
    target.registry.put(place, { mode: 'READONLY' });
    const source = served(['a', 1, 1, 'A', 'deleted'], ['a', 2, 2, 'B']);
    source.registry.put('/config/a', { compatibility: 'NONE' });
    source.registry.put(place, { mode: 'READONLY' });
    const plan = await planned(snapshotOf(source.registry), target);
    const steps = await stepsOf(plan);
    await run(steps, target);
    expect(versionsOf(target)).toEqual(['a 1 1 deleted', 'a 2 2', 'b 1 3']);
    expect(target.registry.get(place).body).toEqual({ mode: 'READONLY' });
    expect(target.registry.get('/config/a').body).toEqual({ compatibilityLevel: 'NONE' });
    expect(await run(steps, target)).toBe(0);
    await run(await stepsOf(plan.undo), target);
    expect(versionsOf(target)).toEqual(['a 1 1', 'a 2 2', 'b 1 3']);
    expect(target.registry.get('/config/a').status).toBe(404);
    expect(target.registry.get(place).body).toEqual({ mode: 'READONLY' });
    if (place === '/mode') expect(target.registry.get('/mode/a').status).toBe(404);
  },
);

it('a plan tells of mode IMPORT that is on already, as it leaves it on', async () => {
  const target = served(['b', 1, 3, 'C']);
  target.registry.put('/mode/a', { mode: 'IMPORT' });
  target.registry.register('a', record('A'), { id: 1 });
  const told = (await planned(backupOf(['a', 1, 1, 'A']), target)).summary.filter((line) => line.includes('IMPORT'));
  expect(told).toEqual([
    'Mode IMPORT is on already, and stays on, for a: where a run that was cut short has left it, apply its undo file first.',
  ]);
});
