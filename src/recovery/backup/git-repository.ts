/** A git repository that backups are committed into. Files of ours lie beside those of others, which are left alone. */
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { lockFolder } from '../../broker/embedded/folder-lock.ts';
import type { Clock } from '../../foundation/clock.ts';
import { makeFolder } from '../../foundation/make-folder.ts';
import { ConfigError } from '../../sdk/errors/kinds.ts';
import { TARGET_FOREIGN } from './backup-errors.ts';
import { BACKUP_LOCKED } from './backup-folder.ts';
import { Git } from './git-command.ts';

export const MARKER_FILE = 'holdfast-schemas.json';
export const SNAPSHOT_FOLDER = 'snapshot';
export const SUBJECTS_FOLDER = 'subjects';
export const CONFIG_FILE = 'config.json';
export const MODES_FILE = 'modes.json';
const OURS = [MARKER_FILE, SNAPSHOT_FOLDER, SUBJECTS_FOLDER, CONFIG_FILE, MODES_FILE];
const MARKER = `${JSON.stringify({ kind: 'holdfast-schemas-git', format: 1 })}\n`;
const README = `Written by \`holdfast schemas backup\`, for reading: a folder for each subject, two files for each version.
What is restored lies in ../${SNAPSHOT_FOLDER}, with the records' own bytes.
`;
const AS_IT_IS = '-text -filter -ident -working-tree-encoding';
const ATTRIBUTES = `/${MARKER_FILE} ${AS_IT_IS}\n/${SNAPSHOT_FOLDER}/** ${AS_IT_IS}\n/${SUBJECTS_FOLDER}/** ${AS_IT_IS}\n`;
/** From so many new files on they go into one pack. */
const PACKED_FILES = 500;
const NEWLINE = Buffer.from('\n');
/** How long a git that a killed run started may go on. */
const ORPHAN_MS = 5_000;

export interface Identity {
  readonly name: string;
  readonly email: string;
}

export class GitRepository {
  readonly path: string;
  readonly git: Git;
  private readonly ownFolder: string;
  private readonly release: () => Promise<void>;

  private constructor(options: {
    readonly path: string;
    readonly git: Git;
    readonly ownFolder: string;
    readonly release: () => Promise<void>;
  }) {
    this.path = options.path;
    this.git = options.git;
    this.ownFolder = options.ownFolder;
    this.release = options.release;
  }

  /**
   * Made where it is not there. What a killed run left is undone: the newest commit is what counts.
   * @throws ConfigError `holdfast.recovery.target-foreign`, `holdfast.recovery.backup-locked`; of {@link Git.run}
   */
  static async open(place: string, clock: Clock, signal: AbortSignal): Promise<GitRepository> {
    const path = resolve(place);
    await makeFolder(path, 0o700);
    const git = new Git(path);
    if (!(await isThere(join(path, '.git')))) {
      const others = await readdir(path);
      if (others.length > 0) {
        throw new ConfigError(
          `${path} is no git repository and holds something else, such as ${others[0]}. Name a new folder, or call git init in it.`,
          { code: TARGET_FOREIGN },
        );
      }
      await git.run(['init', '--quiet'], { signal });
    }
    const ownFolder = join((await git.run(['rev-parse', '--absolute-git-dir'], { signal })).trim(), 'holdfast-schemas');
    await makeFolder(ownFolder);
    const lock = await lockFolder(ownFolder, clock, {
      what: `backups into ${path}`,
      ...{ remedy: 'name another repository for this one', code: BACKUP_LOCKED },
    });
    const repository = new GitRepository({ path, git, ownFolder, release: () => lock.release() });
    try {
      await repository.refuseForeign(signal);
      await repository.keepBytes(signal);
      await repository.heal(clock, signal);
      return repository;
    } catch (error) {
      await repository.close();
      throw error;
    }
  }

  /** undefined: nothing was committed yet. */
  head(signal: AbortSignal): Promise<string | undefined> {
    return this.git.ask(['rev-parse', '--quiet', '--verify', 'HEAD^{commit}'], { signal });
  }

