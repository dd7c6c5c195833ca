import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openSnapshotFolder } from '../../../src/recovery/backup/snapshot-folder.ts';
import { SnapshotWriter } from '../../../src/recovery/backup/snapshot-writer.ts';
import type { RawRecord } from '../../../src/recovery/records/raw-record.ts';
import { anyRecords } from '../../support/recovery/any-records.ts';
import { generatedRegistry } from '../../support/recovery/generated-registry.ts';
import { inWords, MemorySnapshot, recordsOf, topicFacts } from '../../support/recovery/memory-snapshot.ts';
import { runs } from '../../support/recovery/property-runs.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** So small that a backup has several files. */
const MAX_FILE_BYTES = 1_500;

let backups = 0;
const root = tempDir('round-trips');

async function written(records: readonly RawRecord[], batch: number): Promise<string> {
  const folder = join(root, `backup-${backups++}`);
  const writer = await SnapshotWriter.create({ folder, maxFileBytes: MAX_FILE_BYTES });
  for (let at = 0; at < records.length; at += batch) await writer.append(records.slice(at, at + batch));
  const endOffset = (records.at(-1)?.offset ?? -1) + 1;
  await writer.finish({ source: 'topic', takenAt: 1, topic: topicFacts({ endOffset }) });
  return folder;
}

describe('a backup in a folder', () => {
  it('gives back every byte of any log', async () => {
    await fc.assert(
      fc.asyncProperty(anyRecords, fc.integer({ min: 1, max: 20 }), async (records, batch) => {
        const snapshot = await openSnapshotFolder(await written(records, batch));
        await snapshot.check();
        expect((await recordsOf(snapshot)).map(inWords)).toEqual(records.map(inWords));
        await snapshot.close();
      }),
      { numRuns: runs(12) },
    );
  });

  it('gives back every byte of a registry', async () => {
    await fc.assert(
      fc.asyncProperty(generatedRegistry(), async ({ log }) => {
        const snapshot = await openSnapshotFolder(await written(log, 3));
        expect((await recordsOf(snapshot)).map(inWords)).toEqual(log.map(inWords));
        await snapshot.close();
      }),
      { numRuns: runs(12) },
    );
  });

  it('finds the same records by offset as a search of all would, and goes on from any offset', async () => {
    const offsets = fc.array(fc.nat({ max: 3_200 }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(anyRecords, offsets, fc.nat({ max: 3_200 }), async (records, some, from) => {
        const snapshot = await openSnapshotFolder(await written(records, 7));
        const memory = new MemorySnapshot(records);
        const wanted = [...new Set([...some, ...records.filter((_, n) => n % 3 === 0).map(({ offset }) => offset)])];
        wanted.sort((a, b) => a - b);
        const told = (all: readonly (RawRecord | undefined)[]): unknown =>
          all.map((record) => (record === undefined ? 'none' : inWords(record)));
        expect(told(await snapshot.at(wanted))).toEqual(told(await memory.at(wanted)));
        const after: RawRecord[] = [];
        for await (const batch of snapshot.records(from)) after.push(...batch);
        expect(after.map(inWords)).toEqual(records.filter(({ offset }) => offset >= from).map(inWords));
        await snapshot.close();
      }),
      { numRuns: runs(15) },
    );
  });

  it('notices any byte of any file that is not what was written, and any file that is cut', async () => {
    const place = fc.record({ file: fc.nat(), at: fc.nat(), bit: fc.nat({ max: 7 }), cut: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(anyRecords, place, async (records, { file, at, bit, cut }) => {
        const folder = await written(records, 10);
        const names = readdirSync(folder).sort();
        const path = join(folder, names[file % names.length] ?? '');
        const bytes = readFileSync(path);
        const where = at % bytes.length;
        if (!cut) bytes.writeUInt8(bytes.readUInt8(where) ^ (1 << bit), where);
        writeFileSync(path, cut ? bytes.subarray(0, where) : bytes);
        const checked = (async (): Promise<string> => {
          const snapshot = await openSnapshotFolder(folder);
          await snapshot.check();
          return 'nothing was noticed';
        })();
        const outcome = await checked.catch(
          (error: { readonly code?: string }) => error.code ?? 'an error without a code',
        );
        // The last newline of the manifest is the one byte that may differ: it is not part of what it says.
        const isLastBreak = path.endsWith('manifest.json') && where >= bytes.length - 1;
        if (!isLastBreak)
          expect(outcome, `${path} at ${where}`).toMatch(/^holdfast\.recovery\.backup-(damaged|unreadable)$/);
      }),
      { numRuns: runs(30) },
    );
  });
});
