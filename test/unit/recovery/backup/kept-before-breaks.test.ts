/** What a rule leaves where the newest backup is damaged: never may the last whole one of what the topic has lost be removed. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { backupsIn, type NamedBackup } from '../../../../src/recovery/backup/backup-folder.ts';
import { FolderTarget } from '../../../../src/recovery/backup/folder-target.ts';
import { runBackup, type TargetOutcome } from '../../../../src/recovery/backup/run-backup.ts';
import { openSnapshotFolder } from '../../../../src/recovery/backup/snapshot-folder.ts';
import { inWords, recordsOf } from '../../../support/recovery/memory-snapshot.ts';
import { ScriptedTopic } from '../../../support/recovery/scripted-topic.ts';

let path: string;
let topic: ScriptedTopic;
let clock: ManualClock;
const { signal } = new AbortController();

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'holdfast-kept-'));
  topic = new ScriptedTopic();
  clock = new ManualClock();
});
afterEach(() => rm(path, { recursive: true, force: true }));

async function backup(keep: { readonly last?: number } | undefined): Promise<TargetOutcome> {
  await clock.advance(60_000);
  const [outcome] = await runBackup(
    { source: topic, targets: [new FolderTarget({ path, keep, clock })], clock },
    signal,
  );
  return outcome as TargetOutcome;
}

/** Two of them with what the topic had; the files of the newer one are damaged afterwards. Returns the older one. */
async function oneWholeOneDamaged(damage: (text: string) => string): Promise<{ readonly whole: NamedBackup }> {
  topic.grow(10);
  await backup(undefined);
  topic.grow(10);
  await backup(undefined);
  const [newest, older] = await backupsIn(path);
  const records = (await readdir(newest!.path)).filter((name) => name.startsWith('records-'));
  for (const name of records) {
    const file = join(newest!.path, name);
    // Not in place: the older one may share it.
    await rm(file);
    await writeFile(file, damage(name));
  }
  return { whole: older! };
}

const namesIn = async (): Promise<readonly string[]> => (await backupsIn(path)).map(({ name }) => name);

it.each([
  [
    'was made anew, empty',
    () => {
      topic.log = [];
      topic.facts = { topicId: 'two', clusterId: 'here' };
    },
  ],
  [
    'has lost its beginning',
    () => {
      topic.log = topic.log.slice(15);
    },
  ],
  [
    'was cut',
    () => {
      topic.log = topic.log.slice(0, 3);
    },
  ],
])('the newest whole one stays where the topic %s', async (_what, lose) => {
  const { whole } = await oneWholeOneDamaged(() => 'x');
  const had = (await recordsOf(await openSnapshotFolder(whole.path))).map(inWords);
  lose();
  expect(await backup({ last: 1 })).toMatchObject({ state: 'written' });
  // Whatever comes after it.
  for (let more = 0; more < 3; more++) {
    topic.grow(1, 'later');
    expect(await backup({ last: 1 })).toMatchObject({ state: 'written' });
  }
  expect(await namesIn()).toContain(whole.name);
  const kept = await openSnapshotFolder(whole.path);
  await kept.check();
  expect((await recordsOf(kept)).map(inWords)).toEqual(had);
});

it('where a rule finds nothing damaged and nothing lost, it leaves what it is to leave', async () => {
  topic.grow(10);
  for (let n = 0; n < 4; n++) {
    topic.grow(1);
    await backup({ last: 1 });
  }
  expect(await namesIn()).toHaveLength(1);
});
