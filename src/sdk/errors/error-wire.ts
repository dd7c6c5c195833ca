import { ConnectError, ERROR_BRAND_PREFIX, errorBrandsOf, errorClassFor } from './connect-error.ts';
import type { ConfigProblem } from './kinds.ts';

/** How deep a chain of causes is followed. A cycle ends here too. */
const MAX_CAUSES = 16;

/**
 * An error as it travels between task hosts: structured-cloneable, and without loss of what decisions rest on (brands, code, gate).
 */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  /** The code of a ConnectError, or a string `code` such as Node's `ECONNREFUSED`. */
  readonly code?: string;
  /** The brand names, the most derived first; empty for a foreign error. */
  readonly brands: readonly string[];
  readonly gateId?: string;
  readonly problems?: readonly ConfigProblem[];
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: WireError;
  /** Set if what was thrown was no Error: `message` is then its text. */
  readonly thrownValue?: true;
}

/** The wire form of anything that was thrown. Never throws. */
export function errorToWire(thrown: unknown): WireError {
  return toWire(thrown, MAX_CAUSES);
}

function toWire(thrown: unknown, depth: number): WireError {
  try {
    if (isErrorLike(thrown)) return errorLikeToWire(thrown, depth);
  } catch {
    // A proxy may throw whatever it is asked.
  }
  return { name: 'Error', message: textOf(thrown), brands: [], thrownValue: true };
}

function errorLikeToWire(thrown: object, depth: number): WireError {
  const code = read(thrown, 'code');
  const gateId = read(thrown, 'gateId');
  const problems = read(thrown, 'problems');
  const details = read(thrown, 'details');
  const cause = read(thrown, 'cause');
  const stack = read(thrown, 'stack');
  const name = read(thrown, 'name');
  return {
    name: typeof name === 'string' ? name : 'Error',
    message: textOf(read(thrown, 'message') ?? ''),
    brands: errorBrandsOf(thrown),
    ...(typeof stack === 'string' ? { stack } : {}),
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof gateId === 'string' ? { gateId } : {}),
    ...(Array.isArray(problems) ? { problems: problems.map(toProblem) } : {}),
    ...(isCloneableRecord(details) ? { details } : {}),
    ...(cause !== undefined && cause !== null && depth > 0 ? { cause: toWire(cause, depth - 1) } : {}),
  };
}

/**
 * The error of a wire form: an instance of the most derived class that this copy of the SDK knows, with every brand of the original, so
 * that `instanceof` says here what it said there.
 */
export function errorFromWire(wire: WireError): Error {
  const known = wire.brands.map(errorClassFor).find((candidate) => candidate !== undefined);
  const prototype: object = known?.prototype ?? (wire.brands.length > 0 ? ConnectError.prototype : Error.prototype);
  const error = new Error(wire.message);
  Object.setPrototypeOf(error, prototype);
  define(error, 'name', wire.name);
  define(error, 'stack', wire.stack ?? `${wire.name}: ${wire.message}`);
  if (wire.cause !== undefined) define(error, 'cause', errorFromWire(wire.cause));
  const own: Record<string, unknown> = {};
  if (wire.code !== undefined) own['code'] = wire.code;
  else if (wire.brands.length > 0) own['code'] = ConnectError.defaultCode;
  if (wire.brands.length > 0) own['details'] = wire.details;
  if (wire.brands.includes('EnvironmentError')) own['gateId'] = wire.gateId;
  if (wire.brands.includes('ConfigError')) own['problems'] = Object.freeze([...(wire.problems ?? [])]);
  Object.assign(error, own);
  for (const brand of wire.brands) {
    Object.defineProperty(error, Symbol.for(ERROR_BRAND_PREFIX + brand), { value: true });
  }
  return error;
}

function define(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, configurable: true, writable: true, enumerable: false });
}

/** Errors of another realm, or rebuilt from a clone, are no instances of this realm's Error. */
function isErrorLike(thrown: unknown): thrown is object {
  if (thrown instanceof Error) return true;
  return typeof thrown === 'object' && thrown !== null && typeof read(thrown, 'message') === 'string';
}

function read(target: object, key: string): unknown {
  try {
    return (target as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return 'a value that has no text form';
  }
}

function toProblem(problem: unknown): ConfigProblem {
  if (typeof problem !== 'object' || problem === null) return { key: '', message: textOf(problem) };
  return { key: textOf(read(problem, 'key') ?? ''), message: textOf(read(problem, 'message') ?? '') };
}

/** Details are a courtesy to logs; what can't be cloned is left out rather than losing the error itself. */
function isCloneableRecord(details: unknown): details is Readonly<Record<string, unknown>> {
  if (typeof details !== 'object' || details === null) return false;
  try {
    structuredClone(details);
    return true;
  } catch {
    return false;
  }
}
