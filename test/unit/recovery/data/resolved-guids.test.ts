import { describe, expect, it } from 'vitest';
import { guidOf, resolvedGuids } from '../../../../src/recovery/data/resolved-guids.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { confluent, type WrittenRecord, type WrittenSchema } from '../../../support/recovery/record-bytes.ts';

const { signal } = new AbortController();
/** The text and the hash are those of Confluent's own test of MD5.ofSchema. */
const PINNED = '{"type":"record","name":"myrecord","fields":[{"type":"string","default":null,"name":"f"}]}';
const PINNED_GUID = '1d20cbb9-e5e3-5e97-54e7-da170b6e5ddb';

const value = (more: object = {}) => ({
  ...{ subject: 's', version: 1, id: 1, schemaType: 'AVRO', references: [], schema: PINNED, deleted: false },
  ...{ metadata: undefined, ruleSet: undefined },
  ...more,
});

async function resolved(written: readonly WrittenRecord[], wanted: readonly string[]): Promise<readonly string[]> {
  const records = written.map((each, offset) => ({
    ...each,
    offset,
    timestamp: 0,
    timestampType: 'CreateTime' as const,
  }));
  const snapshot = new MemorySnapshot(records);
  const state = await replay(snapshot, 'confluent', { signal });
  const reads = snapshot.reads;
  const found = await resolvedGuids({ snapshot, state, wanted }, signal);
  expect(snapshot.reads - reads).toBe(wanted.length === 0 ? 0 : 1);
  return [...found];
}

describe('GUIDs', () => {
  const schema = (more: Partial<WrittenSchema> = {}) =>
    confluent.schema({ subject: 's', version: 1, id: 1, schema: PINNED, ...more });

  it('are made of text and references as Confluent does', () => {
    expect(guidOf(value())).toBe(PINNED_GUID);
    const references = [{ name: 'a', subject: 'b', version: 3 }];
    expect(guidOf(value({ schema: 'x', references }))).toBe(guidOf(value({ schema: 'xab\0\0\0\u0003' })));
    expect(guidOf(value({ metadata: {} }))).toBeUndefined();
  });

  it('are resolved by schemas that are there', async () => {
    expect(await resolved([schema()], [PINNED_GUID, 'other'])).toEqual([PINNED_GUID]);
    expect(await resolved([schema()], [])).toEqual([]);
    expect(await resolved([schema({ metadata: { owner: 'x' } })], [PINNED_GUID])).toEqual([]);
    expect(await resolved([schema(), confluent.gone('s', 1)], [PINNED_GUID])).toEqual([]);
  });
});
