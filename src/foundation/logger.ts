/** The levels, the least important first. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Structured facts of a line. An error goes under `err`. Never a secret. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes one line. The message is a constant sentence; what varies goes into the fields. */
export type LogMethod = (message: string, fields?: LogFields) => void;

/** Where log lines go. Implementations never throw and never block. */
export interface Logger {
  readonly trace: LogMethod;
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  readonly fatal: LogMethod;
  /** A logger that adds the bindings to every line. `name` names the logger, for levels by name. */
  child(bindings: LogFields): Logger;
  /** False if lines of that level are dropped: ask before building costly fields. */
  isLevelEnabled(level: LogLevel): boolean;
}

/** The methods of a logger, each made for its level. */
export function logMethods(method: (level: LogLevel) => LogMethod): Pick<Logger, LogLevel> {
  return {
    trace: method('trace'),
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
    fatal: method('fatal'),
  };
}

/** A line as {@link recordingLogger} keeps it; fields include the bindings. */
export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** A logger over one function that takes whole lines. Lines below `level` never reach it. */
export function loggerOver(
  write: (line: LogLine) => void,
  level: LogLevel = 'trace',
  bindings: LogFields = {},
): Logger {
  const threshold = LOG_LEVELS.indexOf(level);
  const method = (at: LogLevel): LogMethod => {
    if (LOG_LEVELS.indexOf(at) < threshold) return () => {};
    return (message, fields) => write({ level: at, message, fields: { ...bindings, ...fields } });
  };
  return {
    ...logMethods(method),
    child: (more) => loggerOver(write, level, { ...bindings, ...more }),
    isLevelEnabled: (at) => LOG_LEVELS.indexOf(at) >= threshold,
  };
}

const discard: LogMethod = () => {};

/** Drops everything. */
export const silentLogger: Logger = {
  ...logMethods(() => discard),
  child: () => silentLogger,
  isLevelEnabled: () => false,
};

/** Keeps every line in `lines`, for tests. */
export function recordingLogger(level: LogLevel = 'trace'): { readonly logger: Logger; readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  return { logger: loggerOver((line) => lines.push(line), level), lines };
}
