import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { ConfigError, EnvironmentError } from '../../../src/sdk/errors/kinds.ts';
import { FileOffsetBackingStore } from '../../../src/storage/file-offset-backing-store.ts';
import { encodeJavaOffsets } from '../../../src/storage/java-offset-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-offsets-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function open(path = join(folder, 'sub', 'offsets')): Promise<FileOffsetBackingStore> {
  const store = new FileOffsetBackingStore({ path, logger: silentLogger });
  await store.start();
  return store;
}

describe('FileOffsetBackingStore', () => {
  it('keeps what was set over a restart, and forgets what was reset', async () => {
    const store = await open();
    await store.set(
      new Map([
        ['a', '1'],
        ['b', '2'],
        ['\n"é', 'x\ny'],
      ]),
    );
    await store.set(new Map([['b', null]]));
    await store.stop();
    const again = await open();
    expect(await again.get(['a', 'b', '\n"é'])).toEqual(['1', null, 'x\ny']);
    expect(await again.entries()).toEqual([
      ['a', '1'],
      ['\n"é', 'x\ny'],
    ]);
  });

  it('applies concurrent calls in order and leaves no temporary file', async () => {
    const store = await open();
    await Promise.all([...Array(50).keys()].map((n) => store.set(new Map([['k', String(n)]]))));
    expect(await (await open()).get(['k'])).toEqual(['49']);
    expect(await readdir(join(folder, 'sub'))).toEqual(['offsets']);
  });

  it('refuses a damaged file at every cut, and leaves it as it was', async () => {
    const path = join(folder, 'offsets');
    const store = await open(path);
    await store.set(
      new Map([
        ['a', '{"position":1}'],
        ['b', '{"position":2}'],
      ]),
    );
    const whole = await readFile(path);
    for (let length = 1; length < whole.length; length += 1) {
      await writeFile(path, whole.subarray(0, length));
      await expect(open(path), `cut at ${length}`).rejects.toThrow(ConfigError);
      expect((await readFile(path)).length).toBe(length);
    }
  });

  it('refuses a file of a newer format, of Java, and of somebody else, saying which it is', async () => {
    const path = join(folder, 'offsets');
    await writeFile(path, 'holdfast-offsets 2 0 00000000\n');
    await expect(open(path)).rejects.toThrow(/format version 2/);
    await writeFile(path, Buffer.from('aced0005737200116a617661', 'hex'));
    await expect(open(path)).rejects.toThrow(/no offset file of Kafka Connect's standalone worker/);
    await writeFile(path, 'hello\nworld');
    await expect(open(path)).rejects.toMatchObject({ code: 'holdfast.storage.offset.file-unreadable' });
  });

  it("takes over the file of Kafka Connect's standalone worker, and keeps it", async () => {
    const path = join(folder, 'offsets');
    const theirs = encodeJavaOffsets(new Map([['["c",{"p":1}]', '{"n":2}']]));
    await writeFile(path, theirs);
    const store = await open(path);
    expect(await store.entries()).toEqual([['["c",{"p":1}]', '{"n":2}']]);
    expect(await readFile(`${path}.kafka-connect`)).toEqual(theirs);
    await store.set(new Map([['["c",{"p":1}]', '{"n":3}']]));
    expect(await (await open(path)).entries()).toEqual([['["c",{"p":1}]', '{"n":3}']]);
    expect(await readFile(`${path}.kafka-connect`)).toEqual(theirs);
  });

  it('reports a disk that can not be written to as environment, keeps the old offsets, and recovers', async () => {
    const path = join(folder, 'offsets');
    const store = await open(path);
    await store.set(new Map([['a', '1']]));
    await rm(folder, { recursive: true });
    const failed = store.set(new Map([['a', '2']]));
    await expect(failed).rejects.toThrow(EnvironmentError);
    await expect(failed).rejects.toMatchObject({ code: 'holdfast.storage.offset.file-unwritable' });
    expect(await store.get(['a'])).toEqual(['1']);
    const { mkdir } = await import('node:fs/promises');
    await mkdir(folder);
    await store.set(new Map([['a', '3']]));
    expect(await (await open(path)).get(['a'])).toEqual(['3']);
  });
});
