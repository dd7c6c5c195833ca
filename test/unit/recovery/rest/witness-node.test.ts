import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { witnessNode } from '../../../../src/recovery/rest/witness-node.ts';
import type { RestWitness, WitnessedVersion } from '../../../../src/recovery/snapshot/rest-witness.ts';
import { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const record = (name: string, ...fields: string[]): object => ({
  type: 'record',
  name,
  fields: fields.map((field) => ({ name: field, type: 'string', default: '' })),
});

async function told(served: RegistryInMemory): Promise<{ witness: RestWitness; versions: WitnessedVersion[] }> {
  const { signal } = new AbortController();
  const witness = await witnessNode({ api: served.node(), clock: systemClock, folder: tempDir('witness'), signal });
  const versions: WitnessedVersion[] = [];
  for await (const batch of witness.versions()) versions.push(...batch);
  versions.sort((a, b) => (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : a.version - b.version));
  return { witness, versions };
}

function filled(vendor: 'confluent' | 'karapace'): RegistryInMemory {
  const served = new RegistryInMemory({ vendor });
  const { registry } = served;
  registry.register('a', record('A'));
  registry.register('a', record('A', 'one'));
  registry.register('a', record('A', 'one', 'two'));
  registry.register('gone', record('Gone'));
  registry.register(
    'user',
    { type: 'record', name: 'User', fields: [{ name: 'a', type: 'A' }] },
    {
      references: [{ name: 'A', subject: 'a', version: 3 }],
    },
  );
  registry.delete('/subjects/a/versions/2');
  registry.delete('/subjects/gone');
  registry.put('/config', { compatibility: 'FULL' });
  registry.put('/config/a', { compatibility: 'NONE' });
  return served;
}

describe('what a node tells', () => {
  it.each(['confluent', 'karapace'] as const)(
    'is every version, soft-deleted ones marked, and the settings (%s)',
    async (vendor) => {
      const { witness, versions } = await told(filled(vendor));
      expect(versions.map(({ subject, version, id, deleted }) => [subject, version, id, deleted])).toEqual([
        ['a', 1, 1, false],
        ['a', 2, 2, true],
        ['a', 3, 3, false],
        ['gone', 1, 4, true],
        ['user', 1, 5, false],
      ]);
      expect(versions.at(-1)?.references).toEqual([{ name: 'A', subject: 'a', version: 3 }]);
      expect(witness).toMatchObject({ vendor, versionCount: 5, maxIds: { '': 5 }, missing: [] });
      expect(witness.configs).toEqual({
        '': { compatibilityLevel: 'FULL' },
        a: { compatibilityLevel: 'NONE' },
      });
      expect(witness.modes).toEqual({ '': { mode: 'READWRITE' } });
    },
  );

  it('is of all contexts, each with its own highest id', async () => {
    const served = filled('confluent');
    const { registry } = served;
    registry.register(':.dev:a', record('A'));
    registry.put('/mode/:.dev:a', { mode: 'READONLY' });
    registry.register(':.dev:b', record('B'));
    registry.delete('/subjects/:.dev:b');
    registry.delete('/subjects/:.dev:b?permanent=true');
    const { witness, versions } = await told(served);
    expect(versions.filter(({ subject }) => subject.startsWith(':.dev:'))).toMatchObject([
      { subject: ':.dev:a', id: 1 },
    ]);
    expect(witness.maxIds).toEqual({ '': 5, dev: 2 });
    expect(witness.modes).toEqual({ '': { mode: 'READWRITE' }, ':.dev:a': { mode: 'READONLY' } });
  });

  it('is read in pages, and read again from the top when something came between two of them', async () => {
    const served = new RegistryInMemory();
    for (let n = 0; n < 2300; n++) served.registry.register(`s${String(n).padStart(5, '0')}`, record(`S${n}`));
    let pages = 0;
    served.interfere = ({ path }) => {
      if (path.startsWith('/schemas?') && path.includes('deleted=true') && pages++ === 1) {
        served.registry.register('early', record('Early'));
      }
      return undefined;
    };
    const { versions } = await told(served);
    expect(new Set(versions.map(({ subject }) => subject)).size).toBe(2301);
    expect(versions.length).toBe(2301);
    // Registered after the list of what is alive: asked for by itself, not taken for deleted.
    expect(versions.find(({ subject }) => subject === 'early')?.deleted).toBe(false);
  });

  it('is taken whole from a registry that knows no pages', async () => {
    const served = filled('karapace');
    served.interfere = ({ path }) => {
      if (!path.startsWith('/schemas?')) return undefined;
      const { body } = served.registry.get(`/schemas${path.includes('deleted=true') ? '?deleted=true' : ''}`);
      return { status: 200, body: JSON.stringify(body) };
    };
    const { versions } = await told(served);
    expect(versions.map(({ deleted }) => deleted)).toEqual([false, true, false, true, false]);
  });

  it.each([
    ['lacks /schemas', { status: 404, body: '' }],
    ['answers half a version', { status: 200, body: '[{"subject":"a","version":1}]' }],
  ])('is walked subject by subject when the node %s', async (_, answer) => {
    const served = filled('confluent');
    served.interfere = ({ path }) => (path.startsWith('/schemas?') ? answer : undefined);
    const { versions, witness } = await told(served);
    expect(versions.map(({ subject, version, deleted }) => [subject, version, deleted])).toEqual([
      ['a', 1, false],
      ['a', 2, true],
      ['a', 3, false],
      ['gone', 1, true],
      ['user', 1, false],
    ]);
    expect(witness.missing).toEqual([]);
  });

  it('names what was not answered', async () => {
    const served = filled('confluent');
    served.interfere = ({ path }) =>
      path.startsWith('/mode') || path.includes('fetchMaxId') ? { status: 404, body: '' } : undefined;
    const { witness } = await told(served);
    expect(witness.missing).toEqual(['modes: the node has none, or does not tell', 'the highest id: it is at least 5']);
    expect(witness.maxIds).toEqual({ '': 5 });
  });
});
