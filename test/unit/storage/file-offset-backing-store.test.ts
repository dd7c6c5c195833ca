import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../../src/cli/exit-codes.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { recordingLogger, silentLogger } from '../../../src/foundation/logger.ts';
import { ConfigError, EnvironmentError, IllegalStateError } from '../../../src/sdk/errors/kinds.ts';
import { FileOffsetBackingStore } from '../../../src/storage/file-offset-backing-store.ts';
import { encodeJavaOffsets } from '../../../src/storage/java-offset-file.ts';

let folder: string;
const opened: FileOffsetBackingStore[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-offsets-'));
});
afterEach(async () => {
  for (const store of opened.splice(0)) await store.stop();
  await rm(folder, { recursive: true, force: true });
});

async function open(path = join(folder, 'sub', 'offsets')): Promise<FileOffsetBackingStore> {
  const store = new FileOffsetBackingStore({ path, logger: silentLogger, clock: systemClock });
  await store.start();
  opened.push(store);
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
    await store.stop();
    expect(await (await open()).get(['k'])).toEqual(['49']);
    expect(await readdir(join(folder, 'sub'))).toEqual(['offsets', 'offsets.lock']);
  });

  it("writes nothing once it was stopped: the file may be another worker's by then", async () => {
    const store = await open();
    const early = store.set(new Map([['a', '1']]));
    const stopping = store.stop();
    const late = store.set(new Map([['a', '2']])).catch((error: Error) => error);
    await Promise.all([early, stopping]);
    expect(await late).toBeInstanceOf(IllegalStateError);
    expect(await (await open()).get(['a'])).toEqual(['1']);
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
    await store.stop();
    const whole = await readFile(path);
    for (let length = 1; length < whole.length; length += 1) {
      await writeFile(path, whole.subarray(0, length));
      await expect(open(path), `cut at ${length}`).rejects.toMatchObject({
        code: 'holdfast.storage.offset.file-unreadable',
      });
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
    await store.stop();
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
    await store.stop();
    expect(await (await open(path)).get(['a'])).toEqual(['3']);
  });

  it('knows what the file holds when only its folder could not be synced, and says so', async () => {
    const path = join(folder, 'offsets');
    let isSynced = true;
    const store = new FileOffsetBackingStore({
      path,
      logger: silentLogger,
      clock: systemClock,
      sync: async () => {
        if (!isSynced) throw Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' });
      },
    });
    await store.start();
    await store.set(new Map([['a', '1']]));
    isSynced = false;
    await expect(store.set(new Map([['a', '2']]))).rejects.toThrow(/fsync\. It was replaced, but its folder/);
    const known = await store.get(['a']);
    await store.stop();
    expect(known).toEqual(await (await open(path)).get(['a']));
    expect(known).toEqual(['2']);
  });

  it('refuses a file that another has in use, under whatever name, until that one stops', async () => {
    const path = join(folder, 'offsets');
    const link = join(folder, 'link');
    await symlink(path, link);
    // A link to a file that is not there yet leads to the same one.
    const first = await open(link);
    const refused = await open(path).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ConfigError);
    expect(refused).toMatchObject({
      code: 'holdfast.storage.offset.file-locked',
      message: expect.stringMatching(
        /^The offset file \S+offsets is in use by this very process .*offset\.storage\.file\.filename/,
      ),
    });
    expect(exitCodeOf(refused)).toBe(2);
    await first.set(new Map([['a', '1']]));
    await expect(open(link)).rejects.toMatchObject({ code: 'holdfast.storage.offset.file-locked' });
    await open(join(folder, 'other'));
    await first.stop();
    expect(await (await open(path)).get(['a'])).toEqual(['1']);
  });

  it('leaves a file of Kafka Connect as it is when another has it in use, and gives back one that it can not read', async () => {
    const path = join(folder, 'offsets');
    const first = await open(path);
    const theirs = encodeJavaOffsets(new Map([['k', 'v']]));
    await writeFile(path, theirs);
    await expect(open(path)).rejects.toMatchObject({ code: 'holdfast.storage.offset.file-locked' });
    expect(await readFile(path)).toEqual(theirs);
    await first.stop();
    await writeFile(path, 'damaged');
    await expect(open(path)).rejects.toMatchObject({ code: 'holdfast.storage.offset.file-unreadable' });
    await writeFile(path, theirs);
    expect(await (await open(path)).get(['k'])).toEqual(['v']);
  });

  it('refuses at once what is no file, and a folder that takes none, and leaves nothing there', async () => {
    const loop = join(folder, 'loop');
    await symlink(loop, loop);
    const link = join(folder, 'link');
    await symlink('/dev/zero', link);
    const file = join(folder, 'file');
    await writeFile(file, '');
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const cases: [path: string, why: RegExp][] = [
      [folder, /it is a folder, not a file/],
      [pipe, /it is a pipe or a socket/],
      ['/dev/full', /it is a device/],
      [link, /it is a device/],
      [loop, /a link in its path leads back to itself/],
      [join(file, 'offsets'), /a part of its path that should be a folder is a file/],
      [join(file, 'sub', 'offsets'), /a part of its path that should be a folder is a file/],
      [join(folder, 'x'.repeat(300)), /its name is too long/],
      [join(folder, 'nul\0'), /its name holds a NUL/],
      ...(process.platform === 'linux'
        ? ([
            ['/proc/holdfast.offsets', /its folder takes no files/],
            ['/proc/holdfast/sub/offsets', /its folder takes no files/],
          ] as [string, RegExp][])
        : []),
    ];
    for (const [path, why] of cases) {
      const failure = await open(path).catch((error: unknown) => error);
      expect(failure, path).toBeInstanceOf(ConfigError);
      expect(failure).toMatchObject({
        code: 'holdfast.storage.offset.file-place',
        message: expect.stringMatching(why),
      });
      expect((failure as Error).message).toContain('offset.storage.file.filename');
    }
    expect((await readdir(folder)).sort()).toEqual(['file', 'link', 'loop', 'pipe']);
  });

  it.skipIf(process.getuid?.() === 0)('refuses a folder that may not be written to', async () => {
    await chmod(folder, 0o500);
    await expect(open(join(folder, 'offsets'))).rejects.toMatchObject({
      code: 'holdfast.storage.offset.file-place',
      message: expect.stringContaining('its folder may not be written to'),
    });
    await chmod(folder, 0o700);
  });

  it('starts where no claim can be filed, and says so', async () => {
    const path = join(folder, 'offsets');
    await writeFile(path, '');
    // Fails for root, too, whom no permission keeps out.
    await writeFile(`${path}.lock`, '');
    const { logger, lines } = recordingLogger('warn');
    const store = new FileOffsetBackingStore({ path, logger, clock: systemClock });
    await store.start();
    expect(lines).toMatchObject([{ level: 'warn', fields: { path, err: { code: 'EEXIST' } } }]);
    await store.stop();
  });
});
