/** The log of a command: warnings and errors, as lines for people on stderr, because stdout carries the result. */
import { type LogFields, type Logger, loggerOver } from '../../foundation/logger.ts';
import { readableError } from '../../sdk/errors/readable-error.ts';

export function stderrLogger(write: (line: string) => void): Logger {
  return loggerOver(({ level, message, fields }) => write(`${level}: ${message}${shown(fields)}\n`), 'warn');
}

function shown(fields: LogFields): string {
  const parts = Object.entries(fields)
    .filter(([key, value]) => key !== 'name' && value !== undefined)
    .map(([key, value]) => `${key}=${textOf(value)}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function textOf(value: unknown): string {
  if (value instanceof Error) {
    const error = readableError(value);
    return error instanceof Error ? error.message : String(error);
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
