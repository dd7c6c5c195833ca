/** Version -1 is the latest one that is not soft-deleted, whichever that is when a registry reads or is asked. */
import { describe, expect, it } from 'vitest';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { asLog, confluent, type WrittenRecord } from '../../../support/recovery/record-bytes.ts';
import { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { planned, stepsOf } from './restore-into-memory.ts';

const target = (version: number, more: { id?: number; deleted?: boolean; schema?: string } = {}): WrittenRecord =>
  confluent.schema({
    ...{ subject: 'a', version, id: 10 * version, schema: `{"type":"fixed","name":"A","size":${version}}` },
    ...more,
  });
const user = confluent.schema({
  ...{ subject: 'u', version: 1, id: 2, schema: '{"type":"record","name":"U","fields":[{"name":"x","type":"A"}]}' },
  references: [{ name: 'A', subject: 'a', version: -1 }],
});

async function restored(log: readonly WrittenRecord[], served = new RegistryInMemory()) {
  const { summary, ...plan } = await planned(new MemorySnapshot(asLog(log)), served);
  const steps = await stepsOf(plan);
  const order = steps.flatMap(({ method, path }) =>
    path.startsWith('/subjects/') && !path.includes('reserved') ? [`${method} ${path}`] : [],
  );
  return { steps, order, leftOut: summary.filter((line) => line.startsWith('Left out')) };
}

const IMPORT_A = 'POST /subjects/a/versions';
const IMPORT_U = 'POST /subjects/u/versions';
const NONE = expect.stringMatching(
  /: u version 1 \(id 2\) refers to the latest version of a, which there is not: all of them are soft-deleted or left out/,
);

describe('a schema that refers to the latest version of a subject', () => {
  it('is imported with that reference, as it is, behind the first that lives', async () => {
    const { order, steps, leftOut } = await restored([user, target(1, { deleted: true }), target(2)]);
    expect(order).toEqual([IMPORT_A, IMPORT_U, IMPORT_A, 'DELETE /subjects/a/versions/1']);
    const asked = steps.find(({ path }) => path === '/subjects/u/versions');
    expect(asked?.body).toMatchObject({ references: [{ name: 'A', subject: 'a', version: -1 }] });
    expect(leftOut).toEqual([]);
  });

  it.each([
    ['is soft-deleted', [target(1, { deleted: true })]],
    ['is left out itself', [target(1, { schema: '{"type":"recrod"}' })]],
  ])('is left out by name where every version of that %s: half a restore would be left', async (_, targets) => {
    const { order, leftOut } = await restored([...targets, user]);
    expect(order).not.toContain(IMPORT_U);
    expect(leftOut).toContainEqual(NONE);
  });

  it('is left out where nobody knows that subject', async () => {
    const { order, leftOut } = await restored([user]);
    expect(order).toEqual([]);
    expect(leftOut).toEqual([expect.stringContaining('which neither the backup nor the registry has')]);
  });

  it('is imported where the registry has a version that lives on, and not where the restore deletes it', async () => {
    const text = JSON.stringify({ type: 'fixed', name: 'A', size: 1 });
    const has = (): RegistryInMemory => {
      const served = new RegistryInMemory();
      served.registry.put('/mode', { mode: 'IMPORT' });
      served.registry.register('a', JSON.parse(text), { id: 10 });
      served.registry.put('/mode', { mode: 'READWRITE' });
      return served;
    };
    expect(await restored([user], has())).toMatchObject({ order: [IMPORT_U], leftOut: [] });
    const deleted = await restored([target(1, { deleted: true, schema: text }), user], has());
    expect(deleted).toMatchObject({ order: ['DELETE /subjects/a/versions/1'], leftOut: [NONE] });
  });
});
