/** Exit codes of `holdfast schemas verify`, over backups in folders: no broker is needed. */
import { readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SnapshotWriter } from '../../../src/recovery/backup/snapshot-writer.ts';
import type { VerifyReport } from '../../../src/recovery/verify/verify-report.ts';
import { asLog, confluent, type WrittenRecord } from '../../support/recovery/record-bytes.ts';
import { schemasCommandEnds } from '../../support/recovery/schemas-command.ts';
import { tempDir } from '../../support/temp-dir.ts';

async function backupOf(written: readonly WrittenRecord[]): Promise<string> {
  const folder = join(tempDir('backup'), 'one');
  const writer = await SnapshotWriter.create({ folder });
  await writer.append(asLog(written));
  await writer.finish({ source: 'derived', takenAt: 0, topic: undefined });
  return folder;
}

const ONE = confluent.schema({ subject: 'a', version: 1, id: 1, schema: '"int"' });

describe('verify', () => {
  it('ends with 0 where all is sound, 4 where something is found, and 4 for a warning only if it is strict', async () => {
    const sound = await backupOf([ONE]);
    const warned = await backupOf([ONE, confluent.mode(null, { mode: 'READONLY' })]);
    const wrong = await backupOf([confluent.schema({ subject: 'a', version: 1, id: 1, schema: '{' })]);
    const { stdout } = await schemasCommandEnds(0, ['verify', sound, '--strict', '--quiet']);
    expect(stdout).toContain('Sound: ');
    await schemasCommandEnds(0, ['verify', warned, '--quiet']);
    await schemasCommandEnds(4, ['verify', warned, '--strict', '--quiet']);
    await schemasCommandEnds(4, ['verify', sound, wrong, '--quiet']);
  });

  it('ends with 1 for wrong usage and 2 for wrong settings, before any work', async () => {
    const sound = await backupOf([ONE]);
    await schemasCommandEnds(1, ['verify', '--quiet']);
    await schemasCommandEnds(2, ['verify', join(tempDir('none'), 'none'), '--quiet']);
    const nowhere = ['verify', sound, '--quiet', '--report', join(tempDir('none'), 'none', 'report.json')];
    await schemasCommandEnds(2, nowhere);
  });

  it('names a backup that is damaged, and verifies the others', async () => {
    const [cut, sound] = [await backupOf([ONE]), await backupOf([ONE])];
    const [file] = (JSON.parse(readFileSync(join(cut, 'manifest.json'), 'utf8')) as { files: { name: string }[] })
      .files;
    truncateSync(join(cut, file?.name ?? ''), 40);
    const { stdout } = await schemasCommandEnds(4, ['verify', cut, sound, '--quiet', '--json']);
    const { sections } = JSON.parse(stdout) as VerifyReport;
    const told = sections.map(({ findings }) => findings.filter((f) => f.severity === 'error').map(({ name }) => name));
    expect(told).toEqual([['place-damaged'], []]);
  });
});
