import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
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

describe('a snapshot of several nodes', () => {
  const dead = (): RegistryInMemory => {
    const served = new RegistryInMemory();
    served.interfere = () => ({ status: 503, body: '{}' });
    return served;
  };

  async function taken(...nodes: readonly RegistryInMemory[]): Promise<{
    readonly versions: readonly unknown[];
    readonly notes: readonly string[];
    readonly witnesses: readonly string[];
  }> {
    const folder = tempDir('rest');
    const writer = await SnapshotWriter.create({ folder: join(folder, 'backup') });
    const snapshot = await snapshotFromRegistry({
      nodes: nodes.map((served, n) => served.node({}, `http://n${n + 1}:8081`)),
      ...{ clock: systemClock, writer, folder, signal: new AbortController().signal },
    });
    const other = new InMemoryRegistry();
    for (const { key, value } of await recordsOf(snapshot)) if (key !== null) other.apply({ key, value });
    const versions = other.get('/schemas?deleted=true').body as { subject: string; version: number; id: number }[];
    const witnesses: string[] = [];
    for await (const { node } of snapshot.witnesses()) witnesses.push(node);
    return {
      versions: versions.map(({ subject, version, id }) => `${subject} ${version} ${id}`),
      notes: snapshot.manifest.notes,
      witnesses,
    };
  }

  it('goes on without a node that is away, and names it', async () => {
    const served = new RegistryInMemory();
    served.registry.register('a', record('A'));
    const { versions, notes, witnesses } = await taken(dead(), served);
    expect(versions).toEqual(['a 1 1']);
    expect(witnesses).toEqual(['http://n2:8081']);
    expect(notes).toEqual([expect.stringMatching(/^http:\/\/n1:8081 was not heard.*503/)]);
  });

  it('fails when all are away, and names each', async () => {
    await expect(taken(dead(), dead())).rejects.toThrow(/n1:8081.*n2:8081/);
  });

  it('has what only a later node knows, and names it', async () => {
    const [one, two] = [new RegistryInMemory(), new RegistryInMemory()];
    for (const { registry } of [one, two]) registry.register('a', record('A'));
    two.registry.register('b', record('B'));
    two.registry.put('/config/b', { compatibility: 'NONE' });
    const { versions, notes } = await taken(one, two);
    expect(versions).toEqual(['a 1 1', 'b 1 2']);
    expect(notes).toEqual([
      'only http://n2:8081 knows version 1 of subject b (id 2); it was taken from there',
      'only http://n2:8081 knows the config of b; it was taken from there',
    ]);
  });

  it('keeps the word of the first where a later one contradicts, and names where', async () => {
    const [one, two] = [new RegistryInMemory(), new RegistryInMemory()];
    one.registry.register('a', record('A'));
    one.registry.register('b', record('B'));
    two.registry.register('a', record('Other'));
    two.registry.register('c', record('C'));
    const { versions, notes } = await taken(one, two);
    expect(versions).toEqual(['a 1 1', 'b 1 2']);
    expect(notes).toEqual([
      'http://n2:8081 contradicts, and was left out: version 1 of subject a (id 1): http://n1:8081 has another schema there',
      'http://n2:8081 contradicts, and was left out: version 1 of subject c (id 2): http://n1:8081 has another schema under that id, version 1 of subject b (id 2)',
    ]);
  });
});
