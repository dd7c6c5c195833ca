import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { IllegalStateError } from '../../../src/sdk/errors/kinds.ts';
import type { StoredConnector } from '../../../src/storage/config-backing-store.ts';
import { FileConfigBackingStore } from '../../../src/storage/file-config-backing-store.ts';
import { tempDir } from '../../support/temp-dir.ts';

const open = (dir: string): FileConfigBackingStore => new FileConfigBackingStore({ dir, clock: systemClock });

function stored(name: string, more: Partial<StoredConnector> = {}): StoredConnector {
  return {
    name,
    config: { name, topic: 't' },
    target: 'STARTED',
    created: 1_000,
    file: null,
    isDeleted: false,
    ...more,
  };
}

async function reread(dir: string): Promise<readonly StoredConnector[]> {
  const store = open(dir);
  const connectors = await store.start();
  await store.stop();
  return connectors;
}

const filesOf = (dir: string): string[] => readdirSync(dir).filter((name) => name.endsWith('.json'));

describe('FileConfigBackingStore', () => {
  it('finds what was put, oldest first, and nothing of what was removed', async () => {
    const dir = join(tempDir('configs'), 'made', 'by-it');
    const store = open(dir);
    expect(await store.start()).toEqual([]);
    const late = stored('late', { created: 3_000, target: 'PAUSED', file: 'abc' });
    const early = stored('early', { created: 2_000, config: { a: 'ä\n"' } });
    await Promise.all([store.put(late), store.put(early), store.put(stored('gone')), store.remove('gone')]);
    await store.put({ ...late, target: 'STOPPED' });
    await store.remove('never there');
    await store.stop();
    expect(await reread(dir)).toEqual([early, { ...late, target: 'STOPPED' }]);
    expect(filesOf(dir)).toHaveLength(2);
  });

  it('keeps any name, also those that differ in case only or are no names of files', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(
          fc.oneof(
            fc.string({ minLength: 1, unit: 'grapheme' }),
            fc.constantFrom('a', 'A', '..', '/', 'x'.repeat(500)),
          ),
          {
            maxLength: 6,
          },
        ),
        async (names) => {
          const dir = tempDir('configs');
          const store = open(dir);
          await store.start();
          for (const [n, name] of names.entries()) await store.put(stored(name, { created: n }));
          await store.stop();
          expect((await reread(dir)).map(({ name }) => name)).toEqual(names);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('replaces and removes a file under whatever name it was restored', async () => {
    const dir = tempDir('configs');
    const store = open(dir);
    await store.start();
    await store.put(stored('a'));
    await store.put(stored('b', { created: 2_000 }));
    await store.stop();
    const [a = '', b = ''] = filesOf(dir).sort();
    // Even under the name that another connector's would have.
    renameSync(join(dir, a), join(dir, 'restored.json'));
    renameSync(join(dir, b), join(dir, a));
    const again = open(dir);
    expect(await again.start()).toHaveLength(2);
    const paused = stored('a', { target: 'PAUSED' });
    await again.put(paused);
    await again.put(stored('c', { created: 3_000 }));
    await again.stop();
    expect((await reread(dir)).map(({ name, target }) => `${name} ${target}`)).toEqual([
      'a PAUSED',
      'b STARTED',
      'c STARTED',
    ]);
    const last = open(dir);
    await last.start();
    await last.remove('a');
    await last.remove('b');
    await last.put(stored('a', { target: 'STOPPED' }));
    await last.stop();
    expect((await reread(dir)).map(({ name, target }) => `${name} ${target}`)).toEqual(['a STOPPED', 'c STARTED']);
  });

  it('keeps names apart that differ in half a surrogate pair', async () => {
    const dir = tempDir('configs');
    const store = open(dir);
    await store.start();
    await store.put(stored('x\ud800'));
    await store.put(stored('x\ud801', { created: 2_000 }));
    await store.remove('x\ud800');
    await store.stop();
    expect((await reread(dir)).map(({ name }) => name)).toEqual(['x\ud801']);
  });

  it("writes nothing once it was stopped: the folder may be another worker's by then", async () => {
    const dir = tempDir('configs');
    const store = open(dir);
    await store.start();
    await store.put(stored('a'));
    const stopping = store.stop();
    const late = [store.put(stored('b')), store.remove('a')].map((write) => write.catch((error: Error) => error));
    await stopping;
    for (const error of await Promise.all(late)) expect(error).toBeInstanceOf(IllegalStateError);
    expect(await reread(dir)).toEqual([stored('a')]);
  });

  it('shows passwords to nobody but the owner', async () => {
    const dir = join(tempDir('configs'), 'new');
    const store = open(dir);
    await store.start();
    await store.put(stored('a'));
    await store.stop();
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(statSync(join(dir, filesOf(dir)[0] as string)).mode & 0o777).toBe(0o600);
  });

  it('passes over what a crash left of a write', async () => {
    const dir = tempDir('configs');
    const store = open(dir);
    await store.start();
    await store.put(stored('a'));
    await store.stop();
    const [file = ''] = filesOf(dir);
    writeFileSync(join(dir, `${file}.tmp`), '{"format":"hold');
    expect(await reread(dir)).toEqual([stored('a')]);
    expect(readdirSync(dir).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  const whole = {
    format: 'holdfast-connector',
    version: 1,
    name: 'x',
    target_state: 'STARTED',
    config: { p: 'secret' },
  };
  it.each([
    ['no JSON', '{"password":"secret"', 'it is no JSON'],
    ['of something else', '{"name":"x","config":{}}', 'it is no stored connector'],
    ['an array', '[]', 'it is no stored connector'],
    ['newer', JSON.stringify({ ...whole, version: 2 }), 'it has format version 2'],
    ['without a name', JSON.stringify({ ...whole, name: '' }), 'it has no name'],
    ['of an odd state', JSON.stringify({ ...whole, target_state: 'RUNNING' }), 'its target_state is not one of'],
    ['of an odd config', JSON.stringify({ ...whole, config: { a: 1 } }), 'its config is not an object of strings'],
  ])('refuses to start over a file that is %s, and leaves it as it is', async (_what, content, why) => {
    const dir = tempDir('configs');
    const path = join(dir, 'some.json');
    writeFileSync(path, content);
    const error = await reread(dir).catch((each: Error) => each);
    expect(error).toMatchObject({ code: 'holdfast.storage.config.file-unreadable' });
    expect((error as Error).message).toContain(`${path} can't be used: ${why}`);
    expect(`${(error as Error).message}${(error as Error).cause ?? ''}`).not.toContain('secret');
    expect(readFileSync(path, 'utf8')).toBe(content);
    // It is not locked after that.
    writeFileSync(path, JSON.stringify(whole));
    expect(await reread(dir)).toMatchObject([{ name: 'x', created: 0, file: null, isDeleted: false }]);
  });

  it('refuses two files of one connector', async () => {
    const dir = tempDir('configs');
    for (const file of ['a.json', 'b.json']) writeFileSync(join(dir, file), JSON.stringify(whole));
    await expect(reread(dir)).rejects.toThrow('two files in it hold the connector x');
  });

  it('belongs to one worker at a time', async () => {
    const dir = tempDir('configs');
    const store = open(dir);
    await store.start();
    const refused = open(dir).start();
    await expect(refused).rejects.toThrow(/config\.storage\.dir.*set another config\.storage\.dir/);
    await expect(refused).rejects.toMatchObject({ code: 'holdfast.storage.config.locked' });
    await store.stop();
    expect(await reread(dir)).toEqual([]);
  });

  it('says that nothing was changed when it can not be written, and goes on after that', async () => {
    const dir = tempDir('configs');
    const store = open(dir);
    await store.start();
    await store.put(stored('a'));
    const [file = ''] = filesOf(dir);
    // A folder in the place of the temporary file can't be written by anybody, root or not.
    mkdirSync(join(dir, `${file}.tmp`, 'x'), { recursive: true });
    await expect(store.put(stored('a', { target: 'PAUSED' }))).rejects.toMatchObject({
      code: 'holdfast.storage.config.file-unwritable',
    });
    await store.put(stored('b'));
    await store.stop();
    expect(JSON.parse(readFileSync(join(dir, file), 'utf8'))).toMatchObject({ target_state: 'STARTED' });
  });

  it('says that a file was changed when only its folder could not be synced, and finds it again', async () => {
    const dir = tempDir('configs');
    let isSynced = true;
    const store = new FileConfigBackingStore({
      dir,
      clock: systemClock,
      sync: async () => {
        if (!isSynced) throw Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' });
      },
    });
    await store.start();
    await store.put(stored('a'));
    isSynced = false;
    const changed = /EIO: i\/o error, fsync\. Its file was changed, but .*Send the request again\.$/;
    await expect(store.put(stored('a', { target: 'PAUSED' }))).rejects.toThrow(changed);
    await expect(store.put(stored('b'))).rejects.toThrow(changed);
    await expect(store.put(stored('c'))).rejects.toThrow(changed);
    await expect(store.remove('c')).rejects.toThrow(changed);
    isSynced = true;
    await store.put(stored('b', { target: 'STOPPED' }));
    await store.stop();
    expect(filesOf(dir)).toHaveLength(2);
    expect(await reread(dir)).toEqual([stored('a', { target: 'PAUSED' }), stored('b', { target: 'STOPPED' })]);
  });
});
