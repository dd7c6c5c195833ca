import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import ts from 'typescript';
import { afterEach, describe, expect, it } from 'vitest';
import { type HoldfastProcess, runHoldfast } from '../support/holdfast-process.ts';
import { freePorts } from '../support/ports.ts';
import { processUsage, resetPeak } from '../support/process-usage.ts';
import { tempDir } from '../support/temp-dir.ts';

const scriptDir = tempDir('scripts');

function script(name: string, text: string): string {
  const file = join(scriptDir, name);
  writeFileSync(file, text);
  return file;
}

/** Running, and not a zombie that nobody has waited for yet. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('the process harness', () => {
  let running: HoldfastProcess | undefined;

  afterEach(async () => {
    await running?.kill();
    running = undefined;
  });

  const run = async (text: string, options: Parameters<typeof runHoldfast>[1] = {}): Promise<HoldfastProcess> => {
    running = await runHoldfast([], { ...options, program: script('program.mjs', text) });
    return running;
  };

  it('waits for a line of either stream, also one that was written before', async () => {
    const child = await run(`console.log('early'); console.error('failing: 1'); setInterval(() => {}, 1000);`);
    expect(await child.waitForLine(/^failing/)).toBe('failing: 1');
    expect(await child.waitForLine('early')).toBe('early');
    expect(child.stdout).toEqual(['early']);
    expect(child.stderr).toEqual(['failing: 1']);
  });

  it('says what it waited for and the last lines when the process ends first', async () => {
    const child = await run(`console.log('giving up'); process.exitCode = 3;`);
    await expect(child.waitForLine('ready')).rejects.toThrow(/no line ready: the process ended.*giving up/s);
    expect(await child.waitForExit()).toEqual({ code: 3, signal: null });
    expect(child.isRunning).toBe(false);
  });

  it('joins characters and lines that arrive in pieces, and keeps a last line without its end', async () => {
    const child = await run(`
      const bytes = Buffer.from('größer\\nlast');
      process.stdout.write(bytes.subarray(0, 3), () => setTimeout(() => process.stdout.write(bytes.subarray(3)), 20));`);
    await child.waitForExit();
    expect(child.stdout).toEqual(['größer', 'last']);
  });

  it('writes to standard input, and kills', async () => {
    const child = await run(
      `process.stdin.on('data', (text) => console.log('got ' + text)); setInterval(() => {}, 1e3);`,
      {
        withStdin: true,
      },
    );
    child.stdin.write('hello\n');
    await child.waitForLine('got hello');
    await child.kill(9);
    expect(await child.waitForExit()).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('stops with SIGTERM, and with SIGKILL when that is ignored', async () => {
    const polite = await run(
      `process.on('SIGTERM', () => process.exit(7)); console.log('up'); setInterval(() => {}, 1e3);`,
    );
    await polite.waitForLine('up');
    expect(await polite.stop()).toEqual({ code: 7, signal: null });
    const stubborn = await run(`process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1e3);`);
    await stubborn.waitForLine('up');
    expect(await stubborn.stop({ graceMs: 100 })).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('kills its children when it is killed itself with SIGKILL', async () => {
    // The runner is plain JavaScript, because Node 20 runs no TypeScript.
    const source = readFileSync(new URL('../support/child-process.ts', import.meta.url), 'utf8');
    const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
    script('child-process.mjs', ts.transpileModule(source, { compilerOptions }).outputText);
    const program = script(
      'runner.mjs',
      `import { SupervisedProcess } from './child-process.mjs';
      const child = await SupervisedProcess.start({
        name: 'sleeper', command: 'sleep', args: ['600'], logFile: '${join(scriptDir, 'sleeper.log')}' });
      console.log(child.pid);
      setInterval(() => {}, 1000);`,
    );
    const runner = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(createInterface({ input: runner.stdout }), 'line');
    const pid = Number(line);
    expect(isAlive(pid)).toBe(true);
    runner.kill('SIGKILL');
    await expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false);
  });

  it('reads the time and memory of a process', async () => {
    const child = await run(`
      import { setFlagsFromString } from 'node:v8';
      import { runInNewContext } from 'node:vm';
      setFlagsFromString('--expose-gc');
      const gc = runInNewContext('gc');
      // Processor time, which a busy machine gives it later.
      while (process.cpuUsage().user < 300_000);
      let ballast = Buffer.alloc(150e6, 1);
      console.log('full');
      process.once('SIGUSR2', () => {
        ballast = null;
        gc();
        console.log('empty');
      });
      setInterval(() => {}, 1e3);`);
    await child.waitForLine('full');
    const usage = processUsage(child.pid);
    expect(usage.cpuSeconds).toBeGreaterThan(0.2);
    expect(usage.cpuSeconds).toBeLessThan(20);
    expect(usage.rssBytes).toBeGreaterThan(150e6);
    expect(usage.peakRssBytes).toBeGreaterThanOrEqual(usage.rssBytes);
    expect(usage.threads).toBeGreaterThan(1);
    process.kill(child.pid, 'SIGUSR2');
    await child.waitForLine('empty');
    expect(processUsage(child.pid).peakRssBytes).toBeGreaterThan(150e6);
    // A process that does nothing still grows by some pages: only what it let go shows that the mark was reset. V8 gives the memory
    // back some time after it collected it.
    const peakSinceReset = (): number => {
      resetPeak(child.pid);
      return processUsage(child.pid).peakRssBytes;
    };
    await expect.poll(peakSinceReset).toBeLessThan(usage.peakRssBytes - 100e6);
  });

  it('hands out different ports below the ephemeral range', async () => {
    const ports = await freePorts(50);
    expect(new Set(ports).size).toBe(50);
    expect(Math.max(...ports)).toBeLessThan(32_768);
  });
});
