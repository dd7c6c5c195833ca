import { expect, it } from 'vitest';
import { undelete } from '../../../../src/recovery/repair/undelete.ts';
import type { ReplayVendor } from '../../../../src/recovery/state/registry-state.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import { ConfigError } from '../../../../src/sdk/errors/kinds.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { asLog, confluent, karapace, record, schemaKey } from '../../../support/recovery/record-bytes.ts';
import { afterRepair, everyReading, plannedRecords, versionsIn } from './planned-log.ts';

const text = (n: number): string => `{"type":"fixed","name":"F","size":${n}}`;
const schema = (subject: string, version: number, id: number, deleted = false) =>
  confluent.schema({ subject, version, id, schema: text(id), deleted });

const A = { subject: 'a', version: 1, id: 1, schema: text(1), deleted: true };

async function undeleted(
  snapshot: MemorySnapshot,
  subject: string,
  version?: number,
  from?: MemorySnapshot,
  vendor: ReplayVendor = 'confluent',
) {
  const state = await replay(snapshot, vendor);
  const backup = from && { name: 'backup/1', snapshot: from, state: await replay(from, 'confluent') };
  const repair = await undelete({
    snapshot,
    state,
    subject,
    version,
    ...(backup === undefined ? {} : { from: backup }),
  });
  return { repair, readings: await everyReading(await afterRepair(snapshot, repair)) };
}

it('brings soft-deleted versions back, and writes null over a DELETE_SUBJECT that has nothing left to delete', async () => {
  const log = [schema('a', 1, 1), schema('a', 2, 2), confluent.deleteSubject('a', 2), schema('b', 1, 3)];
  const { repair, readings } = await undeleted(new MemorySnapshot(asLog(log)), 'a');
  for (const state of readings) expect(versionsIn(state)).toEqual(['a:1=1', 'a:2=2', 'b:1=3']);
  const [first, ...others] = await plannedRecords(repair.records());
  expect(first).toMatchObject({ value: null });
  expect(Buffer.from(first?.key ?? '', 'base64').toString()).toContain('DELETE_SUBJECT');
  expect(others).toHaveLength(2);
});

it('brings one version back and leaves the others deleted', async () => {
  const log = [schema('a', 1, 1), schema('a', 2, 2), confluent.deleteSubject('a', 2)];
  const { repair, readings } = await undeleted(new MemorySnapshot(asLog(log)), 'a', 2);
  for (const state of readings) expect(versionsIn(state)).toEqual(['a:1=1-', 'a:2=2']);
  expect(repair.writes).toBe(1);
});

it('keeps fields that it does not know', async () => {
  const value = '{"subject":"a","version":1,"id":1,"md5":"x","schema":"\\"int\\"","deleted":true,"guid":"g"}';
  const snapshot = new MemorySnapshot(asLog([record(schemaKey('a', 1), value)]));
  const { repair } = await undeleted(snapshot, 'a', 1);
  const [written] = await plannedRecords(repair.records());
  expect(Buffer.from(written?.value ?? '', 'base64').toString()).toBe(
    value.replace('"deleted":true', '"deleted":false'),
  );
});

it('brings a version that is gone back from the log, or from a backup', async () => {
  const log = [schema('a', 1, 1), schema('a', 1, 1, true), confluent.gone('a', 1), schema('b', 1, 2)];
  const inLog = await undeleted(new MemorySnapshot(asLog(log)), 'a', 1);
  for (const state of inLog.readings) expect(versionsIn(state)).toEqual(['a:1=1', 'b:1=2']);
  expect(inLog.repair.summary.join('\n')).toContain('offset 1 of the log');

  const lost = new MemorySnapshot(asLog([schema('b', 1, 2)]));
  const backup = new MemorySnapshot(asLog([schema('a', 1, 1), schema('b', 1, 2)]));
  const fromBackup = await undeleted(lost, 'a', undefined, backup);
  for (const state of fromBackup.readings) expect(versionsIn(state)).toEqual(['a:1=1', 'b:1=2']);
  expect(fromBackup.repair.summary.join('\n')).toContain('backup/1');
  await expect(undeleted(lost, 'a', 1)).rejects.toMatchObject({ code: 'holdfast.recovery.not-undeleted' });
});

it.each([undefined, 3])('takes a subject that nothing tells of for a mistake in the call', async (version) => {
  const snapshot = new MemorySnapshot(asLog([schema('a', 1, 1)]));
  const error = await undeleted(snapshot, 'nobody', version).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(ConfigError);
  expect(error).toMatchObject({
    code: 'holdfast.recovery.not-undeleted',
    message: expect.stringMatching(/^There is no subject nobody.*Check its name/),
  });
});

