import { expect, it } from 'vitest';
import { reKey } from '../../../../src/recovery/repair/re-key.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import {
  asLog,
  confluent,
  legacySchemaKey,
  record,
  schemaKey,
  type WrittenRecord,
} from '../../../support/recovery/record-bytes.ts';
import { afterRepair, compacted, everyReading, plannedRecords, versionsIn } from './planned-log.ts';

const text = (n: number): string => `{"type":"fixed","name":"F","size":${n}}`;
const schema = (subject: string, version: number, id: number, deleted = false) =>
  confluent.schema({ subject, version, id, schema: text(id), deleted });
const legacy = (written: WrittenRecord, subject: string, version: number): WrittenRecord => ({
  ...written,
  key: record(legacySchemaKey(subject, version), null).key,
});

async function reKeyed(log: readonly WrittenRecord[]) {
  const snapshot = new MemorySnapshot(asLog(log));
  const repair = await reKey({ snapshot, state: await replay(snapshot, 'confluent') });
  const after = await afterRepair(snapshot, repair);
  return { repair, after, readings: await everyReading(after) };
}
const keysOf = ({ raw }: MemorySnapshot): readonly string[] =>
  raw.map(({ key }) => Buffer.from(key ?? []).toString()).sort();

it('writes a version under the canonical key and leaves no other', async () => {
  const { after, readings } = await reKeyed([legacy(schema('a', 1, 1), 'a', 1), schema('b', 1, 2)]);
  for (const state of readings) expect(versionsIn(state)).toEqual(['a:1=1', 'b:1=2']);
  expect(keysOf(compacted(after))).toEqual([schemaKey('a', 1), schemaKey('b', 1)]);
});

it('has nothing to do for what it has mended, also before compaction', async () => {
  const logs = [
    [schema('a', 1, 1), legacy(schema('a', 1, 1), 'a', 1)],
    [legacy(schema('a', 1, 1), 'a', 1)],
    [schema('a', 1, 1), { ...legacy(schema('a', 1, 1), 'a', 1), value: null }],
  ];
  for (const log of logs) {
    const { repair, after } = await reKeyed(log);
    expect(repair.writes).toBeGreaterThan(0);
    const again = await reKey({ snapshot: after, state: await replay(after, 'confluent') });
    expect(again.writes).toBe(0);
    expect(again.summary.join()).toContain('nothing to do');
  }
});

it('lets the last of two encodings hold', async () => {
  const { repair, after, readings } = await reKeyed([schema('a', 1, 1), legacy(schema('a', 1, 1, true), 'a', 1)]);
  for (const state of readings) expect(versionsIn(state)).toEqual(['a:1=1-']);
  expect(keysOf(compacted(after))).toEqual([schemaKey('a', 1)]);
  expect(repair.summary.join('\n')).toContain('offset 1 holds');
});

it('keeps a version deleted whose tombstone has another encoding than its record', async () => {
  const log = [schema('a', 1, 1), { ...legacy(schema('a', 1, 1), 'a', 1), value: null }, schema('b', 1, 2)];
  const { after, readings } = await reKeyed(log);
  for (const state of readings) expect(versionsIn(state)).toEqual(['b:1=2']);
  expect(keysOf(compacted(after))).toEqual([schemaKey('b', 1)]);
});

it('keeps what a DELETE_SUBJECT deleted, and what was registered after it', async () => {
  const deleted = {
    ...confluent.deleteSubject('a', 1),
    key: record('{"magic":0,"keytype":"DELETE_SUBJECT","subject":"a"}', null).key,
  };
  const { readings } = await reKeyed([schema('a', 1, 1), deleted, schema('a', 2, 2)]);
  for (const state of readings) expect(versionsIn(state)).toEqual(['a:1=1-', 'a:2=2']);
});

it('moves what refers to a version behind it', async () => {
  const references = [{ name: 'F', subject: 'a', version: 1 }];
  const user = confluent.schema({ subject: 'u', version: 1, id: 2, schema: '"F"', references });
  const { readings } = await reKeyed([legacy(schema('a', 1, 1), 'a', 1), user]);
  for (const state of readings) expect(versionsIn(state)).toEqual(['a:1=1', 'u:1=2']);
});

it('writes settings under their canonical key', async () => {
  const config = record('{"magic":0,"subject":"a","keytype":"CONFIG"}', '{"compatibilityLevel":"FULL"}');
  const { readings, after } = await reKeyed([config]);
  for (const state of readings) expect(state.config('a')?.value).toEqual({ compatibilityLevel: 'FULL' });
  expect(keysOf(compacted(after))).toEqual(['{"keytype":"CONFIG","subject":"a","magic":0}']);
});

it('has nothing to do where every key is canonical', async () => {
  const { repair } = await reKeyed([
    schema('a', 1, 1),
    confluent.config(null, { compatibilityLevel: 'NONE' }),
    confluent.noop(),
  ]);
  expect(repair.writes).toBe(0);
  expect(await plannedRecords(repair.records())).toEqual([]);
});

it('leaves an id that stands for two schemas to whom it stood for, whichever of them gets another key', async () => {
  for (const old of ['a', 'b']) {
    const shared = (subject: string): WrittenRecord => {
      const written = confluent.schema({ subject, version: 1, id: 7, schema: `"${subject}"` });
      return subject === old ? legacy(written, subject, 1) : written;
    };
    const { readings } = await reKeyed([shared('a'), shared('b')]);
    expect(readings.map((state) => state.byId('', 7)?.subject)).toEqual(['a', 'b', 'a', 'b']);
  }
});
