import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { FileOffsetBackingStore } from '../../../src/storage/file-offset-backing-store.ts';
import { encodeJavaOffsets } from '../../../src/storage/java-offset-file.ts';

/** What the kernel says to a rename over a file that is a mount point, as `docker run -v ./offsets:/data/offsets` makes one. */
vi.mock('../../../src/storage/replace-file.ts', () => ({
  replaceFile: async (path: string) => {
    throw Object.assign(new Error(`EBUSY: resource busy or locked, rename '${path}.tmp' -> '${path}'`), {
      code: 'EBUSY',
    });
  },
}));

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'holdfast-mounted-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it('an offset file that is a mount of its own is told how to be mounted', async () => {
  const path = join(dir, 'offsets');
  const store = new FileOffsetBackingStore({ path, logger: silentLogger });
  await store.start();
  await expect(store.set(new Map([['k', 'v']]))).rejects.toMatchObject({
    code: 'holdfast.storage.offset.file-unwritable',
    message: expect.stringMatching(/EBUSY.*If the file alone is mounted, mount its folder instead\.$/),
  });
  const theirs = encodeJavaOffsets(new Map([['["c",{}]', '{}']]));
  writeFileSync(path, theirs);
  await expect(new FileOffsetBackingStore({ path, logger: silentLogger }).start()).rejects.toThrow(/mount its folder/);
  expect(readFileSync(path)).toEqual(theirs);
});