it('refuses a version whose id means another schema by now', async () => {
  const snapshot = new MemorySnapshot(
    asLog([
      schema('a', 1, 1),
      karapace.gone('a', 1),
      confluent.gone('a', 1),
      confluent.schema({ subject: 'b', version: 1, id: 1, schema: '"int"' }),
    ]),
  );
  await expect(undeleted(snapshot, 'a', 1)).rejects.toMatchObject({
    code: 'holdfast.recovery.not-undeleted',
    message: expect.stringContaining('b version 1'),
  });
});

it('writes what refers to it again behind it, so that Karapace finds what it refers to', async () => {
  const references = [{ name: 'F', subject: 'a', version: 1 }];
  const user = confluent.schema({ subject: 'u', version: 1, id: 2, schema: '"F"', references });
  const used = confluent.schema({
    subject: 'v',
    version: 1,
    id: 3,
    schema: '"U"',
    references: [{ name: 'U', subject: 'u', version: 1 }],
  });
  const snapshot = new MemorySnapshot(asLog([schema('a', 1, 1), user, used, schema('a', 1, 1, true)]));
  const { repair, readings } = await undeleted(snapshot, 'a', 1);
  for (const state of readings) expect(versionsIn(state)).toEqual(['a:1=1', 'u:1=2', 'v:1=3']);
  expect(repair.writes).toBe(3);
});

it('writes what refers to the latest version again behind it, which Karapace drops otherwise', async () => {
  const latest = [{ name: 'F', subject: 'a', version: -1 }];
  const user = confluent.schema({ subject: 'u', version: 1, id: 3, schema: '"F"', references: latest });
  // Compaction leaves the user before the only version that it can refer to.
  const snapshot = new MemorySnapshot(
    asLog([schema('a', 1, 1), user, schema('a', 1, 1, true), schema('a', 2, 2), schema('a', 2, 2, true)]),
  );
  const { repair, readings } = await undeleted(snapshot, 'a', 2);
  for (const state of readings) expect(versionsIn(state)).toEqual(['a:1=1-', 'a:2=2', 'u:1=3']);
  expect(repair.writes).toBe(2);
});

it('names a reference to the latest version as missing where every version of that subject is deleted', async () => {
  const latest = [{ name: 'F', subject: 'a', version: -1 }];
  const log = [
    schema('a', 1, 1, true),
    confluent.schema({ subject: 'u', version: 1, id: 2, schema: '"F"', references: latest, deleted: true }),
  ];
  const missing = (await undeleted(new MemorySnapshot(asLog(log)), 'u')).repair.summary.join('\n');
  expect(missing).toContain('u version 1 refers to the latest version of a, which is not there');
  const there = new MemorySnapshot(asLog([...log, schema('a', 2, 3)]));
  expect((await undeleted(there, 'u')).repair.summary.join('\n')).not.toContain('refers to');
});

it('takes the whole name of what Karapace refers to from within what looks like a context', async () => {
  const references = [{ name: 'F', subject: 'a', version: 1 }];
  const user = karapace.schema({ subject: ':.x:u', version: 1, id: 2, schema: '"F"', references });
  const snapshot = new MemorySnapshot(asLog([karapace.schema({ ...A, deleted: false }), user, karapace.schema(A)]));
  const { readings } = await undeleted(snapshot, 'a', 1, undefined, 'karapace');
  for (const state of readings) expect(versionsIn(state)).toEqual([':.x:u:1=2', 'a:1=1']);
});

it('has nothing to do where nothing is deleted', async () => {
  const { repair } = await undeleted(new MemorySnapshot(asLog([schema('a', 1, 1)])), 'a', 1);
  expect(repair.writes).toBe(0);
});

it('leaves an id that stands for two schemas to whom it stood for, whichever of them comes back', async () => {
  for (const back of ['a', 'b']) {
    const shared = (subject: string) =>
      confluent.schema({ subject, version: 1, id: 7, schema: `"${subject}"`, deleted: subject === back });
    const snapshot = new MemorySnapshot(asLog([shared('a'), shared('b')]));
    const before = (await everyReading(snapshot)).map((state) => state.byId('', 7)?.subject);
    for (const vendor of ['confluent', 'karapace'] as const) {
      if (vendor === 'confluent' && back === 'b') continue; // Confluent's registry does not know of it.
      const { readings } = await undeleted(snapshot, back, 1, undefined, vendor);
      expect(readings.map((state) => state.byId('', 7)?.subject)).toEqual(before);
    }
  }
});
