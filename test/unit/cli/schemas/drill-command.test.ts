import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { drill } from '../../../../src/cli/schemas/drill-command.ts';
import { RecordedSession } from '../../../support/recovery/recorded-session.ts';
import { tempDir } from '../../../support/temp-dir.ts';

it('a drill that failed says why, also where its figures can not be written', async () => {
  const dir = tempDir('drill');
  await writeFile(join(dir, 'file'), '');
  const session = new RecordedSession({});
  const options = { ...session.options, into: 'scratch-topic', metricsFile: join(dir, 'file', 'drill.prom') };
  await expect(drill(session, join(dir, 'nowhere'), options)).rejects.toMatchObject({
    code: 'holdfast.recovery.backup-unreadable',
  });
  expect(session.text).toContain(`The figures of this drill could not be written to ${options.metricsFile}`);
  await session.close();
});
