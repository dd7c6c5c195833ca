/** Targets that are full or read-only: they say so by name, leave what was whole, and keep no other from getting its backup. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { backupsIn, openBackup } from '../../../../src/recovery/backup/backup-folder.ts';
import type { BackupTarget } from '../../../../src/recovery/backup/backup-target.ts';
import { FolderTarget } from '../../../../src/recovery/backup/folder-target.ts';
import { GitTarget } from '../../../../src/recovery/backup/git-target.ts';
import { openGitSnapshot } from '../../../../src/recovery/backup/open-git-snapshot.ts';
import { runBackup, type TargetOutcome } from '../../../../src/recovery/backup/run-backup.ts';
import { EnvironmentError } from '../../../../src/sdk/errors/kinds.ts';
import { ScriptedTopic } from '../../../support/recovery/scripted-topic.ts';
import { type SmallDisk, smallDisk } from '../../../support/small-disk.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const { signal } = new AbortController();
let topic: ScriptedTopic;
let clock: ManualClock;
let disk: SmallDisk | null;
let good: string;

beforeEach((context) => {
  [topic, clock, disk, good] = [new ScriptedTopic(), new ManualClock(), smallDisk(2), tempDir('backup')];
  topic.grow(3);
  if (disk === null) context.skip();
});
afterEach(() => disk?.unmount());

const at = (name: string): string => join(disk?.dir ?? '', name);
const folder = (path: string): BackupTarget => new FolderTarget({ path, keep: undefined, clock });
const repository = (path: string): BackupTarget =>
  new GitTarget({ name: `git:${path}`, path, author: undefined, message: undefined, push: undefined, clock });

async function backup(...targets: readonly BackupTarget[]): Promise<readonly TargetOutcome[]> {
  await clock.advance(60_000);
  return runBackup({ source: topic, targets, clock }, signal);
}

function expectSaid(outcome: TargetOutcome | undefined, name: string, why: RegExp): void {
  expect(outcome).toMatchObject({ state: 'failed', backup: undefined });
  expect(outcome?.error).toBeInstanceOf(EnvironmentError);
  const { message, code } = (outcome as TargetOutcome).error as EnvironmentError;
  expect(code).toMatch(/^holdfast\.recovery\.(?:backup|git)-failed$/);
  expect(message).toContain(name);
  expect(message).toMatch(why);
  expect(message).toMatch(/again/);
}

describe('a target that can not be written', () => {
  it('is named where it is full, at whatever point, and is gone on with where there is space again', async () => {
    const [inFolder, inGit] = [at('folder'), at('git')];
    await backup(folder(inFolder), repository(inGit));
    const [before] = await backupsIn(inFolder);
    const head = execFileSync('git', ['-C', inGit, 'rev-parse', 'HEAD'], { encoding: 'utf8' });
    topic.grow(2_000);
    for (const left of [0, 4, 16, 64, 256]) {
      disk?.free();
      disk?.fill(left * 1024);
      const [one, two, three] = await backup(folder(inFolder), repository(inGit), folder(good));
      expectSaid(one, inFolder, /ENOSPC/);
      expectSaid(two, inGit, /ENOSPC|[Nn]o space left/);
      expect(three?.state).not.toBe('failed');
      expect((await backupsIn(inFolder)).map(({ name }) => name)).toEqual([before?.name]);
      expect(execFileSync('git', ['-C', inGit, 'rev-parse', 'HEAD'], { encoding: 'utf8' })).toBe(head);
    }
    await (await openBackup(good)).check();
    disk?.free();
    expect(await backup(folder(inFolder))).toMatchObject([{ state: 'written', backup: { added: 2_000 } }]);
  });

  it('is named where it is read-only', async () => {
    const [inFolder, inGit] = [at('folder'), at('git')];
    await backup(folder(inFolder), repository(inGit));
    topic.grow(1);
    const remount = (how: string): unknown => spawnSync('/bin/mount', ['-o', `remount,${how}`, disk?.dir ?? '']).status;
    expect(remount('ro')).toBe(0);
    const [one, two, three] = await backup(folder(inFolder), repository(inGit), folder(good));
    expectSaid(one, inFolder, /EROFS/);
    expectSaid(two, inGit, /EROFS|[Rr]ead-only/);
    expect(three).toMatchObject({ state: 'written', backup: { records: 4 } });
    expect(remount('rw')).toBe(0);
    expect(await backup(folder(inFolder), repository(inGit))).toMatchObject([
      { state: 'written' },
      { state: 'written' },
    ]);
  });

  it('has no open files left where a disk was full', async () => {
    topic.grow(2_000);
    disk?.fill(16 * 1024);
    await backup(folder(at('folder')), repository(at('git')));
    const open = execFileSync('ls', ['-l', `/proc/${process.pid}/fd`], { encoding: 'utf8' });
    expect(open.split('\n').filter((line) => line.includes(disk?.dir ?? ''))).toEqual([]);
  });

  it('is a repository once there is space for it, where git was killed or found the disk full while it made it', async () => {
    const above = at('project');
    execFileSync('git', ['init', '--quiet', above]);
    const path = join(above, 'backups');
    await mkdir(join(path, '.git', 'hooks'), { recursive: true });
    expect(await backup(repository(path))).toMatchObject([{ state: 'written', backup: { records: 3 } }]);
    expect(spawnSync('git', ['-C', above, 'rev-parse', '--verify', 'HEAD']).status).not.toBe(0);
    const snapshot = await openGitSnapshot({ path, commit: undefined }, signal);
    await snapshot.check(signal);
    await snapshot.close();
  });

  it('is left alone where others have files beside such a half', async () => {
    const path = at('theirs');
    await mkdir(join(path, '.git'), { recursive: true });
    await writeFile(join(path, 'mine.txt'), 'x');
    expect(await backup(repository(path))).toMatchObject([{ error: { code: 'holdfast.recovery.target-foreign' } }]);
    expect((await readdir(path)).sort()).toEqual(['.git', 'mine.txt']);
  });
});
