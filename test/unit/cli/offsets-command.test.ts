import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { listOffsets, runOffsets } from '../../../src/cli/offsets-command.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { FileOffsetBackingStore } from '../../../src/storage/file-offset-backing-store.ts';
import { decodeJavaOffsets, encodeJavaOffsets } from '../../../src/storage/java-offset-file.ts';
import { decodeOffsetFile, encodeOffsetFile } from '../../../src/storage/offset-file.ts';

const OFFSETS = new Map([
  ['["files",{"filename":"/in.txt"}]', '{"position":6}'],
  // Odd, and none of Holdfast's business: kept as they are.
  ['["files",null]', '{"position":7}'],
  ['not json', '{}'],
]);

let dir: string;
let theirs: string;
let ours: string;
let printed: string[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'holdfast-offsets-'));
  theirs = join(dir, 'theirs');
  ours = join(dir, 'ours');
  writeFileSync(theirs, encodeJavaOffsets(OFFSETS));
  printed = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => printed.push(line));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(dir, { recursive: true, force: true });
});

const copy = (
  direction: 'import' | 'export',
  from: string,
  to: string,
  { dryRun = false, overwrite = false } = {},
): Promise<void> => runOffsets({ direction, from, to, dryRun, overwrite });

describe('holdfast offsets', () => {
  it('takes every entry there and back, and prints each', async () => {
    await copy('import', theirs, ours);
    expect(printed).toEqual([
      ...[...OFFSETS].map(([key, value]) => `${key} ${value}`),
      `3 offsets written to ${ours}.`,
    ]);
    expect(decodeOffsetFile(readFileSync(ours))).toEqual(OFFSETS);
    const back = join(dir, 'back');
    await copy('export', ours, back);
    expect(decodeJavaOffsets(readFileSync(back))).toEqual(OFFSETS);
    expect(readFileSync(back)).toEqual(readFileSync(theirs));
  });

  it('writes nothing in a dry run, and checks all the same', async () => {
    await copy('import', theirs, ours, { dryRun: true });
    expect(printed.at(-1)).toBe('3 offsets; a dry run: nothing was written.');
    expect(readdirSync(dir)).toEqual(['theirs']);
    writeFileSync(ours, 'kept');
    await expect(copy('import', theirs, ours, { dryRun: true })).rejects.toThrow(/is there already/);
  });

  it('replaces a file only when told to, and never the one that it reads', async () => {
    writeFileSync(ours, 'kept');
    await expect(copy('import', theirs, ours)).rejects.toThrow(`${ours} is there already. Name another file`);
    expect(readFileSync(ours, 'utf8')).toBe('kept');
    await copy('import', theirs, ours, { overwrite: true });
    expect(decodeOffsetFile(readFileSync(ours))).toEqual(OFFSETS);
    const before = readFileSync(theirs);
    symlinkSync(theirs, join(dir, 'link'));
    for (const same of [theirs, join(dir, '.', 'theirs'), join(dir, 'link')]) {
      await expect(copy('import', theirs, same, { overwrite: true })).rejects.toThrow(/is the file to read/);
    }
    expect(readFileSync(theirs)).toEqual(before);
  });

  it('says what is wrong with a file, and leaves both as they were', async () => {
    const code = 'holdfast.cli.offsets-not-copied';
    await expect(copy('import', join(dir, 'missing'), ours)).rejects.toMatchObject({
      code,
      message: expect.stringContaining("missing can't be read: ENOENT"),
    });
    await expect(copy('export', theirs, ours)).rejects.toThrow(/can't be used: it is not an offset file of Holdfast/);
    writeFileSync(theirs, readFileSync(theirs).subarray(0, -3));
    await expect(copy('import', theirs, ours)).rejects.toMatchObject({
      code: 'holdfast.storage.offset.java-file-invalid',
      name: 'ConfigError',
      message: expect.stringMatching(/theirs can't be used\. .*it is cut off/),
    });
    await expect(listOffsets(theirs)).rejects.toThrow(/theirs can't be used\. .*it is cut off/);
    writeFileSync(theirs, 'hello');
    await expect(copy('import', theirs, ours)).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringContaining(`${theirs} can't be used.`),
    });
    writeFileSync(theirs, encodeOffsetFile(OFFSETS).map(String).join(''));
    await expect(copy('import', theirs, ours)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(`${theirs} is an offset file of Holdfast already: there is nothing to import.`),
    });
    writeFileSync(ours, Buffer.concat([Buffer.from(encodeOffsetFile(OFFSETS)[0]), Buffer.from('damaged')]));
    await expect(copy('export', ours, join(dir, 'back'))).rejects.toThrow(/its checksum does not match/);
    expect(readdirSync(dir)).toEqual(['ours', 'theirs']);
  });

  it('leaves no half of a file where it can not be written', async () => {
    mkdirSync(join(dir, 'folder'));
    await expect(copy('import', theirs, join(dir, 'folder'), { overwrite: true })).rejects.toThrow(/can't be written/);
    await expect(copy('import', theirs, join(dir, 'none', 'ours'))).rejects.toThrow(
      /none\/ours can't be written: ENOENT/,
    );
    expect(readdirSync(dir)).toEqual(['folder', 'theirs']);
  });

  it('lists a file of either kind', async () => {
    await listOffsets(theirs);
    expect(printed.at(-1)).toBe(`3 offsets in ${theirs}, a file of Kafka Connect's standalone worker.`);
    await copy('import', theirs, ours);
    printed = [];
    await listOffsets(ours);
    expect(printed).toEqual([
      ...[...OFFSETS].map(([key, value]) => `${key} ${value}`),
      `3 offsets in ${ours}, a file of Holdfast.`,
    ]);
    writeFileSync(ours, 'hello');
    await expect(listOffsets(ours)).rejects.toThrow(/not an offset file of Holdfast/);
  });

  it('writes no file that a worker has in use, and does when it has stopped', async () => {
    const worker = new FileOffsetBackingStore({ path: ours, logger: silentLogger, clock: systemClock });
    await worker.start();
    try {
      await worker.set(new Map([['worker', '1']]));
      for (const direction of ['import', 'export'] as const) {
        const from = join(dir, direction);
        writeFileSync(from, readFileSync(direction === 'import' ? theirs : ours));
        await expect(copy(direction, from, ours, { overwrite: true })).rejects.toMatchObject({
          code: 'holdfast.storage.offset.file-locked',
        });
      }
      expect(decodeOffsetFile(readFileSync(ours))).toEqual(new Map([['worker', '1']]));
    } finally {
      await worker.stop();
    }
    await copy('import', theirs, ours, { overwrite: true });
    expect(decodeOffsetFile(readFileSync(ours))).toEqual(OFFSETS);
  });
});
