import { expect, it } from 'vitest';
import { stateChanges } from '../../../../src/recovery/repair/state-changes.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { asLog, confluent } from '../../../support/recovery/record-bytes.ts';

const fixed = (subject: string, size: number) =>
  confluent.schema({ subject, version: 1, id: 1, schema: `{"type":"fixed","name":"F","size":${size}}` });

const changes = async (before: ReturnType<typeof fixed>[], after: ReturnType<typeof fixed>[]) => {
  const [was, is] = [new MemorySnapshot(asLog(before)), new MemorySnapshot(asLog(after))];
  return [...stateChanges(await replay(was, 'karapace'), await replay(is, 'karapace'))];
};

it('tells an id that answers with another version', async () => {
  const told = await changes([fixed('b', 2), fixed('a', 1)], [fixed('a', 1), fixed('b', 2)]);
  expect(told).toEqual(['id 1 answers with b version 1 instead of a version 1']);
});

it('tells an id that answers with another content of the version it had', async () => {
  expect(await changes([fixed('a', 1)], [fixed('a', 2)])).toEqual([
    'a version 1 has another content',
    'id 1 answers with another content of a version 1',
  ]);
});
