/** Reads a plan file, and refuses one that is not what was written. */
import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ConfigError, DataError, EnvironmentError } from '../../sdk/errors/kinds.ts';
import { NewerPlan, parseEnd, parseHeader, parseStep } from './parse-plan.ts';
import type { PlanHeader, PlanStep } from './plan.ts';
import { PLAN_DAMAGED, PLAN_FILE, PLAN_NEWER } from './plan-errors.ts';
import { LineDigest, readLines } from './plan-lines.ts';
import type { PlanEnd } from './plan-writer.ts';
import { isSystemError } from './system-error.ts';

/** A plan file that was read once to its end, and is whole. */
export interface Plan {
  readonly path: string;
  readonly header: PlanHeader;
  /** How many. */
  readonly steps: number;
  /** Hex; of everything but the last line. */
  readonly sha256: string;
  /**
   * The steps from the one with this index on, in batches of some 256 KiB; may be read again. Throws DataError
   * `holdfast.recovery.plan-damaged` at the end when the file was altered meanwhile.
   */
  read(from?: number, signal?: AbortSignal): AsyncIterable<readonly PlanStep[]>;
}

/**
 * Reads the whole file once, in bounded memory.
 * @param isUndo it is to be an undo file, which no command makes again: told in the message where it is damaged
 * @throws DataError `holdfast.recovery.plan-damaged` for one that is cut off, altered or no plan; ConfigError `holdfast.recovery.plan-newer`;
 *   ConfigError `holdfast.recovery.plan-file` where no such file is there, EnvironmentError of that code where it can not be read
 */
export async function openPlan(
  path: string,
  signal?: AbortSignal,
  isUndo = path.endsWith('.undo.ndjson'),
): Promise<Plan> {
  const whole = resolve(path);
  let header: PlanHeader | undefined;
  let end: PlanEnd | undefined;
  for await (const part of readParts(whole, 0, signal, isUndo)) {
    header ??= part.header;
    end ??= part.end;
  }
  if (header === undefined || end === undefined) throw damaged(whole, 'it is empty', isUndo);
  const { steps, sha256 } = end;
  return {
    path: whole,
    header,
    steps,
    sha256,
    read: async function* (from = 0, readSignal?: AbortSignal) {
      for await (const part of readParts(whole, from, readSignal, isUndo)) {
        if (part.end !== undefined && part.end.sha256 !== sha256)
          throw damaged(whole, 'it was altered while it was read', isUndo);
        if (part.steps.length > 0) yield part.steps;
      }
    },
  };
}

interface PlanPart {
  readonly header?: PlanHeader;
  readonly steps: readonly PlanStep[];
  readonly end?: PlanEnd;
}

/** Always to the end, so that the digest is checked by whoever reads on. */
async function* readParts(
  path: string,
  from: number,
  signal: AbortSignal | undefined,
  isUndo: boolean,
): AsyncGenerator<PlanPart> {
  let undoes = isUndo;
  const odd = (reason: string): DataError => damaged(path, reason, undoes);
  const file = await openFile(path);
  const digest = new LineDigest();
  let index = -1;
  let end: PlanEnd | undefined;
  try {
    for await (const { lines, rest } of readLines(file, signal)) {
      if (rest.length > 0) throw odd(`it is cut off after ${Math.max(index, 0)} steps`);
      const steps: PlanStep[] = [];
      let header: PlanHeader | undefined;
      for (const line of lines) {
        if (end !== undefined) throw odd('something follows its last line');
        end = index >= 0 ? parseEnd(line) : undefined;
        if (end !== undefined) continue;
        digest.add(line);
        if (index === -1) {
          header = parsed(path, odd, 1, () => parseHeader(line));
          undoes ||= header.undoes !== undefined;
        }
        if (index >= 0 && index >= from) steps.push(parsed(path, odd, index + 2, () => parseStep(line)));
        index++;
      }
      yield header === undefined ? { steps } : { header, steps };
    }
    if (end === undefined) throw odd(`it is cut off after ${Math.max(index, 0)} steps`);
    if (end.steps !== index) throw odd(`it has ${index} steps, and its last line says ${end.steps}`);
    if (end.sha256 !== digest.hex()) throw odd('its content is not that of which its last line has the sha256');
    yield { steps: [], end };
  } catch (cause) {
    if (isSystemError(cause)) throw notRead(path, cause);
    throw cause;
  } finally {
    await file.close();
  }
}

function parsed<T>(path: string, odd: (reason: string) => DataError, line: number, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (cause instanceof NewerPlan) {
      throw new ConfigError(
        `${path} is a plan of ${cause.message}, and this version of Holdfast knows format 1 alone. Run it with the version that wrote it.`,
        { code: PLAN_NEWER, cause },
      );
    }
    const reason = cause instanceof SyntaxError ? 'a line is not JSON' : (cause as Error).message;
    throw odd(`line ${line}: ${reason}`);
  }
}

function damaged(path: string, reason: string, isUndo: boolean): DataError {
  const words = isUndo
    ? `${path} is not an undo file as Holdfast wrote it: ${reason}. No command makes it again: put a copy of it in its place. Without one, the plan ` +
      'can neither go on nor be taken back; restore --into in-place, from a backup of before, plans anew what is missing or overwritten by now.'
    : `${path} is not a plan as Holdfast wrote it: ${reason}. Make it again with the command that wrote it.`;
  return new DataError(words, { code: PLAN_DAMAGED });
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    throw notRead(path, cause);
  }
}

/** Not of the surroundings where another path was meant. */
const NO_FILE = new Set(['ENOENT', 'ENOTDIR', 'EISDIR']);

function notRead(path: string, cause: unknown): ConfigError | EnvironmentError {
  const { message, code } = cause as NodeJS.ErrnoException;
  const what = `The plan file ${path} can not be read: ${message}.`;
  const options = { code: PLAN_FILE, cause };
  return NO_FILE.has(code ?? '')
    ? new ConfigError(`${what} Name a file that restore or repair wrote.`, options)
    : new EnvironmentError(`${what} See to that, and run the same command again.`, options);
}
