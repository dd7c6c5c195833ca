import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { fileURLToPath } from 'node:url';
import { type ProcessExit, SupervisedProcess } from './child-process.ts';
import { tempDir } from './temp-dir.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const main = join(root, 'dist/src/cli/main.js');
let checkedForChanges = false;

export interface RunHoldfastOptions {
  /** Added to the environment of this process; a variable set to undefined is taken out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A new temporary folder unless told. */
  readonly cwd?: string;
  /** Flags for node itself, before the program. */
  readonly nodeFlags?: readonly string[];
  /** Standard input is a pipe (`stdin`); empty otherwise. */
  readonly withStdin?: boolean;
  /** Another program to run than the built command line: one installed from the packed tarball, for example. */
  readonly program?: string;
  /** A program with its arguments that runs node: `setpriv`, for example, which takes rights away. */
  readonly launcher?: readonly string[];
  /** An aborted signal kills it. */
  readonly signal?: AbortSignal;
}

export interface WaitForLineOptions {
  /** 30,000 unless told. */
  readonly timeoutMs?: number;
  /** Looks only at lines from this one on; 0, the first, unless told. `lines.length` means: from now on. */
  readonly from?: number;
  readonly signal?: AbortSignal;
}

type LinePattern = string | RegExp | ((line: string) => boolean);

/**
 * Runs the built command line, `node dist/src/cli/main.js ...args`, in a process of its own, which ends with this one at
 * the latest. Throws when nothing was built, and warns once when sources changed since.
 */
export async function runHoldfast(args: readonly string[], options: RunHoldfastOptions = {}): Promise<HoldfastProcess> {
  const program = options.program ?? main;
  if (!existsSync(program)) throw new Error(`${program} is missing: run npm run build before these tests`);
  if (program === main) warnOfChanges();
  options.signal?.throwIfAborted();
  const output = new LineOutput();
  const [command = process.execPath, ...before] = [...(options.launcher ?? []), process.execPath];
  const child = await SupervisedProcess.start({
    name: `holdfast ${args.join(' ')}`,
    command,
    args: [...before, ...(options.nodeFlags ?? []), program, ...args],
    cwd: options.cwd ?? tempDir('cwd'),
    env: { ...process.env, ...options.env },
    logFile: join(tempDir('log'), 'holdfast.log'),
    onOutput: (stream, bytes) => output.take(stream, bytes),
    withStdin: options.withStdin ?? false,
  });
  options.signal?.addEventListener('abort', () => child.kill('SIGKILL'), { once: true });
  return new HoldfastProcess(child, output);
}

/** A running worker, or another command of the command line, and every line it wrote. */
export class HoldfastProcess {
  readonly pid: number;
  /** Both streams in the order in which they arrived. */
  readonly logFile: string;
  private readonly child: SupervisedProcess;
  private readonly output: LineOutput;
  private readonly ended: Promise<ProcessExit>;

  constructor(child: SupervisedProcess, output: LineOutput) {
    this.child = child;
    this.output = output;
    this.pid = child.pid;
    this.logFile = child.logFile;
    this.ended = child.ended.then((exit) => {
      output.end();
      return exit;
    });
  }

  /** Complete lines of both streams, in the order in which they arrived. */
  get lines(): readonly string[] {
    return this.output.lines;
  }

  /** Complete lines of standard output. */
  get stdout(): readonly string[] {
    return this.output.stdout;
  }

  /** Complete lines of standard error. */
  get stderr(): readonly string[] {
    return this.output.stderr;
  }

  get stdin(): SupervisedProcess['stdin'] {
    return this.child.stdin;
  }

  get isRunning(): boolean {
    return this.child.isRunning;
  }

