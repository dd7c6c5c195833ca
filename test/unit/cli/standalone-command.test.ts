import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { exitCodeOf } from '../../../src/cli/exit-codes.ts';
import { runStandalone } from '../../../src/cli/standalone-command.ts';
import { ConfigError } from '../../../src/sdk/errors/kinds.ts';
import { tempDir } from '../../support/temp-dir.ts';

const CONNECTOR = 'name=c\nconnector.class=FileStreamSource\nfile=/tmp/x\ntopic=t\n';
const WORKER = [
  'bootstrap.servers=embedded:broker',
  'key.converter=String',
  'value.converter=String',
  'offset.storage.file.filename=offsets',
  '',
].join('\n');

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
const before = new Set<unknown>(SIGNALS.flatMap((signal) => process.listeners(signal)));
afterEach(() => {
  vi.unstubAllEnvs();
  // A worker that does not start ends its process.
  for (const signal of SIGNALS) {
    for (const listener of process.listeners(signal)) if (!before.has(listener)) process.off(signal, listener);
  }
});

/** What keeps a worker with these files from starting; the first is the worker's. */
async function failureOf(...texts: string[]): Promise<{ readonly failure: ConfigError; readonly paths: string[] }> {
  const folder = tempDir('standalone');
  const paths = texts.map((text, index) => {
    const path = join(folder, `${index}.properties`);
    writeFileSync(path, text);
    return path;
  });
  const [workerFile, ...connectorFiles] = paths;
  const failure = await runStandalone({ workerFile, connectorFiles }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ConfigError);
  expect(exitCodeOf(failure)).toBe(2);
  return { failure: failure as ConfigError, paths };
}

describe('mistakes in the settings of the worker', () => {
  it('name the file, and that it is the file of a connector', async () => {
    const { failure, paths } = await failureOf(CONNECTOR, WORKER);
    const lines = failure.message.split('\n');
    expect(lines[0]).toBe(
      `The worker's settings in ${paths[0]} have ${failure.problems.length} mistake${failure.problems.length === 1 ? '' : 's'}:`,
    );
    expect(lines).toHaveLength(failure.problems.length + 2);
    expect(lines.at(-1)).toBe(
      `${paths[0]} has connector.class, as the file of a connector has: name the worker's file first.`,
    );
    expect(failure.code).toBe('holdfast.worker.config-invalid');
  });

  it('name the file alone where it is the right one, and the variables beside it', async () => {
    const { failure, paths } = await failureOf(`${WORKER}log.level=loud\n`);
    expect(failure.message).toMatch(`The worker's settings in ${paths[0]} have 1 mistake:\n`);
    expect(failure.message.split('\n')).toHaveLength(2);
    vi.stubEnv('CONNECT_LOG_LEVEL', 'loud');
    const both = await failureOf(WORKER);
    expect(both.failure.message).toMatch(
      `The worker's settings in ${both.paths[0]} and the CONNECT_* variables have 1 mistake:\n`,
    );
    const alone = await runStandalone({ workerFile: undefined, connectorFiles: [] }).catch((error: unknown) => error);
    expect((alone as ConfigError).message).toMatch("The worker's settings in the CONNECT_* variables have ");
  });
});
