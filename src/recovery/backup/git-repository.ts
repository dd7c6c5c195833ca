/** A git repository that backups are committed into. Files of ours lie beside those of others, which are left alone. */
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { lockFolder } from '../../broker/embedded/folder-lock.ts';
import type { Clock } from '../../foundation/clock.ts';
import { makeFolder } from '../../foundation/make-folder.ts';
import { ConfigError, DataError, EnvironmentError } from '../../sdk/errors/kinds.ts';
import { BACKUP_FAILED, GIT_DETACHED, TARGET_FOREIGN } from './backup-errors.ts';
import { BACKUP_LOCKED } from './backup-folder.ts';
import { Git } from './git-command.ts';
import { commitStream } from './git-commit-stream.ts';
import { type GitRemote, gitRemote } from './git-remote.ts';
import { syncFolder } from './sync-folder.ts';

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
/** Of a commit that was not yet read back. */
const PROPOSED_REF = 'refs/holdfast-schemas/proposed';
/** How long a git that a killed run started may go on. */
const ORPHAN_MS = 5_000;

export interface Identity {
  readonly name: string;
  readonly email: string;
}

type Proof = (signal: AbortSignal) => Promise<void>;

export class GitRepository {
  readonly path: string;
  readonly git: Git;
  /** Why the newest commit can't be read; its files are not in the work tree then. */
  damage: string | undefined;
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
   * @param prove reads the backup of the newest commit; where its files can't be had and it throws a DataError, that is told as `damage`
   * @throws ConfigError `holdfast.recovery.target-foreign`, `holdfast.recovery.backup-locked`; of {@link Git.run}
   */
  static async open(
    { place, clock, prove }: { readonly place: string; readonly clock: Clock; readonly prove: Proof },
    signal: AbortSignal,
  ): Promise<GitRepository> {
    const path = resolve(place);
    await makeFolder(path, 0o700).catch((cause: Error) => {
      throw new EnvironmentError(
        `The git repository ${path} can't be made: ${cause.message}. Name a folder that can be made or written.`,
        { code: BACKUP_FAILED, cause },
      );
    });
    const git = new Git(path);
    if (!(await isRepository(path))) {
      const others = (await readdir(path)).filter((name) => name !== '.git');
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
      await repository.heal(clock, prove, signal);
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
   * Commits what differs, but moves no branch: HEAD is what it was until {@link accept}.
   * @param at ms since the epoch; the date of the commit, so that equal runs make equal commits
   * @param isFresh the records are stored anew, whatever there is of them: an object of theirs may be damaged
   * @returns the commit; undefined where nothing differs
   */
  async propose(
    commit: {
      readonly message: string;
      readonly author: Identity | undefined;
      readonly at: number;
      readonly isFresh: boolean;
    },
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { git, path } = this;
    const names = this.differing(signal);
    const first = await names.next();
    if (first.done === true) return undefined;
    if (commit.isFresh) await this.storeAnew(signal);
    const parent = await this.head(signal);
    const env = await this.identity(commit.author, commit.at, signal);
    const who = async (name: string): Promise<string> => (await git.run(['var', name], { env, signal })).trim();
    const [author, committer] = [await who('GIT_AUTHOR_IDENT'), await who('GIT_COMMITTER_IDENT')];
    const streamed = { ref: PROPOSED_REF, parent, author, committer, message: commit.message };
    const files = withFirst(first.value, names);
    // One that was proposed before and never accepted is given up.
    await git.feed(['fast-import', '--quiet', '--force', '--done'], commitStream(streamed, path, files), { signal });
    return (await git.run(['rev-parse', '--verify', PROPOSED_REF], { signal })).trim();
  }

  /** Makes a proposed commit the newest one. @throws EnvironmentError `holdfast.recovery.git-failed`, also where others committed meanwhile */
  async accept(commit: string, signal: AbortSignal): Promise<void> {
    const { git } = this;
    const parent = await git.ask(['rev-parse', '--quiet', '--verify', `${commit}^`], { signal });
    const move = parent === undefined ? `create HEAD ${commit}` : `update HEAD ${commit} ${parent}`;
    await git.run(['update-ref', '-m', 'backup of schemas', '--stdin'], { input: `${move}\n`, signal });
    // All of it is stored already: only the index hears of it.
    await git.run(['add', '--all', '--force', '--', ...OURS], { signal });
    await this.end();
    // As `git commit` does. What it can't do now it does another time.
    await git.ask(['gc', '--auto', '--quiet'], { signal });
  }

  /** The work tree is as the newest commit again. */
  async end(): Promise<void> {
    await rm(this.runningFile, { force: true });
  }

  /**
   * The current branch, whether or not there is something new.
   * @param to a remote's name or URL
   * @throws ConfigError `holdfast.recovery.git-detached`; EnvironmentError `holdfast.recovery.git-failed`; of {@link gitRemote}
   */
  async push(to: string, signal: AbortSignal): Promise<void> {
    const branch = await this.git.ask(['symbolic-ref', '--quiet', '--short', 'HEAD'], { signal });
    if (branch === undefined) throw this.detached(await this.head(signal));
    const { remote, config, secrets, ...given } = await this.remote(to, signal);
    // ssh would ask on the terminal by itself.
    const isOwnSsh = (await this.git.ask(['config', '--get', 'core.sshCommand'], { signal })) !== undefined;
    const ssh =
      isOwnSsh || process.env['GIT_SSH_COMMAND'] !== undefined ? {} : { GIT_SSH_COMMAND: 'ssh -oBatchMode=yes' };
    const env = { ...ssh, ...given.env };
    await this.git.run(['push', '--quiet', '--', remote, `HEAD:refs/heads/${branch}`], {
      env,
      config,
      secrets,
      signal,
    });
  }

  private detached(head: string | undefined): ConfigError {
    return new ConfigError(
      `The git repository ${this.path} is on no branch: its HEAD is detached at ${head?.slice(0, 12)}, and nothing was pushed. Call git switch -c NAME in it, which keeps that commit, and run the same command again.`,
      { code: GIT_DETACHED },
    );
  }

  /** One that is named is left to git, unless there are credentials in its URL, which git would hand on for all to see. */
  private async remote(to: string, signal: AbortSignal): Promise<GitRemote> {
    // A URL is no name, and stands in no arguments.
    if (to.includes('://')) return gitRemote(to);
    const named = await this.git.ask(['remote', 'get-url', '--push', '--all', '--', to], { signal });
    const [url = '', ...others] = named?.split('\n') ?? [];
    const found = others.length === 0 ? gitRemote(url) : undefined;
    return found !== undefined && found.secrets.length > 0 ? found : gitRemote(to);
  }

  close(): Promise<void> {
    return this.release();
  }

  /** Paths of ours that are not as in the newest commit. */
  private differing(signal: AbortSignal): AsyncGenerator<string> {
    return this.git.names(['ls-files', '-z', '--others', '--modified', '--', ...OURS], { signal });
  }

  /**
   * What git has in its store already, it never writes again, not even where it is damaged. So the records are written into a store of their
   * own first, and what is there is replaced; an object of its own outweighs one in a pack that can't be read.
   */
  private async storeAnew(signal: AbortSignal): Promise<void> {
    const { git, freshFolder } = this;
    const names = await readdir(join(this.path, SNAPSHOT_FOLDER));
    await rm(freshFolder, { recursive: true, force: true });
    await makeFolder(freshFolder);
    const objects = (await git.run(['rev-parse', '--git-path', 'objects'], { signal })).trim();
    await git.run(['hash-object', '-w', '--no-filters', '--stdin-paths'], {
      input: names.map((name) => `${SNAPSHOT_FOLDER}/${name}\n`).join(''),
      env: { GIT_OBJECT_DIRECTORY: freshFolder },
      signal,
    });
    for (const part of await readdir(freshFolder)) {
      if (!/^[0-9a-f]{2}$/.test(part)) continue;
      const to = resolve(this.path, objects, part);
      await makeFolder(to);
      for (const name of await readdir(join(freshFolder, part)))
        await rename(join(freshFolder, part, name), join(to, name));
      await syncFolder(to);
    }
    await rm(freshFolder, { recursive: true, force: true });
  }

  private get runningFile(): string {
    return join(this.ownFolder, 'running');
  }

  private get freshFolder(): string {
    return join(this.ownFolder, 'objects');
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

  private async heal(clock: Clock, prove: Proof, signal: AbortSignal): Promise<void> {
    if ((await isThere(this.runningFile)) || (await isThere(this.healingFile))) await this.removeLocks(clock, signal);
    // What mends takes locks, too, and may be killed. One that only fails leaves no word: the lock in its way is of others.
    await writeFile(this.healingFile, `${process.pid}\n`);
    try {
      await this.giveUpProposed(signal);
      await this.restoreCommitted(signal).catch((error: unknown) => this.judge(error, prove, signal));
    } finally {
      await rm(this.healingFile, { force: true });
    }
    await rm(this.runningFile, { force: true });
  }

  /** Why the files can't be had: the commit is damaged, and the next one is to replace it; or something else, which is thrown. */
  private async judge(error: unknown, prove: Proof, signal: AbortSignal): Promise<void> {
    if (!(error instanceof EnvironmentError)) throw error;
    signal.throwIfAborted();
    try {
      await prove(signal);
    } catch (found) {
      if (!(found instanceof DataError)) throw found;
      this.damage = found.message;
      return;
    }
    throw error;
  }

  /** What was not accepted was not read back, or not well: nobody is to take it for a backup. */
  private async giveUpProposed(signal: AbortSignal): Promise<void> {
    const { git } = this;
    await rm(this.freshFolder, { recursive: true, force: true });
    const proposed = await git.ask(['rev-parse', '--quiet', '--verify', PROPOSED_REF], { signal });
    const head = await this.head(signal);
    // Deleted it could only be with a lock on all references.
    if (proposed === undefined || head === undefined || proposed === head) return;
    await git.run(['update-ref', PROPOSED_REF, head], { signal });
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
    for (const name of ['index', 'HEAD', PROPOSED_REF, ...(branch === undefined ? [] : [branch])]) {
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

async function* withFirst(first: string, others: AsyncIterable<string>): AsyncGenerator<string> {
  yield first;
  yield* others;
}

/** Not yet where `git init` was killed or found the disk full: git would look for one above it then, and commit into that. */
async function isRepository(path: string): Promise<boolean> {
  const own = join(path, '.git');
  const isFolder = await stat(own).then(
    (found) => found.isDirectory(),
    () => undefined,
  );
  // A file leads to a repository elsewhere. The store of objects is made last.
  return isFolder === false || (isFolder === true && (await isThere(join(own, 'objects'))));
}

/** Also for a path that can't be looked at. */
function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
