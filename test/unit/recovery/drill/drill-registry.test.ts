import { expect, it, vi } from 'vitest';
import { noProgress } from '../../../../src/cli/schemas/progress.ts';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { drillRegistry } from '../../../../src/recovery/drill/drill-registry.ts';
import { asConfluent } from '../../../support/recovery/as-confluent.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { asLog, confluent } from '../../../support/recovery/record-bytes.ts';
import { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const schema = (subject: string, version: number, id: number) =>
  confluent.schema({ subject, version, id, schema: `{"type":"fixed","name":"F","size":${id}}` });
const backup = (): MemorySnapshot =>
  new MemorySnapshot(asLog([schema('a', 1, 3), schema('a', 3, 7), schema('b', 1, 5), confluent.deleteSubject('b', 1)]));

const drilled = (registry: RegistryInMemory, snapshot = backup()) =>
  drillRegistry(
    {
      ...{ snapshot, source: 'a test', nodes: [registry.node()], clock: systemClock, progress: noProgress },
      temporaryFolder: tempDir('drill'),
    },
    new AbortController().signal,
  );
const subjectsIn = (registry: RegistryInMemory): unknown =>
  registry.registry.request('GET', '/subjects?deleted=true', undefined).body;

it('finds the registry equal, and takes away what it restored, so that it can be drilled again', async () => {
  const registry = new RegistryInMemory();
  expect(await drilled(registry)).toMatchObject({ differences: [] });
  expect(subjectsIn(registry)).toEqual([]);
  expect(await drilled(registry)).toMatchObject({ differences: [] });
});

it("is no failure for what Confluent's registry removes below a version of its id", async () => {
  const again = { subject: 'a', schema: '{"type":"fixed","name":"F","size":3}', id: 3 };
  const snapshot = new MemorySnapshot(
    asLog([confluent.schema({ ...again, version: 1, deleted: true }), confluent.schema({ ...again, version: 2 })]),
  );
  for (const registry of [new RegistryInMemory(), asConfluent(new RegistryInMemory())]) {
    expect(await drilled(registry, snapshot)).toMatchObject({ differences: [] });
    expect(subjectsIn(registry)).toEqual([]);
  }
});

it('refuses a registry that holds schemas, and writes nothing to it', async () => {
  const registry = new RegistryInMemory();
  registry.registry.request('POST', '/subjects/mine/versions', JSON.stringify({ schema: '"int"' }));
  await expect(drilled(registry)).rejects.toMatchObject({ code: 'holdfast.recovery.drill-registry-in-use' });
  expect(registry.writes).toEqual([]);
});

/** A registry in which a drill was killed before its request number `after` to write. */
async function killedDrill(after: number): Promise<RegistryInMemory> {
  const registry = new RegistryInMemory();
  const killed = new Error('killed');
  let writes = 0;
  registry.interfere = ({ method }) => {
    if (method !== 'GET' && writes++ >= after) throw killed;
    return writes > after ? { status: 500, body: '' } : undefined;
  };
  await expect(drilled(registry)).rejects.toThrow();
  registry.interfere = () => undefined;
  return registry;
}

it.each([2, 3, 4, 6, 7])('removes what a drill left that was killed after %i requests', async (after) => {
  const registry = await killedDrill(after);
  expect(await drilled(registry)).toMatchObject({ differences: [], leftOvers: ['http://one:8081'] });
  expect(subjectsIn(registry)).toEqual([]);
  expect(registry.registry.request('GET', '/mode', undefined).body).toEqual({ mode: 'READWRITE' });
  expect(await drilled(registry)).toMatchObject({ differences: [], leftOvers: [] });
});

it('leaves a registry alone in which a drill was killed, and somebody else has registered since', async () => {
  const registry = await killedDrill(4);
  registry.registry.request('PUT', '/mode?force=true', JSON.stringify({ mode: 'READWRITE' }));
  registry.registry.request('POST', '/subjects/mine/versions', JSON.stringify({ schema: '"int"' }));
  const before = subjectsIn(registry);
  await expect(drilled(registry)).rejects.toMatchObject({ code: 'holdfast.recovery.drill-registry-in-use' });
  expect(subjectsIn(registry)).toEqual(before);
});

it('takes away what it restored however long that takes, as long as nobody stops it', async () => {
  const registry = new RegistryInMemory();
  const timeout = vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => AbortSignal.abort(new Error('too late')));
  try {
    expect(await drilled(registry)).toMatchObject({ differences: [] });
  } finally {
    timeout.mockRestore();
  }
  expect(subjectsIn(registry)).toEqual([]);
});
