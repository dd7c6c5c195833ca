import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { SnapshotWriter } from '../../../../src/recovery/backup/snapshot-writer.ts';
import { snapshotFromRegistry } from '../../../../src/recovery/rest/snapshot-from-registry.ts';
import { recordsOf } from '../../../support/recovery/memory-snapshot.ts';
import { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { InMemoryRegistry } from '../../embedded-registry/in-memory-registry.ts';

const record = (name: string): object => ({ type: 'record', name, fields: [] });

it('makes records of what a registry tells, from which another one is the same', async () => {
  const served = new RegistryInMemory();
  const { registry } = served;
  registry.register('z', record('Z'));
  registry.put('/config/z', { compatibility: 'NONE' });
  registry.register('z', record('Y'));
  registry.delete('/subjects/z/versions/1');
  registry.register(':.dev:z', record('Z'));
  registry.put('/mode/:.dev:', { mode: 'READONLY' });
  registry.register(
    'a',
    { type: 'record', name: 'A', fields: [{ name: 'y', type: 'Y' }] },
    {
      references: [{ name: 'Y', subject: 'z', version: 2 }],
    },
  );
  registry.register('last', record('Last'));
  registry.delete('/subjects/last');
  registry.delete('/subjects/last?permanent=true');

  const folder = tempDir('rest');
  const writer = await SnapshotWriter.create({ folder: join(folder, 'backup') });
  const { signal } = new AbortController();
  const snapshot = await snapshotFromRegistry({ nodes: [served.node()], clock: systemClock, writer, folder, signal });

  const other = new InMemoryRegistry();
  for (const { key, value } of await recordsOf(snapshot)) {
    if (key !== null) other.apply({ key, value });
  }
  for (const path of [
    '/schemas?deleted=true',
    '/schemas',
    '/config/z',
    '/mode/:.dev:',
    '/mode/:.dev:z?defaultToGlobal=true',
  ]) {
    const expected = registry.get(path).body;
    const known = other.get(path).body;
    expect(Array.isArray(known) ? known.filter((each) => each.subject !== 'holdfast-reserved-ids') : known).toEqual(
      expected,
    );
  }
  // The id of what is gone for good is not given out again.
  expect(other.register('new', record('New'))).toBe(5);
  expect(snapshot.facts).toMatchObject({ source: 'rest', topic: undefined });
  const nodes: string[] = [];
  for await (const witness of snapshot.witnesses()) nodes.push(`${witness.node} ${witness.versionCount}`);
  expect(nodes).toEqual(['http://one:8081 4']);
});
