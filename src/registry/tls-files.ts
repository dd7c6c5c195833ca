/** The key and trust store of a registry as files that somebody renews: read again when they change, or when TLS fails with what they held. */
import { type BigIntStats, readFileSync, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { inTime } from './in-time.ts';
import { REGISTRY_TLS_FILES } from './registry-errors.ts';
import type { TlsSettings } from './registry-settings.ts';
import { type TlsOptions, tlsOptionsOf } from './tls-stores.ts';

export interface TlsFilesOptions {
  readonly tls: TlsSettings | undefined;
  readonly clock: Clock;
  readonly logger?: Logger | undefined;
  /** Never called with what can't be used, nor with what is in use already. */
  readonly onRenewed: (options: TlsOptions) => void;
}

/** Between two looks at the files while all is well. */
const LOOK_EVERY_MS = 5000;
/** Between two readings because of TLS failures, and the longest that a failed request waits for one. */
const READ_AGAIN_MS = 1000;

type Contents = ReadonlyMap<string, Buffer | Error>;
type Marks = ReadonlyMap<string, string>;

/** Reads in the background, never per request. A file that can't be used leaves what is in use as it is, with one warning. */
export class TlsFiles {
  /** As read at the opening. */
  readonly opened: TlsOptions;
  private readonly options: TlsFilesOptions;
  private readonly files: readonly string[];
  /** What is in use. */
  private contents: Contents;
  /** What the files looked like before they were last read. */
  private marks: Marks;
  private looking: Promise<void> | undefined;
  private readingAgain = Promise.resolve();
  private lookAt: number;
  private readAgainAt = Number.NEGATIVE_INFINITY;
  private warned = false;

  /** Throws RegistryConfigError for files that can't be read or used. */
  constructor(options: TlsFilesOptions) {
    const contents = new Map<string, Buffer>();
    const marks = new Map<string, string>();
    this.options = options;
    this.opened = tlsOptionsOf(options.tls, (file) => {
      marks.set(file, markOf(statSync(file, { bigint: true })));
      const content = readFileSync(file);
      contents.set(file, content);
      return content;
    });
    this.files = [...contents.keys()];
    this.contents = contents;
    this.marks = marks;
    this.lookAt = options.clock.monotonic() + LOOK_EVERY_MS;
  }

  /** For every request: now and then it begins a look at the files, for which no request waits. Resolves when that has ended; never rejects. */
  attend(): Promise<void> | undefined {
    if (this.files.length === 0 || this.options.clock.monotonic() < this.lookAt) return undefined;
    return this.look(false);
  }

  /** TLS failed. Resolves when the files were read after that, or a second ago; after a second in any case. */
  async readAgain(): Promise<void> {
    const { clock } = this.options;
    if (this.files.length === 0) return;
    const now = clock.monotonic();
    if (this.readAgainAt <= now) {
      this.readAgainAt = now + READ_AGAIN_MS;
      // A look that is under way may have seen the files as they were before.
      this.readingAgain = (this.looking ?? Promise.resolve()).then(() => this.look(true));
    }
    await inTime(this.readingAgain, undefined, READ_AGAIN_MS, clock);
  }

  /** One at a time. Never rejects. */
  private look(mustRead: boolean): Promise<void> {
    this.looking ??= this.readIfRenewed(mustRead).finally(() => {
      this.looking = undefined;
      this.lookAt = this.options.clock.monotonic() + LOOK_EVERY_MS;
    });
    return this.looking;
  }

  private async readIfRenewed(mustRead: boolean): Promise<void> {
    const marks = await this.marksNow();
    if (!mustRead && isSame(marks, this.marks)) return;
    const contents = new Map<string, Buffer | Error>();
    for (const file of this.files) contents.set(file, await readFile(file).catch((error: Error) => error));
    // It is being written just now: the next look reads it.
    if (!isSame(await this.marksNow(), marks)) return;
    this.marks = marks;
    if (this.areInUse(contents)) this.warned = false;
    else this.take(contents);
  }

  private take(contents: Contents): void {
    const { tls, logger, onRenewed } = this.options;
    const { files } = this;
    try {
      const renewed = tlsOptionsOf(tls, (file) => {
        const content = contents.get(file);
        if (content instanceof Buffer) return content;
        throw content;
      });
      onRenewed(renewed);
    } catch (err) {
      if (this.warned) return;
      this.warned = true;
      logger?.warn('A renewed TLS file of a schema registry can not be used; the one read before stays in use', {
        code: REGISTRY_TLS_FILES,
        files,
        err,
      });
      return;
    }
    this.warned = false;
    this.contents = contents;
    logger?.info('The TLS files of a schema registry were renewed; new connections use them', { files });
  }

  private async marksNow(): Promise<Marks> {
    const marks = new Map<string, string>();
    for (const file of this.files) {
      const mark = stat(file, { bigint: true }).then(markOf, (error: NodeJS.ErrnoException) => String(error.code));
      marks.set(file, await mark);
    }
    return marks;
  }

  private areInUse(contents: Contents): boolean {
    return [...contents].every(([file, content]) => {
      const used = this.contents.get(file);
      return content instanceof Buffer && used instanceof Buffer && content.equals(used);
    });
  }
}

/** Symbolic links are followed: a mounted secret is renewed by leading to another file. */
function markOf({ mtimeNs, size, ino, dev }: BigIntStats): string {
  return `${mtimeNs} ${size} ${ino} ${dev}`;
}

function isSame(some: Marks, others: Marks): boolean {
  return [...some].every(([file, mark]) => others.get(file) === mark);
}
