import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { zipArchive } from '../../../../src/recovery/rest/zip-archive.ts';
import { tempDir } from '../../../support/temp-dir.ts';

it('is a ZIP file for others, too', () => {
  const file = join(tempDir('zip'), 'one.zip');
  const entries = [
    ['a.json', '{"é":1}'],
    ['folder/ä b', ''],
    ['big', 'x'.repeat(100_000)],
  ] as const;
  writeFileSync(file, zipArchive(entries));
  const script =
    'import json,sys,zipfile\nz=zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\nprint(json.dumps([[n,z.read(n).decode()] for n in z.namelist()]))';
  expect(JSON.parse(execFileSync('python3', ['-c', script, file], { encoding: 'utf8' }))).toEqual(entries);
});
