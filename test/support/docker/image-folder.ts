import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, posix } from 'node:path';
import { promisify } from 'node:util';
import { SupervisedProcess } from '../child-process.ts';
import { tempDir } from '../temp-dir.ts';
import { copyOf, type Dockerfile, execForm, pairsOf, type Stage } from './dockerfile.ts';

const run = promisify(execFile);

/** What `docker run` does with the last stage of a Dockerfile, as far as it needs no engine. */
export interface ImageSettings {
  readonly env: Readonly<Record<string, string>>;
  readonly workdir: string;
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthcheck: readonly string[];
  readonly stopSignal: string;
  readonly volumes: readonly string[];
}

/**
 * The file system of an image, made by running a Dockerfile's steps by hand: each stage is a folder, absolute paths lead
 * into it, and Node, npm and the shell are this machine's. `FROM` brings nothing. What `npm ci` would install is the context's own
 * `node_modules`, which such an `npm ci` made: npm only checks that it would come to the same.
 */
export class ImageFolder {
  readonly root: string;
  readonly settings: ImageSettings;

  private constructor(root: string, settings: ImageSettings) {
    this.root = root;
    this.settings = settings;
  }

  static async build(dockerfile: Dockerfile, context: string): Promise<ImageFolder> {
    const folder = tempDir('image');
    chmodSync(folder, 0o755);
    const roots = new Map<string, string>();
    let settings: ImageSettings | undefined;
    for (const stage of dockerfile.stages) {
      const root = join(folder, stage.name);
      mkdirSync(root);
      roots.set(stage.name, root);
      settings = await buildStage(stage, root, { context, roots });
    }
    const root = roots.get(dockerfile.stages.at(-1)?.name ?? '');
    if (root === undefined || settings === undefined) throw new Error('the Dockerfile has no stages');
    return new ImageFolder(root, settings);
  }

  /** Where a path of the image lies on this machine. */
  path(inside: string): string {
    return join(this.root, inside);
  }

  /** `docker run image`, with `env` as by `-e`, and `args` instead of the image's command. */
  start(options: {
    readonly env: Readonly<Record<string, string>>;
    readonly args?: readonly string[];
  }): Promise<SupervisedProcess> {
    const { entrypoint, command } = this.settings;
    const [program, ...args] = this.commandLine([...entrypoint, ...(options.args ?? command)]);
    return SupervisedProcess.start({
      name: 'the container',
      command: program ?? '',
      args,
      cwd: this.path(this.settings.workdir),
      env: this.environment(options.env),
      logFile: join(tempDir('log'), 'container.log'),
    });
  }

  /** One run of the health check, as the engine does it: in the container, with its variables. */
  async checkHealth(
    env: Readonly<Record<string, string>>,
  ): Promise<{ readonly code: number; readonly output: string }> {
    const [program = '', ...args] = this.commandLine(this.settings.healthcheck);
    try {
      const { stdout } = await run(program, args, {
        cwd: this.path(this.settings.workdir),
        env: this.environment(env),
        timeout: 10_000,
      });
      return { code: 0, output: stdout };
    } catch (error) {
      const { code, stdout } = error as { readonly code: unknown; readonly stdout: string };
      if (typeof code !== 'number') throw error;
      return { code, output: stdout };
    }
  }

  /** As the image's user, where this process may become another. */
  private commandLine(words: readonly string[]): readonly string[] {
    const inside = words.map((word) =>
      word === 'node' ? process.execPath : word.startsWith('/') ? this.path(word) : word,
    );
    if (process.getuid?.() !== 0) return inside;
    const [uid, gid] = this.settings.user.split(':');
    return ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', ...inside];
  }