  /** From here on the work tree may differ from the commit; a run that is killed leaves the word of it. */
  async begin(): Promise<void> {
    await writeFile(this.runningFile, `${process.pid}\n`);
    await writeFile(join(this.path, MARKER_FILE), MARKER);
    await makeFolder(join(this.path, SUBJECTS_FOLDER));
    // git knows no empty folders, and refuses to add one.
    await writeFile(join(this.path, SUBJECTS_FOLDER, 'README.md'), README);
  }

  /**
   * @param at ms since the epoch; the date of the commit, so that equal runs make equal commits
   * @returns the commit; undefined where nothing differs
   */
  async commit(
    commit: { readonly message: string; readonly author: Identity | undefined; readonly at: number },
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { git } = this;
    await this.packNew(signal);
    await git.run(['add', '--all', '--force', '--', ...OURS], { signal });
    const isSame =
      (await this.head(signal)) !== undefined &&
      (await git.ask(['diff', '--cached', '--quiet', 'HEAD', '--', ...OURS], { signal })) !== undefined;
    if (!isSame) {
      const env = await this.identity(commit.author, commit.at, signal);
      await git.run(['commit', '--quiet', '--allow-empty-message', '--file=-', '--', ...OURS], {
        ...{ input: commit.message, env, signal },
      });
    }
    await rm(this.runningFile, { force: true });
    return isSame ? undefined : this.head(signal);
  }

  /** The current branch, whether or not there is something new. @throws EnvironmentError `holdfast.recovery.git-failed` */
  async push(remote: string, signal: AbortSignal): Promise<void> {
    const branch = (await this.git.run(['symbolic-ref', '--short', 'HEAD'], { signal })).trim();
    // ssh would ask on the terminal by itself.
    const isOwnSsh = (await this.git.ask(['config', '--get', 'core.sshCommand'], { signal })) !== undefined;
    const env =
      isOwnSsh || process.env['GIT_SSH_COMMAND'] !== undefined ? {} : { GIT_SSH_COMMAND: 'ssh -oBatchMode=yes' };
    await this.git.run(['push', '--quiet', '--', remote, `HEAD:refs/heads/${branch}`], { env, signal });
  }

  close(): Promise<void> {
    return this.release();
  }

  /** Of very many files, `git add` would make and sync an object file each; those that are in a pack already it leaves at that. */
  private async packNew(signal: AbortSignal): Promise<void> {
    const { git, path } = this;
    const listed = await git.ask(['ls-files', '-z', '--others', '--modified', '--', ...OURS], { signal });
    const names = (listed ?? '').split('\0').filter((name) => name !== '');
    if (names.length < PACKED_FILES) return;
    await git.feed(['fast-import', '--quiet'], blobsOf(path, names), { signal });
  }

  private get runningFile(): string {
    return join(this.ownFolder, 'running');
  }

  private get healingFile(): string {
    return join(this.ownFolder, 'healing');
  }

  private async refuseForeign(signal: AbortSignal): Promise<void> {
    const committed = (await this.head(signal)) === undefined ? [] : await this.committed(signal);
    if (committed.length === 0) return this.refuseUncommitted(signal);
    if (committed.includes(MARKER_FILE)) {
      const text = await this.git.run(['cat-file', 'blob', `HEAD:${MARKER_FILE}`], { signal });
      if (text === MARKER) return;
    }
    throw new ConfigError(
      `The git repository ${this.path} has ${committed.join(', ')}, but not as this version of Holdfast writes it. Name another repository.`,
      { code: TARGET_FOREIGN },
    );
  }

  /** Files of somebody who has yet to commit them would be lost. What a first run that was killed has left is ours. */
  private async refuseUncommitted(signal: AbortSignal): Promise<void> {
    if (await isThere(this.runningFile)) return;
    const status = ['status', '--porcelain', '--ignored', '-z', '--', ...OURS];
    const [found] = (await this.git.run(status, { signal })).split('\0');
    if (found === undefined || found === '') return;
    throw new ConfigError(
      `The git repository ${this.path} has ${found.slice(3)}, which is not committed, and would be written over. Name another repository.`,
      { code: TARGET_FOREIGN },
    );
  }

