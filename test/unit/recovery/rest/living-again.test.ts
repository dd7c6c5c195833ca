import { describe, expect, it } from 'vitest';
import type { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { InMemoryRegistry } from '../../embedded-registry/in-memory-registry.ts';
import { planned, run, snapshotOf, stepsOf } from './restore-into-memory.ts';
import { confluent, embedded, kinds, register, takenBack } from './taken-back.ts';
import { backupOf, having, type Version, versionsOf } from './versions-in-memory.ts';

const B: Version = ['b', 1, 2, 'B'];

describe.each(kinds)('what a restore soft-deletes in $name, and its undo makes live again', ({ served }) => {
  it('leaves its subject the config and mode that it had, also where what was imported beside it goes first', async () => {
    const make = (): RegistryInMemory => {
      const target = served(['a', 1, 1, 'A'], B);
      target.registry.put('/config/a', { compatibility: 'NONE', compatibilityGroup: 'major' });
      target.registry.put('/mode/a', { mode: 'READONLY' });
      return target;
    };
    const restored = await takenBack(backupOf(['a', 1, 1, 'A', 'deleted'], ['a', 2, 3, 'AA']), make);
    expect(restored).toEqual(['a 1 1 deleted', 'a 2 3', 'b 1 2']);
  });

  it('comes before what is soft-deleted and refers to it', async () => {
    const make = (): RegistryInMemory => {
      const target = served(['a', 1, 1, 'A']);
      const { registry } = target;
      registry.put('/config', { compatibility: 'NONE' });
      const user = { type: 'record', name: 'User', fields: [{ name: 'x', type: 'A' }] };
      registry.register('a', user, { references: [{ name: 'A', subject: 'a', version: 1 }] });
      registry.delete('/subjects/a/versions/2');
      return target;
    };
    const restored = await takenBack(backupOf(['a', 1, 1, 'A', 'deleted'], ['b', 1, 3, 'B']), make);
    expect(restored).toEqual(['a 1 1 deleted', 'a 2 2 deleted', 'b 1 3']);
  });

  it('names what may be alive beside it then, as something alive refers to it', async () => {
    const to: Version = ['a', 1, 1, 'A', 'deleted'];
    const target = served(to, ['a', 2, 3, 'AA']);
    register(target.registry, 'User', 9, to);
    const plan = await planned(backupOf(to, ['a', 2, 3, 'AA', 'deleted']), target);
    await run(await stepsOf(plan), target);
    expect(versionsOf(target)).toEqual(['a 1 1 deleted', 'a 2 3 deleted', 'user 1 9']);
    expect(plan.undo.summary).toContain(
      '1 soft-deleted versions of the registry are put back if IMPORT removes them; these live then, as no registry soft-deletes what is referred to: ' +
        'version 1 of subject a (id 1), to which version 1 of subject user refers.',
    );
    await run(await stepsOf(plan.undo), target);
    expect(versionsOf(target).map((each) => each.replace('a 1 1 deleted', 'a 1 1'))).toEqual([
      ...['a 1 1', 'a 2 3', 'user 1 9'],
    ]);
  });
});

it.each(kinds)('what is imported below what is read-only is removed again from $name', async ({ served }) => {
  const make = (): RegistryInMemory => {
    const target = served(B);
    target.registry.put('/mode/:.dev:', { mode: 'READONLY' });
    return target;
  };
  const restored = await takenBack(backupOf([':.dev:a', 1, 1, 'A'], [':.dev:a', 2, 3, 'AA', 'deleted']), make);
  expect(restored).toEqual([':.dev:a 1 1', ':.dev:a 2 3 deleted', 'b 1 2']);
});

it.each([embedded, confluent])(
  'an undo at $name names what it brings back alive, as what refers to it was only soft-deleted by the restore',
  async (kind) => {
    const to: Version = ['a', 1, 1, 'A', 'deleted'];
    const from = having(new InMemoryRegistry(), [to, ['a', 2, 1, 'A']]);
    register(from, 'User', 9, to);
    from.delete('/subjects/user/versions/1');
    const target = kind.served(to);
    register(target.registry, 'User', 9, to);
    const plan = await planned(snapshotOf(from), target);
    await run(await stepsOf(plan), target);
    expect(versionsOf(target)).toEqual(['a 2 1', 'user 1 9 deleted']);
    expect(plan.undo.summary).toContain(
      'Stays alive, as no registry soft-deletes what is referred to: version 1 of subject a (id 1), to which version 1 of subject user refers.',
    );
    await run(await stepsOf(plan.undo), target);
    expect(versionsOf(target)).toEqual(['a 1 1', 'user 1 9']);
  },
);
