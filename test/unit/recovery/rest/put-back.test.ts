import { describe, expect, it } from 'vitest';
import type { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { InMemoryRegistry } from '../../embedded-registry/in-memory-registry.ts';
import { planned, run, snapshotOf, stepsOf } from './restore-into-memory.ts';
import { confluent, embedded, kinds, register, takenBack } from './taken-back.ts';
import { backupOf, having, type Version, versionsOf } from './versions-in-memory.ts';

const B: Version = ['b', 1, 2, 'B'];

describe.each(kinds)('what is soft-deleted in $name', ({ served }) => {
  it('is soft-deleted again when a restore that makes it live is taken back', async () => {
    const restored = await takenBack(backupOf(['a', 1, 1, 'A'], B), () => served(['a', 1, 1, 'A', 'deleted'], B));
    expect(restored).toEqual(['a 1 1', 'b 1 2']);
  });

  it('is so in a registry that is read-only as a whole, beside others', async () => {
    const make = (): RegistryInMemory => {
      const target = served(['a', 1, 1, 'A', 'deleted'], ['left', 1, 9, 'Left', 'deleted'], B);
      target.registry.put('/mode', { mode: 'READONLY_OVERRIDE' });
      return target;
    };
    const restored = await takenBack(backupOf(['a', 1, 1, 'A'], B), make);
    expect(restored).toEqual(['a 1 1', 'b 1 2', 'left 1 9 deleted']);
  });

  it('comes back after what it refers to, soft-deleted itself', async () => {
    const to: Version = ['z', 1, 8, 'Z', 'deleted'];
    const make = (): RegistryInMemory => {
      const target = served(['b', 1, 2, 'B'], to);
      register(target.registry, 'User', 9, to);
      target.registry.delete('/subjects/user/versions/1');
      target.registry.put('/mode', { mode: 'READONLY' });
      return target;
    };
    const restored = await takenBack(backupOf(['a', 1, 1, 'A']), make);
    expect(restored).toEqual(['a 1 1', 'b 1 2', 'user 1 9 deleted', 'z 1 8 deleted']);
  });

  it('stays alive and is named where something alive refers to it', async () => {
    const to: Version = ['a', 1, 1, 'A', 'deleted'];
    const target = served(to, B);
    register(target.registry, 'User', 9, to);
    const plan = await planned(backupOf(['a', 1, 1, 'A'], B), target);
    await run(await stepsOf(plan), target);
    expect(plan.undo.summary).toContain(
      'Stays alive, as no registry soft-deletes what is referred to: version 1 of subject a (id 1), to which version 1 of subject user refers.',
    );
    await run(await stepsOf(plan.undo), target);
    expect(versionsOf(target)).toEqual(['a 1 1', 'b 1 2', 'user 1 9']);
    expect(target.registry.get('/mode/a').status).toBe(404);
  });

  it('does not stop a restore half way where something alive refers to it', async () => {
    const to: Version = ['a', 1, 1, 'A', 'deleted'];
    const target = served(to, B);
    register(target.registry, 'User', 9, to);
    const plan = await planned(backupOf(B, ['a', 2, 3, 'AA']), target);
    await run(await stepsOf(plan), target);
    expect(plan.summary.join('\n')).toContain(
      '1 soft-deleted versions of the registry are put back if IMPORT removes them; these live then, as no registry soft-deletes what is referred to: ' +
        'version 1 of subject a (id 1), to which version 1 of subject user refers.',
    );
    expect(versionsOf(target).map((each) => each.replace('a 1 1 deleted', 'a 1 1'))).toEqual([
      ...['a 1 1', 'a 2 3', 'b 1 2', 'user 1 9'],
    ]);
    expect(target.registry.get('/mode/a').status).toBe(404);
  });

  it('is there again when what was made of its id above it is taken back', async () => {
    const make = (): RegistryInMemory =>
      served(['a', 1, 1, 'A', 'deleted'], ['a', 2, 3, 'AA', 'deleted'], ['a', 3, 1, 'A', 'deleted'], B);
    const backup = backupOf(['a', 1, 1, 'A', 'deleted'], ['a', 2, 3, 'AA', 'deleted'], ['a', 3, 1, 'A'], B);
    const target = make();
    const plan = await planned(backup, target);
    await run(await stepsOf(plan), target);
    expect(versionsOf(target)).toContain('a 3 1');
    await run(await stepsOf(plan.undo), target);
    expect(versionsOf(target)).toEqual(['a 1 1 deleted', 'a 2 3 deleted', 'a 3 1 deleted', 'b 1 2']);
  });
});

describe("what Confluent's registry removes for good", () => {
  it('is told of an undo that makes a version above it live again, and the undo may be run twice', async () => {
    const target = confluent.served(['a', 1, 1, 'A', 'deleted'], ['a', 2, 1, 'A'], B);
    const plan = await planned(backupOf(['a', 1, 1, 'A', 'deleted'], ['a', 2, 1, 'A', 'deleted'], B), target);
    await run(await stepsOf(plan), target);
    expect(plan.undo.summary.at(-1)).toContain('removes for good');
    expect(plan.undo.summary.at(-1)).toContain('version 1 of subject a (below version 2, id 1)');
    for (const _ of ['once', 'twice']) {
      await run(await stepsOf(plan.undo), target);
      expect(versionsOf(target)).toEqual(['a 2 1', 'b 1 2']);
    }
  });

  it('leaves out by name what refers to it, before anything is sent', async () => {
    const from = new InMemoryRegistry();
    const to: Version = ['a', 1, 1, 'A', 'deleted'];
    having(from, [to, ['a', 2, 1, 'A']]);
    register(from, 'User', 5, to);
    for (const target of [embedded.served(B), confluent.served(B)]) {
      const plan = await planned(snapshotOf(from), target);
      await run(await stepsOf(plan), target);
      expect(plan.summary).toContain(
        'Left out, as the registry would refuse it: user version 1 (id 5) refers to a version 1, which is soft-deleted, and removed for good by ' +
          "Confluent's registry when version 2 of the same id is imported.",
      );
      expect(versionsOf(target)).toEqual(expect.arrayContaining(['a 2 1', 'b 1 2']));
      expect(target.registry.get('/subjects/user/versions').status).toBe(404);
      expect(target.registry.get('/mode').body).toEqual({ mode: 'READWRITE' });
    }
  });
});