  /** Nothing of this process's own environment but the path. */
  private environment(env: Readonly<Record<string, string>>): Record<string, string> {
    return { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', ...inRoot(this.settings.env, this.root), ...env };
  }
}

async function buildStage(
  stage: Stage,
  root: string,
  { context, roots }: { readonly context: string; readonly roots: ReadonlyMap<string, string> },
): Promise<ImageSettings> {
  let env: Record<string, string> = {};
  let workdir = '/';
  const found = { user: '0:0', stopSignal: 'SIGTERM' };
  const lists = {
    entrypoint: [] as readonly string[],
    command: [] as readonly string[],
    healthcheck: [] as readonly string[],
  };
  const volumes: string[] = [];
  for (const { keyword, text, line } of stage.instructions) {
    switch (keyword) {
      case 'ENV':
        env = { ...env, ...pairsOf(text) };
        break;
      case 'WORKDIR':
        workdir = posix.resolve(workdir, text);
        mkdirSync(join(root, workdir), { recursive: true });
        break;
      case 'COPY': {
        const { from, sources, target } = copyOf(text);
        const base = from === undefined ? context : roots.get(from);
        if (base === undefined) throw new Error(`Dockerfile, line ${line}: there is no stage ${from}`);
        const paths = sources.map((source) => join(base, source));
        const copying = from === undefined ? copyFiles : linkFiles;
        copy(paths, join(root, posix.resolve(workdir, target)), target.endsWith('/'), copying);
        break;
      }
      case 'RUN':
        await runShell(withInstalled(text, context, join(root, workdir)), { root, cwd: join(root, workdir), env });
        break;
      case 'USER':
        found.user = text;
        break;
      case 'STOPSIGNAL':
        found.stopSignal = text;
        break;
      case 'VOLUME':
        volumes.push(text);
        break;
      case 'ENTRYPOINT':
        lists.entrypoint = execForm(text);
        break;
      case 'CMD':
        lists.command = execForm(text);
        break;
      case 'HEALTHCHECK':
        lists.healthcheck = execForm(text.slice(text.indexOf('[')));
        break;
      case 'LABEL':
      case 'EXPOSE':
        break;
      default:
        throw new Error(`Dockerfile, line ${line}: ${keyword} is not understood`);
    }
  }
  return { env, workdir, volumes, ...found, ...lists };
}

/** A folder's content goes into the target, as `COPY` does it; a file beside others, or before a slash, keeps its name. */
function copy(
  sources: readonly string[],
  target: string,
  intoFolder: boolean,
  copying: (source: string, target: string) => void,
): void {
  for (const source of sources) {
    if (!existsSync(source)) throw new Error(`COPY: there is no ${source}`);
    const keepName = !statSync(source).isDirectory() && (intoFolder || sources.length > 1 || isFolder(target));
    copying(source, keepName ? join(target, basename(source)) : target);
  }
}

function copyFiles(source: string, target: string): void {
  cpSync(source, target, { recursive: true, verbatimSymlinks: true });
}

/** The same files under another name, which takes a fraction of the time: for what is not written to afterwards. */
function linkFiles(source: string, target: string): void {
  if (!statSync(source).isDirectory()) {
    copyFiles(source, target);
    return;
  }
  mkdirSync(target, { recursive: true });
  try {
    execFileSync('cp', ['-al', `${source}/.`, target], { stdio: 'ignore' });
  } catch {
    // Another file system, or no GNU cp.
    copyFiles(source, target);
  }
}

/** `npm ci` in a folder that has its outcome already, which it then only checks against the lockfile. */
function withInstalled(script: string, context: string, folder: string): string {
  if (!/^npm ci\b/.test(script)) return script;
  linkFiles(join(context, 'node_modules'), join(folder, 'node_modules'));
  // npm writes this one in place when it prunes: the context's must not change with it.
  const index = 'node_modules/.package-lock.json';
  rmSync(join(folder, index), { force: true });
  if (existsSync(join(context, index))) copyFileSync(join(context, index), join(folder, index));
  return script.replace(/^npm ci\b/, 'npm ci --dry-run');
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

async function runShell(
  script: string,
  { root, cwd, env }: { readonly root: string; readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<void> {
  // npm's own settings may name a mirror; what it tells scripts of the package whose test this is would mislead another npm.
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(npm_(package|lifecycle|command|config_local_prefix)|INIT_CWD|NODE_|VITEST|CONNECT_)/.test(name),
    ),
  );
  const shims = join(root, '..', 'shims');
  if (process.getuid?.() !== 0 && !existsSync(shims)) {
    // Only root gives files away. Whoever runs this owns them all, and runs the worker, too.
    mkdirSync(shims);
    writeFileSync(join(shims, 'chown'), '#!/bin/sh\n', { mode: 0o755 });
  }
  const path = existsSync(shims) ? `${shims}:${process.env['PATH']}` : process.env['PATH'];
  for (const word of script.match(/(?<=\s)\/\S+/g) ?? [])
    mkdirSync(join(root, posix.dirname(word)), { recursive: true });
  await run('/bin/sh', ['-ec', script.replace(/(?<=\s)\/(?=\w)/g, `${root}/`)], {
    cwd,
    env: { ...inherited, PATH: path, ...inRoot(env, root) },
    maxBuffer: 64 * 1024 * 1024,
  });
}

/** Values that are absolute paths lead into the image. */
function inRoot(env: Readonly<Record<string, string>>, root: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, value.startsWith('/') ? join(root, value) : value]),
  );
}

/** What a `.dockerignore` that names what is let through lets through. */
export function letThrough(file: string): readonly string[] {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
  if (lines[0] !== '*' || !lines.slice(1).every((line) => line.startsWith('!'))) {
    throw new Error('.dockerignore has to leave out everything, and then to let through what the Dockerfile copies');
  }
  return lines.slice(1).map((line) => line.slice(1));
}
