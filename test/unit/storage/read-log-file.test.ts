import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { FileCompactedLog } from '../../../src/storage/file-compacted-log.ts';
import { readLogFile } from '../../../src/storage/read-log-file.ts';
import { tempDir } from '../../support/temp-dir.ts';

describe('readLogFile', () => {
  it('reads what is durable beside a worker that writes, rewrites and goes on', async () => {
    const folder = tempDir('read-log');
    const file = join(folder, 'schemas.log');
    const log = new FileCompactedLog({ file, logger: silentLogger, compactAboveBytes: 100 });
    await log.load();
    await log.append([{ key: 'a', value: '1' }]);
    await log.append([{ key: 'b', value: '2' }]);
    await log.append([{ key: 'a', value: '3' }]);
    const entries = [
      { key: 'b', value: '2' },
      { key: 'a', value: '3' },
    ];
    expect(await readLogFile(file)).toEqual({ entries, damaged: 0, tornBytes: 0 });
    for (let n = 0; n < 30; n++) await log.append([{ key: 'b', value: 'x'.repeat(20) }]);
    await log.append([{ key: 'a', value: null }]);
    expect((await readLogFile(file)).entries).toEqual([{ key: 'b', value: 'x'.repeat(20) }]);
    await log.append([{ key: 'c', value: '4' }]);
    expect((await readLogFile(file)).entries).toHaveLength(2);
    await log.close();
  });

  it('leaves a torn end as it is, and other files too', async () => {
    const folder = tempDir('read-log-torn');
    const file = join(folder, 'schemas.log');
    const log = new FileCompactedLog({ file, logger: silentLogger });
    await log.load();
    await log.append([{ key: 'a', value: '1' }]);
    await log.close();
    appendFileSync(file, Buffer.from([1, 2, 3]));
    writeFileSync(`${file}.new`, 'half');
    const before = readFileSync(file);

    expect(await readLogFile(file)).toEqual({ entries: [{ key: 'a', value: '1' }], damaged: 0, tornBytes: 3 });

    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['schemas.log', 'schemas.log.new']);
  });

  it('makes no file that is not there, and refuses what is no log', async () => {
    const folder = tempDir('read-log-none');
    await expect(readLogFile(join(folder, 'schemas.log'))).rejects.toMatchObject({
      code: 'holdfast.storage.log.missing',
    });
    expect(readdirSync(folder)).toEqual([]);
    writeFileSync(join(folder, 'other'), 'no log at all');
    await expect(readLogFile(join(folder, 'other'))).rejects.toMatchObject({ code: 'holdfast.storage.log.version' });
  });
});
