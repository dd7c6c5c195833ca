import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { recordingLogger, silentLogger } from '../../../src/foundation/logger.ts';
import { FileCompactedLog } from '../../../src/storage/file-compacted-log.ts';

let folder: string;
let file: string;
const logs: FileCompactedLog[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'compacted-log-'));
  file = join(folder, 'deep', 'store.log');
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const log of logs.splice(0)) await log.close();
  await rm(folder, { recursive: true, force: true });
});

function logAt(
  options: { maxBytes?: number; compactAboveBytes?: number; logger?: typeof silentLogger } = {},
): FileCompactedLog {
  const log = new FileCompactedLog({ file, logger: silentLogger, ...options });
  logs.push(log);
  return log;
}

async function opened(
  options: Parameters<typeof logAt>[0] = {},
): Promise<{ log: FileCompactedLog; entries: Record<string, string | null> }> {
  const log = logAt(options);
  return { log, entries: Object.fromEntries((await log.load()).map(({ key, value }) => [key, value])) };
}

describe('FileCompactedLog', () => {
  it('gives back what was appended, the last value of each key, in order of writing', async () => {
    const { log, entries } = await opened();
    expect(entries).toEqual({});
    await log.append([
      { key: 'a', value: '1' },
      { key: 'ключ', value: 'значение "ü"' },
      { key: 'c', value: '' },
    ]);
    await log.append([
      { key: 'a', value: '2' },
      { key: 'c', value: null },
    ]);
    await log.close();
    const again = logAt();
    expect(await again.load()).toEqual([
      { key: 'ключ', value: 'значение "ü"' },
      { key: 'a', value: '2' },
    ]);
  });

  it('syncs before it resolves, once for what came in meanwhile', async () => {
    const { log } = await opened();
    const handle = await open(file, 'r');
    const datasync = vi.spyOn(Object.getPrototypeOf(handle), 'datasync');
    await handle.close();
    await Promise.all(Array.from({ length: 50 }, (_, i) => log.append([{ key: `k${i}`, value: 'v' }])));
    expect(datasync).toHaveBeenCalledTimes(2);
    await log.close();
    expect(Object.keys((await opened()).entries)).toHaveLength(50);
  });

  it('opens after the tail was cut at every byte, with every whole entry in it', async () => {
    const { log } = await opened();
    const ends: number[] = [log.bytes];
    for (let i = 0; i < 6; i++) {
      await log.append([{ key: `key-${i % 4}`, value: 'x'.repeat(i * 3) }]);
      ends.push(log.bytes);
    }
    await log.close();
    const whole = readFileSync(file);
    for (let cut = ends[0]!; cut <= whole.length; cut++) {
      writeFileSync(file, whole.subarray(0, cut));
      const { log: reopened, entries } = await opened();
      const complete = ends.filter((end) => end <= cut).length - 1;
      const expected: Record<string, string> = {};
      for (let i = 0; i < complete; i++) expected[`key-${i % 4}`] = 'x'.repeat(i * 3);
      expect(entries).toEqual(expected);
      await reopened.append([{ key: 'after', value: 'cut' }]);
      await reopened.close();
      expect((await opened()).entries).toEqual({ ...expected, after: 'cut' });
    }
  });

  it('leaves a damaged entry out, and keeps those after it', async () => {
    const { log } = await opened();
    const ends = [log.bytes];
    for (const key of ['a', 'b', 'c']) {
      await log.append([{ key, value: 'value' }]);
      ends.push(log.bytes);
    }
    await log.close();
    const bytes = readFileSync(file);
    bytes[ends[2]! - 1]! ^= 1;
    writeFileSync(file, bytes);
    const { logger, lines } = recordingLogger();
    expect((await opened({ logger })).entries).toEqual({ a: 'value', c: 'value' });
    expect(lines).toHaveLength(1);
  });

  it('stays in proportion to what lives, and survives its own rewriting', async () => {
    const { log } = await opened({ compactAboveBytes: 1000 });
    for (let i = 0; i < 500; i++) await log.append([{ key: `k${i % 5}`, value: `value ${i}` }]);
    expect(log.bytes).toBeLessThan(2000);
    expect(statSync(file).size).toBe(log.bytes);
    await log.close();
    expect((await opened()).entries).toEqual(
      Object.fromEntries([495, 496, 497, 498, 499].map((i) => [`k${i % 5}`, `value ${i}`])),
    );
  });

  it('ignores a rewriting that did not come to its end', async () => {
    const { log } = await opened();
    await log.append([{ key: 'a', value: '1' }]);
    await log.close();
    writeFileSync(`${file}.new`, 'half a fi');
    expect((await opened()).entries).toEqual({ a: '1' });
  });

  it('is as before after a write that failed', async () => {
    const { log } = await opened();
    await log.append([{ key: 'a', value: '1' }]);
    const handle = await open(file, 'r');
    const prototype = Object.getPrototypeOf(handle) as { write: (...args: unknown[]) => Promise<unknown> };
    await handle.close();
    const write = prototype.write;
    vi.spyOn(prototype, 'write').mockImplementationOnce(async function (
      this: unknown,
      bytes,
      offset,
      _length,
      position,
    ) {
      await write.call(this, bytes, offset, 9, position);
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    });
    await expect(log.append([{ key: 'b', value: '22' }])).rejects.toThrow('no space left');
    await log.append([{ key: 'c', value: '3' }]);
    await log.close();
    expect((await opened()).entries).toEqual({ a: '1', c: '3' });
  });

  it('never grows beyond its limit', async () => {
    const { log } = await opened({ maxBytes: 500 });
    for (let i = 0; i < 100; i++) await log.append([{ key: 'same', value: 'x'.repeat(100) }]);
    await expect(log.append([{ key: 'other', value: 'x'.repeat(400) }])).rejects.toMatchObject({
      code: 'holdfast.storage.log.full',
    });
    expect(statSync(file).size).toBeLessThanOrEqual(500);
    await log.append([{ key: 'same', value: 'y' }]);
  });

  it('refuses a file of another version, and what is no log file', async () => {
    const { log } = await opened();
    await log.close();
    const bytes = readFileSync(file);
    bytes.writeUInt16LE(2, 4);
    writeFileSync(file, bytes);
    await expect(logAt().load()).rejects.toMatchObject({ code: 'holdfast.storage.log.version' });
    writeFileSync(file, 'name,value\nsome,text\n');
    await expect(logAt().load()).rejects.toThrow(/not a log file/);
    expect(readFileSync(file, 'utf8')).toBe('name,value\nsome,text\n');
  });

  it('refuses to be written to when it is not open', async () => {
    await expect(logAt().append([{ key: 'a', value: '1' }])).rejects.toMatchObject({
      code: 'holdfast.storage.log.closed',
    });
  });
});
