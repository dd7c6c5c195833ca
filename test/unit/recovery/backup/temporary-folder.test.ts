import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { removeOrphans, temporaryFolder } from '../../../../src/recovery/backup/temporary-folder.ts';

let above: string;
let mine: string;

beforeEach(async () => {
  above = await mkdtemp(join(tmpdir(), 'holdfast-orphans-'));
  mine = await temporaryFolder();
});
afterEach(async () => {
  await rm(above, { recursive: true, force: true });
  await rm(mine, { recursive: true, force: true });
});

it('removes the temporary folders of processes that are gone, and no others', async () => {
  const owner = JSON.parse(await readFile(join(mine, '.owner.json'), 'utf8')) as Record<string, unknown>;
  const { pid: gone } = spawnSync(process.execPath, ['--version']);
  const owned = async (name: string, more: Record<string, unknown> | undefined): Promise<void> => {
    await mkdir(join(above, name, 'read-1'), { recursive: true });
    if (more !== undefined) await writeFile(join(above, name, '.owner.json'), JSON.stringify({ ...owner, ...more }));
  };
  await owned('holdfast-schemas-dead', { pid: gone });
  await owned('holdfast-schemas-git-reused', { began: '1' });
  await owned('holdfast-schemas-live', {});
  await owned('holdfast-schemas-elsewhere', { pid: gone, world: 'another container' });
  await owned('holdfast-schemas-unmarked', undefined);
  await owned('somebody-dead', { pid: gone });
  await symlink(join(above, 'somebody-dead'), join(above, 'holdfast-schemas-link'));
  await removeOrphans(above);
  const left = ['elsewhere', 'link', 'live', 'unmarked'].map((name) => `holdfast-schemas-${name}`);
  expect((await readdir(above)).sort()).toEqual([
    ...(process.platform === 'linux' ? [] : ['holdfast-schemas-git-reused']),
    ...left,
    'somebody-dead',
  ]);
  expect(await readdir(join(above, 'somebody-dead'))).toEqual(['.owner.json', 'read-1']);
});
