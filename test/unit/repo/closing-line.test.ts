import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Runs one test file under our reporter in a process of its own, and gives its last line and its exit code. */
function run(test: string): { last: string | undefined; status: number | null } {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-closing-line-'));
  folders.push(folder);
  mkdirSync(join(folder, 'test'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir');
  const reporter = JSON.stringify(join(root, 'test/closing-line-reporter.ts'));
  writeFileSync(
    join(folder, 'vitest.config.ts'),
    `import { ClosingLineReporter } from ${reporter};\n` +
      `export default { test: { include: ['test/*.test.ts'], reporters: ['default', new ClosingLineReporter()] } };\n`,
  );
  if (test !== '')
    writeFileSync(join(folder, 'test/one.test.ts'), `import { beforeAll, describe, it } from 'vitest';\n${test}\n`);
  const { status, stdout } = spawnSync(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run'], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, VITEST: undefined, VITEST_POOL_ID: undefined, VITEST_WORKER_ID: undefined, CI: 'true' },
  });
  return { last: stdout.split('\n').at(-2), status };
}

describe('the line that closes a run', () => {
  it.each([
    ['all pass', "it('a', () => {}); it('b', () => {});", '2 passed, 0 failed', 0],
    [
      'some are skipped',
      "it('a', () => {}); it.skip('b', () => {}); it.todo('c');",
      '1 passed, 0 failed, 2 skipped',
      0,
    ],
    ['one fails', "it('a', () => {}); it('b', () => { throw new Error('no'); });", '1 passed, 1 failed', 1],
    ['the file does not load', "throw new Error('no');", '0 passed, 1 failed', 1],
    [
      'a hook throws',
      "describe('d', () => { beforeAll(() => { throw new Error('no'); }); it('a', () => {}); });",
      '0 passed, 1 failed, 1 skipped',
      1,
    ],
    [
      'an error is left unhandled',
      "it('a', async () => { setTimeout(() => { throw new Error('no'); }); await new Promise((r) => setTimeout(r, 50)); });",
      '1 passed, 1 failed',
      1,
    ],
    ['all are skipped', "it.skip('a', () => {});", '0 passed, 0 failed, 1 skipped', 1],
    ['there is no test', '', '0 passed, 0 failed', 1],
  ])('%s', (_case, test, last, status) => {
    expect(run(test)).toEqual({ last, status });
  });
});
