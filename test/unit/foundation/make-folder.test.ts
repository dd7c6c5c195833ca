import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder } from '../../../src/foundation/make-folder.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'holdfast-folder-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('makeFolder', () => {
  it('makes those that are missing, several times and several at once', async () => {
    const path = join(root, 'a', 'b', 'c');
    await Promise.all([makeFolder(path), makeFolder(path), makeFolder(join(root, 'a', 'b', 'd'))]);
    await makeFolder(path);
    expect((await stat(path)).isDirectory()).toBe(true);
    expect((await readdir(join(root, 'a', 'b'))).sort()).toEqual(['c', 'd']);
  });

  it('is not kept from it by others that make those above at the same time', async () => {
    for (let round = 0; round < 100; round++) {
      const above = join(root, `${round}`, 'a', 'b', 'c');
      const all = Array.from({ length: 9 }, (_, n) => (n % 3 === 0 ? above : join(above, 'd', `${n % 3}`)));
      await Promise.all(all.map((path) => makeFolder(path)));
    }
    expect(await readdir(root)).toHaveLength(100);
  });

  it('makes them for the owner alone if told so', async () => {
    await makeFolder(join(root, 'a', 'b'), 0o700);
    expect((await stat(join(root, 'a'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(root, 'a', 'b'))).mode & 0o777).toBe(0o700);
  });

  it('ends with the reason where a file is in the way', async () => {
    await writeFile(join(root, 'file'), '');
    await expect(makeFolder(join(root, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(makeFolder(join(root, 'file', 'a', 'b'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it.runIf(process.platform === 'linux')('ends where a folder takes no others', async () => {
    await expect(makeFolder('/proc/holdfast')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(makeFolder('/proc/holdfast/a/b')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
