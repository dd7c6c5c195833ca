import { expect, it } from 'vitest';
import { duplicateIds, shownDuplicate } from '../../../../src/recovery/repair/duplicate-ids.ts';
import { giveNewIds } from '../../../../src/recovery/repair/give-new-id.ts';
import { ConfigError } from '../../../../src/sdk/errors/kinds.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { asLog, confluent, type WrittenRecord } from '../../../support/recovery/record-bytes.ts';
import { afterRepair, bothStates, everyReading, versionsIn } from './planned-log.ts';

const text = (name: string): string => `{"type":"fixed","name":"${name}","size":1}`;
const schema = (subject: string, version: number, id: number, name: string, more: object = {}) =>
  confluent.schema({ subject, version, id, schema: text(name), ...more });

const twice = [
  schema('a', 1, 7, 'A'),
  schema('other', 1, 9, 'O'),
  schema('b', 1, 7, 'B'),
  schema('c', 2, 7, 'B'),
  confluent.schema({
    subject: 'u',
    version: 1,
    id: 10,
    schema: '"B"',
    references: [{ name: 'B', subject: 'b', version: 1 }],
  }),
];

async function found(log: readonly WrittenRecord[]) {
  const snapshot = new MemorySnapshot(asLog(log));
  const states = await bothStates(snapshot);
  return { snapshot, states, duplicates: await duplicateIds(snapshot, states) };
}

it('lists the contents of an id, and whose registry answers with which', async () => {
  const { duplicates } = await found(twice);
  expect(duplicates).toHaveLength(1);
  expect(duplicates[0]).toMatchObject({ context: '', id: 7 });
  expect(
    duplicates[0]?.contents.map(({ versions, answersIn, schema: said }) => [
      versions.map(({ subject }) => subject),
      answersIn,
      said,
    ]),
  ).toEqual([
    [['a'], ['confluent'], text('A')],
    [['b', 'c'], ['karapace'], text('B')],
  ]);
  const shown = duplicates.flatMap(shownDuplicate).join('\n');
  expect(shown).toContain("a version 1 (offset 0): Confluent's registry answers with it");
});

it('lists texts that differ in spaces only, as the later one is dropped by Confluent', async () => {
  const spaced = confluent.schema({ subject: 'b', version: 1, id: 7, schema: `${text('A')} ` });
  const { duplicates } = await found([schema('a', 1, 7, 'A'), spaced]);
  expect(duplicates[0]?.contents.map(({ answersIn }) => answersIn)).toEqual([['confluent'], ['karapace']]);
});

it('takes one content under several subjects, and one id in several contexts, for no duplicate', async () => {
  const log = [schema('a', 1, 7, 'A'), schema('b', 1, 7, 'A'), schema(':.x:a', 1, 7, 'B')];
  expect((await found(log)).duplicates).toEqual([]);
});

it.each([
  ['b', ['a:1=7', 'b:1=11', 'c:2=11', 'other:1=9', 'u:1=10'], 'A'],
  ['a', ['a:1=11', 'b:1=7', 'c:2=7', 'other:1=9', 'u:1=10'], 'B'],
])('gives %s an id above every other, for every vendor, compacted or not', async (subject, versions, keeper) => {
  const { snapshot, states, duplicates } = await found(twice);
  const version = 1;
  const repair = await giveNewIds({ snapshot, states, duplicates, chosen: [{ subject, version }] });
  const after = await afterRepair(snapshot, repair);
  for (const state of await everyReading(after)) {
    expect(versionsIn(state)).toEqual(versions);
    const answer = state.byId('', 7);
    const [record] = await after.at([answer?.offset ?? -1]);
    expect(Buffer.from(record?.value ?? []).toString()).toContain(`\\"name\\":\\"${keeper}\\"`);
  }
  expect(repair.given).toMatchObject([{ oldId: 7, newId: 11 }]);
});

it('goes above ids that only the registry knows of', async () => {
  const { snapshot, states, duplicates } = await found(twice);
  const chosen = [{ subject: 'b', version: 1 }];
  const repair = await giveNewIds({ snapshot, states, duplicates, chosen, maxIds: { '': 400 } });
  expect(repair.given[0]?.newId).toBe(401);
});

it('has nothing to do for a version that shares its id with nobody', async () => {
  const { snapshot, states, duplicates } = await found(twice);
  const chosen = [{ subject: 'other', version: 1 }];
  const repair = await giveNewIds({ snapshot, states, duplicates, chosen });
  expect(repair).toMatchObject({ writes: 0, given: [] });
  expect(repair.summary.join()).toContain('nothing to do');
});

it('refuses a version that is not there', async () => {
  const { snapshot, states, duplicates } = await found(twice);
  const chosen = [{ subject: 'other', version: 2 }];
  const error = await giveNewIds({ snapshot, states, duplicates, chosen }).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(ConfigError);
  expect(error).toMatchObject({ code: 'holdfast.recovery.no-duplicate' });
});

it('reads the texts of one id after the other', async () => {
  const log = Array.from({ length: 40 }, (_, n) => schema(`s${n}`, 1, 1 + (n >> 1), `N${n}`));
  const snapshot = new MemorySnapshot(asLog(log));
  const states = await bothStates(snapshot);
  const { at } = snapshot;
  let [open, most] = [0, 0];
  snapshot.at = async (offsets) => {
    most = Math.max(most, ++open);
    const read = await at.call(snapshot, offsets);
    open--;
    return read;
  };
  expect(await duplicateIds(snapshot, states)).toHaveLength(20);
  expect(most).toBe(1);
});
