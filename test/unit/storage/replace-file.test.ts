import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { replaceFile, whyNotReplaced } from '../../../src/storage/replace-file.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'holdfast-replace-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('replaceFile', () => {
  it('writes all pieces, for the owner alone, and leaves nothing else', async () => {
    const path = join(dir, 'file');
    writeFileSync(path, 'old', { mode: 0o644 });
    writeFileSync(`${path}.tmp`, 'left by a crash, and longer than what comes', { mode: 0o666 });
    await replaceFile(path, ['a', Buffer.from('b'), '']);
    expect(readFileSync(path, 'utf8')).toBe('ab');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir)).toEqual(['file']);
  });

  it('replaces what a link leads to, and keeps the link', async () => {
    mkdirSync(join(dir, 'volume'));
    symlinkSync('volume/file', join(dir, 'link'));
    for (const content of ['first', 'second']) {
      await replaceFile(join(dir, 'link'), [content]);
      expect(lstatSync(join(dir, 'link')).isSymbolicLink()).toBe(true);
      expect(readFileSync(join(dir, 'volume', 'file'), 'utf8')).toBe(content);
    }
    expect(readdirSync(join(dir, 'volume'))).toEqual(['file']);
  });

  it('keeps the old content, and no half of the new, when it can not be written', async () => {
    mkdirSync(join(dir, 'folder'));
    await expect(replaceFile(join(dir, 'folder'), ['x'])).rejects.toMatchObject({ syscall: 'rename' });
    await expect(replaceFile(join(dir, 'none', 'file'), ['x'])).rejects.toMatchObject({ code: 'ENOENT' });
    expect(readdirSync(dir)).toEqual(['folder']);
  });

  it('tells how to mount a file that is a mount of its own', () => {
    const busy = Object.assign(new Error("EBUSY: resource busy or locked, rename 'a.tmp' -> 'a'"), { code: 'EBUSY' });
    expect(whyNotReplaced(busy)).toBe(`${busy.message}. If the file alone is mounted, mount its folder instead.`);
    expect(whyNotReplaced(Object.assign(new Error('ENOSPC: no space'), { code: 'ENOSPC' }))).toBe('ENOSPC: no space.');
  });
});
