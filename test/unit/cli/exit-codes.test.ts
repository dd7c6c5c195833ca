import { describe, expect, it } from 'vitest';
import { exitCodeOf, UsageError } from '../../../src/cli/exit-codes.ts';
import { OpenedParts } from '../../../src/cli/opened-parts.ts';
import { ConnectError } from '../../../src/sdk/errors/connect-error.ts';
import { ConfigError } from '../../../src/sdk/errors/kinds.ts';

describe('exit codes', () => {
  it.each([
    [new UsageError('no settings'), 1],
    [new ConfigError('wrong'), 2],
    [new ConnectError('failed'), 3],
    [new Error('bug'), 3],
    ['text', 3],
  ])('%s ends with %i', (error, code) => {
    expect(exitCodeOf(error)).toBe(code);
  });
});

describe('OpenedParts', () => {
  it('closes the last first, all of them whatever one says, once, and says what went wrong first', async () => {
    const opened = new OpenedParts();
    const closed: string[] = [];
    for (const name of ['broker', 'registry', 'rest']) {
      opened.add(async () => {
        closed.push(name);
        if (name !== 'broker') throw new Error(`${name} failed`);
      });
    }
    await expect(opened.close()).rejects.toThrow('rest failed');
    expect(closed).toEqual(['rest', 'registry', 'broker']);
    await opened.close();
    expect(closed).toHaveLength(3);
  });
});
