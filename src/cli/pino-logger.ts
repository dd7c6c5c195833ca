/** The Logger port over pino: JSON lines, or lines for people on a terminal. Never blocks the loop for long, never throws. */
import { type Logger as Pino, pino } from 'pino';
import { type LogFields, type Logger, type LogLevel, type LogMethod, logMethods } from '../foundation/logger.ts';
import { isPassword } from '../sdk/config/index.ts';
import { ConnectError } from '../sdk/errors/connect-error.ts';
import { readableError } from '../sdk/errors/readable-error.ts';

export async function createPinoLogger(options: {
  readonly level: LogLevel;
  readonly pretty: boolean;
  /** Lines go there instead of stdout. */
  readonly file?: string;
}): Promise<Logger> {
  const base = {
    level: options.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level: string) => ({ level }) },
    serializers: { err: errorFields },
  };
  if (!options.pretty) return wrap(pino(base, pino.destination({ dest: options.file ?? 1, sync: true, mkdir: true })));
  const { default: pretty } = await import('pino-pretty');
  const stream = pretty({
    colorize: process.stdout.hasColors?.() ?? false,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'name',
    singleLine: true,
    errorLikeObjectKeys: [],
    sync: true,
  });
  return wrap(pino(base, stream));
}

/** Pino writes a key once more for each child and line that sets it anew; here the innermost value alone stands. */
function wrap(root: Pino, bindings: LogFields = {}): Logger {
  const target = root.child(bindings);
  const method =
    (level: LogLevel): LogMethod =>
    (message, fields) => {
      if (fields === undefined) target[level](message);
      else if (!Object.keys(fields).some((key) => Object.hasOwn(bindings, key))) target[level](fields, message);
      else if (target.isLevelEnabled(level)) root[level]({ ...bindings, ...fields }, message);
    };
  return {
    ...logMethods(method),
    child: (more: LogFields) => wrap(root, { ...bindings, ...more }),
    isLevelEnabled: (level) => target.isLevelEnabled(level),
  };
}

/**
 * Code, message and causes. At most one stack: that of the first error in the chain without a code, as errors with a code say what to do.
 * Invariant 8: details are never logged.
 */
function errorFields(thrown: unknown): unknown {
  if (isPassword(thrown)) return '[hidden]';
  const error = readableError(thrown);
  if (!(error instanceof Error)) return String(error);
  const { code, cause } = error as Error & { readonly code?: unknown };
  const isForeseen = error instanceof ConnectError;
  return {
    name: error.name,
    ...(code === undefined ? {} : { code }),
    message: error.message,
    ...(isForeseen ? {} : { stack: error.stack }),
    ...(cause === undefined || cause === null ? {} : { cause: isForeseen ? errorFields(cause) : summaryOf(cause) }),
  };
}

function summaryOf(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
}
