import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSnapshotFolder, type SnapshotFolder } from '../../../../src/recovery/backup/snapshot-folder.ts';
import { SnapshotWriter } from '../../../../src/recovery/backup/snapshot-writer.ts';
import type { RawRecord } from '../../../../src/recovery/records/raw-record.ts';
import type { RestWitness, WitnessedVersion, WitnessFacts } from '../../../../src/recovery/snapshot/rest-witness.ts';
import type { Snapshot } from '../../../../src/recovery/snapshot/snapshot.ts';

let above: string;
beforeEach(async () => {
  above = await mkdtemp(join(tmpdir(), 'holdfast-backup-'));
});
afterEach(() => rm(above, { recursive: true, force: true }));

function record(offset: number, more: Partial<RawRecord> = {}): RawRecord {
  return {
    offset,
    timestamp: 1_700_000_000_000 + offset,
    timestampType: 'CreateTime',
    key: Buffer.from(`{"keytype":"SCHEMA","subject":"s${offset % 5}","version":1,"magic":1}`),
    value: Buffer.from(`{"offset":${offset},"é":"ü"}`),
    headers: [],
    ...more,
  };
}

const ODD: readonly RawRecord[] = [
  record(3, { key: null, value: null }),
  record(4, { key: Buffer.alloc(0), value: Buffer.alloc(0) }),
  record(7, {
    timestamp: -1,
    timestampType: 'LogAppendTime',
    value: Buffer.from([0, 255, 10, 13]),
    headers: [
      { key: 'a', value: null },
      { key: 'a', value: Buffer.alloc(0) },
      { key: '', value: Buffer.from([200]) },
    ],
  }),
];

async function written(records: readonly RawRecord[], maxFileBytes?: number): Promise<SnapshotFolder> {
  const folder = join(above, 'one');
  const writer = await SnapshotWriter.create({ folder, ...(maxFileBytes === undefined ? {} : { maxFileBytes }) });
  await writer.append(records);
  return writer.finish({ source: 'topic', takenAt: 1_700_000_000_123, topic: undefined });
}

async function all(snapshot: Snapshot, from?: number): Promise<RawRecord[]> {
  const records: RawRecord[] = [];
  for await (const batch of snapshot.records(from)) records.push(...batch);
  return records;
}

async function versionsOf({ versions }: Pick<RestWitness, 'versions'>): Promise<WitnessedVersion[]> {
  const found: WitnessedVersion[] = [];
  for await (const batch of versions()) found.push(...batch);
  return found;
}

function plain(records: readonly (RawRecord | undefined)[]): unknown {
  return records.map((each) => each && JSON.parse(JSON.stringify(each)));
}

