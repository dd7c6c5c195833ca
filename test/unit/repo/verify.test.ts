import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

const script = 'scripts/verify.mjs';

function verify(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    encoding: 'utf8',
    env: { ...process.env, FORCE_COLOR: '0' },
  });
  return { status, output: `${stdout}${stderr}` };
}

// `npm test` has to be red when `npm run verify` would be, so each of its checks is a test.
const checks: string[] = JSON.parse(verify('--list').output);

describe('npm run verify', () => {
  it('has the checks that the contributing guide names', () => {
    expect(checks).toEqual(
      expect.arrayContaining(['format and lint', 'types', 'import rules', 'dead code', 'package shape']),
    );
  });

  it.each(checks)('%s', (check) => {
    const { status, output } = verify('--only', check);
    expect(status, output).toBe(0);
  });

  it('refuses a check that there is none of', () => {
    expect(verify('--only', 'horoscope').status).not.toBe(0);
  });
});
