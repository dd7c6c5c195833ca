/** The program git on one repository. No shell is involved, nothing is asked on a terminal, and no message repeats a password in a URL. */
import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { HIDDEN } from '../../foundation/secret-registry.ts';
import { ConfigError, EnvironmentError } from '../../sdk/errors/kinds.ts';
import { GIT_FAILED, GIT_MISSING } from './backup-errors.ts';

const MAX_OUTPUT = 64 * 1024 * 1024;
/**
 * Bytes stay as they are whatever the user has set, and a commit outlives a failing machine. Neither hooks nor a key that asks for a password
 * keep a backup from being made.
 */
const SETTINGS = [
  ...['core.autocrlf=false', 'core.safecrlf=false', 'core.quotePath=false', 'core.fsync=committed'],
  ...['core.hooksPath=/dev/null', 'core.fsmonitor=false', 'commit.gpgSign=false', 'commit.cleanup=whitespace'],
];
/** A git that was called from a hook of another repository would work on that one. */
const FOREIGN_VARIABLES = [
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_COMMON_DIR',
  'GIT_NAMESPACE',
  'GIT_PREFIX',
  'GIT_LITERAL_PATHSPECS',
  'GIT_GLOB_PATHSPECS',
  'GIT_NOGLOB_PATHSPECS',
  'GIT_ICASE_PATHSPECS',
];

export interface GitCall {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Settings for this call, as -c takes them. */
  readonly config?: readonly string[];
  /** What no message repeats. */
  readonly secrets?: readonly string[];
  readonly signal: AbortSignal;
}

export class Git {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * @returns what it wrote on stdout
   * @throws ConfigError `holdfast.recovery.git-missing`, EnvironmentError `holdfast.recovery.git-failed`, the signal's reason
   */
  run(args: readonly string[], call: GitCall): Promise<string> {
    const { signal } = call;
    return new Promise((resolve, reject) => {
      const child = execFile(
        'git',
        this.allArguments(args, call.config),
        { env: environment(call.env), maxBuffer: MAX_OUTPUT, signal, encoding: 'utf8' },
        (error, stdout, stderr) => {
          if (error === null) resolve(stdout);
          else if (signal.aborted) reject(signal.reason);
          else reject(this.failure(args, error, stderr, call.secrets));
        },
      );
      // It may end before it has read everything; its exit code says why.
      child.stdin?.on('error', () => {});
      child.stdin?.end(call.input ?? '');
    });
  }

  /** As {@link run}; undefined where git says no. */
  async ask(args: readonly string[], call: GitCall): Promise<string | undefined> {
    try {
      return (await this.run(args, call)).trim();
    } catch (error) {
      if (error instanceof EnvironmentError) return undefined;
      throw error;
    }
  }

  /** Writes what git says into a new file. */
  async runInto(file: string, args: readonly string[], call: GitCall): Promise<void> {
    const child = spawn('git', this.allArguments(args), {
      ...{ env: environment(call.env), signal: call.signal, stdio: ['ignore', 'pipe', 'pipe'] },
    });
    const ended = this.endOf(child, args, call.signal);
    await Promise.all([pipeline(child.stdout, createWriteStream(file, { flags: 'wx', mode: 0o600 })), ended]);
  }

  /** What it writes, up to each NUL: of very many names none but the last few are in memory. */
  async *names(args: readonly string[], call: GitCall): AsyncGenerator<string> {
    const child = spawn('git', this.allArguments(args), {
      ...{ env: environment(call.env), signal: call.signal, stdio: ['ignore', 'pipe', 'pipe'] },
    });
    const ended = this.endOf(child, args, call.signal);
    // Whoever reads on hears of it at the end.
    ended.catch(() => {});
    let pending = '';
    for await (const text of child.stdout.setEncoding('utf8') as AsyncIterable<string>) {
      const parts = `${pending}${text}`.split('\0');
      pending = parts.pop() ?? '';
      yield* parts;
    }
    await ended;
  }

  /** As {@link run}, of what comes in pieces. */
  async feed(args: readonly string[], input: AsyncIterable<Uint8Array>, { signal }: GitCall): Promise<void> {
    const child = spawn('git', this.allArguments(args), {
      ...{ env: environment(), signal, stdio: ['pipe', 'ignore', 'pipe'] },
    });
    const ended = this.endOf(child, args, signal);
    let failure: { readonly cause: unknown } | undefined;
    const watched = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield* input;
      } catch (cause) {
        failure = { cause };
        throw cause;
      }
    };
    // Where it ends before it has read everything, its exit code says why; where the input failed, what it did with the half of it is undone.
    await Promise.all([pipeline(Readable.from(watched()), child.stdin).catch(() => {}), ended]).catch(
      (error: unknown) => {
        throw failure === undefined ? error : failure.cause;
      },
    );
    if (failure !== undefined) throw failure.cause;
  }

  /** Resolves when it has ended well. */
  private endOf(
    child: ChildProcessByStdio<Writable | null, Readable | null, Readable>,
    args: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = `${stderr}${text}`.slice(-4_000);
    });
    return new Promise<void>((resolve, reject) => {
      child.once('error', (error) => reject(signal.aborted ? signal.reason : this.failure(args, error, stderr)));
      child.once('close', (code) => {
        if (code === 0) resolve();
        else reject(this.failure(args, Object.assign(new Error(`exit code ${code}`), { code }), stderr));
      });
    });
  }

  private allArguments(args: readonly string[], config: readonly string[] = []): string[] {
    return ['-C', this.path, ...[...SETTINGS, ...config].flatMap((setting) => ['-c', setting]), ...args];
  }

  private failure(args: readonly string[], error: Error, stderr: string, secrets: readonly string[] = []): Error {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return new ConfigError('The program git can not be started. Install it, or put it on the PATH.', {
        ...{ code: GIT_MISSING, cause: error },
      });
    }
    const said = withoutPasswords(stderr.trim() === '' ? error.message : stderr.trim(), secrets);
    const { code } = error as { readonly code?: unknown };
    const ended = /[.!?]$/.test(said) ? said : `${said}.`;
    return new EnvironmentError(`git ${args[0]} failed in ${this.path}: ${ended} See to that, and run it again.`, {
      code: GIT_FAILED,
      // By itself, and not because it could not be started or was killed.
      details: { exitCode: typeof code === 'number' ? code : undefined },
    });
  }
}

function environment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C', ...more };
  for (const name of FOREIGN_VARIABLES) if (more[name] === undefined) delete env[name];
  return env;
}

/** Invariant 8. A password may have an @ of its own, and its user's name may be a token. */
function withoutPasswords(text: string, secrets: readonly string[]): string {
  const shown = secrets
    .filter((secret) => secret !== '')
    .reduce((rest, secret) => rest.replaceAll(secret, HIDDEN), text);
  return shown.replace(/:\/\/[^\s/]*@/g, `://${HIDDEN}@`);
}
