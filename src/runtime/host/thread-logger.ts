/** The logger of a task host in a thread: lines go to the control plane, whose levels hold here too. */
import {
  LOG_LEVELS,
  type LogFields,
  type Logger,
  type LogLevel,
  type LogMethod,
  logMethods,
} from '../../foundation/logger.ts';
import { isPassword } from '../../sdk/config/index.ts';
import { errorFromWire, errorToWire, type WireError } from '../../sdk/errors/error-wire.ts';
import type { ThreadNotice, WireLogLine } from './thread-messages.ts';

type Level = LogLevel | 'off';

/** The levels of the control plane's loggers, as far as this thread uses their names. */
export class ThreadLogLevels {
  private readonly post: (notice: ThreadNotice) => void;
  private readonly thresholds = new Map<string, number>();

  constructor(options: { readonly post: (notice: ThreadNotice) => void; readonly root: Level }) {
    this.post = options.post;
    this.set('', options.root);
  }

  set(name: string, level: Level): void {
    this.thresholds.set(name, rank(level));
  }

  /** The root's until the control plane has answered. */
  isEnabled(name: string, level: LogLevel): boolean {
    let threshold = this.thresholds.get(name);
    if (threshold === undefined) {
      threshold = this.thresholds.get('') ?? 0;
      this.thresholds.set(name, threshold);
      this.post({ type: 'host.logger', name });
    }
    return LOG_LEVELS.indexOf(level) >= threshold;
  }
}

function rank(level: Level): number {
  return level === 'off' ? LOG_LEVELS.length : LOG_LEVELS.indexOf(level);
}

export function createThreadLogger(options: {
  readonly post: (notice: ThreadNotice) => void;
  readonly levels: ThreadLogLevels;
  readonly bindings?: LogFields;
}): Logger {
  const { post, levels, bindings = {} } = options;
  const name = typeof bindings['name'] === 'string' ? bindings['name'] : '';
  const method =
    (level: LogLevel): LogMethod =>
    (message, fields) => {
      if (!levels.isEnabled(name, level)) return;
      const { name: _, ...all } = { ...bindings, ...fields };
      post({ type: 'host.log', line: { level, name, message: String(message), fields: toWire(all) } });
    };
  return {
    ...logMethods(method),
    child: (more) => createThreadLogger({ post, levels, bindings: { ...bindings, ...more } }),
    isLevelEnabled: (level) => levels.isEnabled(name, level),
  };
}

const NO_TEXT = 'a value that has no text form';
const ERROR = 'holdfast.wire-error';

/** Invariant 8: a password is hidden before a clone could lose what makes it one. Never throws. */
function toWire(fields: LogFields): Record<string, unknown> {
  const wire: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    try {
      wire[key] = wireValue(key, value);
    } catch {
      wire[key] = NO_TEXT;
    }
  }
  return wire;
}

function wireValue(key: string, value: unknown): unknown {
  if (value === null || ['string', 'number', 'boolean', 'bigint', 'undefined'].includes(typeof value)) return value;
  if (isPassword(value)) return '[hidden]';
  if (value instanceof Error || key === 'err') return { [ERROR]: errorToWire(value) };
  return jsonOf(value);
}

function jsonOf(value: unknown): unknown {
  try {
    const text = JSON.stringify(value, (_, each) => {
      if (isPassword(each)) return '[hidden]';
      if (each instanceof Error) return `${each.name}: ${each.message}`;
      return typeof each === 'bigint' ? String(each) : each;
    });
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return NO_TEXT;
  }
}

/** Writes a line of a thread where it would have gone from here. */
export function writeWireLine(logger: Logger, { level, message, fields }: WireLogLine): void {
  const own: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    const wire = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[ERROR] : undefined;
    own[key] = wire === undefined ? value : errorFromWire(wire as WireError);
  }
  logger[level](message, own);
}

/** The least level that a logger writes. */
export function levelOf(logger: Logger): Level {
  return LOG_LEVELS.find((level) => logger.isLevelEnabled(level)) ?? 'off';
}
