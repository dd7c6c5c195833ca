/**
 * Connectors in a folder, a file each, replaced whole: what is found after a crash is the old file or the new one. For the owner's eyes only,
 * as configurations hold passwords.
 *
 * Format, version 1: a JSON object with `format`, `version`, `name`, `target_state`, `created`, `connector_file`, `deleted` and `config`. The
 * name of a file tells its connector to people; which one it is, the content says. A file that somebody named otherwise keeps its name.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type FolderLock, lockFolder } from '../broker/embedded/folder-lock.ts';
import type { Clock } from '../foundation/clock.ts';
import { makeFolder } from '../foundation/make-folder.ts';
import { defineErrorCode } from '../sdk/errors/codes.ts';
import { ConfigError, EnvironmentError, IllegalStateError } from '../sdk/errors/kinds.ts';
import type { ConfigBackingStore, StoredConnector } from './config-backing-store.ts';
import { NotDurableError, replaceFile, syncFolder } from './replace-file.ts';

export const CONFIG_FILE_UNREADABLE = defineErrorCode('holdfast.storage.config.file-unreadable', {
  what: 'A file in config.storage.dir is damaged, of a newer format, or no stored connector.',
  mend: 'Mend the file that the message names, restore it from a backup, or move it away: its connector is then gone.',
});

export const CONFIG_FOLDER_LOCKED = defineErrorCode('holdfast.storage.config.locked', {
  what: "Another worker has config.storage.dir open. Two at once would overwrite each other's connectors.",
  mend: 'Stop the process that the message names, or set another config.storage.dir for this one.',
});

export const CONFIG_FILE_UNWRITABLE = defineErrorCode('holdfast.storage.config.file-unwritable', {
  what: 'A connector could not be stored in config.storage.dir: the disk is full, or the folder may not be written to.',
  mend: 'Make room or set permissions, and send the request again. The message says whether the file was changed.',
});

const FORMAT = 'holdfast-connector';
const VERSION = 1;
const SUFFIX = '.json';
const TARGETS = ['STARTED', 'PAUSED', 'STOPPED'] as const;

export class FileConfigBackingStore implements ConfigBackingStore {
  private readonly dir: string;
  private readonly clock: Clock;
  private readonly sync: (folder: string) => Promise<void>;
  private lock: FolderLock | null = null;
  /** Where each connector was found or put. */
  private readonly paths = new Map<string, string>();
  /** The write before, whatever became of it. */
  private last: Promise<unknown> = Promise.resolve();

  /** @param options.sync makes what was renamed or removed in a folder durable; {@link syncFolder} by default */
  constructor(options: {
    readonly dir: string;
    readonly clock: Clock;
    readonly sync?: (folder: string) => Promise<void>;
  }) {
    this.dir = options.dir;
    this.clock = options.clock;
    this.sync = options.sync ?? syncFolder;
  }

  async start(): Promise<readonly StoredConnector[]> {
    await makeFolder(this.dir, 0o700).catch((cause: unknown) => {
      throw this.unreadable(this.dir, `the folder can't be made: ${(cause as Error).message}`, cause);
    });
    this.lock = await lockFolder(this.dir, this.clock, {
      what: 'the connectors of a worker (config.storage.dir)',
      remedy: 'set another config.storage.dir for this one',
      code: CONFIG_FOLDER_LOCKED,
    });
    try {
      const connectors: StoredConnector[] = [];
      for (const file of (await readdir(this.dir)).sort()) {
        if (file.endsWith(`${SUFFIX}.tmp`)) await rm(join(this.dir, file), { force: true });
        else if (file.endsWith(SUFFIX) && !file.startsWith('.')) connectors.push(await this.load(join(this.dir, file)));
      }
      return connectors.sort((a, b) => a.created - b.created || (a.name < b.name ? -1 : 1));
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  put(connector: StoredConnector): Promise<void> {
    const { name, config, target, created, file, isDeleted } = connector;
    const content = {
      format: FORMAT,
      version: VERSION,
      name,
      target_state: target,
      created: new Date(created).toISOString(),
      connector_file: file,
      deleted: isDeleted,
      config,
    };
    return this.inTurn(name, async () => {
      const path = this.pathOf(name);
      const wasReplaced = (): void => void this.paths.set(name, path);
      await replaceFile(path, [`${JSON.stringify(content, null, 2)}\n`], this.sync).then(wasReplaced, (cause) => {
        if (cause instanceof NotDurableError) wasReplaced();
        throw cause;
      });
    });
  }

  remove(name: string): Promise<void> {
    return this.inTurn(name, async () => {
      await rm(this.pathOf(name), { force: true });
      this.paths.delete(name);
      await this.sync(this.dir).catch((cause) => {
        throw new NotDurableError(cause);
      });
    });
  }

  async stop(): Promise<void> {
    const { lock, last } = this;
    // What comes from now on is refused: the folder may be another worker's soon.
    this.lock = null;
    await last;
    this.paths.clear();
    await lock?.release();
  }

  private inTurn(name: string, write: () => Promise<void>): Promise<void> {
    if (this.lock === null) {
      return Promise.reject(
        new IllegalStateError(`The connector ${name} was not stored in ${this.dir}: the worker has closed the folder.`),
      );
    }
    const done = this.last.then(write).catch((cause: unknown) => {
      const outcome =
        cause instanceof NotDurableError
          ? 'Its file was changed, but the folder could not be synced, and the worker goes on as before. Send the request again.'
          : 'Nothing was changed.';
      throw new EnvironmentError(
        `The connector ${name} could not be stored in ${this.dir}: ${(cause as Error).message}. ${outcome}`,
        { code: CONFIG_FILE_UNWRITABLE, cause },
      );
    });
    this.last = done.catch(() => {});
    return done;
  }

  /** Where it is or goes. Names that differ have files that differ, on file systems that take A for a, too. */
  private pathOf(name: string): string {
    const known = this.paths.get(name);
    if (known !== undefined) return known;
    const readable = name.replace(/[^A-Za-z0-9_-]+/g, '_').slice(0, 80);
    const digest = createHash('sha256').update(name, 'utf8').digest('hex').slice(0, 16);
    const taken = new Set(this.paths.values());
    let path = join(this.dir, `${readable}.${digest}${SUFFIX}`);
    // By a file that somebody gave this name, or by a name that differs in half a surrogate pair, which has no bytes of its own.
    for (let n = 2; taken.has(path); n++) path = join(this.dir, `${readable}.${digest}.${n}${SUFFIX}`);
    return path;
  }

  private async load(path: string): Promise<StoredConnector> {
    const connector = await this.read(path);
    const { name } = connector;
    if (this.paths.has(name)) throw this.unreadable(this.dir, `two files in it hold the connector ${name}`);
    this.paths.set(name, path);
    return connector;
  }

  private async read(path: string): Promise<StoredConnector> {
    let content: unknown;
    try {
      content = JSON.parse(await readFile(path, 'utf8'));
    } catch (cause) {
      const why = cause instanceof SyntaxError ? 'it is no JSON' : `it can't be read: ${(cause as Error).message}`;
      // Invariant 8: the message of a SyntaxError quotes the content.
      throw this.unreadable(path, why, cause instanceof SyntaxError ? undefined : cause);
    }
    const fields = isObject(content) ? content : {};
    if (fields['format'] !== FORMAT) throw this.unreadable(path, 'it is no stored connector');
    if (fields['version'] !== VERSION) {
      const version = String(fields['version']);
      throw this.unreadable(path, `it has format version ${version}, and this version of Holdfast reads ${VERSION}`);
    }
    const { name, config, target_state: state, created, connector_file: file, deleted } = fields;
    const target = TARGETS.find((each) => each === state);
    const time = Date.parse(String(created));
    if (typeof name !== 'string' || name === '') throw this.unreadable(path, 'it has no name');
    if (target === undefined) throw this.unreadable(path, `its target_state is not one of ${TARGETS.join(', ')}`);
    if (!isConfig(config)) throw this.unreadable(path, 'its config is not an object of strings');
    return {
      name,
      config,
      target,
      created: Number.isNaN(time) ? 0 : time,
      file: typeof file === 'string' ? file : null,
      isDeleted: deleted === true,
    };
  }

  private unreadable(path: string, why: string, cause?: unknown): ConfigError {
    return new ConfigError(
      `${path} can't be used: ${why}. Mend it, restore it from a backup, or move it away; it was left as it is.`,
      { code: CONFIG_FILE_UNREADABLE, cause },
    );
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isConfig(value: unknown): value is Readonly<Record<string, string>> {
  return isObject(value) && Object.values(value).every((each) => typeof each === 'string');
}
