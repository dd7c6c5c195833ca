import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { list } from '../../../../src/cli/schemas/list-command.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import type { BackupSource } from '../../../../src/recovery/backup/backup-source.ts';
import { FolderTarget } from '../../../../src/recovery/backup/folder-target.ts';
import { runBackup } from '../../../../src/recovery/backup/run-backup.ts';
import { SnapshotWriter } from '../../../../src/recovery/backup/snapshot-writer.ts';
import { asLog, confluent } from '../../../support/recovery/record-bytes.ts';
import { RecordedSession } from '../../../support/recovery/recorded-session.ts';
import { ScriptedTopic } from '../../../support/recovery/scripted-topic.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const clock = new ManualClock();

/** Returns where it is. */
async function backup(path: string, source: BackupSource): Promise<string> {
  await clock.advance(60_000);
  const target = new FolderTarget({ path, keep: undefined, clock });
  const [outcome] = await runBackup({ source, targets: [target], clock }, new AbortController().signal);
  return outcome!.backup!.place;
}

const told: BackupSource = {
  kind: 'rest',
  read: async (temporary) => {
    const writer = await SnapshotWriter.create({ folder: join(temporary, 'rest') });
    await writer.append(asLog([confluent.schema({ subject: 'a', version: 1, id: 1, schema: '"string"' })]));
    return writer.finish({ source: 'rest', takenAt: clock.now(), topic: undefined });
  },
};

it('list shows which backup does not go on from the one before, and why', async () => {
  const folder = join(tempDir('list'), 'backups');
  const topic = new ScriptedTopic();
  topic.grow(3);
  const [first, second] = [await backup(folder, topic), await backup(folder, told)];
  const session = new RecordedSession({});
  expect(await list(session, folder, true)).toBe(0);
  const [newest, oldest] = (session.json as { backups: Record<string, unknown>[] }).backups;
  expect(newest).toMatchObject({ place: second, whole: true, continuityBreak: { before: basename(first) } });
  expect(oldest).toMatchObject({ place: first, whole: true });
  expect(oldest).not.toHaveProperty('continuityBreak');
  const lines = session.text.split('\n').filter((line) => line.includes('does not go on'));
  expect(lines).toEqual([
    expect.stringMatching(
      new RegExp(`${basename(second)} does not go on from ${basename(first)}: .*made from a topic`),
    ),
  ]);
  await writeFile(join(second, 'manifest.json'), '{');
  expect(await list(session, folder, false)).toBe(4);
});
