import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, closeSync, openSync, readFileSync, statSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/** What a supervised program is started with. */
export interface SupervisedProcessOptions {
  /** What error messages call it, for example `Kafka`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Standard output and error are appended to this file. */
  readonly logFile: string;
  /** Gets what the process writes, as well as the file. */
  readonly onOutput?: (stream: 'stdout' | 'stderr', bytes: Buffer) => void;
  /** Standard input is a pipe, to be written through `stdin`; empty otherwise. */
  readonly withStdin?: boolean;
}

/** How a process ended. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const running = new Set<number>();
const pipes = ['pipe', 'pipe'] as const;

process.on('exit', () => {
  for (const pid of running) killGroup(pid, 'SIGKILL');
});

/**
 * A child process in a group of its own that does not outlive this process, whichever way this process ends: a shell
 * waits on a pipe whose other end only this process holds, and kills the group when the pipe closes. So a test runner
 * that is killed with SIGKILL leaves no JVM behind.
 *
 * The child keeps this process alive only while someone waits for its end.
 */
export class SupervisedProcess {
  readonly pid: number;
  readonly logFile: string;
  private readonly name: string;
  private readonly child: ChildProcess;
  private readonly logStart: number;
  /** Settles when the process has ended and its output was read; never rejects, and keeps nothing alive. */
  readonly ended: Promise<ProcessExit>;

  private constructor(name: string, child: ChildProcess, pid: number, logFile: string, logStart: number) {
    this.name = name;
    this.child = child;
    this.pid = pid;
    this.logFile = logFile;
    this.logStart = logStart;
    running.add(pid);
    const guard = guardGroup(pid);
    this.ended = new Promise((resolve) => {
      child.once('close', (code: number | null, signal: NodeJS.Signals | null) => {
        running.delete(pid);
        guard.release();
        resolve({ code, signal });
      });
    });
    child.unref();
  }

  /** Throws when the program can't be started at all. */
  static async start(options: SupervisedProcessOptions): Promise<SupervisedProcess> {
    const log = openSync(options.logFile, 'a');
    try {
      const logStart = statSync(options.logFile).size;
      const child = spawn(options.command, [...options.args], {
        cwd: options.cwd,
        env: options.env ?? process.env,
        detached: true,
        stdio: [options.withStdin ? 'pipe' : 'ignore', ...(options.onOutput ? pipes : [log, log])],
      });
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve);
        child.once('error', (cause) => {
          reject(new Error(`${options.name} can't be started (${options.command}): ${cause.message}`, { cause }));
        });
      });
      if (options.onOutput !== undefined) listen(child, options.logFile, options.onOutput);
      if (child.pid === undefined) throw new Error(`${options.name} has no process id`);
      return new SupervisedProcess(options.name, child, child.pid, options.logFile, logStart);
    } finally {
      closeSync(log);
    }
  }

  /** Resolves when the process has ended; never rejects. */
  async waitForExit(): Promise<ProcessExit> {
    this.child.ref();
    for (const pipe of [this.child.stdout, this.child.stderr]) if (pipe) setRef(pipe, true);
    try {
      return await this.ended;
    } finally {
      this.child.unref();
    }
  }

  /** Standard input; throws unless the process was started `withStdin`. */
  get stdin(): Writable {
    if (this.child.stdin === null) throw new Error(`${this.name} was started without a pipe for its standard input`);
    return this.child.stdin;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** What this start has written so far. */
  log(): string {
    return readFileSync(this.logFile).subarray(this.logStart).toString('utf8');
  }

  /**
   * Waits until `ready` holds, asking every 50 ms. Rejects, with the end of the log in the message, when the process
   * ends first, after `timeoutMs`, or when `signal` is aborted. The process is left as it is.
   */
  async waitUntil(
    ready: () => boolean | Promise<boolean>,
    { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal | undefined },
  ): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!(await ready())) {
      signal?.throwIfAborted();
      if (!this.isRunning) {
        const { code, signal: killer } = await this.waitForExit();
        throw new Error(`${this.name} ended while it was starting (${killer ?? `code ${code}`})${this.logTail()}`);
      }
      if (performance.now() > deadline) {
        throw new Error(`${this.name} was not ready after ${timeoutMs} ms${this.logTail()}`);
      }
      await delay(50, undefined, { signal });
    }
  }

  /** Sends a signal to the process and whatever it started; false when it had ended. */
  kill(signal: NodeJS.Signals): boolean {
    return this.isRunning && killGroup(this.pid, signal);
  }

  /** SIGTERM, and SIGKILL if the process is still there after `graceMs`. A stopped process is continued first. */
  async stop({ graceMs = 20_000 }: { graceMs?: number } = {}): Promise<ProcessExit> {
    this.kill('SIGCONT');
    this.kill('SIGTERM');
    const timer = setTimeout(() => this.kill('SIGKILL'), graceMs);
    try {
      return await this.waitForExit();
    } finally {
      clearTimeout(timer);
    }
  }

  private logTail(): string {
    const lines = this.log().trimEnd().split('\n').slice(-40);
    return `\n--- the end of ${this.logFile} ---\n${lines.join('\n')}`;
  }
}

function listen(
  child: ChildProcess,
  logFile: string,
  onOutput: NonNullable<SupervisedProcessOptions['onOutput']>,
): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const stream = child[name];
    stream?.on('data', (bytes: Buffer) => {
      appendFileSync(logFile, bytes);
      onOutput(name, bytes);
    });
    if (stream) setRef(stream, false);
  }
  // A process that has ended or closed its input is seen by its exit, not by a failed write.
  child.stdin?.on('error', () => {});
  if (child.stdin) setRef(child.stdin, false);
}

/** Whether a pipe keeps this process alive. A child's pipe is a socket, which its type does not say. */
function setRef(stream: Readable | Writable, alive: boolean): void {
  if (alive && 'ref' in stream && typeof stream.ref === 'function') stream.ref();
  if (!alive && 'unref' in stream && typeof stream.unref === 'function') stream.unref();
}

function killGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}

function guardGroup(pid: number): { release(): void } {
  const script = 'read -r word; [ "$word" = released ] || kill -s KILL -- "-$0"';
  const guard = spawn('/bin/sh', ['-c', script, String(pid)], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  guard.on('error', () => {});
  guard.stdin.on('error', () => {});
  guard.unref();
  const stdin: unknown = guard.stdin;
  if (typeof stdin === 'object' && stdin !== null && 'unref' in stdin && typeof stdin.unref === 'function')
    stdin.unref();
  return { release: () => guard.stdin.end('released\n') };
}