describe('a snapshot in a folder', () => {
  it('gives back every byte: null and empty apart, headers, times and their types', async () => {
    await written(ODD);
    const snapshot = await openSnapshotFolder(join(above, 'one'));
    expect(plain(await all(snapshot))).toEqual(plain(ODD));
    expect(snapshot.facts).toMatchObject({ source: 'topic', takenAt: 1_700_000_000_123, records: 3 });
    expect(snapshot.facts).toMatchObject({ beginOffset: 3, endOffset: 8 });
  });

  it('finds records by offset over many files, and tells where there is none', async () => {
    const records = Array.from({ length: 2_000 }, (_, index) => record(10 + index * 3));
    const snapshot = await written(records, 40_000);
    expect(snapshot.manifest.files.length).toBeGreaterThan(5);
    const offsets = [0, 9, 10, 11, 13, 13, 1_000, 1_003, 1_004, 4_000, 6_006, 6_007, 6_008, 90_000];
    const expected = offsets.map((offset) => records.find((each) => each.offset === offset));
    expect(plain(await snapshot.at(offsets))).toEqual(plain(expected));
    const every = Array.from({ length: 6_100 }, (_, offset) => offset);
    expect((await snapshot.at(every)).filter((each) => each !== undefined)).toHaveLength(2_000);
    expect(plain(await all(snapshot, 3_001))).toEqual(plain(records.filter(({ offset }) => offset >= 3_001)));
  });

  it('is not there before it is whole', async () => {
    const writer = await SnapshotWriter.create({ folder: join(above, 'one') });
    await writer.append(ODD);
    expect((await readdir(above)).every((name) => name.startsWith('.one.tmp-'))).toBe(true);
    await expect(openSnapshotFolder(join(above, 'one'))).rejects.toMatchObject({
      code: 'holdfast.recovery.backup-unreadable',
    });
    await writer.abort();
    expect(await readdir(above)).toEqual([]);
  });

  it('names file and line of a record that was changed', async () => {
    const snapshot = await written(Array.from({ length: 50 }, (_, index) => record(index)));
    const path = join(above, 'one', snapshot.manifest.files[0]!.name);
    const lines = (await readFile(path, 'utf8')).split('\n');
    lines[39] = lines[39]!.replace('"timestamp":17', '"timestamp":18');
    await writeFile(path, lines.join('\n'));
    for (const read of [() => all(snapshot), () => snapshot.at([39]), () => snapshot.check()]) {
      await expect(read()).rejects.toMatchObject({
        code: 'holdfast.recovery.backup-damaged',
        message: expect.stringContaining(`${path}, line 40`),
      });
    }
    expect(plain(await snapshot.at([2]))).toEqual(plain([record(2)]));
  });

  it('notices a file that was cut at a line, a changed manifest and a witness that is not what it was', async () => {
    const snapshot = await written(Array.from({ length: 50 }, (_, index) => record(index)));
    const path = join(above, 'one', snapshot.manifest.files[0]!.name);
    const text = await readFile(path, 'utf8');
    await truncate(path, text.lastIndexOf('\n', text.length - 2) + 1);
    await expect(all(snapshot)).rejects.toMatchObject({ code: 'holdfast.recovery.backup-damaged' });
    const manifest = join(above, 'one', 'manifest.json');
    await writeFile(manifest, (await readFile(manifest, 'utf8')).replace('"records": 50', '"records": 49'));
    await expect(openSnapshotFolder(join(above, 'one'))).rejects.toMatchObject({
      code: 'holdfast.recovery.backup-damaged',
    });
  });

  it('keeps what nodes told, node by node', async () => {
    const version: WitnessedVersion = {
      ...{ subject: 'é', version: 1, id: 7, schemaType: 'AVRO', references: [], metadata: undefined },
      ...{ ruleSet: undefined, schema: '"\u2028\n"', deleted: false },
    };
    const many = Array.from({ length: 450 }, (_, n) => ({ ...version, version: n + 1 }));
    const facts: Omit<WitnessFacts, 'versionCount'> = {
      ...{ node: 'http://a:8081', takenAt: 5, vendor: 'confluent', serverVersion: undefined, tellsDeleted: true },
      ...{ configs: { '': { compatibilityLevel: 'NONE' } }, modes: {}, maxIds: { '': 7 }, missing: ['x'] },
    };
    const told = (versions: readonly WitnessedVersion[]): RestWitness => ({
      ...facts,
      versionCount: versions.length,
      async *versions() {
        yield versions;
      },
    });
    const writer = await SnapshotWriter.create({ folder: join(above, 'one') });
    await writer.addWitness(told(many));
    await writer.addWitness({ ...told([]), node: 'http://b:8081' });
    const snapshot = await writer.finish({ source: 'rest', takenAt: 5, topic: undefined });
    const found: unknown[] = [];
    for await (const { versions, ...head } of snapshot.witnesses()) {
      found.push({ ...head, all: await versionsOf({ versions }) });
    }
    expect(found).toEqual([
      { ...facts, versionCount: 450, all: many },
      { ...facts, node: 'http://b:8081', versionCount: 0, all: [] },
    ]);
    await snapshot.check();
    const path = join(above, 'one', snapshot.manifest.witnesses[0]!.name);
    const text = await readFile(path, 'utf8');
    await truncate(path, Buffer.byteLength(text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1)));
    for await (const witness of snapshot.witnesses()) {
      if (witness.versionCount === 0) continue;
      await expect(versionsOf(witness)).rejects.toMatchObject({
        code: 'holdfast.recovery.backup-damaged',
      });
    }
  });
});
