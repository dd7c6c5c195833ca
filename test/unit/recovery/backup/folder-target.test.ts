import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { backupsIn, openBackup } from '../../../../src/recovery/backup/backup-folder.ts';
import { FolderTarget } from '../../../../src/recovery/backup/folder-target.ts';
import { parseRetentionRule } from '../../../../src/recovery/backup/retention-rule.ts';
import { runBackup, type TargetOutcome } from '../../../../src/recovery/backup/run-backup.ts';
import { SnapshotFolder } from '../../../../src/recovery/backup/snapshot-folder.ts';
import { inWords, recordsOf } from '../../../support/recovery/memory-snapshot.ts';
import { ScriptedTopic } from '../../../support/recovery/scripted-topic.ts';
import { smallDisk } from '../../../support/small-disk.ts';
import { tempDir } from '../../../support/temp-dir.ts';

let topic: ScriptedTopic;
let clock: ManualClock;
const { signal } = new AbortController();

beforeEach(() => {
  topic = new ScriptedTopic();
  clock = new ManualClock();
  topic.grow(300);
});

async function backup(path: string, at = clock, keep?: string): Promise<TargetOutcome> {
  const rule = keep === undefined ? undefined : parseRetentionRule(keep);
  const target = new FolderTarget({ path, keep: rule, clock: at });
  const [outcome] = await runBackup({ source: topic, targets: [target], clock: at }, signal);
  return outcome!;
}

async function expectAllIn(path: string): Promise<void> {
  const newest = await openBackup(path);
  await newest.check();
  expect((await recordsOf(newest)).map(inWords)).toEqual(topic.log.map(inWords));
}

describe('a folder of backups', () => {
  it('may be named by a link', async () => {
    const above = tempDir('backup');
    await mkdir(join(above, 'real'));
    await symlink(join(above, 'real'), join(above, 'link'));
    expect(await backup(join(above, 'link'))).toMatchObject({ state: 'written' });
    topic.grow(1);
    expect(await backup(join(above, 'real'))).toMatchObject({ state: 'written', backup: { added: 1 } });
    await expectAllIn(join(above, 'link'));
  });

  it('is left alone where a later version has written it', async () => {
    const folder = tempDir('backup');
    const marker = '{"kind":"holdfast-schemas-backups","format":2}\n';
    await writeFile(join(folder, 'holdfast-schemas-backups.json'), marker);
    expect(await backup(folder)).toMatchObject({
      ...{ state: 'failed', error: { code: 'holdfast.recovery.backup-unreadable' } },
    });
    expect(await readdir(folder)).toEqual(['holdfast-schemas-backups.json']);
  });

  it.each([
    ['holdfast-schemas-backups.json.tmp', 'of a run that was killed'],
    ['.holdfast-schemas-backups.json.tmp', 'of a run that was killed, by a name that begins with a dot'],
    ['lost+found', 'of a file system of its own'],
  ])('may hold %s, %s', async (name) => {
    const folder = tempDir('backup');
    if (name === 'lost+found') await mkdir(join(folder, name));
    else await writeFile(join(folder, name), '{"ki');
    expect(await backup(folder)).toMatchObject({ state: 'written' });
    expect((await readdir(folder)).filter((each) => each.endsWith('.tmp'))).toEqual([]);
    expect(await backup(folder)).toMatchObject({ state: 'unchanged' });
  });

  it('is not taken for one of something else where its marker cannot be read', async () => {
    const folder = tempDir('backup');
    await mkdir(join(folder, 'holdfast-schemas-backups.json'));
    expect(await backup(folder)).toMatchObject({
      ...{
        state: 'failed',
        error: { code: 'holdfast.recovery.backup-failed', message: expect.stringContaining('EISDIR') },
      },
    });
  });

  it('takes backups of one run at a time', async () => {
    const folder = tempDir('backup');
    const first = await new FolderTarget({ path: folder, keep: undefined, clock }).open(signal);
    expect(await backup(folder)).toMatchObject({
      ...{ state: 'failed', error: { code: 'holdfast.recovery.backup-locked' } },
    });
    await first.close();
    expect(await backup(folder)).toMatchObject({ state: 'written' });
  });

  it('has its newest backup last written, though the clock goes back and the one before is damaged', async () => {
    const folder = tempDir('backup');
    await clock.advance(86_400_000);
    const { backup: first } = await backup(folder);
    await rm(join(first!.place, 'manifest.json'));
    topic.grow(1);
    expect(await backup(folder, new ManualClock())).toMatchObject({ state: 'written' });
    await expectAllIn(folder);
    expect((await backupsIn(folder))[1]?.path).toBe(first!.place);
  });

  it('takes no part in the damage of another one that was written by the same run', async () => {
    const folders = [tempDir('backup'), tempDir('backup')];
    const targets = folders.map((path) => new FolderTarget({ path, keep: undefined, clock }));
    await runBackup({ source: topic, targets, clock }, signal);
    const [one] = await backupsIn(folders[0]!);
    const file = join(one!.path, 'records-0000000000000000.ndjson');
    await writeFile(file, (await readFile(file, 'utf8')).replaceAll('CreateTime', 'CreateTimf'));
    await expectAllIn(folders[1]!);
  });

  it('keeps a backup that is written whole where it is told to stop before it has read it back', async () => {
    const folder = tempDir('backup');
    const stopping = new AbortController();
    const check = vi.spyOn(SnapshotFolder.prototype, 'check').mockImplementationOnce(() => {
      stopping.abort();
      return Promise.reject(stopping.signal.reason);
    });
    const target = new FolderTarget({ path: folder, keep: undefined, clock });
    await runBackup({ source: topic, targets: [target], clock }, stopping.signal).catch(() => {});
    expect(check).toHaveBeenCalledOnce();
    check.mockRestore();
    await expectAllIn(folder);
    topic.grow(1);
    expect(await backup(folder)).toMatchObject({ state: 'written', backup: { added: 1 } });
  });

  it('keeps what was there where the disk is full, and goes on when there is room', async (context) => {
    const disk = smallDisk(4);
    if (disk === null) return context.skip();
    try {
      const folder = join(disk.dir, 'backups');
      await backup(folder);
      const before = (await backupsIn(folder)).map(({ name }) => name);
      await clock.advance(60_000);
      topic.grow(2_000);
      disk.fill(64 * 1024);
      expect(await backup(folder, clock, 'last=1')).toMatchObject({
        ...{ state: 'failed', removed: [], error: { code: 'holdfast.recovery.backup-failed' } },
      });
      expect((await backupsIn(folder)).map(({ name }) => name)).toEqual(before);
      expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([]);
      disk.free();
      expect(await backup(folder, clock, 'last=1')).toMatchObject({ state: 'written', removed: before });
      await expectAllIn(folder);
    } finally {
      disk.unmount();
    }
  });
});
