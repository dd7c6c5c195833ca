import { ConnectError, EnvironmentError } from 'holdfast/sdk';
import { describe, expect, it } from 'vitest';
import { readFailure, writeFailure } from '../../../../connectors/file/errors.ts';

const failed = (code: string): Error => Object.assign(new Error(`${code}: failed, open '/x'`), { code });

describe('a failed call on a file', () => {
  it.each(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'ESTALE', 'EMFILE'])('parks the task for %s', (code) => {
    expect(writeFailure('/x', failed(code))).toBeInstanceOf(EnvironmentError);
    expect(readFailure('/x', failed(code))).toBeInstanceOf(EnvironmentError);
  });

  it.each(['EACCES', 'EPERM', 'ENOTDIR', 'ENOENT', 'ELOOP', 'EISDIR'])('fails the task for %s', (code) => {
    for (const failure of [writeFailure('/x', failed(code)), readFailure('/x', failed(code))]) {
      expect(failure).toBeInstanceOf(ConnectError);
      expect(failure).not.toBeInstanceOf(EnvironmentError);
      expect(failure.message).toContain("'/x'");
    }
  });

  it('names the file, the reason and the way out where the worker may not read', () => {
    expect(readFailure('/data/in.txt', failed('EACCES')).message).toBe(
      "Cannot read the file '/data/in.txt': the worker's user may not read it or enter one of its folders (EACCES). Mend that, then restart the task.",
    );
  });
});
