/** Writes a plan file: newline JSON, the header first, one step a line, and a last line with their number and sha256. */
import { createHash, type Hash, randomBytes } from 'node:crypto';
import { type FileHandle, link, open, rename, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { makeFolder } from '../../foundation/make-folder.ts';
import { ConfigError, EnvironmentError } from '../../sdk/errors/kinds.ts';
import { syncFolder } from '../backup/sync-folder.ts';
import type { PlanHeader, PlanStep } from './plan.ts';
import { PLAN_EXISTS, PLAN_FILE } from './plan-errors.ts';

const FLUSH_AT = 256 * 1024;
/** As FAT and many network file systems answer a link. */
const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** The last line of a plan file; the digest is over all bytes before that line. */
export interface PlanEnd {
  readonly steps: number;
  readonly sha256: string;
}

/**
 * Nothing is at `path` before {@link finish} or {@link publish} resolved, and then it is whole and durable. A crash leaves `<path>.<random>.part` behind: two
 * that write the same path at once must not write into one file. Holds at most one line and 256 KiB in memory.
 */
export class PlanWriter {
  readonly path: string;
  private readonly temporary: string;
  private readonly file: FileHandle;
  private readonly hash: Hash = createHash('sha256');
  private pending: string[] = [];
  private pendingLength = 0;
  private steps = 0;

  private constructor(path: string, temporary: string, file: FileHandle) {
    this.path = path;
    this.temporary = temporary;
    this.file = file;
  }

  /**
   * Folders that are missing are made.
   * @throws ConfigError `holdfast.recovery.plan-exists` where a file is already, EnvironmentError `holdfast.recovery.plan-file`
   */
  static async create(path: string, header: PlanHeader): Promise<PlanWriter> {
    const whole = resolve(path);
    try {
      await makeFolder(dirname(whole));
      await refuseExisting(whole);
      // For its owner alone: requests may carry what a registry keeps, such as the rules of its data.
      const part = `${whole}.${randomBytes(4).toString('hex')}.part`;
      const writer = new PlanWriter(whole, part, await open(part, 'wx', 0o600));
      await writer.line(header);
      return writer;
    } catch (cause) {
      throw notWritten(whole, cause);
    }
  }

  async add(step: PlanStep): Promise<void> {
    this.steps++;
    try {
      await this.line(step);
    } catch (cause) {
      throw notWritten(this.path, cause);
    }
  }

  async finish(): Promise<PlanEnd> {
    const end = await this.seal();
    await this.publish();
    return end;
  }

  /** Nothing is added any more; it is not at `path` before {@link publish}. For a plan to which another file refers that has to be there first. */
  async seal(): Promise<PlanEnd> {
    try {
      await this.flush();
      const end: PlanEnd = { steps: this.steps, sha256: this.hash.digest('hex') };
      await this.file.writeFile(`${JSON.stringify({ end })}\n`);
      await this.file.sync();
      await this.file.close();
      return end;
    } catch (cause) {
      throw notWritten(this.path, cause);
    }
  }

  /** Of a sealed one. */
  async publish(): Promise<void> {
    try {
      await this.move();
      await syncFolder(dirname(this.path));
    } catch (cause) {
      throw notWritten(this.path, cause);
    }
  }

  /** A link, unlike a rename, never replaces what somebody else put there meanwhile; not every file system has links. */
  private async move(): Promise<void> {
    try {
      await link(this.temporary, this.path);
    } catch (cause) {
      if (!NO_LINKS.has((cause as NodeJS.ErrnoException).code ?? '')) throw cause;
      await refuseExisting(this.path);
      await rename(this.temporary, this.path);
      return;
    }
    await unlink(this.temporary);
  }

  /** Leaves nothing behind; never throws. */
  async discard(): Promise<void> {
    await this.file.close().catch(() => {});
    await unlink(this.temporary).catch(() => {});
  }

  private async line(content: PlanHeader | PlanStep): Promise<void> {
    const text = `${JSON.stringify(content)}\n`;
    this.pending.push(text);
    this.pendingLength += text.length;
    if (this.pendingLength >= FLUSH_AT) await this.flush();
  }

  private async flush(): Promise<void> {
    const bytes = Buffer.from(this.pending.join(''));
    this.pending = [];
    this.pendingLength = 0;
    this.hash.update(bytes);
    await this.file.writeFile(bytes);
  }
}

/**
 * For whoever writes other files before the plan.
 * @throws as {@link PlanWriter.create}
 */
export async function refuseExistingPlan(path: string): Promise<void> {
  const whole = resolve(path);
  try {
    await refuseExisting(whole);
  } catch (cause) {
    throw notWritten(whole, cause);
  }
}

async function refuseExisting(path: string): Promise<void> {
  const there = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (there === undefined) return;
  await there.close();
  throw existing(path);
}

function existing(path: string): ConfigError {
  return new ConfigError(
    `${path} is there already, and plans are never written over. Name another file, or move that one away.`,
    { code: PLAN_EXISTS },
  );
}

function notWritten(path: string, cause: unknown): Error {
  if (cause instanceof ConfigError) return cause;
  if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return existing(path);
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new EnvironmentError(`The plan file ${path} can not be written: ${reason}`, { code: PLAN_FILE, cause });
}
