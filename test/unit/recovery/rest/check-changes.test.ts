import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { refuseChangedRegistry } from '../../../../src/recovery/rest/check-changes.ts';
import type { ListedVersions } from '../../../../src/recovery/rest/import-looks.ts';
import { runRegistryPlan } from '../../../../src/recovery/rest/run-registry-plan.ts';
import { witnessNode } from '../../../../src/recovery/rest/witness-node.ts';
import { type WrittenRegistryPlan, writeRegistryPlan } from '../../../../src/recovery/rest/write-registry-plan.ts';
import { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { InMemoryRegistry } from '../../embedded-registry/in-memory-registry.ts';
import { signal, snapshotOf } from './restore-into-memory.ts';

const record = (name: string): object => ({ type: 'record', name, fields: [] });
const code = 'holdfast.recovery.target-changed';

/** Ids 1 to 3 of two subjects, and one in a context, for a registry that has id 7 itself. */
async function written(served: RegistryInMemory): Promise<WrittenRegistryPlan> {
  const from = new InMemoryRegistry();
  from.register('a', record('A'));
  from.register('b', record('B'));
  from.register('b', { ...record('B'), doc: 'two' });
  from.register(':.dev:c', record('C'));
  served.registry.put('/mode', { mode: 'IMPORT' });
  served.registry.register('theirs', record('Theirs'), { id: 7 });
  served.registry.put('/mode', { mode: 'READWRITE' });
  const folder = tempDir('plan');
  const api = served.node();
  const witness = await witnessNode({ api, clock: systemClock, folder, signal });
  const path = join(folder, 'plan.ndjson');
  return writeRegistryPlan(
    { snapshot: snapshotOf(from), nodes: [api], witness, path, source: 'a test', now: 0, folder },
    signal,
  );
}

describe('a registry between the plan and its run', () => {
  let served: RegistryInMemory;
  let plan: WrittenRegistryPlan['plan'];
  let undo: WrittenRegistryPlan['undo'];
  const check = (which = plan): Promise<ListedVersions | undefined> =>
    refuseChangedRegistry({ plan: which, api: served.node(), clock: systemClock, folder: tempDir('now') }, signal);
  const imported = (subject: string, id: number, name: string, version = 1): void => {
    served.registry.put(`/mode/${subject}?force=true`, { mode: 'IMPORT' });
    served.registry.register(subject, record(name), { id, version });
    served.registry.delete(`/mode/${subject}`);
  };

  beforeEach(async () => {
    served = new RegistryInMemory();
    ({ plan, undo } = await written(served));
  });

  it('is let through as it was, and a plan that was run, once more', async () => {
    const before = served.writes.length;
    expect(await check()).toEqual(new Map());
    expect(served.writes.length).toBe(before);
    await runRegistryPlan({ plan, api: served.node(), clock: systemClock }, signal);
    const versions = ['a/versions/1', 'b/versions/1', 'b/versions/2', '%3A.dev%3Ac/versions/1'];
    expect(await check()).toEqual(new Map(versions.map((path) => [`/subjects/${path}`, 'living'])));
    expect(await check(undo)).toBeUndefined();
  });

  it('has changed when it gave out an id, and the message tells which', async () => {
    served.registry.register('new', record('New'));
    await expect(check()).rejects.toMatchObject({
      code,
      message: expect.stringMatching(/ids up to 8 are given out there, and it were 7 when the plan was made/),
    });
  });

  it('has changed when it gave out an id of a context that it did not have', async () => {
    served.registry.register(':.dev:x', record('X'));
    await expect(check()).rejects.toMatchObject({ code, message: expect.stringContaining('context dev') });
  });

  it('has changed when an id, a version or a schema of the plan is taken otherwise, though its highest id is the same', async () => {
    const taken: readonly (readonly [() => void, string])[] = [
      [() => imported('theirs', 2, 'Two', 2), 'id 2 for version 2 of subject theirs'],
      [() => served.registry.register('a', record('Theirs')), 'version 1 of subject a'],
      [() => imported('b', 1, 'A', 9), 'none'],
      [() => imported('a', 1, 'A', 5), 'the same schema there as version 5'],
    ];
    for (const [happens, told] of taken) {
      served = new RegistryInMemory();
      ({ plan } = await written(served));
      happens();
      if (told === 'none') await check();
      else await expect(check(), told).rejects.toMatchObject({ code, message: expect.stringContaining(told) });
    }
  });

  it('may give out ids while a plan runs that was ended, unless one is in the way of the rest', async () => {
    const ended = new AbortController();
    const onProgress = (done: number): void => {
      if (done === 4) ended.abort(new Error('killed'));
    };
    const run = runRegistryPlan({ plan, api: served.node(), clock: systemClock, onProgress }, ended.signal);
    await expect(run).rejects.toThrow('killed');
    served.registry.register('new', record('New'));
    await check();
    const { body } = served.registry.get('/schemas');
    const free = [1, 2, 3].find((id) => !(body as { id: number }[]).some((each) => each.id === id));
    if (free === undefined) return;
    imported('new', free, 'Other', 2);
    await expect(check()).rejects.toMatchObject({ code, message: expect.stringContaining(`id ${free}`) });
  });

  it('lets a plan go on of which only soft-deleted versions are there, which are new ids to the registry', async () => {
    const from = new InMemoryRegistry();
    from.register('a', record('A'));
    from.register('a', { ...record('A'), doc: 'two' });
    from.delete('/subjects/a');
    served = new RegistryInMemory();
    const api = served.node();
    const folder = tempDir('plan');
    const witness = await witnessNode({ api, clock: systemClock, folder, signal });
    const path = join(folder, 'plan.ndjson');
    const snapshot = snapshotOf(from);
    ({ plan } = await writeRegistryPlan(
      { snapshot, nodes: [api], witness, path, source: 'a test', now: 0, folder },
      signal,
    ));
    const ended = new AbortController();
    const onProgress = (done: number): void => {
      if (done === 3) ended.abort(new Error('killed'));
    };
    const run = runRegistryPlan({ plan, api, clock: systemClock, onProgress }, ended.signal);
    await expect(run).rejects.toThrow('killed');
    expect(served.registry.get('/subjects?deleted=true').body).toEqual(['a']);
    expect(served.registry.get('/subjects').body).toEqual([]);
    await check();
  });
});
