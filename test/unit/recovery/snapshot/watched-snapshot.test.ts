import { expect, it } from 'vitest';
import { watchedSnapshot } from '../../../../src/recovery/snapshot/watched-snapshot.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { asLog, confluent } from '../../../support/recovery/record-bytes.ts';

it('shows how far each reader of a snapshot is, and changes nothing of it', async () => {
  const schema = (n: number) => confluent.schema({ subject: `s${n}`, version: 1, id: n, schema: '"int"' });
  const snapshot = new MemorySnapshot(asLog([schema(1), schema(2), schema(3)]));
  const shown: string[] = [];
  const report = (what: string, done: number, total?: number): void => {
    shown.push(`${what} ${done}/${total}`);
  };
  const watched = watchedSnapshot(snapshot, 'Planning', { report });
  const state = await replay(watched, 'confluent');
  expect([...state.subjects()]).toEqual(['s1', 's2', 's3']);
  expect(watched.facts).toBe(snapshot.facts);
  expect(await watched.at([1])).toEqual(await snapshot.at([1]));
  expect([shown.at(0), shown.at(-1)]).toEqual(['Planning 0/3', 'Planning 3/3']);
});
