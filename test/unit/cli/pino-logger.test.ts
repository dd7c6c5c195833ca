import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createPinoLogger } from '../../../src/cli/pino-logger.ts';
import { Password } from '../../../src/sdk/config/index.ts';
import { ConnectError } from '../../../src/sdk/errors/connect-error.ts';
import { ConfigError } from '../../../src/sdk/errors/kinds.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** What one line of the log says of an error. */
async function logged(err: unknown): Promise<Record<string, unknown>> {
  const file = join(tempDir('log'), 'worker.log');
  const logger = await createPinoLogger({ level: 'info', pretty: false, file });
  logger.child({ connector: 'c' }).error('It failed.', { err });
  const [line = ''] = readFileSync(file, 'utf8').split('\n');
  const { time, ...rest } = JSON.parse(line) as Record<string, unknown>;
  expect(Date.parse(String(time))).not.toBeNaN();
  expect(rest).toMatchObject({ level: 'error', msg: 'It failed.', connector: 'c' });
  return rest['err'] as Record<string, unknown>;
}

describe('the log of the command line', () => {
  it('gives the code and the message of an error that says what to do, without a stack', async () => {
    const err = await logged(new ConfigError('Wrong.', { code: 'holdfast.test.wrong' as never }));
    expect(err).toEqual({ name: 'ConfigError', code: 'holdfast.test.wrong', message: 'Wrong.' });
  });

  it('gives the stack of the first cause that nobody foresaw, once', async () => {
    const bug = new TypeError('x is undefined', { cause: new Error('below') });
    const err = await logged(new ConnectError('The task failed.', { cause: bug }));
    expect(err['stack']).toBeUndefined();
    expect(err['cause']).toEqual({
      name: 'TypeError',
      message: 'x is undefined',
      stack: expect.stringContaining('pino-logger.test'),
      cause: 'Error: below',
    });
    expect(JSON.stringify(err).match(/pino-logger\.test\.ts/g)?.length).toBe(
      String(bug.stack).match(/pino-logger\.test\.ts/g)?.length,
    );
  });

  it('invariant 8: gives neither the details of an error nor a password', async () => {
    const secret = new ConnectError('No.', { details: { password: 'hunter2' } });
    expect(JSON.stringify(await logged(secret))).not.toContain('hunter2');
    expect(await logged(new Password('hunter2'))).toBe('[hidden]');
    expect(await logged('text')).toBe('text');
  });

  it("writes each key once: a child's in place of its parent's, and a line's in place of both", async () => {
    const file = join(tempDir('log'), 'worker.log');
    const parent = (await createPinoLogger({ level: 'info', pretty: false, file })).child({ name: 'rest', node: 1 });
    const child = parent.child({ name: 'rest.requests' });
    child.info('From the child.');
    child.info('From the line.', { name: 'line' });
    parent.info('From the parent.', { more: 2 });
    const members = readFileSync(file, 'utf8').replaceAll(/"time":"[^"]*",/g, '');
    expect(members.trim().split('\n')).toEqual([
      '{"level":"info","name":"rest.requests","node":1,"msg":"From the child."}',
      '{"level":"info","name":"line","node":1,"msg":"From the line."}',
      '{"level":"info","name":"rest","node":1,"more":2,"msg":"From the parent."}',
    ]);
  });
});
