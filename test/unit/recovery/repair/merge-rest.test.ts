import { expect, it } from 'vitest';
import type { RawRecord } from '../../../../src/recovery/records/raw-record.ts';
import { mergeRest } from '../../../../src/recovery/repair/merge-rest.ts';
import { restDifferences } from '../../../../src/recovery/repair/rest-differences.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { asLog, confluent } from '../../../support/recovery/record-bytes.ts';
import { bothStates, versionsIn } from './planned-log.ts';

const schema = (subject: string, version: number, id: number, more: object = {}) =>
  confluent.schema({ subject, version, id, schema: `{"type":"fixed","name":"F","size":${id}}`, ...more });
const user = confluent.schema({
  ...{ subject: 'u', version: 1, id: 9, schema: '"F"' },
  references: [{ name: 'F', subject: 'a', version: 1 }],
});

const rest = new MemorySnapshot(
  asLog([
    // A registry tells more than what was set, and its own mode only where that is another than READWRITE.
    confluent.config(null, { compatibilityLevel: 'NONE', normalize: false }),
    confluent.config('a', { compatibilityLevel: 'NONE' }),
    confluent.config('lost', { compatibilityLevel: 'FULL' }),
    confluent.mode('a', { mode: 'IMPORT' }),
    schema('a', 1, 1),
    user,
    schema('b', 1, 2, { deleted: true }),
    schema('lost', 1, 3),
  ]),
);
const topic = new MemorySnapshot(
  asLog([
    confluent.config(null, { compatibilityLevel: 'NONE' }),
    confluent.config('a', { compatibilityLevel: 'FULL' }),
    confluent.config('only', { compatibilityLevel: 'BACKWARD' }),
    confluent.mode(null, { mode: 'READWRITE' }),
    confluent.mode('a', { mode: 'READONLY' }),
    ...[schema('a', 1, 5), schema('b', 1, 2), schema('only', 1, 4), user],
  ]),
);

const found = async () => restDifferences((await bothStates(rest)).confluent, (await bothStates(topic)).confluent);

it('lists what both have and have otherwise, and what the registry lacks, but not what the topic has lost', async () => {
  expect((await found()).map(({ what }) => what)).toEqual([
    'a version 1: id 1 in the registry, 5 in the topic',
    'b version 1: soft-deleted in the registry, and not in the topic',
    'only version 1: the registry does not know it, the topic has it with id 4',
    'config of a: {"compatibilityLevel":"NONE"} in the registry, {"compatibilityLevel":"FULL"} in the topic',
    'config of only: the registry tells none, the topic has {"compatibilityLevel":"BACKWARD"}',
    'mode of a: {"mode":"IMPORT"} in the registry, {"mode":"READONLY"} in the topic',
  ]);
});

it('takes the versions and settings that differ from the topic, in an order in which references are found', async () => {
  const records: RawRecord[] = [];
  await mergeRest(
    { rest, topic, differences: await found() },
    { append: async (batch) => void records.push(...batch) },
  );
  const offsets = records.map(({ offset }) => offset);
  expect(offsets).toEqual([...offsets.keys()]);
  const { confluent: state, karapace } = await bothStates(new MemorySnapshot(records));
  for (const each of [state, karapace]) {
    expect(versionsIn(each)).toEqual(['a:1=5', 'b:1=2', 'lost:1=3', 'only:1=4', 'u:1=9']);
    expect(each.config(null)?.value).toEqual({ compatibilityLevel: 'NONE', normalize: false });
    expect(['a', 'only', 'lost'].map((subject) => each.config(subject)?.value)).toEqual([
      ...[{ compatibilityLevel: 'FULL' }, { compatibilityLevel: 'BACKWARD' }, { compatibilityLevel: 'FULL' }],
    ]);
  }
  expect(state.mode('a')?.value).toEqual({ mode: 'READONLY' });
  expect(state.mode(null)).toBeUndefined();
});