  /**
   * Resolves with the first line of either stream that contains the text, matches, or satisfies; lines written before
   * the call count. Rejects, with the last lines in the message, when the process ends or the time is over first.
   */
  waitForLine(pattern: LinePattern, options: WaitForLineOptions = {}): Promise<string> {
    const { timeoutMs = 30_000, from = 0, signal } = options;
    const matches = matcher(pattern);
    return new Promise((resolve, reject) => {
      let next = from;
      const settle = (action: () => void): void => {
        clearTimeout(timer);
        unsubscribe();
        signal?.removeEventListener('abort', onAbort);
        action();
      };
      const fail = (why: string): void =>
        settle(() => {
          const tail = this.lines.slice(-30).join('\n');
          reject(new Error(`no line ${String(pattern)}: ${why}\n--- its last lines ---\n${tail}`));
        });
      const onAbort = (): void => settle(() => reject(signal?.reason));
      const look = (): void => {
        for (; next < this.lines.length; next++) {
          const line = this.lines[next];
          if (line !== undefined && matches(line)) {
            settle(() => resolve(line));
            return;
          }
        }
        if (this.output.isComplete) fail('the process ended');
      };
      const timer = setTimeout(() => fail(`${timeoutMs} ms are over`), timeoutMs);
      const unsubscribe = this.output.onChange(look);
      signal?.addEventListener('abort', onAbort, { once: true });
      if (signal?.aborted) onAbort();
      else look();
    });
  }

  /** Resolves when it has ended and all its output was read. */
  async waitForExit(): Promise<ProcessExit> {
    await this.child.waitForExit();
    return this.ended;
  }

  /** Sends a signal; with SIGKILL it resolves when the process is gone, with any other at once. */
  async kill(signal: NodeJS.Signals | 9 = 'SIGKILL'): Promise<void> {
    const name = signal === 9 ? 'SIGKILL' : signal;
    this.child.kill(name);
    if (name === 'SIGKILL') await this.waitForExit();
  }

  /** SIGTERM, and SIGKILL if it is still there after `graceMs`, 20,000 unless told. */
  async stop(options: { graceMs?: number } = {}): Promise<ProcessExit> {
    await this.child.stop(options);
    return this.ended;
  }
}

/** Splits two streams of bytes into lines and tells those who wait. */
class LineOutput {
  readonly lines: string[] = [];
  readonly stdout: string[] = [];
  readonly stderr: string[] = [];
  isComplete = false;
  private readonly listeners = new Set<() => void>();
  private readonly partial = {
    stdout: { decoder: new StringDecoder('utf8'), text: '' },
    stderr: { decoder: new StringDecoder('utf8'), text: '' },
  };

  take(stream: 'stdout' | 'stderr', bytes: Buffer): void {
    const partial = this.partial[stream];
    const complete = (partial.text + partial.decoder.write(bytes)).split('\n');
    partial.text = complete.pop() ?? '';
    for (const line of complete) this.add(stream, line);
    this.tell();
  }

  end(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      if (this.partial[stream].text !== '') this.add(stream, this.partial[stream].text);
    }
    this.isComplete = true;
    this.tell();
  }

  /** Returns what takes the listener away. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private add(stream: 'stdout' | 'stderr', line: string): void {
    this.lines.push(line);
    this[stream].push(line);
  }

  private tell(): void {
    for (const listener of [...this.listeners]) listener();
  }
}

function warnOfChanges(): void {
  if (checkedForChanges) return;
  checkedForChanges = true;
  const changed = ['src', 'connectors'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.startsWith('console'))
      .map((file) => join(folder, file))
      .filter((file) => {
        const built = statSync(join(root, 'dist', file.replace(/\.ts$/, '.js')), { throwIfNoEntry: false });
        return (built?.mtimeMs ?? 0) < statSync(join(root, file)).mtimeMs;
      }),
  );
  if (changed.length === 0) return;
  process.stderr.write(
    `STALE BUILD: ${changed.length} sources changed since, ${changed[0]} among them; npm run build\n`,
  );
}

function matcher(pattern: LinePattern): (line: string) => boolean {
  if (typeof pattern === 'string') return (line) => line.includes(pattern);
  return pattern instanceof RegExp ? (line) => pattern.test(line) : pattern;
}
