import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmbeddedBroker, type EmbeddedBroker } from '../../../../src/broker/embedded/embedded-broker.ts';
import { silentLogger } from '../../../../src/foundation/logger.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const open = (dir: string): Promise<EmbeddedBroker> => createEmbeddedBroker({ dir, logger: silentLogger });

/** A program in plain JavaScript that opens the folder, says how that went, and stays. */
const HOLDER = `
import { createEmbeddedBroker } from './src/broker/embedded/embedded-broker.js';
import { silentLogger } from './src/foundation/logger.js';
setInterval(() => {}, 1000);
try {
  await createEmbeddedBroker({ dir: process.argv[2], logger: silentLogger });
  console.log('open');
  if (process.argv[3] === 'block') for (;;);
} catch (error) {
  console.log(error.code);
  process.exit(1);
}
`;

describe('the lock of the embedded broker', () => {
  const built = tempDir('lock-build');
  const children: ChildProcess[] = [];

  beforeAll(() => {
    const tsc = join(root, 'node_modules/typescript-native/bin/tsc');
    spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', built, '--noCheck']);
    writeFileSync(join(built, 'package.json'), '{"type":"module"}');
    writeFileSync(join(built, 'holder.js'), HOLDER);
  }, 60_000);
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
  });

  const hold = async (dir: string, ...more: string[]) => {
    const child = spawn(process.execPath, [join(built, 'holder.js'), dir, ...more], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const [output] = await once(child.stdout, 'data');
    return { child, said: String(output).trim() };
  };
  const kill = async (child: ChildProcess): Promise<void> => {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };

  it('refuses a folder that another process has open, and names both', async () => {
    const dir = tempDir('lock');
    const { child, said } = await hold(dir);
    expect(said).toBe('open');
    const refused = open(dir);
    await expect(refused).rejects.toMatchObject({ code: 'holdfast.broker.embedded.locked', name: 'ConfigError' });
    await expect(refused).rejects.toThrow(`process ${child.pid}`);
    await expect(refused).rejects.toThrow(dir);
    await kill(child);
  });

  it('is free as soon as its process was killed with SIGKILL, and leaves no claim behind', async () => {
    const dir = tempDir('lock');
    const { child } = await hold(dir);
    await kill(child);
    const broker = await open(dir);
    expect(readdirSync(join(dir, 'lock'))).toHaveLength(3);
    await broker.close();
    expect(readdirSync(join(dir, 'lock'))).toEqual([]);
  });

  it('is held by a process whose loop is blocked', async () => {
    const dir = tempDir('lock');
    const { child } = await hold(dir, 'block');
    await expect(open(dir)).rejects.toMatchObject({ code: 'holdfast.broker.embedded.locked' });
    await kill(child);
  });

  it('lets exactly one of many in that come at once after a kill', async () => {
    const dir = tempDir('lock');
    await kill((await hold(dir)).child);
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => open(dir)));
    const opened = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    expect(opened.length).toBeLessThanOrEqual(1);
    await Promise.all(opened.map(({ value }) => value.close()));
    const broker = await open(dir);
    await broker.close();
  });

  it('refuses a second broker in the same process, and lets one in after close', async () => {
    const dir = tempDir('lock');
    const broker = await open(dir);
    await expect(open(dir)).rejects.toThrow('this very process');
    await broker.close();
    await (await open(dir)).close();
  });

  it('works in a folder whose path is longer than a socket address', async () => {
    const dir = join(tempDir('lock'), 'x'.repeat(90), 'y'.repeat(90));
    mkdirSync(dir, { recursive: true });
    const { child, said } = await hold(dir);
    expect(said).toBe('open');
    await expect(open(dir)).rejects.toMatchObject({ code: 'holdfast.broker.embedded.locked' });
    await kill(child);
    await (await open(dir)).close();
  });
});
