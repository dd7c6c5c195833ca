/** A logger for something that is tried again and again: a warning that was written is not written again until things went well. */
import type { LogFields, Logger } from '../../foundation/logger.ts';

/** Warnings that are remembered; beyond that all are written. */
const MAX_KNOWN = 1000;

export interface UnrepeatedLogger {
  readonly logger: Logger;
  /** Things went well: what is wrong from now on is news. */
  readonly wentWell: () => void;
}

export function unrepeatedLogger(logger: Logger): UnrepeatedLogger {
  const known = new Set<string>();
  return { logger: over(logger, known), wentWell: () => known.clear() };
}

function over(logger: Logger, known: Set<string>): Logger {
  return {
    trace: (message, fields) => logger.trace(message, fields),
    debug: (message, fields) => logger.debug(message, fields),
    info: (message, fields) => logger.info(message, fields),
    warn: (message, fields) => {
      const key = keyOf(message, fields);
      if (known.has(key)) return logger.debug(message, fields);
      if (known.size < MAX_KNOWN) known.add(key);
      logger.warn(message, fields);
    },
    error: (message, fields) => logger.error(message, fields),
    fatal: (message, fields) => logger.fatal(message, fields),
    child: (bindings) => over(logger.child(bindings), known),
    isLevelEnabled: (level) => logger.isLevelEnabled(level),
  };
}

function keyOf(message: string, fields: LogFields = {}): string {
  const { reason, ...others } = fields;
  return [message, ...Object.keys(others).sort(), String(reason)].join('\n');
}
