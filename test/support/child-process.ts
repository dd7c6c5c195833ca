import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
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
}

/** How a process ended. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const running = new Set<number>();

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
  private readonly exited: Promise<ProcessExit>;

  private constructor(name: string, child: ChildProcess, pid: number, logFile: string, logStart: number) {
    this.name = name;
    this.child = child;
    this.pid = pid;
    this.logFile = logFile;
    this.logStart = logStart;
    running.add(pid);
    const guard = guardGroup(pid);
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
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
        stdio: ['ignore', log, log],
      });
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve);
        child.once('error', (cause) => {
          reject(new Error(`${options.name} can't be started (${options.command}): ${cause.message}`, { cause }));
        });
      });
      if (child.pid === undefined) throw new Error(`${options.name} has no process id`);
      return new SupervisedProcess(options.name, child, child.pid, options.logFile, logStart);
    } finally {
      closeSync(log);
    }
  }

  /** Resolves when the process has ended; never rejects. */
  async waitForExit(): Promise<ProcessExit> {
    this.child.ref();
    try {
      return await this.exited;
    } finally {
      this.child.unref();
    }
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

function killGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}

function guardGroup(pid: number): { release(): void } {
  const script = 'read -r word; [ "$word" = released ] || kill -KILL -- "-$0"';
  const guard = spawn('/bin/sh', ['-c', script, String(pid)], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  guard.on('error', () => {});
  guard.stdin.on('error', () => {});
  guard.unref();
  const stdin: unknown = guard.stdin;
  if (typeof stdin === 'object' && stdin !== null && 'unref' in stdin && typeof stdin.unref === 'function')
    stdin.unref();
  return { release: () => guard.stdin.end('released\n') };
}
