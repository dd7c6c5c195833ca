import { describe, expect, it } from 'vitest';
import { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { InMemoryRegistry } from '../../embedded-registry/in-memory-registry.ts';
import { planned, run, snapshotOf, stepsOf } from './restore-into-memory.ts';
import { backupOf, having, served, versionsOf } from './versions-in-memory.ts';

describe('a schema that the subject has in the registry already, as another version', () => {
  it.each([
    ['under its id', 1, 'the registry has the same schema there as version 1 (id 1)'],
    ['under another id', 9, 'the registry has the same schema there as version 1 (id 9)'],
  ])('is in the way of a living one, %s: nothing is sent', async (_, id, told) => {
    const target = served(['a', 1, id, 'A']);
    const before = target.writes.length;
    const error = await planned(backupOf(['a', 2, 1, 'A'], ['b', 1, 2, 'B']), target).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      code: 'holdfast.recovery.rest-conflict',
      details: { conflicts: [`version 2 of subject a (id 1): ${told}`] },
    });
    expect(target.writes.length).toBe(before);
  });

  it('is in the way of a soft-deleted one under another id, which nothing else would resolve', async () => {
    await expect(planned(backupOf(['a', 1, 1, 'A', 'deleted']), served(['a', 2, 9, 'A']))).rejects.toMatchObject({
      code: 'holdfast.recovery.rest-conflict',
    });
  });

  it('leaves a soft-deleted one out by name where its id is resolved all the same', async () => {
    const target = served(['a', 2, 1, 'A']);
    const backup = backupOf(['a', 1, 1, 'A', 'deleted'], ['a', 2, 1, 'A'], ['b', 1, 2, 'B']);
    const plan = await planned(backup, target);
    expect(plan.summary.filter((line) => line.startsWith('Left out'))).toEqual([
      'Left out, as the registry would refuse it: a version 1 (id 1): the registry has the same schema there as version 2 (id 1).',
    ]);
    await run(await stepsOf(plan), target);
    expect(versionsOf(target)).toEqual(['a 2 1', 'b 1 2']);
    expect((await planned(backup, target)).maxIds).toEqual({ '': 2 });
  });

  it('is made way for first where the backup has it soft-deleted, under whatever id', async () => {
    for (const id of [1, 3]) {
      const target = served(['a', 2, 1, 'A']);
      const backup = backupOf(['a', 2, 1, 'A', 'deleted'], ['a', 3, id, 'A']);
      await run(await stepsOf(await planned(backup, target)), target);
      // Confluent's registry removes for good what is soft-deleted below a version of its id.
      expect(versionsOf(target)).toEqual(id === 1 ? ['a 3 1'] : ['a 2 1 deleted', 'a 3 3']);
    }
  });

  it('is one in the backup, too, when two living versions have it under two ids', async () => {
    const backup = backupOf(['a', 1, 1, 'A', 'deleted'], ['a', 2, 2, 'A', 'deleted']);
    const both = having(new InMemoryRegistry(), [
      ['a', 1, 1, 'A', 'deleted'],
      ['a', 2, 2, 'A'],
    ]);
    for (const { key, value } of having(new InMemoryRegistry(), [['a', 1, 1, 'A']]).log) both.apply({ key, value });
    await expect(planned(snapshotOf(both), new RegistryInMemory())).rejects.toMatchObject({
      code: 'holdfast.recovery.rest-conflict',
      details: {
        conflicts: ['versions 1 and 2 of subject a are one schema under ids 1 and 2, and REST takes only one'],
      },
    });
    const target = new RegistryInMemory();
    await run(await stepsOf(await planned(backup, target)), target);
    expect(versionsOf(target)).toEqual(['a 1 1 deleted', 'a 2 2 deleted']);
  });
});

it('a schema that another subject of the registry has under another id is imported, and named', async () => {
  const target = served(['theirs', 1, 9, 'A']);
  const plan = await planned(backupOf(['a', 1, 1, 'A']), target);
  expect(plan.summary).toContain(
    '1 schema gets a second id, as the registry has it under another one: a version 1 (id 1; theirs version 1 has id 9).',
  );
  await run(await stepsOf(plan), target);
  expect(versionsOf(target)).toEqual(['a 1 1', 'theirs 1 9']);
});