  /** The repository's own .gitattributes may have line ends and filters that change bytes; these lines outweigh it, in this clone only. */
  private async keepBytes(signal: AbortSignal): Promise<void> {
    const { git, path } = this;
    const file = resolve(path, (await git.run(['rev-parse', '--git-path', 'info/attributes'], { signal })).trim());
    const text = await readFile(file, 'utf8').catch(() => '');
    if (text.includes(ATTRIBUTES)) return;
    await makeFolder(dirname(file));
    await writeFile(file, `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${ATTRIBUTES}`);
  }

  private async heal(clock: Clock, signal: AbortSignal): Promise<void> {
    if ((await isThere(this.runningFile)) || (await isThere(this.healingFile))) await this.removeLocks(clock, signal);
    // What mends takes locks, too, and may be killed. One that only fails leaves no word: the lock in its way is of others.
    await writeFile(this.healingFile, `${process.pid}\n`);
    try {
      await this.restoreCommitted(signal);
    } finally {
      await rm(this.healingFile, { force: true });
    }
    await rm(this.runningFile, { force: true });
  }

  private async restoreCommitted(signal: AbortSignal): Promise<void> {
    const { git, path } = this;
    for (const name of await readdir(path)) {
      if (/^\.(holdfast-next|\.holdfast-next\.tmp-.*)$/.test(name))
        await rm(join(path, name), { recursive: true, force: true });
    }
    const isBorn = (await this.head(signal)) !== undefined;
    const committed = isBorn ? await this.committed(signal) : [];
    if (committed.length > 0) {
      await git.run(['restore', '--source=HEAD', '--staged', '--worktree', '--', ...committed], { signal });
    }
    const uncommitted = OURS.filter((name) => !committed.includes(name));
    if (uncommitted.length > 0) {
      await git.run(['rm', '-r', '--quiet', '--force', '--cached', '--ignore-unmatch', '--', ...uncommitted], {
        signal,
      });
    }
    await git.run(['clean', '-ffdxq', '--', ...OURS], { signal });
  }

  /** A git that is killed leaves its locks; one that was only orphaned ends by itself. */
  private async removeLocks(clock: Clock, signal: AbortSignal): Promise<void> {
    const folder = resolve(this.ownFolder, '..');
    const until = clock.monotonic() + ORPHAN_MS;
    while (clock.monotonic() < until && (await isThere(join(folder, 'index.lock')))) await clock.sleep(200, signal);
    const branch = await this.git.ask(['symbolic-ref', 'HEAD'], { signal });
    for (const name of ['index', 'HEAD', ...(branch === undefined ? [] : [branch])]) {
      await rm(join(folder, `${name}.lock`), { force: true });
    }
  }

  private async committed(signal: AbortSignal): Promise<readonly string[]> {
    const names = await this.git.run(['ls-tree', '--name-only', '-z', 'HEAD', '--', ...OURS], { signal });
    return names.split('\0').filter((name) => name !== '');
  }

  private async identity(
    author: Identity | undefined,
    at: number,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>>> {
    const date = `${Math.floor(at / 1000)} +0000`;
    const dates = { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
    const known = ['user.name', 'user.email'].map((name) => this.git.ask(['config', '--get', name], { signal }));
    if (author === undefined && !(await Promise.all(known)).includes(undefined)) return dates;
    const { name, email } = author ?? { name: 'Holdfast', email: 'holdfast@localhost' };
    const authors = { GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email };
    return { ...dates, ...authors, GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email };
  }
}

/** As `git fast-import` reads them. */
async function* blobsOf(path: string, names: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const name of names) {
    const bytes = await readFile(join(path, name)).catch(() => undefined);
    if (bytes !== undefined) yield Buffer.concat([Buffer.from(`blob\ndata ${bytes.length}\n`), bytes, NEWLINE]);
  }
}

/** Also for a path that can't be looked at. */
function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
