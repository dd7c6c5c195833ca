import { expect, it } from 'vitest';
import { consequencesAnew, consequencesInPlace } from '../../../../src/recovery/repair/consequences.ts';
import { tombstoneEmpty } from '../../../../src/recovery/repair/tombstone-empty.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { asLog, confluent, karapace, record } from '../../../support/recovery/record-bytes.ts';

const schema = (subject: string, id: number) =>
  confluent.schema({ subject, version: 1, id, schema: `{"type":"fixed","name":"F","size":${id}}` });

it('says for each vendor what changes, as its registry reads the records', async () => {
  const snapshot = new MemorySnapshot(asLog([schema('a', 1), schema('b', 2), karapace.gone('b', 1)]));
  expect(await consequencesInPlace(snapshot, await tombstoneEmpty(snapshot))).toEqual([
    "What changes for Confluent's registry:",
    '  b version 1, with id 2, is gone',
    '  id 2 is not known any more',
    'Nothing changes for Karapace.',
  ]);
});

it('says what comes back for a registry whose reader died', async () => {
  const damaged = new MemorySnapshot(asLog([schema('a', 1), record('{"keytype":"NEW"}', '{}'), schema('b', 2)]));
  const mended = new MemorySnapshot(damaged.raw.filter(({ offset }) => offset !== 1));
  expect(await consequencesAnew(damaged, mended)).toEqual([
    "What changes for Confluent's registry:",
    '  b version 1 is there, with id 2',
    'Nothing changes for Karapace.',
  ]);
  const inVain = await consequencesInPlace(damaged, await tombstoneEmpty(damaged));
  expect(inVain.join('\n')).toContain("Confluent's registry stops reading at offset 1");
});

it('says what only compaction will change', async () => {
  const references = [{ name: 'F', subject: 'a', version: 1 }];
  const user = confluent.schema({ subject: 'u', version: 1, id: 2, schema: '"F"', references });
  const snapshot = new MemorySnapshot(asLog([schema('a', 1), user]));
  const { key, value } = snapshot.raw[0] as { readonly key: Uint8Array; readonly value: Uint8Array };
  const rewrite = {
    ...{ title: '', summary: [], writes: 1 },
    records: async function* () {
      const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
      yield { key: base64(key), value: base64(value), headers: [], timestamp: -1 };
    },
  };
  expect(await consequencesInPlace(snapshot, rewrite)).toEqual([
    'Nothing changes for either registry.',
    'For Karapace, once the topic is compacted and it is started again:',
    '  u version 1, with id 2, is gone',
  ]);
});

it('names the first of many changes and counts the rest, and tells vendors apart by those as well', async () => {
  const many = Array.from({ length: 20 }, (_, n) => schema(`s${n}`, n + 1));
  const toNowhere = { version: 1, schema: '"F"', references: [{ name: 'F', subject: 'lost', version: 1 }] };
  // Each drops one: Karapace what refers to nothing, Confluent's registry a second text of an id.
  const dropped = [
    confluent.schema({ subject: 't-by-karapace', id: 30, ...toNowhere }),
    confluent.schema({ subject: 't-by-confluent', version: 1, id: 1, schema: '"other"' }),
  ];
  const told = await consequencesAnew(new MemorySnapshot([]), new MemorySnapshot(asLog([...many, ...dropped])));
  const shown = [...many.map((_, n) => `  s${n} version 1 is there, with id ${n + 1}`), '  and 1 more'];
  expect(told).toEqual(["What changes for Confluent's registry:", ...shown, 'What changes for Karapace:', ...shown]);
});

it('does not say again what compaction changes without the repair', async () => {
  const references = [{ name: 'F', subject: 'a', version: 1 }];
  const user = confluent.schema({ subject: 'u', version: 1, id: 2, schema: '"F"', references });
  const snapshot = new MemorySnapshot(asLog([schema('a', 1), user, schema('a', 1), schema('b', 3)]));
  const nothing = { title: '', summary: [], writes: 0, records: async function* () {} };
  expect(await consequencesInPlace(snapshot, nothing)).toEqual(['Nothing changes for either registry.']);
});
